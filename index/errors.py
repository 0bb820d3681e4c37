"""What can go wrong in this room."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from zipfile import BadZipFile

from corpus.errors import RagError


class IndexMissing(RagError):
    """There is no index yet, or it holds nothing."""


class StoreError(RagError):
    """The database cannot be opened, read or written."""


class EncoderError(RagError):
    """An encoder, or a model that orders hits, cannot be found, loaded or used."""


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Of whatever says that a file of the package is missing or damaged, one EncoderError."""
    try:
        yield
    except (OSError, EOFError, LookupError, ValueError, BadZipFile, zlib.error) as error:
        raise EncoderError(f"{what} cannot be read ({error}): install the program again") from error
