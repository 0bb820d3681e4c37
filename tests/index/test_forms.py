"""Questions as people type them still find their article among the first five."""

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from index.search import Index
from index.terms import Weights
from rag.home import load_encoder, open_index

KOREAN = "마지스트랄 스몰의 매개변수는 몇 개인가?"
ENGLISH = "How many parameters does Magistral Small have?"
THINGS = ("wine", "cider", "maraschino", "grappa", "begonia", "citron", "bauhinia", "ionomer")
LAUNCH = "samples/ko/magistral-launch.md"


@pytest.fixture(scope="module")
def samples(sample_home: Path) -> Index:
    return open_index(sample_home)


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@pytest.mark.parametrize(
    ("form", "article"),
    [
        pytest.param("마지스트랄", LAUNCH, id="only a name"),
        pytest.param("Magistral", LAUNCH, id="only a name, in the other script"),
        pytest.param("240억", LAUNCH, id="only a number"),
        pytest.param("24 billion", LAUNCH, id="only a number, in the other language"),
        pytest.param("EXAONE이 뭐야", "samples/ko/exaone-deep-launch.md", id="mixed script"),
        pytest.param("마지스트랄스몰매개변수", LAUNCH, id="no spaces"),
        pytest.param("마지 스트랄 스몰 의 매개 변수 는?", LAUNCH, id="too many spaces"),
        pytest.param("마지스트럴 스몰의 매게변수는 몇 개인가?", LAUNCH, id="typos in Hangul"),
        pytest.param("How many paramters does Magistrl Small have?", LAUNCH, id="typos in Latin"),
        pytest.param(ENGLISH.upper(), LAUNCH, id="all capitals"),
        pytest.param(f"🙏 {KOREAN} 🔥", LAUNCH, id="emoji"),
        pytest.param("美國 엔비디아 주가가 떨어진 날은?", "samples/ko/deepseek-shock.md", id="Hanja"),
        pytest.param(wide(ENGLISH), LAUNCH, id="full-width letters"),
        pytest.param("２４０억 개", LAUNCH, id="full-width digits"),
        pytest.param(unicodedata.normalize("NFD", KOREAN), LAUNCH, id="decomposed as macOS writes it"),
    ],
)  # fmt: skip
def test_every_form_finds_its_article(samples: Index, form: str, article: str) -> None:
    found = [hit.article_id for hit in samples.search(form, 8)]
    assert article in list(dict.fromkeys(found))[:5]


def test_a_loan_word_finds_what_it_was_spelled_after(index: Index, write, sync_root) -> None:  # type: ignore[no-untyped-def]
    asked = "이오노머는 어디서 왔나?"
    texts = {f"{n}.md": f"A glass of {word} from the coast.\n" for n, word in enumerate(THINGS)}
    sync_root(index, write("things", texts))
    assert index.search(asked, 3)[0].text.startswith("A glass of ionomer")


def test_an_ending_says_less_than_a_word(index: Index, write, sync_root) -> None:  # type: ignore[no-untyped-def]
    texts = {
        "talk.md": "그 사람이 왔었나요? 아니면 벌써 갔었나요?\n",
        "film.md": "그 영화는 여름에 개봉하여 많은 사람이 보았다.\n",
        **{f"{n}.md": f"{thing} is a thing of its own.\n" for n, thing in enumerate(THINGS)},
    }
    sync_root(index, write("talk", texts))
    asked = "언제 개봉했었나요?"
    assert index.search(asked, 2)[0].text.startswith("그 영화")
    alike = replace(index.fusion, weights=Weights(endings=1.0))
    assert Index(index.folder, load_encoder, alike).search(asked, 2)[0].text.startswith("그 사람")


MADE_UP = {
    "Baluso": "발루소", "Belisi": "벨리시", "Polaso": "폴라소", "Tumarek": "투마렉", "Damirok": "다미록",
    "Nevolan": "네볼란", "Novilan": "노빌란", "Karuteno": "카루테노", "Goritana": "고리타나",
}  # fmt: skip


@pytest.mark.parametrize(("latin", "hangul"), MADE_UP.items())
def test_names_of_the_same_consonants_are_told_apart_by_their_vowels(  # type: ignore[no-untyped-def]
    index: Index, write, sync_root, latin: str, hangul: str
) -> None:
    english = {f"{n}.md": f"{name} announced a plan.\n" for n, name in enumerate(MADE_UP)}
    korean = {
        f"ko{n}.md": f"{name} 사가 계획을 발표했다.\n" for n, name in enumerate(MADE_UP.values())
    }
    sync_root(index, write("announced", english | korean))
    asked = {f"{hangul} 사는 무엇을 발표했나?": latin, f"What did {latin} announce?": hangul}
    for question, name in asked.items():
        found = [hit.text for hit in index.search(question, 18)]
        assert next(t for t in found if t[0].isascii() == name[0].isascii()).startswith(name)


@pytest.mark.parametrize("clean", [KOREAN, ENGLISH])
@pytest.mark.parametrize(
    "form", [wide, lambda text: unicodedata.normalize("NFD", text), lambda text: f"{text} 😊"]
)
def test_encodings_of_one_question_find_the_same(samples: Index, clean: str, form) -> None:  # type: ignore[no-untyped-def]
    def found(question: str) -> list[int]:
        return [hit.passage_id for hit in samples.search(question, 8)]

    assert found(form(clean)) == found(clean)
