"""What can be changed in the store: whole articles, sources and vectors, in one transaction."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from corpus.article import Article, Passage
from index.encoder import Vectors
from index.snapshot import runs


@dataclass(frozen=True, slots=True)
class Indexed:
    """A whole article ready to be stored: vectors float32 (len(passages), dim)."""

    article: Article
    passages: Sequence[Passage]
    vectors: Vectors


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
            for some in runs(ids):
                marks = ",".join("?" * len(some))
                self._db.execute(f"DELETE FROM vectors WHERE passage IN ({marks})", some)
            self._db.execute("DELETE FROM passages WHERE article = ?", (article_id,))
            self._db.execute("DELETE FROM articles WHERE id = ?", (article_id,))
            gone += ids
        self._log(gone, added_=False)
        return gone

    def add_source(self, name: str, root: str) -> None:
        """Know a source by name and root; one already known stays as it is."""
        self._db.execute("INSERT OR IGNORE INTO sources (name, root) VALUES (?, ?)", (name, root))

    def synced(self, name: str) -> None:
        """The source was compared with its root just now."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._db.execute("UPDATE sources SET synced = ? WHERE name = ?", (now, name))

    def remove_source(self, name: str) -> None:
        """Take a source out with all its articles."""
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
        """Keep the vectors of this encoder only."""
        self._db.execute("DELETE FROM vectors WHERE fingerprint != ?", (fingerprint,))

    def finish(self) -> None:
        """Move the generation on. `Store.write` calls it last."""
        self._db.execute(
            "UPDATE meta SET value = ? WHERE key = 'generation'", (str(self.generation),)
        )

    def _log(self, ids: Iterable[int], added_: bool) -> None:
        self._db.executemany(
            "INSERT INTO changes VALUES (?, ?, ?)", [(self.generation, i, int(added_)) for i in ids]
        )
