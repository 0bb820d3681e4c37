"""The bundled cross-encoder: reads a question and a sentence together, and says whether this answers it.

The static encoder and the terms see words; this sees what the words of both say. A small BERT of six
layers (Devlin et al. 2019) with English word pieces and Hangul ones: the lower three read either by
itself, the upper three both together; three others go on to read either by itself. It reads some
hundred sentences a second: enough for those that come into question. onnxruntime runs it: a library
for training takes longer to import than this takes to answer. How it was trained stands in
`bundled/training/README.md`.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from index import wordpiece
from index.encoder import Vectors
from index.errors import reading
from index.segmenter import VOCABULARY, bundled

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

FOLDER = VOCABULARY.parent / "cross_encoder"
UNKNOWN, START, END = SPECIAL = ("[UNK]", "[CLS]", "[SEP]")
LONGEST = 96
"""How many pieces a text has at most; those of its parts add up to less."""
_TITLE, _SENTENCE, _BEFORE, _QUESTION = 12, 56, 20, 30
_AT_ONCE = 4
_RUNS = re.compile(r"[가-힣]+|[^가-힣]+")
_TINY = np.float32(1e-12)


class Placed(NamedTuple):
    """A sentence where it stands: under its title, after the sentence before it."""

    title: str
    sentence: str
    before: str = ""


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


class Layout(NamedTuple):
    """How a question and a sentence stand before the model, in the ids of some vocabulary."""

    pieces: Callable[[str], Sequence[int]]
    start: int
    end: int
    colon: int

    def question(self, text: str) -> list[int]:
        """The ids of a question."""
        return [self.start, *self.pieces(text)[:_QUESTION], self.end]

    def sentence(self, placed: Placed) -> list[int]:
        """The ids of a sentence: its title, itself, and the end of the sentence before it."""
        title, sentence = self.pieces(placed.title)[:_TITLE], self.pieces(placed.sentence)
        found = [self.start, *title, self.colon, *sentence[:_SENTENCE], self.end]
        before = self.pieces(placed.before)[-_BEFORE:]
        return [*found, *before, self.end] if before else found


class CrossEncoder:
    """Whether sentences answer a question, each read together with it."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Load the folder that training wrote. Raises EncoderError when it cannot be read."""
        with reading("the bundled cross-encoder"):
            with np.load(folder / "pieces.npz", allow_pickle=False) as stored:
                words: list[str] = stored["words"].tobytes().decode().split("\n")
                hangul: list[int] = stored["hangul"].tolist()
                self._scales: Vectors = stored["scales"].astype(np.float32)
                self._places: Vectors = stored["places"].astype(np.float32)
                self._begin: Vectors = stored["begin"].astype(np.float32)
            # Of some ten megabytes each only the rows that are asked for are read.
            self._rows = [
                np.asarray(np.load(folder / f"{script}.npy", mmap_mode="r", allow_pickle=False))
                for script in ("latin", "hangul")
            ]
            counts = [len(words), len(hangul)]
            if [len(rows) for rows in self._rows] != counts or len(self._scales) != sum(counts):
                raise ValueError("its files do not belong together")
            self._shared, self._joint, self._apart = (
                _session(folder / f"{name}.onnx") for name in ("shared", "joint", "apart")
            )
            self._row = {word: row for row, word in enumerate(words)}
            self._hangul = {piece: row for row, piece in enumerate(hangul, len(words))}
            self._layout = Layout(self.pieces, *(self._row[word] for word in (START, END, ":")))
        self._run = lru_cache(maxsize=1 << 16)(self._cut)
        self._last: tuple[str, dict[Placed, float]] = ("", {})

    def odds(self, question: str, sentences: Sequence[Placed]) -> Vectors:
        """Log odds, float32 of shape (len(sentences),), that each sentence answers the question.

        Those of the last question are kept: what is found is first put in order, then read.
        """
        asked, known = self._last
        if asked != question:
            known = {}
        fresh = [each for each in dict.fromkeys(sentences) if each not in known]
        known = known | dict(zip(fresh, self._odds(question, fresh).tolist(), strict=True))
        self._last = question, known
        return np.array([known[each] for each in sentences], np.float32)

    def _odds(self, question: str, sentences: Sequence[Placed]) -> Vectors:
        found = np.zeros(len(sentences), np.float32)
        if not sentences:
            return found
        asked, _ = self._alone([self._layout.question(question)])
        texts = [self._layout.sentence(placed) for placed in sentences]
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        # Those of like length stand together, so that little is padded.
        for first in range(0, len(order), _AT_ONCE):
            chosen = order[first : first + _AT_ONCE]
            text, mask = self._alone([texts[i] for i in chosen])
            given = {"question": asked, "text": text, "mask": mask}
            found[chosen] = self._joint.run(None, given)[0]
        return found

    def similarity(self, question: str, placed: Placed) -> float:
        """The cosine of a question and a sentence under its title, each read by itself."""
        texts = self._layout.question(question), self._layout.sentence(placed._replace(before=""))
        vectors = []
        for text in texts:
            alone, mask = self._alone([text])
            vectors.append(self._apart.run(None, {"text": alone, "mask": mask})[0][0])
        return float(vectors[0] @ vectors[1])

    def _alone(self, texts: Sequence[Sequence[int]]) -> tuple[Vectors, Vectors]:
        """Texts as the shared layers read them, (texts, longest, dim), and where they have pieces."""
        longest = max(map(len, texts))
        mask = np.array([[1.0] * len(t) + [0.0] * (longest - len(t)) for t in texts], np.float32)
        read: Vectors = self._shared.run(None, {"text": self._embedded(texts), "mask": mask})[0]
        return read, mask

    def _embedded(self, texts: Sequence[Sequence[int]]) -> Vectors:
        """What the layers are given, (texts, longest, dim): pieces at their places, levelled."""
        ids = np.zeros((len(texts), max(map(len, texts))), np.int64)
        for row, text in enumerate(texts):
            ids[row, : len(text)] = text
        latin, hangul = self._rows
        of_latin = ids < len(latin)
        x: Vectors = np.empty((*ids.shape, latin.shape[1]), np.float32)
        x[of_latin] = latin[ids[of_latin]]
        x[~of_latin] = hangul[ids[~of_latin] - len(latin)]
        x *= self._scales[ids][..., None]
        x += self._places[: ids.shape[1]]
        x -= x.mean(axis=-1, keepdims=True)
        x /= np.sqrt((x * x).mean(axis=-1, keepdims=True) + _TINY)
        x *= self._begin[0]
        x += self._begin[1]
        return x

    def pieces(self, text: str) -> list[int]:
        """The rows of a text's word pieces."""
        return [piece for run in runs(text) for piece in self._run(run)]

    def _cut(self, run: str) -> list[int]:
        unknown = self._row[UNKNOWN]
        if is_hangul(run):
            return [self._hangul.get(piece, unknown) for piece in bundled().word(run)]
        return wordpiece.cut(run, self._row, unknown)


def _session(graph: Path) -> "InferenceSession":
    """What runs a graph. Raises OSError when it is missing, ValueError when it is none."""
    from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions
    from onnxruntime.capi import onnxruntime_pybind11_state as known

    options = SessionOptions()
    options.graph_optimization_level = GraphOptimizationLevel.ORT_DISABLE_ALL
    # Threads that wait by spinning would take the other core from whoever needs it.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    wrong = (known.Fail, known.InvalidArgument, known.InvalidGraph, known.InvalidProtobuf)
    try:
        return InferenceSession(graph.read_bytes(), options, providers=["CPUExecutionProvider"])
    except (*wrong, known.NotImplemented) as error:
        raise ValueError(f"{graph.name}: {error}") from error


@lru_cache(maxsize=1)
def loading() -> "Future[CrossEncoder]":
    """The one cross-encoder of this process, loaded beside what else there is to do."""
    beside = ThreadPoolExecutor(1)
    future = beside.submit(CrossEncoder)
    beside.shutdown(wait=False)
    return future


def cross_encoder() -> CrossEncoder:
    """The one cross-encoder of this process. Raises EncoderError when it cannot be read."""
    return loading().result()
