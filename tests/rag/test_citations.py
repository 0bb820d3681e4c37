"""Markers in what readers write: every way of writing them, every way of cutting the stream."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rag.citations import CitationStream, Draft, Mark, parse, renumber, strip

Outcome = tuple[str, list[tuple[str, tuple[int, ...]]], list[int], int]


def run(deltas: Sequence[str], passages: int = 9) -> Outcome:
    """(text as shown, sentences with their numbers, passages in order, unknown markers)."""
    stream = CitationStream(passages)
    pieces = [piece for delta in deltas for piece in stream.feed(delta)] + [*stream.finish()]
    shown = "".join(piece for piece in pieces if isinstance(piece, str))
    drafts = [(piece.text, piece.numbers) for piece in pieces if isinstance(piece, Draft)]
    return shown, drafts, stream.order, stream.unknown


def cut(text: str, places: Sequence[int]) -> list[str]:
    ends = sorted({place % (len(text) + 1) for place in places})
    return [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]


@pytest.mark.parametrize(
    ("marker", "numbers"),
    [
        ("[1]", (1,)), ("[12]", (12,)), ("[ 1 ]", (1,)), ("【1】", (1,)), ("［１］", (1,)),
        ("(출처 1)", (1,)), ("（출처: 2）", (2,)), ("(source 3)", (3,)), ("[^1]", (1,)),
        ("[citation:1]", (1,)), ("[Source: 2]", (2,)), ("[출처 1]", (1,)), ("[문서 2]", (2,)),
        ("[1, 3]", (1, 3)), ("[1,3]", (1, 3)), ("[1、3]", (1, 3)), ("[1; 2]", (1, 2)),
        ("[1-3]", (1, 2, 3)), ("[1–3]", (1, 2, 3)), ("[1~2]", (1, 2)), ("[1, 3-5]", (1, 3, 4, 5)),
        ("[2, 2]", (2,)),
    ],
)  # fmt: skip
def test_every_way_of_writing_a_marker(marker: str, numbers: tuple[int, ...]) -> None:
    assert parse(f"가 {marker}.") == [Mark(2, 2 + len(marker), numbers)]


@pytest.mark.parametrize(
    "text",
    [
        "[2025]년", "(2025)", "[1.5]", "[-1]", "[a]", "[]", "[ ]", "[각주]", "(1)", "1]", "[1",
        "[" + "1" * 100 + "]", "`a[1]`", "```\nx[1] = y[2]\n```", "```\nx[1]",
    ],
)  # fmt: skip
def test_what_is_no_marker_stays_text(text: str) -> None:
    assert parse(text) == []
    assert run([text])[0] == text
    assert renumber(text, 9) == (text, [], 0)


CASES = {
    "before the stop": (
        "240억 개다 [3]. 공개됐다 [1].", "240억 개다 [1]. 공개됐다 [2].",
        [("240억 개다.", (1,)), ("공개됐다.", (2,))], [3, 1],
    ),
    "after the stop": (
        "240억 개다. [3] 공개됐다. [1]", "240억 개다. [1] 공개됐다. [2]",
        [("240억 개다.", (1,)), ("공개됐다.", (2,))], [3, 1],
    ),
    "no space": (
        "240억 개다.[3] 공개됐다.[1]", "240억 개다.[1] 공개됐다.[2]",
        [("240억 개다.", (1,)), ("공개됐다.", (2,))], [3, 1],
    ),
    "several at once": (
        "It has 24 billion [4][2]. It is open [2, 5].",
        "It has 24 billion [1][2]. It is open [2][3].",
        [("It has 24 billion.", (1, 2)), ("It is open.", (2, 3))], [4, 2, 5],
    ),
    "a particle at the start": (
        "[4]에 따르면 240억 개다.", "[1]에 따르면 240억 개다.",
        [("에 따르면 240억 개다.", (1,))], [4],
    ),
    "a particle between sentences": (
        "240억 개다. [2]에 따르면 공개됐다.", "240억 개다. [1]에 따르면 공개됐다.",
        [("240억 개다.", ()), ("에 따르면 공개됐다.", (1,))], [2],
    ),
    "a double particle between sentences": (
        "[1]은 240억이라 한다. [2]에서는 다르다.", "[1]은 240억이라 한다. [2]에서는 다르다.",
        [("은 240억이라 한다.", (1,)), ("에서는 다르다.", (2,))], [1, 2],
    ),
    "after a quotation": (
        "“240억 개다.” [2] 공개됐다 [1].", "“240억 개다.” [1] 공개됐다 [2].",
        [("“240억 개다.”", (1,)), ("공개됐다.", (2,))], [2, 1],
    ),
    "a list": (
        "- 첫째 [2]\n- 둘째 [1]\n", "- 첫째 [1]\n- 둘째 [2]\n",
        [("- 첫째", (1,)), ("- 둘째", (2,))], [2, 1],
    ),
    "a table": (
        "| 모델 | 크기 |\n|---|---|\n| 스몰 [3] | 240억 [1] |\n",
        "| 모델 | 크기 |\n|---|---|\n| 스몰 [1] | 240억 [2] |\n",
        [("| 모델 | 크기 |", ()), ("|---|---|", ()), ("| 스몰 | 240억 |", (1, 2))], [3, 1],
    ),
    "inline code": (
        "`a[1]`은 코드다 [2].", "`a[1]`은 코드다 [1].", [("`a[1]`은 코드다.", (1,))], [2],
    ),
    "after a code block": (
        "```python\nx[1] = 2\n```\n그렇다 [2].", "```python\nx[1] = 2\n```\n그렇다 [1].",
        [("```python", ()), ("x[1] = 2", ()), ("```", ()), ("그렇다.", (1,))], [2],
    ),
    "a single backtick": (
        "the ` key [3] is there. So [1].", "the ` key [1] is there. So [2].",
        [("the ` key is there.", (1,)), ("So.", (2,))], [3, 1],
    ),
    "an open bracket at the end": (
        "그렇다 [2]. 그리고 [1", "그렇다 [1]. 그리고 [1",
        [("그렇다.", (1,)), ("그리고 [1", ())], [2],
    ),
    "the same passage again": (
        "하나다 [5]. 둘이다 [5]. 셋이다 [2].", "하나다 [1]. 둘이다 [1]. 셋이다 [2].",
        [("하나다.", (1,)), ("둘이다.", (1,)), ("셋이다.", (2,))], [5, 2],
    ),
    "a new line ends the sentence before": (
        "첫 줄이다.\n[2] 둘째 줄이다.", "첫 줄이다.\n[1] 둘째 줄이다.",
        [("첫 줄이다.", ()), ("둘째 줄이다.", (1,))], [2],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("size", [10_000, 1, 2, 3])
def test_markers_are_tied_to_their_sentences(case, size: int) -> None:
    text, shown, drafts, order = case
    deltas = [text[place : place + size] for place in range(0, len(text), size)]
    assert run(deltas) == (shown, drafts, order, 0)


@pytest.mark.parametrize("text", ["그렇다 [7].", "그렇다 [0].", "그렇다 [999].", "그렇다 [7-9]."])
def test_a_passage_that_was_not_given_is_not_cited(text: str) -> None:
    shown, drafts, order, unknown = run([text], passages=3)
    assert (drafts, order) == ([("그렇다.", ())], [])
    assert unknown >= 1
    assert parse(shown) == []


def test_known_and_unknown_in_one_marker() -> None:
    assert run(["그렇다 [7, 2]."], passages=3) == ("그렇다 [1].", [("그렇다.", (1,))], [2], 1)


def test_five_hundred_markers() -> None:
    text = "".join(f"문장 {n}이다 [{n % 7 + 1}]. " for n in range(500))
    shown, drafts, order, unknown = run([text])
    assert (len(parse(shown)), len(drafts), unknown) == (500, 500, 0)
    assert order == [1, 2, 3, 4, 5, 6, 7]
    assert [numbers for _, numbers in drafts] == [(n % 7 + 1,) for n in range(500)]
    assert renumber("[3]" * 500, 9) == ("[1]" * 500, [3], 0)


def test_nothing_but_markers_is_shown_as_it_is() -> None:
    shown, drafts, order, _ = run(["[3] [2]"])
    assert (shown, order) == ("[1] [2]", [3, 2])
    assert all(text == "" for text, _ in drafts)


def test_a_sentence_comes_out_before_the_next_is_finished() -> None:
    stream = CitationStream(3)
    early = [*stream.feed("240억 개다 [2]. 그리고 ")]
    assert Draft("240억 개다.", (1,)) in early


def test_an_unclosed_bracket_does_not_hold_the_answer_back() -> None:
    stream = CitationStream(3)
    shown = "".join(
        piece for piece in stream.feed("열린 [" + "괄호 " * 100) if isinstance(piece, str)
    )
    assert shown.startswith("열린 [괄호")


def test_strip_takes_markers_out_without_gaps() -> None:
    assert (
        strip("240억 개다 [1]. [2]에 따르면 공개됐다 [1, 3].") == "240억 개다. 에 따르면 공개됐다."
    )
    assert strip("올해는 [2025]년이다.") == "올해는 [2025]년이다."


# Lines stand apart and backticks come in pairs: whether a single line goes on in the next, and what
# a stray backtick begins, is known only from text that a stream has not got yet.
PIECES = st.sampled_from(
    ["[1]", "[2]", "[9]", "[0]", "[1, 3]", "[1-3]", "【2】", "(출처 1)", "[^1]", "[2025]", "[", "]",
     "에 따르면 ", "은 ", "에서는 ", "그렇다", "It is", ". ", ".", "? ", "!", "다. ", "다.", " ",
     "\n\n", "\n\n- ", "\n\n| a [3] | b |\n\n", " `a[1]` ",
     "\n\n```py\nx[1] = 2\n```\n\n", "“", "”", "(", ")", "1", "…", "3.5", "U.S. ", "# "]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=24).map("".join)


def outside(text: str) -> str:
    """What stands outside the markers of a text."""
    kept, last = [], 0
    for mark in parse(text):
        kept.append(text[last : mark.start])
        last = mark.end
    return "".join([*kept, text[last:]])


@given(TEXTS, st.lists(st.integers(0, 200), max_size=30))
def test_any_cutting_into_deltas_gives_what_the_whole_text_gives(
    text: str, places: list[int]
) -> None:
    assert run(cut(text, places), 3) == run([text], 3)


@given(TEXTS)
def test_no_text_is_lost_and_none_is_made_up(text: str) -> None:
    plain = outside(text)
    assume(not parse(plain))  # "[[0]1]" reads as a marker once the unknown one is gone
    shown, drafts, _, _ = run([text], 3)
    assert outside(shown) == plain
    assert re.sub(r"\s", "", "".join(text for text, _ in drafts)) == re.sub(r"\s", "", plain)


@given(TEXTS, st.integers(0, 4))
def test_only_passages_that_were_given_are_cited(text: str, passages: int) -> None:
    assume(not parse(outside(text)))
    shown, drafts, order, _ = run([text], passages)
    assert set(order) <= set(range(1, passages + 1))
    assert len(set(order)) == len(order)
    written = [number for mark in parse(shown) for number in mark.numbers]
    assert list(dict.fromkeys(written)) == list(range(1, len(order) + 1))
    cited = [number for _, numbers in drafts for number in numbers]
    assert set(cited) == (set(written) if drafts else set())
    assert all(len(set(numbers)) == len(numbers) for _, numbers in drafts)


@given(TEXTS, st.integers(0, 4))
def test_renumbering_twice_changes_nothing(text: str, passages: int) -> None:
    assume(not parse(outside(text)))
    shown, order, _ = renumber(text, passages)
    again, again_order, unknown = renumber(shown, len(order))
    assert (again, again_order, unknown) == (shown, list(range(1, len(order) + 1)), 0)
