"""Names with a number of their own (`GPT-5`, `Qwen3`, `R1`), of which another number is another thing."""

import re
from collections.abc import Iterable

from index.analysis import fold
from index.names import hangul_key, latin_keys, stems
from index.translation import word_translations

_NUMBERED = re.compile(
    r"(?<![\w.-])([a-z]{1,20})[-‐‑]?(\d{1,3}(?:\.\d{1,2})?)(?![\d%]|[.,]\d|[a-z]{2})"
)
_LEAST_LETTERS = 3  # of a name that Hangul may spell by sound


def numbered(question: str) -> list[tuple[str, str]]:
    """The letters and the number of each such name, folded."""
    return _NUMBERED.findall(fold(question))


def mentioned(name: tuple[str, str], texts: Iterable[str]) -> bool:
    """Whether a text has a name with this number, in Latin letters or in Hangul."""
    letters, number = name
    after = rf"[-‐‑–\s]?{re.escape(number)}(?!\d|\.\d)"
    latin = re.compile(rf"(?<![a-z]){letters}{after}")
    hangul = re.compile(rf"([가-힣]+){after}")
    folded = [fold(text) for text in texts]
    return any(latin.search(text) for text in folded) or any(
        _same(letters, word) for text in folded for word in set(hangul.findall(text))
    )


def _same(letters: str, word: str) -> bool:
    """Whether a Hangul word spells these letters, by sound or one by one."""
    if len(letters) >= _LEAST_LETTERS and hangul_key(word) in latin_keys(letters):
        return True
    return any(
        letters in terms
        for stem in stems(word)
        for group in word_translations(stem)
        for terms, _ in group
    )
