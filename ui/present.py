"""Answers, articles and progress as safe HTML. No widgets here.

Whatever is not written in this file is escaped. An answer may use Markdown's emphasis, lists,
tables and code; it can make no link, no image and no tag. Each piece of HTML is one line, because
a blank line inside it would let the chat's own Markdown renderer take over half-way.
"""

import re
from collections.abc import Sequence
from functools import cache
from html import escape

from markdown_it import MarkdownIt

from corpus.article import Article
from corpus.text import language as language_of
from rag.citations import Mark, parse
from rag.events import Answer, Citation, Evidence, Sentence
from ui.conversation import Exchange
from ui.strings import Strings

# What stands for a chip or a support mark while Markdown is rendered. Brackets, because emphasis
# that ends before a bracket is closed as its writer meant; these two, because nobody writes them.
_OPEN, _CLOSE = "\u2e28", "\u2e29"
_SLOT = re.compile(f"{_OPEN}(?:(?P<marker>\\d+)(?:-(?P<sentence>\\d+))?|(?P<support>[wu])){_CLOSE}")
_KEY = re.compile(r"(\d{1,6})-(\d{1,3})(?:-(\d{1,6}))?")
_HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)


def answer_html(exchange: Exchange, number: int, words: Strings) -> str:
    """The answer of the conversation's exchange `number` (from 1), with what stands below it."""
    parts = []
    if exchange.withdrawn is not None:
        parts.append(_note(_withdrawn(exchange.withdrawn, words)))
    answer = exchange.answer
    if exchange.text.strip():
        kind = "answer refusal" if answer and answer.abstained else "answer"
        parts.append(f'<div class="{kind}">{body_html(exchange, number, words)}</div>')
    elif exchange.open:
        parts.append(_note(words.searching if exchange.found is None else words.reading))
    if answer:
        parts.append(_sources(answer.citations, number, words))
        parts.append(_footer(answer, number, words))
    if exchange.stopped:
        parts.append(_note(words.stopped))
    if exchange.problem is not None:
        parts.append(f'<p class="problem">{escape(exchange.problem)}</p>')
    return _one_line(f"<div>{''.join(parts)}</div>")


def question_html(question: str) -> str:
    """The question as it was typed."""
    return _one_line(f'<div class="question">{escape(question.strip())}</div>')


def thoughts_html(thoughts: str) -> str:
    """A model's reasoning as it stands; Markdown in it is not rendered."""
    return _one_line(f'<div class="thoughts">{escape(thoughts.strip())}</div>')


def body_html(exchange: Exchange, number: int, words: Strings) -> str:
    """The text with a chip for each marker, and a mark after each sentence badly supported."""
    refused = exchange.answer is not None and exchange.answer.abstained
    text = exchange.text.translate({ord(_OPEN): "(", ord(_CLOSE): ")"})
    rendered = _markdown().render(_slotted(text, () if refused else exchange.sentences))
    return _SLOT.sub(lambda slot: _filled(slot, number, words), rendered)


def _slotted(text: str, sentences: Sequence[Sentence]) -> str:
    """The text with slots in place of its markers, and behind sentences that need a mark."""
    marks = parse(text)
    ends = _ends(text, marks, sentences)
    slots = [(mark.start, mark.end, _chips(mark, sentences, ends)) for mark in marks]
    for sentence, end in zip(sentences, ends, strict=True):
        # A sentence without a marker may yet turn out to be a refusal; it is marked at the end.
        if sentence.support != "supported":
            for mark in marks:
                next_to = mark.start >= end and not text[end : mark.start].strip(" ")
                if next_to and set(mark.numbers) <= set(sentence.markers):
                    end = mark.end
            slots.append((end, end, f"{_OPEN}{sentence.support[0]}{_CLOSE}"))
    pieces, last = [], 0
    for start, end, slot in sorted(slots):
        before = text[last:start]
        # A chip or a mark never begins a line.
        pieces += [before[:-1] + "\u00a0" if before.endswith(" ") else before, slot]
        last = end
    return "".join([*pieces, text[last:]])


def _ends(text: str, marks: Sequence[Mark], sentences: Sequence[Sentence]) -> list[int]:
    """Where each sentence ends. The sentences hold the text's characters in order, but for markers
    and white space."""
    inside = {at for mark in marks for at in range(mark.start, mark.end)}
    solid = [at for at, char in enumerate(text) if not char.isspace() and at not in inside]
    ends, count = [], 0
    for sentence in sentences:
        count += len("".join(sentence.text.split()))
        ends.append(solid[min(count, len(solid)) - 1] + 1 if count and solid else 0)
    return ends


def _chips(mark: Mark, sentences: Sequence[Sentence], ends: Sequence[int]) -> str:
    """Slots for a marker's numbers, each with the sentence (from 1) whose evidence it opens."""
    before = sum(end < mark.start for end in ends)
    near = [place for place in (before - 1, before) if 0 <= place < len(sentences)]
    chips = []
    for number in mark.numbers:
        owner = next((place for place in near if number in sentences[place].markers), None)
        chips.append(f"{_OPEN}{number}{'' if owner is None else f'-{owner + 1}'}{_CLOSE}")
    return "".join(chips)


def _filled(slot: re.Match[str], number: int, words: Strings) -> str:
    if marker := slot["marker"]:
        key = f"{number}-{marker}" + (f"-{slot['sentence']}" if slot["sentence"] else "")
        return f'<a class="cite" href="#cite-{key}">{marker}</a>'
    if slot["support"] == "w":
        return f'<span class="mark weak" title="{escape(words.support["weak"])}">△</span>'
    return f'<span class="mark unsupported">{escape(words.support["unsupported"])}</span>'


@cache
def _markdown() -> MarkdownIt:
    """Markdown without links, images or HTML of any kind."""
    made = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")
    return made.disable(["link", "image", "autolink", "reference", "html_inline", "html_block"])


def _sources(citations: Sequence[Citation], number: int, words: Strings) -> str:
    if not citations:
        return ""
    rows = "".join(f"<li>{_source(citation, number, words)}</li>" for citation in citations)
    return f'<div class="sources"><b>{escape(words.sources)}</b><ol>{rows}</ol></div>'


def _source(citation: Citation, number: int, words: Strings) -> str:
    """One row: number, title, language and date, how well it bears the answer, and the sentence."""
    about = " · ".join(filter(None, [words.languages[citation.language], citation.published]))
    return (
        f'<a class="source" href="#cite-{number}-{citation.marker}">'
        f'<span class="number">{citation.marker}</span>'
        f'<span class="title">{escape(citation.title)}</span>'
        f'<span class="about">{escape(about)}</span>'
        f'<span class="support {citation.support}">{escape(words.support[citation.support])}</span>'
        f'<span class="quote">{escape(" ".join(citation.quote.split()))}</span></a>'
    )


def _footer(answer: Answer, number: int, words: Strings) -> str:
    reader = words.readers.get(answer.reader, answer.reader)
    seconds = answer.timings_ms.total / 1000
    took = words.took.format(f"{seconds:.2f}" if seconds < 1 else f"{seconds:.1f}")
    copy = f'<a class="copy" href="#copy-{number}">{escape(words.copy)}</a>'
    return f'<p class="footer">{copy}<span>{escape(f"{reader} · {took}")}</span></p>'


def _withdrawn(reason: str, words: Strings) -> str:
    """The reason is shown when it is in the reader's language."""
    known = reason.strip() and language_of(reason) == words.language
    return f"{words.restarted} ({reason.strip()})" if known else words.restarted


def cited(conversation: Sequence[Exchange], key: str) -> tuple[Citation, Evidence] | None:
    """What a chip's key (`exchange-marker` or `exchange-marker-sentence`, from 1) points at."""
    match = _KEY.fullmatch(key)
    if not match:
        return None
    number, marker, place = (int(part) if part else 0 for part in match.groups())
    answer = conversation[number - 1].answer if 1 <= number <= len(conversation) else None
    if answer is None:
        return None
    citation = next((c for c in answer.citations if c.marker == marker), None)
    if citation is None:
        return None
    sentences = answer.sentences[place - 1 : place] if place else answer.sentences
    evidence = (e for sentence in sentences for e in sentence.evidence if e.marker == marker)
    first = Evidence(marker, citation.start, citation.end, citation.quote, citation.score)
    return citation, next(evidence, first)


def article_html(
    citation: Citation, evidence: Evidence, article: Article | None, words: Strings
) -> str:
    """The whole article with the evidence in `<mark>`; the quote, when it has changed or gone."""
    title, text = (article.title, article.text) if article else (citation.title, "")
    about = " · ".join(
        filter(None, [words.languages[citation.language], citation.published, citation.article_id])
    )
    start, end = evidence.start, evidence.end
    if text[start:end] != evidence.quote:
        start = text.find(evidence.quote)
        end = start + len(evidence.quote)
    if start >= 0 and article:
        shown = _text(text[:start]) + f"<mark>{_text(text[start:end])}</mark>" + _text(text[end:])
    else:
        note = words.article_moved if article else words.article_gone
        shown = f"{_note(note)}<blockquote>{escape(evidence.quote)}</blockquote>{_text(text)}"
    language = citation.language if article is None else article.language
    return (
        f'<article lang="{language}"><header><h2><span class="number">{citation.marker}</span> '
        f'{escape(title)}</h2><p class="about">{escape(about)}</p></header>'
        f'<div class="text">{shown}</div></article>'
    )


def _text(text: str) -> str:
    return _HEADING.sub(r"<b>\1</b>", escape(text))


def _note(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>'


def _one_line(html: str) -> str:
    """The same HTML without a line end, which Markdown could see."""
    return html.replace("\n", "&#10;")
