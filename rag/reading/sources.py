"""A passage as sentences, each described once, and what stands around its values."""

import re
from collections.abc import Sequence
from functools import cached_property

from corpus.text import sentences
from index.asking import Asked
from index.described import Described
from index.holding import coverage
from index.numbers import Quantity
from index.search import Hit

# Around a value, the characters that say what it is the value of.
_BESIDE = 30
ROW = " | "
"""What stands between the cells of a row of a table."""

# A line that is no sentence: a date, who wrote it; where an article begins or ends, a few words without a stop.
_ASIDE = re.compile(
    r"[\d\s./:,년월일-]+|.{1,40}\s기자(?:\s\S+@\S+)?|(?:By|Reported by)\s[^.]{1,60}|\S+@\S+\.\w+"
)
_STOPS = (".", "!", "?", "…", "。", "！", "？", "다", "요", ":")
_FEW = 6
_CELL_OF_DATA = re.compile(r"(?:^|\| )[-+~$€£₩]?\d")


class Source:
    """A passage as sentences, each described once."""

    def __init__(self, number: int, hit: Hit) -> None:
        self.number, self.hit = number, hit
        spans = sentences(hit.text)
        self.spans = [(a, b) for a, b in spans if hit.text[a:b] != hit.title]
        self.texts = [hit.text[a:b] for a, b in self.spans]
        self._rows = [ROW in text for text in self.texts]
        self.head = Described(f"{hit.title}\n{hit.heading or ''}")
        self.parts = [Described(text) for text in self.texts]

    @cached_property
    def _asides(self) -> frozenset[int]:
        """The places of what is no sentence, unless nothing is one."""
        every = range(len(self.texts))
        ended = [text.rstrip("”’\"') ").endswith(_STOPS) for text in self.texts]
        proper = [place for place in every if ended[place] or self._rows[place]]
        edges = [*every[: proper[0]], *every[proper[-1] + 1 :]] if proper else []
        few = {place for place in edges if len(self.texts[place].split()) <= _FEW}
        lines = {place for place in every if _ASIDE.fullmatch(self.texts[place])}
        return frozenset(few | lines) if proper else frozenset()

    def tells(self, place: int) -> bool:
        """Whether a sentence can be evidence: it is one, and neither the head of a table nor a question
        that the next one answers."""
        return not (self.heads(place) or self.asks(place) or place in self._asides)

    def heads(self, place: int) -> bool:
        """Whether a sentence is the first row of a table, which names its columns and says nothing."""
        return self._top(place) == place and place + 1 < len(self._rows) and self._rows[place + 1]

    def asks(self, place: int) -> bool:
        """Whether a sentence is a question that the next one answers, as in an interview."""
        return place + 1 < len(self.texts) and self.texts[place].endswith(("?", "？"))

    def _top(self, place: int) -> int | None:
        """Of a row of a table the first one, when it names the columns.

        One whose cells are numbers does not: the table began in the passage before, or has no such
        row. A name with a number in it (`AIME 2024`) names a column of numbers.
        """
        if not self._rows[place]:
            return None
        while place and self._rows[place - 1]:
            place -= 1
        below = self.texts[place + 1] if place + 1 < len(self.texts) else ""
        numbers = _CELL_OF_DATA.search(below) is not None
        data = _CELL_OF_DATA.search(self.texts[place]) or (self.parts[place].values and not numbers)
        return None if data else place

    def columns(self, place: int) -> str:
        """The row that names the columns of a row of a table, or nothing."""
        top = self._top(place)
        return "" if top is None or top == place else self.texts[top]

    def before(self, place: int) -> str:
        """The sentence before one, or nothing."""
        return self.texts[place - 1] if place else ""

    def under(self, place: int) -> Described:
        """A sentence with the one before it, or a row with the first one of its table."""
        top = self._top(place)
        above = place - 1 if top is None or top == place else top
        parts = self.parts[above : above + 1] if above >= 0 else []
        return Described(parts=[self.head, *parts, self.parts[place]])

    def near(self, first: int, last: int) -> Described:
        """Sentences from `first` to `last`, as far as there are any, under title and heading."""
        return Described(parts=[self.head, *self.parts[max(0, first) : last + 1]])

    @cached_property
    def whole(self) -> Described:
        """The passage under title and heading."""
        return Described(parts=[self.head, *self.parts])


def near(
    asked: Asked, text: str, values: Sequence[Quantity], value: Quantity, *, across: bool
) -> float:
    """The largest share of the question that stands around a value of the same kind."""
    return max(beside(asked, text, v, across=across) for v in values if v.kind == value.kind)


def beside(
    asked: Asked, text: str, value: Quantity, *, across: bool, after: int = _BESIDE, under: str = ""
) -> float:
    """The share of the question that stands around a value, from 0 to 1; `after` it so far, and
    `under` a title."""
    around = under + text[max(0, value.start - _BESIDE) : value.end + after]
    return coverage(asked, Described(around), across=across)
