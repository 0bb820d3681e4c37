"""A CrossEncoder trained on entailment in the place of the built-in judgement: real ones, tiny."""

import json
from pathlib import Path

import pytest

from index.errors import EncoderError
from rag import entailment
from rag.answer import Answerer
from rag.events import Request
from rag.home import open_index
from rag.settings import load
from rag.support import Verifier
from tests.rag.test_rerank import build

pytestmark = pytest.mark.integration

LABELS = {"0": "contradiction", "1": "entailment", "2": "neutral"}
CLAIM = "마지스트랄 스몰에는 이백사십억 개의 매개변수가 있습니다."


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = build(tmp_path_factory.mktemp("models") / "entailment", labels=3)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config["id2label"] = LABELS
    config["label2id"] = {label: int(number) for number, label in LABELS.items()}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    return folder


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def test_the_probability_is_that_of_the_entailment_label(model: Path) -> None:
    from sentence_transformers import CrossEncoder
    from torch.nn import Softmax

    pairs = [("작은 쪽은 매개변수가 240억 개다.", CLAIM), ("A cat sleeps.", CLAIM)]
    expected = CrossEncoder(str(model)).predict(pairs, activation_fn=Softmax(dim=-1))
    entails = entailment.load(str(model))
    for pair, row in zip(pairs, expected, strict=True):
        assert entails(*pair) == pytest.approx(float(row[1]), abs=1e-5)


def test_it_replaces_the_score_within_what_contradictions_allow(
    answerer: Answerer, model: Path
) -> None:
    hits = answerer.search("마지스트랄 스몰의 매개변수는 몇 개인가?", 8, Request("x"))
    hit = next(hit for hit in hits if "240억" in hit.text)
    index = answerer._index
    with index.store.snapshot() as snapshot:
        encoder = index.encoder(snapshot)
    own = Verifier(encoder, index.rarity)
    for probability in (0.0, 0.97):
        judged = Verifier(encoder, index.rarity, entails=lambda _, __, p=probability: p)
        assert (
            judged.evidence("마지스트랄 스몰의 매개변수는 240억 개입니다.", hit)[2] == probability
        )
        # A number that contradicts the source limits whatever a model says.
        wrong = "마지스트랄 스몰의 매개변수는 320억 개입니다."
        assert judged.evidence(wrong, hit)[2] <= 0.1
    assert own.evidence("마지스트랄 스몰의 매개변수는 240억 개입니다.", hit)[2] not in (0.0, 0.97)


def test_the_settings_name_it(sample_home: Path, model: Path, tmp_path: Path) -> None:
    (tmp_path / "rag.toml").write_text(f"[citations]\nentailment = {json.dumps(str(model))}\n")
    settings = load(tmp_path)
    assert settings.citations.entailment == str(model)
    chosen = Answerer(open_index(sample_home), settings)
    assert chosen._entailment() is entailment.load(str(model))
    assert chosen.ask(Request("How many parameters does Magistral Small have?")).citations
    assert Answerer(open_index(sample_home), load(sample_home))._entailment() is None


def test_a_model_without_such_a_label_is_refused(tmp_path: Path) -> None:
    folder = build(tmp_path / "three", labels=3)
    with pytest.raises(EncoderError, match="no label for entailment"):
        entailment.load(str(folder))
