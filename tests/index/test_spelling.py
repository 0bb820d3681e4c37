"""Slips of the fingers in a question are mended towards what is indexed, and nothing else is."""

from pathlib import Path

import pytest

from index.encoder import BundledEncoder
from index.search import Index


@pytest.fixture(scope="module")
def samples(sample_home: Path) -> Index:
    encoder = BundledEncoder()
    return Index(sample_home / "index", lambda _: encoder)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("what is a resoning model", "what is a reasoning model"),
        ("how many paramters does Magistral have?", "how many parameters does Magistral have?"),
        ("마지스트랄의 paramters는?", "마지스트랄의 parameters는?"),
        ("What did Andreesen Horowitz lead?", "What did andreessen Horowitz lead?"),
    ],
)
def test_a_slip_is_mended(samples: Index, typed: str, meant: str) -> None:
    assert samples.mended(typed) == meant
    assert samples.mended(meant) == meant
    found = [hit.passage_id for hit in samples.search(typed, 5)]
    assert found == [hit.passage_id for hit in samples.search(meant, 5)]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("DeepSeekR1은 얼마야", "DeepSeek R1은 얼마야"),
        ("hyperclovax think", "hyperclova x think"),
        ("GPT4 price", "GPT 4 price"),
        ("qwen 3는 언제", "qwen3는 언제"),
        ("DeepSeek R 1", "DeepSeek R1"),
    ],
)
def test_names_are_written_as_the_articles_write_them(
    samples: Index, typed: str, meant: str
) -> None:
    assert samples.mended(typed) == meant
    assert samples.mended(meant) == meant


@pytest.mark.parametrize(
    "question",
    [
        "How many parameters does Magistral Small have?",
        "Who founded Mintral?",  # a short name may be another name
        "Is the harbour deep?",  # words of the language, though no article has them
        "What does zyxwvut mean?",
        "the top 10 in 2024",
        "Zorblax7 and Qwen 3.5",
        "GPT-4 Turbo",
        "the takeover in Asan",  # take over, as an
        "마지스트랄 스몰의 매개변수는?",
        "",
    ],
)
def test_what_may_be_meant_stays(samples: Index, question: str) -> None:
    assert samples.mended(question) == question


def test_without_an_index_nothing_is_mended_or_made(index: Index) -> None:
    assert index.mended("what is a reasonning model") == "what is a reasonning model"
    assert not index.folder.exists()
