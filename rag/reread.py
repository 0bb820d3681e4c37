"""The best hits in the order that the bundled cross-encoder's reading gives them."""

from collections.abc import Sequence
from dataclasses import replace

from corpus.article import Language
from corpus.text import language, sentences
from index.cross_encoder import Placed, cross_encoder
from index.encoder import Encoder
from index.search import Hit

DEPTH = 12
"""How many hits are read, a sentence of each: to read one takes milliseconds."""
# Log odds are worth this much of a score, in English, in Korean, and across; below the least none.
_WORTH = (0.05, 0.01, 0.04)
_LEAST = -8.0


def reread(encoder: Encoder, question: str, hits: Sequence[Hit]) -> list[Hit]:
    """The first 12 hits as what they say to the question moves them, each among those of its language.

    Which language stands at which place, and the scores of the places, stay as they are. Of each the
    sentence is read that `encoder` finds most like the question.
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
    """The log odds of each hit's sentence that is most like the question."""
    placed, places = list[Placed](), list[range]()
    for hit in hits:
        told = [text for a, b in sentences(hit.text) if (text := hit.text[a:b]) != hit.title]
        places.append(range(len(placed), len(placed) + len(told)))
        placed += map(Placed, [hit.title] * len(told), told, ["", *told])
    if not placed:
        return [_LEAST] * len(hits)
    asked = encoder.encode_queries([question])[0]
    alike = (encoder.encode_documents([each.sentence for each in placed]) @ asked).tolist()
    chosen = {own: max(own, key=alike.__getitem__) for own in places if own}
    odds = cross_encoder().odds(question, [placed[place] for place in chosen.values()]).tolist()
    known = dict(zip(chosen, odds, strict=True))
    return [known.get(own, _LEAST) for own in places]
