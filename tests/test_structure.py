"""The repository is as it was drawn, and each check of `scripts/structure.py` finds its breach."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import structure
from typer.main import get_command

from ui.cli import app

QUESTION = "마지스트랄 스몰의 매개변수는 몇 개인가?"
SLOW_TO_IMPORT = {
    "torch", "gradio", "transformers", "sentence_transformers", "langchain", "langchain_core",
    "trafilatura", "lxml", "sklearn", "scipy", "tokenizers", "pydantic",
}  # fmt: skip


@pytest.fixture(scope="module")
def rooms() -> list[structure.Module]:
    return structure.modules(structure.ROOT)


def room(path: str, source: str) -> structure.Module:
    return structure.parse(path, source)


@pytest.mark.parametrize(
    "check",
    [
        structure.wrong_imports,
        structure.environment_readers,
        structure.pickles,
        structure.too_long,
    ],
    ids=lambda check: check.__name__,
)
def test_the_rooms_are_without_breach(rooms: list[structure.Module], check) -> None:
    assert {module.room for module in rooms} == {"corpus", "index", "rag", "ui"}
    breaches = [line for module in rooms for line in check(module)]
    assert not breaches, "\n".join(breaches)


def test_public_things_have_docstrings(rooms: list[structure.Module]) -> None:
    protocols = structure.protocol_methods(rooms)
    assert {"encode_documents", "encode_queries", "read"} <= protocols
    breaches = [line for module in rooms for line in structure.undocumented(module, protocols)]
    assert not breaches, "\n".join(breaches)


def test_the_readme_shows_the_commands_that_exist() -> None:
    readme = structure.ROOT / "README.md"
    assert readme.exists(), "README.md is missing"
    assert structure.command_block(readme.read_text("utf-8")), (
        "README.md has no fenced block with a line that begins with `rag index`"
    )
    assert list(structure.wrong_commands(readme.read_text("utf-8"), get_command(app))) == []


@pytest.mark.parametrize(
    ("path", "source", "lines"),
    [
        ("corpus/a.py", "import json\nfrom corpus.text import normalise\n", []),
        ("rag/a.py", "from index.search import Hit\nfrom corpus import article\n", []),
        ("corpus/a.py", "import index.store\n", [1]),
        ("index/a.py", "from rag.settings import load\n", [1]),
        ("index/a.py", "def f():\n    from ui import cli\n    return cli\n", [2]),
        ("index/a.py", "if TYPE_CHECKING:\n    import rag\n", [2]),
        ("rag/a.py", "import importlib\nimportlib.import_module('ui.app')\n", [2]),
        ("rag/models/a.py", "from ..answer import Answerer\nfrom ...ui import cli\n", [2]),
        ("ui/a.py", "import rag, benchmarks.reading\n", [1]),
    ],
)
def test_imports_run_in_one_direction(path: str, source: str, lines: list[int]) -> None:
    breaches = list(structure.wrong_imports(room(path, source)))
    assert [int(line.split(":")[1]) for line in breaches] == lines


@pytest.mark.parametrize(
    ("path", "source", "breaches"),
    [
        ("rag/settings.py", "import os\nos.environ['RAG_HOME']\n", 0),
        ("rag/a.py", "import os\nos.environ.get('HOME')\n", 1),
        ("rag/a.py", "import os\nos.environ['X'] = '1'\n", 1),
        ("index/a.py", "from os import getenv\ngetenv('HOME')\n", 1),
        ("index/a.py", "import os\nos.getpid()\nos.path.abspath('.')\n", 0),
        ("ui/cli.py", "home = Option('--home', envvar='RAG_HOME')\n", 1),
        ("ui/server.py", "import os\nos.environ['X'] = '1'\nos.environ.setdefault('Y', '2')\n", 0),
        ("ui/server.py", "import os\nprint(os.environ['X'])\n", 1),
    ],
)
def test_only_the_settings_read_the_environment(path: str, source: str, breaches: int) -> None:
    assert len(list(structure.environment_readers(room(path, source)))) == breaches


@pytest.mark.parametrize(
    ("source", "breaches"),
    [
        ("import pickle\n", 1),
        ("def f():\n    from joblib import load\n    return load\n", 1),
        ("import numpy as np\nnp.load('x', allow_pickle=True)\n", 1),
        ("import numpy as np\nnp.load('x', allow_pickle=False)\n", 0),
    ],
)
def test_nothing_is_pickled(source: str, breaches: int) -> None:
    assert len(list(structure.pickles(room("index/a.py", source)))) == breaches


def test_docstrings_are_asked_of_what_is_public() -> None:
    source = (
        "def public(): pass\n"
        "def _private(): pass\n"
        "def told():\n    '''What it does.'''\n"
        "class Shown:\n    def bare(self): pass\n    def read(self): pass\n"
        "    def __len__(self): return 0\n"
    )
    breaches = structure.undocumented(room("index/a.py", source), frozenset({"read"}))
    named = [line.split(": ")[1].split()[0] for line in breaches]
    assert named == ["public", "Shown", "Shown.bare"]


def test_long_files_and_functions_are_found() -> None:
    body = "".join(f"    x = {n}\n" for n in range(structure.LONGEST_FUNCTION - 1))
    assert list(structure.too_long(room("index/a.py", "def f():\n" + body))) == []
    assert len(list(structure.too_long(room("index/a.py", "def f():\n    y = 0\n" + body)))) == 1
    whole = "x = 1\n" * structure.LONGEST_FILE
    assert list(structure.too_long(room("index/a.py", whole))) == []
    assert len(list(structure.too_long(room("index/a.py", whole + "x = 1\n")))) == 1


def readme_of(*lines: str) -> str:
    return "\n".join(["# Title", "", "```sh", *lines, "```", ""])


def test_a_readme_that_disagrees_with_the_help_is_found() -> None:
    program = get_command(app)
    every = [f"rag {name} ARGUMENT  what it does" for name in program.commands]
    models = " ".join(program.commands["models"].commands) if "models" in program.commands else ""
    every = [f"{line} {models}" if line.startswith("rag models") else line for line in every]
    assert list(structure.wrong_commands(readme_of(*every), program)) == []

    def found(*lines: str) -> str:
        return "\n".join(structure.wrong_commands(readme_of(*lines), program))

    assert "leaves out `rag ask`" in found(*(x for x in every if not x.startswith("rag ask")))
    assert "`rag guess`, which is no command" in found(*every, "rag guess")
    assert "`rag search --fuzzy`" in found(*every, "rag search Q --fuzzy")
    assert found(*every, "rag search Q --json --lang ko --from IN.jsonl") == ""
    assert "no fenced block" in "\n".join(structure.wrong_commands("rag index\n", program))


def test_an_answer_imports_nothing_slow(sample_home: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "ui.cli", "ask", QUESTION, "--json"]
    done = subprocess.run(
        [*command, "--home", str(sample_home)], capture_output=True, timeout=60, check=True
    )
    assert json.loads(done.stdout)["citations"]
    lines = done.stderr.decode("utf-8").splitlines()
    imported = {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time")}
    assert {"numpy", "faiss", "tantivy", "rag.answer"} <= imported
    assert {name.partition(".")[0] for name in imported} & SLOW_TO_IMPORT == set()
