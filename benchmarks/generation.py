"""Speed and memory of the local chat model beside transformers' own `generate`.

    python -m benchmarks.generation [--tiny | --layers 4] [--threads 2] [--tokens 64] [--save]

Weights are random, in the shape of Qwen3-0.6B (`--tiny`: a small one, to see that this runs).
Rounds alternate between what is compared, and the median counts. `--save` writes the figures to
`benchmarks/results/`.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import torch
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from transformers import AutoTokenizer, GenerationConfig
from transformers.generation.streamers import BaseStreamer

from rag.models import catalogue, memory
from rag.models.cache import Kept
from rag.models.catalogue import Sampling
from rag.models.chat import Options, collect
from rag.models.decoding import Lookup, decode
from rag.models.local import LocalChat
from rag.models.sampling import Sampler
from rag.models.sequence import Limits, Sequence
from rag.models.thinking import Splitter
from rag.models.voice import voice
from tests.rag import tiny_models

QWEN3_06B = {
    "vocab_size": 151_936, "hidden": 1024, "intermediate_size": 3072, "num_hidden_layers": 28,
    "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128, "context": 40_960,
    "tie_word_embeddings": True, "initializer_range": 0.02,
}  # fmt: skip
TINY = {"vocab_size": 2000, "hidden": 64, "context": 8192, "initializer_range": 0.02}
SYSTEM = SystemMessage("Answer from the passages only, and cite them by number like [1].")
QUESTION = "\n\n마지스트랄 스몰의 매개변수는 몇 개인가?"
GREEDY = Sampling(temperature=0.0)
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Speed:
    """Tokens a second after the first token, and seconds until it."""

    per_second: float
    first: float


class Clock(BaseStreamer):
    """Notes when `generate` hands over the prompt and each token."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def put(self, value: torch.Tensor) -> None:
        """One more token, or the prompt."""
        self.times.append(time.perf_counter())

    def end(self) -> None:
        """Nothing is left to do."""


def passages(chat: LocalChat, tokens: int) -> str:
    """About so many tokens of the sample articles."""
    texts = (p.read_text(encoding="utf-8") for p in sorted(tiny_models.ARTICLES.rglob("*.md")))
    text = "\n".join(texts)
    low, high = 0, len(text)
    while high - low > 16:
        middle = (low + high) // 2
        if chat.count_tokens([HumanMessage(text[:middle])]) < tokens:
            low = middle
        else:
            high = middle
    return text[:low]


def bare(chat: LocalChat, prompt: list[int], tokens: int) -> Speed:
    """`model.generate` on the same weights, with its default cache."""
    clock, ids = Clock(), torch.tensor([prompt])
    chat.weights.generate(  # type: ignore[operator]  # transformers types it as a tensor
        ids,
        attention_mask=torch.ones_like(ids),
        generation_config=GenerationConfig(max_new_tokens=tokens, do_sample=False),
        streamer=clock,
    )
    given, first, *_, last = clock.times
    return Speed((len(clock.times) - 2) / (last - first), first - given)


def ours(chat: LocalChat, messages: list[Any]) -> Speed:
    """The whole path: template, decoding, splitting, LangChain's stream."""
    outcome = collect(chat.stream(messages)).response_metadata
    return Speed(outcome["tokens_per_second"], outcome["first_token_seconds"])


def alternating(rounds: int, **runs: Callable[[], Speed]) -> dict[str, Speed]:
    """The medians of several rounds of all runs."""
    made: dict[str, list[Speed]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            made[name].append(run())
    return {
        name: Speed(
            statistics.median(s.per_second for s in speeds),
            statistics.median(s.first for s in speeds),
        )
        for name, speeds in made.items()
    }


class Dictated(Sequence):
    """An answer that copies a given text, whatever the scores are, as good answers copy."""

    def __init__(self, text: list[int], *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._dictated = iter(text)

    def choose(self, logits: torch.Tensor) -> int:
        """The next token of the text, after the work of choosing by scores."""
        super().choose(logits)
        return next(self._dictated)


def copying(chat: LocalChat, prompt: list[int], copied: list[int], *, lookup: bool) -> Speed:
    """Decoding an answer whose tokens stand in the prompt."""
    tokenizer = AutoTokenizer.from_pretrained(chat.model)
    answer = Dictated(
        copied, prompt, voice(tokenizer, chat.family, GenerationConfig()),
        Sampler(GREEDY, 0, torch.device("cpu")), Limits(0, len(copied), len(copied), 600.0),
        opened=False, closing=[],
    )  # fmt: skip
    for _ in decode(chat.weights, answer, Kept(), lambda: False, Lookup() if lookup else None):
        pass
    outcome = answer.outcome()
    assert outcome.tokens_per_second and outcome.first_token_seconds
    return Speed(outcome.tokens_per_second, outcome.first_token_seconds)


def second_turn(chat: LocalChat, text: str, first: str) -> Speed:
    """A follow-up question to the same passages, after the first answer."""
    chat.invoke([SYSTEM, HumanMessage(text + QUESTION)], answer_tokens=2)
    talk = [SYSTEM, HumanMessage(text + QUESTION), AIMessage(first), HumanMessage("왜?")]
    return ours(chat, talk)


def splitting(megabytes: float) -> float:
    """Megabytes of deltas that the splitter takes in a second."""
    family = catalogue.find("Qwen3-0.6B")
    assert family is not None
    text = "<think>\n" + "생각이 < 길다 and long. " * int(megabytes * 16_000)
    text += "</think>\n" + "답 [1] < answer. " * int(megabytes * 20_000)
    deltas = [text[at : at + 4] for at in range(0, len(text), 4)]
    splitter, began = Splitter(family.markup, opened=False), time.perf_counter()
    for delta in deltas:
        splitter.feed(delta)
    splitter.finish("stop")
    return len(text.encode()) / 1e6 / (time.perf_counter() - began)


def peak_of(folder: Path, quantise: Literal["int8", "int4"] | None) -> None:
    """Print the bytes that loading and one answer add to this process, at most."""
    before = _status("VmRSS")
    chat = LocalChat(model=str(folder), quantise=quantise, options=_options(8))
    chat.invoke([SYSTEM, HumanMessage(passages(chat, 500) + QUESTION)])
    print(_status("VmHWM") - before)


def _status(key: str) -> int:
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith(key):
                return int(line.split()[1]) * 1024
    return 0


def peak_memory(folder: Path) -> Iterator[tuple[str, int]]:
    """For each way of loading, its peak in a process of its own (Linux only)."""
    for quantise in ("", "int8", "int4"):
        command = [sys.executable, "-m", "benchmarks.generation", "--peak", str(folder)]
        done = subprocess.run(
            [*command, "--quantise", quantise], capture_output=True, text=True, check=True
        )
        yield quantise or "bfloat16", int(done.stdout.split()[-1])


def _options(tokens: int) -> Options:
    return Options(thinking=True, thinking_tokens=tokens, answer_tokens=tokens, sampling=GREEDY)


def measure(folder: Path, prompt_tokens: int, tokens: int, rounds: int) -> dict[str, Any]:
    """All figures for a model in a folder."""
    told: dict[str, Any] = {}
    settings: dict[str, Any] = {"model": str(folder), "options": _options(tokens)}
    chat = LocalChat(**settings, keep_prefix=False, lookup=False)
    messages = [SYSTEM, HumanMessage(passages(chat, prompt_tokens) + QUESTION)]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    prompt: list[int] = tokenizer.apply_chat_template(  # type: ignore[assignment]  # ids, as asked
        [{"role": "user", "content": m.text} for m in messages], add_generation_prompt=True,
        return_dict=False,
    )  # fmt: skip
    settings |= {"keep_prefix": False, "lookup": False}
    small, smaller = (LocalChat(**settings, quantise=how) for how in ("int8", "int4"))
    speeds = alternating(
        rounds,
        generate=lambda: bare(chat, prompt, tokens),
        ours=lambda: ours(chat, messages),
        int8=lambda: ours(small, messages),
        int4=lambda: ours(smaller, messages),
    )
    told["decoding"] = {name: vars(speed) for name, speed in speeds.items()}
    for name in ("ours", "int8", "int4"):
        told[f"{name}_over_generate"] = speeds[name].per_second / speeds["generate"].per_second
    copied = prompt[len(prompt) // 4 :][: 2 * tokens]
    told["copying"] = {
        name: vars(speed)
        for name, speed in alternating(
            rounds,
            with_lookup=lambda: copying(chat, prompt, copied, lookup=True),
            without=lambda: copying(chat, prompt, copied, lookup=False),
        ).items()
    }
    kept = chat.model_copy(update={"keep_prefix": True})  # the same weights
    text = messages[1].text
    told["second_turn_first_token_seconds"] = {
        name: speed.first
        for name, speed in alternating(
            rounds,
            with_kept_prefix=lambda: second_turn(kept, text, "24B [1]."),
            without=lambda: second_turn(chat, text, "24B [1]."),
        ).items()
    }
    return told


def main() -> None:
    """Run everything and print it as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tiny", action="store_true", help="a small shape, to see that this runs")
    parser.add_argument("--layers", type=int, help="fewer layers of the same shape")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--prompt", type=int, default=512, help="tokens of the prompt")
    parser.add_argument("--tokens", type=int, default=64, help="tokens of an answer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--save", action="store_true", help="write to benchmarks/results/")
    parser.add_argument("--peak", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--quantise", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    if asked.peak:
        return peak_of(asked.peak, asked.quantise or None)
    with tempfile.TemporaryDirectory() as base:
        shape: dict[str, Any] = dict(TINY if asked.tiny else QWEN3_06B)
        if asked.layers:
            shape["num_hidden_layers"] = asked.layers
        folder = tiny_models.build(Path(base), "qwen3", dtype=torch.bfloat16, **shape)
        weights = memory.needs(folder, "bfloat16").weights
        told = {
            "date": date.today().isoformat(), "machine": platform.processor() or platform.machine(),
            "threads": asked.threads, "torch": torch.__version__, "shape": shape,
            "prompt_tokens": asked.prompt, "answer_tokens": asked.tokens,
            **measure(folder, asked.prompt, asked.tokens, asked.rounds),
            "weights_bytes": weights, "peak_bytes": dict(peak_memory(folder)),
            "splitter_megabytes_per_second": {size: splitting(size) for size in (0.5, 1.0, 2.0)},
        }  # fmt: skip
    print(json.dumps(told, indent=2, ensure_ascii=False))
    if asked.save:
        RESULTS.mkdir(exist_ok=True)
        file = RESULTS / f"generation-{told['date']}.json"
        file.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
