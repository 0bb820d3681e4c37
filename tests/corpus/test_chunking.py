import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.article import Article, Language
from corpus.chunking import CHUNKING_VERSION, Chunking, passages
from corpus.text import normalise, sentences

KOREAN = "미스트랄은 파리에서 추론 모델을 공개했다고 밝혔다."  # 28 characters
ENGLISH = "Mistral said in Paris that it had released a reasoning model."


def article(text: str, language: Language = "ko") -> Article:
    return Article("s/a.md", "제목", text, language, "s", "a.md", None, "")


def test_a_passage_is_a_piece_of_its_article() -> None:
    text = f"# 제목\n\n{KOREAN} {KOREAN}\n\n## 성능 ##\n\n{KOREAN}"
    first, second = passages(article(text))
    assert (first.text, first.heading, first.ordinal) == (f"{KOREAN} {KOREAN}", "제목", 0)
    assert (second.text, second.heading, second.ordinal) == (KOREAN, "성능", 1)
    assert text[second.start : second.end] == second.text
    assert (second.article_id, second.language, second.page) == ("s/a.md", "ko", None)


def test_text_before_any_heading_has_none() -> None:
    assert [p.heading for p in passages(article(f"{KOREAN}\n\n# 뒤\n\n{KOREAN}"))] == [None, "뒤"]


def test_a_heading_that_asks_and_answers_is_one_heading() -> None:
    (passage,) = passages(article(f"## 왜 지금인가? 싸기 때문이다\n{KOREAN}"))
    assert (passage.heading, passage.text) == ("왜 지금인가? 싸기 때문이다", KOREAN)


def test_an_article_of_headings_shows_its_headings() -> None:
    (passage,) = passages(article("# 가\n\n## 나"))
    assert (passage.text, passage.heading) == ("# 가\n\n## 나", None)


def test_indented_code_is_no_heading() -> None:
    (passage,) = passages(article(f"{KOREAN}\n\n    # install\n    pip install x"))
    assert "# install" in passage.text


@pytest.mark.parametrize(("count", "sizes"), [(17, 1), (18, 2), (35, 3), (52, 4)])
def test_runs_are_few_and_even(count: int, sizes: int) -> None:
    lengths = [len(p.text) for p in passages(article(" ".join([KOREAN] * count)))]
    assert len(lengths) == sizes
    assert max(lengths) <= 500
    assert max(lengths) - min(lengths) <= len(KOREAN) + 1


def test_english_passages_may_be_twice_as_long() -> None:
    lengths = [len(p.text) for p in passages(article(" ".join([ENGLISH] * 16), "en"))]
    assert lengths == [len(ENGLISH) * 16 + 15]


def test_the_limits_are_an_argument() -> None:
    found = passages(article(" ".join([KOREAN] * 4)), Chunking(korean=60))
    assert [p.text for p in found] == [f"{KOREAN} {KOREAN}"] * 2


def test_a_blank_line_is_the_better_boundary() -> None:
    text = " ".join([KOREAN] * 7) + "\n\n" + " ".join([KOREAN] * 12)
    assert [len(sentences(p.text)) for p in passages(article(text))] == [7, 12]


def test_a_long_sentence_is_kept_and_a_very_long_one_is_cut_after_clauses() -> None:
    clause = "모델은 크고, "
    long = clause * 90 + "빠르다."
    assert [p.text for p in passages(article(f"{KOREAN} {long}"))] == [KOREAN, long]
    very_long = clause * 200 + "빠르다."
    found = passages(article(very_long))
    assert len(found) == 4
    assert all(p.text.endswith(("고,", "빠르다.")) and len(p.text) <= 500 for p in found)
    assert " ".join(p.text for p in found) == very_long


def test_a_sentence_without_any_space_is_cut_all_the_same() -> None:
    assert [len(p.text) for p in passages(article("가" * 1100))] == [366, 367, 367]


def test_language_is_the_passage_s_own_unless_it_says_too_little() -> None:
    first, second, third = passages(article(f"# 가\n{ENGLISH}\n# 나\n1,234\n# 다\n{KOREAN}"))
    assert (first.language, second.language, third.language) == ("en", "ko", "ko")
    assert passages(article("3.5", "en"))[0].language == "en"


def test_no_text_no_passages() -> None:
    assert passages(article("")) == []


@given(
    st.lists(
        st.sampled_from([KOREAN, ENGLISH, "# 제목", "## H ##", "- 항목", "", "가" * 700, "0", "#"])
    )
)
def test_every_sentence_but_headings_lies_in_one_passage(lines: list[str]) -> None:
    text = normalise("\n".join(lines))
    found = passages(article(text))
    at = 0
    for number, passage in enumerate(found):
        assert passage.ordinal == number
        assert passage.text == text[passage.start : passage.end] == passage.text.strip() != ""
        assert passage.start >= at
        at = passage.end
    outside = text
    for passage in reversed(found):
        outside = outside[: passage.start] + outside[passage.end :]
    assert all(line.startswith(("# ", "## ")) for line in outside.split("\n") if line.strip())


def test_a_long_article_takes_seconds_at_most() -> None:
    text = "\n".join(f"{number} {KOREAN}" for number in range(10_000))
    began = time.perf_counter()
    assert len(passages(article(text))) > 600
    assert time.perf_counter() - began < 5


def test_the_version_is_a_string_for_a_fingerprint() -> None:
    assert isinstance(CHUNKING_VERSION, str) and CHUNKING_VERSION
