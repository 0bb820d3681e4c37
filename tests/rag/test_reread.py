"""The bundled cross-encoder moves what was found: a sentence that answers beats one that looks so."""

import json
from dataclasses import replace
from pathlib import Path

from index.encoder import BundledEncoder
from index.search import Hit
from rag.events import Request
from rag.home import open_index
from rag.reread import DEPTH, reread
from rag.retrieve import retrieve

ENCODER = BundledEncoder()
QUESTION = "Who founded the observatory of Maren?"


def hit(number: int, text: str, score: float, language: str = "en", title: str = "Maren") -> Hit:
    return Hit(
        number, f"a{number}", title, language, "source", None, None, None, 0, len(text), text, score,
        None, None,
    )  # fmt: skip


def test_a_passage_that_answers_passes_one_that_does_not() -> None:
    hits = [
        hit(1, "The observatory of Maren is open on Sundays. Its dome is green.", 0.90),
        hit(2, "The observatory of Maren was founded by Ida Holm in 1911.", 0.88),
    ]
    found = reread(ENCODER, QUESTION, hits)
    assert [each.passage_id for each in found] == [2, 1]
    assert [each.score for each in found] == [0.90, 0.88]


def test_one_that_is_far_behind_stays_there() -> None:
    hits = [
        hit(1, "The observatory of Maren is open on Sundays. Its dome is green.", 1.0),
        hit(2, "The observatory of Maren was founded by Ida Holm in 1911.", 0.1),
    ]
    assert reread(ENCODER, QUESTION, hits) == hits


def test_each_language_keeps_its_places() -> None:
    hits = [
        hit(1, "마렌 천문대는 일요일에 문을 연다.", 0.9, "ko"),
        hit(2, "The observatory of Maren is open on Sundays.", 0.88),
        hit(3, "마렌 천문대의 지붕은 초록색이다.", 0.87, "ko"),
        hit(4, "The observatory of Maren was founded by Ida Holm in 1911.", 0.86),
    ]
    found = reread(ENCODER, QUESTION, hits)
    assert [each.language for each in found] == ["ko", "en", "ko", "en"]
    assert [each.passage_id for each in found if each.language == "en"] == [4, 2]


def test_what_cannot_be_read_stays_and_nothing_is_lost() -> None:
    bare = [hit(n, "Maren", 1 - n / 100) for n in range(DEPTH + 4)]  # the title and nothing else
    assert reread(ENCODER, QUESTION, bare) == bare
    assert reread(ENCODER, QUESTION, []) == []
    mixed = [replace(each, text="Ida Holm founded the observatory.") for each in bare[10:]]
    found = reread(ENCODER, QUESTION, [*bare[:10], *mixed])
    assert sorted(each.passage_id for each in found) == list(range(DEPTH + 4))
    assert [each.passage_id for each in found[DEPTH:]] == list(range(DEPTH, DEPTH + 4))


def test_few_are_the_best_of_many(sample_home: Path) -> None:
    index, request = open_index(sample_home), Request("누가 미스트랄을 세웠나?")
    assert retrieve(index, request, 3) == retrieve(index, request, DEPTH)[:3]


def test_it_can_be_left_out(rag, home: Path) -> None:
    question = "How many stories a day does AFP write?"
    (home / "rag.toml").write_text('reranker = ""\n', "utf-8")
    plain = rag("search", question, "--json", "--home", home).json["hits"]
    (home / "rag.toml").write_text(f"reranker = {json.dumps('bundled')}\n", "utf-8")
    read = rag("search", question, "--json", "--home", home).json["hits"]
    (home / "rag.toml").unlink()
    assert rag("search", question, "--json", "--home", home).json["hits"] == read
    assert len(plain) == len(read)
    assert plain != read
