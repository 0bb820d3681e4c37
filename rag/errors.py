"""What can go wrong in this room."""

from corpus.errors import RagError


class SettingsError(RagError):
    """`rag.toml` or the environment asks for something that does not exist."""


class QuestionError(RagError):
    """A question that cannot be asked: empty, far too long, or not text."""


class BatchError(RagError):
    """A batch that cannot be run at all."""
