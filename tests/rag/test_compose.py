"""Which sentences make an answer of the built-in reader, over the sample articles."""

import pytest

from rag.answer import Answerer
from rag.events import Request


@pytest.mark.parametrize(
    ("question", "values"),
    [
        ("LG가 엑사원 딥을 내놓은 때는 언제인가?", ("2025년 2월", "2025년 3월 18일")),
        ("미스트랄은 시리즈 A에서 얼마를 모았나?", ("4억 5천만", "€385 million")),
    ],
)
def test_articles_that_disagree_are_both_cited_with_their_dates(
    answerer: Answerer, question: str, values: tuple[str, str]
) -> None:
    answer = answerer.ask(Request(question))
    assert answer.answer.startswith("기사마다 다릅니다")
    assert len(answer.citations) == 2
    for citation, value in zip(answer.citations, values, strict=True):
        assert value in citation.quote
        assert citation.published and citation.published in answer.answer
    assert {sentence.support for sentence in answer.sentences} == {"supported"}


@pytest.mark.parametrize(
    ("question", "bold"),
    [
        ("마지스트랄 스몰의 매개변수는 몇 개인가?", "**240억**"),
        ("How much did Mistral raise in its Series A?", "**385 million**"),
    ],
)
def test_what_was_asked_for_is_in_bold(answerer: Answerer, question: str, bold: str) -> None:
    assert bold in answerer.ask(Request(question)).answer


@pytest.mark.parametrize(
    "question",
    [
        "엑사원 딥 기사를 요약해줘",
        "Summarise how Magistral was trained",
        "딥시크 R1은 어떻게 훈련했나?",
        "증류는 어떻게 하나?",
    ],
)
def test_explanations_follow_the_article(answerer: Answerer, question: str) -> None:
    answer = answerer.ask(Request(question))
    assert not answer.abstained
    assert len({citation.article_id for citation in answer.citations}) == 1
    places = [sentence.evidence[0].start for sentence in answer.sentences]
    assert len(places) == 3 and places == sorted(places)
    assert not any(" | " in sentence.text for sentence in answer.sentences)


def test_an_article_in_the_other_language_is_named_once(answerer: Answerer) -> None:
    answer = answerer.ask(Request("딥시크 R1은 어떻게 훈련했나?"))
    assert answer.answer.count("영어 기사에는") == 1
    quotes = [evidence.quote for sentence in answer.sentences for evidence in sentence.evidence]
    assert len(quotes) == 3 and all(f"“{quote}”" in answer.answer for quote in quotes)
    assert {sentence.support for sentence in answer.sentences} == {"supported"}


@pytest.mark.parametrize(
    "question",
    [
        "EXAONE Deep의 가격은?",
        "엑사원 딥은 한 달 이용 요금이 얼마야?",
        "How many people work at LG AI Research?",
        "What is Arthur Mensch's salary at Mistral?",
    ],
)
def test_an_attribute_that_no_article_holds_is_refused_with_the_nearest(
    answerer: Answerer, question: str
) -> None:
    answer = answerer.ask(Request(question))
    assert answer.abstained and not answer.citations
    assert "「" in answer.answer or "“" in answer.answer
