"""`rag index` killed at any moment loses nothing, and the next run needs no repair."""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.encoder import BundledEncoder
from index.search import Index
from index.sync import Report
from rag import upkeep
from rag.settings import Settings

pytestmark = pytest.mark.integration

ARTICLES, SECTIONS = 24, 50  # more passages than go into one transaction
STABLE = {
    "mistral.md": "# 미스트랄\n\n미스트랄은 파리에 본사를 둔 회사다.\n",
    "exaone.md": "# EXAONE\n\nEXAONE Deep was made by LG AI Research in Seoul.\n",
    "kiwi.md": "# 키위\n\n뉴질랜드의 키위 수확량은 60만 톤이다.\n",
}
ASKED = {
    "news/mistral.md": "미스트랄의 본사는 어디인가?",
    "news/exaone.md": "Who made EXAONE Deep?",
    "news/kiwi.md": "뉴질랜드 키위 수확량은?",
}
Places = list[tuple[str, int, int]]

# A whole new index takes the old one's place by renaming folders; this kills the process after one.
KILLED_AFTER_RENAMING = """
import os, signal, sys
left = int(sys.argv.pop(1))
def killing(real):
    def call(*arguments, **named):
        global left
        real(*arguments, **named)
        left -= os.path.isdir(arguments[1])
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return call
os.rename, os.replace = killing(os.rename), killing(os.replace)
from ui.cli import main
main()
"""


class Torture:
    """A home folder whose articles change, and whose `rag index` is killed while it follows."""

    def __init__(self, folder: Path, encoder: BundledEncoder, seed: int) -> None:
        self.news, self.home = folder / "news", folder / "home"
        self._encoder, self._chance = encoder, random.Random(seed)
        self._round = 0
        self.news.mkdir()
        for name, text in STABLE.items():
            (self.news / name).write_text(text, encoding="utf-8")
        self.change()
        assert self._run([str(self.news)]) == 0
        self.expected = {i: self.places(self.home, ASKED[i])[:1] for i in ASKED}
        assert all(places[0][0] == i for i, places in self.expected.items())

    def change(self) -> None:
        """Every article but the stable ones is new, changed or gone."""
        self._round += 1
        for file in self.news.glob("bulk-*"):
            file.unlink()
        for number in self._chance.sample(range(2 * ARTICLES), ARTICLES):
            sections = (self.section(number, s) for s in range(SECTIONS))
            (self.news / f"bulk-{number}.txt").write_text("\n\n".join(sections), encoding="utf-8")

    def section(self, article: int, section: int) -> str:
        place = 1000 + article * SECTIONS + section
        return f"## 창고 {place}\n\n창고 {place}번에는 {self._round}호 사과가 들어 있다."

    def kill(self) -> bool:
        """Run `rag index`, kill it at a random moment of its work; False if it was done first."""
        return self._run([], self._chance.uniform(0, self._work)) == -signal.SIGKILL

    def _run(self, paths: list[str], killed_after: float | None = None) -> int:
        """The exit code. The clock starts when the process has said that it is the writer."""
        command = [sys.executable, "-m", "ui.cli", "index", *paths, "--home", str(self.home)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while process.poll() is None and not self._holds(process.pid):
            time.sleep(0.002)
        began = time.monotonic()
        try:
            code = process.wait(killed_after or 120)
            self._work = max(time.monotonic() - began, 0.05)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        return code

    def _holds(self, pid: int) -> bool:
        try:
            note = json.loads((self.home / "index" / "writer.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return bool(note["pid"] == pid)

    def places(self, home: Path, question: str, k: int = 3) -> Places:
        index = Index(home / "index", lambda name: self._encoder)
        return [(hit.article_id, hit.start, hit.end) for hit in index.search(question, k)]

    def check_nothing_lost(self) -> None:
        """On a copy, so that the next `rag index` meets what the kill has left."""
        copy = self.home.with_name("copy")
        shutil.copytree(self.home, copy)
        with Index(copy / "index", lambda name: self._encoder).store.snapshot() as snapshot:
            assert snapshot.check() is None
            assert {f"news/{name}" for name in STABLE} <= set(snapshot.article_ids())
        for article, places in self.expected.items():
            assert self.places(copy, ASKED[article])[:1] == places
        shutil.rmtree(copy)

    def check_next_run_completes(self) -> None:
        """All articles are there, every section is found as it now reads, and all is sound."""
        *_, report = upkeep.sync_paths(self.home, Settings(), [])
        assert isinstance(report, Report)
        assert report.skipped == ()
        index = Index(self.home / "index", lambda name: self._encoder)
        files = sorted(f"news/{file.name}" for file in self.news.iterdir())
        with index.store.snapshot() as snapshot:
            assert sorted(snapshot.article_ids()) == files
        for article, question, text in self.some_sections():
            hit = index.search(question, 1)[0]
            assert (hit.article_id, hit.text) == (article, text)
        assert upkeep.status(self.home).problems == ()

    def some_sections(self) -> Iterator[tuple[str, str, str]]:
        """(article, question, passage) of three random sections."""
        for file in self._chance.sample(sorted(self.news.glob("bulk-*")), 3):
            number = int(file.stem.partition("-")[2])
            heading, _, text = self.section(number, self._chance.randrange(SECTIONS)).partition(
                "\n\n"
            )
            yield f"news/{file.name}", f"{heading[3:]}번에는 무엇이 들어 있나?", text

    def check_against_a_fresh_index(self) -> None:
        """The same hits as an index that was never killed."""
        fresh = self.home.with_name("fresh")
        list(upkeep.sync_paths(fresh, Settings(), [str(self.news)]))
        questions = [*ASKED.values(), *(question for _, question, _ in self.some_sections())]
        for question in questions:
            assert self.places(self.home, question)[0] == self.places(fresh, question)[0]
        shutil.rmtree(fresh)


@pytest.fixture
def torture(tmp_path: Path, encoder: BundledEncoder) -> Callable[[int, int], None]:
    def run(kills: int, seed: int) -> None:
        scene = Torture(tmp_path, encoder, seed)
        killed = attempts = 0
        while killed < kills:
            attempts += 1
            assert attempts <= 4 * kills, "rag index is too fast to be killed at work"
            if attempts % 5 == 1:
                scene.change()
            killed += scene.kill()
            scene.check_nothing_lost()
            if attempts % 5 == 0:
                scene.check_next_run_completes()
        scene.check_next_run_completes()
        scene.check_against_a_fresh_index()

    return run


def test_ten_kills_lose_nothing(torture) -> None:
    torture(10, seed=20250611)


@pytest.mark.soak
def test_a_hundred_kills_lose_nothing(torture) -> None:
    torture(100, seed=20250318)


@pytest.mark.parametrize("renamings", [1, 2])
def test_a_rebuild_killed_between_renamings_loses_nothing(home: Path, rag, renamings: int) -> None:
    question = ["search", "마지스트랄 스몰", "--json", "-k", "1", "--home", home]
    before = rag(*question).json
    command = [sys.executable, "-c", KILLED_AFTER_RENAMING, str(renamings), "index", "--rebuild"]
    done = subprocess.run([*command, "--home", home], capture_output=True, timeout=60)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    assert rag(*question).json == before
    assert rag("index", "--home", home).code == 0
    assert rag("status", "--home", home).code == 0
    assert rag(*question).json == before
