"""The bundled contextual encoder: a small BERT that knows Korean and English, in plain numpy.

The static encoder and the terms see words; this sees what the words of a sentence say together. It
has six layers (Devlin et al. 2019), English word pieces and Hangul ones, and the space of a
sentence-transformers model. It reads some hundred sentences a second: enough for those that come
into question, not for all that is indexed. Importing a tensor library would take longer than
reading them does. How it was trained stands in `bundled/training/README.md`.
"""

import re
import unicodedata
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from index.encoder import Vectors
from index.errors import EncoderError
from index.segmenter import VOCABULARY, bundled

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FOLDER = VOCABULARY.parent / "contextual"
UNKNOWN, START, END = SPECIAL = ("[UNK]", "[CLS]", "[SEP]")
LONGEST = 96
"""How many pieces of a text are read."""
_RUNS = re.compile(r"[가-힣]+|[^가-힣]+")
_HEAD_WIDTH = 32
_TINY = np.float32(1e-12)


def runs(text: str) -> list[str]:
    """A text cut where the script changes and between words.

    A leading space marks a run of Hangul that starts a written word: its pieces depend on it.
    """
    text, found = unicodedata.normalize("NFKC", text), list[str]()
    for run in _RUNS.finditer(text):
        if is_hangul(run.group()):
            apart = run.start() == 0 or text[run.start() - 1].isspace()
            found.append(" " * apart + run.group())
        else:
            found += run.group().split()
    return found


def is_hangul(run: str) -> bool:
    """Whether a run is of Hangul rather than of anything else."""
    return "가" <= run[-1] <= "힣"


class ContextualEncoder:
    """Texts to unit vectors, each read as a whole."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Load the folder that `bundled/training/align.py` wrote. Raises EncoderError when they cannot be read."""
        try:
            with np.load(folder / "latin.npz", allow_pickle=False) as stored:
                words = stored["words"].tobytes().decode().split("\n")
                rows, scales = [stored["rows"]], [stored["scales"]]
            with np.load(folder / "hangul.npz", allow_pickle=False) as stored:
                rows.append(stored["rows"])
                scales.append(stored["scales"])
                hangul = stored["pieces"].tolist()
            with np.load(folder / "layers.npz", allow_pickle=False) as stored:
                self._weights: dict[str, Vectors] = {
                    name: _whole(stored[name], stored.get(f"{name}.scale"))
                    for name in stored["names"]
                }
        except (OSError, KeyError, ValueError, BadZipFile) as error:
            raise EncoderError(
                f"the bundled contextual encoder cannot be read ({error}): install the program again"
            ) from error
        self._rows: NDArray[np.int8] = np.concatenate(rows)
        self._scales = np.concatenate(scales).astype(np.float32)
        self._row = {word: row for row, word in enumerate(words)}
        self._hangul = {piece: len(words) + row for row, piece in enumerate(hangul)}
        self._layers = sum(name.endswith(".out") for name in self._weights)
        self._tokenizer: Tokenizer | None = None
        self._known: dict[str, list[int]] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32 of shape (len(texts), dim): the mean over a text's pieces."""
        start, end = self._row[START], self._row[END]
        return self._read([[start, *self.pieces(text)[: LONGEST - 2], end] for text in texts])

    def pieces(self, text: str) -> list[int]:
        """The rows of a text's word pieces."""
        found: list[int] = []
        for run in runs(text):
            if run not in self._known:
                self._known[run] = self._cut(run)
            found += self._known[run]
        return found

    def _cut(self, run: str) -> list[int]:
        if is_hangul(run):
            unknown = self._row[UNKNOWN]
            return [self._hangul.get(piece, unknown) for piece in bundled().word(run)]
        ids: list[int] = self._wordpiece().encode(run, add_special_tokens=False).ids
        return ids

    def _wordpiece(self) -> "Tokenizer":
        if self._tokenizer is None:
            from tokenizers import Tokenizer
            from tokenizers.models import WordPiece
            from tokenizers.normalizers import BertNormalizer
            from tokenizers.pre_tokenizers import BertPreTokenizer

            self._tokenizer = Tokenizer(WordPiece(self._row, unk_token=UNKNOWN))
            self._tokenizer.normalizer = BertNormalizer(lowercase=True)
            self._tokenizer.pre_tokenizer = BertPreTokenizer()
        return self._tokenizer

    def _read(self, texts: Sequence[Sequence[int]]) -> Vectors:
        """All texts in one row of pieces, so that nothing is padded."""
        if not texts:
            return np.zeros((0, self._rows.shape[1]), np.float32)
        w = self._weights
        flat = np.concatenate([np.asarray(text) for text in texts])
        bounds = np.cumsum([0, *map(len, texts)]).tolist()
        places = np.concatenate([np.arange(len(text)) for text in texts])
        x: Vectors = self._rows[flat].astype(np.float32) * self._scales[flat][:, None]
        x = _levelled(x + w["places"][places], w["begin"])
        for n in range(self._layers):
            every = x @ w[f"{n}.all"] + w[f"{n}.all_bias"]
            seen: Vectors = np.concatenate([_attended(every[a:b]) for a, b in pairwise(bounds)])
            x = _levelled(x + seen @ w[f"{n}.out"] + w[f"{n}.out_bias"], w[f"{n}.after"])
            wide = _gelu(x @ w[f"{n}.wide"] + w[f"{n}.wide_bias"])
            x = _levelled(x + wide @ w[f"{n}.narrow"] + w[f"{n}.narrow_bias"], w[f"{n}.end"])
        means: Vectors = np.add.reduceat(x, bounds[:-1], axis=0)
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        return means


def _whole(kept: NDArray[np.generic], scale: NDArray[np.float16] | None) -> Vectors:
    """A matrix (in, out) kept as int8 with a scale per column, or a float array as it stands."""
    wide = kept.astype(np.float32)
    return wide if scale is None else wide * scale.astype(np.float32)


def _attended(every: Vectors) -> Vectors:
    """Multi-head attention within one text: queries, keys and values side by side, (n, 3 · dim)."""
    length, width = every.shape[0], every.shape[1] // 3
    apart = every.reshape(length, 3, width // _HEAD_WIDTH, _HEAD_WIDTH).transpose(1, 2, 0, 3)
    queries, keys, values = apart
    scores = queries @ keys.transpose(0, 2, 1) / np.float32(_HEAD_WIDTH**0.5)
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    scores /= scores.sum(axis=-1, keepdims=True)
    joined: Vectors = (scores @ values).transpose(1, 0, 2).reshape(length, width)
    return joined


def _levelled(x: Vectors, scale: Vectors) -> Vectors:
    """Layer normalisation; `scale` holds gain and shift."""
    x = x - x.mean(axis=1, keepdims=True)
    spread = np.sqrt((x * x).mean(axis=1, keepdims=True) + _TINY)
    levelled: Vectors = x / spread * scale[0] + scale[1]
    return levelled


def _gelu(x: Vectors) -> Vectors:
    """GELU by the approximation with tanh (Hendrycks and Gimpel 2016)."""
    inner = np.float32(0.7978846) * (x + np.float32(0.044715) * x * x * x)
    wide: Vectors = np.float32(0.5) * x * (1 + np.tanh(inner))
    return wide


@lru_cache(maxsize=1)
def loading() -> "Future[ContextualEncoder]":
    """The one contextual encoder of this process, loaded beside what else there is to do."""
    beside = ThreadPoolExecutor(1)
    future = beside.submit(ContextualEncoder)
    beside.shutdown(wait=False)
    return future


def contextual() -> ContextualEncoder:
    """The one contextual encoder of this process. Raises EncoderError when it cannot be read."""
    return loading().result()
