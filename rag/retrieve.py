"""From a request to the passages that a reader is given."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import chain, zip_longest

from index.encoder import BUNDLED, BundledEncoder, Encoder
from index.search import Hit, Index
from rag.courtesy import essence
from rag.events import Request
from rag.facets import facets
from rag.keywords import spelled_out
from rag.reread import DEPTH, reread
from rag.timing import bare, is_only_news, newest_first, period

_DEEPER = 3


def retrieve(index: Index, request: Request, k: int, reranker: str = BUNDLED) -> list[Hit]:
    """The `k` best passages, best first, with a share for each language when both hold evidence.

    The question has to stand alone; what is said around it is left out. For a comparison each of its two things gets its
    share; words of time favour articles of that time, whose openings are the passages when nothing but
    its news are asked for. A `reranker` orders the first 20 by itself, the
    bundled one moves the first 12.
    """
    request = replace(request, question=spelled_out(essence(request.question)))
    meant = period(request.question, date.today())
    if meant and is_only_news(request.question):
        return index.newest(k, meant.holds, request.scope)
    parts = facets(request.question)
    if not parts:
        return _found(index, request, k, reranker)
    lists = [_found(index, replace(request, question=part), k, reranker) for part in parts]
    return _interleaved(lists)[:k]


def _found(index: Index, request: Request, k: int, reranker: str) -> list[Hit]:
    meant = period(request.question, date.today())
    depth = _DEEPER * k if meant else k
    question = bare(request.question) if meant else request.question
    if reranker == BUNDLED:
        hits = index.search(question, max(depth, DEPTH), request.scope)
        hits = reread(_quick(index), question, hits)
    elif reranker:
        from rag import rerank

        hits = index.search(question, max(depth, rerank.DEPTH), request.scope)
        hits = rerank.rerank(reranker, question, hits)
    else:
        hits = index.search(question, depth, request.scope)
    return (newest_first(hits, meant) if meant else hits)[:k]


def _quick(index: Index) -> Encoder:
    """What compares sentences in milliseconds: the index's own encoder, or the bundled one."""
    with index.store.snapshot() as snapshot:
        own = index.encoder(snapshot)
    return own if own.quick else _bundled()


@lru_cache(maxsize=1)
def _bundled() -> Encoder:
    return BundledEncoder()


def _interleaved(lists: Sequence[Sequence[Hit]]) -> list[Hit]:
    """The lists by turns, each passage once; scores never rise."""
    found: dict[int, Hit] = {}
    score = 1.0
    for hit in chain.from_iterable(zip_longest(*lists)):
        if hit is not None and hit.passage_id not in found:
            score = min(score, hit.score)
            found[hit.passage_id] = replace(hit, score=score)
    return list(found.values())
