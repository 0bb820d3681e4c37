"""The two views can be deleted, damaged or left behind at any time; the same hits come back."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from index import sync
from index.encoder import BundledEncoder
from index.search import Index, bring_up
from index.store import Scope
from index.terms import TermView
from index.vectors import VectorView

QUESTIONS = [
    "마지스트랄 스몰의 매개변수는 몇 개인가?",
    "How much money did Mistral raise?",
    "엑사원 딥은 언제 공개됐나?",
]


@pytest.fixture
def opened(home: Path, encoder: BundledEncoder) -> Callable[[], Index]:
    """`opened()` opens the home's index anew, as another process would."""
    return lambda: Index(home / "index", lambda name: encoder)


def answers(index: Index) -> list[dict[int, float]]:
    """For each question the scores of its hits by passage, best first."""
    return [
        {hit.passage_id: hit.score for hit in index.search(question, 8)} for question in QUESTIONS
    ]


def same(index: Index, before: list[dict[int, float]]) -> bool:
    """The same hits. Deleted documents count in BM25, so that near ties may change places, and more or
    fewer passages of the other language may be looked at closely."""
    for now, then in zip(answers(index), before, strict=True):
        shared = now.keys() & then.keys()
        assert list(now)[:1] == list(then)[:1]
        assert len(shared) >= len(then) - 2
        assert {i: now[i] for i in shared} == pytest.approx({i: then[i] for i in shared}, abs=0.15)
    return True


def largest(folder: Path) -> Path:
    return max((f for f in folder.rglob("*") if f.is_file()), key=lambda file: file.stat().st_size)


def drop_terms(folder: Path) -> None:
    shutil.rmtree(folder / "terms")


def drop_vectors(folder: Path) -> None:
    (folder / "vectors.faiss").unlink()


def drop_both(folder: Path) -> None:
    drop_terms(folder)
    drop_vectors(folder)


def cut_vectors(folder: Path) -> None:
    data = (folder / "vectors.faiss").read_bytes()
    (folder / "vectors.faiss").write_bytes(data[: len(data) // 2])


def empty_vectors(folder: Path) -> None:
    (folder / "vectors.faiss").write_bytes(b"")


def flip_vectors(folder: Path) -> None:
    data = bytearray((folder / "vectors.faiss").read_bytes())
    data[len(data) // 2] ^= 0xFF
    (folder / "vectors.faiss").write_bytes(data)


def strange_vectors(folder: Path) -> None:
    (folder / "vectors.faiss").write_bytes(b"\x93NUMPY something else altogether\n" * 50)


def bad_terms_meta(folder: Path) -> None:
    (folder / "terms" / "meta.json").write_text("{")


def no_terms_meta(folder: Path) -> None:
    (folder / "terms" / "meta.json").unlink()


def cut_terms(folder: Path) -> None:
    file = largest(folder / "terms")
    file.write_bytes(file.read_bytes()[:40])


def lose_segment(folder: Path) -> None:
    largest(folder / "terms").unlink()


def flip(folder: Path, suffix: str, quarter: int) -> None:
    """Damage a quarter of every such file of the lexical view without changing its length."""
    for file in (folder / "terms").glob(f"*{suffix}"):
        data = bytearray(file.read_bytes())
        for place in range(len(data) * quarter // 4, len(data) * (quarter + 1) // 4):
            data[place] ^= 0xFF
        file.write_bytes(data)


DAMAGES = [
    drop_terms, drop_vectors, drop_both, cut_vectors, empty_vectors, flip_vectors, strange_vectors,
    bad_terms_meta, no_terms_meta, cut_terms, lose_segment,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_view_is_made_again(home: Path, opened, damage) -> None:
    before = answers(opened())
    damage(home / "index")
    assert same(opened(), before)


@pytest.mark.parametrize(
    ("suffix", "quarter"),
    [(".term", 2), (".idx", 0), (".fast", 0), (".store", 1), (".fieldnorm", 0)],
)
def test_flipped_bytes_in_the_lexical_view_are_noticed(
    home: Path, opened, suffix: str, quarter: int
) -> None:
    before = answers(opened())
    flip(home / "index", suffix, quarter)
    assert same(opened(), before)


def test_a_view_of_an_older_generation_catches_up(
    home: Path, opened, write, sync_root, found, tmp_path: Path
) -> None:
    old = shutil.copytree(home / "index", tmp_path / "old")
    root = write("mine", {"kiwi.md": "# 키위\n\n뉴질랜드의 키위 수확량은 60만 톤이다.\n"})
    sync_root(opened(), root)
    expected = found(opened(), "뉴질랜드 키위 수확량", 1)
    assert expected[0][0] == "mine/kiwi.md"
    for name in ("terms", "vectors.faiss"):
        target = home / "index" / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()
        copy = shutil.copytree if (old / name).is_dir() else shutil.copy
        copy(old / name, target)
    assert found(opened(), "뉴질랜드 키위 수확량", 1) == expected


def test_a_commit_that_was_cut_short_is_done_again(home: Path, opened, tmp_path: Path) -> None:
    """Tantivy writes new files first and `meta.json` last; a kill in between leaves the files."""
    terms = home / "index" / "terms"
    before = shutil.copytree(terms, tmp_path / "before")
    with opened().store.write() as writing:
        writing.remove(["samples/ko/magistral-launch.md", "samples/en/mistral-money.md"])
    caught_up = answers(opened())
    assert (terms / "meta.json").read_bytes() != (before / "meta.json").read_bytes()
    (before / ".managed.json").unlink()  # it is written before the files it names
    shutil.copytree(before, terms, dirs_exist_ok=True)
    assert same(opened(), caught_up)
    with opened().store.snapshot() as snapshot:
        view, _ = opened().views(snapshot)
        assert (view.generation, len(view)) == (snapshot.generation, snapshot.counts()["passages"])


def test_views_ahead_of_a_database_that_was_restored_are_made_again(
    home: Path, opened, write, sync_root, tmp_path: Path
) -> None:
    shutil.copy(home / "index" / "store.db", tmp_path / "copy.db")
    before = answers(opened())
    sync.forget(opened(), "samples")
    kiwis = {f"{n}.md": f"# 키위 {n}\n\n뉴질랜드 키위 농장 {n}번의 이야기다.\n" for n in range(20)}
    sync_root(opened(), write("mine", kiwis))
    with opened().store.snapshot() as snapshot:
        index = opened()
        index.views(snapshot)[1].save(snapshot)
    shutil.copy(tmp_path / "copy.db", home / "index" / "store.db")
    assert same(opened(), before)


def test_a_reader_that_was_open_sees_what_came_later(
    home: Path, opened, write, sync_root, found
) -> None:
    reader = opened()
    assert not any("mine/" in place[0] for place in found(reader, "뉴질랜드 키위 수확량"))
    root = write("mine", {"kiwi.md": "뉴질랜드의 키위 수확량은 60만 톤이다.\n"})
    sync_root(opened(), root)
    assert found(reader, "뉴질랜드 키위 수확량", 1)[0][0] == "mine/kiwi.md"
    (root / "kiwi.md").unlink()
    sync_root(opened(), root)
    assert not any("mine/" in place[0] for place in found(reader, "뉴질랜드 키위 수확량"))


def test_the_file_stays_behind_and_the_rest_comes_from_the_store(
    home: Path, opened, write, sync_root
) -> None:
    before = (home / "index" / "vectors.faiss").read_bytes()
    root = write("mine", {"kiwi.md": "뉴질랜드의 키위 수확량은 60만 톤이다.\n"})
    sync_root(opened(), root)
    assert (home / "index" / "vectors.faiss").read_bytes() == before, "rewritten for one passage"
    index = opened()
    (hit, *_) = index.search("뉴질랜드 키위 수확량", 3)
    assert (hit.article_id, hit.dense_rank) == ("mine/kiwi.md", 1)
    sync.forget(index, "samples")
    hits = opened().search("마지스트랄 스몰의 매개변수는 몇 개인가?", 5)
    assert {hit.source for hit in hits} == {"mine"}
    assert (home / "index" / "vectors.faiss").read_bytes() == before


def test_an_article_may_change_many_times(tmp_path: Path, encoder, write, sync_root) -> None:
    """With more passages that came and went than the file ever held."""
    index = Index(tmp_path / "index", lambda name: encoder)
    for turn in range(5):
        root = write("mine", {"kiwi.md": f"뉴질랜드의 키위 수확량은 {turn}만 톤이다.\n"})
        sync_root(index, root)
        (hit, *_) = index.search("뉴질랜드 키위 수확량", 3)
        assert f"{turn}만 톤" in hit.text
        with index.store.snapshot() as snapshot:
            assert [len(view) for view in index.views(snapshot)] == [1, 1]


def test_replaying_changes_holds_nothing_twice(home: Path, opened, write, sync_root) -> None:
    sync_root(opened(), write("mine", {"kiwi.md": "뉴질랜드의 키위 수확량은 60만 톤이다.\n"}))
    with opened().store.snapshot() as snapshot:
        terms, vectors = opened().views(snapshot)
        count = snapshot.counts()["passages"]
        assert len(terms) == len(vectors) == count
        for _ in range(2):
            terms.generation = 0  # as if all that was added since had not been
            bring_up(terms, snapshot)
        assert len(terms) == count
    assert len(TermView(home / "index" / "terms")) == count


def test_vectors_of_another_fingerprint_are_not_used(home: Path, encoder: BundledEncoder) -> None:
    path = home / "index" / "vectors.faiss"
    assert len(VectorView(path, encoder.dim, encoder.fingerprint)) > 100
    assert len(VectorView(path, encoder.dim, "another")) == 0


def test_a_language_holds_no_passage_of_the_other(opened) -> None:
    """Ids beyond the last one of a language are not looked up past the end of its bitmap."""
    index = opened()
    with index.store.snapshot() as snapshot:
        vector = index.encoder(snapshot).encode_queries([QUESTIONS[0]])[0]
        _, view = index.views(snapshot)
        for language, ids in snapshot.languages().items():
            found = view.search(vector, 1_000, language)
            assert sorted(i for i, _ in found) == ids
            assert view.search(vector, 1_000, language, snapshot.ids_in(Scope())) == found


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_dense_ranks_are_those_of_a_full_scan(opened, question: str, language) -> None:
    """In the file, and for what is beside it or gone from it."""
    index, scope = opened(), Scope(language=language)
    with index.store.snapshot() as snapshot:
        encoder = index.encoder(snapshot)
        ids, vectors = snapshot.vectors(encoder.fingerprint, snapshot.ids_in(scope))
    order = np.argsort(-(vectors @ encoder.encode_queries([question])[0]), kind="stable")
    rank = {ids[place]: number for number, place in enumerate(order.tolist(), 1)}
    hits = index.search(question, 20, scope)
    assert {hit.language for hit in hits} == {language}
    ranked = {hit.passage_id: hit.dense_rank for hit in hits if hit.dense_rank}
    assert len(ranked) >= 10
    assert ranked == {passage: rank[passage] for passage in ranked}
