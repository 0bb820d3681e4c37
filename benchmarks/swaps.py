"""Statements made false: a number, a date or a name exchanged for another one of its kind."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.article import Article
from index.numbers import Quantity, quantities
from index.search import Hit

OTHER, INSIDE = "another value", "of the passage"
_NAMES = re.compile(r"\b[A-Z][\w’-]+(?: (?:of |de |the )?[A-Z][\w’-]+)*")


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim about one article; `swap` says what was made false in it ("" when it is true)."""

    text: str
    hit: Hit
    swap: str = ""

    @property
    def tuning(self) -> bool:
        return hashlib.sha256(self.hit.article_id.encode()).digest()[2] % 2 == 0


def hit_of(article: Article) -> Hit:
    """A whole article as a passage found."""
    return Hit(
        0, article.id, article.title, article.language, article.source, article.published, None,
        None, 0, len(article.text), article.text, 1.0, 1, 1,
    )  # fmt: skip


def pick(options: Sequence[str], key: str) -> str | None:
    """One of the options, always the same for the same key."""
    ordered = sorted(set(options))
    return (
        ordered[int(hashlib.sha256(key.encode()).hexdigest(), 16) % len(ordered)]
        if ordered
        else None
    )


def _value(text: str, quantity: Quantity, key: str) -> str:
    """The same kind of value written the same way: every number in it becomes another."""
    surface = text[quantity.start : quantity.end]
    place = int(hashlib.sha256(key.encode()).hexdigest(), 16)
    group = max(re.finditer(r"\d+", surface), key=lambda m: len(m.group()), default=None)
    if group is None:
        return ""
    old = int(group.group())
    year = quantity.kind == "date" and old >= 1000
    step = 1 + place % (40 if year else max(2, old // 2) if old > 9 else 6)
    new = old - step if old > 60 and place % 3 else old + step
    digits = str(new).zfill(len(group.group())) if quantity.kind != "date" else str(new)
    return surface[: group.start()] + digits + surface[group.end() :]


def numbers(text: str, hit: Hit) -> Iterator[Statement]:
    """The claim with one value changed, and with one that the same passage gives for another thing."""
    own = quantities(text)
    mine = {q.value for q in own}
    for quantity in own[-1:]:
        kind = "date" if quantity.kind == "date" else "number"
        values = [
            q for q in quantities(hit.text) if q.kind == quantity.kind and q.value not in mine
        ]
        written = [hit.text[q.start : q.end] for q in values if len(q.value) == len(quantity.value)]
        inside = [w for w in written if w[0].isdigit() == text[quantity.start].isdigit()]
        known = {q.value for q in quantities(hit.text)}
        for where, new in ((OTHER, _value(text, quantity, text)), (INSIDE, pick(inside, text))):
            changed = f"{text[: quantity.start]}{new}{text[quantity.end :]}"
            made = {q.value for q in quantities(changed)} - mine
            if new and made and (where == INSIDE or not made & known):
                yield Statement(changed, hit, f"{kind}, {where}")


def names_in(text: str, common: frozenset[str]) -> list[re.Match[str]]:
    """Runs of capitalised words that are no words which the collection also writes small."""
    return [m for m in _NAMES.finditer(text) if not {w.lower() for w in m.group().split()} & common]


def english_names(
    text: str, hit: Hit, names: Sequence[str], common: frozenset[str]
) -> Iterator[Statement]:
    """The claim with one name exchanged for one of another passage, and for one of its own."""
    own = [m for m in names_in(text, common) if m.group() in hit.text]
    if not own:
        return
    name = own[int(hashlib.sha256(text.encode()).hexdigest(), 16) % len(own)]
    length = len(name.group().split())
    there = [m.group() for m in names_in(hit.text, common)]
    inside = [n for n in there if n not in text and len(n.split()) == length]
    around = hit.text + hit.title + text
    outside = [n for n in names if len(n.split()) == length and n not in around]
    for where, new in ((OTHER, pick(outside, text)), (INSIDE, pick(inside, text))):
        if new:
            yield Statement(text[: name.start()] + new + text[name.end() :], hit, f"name, {where}")
