"""A home folder with the sample articles indexed, made once; what a test changes is a copy."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from index import sync
from index.encoder import BUNDLED, BundledEncoder, Encoder
from index.search import Index
from index.sync import Report
from rag import library
from rag.answer import Answerer
from rag.settings import Settings


@pytest.fixture(scope="session")
def encoder() -> BundledEncoder:
    return BundledEncoder()


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The indexed samples. Shared: read it only."""
    folder = tmp_path_factory.mktemp("samples") / "home"
    steps = list(library.sync_paths(folder, Settings(), []))
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
