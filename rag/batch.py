"""Questions from a JSON-lines file, answers to another, one line for one line."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from corpus.errors import RagError
from rag.answer import Answerer
from rag.errors import BatchError
from rag.events import Answer, Request
from rag.present import answer_json

LONGEST_LINE = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One input line: its number (from 1), the id it carries, and its question or what is wrong."""

    number: int
    id: Any
    question: str | None
    error: str | None


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of an input file, blank ones left out; a bad one carries its error.

    Raises BatchError when the file cannot be read.
    """
    try:
        with path.open("rb") as lines:
            for number, raw in enumerate(lines, 1):
                if raw.strip():
                    yield _line(number, raw)
    except OSError as error:
        raise BatchError(f"{path}: cannot be read ({error.strerror})") from error


def _line(number: int, raw: bytes) -> Line:
    if len(raw) > LONGEST_LINE:
        return Line(
            number,
            None,
            None,
            f"the line has {len(raw):,} bytes; at most {LONGEST_LINE:,} are read",
        )
    try:
        value = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Line(number, None, None, "not UTF-8; save the file as UTF-8")
    except (ValueError, RecursionError) as error:
        return Line(number, None, None, f"not JSON ({error})")
    if not isinstance(value, dict):
        return Line(number, None, None, 'not an object like {"question": "…"}')
    question = value.get("question")
    if not isinstance(question, str):
        return Line(number, value.get("id"), None, 'has no "question" that is a string')
    return Line(number, value.get("id"), question, None)


@dataclass(frozen=True, slots=True)
class Progress:
    """Lines written so far, and how many of them carry an error."""

    done: int
    failed: int


def run(
    answerer: Answerer, source: Path, out: Path, request: Request, *, resume: bool
) -> Iterator[Progress]:
    """Answer every line; the output has a line for each input line, in order.

    `request` carries everything but the question. With `resume` the lines already in `out` are
    kept and the rest is added. Raises BatchError when `out` exists and `resume` is not given.
    """
    if out.exists() and not resume:
        raise BatchError(f"{out}: exists already; go on with --resume, or name another file")
    next(read_lines(source), None)  # an input that cannot be read leaves no empty output behind
    done = _kept(out) if resume and out.exists() else 0
    failed = 0
    try:
        with out.open("a", encoding="utf-8", errors="replace") as results:
            waiting = islice(read_lines(source), done, None)
            together = answerer.at_once(request)
            while lines := list(islice(waiting, together)):
                for result in _answers(answerer, lines, request):
                    done += 1
                    failed += "error" in result
                    results.write(json.dumps(result, ensure_ascii=False) + "\n")
                results.flush()
                yield Progress(done, failed)
    except OSError as error:
        raise BatchError(
            f"{out}: cannot be written ({error.strerror}); go on later with --resume"
        ) from error


def _kept(out: Path) -> int:
    """The number of whole lines in an output file; a half-written last line is cut off."""
    with out.open("rb+") as results:
        data = results.read()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) != len(data):
            results.truncate(len(whole))
            os.fsync(results.fileno())
        return whole.count(b"\n")


def _answers(
    answerer: Answerer, lines: Sequence[Line], request: Request
) -> Iterator[dict[str, Any]]:
    """The output lines for some input lines, whose questions are asked together."""
    asked = [
        replace(request, question=line.question) for line in lines if line.question is not None
    ]
    made = iter(_made(answerer, asked))
    for line in lines:
        head: dict[str, Any] = {} if line.id is None else {"id": line.id}
        if line.question is None:
            yield {**head, "error": line.error, "line": line.number}
            continue
        answer = next(made)
        if isinstance(answer, RagError):
            text = line.question.encode("utf-8", "replace").decode()[:200]
            yield {**head, "question": text, "error": str(answer), "line": line.number}
        else:
            yield {**head, **answer_json(answer)}


def _made(answerer: Answerer, asked: Sequence[Request]) -> list[Answer | RagError]:
    try:
        return answerer.ask_many(asked)
    except RagError as error:
        return [error] * len(asked)
