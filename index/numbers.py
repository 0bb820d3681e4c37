"""Numbers and dates as values, whatever the script: 240억 = 24 billion = 24B.

A value and its unit are kept apart: `Quantity.value` compares across languages, `Quantity.unit`
says what it counts when that is a currency or a percentage.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "percent", "date"]

_MYRIADS = {"조": 10**12, "억": 10**8, "만": 10**4}
_SMALL = {"천": 1000, "백": 100, "십": 10}
_SCALES = {
    "trillion": 10**12, "billion": 10**9, "million": 10**6, "thousand": 1000, "hundred": 100,
    "tn": 10**12, "bn": 10**9, "mn": 10**6, "t": 10**12, "b": 10**9, "m": 10**6, "k": 1000,
}  # fmt: skip
_WORDS = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
} | {
    word: 10 * tens
    for tens, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2
    )
}
DAYS = {"이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "엿새": 6, "열흘": 10, "보름": 15}
"""Days that are counted in one Korean word; 하루 is left out, as it is often any day."""
_PARTS = {"a": 0, "half": 2, "third": 3, "quarter": 4, "fifth": 5}
_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ],
        1,
    )
    for name in names.split()
}
_CURRENCIES = {
    "원": "KRW", "won": "KRW", "krw": "KRW", "₩": "KRW",
    "달러": "USD", "dollar": "USD", "dollars": "USD", "usd": "USD", "$": "USD",
    "유로": "EUR", "euro": "EUR", "euros": "EUR", "eur": "EUR", "€": "EUR",
    "엔": "JPY", "yen": "JPY", "¥": "JPY", "위안": "CNY", "yuan": "CNY",
    "파운드": "GBP", "pound": "GBP", "pounds": "GBP", "£": "GBP",
}  # fmt: skip
_NAMES = {
    "KRW": ("원", "won"), "USD": ("달러", "dollars"), "EUR": ("유로", "euros"), "JPY": ("엔", "yen"),
    "CNY": ("위안", "yuan"), "GBP": ("파운드", "pounds"),
}  # fmt: skip
_SIGNS = frozenset("$€£₩¥")

_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_NUMBER = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SCALE = "trillion|billion|million|thousand|hundred"

# Every pattern is tried at one place of the text, where the scanner has seen a digit or a word.
_SCAN = re.compile(rf"\d|[A-Za-z]+|절반|(?<![가-힣])(?:{'|'.join(DAYS)})(?!달)")
_DIGITS = re.compile(r"[\d,.]+")
_ISO_DATE = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)\s?[-./]\s?(?P<m>\d{1,2})\s?[-./]\s?(?P<d>\d{1,2})(?!\d)"
)
_KOREAN_DATE = re.compile(
    r"(?:(?P<y>\d{4})년\s*)?(?P<m>\d{1,2})월(?:\s*(?P<d>\d{1,2})일)?|(?P<year>\d{4})년(?!대|\s?간)"
)
_DAY_FIRST = re.compile(
    rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<m>{_MONTH})\b\.?(?:,?\s(?P<y>\d{{4}})\b)?",
    re.I,
)
_MONTH_FIRST = re.compile(
    rf"(?P<m>{_MONTH})\b\.?\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s(?P<y>\d{{4}})\b)?", re.I
)
_MONTH_YEAR = re.compile(rf"(?P<m>{_MONTH})\b\.?,?\s(?P<y>\d{{4}})\b", re.I)
_YEAR = re.compile(
    r"(?<![\d,.\-A-Za-z$€£₩])(?P<y>(?:1[6-9]|20)\d\d)"
    r"(?![\d,%]|\.\d|\s?(?:[조억만천백십원명개]|달러|유로))"
)
_KOREAN_FRACTION = re.compile(r"(?<!\d)(?P<below>\d{1,9})\s?분의\s?(?P<above>\d{1,9})(?!\d)")
_SLASH_FRACTION = re.compile(r"(?<![\d/])(?P<above>\d{1,2})/(?P<below>\d{1,2})(?![\d/])")
_WORD_FRACTION = re.compile(
    r"(?:(?P<above>one|two|three|a)[\s-])?(?P<part>half|thirds?|quarters?|fifths?)\b", re.I
)
_KOREAN = re.compile(
    rf"(?<![A-Za-z\d.])(?:(?:{_NUMBER})\s?[조억만천백십]+\s?)+(?:(?:{_NUMBER})(?!\s?[년월일.\d]))?"
)
# A small m or t is a metre or a tonne, unless money stands before it.
_ENGLISH = re.compile(
    rf"(?<![A-Za-z\d.])(?<![A-Za-z가-힣]-)(?<![A-Za-z]\d-)(?:(?<=[$€£¥₩])(?P<paid>))?(?P<n>{_NUMBER})"
    rf"(?:[\s-]?(?P<scale>{_SCALE}|tn|bn|mn)\b"
    r"|(?P<letter>(?-i:(?(paid)[BMKTbmkt]|[BMKTbk])))(?![A-Za-z\d]))?",
    re.I,
)
_WORD = re.compile(
    rf"(?P<n>{'|'.join(sorted(_WORDS, key=len, reverse=True))})\b(?:[\s-](?P<scale>{_SCALE})\b)?",
    re.I,
)
_FULL_WIDTH = re.compile("[\uff01-\uff5e]")
# 5프로 is a share, `미르 2 프로` a name.
_PERCENT = re.compile(r"\s?(?:%|퍼센트|percent\b|per cent\b)|프로(?![가-힣])", re.I)
_AFTER = re.compile(
    r"\s?(?:(?:us|u\.s\.)\s)?(원|달러|유로|엔|위안|파운드|won|krw|dollars?|usd|euros?|eur|yen|yuan|pounds?)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number, percentage or date in a text.

    `value` is a canonical string: a plain decimal for numbers and percentages; for dates
    `2025-06-11`, `2025-06`, `2025`, `--06-11` or `--06` (ISO 8601, parts unknown left out).
    `start` and `end` are code points of the surface form.
    """

    kind: Kind
    value: str
    unit: str | None
    start: int
    end: int

    @property
    def terms(self) -> list[str]:
        """Search terms: the value, and for a date every part of it that one may ask for."""
        if self.kind != "date":
            return [f"{self.kind[0]}:{self.value}"]
        year, _, rest = (
            self.value.partition("-") if self.value[0] != "-" else ("", "", self.value[2:])
        )
        parts = {self.value, year}
        if rest:
            parts |= {f"--{rest}", f"--{rest[:2]}"} | ({f"{year}-{rest[:2]}"} if year else set())
        return sorted(f"d:{part}" for part in parts if part)


def quantities(text: str) -> list[Quantity]:
    """All quantities of a text in order, none overlapping; dates win over plain numbers."""
    text = _half_width(text)
    found: list[Quantity] = []
    place = 0
    while seen := _SCAN.search(text, place):
        start, word = seen.start(), seen.group()
        if word.isdigit():
            quantity = _at_digit(text, start)
            place = quantity.end if quantity else _DIGITS.match(text, start).end()  # type: ignore[union-attr]
        else:
            quantity = _at_word(text, start, word.lower())
            place = quantity.end if quantity else seen.end()
        if quantity:
            found.append(quantity)
    return found


def _at_digit(text: str, start: int) -> Quantity | None:
    for pattern in (_ISO_DATE, _KOREAN_DATE, _DAY_FIRST, _YEAR):
        if (match := pattern.match(text, start)) and (value := _date(match)):
            return Quantity("date", value, None, start, match.end())
    for pattern in (_KOREAN_FRACTION, _SLASH_FRACTION):
        if (match := pattern.match(text, start)) and int(match["below"]):
            value = _canonical(int(match["above"]) / int(match["below"]))
            return Quantity("number", value, None, start, match.end())
    if match := _KOREAN.match(text, start):
        return _with_unit(text, _korean(match.group()), start, start + len(match.group().rstrip()))
    if match := _ENGLISH.match(text, start):
        return _with_unit(text, _english(match), start, match.end())
    return None


def _at_word(text: str, start: int, word: str) -> Quantity | None:
    if word in _MONTHS:
        for pattern in (_MONTH_FIRST, _MONTH_YEAR):
            if (match := pattern.match(text, start)) and (value := _date(match)):
                return Quantity("date", value, None, start, match.end())
        return None
    if word in DAYS:
        return Quantity("number", str(DAYS[word]), None, start, start + 2)
    if word == "절반":
        return Quantity("number", "0.5", None, start, start + 2)
    if word in _WORDS or word in _PARTS:
        if (match := _WORD_FRACTION.match(text, start)) and (
            match["above"] or match["part"] == "half"
        ):
            above = {"two": 2, "three": 3}.get((match["above"] or "").lower(), 1)
            value = _canonical(above / _PARTS[match["part"].lower().rstrip("s")])
            return Quantity("number", value, None, start, match.end())
        if match := _WORD.match(text, start):
            number = _WORDS[match["n"].lower()] * _SCALES.get((match["scale"] or "").lower(), 1)
            return _with_unit(text, float(number), start, match.end())
    return None


def whole(text: str, quantity: Quantity) -> tuple[int, int]:
    """Where a quantity stands with its currency, which may be written before or after it."""
    after = _AFTER.match(text, quantity.end) if quantity.unit else None
    before = quantity.start - (text[quantity.start - 1 : quantity.start] in _SIGNS)
    return before, after.end() if after else quantity.end


def spoken(value: float, language: str, unit: str | None = None) -> str:
    """A large number in a reader's own units: 24000000000 is `240억` in ko and `24 billion` in en,
    with the name of its currency if it has a known `unit`."""
    if unit in _NAMES:
        return f"{spoken(value, language)} {_NAMES[unit][language != 'ko']}"
    if language == "ko":
        parts = []
        rest = round(value)
        for name, size in _MYRIADS.items():
            if count := rest // size:
                parts.append(f"{count:,}{name}")
                rest -= count * size
        if rest:
            parts.append(f"{rest:,}")
        return " ".join(parts) or "0"
    for name in ("trillion", "billion", "million"):
        if value >= _SCALES[name]:
            return f"{value / _SCALES[name]:.4g} {name}"
    return f"{value:,.10g}"


def _half_width(text: str) -> str:
    """Full-width digits and signs as ASCII, one code point for one (offsets stay)."""
    if text.isascii() or not _FULL_WIDTH.search(text):
        return text
    return "".join(
        unicodedata.normalize("NFKC", c) if "\uff01" <= c <= "\uff5e" else c for c in text
    )


def _date(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    year = groups.get("y") or groups.get("year")
    named = groups.get("m")
    month = _MONTHS.get(named.lower()) or int(named) if named else None
    day = int(groups["d"]) if groups.get("d") else None
    if (month is not None and not 1 <= month <= 12) or (day is not None and not 1 <= day <= 31):
        return None
    if month is None:
        return year
    head = year or "-"
    return f"{head}-{month:02d}" + (f"-{day:02d}" if day else "")


def _korean(text: str) -> float:
    """The value of `5조 8천억`, `1억1천만`, `3만 2,000`: myriads, each holding smaller units."""
    total = group = 0.0
    for digits, unit in re.findall(rf"({_NUMBER})\s?([조억만천백십]*)", text):
        number = float(digits.replace(",", ""))
        for small in unit:
            if small in _SMALL:
                number *= _SMALL[small]
        group += number
        if unit and unit[-1] in _MYRIADS:
            total += group * _MYRIADS[unit[-1]]
            group = 0.0
    return total + group


def _english(match: re.Match[str]) -> float:
    scale = match["scale"] or match["letter"] or ""
    return float(match["n"].replace(",", "")) * _SCALES.get(scale.lower(), 1)


def _with_unit(text: str, value: float, start: int, end: int) -> Quantity:
    if percent := _PERCENT.match(text, end):
        return Quantity("percent", _canonical(value), "%", start, percent.end())
    unit = None
    if start and text[start - 1] in _CURRENCIES:
        unit = _CURRENCIES[text[start - 1]]
    elif after := _AFTER.match(text, end):
        unit = _CURRENCIES[after[1].lower()]
    return Quantity("number", _canonical(value), unit, start, end)


def _canonical(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".") if abs(value) < 1e6 else f"{value:.0f}"
