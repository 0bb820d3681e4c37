"""Names with a number of their own (`GPT-5`, `Qwen3`, `R1`, 솔라 프로 2), of which another number is
another thing."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.analysis import STOP, fold
from index.names import hangul_key, latin_keys, stems
from index.translation import word_translations


@dataclass(frozen=True, slots=True)
class Numbered:
    """The letters of a name and its number, folded, and whether the number stands `apart` as one that
    only follows a word may."""

    letters: str
    number: str
    apart: bool = False


_NUMBER = r"(\d{1,3}(?:\.\d{1,2})?)"
_LATIN = re.compile(rf"(?<![\w.-])([a-z]{{1,20}})[-‐‑]?{_NUMBER}(?![\d%]|[.,]\d|[a-z]{{2}})")
# In Latin letters the number of a longer name may stand apart, unless something is counted with it: at
# the end, or after a capital.
_APART = re.compile(rf"(?<![\w.-])([a-z]{{3,20}}) {_NUMBER}(?=['’]s\b|[?!,;)]|\.?$)")
_CAPITAL = re.compile(
    rf"(?<![\w.-])([A-Z][A-Za-z]{{2,20}}) {_NUMBER}(?![\d%]|[.,]\d)(?! (?:[bmt]n\b|\w*illion|thousand|hundred"
    r"|per|people|years?|months?|weeks?|days?|hours?|minutes?|seconds?|times|st|nd|rd|th)\b)"
)
_NO_NAME = re.compile(
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december|over|under"
    r"|about|only|some|since|until|around|nearly|almost|which|page|than)$"
)
_HANGUL = re.compile(
    rf"([가-힣]{{2,12}})\s?{_NUMBER}(?=(?:은|는|이|가|을|를|의|에서|에는|에|와|과|도|로|란|이란)?(?:[\s?!,)]|\.?$))"
)
_TOLD = re.compile(
    rf"([a-z]+|[가-힣]+)([-‐‑–\s]?){_NUMBER}(?![\d%]|[.,]\d|[bkmt]\b|\s?[년월일명개원만억조위배번])",
    re.I,
)
_OF = re.compile(r"(?:의|은|는|이|가|['’]s)?,?\s?(?:with |has )?[$€£₩¥]?")
_DIGITS = re.compile(r"(?<![\d.])\d[\d.,]*")
_LEAST_LETTERS = 3  # of a name that Hangul may spell by sound, and of one apart from its number


def numbered(question: str) -> tuple[Numbered, ...]:
    """The names with a number that a question asks about."""
    text = fold(question)
    found = [Numbered(*name) for name in _LATIN.findall(text)]
    apart = [*_APART.findall(text), *_CAPITAL.findall(question), *_HANGUL.findall(text)]
    for name, number in apart:
        if not (_NO_NAME.match(fold(name)) or fold(name) in STOP):
            found.append(Numbered(fold(name), number, apart=True))
    return tuple(dict.fromkeys(found))


def unknown(names: Sequence[Numbered], texts: Iterable[str]) -> bool:
    """Whether texts have none of some names with its number.

    A name apart from its number, which may stand beside any, is only unknown where they have it with
    another one and have that number with no name, as a version's or as a decimal.
    """
    if not names:
        return False
    folded = [fold(text) for text in texts]
    told = [pair for text in folded for pair in _told(text)]
    if any(_is(name, pair) for name in names for pair in told):
        return False
    for name in names:
        if name.apart:
            other = any(_same(name.letters, word) for word, _ in told)
            if not other or any(_has(text, name.number) for text in folded):
                return False
    return True


def is_another(names: Sequence[Numbered], texts: Sequence[str]) -> bool:
    """Whether the last of some texts that has one of the names has it with another number alone.

    What the last one has after a value of its own is only what that is compared with.
    """
    if not names:
        return False
    *before, last = (fold(text) for text in texts)
    if any(_is(name, pair) for name in names for pair in _told(last)):
        return False
    for text in (_before_value(last, names), *reversed(before)):
        if any(_same(name.letters, word) for name in names for word, _ in _told(text)):
            return not any(_is(name, pair) for name in names for pair in _told(text))
    return False


def is_of_another(names: Sequence[Numbered], text: str, start: int) -> bool:
    """Whether the number at a place of a text is that of a name asked about, or follows it with another
    number, whose value it then is: 별무리 1의 70억."""
    if not names:
        return False
    for match in _TOLD.finditer(text):  # as it is written: folding moves places
        word, number = fold(match[1]), match[3]
        if not any(_same(name.letters, word) for name in names):
            continue
        if match.start(3) == start:
            return True
        other = not any(_is(name, (word, number)) for name in names)
        if other and match.end() <= start and _OF.fullmatch(text, match.end(), start):
            return True
    return False


def _has(text: str, number: str) -> bool:
    """Whether a folded text has a number as a version's, or a decimal anywhere."""
    if "." in number:
        return re.search(rf"(?<![\d.]){re.escape(number)}(?!\d|\.\d)", text) is not None
    return (
        re.search(
            rf"(?:version|ver\.?|버전|v\.?) ?{number}(?!\d|\.\d)|(?<!\d){number} ?(?:버전|판|세대)",
            text,
        )
        is not None
    )


def _before_value(text: str, names: Sequence[Numbered]) -> str:
    """A folded text up to its first number that is no part of one of the names."""
    told = (m for m in _TOLD.finditer(text) if any(_same(name.letters, m[1]) for name in names))
    named = {match.start(3) for match in told}
    alone = (m.start() for m in _DIGITS.finditer(text) if m.start() not in named)
    return text[: next(alone, len(text))]


@lru_cache(maxsize=1 << 12)
def _told(text: str) -> tuple[tuple[str, str], ...]:
    """The words of a folded text that a number follows, each with it."""
    return tuple(
        (word, number)
        for word, between, number in _TOLD.findall(text)
        if len(word) >= _LEAST_LETTERS or not (word.isascii() and between.isspace())
    )


def _is(name: Numbered, told: tuple[str, str]) -> bool:
    return name.number == told[1] and _same(name.letters, told[0])


@lru_cache(maxsize=1 << 14)
def _same(name: str, word: str) -> bool:
    """Whether a word is this name, as it stands or spelled by sound or letter by letter in the other
    script."""
    if name == word:
        return True
    if name.isascii() == word.isascii():
        return not name.isascii() and name in stems(word)
    letters, hangul = (name, word) if name.isascii() else (word, name)
    if len(letters) >= _LEAST_LETTERS and hangul_key(hangul) in latin_keys(letters):
        return True
    return any(
        letters in terms
        for stem in stems(hangul)
        for group in word_translations(stem)
        for terms, _ in group
    )
