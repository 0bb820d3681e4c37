"""A CrossEncoder that orders hits anew: a real one, tiny, with random weights."""

import json
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import CrossEncoder
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from index.errors import EncoderError
from rag import rerank
from rag.events import Request
from rag.home import open_index
from rag.retrieve import retrieve
from rag.upkeep import SAMPLE_FOLDER

pytestmark = pytest.mark.integration

QUESTION = "마지스트랄 스몰의 매개변수는 몇 개인가?"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def build(folder: Path, labels: int = 1) -> Path:
    """A BERT of one layer, written as older cross-encoders are: config, weights, tokenizer."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=1_500, special_tokens=SPECIAL, show_progress=False
    )
    texts = [path.read_text("utf-8") for path in sorted(SAMPLE_FOLDER.rglob("*.md"))]
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    whole = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
        sep_token="[SEP]", mask_token="[MASK]", model_max_length=256,
    )  # fmt: skip
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=1,
        num_attention_heads=2, intermediate_size=64, max_position_embeddings=256, num_labels=labels,
        initializer_range=0.5,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    whole.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("models") / "cross")


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def test_the_first_hits_come_in_the_order_of_the_models_scores(
    sample_home: Path, model: Path
) -> None:
    index, request = open_index(sample_home), Request(QUESTION)
    plain = retrieve(index, request, 30, "")
    hits = retrieve(index, request, 30, str(model))
    first = plain[: rerank.DEPTH]
    pairs = [(QUESTION, f"{hit.title}\n{hit.text}") for hit in first]
    scores = CrossEncoder(str(model), device="cpu").predict(pairs)
    wanted = [first[place].passage_id for place in np.argsort(-scores, kind="stable")]
    assert [hit.passage_id for hit in hits[: rerank.DEPTH]] == wanted
    assert wanted != [hit.passage_id for hit in first]
    assert [hit.passage_id for hit in hits[rerank.DEPTH :]] == [
        hit.passage_id for hit in plain[rerank.DEPTH :]
    ]
    found = [hit.score for hit in hits]
    assert found == sorted(found, reverse=True)
    assert 0 <= found[-1] <= found[0] <= 1


def test_few_hits_are_the_best_of_many(sample_home: Path, model: Path) -> None:
    index, request = open_index(sample_home), Request(QUESTION)
    many = retrieve(index, request, rerank.DEPTH, str(model))
    assert retrieve(index, request, 3, str(model)) == many[:3]
    assert rerank.rerank(str(model), QUESTION, []) == []


def test_the_setting_orders_search_and_answers(rag, home: Path, model: Path) -> None:
    before = rag("search", QUESTION, "--json", "--home", home).json["hits"]
    (home / "rag.toml").write_text(f"reranker = {json.dumps(str(model))}\n", "utf-8")
    after = rag("search", QUESTION, "--json", "--home", home).json["hits"]
    assert len(after) == len(before)
    assert after != before
    assert rag("ask", QUESTION, "--json", "--home", home).code == 0


def test_a_model_of_another_kind_is_one_line(home: Path, rag, tmp_path: Path) -> None:
    chat = tmp_path / "chat"
    chat.mkdir()
    (chat / "config.json").write_text('{"architectures": ["Qwen3ForCausalLM"]}')
    for name, said in (
        (str(chat), "Qwen3ForCausalLM"),
        (str(tmp_path), "config.json"),
        (str(build(tmp_path / "three", labels=3)), "3 scores"),
        ("nobody/no-such-reranker", "hub cannot be reached"),
    ):
        with pytest.raises(EncoderError, match=said):
            rerank.load(name)
        (home / "rag.toml").write_text(f"reranker = {json.dumps(name)}\n", "utf-8")
        assert rag("ask", QUESTION, "--home", home).failed(said)
