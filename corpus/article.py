"""The two things this room hands out: articles, and the passages they are cut into."""

from dataclasses import dataclass
from typing import Literal

Language = Literal["ko", "en"]


@dataclass(frozen=True, slots=True)
class Article:
    """One article as people see it: normalised text without front matter or markup.

    `id` is `<source>/<path>` (POSIX, NFC) and `digest` the SHA-256 of the bytes it was read from.
    `published` is an ISO date (`2025-06-11`) or None when the article does not say.
    """

    id: str
    title: str
    text: str
    language: Language
    source: str
    path: str
    published: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences: `text == article.text[start:end]`, offsets in code points.

    `heading` is the nearest heading above it, which is encoded with it but is not part of it.
    """

    article_id: str
    ordinal: int
    start: int
    end: int
    text: str
    language: Language
    heading: str | None = None
    page: int | None = None
