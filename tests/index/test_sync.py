"""Syncing: only what changed is encoded, and only what is surely gone is removed."""

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import CorpusError
from index import sync
from index.encoder import BUNDLED, BundledEncoder, Vectors
from index.errors import StoreError
from index.search import Index
from index.store import Scope, Source
from index.sync import Report, compare, locate

FILES = {
    "mistral.md": "# 미스트랄\n\n미스트랄은 파리에 본사를 둔 회사다.\n",
    "exaone.md": "# EXAONE\n\nEXAONE Deep was made by LG AI Research in Seoul.\n",
    "deep/solar.txt": "Solar Pro is a model by Upstage, a Korean company.\n",
}


class Counting:
    """The bundled encoder, and a note of every text it was given to encode."""

    def __init__(self, encoder: BundledEncoder) -> None:
        self._encoder = encoder
        self.dim, self.fingerprint = encoder.dim, encoder.fingerprint
        self.quick = encoder.quick
        self.texts: list[str] = []

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return self._encoder.encode_documents(texts)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encoder.encode_queries(texts)

    def taken(self) -> list[str]:
        """The texts since the last call."""
        texts, self.texts = self.texts, []
        return texts


@pytest.fixture
def counting(encoder: BundledEncoder) -> Counting:
    return Counting(encoder)


def articles(index: Index) -> list[str]:
    with index.store.snapshot() as snapshot:
        return snapshot.article_ids()


def figures(report: Report) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.removed, report.unchanged


def passages(index: Index) -> list[int]:
    with index.store.snapshot() as snapshot:
        return sorted(snapshot.ids_in(Scope()))


def test_a_second_sync_encodes_nothing(index: Index, write, sync_root, counting: Counting) -> None:
    root = write("news", FILES)
    assert figures(sync_root(index, root, counting)) == (3, 0, 0, 0)
    assert len(counting.taken()) == 3
    assert articles(index) == ["news/deep/solar.txt", "news/exaone.md", "news/mistral.md"]
    before = passages(index)
    os.utime(root / "mistral.md", (1, 1))  # a new time on the same bytes is no change
    assert figures(sync_root(index, root, counting)) == (0, 0, 0, 3)
    assert counting.taken() == []
    assert passages(index) == before


def test_one_changed_article_is_encoded_again_alone(
    index: Index, write, sync_root, found, counting: Counting
) -> None:
    root = write("news", FILES)
    sync_root(index, root, counting)
    counting.taken()
    write("news", {"mistral.md": "# 미스트랄\n\n이제 본사는 리옹에 있다.\n"})
    assert figures(sync_root(index, root, counting)) == (0, 1, 0, 2)
    (text,) = counting.taken()
    assert "리옹" in text
    assert found(index, "리옹에 있는 본사", 1)[0][0] == "news/mistral.md"
    with index.store.snapshot() as snapshot:
        assert all("파리" not in p.text for p in snapshot.passages(passages(index)).values())


def test_a_removed_file_is_removed(index: Index, write, sync_root, found) -> None:
    root = write("news", FILES)
    sync_root(index, root)
    (root / "mistral.md").unlink()
    assert figures(sync_root(index, root)) == (0, 0, 1, 2)
    assert articles(index) == ["news/deep/solar.txt", "news/exaone.md"]
    assert "news/mistral.md" not in {place[0] for place in found(index, "미스트랄 파리 본사")}


def test_an_emptied_folder_empties_its_source_alone(index: Index, write, sync_root) -> None:
    news, notes = write("news", FILES), write("notes", {"a.md": "메모 하나가 있다.\n"})
    sync_root(index, news)
    sync_root(index, notes)
    for name in FILES:
        (news / name).unlink()
    assert figures(sync_root(index, news)) == (0, 0, 3, 0)
    assert articles(index) == ["notes/a.md"]


def test_a_missing_root_removes_nothing(index: Index, write, sync_root) -> None:
    root = write("news", FILES)
    sync_root(index, root)
    root.rename(root.with_name("elsewhere"))
    with pytest.raises(CorpusError, match="news"):
        sync_root(index, root)
    with index.store.snapshot() as snapshot, pytest.raises(CorpusError, match="news"):
        sync.plan(snapshot, sync.Root("news", root, root))
    assert len(articles(index)) == 3


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02" * 400, b"\x89PNG\r\n\x1a\n" + b"\x00" * 40],
    ids=["empty", "binary", "image"],
)  # fmt: skip
def test_a_file_that_turned_unreadable_keeps_its_article(
    index: Index, write, sync_root, content: bytes
) -> None:
    root = write("news", FILES)
    sync_root(index, root)
    (root / "mistral.md").write_bytes(content)
    report = sync_root(index, root)
    assert figures(report)[:3] == (0, 0, 0)
    assert [skip.path for skip in report.skipped] == ["mistral.md"]
    assert "news/mistral.md" in articles(index)
    write("news", {"mistral.md": FILES["mistral.md"]})
    report = sync_root(index, root)
    assert figures(report) == (0, 0, 0, 3)
    assert report.skipped == ()


def test_a_file_that_cannot_be_opened_keeps_its_article(index: Index, write, sync_root) -> None:
    root = write("news", FILES)
    sync_root(index, root)
    (root / "mistral.md").unlink()
    (root / "mistral.md").symlink_to(root / "nowhere.md")
    report = sync_root(index, root)
    assert figures(report) == (0, 0, 0, 2)
    assert [skip.path for skip in report.skipped] == ["mistral.md"]
    assert "news/mistral.md" in articles(index)


def test_bad_files_are_named_and_the_rest_is_read(index: Index, write, sync_root) -> None:
    bad = {"empty.md": b"", "image.txt": b"\x89PNG\r\n\x1a\n" + bytes(60), "cut.md": b"\xff\xfea"}
    report = sync_root(index, write("news", FILES | bad))
    assert report.added == 3
    assert {skip.path for skip in report.skipped} == set(bad)
    assert all(len(skip.reason) > 10 and "\n" not in skip.reason for skip in report.skipped)


def test_source_names_are_unique(tmp_path: Path) -> None:
    roots = [tmp_path / place / "news" for place in ("a", "b", "c")]
    known: list[Source] = []
    for root in roots:
        root.mkdir(parents=True)
        known.append(Source(locate(root, known).source, str(root), None, 0, 0))
    assert [source.name for source in known] == ["news", "news-2", "news-3"]
    assert locate(roots[1], known).source == "news-2"
    (tmp_path / "samples").mkdir()
    assert locate(tmp_path / "samples", []).source == "samples-2"


def test_a_root_inside_a_known_source_belongs_to_it(index: Index, write, sync_root) -> None:
    root = write("news", FILES)
    sync_root(index, root)
    write("news", {"deep/solar.txt": "Solar Pro 2 has 31 billion parameters.\n"})
    write("news", {"deep/new.md": "새 글이 하나 생겼다.\n", "top.md": "이 글은 모른다.\n"})
    (root / "mistral.md").unlink()
    report = sync_root(index, root / "deep")
    assert (report.source, figures(report)) == ("news", (1, 1, 0, 0))
    assert articles(index) == [
        "news/deep/new.md", "news/deep/solar.txt", "news/exaone.md", "news/mistral.md",
    ]  # fmt: skip
    report = sync_root(index, root / "top.md")
    assert (report.source, figures(report)) == ("news", (1, 0, 0, 0))
    assert "news/top.md" in articles(index)
    assert figures(sync_root(index, root)) == (0, 0, 1, 4)


def test_one_file_can_be_a_source(index: Index, write, sync_root) -> None:
    root = write("one", {"note.md": "한 파일만 있다.\n", "other.md": "다른 글이다.\n"})
    assert figures(sync_root(index, root / "note.md")) == (1, 0, 0, 0)
    assert articles(index) == ["note.md/note.md"]
    assert figures(sync_root(index, root / "note.md")) == (0, 0, 0, 1)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_hangul_file_names_are_one_name_in_either_form(
    index: Index, write, sync_root, counting: Counting, form
) -> None:
    name = unicodedata.normalize(form, "한글 폴더/기사.md")
    root = write("소식", {name: FILES["mistral.md"]})
    sync_root(index, root, counting)
    assert articles(index) == [unicodedata.normalize("NFC", "소식/한글 폴더/기사.md")]
    counting.taken()
    other = unicodedata.normalize("NFD" if form == "NFC" else "NFC", name)
    (root / name).rename(root / "moved.md")
    (root / other).parent.mkdir(exist_ok=True)
    (root / "moved.md").rename(root / other)
    assert figures(sync_root(index, root, counting)) == (0, 0, 0, 1)
    assert counting.taken() == []


def test_a_root_named_in_decomposed_hangul_is_the_same_source(tmp_path: Path) -> None:
    (tmp_path / unicodedata.normalize("NFD", "소식")).mkdir()
    root = locate(tmp_path / unicodedata.normalize("NFD", "소식"), [])
    assert root.source == unicodedata.normalize("NFC", "소식")


def test_forgetting_a_source_leaves_the_others(index: Index, write, sync_root, found) -> None:
    sync_root(index, write("news", FILES))
    sync_root(index, write("notes", {"a.md": "키위는 과일이다.\n"}))
    assert sync.forget(index, "news") == 3
    assert articles(index) == ["notes/a.md"]
    assert {place[0] for place in found(index, "미스트랄 파리 본사")} <= {"notes/a.md"}
    with pytest.raises(StoreError, match=r"no source named news.*notes"):
        sync.forget(index, "news")


def test_another_encoder_is_refused_by_a_sync_and_taken_by_reencoding(
    index: Index, write, sync_root, encoder: BundledEncoder, counting: Counting
) -> None:
    root = write("news", FILES)
    sync_root(index, root)
    counting.fingerprint = "another"
    write("news", {"new.md": "새 글이다.\n"})
    with pytest.raises(StoreError, match="another encoder"):
        sync_root(index, root, counting)
    assert len(articles(index)) == 3
    *_, last = sync.reencode(index, BUNDLED, counting)
    assert (last.done, last.total) == (3, 3)
    assert len(counting.taken()) == 3
    with index.store.snapshot() as snapshot:
        assert snapshot.fingerprint == "another"
        assert snapshot.vectors(encoder.fingerprint, passages(index))[0] == []
    assert figures(sync_root(index, root, counting)) == (1, 0, 0, 3)


def test_a_file_that_changes_between_plan_and_apply_is_read_as_it_is(
    index: Index, write, sync_root, encoder: BundledEncoder
) -> None:
    root = write("news", FILES)
    todo = sync.plan(None, locate(root, []))
    (root / "mistral.md").unlink()
    index.use(encoder)
    *_, report = sync.apply(index, todo, BUNDLED, encoder)
    assert isinstance(report, Report)
    assert (report.added, [skip.path for skip in report.skipped]) == (2, ["mistral.md"])


IDS = st.sampled_from([f"news/{letter}.md" for letter in "abcdefgh"])
DIGESTS = st.dictionaries(IDS, st.sampled_from(["1", "2", "3"]))


@given(stored=DIGESTS, found=DIGESTS, recut=st.booleans())
def test_a_comparison_leads_from_what_is_stored_to_what_was_found(
    stored: dict[str, str], found: dict[str, str], recut: bool
) -> None:
    before = (dict(stored), dict(found))
    add, change, remove = compare(stored, found, recut=recut)
    assert (stored, found) == before
    after = {i: d for i, d in stored.items() if i not in remove}
    after |= {i: found[i] for i in (*add, *change)}
    assert after == found
    assert not set(add) & stored.keys()
    assert set(change) <= stored.keys() & found.keys()
    assert all(ids == tuple(sorted(set(ids))) for ids in (add, change, remove))
    unchanged = {i for i in stored.keys() & found.keys() if stored[i] == found[i]}
    assert set(change) >= unchanged if recut else not set(change) & unchanged
    assert compare(found, found) == ((), (), ())
