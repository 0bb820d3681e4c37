"""What can be asked of the store: queries on one consistent state, and the rows they give."""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from corpus.article import Article, Language
from index.encoder import Vectors
from index.errors import StoreError

SCHEMA_VERSION = 1
_PASSAGE_COLUMNS = """
    p.id, p.article, a.title, p.language, a.source, a.published, p.page, p.heading, p.start, p.end,
    substr(a.text, p.start + 1, p.end - p.start)"""


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage with what a reader of it needs to know of its article."""

    id: int
    article_id: str
    title: str
    language: Language
    source: str
    published: str | None
    page: int | None
    heading: str | None
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What a question is narrowed to; empty fields narrow nothing. `since` is an ISO date."""

    language: Language | None = None
    since: str | None = None
    source: str | None = None

    def __bool__(self) -> bool:
        return bool(self.language or self.since or self.source)


@dataclass(frozen=True, slots=True)
class Source:
    """An indexed root: its name, where it lies, and when it was last synced (ISO, UTC)."""

    name: str
    root: str
    synced: str | None
    articles: int
    passages: int


class Snapshot:
    """Queries on one consistent state."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        found = dict(db.execute("SELECT key, value FROM meta"))
        if int(found.get("schema", 0)) != SCHEMA_VERSION:
            raise StoreError(
                f"this index has version {found.get('schema')} and the program reads {SCHEMA_VERSION}: "
                "index again with `rag index --rebuild PATH…`"
            )
        self.generation = int(found["generation"])
        self.fingerprint: str | None = found.get("fingerprint")
        self.encoder: str | None = found.get("encoder")
        self.cutting: str | None = found.get("cutting")

    def digests(self, source: str) -> dict[str, str]:
        """Article id → digest, of one source."""
        return dict(self._db.execute("SELECT id, digest FROM articles WHERE source = ?", (source,)))

    def sources(self) -> list[Source]:
        """All sources by name."""
        return [
            Source(*row)
            for row in self._db.execute(
                """SELECT s.name, s.root, s.synced,
                   (SELECT count(*) FROM articles a WHERE a.source = s.name),
                   (SELECT count(*) FROM passages p JOIN articles a ON a.id = p.article
                    WHERE a.source = s.name)
                   FROM sources s ORDER BY s.name"""
            )
        ]

    def counts(self) -> dict[str, int]:
        """How many articles and passages there are, by language too."""
        counted = {
            "articles": self._db.execute("SELECT count(*) FROM articles").fetchone()[0],
            "passages": self._db.execute("SELECT count(*) FROM passages").fetchone()[0],
        }
        for language, number in self._db.execute(
            "SELECT language, count(*) FROM articles GROUP BY 1"
        ):
            counted[f"articles_{language}"] = number
        return counted

    def article(self, article_id: str) -> Article | None:
        """The whole article; None when there is none of this id."""
        row = self._db.execute(
            "SELECT id, title, text, language, source, path, published, digest FROM articles WHERE id = ?",
            (article_id,),
        ).fetchone()
        return Article(*row) if row else None

    def article_ids(self) -> list[str]:
        """The ids of all articles, sorted."""
        return [row[0] for row in self._db.execute("SELECT id FROM articles ORDER BY id")]

    def passages(self, ids: Iterable[int]) -> dict[int, StoredPassage]:
        """The passages with these ids; ids that are gone are left out."""
        found: dict[int, StoredPassage] = {}
        for some in runs(list(ids)):
            marks = ",".join("?" * len(some))
            for row in self._db.execute(
                f"SELECT {_PASSAGE_COLUMNS} FROM passages p JOIN articles a ON a.id = p.article "
                f"WHERE p.id IN ({marks})",
                some,
            ):
                found[row[0]] = StoredPassage(*row)
        return found

    def passages_after(self, last: int, count: int) -> list[StoredPassage]:
        """The next `count` passages by id, for rebuilding a view."""
        return [
            StoredPassage(*row)
            for row in self._db.execute(
                f"SELECT {_PASSAGE_COLUMNS} FROM passages p JOIN articles a ON a.id = p.article "
                "WHERE p.id > ? ORDER BY p.id LIMIT ?",
                (last, count),
            )
        ]

    def languages(self) -> dict[Language, list[int]]:
        """The ids of all passages by their language."""
        found: dict[Language, list[int]] = {}
        for number, spoken in self._db.execute("SELECT id, language FROM passages"):
            found.setdefault(spoken, []).append(number)
        return found

    def ids_in(self, scope: Scope) -> list[int]:
        """Ids of the passages in a scope. An article without a date is not `since` anything."""
        wanted, values = [], []
        for clause, value in (
            ("p.language = ?", scope.language),
            ("a.published >= ?", scope.since),
            ("a.source = ?", scope.source),
        ):
            if value:
                wanted.append(clause)
                values.append(value)
        where = " AND ".join(wanted) or "1"
        return [
            row[0]
            for row in self._db.execute(
                f"SELECT p.id FROM passages p JOIN articles a ON a.id = p.article WHERE {where}",
                values,
            )
        ]

    def opening(self, scope: Scope) -> list[tuple[int, str]]:
        """The first passage of each dated article in a scope and that date, the newest first."""
        inside = set(self.ids_in(scope)) if scope else None
        dated = self._db.execute(
            "SELECT p.id, a.published FROM passages p JOIN articles a ON a.id = p.article "
            "WHERE p.ordinal = 0 AND a.published IS NOT NULL ORDER BY a.published DESC, p.id"
        )
        return [(i, day) for i, day in dated if inside is None or i in inside]

    def vectors(self, fingerprint: str, ids: Iterable[int]) -> tuple[list[int], Vectors]:
        """The stored vectors of these passages: (ids found, float32 (n, dim))."""
        found: list[tuple[int, bytes]] = []
        for some in runs(list(ids)):
            marks = ",".join("?" * len(some))
            found += self._db.execute(
                f"SELECT passage, vector FROM vectors WHERE fingerprint = ? AND passage IN ({marks})",
                [fingerprint, *some],
            ).fetchall()
        return [i for i, _ in found], _matrix([blob for _, blob in found])

    def vector_blocks(self, fingerprint: str, size: int) -> Iterator[tuple[list[int], Vectors]]:
        """All stored vectors in blocks, by passage id."""
        cursor = self._db.execute(
            "SELECT passage, vector FROM vectors WHERE fingerprint = ? ORDER BY passage",
            (fingerprint,),
        )
        while block := cursor.fetchmany(size):
            yield [i for i, _ in block], _matrix([blob for _, blob in block])

    def unencoded(self, fingerprint: str, count: int) -> list[StoredPassage]:
        """Up to `count` passages that have no vector of this fingerprint."""
        return [
            StoredPassage(*row)
            for row in self._db.execute(
                f"SELECT {_PASSAGE_COLUMNS} FROM passages p JOIN articles a ON a.id = p.article "
                "WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE v.fingerprint = ? AND v.passage = p.id) "
                "ORDER BY p.id LIMIT ?",
                (fingerprint, count),
            )
        ]

    def changes_since(self, generation: int) -> tuple[set[int], set[int]]:
        """Passages (added, removed) after a generation; what came and went since is in neither.

        Ids are never used twice."""
        added: set[int] = set()
        removed: set[int] = set()
        for passage, was_added in self._db.execute(
            "SELECT passage, added FROM changes WHERE generation > ?", (generation,)
        ):
            (added if was_added else removed).add(passage)
        return added - removed, removed - added

    def check(self) -> str | None:
        """SQLite's own quick check; None when the file is sound, else what it found."""
        result: str = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        return None if result == "ok" else result


def runs(ids: list[int], size: int = 500) -> Iterator[list[int]]:
    """Slices short enough for SQLite's limit on parameters."""
    for first in range(0, len(ids), size):
        yield ids[first : first + size]


def _matrix(blobs: list[bytes]) -> Vectors:
    if not blobs:
        return np.zeros((0, 0), dtype=np.float32)
    return (
        np.frombuffer(b"".join(blobs), dtype=np.float16).reshape(len(blobs), -1).astype(np.float32)
    )
