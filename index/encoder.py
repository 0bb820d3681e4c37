"""Texts to vectors: the protocol, and the bundled bilingual encoder.

The bundled encoder is static: a text is the weighted sum of its subword vectors, normalised.
It needs numpy only (for many texts tokenizers too), and encodes thousands of passages a second. How it was trained stands in `bundled/training/README.md`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.errors import reading
from index.segmenter import VOCABULARY, Segmenter, bundled

Vectors = NDArray[np.float32]

BUNDLED = "bundled"
_BATCH = 512


class Encoder(Protocol):
    """Anything that turns texts into unit vectors.

    Both methods return float32 of shape (n, dim), rows of length 1. `fingerprint` changes
    whenever the same text would get another vector. `quick` says that dozens of sentences take
    milliseconds, so that search may look at the sentences of what it found.
    """

    dim: int
    fingerprint: str
    quick: bool

    def encode_documents(self, texts: Sequence[str]) -> Vectors: ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors: ...


class BundledEncoder:
    """The static bilingual encoder shipped with the package."""

    quick = True

    def __init__(self, folder: Path = VOCABULARY.parent) -> None:
        """Load `vectors.npz` (int8 rows, one float16 scale per row); the vocabulary beside it is
        read with the first text. Raises EncoderError when they cannot be read.
        """
        with (
            reading("the bundled encoder"),
            np.load(folder / "vectors.npz", allow_pickle=False) as stored,
        ):
            self._rows: NDArray[np.int8] = stored["rows"]
            self._scales: NDArray[np.float32] = stored["scales"].astype(np.float32)
            self.fingerprint = f"bundled-{stored['digest']!s}"
        self.dim = int(self._rows.shape[1])
        own = folder / VOCABULARY.name
        self._segmenter = bundled() if own == VOCABULARY else Segmenter(own)

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for first in range(0, len(texts), _BATCH):
            for row, pieces in enumerate(self._segmenter.ids(texts[first : first + _BATCH]), first):
                if pieces:
                    vectors[row] = self._scales[pieces] @ self._rows[pieces].astype(np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        normed: Vectors = vectors / np.maximum(norms, 1e-9)
        return normed

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self.encode_documents(texts)
