"""Words and subword pieces, as the bundled vocabulary has them."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import EncoderError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

VOCABULARY = Path(__file__).parent / "bundled" / "vocabulary.json"
_CACHED_WORDS = 400_000
_SIGNS = re.compile(r"[\W_]+")
_WORDS = re.compile(r" ?(?:[a-z]+|[0-9]+|[가-힣]+|[^ a-z0-9가-힣]+)")


def words(text: str) -> list[str]:
    """Words as the vocabulary was trained on them.

    NFKC, lower case, signs dropped, cut where the script changes; a leading space marks the start
    of a written word, so that `EXAONE이` becomes `" exaone"` and `"이"`.
    """
    folded = unicodedata.normalize("NFKC", text).lower()
    return _WORDS.findall(_SIGNS.sub(" ", " " + folded))


class Segmenter:
    """Cuts words into pieces of a unigram vocabulary and remembers how (cutting is what costs)."""

    def __init__(self, vocabulary: Path = VOCABULARY) -> None:
        self._path = vocabulary
        self._tokenizer: Tokenizer | None = None
        self._ids: dict[str, list[int]] = {}
        self._names: dict[int, str] = {}

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The piece ids of each text, all its words in a row."""
        split = [words(text) for text in texts]
        self._learn({word for text in split for word in text})
        known = self._ids
        cut: list[list[int]] = []
        for text in split:
            pieces: list[int] = []
            for word in text:
                pieces += known[word]
            cut.append(pieces)
        return cut

    def word(self, word: str) -> list[int]:
        """The piece ids of one word, with a leading space where it starts a written one."""
        self._learn({word})
        return self._ids[word]

    def pieces(self, text: str) -> list[str]:
        """The pieces of a text as strings, without the mark of a word's start."""
        ids = self.ids([text])[0]
        for i in ids:
            if i not in self._names:
                self._names[i] = (self._loaded().id_to_token(i) or "").strip()
        return [self._names[i] for i in ids]

    def _learn(self, seen: set[str]) -> None:
        if len(self._ids) > _CACHED_WORDS:
            self._ids.clear()
        new = [word for word in seen if word not in self._ids]
        if new:
            for word, encoding in zip(new, self._loaded().encode_batch_fast(new), strict=True):
                self._ids[word] = encoding.ids

    def _loaded(self) -> "Tokenizer":
        if self._tokenizer is None:
            from tokenizers import Tokenizer

            try:
                self._tokenizer = Tokenizer.from_file(str(self._path))
            except Exception as error:  # tokenizers raises nothing narrower
                raise EncoderError(
                    f"{self._path.name} cannot be read ({error}): install the program again"
                ) from error
        return self._tokenizer


@lru_cache(maxsize=1)
def bundled() -> Segmenter:
    """The one segmenter of this process."""
    return Segmenter()
