"""What can go wrong with a language model."""

from corpus.errors import RagError


class ModelError(RagError):
    """A language model cannot be found, loaded or asked; names it, the reason and the way out."""
