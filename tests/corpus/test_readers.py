import hashlib
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus.article import Article
from corpus.chunking import passages
from corpus.errors import CorpusError
from corpus.readers import SUFFIXES, read, suffix
from corpus.readers.markdown import shown
from corpus.text import normalise

KOREAN = "안녕하세요. 미스트랄이 추론 모델을 공개했다.\n둘째 줄은 100% 한글이다."


def article(content: str | bytes, path: str = "a.md") -> Article:
    data = content if isinstance(content, bytes) else content.encode()
    return read(data, id=f"notes/{path}", source="notes", path=path)


def test_an_article_has_every_field() -> None:
    data = f"---\ntitle: 제목\ndate: 2025-06-11\n---\n{KOREAN}\n".encode()
    assert article(data, "가/나.TXT") == Article(
        id="notes/가/나.TXT",
        title="제목",
        text=KOREAN,
        language="ko",
        source="notes",
        path="가/나.TXT",
        published="2025-06-11",
        digest=hashlib.sha256(data).hexdigest(),
    )


def test_suffixes() -> None:
    assert {".md", ".markdown", ".txt", ".text", ".html", ".htm", ".xhtml", ""} == SUFFIXES
    named = {
        "a/B.MD": ".md",
        "README": "",
        "회의 2025.06.11": "",
        ".profile": "",
        "a.tar.gz": ".gz",
    }
    assert {path: suffix(path) for path in named} == named
    with pytest.raises(
        CorpusError, match=r"notes/a.zip: files of type .zip cannot be read; .*\.md"
    ):
        article("x", "a.zip")


# --- encodings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp949", "euc-kr"],
)
def test_encodings_of_korean(encoding: str) -> None:
    assert article(KOREAN.encode(encoding), "a.txt").text == KOREAN


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain words\nin two lines", "utf-16-le"),
        ("똠방각하 펲시콜라", "cp949"),  # syllables that EUC-KR lacks
        ("the café society of his fiancé, a résumé", "latin-1"),
        ("He said “hello” – it’s fine.", "cp1252"),
    ],
)
def test_other_encodings(text: str, encoding: str) -> None:
    assert article(text.encode(encoding), "a.txt").text == text


def test_utf8_that_was_cut_off_is_still_utf8() -> None:
    assert article((KOREAN * 9).encode()[:-1], "a.txt").text.startswith(KOREAN)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty; remove it or put text into it"),
        (b" \n\t\r\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        ("\u200b\u00a0".encode(), "holds no text|the page shows no text"),
        (b"\x89PNG\r\n\x1a\n\x00", r"looks like a binary file \(PNG image\)"),
        (b"%PDF-1.7 ...", r"looks like a binary file \(PDF document\)"),
        (bytes(range(256)) * 9, "looks like a binary file"),
        (b"\x01\x02\x03\x04 abc", "looks like a binary file"),
        (b"\xff\xfea", "begins as UTF-16 but breaks off at byte 2; save it as UTF-8"),
        (bytes(n * 7919 % 251 + 1 for n in range(999)), "is not text in UTF-8, UTF-16 or CP949; "),
    ],
)
@pytest.mark.parametrize("path", ["a.txt", "a.md", "a.html"])
def test_what_cannot_be_read(data: bytes, reason: str, path: str) -> None:
    with pytest.raises(CorpusError, match=f"^notes/{path}: (?:{reason})") as caught:
        article(data, path)
    assert "\n" not in str(caught.value)


@settings(deadline=None)  # the first example loads libraries
@given(st.binary() | st.text().map(str.encode), st.sampled_from(["a.txt", "a.md"]))
@example(b"---\n" + b"[" * 2000 + b"\n---\nx", "a.md")
@example(b"<!--" * 3000, "a.md")
@example(b"[" * 3000 + b"](", "a.md")
def test_any_bytes_give_an_article_or_a_corpus_error(data: bytes, path: str) -> None:
    try:
        found = article(data, path)
    except CorpusError:
        return
    assert found.text == normalise(found.text) != ""
    assert found.title


# --- title and date ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "path", "title"),
    [
        ("---\ntitle: 앞\n---\n# 뒤\n\n글", "a.md", "앞"),
        ("---\ntitle: [AI는 지금] 추론: 경쟁\n---\n글", "a.md", "[AI는 지금] 추론: 경쟁"),
        ("---\ntitle: >\n  긴\n  제목\n---\n글", "a.txt", "긴 제목"),
        ("---\nTitle: '따옴표'\ntags: [a]\n---\n글", "a.txt", "따옴표"),
        ("글\n\n## 둘째\n\n# 첫 **제목**", "a.md", "첫 제목"),
        ("밑줄 제목\n===\n글", "a.md", "밑줄 제목"),
        ("글만 있다.", "폴더/메모 1.md", "메모 1"),
        ("글\n\n```sh\n# 주석\n```", "메모.md", "메모"),
        ("기사 제목\n\n본문이다.", "a.txt", "기사 제목"),
        ("# 기사 제목\n본문이다.", "a.txt", "기사 제목"),
        ("한 줄뿐이다.", "메모.txt", "메모"),
        ("긴 줄이다. " * 30 + "\n본문이다.", "메모.txt", "메모"),
        ("글", "README", "README"),
        ("<title>쪽 제목</title><p>글이 있다.</p>", "a.html", "쪽 제목"),
        ("<p>글이 있다.</p>", "쪽.html", "쪽"),
    ],
)
def test_title(content: str, path: str, title: str) -> None:
    assert article(content, path).title == title


@pytest.mark.parametrize("block", ["그냥 글", "[1, 2]", "a: b: c: [", "- 하나\n- 둘"])
def test_a_block_that_is_no_mapping_is_text(block: str) -> None:
    text = article(f"---\n{block}\n---\n글", "a.txt").text
    assert text == f"---\n{block}\n---\n글" or block.startswith("a:")


@pytest.mark.parametrize(
    ("top", "published"),
    [
        ("컴퓨팅입력 :2025-06-11 11:13:40    수정: 2025-06-12 11:50:42", "2025-06-11"),
        ("  • 입력 2025년 3월 10일 14시 52분", "2025-03-10"),
        ("2025.06.11", "2025-06-11"),
        ("2025. 6. 11.", "2025-06-11"),
        ("홍길동 기자 | 2025/6/1", "2025-06-01"),
        ("By Jane Doe, June 11, 2025", "2025-06-11"),
        ("Published on 11 June 2025", "2025-06-11"),
        ("Posted Sept. 3rd, 2024 by me", "2024-09-03"),
        ("PARIS, June 10, 2025 — Mistral AI announced a model." + " It is long." * 9, "2025-06-10"),
        ("2025-13-01", None),
        ("2025년 2월 30일", None),
        ("버전 1.2025.06.11", None),
        ("미스트랄은 2023년 4월 28일 파리에서 설립되었다.", None),
        ("It was founded on 28 April 2023.", None),
        ("\n".join(["글이 길다."] * 150) + "\n2025-06-11", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["a.txt", "a.md"])
def test_published(top: str, published: str | None, path: str) -> None:
    assert article(f"제목\n\n{top}\n\n본문이다.", path).published == published


@pytest.mark.parametrize(
    ("value", "published"),
    [
        ("2025-06-11", "2025-06-11"),
        ("2025-06-11T08:00:00+09:00", "2025-06-11"),
        ("2025.06.11", "2025-06-11"),
        ("2025년 6월 11일", "2025-06-11"),
        ("20250611", "2025-06-11"),
        ("'June 11, 2025'", "2025-06-11"),
        ("2025-02-30", None),
        ("soon", None),
    ],
)
def test_published_in_front_matter(value: str, published: str | None) -> None:
    assert article(f"---\ndate: {value}\n---\n글").published == published


# --- Markdown ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("**엑사원(EXAONE)**은 *좋다*.", "엑사원(EXAONE)은 좋다."),
        ("__굵게__ _기울임_은 ~~취소~~다", "굵게 기울임은 취소다"),
        ("***아주*** **굵은 *속* 글** 가**나**다", "아주 굵은 속 글 가나다"),
        ("2*3*4, 5 * 3 * 2, f(*args, **kw), a_b_c, C#, [1], [모름]", None),
        ("가격*수량*할인 <think>생각</think> <메트로경제> a < b", None),
        ("[미스트랄](https://ko.wikipedia.org/wiki/미스트랄_(기업) \"t\")은", "미스트랄은"),
        ("[![뱃지](b.png)](c) ![그림](a.png)", "뱃지 그림"),
        ("[글][ref] [ref] [1]\n\n[ref]: http://x\n[1]: http://y", "글 ref [1]"),
        ("글이다.[^1]\n\n[^1]: 주석이다.", "글이다.\n\n주석이다."),
        ("`**코드**` ``a`b`` \\*별\\* &lt;b&gt; `&amp;`", "**코드** a`b *별* <b> &amp;"),
        ("<b>굵게</b> 한 줄<br>두 줄 <https://x.y/a_b_c>", "굵게 한 줄\n두 줄 https://x.y/a_b_c"),
        ("앞\n\n<!-- 숨은\n\n글 -->\n\n뒤", "앞\n\n뒤"),
        ("- 가\n- 나\n  - 다\n\n1. 라\n2. 마", "- 가\n- 나\n  - 다\n\n1. 라\n2. 마"),
        ("* 가\n* 나\n\n\n+ 다\n\n  라", "- 가\n- 나\n\n- 다\n라"),
        ("2025. 6. 11. 발표했다.", None),
        ("|a|b|\n|-|-|\n|1|`x`|\n\n글", "a | b\n1 | x\n\n글"),
        ("제목\n===\n\n소제목\n---\n글", "# 제목\n\n## 소제목\n\n글"),
        ("문단이 끝났다.\n---\n글", "문단이 끝났다.\n\n글"),
        ("```py\n# 주석\n\nx = '**'\n```", "    # 주석\n\n    x = '**'"),
        ("> 인용\n> 계속\n\n## 제목 ##", "인용\n계속\n\n## 제목"),
    ],
)  # fmt: skip
def test_markdown_as_shown(source: str, text: str | None) -> None:
    assert normalise(shown(source)).removeprefix("    ") == (text or source).removeprefix("    ")


def test_headings_of_markdown_reach_the_passages() -> None:
    found = passages(article("# 제목\n\n첫 문단이다.\n\n## **성능** [표](x)\n\n둘째 문단이다."))
    assert [(p.heading, p.text) for p in found] == [
        ("제목", "첫 문단이다."),
        ("성능 표", "둘째 문단이다."),
    ]


# --- HTML --------------------------------------------------------------------------------------

PAGE = """<!doctype html><html lang="ko"><head><meta charset="utf-8">
<title>미스트랄, 추론 모델 공개 - 뉴스</title>
<meta property="og:title" content="미스트랄, 추론 모델 공개">
<meta property="article:published_time" content="2025-06-11T11:13:40+09:00"></head><body>
<nav><a href="/">홈</a> <a href="/it">정보기술</a></nav>
<article><h1>미스트랄, 추론 모델 공개</h1>
<p>프랑스 스타트업 <b>미스트랄</b>이 <a href="x">마지스트랄</a>을
   공개했다. 240억 개 매개변수를 갖췄다.</p>
<h2>성능 &amp; 가격</h2><p>2*3*4 그리고 snake_case, [1]. 빠르다.<br>다음 줄.</p>
<ul><li>첫째<ul><li>안쪽</li></ul></li><li>둘째</li></ul>
<table><tr><th>모델</th><th>크기</th></tr><tr><td>스몰</td><td>24B</td></tr></table>
<pre># comment
x = 1</pre>
<p>마지막 문단이다. 이 문단은 조금 더 길어야 추출기가 본문으로 여긴다.</p></article>
<footer>모든 권리는 우리에게</footer><script>var x = 1</script></body></html>"""

PAGE_TEXT = """\
# 미스트랄, 추론 모델 공개

프랑스 스타트업 미스트랄이 마지스트랄을 공개했다. 240억 개 매개변수를 갖췄다.

## 성능 & 가격

2*3*4 그리고 snake_case, [1]. 빠르다.
다음 줄.

- 첫째
  - 안쪽
- 둘째

모델 | 크기
스몰 | 24B

  # comment
x = 1

마지막 문단이다. 이 문단은 조금 더 길어야 추출기가 본문으로 여긴다."""


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_a_page(encoding: str) -> None:
    page = article(PAGE.replace("utf-8", encoding).encode(encoding), "a.html")
    assert page.text == PAGE_TEXT
    assert (page.title, page.published) == ("미스트랄, 추론 모델 공개", "2025-06-11")
    assert [p.heading for p in passages(page)] == ["미스트랄, 추론 모델 공개", "성능 & 가격"]


def test_a_declared_charset() -> None:
    page = '<meta charset="shift_jis"><p>これは日本語の文章です。</p>'
    assert article(page.encode("shift_jis"), "a.html").text == "これは日本語の文章です。"


def test_a_page_without_main_text_shows_what_it_has() -> None:
    page = "<body><nav>홈</nav><div>짧다.<br>글 <i>하나</i></div><ol><li>가<li>나</ol><h3>끝</h3>"
    assert article(page, "a.html").text == "짧다.\n글 하나\n\n1. 가\n2. 나\n\n### 끝"


@pytest.mark.parametrize("page", ["<html></html>", "<script>x</script>", "<div>" * 5000])
def test_a_page_that_shows_nothing(page: str) -> None:
    with pytest.raises(CorpusError, match=r"notes/a\.html: the page shows no text"):
        article(page, "a.html")


def test_reading_text_needs_no_page_library() -> None:
    assert "trafilatura" in sys.modules or article("글", "a.txt").text == "글"
