"""Whether a source sentence bears what an answer's sentence says, across languages too."""

from collections.abc import Callable, Mapping

from corpus.text import sentences
from index.encoder import Encoder
from index.search import Hit
from rag.events import Support

Rarity = Callable[[list[str]], Mapping[str, float]]


class Verifier:
    """Finds the evidence for a sentence in a passage, and scores it from 0 to 1."""

    def __init__(self, encoder: Encoder, rarity: Rarity) -> None:
        self._encoder, self._rarity = encoder, rarity

    def evidence(self, text: str, hit: Hit) -> tuple[int, int, float]:
        """Where in the article the best evidence stands: (start, end, score)."""
        spans = sentences(hit.text)
        for start, end in spans:
            if " ".join(hit.text[start:end].split()) in text:
                return hit.start + start, hit.start + end, 1.0
        vectors = self._encoder.encode_documents([text, *(hit.text[a:b] for a, b in spans)])
        scores = vectors[1:] @ vectors[0]
        best = int(scores.argmax())
        start, end = spans[best]
        return hit.start + start, hit.start + end, max(0.0, min(1.0, float(scores[best])))

    def support(self, score: float) -> Support:
        return "supported" if score >= 0.6 else "weak" if score >= 0.35 else "unsupported"
