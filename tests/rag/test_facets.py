"""Comparisons: two stand-alone questions, and one sentence for each in the answer."""

from pathlib import Path

import pytest

from corpus.article import Article
from index.sync import add_articles
from rag.answer import Answerer
from rag.events import Request, Turn
from rag.facets import facets
from rag.followup import standalone
from rag.home import load_encoder, open_index
from rag.settings import Settings


@pytest.mark.parametrize(
    ("question", "first", "second"),
    [
        ("마지스트랄 스몰과 엑사원 딥의 매개변수 수를 비교해줘", "마지스트랄 스몰의 매개변수 수는 얼마인가?", "엑사원 딥의 매개변수 수는 얼마인가?"),
        ("엑사원 딥이랑 마지스트랄 중 어느 쪽이 더 커?", "엑사원 딥의 크기는 얼마인가?", "마지스트랄의 크기는 얼마인가?"),
        ("별무리 2랑 토커 3 중에 뭐가 더 커?", "별무리 2의 크기는 얼마인가?", "토커 3의 크기는 얼마인가?"),
        ("두리와 나래의 비누 비교", "두리의 비누?", "나래의 비누?"),
        ("When were Qwen3 and MiMo released?", "When was Qwen3 released?", "When was MiMo released?"),
        ("큐원3와 MiMo의 차이는?", "큐원3?", "MiMo?"),
        ("네이버와 카카오의 매출은 각각 얼마야?", "네이버의 매출?", "카카오의 매출?"),
        ("Compare the number of parameters of Magistral Small and EXAONE Deep", "How many parameters does Magistral Small have?", "How many parameters does EXAONE Deep have?"),
        ("Which is larger, Magistral Small or EXAONE Deep?", "How large is Magistral Small?", "How large is EXAONE Deep?"),
        ("How many parameters do Magistral Small and EXAONE Deep have?", "How many parameters does Magistral Small have?", "How many parameters does EXAONE Deep have?"),
    ],
)  # fmt: skip
def test_a_comparison_is_two_questions(question: str, first: str, second: str) -> None:
    assert facets(question) == (first, second)


@pytest.mark.parametrize(
    "question",
    [
        "미스트랄과 엔비디아가 만드는 클라우드는?",
        "What did Mistral and Nvidia announce?",
        "마지스트랄 스몰의 매개변수는 몇 개인가?",
        "Who founded DeepSeek?",
        "?",
        "과 와 비교",
    ],
)
def test_any_other_question_is_one(question: str) -> None:
    assert facets(question) == ()


@pytest.mark.parametrize(
    ("question", "values"),
    [
        ("마지스트랄 스몰과 엑사원 딥의 매개변수 수를 비교해줘", ("240억", "24억|78억|320억")),
        (
            "Compare the number of parameters of Magistral Small and EXAONE Deep",
            ("24", "2.4|7.8|32"),
        ),
    ],
)
def test_each_side_of_a_comparison_is_cited(
    answerer: Answerer, question: str, values: tuple[str, str]
) -> None:
    answer = answerer.ask(Request(question))
    assert len(answer.sentences) == 2
    assert all(sentence.markers for sentence in answer.sentences)
    quotes = [sentence.evidence[0].quote for sentence in answer.sentences]
    assert values[0] in quotes[0]
    assert any(value in quotes[1] for value in values[1].split("|"))  # it comes in three sizes
    assert not any(sentence.text.startswith("- ") for sentence in answer.sentences)


def test_a_follow_up_about_both_is_a_comparison() -> None:
    korean = (
        Turn("마지스트랄은 언제 나왔어?", "6월입니다."),
        Turn("엑사원 딥은 누가 만들었어?", "LG입니다."),
    )
    assert facets(standalone("둘 중 어느 쪽이 더 작아?", korean)) == (
        "마지스트랄의 크기는 얼마인가?",
        "엑사원의 크기는 얼마인가?",
    )
    english = (Turn("Who made EXAONE Deep?", "LG."), Turn("When did Magistral come out?", "June."))
    assert facets(standalone("Which of the two is smaller?", english)) == (
        "How large is EXAONE Deep?",
        "How large is Magistral?",
    )


def test_a_side_that_no_article_answers_is_named(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    text = "마지스트랄 스몰의 매개변수는 240억 개다.\n\n누구나 내려받을 수 있다."
    article = Article("a/1", "마지스트랄 소식", text, "ko", "a", "1", "2025-06-12", "1")
    add_articles(index, [article], load_encoder("bundled"), "a")
    question = "마지스트랄 스몰과 제주감귤의 매개변수 수를 비교해줘"
    answer = Answerer(index, Settings()).ask(Request(question))
    cited, missing = answer.sentences
    assert "240억" in cited.evidence[0].quote
    assert missing.text == "근거를 찾지 못한 질문: 제주감귤의 매개변수 수는 얼마인가?"
    assert not missing.markers and not answer.abstained


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Who founded DeepSeek and when?", ("Who founded DeepSeek?", "when (founded DeepSeek)?")),
        (
            "Who founded DeepSeek and where is it based?",
            ("Who founded DeepSeek?", "DeepSeek where is it based?"),
        ),
        (
            "딥시크는 누가 만들었고 언제 나왔어?",
            ("딥시크는 누가 만들었고", "딥시크 언제 나왔어?"),
        ),
        (
            "다온랩 대표는 누구야? 매출은 얼마야?",
            ("다온랩 대표는 누구야?", "다온랩 매출은 얼마야?"),
        ),
    ],
)
def test_what_is_asked_in_one_breath_is_asked_one_by_one(
    question: str, parts: tuple[str, ...]
) -> None:
    assert facets(question) == parts


@pytest.mark.parametrize(
    "question",
    [
        "누가 최고 점수를 받았어?",
        "어디서 사고 났어?",
        "how many people and how much money did it take",
        "U.S. firms differ. Why is that?",
        "Why did it and when?",
    ],
)
def test_one_question_is_not_taken_apart(question: str) -> None:
    assert facets(question) == ()
