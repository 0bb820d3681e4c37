"""Texts to vectors: the protocol, and the bundled bilingual encoder.

The bundled encoder is static: a text is the weighted sum of its subword vectors, normalised.
It needs numpy and tokenizers only, loads in a tenth of a second and encodes thousands of passages
a second. How it was trained stands in `bundled/training/README.md`.
"""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from index.errors import EncoderError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Vectors = NDArray[np.float32]

BUNDLED = "bundled"
_FOLDER = Path(__file__).parent / "bundled"
_BATCH = 512
_CACHED_WORDS = 400_000
_SIGNS = re.compile(r"[\W_]+")
_WORDS = re.compile(r" ?(?:[a-z]+|[0-9]+|[가-힣]+|[^ a-z0-9가-힣]+)")


class Encoder(Protocol):
    """Anything that turns texts into unit vectors.

    Both methods return float32 of shape (n, dim), rows of length 1. `fingerprint` changes
    whenever the same text would get another vector.
    """

    dim: int
    fingerprint: str

    def encode_documents(self, texts: Sequence[str]) -> Vectors: ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors: ...


def words(text: str) -> list[str]:
    """Words as the bundled vocabulary was trained on them.

    NFKC, lower case, signs dropped, cut where the script changes; a leading space marks the start
    of a written word, so that `EXAONE이` becomes `" exaone"` and `"이"`.
    """
    folded = unicodedata.normalize("NFKC", text).lower()
    return _WORDS.findall(_SIGNS.sub(" ", " " + folded))


class BundledEncoder:
    """The static bilingual encoder shipped with the package."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        """Load `vectors.npz` (int8 rows, float16 scale per row) and `vocabulary.json`."""
        try:
            with np.load(folder / "vectors.npz", allow_pickle=False) as stored:
                self._rows: NDArray[np.int8] = stored["rows"]
                self._scales: NDArray[np.float32] = stored["scales"].astype(np.float32)
                self.fingerprint = f"bundled-{stored['digest']!s}"
        except (OSError, KeyError, ValueError) as error:
            raise EncoderError(
                f"the bundled encoder cannot be read ({error}): install the program again"
            ) from error
        self.dim = int(self._rows.shape[1])
        self._vocabulary = folder / "vocabulary.json"
        self._tokenizer: Tokenizer | None = None
        self._pieces: dict[str, list[int]] = {}

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for first in range(0, len(texts), _BATCH):
            split = [words(text) for text in texts[first : first + _BATCH]]
            self._learn({word for text in split for word in text})
            for row, text in enumerate(split, first):
                pieces: list[int] = []
                for word in text:
                    pieces += self._pieces[word]
                if pieces:
                    vectors[row] = self._scales[pieces] @ self._rows[pieces].astype(np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.maximum(norms, 1e-9)

    def _learn(self, seen: set[str]) -> None:
        """Segment the words not met before; segmentation is what costs, so it is remembered."""
        if len(self._pieces) > _CACHED_WORDS:
            self._pieces.clear()
        new = [word for word in seen if word not in self._pieces]
        if new:
            for word, encoding in zip(new, self._loaded().encode_batch_fast(new), strict=True):
                self._pieces[word] = encoding.ids

    def _loaded(self) -> "Tokenizer":
        if self._tokenizer is None:
            from tokenizers import Tokenizer

            self._tokenizer = Tokenizer.from_file(str(self._vocabulary))
        return self._tokenizer
