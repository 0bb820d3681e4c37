"""Models on this machine: the list, the choice of `auto`, and getting one from a hub on loopback."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest

from rag.models import choose, manage, memory
from rag.settings import Generation, Settings
from tests.rag import tiny_models

pytestmark = pytest.mark.integration

SMALL, LARGE, OWN_CODE = "Qwen/Qwen3-0.6B", "Qwen/Qwen3-1.7B", "XiaomiMiMo/MiMo-7B-RL"
COMMIT = sha1(b"commit").hexdigest()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.build(tmp_path_factory.mktemp("tiny"), "qwen3", context=8192)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty hub cache, for us and for the hub's library."""
    folder = tmp_path / "hub"
    folder.mkdir()
    monkeypatch.setenv("HF_HUB_CACHE", str(folder))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder))
    monkeypatch.setattr(choose, "_chosen", {})
    return folder


def put(cache: Path, hub_id: str, files: Path, *, without: str = "") -> Path:
    """Lay a model's files into the cache as the hub's library does."""
    repository = cache / f"models--{hub_id.replace('/', '--')}"
    folder = repository / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    for file in files.iterdir():
        if file.name != without:
            (folder / file.name).symlink_to(file)
    return folder


# --- auto ----------------------------------------------------------------------------------------


def test_auto_is_the_builtin_reader_without_models(cache: Path) -> None:
    assert choose.pick(None, Settings()) == choose.BUILTIN
    assert choose.pick("auto", Settings(model="other")) == choose.BUILTIN
    assert choose.pick(None, Settings(model="other")) == "other"


def test_auto_takes_the_largest_that_fits(
    cache: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(cache, SMALL, tiny)
    put(cache, LARGE, tiny)
    assert [model.id for model in choose.cached()] == [LARGE, SMALL]
    monkeypatch.setattr(memory, "available", lambda device: 1 << 20)
    assert choose.pick(None, Settings()) == choose.BUILTIN, "neither fits"
    monkeypatch.setattr(memory, "available", lambda device: 1 << 40)
    assert choose.pick(None, Settings()) == LARGE
    monkeypatch.setattr(memory, "available", lambda device: 1 << 20)
    assert choose.pick(None, Settings()) == LARGE, "what it takes itself does not count against it"


@pytest.mark.parametrize("lacking", ["model.safetensors", "config.json"])
def test_auto_passes_by_what_is_half_there(cache: Path, tiny: Path, lacking: str) -> None:
    put(cache, SMALL, tiny)
    put(cache, LARGE, tiny, without=lacking)
    assert choose.pick(None, Settings()) == SMALL


def test_auto_passes_by_missing_and_damaged_weights(
    cache: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(cache, SMALL, tiny)
    folder = put(cache, LARGE, tiny, without="model.safetensors")
    shard = folder / "model-00001-of-00002.safetensors"
    shard.symlink_to(tiny / "model.safetensors")
    assert [model.id for model in choose.cached()] == [SMALL], "the second shard is still to come"
    shard.unlink()
    (folder / "model.safetensors").write_bytes((tiny / "model.safetensors").read_bytes()[:-9])
    assert choose.pick(None, Settings()) == SMALL


def test_auto_runs_no_foreign_code_unasked(cache: Path, tiny: Path) -> None:
    put(cache, OWN_CODE, tiny)
    assert choose.pick(None, Settings()) == choose.BUILTIN
    allowed = Settings(generation=Generation(allow_remote_code=(OWN_CODE,)))
    assert choose.pick(None, allowed) == OWN_CODE


def test_the_answer_says_which_model_it_was(
    cache: Path, tiny: Path, home: Path, rag: Callable[..., Any]
) -> None:
    (home / "rag.toml").write_text("[generation]\nthinking_budget = 8\nanswer_budget = 8\n")
    asking = ("ask", "마지스트랄 스몰의 매개변수는 몇 개인가?", "-k", "1", "--json", "--home", home)
    assert rag(*asking).json["reader"] == choose.BUILTIN
    put(cache, SMALL, tiny)
    assert rag(*asking).json["reader"] == SMALL


# --- the list ------------------------------------------------------------------------------------


def test_the_list(cache: Path, tiny: Path) -> None:
    put(cache, SMALL, tiny)
    rows = {row.id: row for row in manage.listed(Settings())}
    assert rows[SMALL].cached and rows[SMALL].fits and rows[SMALL].reasons
    assert rows[SMALL].memory < 3e8, "what the files say"
    assert not rows[LARGE].cached and rows[LARGE].memory > 3.4e9
    assert rows["deepseek-ai/DeepSeek-R1"].fits is False
    assert {"ko", "en"} <= set(rows[SMALL].languages)
    deep = rows["LGAI-EXAONE/EXAONE-Deep-2.4B"]
    assert deep.non_commercial and deep.own_code and "NC" in str(deep.licence)


def test_settings_are_read(tiny: Path, cache: Path) -> None:
    put(cache, SMALL, tiny)
    halved = replace(Settings(), generation=Generation(quantise="int8"))
    plain, small = manage.listed(Settings())[0], manage.listed(halved)[0]
    assert plain.id == small.id == SMALL and small.memory < plain.memory
