"""How well two spellings of a name agree, and what of a text is compared at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.described import Described
from index.likeness import alike, likeness
from index.names import plain

NAMES = [
    ("미스트랄", "Mistral"), ("마지스트랄", "Magistral"), ("엑사원", "EXAONE"), ("딥시크", "DeepSeek"),
    ("하이퍼클로바", "HyperCLOVA"), ("올트먼", "Altman"), ("마크롱", "Macron"), ("마이크론", "Micron"),
    ("허깅페이스", "HuggingFace"), ("솔라", "Solar"), ("큐원", "Qwen"), ("존", "John"),
    ("볼로냐", "Bologna"), ("슈워제네거", "Schwarzenegger"), ("뵈르센", "Børsen"),
]  # fmt: skip


@pytest.mark.parametrize(("hangul", "latin"), NAMES)
def test_a_name_agrees_with_its_own_spelling_best(hangul: str, latin: str) -> None:
    agreement = {other: likeness(hangul, other) for _, other in NAMES}
    assert max(agreement, key=lambda other: agreement[other]) == latin
    assert 0.4 <= agreement[latin] <= 1.0


@pytest.mark.parametrize(
    ("hangul", "right", "wrong"),
    [
        ("마크롱", "Macron", "Micron"), ("마이크론", "Micron", "Macron"),
        ("리비아", "Libya", "Lebanon"), ("모로코", "Morocco", "Monaco"),
        ("스티븐", "Steven", "Stefan"), ("발레", "ballet", "valley"),
    ],
)  # fmt: skip
def test_vowels_tell_apart_what_has_the_same_consonants(
    hangul: str, right: str, wrong: str
) -> None:
    assert likeness(hangul, right) > likeness(hangul, wrong)


@pytest.mark.parametrize(
    ("hangul", "latin"), [("", "Mistral"), ("미스트랄", ""), ("가", "1"), ("32", "B")]
)
def test_what_is_no_word_agrees_with_nothing(hangul: str, latin: str) -> None:
    assert likeness(hangul, latin) == 0.0


@given(
    st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=12),
    st.text(max_size=20),
)
def test_agreement_lies_between_0_and_1(hangul: str, latin: str) -> None:
    assert 0.0 <= likeness(hangul, latin) <= 1.0


@pytest.mark.parametrize(("hangul", "latin"), NAMES)
def test_the_filter_lets_true_pairs_through_in_both_directions(hangul: str, latin: str) -> None:
    written = plain(latin)
    assert alike(hangul, f"the\n{written}\nother") == {written: likeness(hangul, latin)}
    assert alike(latin, f"그리고\n{hangul}\n다른") == {hangul: likeness(hangul, latin)}
    if len(hangul) > 1:
        assert alike(latin, f"{hangul}에게")[f"{hangul}에게"] >= likeness(hangul, latin)


def test_a_name_is_found_in_a_text_with_accents_in_small_letters_and_in_two_words() -> None:
    assert Described("President Émmanuel Macron spoke.").likeness(("마크롱",)) > 0.7
    assert Described("Émilie du Châtelet").likeness(("에밀리",)) > 0.4
    assert Described("It comes with a bow tie.").likeness(("보타이",)) > 0.0
    assert Described("the hugging face hub").likeness(("허깅페이스",)) > 0.6
    assert Described("a budget for OpenEuroLLM").likeness(("오픈유로",)) > 0.5
    assert Described("엠마뉘엘 마크롱이 말했다.").likeness(("macron",)) > 0.7


def test_words_of_one_script_are_not_compared() -> None:
    assert Described("마크롱이 말했다.").likeness(("마크롱",)) == 0.0
    assert Described("Macron spoke.").likeness(("macron",)) == 0.0
    assert Described("").likeness(("마크롱",)) == 0.0


def test_texts_compared_together_answer_as_each_alone() -> None:
    texts = ["President Émmanuel Macron spoke.", "the Hugging Face hub", "마크롱이 말했다.", ""]
    asked = [("마크롱",), ("허깅페이스", "허깅페이스의"), ("macron",)]
    keys = frozenset({"MAKLN", "MKLN", "HKNPS"})
    alone, beside = [Described(t) for t in texts], [Described(t) for t in texts]
    whole = Described(parts=beside[:2])
    Described.together([whole, *beside[2:]])
    for one, other in zip(alone, beside, strict=True):
        assert [one.likeness(forms) for forms in asked] == [
            other.likeness(forms) for forms in asked
        ]
        assert one.heard(keys) == other.heard(keys)
    assert whole.likeness(asked[0]) == alone[0].likeness(asked[0]) > 0.7
    assert any(text.heard(keys) for text in alone)
