"""An article → passages: runs of whole sentences that never cross a heading.

Headings are known by the form in which every reader writes them into the article's text: a line
that begins with one to six `#` and a space. Such a line belongs to no passage; it is the `heading`
of the passages below it.

`CHUNKING_VERSION` names how the cutting is done. It is part of an index's fingerprint, so change
it whenever the same article would be cut in another way.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from corpus.article import Article, Language, Passage
from corpus.sentences import HEADING, Span
from corpus.text import language, sentences

CHUNKING_VERSION = "1"

_CLOSING_HASHES = re.compile(r" +#+$")
_SPACE = re.compile(r"\s+")
_CLAUSE = re.compile(r"(?:[,;:，、；：]|[고며만나]|다가|는데)\s+")
_LETTERS_TO_JUDGE = 20
_MOST_PARTS = 64  # sentences in one passage; keeps long columns of numbers from taking minutes


@dataclass(frozen=True, slots=True)
class Chunking:
    """Longest passage in characters, by its section's language; Hangul says more in less."""

    korean: int = 500
    english: int = 1000

    def limit(self, text_language: Language) -> int:
        """The longest passage in that language, in characters."""
        return self.korean if text_language == "ko" else self.english


_DEFAULT = Chunking()


@dataclass(frozen=True, slots=True)
class _Section:
    heading: str | None
    sentences: list[Span]


def passages(article: Article, chunking: Chunking = _DEFAULT) -> list[Passage]:
    """The passages of an article in reading order; every sentence but headings lies in one.

    A sentence longer than the limit is a passage of its own, cut only beyond twice the limit.
    """
    found: list[Passage] = []
    for section in _sections(article.text):
        whole = article.text[section.sentences[0][0] : section.sentences[-1][1]]
        limit = chunking.limit(_language(whole, article.language))
        parts = [part for span in section.sentences for part in _cut(article.text, span, limit)]
        for start, end in _pack(article.text, parts, limit):
            text = article.text[start:end]
            spoken = _language(text, article.language)
            found.append(Passage(article.id, len(found), start, end, text, spoken, section.heading))
    return found


def _language(text: str, otherwise: Language) -> Language:
    """Numbers and a few letters do not show a language; then the article's counts."""
    return language(text) if sum(map(str.isalpha, text)) >= _LETTERS_TO_JUDGE else otherwise


def _sections(text: str) -> Iterator[_Section]:
    """The stretches between headings that hold sentences; of bare headings, the headings."""
    spans = sentences(text)
    section = _Section(None, [])
    bare = True
    for start, end in spans:
        mark = HEADING.match(text, start)
        if mark:
            if section.sentences:
                yield section
            section = _Section(_CLOSING_HASHES.sub("", text[mark.end() : end]), [])
        else:
            section.sentences.append((start, end))
            bare = False
    if section.sentences:
        yield section
    if bare and spans:
        yield _Section(None, spans)


def _cut(text: str, span: Span, limit: int) -> Iterator[Span]:
    """A sentence of more than twice the limit in even parts, cut after clauses if there are any."""
    start, end = span
    count = -(-(end - start) // limit) if end - start > 2 * limit else 1
    for left in range(count, 1, -1):
        goal = start + (end - start) // left
        cut = _nearest(text, goal, start + limit, margin=limit // 4)
        body = text[start:cut].rstrip()
        yield start, start + len(body)
        start = cut
    if start < end:
        yield start, end


def _nearest(text: str, goal: int, latest: int, margin: int) -> int:
    """The place nearest to `goal` where a clause ends, else a word, else `goal` itself."""
    for pattern in (_CLAUSE, _SPACE):
        places = [m.end() for m in pattern.finditer(text, goal - margin, goal + margin)]
        places = [place for place in places if place <= latest]
        if places:
            return min(places, key=lambda place: abs(place - goal))
    return goal


def _pack(text: str, parts: list[Span], limit: int) -> list[Span]:
    """The runs of parts within the limit that are cheapest in sum, by dynamic programming.

    A run costs the square of the room it leaves, which makes few and even runs win, and something
    more where it ends inside a paragraph (Knuth and Plass, Breaking Paragraphs into Lines, 1981).
    """
    cheapest = [0.0]  # cost of packing the first n parts
    first = [0]  # where the last run of that packing begins
    for after, (_, end) in enumerate(parts, start=1):
        best, begin = float("inf"), after - 1
        rough = _roughness(text, parts, after)
        for number in range(after - 1, max(after - _MOST_PARTS, 0) - 1, -1):
            length = end - parts[number][0]
            if length > limit and number < after - 1:
                break
            cost = cheapest[number] + max(0.0, 1 - length / limit) ** 2 + rough
            if cost < best:
                best, begin = cost, number
        cheapest.append(best)
        first.append(begin)
    runs: list[Span] = []
    after = len(parts)
    while after:
        runs.append((parts[first[after]][0], parts[after - 1][1]))
        after = first[after]
    return runs[::-1]


def _roughness(text: str, parts: list[Span], after: int) -> float:
    """The cost of a boundary after that many parts: none at a blank line, some at a line's end."""
    if after == len(parts):
        return 0.0
    between = text[parts[after - 1][1] : parts[after][0]]
    return {0: 0.15, 1: 0.05}.get(between.count("\n"), 0.0)
