"""A piece of source text as a question is matched with it."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise

from index.analysis import STOP, terms
from index.likeness import closest
from index.names import bare, beginnings, hangul_key, latin_keys, latin_names, stems
from index.numbers import Quantity, quantities

_WRITTEN = re.compile(r"[A-Za-z0-9]+|[가-힣]+")


class Described:
    """A piece of source text as a question is matched with it.

    Its terms, its phonetic keys and its values are each read when first asked for: most questions
    need the terms alone. `parts` make up a text that is described already.
    """

    def __init__(
        self,
        text: str = "",
        parts: Sequence["Described"] = (),
        read: Callable[[str], Iterable[Quantity]] = quantities,
    ) -> None:
        """`read` finds the values of a text."""
        self._text, self._parts, self._read = text, parts, read
        self._keys: dict[str, frozenset[str]] = {}
        self._alike: dict[tuple[str, ...], float] = {}

    @cached_property
    def terms(self) -> frozenset[str]:
        """The search terms of the text."""
        if self._parts:
            return frozenset().union(*(part.terms for part in self._parts))
        return frozenset(terms(self._text))

    def heard(self, keys: frozenset[str]) -> frozenset[str]:
        """Those of some phonetic keys that one of its words or names has."""
        if self._parts:
            return frozenset().union(*(part.heard(keys) for part in self._parts))
        return frozenset(key for key in keys if key and key in self._sounding(key[0]))

    def likeness(self, forms: tuple[str, ...]) -> float:
        """How well the name of the text that agrees most with a word of the other script does, from 0
        to 1. `forms` are ways to cut that word."""
        if self._parts:
            return max(part.likeness(forms) for part in self._parts)
        if forms not in self._alike:
            self._alike[forms] = max((closest(form, self._listed) for form in forms), default=0.0)
        return self._alike[forms]

    @cached_property
    def _running(self) -> tuple[str, ...]:
        """Its words in order."""
        return tuple(_WRITTEN.findall(unicodedata.normalize("NFKC", self._text)))

    @cached_property
    def _words(self) -> frozenset[str]:
        """Its words and names as they are written."""
        names = latin_names(unicodedata.normalize("NFKC", self._text))
        return frozenset((*self._running, *names))

    @cached_property
    def _listed(self) -> str:
        """Its words, its names and what two neighbours are together, one a line, in small letters
        without accents: Korean often writes in one word what is two in English."""
        pairs = (a + b for a, b in pairwise(self._running) if a.isascii() and b.isascii())
        return bare("\n".join({*self._words, *pairs}))

    def _sounding(self, first: str) -> frozenset[str]:
        """The keys of its words that begin with a sound; to find them all would take too long."""
        if first not in self._keys:
            words = self._written.get(first, ())
            self._keys[first] = frozenset().union(*map(_source_keys, words))
        return self._keys[first]

    @cached_property
    def _written(self) -> Mapping[str, Sequence[str]]:
        """Its words and names by the sounds that they can begin with."""
        found: dict[str, list[str]] = {}
        for word in self._words:
            for sound in beginnings(word[0]):
                found.setdefault(sound, []).append(word)
        return found

    @cached_property
    def values(self) -> tuple[Quantity, ...]:
        """Its numbers, percentages and dates."""
        if self._parts:
            return tuple(value for part in self._parts for value in part.values)
        return tuple(self._read(self._text))


@lru_cache(maxsize=1 << 14)
def phonetic_keys(word: str) -> frozenset[str]:
    """The keys of a written word of a question, in either script; one sound is no key."""
    if "가" <= word[0] <= "힣":
        key = hangul_key(word) if len(word) > 1 else ""
        return frozenset({key} if len(key) > 1 else ())
    return frozenset(key for key in latin_keys(word) if len(key) > 1)


@lru_cache(maxsize=1 << 17)
def _source_keys(word: str) -> frozenset[str]:
    """The keys of a written word of a source.

    Two sounds are enough only for a capitalised word, four for another: too many sound alike.
    """
    if "가" <= word[0] <= "힣":
        return frozenset().union(*(phonetic_keys(stem) for stem in stems(word)))
    if len(word) > 1 and word.lower() in STOP:
        return frozenset()
    least = 3 if word.islower() else 1
    return frozenset(key for key in phonetic_keys(word.lower()) if len(key) > least)
