"""Which of the ranked sentences make the answer, and in which order."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from corpus.article import Language
from corpus.text import flat
from index.asking import Asked
from index.described import Described
from index.holding import coverage
from rag.reading.candidates import Candidate
from rag.reading.disagreement import comparable, disagreeing
from rag.reading.sources import ROW
from rag.timing import Period

_MOST = 3
_NEWS = 5
# Sentences of another article are said too when they are all but as likely as the best one, those of its
# own at most so many log odds below it, so close they may also be about the same thing at another time,
# and that after it, which may go on without naming what it is about, further still.
_AGAIN = 0.25
_CLOSE = 2.5
_NEXT = 3.0
# Where the best one holds this much of the question, one that holds less than this share of that is on
# something else.
_MUCH, _AS_MUCH = 0.5, 0.6
# An article whose title holds so much of a topic is on it.
_TITLED = 0.5
_POINTING = re.compile(r"(?:He|She|They)\b|(?:그|그녀|이들|이 사람)(?:는|가|은|이)\s")
# In the question's language a sentence with the best one's value leads from so far below it.
_LEADS = 7.5


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence of the answer; `dated` says its article's date, `disagrees` opens a contradiction."""

    candidate: Candidate
    dated: bool = False
    disagrees: bool = False


def choose(
    asked: Asked, language: Language, ranked: Sequence[Candidate], meant: Period | None
) -> list[Part]:
    """The parts of an answer to one question, from its sentences, best first (at least one)."""
    ordered = own_first(language, ranked)
    best = ordered[0]
    then = [c for c in ordered if meant and c.hit.published and meant.holds(c.hit.published)]
    if then and asked.wanted == "summary":
        first, *rest = _summarised(_on_topic(asked, language, then))
        return [replace(first, dated=True), *rest]
    if meant and (timely := _timely(ordered, meant)):
        return [Part(timely, dated=True)]
    if other := disagreeing(asked, language, ordered):
        pair = sorted((best, other), key=lambda c: c.hit.published or "")
        return [Part(pair[0], dated=True, disagrees=True), Part(pair[1], dated=True)]
    if asked.wanted == "summary":
        return _summarised(_on_topic(asked, language, ordered))
    if asked.wanted == "reason":
        return _explained(ordered)
    said = _close(ordered)
    return [*_named_before(said[0].candidate, ordered), *said] if asked.wanted == "person" else said


def reported(language: Language, candidates: Sequence[Candidate]) -> list[Part]:
    """What each passage opens with, those in the question's language rather than others, the newest
    first: the news of a time."""
    opening = {c.number: c for c in reversed(_prose(candidates))}
    chosen = sorted(opening.values(), key=lambda c: (c.hit.language != language, c.number))[:_NEWS]
    chosen.sort(key=lambda c: c.hit.published or "", reverse=True)
    return [Part(candidate, dated=True) for candidate in chosen]


def own_first(language: Language, ranked: Sequence[Candidate]) -> list[Candidate]:
    """The ranking, led by a sentence in the question's language if one near gives the best one's value."""
    best = ranked[0]
    for place, candidate in enumerate(ranked[:10]):
        if best.hit.language == language or not best.value:
            break
        value, near = candidate.value, best.score - candidate.score <= _LEADS
        same = value and comparable(value, best.value) and value.value == best.value.value
        if candidate.hit.language == language and near and same:
            return [candidate, *ranked[:place], *ranked[place + 1 :]]
    return list(ranked)


def _timely(ranked: Sequence[Candidate], meant: Period) -> Candidate | None:
    """The newest of the sentences that come close to the best one and fall into the period."""
    near = [c for c in ranked if ranked[0].score - c.score <= _CLOSE]
    fitting = [c for c in near if c.hit.published and meant.holds(c.hit.published)]
    return max(fitting, key=lambda c: (c.hit.published or "", c.score), default=None)


def _on_topic(asked: Asked, language: Language, ranked: Sequence[Candidate]) -> list[Candidate]:
    """The sentences of articles whose titles hold most of a topic first, in the question's language first."""

    def titled_so(candidate: Candidate) -> tuple[bool, bool]:
        across = candidate.hit.language != language
        named = coverage(asked, Described(candidate.hit.title), across=across) >= _TITLED
        return not named, named and across

    return sorted(ranked, key=titled_so)


def _summarised(ranked: Sequence[Candidate]) -> list[Part]:
    """The sentences that open the passages found of the best one's article, in its order."""
    said = _prose(c for c in ranked if c.hit.article_id == ranked[0].hit.article_id)
    opening = {c.number: c for c in reversed(said)}
    first = sorted(opening.values(), key=lambda c: c.start) if len(opening) > 1 else said
    return [Part(c) for c in first[:_MOST]]


def _explained(ranked: Sequence[Candidate]) -> list[Part]:
    """The best sentence and those after it in its passage, until the reason is told; then only those
    nearly as likely."""
    best = ranked[0]
    after = _prose(c for c in ranked if c.number == best.number and c.start > best.start)
    said = [best]
    for candidate in after[: _MOST - 1]:
        far = best.score - candidate.score > _NEXT
        if far and said[-1].features.because and not candidate.features.because:
            break
        said.append(candidate)
    return [Part(c) for c in said]


def _prose(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Sentences in the article's order, without rows of tables; all of them when it has no other."""
    found = sorted(candidates, key=lambda candidate: candidate.start)
    return [candidate for candidate in found if ROW not in candidate.text] or found


def _close(ranked: Sequence[Candidate]) -> list[Part]:
    """The best sentence and those of its language nearly as likely."""
    best = ranked[0]
    near = [
        c
        for c in _distinct(ranked)
        if best.score - c.score <= _within(best, c)
        and c.hit.language == best.hit.language
        and not _on_less(best, c)
    ]
    return [Part(c) for c in near[:_MOST]]


def _named_before(told: Candidate, ranked: Sequence[Candidate]) -> list[Part]:
    """Before a sentence that says `he` the one that says who that is, if it is right before it."""
    if not _POINTING.match(told.text):
        return []
    same = (c for c in ranked if c.number == told.number and c.text == told.before)
    return [Part(candidate) for candidate in same]


def _on_less(best: Candidate, other: Candidate) -> bool:
    """Whether another sentence is on something that the question asks less about; of two rows of tables
    it is if it holds any less of it. One with a value of the kind that the best one lacks is not."""
    if other.value and not best.value:
        return False
    most, share = best.features.alone, other.features.alone
    rows = ROW in best.text and ROW in other.text
    return share < most * (1.0 if rows else _AS_MUCH if most >= _MUCH else 0.0)


def _within(best: Candidate, other: Candidate) -> float:
    """How far below the best sentence another one may stand and still be said."""
    if other.number == best.number and other.before == best.text:
        return _NEXT
    return _CLOSE if other.hit.article_id == best.hit.article_id else _AGAIN


def _distinct(ranked: Sequence[Candidate]) -> list[Candidate]:
    """Each sentence once, where it ranks best."""
    found: dict[str, Candidate] = {}
    for candidate in ranked:
        found.setdefault(flat(candidate.text), candidate)
    return list(found.values())
