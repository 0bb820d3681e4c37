"""Linear layers in eight bits for CPUs, and in four for the tokens that are written one by one.

int8: weights are rounded per output channel, activations per token, both symmetrically (the W8A8
scheme of https://arxiv.org/abs/2211.10438 without its smoothing), and multiplied by oneDNN in
torch. Processors without VNNI would overflow there, and be slow: on them the activations stay as
they are, in bfloat16, and torch's kernel for rounded weights multiplies. Rows do not see each other
either way, so a token gets the same numbers alone, in a batch or in a long prompt.

int4: what writing waits for is reading the weights. They are held a second time in four bits, with
a scale and a middle for every 32 of a row, and a few tokens at once are multiplied by those; a
prompt, which waits for arithmetic, takes the eight bits.

The output layer, a fourth of a small model, is read in four bits to find the tokens that come into
question; their scores are then computed with the weights as they are.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import torch
from torch import nn
from torch.nn.functional import cosine_similarity
from transformers import PreTrainedModel

from rag.models.cache import new_cache
from rag.models.errors import ModelError

Quantise = Literal["int8", "int4"]

_STEPS = 127
_LEAST_LIKENESS = {"int8": 0.97, "int4": 0.9}
_ROWS = 8_192
_LANES = 32  # of a row that the kernel for eight-bit weights reads at once, past its end if need be
# Of four bits: weights that share a scale, how many rows of them the kernel takes at once, the
# steps on either side of a group's middle, and for how many tokens it is the faster one.
_GROUP = 32
_BLOCK = 16
_HALF = 8
_FEW = 4
_SHORTLIST = 256  # tokens that the output layer scores exactly
_POSITIONS = 64  # scores of more would take more memory than the layers


class Rounder:
    """Activations in eight bits. Several layers in a row read the same ones: they are kept."""

    def __init__(self) -> None:
        self._last: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None = None

    def __call__(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """`x` rounded, int8 of the same shape, and the largest value of each row, float32."""
        last = self._last
        if last is None or last[0] is not x:
            largest = x.abs().amax(dim=-1, keepdim=True).float().clamp_(min=1e-12)
            last = x, (x * (_STEPS / largest)).round_().to(torch.int8), largest
            self._last = last
        return last[1], last[2]


class Int8Linear(nn.Module):
    """A linear layer in eight bits, made from one in floating point; any float in, the same out.

    `rounder` rounds the activations too, and may be shared with other layers of the same model;
    without one the weights alone are rounded.
    """

    def __init__(self, linear: nn.Linear, rounder: Rounder | None) -> None:
        super().__init__()
        weight = linear.weight.detach()
        scales = (weight.abs().amax(dim=1).float() / _STEPS).clamp_(min=1e-12)
        rounded = torch.empty(weight.shape, dtype=torch.int8)
        # Row by block of rows: an output layer in float32 as a whole would be larger than the model.
        for first in range(0, len(weight), _ROWS):
            rows = slice(first, first + _ROWS)
            rounded[rows] = (weight[rows].float() / scales[rows, None]).round_().to(torch.int8)
        self.bias = linear.bias
        self._rounder = rounder
        if rounder:
            self._scales, self._weight = scales, torch.ops.onednn.qlinear_prepack(rounded, None)
            self._zeros = torch.zeros(weight.shape[0], dtype=torch.int64)
        else:
            self._lacking = -weight.shape[1] % _LANES
            self._weight = nn.functional.pad(rounded, (0, self._lacking))
            self._scales = scales.bfloat16()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(…, in features) to (…, out features)."""
        made = self._rounded(x, self._rounder) if self._rounder else self._as_they_are(x)
        return made if self.bias is None else made.add_(self.bias)

    def _rounded(self, x: torch.Tensor, rounder: Rounder) -> torch.Tensor:
        """Times activations in eight bits."""
        rounded, largest = rounder(x)
        made: torch.Tensor = torch.ops.onednn.qlinear_pointwise(
            rounded, 1 / _STEPS, 0, self._weight, self._scales, self._zeros, None,
            1.0, 0, x.dtype, "none", [], "",
        )  # fmt: skip
        return made.mul_(largest)

    def _as_they_are(self, x: torch.Tensor) -> torch.Tensor:
        """Times activations in bfloat16, the type that the kernel is fast with."""
        rows = x.reshape(-1, x.shape[-1]).bfloat16()
        if self._lacking:
            rows = nn.functional.pad(rows, (0, self._lacking))
        made: torch.Tensor = torch.ops.aten._weight_int8pack_mm(rows, self._weight, self._scales)
        return made.to(x.dtype).reshape(*x.shape[:-1], -1)


@dataclass(frozen=True, slots=True)
class FourBits:
    """A weight matrix in four bits, laid out for torch's kernel: (rows, columns / 2) uint8, and
    step and middle of each group, (columns / 32, rows, 2) bfloat16."""

    packed: torch.Tensor
    scales: torch.Tensor

    @staticmethod
    def takes(linear: nn.Linear) -> bool:
        """Whether the shape of a layer is one that the kernel knows."""
        return linear.out_features % _BLOCK == 0 and linear.in_features % _GROUP == 0

    @classmethod
    def of(cls, weight: torch.Tensor) -> "FourBits":
        """Round a weight of shape (rows, columns), any float."""
        scales, packed = [], []
        for first in range(0, len(weight), _ROWS):
            rows = weight[first : first + _ROWS].detach().float()
            groups = rows.reshape(len(rows), -1, _GROUP)
            low, high = groups.amin(dim=-1), groups.amax(dim=-1)
            step = ((high - low) / (2 * _HALF - 1)).clamp_(min=1e-8)
            rounded = ((groups - low[..., None]) / step[..., None]).round_().to(torch.int32)
            packed.append(torch.ops.aten._convert_weight_to_int4pack_for_cpu(rounded.flatten(1), 1))
            scales.append(torch.stack([step, low + _HALF * step], dim=-1).to(torch.bfloat16))
        return cls(torch.cat(packed), torch.cat(scales).transpose(0, 1).contiguous())

    def times(self, rows: torch.Tensor) -> torch.Tensor:
        """(tokens, columns) of any float to (tokens, rows) of the same."""
        made: torch.Tensor = torch.ops.aten._weight_int4pack_mm_for_cpu(
            rows.to(torch.bfloat16), self.packed, _GROUP, self.scales
        )
        return made.to(rows.dtype)


class Int4Linear(Int8Linear):
    """A linear layer in four bits for a few tokens, in eight for more."""

    def __init__(self, linear: nn.Linear, rounder: Rounder | None) -> None:
        super().__init__(linear, rounder)
        self._four = FourBits.of(linear.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(…, in features) to (…, out features)."""
        rows = x.reshape(-1, x.shape[-1])
        if len(rows) > _FEW:
            return super().forward(x)
        made = self._four.times(rows).reshape(*x.shape[:-1], -1)
        return made if self.bias is None else made.add_(self.bias)


class ShortlistLinear(nn.Module):
    """An output layer whose largest scores are exact and whose others come from four-bit weights.

    The weights of the layer it is made from stay in use: most models share them with the input.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = linear.weight, linear.bias
        self._four = FourBits.of(linear.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(…, in features) to (…, out features)."""
        rows = x.reshape(-1, x.shape[-1])
        scores = self._four.times(rows)
        if self.bias is not None:
            scores.add_(self.bias)
        best = scores.topk(min(_SHORTLIST, scores.shape[1]), dim=-1).indices
        for row, chosen in enumerate(best):
            bias = None if self.bias is None else self.bias[chosen]
            scores[row, chosen] = nn.functional.linear(rows[row], self.weight[chosen], bias)
        return scores.reshape(*x.shape[:-1], -1)


@lru_cache(maxsize=1)
def exact() -> bool:
    """Whether this processor multiplies activations in eight bits, and without overflowing.

    The extreme case tells: processors without VNNI add up pairs of products in 16 bits.
    """
    linear = nn.Linear(64, 16, bias=False)
    nn.init.ones_(linear.weight)
    try:
        made = Int8Linear(linear, Rounder())(torch.ones(1, 64))
    except (RuntimeError, NotImplementedError, AttributeError):
        return False
    return bool((made - 64).abs().max() < 0.5)


@torch.inference_mode()
def quantise(model: PreTrainedModel, name: str, how: Quantise, sample: list[int]) -> None:
    """Replace all linear layers of a model in place, the output layer among them.

    `sample`: token ids of any text of some length. Raises ModelError if the scores for its tokens
    change so much that answers would suffer.
    """
    ids = torch.tensor([sample[:_POSITIONS]])
    before = model(input_ids=ids, use_cache=False).logits.float()
    rounder = Rounder() if exact() else None
    last = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    # By name, so that each layer is let go once it is replaced.
    paths = [path for path, module in model.named_modules() if isinstance(module, nn.Linear)]
    for path in paths:
        parent, _, child = path.rpartition(".")
        holder = model.get_submodule(parent)
        linear = getattr(holder, child)
        setattr(holder, child, _smaller(linear, how, rounder, scores=linear is last))
    likeness = _likeness(before, _scores(model, ids, at_once=_FEW if how == "int4" else _POSITIONS))
    if likeness < _LEAST_LIKENESS[how]:
        raise ModelError(
            f"{name}: {how} changes its scores too much (likeness {likeness:.2f} of 1); "
            "load it without quantise"
        )


def _smaller(
    linear: nn.Linear, how: Quantise, rounder: Rounder | None, *, scores: bool
) -> nn.Module:
    four = FourBits.takes(linear)
    if scores and four:
        return ShortlistLinear(linear)
    return (Int4Linear if how == "int4" and four else Int8Linear)(linear, rounder)


def _scores(model: PreTrainedModel, ids: torch.Tensor, at_once: int) -> torch.Tensor:
    """Scores for all positions of `ids`, (1, positions), fed so many tokens at a time."""
    cache = new_cache(model)
    parts = [
        model(input_ids=part, past_key_values=cache) for part in torch.split(ids, at_once, dim=1)
    ]
    return torch.cat([part.logits.float() for part in parts], dim=1)


def _likeness(before: torch.Tensor, after: torch.Tensor) -> float:
    """Mean cosine of the scores per position, what all tokens share taken away."""
    one, other = (scores - scores.mean(dim=-1, keepdim=True) for scores in (before, after))
    return cosine_similarity(one, other, dim=-1).mean().item()
