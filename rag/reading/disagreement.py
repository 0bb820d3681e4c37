"""Whether two articles give different values for what was asked."""

import re
from collections.abc import Sequence

from corpus.article import Language
from index.asking import Asked
from index.numbers import Quantity, quantities
from rag.reading.candidates import Candidate
from rag.reading.sources import beside

# Of two that disagree, each holds around its value at least these shares of the question, alone and with
# its title, and in the question's language the other comes this close to the best.
_CERTAIN = 0.5, 0.75
_OTHER = 0.4, 0.55
_RIVAL = 2.0
# Without that much around them, values of nearly the same size disagree when what stands after them is the
# same, both passages hold so much of the names, and the sentences come so close to each other; two large
# numbers are hardly nearly the same by chance.
_NAMED, _NEAR = 0.6, 3.0
_ALIKE = 0.6
_LARGE, _FURTHER = 1e6, 4.5
_COUNTED = tuple(
    re.compile(rf"[\s-]?(?:{words})", re.I)
    for words in (
        "㎏|kg|킬로그램|kilograms?", "t\\b|톤|tons?\\b|tonnes?", "㎞|km|킬로미터|kilomet", "m\\b|미터|met(?:er|re)s?",
        "㎡|제곱미터|square met", "명|people|employees|workers|staff|jobs|students|visitors|patients",
        "병상|beds", "시간|hours?", "분|minutes?", "일(?:간|\\s동안)|days?", "개월|months?", "년(?:간|\\s동안)|years?",
        "대|vehicles?|buses|cars|units", "채|homes|houses|apartments", "권|copies", "점|works|pieces|items",
        "곳|sites|places|stores|shops", "개국|countries", "가구|세대|households", "석|seats",
    )
)  # fmt: skip


def disagreeing(asked: Asked, language: Language, ranked: Sequence[Candidate]) -> Candidate | None:
    """A sentence of another article with another value for what was asked."""
    best = ranked[0]
    if not best.value:
        return None
    if not _sure_of(asked, language, best, _CERTAIN):
        return next((other for other in ranked[1:] if _close_to(best, other)), None)
    for other in ranked[1:]:
        value, same = other.value, other.hit.language == best.hit.language
        if not value or other.hit.article_id == best.hit.article_id:
            continue
        if same and best.score - other.score > _RIVAL:
            continue
        if _sure_of(asked, language, other, _OTHER):
            return other if _differ(best, other) else None
    return None


def _close_to(best: Candidate, other: Candidate) -> bool:
    """Whether another article tells nearly, but not quite, as many of the same."""
    a, b = best.value, other.value
    if not a or not b or other.hit.article_id == best.hit.article_id:
        return False
    gap, numbers = best.score - other.score, "date" not in (a.kind, b.kind)
    sizes = sorted((float(a.value), float(b.value))) if numbers else [0.0, 1.0]
    if min(best.named, other.named) < _NAMED or sizes[0] < _ALIKE * sizes[1]:
        return False
    large = sizes[0] >= _LARGE
    same = large or a.unit or a.kind == b.kind == "percent" or _counted(best) & _counted(other)
    return bool(same) and gap <= (_FURTHER if large else _NEAR) and _differ(best, other)


def _counted(told: Candidate) -> set[int]:
    """Which of the things that are counted stand right after a sentence's value."""
    assert told.value
    return {n for n, words in enumerate(_COUNTED) if words.match(told.text, told.value.end)}


def _differ(best: Candidate, other: Candidate) -> bool:
    """Whether two sentences give values that can be compared, neither of which the other's passage gives."""
    if not best.value or not other.value or not comparable(best.value, other.value):
        return False
    return not _gives(best, other.value) and not _gives(other, best.value)


def _sure_of(asked: Asked, language: Language, told: Candidate, least: tuple[float, float]) -> bool:
    """Whether at least these shares of the question stand around a value, alone and under the title."""
    alone, under = least
    if not told.value or told.features.near < alone:
        return False
    title = f"{told.hit.title}\n{told.hit.heading or ''}\n"
    held = beside(asked, told.text, told.value, across=told.hit.language != language, under=title)
    return held >= under


def _gives(candidate: Candidate, value: Quantity) -> bool:
    """Whether a sentence's passage gives this value too."""
    return any(_agree(value, other) for other in quantities(candidate.hit.text))


def comparable(a: Quantity, b: Quantity) -> bool:
    """Whether two values measure the same: both dates, or both numbers of one unit."""
    return (a.kind == "date") == (b.kind == "date") and a.unit == b.unit


def _agree(a: Quantity, b: Quantity) -> bool:
    """Whether two values can both be right: a coarser date is no contradiction."""
    if not comparable(a, b):
        return False
    if a.kind != "date":
        return abs(float(a.value) - float(b.value)) <= 0.005 * abs(float(a.value))
    first, second = a.value.removeprefix("--"), b.value.removeprefix("--")
    return first in second or second in first
