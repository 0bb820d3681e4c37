"""Messages to the token ids of a prompt, by a model's chat template and its family's rules."""

import logging
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from jinja2 import TemplateError
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from transformers import PreTrainedTokenizerBase

from rag.models.catalogue import Family, SystemRule
from rag.models.chat import arrange
from rag.models.errors import ModelError
from rag.models.thinking import ends_inside

_LOG = logging.getLogger(__name__)
_PROBE = "qxprobe"
_TAIL = 32  # tokens at the end of a prompt that may hold an opening marker


class Prompter:
    """Renders prompts for one model. `opened` tells of a prompt whether it ends in a thought."""

    def __init__(
        self, name: str, folder: Path, tokenizer: PreTrainedTokenizerBase, family: Family
    ) -> None:
        self._name, self._tokenizer, self._family = name, tokenizer, family
        self._vendor = self._vendor_prompt(folder)
        # Any added token in an article is text, also one that the template builds from pieces.
        added = (token.content for token in tokenizer.added_tokens_decoder.values())
        tokenizer.chat_control_tokens = [token for token in added if not token.isspace()]
        self._encoding = Lock()  # the tokenizer switches its treatment of markers back and forth
        self._rule: SystemRule = family.system
        self.ids([HumanMessage("?")], thinking=True)  # a broken template shows now, not later
        if self._rule == "normal" and not self._system_arrives():
            self._rule = "none"

    def ids(self, messages: Sequence[BaseMessage], thinking: bool) -> list[int]:
        """The prompt's token ids. Raises ModelError if the template refuses these messages."""
        try:
            return self._render(arrange(messages, self._rule, self._vendor), thinking)
        except TemplateError as error:
            raise ModelError(
                f"{self._name}: its chat template refuses the messages ({error}); "
                "the template is broken, or questions and answers do not take turns"
            ) from error

    def closing(self, phrase: str) -> list[int]:
        """Tokens that end a thought: the phrase, then the marker; none without a marker."""
        marker = self._family.markup.closing
        with self._encoding:
            said = [
                self._tokenizer.encode(text, add_special_tokens=False)
                for text in (phrase, marker)
                if marker and text
            ]
        return [token for ids in said for token in ids]

    def opened(self, ids: list[int]) -> bool:
        """Whether a prompt ends with an opening marker, so that the output begins in a thought."""
        return ends_inside(str(self._tokenizer.decode(ids[-_TAIL:])), self._family.markup)

    def _render(self, messages: list[BaseMessage], thinking: bool) -> list[int]:
        roles = {"human": "user", "ai": "assistant", "system": "system"}
        switch: dict[str, Any] = self._family.switch.arguments(thinking)
        with self._encoding:
            rendered = self._tokenizer.apply_chat_template(
                [{"role": roles[message.type], "content": message.text} for message in messages],
                add_generation_prompt=True,
                sanitize_control_tokens=True,
                return_dict=False,
                **switch,
            )
        return list(rendered)

    def _system_arrives(self) -> bool:
        """Whether the template takes a system prompt: some refuse it, some drop it silently."""
        try:
            ids = self._render([SystemMessage(_PROBE), HumanMessage("?")], True)
        except TemplateError:
            return False
        return _PROBE in str(self._tokenizer.decode(ids))

    def _vendor_prompt(self, folder: Path) -> str:
        if self._family.system != "vendor" or not self._family.system_file:
            return ""
        path = folder / self._family.system_file
        if path.is_file():
            return path.read_text(encoding="utf-8").strip()
        _LOG.warning("%s: without its %s it may not think", self._name, self._family.system_file)
        return ""
