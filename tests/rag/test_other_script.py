"""A Korean article may write a name in either script, and so may a question about it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from index.search import Index
from index.sync import Report
from rag.answer import Answerer
from rag.events import Request
from rag.settings import Settings

ARTICLES = {
    "velmora.md": "# Velmora, 1200억원 규모 투자 유치\n2026-03-02\n\nAI 반도체 기업 Velmora가 1200억원 규모의 "
    "시리즈 B 투자를 유치했다고 2일 밝혔다. 이번 투자에는 Brightfold 캐피털과 Nordhaven 벤처스가 참여했다.\n\n"
    "Velmora는 2022년 KAIST 출신 한지섭 대표가 설립했다. 회사는 추론 전용 칩 Karnis를 개발하고 있다.\n\n"
    '한 대표는 "Karnis 양산은 내년 4월에 시작한다"고 말했다.\n',
    "tessaly.md": "# Orinthe, 다국어 모델 Tessaly 공개\n2026-04-11\n\n프랑스 스타트업 Orinthe가 다국어 언어모델 "
    "Tessaly를 공개했다. Tessaly는 매개변수 410억개로 42개 언어를 지원한다.\n\nOrinthe의 Claire Dumont "
    '최고경영자는 "Tessaly는 아파치 2.0 라이선스로 누구나 쓸 수 있다"고 말했다.\n',
    "marbel.md": "# 마르벨, 부산에 로봇 공장 연다\n2026-05-20\n\n물류 로봇을 만드는 마르벨이 부산에 공장을 연다고 "
    "밝혔다. 공장에서는 340명이 일하고 해마다 로봇 1만2000대를 만든다.\n",
    "bus.md": "# 서울시 자율주행 버스 노선 확대\n2026-05-02\n\n서울시는 심야 자율주행 버스 노선을 6개로 늘린다고 "
    "밝혔다. 요금은 1500원이다. 운행은 7월 1일부터다.\n",
}


@pytest.fixture
def answering(
    index: Index, write: Callable[..., Path], sync_root: Callable[..., Report]
) -> Answerer:
    sync_root(index, write("news", ARTICLES))
    return Answerer(index, Settings())


@pytest.mark.parametrize(
    ("question", "evidence"),
    [
        ("벨모라 투자 얼마나 받았어?", "1200억원 규모의"),
        ("벨모라 대표 누구야?", "한지섭 대표"),
        ("카니스는 언제 양산해?", "내년 4월"),
        ("테살리 매개변수 몇 개야?", "410억개"),
        ("오린트 최고경영자는 누구인가?", "Claire Dumont"),
        ("브라이트폴드가 투자한 회사는?", "Brightfold"),
        ("Velmora 대표가 누구지", "한지섭 대표"),
        ("Marbel 공장은 어디에 지어?", "부산에 공장"),
        ("Where does Marbel build its plant?", "부산에 공장"),
    ],
)
def test_a_name_is_found_in_the_script_that_the_question_does_not_use(
    answering: Answerer, question: str, evidence: str
) -> None:
    answer = answering.ask(Request(question))
    assert not answer.abstained
    assert evidence in answer.citations[0].quote


@pytest.mark.parametrize(
    "question",
    ["브랜포드는 투자를 얼마나 받았어?", "Kelvira 대표가 누구지", "바르조크 칩은 언제 나와?"],
)
def test_a_name_that_sounds_like_none_of_them_is_still_unknown(
    answering: Answerer, question: str
) -> None:
    assert answering.ask(Request(question)).abstained


def test_only_a_name_that_no_article_has_is_looked_for_in_the_other_script(
    answering: Answerer, index: Index
) -> None:
    terms = index.term_view()
    assert terms.lacks(["벨모", "모라"]) and not terms.lacks(["마르", "르벨"])
    # Both stand somewhere, in no passage together.
    assert terms.lacks(["버스", "로봇"]) and not terms.lacks(["서울"])
