"""Caches the teacher's vectors: `python -m index.bundled.training.teacher DATA MODEL OUT.npz`.

The teacher is any English sentence-transformers model; the bundled encoder was taught by
all-MiniLM-L6-v2. Fifteen minutes on two cores. The result holds `digests` (one 8-byte hash per
text) and `vectors` (float16, unit length), in the same order.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np

from index.bundled.training.data import teacher_texts


def digest(text: str) -> int:
    """A 64-bit key of a text, equal on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def main(data: Path, model: str, out: Path) -> None:
    """Encode every text that training needs, the shortest first, and write the cache."""
    from sentence_transformers import SentenceTransformer

    texts = sorted(set(teacher_texts(data)), key=lambda text: (len(text), text))
    vectors = SentenceTransformer(model, device="cpu").encode(
        texts, batch_size=64, normalize_embeddings=True, show_progress_bar=True
    )
    keys = np.array([digest(text) for text in texts], dtype=np.uint64)
    np.savez(out, digests=keys, vectors=vectors.astype(np.float16))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
