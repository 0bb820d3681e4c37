"""What is said around a question is no part of it."""

import pytest

from rag.answer import Answerer
from rag.courtesy import asking, essence
from rag.events import Request

QUESTION, ENGLISH = "딥시크 창업자는 누구인가?", "Who founded DeepSeek?"


@pytest.mark.parametrize(
    "said",
    [
        "안녕하세요! 질문이 있어요. {}",
        "혹시 {} 아시나요?",
        "{} 알려주실 수 있을까요?",
        "{} 답변 부탁드립니다.",
        "{} ㅋㅋ 모르겠음",
        "{} 자세히 설명해 주세요",
        "기사를 보니까 헷갈려서 그러는데 {}",
    ],
)
def test_a_korean_question_is_found_among_what_is_said_around_it(said: str) -> None:
    assert essence(said.format(QUESTION)).rstrip("?") == QUESTION.rstrip("?")


@pytest.mark.parametrize(
    "said",
    [
        "Hi there! I have a question: {}",
        "Can you tell me {}",
        "{} Thanks in advance!",
        "{} Please answer briefly.",
        "According to the articles, {}",
        "I'm a bit confused, so {}",
        "i would like to know {}",
    ],
)
def test_an_english_question_is_found_among_what_is_said_around_it(said: str) -> None:
    assert essence(said.format(ENGLISH)).rstrip("?") == ENGLISH.rstrip("?")


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        ENGLISH,
        "EXAONE Deep에 대해 자세히 설명해 주세요",
        "마지스트랄 요약해줘",
        "2025년 9월 소식 알려줘",
        "Explain Qwen3 in detail",
        "Can you tell me about Magistral?",
        "축제는 4월 17~26일 중 언제 붐벼?",
        "Is Dr. Kim of St. Louis right? He said v2.0 is out.",
        "안녕하세요",
        "Thanks!",
        "",
    ],
)
def test_what_is_no_courtesy_stays(question: str) -> None:
    assert essence(question) == question


@pytest.mark.parametrize("said", ["", "?", "ㅋㅋㅋ", "!!! ???", "감사합니다 ㅠㅠ", "\n\n"])
def test_nothing_but_courtesy_is_left_as_it_is(said: str) -> None:
    assert essence(said) == said


def test_sentences_that_ask_are_told_from_others() -> None:
    text = "Nori Market opened in May. Who runs it? 언제 나왔는지 궁금해. U.S. firms differ."
    assert asking(text) == ["Who runs it?", "언제 나왔는지 궁금해."]


def test_a_polite_question_is_answered_as_the_plain_one(answerer: Answerer) -> None:
    plain = answerer.ask(Request(QUESTION))
    polite = answerer.ask(
        Request(f"안녕하세요, 궁금한 게 있는데요. {QUESTION} 알려주시면 감사하겠습니다!")
    )
    assert not plain.abstained
    assert polite.answer == plain.answer
    # A greeting in one language does not decide which one is answered in.
    assert answerer.ask(Request(f"안녕하세요! {ENGLISH}")).language == "en"
