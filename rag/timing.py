"""The time that a question means: `최근`, `지난달`, `latest`, `as of March`, by the articles' dates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from index.asking import asks_about_something
from index.numbers import quantities
from index.search import Hit

_LATEST = re.compile(
    r"최근|요즘|요새|최신|현재|지금(?!까지)|가장 새로|새로운? 소식|\b(?:latest|newest|most recent|recent|recently|currently|nowadays|these days|lately|what(?:'s| is) new)\b",
    re.I,
)
# The last month, this one, the last week, the last year, this one.
_TIMES = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"지난\s?달|저번\s?달|\blast month\b",
        r"이번\s?달|\bthis month\b",
        r"지난\s?주|저번\s?주|\blast week\b",
        r"작년|지난해|\blast year\b",
        r"올해|금년|\bthis year\b",
    )
)
_AS_OF = re.compile(r"\bas of\b|\bup to\b|\buntil\b|기준|시점|현재", re.I)
_NEWS = re.compile(
    r"소식|뉴스|기사|무슨\s?일|\bnews\b|\barticles?\b|\bwhat(?:'s| is| was| has)?\s(?:new|happen(?:s|ed|ing)?)\b",
    re.I,
)
# What else stands in a question that asks for news and does not say of what.
_ANY = re.compile(
    r"새로운|새|주요|중요한|핵심|어떤|있었\S*|나온|들려\S*|\b(?:give|show|me|main|major|important|top|key|new|all|please)\b",
    re.I,
)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = re.compile(
    r"\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b",
    re.I,
)

WORTH = 0.35
"""What being of the right time is worth beside the best passage's score."""


@dataclass(frozen=True, slots=True)
class Period:
    """The days that are meant, both included; None leaves a side open. Newer counts for more. A
    `month` (1 to 12) is that of any year."""

    first: date | None = None
    last: date | None = None
    month: int | None = None

    def holds(self, published: str) -> bool:
        """Whether an ISO date, or its known beginning, lies inside."""
        if self.month and published[5:7] not in ("", f"{self.month:02}"):
            return False
        first, last = str(self.first or ""), str(self.last or "9999")
        return first[: len(published)] <= published <= last[: len(published)]

    def misses(self, published: str | None) -> bool:
        """Whether a known date lies outside."""
        return published is not None and not self.holds(published)


def is_news(question: str) -> bool:
    """Whether a question is after articles rather than what they say."""
    return _NEWS.search(question) is not None


def is_only_news(question: str) -> bool:
    """Whether a question asks for the news of its time, whatever they are about."""
    if not is_news(question):
        return False
    left = bare(question)
    for pattern in (*_TIMES, _LATEST, _NEWS, _ANY):
        left = pattern.sub(" ", left)
    return not asks_about_something(left)


def period(question: str, today: date) -> Period | None:
    """The period that a question's words of time mean on a day; None when it has none."""
    if _AS_OF.search(question) and (until := _until(question, today)):
        return Period(None, until)
    if is_news(question) and (month := _named_month(question)):
        return month
    meant = (
        _month(today.replace(day=1) - timedelta(days=1)),
        _month(today),
        _week(today - timedelta(days=7)),
        Period(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
        Period(date(today.year, 1, 1), date(today.year, 12, 31)),
    )
    for pattern, days in zip(_TIMES, meant, strict=True):
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
    """The month that a question names, with its year or without."""
    for quantity in quantities(question):
        if quantity.kind == "date":
            year, month, day = _parts(quantity.value)
            if month and not day:
                return _month(date(year, month, 1)) if year else Period(month=month)
    spelled = _MONTH.search(question)
    return Period(month=_MONTHS.index(spelled[0][:3].lower()) + 1) if spelled else None


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
