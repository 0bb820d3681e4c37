"""One writer at a time, by a file lock that names its holder."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import StoreError


@contextmanager
def writer_lock(folder: Path, wait: float = 0.0) -> Iterator[None]:
    """Hold the folder's write lock; the system frees it when a holder dies, however it dies.

    Waits up to `wait` seconds. Raises StoreError naming the holder.
    """
    # Imported here: it brings asyncio along, which a question has no use for.
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "write.lock")
        lock.acquire(timeout=wait)
    except Timeout as error:
        raise StoreError(
            f"{_holder(folder)} is changing this index: try again when it has finished"
        ) from error
    except OSError as error:
        raise StoreError(
            f"{folder}: cannot be written ({error.strerror}); make it writable or choose another with --home"
        ) from error
    try:
        note = {"pid": os.getpid(), "since": time.strftime("%H:%M:%S")}
        (folder / "writer.json").write_text(json.dumps(note), encoding="utf-8")
        yield
    finally:
        (folder / "writer.json").unlink(missing_ok=True)
        lock.release()


def _holder(folder: Path) -> str:
    try:
        note = json.loads((folder / "writer.json").read_text(encoding="utf-8"))
        return f"process {note['pid']} (since {note['since']})"
    except (OSError, ValueError, KeyError):
        return "another process"
