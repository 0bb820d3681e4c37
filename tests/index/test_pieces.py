"""Word pieces and unigram pieces: the same as the library `tokenizers` cuts, for any text."""

from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from index import wordpiece
from index.cross_encoder import FOLDER
from index.errors import EncoderError
from index.segmenter import VOCABULARY, Segmenter, Vocabulary, bundled, words

TEXTS = [
    "Magistral Small has 24 billion parameters (24B), i.e. 240억.",
    "Élan vital — naïve café; İstanbul's ΣΊΣΥΦΟΣ",
    "中文 字and kana カタカナ 〈서편제〉",
    "under_score a\tb\nc\x07d \u200b [SEP] ##ing don't",
    "x" * 99 + " " + "x" * 101,
    "🙏🏽 ½ № ﬁ ︙ ‐ ´ ` ^ $ + < = > | ~",
    "",
]


@lru_cache(maxsize=1)
def latin() -> dict[str, int]:
    import numpy as np

    with np.load(FOLDER / "pieces.npz", allow_pickle=False) as stored:
        return {w: i for i, w in enumerate(stored["words"].tobytes().decode().split("\n"))}


@lru_cache(maxsize=1)
def known() -> Tokenizer:
    tokenizer = Tokenizer(WordPiece(latin(), unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    return tokenizer


def same(text: str) -> bool:
    made = wordpiece.cut(text, latin(), latin()["[UNK]"])
    return made == known().encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize("text", TEXTS)
def test_english_is_cut_into_word_pieces_as_the_library_cuts_it(text: str) -> None:
    assert same(text)


# Letters whose kind has been the same in all editions of Unicode that the libraries know.
LETTERS = st.one_of(
    st.characters(max_codepoint=0x5FF, exclude_categories=["Cn"]),
    st.sampled_from("가힣中文字カひ—…‘’“”「」〈〉ﬁ½№🙏𝒜\u200b\u3000\ufffd\ufeff\U0002f800"),
)


@settings(deadline=None)
@given(st.text(LETTERS, max_size=40))
def test_any_text_is_cut_into_word_pieces_as_the_library_cuts_it(text: str) -> None:
    assert same(text)


@settings(deadline=None)
@given(
    st.text(st.one_of(st.sampled_from("가나다은는이트를 abcxyz019"), st.characters()), max_size=30)
)
def test_few_words_are_cut_as_many_are(text: str) -> None:
    vocabulary, many = _few(), _many()
    for word in words(text):
        assert vocabulary.cut(word) == many.encode(word).ids


@lru_cache(maxsize=1)
def _few() -> Vocabulary:
    return Vocabulary.read(VOCABULARY)


@lru_cache(maxsize=1)
def _many() -> Tokenizer:
    return _few().tokenizer()


def test_a_crowd_of_words_is_cut_as_each_alone() -> None:
    crowd = [f"마지스트랄{n} 매개변수가 x{n}y는 parameters{n}" for n in range(6_000)]
    together = Segmenter().ids(crowd)
    alone = Segmenter()
    assert [alone.ids([text])[0] for text in crowd[::500]] == together[::500]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    whole = Vocabulary(["<unk>", " 가", "가", "é", "가é"], [0.0, -1.5, -2.25, -3.0, -9.0])
    whole.write(tmp_path / "vocabulary.npz")
    kept = Vocabulary.read(tmp_path / "vocabulary.npz")
    assert kept.names == whole.names
    assert [kept.cut(word) for word in (" 가é", "가é", "가ßß가", "")] == [
        [1, 3],
        [2, 3],
        [2, 0, 2],
        [],
    ]


def test_pieces_are_told_as_they_are_written() -> None:
    assert "".join(bundled().pieces("매개변수가 있다")) == "매개변수가있다"


def test_a_vocabulary_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.npz").write_bytes(VOCABULARY.read_bytes()[:5_000])
    for path in (tmp_path / "vocabulary.npz", tmp_path / "none.npz"):
        with pytest.raises(EncoderError, match="install the program again") as told:
            Segmenter(path).ids(["가"])
        assert "\n" not in str(told.value)
