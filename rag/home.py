"""Opens what lies in a home folder: the index with its encoder, and the answerer on top."""

from pathlib import Path

from index.encoder import BUNDLED, BundledEncoder, Encoder
from index.search import Index
from rag.answer import Answerer
from rag.settings import Settings, load


def load_encoder(name: str) -> Encoder:
    """The bundled encoder, or any sentence-transformers model by name or path.

    Raises EncoderError when it cannot be loaded.
    """
    if name == BUNDLED:
        return BundledEncoder()
    from index.sentence_encoder import SentenceEncoder

    return SentenceEncoder(name)


def open_index(folder: Path) -> Index:
    """The index of a home folder; nothing is read before the first question."""
    place, aside = folder / "index", folder / "index.old"
    if aside.exists() and not place.exists():
        # A rebuild was killed between its two renamings; the index from before it is still whole.
        aside.rename(place)
    return Index(place, load_encoder)


def open_answerer(folder: Path, settings: Settings | None = None) -> Answerer:
    """The answerer of a home folder, with its own `rag.toml` when no settings are given."""
    return Answerer(open_index(folder), settings or load(folder))
