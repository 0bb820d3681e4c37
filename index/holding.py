"""How much of a question a text holds: its words, its names as they sound, its values."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from index.asking import Asked, Word
from index.described import Described

_ALIKE = 0.4  # so much a name and its spelling agree at least; few agree wholly
_BONUS = 0.25
_SAME = 0.7
_HARDLY = 0.01
# So sure is a translation that a text in the question's language may have too, such as a short form.
_SURE = 0.6


@dataclass(frozen=True)
class Holding:
    """How much of each word of a `question` a text holds (`each`, from 0 to 1, in their order)."""

    question: Asked
    each: tuple[float, ...]

    @cached_property
    def coverage(self) -> float:
        """The share of the question's weight that the text holds, from 0 to 1."""
        got = sum(word.weight * share for word, share in self._pairs)
        return got / (self.question.weight or 1.0)

    @property
    def special(self) -> float:
        """The share of the question's weight that is held in names and special words, which tell what an
        article is about."""
        got = sum(word.weight * share * word.special for word, share in self._pairs)
        return got / (self.question.weight or 1.0)

    @cached_property
    def names(self) -> float:
        """The share held of the weight of the question's names and special words, from 0 to 1; 1 when it
        has none."""
        whole = sum(weight for weight, _ in self._names)
        return sum(weight * share for weight, share in self._names) / whole if whole else 1.0

    @property
    def nameless(self) -> bool:
        """Whether none of the names and special words of a question that has some is held."""
        return bool(self._names) and max(share for _, share in self._names) < _HARDLY

    @property
    def gaps(self) -> tuple[float, float, float, float]:
        """What the text leaves open: the weightiest word it lacks, the share of words it holds, the share
        of weight in words that no passage has and no translation stands for, and that of those among
        them that are special. Each from 0 to 1."""
        whole = self.question.weight
        if not whole:
            return 0.0, 0.0, 0.0, 0.0
        lacking = max(word.weight * (1 - share) for word, share in self._pairs)
        unseen = [w for w, share in self._pairs if w.unseen and not w.verb and share < 0.5]
        strange = sum(word.weight for word in unseen if word.special)
        lost = sum(word.weight for word in unseen)
        return lacking / whole, sum(self.each) / len(self.each), lost / whole, strange / whole

    @cached_property
    def _names(self) -> list[tuple[float, float]]:
        """What each name and special word of the question weighs, and how much of it is held."""
        return [(word.weight, share) for word, share in self._pairs if word.special]

    @property
    def _pairs(self) -> Iterator[tuple[Word, float]]:
        return zip(self.question.words, self.each, strict=True)


def holding(question: Asked, text: Described, *, across: bool) -> Holding:
    """How much of a question a text holds.

    A word counts by the share of its terms that are there, or by another word that says the same; a
    number also by its value, and across languages a word by its phonetic keys and its translations too.
    """
    numeric = _same_value(question, text)
    shares = (_held(word, text, across=across, numeric=numeric) for word in question.words)
    return Holding(question, tuple(shares))


def coverage(question: Asked, text: Described, *, across: bool) -> float:
    """The share of the question's weight that a text holds, from 0 to 1."""
    return holding(question, text, across=across).coverage


def named(question: Asked, text: Described) -> float:
    """The share of the question's weight in names that a text of the other language spells as they
    sound, from 0 to 1, each by how well it agrees."""
    if not question.weight:
        return 0.0
    got = 0.0
    for word in question.names:
        alike = text.likeness(word.forms)
        if alike >= _ALIKE:
            got += word.weight * alike
    return got / question.weight


def _same_value(question: Asked, text: Described) -> bool:
    """Whether a text holds a value that the question names."""
    return bool(question.values) and any(
        not question.values.isdisjoint(value.terms) for value in text.values
    )


def _held(word: Word, text: Described, *, across: bool, numeric: bool) -> float:
    share = len(word.terms & text.terms) / len(word.terms)
    if share == 1.0:
        return share
    if numeric and any(term[0].isdigit() for term in word.terms):
        return 1.0
    if any(text.terms.issuperset(other) for other in word.same):
        share = max(share, _SAME)
    if across:
        if word.keys:
            share = max(share, _length_shown(text.heard(word.keys)))
        if word.spelled:
            share = max(share, _spelled(word, text))
    elif word.transcribed:  # a Korean text may write a name in Latin letters too
        heard = text.heard(word.keys, word.forms[0][0].isascii())
        share = max(share, _length_shown(heard), _spelled(word, text))
    for meaning, weight in word.translations:
        if (across or weight >= _SURE) and text.terms.issuperset(meaning):
            share = max(share, min(1.0, 0.5 + weight))
    return share


def _spelled(word: Word, text: Described) -> float:
    """How surely a text spells a word in the other script."""
    alike = text.likeness(word.forms)
    return min(1.0, alike + _BONUS) if alike >= _ALIKE else 0.0


def _length_shown(keys: frozenset[str]) -> float:
    """How surely one of these keys that a text has is the word: the longer, the less likely by chance."""
    return min(1.0, (max(map(len, keys), default=1) - 1) / 3)
