"""Who bears a title: the name before it, with the place of work perhaps between."""

import pytest

from corpus.article import Language
from rag.reading.persons import names_nobody, names_someone, titled


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("이 회사를 세운 정다운 대표는 웃었다.", ["정다운"]),
        ("책임자인 한국항공우주연구원 민서율 박사는 말했다.", ["민서율"]),
        ("축제를 맡은 오영란 총감독은 돌아봤다.", ["오영란"]),
        ("창업자 윤재하 씨가 기부했다.", ["윤재하"]),
        ("단체의 구본석 라이더연대 위원장은 반대했다.", ["구본석"]),
        ("오픈AI 샘 올트먼 대표가 왔다.", ["샘 올트먼"]),
        ("브라가의 루이스 테이셰이라 감독이 왔다.", ["루이스 테이셰이라"]),
        ("배 원장은 자리를 옮긴다.", []),
        ("정부와 의원 모두 반대했다.", []),
        ("감독이 없다.", []),
        ("올해 총감독은 연출가 문하린 씨가 맡았다.", ["문하린"]),
        ("Orinthe의 Claire Dumont 최고경영자는 웃었다.", ["Claire Dumont"]),
        ("칩을 만드는 Velmora 대표는 웃었다.", []),
    ],
)
def test_the_bearer_of_a_title_is_the_name_before_it(text: str, names: list[str]) -> None:
    assert [text[start:end] for start, end in titled(text)] == names


@pytest.mark.parametrize(
    ("text", "language", "someone", "nobody"),
    [
        ("The firm was led by Ingrid Solvang from May.", "en", True, False),
        ("It was sold to Leverkusen.", "en", False, False),
        ("It was sold for much money.", "en", False, True),
        ("변호사 정혜란 씨를 불렀다.", "ko", True, False),
        ("딥시크를 량원펑이 차렸다.", "ko", False, False),
        ("모델이 4월 30일에 나왔다.", "ko", False, True),
    ],
)
def test_who_may_be_named(text: str, language: Language, someone: bool, nobody: bool) -> None:
    assert names_someone(text, language) is someone
    assert names_nobody(text, language) is nobody
