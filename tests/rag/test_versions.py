"""Names with a number: another number is another thing, another script is not."""

import pytest

from rag.answer import Answerer
from rag.events import Request
from rag.reading.versions import mentioned, numbered


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("GPT-5의 매개변수는?", [("gpt", "5")]),
        ("R1과 o3의 차이는?", [("r", "1"), ("o", "3")]),
        ("Is Qwen2.5 older than Ｑｗｅｎ３?", [("qwen", "2.5"), ("qwen", "3")]),
        ("What did Mistral raise in 2024?", []),
        ("32B 모델은 240억 개, 7.8B는?", []),
        ("How did the 1980s end, and covid19000 begin?", []),
        ("mp3s of the B-52s", [("mp", "3"), ("b", "52")]),
    ],
)
def test_numbered_names_of_a_question(question: str, names: list[tuple[str, str]]) -> None:
    assert numbered(question) == names


@pytest.mark.parametrize(
    "text", ["the GPT-5 model", "GPT 5.", "챗GPT-5는", "GPT\u20115", "지피티5의", "gpt5, gpt6"]
)
def test_a_name_is_known_in_every_spelling(text: str) -> None:
    assert mentioned(("gpt", "5"), [text])


@pytest.mark.parametrize("text", ["GPT-4", "GPT-5.5", "GPT-50", "GPT and 5", "XGPT-5", "5 GPT", ""])
def test_another_number_is_another_thing(text: str) -> None:
    assert not mentioned(("gpt", "5"), [text])


def test_hangul_spells_a_name_by_its_sound() -> None:
    assert mentioned(("qwen", "3"), ["알리바바의 큐원3는"])
    assert not mentioned(("qwen", "3"), ["알리바바의 큐원2.5는", "엑사원3"])


def test_an_unknown_version_is_refused_and_a_known_one_is_not(answerer: Answerer) -> None:
    assert answerer.ask(Request("What is the price of DeepSeek-R7?")).abstained
    assert answerer.ask(Request("딥시크 R7의 매개변수는 몇 개야?")).abstained
    assert not answerer.ask(Request("딥시크 R1의 매개변수는 몇 개야?")).abstained
