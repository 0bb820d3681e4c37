"""The one error tree: every failure a person can mend is a `RagError` with a one-line message."""


class RagError(Exception):
    """Base of all expected failures. The message says what, why and what to do, in one line."""


class CorpusError(RagError):
    """A file, folder or page cannot be read as an article; names it and the reason."""
