"""What a remote model has said so far: its deltas, sorted into reasoning and answer."""

import time

from langchain_core.messages import AIMessageChunk, BaseMessageChunk

from rag.models.catalogue import Markup
from rag.models.chat import Finish, Outcome, read
from rag.models.thinking import Piece, Reason, Splitter

_REASONS = ("finish_reason", "stop_reason", "done_reason")  # OpenAI, Anthropic, Ollama
_LENGTHS = ("length", "max_tokens", "MAX_TOKENS")


class Heard:
    """Takes deltas, gives pieces. Reasoning comes in a field of its own or between markers.

    `deltas` counts those with text; `finish` is how the server says that the answer ended.
    """

    def __init__(self, markup: Markup) -> None:
        self._markup = markup
        self._splitter = Splitter(markup, opened=None)
        self._apart: list[str] = []  # reasoning from a field of its own
        self._answered = False
        self._thoughts = 0
        self._tokens: tuple[int, int] | None = None
        self._began = time.perf_counter()
        self._first: float | None = None
        self._last = self._began
        self._exhausted = False
        self._ended: Finish = "cancelled"
        self.deltas = 0
        self.finish: Finish | None = None

    def take(self, delta: BaseMessageChunk) -> list[Piece]:
        """The pieces that are certain after this delta."""
        pieces: list[Piece] = []
        for said in read(delta):
            self._last = time.perf_counter()
            self._first = self._first or self._last
            self.deltas += 1
            if said.kind == "reasoning":
                if not self._apart and not self._answered:
                    self._splitter = Splitter(self._markup, opened=False)
                self._apart.append(said.text)
                pieces.append(said)
            else:
                pieces += self._splitter.feed(said.text)
        self._note(pieces)
        told = next((r for key in _REASONS if (r := delta.response_metadata.get(key))), None)
        if told:
            self.finish = "length" if told in _LENGTHS else "stop"
        if isinstance(delta, AIMessageChunk) and (usage := delta.usage_metadata):
            self._tokens = usage["input_tokens"], usage["output_tokens"]
        return pieces

    def end(self, finish: Finish) -> list[Piece]:
        """The pieces held back.

        A server that took the whole answer for reasoning, which happens when it expects a thought
        that was switched off, is put right: all of it is the answer, restated.
        """
        self._ended = finish
        heard: Reason = "length" if finish == "loop" else finish
        pieces = self._splitter.finish(heard)
        self._note(pieces)
        unanswered = bool(self._apart) and not self._answered
        if unanswered and finish == "stop":
            pieces.append(Piece("answer", "".join(self._apart), restated=True))
        self._exhausted = self._splitter.exhausted or (unanswered and finish == "length")
        return pieces

    def outcome(self) -> Outcome:
        """How the answer came about; tokens are deltas where the server does not count them."""
        prompt, tokens = self._tokens or (None, self.deltas)
        took = self._last - (self._first or self._last)
        return Outcome(
            finish_reason=self._ended,
            prompt_tokens=prompt,
            tokens=tokens,
            reasoning_tokens=self._thoughts,
            tokens_per_second=(tokens - 1) / took if took > 0 else None,
            first_token_seconds=self._first - self._began if self._first else None,
            thinking_closed=self._splitter.closed or (bool(self._apart) and self._answered),
            exhausted=self._exhausted,
        )

    def _note(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            answers = piece.kind == "answer"
            self._answered = answers or (self._answered and not piece.restated)
            self._thoughts += not answers
