"""Whether a source sentence bears what an answer's sentence says, across languages too.

The score comes from three things: how much of the claim's weight the evidence holds (words, their
translations, names by sound, numbers by value), how similar both are to the encoder, and whether
numbers, dates, names and negation agree. A number that the evidence contradicts decides alone.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from corpus.article import Language
from corpus.text import flat, sentences
from corpus.text import language as language_of
from index.analysis import terms
from index.asking import Asked, Rarity, asked
from index.described import Described
from index.encoder import Encoder, Vectors
from index.holding import Holding, holding
from index.names import latin_keys, stems
from index.numbers import Quantity
from index.search import Hit
from rag.agreement import (
    LEAST_SHARED,
    agrees,
    akin,
    names_of,
    opposed,
    rivals,
    spelled,
    unaccented,
    values_of,
)
from rag.events import Support

_HANGUL = re.compile(r"[가-힣]{2,}")
# Endings of verbs and of what stands before a noun; a word that ends so is no name.
_VERBAL = re.compile(
    r"(?:[고며게려지던는한된할될인운친린킨긴진난온건면듯록]|[아어해여]서|으로|다고|라고|라는|하기|했|됐|었|았|였)$"
)
_LATIN = re.compile(r"[A-Za-z]{2,}")
_COPULA = re.compile(
    r"(?<=[^\W_])\)?(?:(?:이|이었|(?<![하되시])였)(?:다|습니다|어요)|입니다|이에요|예요|다)[.!?]*$"
)
_EMPHASIS = re.compile(r"\*\*|__")
_TRIED = 3
_RARE = 0.6


@dataclass(frozen=True, slots=True)
class Judgement:
    """Weights of the score (logistic, in the order of `Verifier._score`, for a claim in the language of
    its source and in the other) and the thresholds of the three verdicts.

    Calibrated by `benchmarks/verification.py`. A number or date that the source contradicts puts the
    score at `contradicted`; one that it lacks, a name that it lacks, or a negation on one side only
    at most at `doubtful`.
    """

    within: tuple[float, ...] = (1.6, 1.2, 1.9, -0.8, -1.9, -1.8, -2.2, 0.5)
    beyond: tuple[float, ...] = (2.6, 1.65, 2.7, 0.0, 0.0, 0.0, -0.3, 0.0)
    bias: tuple[float, float] = (-2.1, -1.6)
    supported: float = 0.5
    weak: float = 0.2
    contradicted: float = 0.1
    doubtful: float = 0.4


class _Source:
    """A passage taken apart once, for all the claims that are held against it."""

    def __init__(self, hit: Hit) -> None:
        self.hit = hit
        self.spans = sentences(hit.text) or [(0, len(hit.text))]
        head = f"{hit.title}\n{hit.heading or ''}\n{hit.published or ''}"
        self.head = Described(head, read=values_of)
        self.parts = [Described(hit.text[a:b], read=values_of) for a, b in self.spans]
        self.whole = Described(parts=[self.head, *self.parts])
        Described.together([self.whole])
        self.text = f"{head}\n{hit.text}"
        self.flat = [(span, flat(hit.text[slice(*span)])) for span in self.spans]
        self._near: dict[tuple[int, int], Described] = {}
        self._vectors: dict[tuple[int, int], Vectors] = {}

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(word.lower() for word in _LATIN.findall(unaccented(self.text)))

    @cached_property
    def _beginnings(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for word in self.words:
            found.setdefault(word[:LEAST_SHARED], []).append(word)
        return found

    def akin(self, name: str) -> bool:
        """Whether a word of the passage is nearly this small-lettered one."""
        return any(akin(name, word) for word in self._beginnings.get(name[:LEAST_SHARED], ()))

    def near(self, first: int, last: int) -> Described:
        """Two sentences, or one, with the title and heading above them."""
        if (first, last) not in self._near:
            parts = [self.head, *self.parts[first : last + 1]]
            self._near[first, last] = Described(parts=parts)
        return self._near[first, last]

    def vector(self, encoder: Encoder, first: int, last: int) -> Vectors:
        """Of one sentence, or of two; a quick encoder makes those of single ones together."""
        if (first, last) not in self._vectors:
            together = first == last and encoder.quick
            pairs = [(i, i) for i in range(len(self.spans))] if together else [(first, last)]
            texts = [self.hit.text[self.spans[a][0] : self.spans[b][1]] for a, b in pairs]
            self._vectors |= zip(pairs, encoder.encode_documents(texts), strict=True)
        return self._vectors[first, last]


@dataclass(frozen=True, slots=True)
class _Claim:
    """A sentence of an answer, taken apart once."""

    text: str
    language: Language
    said: Asked
    terms: frozenset[str]
    values: tuple[Quantity, ...]
    names: tuple[str, ...]
    hangul: tuple[frozenset[str], ...]
    predicate: frozenset[str]
    vector: Vectors


@dataclass(frozen=True, slots=True)
class _Facts:
    """What holds between a claim and a whole passage: values that the passage lacks, how many words
    that may be names are strange to it, and whether a name is certainly not its own."""

    missing: list[Quantity]
    strange: float
    doubtful: bool

    @property
    def limited(self) -> bool:
        """Whether no sentence of the passage can support the claim."""
        return bool(self.missing) or self.doubtful


class Verifier:
    """Finds the evidence for a sentence in a passage, and scores it from 0 to 1."""

    def __init__(
        self,
        encoder: Encoder,
        rarity: Rarity,
        judgement: Judgement = Judgement(),
        entails: Callable[[str, str], float] | None = None,
    ) -> None:
        """`entails` gives the probability that a source text bears a claim; it then replaces the
        score, within what contradictions allow."""
        self._encoder, self._rarity, self._judgement = encoder, rarity, judgement
        self._entails = entails
        self._source = lru_cache(maxsize=64)(_Source)
        self._claim = lru_cache(maxsize=64)(self._taken_apart)

    def evidence(self, claim: str, hit: Hit) -> tuple[int, int, float]:
        """Where in the article the best evidence for a claim stands: (start, end, score).

        A source sentence that the claim repeats word for word is its evidence, with score 1; else
        the sentence, or two in a row, with the best score.
        """
        source = self._source(hit)
        plain = flat(_EMPHASIS.sub("", claim))
        if repeated := [span for span, text in source.flat if len(text) > 7 and text in plain]:
            start, end = max(repeated, key=lambda span: span[1] - span[0])
            return hit.start + start, hit.start + end, 1.0
        (first, last), score = self._best(self._claim(plain), source)
        return hit.start + source.spans[first][0], hit.start + source.spans[last][1], score

    def _best(self, claim: _Claim, source: _Source) -> tuple[tuple[int, int], float]:
        """The places of the best sentence or two, of those that hold most of the claim."""
        last = len(source.spans) - 1
        facts, across = self._facts(claim, source), claim.language != source.hit.language
        held = cache(lambda a, b: holding(claim.said, source.near(a, b), across=across))
        tried = [(place, place) for place in self._likely(claim, source, held)]
        scores = {pair: self._score(claim, source, facts, pair, held(*pair)) for pair in tried}
        best = max(tried, key=scores.__getitem__)
        hopeless = self._judgement.weak / 2
        if hopeless < min(scores[best]) < self._judgement.supported and not facts.limited:
            place = best[0]
            pairs = [(i, i + 1) for i in (place - 1, place) if i >= 0 and i < last]
            scores |= {pair: self._score(claim, source, facts, pair, held(*pair)) for pair in pairs}
            joint = max(pairs, key=lambda pair: min(scores[pair]), default=best)
            best = joint if min(scores[joint]) > min(scores[best]) + 0.1 else best
        return best, min(scores[best])

    def _likely(
        self, claim: _Claim, source: _Source, held: Callable[[int, int], Holding]
    ) -> list[int]:
        """The places of the few sentences that hold most of a claim."""
        if claim.language != source.hit.language:
            shares = [held(place, place).coverage for place in range(len(source.spans))]
        else:
            shares = [float(len(claim.terms & part.terms)) for part in source.parts]
        ordered = sorted(range(len(shares)), key=shares.__getitem__, reverse=True)[:_TRIED]
        return [place for place in ordered if 2 * shares[place] >= shares[ordered[0]]]

    def _facts(self, claim: _Claim, source: _Source) -> _Facts:
        """What is the same for every sentence of a passage."""
        across = claim.language != source.hit.language
        published, held = source.hit.published, source.whole
        missing = [q for q in claim.values if not agrees(q, held.values, published)]
        unknown = _unknown_names(claim, source)
        if across:
            return _Facts(missing, len(unknown) / max(1, len(claim.names)), False)
        invented = bool(claim.predicate) and _absent([claim.predicate], held.terms) > 0
        strange = min(2, _absent(claim.hangul, held.terms))
        return _Facts(missing, float(strange), bool(unknown) or invented)

    def _score(
        self, claim: _Claim, source: _Source, facts: _Facts, pair: tuple[int, int], held: Holding
    ) -> tuple[float, float]:
        """The score before hard contradictions, and the most that they allow."""
        across = claim.language != source.hit.language
        near = source.near(*pair)
        stated = [value for part in source.parts[pair[0] : pair[1] + 1] for value in part.values]
        limit = 1.0
        text = source.hit.text[source.spans[pair[0]][0] : source.spans[pair[1]][1]]
        if facts.limited or (not across and opposed(claim.text, claim.said, text)):
            limit = self._judgement.doubtful
        if across and not (stated and claim.values) and not _means(claim.said, near):
            limit = self._judgement.doubtful
        if any(rivals(q, stated) for q in facts.missing):
            limit = self._judgement.contradicted
        if self._entails:
            return self._entails(text, claim.text), limit
        apart = any(not agrees(q, near.values, source.hit.published) for q in claim.values)
        lacking, words, *_ = held.gaps
        features = (
            held.coverage, words,
            float(source.vector(self._encoder, *pair) @ claim.vector), lacking, float(apart),
            float(pair[0] != pair[1]), facts.strange, float(claim.language == "ko"),
        )  # fmt: skip
        weights = self._judgement.beyond if across else self._judgement.within
        odds = (
            sum(w * f for w, f in zip(weights, features, strict=True))
            + self._judgement.bias[across]
        )
        return 1 / (1 + math.exp(-odds)), limit

    def _taken_apart(self, text: str) -> _Claim:
        bare = _COPULA.sub("", text) if language_of(text) == "ko" else text
        said = asked(bare, self._rarity)
        return _Claim(
            text,
            language_of(text),
            said,
            frozenset().union(*(word.terms for word in said.words)),
            tuple(q for q in values_of(text) if not spelled(text, q)),
            tuple(names_of(text)),
            tuple(self._hangul_names(bare)),
            _predicate(text, bare),
            self._encoder.encode_documents([text])[0],
        )

    def _hangul_names(self, bare: str) -> Iterator[frozenset[str]]:
        """The terms of each rare Hangul word that may be a name."""
        unseen = self._rarity(["\0"])["\0"]
        for word in _HANGUL.findall(bare):
            stem = stems(word)[-1]
            if len(stem) > 2 and not _VERBAL.search(word):
                made = frozenset(terms(stem))
                if max(self._rarity(list(made)).values()) >= _RARE * unseen:
                    yield made

    def support(self, score: float) -> Support:
        """The verdict for a score."""
        if score >= self._judgement.supported:
            return "supported"
        return "weak" if score >= self._judgement.weak else "unsupported"


def _predicate(text: str, bare: str) -> frozenset[str]:
    """The terms of the noun before a Korean copula: it is what the sentence says of its subject.

    A bare 다 is a copula only after a vowel; after a consonant it ends a verb.
    """
    taken = text[len(bare) :]
    if not taken or (taken[0] == "다" and (ord(bare[-1]) - 0xAC00) % 28):
        return frozenset()
    last = bare.split()[-1]
    return frozenset(terms(last)) if _HANGUL.fullmatch(last) else frozenset()


def _means(said: Asked, near: Described) -> bool:
    """Whether a text has one word of a claim in the other language by more than its sound."""
    return any(
        word.terms <= near.terms
        or any(near.terms.issuperset(meant) for meant, _ in word.translations)
        for word in said.words
    )


def _absent(words: Sequence[frozenset[str]], held: frozenset[str]) -> int:
    """How many words have most of their terms nowhere in a passage."""
    return sum(1 for word in words if 3 * len(word & held) <= len(word))


def _unknown_names(claim: _Claim, source: _Source) -> list[str]:
    """Capitalised Latin words of the claim that its passage has in neither script."""
    lost = [n for n in claim.names if not {n.lower(), n.lower().rstrip("s")} & source.words]
    lost = [n for n in lost if not source.akin(n.lower())]
    if lost and source.hit.language == "ko":
        return [n for n in lost if not source.whole.heard(frozenset(latin_keys(n)))]
    return [n for n in lost if not set(terms(n)) & source.whole.terms]
