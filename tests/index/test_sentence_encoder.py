"""A sentence-transformers model as the encoder: real ones, tiny and made on the spot."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from index.encoder import BUNDLED
from index.errors import EncoderError
from index.sentence_encoder import SentenceEncoder
from rag.home import open_index
from rag.upkeep import SAMPLE_FOLDER

pytestmark = pytest.mark.integration

QUESTION = "마지스트랄 스몰의 매개변수는 몇 개인가?"
PROMPTS = {"query": "찾는다: ", "document": "글이다: "}


def build(folder: Path, dim: int = 48, seed: int = 0) -> Path:
    """A static model with random vectors for the pieces of the sample articles, and prompts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=2_000, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    texts = [path.read_text("utf-8") for path in sorted(SAMPLE_FOLDER.rglob("*.md"))]
    tokenizer.train_from_iterator(texts, trainer)
    weights = np.random.default_rng(seed).normal(size=(tokenizer.get_vocab_size(), dim))
    static = StaticEmbedding(tokenizer, embedding_weights=weights.astype(np.float32))
    model = SentenceTransformer(modules=[static, Normalize()], device="cpu", prompts=PROMPTS)
    model.save_pretrained(str(folder), create_model_card=False)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def choose(home: Path, name: Path | str) -> None:
    (home / "rag.toml").write_text(f"encoder = {json.dumps(str(name))}\n", "utf-8")


def test_vectors_are_float32_of_length_one(model: Path) -> None:
    encoder = SentenceEncoder(str(model))
    vectors = encoder.encode_documents(["파리의 회사다.", "A company in Paris.", ""])
    assert (vectors.dtype, vectors.shape, encoder.dim) == (np.float32, (3, 48), 48)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert encoder.encode_queries([]).shape == (0, 48)


def test_the_models_own_prompts_are_used(model: Path) -> None:
    encoder = SentenceEncoder(str(model))
    library_model = SentenceTransformer(str(model), device="cpu")
    for kind, encode in (("query", encoder.encode_queries), ("document", encoder.encode_documents)):
        wanted = library_model.encode([PROMPTS[kind] + QUESTION], prompt="")
        assert np.allclose(encode([QUESTION]), wanted, atol=1e-6)


def test_the_fingerprint_is_that_of_the_files(model: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(model, tmp_path / "copy"))
    first = SentenceEncoder(str(copy))
    assert first.fingerprint.startswith("st-")
    assert SentenceEncoder(str(copy)).fingerprint == first.fingerprint
    (copy / "README.md").write_text("words for people")
    assert SentenceEncoder(str(copy)).fingerprint == first.fingerprint
    shutil.rmtree(copy)
    other = SentenceEncoder(str(build(copy, seed=1)))
    assert other.fingerprint != first.fingerprint
    assert not np.allclose(other.encode_queries([QUESTION]), first.encode_queries([QUESTION]))


def test_another_encoder_in_the_settings_encodes_anew_what_is_stored(
    rag, home: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(shutil.copytree(SAMPLE_FOLDER, tmp_path / "articles"))
    assert rag("index", source, "--home", home).code == 0
    before = rag("search", QUESTION, "--json", "--home", home).json["hits"]
    shutil.rmtree(source)
    choose(home, model)
    assert rag("search", QUESTION, "--json", "--home", home).json["hits"] == before
    rag("index", "--home", home)
    status = rag("status", "--json", "--home", home).json
    assert status["encoder"] == str(model)
    index = open_index(home)
    with index.store.snapshot() as snapshot:
        encoder = index.encoder(snapshot)
        assert isinstance(encoder, SentenceEncoder)
        (block,) = snapshot.vector_blocks(encoder.fingerprint, 10_000)
        passages = snapshot.passages(block[0])
    assert len(passages) == status["counts"]["passages"]
    texts = [
        "\n".join(part for part in (p.title, p.heading, p.text) if part) for p in passages.values()
    ]
    vectors = dict(zip(block[0], block[1], strict=True))
    for passage, vector in zip(passages, encoder.encode_documents(texts), strict=True):
        assert np.allclose(vectors[passage], vector, atol=2e-3)
    after = rag("search", QUESTION, "--json", "--home", home).json["hits"]
    assert [hit["dense_rank"] for hit in after] != [hit["dense_rank"] for hit in before]
    cosines = encoder.encode_documents(texts) @ encoder.encode_queries([QUESTION])[0]
    korean = [
        (c, p.id) for c, p in zip(cosines, passages.values(), strict=True) if p.language == "ko"
    ]
    order = [i for _, i in sorted(korean, reverse=True)]
    hits = [h for h in index.search(QUESTION, 8) if h.language == "ko"]
    ranks = {h.passage_id: h.dense_rank for h in hits if h.dense_rank}
    assert ranks
    assert all(abs(order.index(i) + 1 - rank) <= 1 for i, rank in ranks.items())


def test_back_to_the_bundled_encoder(rag, home: Path, model: Path) -> None:
    before = rag("search", QUESTION, "--json", "--home", home).json["hits"]
    for name in (str(model), BUNDLED):
        choose(home, name)
        assert rag("index", "--home", home).code == 0
    assert rag("search", QUESTION, "--json", "--home", home).json["hits"] == before


def test_a_rebuild_without_the_files_remembers_the_encoder(
    rag, write, tmp_path: Path, model: Path
) -> None:
    home, root = tmp_path / "home", write("news", {"a.md": "키위는 과일이다.\n"})
    home.mkdir()
    choose(home, model)
    assert rag("index", root, "--home", home).code == 0
    shutil.rmtree(root)
    rag("index", "--rebuild", "--home", home)
    assert rag("status", "--json", "--home", home).json["encoder"] == str(model)
    assert rag("search", "키위", "--json", "--home", home).json["hits"]


def test_a_name_in_the_hubs_cache_needs_no_network(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "hub" / "models--somebody--tiny"
    shutil.copytree(model, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    encoder = SentenceEncoder("somebody/tiny")
    assert np.array_equal(
        encoder.encode_queries([QUESTION]), SentenceEncoder(str(model)).encode_queries([QUESTION])
    )
    assert encoder.fingerprint != SentenceEncoder(str(model)).fingerprint


def _empty(folder: Path) -> str:
    folder.mkdir()
    return str(folder)


def _chat_model(folder: Path) -> str:
    folder.mkdir()
    (folder / "config.json").write_text('{"architectures": ["Qwen3ForCausalLM"]}')
    return str(folder)


def _cross_encoder(folder: Path) -> str:
    folder.mkdir()
    (folder / "modules.json").write_text("[]")
    kind = {"model_type": "CrossEncoder"}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(kind))
    return str(folder)


def _damaged(folder: Path) -> str:
    build(folder)
    next(folder.rglob("*.safetensors")).write_bytes(b"\x08cut")
    return str(folder)


def _own_code(folder: Path) -> str:
    folder.mkdir()
    modules = [{"idx": 0, "name": "0", "path": "", "type": "custom.Encoder"}]
    (folder / "modules.json").write_text(json.dumps(modules))
    return str(folder)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_empty, "modules.json"), (_chat_model, "modules.json"), (_cross_encoder, "CrossEncoder"),
        (_damaged, "cannot be loaded"), (_own_code, "code of its own"), (str, "no such folder"),
        (lambda folder: "nobody/no-such-encoder", "hub cannot be reached"),
    ],
)  # fmt: skip
def test_what_cannot_be_loaded_is_one_line(tmp_path: Path, make, said: str) -> None:
    with pytest.raises(EncoderError, match=said) as caught:
        SentenceEncoder(make(tmp_path / "model"))
    assert "\n" not in str(caught.value)


def test_an_encoder_that_cannot_be_loaded_leaves_the_index_as_it_was(rag, home: Path) -> None:
    before = rag("search", QUESTION, "--json", "--home", home).json
    choose(home, "nobody/no-such-encoder")
    assert rag("index", "--home", home).failed("nobody/no-such-encoder")
    assert rag("search", QUESTION, "--json", "--home", home).json == before
