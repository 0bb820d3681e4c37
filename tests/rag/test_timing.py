"""Words of time: what period they mean, and what that does to ranking and answer."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from corpus.article import Article
from index.search import Hit
from index.sync import add_articles
from rag.answer import Answerer
from rag.events import Request
from rag.home import load_encoder, open_index
from rag.settings import Settings
from rag.timing import Period, is_only_news, newest_first, period

TODAY = date(2025, 7, 15)


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("최근 나온 모델은?", Period()),
        ("What's the latest model from Mistral?", Period()),
        ("지난달 발표한 모델은?", Period(date(2025, 6, 1), date(2025, 6, 30))),
        ("Which models came last week?", Period(date(2025, 7, 7), date(2025, 7, 13))),
        ("작년 매출은?", Period(date(2024, 1, 1), date(2024, 12, 31))),
        ("What did it cost as of March?", Period(None, date(2025, 3, 31))),
        ("as of December, who led?", Period(None, date(2024, 12, 31))),
        ("2025년 6월 기준 기업 가치는?", Period(None, date(2025, 6, 30))),
        ("2월 30일 기준", Period(None, date(2025, 2, 28))),
        ("2024년 현재 직원 수는?", Period(None, date(2024, 12, 31))),
        ("2025년 6월 소식을 요약해줘", Period(date(2025, 6, 1), date(2025, 6, 30))),
        ("Summarise the news of June 2025", Period(date(2025, 6, 1), date(2025, 6, 30))),
        ("What happened in August?", Period(month=8)),
        ("3월에 무슨 일이 있었어?", Period(month=3)),
        ("What's new?", Period()),
    ],
)
def test_words_of_time_mean_a_period(question: str, meant: Period) -> None:
    assert period(question, TODAY) == meant


@pytest.mark.parametrize(
    "question", ["언제 나왔어?", "When was it released?", "매개변수는 몇 개야?", ""]
)
def test_other_questions_mean_none(question: str) -> None:
    assert period(question, TODAY) is None


def test_a_period_knows_dates_that_are_not_whole() -> None:
    june = Period(date(2025, 6, 1), date(2025, 6, 30))
    assert [day for day in ("2025", "2024-06-11", "2025-07") if Period(month=6).holds(day)] == [
        "2025", "2024-06-11",
    ]  # fmt: skip
    assert [day for day in ("2025", "2025-06", "2025-06-30", "2025-07-01") if june.holds(day)] == [
        "2025", "2025-06", "2025-06-30",
    ]  # fmt: skip


def test_news_of_a_time_without_articles_is_refused(answerer: Answerer) -> None:
    empty = answerer.ask(Request("2019년 3월 소식 요약해줘"))
    assert empty.abstained and not empty.citations
    told = answerer.ask(Request("2025년 9월 소식 요약해줘"))
    assert told.citations and {c.published[:7] for c in told.citations if c.published} == {
        "2025-09"
    }


@pytest.mark.parametrize(
    ("question", "only"),
    [
        ("2025년 9월 소식 요약해줘", True),
        ("지난달에 무슨 일이 있었어?", True),
        ("What happened last month?", True),
        ("give me the main news of September 2025", True),
        ("최근 소식", True),
        ("딥시크 최근 소식", False),
        ("latest news on Mistral", False),
        ("What happened to the price of R1 in June 2025?", False),
        ("미스트랄은 2025년 6월에 뭘 내놨어?", False),
    ],
)
def test_news_are_asked_for_with_or_without_a_subject(question: str, only: bool) -> None:
    assert is_only_news(question) is only


@pytest.mark.parametrize("question", ["9월에 무슨 일이 있었어?", "What happened in September?"])
def test_news_of_a_month_are_what_its_articles_open_with(answerer: Answerer, question: str) -> None:
    told = answerer.ask(Request(question))
    assert [c.published for c in told.citations] == ["2025-09-29", "2025-09-25", "2025-09-12"]
    assert all(c.published in told.answer for c in told.citations if c.published)
    assert {c.start for c in told.citations} == {0}
    assert told.answer.count("\n\n") == 2


def test_news_on_a_subject_say_their_date(answerer: Answerer) -> None:
    told = answerer.ask(Request("2025년 6월에 나온 미스트랄 소식은?"))
    assert told.answer.startswith("2025-06-12 기사: ")
    assert {c.article_id for c in told.citations} == {"samples/ko/magistral-launch.md"}


def hit(number: int, published: str | None, score: float) -> Hit:
    return Hit(
        number, f"a/{number}", "", "ko", "a", published, None, None, 0, 1, "글", score, None, None
    )


def test_the_newest_of_the_period_is_favoured() -> None:
    hits = [hit(1, "2024-01-01", 0.9), hit(2, "2025-06-01", 0.8), hit(3, None, 0.85)]
    assert [h.passage_id for h in newest_first(hits, Period())] == [2, 1, 3]
    early = newest_first(hits, Period(None, date(2024, 12, 31)))
    assert [h.passage_id for h in early] == [1, 3, 2]
    assert all(0 <= h.score <= 1 for h in early)
    assert newest_first([], Period()) == []
    assert newest_first([replace(hits[2])], Period())[0].passage_id == 3


@pytest.fixture(scope="module")
def valued(tmp_path_factory: pytest.TempPathFactory) -> Answerer:
    """Three articles that say the same of the same company at different times."""
    home: Path = tmp_path_factory.mktemp("valued")
    encoder = load_encoder("bundled")
    index = open_index(home)
    articles = []
    for day, worth in (("2023-12-10", "20억"), ("2024-06-11", "58억"), ("2025-09-09", "117억")):
        text = f"미스트랄의 기업 가치는 {worth} 유로로 평가됐다.\n\n회사는 파리에 있다."
        articles.append(Article(f"a/{day}", "투자 소식", text, "ko", "a", day, day, day))
    add_articles(index, articles, encoder, "a")
    return Answerer(index, Settings())


@pytest.mark.parametrize(
    ("question", "worth", "day"),
    [
        ("최근 미스트랄의 기업 가치는 얼마야?", "117억", "2025-09-09"),
        ("2024년 7월 기준 미스트랄의 기업 가치는?", "58억", "2024-06-11"),
        ("2023년 12월 기준 미스트랄의 기업 가치는?", "20억", "2023-12-10"),
    ],
)
def test_the_newest_statement_of_the_time_answers_and_says_its_date(
    valued: Answerer, question: str, worth: str, day: str
) -> None:
    answer = valued.ask(Request(question))
    assert worth in answer.sentences[0].evidence[0].quote
    assert day in answer.answer
    assert answer.sentences[0].support == "supported"


def test_without_a_time_articles_that_disagree_are_shown_together(valued: Answerer) -> None:
    answer = valued.ask(Request("미스트랄의 기업 가치는 얼마야?"))
    assert answer.answer.startswith("기사마다 다릅니다")
    assert len({citation.article_id for citation in answer.citations}) == 2
    assert all(citation.published in answer.answer for citation in answer.citations)
