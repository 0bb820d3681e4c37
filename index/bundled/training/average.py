"""Averages trained encoders: `python -m index.bundled.training.average OUT RUN…`.

Runs that began from the same first vectors and differ in their recipe average well (model soups,
Wortsman et al., ICML 2022). All must share one vocabulary.
"""

import shutil
import sys
from pathlib import Path

import numpy as np

from index.bundled.training.train import quantised
from index.segmenter import VOCABULARY


def main(out: Path, runs: list[Path]) -> None:
    """Write the mean of the runs' vectors, quantised again, and their vocabulary."""
    vocabularies = {(run / VOCABULARY.name).read_bytes() for run in runs}
    if len(vocabularies) != 1:
        raise SystemExit("the runs have different vocabularies: train them on one")
    vectors = []
    for run in runs:
        with np.load(run / "vectors.npz", allow_pickle=False) as stored:
            vectors.append(
                stored["rows"].astype(np.float32) * stored["scales"].astype(np.float32)[:, None]
            )
    out.mkdir(parents=True, exist_ok=True)
    np.savez(out / "vectors.npz", allow_pickle=False, **quantised(np.mean(vectors, axis=0)))
    shutil.copyfile(runs[0] / VOCABULARY.name, out / VOCABULARY.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(run) for run in sys.argv[2:]])
