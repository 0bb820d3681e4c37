"""Translations of a question's words, as weighted alternatives (probabilistic structured queries).

The table is learned from sentence pairs (`bundled/training/lexicon.py`); the method is Darwish and
Oard's (SIGIR 2003): all likely translations of a word stand for it together, the best match counts.
"""

import gzip
import json
import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from index.analysis import STOP, terms
from index.names import stems
from index.segmenter import bundled

_TABLE = Path(__file__).parent / "bundled" / "lexicon.json.gz"
_WORD = re.compile(r"[a-z]+|[가-힣]+")

Translation = tuple[tuple[str, ...], float]
"""The search terms of one translation, and its weight from 0 to 1."""


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, list[tuple[str, float]]]]:
    table: dict[str, dict[str, list[tuple[str, float]]]] = json.loads(
        gzip.decompress(_TABLE.read_bytes())
    )
    return table


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
        return () if stem in STOP else (_group("en", stem),)
    for stem in reversed(stems(word)):
        if stem in _table()["ko"]:
            return (_group("ko", stem),)
    pieces = bundled().pieces(stems(word)[-1])
    # A name falls into pieces that mean something else: only a word known from end to end is meant.
    if any(len(piece) > 1 and piece not in _table()["ko"] for piece in pieces):
        return ()
    return tuple(_group("ko", piece) for piece in pieces if len(piece) > 1)


def _group(language: str, unit: str) -> tuple[Translation, ...]:
    return tuple(
        (tuple(terms(translation)), weight)
        for translation, weight in _table()[language].get(unit, ())
    )
