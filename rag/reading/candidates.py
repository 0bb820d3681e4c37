"""Sentences that may answer a question, best first, and whether the best of them does.

Both are linear models over a handful of features; `benchmarks/fitting.py` fits their weights.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from corpus.article import Language
from index.asking import Asked, answering
from index.cross_encoder import CrossEncoder, Placed
from index.described import Described
from index.encoder import Encoder
from index.holding import Holding, coverage, holding
from index.numbers import Quantity
from index.search import Hit
from index.versions import is_another, unknown
from rag.reading.persons import names_nobody, names_someone
from rag.reading.sources import Source, near

READ = 10
"""How many sentences are read together with the question."""
# Log odds beyond this say no more: they are certain. Those of a usual sentence.
_CERTAINLY, _USUAL = 8.0, -2.0
_MUCH = 0.3
_LIKELIER = 0.2  # log odds
_NEARLY = 0.05  # of a question: so much less of it a text may hold and still hold as much
_UNSEEN, _ACROSS, _STRANGE = 4, 5, 15  # places in the evidence
_MOSTLY, _NEARLY_ALL = 0.5, 0.7  # shares of a question
_NAMED = 0.33  # of the names of a question, in an article of the other language that is on them
_LAST_YEAR = re.compile(
    r"지난해|작년|전년|\blast year\b|\bprevious year\b|\ba year (?:ago|earlier)\b", re.I
)
# What says that something is the reason of something else, or its purpose.
_BECAUSE = re.compile(
    r"때문|덕분|덕에|탓|위해|위한|려고|려는|이유|까닭|원인|서(?:다|였다)[.\"”]|도록|니까|우려|계기|거든"
    r"|\b(?:because|since|so that|so as|owing|due to|thanks to|lest|in order|reasons?|blam\w+|culprit|caus\w+"
    r"|fear\w*|which meant|prompted|led to|hence|therefore)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Features:
    """What speaks for a sentence: the share of the question it holds, alone, with title, heading and
    the sentence before (of a row the head of its table), and with the one after too; its cosine;
    the square of its passage's score beside the best one's; whether a value of the wanted kind
    stands in it, and the share of the question around that value; its length; whether it names a
    person when one is asked for; whether it tells a reason when one is asked for."""

    alone: float
    before: float
    around: float
    cosine: float
    standing: float
    valued: float
    near: float
    length: float
    person: float
    because: float

    @property
    def row(self) -> tuple[float, ...]:
        """All of them, in this order."""
        return (
            self.alone, self.before, self.around, self.cosine, self.standing,
            self.valued, self.near, self.length, self.person, self.because,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer: its passage's number (from 1), its place in the article, its
    features, the value of the wanted kind if it has one, and the log odds beside the others. Of a
    row of a table `columns` is the row that names them, otherwise `before` the sentence before it.
    `named` is the share that its passage holds of the names asked about.
    `read` are the log odds that it answers the question when both were read together; of the best
    one `similar` is the cosine of both, each read as a whole."""

    number: int
    hit: Hit
    start: int
    end: int
    text: str
    features: Features
    value: Quantity | None
    score: float
    columns: str = ""
    before: str = ""
    read: float = 0.0
    similar: float = 0.0
    named: float = 1.0

    @property
    def placed(self) -> Placed:
        """The sentence as it is read together with the question."""
        return Placed(self.hit.title, self.text, self.columns or self.before)


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of a sentence's features `within` the question's language and `beyond` it, and what a
    sentence of the other language has to make up for (`foreign`); what one loses that is on `another`
    version of what is asked about, or the evidence that is silent on the `year`, and one whose passage `lacks` all the names asked about that
    another passage holds; what the log odds of a sentence read together with the question are worth
    beyond a usual one's, in English, in Korean, and across;
    weights of the features of the evidence as a whole (`answerable`) with their `bias`.

    An answer is given when the log odds of the evidence reach what the question's language asks for.
    """

    within: tuple[float, ...] = (1.48, 1.86, 1.91, 3.29, 3.18, 2.04, 0.89, 0.64, 1.00, 1.80)
    beyond: tuple[float, ...] = (1.79, 2.31, 1.92, 2.69, 3.47, 2.06, 1.42, 0.72, 0.70, 1.80)
    foreign: float = 1.57
    another: float = 3.00
    lacks: float = 2.00
    year: float = 3.00
    read: tuple[float, float, float] = (0.50, 0.20, 0.60)
    answerable: tuple[float, ...] = (
        0.02, -0.65, -0.26, -0.08, 0.42, 0.33, 0.24, 0.35, 0.20, 0.23,
        -0.47, -0.11, -2.00, -0.31, 0.62, -3.00, -0.06, 0.29, 3.37,
        -1.00, -0.80,
    )  # fmt: skip
    bias: float = -4.13
    korean: float = -1.7
    english: float = -2.1

    def reading(self, asked: Language, sentence: Candidate) -> float:
        """What it adds to a sentence's log odds beside the others to have read it with the question."""
        across = asked != sentence.hit.language
        return self.read[2 if across else asked == "ko"] * (sentence.read - _USUAL)

    def threshold(self, language: Language) -> float:
        """The log odds of the evidence from which on a question in a language is answered."""
        return self.korean if language == "ko" else self.english


class Candidates:
    """The sentences of the passages found for one question.

    Those that rank best are read together with the question too if there is a cross-encoder.
    """

    def __init__(
        self,
        asked: Asked,
        language: Language,
        hits: Sequence[Hit],
        cross_encoder: CrossEncoder | None = None,
        model: Model = Model(),
    ) -> None:
        self.asked, self.language, self.hits = asked, language, hits
        self._cross_encoder, self._model = cross_encoder, model
        self._sources = [Source(number, hit) for number, hit in enumerate(hits, 1)]
        Described.together(source.whole for source in self._sources)

    def ranked(self, question: str, encoder: Encoder) -> list[Candidate]:
        """Every sentence, best first."""
        texts = [text for source in self._sources for text in source.texts]
        if not texts:
            return []
        cosines = encoder.encode_documents(texts) @ encoder.encode_queries([question])[0]
        best = max(hit.score for hit in self.hits) or 1.0
        found, first = [], 0
        for source in self._sources:
            standing = (source.hit.score / best) ** 2
            for place in range(len(source.texts)):
                if not source.tells(place):
                    continue
                cosine = max(0.0, float(cosines[first + place]))
                found.append(self._candidate(source, place, cosine, standing))
            first += len(source.texts)
        return self._read(question, sorted(found, key=lambda candidate: -candidate.score))

    def _read(self, question: str, ranked: list[Candidate]) -> list[Candidate]:
        """The ranking once the best sentences have been read; no other one gets before them all."""
        placed = list(dict.fromkeys(candidate.placed for candidate in ranked[:READ]))
        if self._cross_encoder is None or not placed:
            return ranked
        odds = self._cross_encoder.odds(question, placed).clip(-_CERTAINLY, _CERTAINLY)
        known = dict(zip(placed, odds.tolist(), strict=True))
        least = min(known.values())
        read = [replace(c, read=known.get(c.placed, least)) for c in ranked]
        found = [replace(c, score=c.score + self._model.reading(self.language, c)) for c in read]
        found.sort(key=lambda candidate: -candidate.score)
        found = self._korean_first(found)
        similar = self._cross_encoder.similarity(question, found[0].placed)
        return [replace(found[0], similar=similar), *found[1:]]

    def _korean_first(self, ranked: list[Candidate]) -> list[Candidate]:
        """The ranking, to a Korean question, with a Korean sentence before the best English one where it
        holds as much of the question and is the likelier answer when read with it: reading weighs a
        third as much in the scores of Korean sentences as in those of English ones."""
        best = ranked[0]
        if self.language != "ko" or best.hit.language == "ko":
            return ranked
        for place, each in enumerate(ranked[:READ]):
            held = each.features.before >= best.features.before - _NEARLY
            if each.hit.language == "ko" and each.read >= best.read + _LIKELIER and held:
                first = replace(each, score=best.score)
                return [first, *ranked[:place], *ranked[place + 1 :]]
        return ranked

    def _candidate(self, source: Source, place: int, cosine: float, standing: float) -> Candidate:
        asked, hit, text = self.asked, source.hit, source.texts[place]
        across = hit.language != self.language
        here, named = source.parts[place], self._held[source.number - 1].names
        value = answering(asked, text, here.values)
        beside = near(asked, text, here.values, value, across=across) if value else 0.0
        features = Features(
            coverage(asked, here, across=across),
            coverage(asked, source.under(place), across=across),
            coverage(asked, source.near(place - 1, place + 1), across=across),
            cosine, standing, float(value is not None), beside, min(1.0, len(text) / 80),
            float(asked.wanted == "person" and names_someone(text, hit.language)),
            float(asked.wanted == "reason" and _BECAUSE.search(text) is not None),
        )  # fmt: skip
        weights = self._model.beyond if across else self._model.within
        score = float(np.dot(features.row, weights)) + self._model.foreign * across
        score -= self._model.another * self._is_another(source, place)
        if not across:
            most = max(held.names for held in self._held)
            score -= self._model.lacks * (most - named)
        start, end = source.spans[place]
        return Candidate(
            source.number, hit, hit.start + start, hit.start + end, text, features, value, score,
            source.columns(place), source.before(place), named=named,
        )  # fmt: skip

    @cached_property
    def _held(self) -> list[Holding]:
        """How much of the question each passage holds."""
        return [
            holding(self.asked, source.whole, across=source.hit.language != self.language)
            for source in self._sources
        ]

    def _is_another(self, source: Source, place: int) -> bool:
        """Whether a sentence is on another version of what the question names with a number."""
        texts = [source.hit.title, source.hit.heading or "", *source.texts[: place + 1]]
        return is_another(self.asked.numbered, texts)

    def answerable(self, ranked: Sequence[Candidate]) -> float:
        """Log odds that the best of the ranked sentences, with its passage, answers the question.

        None (-inf) when most of it is words that no article has, though some are in its language and
        the best sentence is not on what it names or that is nearly all, or when the `GPT-5` that is asked about is nowhere
        in them, however much is on `GPT-4`.
        """
        texts = (f"{hit.title}\n{hit.text}" for hit in self.hits)
        if not ranked or unknown(self.asked.numbered, texts):
            return float("-inf")
        evidence = self.evidence(ranked)
        own = any(hit.language == self.language for hit in self.hits)
        lost = evidence[_UNSEEN] * evidence[_ACROSS]
        nameless = ranked[0].named < _NAMED
        if own and (max(lost * nameless, evidence[_STRANGE]) >= _MOSTLY or lost >= _NEARLY_ALL):
            return float("-inf")
        odds = float(np.dot(evidence, self._model.answerable)) + self._model.bias
        return odds - self._model.year * self._is_of_another_year(ranked[0])

    def _is_of_another_year(self, best: Candidate) -> bool:
        """Whether the passage of a sentence, of a known year, is silent on the year asked about."""
        year, published, text = self.asked.year, best.hit.published, best.hit.text
        if not year or not published or published[:4] == year:
            return False
        ago = int(published[:4]) - int(year) == 1 and _LAST_YEAR.search(text)
        return year not in f"{best.hit.title}\n{text}" and not ago

    def evidence(self, ranked: Sequence[Candidate]) -> tuple[float, ...]:
        """What speaks for an answer from the best sentence.

        Its cosine; the weightiest word that its passage lacks, and by how much that is most of the
        question; the share of words that it holds, and of weight in words that nothing indexed has;
        whether it is in the other language; its probability beside the other sentences; the most of
        the question that any passage holds; its score; the number of words asked with; whether a
        value is asked for, and stands in it; whether the question says what the value measures and
        it has no such value; its length; whether the question is Korean; and, if it is in
        the question's language, the share of words that nothing indexed has once more, half of it
        for special ones alone; its log odds as it was read together with the question, and the
        best of those of all that were; its cosine as a whole; whether its passage holds none of the
        names asked about; whether a person is asked for and it names nobody.
        """
        asked, best = self.asked, ranked[0]
        across = best.hit.language != self.language
        held = self._held[best.number - 1]
        lacking, words, unseen, strange = held.gaps
        certain = 1 / sum(math.exp(other.score - best.score) for other in ranked)
        most = max(each.coverage for each in self._held)
        return (
            best.features.cosine, lacking, max(0.0, lacking - _MUCH), words, unseen,
            float(across), certain, most,
            best.score, len(asked.words) / 10, float(asked.wanted in ("date", "number")),
            best.features.valued, float(asked.measure != "any" and not best.features.valued),
            best.features.length, float(self.language == "ko"),
            0.0 if across else (unseen + strange) / 2,
            best.read, max(c.read for c in ranked), best.similar,
            float(held.nameless),
            float(asked.wanted == "person" and names_nobody(best.text, best.hit.language)),
        )  # fmt: skip
