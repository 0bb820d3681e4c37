"""A home folder with the sample articles indexed, made once; what a test changes is a copy."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

from index import sync
from index.encoder import BUNDLED, BundledEncoder, Encoder
from index.search import Index
from index.sync import Report
from rag import upkeep
from rag.answer import Answerer
from rag.settings import Settings
from ui.cli import main

# The same examples on every machine, however slow it is: a failure is everyone's failure.
hypothesis_settings.register_profile("house", deadline=None, derandomize=True)
hypothesis_settings.load_profile("house")


@pytest.fixture(scope="session")
def encoder() -> BundledEncoder:
    return BundledEncoder()


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The indexed samples. Shared: read it only."""
    folder = tmp_path_factory.mktemp("samples") / "home"
    steps = list(upkeep.sync_paths(folder, Settings(), []))
    assert isinstance(steps[-1], Report)
    assert steps[-1].added >= 24
    return folder


@pytest.fixture
def home(sample_home: Path, tmp_path: Path) -> Path:
    """A copy of the indexed samples that a test may change."""
    return Path(shutil.copytree(sample_home, tmp_path / "home"))


@pytest.fixture(scope="session")
def answerer(sample_home: Path, encoder: BundledEncoder) -> Answerer:
    return Answerer(Index(sample_home / "index", lambda name: encoder), Settings())


@pytest.fixture
def index(tmp_path: Path, encoder: BundledEncoder) -> Index:
    """An index with nothing in it yet, not even its file."""
    return Index(tmp_path / "index", lambda name: encoder)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """`write(folder, {"a.md": "text"})` makes files below tmp_path/folder and returns it."""

    def write_files(folder: str, files: dict[str, str | bytes]) -> Path:
        root = tmp_path / folder
        root.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return root

    return write_files


@pytest.fixture
def sync_root(encoder: BundledEncoder) -> Callable[..., Report]:
    """`sync_root(index, path)` plans and applies one root as the library does; its report."""

    def run(index: Index, path: Path, using: Encoder = encoder) -> Report:
        todo = plan(index, path)
        index.use(using)
        *_, report = sync.apply(index, todo, BUNDLED, using)
        assert isinstance(report, Report)
        return report

    def plan(index: Index, path: Path) -> sync.Plan:
        if not index.store.exists():
            return sync.plan(None, sync.locate(path, []))
        with index.store.snapshot() as snapshot:
            return sync.plan(snapshot, sync.locate(path, snapshot.sources()))

    return run


@pytest.fixture
def found() -> Callable[..., list[tuple[str, int, int]]]:
    """`found(index, question)`: where its hits stand, best first, as (article, start, end)."""

    def places(index: Index, question: str, k: int = 5) -> list[tuple[str, int, int]]:
        return [(hit.article_id, hit.start, hit.end) for hit in index.search(question, k)]

    return places


@dataclass(frozen=True, slots=True)
class Done:
    """What a run of the program left: its exit code, stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one line of stdout."""
        (line,) = self.out.splitlines()
        return json.loads(line)

    def failed(self, *said: str) -> bool:
        """Exit 1, nothing on stdout, and one line for people that says all of this."""
        assert (self.code, self.out) == (1, "")
        assert self.err.startswith("rag: ")
        assert self.err.count("\n") == 1, self.err
        return all(word in self.err for word in said)


@pytest.fixture
def rag(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """`rag("ask", …)` is the program without the start of a process."""

    def run(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["rag", *map(str, arguments)])
        capsys.readouterr()
        code: Any = 0
        try:
            main()
        except SystemExit as exited:
            code = exited.code
        out, err = capsys.readouterr()
        return Done(code or 0, out, err)

    return run


@pytest.fixture(scope="session")
def process() -> Callable[..., Done]:
    """`process("ask", …, home=…)` is a process of its own, with RAG_HOME in its environment."""

    def run(*arguments: str | Path, home: Path) -> Done:
        program = Path(sys.executable).with_name("rag")
        environment = os.environ | {"RAG_HOME": str(home)}
        done = subprocess.run(
            [program, *arguments], capture_output=True, timeout=60, env=environment
        )
        return Done(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))

    return run
