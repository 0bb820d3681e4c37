"""Whether a source sentence bears what an answer's sentence says, across languages too.

The score comes from three things: how much of the claim's weight the evidence holds (words, their
translations, names by sound, numbers by value), how similar both are to the encoder, and whether
numbers, dates, names and negation agree. A number that the evidence contradicts decides alone.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.text import language as language_of
from corpus.text import sentences
from index.asking import Asked, Described, Rarity, asked, coverage, describe, gaps
from index.encoder import Encoder
from index.names import latin_keys
from index.numbers import Quantity, quantities
from index.search import Hit
from rag.events import Support

_NEGATION = {
    "en": re.compile(r"\b(?:not|no|never|none|neither|nor|without|cannot|\w+n't)\b", re.I),
    "ko": re.compile(
        r"지 ?(?:않|못|아니)|(?:^|\s)(?:안|못)\s|없(?:다|었|는|고|이|을)|아니(?:다|었|라|고)"
    ),
}
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][A-Za-z]+(?:[A-Z][a-z]+)*\b")
_LATIN = re.compile(r"[A-Za-z]{2,}")
_EMPHASIS = re.compile(r"\*\*|__")


@dataclass(frozen=True, slots=True)
class Judgement:
    """Weights of the score (logistic) and the thresholds of the three verdicts.

    Calibrated by `benchmarks/verification.py`. A contradicted number or date puts the score at
    `contradicted`; a name that the passage lacks or a negation on one side only at most at `doubtful`.
    """

    held: float = 4.0
    words: float = 2.0
    cosine: float = 4.0
    lacking: float = -1.5
    bias: float = -4.0
    across: float = 1.0
    supported: float = 0.5
    weak: float = 0.2
    contradicted: float = 0.1
    doubtful: float = 0.4


class Verifier:
    """Finds the evidence for a sentence in a passage, and scores it from 0 to 1."""

    def __init__(
        self, encoder: Encoder, rarity: Rarity, judgement: Judgement = Judgement()
    ) -> None:
        self._encoder, self._rarity, self._judgement = encoder, rarity, judgement

    def evidence(self, claim: str, hit: Hit) -> tuple[int, int, float]:
        """Where in the article the best evidence for a claim stands: (start, end, score).

        A source sentence that the claim repeats word for word is its evidence, with score 1; else
        the sentence, or two in a row, with the best score.
        """
        spans = sentences(hit.text)
        plain = " ".join(_EMPHASIS.sub("", claim).split())
        repeated = [
            s
            for s in spans
            if len(_flat(hit.text[slice(*s)])) > 7 and _flat(hit.text[slice(*s)]) in plain
        ]
        if repeated:
            start, end = max(repeated, key=lambda span: span[1] - span[0])
            return hit.start + start, hit.start + end, 1.0
        texts = [hit.text[start:end] for start, end in spans]
        scores = self.scores(plain, texts, hit)
        best = max(range(len(spans)), key=scores.__getitem__)
        start, end, score = *spans[best], scores[best]
        for other in (best - 1, best + 1):
            if score < self._judgement.supported and 0 <= other < len(spans):
                first, last = sorted((best, other))
                pair = hit.text[spans[first][0] : spans[last][1]]
                if (joint := self.scores(plain, [pair], hit)[0]) > score + 0.1:
                    start, end, score = spans[first][0], spans[last][1], joint
        return hit.start + start, hit.start + end, score

    def scores(self, claim: str, texts: Sequence[str], hit: Hit) -> list[float]:
        """How well each text bears the claim, its passage being its context."""
        across = language_of(claim) != hit.language
        vectors = self._encoder.encode_documents([claim, *texts])
        said = asked(claim, self._rarity)
        context = f"{hit.title}\n{hit.heading or ''}\n{hit.published or ''}\n{hit.text}"
        whole = describe(context)
        missing = _unknown_names(claim, context, whole)
        stated = [q for q in quantities(claim) if not (q.kind == "number" and _spelled(claim, q))]
        found = []
        for text, vector in zip(texts, vectors[1:], strict=True):
            near = describe(f"{hit.title}\n{hit.heading or ''}\n{text}")
            odds = self._odds(said, near, float(vector @ vectors[0]), across=across)
            score = 1 / (1 + math.exp(-odds))
            if missing or _negated(claim) != _negated(text):
                score = min(score, self._judgement.doubtful)
            agreement = [_agrees(q, near.values, whole.values, hit.published) for q in stated]
            if False in agreement:
                score = min(score, self._judgement.contradicted)
            found.append(score)
        return found

    def _odds(self, said: Asked, near: Described, cosine: float, *, across: bool) -> float:
        weights = self._judgement
        lacking, words, _ = gaps(said, near, across=across)
        return (
            weights.held * coverage(said, near, across=across)
            + weights.words * words
            + weights.cosine * cosine
            + weights.lacking * lacking
            + weights.across * across
            + weights.bias
        )

    def support(self, score: float) -> Support:
        """The verdict for a score."""
        if score >= self._judgement.supported:
            return "supported"
        return "weak" if score >= self._judgement.weak else "unsupported"


def _flat(text: str) -> str:
    return " ".join(text.split())


def _spelled(claim: str, quantity: Quantity) -> bool:
    """Whether a number is a small one written as a word, which often counts nothing."""
    return claim[quantity.start : quantity.end].lower() in ("one", "a", "two", "half")


def _negated(text: str) -> bool:
    return len(_NEGATION[language_of(text)].findall(text)) % 2 == 1


def _unknown_names(claim: str, context: str, whole: Described) -> list[str]:
    """Capitalised Latin words of the claim that its passage has in neither script."""
    known = {word.lower() for word in _LATIN.findall(context)}
    return [
        name
        for name in _NAME.findall(claim)
        if name.lower() not in known
        and name.lower().rstrip("s") not in known
        and not (set(latin_keys(name)) & whole.keys)
    ]


def _agrees(
    stated: Quantity, near: Sequence[Quantity], whole: Sequence[Quantity], published: str | None
) -> bool:
    """Whether a stated value stands in the evidence, or else in the passage around it."""
    return any(_same(stated, other, published) for other in (*near, *whole))


def _same(a: Quantity, b: Quantity, published: str | None) -> bool:
    if (a.kind == "date") != (b.kind == "date"):
        return a.value.lstrip("-") == b.value.lstrip("-")
    if a.kind == "date":
        return _compatible(a.value, b.value, published)
    if a.unit and b.unit and a.unit != b.unit:
        return False
    x, y = float(a.value), float(b.value)
    return abs(x - y) <= 0.005 * max(abs(x), abs(y))


def _compatible(a: str, b: str, published: str | None) -> bool:
    """Whether two dates can be the same day as far as both say; a missing year is the article's."""
    year = (published or "")[:4]
    first, second = (_parts(value, year) for value in (a, b))
    shared = [(x, y) for x, y in zip(first, second, strict=True) if x and y]
    return bool(shared) and all(x == y for x, y in shared)


def _parts(value: str, year: str) -> tuple[str, str, str]:
    if value.startswith("--"):
        month, _, day = value[2:].partition("-")
        return year, month, day
    written, _, rest = value.partition("-")
    month, _, day = rest.partition("-")
    return written, month, day
