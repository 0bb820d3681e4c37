"""Linear layers in eight and four bits, and what keeps them from spoiling answers."""

from pathlib import Path
from typing import get_args

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from rag.models.errors import ModelError
from rag.models.local import LocalChat
from rag.models.quantise import (
    FourBits,
    Int4Linear,
    Int8Linear,
    Quantise,
    Rounder,
    ShortlistLinear,
    exact,
    quantise,
)
from tests.rag import tiny_models

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_thread")]

TEXT = "[1] 마지스트랄 스몰의 매개변수는 240억 개다.\n[2] EXAONE Deep: 32B.\n몇 개인가?"
ROUNDERS = pytest.mark.parametrize(
    "rounder",
    [
        None,
        pytest.param(
            Rounder(),
            marks=pytest.mark.skipif(
                not exact(), reason="this processor overflows when both sides have eight bits"
            ),
        ),
    ],
)
WAYS = pytest.mark.parametrize("how", get_args(Quantise))


def loaded(folder: Path) -> tuple[PreTrainedModel, list[int]]:
    """A model in bfloat16 and a text in its tokens."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    return model, AutoTokenizer.from_pretrained(folder).encode(TEXT)


@WAYS
@pytest.mark.parametrize("kind", tiny_models.KINDS)
def test_scores_are_kept(kind: str, how: Quantise, folders: dict[str, Path]) -> None:
    model, ids = loaded(folders[kind])
    with torch.inference_mode():
        before = model(input_ids=torch.tensor([ids])).logits.float()
        quantise(model, kind, how, ids)
        after = model(input_ids=torch.tensor([ids])).logits.float()
    assert torch.cosine_similarity(before, after, dim=-1).min() > 0.9
    assert torch.cosine_similarity(before, after, dim=-1).mean() > 0.99


@WAYS
def test_a_model_that_rounding_would_spoil_is_refused(
    how: Quantise, folders: dict[str, Path]
) -> None:
    model, ids = loaded(folders["llama"])
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, torch.nn.Linear):  # a few huge weights leave no steps for the rest
                layer.weight[:, ::16] *= 0.001
                layer.weight[:, 1::32] += 40
    with pytest.raises(ModelError, match=f"{how} changes its scores too much"):
        quantise(model, "spoilt", how, ids)


@ROUNDERS
def test_eight_bits_change_little(rounder: Rounder | None) -> None:
    torch.manual_seed(7)
    plain = torch.nn.Linear(90, 41)
    for rows in (torch.randn(2, 5, 90), torch.randn(1, 1, 90).bfloat16(), torch.ones(300, 90)):
        wanted = plain.to(rows.dtype)(rows)
        made = Int8Linear(plain, rounder)(rows)
        assert made.dtype == rows.dtype and made.shape == wanted.shape
        assert torch.cosine_similarity(made.float(), wanted.float(), dim=-1).min() > 0.999


@ROUNDERS
def test_the_largest_numbers_do_not_overflow(rounder: Rounder | None) -> None:
    plain = torch.nn.Linear(1024, 64, bias=False)
    torch.nn.init.ones_(plain.weight)
    assert torch.allclose(Int8Linear(plain, rounder)(torch.ones(3, 1024)), torch.tensor(1024.0))


@ROUNDERS
def test_rows_do_not_see_each_other(rounder: Rounder | None) -> None:
    linear = Int8Linear(torch.nn.Linear(96, 40), rounder)
    rows = torch.randn(9, 96) * torch.logspace(-2, 3, 9)[:, None]
    together = linear(rows)
    alone = torch.cat([linear(row[None]) for row in rows])
    torch.testing.assert_close(together, alone)
    assert torch.equal(linear(rows), together), "the same tensor once more"


@ROUNDERS
@pytest.mark.parametrize("bias", [True, False])
def test_few_tokens_take_four_bits_and_many_eight(bias: bool, rounder: Rounder | None) -> None:
    torch.manual_seed(7)
    plain, rows = torch.nn.Linear(96, 64, bias=bias), torch.randn(1, 9, 96)
    made, eight = Int4Linear(plain, rounder), Int8Linear(plain, rounder)
    assert torch.equal(made(rows), eight(rows))
    few = made(rows[:, :4])
    assert few.shape == (1, 4, 64) and not torch.equal(few, eight(rows[:, :4]))
    assert torch.cosine_similarity(few, plain(rows[:, :4]), dim=-1).min() > 0.99


def test_what_has_sixteen_values_is_exact_in_four_bits() -> None:
    weight = torch.randint(0, 16, (64, 96)).float()
    weight[:, ::32], weight[:, 1::32] = 0.0, 15.0  # so that every group spans all of them
    rows = torch.randint(-3, 4, (2, 96)).float()
    assert torch.equal(FourBits.of(weight).times(rows), (rows @ weight.T).bfloat16().float())


@pytest.mark.parametrize("bias", [True, False])
def test_the_best_scores_of_the_output_layer_are_exact(bias: bool) -> None:
    torch.manual_seed(7)
    exact = torch.nn.Linear(96, 4096, bias=bias)
    shortened, rows = ShortlistLinear(exact), torch.randn(2, 3, 96)
    wanted, made = exact(rows), shortened(rows)
    best = wanted.topk(20, dim=-1)
    torch.testing.assert_close(made.gather(-1, best.indices), best.values)
    assert torch.equal(made.topk(20, dim=-1).indices, best.indices)
    assert torch.cosine_similarity(made, wanted, dim=-1).min() > 0.99
    assert shortened.weight is exact.weight


def test_odd_shapes_are_left_to_eight_bits() -> None:
    assert FourBits.takes(torch.nn.Linear(96, 4096))
    assert not FourBits.takes(torch.nn.Linear(96, 4097))
    assert not FourBits.takes(torch.nn.Linear(90, 4096))


@WAYS
def test_rounded_weights_are_for_cpus(how: Quantise, folders: dict[str, Path]) -> None:
    with pytest.raises(ModelError, match=f"{how} is for CPUs"):
        LocalChat(model=str(folders["qwen3"]), quantise=how, device="cuda")
