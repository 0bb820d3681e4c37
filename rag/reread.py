"""The best hits in the order that the bundled cross-encoder's reading gives them."""

import heapq
from collections.abc import Sequence
from dataclasses import replace

from corpus.article import Language
from corpus.text import language, sentences
from index.cross_encoder import Placed, cross_encoder
from index.encoder import Encoder
from index.search import Hit

# How many hits are read, and how many sentences of each: those most like the question.
DEPTH, _SENTENCES = 16, 3
# Log odds are worth this much of a score, in English, in Korean, and across; below the least none.
_WORTH = (0.05, 0.02, 0.03)
_LEAST = -8.0


def reread(encoder: Encoder, question: str, hits: Sequence[Hit]) -> list[Hit]:
    """The first 16 hits as the sentences that answer best move them, each among those of its language.

    Which language stands at which place, and the scores of the places, stay as they are. `encoder`
    chooses the sentences that are read.
    """
    first, rest = hits[:DEPTH], hits[DEPTH:]
    spoken = language(question)
    read = zip(first, _odds(encoder, question, first), strict=True)
    moved = sorted(read, key=lambda pair: -pair[0].score - _worth(spoken, pair[0]) * pair[1])
    waiting: dict[Language, list[Hit]] = {"ko": [], "en": []}
    for hit, _ in moved:
        waiting[hit.language].append(hit)
    return [*(replace(waiting[h.language].pop(0), score=h.score) for h in first), *rest]


def _worth(asked: Language, hit: Hit) -> float:
    return _WORTH[2 if asked != hit.language else asked == "ko"]


def _odds(encoder: Encoder, question: str, hits: Sequence[Hit]) -> list[float]:
    """The highest log odds of each hit's sentences that are most like the question."""
    placed, places = list[Placed](), list[range]()
    for hit in hits:
        told = [text for a, b in sentences(hit.text) if (text := hit.text[a:b]) != hit.title]
        places.append(range(len(placed), len(placed) + len(told)))
        placed += map(Placed, [hit.title] * len(told), told, ["", *told])
    if not placed:
        return [_LEAST] * len(hits)
    asked = encoder.encode_queries([question])[0]
    alike = (encoder.encode_documents([each.sentence for each in placed]) @ asked).tolist()
    chosen = [heapq.nlargest(_SENTENCES, own, key=alike.__getitem__) for own in places]
    flat = [place for some in chosen for place in some]
    odds = cross_encoder().odds(question, [placed[place] for place in flat]).tolist()
    known = dict(zip(flat, odds, strict=True))
    return [max((known[place] for place in some), default=_LEAST) for some in chosen]
