"""What a question asks for: its words with their weights, and the kind of answer it wants."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from index.analysis import fold, query_terms, terms
from index.names import hangul_key, latin_keys, stems
from index.numbers import Quantity, quantities
from index.translation import Translation, word_translations

Wanted = Literal["date", "number", "person", "place", "reason", "summary", "other"]
Rarity = Callable[[list[str]], Mapping[str, float]]

_WORD = re.compile(r"[a-z0-9]+|[가-힣]+|[^\W_a-z0-9가-힣]+")
_WANTED: tuple[tuple[Wanted, re.Pattern[str]], ...] = (
    ("date", re.compile(r"언제|몇\s?(?:년|월|일|시)|며칠|날짜|어느\s?(?:해|날)|연도|시기|\bwhen\b|what (?:year|date|day|month|time)|which (?:year|month|day)|년도|[해날]은\??$|해는\??$")),
    ("number", re.compile(r"몇|얼마|수는|개수|비율|금액|규모|가격|점수|크기|퍼센트|how (?:many|much|big|large|long|old|tall|far|fast|high)|what (?:number|percent|share|score|size|sum|price|amount|proportion)|how .{0,12}(?:cost|raise)")),
    ("person", re.compile(r"누구|누가|누굴|\bwho\b|\bwhom\b|\bwhose\b|인물|사람은|이름은")),
    ("place", re.compile(r"어디|\bwhere\b|which (?:city|country|place)|어느\s?(?:나라|도시|지역|곳)|장소|[곳]은\??$")),
    ("reason", re.compile(r"왜|이유|까닭|원인|어떻게|방법|\bwhy\b|\bhow (?:do|does|did|is|are|was|can|could)\b|차이|다른가")),
    ("summary", re.compile(r"요약|정리|설명해|알려\s?줘|소개해|summar|explain|describe|overview|tell me about")),
)  # fmt: skip
_ASKING = frozenset(
    "무엇 뭐 뭐야 무엇인가 무엇인가요 무슨 어떤 누구 누구인가 누구야 누가 언제 언제야 어디 어디야 어디서 몇 몇개 얼마 얼마야 얼마나 왜 어떻게 "
    "인가 인가요 이야 있나 있나요 있어 했나 했어 했나요 되나 됐나 됐어 하나 하나요 나요 대해 대한 관한 관해 알려줘 알려 줘 설명해줘 해줘 것 것은 것인가 수 수는 때 "
    "what which who whom whose when where why how is are was were do does did the a an of in on at to for from by with "
    "and or it its that this there many much name named called tell me about".split()
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """One written word of the question: the terms it is made of, the phonetic keys of its other
    spelling, the terms of each of its translations with their weights, and how rare it is (the
    highest inverse document frequency among its terms)."""

    terms: frozenset[str]
    keys: frozenset[str]
    translations: tuple[Translation, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the built-in reader sees it."""

    words: tuple[Word, ...]
    values: frozenset[str]
    wanted: Wanted

    @property
    def weight(self) -> float:
        return sum(word.weight for word in self.words)


@dataclass(frozen=True, slots=True)
class Described:
    """A piece of source text as a question is matched with it."""

    terms: frozenset[str]
    keys: frozenset[str]
    values: tuple[Quantity, ...]


def wanted(question: str) -> Wanted:
    """The kind of answer, by the words that ask for it."""
    folded = fold(question)
    return next((kind for kind, pattern in _WANTED if pattern.search(folded)), "other")


def asked(question: str, rarity: Rarity) -> Asked:
    """The question's content words; `rarity` gives inverse document frequencies of terms."""
    written = [word for word in _WORD.findall(fold(question))]
    content = [word for word in written if word not in _ASKING] or written
    frequencies = rarity([term for word in content for term in terms(word)])
    words = []
    for word in dict.fromkeys(content):
        stem = stems(word)[-1] if "가" <= word[0] <= "힣" else word
        made = terms(stem)
        if made:
            weight = max(frequencies.get(term, 0.0) for term in made)
            meanings = tuple(option for group in word_translations(stem) for option in group)
            words.append(Word(frozenset(made), _keys(stem), meanings, weight))
    values = frozenset(query_terms(question).numbers)
    return Asked(tuple(words), values, wanted(question))


@lru_cache(maxsize=1 << 14)
def _keys(word: str) -> frozenset[str]:
    if "가" <= word[0] <= "힣":
        return frozenset({hangul_key(word)} if len(hangul_key(word)) > 1 else ())
    return frozenset(key for key in latin_keys(word) if len(key) > 1)


def describe(text: str) -> Described:
    """The terms, phonetic keys (of both scripts) and values of a text."""
    keys: set[str] = set()
    for word in _WORD.findall(fold(text)):
        for stem in stems(word) if "가" <= word[0] <= "힣" else [word]:
            keys |= _keys(stem)
    return Described(frozenset(terms(text)), frozenset(keys), tuple(quantities(text)))


def coverage(question: Asked, text: Described, *, across: bool) -> float:
    """The share of the question's weight that a text holds, from 0 to 1.

    A word counts by the share of its terms that are there; a number also by its value, and across
    languages a word in full when one of its phonetic keys or translations is there.
    """
    if not question.weight:
        return 0.0
    values = {term for quantity in text.values for term in quantity.terms}
    numeric = bool(question.values & values)
    got = sum(word.weight * _held(word, text, across=across, numeric=numeric) for word in question.words)
    return got / question.weight


def _held(word: Word, text: Described, *, across: bool, numeric: bool) -> float:
    share = len(word.terms & text.terms) / len(word.terms)
    if share == 1.0:
        return share
    if numeric and any(term[0].isdigit() for term in word.terms):
        return 1.0
    if across:
        if any(len(key) > 2 for key in word.keys & text.keys):
            return 1.0
        for meaning, weight in word.translations:
            if text.terms.issuperset(meaning):
                share = max(share, min(1.0, 0.5 + weight))
    return share


def offers(question: Asked, text: Described) -> bool:
    """Whether a text holds a value of the wanted kind that the question does not hold itself."""
    kinds = {"date": {"date"}, "number": {"number", "percent"}}.get(question.wanted)
    if kinds is None:
        return False
    return any(
        quantity.kind in kinds and not set(quantity.terms) & question.values for quantity in text.values
    )
