"""The pipeline over the sample articles: events in order, exact quotations, honest refusals."""

import json
import re
from pathlib import Path

import pytest

import corpus
from corpus.article import Article
from corpus.text import language as language_of
from index.errors import IndexMissing
from index.search import Index
from index.store import Scope
from rag.answer import LONGEST_QUESTION, Answerer
from rag.errors import QuestionError
from rag.events import Answer, Done, Found, Request, Sentence, Text
from rag.home import open_index
from rag.settings import Settings

KOREAN = "마지스트랄 스몰의 매개변수는 몇 개인가?"
ENGLISH = "How many parameters does Magistral Small have?"
CASES = [
    json.loads(line)
    for line in (Path(corpus.__file__).parent / "questions.jsonl").read_text("utf-8").splitlines()
]
QUESTIONS = [case["question"] for case in CASES]


@pytest.fixture(scope="module")
def articles(answerer: Answerer, sample_home: Path) -> dict[str, Article]:
    store = Index(sample_home / "index", lambda name: None).store  # type: ignore[arg-type,return-value]
    with store.snapshot() as snapshot:
        found = [snapshot.article(i) for i in snapshot.article_ids()]
    return {article.id: article for article in found if article}


@pytest.mark.parametrize("kind", ["ko-ko", "en-en", "ko-en", "en-ko"])
def test_the_evidence_is_among_the_first_five(kind: str, sample_home: Path) -> None:
    index = open_index(sample_home)
    cases = [case for case in CASES if case["kind"] == kind]
    found = [dict.fromkeys(h.article_id for h in index.search(c["question"], 20)) for c in cases]
    met = [
        not set(case["articles"]).isdisjoint(list(ids)[:5])
        for ids, case in zip(found, cases, strict=True)
    ]
    assert sum(met) >= 0.95 * len(cases)


def check_quotations(answer: Answer, articles: dict[str, Article]) -> None:
    """Every quotation stands in its article at its place, and is one sentence or two of it."""
    cited = {citation.marker: citation for citation in answer.citations}
    assert list(cited) == list(range(1, len(cited) + 1))
    for citation in answer.citations:
        article = articles[citation.article_id]
        assert article.text[citation.start : citation.end] == citation.quote != ""
        assert (citation.title, citation.source) == (article.title, article.source)
        assert citation.published == article.published
        assert 0 <= citation.score <= 1
    for sentence in answer.sentences:
        assert [evidence.marker for evidence in sentence.evidence] == list(sentence.markers)
        for evidence in sentence.evidence:
            text = articles[cited[evidence.marker].article_id].text
            assert text[evidence.start : evidence.end] == evidence.quote != ""
            assert 0 <= evidence.score <= 1
            assert "\n\n" not in evidence.quote
    assert {m for s in answer.sentences for m in s.markers} == set(cited)
    assert set(map(int, re.findall(r"\[(\d+)\]", answer.answer))) == set(cited)


def framed(answer: Answer) -> str:
    """The answer's own words: quotations may be in the other language."""
    return re.sub("“[^”]*”", "", answer.answer)


def test_events_come_in_order(answerer: Answerer) -> None:
    events = list(answerer.stream(Request(KOREAN)))
    assert isinstance(events[0], Found)
    assert isinstance(events[-1], Done)
    assert not any(isinstance(event, Found | Done) for event in events[1:-1])
    answer = events[-1].answer
    texts = [event.text for event in events if isinstance(event, Text)]
    assert "".join(texts).strip() == answer.answer != ""
    sentences = [event for event in events if isinstance(event, Sentence)]
    assert tuple(sentences) == answer.sentences
    assert [sentence.index for sentence in sentences] == list(range(len(sentences)))
    first = next(n for n, event in enumerate(events) if isinstance(event, Sentence))
    assert any(isinstance(event, Text) for event in events[:first])


def test_a_korean_question_cites_the_korean_sentence(
    answerer: Answerer, articles: dict[str, Article]
) -> None:
    answer = answerer.ask(Request(KOREAN))
    assert (answer.language, answer.abstained, answer.reader) == ("ko", False, "builtin")
    assert any("240억" in citation.quote for citation in answer.citations)
    assert answer.citations[0].article_id == "samples/ko/magistral-launch.md"
    assert answer.sentences[0].support == "supported"
    assert answer.question == KOREAN
    assert answer.reasoning is None
    check_quotations(answer, articles)


def test_an_english_question_cites_the_english_sentence(
    answerer: Answerer, articles: dict[str, Article]
) -> None:
    answer = answerer.ask(Request(ENGLISH))
    assert (answer.language, answer.abstained) == ("en", False)
    assert any("24 billion" in citation.quote for citation in answer.citations)
    assert language_of(framed(answer)) == "en"
    check_quotations(answer, articles)


@pytest.mark.parametrize(
    ("question", "language", "said"),
    [
        (ENGLISH, "ko", "240억"),
        ("스탠퍼드의 s1은 훈련하는 데 시간이 얼마나 걸렸대?", "en", "26 minutes"),
    ],
)
def test_evidence_in_the_other_language_is_found_and_framed(
    answerer: Answerer, articles: dict[str, Article], question: str, language, said: str
) -> None:
    answer = answerer.ask(Request(question, scope=Scope(language=language)))
    assert answer.language != language
    assert not answer.abstained
    assert {citation.language for citation in answer.citations} == {language}
    assert any(said in citation.quote for citation in answer.citations)
    assert language_of(framed(answer)) == answer.language
    check_quotations(answer, articles)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("딥시크 왜 막혔어?", "나라 밖으로 나가는 문제를 들어"),
        ("딥시크 앱 언제 다시 풀렸어?", "4월 28일"),
        ("R1이 o1 이겼어?", "간발의 차로 제쳤다"),
        ("업스테이지 손님은 주로 누구야?", "보험사와 은행"),
        ("솔라 프로 2 몇 등 했어?", "12위"),
        ("업스테이지 누가 차렸어", "김성훈"),
        ("did r1 beat o1", "간발의 차로 제쳤다"),
    ],
)
def test_what_people_say_in_other_words_is_answered(
    answerer: Answerer, question: str, said: str
) -> None:
    assert said in answerer.ask(Request(question)).citations[0].quote


@pytest.mark.parametrize("question", QUESTIONS[::6])
def test_every_quotation_is_exact(
    answerer: Answerer, articles: dict[str, Article], question: str
) -> None:
    answer = answerer.ask(Request(question))
    check_quotations(answer, articles)
    assert answer.abstained == (answer.citations == ())


@pytest.mark.parametrize(
    ("question", "language", "refusal"),
    [
        ("제주도 귤 수확량은?", "ko", "근거를 찾지 못했습니다"),
        ("What is the tangerine harvest of Jeju Island?", "en", "hold no evidence"),
        ("세종대왕은 언제 태어났나?", "ko", "근거를 찾지 못했습니다"),
        ("Who won the football World Cup of 1998?", "en", "hold no evidence"),
    ],
)
def test_without_evidence_it_refuses_in_the_language_of_the_question(
    answerer: Answerer, question: str, language: str, refusal: str
) -> None:
    answer = answerer.ask(Request(question))
    assert answer.abstained
    assert (answer.language, answer.citations) == (language, ())
    assert refusal in answer.answer
    assert "[" not in answer.answer


@pytest.mark.parametrize(
    "question",
    ["Combien de paramètres a Magistral Small ?", "マジストラル・スモールのパラメータ数は？",
     "Какой размер у модели Magistral Small?"],
)  # fmt: skip
def test_a_question_in_a_third_language_is_answered_in_english(
    answerer: Answerer, articles: dict[str, Article], question: str
) -> None:
    answer = answerer.ask(Request(question))
    assert answer.language == "en"
    assert re.search(r"[A-Za-z]{3}", framed(answer))
    assert language_of(framed(answer)) == "en"
    check_quotations(answer, articles)


def test_a_closed_iterator_ends_and_the_next_question_is_answered(answerer: Answerer) -> None:
    events = answerer.stream(Request(KOREAN))
    assert isinstance(next(events), Found)
    events.close()  # type: ignore[attr-defined]
    with pytest.raises(StopIteration):
        next(events)
    assert not answerer.ask(Request(KOREAN)).abstained


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("", "empty"), ("  \n\t", "empty"), ("?!…", "empty"), ("\x00\x01\x1b", "empty"),
        ("\u200b\ufeff", "empty"), ("가" * 100_000, "100,000 characters"),
        ("a " * (LONGEST_QUESTION // 2 + 1), "characters"), ("마지스트랄 \ud800은?", "surrogate"),
    ],
    ids=["none", "spaces", "signs", "controls", "invisible", "long", "a bit long", "surrogate"],
)  # fmt: skip
def test_what_cannot_be_asked_is_one_clear_line(
    answerer: Answerer, question: str, reason: str
) -> None:
    with pytest.raises(QuestionError, match=reason) as raised:
        answerer.ask(Request(question))
    line = str(raised.value)
    assert "\n" not in line
    assert len(line) < 200
    line.encode("utf-8")


def test_control_characters_inside_a_question_are_left_out(answerer: Answerer) -> None:
    clean = answerer.ask(Request(KOREAN))
    noisy = answerer.ask(Request("마지\x00스트랄 \u200b스몰의\x07 매개변수는 몇 개인가?\x1b"))
    assert noisy.answer == clean.answer
    assert noisy.citations == clean.citations


def test_k_is_the_number_of_passages_read(answerer: Answerer) -> None:
    for k in (1, 3):
        found = next(answerer.stream(Request(KOREAN, k=k)))
        assert isinstance(found, Found)
        assert len(found.hits) == k
    found = next(answerer.stream(Request(KOREAN)))
    assert isinstance(found, Found)
    assert len(found.hits) == Settings().k


def test_a_scope_that_holds_nothing_is_a_refusal(answerer: Answerer) -> None:
    answer = answerer.ask(Request(KOREAN, scope=Scope(source="elsewhere")))
    assert answer.abstained
    assert answer.sentences != ()


def test_times_add_up(answerer: Answerer) -> None:
    times = answerer.ask(Request(KOREAN)).timings_ms
    assert 0 < times.retrieve <= times.total
    assert times.total == pytest.approx(times.retrieve + times.read, abs=0.3)


def test_without_an_index_the_command_that_makes_one_is_named(index: Index) -> None:
    answerer = Answerer(index, Settings())
    with pytest.raises(IndexMissing, match="rag index"):
        answerer.ready()
    with pytest.raises(IndexMissing, match="rag index"):
        answerer.ask(Request(KOREAN))


def test_an_index_that_was_emptied_refuses(index: Index, write, sync_root, tmp_path: Path) -> None:
    root = write("news", {"a.md": "미스트랄은 파리에 있다.\n"})
    sync_root(index, root)
    (root / "a.md").unlink()
    sync_root(index, root)
    assert Answerer(index, Settings()).ask(Request(KOREAN)).abstained
