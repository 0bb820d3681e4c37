"""Korean verbs are told by their endings, and the nouns that look like them are not."""

import pytest

from index.asking import asked
from index.described import Described
from index.holding import coverage, holding
from index.verbs import is_verb, noun, verb_stems


def rare(terms: list[str]) -> dict[str, float]:
    """Words of articles are met now and then, all others nowhere."""
    known = {"청주", "트램", "밤에", "의원", "시작"}
    return {term: 2.0 if term in known else 5.0 for term in terms}


@pytest.mark.parametrize(
    "word",
    "만들었어 받았대 쓰려면 물어주는 봐주는 터진거 합치면 미뤄진거야 한다더니 놓는대 돌아간대 갈라져 나와서 고치던 싫어서 받나요 "
    "넣어야 만드는데 지원했나 없었던 식힌다는 잡힌건가요".split(),
)
def test_a_verb(word: str) -> None:
    assert is_verb(word) or noun(word)


@pytest.mark.parametrize(
    "word",
    "현대 연대 런던 가운데 문서 질서 분야 고려 화면 라면 아버지 필요 수요 선거 근거 대구는 바다 사고 영화제 다온랩 대표가 최고 한지섭 "
    "서울에서 까지 이면".split(),
)
def test_no_verb(word: str) -> None:
    assert not is_verb(word)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("시작한대요", "시작"),
        ("공개됐나", "공개"),
        ("발급받으려면", "발급"),
        ("만들었어", ""),
        ("시작", ""),
    ],
)
def test_the_noun_of_a_light_verb(word: str, said: str) -> None:
    assert noun(word) == said


def test_a_verb_is_looked_up_by_what_it_begins_with() -> None:
    assert verb_stems("미뤄진거야") == ["미뤄진거야", "미뤄진거", "미뤄진", "미뤄"]
    assert verb_stems("대표가") == ["대표가"]


def test_a_verb_that_no_article_has_says_little() -> None:
    question = asked("청주 트램 왜 미뤄진거야", rare)
    held = Described("청주 트램 개통이 늦어졌다.")
    assert [word.special for word in question.words][-1] is False
    assert holding(question, held, across=False).gaps[2:] == (0.0, 0.0)
    # Another form of the same, by its stem.
    assert coverage(question, held, across=False) > coverage(
        question, Described("청주 트램이 달렸다."), across=False
    )


def test_a_noun_before_a_light_verb_weighs_as_a_noun() -> None:
    words = {word.forms[0]: word for word in asked("밤에 의원 언제 시작한대요", rare).words}
    assert words["시작"].weight == words["의원"].weight
