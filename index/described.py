"""A piece of source text as a question is matched with it."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import cached_property, lru_cache
from itertools import pairwise

from index.analysis import STOP, terms
from index.likeness import alike
from index.names import (
    bare,
    beginnings,
    hangul_key,
    head_keys,
    latin_keys,
    latin_names,
    mixed_keys,
    mixed_names,
    short_forms,
    short_keys,
    stems,
)
from index.numbers import Quantity, quantities
from index.translation import word_translations

_WRITTEN = re.compile(r"[A-Za-z0-9]+|[가-힣]+")
_LATIN, _HANGUL = re.compile("[A-Za-zÀ-ɏ]"), re.compile("[가-힣\u1100-\u11ff]")
# What stands before a short form at the end of a name, which Korean leaves in Latin letters.
_BEFORE_SHORT_FORM = re.compile(r"\b([A-Z][A-Za-z]*[a-z])[A-Z]{2,}\b")


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
        self._shared: _Vocabulary | None = None

    @staticmethod
    def together(texts: Iterable["Described"]) -> None:
        """Have the words of several texts compared with a question's at once, each word once."""
        leaves = [part for text in texts for part in text._parts or (text,)]
        vocabulary = _Vocabulary(leaves)
        for leaf in leaves:
            leaf._shared = vocabulary

    @cached_property
    def terms(self) -> frozenset[str]:
        """The search terms of the text."""
        if self._parts:
            return frozenset().union(*(part.terms for part in self._parts))
        return frozenset(terms(self._text))

    def heard(self, keys: frozenset[str], hangul: bool | None = None) -> frozenset[str]:
        """Those of some phonetic keys that one of its words or names has: one with a Hangul letter, with a
        Latin one, or any."""
        if self._parts:
            return frozenset().union(*(part.heard(keys, hangul) for part in self._parts))
        words = self.words if hangul is None else self._written_in[hangul]
        if not words:
            return frozenset()
        having = self._vocabulary.having
        return frozenset(k for k in keys if k and not having(k).isdisjoint(words))

    def likeness(self, forms: tuple[str, ...]) -> float:
        """How well the name of the text that agrees most with a word of the other script does, from 0
        to 1. `forms` are ways to cut that word."""
        if self._parts:
            return max(part.likeness(forms) for part in self._parts)
        if not self._written_in[forms[0][0].isascii()]:
            return 0.0
        found = self._vocabulary.alike(forms)
        return max((found[word] for word in found.keys() & self.listed), default=0.0)

    @cached_property
    def _written_in(self) -> Mapping[bool, frozenset[str]]:
        """Its words with a Latin letter (False), and those with a Hangul one (True)."""
        return {
            hangul: frozenset(filter(letter.search, self.words))
            if letter.search(self._text)
            else frozenset()
            for hangul, letter in ((False, _LATIN), (True, _HANGUL))
        }

    @property
    def _vocabulary(self) -> "_Vocabulary":
        """What its words are looked up in: its own, unless others are compared with it."""
        if self._shared is None:
            self._shared = _Vocabulary((self,))
        return self._shared

    @cached_property
    def _running(self) -> tuple[str, ...]:
        """Its words in order."""
        return tuple(_WRITTEN.findall(unicodedata.normalize("NFKC", self._text)))

    @cached_property
    def words(self) -> frozenset[str]:
        """Its words and names as they are written, and the head of `OpenEuroLLM` (오픈유로LLM)."""
        text = unicodedata.normalize("NFKC", self._text)
        cut, mixed = _BEFORE_SHORT_FORM.findall(text), map("".join, mixed_names(text))
        return frozenset((*self._running, *latin_names(text), *cut, *mixed, *short_forms(text)))

    @cached_property
    def listed(self) -> frozenset[str]:
        """Its words, its names and what two neighbours are together, in small letters without
        accents: Korean often writes in one word what is two in English. A plain English word that has
        a translation is no name, however it sounds: 피오르마르 is not "former"."""
        pairs = (a + b for a, b in pairwise(self._running) if a.isascii() and b.isascii())
        names = (word for word in self.words if not _is_plain(word))
        return frozenset(bare("\n".join({*names, *pairs})).split("\n"))

    @cached_property
    def values(self) -> tuple[Quantity, ...]:
        """Its numbers, percentages and dates."""
        if self._parts:
            return tuple(value for part in self._parts for value in part.values)
        return tuple(self._read(self._text))


class _Vocabulary:
    """The words of several texts, each compared with a word of a question once."""

    def __init__(self, texts: Sequence[Described]) -> None:
        self._texts = texts
        self._having: dict[str, set[str]] = {}
        self._alike: dict[tuple[str, ...], dict[str, float]] = {}

    def alike(self, forms: tuple[str, ...]) -> dict[str, float]:
        """The words, as `listed`, that agree with one of the ways to cut a word, and how well."""
        if forms not in self._alike:
            found = self._alike[forms] = {}
            for form in forms:
                for word, agreement in alike(form, self._listed).items():
                    found[word] = max(agreement, found.get(word, 0.0))
        return self._alike[forms]

    def having(self, key: str) -> Set[str]:
        """The words that have a phonetic key. Only those that begin with its first sound are read."""
        if key not in self._having:
            read = self._beginning.get(key[0], ())
            self._having[key] = {word for word in read if key in _source_keys(word)}
        return self._having[key]

    @cached_property
    def _listed(self) -> str:
        return "\n".join(frozenset().union(*(text.listed for text in self._texts)))

    @cached_property
    def _beginning(self) -> Mapping[str, Sequence[str]]:
        """The words by the sounds that they can begin with."""
        letters: dict[str, list[str]] = {}
        found: dict[str, list[str]] = {}
        for word in frozenset().union(*(text.words for text in self._texts)):
            letters.setdefault(word[0], []).append(word)
            if word.isupper():  # read letter by letter it may begin with another sound
                for sound in {key[0] for key in short_keys(word)}:
                    found.setdefault(sound, []).append(word)
        for letter, words in letters.items():
            for sound in beginnings(letter):
                found.setdefault(sound, []).extend(words)
        return found


@lru_cache(maxsize=1 << 14)
def phonetic_keys(word: str) -> frozenset[str]:
    """The keys of a written word of a question, in either script; one sound is no key."""
    if "가" <= word[0] <= "힣":
        key = hangul_key(word) if len(word) > 1 else ""
        return frozenset({key} if len(key) > 1 else ())
    return frozenset(key for key in latin_keys(word) if len(key) > 1)


@lru_cache(maxsize=1 << 16)
def _is_plain(word: str) -> bool:
    """Whether a word is one of the English language in small letters."""
    return word.isascii() and word.islower() and any(word_translations(word))


@lru_cache(maxsize=1 << 17)
def _source_keys(word: str) -> frozenset[str]:
    """The keys of a written word of a source.

    Two sounds are enough only for a capitalised word, four for another: too many sound alike.
    """
    if "가" <= word[0] <= "힣":
        mixed = (mixed_keys(*name) for name in mixed_names(word))
        keys = map(phonetic_keys, stems(word))
        return frozenset().union(*keys, *mixed, head_keys(word))
    if (len(word) > 1 and word.lower() in STOP) or _is_plain(word):
        return frozenset()
    least = 3 if word.islower() else 1
    spelled = short_keys(word) if short_forms(word) == [word] else ()
    return frozenset((*spelled, *(key for key in phonetic_keys(word.lower()) if len(key) > least)))
