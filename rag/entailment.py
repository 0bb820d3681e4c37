"""A CrossEncoder trained on entailment that judges evidence, when the settings name one."""

from collections.abc import Callable
from functools import lru_cache

from index import pretrained
from index.errors import EncoderError
from rag.rerank import KIND, cross_encoder

_LABEL = "entail"


@lru_cache(maxsize=1)
def load(name: str) -> Callable[[str, str], float]:
    """A function from (source text, claim) to the probability that the one bears the other.

    The model gives one score, or one for each label, of which one is named for entailment. Raises
    EncoderError.
    """
    model = cross_encoder(name)
    config = getattr(model.model, "config", None)
    labels = {int(i): str(label) for i, label in (getattr(config, "id2label", None) or {}).items()}
    named = [i for i, label in labels.items() if label.lower().startswith(_LABEL)]
    if model.num_labels > 1 and not named:
        known = ", ".join(labels.values())
        raise EncoderError(f"{name}: has no label for entailment ({known}); choose one that has")
    from torch.nn import Sigmoid, Softmax

    activation = Softmax(dim=-1) if model.num_labels > 1 else Sigmoid()

    @lru_cache(maxsize=256)
    def entails(source: str, claim: str) -> float:
        try:
            scores = model.predict(
                [(source, claim)], show_progress_bar=False, activation_fn=activation
            )
        except RuntimeError as error:  # memory, most of all
            raise EncoderError(
                f"{name}: cannot judge ({pretrained.first_line(error)}); choose a smaller {KIND}"
            ) from error
        return float(scores[0][named[0]] if model.num_labels > 1 else scores[0])

    return entails
