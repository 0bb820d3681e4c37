"""The one source of truth: articles, passages and vectors in a single SQLite file.

Passage ids are never reused or changed. Every change to a batch of whole articles is one
transaction, and the change log says which passages it added and removed, so that the derived views
(FAISS, Tantivy) can catch up from any generation or be rebuilt from nothing.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import IndexMissing, StoreError
from index.snapshot import SCHEMA_VERSION, Scope, Snapshot, Source, StoredPassage
from index.writing import Indexed, Writing

__all__ = ["Indexed", "Scope", "Snapshot", "Source", "Store", "StoredPassage", "Writing"]

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
CREATE INDEX vectors_by_passage ON vectors(passage);
CREATE TABLE changes (generation INTEGER NOT NULL, passage INTEGER NOT NULL, added INTEGER NOT NULL);
CREATE INDEX changes_by_generation ON changes(generation);
"""


class Store:
    """The database file. Reading happens in a `snapshot`, writing in `write`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self) -> bool:
        """Whether there is a file with something in it."""
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
    def snapshot(self) -> Iterator[Snapshot]:
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
    def write(self) -> Iterator[Writing]:
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
