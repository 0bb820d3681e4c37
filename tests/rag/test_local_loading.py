"""A local model is found, checked and weighed before it is loaded; what is wrong is one line."""

import gc
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from langchain_core.messages import AIMessage, HumanMessage
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, PreTrainedModel
from transformers.utils import logging as library_logging

from rag.models.catalogue import Sampling
from rag.models.chat import Options
from rag.models.errors import ModelError
from rag.models.local import LocalChat
from rag.models.memory import needs, tensors
from tests.rag import tiny_models

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("one_thread")]

QUESTION = HumanMessage("마지스트랄 스몰의 매개변수는 몇 개인가?")
PASSAGES = HumanMessage(
    "[1] 마지스트랄 스몰의 매개변수는 240억 개다.\n[2] EXAONE Deep: 32B.\n몇 개인가?"
)
SHORT = Options(
    thinking=True, thinking_tokens=24, answer_tokens=24, sampling=Sampling(temperature=0.0)
)


def test_memory_is_told_and_refused_before_loading(
    folders: dict[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    folder = folders["qwen3"]
    wanted = needs(folder, "float32")
    [header] = [tensors(folder / "model.safetensors")]
    assert wanted.weights == sum(4 * torch.Size(t.shape).numel() for t in header)
    assert needs(folder, "bfloat16").weights * 2 == wanted.weights
    assert wanted.per_position == 2 * 2 * 2 * 16 * 4  # keys and values, layers, heads, size, bytes
    with caplog.at_level(logging.INFO), pytest.raises(ModelError, match=r"needs 0\.2 GB of memory"):
        LocalChat(model=str(folder), memory_limit=1 << 20)
    assert "of memory" in caplog.text
    small = LocalChat(model=str(folder), memory_limit=wanted.total(2048) + 100)
    assert small.context == 2048
    assert LocalChat(model=str(folder), context_limit=512).context == 512


# --- what cannot be used -------------------------------------------------------------------------


def base_model(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()


def no_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()


def cut_short(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])


def cut_in_the_header(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:100])


def missing_shard(folder: Path) -> None:
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(str(index).replace("'", '"'))


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def half_the_weights(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if "layers.1" not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})


def encoder(folder: Path) -> None:
    tiny_models.edit_json(folder / "config.json", architectures=["BertModel"], model_type="bert")


def sentence_encoder(folder: Path) -> None:
    (folder / "modules.json").write_text("[]")


def own_code(folder: Path) -> None:
    tiny_models.edit_json(
        folder / "config.json",
        model_type="exaone",
        architectures=["ExaoneForCausalLM"],
        auto_map={"AutoModelForCausalLM": "modeling_exaone.ExaoneForCausalLM"},
    )


def broken_config(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "qwen3"')


def no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def unknown_architecture(folder: Path) -> None:
    tiny_models.edit_json(
        folder / "config.json", model_type="qwen99", architectures=["Qwen99ForCausalLM"]
    )


def broken_template(folder: Path) -> None:
    (folder / "chat_template.jinja").write_text("{% for m in messages %}")


def broken_generation_config(folder: Path) -> None:
    (folder / "generation_config.json").write_text('{"eos_token_id": ')


def other_tokenizer(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens([f"<extra{n}>" for n in range(50)])
    tokenizer.save_pretrained(folder)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (base_model, "base model"),
        (no_tokenizer, "no tokenizer"),
        (cut_short, "cut short"),
        (cut_in_the_header, "cut short"),
        (missing_shard, "model-00001-of-00002.safetensors is missing"),
        (pickled, "pickled weights"),
        (half_the_weights, "lacks .* of its weights"),
        (encoder, "no chat model but BertModel"),
        (sentence_encoder, "no chat model"),
        (own_code, "allow_remote_code"),
        (broken_config, r"config\.json"),
        (no_config, r"no config\.json"),
        (unknown_architecture, "cannot be loaded"),
        (broken_template, "template is broken"),
        (broken_generation_config, "cannot be loaded"),
        (other_tokenizer, "belongs to another model"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_model_that_cannot_be_used(
    spoil: Any, reason: str, folders: dict[str, Path], tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    folder = tmp_path / folders["qwen3"].name
    shutil.copytree(folders["qwen3"], folder)
    spoil(folder)
    library_logging.enable_progress_bar()
    capfd.readouterr()
    with pytest.raises(ModelError, match=reason) as caught:
        LocalChat(model=str(folder), options=SHORT)
    message = str(caught.value)
    assert folder.name in message and "\n" not in message and len(message) < 500
    assert capfd.readouterr() == ("", ""), "the libraries say nothing beside it"


def test_nothing_half_loaded_is_left(folders: dict[str, Path], tmp_path: Path) -> None:
    def models_alive() -> int:
        gc.collect()
        return sum(issubclass(type(thing), PreTrainedModel) for thing in gc.get_objects())

    before = models_alive()
    for spoil in (half_the_weights, other_tokenizer):
        folder = tmp_path / spoil.__name__ / folders["qwen3"].name
        shutil.copytree(folders["qwen3"], folder)
        spoil(folder)
        with pytest.raises(ModelError):
            LocalChat(model=str(folder))
    assert models_alive() == before


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Qwen/Qwen3-0.6B", "rag models pull Qwen/Qwen3-0.6B"),
        ("qwen3-0.6b", "rag models pull Qwen/Qwen3-0.6B"),
        ("Qwen/Qwen3-0.7B", r"did you mean Qwen/Qwen3-\d"),
        ("no such: name", "no such folder"),
        ("../nowhere", "no such folder"),
    ],
)
def test_a_name_that_does_not_exist(
    name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match=reason) as caught:
        LocalChat(model=name)
    assert "\n" not in str(caught.value)


def test_a_file_and_a_base_model_by_name(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="GGUF"):
        LocalChat(model=str(folders["qwen3"] / "model.safetensors"))
    shutil.copytree(folders["qwen3"], tmp_path / "Qwen3-0.0B-Base")
    with pytest.raises(ModelError, match="base model"):
        LocalChat(model=str(tmp_path / "Qwen3-0.0B-Base"))


def test_the_hubs_cache_is_found(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "models--Qwen--Qwen3-0.6B"
    shutil.copytree(folders["qwen3"], repository / "snapshots" / "c1899de289a0")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("c1899de289a0")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    for name in ("Qwen/Qwen3-0.6B", "qwen3-0.6b"):
        chat = LocalChat(model=name, options=SHORT)
        assert chat.family.name == "qwen3"
        assert chat.invoke([QUESTION]).text


def test_a_question_longer_than_the_context(folders: dict[str, Path]) -> None:
    chat = LocalChat(model=str(folders["qwen3"]), options=SHORT, context_limit=200)
    with pytest.raises(ModelError, match=r"take \d+ tokens.*context of 200") as caught:
        chat.invoke([HumanMessage(PASSAGES.text * 5)])
    assert "\n" not in str(caught.value)
    with pytest.raises(ModelError, match="context of 200"):
        chat.generate_batch([[QUESTION], [HumanMessage(PASSAGES.text * 5)]])


def test_messages_that_the_template_refuses(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(folders["qwen3"], tmp_path / "Qwen3-0.0B"))
    template = folder / "chat_template.jinja"
    strict = "{% if messages|length > 1 %}{{ raise_exception('one at a time') }}{% endif %}"
    template.write_text(strict + template.read_text(encoding="utf-8"), encoding="utf-8")
    chat = LocalChat(model=str(folder), options=SHORT)
    with pytest.raises(ModelError, match="one at a time"):
        chat.invoke([QUESTION, AIMessage("x"), QUESTION])
