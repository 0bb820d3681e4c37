"""`rag models` on the command line: the list, a check of a model, and one line when it fails."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from rag.answer import Answerer
from rag.models.manage import QUESTION
from tests.rag import test_reasoning, tiny_models

pytestmark = pytest.mark.integration

CHECKED = {
    "model", "question", "answer", "answered", "cited", "thinking", "load_seconds",
    "first_token_seconds", "tokens", "tokens_per_second", "memory",
}  # fmt: skip
LISTED = {
    "id", "family", "billions", "memory", "fits", "cached", "licence", "non_commercial",
    "languages", "context", "reasons", "own_code",
}  # fmt: skip


def teach(answerer: Answerer, base: Path, thought: str, answer: str) -> Path:
    """A tiny model that says this to the question of the check."""
    folder = tiny_models.build(base, "qwen3", initializer_range=0.05, context=8192)
    roles = {"human": "user", "system": "system"}
    messages = test_reasoning.prompt(answerer, QUESTION, k=4)
    asked = [{"role": roles[message.type], "content": message.text} for message in messages]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    said = f"<think>\n{thought}\n</think>\n\n{answer}"
    assert tiny_models.teach(folder, [(asked, said)]) < 0.1
    torch.set_num_threads(threads)
    return folder


@pytest.fixture(scope="module")
def taught(answerer: Answerer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that answers."""
    return teach(answerer, tmp_path_factory.mktemp("taught"), *test_reasoning.SAID[QUESTION])


def test_the_list_for_people(rag: Callable[..., Any], home: Path) -> None:
    done = rag("models", "list", "--home", home)
    assert done.code == 0
    head, *rows = done.out.splitlines()
    assert head.split() == ["model", "params", "memory", "fits", "here", "licence", "languages"]
    [small] = [row for row in rows if row.startswith("Qwen/Qwen3-0.6B ")]
    assert small.split()[:3] == ["Qwen/Qwen3-0.6B", "0.6B", "1.4"]
    assert "Apache-2.0" in small and "ko en" in small
    assert all("(non-commercial)" in row for row in rows if "EXAONE-Deep" in row)
    assert rag("models").out == done.out


def test_the_list_as_json(rag: Callable[..., Any], home: Path) -> None:
    told = rag("models", "list", "--json", "--home", home).json
    assert told.keys() == {"models", "served"}
    assert all(row.keys() == LISTED for row in told["models"])
    assert len({row["id"] for row in told["models"]}) == len(told["models"]) > 40


def test_the_list_is_quick(home: Path) -> None:
    code = (
        "import sys; sys.argv = ['rag', 'models', 'list', '--home', sys.argv[1]]\n"
        "from ui.cli import main\n"
        "try: main()\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(home)], capture_output=True, text=True, timeout=60
    )
    imported = {name.partition(".")[0] for name in done.stderr.split()}
    assert "rag" in imported
    assert not imported & {"torch", "transformers", "huggingface_hub", "faiss", "numpy"}


def test_a_model_that_answers(rag: Callable[..., Any], taught: Path, home: Path) -> None:
    told = rag("models", "check", taught, "--json", "--home", home).json
    assert told.keys() == CHECKED
    assert (told["model"], told["question"]) == (str(taught), QUESTION)
    assert told["answer"] == test_reasoning.SAID[QUESTION][1]
    assert (told["answered"], told["cited"], told["thinking"]) == (True, True, "closed")
    assert told["tokens_per_second"] > 1 and told["memory"] > 50e6
    people = rag("models", "check", taught, "--home", home)
    assert people.code == 0
    assert "closed by the model" in people.out and "tokens a second" in people.out


def test_a_model_that_does_not_answer(
    rag: Callable[..., Any], answerer: Answerer, home: Path, tmp_path: Path
) -> None:
    """It thinks, closes its thought, and ends there."""
    mute = teach(answerer, tmp_path, "모르겠다.", "")
    done = rag("models", "check", mute, "--json", "--home", home)
    assert done.code == 1
    told = json.loads(done.out)
    assert (told["answered"], told["cited"], told["answer"]) == (False, False, "")
    assert told["thinking"] == "closed"
    assert "gave no answer" in done.err and done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("builtin", ("builtin: is no language model",)),
        ("no/such-model", ("no/such-model", "rag models list")),
        ("Qwen/Qwen3-235B-A22B", ("rag models pull Qwen/Qwen3-235B-A22B",)),
        ("openai:m", ("openai:m", "cannot be reached")),
    ],
)
def test_what_cannot_be_checked_is_one_line(
    rag: Callable[..., Any], home: Path, name: str, reasons: tuple[str, ...]
) -> None:
    server = ("--base-url", "http://127.0.0.1:9") if ":" in name else ()
    assert rag("models", "check", name, *server, "--home", home).failed(*reasons)


def test_a_broken_folder_is_one_line(rag: Callable[..., Any], home: Path, tmp_path: Path) -> None:
    folder = tiny_models.build(tmp_path, "qwen3")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    assert rag("models", "check", folder, "--home", home).failed("cut short", "once more")
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").unlink()
    assert rag("models", "check", folder, "--home", home).failed("has no tokenizer")
