"""A question's words in the other language: by the table, and letters by how they are called."""

from pathlib import Path

import pytest

from corpus.article import Article
from corpus.text import language
from index.search import Index
from index.sync import add_articles
from index.translation import translations, word_translations
from rag.home import load_encoder


def meant(word: str) -> set[str]:
    return {" ".join(terms) for group in word_translations(word) for terms, _ in group}


@pytest.mark.parametrize(
    ("word", "translation"),
    [
        ("이유", "reason"),
        ("sky", "하늘"),
        ("지피유는", "gpu"),
        ("에스케이티", "skt"),
        ("엘엘엠이", "llm"),
        ("알지비", "rgb"),
        ("엘티이", "lte"),
        ("엠비씨", "mbc"),
        ("gpu", "지피 피유"),
        ("lg", "엘지"),
        ("hbm", "에이 이치 치비 비엠"),
    ],
)
def test_a_word_and_what_it_is_in_the_other_language(word: str, translation: str) -> None:
    assert translation in meant(word)


@pytest.mark.parametrize("word", ["grid", "the", "r", "에이에스"])
def test_what_is_no_row_of_letters_is_not_spelled(word: str) -> None:
    assert not meant(word)


def test_weights_are_shares() -> None:
    groups = translations("엘지의 지피유 투자 이유는? Why did LG invest in GPU?")
    assert groups and all(0 < weight <= 1 for group in groups for _, weight in group)


def test_letters_meet_across_languages(tmp_path: Path) -> None:
    texts = {
        "en": "The university bought forty GPU servers for its students.",
        "other": "The university planted forty trees for its students.",
        "third": "The university bought forty USB sticks and CPU fans for its students.",
        "ko": "그 대학은 학생들을 위해 엘에스티 장비를 사들였다.",
        "other ko": "그 대학은 학생들을 위해 케이비엠 장비를 사들였다.",
    }
    index = Index(tmp_path, load_encoder)
    articles = [
        Article(name, "", text, language(text), "a", name, None, "0")
        for name, text in texts.items()
    ]
    add_articles(index, articles, load_encoder("bundled"), "a")
    assert index.search("지피유", 3)[0].article_id == "en"
    assert index.search("시피유", 3)[0].article_id == "third"
    assert index.search("LST", 3)[0].article_id == "ko"
    assert index.search("KBM", 3)[0].article_id == "other ko"
