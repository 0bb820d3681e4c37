"""Citation markers in what a reader writes: found, renumbered, and tied to sentences.

Pure functions and one small state machine for streams. Models write markers in many ways: `[1]`,
`[1][3]`, `[1, 3]`, `[1-3]`, `【1】`, `［１］`, `(출처 1)`, `[^1]`, `[citation:1]`, before or after the full
stop, with a Korean particle right behind.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from corpus.text import sentences

_NUMBERS = r"\d{1,3}(?:\s?(?:[-–~]|[,，、;]\s?)\s?\d{1,3})*"
_MARKER = re.compile(
    rf"[\[［【]\s?(?:\^|(?:citation|source|passage|출처|근거|자료|문서)\s?:?\s?)?(?P<square>{_NUMBERS})\s?[\]］】]"
    rf"|[(（](?:출처|근거|자료|source|passage)\s?:?\s?(?P<round>{_NUMBERS})\s?[)）]",
    re.IGNORECASE,
)
# What could still become a marker once more text arrives.
_UNFINISHED = re.compile(r"[\[［【(（][^\]］】)）\n]{0,40}$|(?<!`)`{1,2}$")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)
_PARTICLE = re.compile(
    r"(?:(?:에서|에게|으로|로|에|와|과)(?:는|도|만|의)?|의|은|는|이|가|을|를|도|만|까지|부터)(?:[\s,.]|따르면|\Z)"
)
_MOST_PASSAGES = 999


@dataclass(frozen=True, slots=True)
class Mark:
    """One marker in a text: where it stands (code points) and the passage numbers it names."""

    start: int
    end: int
    numbers: tuple[int, ...]


def parse(text: str) -> list[Mark]:
    """All markers of a text in order. Nothing inside code is a marker, and no year is."""
    code = [match.span() for match in _CODE.finditer(text)] if "`" in text else []
    found = []
    for match in _MARKER.finditer(text):
        if any(start <= match.start() < end for start, end in code):
            continue
        found.append(Mark(match.start(), match.end(), _numbers(match["square"] or match["round"])))
    return found


def _numbers(written: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for part in re.split(r"[,，、;]", written):
        ends = [int(digits) for digits in re.findall(r"\d+", part)]
        if len(ends) == 2 and ends[0] < ends[1] <= ends[0] + 50:
            numbers += range(ends[0], ends[1] + 1)
        else:
            numbers += ends
    return tuple(dict.fromkeys(numbers))


@dataclass(frozen=True, slots=True)
class Draft:
    """A complete sentence of an answer: its text without markers, and the numbers it cites."""

    text: str
    numbers: tuple[int, ...]


class CitationStream:
    """Deltas of an answer in; text with final markers, and complete sentences, out.

    Passage numbers from 1 to `passages` are renumbered by first appearance; others are dropped and
    counted in `unknown`. `order` maps final numbers (from 1) to passage numbers.
    """

    def __init__(self, passages: int) -> None:
        self._passages = min(passages, _MOST_PASSAGES)
        self.order: list[int] = []
        self.unknown = 0
        self._held = ""
        self._plain = ""
        self._marks: list[tuple[int, int]] = []

    def feed(self, delta: str) -> Iterator[str | Draft]:
        """The text that can be shown now, and each sentence that is now complete."""
        self._held += delta
        cut = self._safe()
        ready, self._held = self._held[:cut], self._held[cut:]
        if ready:
            yield from self._take(ready)
            yield from self._complete(final=False)

    def finish(self) -> Iterator[str | Draft]:
        """What was held back, and the last sentences."""
        if self._held:
            ready, self._held = self._held, ""
            yield from self._take(ready)
        yield from self._complete(final=True)

    def cite(self, number: int) -> int:
        """The final number of a passage, which is cited without a marker in the text."""
        return self._final(number)

    def _safe(self) -> int:
        """How much of what is held cannot be part of a marker or a code span still to be closed."""
        if self._held.count("```") % 2:
            return 0 if len(self._held) < 4000 else len(self._held)
        unfinished = _UNFINISHED.search(self._held)
        cut = unfinished.start() if unfinished else len(self._held)
        line = self._held.rfind("\n") + 1
        if self._held[line:cut].replace("```", "").count("`") % 2 and cut - line < 400:
            cut = self._held.rindex("`", line, cut)
        # A space before a marker goes with it.
        while cut and unfinished and self._held[cut - 1] == " ":
            cut -= 1
        return cut

    def _take(self, text: str) -> Iterator[str]:
        shown: list[str] = []
        last = 0
        for mark in parse(text):
            before = text[last : mark.start]
            shown.append(before)
            self._plain += before
            finals = [self._final(number) for number in mark.numbers]
            known = [number for number in finals if number]
            shown.append("".join(f"[{number}]" for number in known))
            self._marks += [(len(self._plain), number) for number in known]
            last = mark.end
        shown.append(text[last:])
        self._plain += text[last:]
        whole = "".join(shown)
        if whole:
            yield whole

    def _final(self, number: int) -> int:
        if not 1 <= number <= self._passages:
            self.unknown += 1
            return 0
        if number not in self.order:
            self.order.append(number)
        return self.order.index(number) + 1

    def _complete(self, final: bool) -> Iterator[Draft]:
        """Give out the sentences that nothing can be added to any more, and forget their text."""
        if not final and not re.search(r"[.!?。！？…\n]", self._plain):
            return
        spans = sentences(self._plain)
        complete = len(spans) if final else len(spans) - 1
        if complete < 1:
            return
        owners = [self._owner(at, spans) for at, _ in self._marks]
        for place, (start, end) in enumerate(spans[:complete]):
            mine = (
                mark for owner, (_, mark) in zip(owners, self._marks, strict=True) if owner == place
            )
            yield Draft(_tidy(self._plain[start:end]), tuple(dict.fromkeys(mine)))
        kept = len(self._plain) if final else spans[complete - 1][1]
        self._marks = [
            (max(0, at - kept), number)
            for owner, (at, number) in zip(owners, self._marks, strict=True)
            if owner >= complete
        ]
        self._plain = self._plain[kept:]

    def _owner(self, at: int, spans: list[tuple[int, int]]) -> int:
        """The sentence that a marker belongs to.

        Between two sentences it ends the first, unless a particle follows or a line has ended.
        """
        place = max(0, sum(start < at for start, _ in spans) - 1)
        end = spans[place][1]
        if at > end and ("\n" in self._plain[end:at] or _PARTICLE.match(self._plain, at)):
            place += 1
        return min(place, len(spans) - 1)


def _tidy(text: str) -> str:
    """No gaps where markers stood."""
    return re.sub(r"[ \t]+([.,!?。，！？])", r"\1", re.sub(r"[ \t]{2,}", " ", text)).strip()


def strip(text: str) -> str:
    """A text without its markers, for histories and for measuring."""
    kept, last = [], 0
    for mark in parse(text):
        kept.append(text[last : mark.start])
        last = mark.end
    return _tidy("".join([*kept, text[last:]]))


def renumber(text: str, passages: int) -> tuple[str, list[int], int]:
    """A whole text with final markers, the passage numbers in order, and the count of unknown ones."""
    stream = CitationStream(passages)
    pieces: Iterable[str | Draft] = [*stream.feed(text), *stream.finish()]
    return "".join(p for p in pieces if isinstance(p, str)), stream.order, stream.unknown
