"""One answer in the making: chooses each next token, turns tokens into pieces, knows when to end.

The decoding loops feed it scores. It has no model, so a batch is several of these.
"""

import time
from collections import deque
from dataclasses import dataclass

import torch

from rag.models.chat import Finish, Outcome
from rag.models.sampling import LoopGuard, Sampler
from rag.models.thinking import Piece, Reason, Splitter
from rag.models.voice import Detokeniser, Voice


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets in tokens: for the thought, for the answer, for both; `seconds` for all of it."""

    thinking: int
    answer: int
    total: int
    seconds: float


class Sequence:
    """The tokens of one answer. `reason` is None until it has ended.

    `opened`: the prompt ends inside a thought. `closing` are the tokens written when the thought
    must end, at its budget or when it goes round in circles: a phrase and the closing marker.
    """

    def __init__(
        self, prompt: list[int], voice: Voice, sampler: Sampler, limits: Limits,
        *, opened: bool, closing: list[int], stop: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.prompt, self.written = prompt, list[int]()
        self.ids = list(prompt)
        self.reason: Finish | None = None
        self._voice, self._sampler, self._limits = voice, sampler, limits
        self._closing = closing
        self._text = Detokeniser(voice)
        self._splitter = Splitter(voice.markup, opened=opened)
        self._ending = StopStrings(stop)
        self._loop = LoopGuard()
        self._forced: deque[int] = deque()
        self._was_forced = False
        self._thought = 0
        self._began = time.perf_counter()
        self._first: float | None = None
        self._last = self._began

    def choose(self, logits: torch.Tensor) -> int:
        """The next token's id for scores of shape (vocabulary,)."""
        if self._forced:
            return self._forced.popleft()
        return self._sampler(logits, self.prompt, self.written)

    @property
    def foreseen(self) -> list[int]:
        """Tokens that will come whatever the scores are."""
        return list(self._forced)

    def take(self, token: int) -> list[Piece]:
        """What a chosen token says. Sets `reason` if the answer ends with it."""
        self._last = time.perf_counter()
        self._first = self._first or self._last
        self.written.append(token)
        self.ids.append(token)
        inside = self._splitter.inside
        if token in self._voice.stop and not (inside and token in self._voice.between):
            return self.finish("stop")
        pieces = self._ending.cut(self._splitter.feed(self._text.feed(token)))
        if self._ending.found:
            self.reason = "stop"
            return pieces
        self._thought += inside
        return pieces + self._end_in_time(token)

    def finish(self, reason: Finish) -> list[Piece]:
        """End the answer; the pieces that were still held back."""
        self.reason = reason
        heard: Reason = "length" if reason == "loop" else reason
        rest = [*self._splitter.feed(self._text.flush()), *self._splitter.finish(heard)]
        return self._ending.cut(rest, last=True)

    def outcome(self) -> Outcome:
        """How it went, so far or in all."""
        count = len(self.written)
        took = self._last - (self._first or self._last)
        return Outcome(
            finish_reason=self.reason or "cancelled",
            prompt_tokens=len(self.prompt),
            tokens=count,
            reasoning_tokens=self._thought,
            tokens_per_second=(count - 1) / took if took > 0 else None,
            first_token_seconds=self._first - self._began if self._first else None,
            thinking_closed=self._splitter.closed,
            thinking_forced=self._was_forced,
            exhausted=self._splitter.exhausted,
        )

    def _end_in_time(self, token: int) -> list[Piece]:
        """End the thought or the answer if its budget is used up or if it goes in circles."""
        if self._forced:
            return []
        looping, limits = self._loop.add(token), self._limits
        inside = self._splitter.inside
        if len(self.written) >= limits.total or self._last - self._began >= limits.seconds:
            return self.finish("length")
        if inside and (looping or self._thought >= limits.thinking):
            if self._closing and not self._was_forced:
                self._forced.extend(self._closing)
                self._was_forced = True
                self._loop.clear()
                return []
            return self.finish("loop" if looping else "length")
        if looping:
            return self.finish("loop")
        if not inside and len(self.written) - self._thought >= limits.answer:
            return self.finish("length")
        return []


class StopStrings:
    """Ends an answer before the first of some strings, holding back what may yet become one."""

    def __init__(self, strings: tuple[str, ...]) -> None:
        self._strings = tuple(filter(None, strings))
        self._held = ""
        self.found = False

    def cut(self, pieces: list[Piece], last: bool = False) -> list[Piece]:
        """The pieces without what must not be shown; reasoning passes untouched."""
        if not self._strings:
            return pieces
        kept: list[Piece] = []
        for piece in pieces:
            if piece.kind == "reasoning" or self.found:
                kept += [piece] if piece.kind == "reasoning" else []
                continue
            text = piece.text if piece.restated else self._held + piece.text
            kept += self._settled(text, piece.restated)
        if last and self._held and not self.found:
            kept.append(Piece("answer", self._held))
            self._held = ""
        return kept

    def _settled(self, text: str, restated: bool) -> list[Piece]:
        places = [at for at in map(text.find, self._strings) if at >= 0]
        self.found = bool(places)
        reach = max(map(len, self._strings)) - 1
        sure = min(places) if places else max(0, len(text) - reach)
        if not places and not any(
            s.startswith(text[at:]) for at in range(sure, len(text)) for s in self._strings
        ):
            sure = len(text)
        self._held = text[sure:]
        return [Piece("answer", text[:sure], restated)] if sure or restated else []
