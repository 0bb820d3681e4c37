"""From a request to the passages that a reader is given."""

from dataclasses import replace

from index.search import Hit, Index
from rag.events import Request
from rag.followup import standalone


def complete(request: Request) -> Request:
    """The request with its question made to stand alone, and the history that this used up kept."""
    return replace(request, question=standalone(request.question, request.history))


def retrieve(index: Index, request: Request, k: int, reranker: str = "") -> list[Hit]:
    """The `k` best passages, best first, with a share for each language when both hold evidence.

    The question has to stand alone (`complete`). A `reranker` orders the first 20 by itself.
    """
    if not reranker:
        return index.search(request.question, k, request.scope)
    from rag.rerank import DEPTH, rerank

    hits = index.search(request.question, max(k, DEPTH), request.scope)
    return rerank(reranker, request.question, hits)[:k]
