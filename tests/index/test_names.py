"""One key for a name in both scripts, and different keys for different names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.names import (
    beginnings,
    hangul_key,
    heads,
    latin_keys,
    mixed_keys,
    mixed_names,
    short_forms,
    short_keys,
    stems,
)

SAME = [
    ("미스트랄", "Mistral"), ("마지스트랄", "Magistral"), ("엑사원", "EXAONE"),
    ("딥시크", "DeepSeek"), ("올트먼", "Altman"), ("올트만", "Altman"),
    ("하이퍼클로바", "HyperCLOVA"), ("업스테이지", "Upstage"), ("멘슈", "Mensch"),
    ("오픈에이아이", "OpenAI"), ("앤스로픽", "Anthropic"), ("앤트로픽", "Anthropic"),
    ("클로드", "Claude"), ("제미나이", "Gemini"), ("구글", "Google"), ("허깅페이스", "HuggingFace"),
    ("마이크로소프트", "Microsoft"), ("알리바바", "Alibaba"), ("소프트뱅크", "SoftBank"),
    ("엔비디아", "Nvidia"), ("삼성", "Samsung"), ("마크롱", "Macron"), ("데이터브릭스", "Databricks"),
    ("믹스트랄", "Mixtral"), ("코드스트랄", "Codestral"), ("런던", "London"), ("프랑스", "France"),
    ("머스크", "Musk"), ("퍼플렉시티", "Perplexity"), ("블룸버그", "Bloomberg"),
    ("디드로", "Diderot"), ("바그너", "Wagner"), ("볼로냐", "Bologna"), ("에레라", "Herrera"), ("바돌리오", "Badoglio"),
]  # fmt: skip
DIFFERENT = [
    ("미스트랄", "Magistral"), ("마지스트랄", "Mistral"), ("딥시크", "DeepMind"),
    ("네이버", "Nvidia"), ("엑사원", "Exynos"), ("파리", "Berlin"), ("큐원", "Claude"),
    ("코히어", "Cohen"), ("앤스로픽", "Upstage"), ("허깅페이스", "Huawei"),
    ("런던", "Linden Lab"), ("올트먼", "Upstage"),
]  # fmt: skip


@pytest.mark.parametrize(("korean", "latin"), SAME)
def test_a_name_meets_its_transliteration(korean: str, latin: str) -> None:
    assert hangul_key(korean) in latin_keys(latin)
    assert len(hangul_key(korean)) >= 3  # shorter keys are not searched for


@pytest.mark.parametrize(("korean", "latin"), DIFFERENT)
def test_different_names_stay_apart(korean: str, latin: str) -> None:
    assert hangul_key(korean) not in latin_keys(latin)


def test_korean_names_stay_apart_among_themselves() -> None:
    names = ["미스트랄", "마지스트랄", "믹스트랄", "코드스트랄", "엑사원", "딥시크", "하이퍼클로바"]
    assert len({hangul_key(name) for name in names}) == len(names)


@pytest.mark.parametrize("word", ["EXAONE", "exaone", "Exaone"])
def test_capitals_make_no_difference(word: str) -> None:
    assert latin_keys(word) == latin_keys("EXAONE")


@pytest.mark.parametrize(
    ("written", "bare"),
    [("Timothée", "Timothee"), ("Łukasz", "Lukasz"), ("Nguyễn", "Nguyen"), ("Børsen", "Borsen"),
     ("Weißmann", "Weissmann")],
)  # fmt: skip
def test_accents_and_strokes_make_no_difference(written: str, bare: str) -> None:
    assert latin_keys(written) == latin_keys(bare)


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("미스트랄은", "미스트랄"), ("엑사원의", "엑사원"), ("딥시크가", "딥시크"),
        ("올트먼에게", "올트먼"), ("네이버에서는", "네이버"), ("업스테이지와", "업스테이지"),
        ("구글이라고", "구글"),
    ],
)  # fmt: skip
def test_a_particle_comes_off(word: str, stem: str) -> None:
    assert stems(word) == [word, stem]


def test_a_stem_keeps_two_syllables() -> None:
    assert stems("나는") == ["나는"]
    assert stems("도쿄") == ["도쿄"]


def test_a_latin_word_has_at_most_eight_keys() -> None:
    longest = latin_keys("Thochghethechorxchothcher" * 20)
    assert 1 <= len(longest) <= 8


@pytest.mark.parametrize("word", ["", "123", "!?"])
def test_what_has_no_sound_has_no_key(word: str) -> None:
    assert hangul_key(word) == ""
    assert latin_keys(word) in ((), ("",))


@given(
    st.text(
        alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZéÉł", min_size=1, max_size=12
    )
)
def test_a_latin_key_begins_as_its_letter_allows(word: str) -> None:
    assert all(key[0] in beginnings(word[0]) for key in latin_keys(word) if key)


@given(
    st.text(
        alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=5
    )
)
def test_a_hangul_key_begins_as_its_syllable_allows(word: str) -> None:
    assert hangul_key(word)[0] in beginnings(word[0])


@pytest.mark.parametrize(
    ("korean", "latin"),
    [("챗GPT", "ChatGPT"), ("오픈AI", "OpenAI"), ("노트북LM", "NotebookLM"), ("딥L", "DeepL")],
)
def test_a_name_in_both_scripts_meets_the_latin_one(korean: str, latin: str) -> None:
    [name] = mixed_names(f"어제 {korean}는")
    assert mixed_keys(*name) & set(latin_keys(latin))


@pytest.mark.parametrize("text", ["챗 GPT", "GPT는", "SK텔레콤", "2025년"])
def test_only_a_hangul_head_with_a_latin_tail_is_such_a_name(text: str) -> None:
    assert not list(mixed_names(text))


@pytest.mark.parametrize(
    ("korean", "latin"),
    [("에스케이", "SK"), ("에이닷엑스", "A.X"), ("티에스엠씨", "TSMC"), ("아이비엠", "IBM")],
)
def test_a_short_form_meets_its_letters_in_hangul(korean: str, latin: str) -> None:
    assert short_forms(f"In May {latin} and Ray") == [latin]
    assert hangul_key(korean) in short_keys(latin)


@pytest.mark.parametrize("text", ["A plan", "OpenAI", "HyperCLOVA", "I.", "to be"])
def test_other_words_are_no_short_forms(text: str) -> None:
    assert not short_forms(text)


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("해솔병원은", ["해솔"]), ("제주대학교", ["제주"]), ("병원", []), ("해병원", []), ("해솔", []),
        ("카카오뱅크", []),
    ],
)  # fmt: skip
def test_what_stands_before_a_common_noun_is_a_head(word: str, found: list[str]) -> None:
    assert heads(word) == found
