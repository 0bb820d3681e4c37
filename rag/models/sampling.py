"""The choice of the next token, and the guard against a model that repeats itself."""

import numpy as np
import torch

from rag.models.catalogue import Sampling

_WIDEST = 1024  # tokens looked at first for top-p, which seldom needs more


class Sampler:
    """Chooses a token from scores as a family's `Sampling` says; one draw for each token."""

    def __init__(self, sampling: Sampling, seed: int | None, device: torch.device) -> None:
        self._sampling = sampling
        self._generator = torch.Generator(device=device)
        if seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(seed)

    def __call__(self, logits: torch.Tensor, prompt: list[int], written: list[int]) -> int:
        """The next token's id for `logits` of shape (vocabulary,)."""
        if self._sampling.temperature == 0:
            return int(self._penalised(logits, prompt, written).argmax())
        scores = self._penalised(logits, prompt, written).float()
        values, ids = self._largest(scores / (self._sampling.temperature or 1.0))
        drawn = torch.multinomial(values.softmax(dim=-1), 1, generator=self._generator)
        return int(ids[drawn])

    def _largest(self, scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores and ids, best first, that top-k and top-p leave."""
        size = scores.shape[-1]
        top_k, top_p = min(self._sampling.top_k or size, size), self._sampling.top_p
        values, ids = scores.topk(top_k if top_k < size else min(_WIDEST, size))
        if top_k == size and (top_p is None or self._mass(values, scores)[-1] < top_p):
            values, ids = scores.sort(descending=True)
        if top_p is None:
            return values, ids
        mass = self._mass(values, values if top_k < size else scores)
        # As everywhere: the token that crosses the threshold is the last one kept.
        kept = 1 + int((mass < top_p)[:-1].sum())
        return values[:kept], ids[:kept]

    @staticmethod
    def _mass(values: torch.Tensor, among: torch.Tensor) -> torch.Tensor:
        """How much of the probability of `among` lies in the first of `values`, for each length."""
        return (values - among.logsumexp(dim=-1)).exp().cumsum(dim=-1)

    def _penalised(
        self, logits: torch.Tensor, prompt: list[int], written: list[int]
    ) -> torch.Tensor:
        """Repetition as in https://arxiv.org/abs/1909.05858, presence as servers have it."""
        repetition, presence = self._sampling.repetition_penalty, self._sampling.presence_penalty
        if repetition and repetition != 1.0:
            seen = torch.tensor(sorted({*prompt, *written}), device=logits.device)
            known = logits[seen]
            logits = logits.clone()
            logits[seen] = torch.where(known > 0, known / repetition, known * repetition)
        if presence and written:
            seen = torch.tensor(sorted(set(written)), device=logits.device)
            logits = logits.clone()
            logits[seen] -= presence
        return logits


class LoopGuard:
    """Sees when the last tokens are one stretch said over and over.

    For each period up to `longest`: how many of the last tokens equal the one a period earlier. A
    loop is a run of at least `fewest` tokens that makes five more rounds.
    """

    def __init__(self, longest: int = 256, fewest: int = 96) -> None:
        self._periods = np.arange(1, longest + 1)
        self._enough = np.maximum(fewest, 5 * self._periods)
        self._runs = np.zeros(longest, dtype=np.int64)
        self._last = np.full(longest, -1, dtype=np.int64)  # the latest first

    def add(self, token: int) -> bool:
        """Whether the tokens so far, this one included, end in a loop."""
        self._runs = np.where(self._last == token, self._runs + 1, 0)
        self._last = np.concatenate(([token], self._last[:-1]))
        return bool((self._runs >= self._enough).any())

    def clear(self) -> None:
        """Forget what came mass."""
        self._runs[:] = 0
        self._last[:] = -1
