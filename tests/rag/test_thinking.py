"""The splitter: one example per family, each known failure, and properties over all markup."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.models.catalogue import Markup, load
from rag.models.thinking import Piece, Reason, Splitter, ends_inside, split

MARKUP = {family.name: family.markup for family in load().families}
THINK = MARKUP["qwen3"]

# family, whether the prompt ends in a thought, output, reasoning, answer
EXAMPLES = [
    ("qwen3", False, "<think>\n문서 2를 보자.\n</think>\n\n답은 서울입니다 [2].",
     "문서 2를 보자.\n", "답은 서울입니다 [2]."),
    ("qwen3-thinking-2507", True, "Look at passage 1.\n</think>\n\nIt opened in 1925 [1].",
     "Look at passage 1.\n", "It opened in 1925 [1]."),
    ("qwen3-instruct-2507", False, "1925년입니다 [1].", "", "1925년입니다 [1]."),
    ("qwen3.5", True, "연도를 찾는다.\n</think>\n\n1925년 [1].", "연도를 찾는다.\n", "1925년 [1]."),
    ("exaone-deep", True, "질문은 한글이다.\n</thought>\n\n세종대왕입니다 [1].",
     "질문은 한글이다.\n", "세종대왕입니다 [1]."),
    ("exaone-4.0", True, "\nHmm, two dates.\n</think>\n\nIn 1446 [1].",
     "Hmm, two dates.\n", "In 1446 [1]."),
    ("exaone-4.5", False, "<think>\n음.\n</think>\n\n네 [1].", "음.\n", "네 [1]."),
    ("k-exaone", True, "음.\n</think>\n\n네 [1].", "음.\n", "네 [1]."),
    ("deepseek-r1", True, "Okay, 用户 asks…\n</think>\n\n부산입니다 [3].",
     "Okay, 用户 asks…\n", "부산입니다 [3]."),
    ("deepseek-r1-0528", False, "<think>\nOkay.\n</think>\nBusan [3].", "Okay.\n", "Busan [3]."),
    ("magistral-2506", False, "<think>\nOui.\n</think>\nThe answer is 3 [1].",
     "Oui.\n", "The answer is 3 [1]."),
    ("magistral-2507", False, "[THINK]생각 중[/THINK]답은 [3]입니다.</s>",
     "생각 중", "답은 [3]입니다."),
    ("mimo-7b-rl", False, "<think>\nSum.\n</think>\n42 [1].", "Sum.\n", "42 [1]."),
    ("gpt-oss", False, "<|channel|>analysis<|message|>Need passage 2.<|end|><|start|>assistant"
     "<|channel|>final<|message|>달은 지구를 돈다 [2].<|return|>",
     "Need passage 2.", "달은 지구를 돈다 [2]."),
    ("solar-open", False,
     "<|think|>질문을 읽는다.<|end|><|begin|>assistant<|content|>2층 [1].<|end|>",
     "질문을 읽는다.", "2층 [1]."),
    ("ax-4.0", False, "세 개입니다 [1].", "", "세 개입니다 [1]."),
    ("hyperclovax-seed-think-14b", False,
     "/think\n사용자는 높이를 묻는다.\n<|im_end|>\n<|im_start|>assistant\n1,947 m [1].<|im_end|>",
     "사용자는 높이를 묻는다.\n", "1,947 m [1]."),
    ("hyperclovax-seed-think-32b", True, "Height?\n</think>\n\n1,947 m [1].",
     "Height?\n", "1,947 m [1]."),
    ("kanana-2-thinking", True, "어디?\n</think>\n\n제주도 [1].", "어디?\n", "제주도 [1]."),
    ("ernie-4.5-thinking", True, "Hmm.\n</think>\n\n<response>\nJeju [1].\n</response>\n",
     "Hmm.\n", "Jeju [1].\n"),
]  # fmt: skip


def read(pieces: list[Piece]) -> tuple[str, str]:
    """What a consumer ends up with."""
    said = {"reasoning": "", "answer": ""}
    for piece in pieces:
        if piece.restated:
            said = {"reasoning": "", "answer": ""}
        said[piece.kind] += piece.text
    return said["reasoning"], said["answer"]


def stream(deltas: list[str], markup: Markup, opened: bool | None, reason: Reason = "stop"):
    splitter = Splitter(markup, opened=opened)
    pieces = [piece for delta in deltas for piece in splitter.feed(delta)]
    return (*read(pieces + splitter.finish(reason)), splitter)


# --- one example per family --------------------------------------------------------------------


def test_every_family_has_an_example():
    assert {name for name, *_ in EXAMPLES} == set(MARKUP)


@pytest.mark.parametrize(("name", "opened", "text", "reasoning", "answer"), EXAMPLES)
def test_family(name, opened, text, reasoning, answer):
    assert split(text, MARKUP[name], opened) == (reasoning, answer)
    for cut in range(len(text) + 1):
        assert stream([text[:cut], text[cut:]], MARKUP[name], opened)[:2] == (reasoning, answer)
    assert stream(list(text), MARKUP[name], opened)[:2] == (reasoning, answer)


@pytest.mark.parametrize(("name", "opened", "text", "reasoning", "answer"), EXAMPLES)
def test_family_behind_a_server_whose_prompt_is_not_seen(name, opened, text, reasoning, answer):
    assert split(text, MARKUP[name], None) == (reasoning, answer)


@pytest.mark.parametrize("name", sorted(MARKUP))
@pytest.mark.parametrize("opened", [False, None])
def test_a_direct_answer(name, opened):
    text = "\n바로 답합니다 [1]. Directly.\n"
    assert split(text, MARKUP[name], opened) == ("", text.lstrip())


def test_direct_answers_in_each_familys_own_form():
    assert split("\n1,947 m [1].<|im_end|>", MARKUP["hyperclovax-seed-think-14b"], False) == (
        "",
        "1,947 m [1].",
    )
    final = "<|channel|>final<|message|>Yes [1].<|return|>"
    assert split(final, MARKUP["gpt-oss"], False) == ("", "Yes [1].")
    assert split("<|content|>네 [1].<|end|>", MARKUP["solar-open"], False) == ("", "네 [1].")
    assert split("<response>Oui</response>", MARKUP["ernie-4.5-thinking"], True) == ("", "Oui")


def test_channels_before_the_final_one_are_all_reasoning():
    text = (
        "<|channel|>analysis<|message|>Two dates.<|end|><|start|>assistant<|channel|>commentary"
        "<|message|>I compare.<|end|><|start|>assistant<|channel|>final<|message|>1446 [1]."
    )
    reasoning, answer = split(text, MARKUP["gpt-oss"], False)
    assert answer == "1446 [1]."
    assert reasoning.startswith("Two dates.") and reasoning.endswith("I compare.")


def test_roles_hand_over_to_a_function_call():
    text = "/think\n검색?<|im_end|>\n<|im_start|>assistant -> tool/function_call\n[{}]<|im_end|>"
    assert split(text, MARKUP["hyperclovax-seed-think-14b"], False) == ("검색?", "[{}]")


def test_roles_do_not_end_the_thought_at_the_bare_token():
    text = "/think\na<|im_end|>b<|im_end|>\n<|im_start|>assistant\nc"
    expected = ("a<|im_end|>b", "c")
    assert split(text, MARKUP["hyperclovax-seed-think-14b"], False) == expected


# --- what goes wrong in the field --------------------------------------------------------------


def test_a_marker_grouped_with_text_in_one_delta():
    assert stream(["<think>a", "b</think>c"], THINK, False)[:2] == ("ab", "c")


def test_only_what_may_become_a_marker_is_held_back():
    splitter = Splitter(THINK, opened=True)
    assert splitter.feed("1 < 2") == [Piece("reasoning", "1 < 2")]
    assert splitter.feed(" x</thi") == [Piece("reasoning", " x")]
    assert splitter.feed("s is text") == [Piece("reasoning", "</this is text")]
    assert splitter.feed("</think>답") == [Piece("answer", "답")]
    assert splitter.feed("은 </think") == [Piece("answer", "은 </think")]


def test_what_is_held_is_flushed_at_the_end():
    assert split("<think>a</think>b < c <", THINK, False) == ("a", "b < c <")
    assert split("<thin", THINK, False) == ("", "<thin")
    assert split("a</thin", THINK, True, "length") == ("a</thin", "")
    assert split("a</thin", THINK, True, "cancelled") == ("a</thin", "")
    assert split("A.<|retu", MARKUP["gpt-oss"], False) == ("", "A.<|retu")


def test_the_opener_is_written_again_although_the_prompt_has_it():
    assert split("<think>\nOkay.\n</think>\nYes.", THINK, True) == ("Okay.\n", "Yes.")


def test_the_closer_comes_at_once():
    assert split("</think>\n\nYes.", THINK, True) == ("", "Yes.")
    assert split("</think>\n\nYes.", THINK, False) == ("", "Yes.")


def test_an_empty_block_says_nothing():
    splitter = Splitter(THINK, opened=False)
    assert splitter.feed("<think>\n\n</think>\n\n") == []
    assert splitter.feed("네.") == [Piece("answer", "네.")]
    assert splitter.closed


def test_the_first_closer_wins_and_later_markers_are_text():
    text = "a</think>Write </think> or <think> in `<think>x</think>`."
    assert split(text, THINK, True) == ("a", "Write </think> or <think> in `<think>x</think>`.")
    assert split("<think>a <think> b</think>c", THINK, False) == ("a <think> b", "c")


def test_an_answer_that_quotes_markers_is_not_swallowed():
    text = "표지는 <think>와 </think>입니다.\n</think>\n끝."
    assert split(text, THINK, False) == ("", text)
    assert split(text, THINK, None) == ("", text)
    quoting = "The marker `</think>` ends it [1]."
    assert split(quoting, THINK, None) == ("", quoting)


def test_ends_are_dropped_only_at_the_very_end():
    text = "<think>a</think><response>Use </response> so.</response>\n</response>\n"
    assert split(text, MARKUP["ernie-4.5-thinking"], False)[1] == "Use </response> so."
    unwrapped = "a</think>the tag </response>"
    assert split(unwrapped, MARKUP["ernie-4.5-thinking"], True)[1] == "the tag </response>"


def test_the_budget_runs_out_inside_a_thought():
    *said, splitter = stream(["<think>길게 ", "생각"], THINK, False, "length")
    assert said == ["길게 생각", ""]
    assert splitter.exhausted and not splitter.closed and splitter.inside
    *said, splitter = stream(["a</think>b"], THINK, True, "length")
    assert said == ["a", "b"]
    assert not splitter.exhausted and splitter.closed and not splitter.inside


def test_a_normal_stop_without_a_closer_makes_it_the_answer():
    splitter = Splitter(THINK, opened=True)
    assert splitter.feed("바로 답") == [Piece("reasoning", "바로 답")]
    assert splitter.feed(" [1].") == [Piece("reasoning", " [1].")]
    assert splitter.finish("stop") == [Piece("answer", "바로 답 [1].", restated=True)]
    assert splitter.finish("stop") == []
    assert not splitter.exhausted
    assert split("[THINK]Yes.</s>", MARKUP["magistral-2507"], False) == ("", "Yes.")


def test_a_cancelled_thought_stays_a_thought():
    *said, splitter = stream(["<think>a"], THINK, False, "cancelled")
    assert said == ["a", ""]
    assert not splitter.exhausted


def test_a_missing_opener_behind_a_server():
    splitter = Splitter(THINK, opened=None)
    assert splitter.feed("Let me see.\n") == [Piece("answer", "Let me see.\n")]
    assert splitter.feed("</think>\n\n") == [Piece("reasoning", "Let me see.\n", restated=True)]
    assert splitter.feed("Yes.") == [Piece("answer", "Yes.")]
    assert split("See.</think>\nYes.", THINK, None) == ("See.", "Yes.")
    roles = MARKUP["hyperclovax-seed-think-14b"]
    assert split("음<|im_end|>\n<|im_start|>assistant -> tool/function_call\n[]", roles, None) == (
        "음",
        "[]",
    )


def test_thinking_though_it_was_switched_off():
    assert split("<think>\nBut.\n</think>\n\nYes.", THINK, False) == ("But.\n", "Yes.")


def test_a_model_without_markers_never_thinks():
    assert split("<think>x</think>", Markup(), True, "length") == ("", "<think>x</think>")


def test_nothing_at_all():
    for opened in (True, False, None):
        assert split("", THINK, opened) == split(" \n", THINK, opened) == ("", "")


def test_feeding_after_the_end_is_an_error():
    splitter = Splitter(THINK, opened=True)
    splitter.finish("stop")
    with pytest.raises(ValueError, match="ended"):
        splitter.feed("x")


@pytest.mark.parametrize(
    ("prompt", "inside"),
    [
        ("<|im_start|>assistant\n<think>\n", True),
        ("<|im_start|>assistant\n<think>\n\n</think>\n\n", False),
        ("Explain <think> and </think>.<|im_end|>\n<|im_start|>assistant\n", False),
        ("", False),
    ],
)
def test_whether_a_prompt_ends_inside_a_thought(prompt, inside):
    assert ends_inside(prompt, THINK) is inside
    assert not ends_inside(prompt, Markup())


# --- properties --------------------------------------------------------------------------------

MARKUPS = list(dict.fromkeys(MARKUP.values()))
ONCE = ("openers", "closers", "answer_openers")
REPEATED = ("fillers", "answer_closers", "ends")


def markers(markup: Markup, kinds: tuple[str, ...] = ONCE + REPEATED) -> list[tuple[str, str]]:
    """The kind and text of all markers of these kinds."""
    return [(kind, marker) for kind in kinds for marker in getattr(markup, kind)]


MARKERS = sorted({marker for markup in MARKUPS for _, marker in markers(markup)})
PARTS = [marker[:n] for marker in MARKERS for n in (1, len(marker) // 2, len(marker) - 1)]
WORDS = ["답", "a", " ", "\n", "1 < 2", "\n\n", "생각 ", "<", "[1]", "</"]
TEXTS = st.lists(
    st.one_of(st.sampled_from(MARKERS), st.sampled_from(PARTS), st.sampled_from(WORDS)), max_size=9
).map("".join)


@st.composite
def outputs(draw):
    """Any markup and, more often than not, markers of its own among the text."""
    markup = draw(st.sampled_from(MARKUPS))
    mine = st.sampled_from([*(marker for _, marker in markers(markup)), "x", "\n"])
    text = draw(st.lists(st.one_of(mine, TEXTS), max_size=6).map("".join))
    opened = draw(st.sampled_from([True, False, None]))
    reason = draw(st.sampled_from(["stop", "length", "cancelled"]))
    return text, markup, opened, reason


@settings(max_examples=200, deadline=None)
@given(outputs(), st.data())
def test_any_cutting_gives_what_the_whole_gives(output, data):
    text, markup, opened, reason = output
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=12).map(sorted))
    deltas = [text[a:b] for a, b in pairwise([0, *cuts, len(text)])]
    whole = stream([text], markup, opened, reason)
    for parts in (deltas, list(text)):
        cut = stream(parts, markup, opened, reason)
        assert cut[:2] == whole[:2]
        assert (cut[2].closed, cut[2].exhausted) == (whole[2].closed, whole[2].exhausted)


def bare(text: str) -> str:
    return "".join(text.split())


def accounted(text: str, said: str, markup: Markup) -> bool:
    """Whether `said` is `text` without white space and without markers.

    At most one opener, one closer and one opener of the answer may be gone: the rest is text.
    """
    text, said = bare(text), bare(said)
    dropped = [(kind, bare(marker)) for kind, marker in markers(markup)]
    reached: set[tuple[int, frozenset[str]]] = {(0, frozenset())}
    for char in [*said, None]:
        spread = list(reached)
        while spread:
            at, used = spread.pop()
            for kind, marker in dropped:
                after = (at + len(marker), used | {kind} if kind in ONCE else used)
                if kind not in used and text.startswith(marker, at) and after not in reached:
                    reached.add(after)
                    spread.append(after)
        if char is not None:
            reached = {(at + 1, used) for at, used in reached if text[at : at + 1] == char}
    return any(at == len(text) for at, _ in reached)


@settings(max_examples=200, deadline=None)
@given(outputs())
def test_nothing_is_lost_and_nothing_said_twice(output):
    text, markup, opened, reason = output
    reasoning, answer = split(text, markup, opened, reason)
    assert accounted(text, reasoning + answer, markup)
    assert not answer[:1].isspace() and not reasoning[:1].isspace()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(MARKUPS[:1] + MARKUPS[2:]))
def test_a_closed_thought_comes_back_whole(reasoning, answer, markup):
    text = f"{markup.openers[0]}{reasoning}{markup.closing}{answer}"
    assert split(text, markup, False) == (reasoning.lstrip(), answer.lstrip())
    assert split(reasoning + markup.closing + answer, markup, True)[1] == answer.lstrip()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80), st.sampled_from(MARKUPS), st.sampled_from([True, False, None]))
def test_text_without_markers_is_never_changed(text, markup, opened):
    assert split(text, markup, opened) == ("", text.lstrip())


@pytest.mark.parametrize("delta", ["<", " ", "</think", "가나다라", "<|end|>", "\n</s>"])
@pytest.mark.parametrize("markup", MARKUPS)
def test_the_work_grows_with_the_text_only(markup, delta):
    """A rescan of all that went before would take minutes here, not milliseconds."""
    for opened in (True, None):
        splitter = Splitter(markup, opened=opened)
        longest = max(map(len, MARKERS))
        for _ in range(1_000):
            splitter.feed(delta)
            assert len(splitter._held) <= longest
        splitter.finish("stop")
