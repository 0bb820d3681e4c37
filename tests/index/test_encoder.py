"""The bundled encoder: unit vectors that depend on the text alone, and mean something."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest

from index.encoder import BundledEncoder
from index.errors import EncoderError

TEXTS = [
    "마지스트랄 스몰의 매개변수는 240억 개다.",
    "Magistral Small has 24 billion parameters.",
    "",
    "The weather in Paris was fine.",
    "엑사원 딥은 LG AI연구원이 만들었다.",
]


def test_rows_are_float32_of_length_one(encoder: BundledEncoder) -> None:
    vectors = encoder.encode_documents(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dim)
    assert vectors.dtype == np.float32
    lengths = np.linalg.norm(vectors, axis=1)
    written = [bool(text) for text in TEXTS]
    assert np.allclose(lengths[written], 1.0, atol=1e-5)
    assert encoder.encode_queries(TEXTS).shape == vectors.shape


@pytest.mark.parametrize("empty", ["", " ", "?!", "\n\n"])
def test_a_text_without_words_has_a_vector_that_resembles_nothing(
    encoder: BundledEncoder, empty: str
) -> None:
    vector = encoder.encode_documents([empty])[0]
    assert np.isfinite(vector).all()
    assert np.abs(encoder.encode_documents(TEXTS) @ vector).max() < 1e-3


def test_no_texts_give_no_rows(encoder: BundledEncoder) -> None:
    assert encoder.encode_documents([]).shape == (0, encoder.dim)


def test_a_text_has_the_same_vector_in_any_batch(encoder: BundledEncoder) -> None:
    together = encoder.encode_documents(TEXTS * 300)
    alone = np.concatenate([encoder.encode_documents([text]) for text in TEXTS])
    assert np.array_equal(together, np.tile(alone, (300, 1)))
    assert np.array_equal(encoder.encode_documents(TEXTS[::-1])[::-1], alone)


def test_two_encoders_agree(encoder: BundledEncoder) -> None:
    other = BundledEncoder()
    assert other.fingerprint == encoder.fingerprint
    assert np.array_equal(other.encode_documents(TEXTS), encoder.encode_documents(TEXTS))


@pytest.mark.parametrize("form", ["NFD", "NFKD", "NFKC"])
def test_normal_forms_are_one_text(encoder: BundledEncoder, form: str) -> None:
    other = [unicodedata.normalize(form, text) for text in TEXTS]  # type: ignore[arg-type]
    assert np.array_equal(encoder.encode_documents(other), encoder.encode_documents(TEXTS))


def test_capitals_and_full_width_letters_are_one_text(encoder: BundledEncoder) -> None:
    first, second = encoder.encode_documents(["EXAONE deep 32B", "ｅｘａｏｎｅ ＤＥＥＰ ３２ｂ"])
    assert np.array_equal(first, second)


def test_translations_stand_closer_than_strangers(encoder: BundledEncoder) -> None:
    korean, english, _, weather, _ = encoder.encode_documents(TEXTS)
    assert korean @ english > 0.4
    assert korean @ english > korean @ weather + 0.2


def test_a_damaged_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "vectors.npz").write_bytes(b"PK\x03\x04 not an archive")
    with pytest.raises(EncoderError, match="install the program again"):
        BundledEncoder(tmp_path)
    with pytest.raises(EncoderError, match="install the program again"):
        BundledEncoder(tmp_path / "nowhere")
