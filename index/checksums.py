"""Checksums of the lexical view's files: Tantivy itself does not notice most flipped bytes.

Its segment files are written once and never changed, so that what was noted after a commit stays
true. A file that is not noted yet (a kill came between the commit and the note) is taken as it is.
"""

import json
import zlib
from pathlib import Path

_MUTABLE = ("meta.json", ".managed.json")
_MOST_READ = 512_000_000


def note(folder: Path) -> None:
    """Remember size and CRC-32 of the files that a commit left; known ones are not read again."""
    known = _noted(folder)
    found = {}
    for file in _files(folder):
        size = file.stat().st_size
        before = known.get(file.name)
        found[file.name] = (
            before if before and before[0] == size else [size, zlib.crc32(file.read_bytes())]
        )
    part = _note_path(folder).with_suffix(".part")
    part.write_text(json.dumps(found), encoding="utf-8")
    part.replace(_note_path(folder))


def damaged(folder: Path) -> bool:
    """Whether a noted file has changed. Contents are compared up to half a gigabyte, then sizes."""
    read = 0
    noted = _noted(folder)
    for file in _files(folder):
        if file.name not in noted:
            continue
        size, crc = noted[file.name]
        if file.stat().st_size != size:
            return True
        read += size
        if read <= _MOST_READ and zlib.crc32(file.read_bytes()) != crc:
            return True
    return False


def _files(folder: Path) -> list[Path]:
    return [
        file
        for file in folder.iterdir()
        if file.is_file() and file.name not in _MUTABLE and not file.name.endswith(".lock")
    ]


def _note_path(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.checksums")


def _noted(folder: Path) -> dict[str, list[int]]:
    try:
        noted: dict[str, list[int]] = json.loads(_note_path(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted
