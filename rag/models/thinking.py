"""Divide a model's output into reasoning and answer while it streams.

One splitter serves all families; what they write differs only in a `Markup`. The rules, each
learned from what goes wrong in the field:

- An opener counts only at the very start of the output, so an answer may mention one.
- The first closer ends the thinking; every later marker is text.
- Only as much is held back as may still become a marker.
- White space around the thinking and before the answer is dropped.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rag.models.catalogue import Markup

Kind = Literal["reasoning", "answer"]
Reason = Literal["stop", "length", "cancelled"]

_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of reasoning or of the answer.

    `restated` withdraws every piece given before: this one carries all text so far, under its right
    kind. Show the withdrawal (the event `Replaced`), forget what was collected, and go on as usual.
    """

    kind: Kind
    text: str
    restated: bool = False


class _Markers:
    """A set of literal markers to look for in text that is still growing."""

    def __init__(self, *markers: str) -> None:
        longest_first = sorted(set(markers), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
        self._prefixes = {m[:n] for m in longest_first for n in range(1, len(m))}
        self._first = re.compile("|".join({re.escape(m[0]) for m in longest_first}) or r"(?!)")
        self._reach = max(map(len, longest_first), default=1) - 1

    def search(self, text: str, at: int, last: bool) -> tuple[int, str]:
        """Up to where `text` is settled, and the marker that begins there ("" for none yet)."""
        settled = len(text)
        if not self._first.search(text, at):
            return settled, ""
        if not last:
            tails = self._first.finditer(text, max(at, settled - self._reach))
            starts = (tail.start() for tail in tails if text[tail.start() :] in self._prefixes)
            settled = next(starts, settled)
        match = self._pattern.search(text, at)
        if match and match.start() < settled:
            return match.start(), match.group()
        return settled, ""

    def match(self, text: str, at: int, last: bool) -> str | None:
        """The marker at `at`, "" if there is none, None if more text is needed to tell."""
        if not last and len(text) - at <= self._reach and text[at:] in self._prefixes:
            return None
        match = self._pattern.match(text, at)
        return match.group() if match else ""


@lru_cache(maxsize=64)
def _markers(*markers: str) -> _Markers:
    return _Markers(*markers)


class Splitter:
    """Feed it text deltas; it returns pieces of reasoning and of the answer, in order.

    `opened`: True if the prompt ends inside a thought (see `ends_inside`), False if it does not,
    None if the prompt cannot be seen, as with a server. A repeated or missing opener is no harm.

    Two things show only later, and both come as a piece with `restated=True`:
    - the model stopped normally inside a thought: all of it was the answer (from `finish`);
    - `opened` is None and a closer comes without an opener: what went before was reasoning.
    So a consumer needs one branch: on `restated`, withdraw and start over with that piece.
    """

    def __init__(self, markup: Markup, *, opened: bool | None) -> None:
        self._markup = markup
        self._opened = opened and bool(markup.closers)
        self._start = _markers(
            *markup.openers, *markup.closers, *markup.fillers, *markup.answer_openers
        )
        self._inside = _markers(*markup.closers, *markup.fillers)
        self._lead = _markers(*markup.answer_openers)
        self._ending = _markers(*markup.ends)
        self._before_break = tuple(closer + "\n" for closer in markup.closers)
        self._doubtful = _markers(
            *markup.openers, *markup.closers, *self._before_break, *markup.ends
        )
        self._phase: _Phase = Splitter._at_start
        self._held = ""
        self._trim = True
        self._said: list[str] = []  # what a later marker, or its absence, may restate
        self._withheld: list[str] = []
        self._finished = False
        self.closed = False  # a closing marker was seen
        self.exhausted = False  # the budget ran out inside a thought; asking again does not help

    @property
    def inside(self) -> bool:
        """Whether the text that comes next is reasoning, as far as one can tell."""
        return self._phase is Splitter._in_thought or (
            self._phase is Splitter._at_start and bool(self._opened)
        )

    def feed(self, delta: str) -> list[Piece]:
        """The pieces that are certain after this delta. ValueError after `finish`."""
        if self._finished:
            raise ValueError("the output has already ended")
        return self._advance(self._held + delta, last=False)

    def finish(self, reason: Reason) -> list[Piece]:
        """The pieces still held back; `reason` says why the model stopped.

        Inside a thought, "length" sets `exhausted`; "stop" gives one piece with `restated=True`,
        the whole text as the answer. Later calls return nothing.
        """
        if self._finished:
            return []
        pieces = self._advance(self._held, last=True)
        self._finished = True
        if self.inside and reason == "length":
            self.exhausted = True
        elif self.inside and reason == "stop" and self._said:
            pieces.append(Piece("answer", self._without_ends("".join(self._said)), restated=True))
        return pieces

    def _advance(self, text: str, last: bool) -> list[Piece]:
        pieces: list[Piece] = []
        at, moving = 0, True
        while moving:
            at, moving = self._phase(self, text, at, last, pieces)
        self._held = text[at:]
        return pieces

    def _say(self, pieces: list[Piece], kind: Kind, text: str) -> str:
        """Add a piece, without white space where the reasoning or the answer begins."""
        if self._trim:
            text = text.lstrip()
        if text:
            self._trim = False
            pieces.append(Piece(kind, text))
        return text

    # Each phase takes the text, the position it has come to, whether no more text will come, and
    # the pieces to add to. It returns the new position and whether another step can be made.

    def _at_start(self, text: str, at: int, last: bool, pieces: list[Piece]) -> tuple[int, bool]:
        at = _end_of_space(text, at)
        marker = self._start.match(text, at, last)
        if at == len(text) or marker is None:
            return at, False
        if not marker:
            unsure = Splitter._in_doubt if self._opened is None else Splitter._in_answer
            self._phase = Splitter._in_thought if self._opened else unsure
        elif marker in self._markup.openers:
            self._phase = Splitter._in_thought
        elif marker in self._markup.closers:
            self._close()
        elif marker in self._markup.answer_openers:
            self._open_answer(wrapped=True)
        return at + len(marker), True

    def _in_thought(self, text: str, at: int, last: bool, pieces: list[Piece]) -> tuple[int, bool]:
        settled, marker = self._inside.search(text, at, last)
        if said := self._say(pieces, "reasoning", text[at:settled]):
            self._said.append(said)
        if marker in self._markup.closers:
            self._close()
        return settled + len(marker), bool(marker)

    def _in_doubt(self, text: str, at: int, last: bool, pieces: list[Piece]) -> tuple[int, bool]:
        """In an answer that may turn out to be a thought whose opener was in an unseen prompt."""
        settled, marker = self._doubtful.search(text, at, last)
        if said := self._say(pieces, "answer", text[at:settled]):
            self._said.append(said)
        if not marker:
            return settled, False
        if self._closes(marker):
            pieces.append(Piece("reasoning", "".join(self._said), restated=True))
            self._close()
        elif marker in self._markup.ends:
            self._said.clear()
            self._phase = Splitter._in_answer
            return settled, True
        else:
            self._said.append(marker)
            pieces.append(Piece("answer", marker))
            if marker in self._markup.openers:
                self._said.clear()
                self._phase = Splitter._in_answer
        return settled + len(marker), True

    def _closes(self, marker: str) -> bool:
        """Whether a marker in doubt is a closer; within a line of text it may be a quotation."""
        if marker in self._before_break:
            return True
        alone = self._markup.control_tokens or "".join(self._said[-1:]).endswith("\n")
        return alone and marker in self._markup.closers

    def _before_answer(self, text: str, at: int, last: bool, _: list[Piece]) -> tuple[int, bool]:
        at = _end_of_space(text, at)
        marker = self._lead.match(text, at, last)
        if at == len(text) or marker is None:
            return at, False
        self._open_answer(wrapped=bool(marker))
        return at + len(marker), True

    def _in_answer(self, text: str, at: int, last: bool, pieces: list[Piece]) -> tuple[int, bool]:
        settled, marker = self._ending.search(text, at, last)
        self._say(pieces, "answer", text[at:settled])
        if marker:
            self._withheld = [marker]
            self._phase = Splitter._after_answer
        return settled + len(marker), bool(marker)

    def _after_answer(
        self, text: str, at: int, last: bool, pieces: list[Piece]
    ) -> tuple[int, bool]:
        """Behind an end marker, which is dropped unless more text follows: then it was text."""
        end = _end_of_space(text, at)
        self._withheld.append(text[at:end])
        marker = self._ending.match(text, end, last)
        if end == len(text) or marker is None:
            return end, False
        self._withheld.append(marker)
        if not marker:
            self._say(pieces, "answer", "".join(self._withheld))
            self._phase = Splitter._in_answer
        return end + len(marker), True

    def _close(self) -> None:
        self.closed = self._trim = True
        self._said.clear()
        self._phase = Splitter._before_answer

    def _open_answer(self, wrapped: bool) -> None:
        if wrapped:
            self._ending = _markers(*self._markup.ends, *self._markup.answer_closers)
        self._phase = Splitter._in_answer

    def _without_ends(self, text: str) -> str:
        for end in self._markup.ends:
            if text.rstrip().endswith(end):
                text = text.rstrip().removesuffix(end)
        return text


_Phase = Callable[[Splitter, str, int, bool, list[Piece]], tuple[int, bool]]


def _end_of_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def ends_inside(prompt: str, markup: Markup) -> bool:
    """Whether a rendered prompt ends with an opener, so that the output starts in a thought."""
    openers = tuple(opener.rstrip() for opener in markup.openers)
    return bool(openers) and prompt.rstrip().endswith(openers)


def split(
    text: str, markup: Markup, opened: bool | None, reason: Reason = "stop"
) -> tuple[str, str]:
    """The reasoning and the answer of a whole output, as `Splitter` would stream them."""
    splitter = Splitter(markup, opened=opened)
    said: dict[Kind, list[str]] = {"reasoning": [], "answer": []}
    for piece in (*splitter.feed(text), *splitter.finish(reason)):
        if piece.restated:
            said = {"reasoning": [], "answer": []}
        said[piece.kind].append(piece.text)
    return "".join(said["reasoning"]), "".join(said["answer"])
