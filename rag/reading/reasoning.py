"""The reader that asks a chat model: numbered passages in, thinking and a cited answer out."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from corpus.article import Language
from corpus.text import language as language_of
from index.search import Hit
from rag import citations
from rag.events import Reading, Replaced, Text, Thought, Turn
from rag.followup import standalone
from rag.models.chat import REASONING, Options, read
from rag.models.errors import ModelError
from rag.reading import prompts

_TURNS = 4
_SPARE = 64
_LEAST_TOKENS = 64  # of room that a thought and an answer are given at least
_WANTED = 3  # passages that count for more than earlier turns when the context is short
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|「[^」]*」|'[^']*'")
_BRACKETS = re.compile(r"[\[［【](\d{1,3})[\]］】]")
# What looks like a tag of ours, a thinking marker or a control token of some chat template.
_CONTROL = re.compile(r"[<＜](?=[/|｜A-Za-z가-힣])|\[(?=\||/?[A-Z][A-Z_]+\])")
_LETTERS_TO_JUDGE = 12
_BATCH = 8
_REWRITTEN = 96  # tokens for a question made to stand alone
_LONGEST_QUESTION = 300


@dataclass
class _Said:
    """What one run of the model has said, and the metadata of its end."""

    answer: list[str] = field(default_factory=list)
    thought: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)


class Reasoning:
    """Asks a chat model; whatever it thinks in, the answer is in the question's language."""

    def __init__(self, model: BaseChatModel, name: str, options: Options) -> None:
        self.name = name
        self._model, self._options = model, options
        self._said = _Said()

    @property
    def outcome(self) -> dict[str, Any]:
        """The fields of `rag.models.chat.Outcome` for the last answer; empty before its end."""
        return dict(self._said.metadata)

    def standalone(self, question: str, language: Language, history: Sequence[Turn]) -> str:
        """The question as one that can be asked without the conversation, in the model's words.

        By rules where the model gives no single short question in the same language. Raises
        ModelError.
        """
        told = [turn for turn in history if turn.answer.strip()][-_TURNS:]
        by_rules = standalone(question, history)
        if not told:
            return by_rules
        messages: list[BaseMessage] = [
            SystemMessage(prompts.REWRITE[language]),
            HumanMessage(prompts.conversation(told, _defused(question), language)),
        ]
        said = _Said()
        for _ in self._once(messages, language, said, budgets=(0, _REWRITTEN)):
            pass
        written = " ".join("".join(said.answer).split()).strip("\"'“”「」 ")
        fits = written and len(written) <= _LONGEST_QUESTION and any(map(str.isalnum, written))
        return written if fits and language_of(written) == language else by_rules

    def read(
        self, question: str, language: Language, hits: Sequence[Hit], history: Sequence[Turn] = ()
    ) -> Iterator[Thought | Text | Replaced]:
        """Thinking and answer as they come; Replaced when the answer starts over.

        Without passages nothing is asked and the answer is a refusal. Raises ModelError.
        """
        if not hits:
            yield Text(prompts.refusal(language))
            return
        messages = self._fitting(question, language, hits, history)
        said = _Said()
        yield from self._once(messages, language, said)
        if _in_other_language("".join(said.answer), language):
            yield Replaced(prompts.WRONG_LANGUAGE[language])
            last = messages[-1]
            messages = [*messages[:-1], HumanMessage(last.text + prompts.AGAIN[language])]
            said = _Said()
            yield from self._once(messages, language, said)
        if not "".join(said.answer).strip() and said.metadata.get("exhausted"):
            yield Text(prompts.EXHAUSTED[language])

    @property
    def at_once(self) -> int:
        """How many questions the model answers together: several when it is on this machine."""
        return _BATCH if hasattr(self._model, "generate_batch") else 1

    def read_many(
        self, readings: Sequence[Reading]
    ) -> Iterator[Iterable[Thought | Text | Replaced]]:
        """The answers to several questions, in order; together where the model can. Raises ModelError."""
        if self.at_once == 1 or len(readings) < 2:
            yield from (self.read(*reading) for reading in readings)
            return
        said: dict[int, list[Thought | Text | Replaced]] = {}
        for language in ("ko", "en"):
            places = [n for n, r in enumerate(readings) if r.language == language and r.hits]
            said |= zip(
                places, self._together([readings[n] for n in places], language), strict=True
            )
        for place, reading in enumerate(readings):
            yield said.get(place) or self.read(*reading)

    def _together(
        self, readings: Sequence[Reading], language: Language
    ) -> list[list[Thought | Text | Replaced]]:
        """What the model says to each of some questions in one language.

        Nothing where a question has to be asked by itself: its answer was in the wrong language, or
        one of them cannot be answered, which must not be the others' loss.
        """
        thinking, answer = self._budgets()
        try:
            made = self._model.generate_batch(  # type: ignore[attr-defined]  # seen to be there
                [self._fitting(r.question, language, r.hits, ()) for r in readings],
                closing_phrase=prompts.CLOSING[language],
                thinking_tokens=thinking,
                answer_tokens=answer,
            )
        except ModelError:
            return [[] for _ in readings]
        return [self._said_in(message, language) for message in made]

    def _said_in(self, message: AIMessage, language: Language) -> list[Thought | Text | Replaced]:
        text = str(message.text)
        if _in_other_language(text, language):
            return []
        thought = str(message.additional_kwargs.get(REASONING) or "")
        if not text.strip() and message.response_metadata.get("exhausted"):
            text = prompts.EXHAUSTED[language]
        return [*([Thought(thought)] if thought else []), Text(text)]

    def _once(
        self,
        messages: list[BaseMessage],
        language: Language,
        said: _Said,
        budgets: tuple[int, int] | None = None,
    ) -> Iterator[Thought | Text | Replaced]:
        self._said = said
        thinking, answer = budgets or self._budgets()
        stream = self._model.stream(
            messages,
            closing_phrase=prompts.CLOSING[language],
            thinking_tokens=thinking,
            answer_tokens=answer,
        )
        try:
            for chunk in stream:
                said.metadata |= chunk.response_metadata
                for piece in read(chunk):
                    if piece.restated:
                        said.answer.clear()
                        said.thought.clear()
                        yield Replaced(prompts.RESTATED[language])
                    if piece.kind == "reasoning":
                        said.thought.append(piece.text)
                        yield Thought(piece.text)
                    else:
                        said.answer.append(piece.text)
                        yield Text(piece.text)
        finally:
            # Closing the stream is what stops the generation behind it.
            close = getattr(stream, "close", None)
            if close:
                close()

    def _budgets(self) -> tuple[int, int]:
        """Tokens for the thought and for the answer: at most half of the context together."""
        thinking, answer = self._options.thinking_tokens, self._options.answer_tokens
        if self._options.thinking is False:
            thinking = 0
        if context := getattr(self._model, "context", None):
            quarter = max(_LEAST_TOKENS, context // 4)
            return min(thinking, quarter), min(answer, quarter)
        return thinking, answer

    def _fitting(
        self, question: str, language: Language, hits: Sequence[Hit], history: Sequence[Turn]
    ) -> list[BaseMessage]:
        """The prompt with as many of the best passages, kept whole, as the context holds.

        Earlier turns give way when they leave no room for a few passages. Raises ModelError when
        not even one passage fits.
        """
        context = getattr(self._model, "context", None)
        told = [turn for turn in history if turn.answer.strip()]  # others were stopped
        recent = [told[-_TURNS:], told[-1:], []] if told else [[]]
        if context is None:
            return self.messages(question, language, hits, recent[0])
        room = context - _SPARE - sum(self._budgets())
        for turns in recent:
            fewest = min(_WANTED, len(hits)) if turns else 1
            for count in range(len(hits), fewest - 1, -1):
                messages = self.messages(question, language, hits[:count], turns)
                if self._model.count_tokens(messages) <= room:  # type: ignore[attr-defined]
                    return messages
        raise ModelError(
            f"{self.name}: its context of {context} tokens is too small for the question and one "
            "passage; use a model with a larger one, or lower the budgets in rag.toml"
        )

    @staticmethod
    def messages(
        question: str, language: Language, hits: Sequence[Hit], history: Sequence[Turn]
    ) -> list[BaseMessage]:
        """The prompt: rules, the last turns without thoughts or markers, passages, the question."""
        found: list[BaseMessage] = [
            SystemMessage(prompts.SYSTEM[language].format(refusal=prompts.REFUSAL[language]))
        ]
        for turn in history[-_TURNS:]:
            asked, said = _defused(turn.question), _defused(citations.strip(turn.answer))
            found += [HumanMessage(asked), AIMessage(said)]
        passages = "\n\n".join(_passage(n, hit, language) for n, hit in enumerate(hits, 1))
        text = prompts.ASK[language].format(passages=passages, question=_defused(question))
        return [*found, HumanMessage(text)]


def _passage(number: int, hit: Hit, language: Language) -> str:
    # A number in square brackets inside an article would look like one of ours.
    return prompts.PASSAGE[language].format(
        number=number,
        title=_BRACKETS.sub(r"(\1)", _defused(hit.title)),
        language=prompts.LANGUAGES[language][hit.language],
        date=hit.published or prompts.UNDATED[language],
        text=_BRACKETS.sub(r"(\1)", _defused(hit.text)),
    )


def _defused(text: str) -> str:
    """A text in which nothing ends a passage, a turn or a thought: a space breaks what could.

    Models on this machine encode such strings as plain text anyway; a server may not, and a model
    that copied one into its thought would end the thought.
    """
    return _CONTROL.sub(lambda found: f"{found[0]} ", text)


def _in_other_language(answer: str, language: Language) -> bool:
    """Whether an answer, quotations aside, is not in the language it should be in."""
    own = _QUOTED.sub(" ", citations.strip(answer))
    return sum(map(str.isalpha, own)) >= _LETTERS_TO_JUDGE and language_of(own) != language
