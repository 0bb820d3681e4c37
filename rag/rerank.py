"""A CrossEncoder that orders the best hits anew, when the settings name one."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from index import pretrained
from index.errors import EncoderError
from index.search import Hit

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

DEPTH = 20
KIND = "CrossEncoder"
_BATCH = 32


def rerank(name: str, question: str, hits: Sequence[Hit]) -> list[Hit]:
    """The first 20 hits in the order of the model's scores, which replace theirs; the rest follow.

    Scores stay within 0 and 1 and never rise. Raises EncoderError when the model cannot be used.
    """
    if not hits:
        return []
    model = load(name)
    first, rest = hits[:DEPTH], hits[DEPTH:]
    pairs = [(question, f"{hit.title}\n{hit.text}") for hit in first]
    try:
        from torch.nn import Sigmoid

        scores = model.predict(
            pairs, batch_size=_BATCH, show_progress_bar=False, activation_fn=Sigmoid()
        )
    except RuntimeError as error:  # memory, most of all
        raise EncoderError(
            f"{name}: cannot compare ({pretrained.first_line(error)}); choose a smaller model"
        ) from error
    found = [replace(hit, score=float(score)) for hit, score in zip(first, scores, strict=True)]
    found.sort(key=lambda hit: -hit.score)
    least = found[-1].score
    return [*found, *(replace(hit, score=min(hit.score, least)) for hit in rest)]


@lru_cache(maxsize=1)
def load(name: str) -> "CrossEncoder":
    """The model of a hub name or folder, kept once loaded. Raises EncoderError.

    It must score a pair with one number.
    """
    model = cross_encoder(name)
    if model.num_labels != 1:
        raise EncoderError(
            f"{name}: gives {model.num_labels} scores for a pair; a reranker must give one"
        )
    return model


def cross_encoder(name: str) -> "CrossEncoder":
    """The CrossEncoder of a hub name or folder; one without a trained head would guess.

    Raises EncoderError.
    """
    found = pretrained.locate(name, "cross-encoder", "config.json", KIND)
    config = found.values("config.json")
    architecture = next(iter(config.get("architectures") or []), "")
    saved_as = found.values("config_sentence_transformers.json").get("model_type")
    if saved_as != KIND and not architecture.endswith("ForSequenceClassification"):
        raise EncoderError(
            f"{name}: is no {KIND} but {saved_as or architecture or 'something else'}; choose one that is"
        )
    from sentence_transformers import CrossEncoder

    model: CrossEncoder = pretrained.load(found, CrossEncoder)
    return model
