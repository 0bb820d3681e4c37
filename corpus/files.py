"""Folders on disk → the files in them that can be read, in an order that does not change."""

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import CorpusError
from corpus.readers import SUFFIXES, suffix

LARGEST = 50 * 1024 * 1024
"""Bytes of the largest file that is read; articles are far smaller."""


@dataclass(frozen=True, slots=True)
class Found:
    """A readable file; `relative` is its path below the root, POSIX and NFC."""

    path: Path
    relative: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that would be read and cannot be, and why, in words for people.

    For a folder `relative` ends in `/`: nothing is known of what lies below it.
    """

    relative: str
    reason: str


def walk(root: Path) -> Iterator[Found | Unreadable]:
    """The files below a folder that have a readable suffix, or the one file that `root` is.

    Sorted by path. Hidden files and folders are left out, and so is every other type of file.
    Links to folders are reported, not followed, so that no file is met twice. One bad file never
    stops the walk; a root that is missing or cannot be listed raises `CorpusError` at once.
    """
    try:
        if root.is_file():
            return iter([_judged(root, _normal(root.name))])
        entries = _listed(root)
    except FileNotFoundError as error:
        raise CorpusError(f"{root}: does not exist; check the path") from error
    except OSError as error:
        raise CorpusError(
            f"{root}: cannot be opened ({error.strerror}); nothing is read"
        ) from error
    return _distinct(_below(entries, ""))


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        seen = [entry for entry in entries if not entry.name.startswith(".")]
    return sorted(seen, key=lambda entry: (_normal(entry.name), entry.name))


def _below(entries: list[os.DirEntry[str]], above: str) -> Iterator[Found | Unreadable]:
    for entry in entries:
        path, relative = Path(entry.path), above + _normal(entry.name)
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _below(_listed(path), relative + "/")
            elif entry.is_dir():
                reason = "is a link to a folder, which is not followed; index that folder itself"
                yield Unreadable(relative + "/", reason)
            elif suffix(relative) in SUFFIXES and (entry.is_file() or not path.exists()):
                yield _judged(path, relative)
        except OSError as error:
            yield Unreadable(relative + "/", f"cannot be opened ({error.strerror})")


def _judged(path: Path, relative: str) -> Found | Unreadable:
    """The file, unless one look shows that reading it would fail."""
    shown = relative.encode("utf-8", errors="replace").decode("utf-8")
    if shown != relative:
        return Unreadable(shown, "its name is not valid UTF-8; rename it")
    try:
        size = path.stat().st_size
    except OSError as error:
        return Unreadable(relative, f"cannot be opened ({error.strerror})")
    if size > LARGEST:
        reason = f"is too large ({size / 2**20:.0f} MB; at most {LARGEST // 2**20}); split it"
        return Unreadable(relative, reason)
    if not os.access(path, os.R_OK):
        return Unreadable(relative, "may not be read; change its permissions")
    return Found(path, relative)


def _distinct(found: Iterator[Found | Unreadable]) -> Iterator[Found | Unreadable]:
    """Two names that are one in NFC would be one article; the second is reported."""
    seen: set[str] = set()
    for item in found:
        if isinstance(item, Found) and item.relative in seen:
            yield Unreadable(item.relative, "has the same name as another file in NFC; rename it")
        else:
            seen.add(item.relative)
            yield item


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)
