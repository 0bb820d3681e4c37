"""Indexing on the command line: what is read, what is skipped and said, sources in and out."""

from pathlib import Path

PNG = b"\x89PNG\r\n\x1a\n" + bytes(90)


def test_bad_files_are_named_and_the_rest_is_indexed(rag, write, tmp_path: Path) -> None:
    good = "# 미스트랄\n\n미스트랄은 파리에 본사를 둔 회사다. 매개변수는 240억 개다.\n"
    root = write("news", {
        "utf8.md": good, "bom.txt": b"\xef\xbb\xbf" + good.encode(),
        "cp949.txt": good.encode("cp949"), "utf16.txt": good.encode("utf-16"),
        "empty.md": "", "image.md": PNG, "binary.txt": bytes(range(256)) * 20,
        "cut.md": b"\xff\xfe\x00", "deep/empty.html": " \n",
    })  # fmt: skip
    (root / "gone.md").symlink_to(root / "nowhere")
    bad = {"empty.md", "image.md", "binary.txt", "cut.md", "deep/empty.html", "gone.md"}
    home = tmp_path / "home"
    done = rag("index", root, "--json", "--home", home)
    assert done.code == 0
    (report,) = done.json["sources"]
    assert (report["source"], report["added"]) == ("news", 4)
    assert {skip["path"] for skip in report["skipped"]} == bad
    again = rag("index", root, "--home", home)
    assert again.code == 0
    lines = [line for line in again.err.splitlines() if line.startswith("  skipped ")]
    assert len(lines) == len(bad)
    assert all(any(name in line for line in lines) for name in bad)
    assert "4 unchanged" in again.err
    hits = rag("search", "파리 본사", "--json", "--home", home).json["hits"]
    assert len({hit["article_id"] for hit in hits}) == 4


def test_when_nothing_could_be_read_it_is_exit_1(rag, write, tmp_path: Path) -> None:
    root = write("news", {"empty.md": "", "image.md": PNG})
    done = rag("index", root, "--home", tmp_path / "home")
    assert done.code == 1
    assert "empty.md" in done.err
    assert "image.md" in done.err
    assert rag("index", tmp_path / "nowhere", "--home", tmp_path / "home").failed("nowhere")


def test_a_dry_run_says_what_it_would_skip_and_ends_as_the_run_would(
    rag, write, tmp_path: Path
) -> None:
    home, root = tmp_path / "home", write("news", {"a.md": "키위는 과일이다.\n"})
    (root / "b.md").symlink_to(root / "nowhere")
    other = write("more", {"c.md": "망고는 과일이다.\n"})
    planned = rag("index", root, "--dry-run", "--json", "--home", home)
    assert planned.code == 0
    (plan,) = planned.json["sources"]
    assert (plan["add"], [skip["path"] for skip in plan["skipped"]]) == (["news/a.md"], ["b.md"])
    assert rag("index", root, other, "--home", home).code == 0
    other.rename(other.with_name("elsewhere"))
    assert [rag("index", *dry, "--home", home).code for dry in ([], ["--dry-run"])] == [0, 0]


def test_the_first_own_folder_takes_the_place_of_the_samples(rag, write, home: Path) -> None:
    root = write("news", {"a.md": "키위는 과일이다.\n"})
    dry = rag("index", root, "--dry-run", "--home", home)
    assert (dry.code, dry.out) == (0, "+ news/a.md\n")
    status = rag("status", "--json", "--home", home)
    assert [source["name"] for source in status.json["sources"]] == ["samples"]
    assert rag("index", root, "--home", home).code == 0
    status = rag("status", "--json", "--home", home)
    assert [source["name"] for source in status.json["sources"]] == ["news"]
    assert (status.json["counts"]["articles"], status.json["healthy"]) == (1, True)
    (root / "b.md").write_text("망고는 과일이다.\n")
    assert "1 added, 0 changed, 0 removed, 1 unchanged" in rag("index", "--home", home).err
    assert rag("index", root, "--rebuild", "--home", home).code == 0
    found = rag("search", "망고", "--json", "-k", "1", "--home", home).json["hits"]
    assert [hit["article_id"] for hit in found] == ["news/b.md"]


def test_status_tells_what_is_wrong(rag, write, tmp_path: Path) -> None:
    home, root = tmp_path / "home", write("news", {"a.md": "키위는 과일이다.\n"})
    rag("index", root, "--home", home)
    assert rag("status", "--home", home).code == 0
    root.rename(root.with_name("elsewhere"))
    done = rag("status", "--home", home)
    assert done.code == 1
    assert "news" in done.err
    done = rag("index", "--home", home)
    assert done.code == 1
    assert "kept" in done.err
    assert rag("search", "키위", "--json", "--home", home).json["hits"] != []


def test_a_rebuild_keeps_what_cannot_be_read_now(rag, write, tmp_path: Path) -> None:
    home = tmp_path / "home"
    kiwi, mango = (
        write("a", {"k.md": "키위는 과일이다.\n"}),
        write("b", {"m.md": "망고도 과일이다.\n"}),
    )
    assert rag("index", kiwi, mango, "--home", home).code == 0
    mango.rename(mango.with_name("elsewhere"))
    rag("index", "--rebuild", "--home", home)
    found = rag("search", "망고", "--json", "-k", "1", "--home", home).json["hits"]
    assert [hit["article_id"] for hit in found] == ["b/m.md"]


def test_a_folder_without_articles_leaves_the_samples(rag, write, home: Path) -> None:
    assert rag("index", write("news", {"empty.md": ""}), "--home", home).code == 1
    assert rag("show", "samples/ko/magistral-launch.md", "--home", home).code == 0


def test_forget_takes_a_source_out(rag, home: Path) -> None:
    assert rag("forget", "nothing", "--home", home).failed("nothing", "samples")
    assert rag("forget", "samples", "--home", home).code == 0
    assert rag("search", "마지스트랄", "--json", "--home", home).json["hits"] == []
