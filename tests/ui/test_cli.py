"""Asking on the command line: the JSON contract, exit codes, and one clear line when it fails."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

KOREAN = "마지스트랄 스몰의 매개변수는 몇 개인가?"
ANSWER = {
    "question", "language", "answer", "abstained", "reader", "sentences", "citations", "reasoning",
    "timings_ms",
}  # fmt: skip
SENTENCE = {"text", "markers", "support", "evidence"}
EVIDENCE = {"marker", "start", "end", "quote", "score"}
CITATION = {
    "marker", "article_id", "title", "language", "source", "published", "page", "heading", "start",
    "end", "quote", "support", "score",
}  # fmt: skip
HIT = {
    "article_id", "title", "language", "source", "start", "end", "text", "score", "dense_rank",
    "lexical_rank",
}  # fmt: skip


def check_answer(answer: dict[str, Any]) -> None:
    assert answer.keys() == ANSWER
    assert answer["timings_ms"].keys() == {"retrieve", "read", "total"}
    for sentence in answer["sentences"]:
        assert sentence.keys() == SENTENCE
        assert all(evidence.keys() == EVIDENCE for evidence in sentence["evidence"])
    for citation in answer["citations"]:
        assert citation.keys() == CITATION
        assert isinstance(citation["marker"], int)
        assert citation["support"] in ("supported", "weak", "unsupported")
        assert 0 <= citation["score"] <= 1


def test_ask_prints_the_contract(sample_home: Path, rag, process) -> None:
    done = process("ask", KOREAN, "--json", home=sample_home)
    assert (done.code, done.err) == (0, "")
    answer = done.json
    check_answer(answer)
    assert (answer["question"], answer["language"], answer["abstained"]) == (KOREAN, "ko", False)
    assert any("240억" in citation["quote"] for citation in answer["citations"])
    cited = answer["citations"][0]
    place = f"{cited['article_id']}:{cited['start']}-{cited['end']}"
    assert f"⟦{cited['quote']}⟧" in rag("show", place, "--home", sample_home).out


def test_a_refusal_is_an_answer(sample_home: Path, rag) -> None:
    done = rag("ask", "제주도 귤 수확량은?", "--json", "--home", sample_home)
    assert done.code == 0
    check_answer(done.json)
    assert (done.json["abstained"], done.json["citations"]) == (True, [])


def test_for_people_the_answer_comes_with_its_sources(sample_home: Path, rag) -> None:
    done = rag("ask", KOREAN, "--home", sample_home)
    assert done.code == 0
    answer, _, sources = done.out.partition("\n\n")
    assert "240억" in answer
    assert "[1]" in answer
    assert sources.startswith("[1] ")
    assert "samples/ko/magistral-launch.md:" in sources


def test_search_prints_the_contract(sample_home: Path, rag) -> None:
    done = rag("search", KOREAN, "-k", "3", "--json", "--home", sample_home)
    assert (done.code, done.err) == (0, "")
    assert done.json.keys() == {"question", "hits"}
    hits = done.json["hits"]
    assert len(hits) == 3
    assert all(hit.keys() == HIT for hit in hits)
    scores = [hit["score"] for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert 0 <= scores[-1] <= scores[0] <= 1
    assert "samples/ko/magistral-launch.md" in {hit["article_id"] for hit in hits}
    ranks = [hit[rank] for hit in hits for rank in ("dense_rank", "lexical_rank")]
    assert 1 in ranks
    assert all(rank is None or rank >= 1 for rank in ranks)


def test_search_answers_a_file_of_questions(sample_home: Path, rag, tmp_path: Path) -> None:
    lines = [
        {"id": 7, "question": KOREAN},
        {"question": "EXAONE Deep"},
        {"id": "x", "question": ""},
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n{broken\n")
    done = rag(
        "search", "--from", tmp_path / "in.jsonl", "-k", "2", "--json", "--home", sample_home
    )
    assert done.code == 0
    first, second, third, fourth = map(json.loads, done.out.splitlines())
    assert first.keys() == {"id", "question", "hits"}
    assert (first["id"], first["question"], len(first["hits"])) == (7, KOREAN, 2)
    assert second.keys() == {"question", "hits"}
    assert (third["id"], third["line"]) == ("x", 3)
    assert (fourth.keys(), fourth["line"]) == ({"error", "line"}, 4)


@pytest.mark.parametrize("command", ["search", "ask"])
def test_narrowing(sample_home: Path, rag, command: str) -> None:
    def found(*options: str) -> list[dict[str, Any]]:
        done = rag(command, KOREAN, "--json", *options, "--home", sample_home)
        assert done.code == 0
        value: list[dict[str, Any]] = done.json["hits" if command == "search" else "citations"]
        return value

    assert {hit["language"] for hit in found()} >= {"ko"}
    assert {hit["language"] for hit in found("--lang", "ko")} == {"ko"}
    assert {hit["language"] for hit in found("--lang", "en")} <= {"en"}
    assert {hit["source"] for hit in found("--source", "samples")} == {"samples"}
    assert found("--source", "elsewhere") == found("--since", "2999-01-01") == []
    assert found("--since", "2000-01-01") == found()


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask"], ["search"], ["search", "x", "--from", "in.jsonl"], ["search", "x", "-k", "0"],
        ["search", "x", "--lang", "fr"], ["ask", "x", "--since", "soon"], ["guess"],
        ["index", "--wrong"], ["batch", "in.jsonl"], ["show"], ["forget"], ["chat", "--port", "0"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_exit_2(sample_home: Path, rag, arguments: list[str]) -> None:
    done = rag(*arguments, *(["--home", sample_home] if arguments[0] != "guess" else []))
    assert (done.code, done.out) == (2, "")
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "arguments",
    [["search", "x"], ["search", "--from", "in.jsonl"], ["ask", "x"], ["ask", "x", "--json"],
     ["batch", "in.jsonl", "-o", "out.jsonl"], ["eval", "in.jsonl"], ["show", "a/b"], ["status"],
     ["forget", "a"]],
    ids=" ".join,
)  # fmt: skip
def test_without_an_index_one_line_names_the_command(
    rag, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    case = {"question": "x", "answers": [], "articles": [], "kind": "en-en"}
    Path("in.jsonl").write_text(json.dumps(case) + "\n")
    assert rag(*arguments, "--home", tmp_path / "home").failed("`rag index")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl"]


def test_without_an_index_a_process_shows_no_traceback(process, tmp_path: Path) -> None:
    assert process("ask", "x", home=tmp_path / "home").failed("`rag index")


@pytest.mark.parametrize(
    ("question", "said"),
    [("", "empty"), ("가" * 30_000, "30,000 characters"), ("\x07\x1b", "empty"),
     ("\udcff", "surrogate")],
    ids=["empty", "long", "controls", "surrogate"],
)  # fmt: skip
@pytest.mark.parametrize("command", ["ask", "search"])
def test_what_cannot_be_asked_is_one_line(sample_home: Path, rag, command, question, said) -> None:
    assert rag(command, question, "--home", sample_home).failed(said)


def test_bytes_that_are_no_text_are_one_line(sample_home: Path, rag) -> None:
    broken = "\udcff\udcfe"  # how arguments that are not UTF-8 arrive
    for arguments in (["forget", broken], ["index", broken], ["show", broken]):
        assert rag(*arguments, "--home", sample_home).failed()


def test_show_prints_an_article_and_marks_a_span(sample_home: Path, rag) -> None:
    article = "samples/ko/magistral-launch.md"
    text = rag("show", article, "--home", sample_home).out.removesuffix("\n")
    marked = rag("show", f"{article}:10-20", "--home", sample_home).out.removesuffix("\n")
    assert marked == text[:10] + "⟦" + text[10:20] + "⟧" + text[20:]
    close = rag("show", "samples/ko/magistral-lunch.md", "--home", sample_home)
    assert close.failed("did you mean samples/ko/magistral-launch.md?")
    for span in ("20-10", "0-999999", "5-5"):
        assert rag("show", f"{article}:{span}", "--home", sample_home).failed(span)


def test_batch_answers_what_it_can(sample_home: Path, rag, tmp_path: Path) -> None:
    good = json.dumps({"id": "a", "question": KOREAN})
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join([good] * 6 + ["{broken", good]) + "\n")
    done = rag("batch", source, "-o", out, "--home", sample_home)
    assert (done.code, done.out) == (0, "")
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [line.get("id") for line in lines] == ["a"] * 6 + [None, "a"]
    assert (lines[6].keys(), lines[6]["line"]) == ({"error", "line"}, 7)
    for line in (*lines[:6], lines[7]):
        assert line.pop("id") == "a"
        check_answer(line)
    assert rag("batch", source, "-o", out, "--home", sample_home).failed("--resume")
    assert rag("batch", source, "-o", out, "--resume", "--home", sample_home).code == 0
    assert len(out.read_text("utf-8").splitlines()) == 8


def test_eval_names_gold_articles_that_are_not_indexed(
    sample_home: Path, rag, tmp_path: Path
) -> None:
    case = {"id": "1", "question": KOREAN, "answers": ["240억"], "kind": "ko-ko"}
    cases = tmp_path / "cases.jsonl"
    cases.write_text(json.dumps(case | {"articles": ["samples/ko/magistral-launch.md"]}) + "\n")
    done = rag("eval", cases, "--json", "--home", sample_home)
    assert (done.code, done.json["kinds"]["ko-ko"]["recall@5"]) == (0, 1.0)
    cases.write_text(json.dumps(case | {"articles": ["samples/ko/nowhere.md"]}) + "\n")
    assert rag("eval", cases, "--home", sample_home).failed("samples/ko/nowhere.md")


def test_a_wrong_setting_is_one_line(rag, home: Path) -> None:
    (home / "rag.toml").write_text('encodr = "x"\n')
    assert rag("ask", KOREAN, "--home", home).failed("encodr", "did you mean encoder")


def test_a_reader_that_hangs_up_sees_no_traceback(sample_home: Path) -> None:
    command = [sys.executable, "-m", "ui.cli", "show", "samples/ko/magistral-launch.md"]
    with subprocess.Popen(
        [*command, "--home", sample_home], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(60) in (0, 1)
