"""Batches: a line out for every line in, in order, whatever is wrong with some of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from rag import batch
from rag.answer import Answerer
from rag.errors import BatchError
from rag.events import Request

KOREAN = "마지스트랄 스몰의 매개변수는 몇 개인가?"
LINES = [
    json.dumps({"id": "하나", "question": KOREAN}, ensure_ascii=False),
    json.dumps({"question": "How many parameters does Magistral Small have?", "answers": ["24B"]}),
    json.dumps({"id": 3, "question": "제주도 귤 수확량은?"}),
    json.dumps({"id": {"deep": [1]}, "question": "What is EXAONE Deep?"}),
    json.dumps({"id": "empty", "question": " "}),
    json.dumps({"id": "no question"}),
    '{"id": "seven", "question": "끊긴',
    json.dumps({"id": "long", "question": "가" * 100_000}),
    json.dumps(["not", "an", "object"]),
    '{"id": "half", "question": "\\ud800은 무엇인가?"}',
    json.dumps({"id": "controls", "question": "\u0000\u0007"}),
    json.dumps({"id": "last", "question": KOREAN}),
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    return path


def run(answerer: Answerer, source: Path, out: Path, *, resume: bool = False) -> batch.Progress:
    *_, last = batch.run(answerer, source, out, Request(""), resume=resume)
    return last


def read(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def same(line: dict[str, Any]) -> dict[str, Any]:
    """A line without what differs from run to run."""
    return {key: value for key, value in line.items() if key != "timings_ms"}


def test_every_line_has_its_line_in_order(answerer: Answerer, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert run(answerer, source, out) == batch.Progress(done=12, failed=7)
    lines = read(out)
    assert len(lines) == 12
    failed = [number for number, line in enumerate(lines, 1) if "error" in line]
    assert failed == [5, 6, 7, 8, 9, 10, 11]
    assert [line["line"] for line in lines if "error" in line] == failed
    assert [line.get("id") for line in lines] == [
        "하나", None, 3, {"deep": [1]}, "empty", "no question", None, "long", None, "half",
        "controls", "last",
    ]  # fmt: skip
    assert "id" not in lines[1]
    assert lines[0]["citations"][0]["quote"] == lines[11]["citations"][0]["quote"]
    assert "240억" in lines[0]["answer"]
    assert lines[2]["abstained"] is True
    assert "answers" not in lines[1]


@pytest.mark.parametrize(
    ("number", "reason"),
    [(5, "empty"), (6, '"question"'), (7, "not JSON"), (8, "100,000 characters"),
     (9, "not an object"), (10, "surrogate"), (11, "empty")],
)  # fmt: skip
def test_each_failure_is_one_clear_line(
    answerer: Answerer, source: Path, tmp_path: Path, number: int, reason: str
) -> None:
    failing = tmp_path / "one.jsonl"
    failing.write_text(LINES[number - 1] + "\n", encoding="utf-8")
    run(answerer, failing, tmp_path / "out.jsonl")
    (line,) = read(tmp_path / "out.jsonl")
    assert reason in line["error"]
    assert "\n" not in line["error"]
    assert line["line"] == 1
    assert len(json.dumps(line)) < 2500


def test_lines_in_another_encoding_fail_alone(answerer: Answerer, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    good = json.dumps({"question": KOREAN}, ensure_ascii=False)
    source.write_bytes(
        b"\xef\xbb\xbf" + good.encode() + b"\r\n\r\n" + good.encode("cp949") + b"\n\xff\n"
    )
    assert run(answerer, source, tmp_path / "out.jsonl").done == 3
    first, second, third = read(tmp_path / "out.jsonl")
    assert first["citations"]
    # A blank line is no input line, but counts in the numbers that people look up.
    assert (second["line"], third["line"]) == (3, 4)
    assert "UTF-8" in second["error"]
    assert "UTF-8" in third["error"]


def test_an_id_that_is_no_text_stops_nothing(answerer: Answerer, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": "\\ud800", "question": "EXAONE?"}\n' + LINES[0], encoding="utf-8")
    assert run(answerer, source, tmp_path / "out.jsonl").done == 2
    assert read(tmp_path / "out.jsonl")[1]["id"] == "하나"


def test_an_absurdly_nested_line_fails_alone(answerer: Answerer, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    digits = '{"question": ' + "9" * 5000 + "}"
    source.write_text("[" * 100_000 + "\n" + digits + "\n" + LINES[0], encoding="utf-8")
    run(answerer, source, tmp_path / "out.jsonl")
    first, second, third = read(tmp_path / "out.jsonl")
    assert "error" in first
    assert "error" in second
    assert third["id"] == "하나"


def test_an_existing_out_is_kept(answerer: Answerer, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("precious\n")
    with pytest.raises(BatchError, match="--resume"):
        run(answerer, source, out)
    assert out.read_text() == "precious\n"


@pytest.mark.integration
@pytest.mark.parametrize("whole", [0, 3, 7, 12])
def test_resuming_after_a_cut_line_gives_what_one_run_gives(
    answerer: Answerer, source: Path, tmp_path: Path, whole: int
) -> None:
    full, out = tmp_path / "full.jsonl", tmp_path / "out.jsonl"
    run(answerer, source, full)
    lines = full.read_bytes().splitlines(keepends=True)
    cut = lines[whole][: len(lines[whole]) // 2] if whole < len(lines) else b""
    kept = b"".join(lines[:whole])
    out.write_bytes(kept + cut)
    list(batch.run(answerer, source, out, Request(""), resume=True))
    assert out.read_bytes().startswith(kept)
    assert [same(line) for line in read(out)] == [same(line) for line in read(full)]


def test_resuming_without_an_out_starts_one(
    answerer: Answerer, source: Path, tmp_path: Path
) -> None:
    assert run(answerer, source, tmp_path / "new.jsonl", resume=True).done == 12


def test_what_is_written_can_be_read_while_it_grows(
    answerer: Answerer, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    steps = batch.run(answerer, source, out, Request(""), resume=False)
    for number in range(1, 4):
        assert next(steps).done == number
        assert len(read(out)) == number
    steps.close()  # type: ignore[attr-defined]
    assert len(read(out)) == 3


def test_files_that_cannot_be_opened_are_one_clear_line(
    answerer: Answerer, source: Path, tmp_path: Path
) -> None:
    with pytest.raises(BatchError, match=r"none\.jsonl: cannot be read"):
        run(answerer, tmp_path / "none.jsonl", tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()
    with pytest.raises(BatchError, match="cannot be written"):
        run(answerer, source, tmp_path / "no folder" / "out.jsonl")


def test_an_empty_file_gives_an_empty_file(answerer: Answerer, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text("\n\n")
    assert (
        list(
            batch.run(
                answerer, tmp_path / "in.jsonl", tmp_path / "out.jsonl", Request(""), resume=False
            )
        )
        == []
    )
    assert read(tmp_path / "out.jsonl") == []
