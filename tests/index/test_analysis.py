"""Search terms: the same rules for articles and questions, whatever way a text is typed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis import document_terms, loan_terms, query_terms, terms
from index.names import hangul_key


def test_hangul_becomes_bigrams_within_a_word() -> None:
    assert terms("마지스트랄 스몰") == ["마지", "지스", "스트", "트랄", "스몰"]
    assert terms("딥") == ["딥"]


def test_english_words_are_stemmed() -> None:
    assert terms("Models reasoning, MODEL reasons") == ["model", "reason", "model", "reason"]


def test_scripts_are_cut_apart() -> None:
    assert terms("EXAONE이") == ["exaon", "이"]
    assert terms("32B와 R1") == ["32b", "와", "r1"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("마지스트랄 스몰", unicodedata.normalize("NFD", "마지스트랄 스몰")),
        ("EXAONE 3.5", "ＥＸＡＯＮＥ ３．５"),
        ("DeepSeek", "deepseek"),
        ("ﬁnal", "final"),
    ],
)
def test_spellings_of_one_text_have_the_same_terms(one: str, other: str) -> None:
    assert terms(one) == terms(other) != []
    assert set(query_terms(one).terms) == set(query_terms(other).terms)


def test_a_question_leaves_small_words_out() -> None:
    assert set(query_terms("How many parameters does Magistral Small have?").terms) == {
        "paramet", "magistr", "small",
    }  # fmt: skip


def test_a_question_of_small_words_alone_keeps_them() -> None:
    assert set(query_terms("Who are we?").terms) == {"who", "are", "we"}


def test_names_are_searched_in_the_other_script() -> None:
    korean = document_terms("", None, "엑사원은 LG의 모델이다.").names.split()
    latin = document_terms("", None, "EXAONE is a model of LG.").names.split()
    assert any(group & set(korean) for group in query_terms("What is EXAONE?").names)
    assert any(group & set(latin) for group in query_terms("엑사원은 무엇인가?").names)
    assert not any(group & set(latin) for group in query_terms("What is EXAONE?").names)


def test_a_name_written_apart_meets_one_written_together() -> None:
    together = document_terms("", None, "HuggingFace").names.split()
    apart = document_terms("", None, "on Hugging Face today").names.split()
    for groups in (query_terms("허깅 페이스에 올렸나?").names, query_terms("허깅페이스에?").names):
        assert any(group & set(together) for group in groups)
        assert any(group & set(apart) for group in groups)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("챗GPT가 나왔다.", "Is ChatGPT out?"),
        ("ChatGPT came out.", "챗GPT 나왔어?"),
        ("해솔병원은 부산에 있다.", "Where is Haesol Hospital?"),
        ("Haesol has beds.", "해솔병원 병상은?"),
        ("SKT showed A.X.", "에이닷엑스는?"),
        ("에이닷엑스가 나왔다.", "What is A.X?"),
    ],
)
def test_names_in_both_scripts_short_forms_and_heads_are_searched(text: str, question: str) -> None:
    found = set(document_terms("", None, text).names.split())
    assert any(group & found for group in query_terms(question).names)


def test_words_in_small_letters_are_no_names() -> None:
    assert document_terms("", None, "the station of a train").names == ""


def test_a_rare_small_word_is_found_by_its_sound_as_such() -> None:
    found = set(document_terms("", None, "a glass of maraschino").names.split())
    assert found & loan_terms([hangul_key("마라스키노")])
    assert not any(group & found for group in query_terms("마라스키노").names), "no name"


def test_numbers_meet_across_languages() -> None:
    document = document_terms(
        "", None, "매개변수는 240억 개, 2025년 6월 11일 공개."
    ).numbers.split()
    assert set(query_terms("24 billion parameters?").numbers) <= set(document)
    assert "d:2025-06" in document
    assert "d:2025-06" in query_terms("released in June 2025?").numbers
    assert set(query_terms("6월에 나온 것은?").numbers) <= set(document)
    assert not set(query_terms("32 billion?").numbers) & set(document)


def test_title_and_heading_count_as_part_of_a_passage() -> None:
    document = document_terms("미스트랄 소식", "Small model", "본문이다.")
    assert {"미스", "small", "본문"} <= set(document.terms.split())


@pytest.mark.parametrize("text", ["", " ", "?!…", "🤗"])
def test_a_text_without_words_has_no_terms(text: str) -> None:
    assert terms(text) == []
    assert document_terms("", None, text).names == ""
    assert not query_terms(text).names


@given(st.text(max_size=60))
def test_any_text_has_terms_without_spaces(text: str) -> None:
    found = terms(text)
    assert all(term and not any(map(str.isspace, term)) for term in found)
    document = document_terms("", None, text)
    assert document.terms.split() == found
    assert set(query_terms(text).terms) <= set(found)
