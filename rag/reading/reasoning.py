"""The reader that asks a chat model: numbered passages in, thinking and a cited answer out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from corpus.article import Language
from corpus.text import language as language_of
from index.search import Hit
from rag import citations
from rag.events import Replaced, Text, Thought, Turn
from rag.models.chat import Options, read
from rag.models.errors import ModelError
from rag.reading import prompts

_TURNS = 4
_SPARE = 64
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|「[^」]*」|'[^']*'")
_BRACKETS = re.compile(r"\[(\d{1,3})\]")
_LETTERS_TO_JUDGE = 12


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

    def _once(
        self, messages: list[BaseMessage], language: Language, said: _Said
    ) -> Iterator[Thought | Text | Replaced]:
        stream = self._model.stream(messages, closing_phrase=prompts.CLOSING[language])
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

    def _fitting(
        self, question: str, language: Language, hits: Sequence[Hit], history: Sequence[Turn]
    ) -> list[BaseMessage]:
        """The prompt with as many of the best passages, kept whole, as the context holds.

        Raises ModelError when not even one passage fits.
        """
        context = getattr(self._model, "context", None)
        for count in range(len(hits), 0, -1):
            messages = self.messages(question, language, hits[:count], history)
            if context is None:
                return messages
            budget = self._options.answer_tokens + _SPARE
            if self._options.thinking is not False:
                budget += min(self._options.thinking_tokens, context // 2)
            if self._model.count_tokens(messages) + budget <= context:  # type: ignore[attr-defined]
                return messages
        raise ModelError(
            f"{self.name}: its context of {context} tokens is too small for the question and one passage; "
            "use a model with a larger one, or lower the budgets in rag.toml"
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
            found += [HumanMessage(turn.question), AIMessage(citations.strip(turn.answer))]
        passages = "\n\n".join(_passage(n, hit, language) for n, hit in enumerate(hits, 1))
        text = prompts.ASK[language].format(passages=passages, question=question)
        return [*found, HumanMessage(text)]


def _passage(number: int, hit: Hit, language: Language) -> str:
    # A number in square brackets inside an article would look like one of ours.
    return prompts.PASSAGE[language].format(
        number=number,
        title=hit.title,
        language=prompts.LANGUAGES[language][hit.language],
        date=hit.published or prompts.UNDATED[language],
        text=_BRACKETS.sub(r"(\1)", hit.text),
    )


def _in_other_language(answer: str, language: Language) -> bool:
    """Whether an answer, quotations aside, is not in the language it should be in."""
    own = _QUOTED.sub(" ", citations.strip(answer))
    return sum(map(str.isalpha, own)) >= _LETTERS_TO_JUDGE and language_of(own) != language
