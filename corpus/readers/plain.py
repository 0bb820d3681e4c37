"""Plain text: front matter if there is any, a title line, and the rest as it is."""

from corpus.readers.draft import Draft, date_near_top, front_matter
from corpus.readers.encoding import decode
from corpus.sentences import HEADING
from corpus.text import normalise

_LONGEST_TITLE = 120  # characters


def read(data: bytes, name: str) -> Draft:
    """The text in `data`; `name` is for messages. Raises `CorpusError` if it is not text."""
    title, published, text = front_matter(normalise(decode(data, name)))
    text = normalise(text)
    if not title:
        first, _, rest = text.partition("\n")
        if rest.strip() and len(first) <= _LONGEST_TITLE:
            title = HEADING.sub("", first)
    return Draft(text, title, published or date_near_top(text))
