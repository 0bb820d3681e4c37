"""Sentences are ordered by their words, and the best of them by what they say to the question."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from index.asking import asked
from index.cross_encoder import cross_encoder
from index.search import Hit
from rag.answer import Answerer
from rag.events import Request
from rag.home import load_encoder
from rag.reading.candidates import READ, Candidate, Candidates, Model


def hit(number: int, text: str) -> Hit:
    return Hit(
        number, f"a/{number}", "News", "en", "a", None, None, None, 0, len(text), text, 0.8,
        number, number,
    )  # fmt: skip


TEXTS = [
    "The school opened its doors in the town of Leeds, where many dogs and men live.",
    "A postman had to be treated after the animal sank its teeth into his leg.",
    "The weather was fine.",
]


def ranked(question: str, texts: Sequence[str], *, read: bool) -> list[Candidate]:
    wanted = asked(question, lambda terms: dict.fromkeys(terms, 3.0))
    hits = [hit(n, text) for n, text in enumerate(texts, 1)]
    found = Candidates(wanted, "en", hits, cross_encoder() if read else None)
    return found.ranked(question, load_encoder("bundled"))


def test_what_a_sentence_says_counts_beside_its_words() -> None:
    question = "Who was bitten by dogs in Leeds?"
    by_words, whole = (ranked(question, TEXTS, read=read) for read in (False, True))
    assert by_words[0].text == TEXTS[0] and by_words[0].read == 0.0
    assert {c.text: c.read for c in whole}[TEXTS[1]] > {c.text: c.read for c in whole}[TEXTS[2]]
    gained = {c.text: c.score for c in whole}
    before = {c.text: c.score for c in by_words}
    more = [gained[text] - before[text] for text in TEXTS]
    assert more[1] > more[2]


def test_to_a_korean_question_the_korean_sentence_that_reads_better_comes_first() -> None:
    question = "기차는 왜 늦었나?"
    korean = "눈이 많이 와서 기차가 한 시간 늦었다."
    english = "The train is long, because it has so many cars that all of us can sit."
    wanted = asked(question, lambda terms: dict.fromkeys(terms, 3.0))
    foreign = replace(hit(1, english), score=1.0)
    own = replace(hit(2, korean), language="ko", score=0.2)
    found, before = (
        Candidates(wanted, "ko", [foreign, own], model).ranked(question, load_encoder("bundled"))
        for model in (cross_encoder(), None)
    )
    assert before[0].text == english
    assert found[0].text == korean and found[0].read > found[1].read + 1
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)


@pytest.mark.parametrize("count", [0, 1, READ, READ + 1, 40])
def test_what_is_not_read_never_gets_before_all_that_is(count: int) -> None:
    texts = [f"Dog number {n} bit {n} men in Leeds." for n in range(count)]
    found = ranked("How many men did dog number 5 bite?", texts, read=True)
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)
    least = min((c.read for c in found), default=0.0)
    assert len({c.read for c in found}) <= READ
    assert count <= READ or found[0].read > least
    assert {c.text for c in found} == set(texts)


@pytest.mark.parametrize(
    ("question", "reason", "other"),
    [
        ("Why was the match in Leeds called off?", "The pitch was blamed.", "It was in Leeds."),
        ("How come the match was off?", "It was to start late owing to rain.", "Nobody came."),
        ("경기가 왜 취소됐어?", "비가 많이 와서다.", "경기는 취소됐다."),
        ("무슨 근거로 경기를 미뤘나요?", "잔디가 젖었기 때문이다.", "경기는 이튿날 열렸다."),
    ],
)
def test_only_of_a_question_for_a_reason_it_counts_that_a_sentence_tells_one(
    question: str, reason: str, other: str
) -> None:
    told = {c.text: c.features.because for c in ranked(question, [reason, other], read=False)}
    assert told == {reason: 1.0, other: 0.0}
    where = "경기는 어디서 열렸나?" if question > "가" else "Where was the match?"
    assert not any(c.features.because for c in ranked(where, [reason, other], read=False))


def test_a_sentence_on_another_version_comes_after_one_on_the_version_asked_about() -> None:
    texts = ["Sori 3 has nine billion parameters.", "Of Sori 2 the maker says it has four billion."]
    assert ranked("How many parameters does Sori have?", texts, read=False)[0].text == texts[0]
    assert ranked("How many parameters has Sori 2?", texts, read=False)[0].text == texts[1]


def test_an_unknown_version_is_refused_and_a_known_one_is_not(answerer: Answerer) -> None:
    assert answerer.ask(Request("What is the price of DeepSeek-R7?")).abstained
    assert answerer.ask(Request("딥시크 R7의 매개변수는 몇 개야?")).abstained
    assert not answerer.ask(Request("딥시크 R1의 매개변수는 몇 개야?")).abstained


def test_the_name_asked_about_has_to_be_there_if_it_is_anywhere() -> None:
    texts = ["Zorvex raised 62 million won from its investors.", "Quillon is run from Busan."]
    assert ranked("How much did Zorvex raise?", texts, read=False)[0].text == texts[0]
    first = ranked("How much has Quillon raised from investors?", texts, read=False)[0]
    lacking = ranked("How much was raised from investors?", texts, read=False)[0]
    assert lacking.text == texts[0] and first.score < lacking.score


def test_a_question_that_the_next_sentence_answers_is_no_evidence() -> None:
    text = "What did you do with the prize money? I bought my parents a refrigerator."
    found = ranked("What did she do with the prize money?", [text], read=True)
    assert [candidate.text for candidate in found] == ["I bought my parents a refrigerator."]


def test_dates_and_bylines_are_no_evidence() -> None:
    text = "Science Morning\n\n2026-04-14\n\nThe library opened on Monday. It is open until two.\n\n노을저널 탁이슬 기자"
    found = ranked("Until when is the library open?", [text], read=True)
    assert {c.text for c in found} == {"The library opened on Monday.", "It is open until two."}
    bare = "2026-04-14\n\n노을저널 탁이슬 기자"
    assert len(ranked("Until when is it open?", [bare], read=True)) == 2


@pytest.mark.parametrize(
    ("published", "text", "silent"),
    [
        ("2026-04-02", "Last quarter its revenue was 18 million.", True),
        ("2023-04-02", "Last quarter its revenue was 18 million.", False),
        (None, "Last quarter its revenue was 18 million.", False),
        ("2026-04-02", "In 2023 its revenue was 18 million.", False),
        ("2024-04-02", "Last year its revenue was 18 million.", False),
    ],
)
def test_evidence_that_is_silent_on_the_year_asked_about_is_less(
    published: str | None, text: str, silent: bool
) -> None:
    question = "What was the revenue in 2023?"
    wanted = asked(question, lambda terms: dict.fromkeys(terms, 3.0))

    def odds(model: Model) -> float:
        read = Candidates(wanted, "en", [replace(hit(1, text), published=published)], None, model)
        return read.answerable(read.ranked(question, load_encoder("bundled")))

    assert (odds(Model()) < odds(Model(year=0.0)) - 1) == silent
