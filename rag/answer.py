"""The pipeline: a question in, events out. One path for terminal, batch, browser and evaluation."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from corpus.article import Language
from corpus.errors import RagError
from corpus.text import language as language_of
from corpus.text import normalise
from index.encoder import Encoder
from index.errors import IndexMissing
from index.search import Hit, Index
from rag.citations import CitationStream, Draft
from rag.courtesy import essence
from rag.errors import QuestionError
from rag.events import (
    Answer,
    Citation,
    Done,
    Event,
    Evidence,
    Found,
    Reading,
    Replaced,
    Request,
    Sentence,
    Text,
    Thought,
    Timings,
    Turn,
)
from rag.models.choose import BUILTIN, pick, reader
from rag.reading import prompts
from rag.reading.extractive import Extractive
from rag.retrieve import retrieve
from rag.settings import Settings
from rag.support import Verifier

LONGEST_QUESTION = 4_000


class Reader(Protocol):
    """Writes an answer from numbered passages, markers like `[2]` naming them; `at_once` is how many
    questions it reads together."""

    name: str

    @property
    def at_once(self) -> int: ...

    def standalone(self, question: str, language: Language, history: Sequence[Turn]) -> str: ...

    def read(
        self, question: str, language: Language, hits: Sequence[Hit], history: Sequence[Turn] = ()
    ) -> Iterator[Thought | Text | Replaced]: ...

    def read_many(
        self, readings: Sequence[Reading]
    ) -> Iterator[Iterable[Thought | Text | Replaced]]: ...


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A question with its passages; `began` and `found` are seconds of the performance counter."""

    question: str
    reading: Reading
    began: float
    found: float

    def timings(self) -> Timings:
        """Milliseconds until now."""
        ended = time.perf_counter()
        spans = self.found - self.began, ended - self.found, ended - self.began
        return Timings(*(round(1000 * span, 1) for span in spans))


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
        request = replace(request, question=question)
        return retrieve(self._index, request, k, self._settings.reranker)

    def ask(self, request: Request) -> Answer:
        """The whole answer. Raises RagError for what cannot be asked or answered."""
        return _last(self.stream(request))

    def stream(self, request: Request) -> Iterator[Event]:
        """The events of one answer; closing the iterator stops generation."""
        chosen, encoder = self._reader(request)
        prepared = self._prepared(request, chosen)
        yield Found(prepared.reading.hits)
        pieces = chosen.read(*prepared.reading, history=request.history)
        yield from self._written(prepared, chosen.name, encoder, pieces)

    def at_once(self, request: Request) -> int:
        """How many questions a batch should ask together."""
        return self._reader(request)[0].at_once

    def ask_many(self, requests: Sequence[Request]) -> list[Answer | RagError]:
        """The answers to questions asked together, or why there is none, in order.

        A model on this machine reads them in padded batches. Raises RagError for what concerns all.
        """
        made: dict[int, Answer | RagError] = {}
        prepared: dict[int, _Prepared] = {}
        if not requests:
            return []
        chosen, encoder = self._reader(requests[0])
        for place, request in enumerate(requests):
            try:
                prepared[place] = self._prepared(request, chosen)
            except RagError as error:
                made[place] = error
        readings = [each.reading for each in prepared.values()]
        for (place, each), pieces in zip(prepared.items(), chosen.read_many(readings), strict=True):
            try:
                made[place] = _last(self._written(each, chosen.name, encoder, pieces))
            except RagError as error:
                made[place] = error
        return [made[place] for place in range(len(requests))]

    def _prepared(self, request: Request, chosen: Reader) -> _Prepared:
        """Everything that is done before reading."""
        began = time.perf_counter()
        question = clean(request.question)
        language = language_of(essence(question))
        alone = self._index.mended(chosen.standalone(question, language, request.history))
        k = request.k or self._settings.k
        whole = replace(request, question=alone)
        hits = retrieve(self._index, whole, k, self._settings.reranker)
        reading = Reading(alone, language, tuple(hits))
        return _Prepared(request.question, reading, began, time.perf_counter())

    def _written(
        self,
        prepared: _Prepared,
        name: str,
        encoder: Encoder,
        pieces: Iterable[Thought | Text | Replaced],
    ) -> Iterator[Event]:
        """The events from what a reader says, the whole answer last."""
        reading = prepared.reading
        verifier = Verifier(encoder, self._index.rarity, entails=self._entailment())
        strict = self._settings.citations.strict
        attribute = name != BUILTIN
        writing = _Writing(reading.hits, verifier, strict=strict, attribute=attribute)
        for piece in pieces:
            if isinstance(piece, Text):
                yield from writing.feed(piece.text)
            else:
                if isinstance(piece, Replaced):
                    writing = _Writing(reading.hits, verifier, strict=strict, attribute=attribute)
                else:
                    writing.thoughts.append(piece.text)
                yield piece
        yield from writing.finish()
        yield Done(writing.answer(prepared.question, reading.language, name, prepared.timings()))

    def _entailment(self) -> Callable[[str, str], float] | None:
        """The model that judges evidence, when the settings name one."""
        if not (name := self._settings.citations.entailment):
            return None
        from rag.entailment import load

        return load(name)

    def _reader(self, request: Request) -> tuple[Reader, Encoder]:
        """The reader that the request or the settings name, and the index's encoder.

        A loaded model is kept.
        """
        with self._index.store.snapshot() as snapshot:
            encoder = self._index.encoder(snapshot)
        base_url = request.base_url or self._settings.base_url
        name = pick(request.model, self._settings, base_url)
        if name == BUILTIN:
            return Extractive(encoder, self._index.rarity), encoder
        if (name, base_url) not in self._readers:
            self._readers = {(name, base_url): reader(name, base_url, self._settings)}
        return self._readers[name, base_url], encoder


def _last(events: Iterator[Event]) -> Answer:
    for event in events:
        if isinstance(event, Done):
            return event.answer
    raise AssertionError("a stream ends with Done")


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

    def __init__(
        self, hits: Sequence[Hit], verifier: Verifier, *, strict: bool, attribute: bool
    ) -> None:
        self._hits, self._verifier = hits, verifier
        self._strict, self._attribute = strict, attribute
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
                if not self._strict:
                    self._shown.append(piece)
                    yield Text(piece)
                continue
            sentence = self._checked(piece)
            if self._strict:
                if sentence.support == "unsupported" and not _refuses(sentence.text):
                    continue
                markers = "".join(f"[{number}]" for number in sentence.markers)
                whole = f"{sentence.text} {markers}".rstrip() + " "
                self._shown.append(whole)
                yield Text(whole)
            self._sentences.append(sentence)
            yield sentence

    def _checked(self, draft: Draft) -> Sentence:
        markers = draft.numbers or self._attributed(draft.text)
        evidence = tuple(self._evidence(draft.text, marker) for marker in markers)
        support = self._verifier.support(max((e.score for e in evidence), default=0.0))
        return Sentence(len(self._sentences), draft.text, markers, support, evidence)

    def _evidence(self, text: str, marker: int) -> Evidence:
        hit = self._hit(marker)
        start, end, score = self._verifier.evidence(text, hit)
        return Evidence(
            marker, start, end, hit.text[start - hit.start : end - hit.start], round(score, 4)
        )

    def _attributed(self, text: str) -> tuple[int, ...]:
        """The passage that supports a sentence without a marker, if one does."""
        if not self._attribute or _refuses(text):
            return ()
        scored = (
            (self._verifier.evidence(text, hit)[2], -n) for n, hit in enumerate(self._hits, 1)
        )
        score, number = max(scored, default=(0.0, 0))
        if self._verifier.support(score) != "supported":
            return ()
        return (self._stream.cite(-number),)

    def _hit(self, marker: int) -> Hit:
        return self._hits[self._stream.order[marker - 1] - 1]

    def answer(self, question: str, language: Language, reader: str, timings: Timings) -> Answer:
        citations = self._citations()
        return Answer(
            question=question,
            language=language,
            answer="".join(self._shown).strip(),
            abstained=not citations and _refuses("".join(self._shown).strip()),
            reader=reader,
            sentences=tuple(self._sentences),
            citations=citations,
            reasoning="".join(self.thoughts).strip() or None,
            timings_ms=timings,
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
            hit = self._hit(marker)
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


def _refuses(text: str) -> bool:
    """Whether a text is a refusal, or nothing at all."""
    return not text or any(text.startswith(known) for known in prompts.refusals())
