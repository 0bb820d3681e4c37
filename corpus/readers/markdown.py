"""Markdown → the text its reader sees: markup gone, headings kept as `## ` lines.

Blocks are told apart by markdown-it (CommonMark and tables). Emphasis and links inside a line are
taken off here, because CommonMark leaves `**엑사원(EXAONE)**은` in stars (a particle follows the
closing mark) and finds emphasis in `2*3*4`.
"""

import html
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from corpus.readers.draft import Draft, date_near_top, front_matter
from corpus.readers.encoding import decode
from corpus.text import normalise

if TYPE_CHECKING:
    from markdown_it.token import Token

_TITLE = re.compile(r"^# +(.+)", re.MULTILINE)
_LONGEST_UNDERLINED = 120  # characters of a heading that is made by a line of dashes below it

# Only names of HTML: articles on reasoning models write about <think>, Korean ones <메트로경제>.
_TAG_NAMES = (
    "a|abbr|address|article|aside|audio|b|big|blockquote|body|br|button|caption|center|cite|code|col"
    "|colgroup|dd|del|details|dfn|div|dl|dt|em|embed|figcaption|figure|font|footer|form|h[1-6]|head"
    "|header|hr|html|i|iframe|img|input|ins|kbd|label|li|link|main|mark|meta|nav|ol|p|picture|pre|q"
    "|s|samp|script|section|small|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody"
    "|td|tfoot|th|thead|time|title|tr|tt|u|ul|var|video|wbr"
)
_HTML = [
    (re.compile(r"<!--(?:(?!<!--).)*?-->", re.DOTALL), ""),
    (re.compile(r"<(script|style)\b(?:(?!<\1\b).)*?</\1\s*>", re.DOTALL | re.IGNORECASE), ""),
    (re.compile(r"</t[dh]>\s*(?=<t[dh]\b)", re.IGNORECASE), " | "),
    (re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]*>", re.IGNORECASE), "\n"),
    (re.compile(rf"</?(?:{_TAG_NAMES})(?=[\s/>])[^<>]*>", re.IGNORECASE), ""),
    (re.compile(r"<((?:https?://|mailto:)[^<>\s]+)>"), r"\1"),
]

# Code and escaped characters are put aside while the marks around them are taken off.
_VERBATIM = re.compile(r"(?<!`)(`{1,4})(?!`)(.+?)(?<!`)\1(?!`)|\\([!-/:-@\[-`{-~])", re.DOTALL)
_ASIDE = re.compile("\x00(\\d+)\x00")
_LABEL = r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]"
_TARGET = r"\((?:[^()\s]|\([^()\s]*\))*(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)"
_MARKS = [
    (re.compile(rf"!{_LABEL}(?:{_TARGET}|\[[^\[\]]*\])"), r"\1"),  # image
    (re.compile(rf"{_LABEL}{_TARGET}"), r"\1"),  # link
    (re.compile(r"\[\^[^\[\]\s]+\]"), ""),  # footnote
    (
        re.compile(r"(?<![A-Za-z0-9*])(\*\*\*?)(?=[^\s*])((?:[^*]|\*(?!\*))+?)(?<=\S)\1(?!\*)"),
        r"\2",
    ),
    (re.compile(r"(\*\*\*?)(?=[^\s*])((?:[^*]|\*(?!\*))+?)(?<=\S)\1(?![A-Za-z0-9*])"), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=[^\s*])([^*]+?)(?<=\S)\*(?![A-Za-z0-9*])"), r"\1"),
    (
        re.compile(r"(?<!\w)(_{1,3})(?=[^\s_])((?:[^_]|(?<=\w)_(?=\w))+?)(?<=\S)\1(?![\dA-Za-z_])"),
        r"\2",
    ),
    (re.compile(r"~~(?=[^\s~])([^~]+?)(?<=\S)~~"), r"\1"),
]
_FOOTNOTE = re.compile(r"^ {0,3}\[\^[^\[\]\s]+\]:[ \t]*", re.MULTILINE)
_REFERENCE = re.compile(r"\[([^\[\]]+)\](?:\[([^\[\]]*)\])?")


def read(data: bytes, name: str) -> Draft:
    """The article in Markdown bytes; `name` is for messages. Raises `CorpusError` if no text."""
    title, published, source = front_matter(normalise(decode(data, name)))
    text = normalise(shown(source))
    if not title and (first := _TITLE.search(text)):
        title = first[1]
    return Draft(text, title, published or date_near_top(text))


def shown(source: str) -> str:
    """The text of a Markdown source: blocks apart by a blank line, list items and rows by none.

    Headings are `## ` lines, list items `- ` or `1. ` lines, table rows `a | b` lines; code is
    indented by four spaces, so that a comment in it is not taken for a heading.
    """
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    environment: dict[str, Any] = {}
    # CommonMark would take a footnote of one word for the target of a link.
    tokens = parser.parse(_FOOTNOTE.sub("", source), environment)
    return "".join(_blocks(tokens, set(environment.get("references", {}))))


def _blocks(tokens: list["Token"], references: set[str]) -> Iterator[str]:
    """The blocks of a token stream, each with the line ends that set it apart from the last."""
    depth, mark, joined = 0, "", False
    row: list[str] = []
    for before, token in zip([None, *tokens], tokens, strict=False):
        block, kind = "", before.type if before else ""
        if token.type.endswith(("list_open", "list_close")):
            depth += token.nesting
            joined = joined and depth > 0
        elif token.type == "list_item_open":
            # "2025. 6. 11. 발표" is a list in a list in a list: one line takes all their marks.
            own = f"{token.info}{token.markup} " if token.info else "- "
            mark = (mark or "  " * (depth - 1)) + own
        elif token.type == "list_item_close" and mark.strip(" -"):
            block, mark = mark.rstrip(), ""  # a line that is a number or date and nothing else
        elif token.type == "table_close":
            joined = False
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close":
            block = " | ".join(row)
        elif token.type in ("fence", "code_block"):
            block = "\n".join("    " + line for line in token.content.rstrip().split("\n"))
        elif token.type in ("inline", "html_block"):
            text = inline(token.content, references)
            if kind in ("th_open", "td_open"):
                row.append(" ".join(text.split()))
            else:
                block = _heading(before, text) if before and kind == "heading_open" else text
        if block.strip():
            yield ("\n" if joined else "\n\n") + mark + block
            joined, mark = depth > 0 or token.type == "tr_close", ""


def _heading(opening: "Token", text: str) -> str:
    """A heading's line. Dashes below a whole paragraph are meant as a rule, not as underlining."""
    underlined = opening.markup in ("=", "-")
    if underlined and ("\n" in text or len(text) > _LONGEST_UNDERLINED or text.endswith(".")):
        return text
    return f"{'#' * int(opening.tag[1])} {' '.join(text.split())}"


def inline(source: str, references: set[str]) -> str:
    """The text of one paragraph's source; `references` are the labels that the document defines."""
    aside: list[str] = []

    def put_aside(match: re.Match[str]) -> str:
        code = match[2]
        if code is None:
            aside.append(match[3])
        else:
            aside.append(code.strip() if code.strip() else code)
        return f"\x00{len(aside) - 1}\x00"

    def refer(match: re.Match[str]) -> str:
        label = match[2] or match[1]
        known = " ".join(label.split()).upper() in references
        # [1] stays: without its brackets the number would be part of the sentence.
        return match[1] if known and not match[1].isdigit() else match[0]

    text = _VERBATIM.sub(put_aside, source)
    for pattern, replacement in _HTML + _MARKS:
        text = pattern.sub(replacement, text)
    text = html.unescape(_REFERENCE.sub(refer, text))
    return _ASIDE.sub(lambda match: aside[int(match[1])], text)
