"""A few nouns, as typed into a search box, ask what the last of them says."""

from collections.abc import Callable
from pathlib import Path

import pytest

from index.search import Index
from index.sync import Report
from rag.answer import Answerer
from rag.events import Request
from rag.keywords import spelled_out
from rag.settings import Settings

ARTICLES = {
    "brim.md": "# Halden opens its first centre\n2026-03-02\n\nHalden, which licences the Brim engine, opened a research centre "
    "in Bergen on 14 February 2026. The centre employs 85 people.\n\nIts founder, Ingrid Dahl, said the company had raised "
    "€40 million in January. Brim is programmed in Rust and was published under the Apache licence.\n",
    "dalbit.md": "# 달빛연구소, 새 모델 '여울' 선보여\n2026-04-11\n\n달빛연구소가 4월 9일 언어모델 여울을 출시했다. 여울의 "
    "매개변수는 120억 개다.\n\n연구소는 박서연 대표가 2021년 대전에서 세웠다. 지난해 매출은 340억원이었다.\n",
}


@pytest.mark.parametrize(
    ("keywords", "question"),
    [
        ("exaone deep release date", "when is the exaone deep release?"),
        ("the release date of EXAONE Deep", "When is the release of EXAONE Deep?"),
        ("mistral compute number of gpus", "how many mistral compute gpus?"),
        ("qwen3 number of languages", "how many qwen3 languages?"),
        ("Mistral founders", "Who is the Mistral founders?"),
        ("its size", "what is its size?"),
        ("EXAONE Deep licence", "What is the EXAONE Deep licence?"),
        ("엑사원 딥 공개일", "엑사원 딥 공개일은 언제인가?"),
        ("엑사원 딥의 가격은?", "엑사원 딥의 가격은 얼마인가?"),
        ("미스트랄 투자액", "미스트랄 투자액은 얼마인가?"),
        ("업스테이지 창업자", "업스테이지 창업자는 누구인가?"),
        ("네이버 데이터센터 위치", "네이버 데이터센터 위치는 어디인가?"),
        ("독자 AI 사업 지원 팀 수", "독자 AI 사업 지원 팀 수는 얼마인가?"),
        ("미스트랄 CEO", "미스트랄 CEO는 누구인가?"),
        ("양자화 방법", "양자화 방법은 무엇인가?"),
    ],
)
def test_the_last_noun_tells_what_is_asked(keywords: str, question: str) -> None:
    assert spelled_out(keywords) == question
    assert spelled_out(question) == question


@pytest.mark.parametrize(
    "question",
    [
        "Who founded Mistral?", "why is it cheap", "Mistral vs DeepSeek price", "Arthur Mensch", "price", "EXAONE Deep",
        "deepseek banned in korea", "What about the price", "딥시크", "소버린 AI", "딥시크 앱 안전해", "솔라 프로 2 어때",
        "네이버와 카카오 모델 비교", "딥시크 차단 왜", "최근 소식", "R1은 언제 나왔어", "엑사원 딥 써도 됨", "", " ", "?", "🙂 🙂",
    ],
)  # fmt: skip
def test_what_is_no_row_of_nouns_stays(question: str) -> None:
    assert spelled_out(question) == question


@pytest.fixture
def answering(
    index: Index, write: Callable[..., Path], sync_root: Callable[..., Report]
) -> Answerer:
    sync_root(index, write("news", ARTICLES))
    return Answerer(index, Settings())


@pytest.mark.parametrize(
    ("keywords", "evidence"),
    [
        ("halden research center opening date", "14 February 2026"),
        ("halden founder", "Ingrid Dahl"),
        ("brim license", "Apache licence"),
        ("halden center number of employees", "85 people"),
        ("여울 출시일", "4월 9일"),
        ("여울 파라미터", "120억 개"),
        ("달빛연구소 대표", "박서연 대표"),
        ("달빛연구소 매출액", "340억원"),
        ("yeoul parameters", "120억 개"),
    ],
)
def test_keywords_are_answered(answering: Answerer, keywords: str, evidence: str) -> None:
    answer = answering.ask(Request(keywords))
    assert not answer.abstained
    assert evidence in answer.citations[0].quote
