"""HTML pages → the main text without navigation, written as the Markdown reader writes it.

trafilatura (Barbaresi, ACL 2021) finds the main text, title and date; where it finds no main text,
whatever the page shows is taken.
"""

import logging
import re
from typing import TYPE_CHECKING, Any

from corpus.errors import CorpusError
from corpus.readers.draft import Draft, date_near_top
from corpus.readers.encoding import decode
from corpus.sentences import HEADING
from corpus.text import normalise

if TYPE_CHECKING:
    from lxml.etree import _Element

# The library logs each page without main text as an error; here such a page is either read in
# another way or reported once, by us.
logging.getLogger("trafilatura").addHandler(logging.NullHandler())

_UNSEEN = ("head", "script", "style", "noscript", "template", "nav", "footer", "aside", "form")
# HTML's names → those of the tree that trafilatura makes, so that one function writes both.
_NAMES = {
    **{f"h{level}": "head" for level in range(1, 7)},
    **dict.fromkeys(("ul", "ol", "dl"), "list"),
    **dict.fromkeys(("li", "dt", "dd"), "item"),
    **dict.fromkeys(("td", "th"), "cell"),
    **dict.fromkeys(("div", "section", "article", "main", "header", "body", "figcaption"), "p"),
    **{"tr": "row", "br": "lb", "pre": "code", "blockquote": "quote"},
}
_SPACES = re.compile(r"\s+")
_LINE_START = re.compile(r"\n (?! )")  # what is left of the spaces after a <br>
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")


def read(data: bytes, name: str) -> Draft:
    """The main text of a page; `name` is for messages. Raises `CorpusError` if there is none."""
    source = decode(data, name, html=True)
    page = _main_text(source)
    title, published = (page.title, page.date) if page else (None, None)
    text = _shown(page.body) if page and page.body is not None else ""
    if not text:
        tree = _parsed(source)
        title = title or (tree.findtext(".//title") if tree is not None else None)
        text = _visible(tree) if tree is not None else ""
    if not text:
        raise CorpusError(f"{name}: the page shows no text; save it once more when it has loaded")
    return Draft(text, title, published or date_near_top(text))


def _main_text(source: str) -> Any:
    """trafilatura's document (title, date, body), or None where it finds no main text."""
    import trafilatura

    return trafilatura.bare_extraction(
        source,
        include_comments=False,
        with_metadata=True,
        # Dates in running text tell of something else.
        date_extraction_params={"original_date": True, "extensive_search": False},
    )


def _parsed(source: str) -> "_Element | None":
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    return etree.fromstring(source.encode("utf-8", errors="replace"), parser)


def _visible(tree: "_Element") -> str:
    from lxml import etree

    etree.strip_elements(tree, *_UNSEEN, with_tail=False)
    return _shown(tree)


def _shown(body: "_Element") -> str:
    return normalise(_BLANK_LINES.sub("\n\n", _written(body)))


def _written(element: "_Element", verbatim: bool = False) -> str:
    """An element's text, with lines and blank lines where it shows them."""
    name = _NAMES.get(str(element.tag), str(element.tag))
    inside_code, verbatim = verbatim, verbatim or name in ("code", "quote")
    if name == "row":
        cells = [" ".join(_written(cell).split()) for cell in element]
        return "\n" + " | ".join(cells)
    inner = _run(element.text, verbatim)
    for number, child in enumerate(element, start=1):
        if element.get("rend") == "ol" or element.tag == "ol":
            child.set("n", str(number))
        inner += _written(child, verbatim) + _run(child.tail, verbatim)
    return inner if inside_code and name == "code" else _set_apart(element, name, inner)


def _set_apart(element: "_Element", name: str, inner: str) -> str:
    if name == "lb":
        return "\n"
    if name == "head":
        level = (element.get("rend") or str(element.tag))[-1]
        return f"\n\n{'#' * (int(level) if level in '123456' else 2)} {' '.join(inner.split())}\n\n"
    if name == "item":
        mark = f"{element.get('n')}." if element.get("n") else "-"
        return f"\n{mark} " + inner.strip().replace("\n", "\n  ") if inner.strip() else ""
    if name == "code" and "\n" in inner.strip("\n"):
        return "\n\n" + "\n".join("    " + line for line in inner.strip("\n").split("\n")) + "\n\n"
    if name == "list":
        return inner.rstrip() + "\n\n"
    if name not in ("p", "quote", "table"):
        return inner
    inner = _LINE_START.sub("\n", inner.strip())
    if name == "quote":  # trafilatura makes quotes of <pre> too: a comment is not a heading
        inner = HEADING.sub(r"  \g<0>", inner)
    return f"\n\n{inner}\n\n"


def _run(text: str | None, verbatim: bool) -> str:
    return (text or "") if verbatim else _SPACES.sub(" ", text or "")
