"""Words and subword pieces, as the bundled vocabulary has them."""

import math
import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.errors import reading

if TYPE_CHECKING:
    from tokenizers import Tokenizer

VOCABULARY = Path(__file__).parent / "bundled" / "vocabulary.npz"
_CACHED_WORDS = 400_000
# From so many words on the library is quicker, although it takes a tenth of a second to set up.
_MANY = 5_000
_UNKNOWN_COSTS = 10.0
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
    """Cuts words into pieces of a unigram vocabulary (Kudo 2018) and remembers how."""

    def __init__(self, vocabulary: Path = VOCABULARY) -> None:
        self._path = vocabulary
        self._ids: dict[str, list[int]] = {}

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The piece ids of each text, all its words in a row.

        Raises EncoderError when the vocabulary cannot be read.
        """
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
        return [self._vocabulary.names[i].strip() for i in self.ids([text])[0]]

    def _learn(self, seen: set[str]) -> None:
        if len(self._ids) > _CACHED_WORDS:
            self._ids.clear()
        new = [word for word in seen if word not in self._ids]
        if len(new) > _MANY or "_tokenizer" in self.__dict__:
            for word, encoding in zip(new, self._tokenizer.encode_batch_fast(new), strict=True):
                self._ids[word] = encoding.ids
        else:
            self._ids |= {word: self._vocabulary.cut(word) for word in new}

    @cached_property
    def _vocabulary(self) -> "Vocabulary":
        return Vocabulary.read(self._path)

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        return self._vocabulary.tokenizer()


class Vocabulary:
    """The pieces of a unigram vocabulary and the logarithms of their probabilities."""

    def __init__(self, names: list[str], scores: list[float]) -> None:
        """`names[0]` stands for a character that no piece holds. Raises ValueError when there are
        not as many scores as names."""
        if len(names) != len(scores):
            raise ValueError(f"{len(names)} pieces have {len(scores)} scores")
        self.names, self._scores = names, scores
        self._ids = {name: row for row, name in enumerate(names)}
        self._longest = max(map(len, names))
        self._unknown = min(scores) - _UNKNOWN_COSTS

    @classmethod
    def read(cls, path: Path) -> "Vocabulary":
        """Read what `write` wrote. Raises EncoderError when it cannot be read."""
        with reading(path.name), np.load(path, allow_pickle=False) as stored:
            names = stored["names"].tobytes().decode().split("\n")
            return cls(names, stored["scores"].tolist())

    def write(self, path: Path) -> None:
        """Write the pieces, one a line, and their scores (float64)."""
        spelled = np.frombuffer("\n".join(self.names).encode(), np.uint8)
        np.savez(path, allow_pickle=False, names=spelled, scores=np.array(self._scores))

    def tokenizer(self) -> "Tokenizer":
        """The same vocabulary as the library `tokenizers` has it, for many words."""
        from tokenizers import Tokenizer, models

        return Tokenizer(models.Unigram(list(zip(self.names, self._scores, strict=True)), unk_id=0))

    def cut(self, word: str) -> list[int]:
        """The ids of the likeliest pieces; characters without a piece in a row are one."""
        # The best way to each place: its score, from where, and by which piece.
        ways: list[tuple[float, int, int]] = [(0.0, 0, 0)]
        ways += [(-math.inf, 0, 0)] * len(word)
        for start in range(len(word)):
            so_far = ways[start][0]
            for end in range(start + 1, min(len(word), start + self._longest) + 1):
                piece = self._ids.get(word[start:end])
                if piece is not None:
                    score = so_far + self._scores[piece]
                elif end == start + 1:
                    piece, score = 0, so_far + self._unknown
                else:
                    continue
                if score > ways[end][0]:
                    ways[end] = (score, start, piece)
        found, place = list[int](), len(word)
        while place:
            _, place, piece = ways[place]
            if piece or found[-1:] != [0]:
                found.append(piece)
        return found[::-1]


@lru_cache(maxsize=1)
def bundled() -> Segmenter:
    """The one segmenter of this process."""
    return Segmenter()
