"""What the local and the remote chat model have in common: their options and their stream.

**The stream.** `model.stream(messages, cancel=event, **changes)` gives `AIMessageChunk`s; `changes`
are fields of `Options`, for this call only. In their order:

- a piece of reasoning: `additional_kwargs["reasoning_content"]` holds it and `content` is empty, so
  that `content_blocks` shows a block of the type `reasoning`;
- a piece of the answer: `content` holds it, a string;
- either may have `additional_kwargs["restated"] = True`: everything before it is withdrawn, and
  this piece holds all text so far, under its right kind;
- last a chunk without text, with `usage_metadata` and, in `response_metadata`, the fields of
  `Outcome`: how it ended, how fast it was, whether the thinking was closed.

(LangChain may add one more empty chunk of its own.) `read` turns a chunk into a `Piece`, `collect`
turns all of them into one message; both also take the chunks of any other LangChain chat model.

**Stopping.** Closing the iterator ends the work: at once at a server, before the next token here.
So does setting `cancel`, which then still gives the last chunk, with "cancelled". A failure is one
`ModelError`; what was given before it stands.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    BaseMessageChunk,
    HumanMessage,
    SystemMessage,
)
from langchain_core.messages.ai import UsageMetadata

from rag.models.catalogue import Sampling, SystemRule
from rag.models.errors import ModelError
from rag.models.thinking import Kind, Piece

Finish = Literal["stop", "length", "loop", "cancelled"]

REASONING = "reasoning_content"
RESTATED = "restated"


class Cancel(Protocol):
    """A `threading.Event`, or anything else that can say that it is set."""

    def is_set(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Options:
    """How to answer. Budgets count tokens.

    `thinking`: None is the model's own default. Once `thinking_tokens` are used up,
    `closing_phrase` (which should say, in the question's language, that the answer follows) and
    the closing marker are written for the model; a server has one budget, the sum of both.
    `sampling`: None is the vendor's; `Sampling(temperature=0.0)` is greedy. Equal seeds give equal
    answers. After `time_limit` seconds an answer ends as if its budget were used up.
    """

    thinking: bool | None = None
    thinking_tokens: int = 2048
    answer_tokens: int = 1024
    closing_phrase: str = ""
    sampling: Sampling | None = None
    seed: int | None = None
    time_limit: float = 600.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an answer came about: counts in tokens, times in seconds.

    `finish_reason`: "stop" (the model ended it), "length" (a budget did), "loop" (it repeated
    itself) or "cancelled". `thinking_closed`: a closing marker was seen; `thinking_forced`: it was
    written for the model; `exhausted`: the budget ran out in the thought, so there is no answer.
    """

    finish_reason: Finish
    prompt_tokens: int | None
    tokens: int
    reasoning_tokens: int
    tokens_per_second: float | None
    first_token_seconds: float | None
    thinking_closed: bool
    thinking_forced: bool = False
    exhausted: bool = False


def arrange(
    messages: Sequence[BaseMessage], rule: SystemRule, vendor: str = ""
) -> list[BaseMessage]:
    """The messages as a family wants them, thoughts of earlier turns left out.

    "none": the system prompt stands before the first question. "empty": so it does, and an empty
    system prompt is passed. "vendor": `vendor`, the vendor's own, stands before ours.
    """
    system = "\n\n".join(m.text for m in messages if isinstance(m, SystemMessage))
    turns: list[BaseMessage] = []
    for message in messages:
        if isinstance(message, HumanMessage):
            turns.append(HumanMessage(message.text))
        elif isinstance(message, AIMessage):
            turns.append(AIMessage(message.text))
        elif not isinstance(message, SystemMessage):
            raise ModelError(f"a message of the type {message.type} cannot be passed to a model")
    if rule in ("none", "empty") and system:
        first = next((i for i, m in enumerate(turns) if isinstance(m, HumanMessage)), None)
        if first is None:
            turns.insert(0, HumanMessage(system))
        else:
            turns[first] = HumanMessage(f"{system}\n\n{turns[first].text}")
        system = ""
    if rule == "vendor" and vendor:
        system = f"{vendor}\n\n{system}".rstrip()
    return [SystemMessage(system), *turns] if system or rule == "empty" else turns


def chunk(piece: Piece) -> AIMessageChunk:
    """A piece of reasoning or answer as the stream gives it."""
    extra: dict[str, Any] = {RESTATED: True} if piece.restated else {}
    if piece.kind == "reasoning":
        return AIMessageChunk(content="", additional_kwargs={REASONING: piece.text, **extra})
    return AIMessageChunk(content=piece.text, additional_kwargs=extra)


def last_chunk(outcome: Outcome) -> AIMessageChunk:
    """The chunk without text that ends the stream."""
    prompt = outcome.prompt_tokens or 0
    usage = UsageMetadata(
        input_tokens=prompt, output_tokens=outcome.tokens, total_tokens=prompt + outcome.tokens
    )
    return AIMessageChunk(
        content="",
        response_metadata=asdict(outcome),
        usage_metadata=usage,
        chunk_position="last",
    )


def read(message: BaseMessageChunk) -> list[Piece]:
    """What a chunk of any LangChain chat model says: no piece, one, or reasoning and answer."""
    said: list[tuple[Kind, str]] = []
    if isinstance(message.content, str):
        said.append(("reasoning", str(message.additional_kwargs.get(REASONING) or "")))
        said.append(("answer", message.content))
    else:
        for block in message.content_blocks:
            if block["type"] == "reasoning":
                said.append(("reasoning", block.get("reasoning", "")))
            elif block["type"] == "text":
                said.append(("answer", block["text"]))
    restated = bool(message.additional_kwargs.get(RESTATED))
    return [Piece(kind, text, restated) for kind, text in said if text]


def collect(chunks: Iterable[BaseMessageChunk]) -> AIMessage:
    """One message from a whole stream, what was withdrawn left out."""
    said: dict[Kind, list[str]] = {"reasoning": [], "answer": []}
    metadata: dict[str, Any] = {}
    usage: UsageMetadata | None = None
    for message in chunks:
        for piece in read(message):
            if piece.restated:
                said = {"reasoning": [], "answer": []}
            said[piece.kind].append(piece.text)
        metadata |= message.response_metadata
        usage = getattr(message, "usage_metadata", None) or usage
    reasoning = "".join(said["reasoning"])
    return AIMessage(
        content="".join(said["answer"]),
        additional_kwargs={REASONING: reasoning} if reasoning else {},
        response_metadata=metadata,
        usage_metadata=usage,
    )
