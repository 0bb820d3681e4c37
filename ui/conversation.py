"""One browser tab's conversation, as frozen data that grows event by event."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.citations import strip
from rag.events import (
    Answer,
    Done,
    Event,
    Found,
    Replaced,
    Sentence,
    Text,
    Thought,
    Turn,
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and what is known of its answer so far.

    `text` carries markers; `found` counts the passages read (None: still searching); `answer` is
    there once the answer is whole. `problem` is a line for people about what went wrong.
    """

    question: str
    text: str = ""
    thoughts: str = ""
    sentences: tuple[Sentence, ...] = ()
    found: int | None = None
    withdrawn: str | None = None
    answer: Answer | None = None
    stopped: bool = False
    problem: str | None = None

    @property
    def open(self) -> bool:
        """Whether more is to come."""
        return self.answer is None and self.problem is None and not self.stopped

    def after(self, event: Event) -> "Exchange":
        """The exchange one event later."""
        match event:
            case Found(hits):
                return replace(self, found=len(hits))
            case Thought(text):
                return replace(self, thoughts=self.thoughts + text)
            case Text(text):
                return replace(self, text=self.text + text)
            case Sentence():
                return replace(self, sentences=(*self.sentences, event))
            case Replaced(reason):
                return replace(self, text="", thoughts="", sentences=(), withdrawn=reason)
            case Done(answer):
                return replace(self, text=answer.answer, sentences=answer.sentences, answer=answer)


Conversation = tuple[Exchange, ...]


def history(conversation: Sequence[Exchange]) -> tuple[Turn, ...]:
    """The answered questions with their answers, without markers and without thoughts."""
    return tuple(
        Turn(exchange.question, strip(exchange.answer.answer))
        for exchange in conversation
        if exchange.answer is not None
    )
