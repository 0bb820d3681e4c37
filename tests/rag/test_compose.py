"""Which sentences make an answer of the built-in reader, over the sample articles."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from corpus.article import Language
from index.asking import asked
from index.numbers import quantities
from index.search import Hit
from rag.answer import Answerer
from rag.events import Request
from rag.home import load_encoder
from rag.reading.candidates import Candidate, Candidates, Features
from rag.reading.compose import Part, choose, own_first, reported
from rag.reading.wording import written


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
        ("How much did Mistral raise in its Series A?", "**€385 million**"),
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


@pytest.fixture
def candidate() -> Callable[..., Candidate]:
    """`candidate("text", score)`: a sentence of an article as the ranking gives it."""

    def make(text: str, score: float, article: str = "a", spoken: Language = "en") -> Candidate:
        hit = Hit(1, article, "T", spoken, "s", None, None, None, 0, 9, text, 1.0, 1, 1)
        return Candidate(1, hit, 0, len(text), text, Features(*[0.0] * 10), None, score)

    return make


@pytest.mark.parametrize(
    ("foreign", "own", "below", "leads"),
    [
        ("It has 24 billion parameters.", "매개변수는 240억 개다.", 1.0, True),
        ("It has 24 billion parameters.", "매개변수는 240억 개다.", 9.0, False),
        ("It has 24 billion parameters.", "매개변수는 320억 개다.", 1.0, False),
        ("Some 20 companies took part.", "점유율은 20%다.", 1.0, False),
        ("It came out in 2024.", "2024개가 팔렸다.", 1.0, False),
    ],
)
def test_a_sentence_in_the_own_language_leads_only_with_the_same_value_and_near(
    candidate, foreign: str, own: str, below: float, leads: bool
) -> None:
    best = replace(candidate(foreign, 5.0), value=quantities(foreign)[0])
    second = replace(candidate(own, 5.0 - below, "b", "ko"), value=quantities(own)[0])
    assert own_first("ko", [best, second])[0] == (second if leads else best)


def test_a_sentence_that_stands_twice_keeps_its_best_place(candidate) -> None:
    best, second, copy = (
        candidate("Best.", 5.0),
        candidate("Second.", 4.6),
        candidate("- Best.", 4.5),
    )
    question = asked("What is it?", lambda terms: dict.fromkeys(terms, 1.0))
    assert [p.candidate for p in choose(question, "en", [best, second, copy], None)] == [
        best,
        second,
    ]


def test_a_frame_is_said_before_the_first_foreign_sentence(candidate) -> None:
    question = asked("무엇인가?", lambda terms: dict.fromkeys(terms, 1.0))
    own, foreign = candidate("한국어 문장이다.", 5.0, "a", "ko"), candidate("An English one.", 4.9)
    assert "영어 기사" in written(Part(foreign), [question], "ko", Part(own))
    assert "영어 기사" not in written(Part(foreign), [question], "ko", Part(foreign))


def test_of_many_numbers_the_one_asked_for_is_converted(candidate) -> None:
    question = asked("기업가치는 얼마인가?", lambda terms: dict.fromkeys(terms, 1.0))
    text = (
        "Of 600 million people, 468 million and 132 million shares, it was valued at €5.8 billion."
    )
    assert "58억 유로" in written(Part(candidate(text, 5.0)), [question], "ko")


@pytest.mark.parametrize(
    ("question", "text", "bold"),
    [
        ("How much does the fab cost?", "The fab cost rose from $8.4 billion to $11.2 billion.", "**$11.2 billion**"),
        ("How much did the fab originally cost?", "The fab cost rose from $8.4 billion to $11.2 billion.", "**$8.4 billion**"),
        ("목표 주가는 얼마인가?", "목표 주가는 5만 2천 원에서 3만 9천 원으로 낮아졌다.", "**3만 9천 원**"),
        ("How many parameters does Large have?", "It comes as Mini with 9 billion parameters and Large with 118 billion.", "**118 billion**"),
        ("언제부터 언제까지 해?", "축제를 4월 17일부터 26일까지 연다.", "**4월 17일부터 26일**까지"),
        ("When is the fair?", "The fair runs from April 17 to 26 in Seorin.", "**April 17 to 26**"),
        ("Who won the race?", "Naserian Lekishon of Kenya won the Eunpa Lake Marathon on Sunday.", "**Naserian Lekishon**"),
        ("How much did Tessaly raise?", "Tessaly, whose four-armed machines unload lorries, has raised $180 million.", "**$180 million**"),
        ("병상수는?", "지상 7층에 180병상을 갖췄고 전문의 23명이 일한다.", "**180**병상"),
        ("How much does it weigh?", "It weighs 397 kg, less than half of what it can lift.", "**397**"),
        ("How many copies were sold?", "Its 38 employees made the game over four long years before some 2.1 million copies were sold.", "**2.1 million**"),
    ],
)  # fmt: skip
def test_of_several_values_the_one_asked_for_is_in_bold(
    candidate, question: str, text: str, bold: str
) -> None:
    wanted = asked(question, lambda terms: dict.fromkeys(terms, 1.0))
    spoken: Language = "ko" if question[0] >= "가" else "en"
    part = Part(candidate(text, 5.0, spoken=spoken))
    assert bold in written(part, [wanted], spoken)
    assert "**" not in written(part, [wanted], spoken, bold=False)


def test_in_a_sentence_that_answers_both_of_two_questions_both_values_are_bold(candidate) -> None:
    text = "작은 라이트는 매개변수가 90억 개, 큰 프로는 720억 개다."
    both = [
        asked(f"{name}의 매개변수는 몇 개야?", lambda terms: dict.fromkeys(terms, 1.0))
        for name in ("라이트", "프로")
    ]
    told = written(Part(candidate(text, 5.0, spoken="ko")), both, "ko")
    assert "**90억** 개" in told and "**720억** 개" in told


def test_in_a_quotation_too_what_was_asked_for_is_in_bold(candidate) -> None:
    question = asked("언제 열렸나?", lambda terms: dict.fromkeys(terms, 1.0))
    assert "“It opened on **May 4, 2025**.”" in written(
        Part(candidate("It opened on May 4, 2025.", 5.0)), [question], "ko"
    )


def test_who_he_is_is_said_before_what_he_did(candidate) -> None:
    question = asked("Who proposed the ban?", lambda terms: dict.fromkeys(terms, 1.0))
    named = candidate("Tamati Rewi leads the school.", 1.0)
    told = replace(candidate("He had proposed it.", 5.0), before=named.text, start=40)
    assert [part.candidate for part in choose(question, "en", [told, named], None)] == [named, told]
    when = asked("When was it proposed?", lambda terms: dict.fromkeys(terms, 1.0))
    assert [part.candidate for part in choose(when, "en", [told, named], None)] == [told]


def test_the_news_of_a_time_stand_newest_first(candidate) -> None:
    dated = [
        replace(c, number=n, hit=replace(c.hit, published=day))
        for n, (c, day) in enumerate(
            [
                (candidate("하나.", 3.0, "a", "ko"), "2026-03-04"),
                (candidate("Two.", 2.0, "b"), "2026-03-09"),
                (candidate("셋.", 1.0, "c", "ko"), "2026-03-16"),
            ],
            1,
        )
    ]
    assert [part.candidate.text for part in reported("ko", dated)] == ["셋.", "Two.", "하나."]


def test_what_stands_before_in_an_article_does_not_go_on(candidate) -> None:
    question = asked("무엇인가?", lambda terms: dict.fromkeys(terms, 1.0))
    early, late = candidate("First.", 5.0), replace(candidate("Then.", 4.9), start=40, end=45)
    assert "이어서" in written(Part(late), [question], "ko", Part(early))
    assert "이어서" not in written(Part(early), [question], "ko", Part(late))


@pytest.mark.parametrize("cell", ["{}만 명", "약 {}만 명"])
def test_a_table_cut_in_two_keeps_its_rows(cell: str) -> None:
    rows = ["도시 | 인구", *(f"고장{n}시 | {cell.format(n)}" for n in range(10, 30))]
    text = "도시의 인구를 적은 표다.\n\n" + "\n".join(rows)
    question = asked("고장20시의 인구는 몇 명인가?", lambda terms: dict.fromkeys(terms, 1.0))
    cut = text.index("고장20시")
    hits = [
        Hit(n, "a", "고장", "ko", "s", None, None, None, start, end, text[start:end], 1.0, 1, 1)
        for n, (start, end) in enumerate([(0, cut), (cut, len(text))], 1)
    ]
    ranked = Candidates(question, "ko", hits).ranked("고장20시의 인구는?", load_encoder("bundled"))
    assert ranked[0].text == f"고장20시 | {cell.format(20)}"
    assert ranked[0].columns == "" and {c.columns for c in ranked} == {"", "도시 | 인구"}
    assert "도시 | 인구" not in {found.text for found in ranked}


def test_of_a_table_only_the_rows_asked_about_are_said(candidate) -> None:
    question = asked("How large is Corvid Large?", lambda terms: dict.fromkeys(terms, 1.0))
    large, small, text = (
        replace(candidate(text, score), features=replace(candidate("", 0.0).features, alone=alone))
        for text, score, alone in (
            ("Corvid Large | 118 billion", 5.0, 1.0),
            ("Corvid Small | 24 billion", 4.5, 0.5),
            ("Corvid Large is new.", 4.4, 0.7),
        )
    )
    found = choose(question, "en", [large, small, text], None)
    assert [part.candidate for part in found] == [large, text]


def test_a_reason_is_told_until_it_is_known(candidate) -> None:
    question = asked("Why was the show cancelled?", lambda terms: dict.fromkeys(terms, 1.0))

    def sentence(text: str, score: float, because: float) -> Candidate:
        features = replace(candidate("", 0.0).features, because=because)
        return replace(candidate(text, score), features=features, start=int(10 - score))

    best = sentence("It was called off because of rain.", 9.0, 1.0)
    other = sentence("The budget was small.", 5.0, 0.0)
    assert [part.candidate for part in choose(question, "en", [best, other], None)] == [best]
    bare = sentence("It was called off.", 9.0, 0.0)
    told = sentence("That was because of rain.", 5.0, 1.0)
    last = sentence("The budget was small.", 1.0, 0.0)
    assert [part.candidate for part in choose(question, "en", [bare, told, last], None)] == [
        bare,
        told,
    ]


def test_a_summary_is_of_the_article_whose_title_is_on_the_topic(candidate) -> None:
    question = asked("Tell me about Corvid", lambda terms: dict.fromkeys(terms, 1.0))
    aside, own = candidate("Corvid was named too.", 5.0), candidate("It came in May.", 3.0)
    own = replace(own, hit=replace(own.hit, article_id="b", title="Corvid is out"), number=2)
    assert [part.candidate for part in choose(question, "en", [aside, own], None)] == [own]


def test_what_holds_much_less_of_the_question_is_not_said_beside_the_best(candidate) -> None:
    question = asked("How large is Corvid?", lambda terms: dict.fromkeys(terms, 1.0))

    def holding(text: str, score: float, alone: float) -> Candidate:
        features = replace(candidate("", 0.0).features, alone=alone)
        return replace(candidate(text, score), features=features)

    best = holding("Corvid has 118 billion.", 5.0, 0.8)
    near, off = holding("Corvid is large.", 4.5, 0.5), holding("Raven is here.", 4.4, 0.4)
    found = choose(question, "en", [best, near, off], None)
    assert [part.candidate for part in found] == [best, near]
    hardly = replace(best, features=replace(best.features, alone=0.4))
    less = holding("Raven is here.", 4.4, 0.1)
    assert [part.candidate for part in choose(question, "en", [hardly, less], None)] == [
        hardly,
        less,
    ]


def test_a_row_stands_under_the_names_of_its_columns(answerer: Answerer) -> None:
    answer = answerer.ask(Request("How many experts per layer does Mixtral 8x7B have?"))
    assert [sentence.text for sentence in answer.sentences[:2]] == [
        "Model | Experts per layer | Consulted per token",
        "Mixtral 8x7B | **8** | 2",
    ]
    assert all(sentence.support == "supported" for sentence in answer.sentences[:2])


def test_columns_with_numbers_in_their_names_are_no_data(answerer: Answerer) -> None:
    answer = answerer.ask(Request("What did Magistral Medium get on AIME 2024 with a single try?"))
    assert [sentence.text for sentence in answer.sentences[:2]] == [
        "Model | AIME 2024, one attempt | AIME 2024, vote of 64",
        "Magistral Medium | **73.6%** | 90.0%",
    ]


def test_a_foreign_row_comes_without_foreign_words_around_it(answerer: Answerer) -> None:
    answer = answerer.ask(Request("믹스트랄 8x7B의 층마다 전문가(experts per layer)는 몇 명?"))
    assert answer.sentences and not answer.answer.startswith("Model |")
    assert "Model | Experts per layer" not in answer.answer


@pytest.mark.parametrize(
    ("own", "other", "named", "shown"),
    [
        ("위성의 무게는 모두 412㎏이다.", "The payload weighed 397 kilograms.", 1.0, True),
        ("위성의 무게는 모두 412㎏이다.", "The payload weighed 412 kg.", 1.0, False),
        ("위성의 무게는 모두 412㎏이다.", "The payload weighed 97 kilograms.", 1.0, False),
        ("위성의 무게는 모두 412㎏이다.", "It costs $397 to send.", 1.0, False),
        ("위성의 무게는 모두 412㎏이다.", "The payload weighed 397 kilograms.", 0.2, False),
        ("직원은 310명이다.", "It has 300 employees.", 1.0, True),
        ("직원은 310명이다.", "It has 300 patents.", 1.0, False),
        ("매개변수는 620억 개다.", "The model has 68 billion parameters.", 1.0, True),
    ],
)
def test_nearly_the_same_number_of_the_same_is_shown_beside_it(
    candidate, own: str, other: str, named: float, shown: bool
) -> None:
    question = asked("무게는 얼마야?", lambda terms: dict.fromkeys(terms, 1.0))
    best = replace(candidate(own, 5.0, "a", "ko"), value=quantities(own)[0])
    second = replace(candidate(other, 4.0, "b"), value=quantities(other)[0], named=named)
    found = choose(question, "ko", [best, second], None)
    assert found[0].disagrees == shown
    assert ({part.candidate for part in found} == {best, second}) == shown
