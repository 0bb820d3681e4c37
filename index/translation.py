"""Translations of a question's words, as weighted alternatives (probabilistic structured queries).

The table is learned from sentence pairs (`bundled/training/lexicon.py`); the method is Darwish and
Oard's (SIGIR 2003): all likely translations of a word stand for it together, the best match counts.
"""

import gzip
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from index.analysis import STOP, terms
from index.errors import reading
from index.names import LETTERS, stems
from index.segmenter import bundled

_TABLE = Path(__file__).parent / "bundled" / "lexicon.tsv.gz"
_WORD = re.compile(r"[a-z]+|[가-힣]+")

_CALLED = {name: letter for letter, names in LETTERS.items() for name in names.split()}
_NAME = re.compile("|".join(sorted(_CALLED, key=len, reverse=True)))
_SPELLED = re.compile(f"(?:{_NAME.pattern}){{2,6}}")
_UNSAYABLE = re.compile(r"[b-df-hj-np-tv-xz]{1,5}[aeiou]?")  # no vowel but at the end
_SURE = 0.6

Translation = tuple[tuple[str, ...], float]
"""The search terms of one translation, and its weight from 0 to 1."""


@lru_cache(maxsize=1)
def _table() -> dict[str, str]:
    """For each word of either language the rest of its line, to be read when it is asked for.

    Raises EncoderError when it cannot be read.
    """
    with reading("the bundled word table"):
        lines = gzip.decompress(_TABLE.read_bytes()).decode().split("\n")
        if len(lines) < 2:
            raise ValueError("it is empty")
    return {word: rest for word, _, rest in (line.partition("\t") for line in lines)}


def knows(word: str) -> bool:
    """Whether the table has a word of either language as it stands, an English one by its stem."""
    return (
        bool(word)
        and (terms(word)[0] if word[0].isascii() and word[0].isalpha() else word) in _table()
    )


def translations(text: str) -> list[tuple[Translation, ...]]:
    """For each word of a text that the table knows, its translations in the other language."""
    found = []
    for word in dict.fromkeys(_WORD.findall(unicodedata.normalize("NFKC", text).lower())):
        found += [group for group in word_translations(word) if group]
    return list(dict.fromkeys(found))


@lru_cache(maxsize=1 << 14)
def word_translations(word: str) -> tuple[tuple[Translation, ...], ...]:
    """The groups of alternatives for one word: one for a word known whole, else one for each piece."""
    if word[0].isascii():
        stem = terms(word)[0]
        return () if stem in STOP else (_group(stem) + _spelled_out(word),)
    for stem in reversed(stems(word)):
        if stem in _table():
            return (_group(stem),)
    if letters := tuple(_letters(word)):
        return (letters,)
    pieces = bundled().pieces(stems(word)[-1])
    # A name falls into pieces that mean something else: only a word known from end to end is meant.
    if any(len(piece) > 1 and piece not in _table() for piece in pieces):
        return ()
    return tuple(_group(piece) for piece in pieces if len(piece) > 1)


def _group(unit: str) -> tuple[Translation, ...]:
    known = (each.rsplit(" ", 1) for each in _table().get(unit, "").split("\t") if each)
    return tuple((tuple(terms(translation)), float(weight)) for translation, weight in known)


def _letters(word: str) -> Iterator[Translation]:
    """The letters that a Hangul word may call by their names; its last one may be a particle."""
    for spelled in filter(_SPELLED.fullmatch, stems(word)):
        letters = "".join(_CALLED[name] for name in _NAME.findall(spelled))
        if letters not in STOP and letters != "us":  # which would be found everywhere
            yield (letters,), _SURE


def _spelled_out(word: str) -> tuple[Translation, ...]:
    """A few letters that nobody can say as a word, as they are called in Hangul."""
    if len(word) < 2 or not _UNSAYABLE.fullmatch(word):
        return ()
    ways = ["".join(LETTERS[letter].split()[way] for letter in word) for way in (0, -1)]
    return tuple((tuple(terms(way)), _SURE) for way in dict.fromkeys(ways))
