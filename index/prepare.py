"""Articles cut and analysed: what of indexing needs no model, on every core when there is much of it."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from corpus.article import Article, Passage
from corpus.chunking import passages
from index.analysis import DocumentTerms, document_terms

# Below this a second process costs more than it saves.
_WORTH_IT = 300
_SLICE = 512

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Prepared:
    """An article with its passages and, in the same order, their search terms."""

    article: Article
    passages: list[Passage]
    terms: list[DocumentTerms]


def prepare(article: Article) -> Prepared:
    """Cut an article and analyse its passages."""
    cut = passages(article)
    return Prepared(article, cut, [document_terms(article.title, p.heading, p.text) for p in cut])


def spread(work: Callable[[T], R], items: Iterable[T], many: bool) -> Iterator[R]:
    """`work` on each item, in order; on all cores when there are `many`. Memory stays bounded."""
    workers = os.cpu_count() or 1
    if not many or workers < 2:
        yield from map(work, items)
        return
    # Not forked: threads of tokenizers and FAISS do not survive a fork.
    context = multiprocessing.get_context("spawn")
    source = iter(items)
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        ahead = [pool.map(work, part, chunksize=16) for part in (list(islice(source, _SLICE)),)]
        while ahead:
            part = list(islice(source, _SLICE))
            if part:
                ahead.append(pool.map(work, part, chunksize=16))
            yield from ahead.pop(0)


def is_many(count: int) -> bool:
    """Whether so many articles are worth more than one process."""
    return count >= _WORTH_IT
