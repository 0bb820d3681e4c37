"""Lexical and dense scores into one, language by language, and the two lists into one.

Adding BM25 divided by the best BM25 to a weighted cosine beat reciprocal rank fusion on every task
it was tried on. Across languages terms rarely meet, so the cosine weighs more there. The best in the
question's language are then looked at sentence by sentence, which rewards words that stand
together, the best in the other by the translations and sounds of its words that they hold. The
lists of both languages are merged by how much of the question their passages hold, above all of its
names, and by how far they stand out in their language: on this scale a passage and one in the other
language can be compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from corpus.text import sentences
from index.asking import Asked
from index.described import Described
from index.encoder import Encoder, Vectors
from index.holding import holding, named
from index.store import StoredPassage
from index.terms import Weights

_FEW = 3
"""So many passages of a language may stand out from the others found."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """`pool` candidates from each view; the cosine's weight within and `across` languages; how many
    of the best are `rescored` within a language and `compared` across, only so many as are `glanced` at
    where the former hold a `sure` share of the question; what the former's best
    sentence's term coverage, that of it with its neighbours, its cosine, and the question's `words`
    in the whole passage are worth, and what the words `held` by the latter are worth, and the names
    `named` there as they sound; the least `share` of the merged list that each language gets while
    its passages stand at most `margin` log odds below the best."""

    pool: int = 40
    within: float = 0.5
    across: float = 3.0
    rescored: int = 8
    compared: int = 20
    glanced: int = 4
    sure: float = 0.75
    held: float = 0.5
    named: float = 0.6
    sentence: float = 0.3
    around: float = 0.3
    cosine: float = 0.4
    words: float = 0.3
    share: float = 0.4
    margin: float = 3.0
    weights: Weights = field(default_factory=Weights)


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its score among those of its language (0 to 1), its cosine, its places in the
    two views (from 1), and the shares of the question, and of it in names and special words, that it
    holds."""

    passage: StoredPassage
    score: float
    cosine: float
    dense_rank: int | None
    lexical_rank: int | None
    held: tuple[float, float] = (0.0, 0.0)


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


def within(
    fusion: Fusion,
    encoder: Encoder,
    question: Asked,
    vector: Vectors,
    rarity: Mapping[str, float],
    ranked: Sequence[Scored],
) -> list[Scored]:
    """Passages in the question's language in the order that their best sentences give.

    `rarity` is the inverse document frequency of the question's terms, `vector` its unit vector.
    Scores stay within 0 and 1.
    """
    whole = 1.0 + fusion.sentence + fusion.around + fusion.cosine + fusion.words
    top = ranked[: fusion.rescored]
    cut = [[s.passage.text[a:b] for a, b in sentences(s.passage.text)] for s in top]
    flat = [text for texts in cut for text in texts]
    cosines = np.zeros(len(flat), np.float32)
    if flat and encoder.quick:
        cosines = encoder.encode_documents(flat) @ vector
    first, found = 0, []
    for scored, texts in zip(top, cut, strict=True):
        best = float(cosines[first : first + len(texts)].max(initial=0.0))
        first += len(texts)
        parts = [_head(scored.passage), *map(Described, texts)]
        alone, beside = _coverages([part.terms for part in parts], rarity)
        held = holding(question, Described(parts=parts), across=False)
        extra = fusion.sentence * alone + fusion.around * beside + fusion.cosine * best
        extra += fusion.words * held.coverage
        shares = (held.coverage, held.special)
        found.append(replace(scored, score=(scored.score + extra) / whole, held=shares))
    return _ordered(found, ranked[fusion.rescored :], whole)


def across(
    fusion: Fusion, question: Asked, ranked: Sequence[Scored], own: Sequence[Scored]
) -> list[Scored]:
    """Passages in the other language in the order that the words of the question they hold give.

    Where few of its words have a known translation (a mere name), that says little and weighs little.
    Fewer are compared where those of its `own` language hold most of the question already.
    """
    most = max((scored.held[0] for scored in own), default=0.0)
    compared = fusion.glanced if most >= fusion.sure else fusion.compared
    share = fusion.held * question.translated
    whole = 1 + share + fusion.named
    top, rest = ranked[:compared], ranked[compared:]
    texts = [_described(scored.passage) for scored in top]
    Described.together(texts)
    found, extras = list[Scored](), list[float]()
    for scored, text in zip(top, texts, strict=True):
        held = holding(question, text, across=True)
        extras.append(share * held.coverage + fusion.named * named(question, text))
        shares = (held.coverage, held.special)
        found.append(replace(scored, score=(scored.score + extras[-1]) / whole, held=shares))
    # Those that are only glanced over hold as much as any, or the others would seem to stand out.
    least = min(extras, default=0.0) if compared < fusion.compared else 0.0
    return _ordered(found, rest, whole, least)


def _ordered(
    found: list[Scored], rest: Sequence[Scored], whole: float, extra: float = 0.0
) -> list[Scored]:
    found.sort(key=lambda scored: (-scored.score, scored.passage.id))
    return [*found, *(replace(scored, score=(scored.score + extra) / whole) for scored in rest)]


def _head(passage: StoredPassage) -> Described:
    return Described(f"{passage.title}\n{passage.heading or ''}")


def _described(passage: StoredPassage) -> Described:
    return Described(parts=[_head(passage), Described(passage.text)])


def _coverages(parts: Sequence[frozenset[str]], rarity: Mapping[str, float]) -> tuple[float, float]:
    """The largest share of the question's rarity in one sentence, and in three in a row.

    `parts` are the terms of the head, which hold for every sentence, and of each sentence.
    """
    total = sum(rarity.values())
    if not total:
        return 0.0, 0.0
    head, *held = [rarity.keys() & part for part in parts]
    alone = [head | one for one in held]
    wide = [set().union(*alone[max(0, i - 1) : i + 2]) for i in range(len(alone))]
    share = [max((sum(rarity[t] for t in s) for s in sets), default=0.0) for sets in (alone, wide)]
    return share[0] / total, share[1] / total


def merge(fusion: Fusion, own: Sequence[Scored], other: Sequence[Scored]) -> list[Scored]:
    """Both languages in one list; the order inside each language stays.

    The scores of the merged list never rise.
    """
    if not own or not other:
        return list(own or other)
    lists = (own, other)
    heads = [
        _standings(ranked[: fusion.rescored], across=bool(side))
        for side, ranked in enumerate(lists)
    ]
    least = max(heads[0][0], heads[1][0]) - fusion.margin
    places, merged = [0, 0], list[Scored]()
    while places[0] < len(own) and places[1] < len(other):
        side = _turn(fusion, heads, places, least)
        merged.append(lists[side][places[side]])
        places[side] += 1
    merged += [*own[places[0] :], *other[places[1] :]]
    falling, score = [], 1.0
    for scored in merged:
        score = min(score, scored.score)
        falling.append(replace(scored, score=score))
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


def _standings(ranked: Sequence[Scored], *, across: bool) -> list[float]:
    """How likely each of the best passages of a language holds the answer, on a scale that both
    languages share (log odds).

    What a passage holds and its cosine were fitted by logistic regression on the questions of the
    sample corpus; what names weigh and how far it stands out, on those on articles and paragraphs of
    our own, so that the former lose nothing.
    """
    usual = [scored.score for scored in ranked[_FEW:]] or [ranked[-1].score]
    mean = sum(usual) / len(usual)
    return [
        5.0 * scored.held[0] + 2.0 * scored.held[1] + 5.0 * scored.cosine
        + 2.0 * (scored.score - mean) + 0.8 * across
        for scored in ranked
    ]  # fmt: skip
