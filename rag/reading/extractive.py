"""The built-in reader: one to three sentences of the best passages, each cited. No language model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.article import Language
from corpus.text import sentences
from index.asking import Asked, Described, Rarity, answering, asked, coverage, gaps
from index.encoder import Encoder
from index.numbers import quantities, spoken
from index.search import Hit
from rag.events import Text, Turn
from rag.reading import prompts

NAME = "builtin"
_VALUED = 4  # the feature that a value of the wanted kind stands in the sentence


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer: its passage's number (from 1), its place, and its features."""

    number: int
    hit: Hit
    start: int
    end: int
    text: str
    features: tuple[float, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of the features of a sentence (`within` the question's language and `beyond` it) and of
    those of the evidence as a whole.

    The order of the sentence features is that of `_features`. An answer is given when the log odds
    of its `evidence` reach `threshold`; a second sentence when it scores `again` times the first.
    """

    within: tuple[float, ...] = (3.0, 1.5, 1.5, 1.0, 2.0, 0.3, 0.8, 0.0)
    beyond: tuple[float, ...] = (3.2, 2.0, 1.9, 1.6, 2.5, 0.7, 1.2, 0.5)
    foreign: float = -1.0
    evidence: tuple[float, ...] = (0.8, 1.3, 3.5, 0.25, -1.1, 2.4, -1.7)
    bias: float = -3.5
    across: float = 1.8
    threshold: float = -0.75
    again: float = 0.8


class Extractive:
    """Chooses sentences by rare-term overlap, similarity, and the kind of answer asked for."""

    name = NAME

    def __init__(self, encoder: Encoder, rarity: Rarity, model: Model = Model()) -> None:
        self._encoder, self._rarity, self._model = encoder, rarity, model

    def read(
        self, question: str, language: Language, hits: Sequence[Hit], history: Sequence[Turn] = ()
    ) -> Iterator[Text]:
        """The answer in pieces, with passage numbers as markers; a refusal cites nothing."""
        wanted = asked(question, self._rarity)
        ranked = _own_first(wanted, language, self.rank(question, wanted, language, hits))
        if not ranked or self.answerable(wanted, language, ranked[0]) < self._model.threshold:
            nearest = ranked[0].hit.title if ranked and ranked[0].features[0] > 0.2 else None
            yield Text(prompts.refusal(language, nearest))
            return
        for place, candidate in enumerate(self.choose(wanted, ranked)):
            text = _written(candidate, None if place else wanted, language)
            yield Text((" " if place else "") + text)

    def rank(
        self, question: str, wanted: Asked, language: Language, hits: Sequence[Hit]
    ) -> list[Candidate]:
        """Every sentence of the passages, best first."""
        spans = [
            (number, hit, start, end)
            for number, hit in enumerate(hits, 1)
            for start, end in sentences(hit.text)
            if hit.text[start:end] != hit.title
        ]
        if not spans:
            return []
        texts = [hit.text[start:end] for _, hit, start, end in spans]
        vectors = self._encoder.encode_documents(texts)
        cosines = vectors @ self._encoder.encode_queries([question])[0]
        best = max(hit.score for hit in hits) or 1.0
        found = []
        for place, (number, hit, start, end) in enumerate(spans):
            around = " ".join(
                texts[i]
                for i in range(max(0, place - 1), min(len(texts), place + 2))
                if spans[i][0] == number
            )
            features = _features(
                wanted, texts[place], f"{hit.title}\n{hit.heading or ''}\n{around}",
                float(cosines[place]), hit.score / best, number, hit.language != language,
            )  # fmt: skip
            score = float(np.dot(features, self._model.within))
            if hit.language != language:
                score = float(np.dot(features, self._model.beyond)) + self._model.foreign
            found.append(
                Candidate(
                    number, hit, hit.start + start, hit.start + end, texts[place], features, score
                )
            )
        return sorted(found, key=lambda candidate: -candidate.score)

    def answerable(self, wanted: Asked, language: Language, best: Candidate) -> float:
        """Log odds that the best sentence with its passage answers the question."""
        across = best.hit.language != language
        whole = Described(f"{best.hit.title}\n{best.hit.heading or ''}\n{best.hit.text}")
        features = (*best.features[:3], best.features[4], *gaps(wanted, whole, across=across))
        odds = float(np.dot(features, self._model.evidence)) + self._model.bias
        return odds + self._model.across * across

    def choose(self, wanted: Asked, ranked: Sequence[Candidate]) -> list[Candidate]:
        """The best sentence, and one more that comes close to it and says something else.

        It is in the same language; where a number or a date is asked for and the best one has it,
        so must the other.
        """
        best = ranked[0]
        valued = best.features[_VALUED] > 0
        for candidate in ranked[1:]:
            if candidate.score < self._model.again * best.score:
                break
            same = candidate.text == best.text or candidate.hit.language != best.hit.language
            if not same and (candidate.features[_VALUED] > 0 or not valued):
                return [best, candidate]
        return [best]


def _own_first(wanted: Asked, language: Language, ranked: list[Candidate]) -> list[Candidate]:
    """The ranking, led by a sentence in the question's language if one gives the best one's value."""
    if not ranked or ranked[0].hit.language == language:
        return ranked
    value = answering(wanted, ranked[0].text, quantities(ranked[0].text))
    for place, candidate in enumerate(ranked[:10] if value else []):
        other = answering(wanted, candidate.text, quantities(candidate.text))
        if candidate.hit.language == language and other and value and other.value == value.value:
            return [candidate, *ranked[:place], *ranked[place + 1 :]]
    return ranked


def _features(
    wanted: Asked, text: str, around: str, cosine: float, standing: float, number: int, across: bool
) -> tuple[float, ...]:
    """What speaks for a sentence: coverage alone and with its surroundings, similarity, the standing
    of its passage, a value of the wanted kind, length, and the place of its passage."""
    here = Described(text)
    near = Described(around)
    return (
        coverage(wanted, here, across=across),
        coverage(wanted, near, across=across),
        max(0.0, cosine),
        standing**2,
        float(answering(wanted, text, here.values) is not None),
        min(1.0, len(text) / 80),
        float(standing == 1.0),
        1 / number,
    )


def _written(candidate: Candidate, wanted: Asked | None, language: Language) -> str:
    """The sentence as the answer says it: as it stands, with the value that is wanted in bold, or
    quoted inside a frame, with large numbers in the reader's own units."""
    text = " ".join(candidate.text.split())
    if candidate.hit.language == language:
        return f"{_emphasised(text, wanted) if wanted else text} [{candidate.number}]"
    published = candidate.hit.published
    dated = prompts.DATED[language].format(date=published) if published else ""
    framed = prompts.FRAME[language].format(dated=dated, quote=text, values=_values(text, language))
    return f"{framed} [{candidate.number}]"


def _emphasised(text: str, wanted: Asked) -> str:
    """The first value of the wanted kind that the question does not hold itself, in bold."""
    if value := answering(wanted, text, quantities(text)):
        return f"{text[: value.start]}**{text[value.start : value.end]}**{text[value.end :]}"
    return text


def _values(text: str, language: Language) -> str:
    """` (24 billion = 240억)` for every large number of a quotation."""
    large = [q for q in quantities(text) if q.kind == "number" and float(q.value) >= 10_000]
    pairs = (f"{text[q.start : q.end]} = {spoken(float(q.value), language)}" for q in large[:3])
    inside = ", ".join(pairs)
    return f" ({inside})" if inside else ""
