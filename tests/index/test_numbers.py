"""Numbers meet by value whatever script they are written in; names with digits are not numbers."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.numbers import quantities

SAME = [
    (
        "24000000000",
        ["240억", "240 억", "２４０억", "24 billion", "24B", "24-billion", "24,000,000,000"],
    ),
    ("5800000000000", ["5조 8천억", "5조8천억", "5조 8,000억", "5.8 trillion", "5.8조"]),
    ("32000000000", ["32B", "320억", "32 billion"]),
    ("110000000", ["1억1천만", "1억 1천만", "110 million", "110,000,000"]),
    ("128000", ["12만 8천", "128K", "128,000", "128 thousand"]),
    ("1700000000", ["17억", "1.7bn", "1.7 billion"]),
    ("0.3333333333", ["3분의 1", "one third", "a third", "1/3"]),
    ("0.5", ["절반", "half", "2분의 1", "1/2"]),
    ("2000000000", ["two billion", "20억", "2B"]),
    ("1.5", ["1.5"]),
]
DATES = [
    ("2025-06-11", ["2025년 6월 11일", "2025. 6. 11.", "2025.06.11", "2025-06-11", "2025/06/11",
                    "June 11, 2025", "Jun. 11, 2025", "11 June 2025", "11th of June 2025"]),
    ("2025-06", ["2025년 6월", "June 2025", "２０２５년 ６월"]),
    ("2025", ["2025년", "in 2025", "2025"]),
    ("--06-11", ["6월 11일", "June 11", "11 June"]),
    ("--06", ["6월"]),
]  # fmt: skip


def spelt(table: list[tuple[str, list[str]]]) -> list[tuple[str, str]]:
    return [(value, text) for value, texts in table for text in texts]


@pytest.mark.parametrize(("value", "text"), spelt(SAME))
def test_one_value_in_many_spellings(value: str, text: str) -> None:
    (quantity,) = quantities(f"약 {text} 정도")
    assert (quantity.kind, quantity.value) == ("number", value)
    assert quantity.terms == [f"n:{value}"]


@pytest.mark.parametrize(("value", "text"), spelt(DATES))
def test_one_date_in_many_spellings(value: str, text: str) -> None:
    (quantity,) = quantities(f"그것은 {text} 발표됐다")
    assert (quantity.kind, quantity.value) == ("date", value)


@pytest.mark.parametrize("text", ["5%", "5 percent", "5 per cent", "5퍼센트", "5프로"])
def test_a_percentage_is_not_the_bare_number(text: str) -> None:
    (quantity,) = quantities(f"{text} 늘었다")
    assert (quantity.kind, quantity.value, quantity.unit) == ("percent", "5", "%")
    assert quantity.terms != quantities("5명")[0].terms


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("450 m", "450"), ("3 t", "3"), ("10 k", "10"), ("12m", "12"),
        ("$2.5m", "2500000"), ("€3t", "3000000000000"), ("10k", "10000"), ("7b", "7000000000"),
        ("30M", "30000000"),
    ],
)  # fmt: skip
def test_a_letter_is_a_scale_only_where_it_must_be(text: str, value: str) -> None:
    assert [quantity.value for quantity in quantities(f"about {text} of it")] == [value]


def test_pro_after_a_space_is_a_name_and_no_share() -> None:
    assert [q.kind for q in quantities("미르 2 프로는 크다")] == ["number"]
    assert [q.kind for q in quantities("값이 2프로 올랐다")] == ["percent"]


@pytest.mark.parametrize(
    "name",
    [
        "GPT-4",
        "GPT-4o",
        "GPT-3.5",
        "R1",
        "o1",
        "o3",
        "H100",
        "Qwen3",
        "EXAONE-3.5",
        "F-16",
        "결-3",
        "May",
    ],
)
def test_digits_in_a_name_are_no_number(name: str) -> None:
    assert quantities(f"{name} 모델과 the {name} model") == []


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("62억 달러", "6200000000", "USD"),
        ("$6.2 billion", "6200000000", "USD"),
        ("17억 유로", "1700000000", "EUR"),
        ("€1.7 billion", "1700000000", "EUR"),
        ("5조8천억 원", "5800000000000", "KRW"),
        ("₩100억", "10000000000", "KRW"),
        ("240억 개", "24000000000", None),
    ],
)
def test_the_unit_is_kept_apart(text: str, value: str, unit: str | None) -> None:
    (quantity,) = quantities(text)
    assert (quantity.value, quantity.unit) == (value, unit)


def test_a_date_is_found_by_each_of_its_parts() -> None:
    (quantity,) = quantities("2025년 6월 11일")
    asked = ["2025년 6월 11일", "2025년 6월", "2025년", "6월 11일", "6월"]
    assert [quantities(part)[0].value for part in asked] == [
        "2025-06-11", "2025-06", "2025", "--06-11", "--06",
    ]  # fmt: skip
    assert {f"d:{quantities(part)[0].value}" for part in asked} <= set(quantity.terms)
    (without_year,) = quantities("6월 11일")
    assert "d:--06-11" in without_year.terms
    assert not any(term.startswith("d:2") for term in without_year.terms)


def test_places_are_code_points_of_the_text_as_written() -> None:
    text = "２０２５년 ６월에 🤗 3,270억 개"
    assert [text[q.start : q.end] for q in quantities(text)] == ["２０２５년 ６월", "3,270억"]


def test_an_impossible_month_is_no_date() -> None:
    assert [q.kind for q in quantities("13월")] == ["number"]
    assert quantities("3분의 1")[0].value != quantities("0분의 1")[0].value


@pytest.mark.parametrize(
    "text",
    ["9" * 5000, "9" * 400 + "억", "9" * 5000 + "분의 1", "1분의 " + "9" * 400],
    ids=["digits", "myriads", "below", "above"],
)
def test_absurdly_long_numbers_do_not_stop_the_scanner(text: str) -> None:
    assert [q.value for q in quantities(f"{text} 그리고 32B")][-1] == "32000000000"


PIECES = st.sampled_from(
    ["0", "1", "12", "240", "2025", "1,000", "3.5", "억", "조", "만", "천", "백", "년", "월", "일",
     "분의", "/", "-", ".", ",", "%", "$", "€", "B", "K", "billion", "June", "May", "half", "two",
     "원", "달러", "퍼센트", "GPT-", "x", "２", "１", "가", "a", " ", " ", "\n"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map("".join))
def test_quantities_stand_in_order_and_never_overlap(text: str) -> None:
    found = quantities(text)
    assert all(0 <= q.start < q.end <= len(text) for q in found)
    assert all(first.end <= second.start for first, second in pairwise(found))
    assert all(text[q.start : q.end] == text[q.start : q.end].strip() for q in found)
    assert all(term[:2] in ("n:", "p:", "d:") and len(term) > 2 for q in found for term in q.terms)
