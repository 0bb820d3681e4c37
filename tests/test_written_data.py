"""What we wrote to train and measure on is whole: each line says what its file promises."""

import json
import re
from pathlib import Path
from typing import Any

from corpus.text import sentences

DATA = Path(__file__).parent.parent / "benchmarks" / "data"
HANGUL = re.compile("[가-힣]")


def lines(name: str) -> list[dict[str, Any]]:
    text = (DATA / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_translations_have_a_question_each() -> None:
    taught, measured = lines("taught_ko"), lines("questions_ko")
    ids = [row["id"] for row in taught + measured]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[0-9a-f]{12}", known) for known in ids)
    assert all(HANGUL.search(row["question"]) for row in taught + measured)


def test_twins_stand_in_both_languages() -> None:
    rows = lines("twins")
    assert len({row["id"] for row in rows}) == len(rows)
    assert all(HANGUL.search(row["ko"]) and re.search("[A-Za-z]", row["en"]) for row in rows)


def test_further_questions_stand_in_both_languages_and_once() -> None:
    rows = lines("further")
    assert len({(row["paragraph"], row["en"]) for row in rows}) == len(rows)
    for row in rows:
        assert re.fullmatch("[0-9a-f]{12}", row["paragraph"])
        assert HANGUL.search(row["ko"]) and not HANGUL.search(row["en"])
        assert row["answer"] is None or row["answer"].strip() == row["answer"] != ""
    unanswered = sum(row["answer"] is None for row in rows)
    assert 0.4 < unanswered / len(rows) < 0.6


def test_answers_stand_in_the_sentences_that_are_named() -> None:
    rows = [*lines("paragraphs_ko"), *lines("kept_ko")]
    assert len({row["title"] for row in rows}) == len(rows)
    for row in rows:
        answered = [q for q in row["questions"] if q["sentence"] is not None]
        assert len(row["questions"]) == 6 and len(answered) == 4
        for question in answered:
            assert question["answer"] in row["sentences"][question["sentence"]]
        for question in row["questions"]:
            assert (question["answer"] is None) == (question["sentence"] is None)
            assert HANGUL.search(question["ko"])
            assert re.search("[A-Za-z]", question["en"])


def test_the_sentences_that_are_named_are_those_that_the_program_finds() -> None:
    rows = [*lines("paragraphs_ko"), *lines("kept_ko")]
    told = [(" ".join(row["sentences"]), row["sentences"]) for row in rows]
    apart = [[text[a:b] for a, b in sentences(text)] != named for text, named in told]
    assert sum(apart) <= 0.01 * len(apart)
