"""One writer at a time; the second is told who the first is, and a dead one holds nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from index.encoder import BundledEncoder
from index.errors import StoreError
from index.lock import writer_lock
from index.search import Index

HOLD = """
import sys, time
from pathlib import Path
from index.lock import writer_lock
with writer_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(home: Path):
    """Another process that holds the write lock of `home`."""
    command = [sys.executable, "-c", HOLD, str(home / "index")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_writer_is_told_who_the_first_is(home: Path, holder: subprocess.Popen) -> None:
    command = [sys.executable, "-m", "ui.cli", "index", "--home", str(home)]
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert done.returncode == 1
    assert done.stdout == b""
    (line,) = done.stderr.decode().splitlines()
    assert f"process {holder.pid} " in line
    assert "try again" in line


def test_readers_do_not_wait_for_a_writer(
    home: Path, holder: subprocess.Popen, encoder: BundledEncoder
) -> None:
    hits = Index(home / "index", lambda name: encoder).search("마지스트랄 스몰의 매개변수", 3)
    assert hits[0].source == "samples"


def test_a_killed_holder_holds_nothing(home: Path, holder: subprocess.Popen) -> None:
    with pytest.raises(StoreError, match=f"process {holder.pid} "), writer_lock(home / "index"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with writer_lock(home / "index"):
        pass


def test_the_lock_is_free_after_its_block(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), writer_lock(tmp_path / "index"):
            raise ZeroDivisionError
    assert not (tmp_path / "index" / "writer.json").exists()


def test_a_failed_attempt_leaves_the_holders_note(tmp_path: Path) -> None:
    with writer_lock(tmp_path):
        for _ in range(2):
            with pytest.raises(StoreError, match=f"process {os.getpid()} "), writer_lock(tmp_path):
                pass
        assert (tmp_path / "writer.json").exists()


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="--home"), writer_lock(tmp_path / "file" / "index"):
        pass
