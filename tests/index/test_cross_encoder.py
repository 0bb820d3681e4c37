"""The bundled cross-encoder: in onnxruntime what the layers are in torch, and what it knows."""

import shutil
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from index.cross_encoder import FOLDER, CrossEncoder, Placed, cross_encoder, runs
from index.errors import EncoderError

QUESTIONS = [
    (
        "Who founded the company?",
        "It was set up in 2023 by Liang Wenfeng, who had run a hedge fund.",
        "The company is one that many people in Hangzhou like to talk about.",
    ),
    (
        "When did the war end?",
        "Fighting stopped in November 1918.",
        "The war was long and cost many lives.",
    ),
    (
        "누가 전화기를 발명했나?",
        "전화기는 알렉산더 그레이엄 벨이 발명했다.",
        "전화기는 오늘날 누구나 쓰는 물건이다.",
    ),
    (
        "전쟁은 언제 끝났나?",
        "The war came to its end in November 1918.",
        "The war was long and hard, and cost many lives.",
    ),
]


@pytest.mark.parametrize(("question", "answer", "other"), QUESTIONS)
def test_what_answers_stands_above_what_repeats_the_words(
    question: str, answer: str, other: str
) -> None:
    odds = cross_encoder().odds(question, [Placed("", other), Placed("", answer)])
    assert odds[1] > odds[0] + 1


def test_the_title_and_the_sentence_before_count() -> None:
    told = "It was founded in 1998 by two students."
    odds = cross_encoder().odds(
        "When was Google founded?",
        [Placed("Google", told, "Google is large."), Placed("The harp", told, "Harps are old.")],
    )
    assert odds[0] > odds[1]


def test_a_sentence_is_most_like_its_translation() -> None:
    korean = ["고양이가 매트 위에 앉았다.", "의사는 그에게 담배를 끊으라고 했다."]
    english = ["The cat sat on the mat.", "The doctor told him to stop smoking."]
    like = [[cross_encoder().similarity(a, Placed("", b)) for b in english] for a in korean]
    assert like[0][0] > like[0][1] + 0.2 and like[1][1] > like[1][0] + 0.2


def test_any_text_has_finite_odds_whatever_stands_beside_it() -> None:
    texts = ["", "🙏", "漢字", "EXAONE이 240억", "word " * 500, "\0\n", "é"]
    placed = [Placed(text, text, text) for text in texts]
    for question in ("", "무엇?", "long " * 300):
        odds = cross_encoder().odds(question, placed)
        assert odds.dtype == np.float32 and odds.shape == (len(texts),)
        assert np.isfinite(odds).all()
    assert cross_encoder().odds("무엇?", []).shape == (0,)


def test_the_order_given_is_the_order_of_the_odds() -> None:
    question, answer, other = QUESTIONS[0]
    texts = [other, answer, "No.", other * 3, "It rained.", other]
    odds = cross_encoder().odds(question, [Placed("", text) for text in texts])
    assert odds.argmax() == 1
    # Texts are rounded together with those beside them: a little may differ.
    assert odds[0] == pytest.approx(odds[5], abs=1.0)


def test_decomposed_and_full_width_spellings_are_one() -> None:
    ways = ("한국 AI", unicodedata.normalize("NFD", "한국 AI"), "한국 ＡＩ")
    plain, apart, wide = (cross_encoder().pieces(text) for text in ways)
    assert plain == apart == wide


def test_a_run_of_hangul_knows_whether_it_starts_a_word() -> None:
    assert runs("EXAONE이 뭐야? 3월") == ["EXAONE", "이", " 뭐야", "?", "3", "월"]


@pytest.mark.parametrize(
    "name", ["pieces.npz", "latin.npy", "hangul.npy", "shared.onnx", "joint.onnx", "apart.onnx"]
)
def test_a_damaged_file_is_one_clear_line(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "cross_encoder"
    shutil.copytree(FOLDER, folder)
    (folder / name).write_bytes((folder / name).read_bytes()[:9_000])
    with pytest.raises(EncoderError, match="install the program again") as told:
        CrossEncoder(folder)
    assert "\n" not in str(told.value)
    (folder / name).unlink()
    with pytest.raises(EncoderError, match=name):
        CrossEncoder(folder)


@pytest.mark.integration
@pytest.mark.parametrize("graph", ["shared", "joint", "apart"])
def test_no_processor_overflows(graph: str) -> None:
    """Without VNNI two products of unsigned and signed eight bits are added up in 16 bits, which is
    too few; both unsigned are multiplied exactly everywhere."""
    import onnx

    whole = onnx.load(str(FOLDER / f"{graph}.onnx")).graph
    kinds = {each.name: each.data_type for each in whole.initializer}
    products = [node for node in whole.node if node.op_type == "DynamicQuantizeMatMul"]
    assert len(products) >= 12
    assert {kinds[node.input[1]] for node in products} == {onnx.TensorProto.UINT8}


def tiny_model(folder: Path) -> None:
    """An English sentence model of four layers and a few words, with random weights."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from transformers import BertConfig, BertModel

    letters = "abcdefghijklmnopqrstuvwxyz0123456789.?:"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "small", "model", "has", *letters]
    words += [f"##{letter}" for letter in letters] + ["élan"]
    tokenizer = Tokenizer(WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = BertNormalizer(), BertPreTokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=96, num_hidden_layers=4, num_attention_heads=12,
        intermediate_size=192, max_position_embeddings=128, initializer_range=0.2,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)


@pytest.mark.integration
def test_the_kept_layers_read_as_torch_does(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from index.bundled.training.align import Pieces, extended
    from index.bundled.training.joined import Joined, alone, write, write_joint
    from index.bundled.training.kept import again, mean
    from index.cross_encoder import Layout

    tiny_model(tmp_path)
    pieces = Pieces(tmp_path)
    net = Joined(extended(tmp_path, pieces)).eval()
    torch.nn.init.normal_(net.odds.weight)
    torch.nn.init.normal_(net.kinds, std=0.2)
    for parameter in net.parameters():  # no two are alike, as after training
        parameter.data += 0.01 * torch.randn_like(parameter)
    write(net, pieces, tmp_path / "out")
    question = "몇 개인가 24b?"
    sentences = [
        Placed("the model", "The small model has 24 parts.", "작은 모델이다."),
        Placed("", "작은 모델은 EXAONE이다"),
        Placed("a", "has?", "the " * 40),
        Placed("마지스트랄 스몰", "a", ""),
        Placed("", "model " * 80),
    ]
    kept = CrossEncoder(tmp_path / "out")
    made = kept.odds(question, sentences)
    alike = [kept.similarity(question, placed._replace(before="")) for placed in sentences]
    layout = Layout(pieces, pieces.start, pieces.end, pieces.colon)
    with torch.inference_mode():
        asked, mask = alone(net, [layout.question(question)])
        texts, places = alone(net, [layout.sentence(sentence) for sentence in sentences])
        many = len(sentences)
        wanted = net.together(
            asked.expand(many, -1, -1), mask.expand(many, -1), texts, places
        ).numpy()
        bare = [layout.sentence(placed._replace(before="")) for placed in sentences]
        own = net.vectors(*alone(net, bare)) @ net.vectors(asked, mask)[0]
    assert np.corrcoef(alike, own.numpy())[0, 1] > 0.99
    assert np.ptp(wanted) > 1
    assert np.corrcoef(made, wanted)[0, 1] > 0.99
    assert np.abs(made - wanted).max() < 0.2 * np.ptp(wanted)
    # Training goes on from what was kept, and writes the joint layers again.
    back = again(tmp_path, tmp_path / "out", pieces).eval()
    with torch.inference_mode():
        asked, mask = alone(back, [layout.question(question)])
        texts, places = alone(back, [layout.sentence(sentence) for sentence in sentences])
        read = back.together(
            asked.expand(many, -1, -1), mask.expand(many, -1), texts, places
        ).numpy()
    assert np.corrcoef(read, wanted)[0, 1] > 0.99
    assert np.abs(read - wanted).max() < 0.2 * np.ptp(wanted)
    others = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    torch.nn.init.normal_(back.odds.weight)
    write_joint(back, tmp_path / "out")
    changed = {
        file.name for file in (tmp_path / "out").iterdir() if file.read_bytes() != others[file.name]
    }
    assert changed == {"joint.onnx"}
    weight = (net.odds.weight + back.odds.weight) / 2
    assert torch.allclose(mean([net, back]).odds.weight, weight)
