"""Whether a source sentence bears what an answer's sentence says, across languages too.

The score comes from three things: how much of the claim's weight the evidence holds (words, their
translations, names by sound, numbers by value), how similar both are to the encoder, and whether
numbers, dates, names and negation agree. A number that the evidence contradicts decides alone.
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from corpus.article import Language
from corpus.text import language as language_of
from corpus.text import sentences
from index.analysis import STOP, terms
from index.asking import Asked, Described, Rarity, asked, coverage, describe, gaps
from index.encoder import Encoder, Vectors
from index.names import latin_keys, stems
from index.numbers import Quantity, quantities
from index.search import Hit
from index.translation import word_translations
from rag.events import Support

_NEGATION = {
    "en": re.compile(r"\b(?:not|no|never|none|neither|nor|without|cannot|\w+n't)\b", re.I),
    "ko": re.compile(
        r"지 ?(?:않|못|아니)|(?:^|\s)(?:안|못)\s|없(?:다|었|는|고|이|을)|아니(?:다|었|라|고)"
    ),
}
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][A-Za-z]+(?:[A-Z][a-z]+)*\b", re.ASCII)
_HANGUL = re.compile(r"[가-힣]{2,}")
# Endings of verbs and of what stands before a noun; a word that ends so is no name.
_VERBAL = re.compile(
    r"(?:[고며게려지던는한된할될인운친린킨긴진난온건면듯록]|[아어해여]서|으로|다고|라고|라는|하기|했|됐|었|았|였)$"
)
_LATIN = re.compile(r"[A-Za-z]{2,}")
_COPULA = re.compile(
    r"(?<=[^\W_])\)?(?:(?:이|이었|(?<![하되시])였)(?:다|습니다|어요)|입니다|이에요|예요|다)[.!?]*$"
)
_ORDINAL = re.compile(
    r"\b(?:(first)|(second)|(third)|(fourth)|(fifth)|(sixth)|(seventh)|(eighth)|(ninth)|(tenth))\b", re.I
)
_COUNTED = re.compile(
    r"(?:(한)|(두)|(세)|(네)|(다섯)|(여섯)|(일곱)|(여덟)|(아홉)|(열))\s?(?:명|개|번|곳|살|가지|달|차례|대|마리|편|시간|사람)"
)
_ROMAN = re.compile(r"[IVX]+$")
_FIRST = re.compile(r"([A-Z][a-z]{2,})\b")
_EMPHASIS = re.compile(r"\*\*|__")
_TRIED = 4
_RARE = 0.6
_TENS = frozenset(str(10 * tens) for tens in range(2, 10))


@dataclass(frozen=True, slots=True)
class Judgement:
    """Weights of the score (logistic, in the order of `_features`, for a claim in the language of
    its source and in the other) and the thresholds of the three verdicts.

    Calibrated by `benchmarks/verification.py`. A number or date that the source contradicts puts the
    score at `contradicted`; one that it lacks, a name that it lacks, or a negation on one side only
    at most at `doubtful`.
    """

    within: tuple[float, ...] = (4.0, 2.0, 4.0, -1.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    beyond: tuple[float, ...] = (4.0, 2.0, 4.0, -1.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    bias: tuple[float, float] = (-4.0, -3.0)
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
        self.head = Described(frozenset(terms(head)), frozenset(), tuple(_values(head)))
        self.parts = [self._described(*span) for span in self.spans]
        self.whole = _joined([self.head, *self.parts])
        self.text = f"{head}\n{hit.text}"
        self._vectors: dict[tuple[int, int], Vectors] = {}

    def _described(self, start: int, end: int) -> Described:
        text = self.hit.text[start:end]
        return Described(frozenset(terms(text)), frozenset(), tuple(_values(text)))

    @cached_property
    def keyed(self) -> list[Described]:
        """The parts with the phonetic keys that only claims in the other language need."""
        return [describe(self.hit.text[start:end]) for start, end in self.spans]

    @cached_property
    def keys(self) -> frozenset[str]:
        return describe(self.text).keys

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(word.lower() for word in _LATIN.findall(_unaccented(self.text)))

    def near(self, first: int, last: int, *, across: bool) -> Described:
        """Two sentences, or one, with the title and heading above them."""
        parts = self.keyed if across else self.parts
        return _joined([self.head, *parts[first : last + 1]])

    def vector(self, encoder: Encoder, first: int, last: int) -> Vectors:
        if (first, last) not in self._vectors:
            text = self.hit.text[self.spans[first][0] : self.spans[last][1]]
            self._vectors[first, last] = encoder.encode_documents([text])[0]
        return self._vectors[first, last]


@dataclass(frozen=True, slots=True)
class _Claim:
    """A sentence of an answer, taken apart once."""

    text: str
    language: Language
    said: Asked
    values: tuple[Quantity, ...]
    names: tuple[str, ...]
    hangul: tuple[frozenset[str], ...]
    predicate: frozenset[str]
    vector: Vectors


class Verifier:
    """Finds the evidence for a sentence in a passage, and scores it from 0 to 1."""

    def __init__(self, encoder: Encoder, rarity: Rarity, judgement: Judgement = Judgement()) -> None:
        self._encoder, self._rarity, self._judgement = encoder, rarity, judgement
        self._source = lru_cache(maxsize=64)(_Source)
        self._claim = lru_cache(maxsize=64)(self._taken_apart)

    def evidence(self, claim: str, hit: Hit) -> tuple[int, int, float]:
        """Where in the article the best evidence for a claim stands: (start, end, score).

        A source sentence that the claim repeats word for word is its evidence, with score 1; else
        the sentence, or two in a row, with the best score.
        """
        source = self._source(hit)
        plain = " ".join(_EMPHASIS.sub("", claim).split())
        flat = [(span, _flat(hit.text[slice(*span)])) for span in source.spans]
        if repeated := [span for span, text in flat if len(text) > 7 and text in plain]:
            start, end = max(repeated, key=lambda span: span[1] - span[0])
            return hit.start + start, hit.start + end, 1.0
        (first, last), score = self._best(self._claim(plain), source)
        return hit.start + source.spans[first][0], hit.start + source.spans[last][1], score

    def _best(self, claim: _Claim, source: _Source) -> tuple[tuple[int, int], float]:
        """The places of the best sentence or two, of those that hold most of the claim."""
        across = claim.language != source.hit.language
        last = len(source.spans) - 1
        single = [(i, i) for i in range(last + 1)]
        nears = {pair: source.near(*pair, across=across) for pair in single}
        held = {pair: coverage(claim.said, near, across=across) for pair, near in nears.items()}
        tried = sorted(single, key=held.__getitem__, reverse=True)[:_TRIED]
        scores = {pair: self._score(claim, source, pair) for pair in tried}
        best = max(tried, key=scores.__getitem__)
        score, limit = scores[best]
        if min(score, limit) < self._judgement.supported:
            place = best[0]
            for pair in ((place - 1, place), (place, place + 1)):
                if pair[0] >= 0 and pair[1] <= last:
                    scores[pair] = self._score(claim, source, pair)
            joint = max(scores, key=lambda pair: min(scores[pair]))
            best = joint if min(scores[joint]) > min(scores[best]) + 0.1 and joint[0] != joint[1] else best
        return best, min(scores[best])

    def _score(self, claim: _Claim, source: _Source, pair: tuple[int, int]) -> tuple[float, float]:
        """The score before hard contradictions, and the most that they allow."""
        across = claim.language != source.hit.language
        features, limit = self.features(claim, source, pair)
        weights = self._judgement.beyond if across else self._judgement.within
        odds = sum(w * f for w, f in zip(weights, features, strict=True)) + self._judgement.bias[across]
        return 1 / (1 + math.exp(-odds)), limit

    def features(
        self, claim: _Claim, source: _Source, pair: tuple[int, int]
    ) -> tuple[tuple[float, ...], float]:
        """What speaks for and against a claim, and the score that it can have at most."""
        across = claim.language != source.hit.language
        near = source.near(*pair, across=across)
        lacking, words, _ = gaps(claim.said, near, across=across)
        whole = _joined([source.head, *source.keyed]) if across else source.whole
        absent, around, _ = gaps(claim.said, whole, across=across)
        published = source.hit.published
        apart = [q for q in claim.values if not _agrees(q, near.values, published)]
        missing = [q for q in apart if not _agrees(q, source.whole.values, published)]
        text = source.hit.text[source.spans[pair[0]][0] : source.spans[pair[1]][1]]
        unknown = _unknown_names(claim, source)
        korean = not across and claim.language == "ko"
        invented = korean and bool(claim.predicate) and _absent([claim.predicate], whole.terms)
        limit = 1.0
        if missing or not across and (unknown or invented or self._opposed(claim, text)):
            limit = self._judgement.doubtful
        if any(_rivals(q, near.values) for q in missing):
            limit = self._judgement.contradicted
        cosine = float(source.vector(self._encoder, *pair) @ claim.vector)
        return (
            coverage(claim.said, near, across=across), words, cosine, lacking,
            absent, around, float(bool(apart)), _strange(claim.said, whole),
            float(pair[0] != pair[1]), len(unknown) / max(1, len(claim.names)),
            float(self._opposed(claim, text)),
            float(min(2, _absent(claim.hangul, whole.terms) if korean else 0)),
        ), limit  # fmt: skip

    def _opposed(self, claim: _Claim, text: str) -> bool:
        if _negated(claim.text):
            return not _negated(text)
        return _denied(text, claim.said)

    def _taken_apart(self, text: str) -> _Claim:
        bare = _COPULA.sub("", text) if language_of(text) == "ko" else text
        return _Claim(
            text,
            language_of(text),
            asked(bare, self._rarity),
            tuple(q for q in _values(text) if not _spelled(text, q)),
            tuple(_names(text)),
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


def _joined(parts: Sequence[Described]) -> Described:
    return Described(
        frozenset().union(*(part.terms for part in parts)),
        frozenset().union(*(part.keys for part in parts)),
        tuple(quantity for part in parts for quantity in part.values),
    )


def _predicate(text: str, bare: str) -> frozenset[str]:
    """The terms of the noun before a Korean copula: it is what the sentence says of its subject.

    A bare 다 is a copula only after a vowel; after a consonant it ends a verb.
    """
    taken = text[len(bare) :]
    if not taken or (taken[0] == "다" and (ord(bare[-1]) - 0xAC00) % 28):
        return frozenset()
    last = bare.split()[-1]
    return frozenset(terms(last)) if _HANGUL.fullmatch(last) else frozenset()


def _absent(words: Sequence[frozenset[str]], held: frozenset[str]) -> int:
    """How many words have most of their terms nowhere in a passage."""
    return sum(1 for word in words if 3 * len(word & held) <= len(word))


def _strange(said: Asked, whole: Described) -> float:
    """How rare the rarest word is that the passage has nothing of: 1 for one that nothing has."""
    rare = [w.weight for w in said.words if 2 * len(w.terms & whole.terms) < len(w.terms)]
    return max(rare, default=0.0) / said.unseen if said.unseen else 0.0


def _flat(text: str) -> str:
    return " ".join(text.split())


def _spelled(claim: str, quantity: Quantity) -> bool:
    """Whether a number is a small one written as a word, which often counts nothing."""
    return claim[quantity.start : quantity.end].lower() in ("one", "a", "two", "half")


def _values(text: str) -> list[Quantity]:
    """The quantities of a text, `twenty-nine` as one, with ordinals and counted Korean numerals."""
    found: list[Quantity] = []
    for quantity in quantities(text):
        before = found[-1] if found else quantity
        if quantity.start - before.end == 1 and text[before.start].isalpha() and before.value in _TENS:
            total = str(int(before.value) + int(float(quantity.value)))
            found[-1] = replace(quantity, value=total, start=before.start)
        else:
            found.append(quantity)
    for pattern in (_ORDINAL, _COUNTED):
        for match in pattern.finditer(text):
            found.append(Quantity("number", str(match.lastindex), None, *match.span(match.lastindex or 0)))
    return found


def _denied(text: str, claim: Asked) -> bool:
    """Whether a source sentence negates what the claim speaks of, rather than something beside it."""
    held = frozenset().union(*(word.terms for word in claim.words))
    for match in _NEGATION[language_of(text)].finditer(text):
        around = text[match.end() : match.end() + 30].split()[:3]
        if language_of(text) == "ko":
            around = text[: match.end()].split()[-2:]
        if held & (set(terms(" ".join(around))) - STOP):
            return True
    return False


def _negated(text: str) -> bool:
    return bool(_NEGATION[language_of(text)].search(text))


def _names(claim: str) -> list[str]:
    """Capitalised Latin words; the first word only when it is no word of the language."""
    plain = _unaccented(claim)
    found = _NAME.findall(plain)
    first = _FIRST.match(plain)
    if first and not any(word_translations(first[1].lower())):
        found.append(first[1])
    elif first and _NAME.match(plain, first.end() + 1):
        found.append(first[1])
    return [name for name in found if name.lower() not in STOP and not _ROMAN.match(name)]


def _unaccented(text: str) -> str:
    if text.isascii() or language_of(text) == "ko":
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _unknown_names(claim: _Claim, source: _Source) -> list[str]:
    """Capitalised Latin words of the claim that its passage has in neither script."""
    lost = [n for n in claim.names if not {n.lower(), n.lower().rstrip("s")} & source.words]
    lost = [n for n in lost if not any(_akin(n.lower(), word) for word in source.words)]
    if lost and source.hit.language == "ko":
        return [n for n in lost if not set(latin_keys(n)) & source.keys]
    return [name for name in lost if not set(terms(name)) & source.whole.terms]


def _akin(name: str, word: str) -> bool:
    """`american` and `america`, `norman` and `normandy`: one the beginning of the other, nearly."""
    shared = max(4, len(name) - 3)
    return name[:shared] == word[:shared] and abs(len(name) - len(word)) < 4


def _agrees(stated: Quantity, values: Sequence[Quantity], published: str | None) -> bool:
    """Whether a stated value is among those of the evidence."""
    return any(_same(stated, other, published) for other in values)


def _rivals(stated: Quantity, values: Sequence[Quantity]) -> bool:
    """Whether the evidence gives a value of the same kind, which is then another one."""
    return any(value.kind == stated.kind for value in values)


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
