"""The dense view: a FAISS index in one file that can be deleted at any time.

The file is rewritten only after enough has changed. What the store holds beyond it is kept beside
the index in memory (`tail`), what is gone is masked, so that an answer is always of one generation.
Codes are float16 and compared by inner product; vectors have length 1, so that is the cosine.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from corpus.article import Language
from index.encoder import Vectors
from index.store import Snapshot

# One question is too little work to share: threads that wait for each other cost more than they save.
faiss.omp_set_num_threads(1)

_MAGIC = b"ragvec1\n"
_FLAT_LIMIT = 20_000
_TRAINING = 50_000
_PROBES = 32
_BLOCK = 20_000


@dataclass(frozen=True, slots=True)
class _State:
    """The index as filed, what came after it (ids and vectors), which of its ids are gone, and the
    ids of each language as a bitmap."""

    index: faiss.Index
    ids: NDArray[np.int64]
    tail: Vectors
    dead: NDArray[np.int64]
    spoken: Mapping[Language, NDArray[np.uint8]]


class VectorView:
    """Passage ids by the cosine of their vectors."""

    def __init__(self, path: Path, dim: int, fingerprint: str) -> None:
        """Open the file; without a sound one of this fingerprint the view is empty (generation -1)."""
        self._path, self._dim, self.fingerprint = path, dim, fingerprint
        self._state = _only(_empty(dim))
        self.generation = self.file_generation = -1
        self._read()

    def _read(self) -> None:
        try:
            stored = self._path.read_bytes()
        except OSError:
            return
        # Through bytes: FAISS itself cannot open a path with Hangul on Windows.
        head, _, body = stored[len(_MAGIC) :].partition(b"\n")
        try:
            state = json.loads(head) if stored.startswith(_MAGIC) else {}
            sound = state.get("sha256") == hashlib.sha256(body).hexdigest()
            if sound and state["fingerprint"] == self.fingerprint:
                self._state = _only(faiss.deserialize_index(np.frombuffer(body, np.uint8)))
                self.file_generation = state["generation"]
        except (ValueError, RuntimeError):
            self._state = _only(_empty(self._dim))

    def __len__(self) -> int:
        return int(self._state.index.ntotal) + len(self._state.ids) - len(self._state.dead)

    @property
    def behind(self) -> int:
        """How many rows a question has to look at beyond the file: added ones and dead ones."""
        return len(self._state.ids) + len(self._state.dead)

    def catch_up(self, snapshot: Snapshot) -> None:
        """Bring the view to the snapshot's generation, in memory."""
        if self.generation == snapshot.generation:
            return
        if not 0 <= self.file_generation <= snapshot.generation:
            # No file, or one of a database that was newer than this one.
            self._build(snapshot)
        else:
            added, removed = snapshot.changes_since(self.file_generation)
            ids, vectors = snapshot.vectors(self.fingerprint, sorted(added))
            self._state = _State(
                self._state.index,
                np.array(ids, np.int64),
                vectors.reshape(len(ids), self._dim),
                np.array(sorted(removed), np.int64),
                _bitmaps(snapshot),
            )
        self.generation = snapshot.generation

    def save(self, snapshot: Snapshot) -> None:
        """Build the index from the store and replace the file."""
        self._build(snapshot)
        body = faiss.serialize_index(self._state.index).tobytes()
        state = {
            "fingerprint": self.fingerprint,
            "generation": self.generation,
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        part = self._path.with_suffix(".part")
        with part.open("wb") as out:
            out.write(_MAGIC + json.dumps(state).encode() + b"\n" + body)
            out.flush()
            os.fsync(out.fileno())
        part.replace(self._path)
        self.file_generation = self.generation

    def _build(self, snapshot: Snapshot) -> None:
        blocks = list(snapshot.vector_blocks(self.fingerprint, _BLOCK))
        count = sum(len(ids) for ids, _ in blocks)
        index = (
            _empty(self._dim) if count <= _FLAT_LIMIT else _partitioned(self._dim, count, blocks)
        )
        for ids, vectors in blocks:
            index.add_with_ids(vectors, np.array(ids, np.int64))
        self._state = replace(_only(index), spoken=_bitmaps(snapshot))
        self.generation = snapshot.generation

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages that passages are in."""
        return tuple(self._state.spoken)

    def search(
        self, vector: Vectors, k: int, language: Language, only: list[int] | None = None
    ) -> list[tuple[int, float]]:
        """The `k` best (passage id, cosine) in one language for a unit vector (dim,), best first.

        `only` narrows to these ids.
        """
        # One look at the state: another thread may put a new one in its place meanwhile.
        state = self._state
        found = list(_in_file(state, vector, k, language, only))
        if len(state.ids):
            scores = state.tail @ vector
            wanted = _marked(state.spoken[language], state.ids)
            if only is not None:
                wanted &= np.isin(state.ids, only)
            pairs = zip(state.ids[wanted].tolist(), scores[wanted].tolist(), strict=True)
            found = sorted([*found, *pairs], key=lambda pair: -pair[1])
        return found[:k]


def _in_file(
    state: _State, vector: Vectors, k: int, language: Language, only: list[int] | None
) -> Iterator[tuple[int, float]]:
    if not state.index.ntotal:
        return
    bitmap = state.spoken[language].copy()
    for i in state.dead.tolist():
        if i >> 3 < len(bitmap):
            bitmap[i >> 3] &= ~np.uint8(1 << (i & 7))
    selector: faiss.IDSelector
    if only is not None:
        allowed = np.array(only, np.int64)
        selector = faiss.IDSelectorBatch(allowed[_marked(bitmap, allowed)])
    else:
        selector = faiss.IDSelectorBitmap(len(bitmap), faiss.swig_ptr(bitmap))
    parameters: faiss.SearchParameters
    # FAISS takes every field as a keyword; its stubs know of none.
    if isinstance(faiss.downcast_index(state.index), faiss.IndexIVF):
        parameters = faiss.SearchParametersIVF(sel=selector, nprobe=_PROBES)  # type: ignore[call-arg]
    else:
        parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
    scores, ids = state.index.search(vector[None, :], k, params=parameters)
    for passage, score in zip(ids[0].tolist(), scores[0].tolist(), strict=True):
        if passage >= 0:
            yield passage, score


def _bitmaps(snapshot: Snapshot) -> dict[Language, NDArray[np.uint8]]:
    """For each language a bit for each passage id, the lowest bit first."""
    found = {}
    for language, ids in snapshot.languages().items():
        flags = np.zeros((max(ids) // 8 + 1) * 8, np.uint8)
        flags[ids] = 1
        found[language] = np.packbits(flags, bitorder="little")
    return found


def _marked(bitmap: NDArray[np.uint8], ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of these ids have their bit set."""
    inside = ids >> 3 < len(bitmap)
    held: NDArray[np.bool_] = (bitmap[np.where(inside, ids >> 3, 0)] >> (ids & 7)) & 1 == 1
    return held & inside


def _only(index: faiss.Index) -> _State:
    """A state with nothing beside the index."""
    dim = index.d
    return _State(
        index, np.zeros(0, np.int64), np.zeros((0, dim), np.float32), np.zeros(0, np.int64), {}
    )


def _empty(dim: int) -> faiss.Index:
    codes = faiss.IndexScalarQuantizer(
        dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    return faiss.IndexIDMap2(codes)


def _partitioned(dim: int, count: int, blocks: list[tuple[list[int], Vectors]]) -> faiss.Index:
    """Inverted lists (IVF): a question looks at `_PROBES` of about 2·√n lists."""
    lists = int(2 * count**0.5)
    quantiser = faiss.IndexFlatIP(dim)
    index = faiss.IndexIVFScalarQuantizer(
        quantiser, dim, lists, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT, False
    )
    quantiser.this.disown()  # type: ignore[attr-defined]  # every SWIG object has it
    index.own_fields = True
    sample = np.concatenate([vectors for _, vectors in blocks])[:: max(1, count // _TRAINING)]
    index.cp.niter = 10
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    index.train(sample)
    faiss.omp_set_num_threads(1)
    return index
