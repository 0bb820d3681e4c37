"""Lexical and dense scores into one, language by language, and the two lists into one.

Adding BM25 divided by the best BM25 to a weighted cosine beat reciprocal rank fusion on every task
it was tried on. Across languages terms rarely meet, so the cosine weighs more there. The best of a
language are then looked at sentence by sentence, which rewards words that stand together; and the
lists of both languages are merged by how much of the question their passages hold, which is the
one scale on which a passage and one in the other language can be compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from corpus.text import sentences
from index.analysis import terms
from index.asking import Asked, coverage, describe
from index.encoder import Encoder, Vectors
from index.store import StoredPassage
from index.terms import Weights


@dataclass(frozen=True, slots=True)
class Fusion:
    """`pool` candidates from each view; the cosine's weight within and `across` languages; how many
    of the best are `rescored`, and what their best sentence's term coverage, that of it with its
    neighbours, and its cosine are worth; the least `share` of the merged list that each language
    gets while its passages stand at most `margin` log odds below the best."""

    pool: int = 100
    within: float = 0.5
    across: float = 2.0
    rescored: int = 10
    sentence: float = 0.3
    around: float = 0.3
    cosine: float = 0.3
    share: float = 0.4
    margin: float = 3.0
    weights: Weights = field(default_factory=Weights)


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its score among those of its language (0 to 1) and its cosine."""

    passage: StoredPassage
    score: float
    cosine: float


def fuse(
    fusion: Fusion, bm25: Mapping[int, float], cosines: Mapping[int, float], *, across: bool
) -> list[tuple[int, float]]:
    """The candidates of one language, best first: (passage id, score from 0 to 1)."""
    best = max(bm25.values(), default=0.0) or 1.0
    weight = fusion.across if across else fusion.within
    found = [
        (i, (bm25.get(i, 0.0) / best + weight * max(0.0, cosines.get(i, 0.0))) / (1 + weight))
        for i in bm25.keys() | cosines.keys()
    ]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def rescore(
    fusion: Fusion,
    encoder: Encoder,
    vector: Vectors,
    rarity: Mapping[str, float],
    ranked: Sequence[Scored],
    *,
    across: bool,
) -> list[Scored]:
    """The same candidates in the order that their best sentences give; scores stay within 0 and 1.

    `rarity` is the inverse document frequency of the question's terms, `vector` its unit vector.
    Across languages terms say nothing, and the cosine has their weight too.
    """
    shares = (fusion.sentence, fusion.around, fusion.cosine)
    if across:
        shares = (0.0, 0.0, 2 * fusion.cosine)
    whole = 1.0 + sum(shares)
    top = ranked[: fusion.rescored]
    cut = [[s.passage.text[a:b] for a, b in sentences(s.passage.text)] for s in top]
    vectors = encoder.encode_documents([text for texts in cut for text in texts])
    cosines = vectors @ vector if len(vectors) else np.zeros(0, np.float32)
    first, found = 0, []
    for scored, texts in zip(top, cut, strict=True):
        best = float(cosines[first : first + len(texts)].max(initial=0.0))
        first += len(texts)
        alone, beside = _coverages(scored.passage, texts, rarity)
        extra = shares[0] * alone + shares[1] * beside + shares[2] * best
        found.append(Scored(scored.passage, (scored.score + extra) / whole, scored.cosine))
    found.sort(key=lambda scored: (-scored.score, scored.passage.id))
    rest = (Scored(s.passage, s.score / whole, s.cosine) for s in ranked[fusion.rescored :])
    return [*found, *rest]


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


def merge(
    fusion: Fusion, question: Asked, within: Sequence[Scored], across: Sequence[Scored]
) -> list[Scored]:
    """Both languages in one list; the order inside each language stays.

    The scores of the merged list never rise.
    """
    if not within or not across:
        return list(within or across)
    lists = (within, across)
    heads = [
        [_standing(question, scored, across=bool(side)) for scored in ranked[: fusion.rescored]]
        for side, ranked in enumerate(lists)
    ]
    least = max(heads[0][0], heads[1][0]) - fusion.margin
    places, merged = [0, 0], list[Scored]()
    while places[0] < len(within) and places[1] < len(across):
        side = _turn(fusion, heads, places, least)
        merged.append(lists[side][places[side]])
        places[side] += 1
    merged += [*within[places[0] :], *across[places[1] :]]
    falling, score = [], 1.0
    for scored in merged:
        score = min(score, scored.score)
        falling.append(Scored(scored.passage, score, scored.cosine))
    return falling


def _turn(fusion: Fusion, heads: list[list[float]], places: list[int], least: float) -> int:
    """Which language the next passage is taken from: 0 the question's own, 1 the other.

    The better one, unless the other is below its share; beyond what was compared, by turns.
    """
    own, other = (h[p] if p < len(h) else -9.0 - p for h, p in zip(heads, places, strict=True))
    better = int(other > own)
    behind = 1 - better
    due = int(fusion.share * (sum(places) + 1))
    return behind if places[behind] < due and min(own, other) >= least else better


def _standing(question: Asked, scored: Scored, *, across: bool) -> float:
    """How likely a passage holds the answer, on a scale that both languages share (log odds).

    Fitted by logistic regression on the questions of the sample corpus, five-fold.
    """
    passage = scored.passage
    text = describe(f"{passage.title}\n{passage.heading or ''}\n{passage.text}")
    return 5.0 * coverage(question, text, across=across) + 5.0 * scored.cosine + 0.5 * across
