"""A chat model on this machine, by transformers. What its stream gives: see `rag.models.chat`."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr
from transformers import GenerationConfig, PreTrainedModel

from rag.models import memory
from rag.models.cache import Kept
from rag.models.catalogue import Family, Sampling
from rag.models.chat import Cancel, Options, chunk, collect, last_chunk
from rag.models.decoding import Lookup, decode, decode_batch
from rag.models.errors import ModelError
from rag.models.loading import (
    Files,
    generation_config,
    load_weights,
    one_line,
    pick_device,
    pick_dtype,
    read_files,
)
from rag.models.prompting import Prompter
from rag.models.quantise import Quantise, quantise
from rag.models.sampling import Sampler
from rag.models.sequence import Limits
from rag.models.sequence import Sequence as Answering
from rag.models.voice import Voice, voice

_LOG = logging.getLogger(__name__)
_SPARE = 32  # positions for what may be guessed or forced beyond the budgets
_LEAST_ANSWER = 64
_SAMPLE = (
    "요약: the quick brown fox, 빠른 갈색 여우가 게으른 개를 뛰어넘는다. 2025-06-10, 24B. " * 2
)
_UNTOLD = Sampling(temperature=0.6, top_p=0.95)  # a thought that is chosen greedily goes in circles


class LocalChat(BaseChatModel):
    """A reasoning model loaded from a folder, or by its hub name from the hub's cache.

    It is loaded when made, which takes seconds, and says before how much memory it will take (log,
    INFO). Nothing is downloaded. Raises ModelError, one line: there is no such model, its files
    are incomplete, it is of another kind, or memory is short; then nothing stays loaded.

    `model`: the folder or the name. `device`: "cpu", "cuda", "mps"; None chooses. `quantise`, on
    CPUs: "int8" for linear layers in eight bits, "int4" for tokens written in four as well.
    `allow_remote_code`: models, by the name given here, whose own Python code may run.
    `memory_limit`: bytes it may take; None is what is free. `context_limit`: tokens, if fewer than
    the model's own. `lookup` and `keep_prefix` make it faster and change no answer (with "int4" by
    its rounding only): guessing from the prompt, and the cache of the last prompt.
    """

    model: str
    device: str | None = None
    quantise: Quantise | None = None
    allow_remote_code: frozenset[str] = frozenset()
    memory_limit: int | None = None
    context_limit: int | None = None
    options: Options = Options()
    lookup: bool = True
    keep_prefix: bool = True

    _files: Files = PrivateAttr()
    _weights: PreTrainedModel = PrivateAttr()
    _prompter: Prompter = PrivateAttr()
    _voice: Voice = PrivateAttr()
    _sampling: Sampling = PrivateAttr()
    _positions: int = PrivateAttr()
    _row_limit: int = PrivateAttr()
    _kept: Kept = PrivateAttr(default_factory=Kept)

    def model_post_init(self, context: Any, /) -> None:
        """Load the model, cheap checks first."""
        super().model_post_init(context)
        files = read_files(self.model, self.allow_remote_code)
        device = pick_device(self.device)
        if self.quantise and device != "cpu":
            raise ModelError(
                f"{self.model}: {self.quantise} is for CPUs; leave quantise out on {device}"
            )
        dtype = pick_dtype(device, memory.stored_dtype(files.folder))
        self._positions = min(files.context, self.context_limit or files.context)
        self._row_limit = self._fit(files, device, dtype)
        with one_line(self.model):
            config = generation_config(files.folder)
            self._prompter = Prompter(self.model, files.folder, files.tokenizer, files.family)
            self._voice = voice(files.tokenizer, files.family, config)
        self._files, self._sampling = files, _own_sampling(config)
        self._weights = load_weights(files, device, dtype)
        if self.quantise:
            sample = files.tokenizer.encode(_SAMPLE, add_special_tokens=False)
            quantise(self._weights, self.model, self.quantise, sample)

    def _fit(self, files: Files, device: str, dtype: memory.DType) -> int:
        """Cut the context to what memory holds; how many tokens it holds in all."""
        wanted = memory.needs(files.folder, dtype, self.quantise)
        _LOG.info("%s: takes %s", self.model, wanted)
        free = memory.available(device) if self.memory_limit is None else self.memory_limit
        if free is None:  # not every system tells
            return self._positions
        memory.check(self.model, wanted, free, self._positions)
        self._positions = min(self._positions, wanted.positions(free))
        return wanted.positions(free)

    @property
    def _llm_type(self) -> str:
        return "local-transformers"

    @property
    def family(self) -> Family:
        """What the catalogue, or else the chat template, says of this model."""
        return self._files.family

    @property
    def weights(self) -> PreTrainedModel:
        """The loaded model itself, for measurements."""
        return self._weights

    @property
    def context(self) -> int:
        """Tokens that prompt and output may have together, memory considered."""
        return self._positions

    def count_tokens(self, messages: Sequence[BaseMessage], **changes: Any) -> int:
        """Tokens of the whole prompt for these messages, the template's own included."""
        options = replace(self.options, **changes)
        return len(self._prompter.ids(messages, self._thinks(options)))

    def generate_batch(
        self, conversations: Sequence[Sequence[BaseMessage]], *, at_once: int = 8,
        stop: list[str] | None = None, cancel: Cancel | None = None, **changes: Any,
    ) -> list[AIMessage]:  # fmt: skip
        """The answers to several conversations, in padded batches of up to `at_once`, in order.

        Greedy answers are the ones that single calls give. Raises ModelError.
        """
        options = replace(self.options, **changes)
        prompts = [self._prompter.ids(m, self._thinks(options)) for m in conversations]
        # Prompts of like length share a batch, which so wastes little on padding.
        waiting = sorted(range(len(prompts)), key=lambda number: len(prompts[number]))
        made: dict[int, AIMessage] = {}
        while waiting:
            longest = len(prompts[waiting[-1]]) + options.thinking_tokens + options.answer_tokens
            fit = max(1, min(at_once, self._row_limit // longest))
            batch, waiting = waiting[-fit:], waiting[:-fit]
            rows = [self._answering(prompts[number], options, stop) for number in batch]
            with _memory_errors(self.model):
                said = decode_batch(self._weights, rows, self._voice.pad, _asker(cancel))
            for number, row, pieces in zip(batch, rows, said, strict=True):
                made[number] = collect([*map(chunk, pieces), last_chunk(row.outcome())])
        return [made[number] for number in range(len(prompts))]

    def _stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None, *,
        cancel: Cancel | None = None, **changes: Any,
    ) -> Iterator[ChatGenerationChunk]:  # fmt: skip
        options = replace(self.options, **changes)
        prompt = self._prompter.ids(messages, self._thinks(options))
        answering = self._answering(prompt, options, stop)
        kept = self._kept if self.keep_prefix else Kept()
        lookup = Lookup() if self.lookup else None
        steps = decode(self._weights, answering, kept, _asker(cancel), lookup)
        try:
            while True:
                with _memory_errors(self.model):
                    pieces = next(steps, None)
                if pieces is None:
                    break
                yield from (ChatGenerationChunk(message=chunk(piece)) for piece in pieces)
        finally:
            steps.close()
        yield ChatGenerationChunk(message=last_chunk(answering.outcome()))

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None, **changes: Any,
    ) -> ChatResult:  # fmt: skip
        whole = collect(part.message for part in self._stream(messages, stop, **changes))
        return ChatResult(generations=[ChatGeneration(message=whole)])

    def _thinks(self, options: Options) -> bool:
        asked = self.family.switch.default_on if options.thinking is None else options.thinking
        return asked and self.family.reasons

    def _answering(self, prompt: list[int], options: Options, stop: list[str] | None) -> Answering:
        """A new answer to a prompt, its budgets fitted to the room that the prompt leaves."""
        closing = self._prompter.closing(options.closing_phrase)
        room = self._positions - len(prompt) - len(closing) - _SPARE
        if room < _LEAST_ANSWER:
            raise ModelError(
                f"{self.model}: question and passages take {len(prompt)} tokens, and its context "
                f"of {self._positions} has no room left for an answer; ask for fewer passages"
            )
        thinks = self._thinks(options)
        thinking = min(options.thinking_tokens, room // 2)
        if not thinks and not self.family.switch.off:
            thinking = 0  # it cannot be told not to think: its thought is closed at once
        limits = Limits(
            thinking, min(options.answer_tokens, room - thinking), room, options.time_limit
        )
        sampling = options.sampling or self._vendor_sampling(thinks)
        return Answering(
            prompt, self._voice, Sampler(sampling, options.seed, self._weights.device), limits,
            opened=self._prompter.opened(prompt), closing=closing, stop=tuple(stop or ()),
        )  # fmt: skip

    def _vendor_sampling(self, thinks: bool) -> Sampling:
        """The catalogue's, else that of generation_config.json, else a common one."""
        family = self.family.sampling if thinks else self.family.sampling_off
        common = _UNTOLD if thinks else Sampling(temperature=0.0)
        return next((known for known in (family, self._sampling) if known != Sampling()), common)


def _own_sampling(config: GenerationConfig) -> Sampling:
    if not config.do_sample:
        return Sampling()
    return Sampling(config.temperature, config.top_p, config.top_k, config.repetition_penalty)


def _asker(cancel: Cancel | None) -> Callable[[], bool]:
    return cancel.is_set if cancel else lambda: False


@contextmanager
def _memory_errors(name: str) -> Iterator[None]:
    """Running out of memory in the middle of an answer, as one line."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError) or "allocate" in str(error):
            raise ModelError(
                f"{name}: memory ran out; ask for fewer passages or choose a smaller model"
            ) from error
        raise
