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


def test_questions_on_articles_stand_in_both_languages_and_name_a_sentence_or_none() -> None:
    rows = lines("articles")
    assert len({row["title"] for row in rows}) == len(rows)
    for row in rows:
        own = row["language"] == "ko"
        assert all(bool(HANGUL.search(sentence)) == own for sentence in row["sentences"])
        answered = [q["sentence"] for q in row["questions"] if q["sentence"] is not None]
        assert len(row["questions"]) == 12 and len(answered) >= 8
        assert all(0 <= place < len(row["sentences"]) for place in answered)
        for question in row["questions"]:
            assert HANGUL.search(question["ko"]) and not HANGUL.search(question["en"])


def test_what_is_asked_of_unseen_articles_is_told_in_them() -> None:
    folder = DATA.parent / "unseen"
    told = {
        f"unseen/{path.relative_to(folder).as_posix()}": path.read_text(encoding="utf-8")
        for path in folder.rglob("*.md")
    }
    questions = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in questions]
    assert len({row["id"] for row in rows}) == len(rows)
    for row in rows:
        where = "\n".join(told[article] for article in row["articles"])
        assert bool(row["answers"]) == (row["kind"] != "unanswerable") == bool(where)
        assert not row["answers"] or any(answer in where for answer in row["answers"])


def test_keywords_stand_for_a_question_with_its_answers() -> None:
    home = DATA.parent.parent
    for words, questions in (
        (DATA / "keywords.jsonl", home / "corpus" / "questions.jsonl"),
        (DATA.parent / "unseen" / "keywords.jsonl", DATA.parent / "unseen" / "questions.jsonl"),
    ):
        whole = {
            row["id"]: row for row in map(json.loads, questions.read_text("utf-8").splitlines())
        }
        rows = [json.loads(line) for line in words.read_text("utf-8").splitlines()]
        assert len({row["id"] for row in rows}) == len(rows)
        for row in rows:
            assert "?" not in row["question"] != whole[row["id"]]["question"]
            assert row | {"question": ""} == whole[row["id"]] | {"question": ""}
