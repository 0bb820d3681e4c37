"""What can go wrong in this room."""

from corpus.errors import RagError


class IndexMissing(RagError):
    """There is no index yet, or it holds nothing."""


class StoreError(RagError):
    """The database cannot be opened, read or written."""


class EncoderError(RagError):
    """An encoder, or a model that orders hits, cannot be found, loaded or used."""
