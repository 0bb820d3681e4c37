"""The one source of truth: articles, passages and vectors in a single SQLite file.

Passage ids are never reused or changed. Every change to a batch of whole articles is one
transaction, and the change log says which passages it added and removed, so that the derived views
(FAISS, Tantivy) can catch up from any generation or be rebuilt from nothing.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from corpus.article import Article, Language, Passage
from index.encoder import Vectors
from index.errors import IndexMissing, StoreError

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (name TEXT PRIMARY KEY, root TEXT NOT NULL UNIQUE, synced TEXT) WITHOUT ROWID;
CREATE TABLE articles (
    id TEXT PRIMARY KEY, source TEXT NOT NULL REFERENCES sources(name), path TEXT NOT NULL,
    title TEXT NOT NULL, language TEXT NOT NULL, published TEXT, digest TEXT NOT NULL,
    text TEXT NOT NULL);
CREATE INDEX articles_by_source ON articles(source);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, article TEXT NOT NULL REFERENCES articles(id),
    ordinal INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
    language TEXT NOT NULL, heading TEXT, page INTEGER);
CREATE INDEX passages_by_article ON passages(article);
CREATE TABLE vectors (
    fingerprint TEXT NOT NULL, passage INTEGER NOT NULL, vector BLOB NOT NULL,
    PRIMARY KEY (fingerprint, passage)) WITHOUT ROWID;
CREATE TABLE changes (generation INTEGER NOT NULL, passage INTEGER NOT NULL, added INTEGER NOT NULL);
CREATE INDEX changes_by_generation ON changes(generation);
"""
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


@dataclass(frozen=True, slots=True)
class Indexed:
    """A whole article ready to be stored: vectors float32 (len(passages), dim)."""

    article: Article
    passages: Sequence[Passage]
    vectors: Vectors


class Store:
    """The database file. Reading happens in a `snapshot`, writing in `write`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self) -> bool:
        return self.path.is_file() and self.path.stat().st_size > 0

    def create(self) -> None:
        """Make the file and its tables when they are not there.

        Raises StoreError when the folder cannot be written or the file is of another version.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"{self.path.parent}: cannot be made ({error.strerror}); choose another folder with --home"
            ) from error
        with self._connected() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("BEGIN IMMEDIATE")
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)
                db.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),))
                db.execute("INSERT INTO meta VALUES ('generation', '0')")
            db.execute("COMMIT")

    @contextmanager
    def snapshot(self) -> Iterator["Snapshot"]:
        """One read transaction: everything seen inside belongs to one generation.

        Raises IndexMissing when there is no database, StoreError when it cannot be read.
        """
        if not self.exists():
            raise IndexMissing("there is no index yet: make one with `rag index FOLDER`")
        with self._connected() as db:
            db.execute("BEGIN")
            try:
                yield Snapshot(db)
            finally:
                db.rollback()

    @contextmanager
    def write(self) -> Iterator["Writing"]:
        """One transaction that moves the generation on by one, or leaves everything as it was."""
        with self._connected() as db:
            db.execute("PRAGMA synchronous = FULL")
            db.execute("BEGIN IMMEDIATE")
            try:
                writing = Writing(db)
                yield writing
                writing.finish()
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            db = sqlite3.connect(
                self.path, timeout=30, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise StoreError(self._reason(error)) from error
        try:
            yield db
        except sqlite3.Error as error:
            raise StoreError(self._reason(error)) from error
        finally:
            db.close()

    def _reason(self, error: sqlite3.Error) -> str:
        text = str(error)
        if "full" in text or "I/O" in text:
            advice = "free some disk space and run the same command again"
        elif "not a database" in text or "malformed" in text:
            advice = "restore it from a copy, or index again with `rag index --rebuild PATH…`"
        elif "readonly" in text or "unable to open" in text:
            advice = "make the folder writable, or choose another with --home"
        else:
            advice = "try again; what was indexed before is kept"
        return f"{self.path}: {text}; {advice}"


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
        row = self._db.execute(
            "SELECT id, title, text, language, source, path, published, digest FROM articles WHERE id = ?",
            (article_id,),
        ).fetchone()
        return Article(*row) if row else None

    def article_ids(self) -> list[str]:
        return [row[0] for row in self._db.execute("SELECT id FROM articles ORDER BY id")]

    def passages(self, ids: Iterable[int]) -> dict[int, StoredPassage]:
        """The passages with these ids; ids that are gone are left out."""
        found: dict[int, StoredPassage] = {}
        for some in _runs(list(ids)):
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

    def vectors(self, fingerprint: str, ids: Iterable[int]) -> tuple[list[int], Vectors]:
        """The stored vectors of these passages: (ids found, float32 (n, dim))."""
        found: list[tuple[int, bytes]] = []
        for some in _runs(list(ids)):
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
        """Passages (added, removed) after a generation; what came and went is only in removed."""
        added: set[int] = set()
        removed: set[int] = set()
        for passage, was_added in self._db.execute(
            "SELECT passage, added FROM changes WHERE generation > ?", (generation,)
        ):
            (added if was_added else removed).add(passage)
        return added - removed, removed

    def check(self) -> str | None:
        """SQLite's own quick check; None when the file is sound, else what it found."""
        result: str = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        return None if result == "ok" else result


class Writing:
    """The changes of one transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        (generation,) = db.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()
        self.generation = int(generation) + 1

    def put(self, items: Iterable[Indexed], fingerprint: str) -> dict[int, tuple[Article, Passage]]:
        """Store whole articles in place of what had their ids; the new passages by their ids."""
        added: dict[int, tuple[Article, Passage]] = {}
        for item in items:
            article = item.article
            self.remove([article.id])
            self._db.execute(
                "INSERT INTO articles (id, source, path, title, language, published, digest, text) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (article.id, article.source, article.path, article.title, article.language,
                 article.published, article.digest, article.text),
            )  # fmt: skip
            vectors = item.vectors.astype(np.float16)
            for passage, vector in zip(item.passages, vectors, strict=True):
                cursor = self._db.execute(
                    "INSERT INTO passages (article, ordinal, start, end, language, heading, page) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (article.id, passage.ordinal, passage.start, passage.end, passage.language,
                     passage.heading, passage.page),
                )  # fmt: skip
                number = int(cursor.lastrowid or 0)
                self._db.execute(
                    "INSERT INTO vectors VALUES (?, ?, ?)", (fingerprint, number, vector.tobytes())
                )
                added[number] = (article, passage)
        self._log(added, added_=True)
        return added

    def remove(self, article_ids: Iterable[str]) -> list[int]:
        """Take articles out with their passages and vectors; the ids of those passages."""
        gone: list[int] = []
        for article_id in article_ids:
            ids = [
                row[0]
                for row in self._db.execute(
                    "SELECT id FROM passages WHERE article = ?", (article_id,)
                )
            ]
            for some in _runs(ids):
                marks = ",".join("?" * len(some))
                self._db.execute(f"DELETE FROM vectors WHERE passage IN ({marks})", some)
            self._db.execute("DELETE FROM passages WHERE article = ?", (article_id,))
            self._db.execute("DELETE FROM articles WHERE id = ?", (article_id,))
            gone += ids
        self._log(gone, added_=False)
        return gone

    def add_source(self, name: str, root: str) -> None:
        self._db.execute("INSERT OR IGNORE INTO sources (name, root) VALUES (?, ?)", (name, root))

    def synced(self, name: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._db.execute("UPDATE sources SET synced = ? WHERE name = ?", (now, name))

    def remove_source(self, name: str) -> None:
        ids = [
            row[0] for row in self._db.execute("SELECT id FROM articles WHERE source = ?", (name,))
        ]
        self.remove(ids)
        self._db.execute("DELETE FROM sources WHERE name = ?", (name,))

    def add_vectors(self, fingerprint: str, ids: Sequence[int], vectors: Vectors) -> None:
        """Vectors of another encoder, beside those the index answers with."""
        self._db.executemany(
            "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
            [
                (fingerprint, i, v.tobytes())
                for i, v in zip(ids, vectors.astype(np.float16), strict=True)
            ],
        )

    def use_encoder(self, name: str, fingerprint: str) -> None:
        """Answer with this encoder's vectors from now on."""
        self._remember("encoder", name)
        self._remember("fingerprint", fingerprint)

    def cut_with(self, version: str) -> None:
        """All articles are now cut into passages by this version of the rules."""
        self._remember("cutting", version)

    def _remember(self, key: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def drop_other_vectors(self, fingerprint: str) -> None:
        self._db.execute("DELETE FROM vectors WHERE fingerprint != ?", (fingerprint,))

    def finish(self) -> None:
        self._db.execute(
            "UPDATE meta SET value = ? WHERE key = 'generation'", (str(self.generation),)
        )

    def _log(self, ids: Iterable[int], added_: bool) -> None:
        self._db.executemany(
            "INSERT INTO changes VALUES (?, ?, ?)", [(self.generation, i, int(added_)) for i in ids]
        )


def _runs(ids: list[int], size: int = 500) -> Iterator[list[int]]:
    """Slices short enough for SQLite's limit on parameters."""
    for first in range(0, len(ids), size):
        yield ids[first : first + size]


def _matrix(blobs: list[bytes]) -> Vectors:
    if not blobs:
        return np.zeros((0, 0), dtype=np.float32)
    return (
        np.frombuffer(b"".join(blobs), dtype=np.float16).reshape(len(blobs), -1).astype(np.float32)
    )
