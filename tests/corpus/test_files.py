import os
import unicodedata
from pathlib import Path

import pytest

from corpus import files
from corpus.errors import CorpusError
from corpus.files import Found, Unreadable, walk


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("글", encoding="utf-8")


def test_readable_files_in_order(tmp_path: Path) -> None:
    write(tmp_path, "b.md", "a/z.txt", "a/나.html", "README", "회의 2025.06.11", "c.MD")
    write(tmp_path, "x.png", "a/y.pyc", ".git/config.md", ".hidden.md", "a/.b/c.md")
    assert list(walk(tmp_path)) == [
        Found(tmp_path / name, name)
        for name in ("README", "a/z.txt", "a/나.html", "b.md", "c.MD", "회의 2025.06.11")
    ]


def test_names_are_nfc_and_paths_are_as_on_disk(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "한글.md")
    write(tmp_path, f"폴더/{name}")
    (found,) = walk(tmp_path)
    assert isinstance(found, Found)
    assert found.relative == "폴더/한글.md"
    assert found.path.read_text(encoding="utf-8") == "글"


def test_two_names_that_are_one_in_nfc(tmp_path: Path) -> None:
    write(tmp_path, "한글.md", unicodedata.normalize("NFD", "한글.md"))
    if len(os.listdir(tmp_path)) < 2:
        pytest.skip("this file system holds them to be one name")
    first, second = walk(tmp_path)
    assert isinstance(first, Found) and isinstance(second, Unreadable)
    assert first.relative == second.relative == "한글.md"


def test_a_file_is_a_root_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "b.png")
    assert list(walk(tmp_path / "a.md")) == [Found(tmp_path / "a.md", "a.md")]
    assert list(walk(tmp_path / "b.png")) == [Found(tmp_path / "b.png", "b.png")]


def test_an_empty_folder_has_no_files(tmp_path: Path) -> None:
    assert list(walk(tmp_path)) == []


def test_a_missing_root_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="없음: does not exist; check the path"):
        walk(tmp_path / "없음")


def test_links_to_folders_are_reported_and_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "a/b.md")
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "c.md").symlink_to(tmp_path / "a" / "b.md")
    found = list(walk(tmp_path))
    assert [item.relative for item in found] == ["a/b.md", "a/loop/", "c.md"]
    assert isinstance(found[1], Unreadable) and "link to a folder" in found[1].reason
    assert isinstance(found[2], Found)


def test_bad_files_are_reported_and_the_walk_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST", 10)
    write(tmp_path, "a.md", "c.md")
    (tmp_path / "b.md").write_text("x" * 11)
    (tmp_path / "dangling.md").symlink_to(tmp_path / "nowhere.md")
    (tmp_path / "itself.md").symlink_to(tmp_path / "itself.md")
    os.mkfifo(tmp_path / "pipe.md")
    found = list(walk(tmp_path))
    assert [item.relative for item in found if isinstance(item, Found)] == ["a.md", "c.md"]
    reasons = {item.relative: item.reason for item in found if isinstance(item, Unreadable)}
    assert reasons["b.md"].startswith("is too large")
    assert reasons["dangling.md"] == "cannot be opened (No such file or directory)"
    assert len(reasons) == 3


def test_an_unreadable_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a/x.md", "b.md")
    scandir = os.scandir

    def guarded(folder: Path):
        if folder.name == "a":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", guarded)
    assert list(walk(tmp_path)) == [
        Unreadable("a/", "cannot be opened (Permission denied)"),
        Found(tmp_path / "b.md", "b.md"),
    ]
    with pytest.raises(CorpusError, match="cannot be opened"):
        walk(tmp_path / "a")


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"\xff.md")).write_text("x")
    except OSError:
        pytest.skip("this file system takes only names that are text")
    (item,) = walk(tmp_path)
    assert item == Unreadable("?.md", "its name is not valid UTF-8; rename it")
