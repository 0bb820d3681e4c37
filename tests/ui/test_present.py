"""What the web chat shows, as HTML: nothing that an answer or an article says may become markup."""

import re
from dataclasses import asdict
from html.parser import HTMLParser

import pytest

from corpus.article import Article
from rag.events import (
    Answer,
    Citation,
    Done,
    Evidence,
    Found,
    Replaced,
    Sentence,
    Support,
    Text,
    Thought,
    Timings,
)
from ui.conversation import Exchange, history
from ui.present import answer_html, article_html, body_html, cited, question_html, thoughts_html
from ui.strings import ENGLISH, KOREAN

QUOTE = "마지스트랄 스몰은 매개변수가 240억 개다."


def evidence(marker: int, quote: str = QUOTE, start: int = 0) -> Evidence:
    return Evidence(marker, start, start + len(quote), quote, 0.9)


def sentence(text: str, markers: tuple[int, ...], support: Support, index: int = 0) -> Sentence:
    return Sentence(index, text, markers, support, tuple(evidence(m) for m in markers))


def citation(
    marker: int, title: str = "마지스트랄", quote: str = QUOTE, start: int = 0
) -> Citation:
    return Citation(
        marker, "samples/ko/magistral.md", title, "ko", "samples", "2025-06-12", None, None,
        0, len(quote), quote, "supported", 0.9,
    )  # fmt: skip


def answered(text: str, sentences: tuple[Sentence, ...], *citations: Citation) -> Exchange:
    whole = Answer(
        "질문", "ko", text, not citations, "builtin", sentences, citations, None, Timings(1, 41, 42)
    )
    return Exchange("질문").after(Done(whole))


class Page(HTMLParser):
    """The tags, the links and the text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.names: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[여기](javascript:alert(1))",
    "[여기](http://evil.example/)",
    "![그림](http://evil.example/x.png)",
    "<http://evil.example/>",
    "[r]: http://evil.example/\n\n[r]",
    '<a href="#cite-9-9">9</a>',
    "</div></article><b onclick=alert(1)>x</b>",
    "&lt;b&gt; ${1+1} {{value}} <!-- -->",
    "\n\n<div>\n\n# 제목 <i>\n\n    <b>\n",
    "\u2e281\u2e29 \u2e28w\u2e29",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_an_answer_makes_no_markup_of_its_own(text: str) -> None:
    shown = answered(f"{text} [1]", (), citation(1, title=text, quote=text))
    page = Page(html := answer_html(shown, 1, KOREAN))
    assert set(page.tags) <= {"div", "p", "a", "b", "ol", "li", "span", "h1", "br", "pre", "code"}
    assert page.links == ["#cite-1-1", "#cite-1-1", "#copy-1"]
    assert page.names <= {"class", "href", "title"}
    assert "\n" not in html  # a blank line would hand the rest to the chat's own Markdown


@pytest.mark.parametrize("text", HOSTILE)
def test_a_question_and_thoughts_are_shown_as_they_are(text: str) -> None:
    for html in (question_html(text), thoughts_html(text)):
        page = Page(html)
        assert page.tags == ["div"]
        assert page.text == text.strip()
        assert "\n" not in html


@pytest.mark.parametrize("text", HOSTILE)
def test_an_article_is_shown_as_it_is(text: str) -> None:
    whole = f"앞. {text} 뒤."
    article = Article("s/a.md", text, whole, "ko", "s", "a.md", None, "")
    page = Page(article_html(citation(1), evidence(1, text, 3), article, KOREAN))
    assert page.tags.count("mark") == 1
    assert set(page.tags) <= {"article", "header", "h2", "span", "p", "div", "mark", "b"}
    assert page.links == []


def test_markers_become_chips_that_name_their_sentence() -> None:
    text = "첫째 문장이다. [1] 둘째 문장이다. [1][2]"
    sentences = (
        sentence("첫째 문장이다.", (1,), "supported"),
        sentence("둘째 문장이다.", (1, 2), "supported", 1),
    )
    shown = answered(text, sentences, citation(1), citation(2))
    assert body_html(shown, 3, KOREAN).strip() == (
        '<p>첫째 문장이다.\u00a0<a class="cite" href="#cite-3-1-1">1</a> 둘째 문장이다.\u00a0'
        '<a class="cite" href="#cite-3-1-2">1</a><a class="cite" href="#cite-3-2-2">2</a></p>'
    )


def test_weak_and_unsupported_sentences_are_marked_behind_their_chips() -> None:
    text = "맞다. [1] 글쎄다. [2] 아니다."
    sentences = (
        sentence("맞다.", (1,), "supported"),
        sentence("글쎄다.", (2,), "weak", 1),
        sentence("아니다.", (), "unsupported", 2),
    )
    page = Page(html := body_html(answered(text, sentences, citation(1), citation(2)), 1, KOREAN))
    assert page.text.strip() == "맞다.\u00a01 글쎄다.\u00a02△ 아니다.근거 없음"
    assert html.count("mark weak") == 1 and html.count("mark unsupported") == 1


def test_a_refusal_carries_no_marks() -> None:
    text = "색인된 기사에서 이 질문의 근거를 찾지 못했습니다."
    refused = answered(text, (sentence(text, (), "unsupported"),))
    html = answer_html(refused, 1, KOREAN)
    assert "mark" not in html and "근거 없음" not in html
    assert 'class="answer refusal"' in html


def test_emphasis_lists_and_code_of_an_answer_are_kept() -> None:
    text = "답은 **240억.**[1]\n\n- 하나 [1]\n- 둘\n\n```\nx = a[1]\n```"
    html = body_html(answered(text, (), citation(1)), 1, KOREAN)
    assert '<strong>240억.</strong><a class="cite" href="#cite-1-1">1</a>' in html
    assert html.count("<li>") == 2
    assert "<code>x = a[1]\n</code>" in html


def test_the_sources_tell_number_title_language_date_support_and_quote() -> None:
    text = Page(answer_html(answered("답이다. [1]", (), citation(1)), 1, ENGLISH)).text
    assert "Sources1마지스트랄Korean · 2025-06-12matches the article" + QUOTE in text
    assert "built-in reader · 0.04 s" in text


def test_an_exchange_grows_by_events_and_starts_over() -> None:
    exchange = Exchange("질문")
    assert KOREAN.searching in answer_html(exchange, 1, KOREAN)
    exchange = exchange.after(Found(()))
    assert KOREAN.reading in answer_html(exchange, 1, KOREAN)
    exchange = exchange.after(Thought("음")).after(Text("틀린 답"))
    assert "틀린 답" in answer_html(exchange, 1, KOREAN)
    exchange = exchange.after(Replaced("근거가 없는 답이었습니다"))
    html = answer_html(exchange, 1, KOREAN)
    assert "틀린 답" not in html and exchange.thoughts == ""
    assert f"{KOREAN.restarted} (근거가 없는 답이었습니다)" in html
    assert "근거가" not in answer_html(exchange, 1, ENGLISH)  # a reason in the other language
    assert exchange.open


def test_the_history_has_neither_markers_nor_thoughts_nor_unfinished_answers() -> None:
    done = answered("답이다. [1]", (), citation(1)).after(Thought("비밀"))
    (turn,) = history((done, Exchange("둘째", text="쓰다 만", stopped=True)))
    assert (turn.question, turn.answer) == ("질문", "답이다.")


def test_a_chip_opens_the_evidence_of_its_own_sentence() -> None:
    other = "둘째 근거다."
    sentences = (
        sentence("하나.", (1,), "supported"),
        Sentence(1, "둘.", (1,), "supported", (evidence(1, other, 50),)),
    )
    conversation = (Exchange("먼저"), answered("하나. [1] 둘. [1]", sentences, citation(1)))
    found = cited(conversation, "2-1-2")
    assert found is not None and found[1].quote == other
    found = cited(conversation, "2-1")
    assert found is not None and found[1].quote == QUOTE


@pytest.mark.parametrize("key", ["", "x", "0-1", "1-1", "2-9", "3-1", "2-1-x", "-1-1", "2-1-1-1"])
def test_a_chip_that_names_nothing_opens_nothing(key: str) -> None:
    assert cited((Exchange("먼저"), answered("답. [1]", (), citation(1))), key) is None


def test_the_article_marks_exactly_the_quote() -> None:
    text = f"## 소제목\n\n앞 문장. {QUOTE} 뒷 문장."
    article = Article("samples/ko/magistral.md", "제목", text, "ko", "samples", "m", None, "")
    start = text.index(QUOTE)
    html = article_html(citation(1), evidence(1, QUOTE, start), article, KOREAN)
    assert f"<mark>{QUOTE}</mark>" in html
    assert "<b>소제목</b>" in html and "##" not in html


def test_an_article_that_has_changed_or_gone_is_said_to() -> None:
    def article(text: str) -> Article:
        return Article("samples/ko/magistral.md", "제목", text, "ko", "samples", "m", None, "")

    moved = article_html(citation(1), evidence(1), article(f"새 문장. {QUOTE}"), KOREAN)
    assert f"<mark>{QUOTE}</mark>" in moved
    for now, note in ((article("다른 글"), KOREAN.article_moved), (None, KOREAN.article_gone)):
        html = article_html(citation(1), evidence(1), now, KOREAN)
        assert note in html and f"<blockquote>{QUOTE}</blockquote>" in html
        assert "<mark>" not in html


def test_no_word_of_english_in_the_korean_interface() -> None:
    for name, value in asdict(KOREAN).items():
        if name in ("language", "folder_hint", "by_command"):
            continue  # a code, a path and a command
        for text in value.values() if isinstance(value, dict) else [value]:
            assert not re.search("[A-Za-z]", re.sub(r"\{\w*\}", "", text)), (name, text)
