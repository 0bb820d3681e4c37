"""The bundled contextual encoder: in numpy what the model is in torch, and what it knows."""

import shutil
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from index.contextual import FOLDER, LONGEST, ContextualEncoder, contextual, runs
from index.errors import EncoderError

PAIRS = [
    ("고양이가 매트 위에 앉았다.", "The cat sat on the mat."),
    ("회사는 새 공장을 지을 돈이 없다.", "The company has no money to build a new factory."),
    ("의사는 그에게 담배를 끊으라고 했다.", "The doctor told him to stop smoking."),
    ("비가 와서 경기가 취소되었다.", "The match was cancelled because of rain."),
    ("그 책은 일곱 언어로 번역되었다.", "The book has been translated into seven languages."),
]


def test_a_sentence_is_nearest_to_its_translation() -> None:
    korean, english = (contextual().encode(side) for side in zip(*PAIRS, strict=True))
    nearest = (korean @ english.T).argmax(axis=1)
    assert nearest.tolist() == [0, 1, 2, 3, 4]


def test_the_order_of_words_counts() -> None:
    one, other = contextual().encode(["The dog bit the man.", "The man bit the dog."])
    assert one @ other < 0.999


def test_vectors_are_of_length_one_whatever_the_text_and_the_texts_beside_it() -> None:
    texts = ["", "🙏", "漢字", "EXAONE이 240억", "word " * 500, "\0\n", "é"]
    vectors = contextual().encode(texts)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    alone = np.concatenate([contextual().encode([text]) for text in texts])
    assert np.allclose(vectors, alone, atol=1e-4)
    assert contextual().encode([]).shape == (0, vectors.shape[1])
    longer = contextual().encode(["word " * (LONGEST - 2)])
    assert np.allclose(longer[0], vectors[4], atol=1e-4)


def test_decomposed_and_full_width_spellings_are_one() -> None:
    plain, apart, wide = (
        contextual().encode([text])[0]
        for text in ("한국 AI", unicodedata.normalize("NFD", "한국 AI"), "한국 ＡＩ")
    )
    assert np.allclose(plain, apart) and np.allclose(plain, wide)


def test_a_run_of_hangul_knows_whether_it_starts_a_word() -> None:
    assert runs("EXAONE이 뭐야? 3월") == ["EXAONE", "이", " 뭐야", "?", "3", "월"]


@pytest.mark.parametrize("name", ["latin.npz", "hangul.npz", "layers.npz"])
def test_a_damaged_file_is_one_clear_line(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "contextual"
    shutil.copytree(FOLDER, folder)
    (folder / name).write_bytes((folder / name).read_bytes()[:9_000])
    with pytest.raises(EncoderError, match="install the program again") as told:
        ContextualEncoder(folder)
    assert "\n" not in str(told.value)
    (folder / name).unlink()
    with pytest.raises(EncoderError, match=name):
        ContextualEncoder(folder)


@pytest.mark.integration
def test_numpy_reads_as_torch_does(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from transformers import BertConfig, BertModel

    from index.bundled.training.align import Pieces, extended, pooled, write

    letters = "abcdefghijklmnopqrstuvwxyz0123456789.?"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "small", "model", "has", *letters]
    words += [f"##{letter}" for letter in letters] + ["élan"]
    tokenizer = Tokenizer(WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = BertNormalizer(), BertPreTokenizer()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=64, num_hidden_layers=3, num_attention_heads=2,
        intermediate_size=96, max_position_embeddings=128,
    )  # fmt: skip
    BertModel(config).save_pretrained(tmp_path)
    pieces = Pieces(tmp_path)
    net = extended(tmp_path, pieces).eval()
    write(net, pieces, tmp_path / "out")
    texts = ["The small model has 24 parts.", "작은 모델은 EXAONE이다", "마지스트랄 스몰 24b?", "a"]
    made = ContextualEncoder(tmp_path / "out").encode(texts)
    with torch.inference_mode():
        wanted = pooled(net, pieces, [pieces(text) for text in texts]).numpy()
    assert ((made * wanted).sum(axis=1) > 0.998).all()
    # The vectors differ among themselves by more than rounding does.
    assert (made @ made.T)[0, 1:].max() < 0.99
