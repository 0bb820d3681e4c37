"""A file of the package that is missing, empty or cut off is one clear line, whatever reads it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import index
from index.encoder import BundledEncoder
from index.errors import EncoderError
from index.segmenter import Segmenter

ASK = """
import sys
from corpus.errors import RagError
from index.likeness import likeness
from index.segmenter import bundled
from index.translation import translations
try:
    translations("매개변수 뷁뚫어"), bundled().word("뷁"), likeness("마크롱", "macron")
except RagError as error:
    sys.exit(str(error))
"""


@pytest.mark.parametrize("name", ["lexicon.tsv.gz", "sounds.json.gz", "vocabulary.npz"])
@pytest.mark.parametrize("kept", [0, 0.5, None], ids=["empty", "cut off", "missing"])
def test_tables(tmp_path: Path, name: str, kept: float | None) -> None:
    rooms = Path(index.__file__).parent.parent
    large = shutil.ignore_patterns("cross_encoder", "vectors.npz", "__pycache__", "training")
    for room in ("corpus", "index"):
        shutil.copytree(rooms / room, tmp_path / room, ignore=large)
    file = tmp_path / "index" / "bundled" / name
    whole = file.read_bytes()
    file.unlink()
    if kept is not None:
        file.write_bytes(whole[: int(len(whole) * kept)])
    done = subprocess.run(
        [sys.executable, "-P", "-c", ASK], env={"PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip().endswith("install the program again")
    assert "\n" not in done.stderr.strip()


def test_an_empty_archive(tmp_path: Path) -> None:
    for name in ("vectors.npz", "vocabulary.npz"):
        (tmp_path / name).touch()
    with pytest.raises(EncoderError, match="install the program again"):
        BundledEncoder(tmp_path)
    with pytest.raises(EncoderError, match="install the program again"):
        Segmenter(tmp_path / "vocabulary.npz").word("가")
