"""English text to word pieces, as BERT's uncased models take it (Devlin et al. 2019).

The library `tokenizers` does the same, and takes longer to set up than to read one question's sentences.
"""

import unicodedata
from collections.abc import Mapping

_LONGEST = 100
_SPACE, _OTHER, _MARK, _PUNCTUATION = "Z", "C", "Mn", "P"
# As the library `tokenizers` has them.
_IDEOGRAPHS = [
    ("\u3400", "\u4dbf"), ("\u4e00", "\u9fff"), ("\uf900", "\ufaff"),
    ("\U00020000", "\U0002a6df"), ("\U0002a700", "\U0002b81f"), ("\U0002b920", "\U0002ceaf"),
    ("\U0002f800", "\U0002fa1f"),
]  # fmt: skip


def cut(text: str, pieces: Mapping[str, int], unknown: int) -> list[int]:
    """The ids of a text's pieces; a word that cannot be made of them is one unknown piece."""
    return [piece for word in _words(text) for piece in _cut(word, pieces, unknown)]


def _words(text: str) -> list[str]:
    """Lower case, without accents; signs and ideographs stand by themselves."""
    spaced = []
    for letter in text:
        if letter in "\t\n\r" or unicodedata.category(letter)[0] == _SPACE:
            spaced.append(" ")
        elif unicodedata.category(letter)[0] != _OTHER and letter != "\ufffd":
            spaced.append(f" {letter} " if _ideograph(letter) else letter)
    plain = unicodedata.normalize("NFD", "".join(spaced))
    kept = (letter.lower() for letter in plain if unicodedata.category(letter) != _MARK)
    return "".join(f" {letter} " if _sign(letter) else letter for letter in kept).split()


def _ideograph(letter: str) -> bool:
    return letter > "\u33ff" and any(first <= letter <= last for first, last in _IDEOGRAPHS)


def _sign(letter: str) -> bool:
    ascii_sign = letter.isascii() and letter.isprintable() and not letter.isalnum()
    return (ascii_sign and letter != " ") or unicodedata.category(letter)[0] == _PUNCTUATION


def _cut(word: str, pieces: Mapping[str, int], unknown: int) -> list[int]:
    found, start = list[int](), 0
    while start < len(word) <= _LONGEST:
        mark = "##" if start else ""
        for end in range(len(word), start, -1):
            piece = pieces.get(mark + word[start:end])
            if piece is not None:
                found.append(piece)
                start = end
                break
        else:
            return [unknown]
    return found or [unknown]
