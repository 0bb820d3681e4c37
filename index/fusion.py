"""Lexical and dense scores into one: the sum that depends on whether languages differ.

Adding BM25 divided by the question's best BM25 to a weighted cosine beat reciprocal rank fusion on
every task it was tried on. Across languages terms rarely meet, so the cosine weighs more there. The
best candidates are then looked at sentence by sentence, which rewards words that stand together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.article import Language
from corpus.text import sentences
from index.analysis import terms
from index.encoder import Encoder, Vectors
from index.store import StoredPassage
from index.terms import Weights


@dataclass(frozen=True, slots=True)
class Fusion:
    """`pool` candidates from each view; the cosine's weight within and `across` languages; how many
    of the best are `rescored`, and what their best sentence's term coverage, that of it with its
    neighbours, and its cosine are worth."""

    pool: int = 100
    within: float = 0.5
    across: float = 2.0
    rescored: int = 10
    sentence: float = 0.3
    around: float = 0.3
    cosine: float = 0.3
    weights: Weights = Weights()


def fuse(
    fusion: Fusion,
    language: Language,
    passages: Mapping[int, StoredPassage],
    bm25: Mapping[int, float],
    cosines: Mapping[int, float],
) -> dict[int, float]:
    """Passage id → score from 0 to 1, before sentences are looked at."""
    best = max(bm25.values(), default=0.0) or 1.0
    scores = {}
    for i, passage in passages.items():
        weight = fusion.within if passage.language == language else fusion.across
        scores[i] = (bm25.get(i, 0.0) / best + weight * max(0.0, cosines.get(i, 0.0))) / (1 + weight)
    return scores


def rescore(
    fusion: Fusion,
    encoder: Encoder,
    vector: Vectors,
    rarity: Mapping[str, float],
    ranked: Sequence[tuple[StoredPassage, float]],
) -> list[tuple[StoredPassage, float]]:
    """The same passages in the order that their best sentences give; scores stay within 0 and 1.

    `rarity` is the inverse document frequency of the question's terms, `vector` its unit vector.
    """
    whole = 1.0 + fusion.sentence + fusion.around + fusion.cosine
    top = ranked[: fusion.rescored]
    cut = [[p.text[a:b] for a, b in sentences(p.text)] for p, _ in top]
    vectors = encoder.encode_documents([text for texts in cut for text in texts])
    cosines = vectors @ vector if len(vectors) else np.zeros(0, np.float32)
    first, found = 0, []
    for (passage, score), texts in zip(top, cut, strict=True):
        best = float(cosines[first : first + len(texts)].max(initial=0.0))
        first += len(texts)
        alone, beside = _coverages(passage, texts, rarity)
        extra = fusion.sentence * alone + fusion.around * beside + fusion.cosine * best
        found.append((passage, (score + extra) / whole))
    found.sort(key=lambda pair: (-pair[1], pair[0].id))
    return found + [(passage, score / whole) for passage, score in ranked[fusion.rescored :]]


def _coverages(
    passage: StoredPassage, texts: Sequence[str], rarity: Mapping[str, float]
) -> tuple[float, float]:
    """The largest share of the question's rarity in one sentence, and in three in a row.

    What the title and the heading say holds for every sentence.
    """
    total = sum(rarity.values())
    if not total:
        return 0.0, 0.0
    title = rarity.keys() & set(terms(f"{passage.title} {passage.heading or ''}"))
    held = [title | (rarity.keys() & set(terms(text))) for text in texts]
    wide = [set().union(*held[max(0, i - 1) : i + 2]) for i in range(len(held))]
    share = [max((sum(rarity[t] for t in s) for s in sets), default=0.0) for sets in (held, wide)]
    return share[0] / total, share[1] / total
