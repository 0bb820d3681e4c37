"""What a reader finds in a file, and the two places where text files state title and date."""

import datetime
import re
from dataclasses import dataclass

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAY = r"(?P<day>\d{1,2})"
_DATES = [
    re.compile(rf"(?<![\d.]){_YEAR}\s?[-./년]\s?(?P<month>\d{{1,2}})\s?[-./월]\s?{_DAY}(?!\d)"),
    re.compile(rf"\b{_MONTH}\s{_DAY}(?:st|nd|rd|th)?,?\s{_YEAR}\b", re.IGNORECASE),
    re.compile(rf"(?<!\d){_DAY}(?:st|nd|rd|th)?\s{_MONTH},?\s{_YEAR}\b", re.IGNORECASE),
]
_COMPACT_DATE = re.compile(rf"{_YEAR}(?P<month>\d\d)(?P<day>\d\d)")

_NEAR_TOP = 600  # characters
_BYLINE = 100  # characters that a line with a date has at most, unless the date is labelled
_LABEL = re.compile(
    r"(?:입력|등록|게시|작성|발행|승인|송고|배포)(?:\s?(?:일시|일자|시간|일))?\s*[:：|]?\s*$"
    r"|\b(?:published|posted|updated|date|issued)(?:\s+on)?\s*[:：|]?\s*$",
    re.IGNORECASE,
)
_DATELINE = re.compile(r"\s*\)?\s*(?:[–—]|--|-\s)")  # "PARIS, June 10, 2025 — Mistral AI today"
# "2025. 6. 11." at a line's end is no sentence's end.
_SENTENCE_END = re.compile(r"(?<!\. \d)(?<!\. \d\d)(?<!\.\d)(?<!\.\d\d)[.!?]$")

_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\n(.{0,8000}?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.S)
_FIELD = re.compile(r"(?P<key>[A-Za-z][\w-]*):(?:[ \t]+(?P<value>.*?))?[ \t]*")
_TITLE_FIELDS = ("title", "제목")
_DATE_FIELDS = ("published", "date", "published_at", "publishdate", "pubdate", "날짜", "작성일")


@dataclass(frozen=True, slots=True)
class Draft:
    """A file as its reader understood it; `text` is what people are shown, not yet normalised."""

    text: str
    title: str | None = None
    published: str | None = None


def iso_date(text: str) -> str | None:
    """The first real date in a text, as `2025-06-11`; None if there is none."""
    compact = _COMPACT_DATE.fullmatch(text.strip())
    matches = [match for pattern in _DATES for match in pattern.finditer(text[:1000])]
    for match in [compact] if compact else sorted(matches, key=lambda m: m.start()):
        if date := _valid(match):
            return date
    return None


def date_near_top(text: str) -> str | None:
    """The date that a byline, a labelled line or a dateline near the top of a text states.

    A date inside a sentence tells of something else, so it does not count.
    """
    offset = 0
    for line in text[: 4 * _NEAR_TOP].split("\n"):
        byline = len(line) <= _BYLINE and not _SENTENCE_END.search(line)
        for match in (m for pattern in _DATES for m in pattern.finditer(line)):
            labelled = _LABEL.search(line[: match.start()]) or _DATELINE.match(line, match.end())
            states_it = offset + match.start() <= _NEAR_TOP and (byline or labelled)
            if states_it and (date := _valid(match)):
                return date
        offset += len(line) + 1
    return None


def _valid(match: re.Match[str]) -> str | None:
    month = match["month"].lower()
    number = int(month) if month.isdigit() else _MONTHS.index(month[:3]) + 1
    try:
        return datetime.date(int(match["year"]), number, int(match["day"])).isoformat()
    except ValueError:
        return None


def front_matter(text: str) -> tuple[str | None, str | None, str]:
    """Title and date of a leading YAML block, and the text after it.

    The block is taken off only when it is a mapping; else the text is returned whole.
    """
    block = _FRONT_MATTER.match(text)
    fields = _fields(block[1]) if block else None
    if block is None or fields is None:
        return None, None, text
    titles = (fields[key] for key in _TITLE_FIELDS if key in fields)
    dates = (iso_date(fields[key]) for key in _DATE_FIELDS if key in fields)
    return next(filter(None, titles), None), next(filter(None, dates), None), text[block.end() :]


def _fields(block: str) -> dict[str, str] | None:
    """The scalar fields of a YAML mapping by lower-case key; None if the block is none."""
    import yaml

    # Korean titles such as `title: [AI는 지금] 추론 경쟁` break YAML or read as a list; what stands
    # after the colon is meant.
    lines = [_FIELD.fullmatch(line) for line in block.split("\n") if line[:1].strip(" \t#-")]
    written = {m["key"].lower(): (m["value"] or "").strip("'\"") for m in lines if m}
    try:
        # The base loader leaves every scalar a string, and cannot fail on a 31st of June.
        parsed = yaml.load(block, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError):
        return written if lines and all(lines) else None
    if not isinstance(parsed, dict):
        return None
    scalars = {str(key).lower(): value for key, value in parsed.items() if isinstance(value, str)}
    return written | scalars
