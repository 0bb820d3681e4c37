"""Names with a number: another number is another thing, another script is not."""

import pytest

from index.versions import Numbered, is_another, is_of_another, numbered, unknown

GPT5 = (Numbered("gpt", "5"),)


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
        ("2025년 9월에 값이 3만 원인 것은?", []),
        ("Did Mistral 24 billion ago, on May 3 or Over 40 people, come?", []),
    ],
)
def test_numbered_names_of_a_question(question: str, names: list[tuple[str, str]]) -> None:
    assert [(name.letters, name.number) for name in numbered(question)] == names


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("솔라 프로 2의 가격은?", ("프로", "2")),
        ("큐원3는 언제 나왔어?", ("큐원", "3")),
        ("에이닷엑스 3.1 매개변수", ("에이닷엑스", "3.1")),
        ("How much is Magistral 1.2?", ("magistral", "1.2")),
        ("What is Sori 2's price?", ("sori", "2")),
        ("How many parameters does Sori 2 have?", ("sori", "2")),
        ("Is Corvid 2 Mini free?", ("corvid", "2")),
    ],
)
def test_a_number_may_stand_apart(question: str, name: tuple[str, str]) -> None:
    assert numbered(question) == (Numbered(*name, apart=True),)


@pytest.mark.parametrize(
    "text", ["the GPT-5 model", "GPT 5.", "챗GPT-5는", "GPT\u20115", "지피티5의", "gpt5, gpt6"]
)
def test_a_name_is_known_in_every_spelling(text: str) -> None:
    assert not unknown(GPT5, [text])
    assert not is_another(GPT5, [text])


@pytest.mark.parametrize("text", ["GPT-4", "GPT-5.5", "GPT-50", "GPT and 5", "XGPT-5", "5 GPT", ""])
def test_another_number_is_another_thing(text: str) -> None:
    assert unknown(GPT5, [text])


def test_hangul_spells_a_name_by_its_sound() -> None:
    qwen = (Numbered("qwen", "3"),)
    assert not unknown(qwen, ["알리바바의 큐원3는"])
    assert unknown(qwen, ["알리바바의 큐원2.5는", "엑사원3"])
    assert is_another((Numbered("큐원", "3", apart=True),), ["Alibaba's Qwen2.5 came first."])


def test_a_word_beside_any_number_is_unknown_only_with_another_one_alone() -> None:
    solar = (Numbered("솔라", "3", apart=True),)
    assert not unknown(solar, ["솔라가 나왔다."])
    assert unknown(solar, ["솔라 2가 나왔다."])
    assert not unknown(solar, ["솔라 2가 나왔다.", "3판은 더 크다."])
    assert unknown(solar, ["솔라 2가 나왔다.", "토커 3보다 작다."])
    assert not unknown(
        (Numbered("magistral", "1.2", apart=True),), ["Magistral 1.0. Version 1.2 is new."]
    )


def test_the_last_text_with_the_name_tells_which_one_is_meant() -> None:
    sori = (Numbered("sori", "2", apart=True),)
    assert is_another(sori, ["Sori 2 is small.", "Sori 3 is larger.", "It has nine layers."])
    assert not is_another(sori, ["Sori 3 is large.", "Sori 2 is smaller.", "It has nine layers."])
    assert not is_another(sori, ["Sori 2 is smaller than Sori 3."])
    assert not is_another(sori, ["Sori 2 is new.", "It has 130 layers, twice the 65 of Sori 1."])
    assert is_another(sori, ["Sori 2 is new.", "Sori 3 has 130 layers."])
    assert not is_another(sori, ["Sori is here in 2 days.", "Nothing else."])
    assert not is_another((), ["Sori 3"])


@pytest.mark.parametrize(
    ("text", "value", "other"),
    [
        ("매개변수는 130억 개로 소리 1의 70억 개보다 많다.", "130", False),
        ("매개변수는 130억 개로 소리 1의 70억 개보다 많다.", "70", True),
        ("매개변수는 130억 개로 소리 1의 70억 개보다 많다.", "1의", True),
        ("소리 2의 70억 개", "70", False),
        ("무게 3㎏의 것과 ½은 아니고, 소리 1의 70억 개", "70", True),
        ("Sori 3 has 9 billion", "9", True),
        ("Sori 3 came out and 9 billion", "9", False),
    ],
)
def test_a_value_may_be_that_of_another_version(text: str, value: str, other: bool) -> None:
    for name in ("sori", "소리"):
        asked = (Numbered(name, "2", apart=True),)
        assert is_of_another(asked, text, text.index(value)) is other
    assert not is_of_another((), text, text.index(value))
