"""The database: ids that never return, snapshots that stand still, transactions that are whole."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from corpus.chunking import passages
from corpus.readers import read
from index.encoder import BundledEncoder
from index.errors import IndexMissing, StoreError
from index.store import Indexed, Scope, Store

TEXT = "미스트랄은 파리에 있다. 엑사원은 서울에서 만들었다.\n\n## 둘째\n\nMagistral is a model.\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store.db")
    made.create()
    with made.write() as writing:
        writing.add_source("a", "/articles/a")
        writing.add_source("b", "/articles/b")
        writing.use_encoder("bundled", "print")
    return made


@pytest.fixture
def item(encoder: BundledEncoder):
    def make(name: str, text: str = TEXT, published: str | None = None) -> Indexed:
        front = f"---\npublished: {published}\n---\n" if published else ""
        source, _, path = name.partition("/")
        article = read((front + text).encode(), id=name, source=source, path=path)
        cut = passages(article)
        return Indexed(article, cut, encoder.encode_documents([p.text for p in cut]))

    return make


def ids(store: Store) -> set[int]:
    with store.snapshot() as snapshot:
        return set(snapshot.ids_in(Scope()))


def test_without_a_file_the_command_that_makes_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match="rag index"), Store(tmp_path / "none.db").snapshot():
        pass
    assert not (tmp_path / "none.db").exists()


def test_what_is_stored_comes_back(store: Store, item) -> None:
    put = item("a/one.md", published="2025-06-11")
    with store.write() as writing:
        added = writing.put([put], "print")
    with store.snapshot() as snapshot:
        assert snapshot.article("a/one.md") == put.article
        assert snapshot.article("a/two.md") is None
        found = snapshot.passages(added)
        kept, vectors = snapshot.vectors("print", added)
    assert len(added) == len(put.passages) == 2
    for number, (article, passage) in added.items():
        stored = found[number]
        assert stored.text == article.text[stored.start : stored.end] == passage.text
        assert (stored.article_id, stored.published) == ("a/one.md", "2025-06-11")
    assert [found[n].heading for n in sorted(found)] == [None, "둘째"]
    assert sorted(kept) == sorted(added)
    assert np.allclose(vectors, put.vectors[np.argsort(np.argsort(kept))], atol=1e-3)


def test_offsets_count_code_points(store: Store, item) -> None:
    put = item(
        "a/emoji.md", "🤗🇰🇷 미스트랄은 파리에 있다. 𝕏도 있다.\n\n## 😀\n\n엑사원은 서울에 있다.\n"
    )
    with store.write() as writing:
        added = writing.put([put], "print")
    with store.snapshot() as snapshot:
        texts = [passage.text for _, passage in sorted(snapshot.passages(added).items())]
    assert texts == [passage.text for passage in put.passages]


def test_ids_are_never_used_again(store: Store, item) -> None:
    seen: set[int] = set()
    for _ in range(4):
        with store.write() as writing:
            added = writing.put([item("a/one.md"), item("a/two.md")], "print")
        assert not seen & added.keys()
        seen |= added.keys()
        with store.write() as writing:
            assert set(writing.remove(["a/one.md", "a/two.md"])) == added.keys()
    assert ids(store) == set()
    with store.write() as writing:
        added = writing.put([item("a/one.md")], "print")
    assert min(added) > max(seen)


def test_an_article_put_again_replaces_the_old_one_whole(store: Store, item) -> None:
    with store.write() as writing:
        old = writing.put([item("a/one.md")], "print")
    with store.write() as writing:
        new = writing.put([item("a/one.md", "이제는 한 문장뿐이다.")], "print")
    with store.snapshot() as snapshot:
        assert snapshot.counts()["articles"] == 1
        assert snapshot.passages(old) == {}
        assert snapshot.vectors("print", old)[0] == []
        assert [p.text for p in snapshot.passages(new).values()] == ["이제는 한 문장뿐이다."]


def test_a_snapshot_stands_still_while_a_writer_writes(store: Store, item) -> None:
    with store.write() as writing:
        writing.put([item("a/one.md")], "print")
    with store.snapshot() as before:
        generation, counted = before.generation, before.counts()
        with store.write() as writing:
            writing.put([item("a/two.md"), item("b/three.md")], "print")
            assert before.counts() == counted
        assert before.counts() == counted
        assert before.article("a/two.md") is None
        with store.snapshot() as after:
            assert after.generation == generation + 1
            assert after.counts()["articles"] == 3


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_a_transaction_that_fails_changes_nothing(store: Store, item, failure) -> None:
    with store.write() as writing:
        writing.put([item("a/one.md")], "print")
    with store.snapshot() as snapshot:
        before = (snapshot.generation, snapshot.article_ids(), snapshot.sources())
        changes = snapshot.changes_since(0)
    with pytest.raises(failure), store.write() as writing:
        writing.put([item("a/two.md")], "print")
        writing.remove(["a/one.md"])
        writing.remove_source("b")
        raise failure
    with store.snapshot() as snapshot:
        assert (snapshot.generation, snapshot.article_ids(), snapshot.sources()) == before
        assert snapshot.changes_since(0) == changes
        assert snapshot.check() is None


def test_the_change_log_tells_what_came_and_what_went(store: Store, item) -> None:
    with store.write() as writing:
        one = set(writing.put([item("a/one.md")], "print"))
    first = writing.generation
    with store.write() as writing:
        two = set(writing.put([item("a/two.md")], "print"))
    with store.write() as writing:
        again = set(writing.put([item("a/one.md", "바뀐 글이다.")], "print"))
    with store.snapshot() as snapshot:
        assert snapshot.changes_since(first) == (two | again, one)
        assert snapshot.changes_since(0) == (two | again, set()), "what came and went is neither"
        assert snapshot.changes_since(snapshot.generation) == (set(), set())


def test_removing_a_source_leaves_the_others_alone(store: Store, item) -> None:
    with store.write() as writing:
        writing.put([item("a/one.md"), item("b/one.md"), item("b/two.md")], "print")
    with store.write() as writing:
        writing.remove_source("b")
    with store.snapshot() as snapshot:
        assert snapshot.article_ids() == ["a/one.md"]
        assert [(s.name, s.articles) for s in snapshot.sources()] == [("a", 1)]


def test_a_scope_narrows_by_language_date_and_source(store: Store, item) -> None:
    with store.write() as writing:
        writing.put([item("a/ko.md", "미스트랄은 파리에 있는 회사다.", "2025-06-11")], "print")
        writing.put([item("a/en.md", "Mistral is a company in Paris.", "2024-01-02")], "print")
        writing.put([item("b/undated.md", "Upstage is a company in Korea.")], "print")

    def within(**scope: str) -> list[str]:
        with store.snapshot() as snapshot:
            numbers = snapshot.ids_in(Scope(**scope))  # type: ignore[arg-type]
            return sorted(p.article_id for p in snapshot.passages(numbers).values())

    assert within(language="ko") == ["a/ko.md"]
    assert within(since="2024-01-02") == ["a/en.md", "a/ko.md"]
    assert within(since="2024-01-03") == ["a/ko.md"]
    assert within(source="b") == ["b/undated.md"]
    assert within(language="en", source="a", since="2025-01-01") == []
    assert not Scope()


def test_many_ids_are_asked_for_at_once(store: Store, item) -> None:
    long = "\n\n".join(f"## {n}\n\n문장 {n}번이 여기 있다." for n in range(1200))
    with store.write() as writing:
        added = writing.put([item("a/long.md", long)], "print")
    assert len(added) == 1200
    with store.snapshot() as snapshot:
        assert snapshot.passages([*added, 10**9]).keys() == added.keys()
        assert snapshot.vectors("print", added)[1].shape[0] == 1200
        blocks = list(snapshot.vector_blocks("print", 500))
        assert [len(numbers) for numbers, _ in blocks] == [500, 500, 200]
    with store.write() as writing:
        assert len(writing.remove(["a/long.md"])) == 1200


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"x" * 5000]
)
def test_a_damaged_file_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "store.db").write_bytes(content)
    damaged = Store(tmp_path / "store.db")
    with pytest.raises(StoreError, match=r"store\.db.*--rebuild"), damaged.snapshot() as snapshot:
        snapshot.counts()


def test_a_file_of_another_version_is_named(store: Store) -> None:
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
    with pytest.raises(StoreError, match="version 99"), store.snapshot():
        pass


def test_creating_twice_keeps_what_is_there(store: Store, item) -> None:
    with store.write() as writing:
        writing.put([item("a/one.md")], "print")
    store.create()
    with store.snapshot() as snapshot:
        assert snapshot.article_ids() == ["a/one.md"]
