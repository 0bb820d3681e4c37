"""Any sentence-transformers model as the encoder, with the prompts that it brings along."""

import hashlib
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index.encoder import Vectors
from index.errors import EncoderError
from index.pretrained import Located, first_line, load, locate

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

_KIND = "sentence-transformers model"
_BATCH = 32
_MANY = 300
_EDGE = 1 << 18


class SentenceEncoder:
    """Texts to unit vectors by a model named by hub name or folder."""

    quick = False

    def __init__(self, name: str) -> None:
        """Find and load the model; from the hub when it is not here and the hub can be reached.

        A model loaded before is taken again while its files are the same. Raises EncoderError.
        """
        found = locate(name, "sentence-transformers", "modules.json", _KIND)
        kind = found.values("config_sentence_transformers.json").get("model_type")
        if kind not in (None, "SentenceTransformer"):
            raise EncoderError(f"{name}: is a {kind}; an encoder must be a SentenceTransformer")
        content = found.revision or _content(found.folder)
        self._name = name
        self._model, self.dim = _load(found, content)
        key = hashlib.sha256(f"{name}\n{content}\n{self.dim}".encode()).hexdigest()[:12]
        self.fingerprint = f"st-{key}"

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        return self._encode(self._model.encode_document, texts)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(self._model.encode_query, texts)

    def _encode(self, encode: Callable[..., Any], texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        bar = len(texts) > _MANY and sys.stderr.isatty()
        try:
            vectors = encode(list(texts), batch_size=_BATCH, show_progress_bar=bar)
        except RuntimeError as error:  # memory, most of all
            raise EncoderError(
                f"{self._name}: cannot encode ({first_line(error)}); choose a smaller model"
            ) from error
        return _unit(vectors)


@lru_cache(maxsize=1)
def _load(found: Located, content: str) -> "tuple[SentenceTransformer, int]":
    """The model and the length of its vectors. `content` keeps apart what lay at one path in turn."""
    from sentence_transformers import SentenceTransformer

    model: SentenceTransformer = load(found, SentenceTransformer)
    half = _half(model.device)
    if half is not None:
        model.to(half)
    try:
        shape = np.shape(model.encode_document(["a"], show_progress_bar=False))
    except Exception as error:
        raise EncoderError(
            f"{found.given}: cannot encode ({first_line(error)}); choose another"
        ) from error
    if len(shape) != 2 or not shape[1]:
        raise EncoderError(f"{found.given}: is no {_KIND}, it gives no vector for a text")
    return model, int(shape[1])


def _half(device: "torch.device") -> "torch.dtype | None":
    """Two bytes a number where the device is faster with them."""
    import torch

    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.float16 if device.type == "mps" else None


def _unit(vectors: Any) -> Vectors:
    """Rows of length 1 in float32; half precision alone would leave them a thousandth off."""
    rows = np.asarray(vectors, np.float32)
    normed: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return normed


def _content(folder: Path) -> str:
    """A key of the files in a model's folder: their names, sizes, beginnings and ends."""
    key = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        relative = path.relative_to(folder)
        if any(part.startswith(".") for part in relative.parts) or path.suffix == ".md":
            continue
        size = path.stat().st_size
        with path.open("rb") as file:
            begin = file.read(_EDGE)
            file.seek(max(0, size - _EDGE))
            key.update(f"{relative.as_posix()}\n{size}\n".encode() + begin + file.read())
    return key.hexdigest()
