"""The questions that the cross-encoder is trained on in turn, and the steps of its training."""

import random
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar

import torch

from index.expected import wanted

TOLD = 0.5
"""The share of questions on articles, which are the hardest."""
_NUMBERS = 3
"""How many in ten of those that ask for a number that is not there are taught."""
_HEAD = 7


class Question(Protocol):
    """A question that is taught; without answers it is one that nothing answers."""

    @property
    def kind(self) -> str: ...

    @property
    def question(self) -> str: ...

    @property
    def answers(self) -> tuple[str, ...]: ...


T = TypeVar("T", bound=Question)


class Decks(Generic[T]):
    """Questions dealt in random order, half of them on articles, each once before any comes again."""

    def __init__(self, found: Sequence[T]) -> None:
        print(f"{len(found)} questions", flush=True)
        self._told = _Deck(_even([each for each in found if each.kind == "told"]))
        self._others = _Deck([each for each in found if each.kind != "told"])

    def deal(self) -> T:
        """The next one."""
        return (self._told if random.random() < TOLD else self._others).deal()


class _Deck(Generic[T]):
    def __init__(self, whole: Sequence[T]) -> None:
        self._whole, self._left = whole, list[T]()

    def deal(self) -> T:
        if not self._left:
            self._left = random.sample(self._whole, len(self._whole))
        return self._left.pop()


def steps(
    body: Sequence[torch.nn.Parameter],
    head: Sequence[torch.nn.Parameter],
    count: int,
    rate: float,
    loss: Callable[[], torch.Tensor],
) -> Iterator[int]:
    """Train layers at most at a rate, and what stands on them faster, telling the loss; yields the
    number of steps done now and then."""
    groups: list[dict[str, Any]] = [{"params": body}, {"params": head}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    began, mean = time.time(), 0.0
    for step in range(1, count + 1):
        pace = min(1.0, step / 80) * max(0.02, 1 - step / count)
        for group, most in zip(optimiser.param_groups, (rate, _HEAD * rate), strict=True):
            group["lr"] = most * pace
        wrong = loss()
        optimiser.zero_grad()
        wrong.backward()
        torch.nn.utils.clip_grad_norm_(body, 1.0)
        optimiser.step()
        mean += 0.02 * (wrong.item() - mean)
        if step % 50 == 0:
            told = f"{step} loss {mean / (1 - 0.98**step):.3f} {time.time() - began:.0f}s"
            print(told, flush=True)
        if step % 500 == 0 or step == count:
            yield step


def _even(told: Sequence[T]) -> list[T]:
    """Questions on articles without most of those for a number that nothing answers.

    There would be nearly as many as answered ones, and any number would be mistrusted.
    """
    looks_alike = (not each.answers and wanted(each.question) == "number" for each in told)
    return [each for each, some in zip(told, looks_alike, strict=True) if not some or _chosen(each)]


def _chosen(case: Question) -> bool:
    return zlib.crc32(case.question.encode()) % 10 < _NUMBERS
