"""The time that a question means: `최근`, `지난달`, `latest`, `as of March`, by the articles' dates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from index.numbers import quantities
from index.search import Hit

_LATEST = re.compile(
    r"최근|요즘|요새|최신|현재|지금(?!까지)|가장 새로|\b(?:latest|newest|most recent|recent|recently|currently|nowadays|these days|lately)\b",
    re.I,
)
_LAST_MONTH = re.compile(r"지난\s?달|저번\s?달|\blast month\b", re.I)
_THIS_MONTH = re.compile(r"이번\s?달|\bthis month\b", re.I)
_LAST_WEEK = re.compile(r"지난\s?주|저번\s?주|\blast week\b", re.I)
_LAST_YEAR = re.compile(r"작년|지난해|\blast year\b", re.I)
_THIS_YEAR = re.compile(r"올해|금년|\bthis year\b", re.I)
_AS_OF = re.compile(r"\bas of\b|\bup to\b|\buntil\b|기준|시점|현재", re.I)
_NEWS = re.compile(r"소식|뉴스|기사|\bnews\b|\barticles?\b", re.I)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = re.compile(rf"\b(?:{'|'.join(_MONTHS)})[a-z]*\b", re.I)

WORTH = 0.35
"""What being of the right time is worth beside the best passage's score."""


@dataclass(frozen=True, slots=True)
class Period:
    """The days that are meant, both included; None leaves a side open. Newer counts for more."""

    first: date | None = None
    last: date | None = None

    def holds(self, published: str) -> bool:
        """Whether an ISO date, or its known beginning, lies inside."""
        first, last = str(self.first or ""), str(self.last or "9999")
        return first[: len(published)] <= published <= last[: len(published)]

    def misses(self, published: str | None) -> bool:
        """Whether a known date lies outside."""
        return published is not None and not self.holds(published)


def is_news(question: str) -> bool:
    """Whether a question is after articles rather than what they say."""
    return _NEWS.search(question) is not None


def period(question: str, today: date) -> Period | None:
    """The period that a question's words of time mean on a day; None when it has none."""
    if _AS_OF.search(question) and (until := _until(question, today)):
        return Period(None, until)
    if is_news(question) and (month := _named_month(question)):
        return month
    for pattern, days in (
        (_LAST_MONTH, _month(today.replace(day=1) - timedelta(days=1))),
        (_THIS_MONTH, _month(today)),
        (_LAST_WEEK, _week(today - timedelta(days=7))),
        (_LAST_YEAR, Period(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31))),
        (_THIS_YEAR, Period(date(today.year, 1, 1), date(today.year, 12, 31))),
    ):
        if pattern.search(question):
            return days
    return Period() if _LATEST.search(question) else None


def bare(question: str) -> str:
    """The question without the date up to which, or the month of which, it asks: articles need not
    hold that date."""
    if not _AS_OF.search(question) and not (is_news(question) and _named_month(question)):
        return question
    kept, place = [], 0
    for quantity in quantities(question):
        if quantity.kind == "date":
            kept.append(question[place : quantity.start])
            place = quantity.end
    left = _AS_OF.sub(" ", "".join([*kept, question[place:]]))
    return " ".join(_MONTH.sub(" ", left).split())


def newest_first(hits: Sequence[Hit], meant: Period) -> list[Hit]:
    """The hits with the newest of the period favoured; scores stay within 0 and 1 and never rise."""
    dates = sorted({h.published for h in hits if h.published and meant.holds(h.published)})
    worth = {day: (place + 1) / len(dates) for place, day in enumerate(dates)}
    best = max((hit.score for hit in hits), default=0.0)
    moved = [
        replace(
            hit,
            score=(hit.score + WORTH * best * worth.get(hit.published or "", 0.0)) / (1 + WORTH),
        )
        for hit in hits
    ]
    return sorted(moved, key=lambda hit: -hit.score)


def _named_month(question: str) -> Period | None:
    """The month that a question names with its year."""
    for quantity in quantities(question):
        if quantity.kind == "date":
            year, month, day = _parts(quantity.value)
            if year and month and not day:
                return _month(date(year, month, 1))
    return None


def _until(question: str, today: date) -> date | None:
    """The last day of the date that a question names; a month without a year is the latest such."""
    named = [q.value for q in quantities(question) if q.kind == "date"]
    if not named and (spelled := _MONTH.search(question)):
        named = [f"--{_MONTHS.index(spelled[0][:3].lower()) + 1:02}"]
    if not named:
        return None
    year, month, day = _parts(named[0])
    if year is None:
        year = today.year if (month or 1) <= today.month else today.year - 1
    if month is None:
        return date(year, 12, 31)
    last = _month(date(year, month, 1)).last
    assert last is not None
    return date(year, month, min(day, last.day)) if day else last


def _parts(value: str) -> tuple[int | None, int | None, int | None]:
    """Year, month and day of an ISO value with parts left out (`--06-11`, `2025-06`)."""
    if value.startswith("--"):
        numbers: list[int | None] = [None, *map(int, value[2:].split("-"))]
    else:
        numbers = [*map(int, value.split("-"))]
    year, month, day = [*numbers, None, None][:3]
    return year, month, day


def _month(day: date) -> Period:
    after = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return Period(day.replace(day=1), after - timedelta(days=1))


def _week(day: date) -> Period:
    monday = day - timedelta(days=day.weekday())
    return Period(monday, monday + timedelta(days=6))
