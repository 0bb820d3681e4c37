"""The pipeline: a question in, events out. One path for terminal, batch, browser and evaluation."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from corpus.article import Language
from corpus.text import language as language_of
from corpus.text import normalise
from index.encoder import Encoder
from index.errors import IndexMissing
from index.search import Hit, Index
from rag.citations import CitationStream, Draft
from rag.errors import QuestionError
from rag.events import (
    Answer,
    Citation,
    Done,
    Event,
    Evidence,
    Found,
    Replaced,
    Request,
    Sentence,
    Text,
    Thought,
    Timings,
    Turn,
)
from rag.models.choose import BUILTIN, pick, reader
from rag.reading.extractive import Extractive
from rag.reading.prompts import REFUSAL, refusal
from rag.retrieve import complete, retrieve
from rag.settings import Settings
from rag.support import Verifier

LONGEST_QUESTION = 4_000


class Reader(Protocol):
    """Writes an answer from numbered passages, markers like `[2]` naming them."""

    name: str

    def read(
        self, question: str, language: Language, hits: Sequence[Hit], history: Sequence[Turn] = ()
    ) -> Iterator[Thought | Text | Replaced]: ...


class Answerer:
    """Everything that an answer needs, opened once."""

    def __init__(self, index: Index, settings: Settings) -> None:
        self._index, self._settings = index, settings
        self._readers: dict[tuple[str, str], Reader] = {}

    def ready(self) -> None:
        """Raise IndexMissing now, rather than at the first question, when there is no index."""
        with self._index.store.snapshot() as snapshot:
            if snapshot.fingerprint is None:
                raise IndexMissing("nothing is indexed yet: add articles with `rag index FOLDER`")

    def article_ids(self) -> list[str]:
        """The ids of all indexed articles."""
        with self._index.store.snapshot() as snapshot:
            return snapshot.article_ids()

    def search(self, question: str, k: int, request: Request) -> list[Hit]:
        """The passages that a question finds, deeper than an answer reads."""
        return retrieve(self._index, replace(request, question=question), k)

    def ask(self, request: Request) -> Answer:
        """The whole answer. Raises RagError for what cannot be asked or answered."""
        for event in self.stream(request):
            if isinstance(event, Done):
                return event.answer
        raise AssertionError("a stream ends with Done")

    def stream(self, request: Request) -> Iterator[Event]:
        """The events of one answer; closing the iterator stops generation."""
        began = time.perf_counter()
        question = clean(request.question)
        language = language_of(question)
        whole = complete(replace(request, question=question))
        hits = retrieve(self._index, whole, request.k or self._settings.k)
        found = time.perf_counter()
        yield Found(tuple(hits))
        with self._index.store.snapshot() as snapshot:
            encoder = self._index.encoder(snapshot)
        verifier = Verifier(encoder, self._index.rarity)
        chosen = self._reader(request, encoder)
        writing = _Writing(hits, verifier)
        for piece in chosen.read(whole.question, language, hits, request.history):
            if isinstance(piece, Text):
                yield from writing.feed(piece.text)
            else:
                if isinstance(piece, Replaced):
                    writing = _Writing(hits, verifier)
                else:
                    writing.thoughts.append(piece.text)
                yield piece
        yield from writing.finish()
        ended = time.perf_counter()
        timings = Timings(
            round(1000 * (found - began), 1),
            round(1000 * (ended - found), 1),
            round(1000 * (ended - began), 1),
        )
        yield Done(writing.answer(request.question, language, chosen.name, timings))

    def _reader(self, request: Request, encoder: Encoder) -> Reader:
        """The reader that the request or the settings name; a loaded model is kept."""
        name = pick(request.model, self._settings)
        base_url = request.base_url or self._settings.base_url
        if name == BUILTIN:
            return Extractive(encoder, self._index.rarity)
        if (name, base_url) not in self._readers:
            self._readers = {(name, base_url): reader(name, base_url, self._settings)}
        return self._readers[name, base_url]


def clean(question: str) -> str:
    """A question as it is searched for. Raises QuestionError in one line."""
    try:
        question.encode("utf-8")
    except UnicodeEncodeError as error:
        raise QuestionError(
            "the question holds half a character (a lone surrogate): type it again"
        ) from error
    question = normalise(question)
    if not any(c.isalnum() for c in question):
        raise QuestionError("the question is empty: ask something in Korean or English")
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"the question has {len(question):,} characters and at most {LONGEST_QUESTION:,} are read: shorten it"
        )
    return question


class _Writing:
    """The answer as it grows: shown text, finished sentences, thoughts."""

    def __init__(self, hits: Sequence[Hit], verifier: Verifier) -> None:
        self._hits, self._verifier = hits, verifier
        self._stream = CitationStream(len(hits))
        self._shown: list[str] = []
        self._sentences: list[Sentence] = []
        self.thoughts: list[str] = []

    def feed(self, delta: str) -> Iterator[Event]:
        yield from self._events(self._stream.feed(delta))

    def finish(self) -> Iterator[Event]:
        yield from self._events(self._stream.finish())

    def _events(self, pieces: Iterator[str | Draft]) -> Iterator[Event]:
        for piece in pieces:
            if isinstance(piece, str):
                self._shown.append(piece)
                yield Text(piece)
            else:
                sentence = self._checked(piece)
                self._sentences.append(sentence)
                yield sentence

    def _checked(self, draft: Draft) -> Sentence:
        evidence = []
        for marker in draft.numbers:
            hit = self._hits[self._stream.order[marker - 1] - 1]
            start, end, score = self._verifier.evidence(draft.text, hit)
            quote = hit.text[start - hit.start : end - hit.start]
            evidence.append(Evidence(marker, start, end, quote, round(score, 4)))
        support = self._verifier.support(max((e.score for e in evidence), default=0.0))
        return Sentence(len(self._sentences), draft.text, draft.numbers, support, tuple(evidence))

    def answer(self, question: str, language: Language, reader: str, timings: Timings) -> Answer:
        citations = self._citations()
        return Answer(
            question=question,
            language=language,
            answer="".join(self._shown).strip(),
            abstained=not citations and self._refuses(language),
            reader=reader,
            sentences=tuple(self._sentences),
            citations=citations,
            reasoning="".join(self.thoughts).strip() or None,
            timings_ms=timings,
        )

    def _refuses(self, language: Language) -> bool:
        """Whether what was written is a refusal, or nothing."""
        text = "".join(self._shown).strip()
        return not text or any(
            text.startswith(p[:30]) for p in (REFUSAL[language], refusal(language, ""))
        )

    def _citations(self) -> tuple[Citation, ...]:
        """Each cited passage once, in the order of the markers, with its first evidence."""
        first: dict[int, tuple[Evidence, Sentence]] = {}
        for sentence in self._sentences:
            for evidence in sentence.evidence:
                first.setdefault(evidence.marker, (evidence, sentence))
        citations = []
        for marker in sorted(first):
            evidence, _ = first[marker]
            hit = self._hits[self._stream.order[marker - 1] - 1]
            citations.append(
                Citation(
                    marker,
                    hit.article_id,
                    hit.title,
                    hit.language,
                    hit.source,
                    hit.published,
                    hit.page,
                    hit.heading,
                    evidence.start,
                    evidence.end,
                    evidence.quote,
                    self._verifier.support(evidence.score),
                    evidence.score,
                )
            )
        return tuple(citations)
