"""How each sentence of an answer is said: what was asked for in bold, or as a quotation in a frame."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from corpus.article import Language
from corpus.text import flat
from index.analysis import terms
from index.asking import Asked, all_answering
from index.described import Described
from index.holding import coverage
from index.numbers import Quantity, quantities, spoken, whole
from rag.reading import prompts
from rag.reading.candidates import Candidate
from rag.reading.compose import Part
from rag.reading.disagreement import comparable
from rag.reading.persons import NAMES, titled
from rag.reading.sources import ROW, beside

# What stands between the values of a change, and who asks for the first of them.
_CHANGE = re.compile(
    r"\s?(?:원|달러|유로|명|개|퍼센트|%|percent|won|dollars|euros|people)?\s?(?:에서|to)\s?[$€£₩¥]?"
)
_FORMERLY = frozenset(
    "before originally first initially formerly 처음 처음에 원래 당초 애초 전에는 이전에".split()
)
# A name of two words that a sentence opens with, and that does something.
_OPENING = re.compile(
    r"(?!(?:The|A|An|In|On|At|Its?|This|That|His|Her) )[A-Z][\w'-]+(?: [A-Z][\w'-]+)+(?=,| [a-z])"
)
# How a date goes on that begins a period.
_LASTS = re.compile(
    r"부터 (?:\d{4}년 )?(?:\d{1,2}월 )?\d{1,2}일(?=까지)"
    r"|(?: to | through | until |\s?[-–]\s?)(?:[A-Z][a-z]+ )?\d{1,2}(?:, \d{4})?(?![\d:,.%]*\d|[a-z])"
)


def written(
    part: Part,
    asked: Sequence[Asked],
    language: Language,
    before: Part | None = None,
    *,
    bold: bool = True,
) -> str:
    """The sentence as the answer says it: as it stands, what each question `asked` for in `bold`, or
    quoted inside a frame, with large numbers in the reader's own units.

    The frame stands once for sentences of one article in a row; `before` is the part before this."""
    candidate = part.candidate
    plain, across = flat(candidate.text), candidate.hit.language != language
    published = candidate.hit.published
    text = _emphasised(plain, candidate, asked, across=across) if bold else plain
    if across:
        dated = prompts.DATED[language].format(date=published) if published else ""
        wanted = [_asked_for(each, plain, across=True) for each in asked]
        values = _values(plain, wanted, language)
        frame = _frame(candidate, before)[language]
        text = frame.format(dated=dated, quote=text, values=values)
    elif part.dated and published:
        text = prompts.AS_OF[language].format(date=published, text=text)
    if part.disagrees:
        text = prompts.DISAGREE[language].format(text=text)
    return f"{text} [{candidate.number}]"


def _frame(candidate: Candidate, before: Part | None) -> Mapping[str, str]:
    """What a quotation stands in, after the part before it."""
    if before is None or _place(before.candidate) != _place(candidate):
        return prompts.FRAME
    return prompts.FURTHER if before.candidate.start < candidate.start else prompts.ALSO


def _place(candidate: Candidate) -> tuple[str, Language]:
    return candidate.hit.article_id, candidate.hit.language


def _emphasised(text: str, candidate: Candidate, asked: Sequence[Asked], *, across: bool) -> str:
    """The values or persons that the questions ask for, in bold; of a row the cell of its column."""
    spans = set[tuple[int, int]]()
    for each in asked:
        if ROW in text:
            spans.add(_cell(text, candidate.columns, each, across=across))
        else:
            spans.add(_span(text, each, candidate.hit.language, across=across))
    for start, end in sorted(spans - {(0, 0)}, reverse=True):
        text = f"{text[:start]}**{text[start:end]}**{text[end:]}"
    return text


def _cell(text: str, columns: str, asked: Asked, *, across: bool) -> tuple[int, int]:
    """The place of the cell under the name that holds most of the question."""
    names = columns.split(ROW)[1:]
    held = [coverage(asked, Described(name), across=across) for name in names]
    ends = [*(cut.start() for cut in re.finditer(re.escape(ROW), text)), len(text)][1:]
    if not any(held) or len(ends) != len(names):
        return 0, 0
    end = ends[held.index(max(held))]
    return text.rindex(ROW, 0, end) + len(ROW), end


def _span(text: str, asked: Asked, language: Language, *, across: bool) -> tuple[int, int]:
    """Where the value stands that the question asks for, a period to its end, or the person."""
    if value := _asked_for(asked, text, across=across):
        start, end = whole(text, value)
        lasts = _LASTS.match(text, end) if asked.wanted == "date" else None
        return start, lasts.end() if lasts else end
    if asked.wanted == "person":
        own = frozenset().union(*(word.terms for word in asked.words))
        for start, end in _persons(text, language):
            if own.isdisjoint(terms(text[start:end])):
                return start, end
    return 0, 0


def _persons(text: str, language: Language) -> Iterator[tuple[int, int]]:
    """Where the names of persons may stand in a sentence."""
    if language == "ko":
        yield from titled(text)
        return
    if opening := _OPENING.match(text):
        yield opening.span()
    yield from (match.span() for match in NAMES.finditer(text))


def _asked_for(asked: Asked, text: str, *, across: bool) -> Quantity | None:
    """The value of a sentence that the question asks for: one written together with a word of it
    (180병상), or that most of it stands around, rather before than after, and of a change what it led to."""

    def fit(value: Quantity) -> tuple[bool, float, float]:
        together = Described(text[value.end :].partition(" ")[0])
        around = beside(asked, text, value, across=across)
        before = beside(asked, text, value, across=across, after=0)
        return coverage(asked, together, across=across) > 0, around, before

    found = list(all_answering(asked, text, quantities(text)))
    told = [v for v in found if v.kind == "date" or not text[v.start].isalpha()] or found
    best = max(told, key=fit, default=None)
    if best and not _FORMERLY.intersection(chain(*(word.forms for word in asked.words))):
        after = told[told.index(best) + 1 :][:1]
        changed = [v for v in after if _CHANGE.fullmatch(text, best.end, v.start)]
        best = changed[0] if changed and comparable(best, changed[0]) else best
    return best


def _values(text: str, wanted: Sequence[Quantity | None], language: Language) -> str:
    """` (24 billion = 240억)` for what was asked for if these are large numbers, else for the large
    numbers of a quotation."""
    large = [q for q in quantities(text) if q.kind == "number" and float(q.value) >= 10_000]
    told = [value for value in large if value in wanted] or large[:3]
    pairs = []
    for value in told:
        start, end = whole(text, value)
        pairs.append(f"{text[start:end]} = {spoken(float(value.value), language, value.unit)}")
    inside = ", ".join(pairs)
    return f" ({inside})" if inside else ""
