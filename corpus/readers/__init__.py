"""Bytes → `Article`: one small module for each family of formats."""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from pathlib import PurePosixPath

from corpus.article import Article
from corpus.errors import CorpusError
from corpus.readers import html, markdown, plain
from corpus.readers.draft import Draft
from corpus.text import language, normalise

_READERS: dict[str, Callable[[bytes, str], Draft]] = {
    "": plain.read,
    ".txt": plain.read,
    ".text": plain.read,
    ".md": markdown.read,
    ".markdown": markdown.read,
    ".html": html.read,
    ".htm": html.read,
    ".xhtml": html.read,
}

SUFFIXES = frozenset(_READERS)
"""The suffixes that can be read, lower-case with their dot; the empty one is a name without."""

# "회의록 2025.06.11" has no suffix: a suffix is a few letters and digits, beginning with a letter.
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,9}$")


def suffix(path: str) -> str:
    """The lower-case suffix of a path, with its dot, or the empty string."""
    found = _SUFFIX.search(PurePosixPath(path).name)
    return found[0].lower() if found and found.start() else ""


def read(data: bytes, *, id: str, source: str, path: str) -> Article:
    """The article in a file's bytes; the suffix of `path` says how they are to be read.

    Raises `CorpusError` naming `id` and the reason when there is nothing to read in them.
    """
    reader = _READERS.get(suffix(path))
    if reader is None:
        known = " ".join(sorted(SUFFIXES - {""}))
        raise CorpusError(f"{id}: files of type {suffix(path)} cannot be read; readable: {known}")
    draft = reader(data, id)
    text = normalise(draft.text)
    if not text:
        raise CorpusError(f"{id}: holds no text; remove it or put text into it")
    title = " ".join(normalise(draft.title or "").split())
    return Article(
        id=id,
        title=title or unicodedata.normalize("NFC", PurePosixPath(path).stem) or id,
        text=text,
        language=language(text),
        source=source,
        path=path,
        published=draft.published,
        digest=hashlib.sha256(data).hexdigest(),
    )
