"""Whether a claim and its source agree in what decides: numbers, dates, names and negation."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from corpus.text import language as language_of
from index.analysis import STOP, terms
from index.asking import Asked
from index.numbers import Quantity, quantities
from index.translation import word_translations

_NEGATION = {
    "en": re.compile(
        r"\b(?:not(?! only| until)|no|never|none|neither|nor|without|cannot|\w+n't)\b",
        re.I,
    ),
    "ko": re.compile(
        r"지 ?(?:않|못|아니)|(?:^|\s)(?:안|못)\s|(?<!밖에)(?<!밖에 )없(?:다|었|는|고|이|을)"
        r"|(?<!뿐 )(?<!뿐만 )아니(?:다|었|라|고)"
    ),
}
# What says the same as a negation without one.
_DENIAL = {
    "en": re.compile(
        r"\b(?:except|refus|reject|den(?:y|ied|ies)|fail|lack|unable|exclud|insignifican|less\b)",
        re.I,
    ),
    "ko": re.compile(r"제외|거부|거절|실패|불가|무산|부인|금지|빼고|빠진|빠졌"),
}
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][A-Za-z]+(?:[A-Z][a-z]+)*\b", re.ASCII)
_ORDINAL = re.compile(
    r"\b(?:(first)|(second)|(third)|(fourth)|(fifth)|(sixth)|(seventh)|(eighth)|(ninth)|(tenth))\b",
    re.I,
)
_COUNTED = re.compile(
    r"(?<![가-힣])(?:(한)|(두)|(세)|(네)|(다섯)|(여섯)|(일곱)|(여덟)|(아홉)|(열))"
    r"\s?(?:명|개|번|곳|살|가지|달|차례|대|마리|편|시간|사람)"
)
LEAST_SHARED = 4
"""Letters that words begin with alike when one is nearly the other."""

_ROMAN = re.compile(r"[IVX]+$")
_FIRST = re.compile(r"([A-Z][a-z]{2,})\b")
_TENS = frozenset(str(10 * tens) for tens in range(2, 10))


def spelled(claim: str, quantity: Quantity) -> bool:
    """Whether a number is a small one written as a word, which often counts nothing."""
    return claim[quantity.start : quantity.end].lower() in (
        "one", "a", "two", "half", "한", "두",
    )  # fmt: skip


def values_of(text: str) -> list[Quantity]:
    """The quantities of a text, `twenty-nine` as one, with ordinals and counted Korean numerals."""
    found: list[Quantity] = []
    for quantity in quantities(text):
        before = found[-1] if found else quantity
        written = text[before.start].isalpha() and text[quantity.start].isalpha()
        small = len(quantity.value) == 1 and quantity.kind != "date"
        if written and small and before.value in _TENS and quantity.start - before.end == 1:
            total = str(int(before.value) + int(quantity.value))
            found[-1] = replace(quantity, value=total, start=before.start)
        else:
            found.append(quantity)
    for pattern in (_ORDINAL, _COUNTED):
        for match in pattern.finditer(text):
            value = match.lastindex or 0
            found.append(Quantity("number", str(value), None, *match.span(value)))
    return found


def opposed(claim: str, said: Asked, text: str) -> bool:
    """Whether only one of a claim and a source sentence is negated, as far as both speak of the same."""
    if _NEGATION[language_of(claim)].search(claim):
        spoken = language_of(text)
        return not (_NEGATION[spoken].search(text) or _DENIAL[spoken].search(text))
    return _denied(text, said)


def _denied(text: str, said: Asked) -> bool:
    """Whether a sentence negates what the claim speaks of, rather than something beside it."""
    spoken = language_of(text)
    held = frozenset().union(*(word.terms for word in said.words))
    for match in _NEGATION[spoken].finditer(text):
        around = text[match.end() : match.end() + 30].split()[:3]
        if spoken == "ko":
            around = text[max(0, match.end() - 40) : match.end()].split()[-2:]
        if held & (set(terms(" ".join(around))) - STOP):
            return True
    return False


def names_of(claim: str) -> list[str]:
    """Capitalised Latin words; the first word only when it is no word of the language."""
    plain = unaccented(claim)
    found = _NAME.findall(plain)
    first = _FIRST.match(plain)
    if (first and not any(word_translations(first[1].lower()))) or (
        first and _NAME.match(plain, first.end() + 1)
    ):
        found.append(first[1])
    return [name for name in found if name.lower() not in STOP and not _ROMAN.match(name)]


def unaccented(text: str) -> str:
    """Latin letters without their accents."""
    if text.isascii() or language_of(text) == "ko":
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def akin(name: str, word: str) -> bool:
    """`american` and `america`, `norman` and `normandy`: one the beginning of the other, nearly."""
    shared = max(LEAST_SHARED, len(name) - 3)
    return name[:shared] == word[:shared] and abs(len(name) - len(word)) < 4


def agrees(stated: Quantity, values: Sequence[Quantity], published: str | None) -> bool:
    """Whether a stated value is among those of the evidence."""
    return any(_same(stated, other, published) for other in values)


def rivals(stated: Quantity, values: Sequence[Quantity]) -> bool:
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
