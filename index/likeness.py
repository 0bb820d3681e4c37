"""How likely a Hangul word is a Latin one as Koreans hear it: 마크롱 is Macron rather than Micron.

A joint multigram model (Bisani and Ney 2008), learned from names (`bundled/training/sounds.py`).
Phonetic keys find what may be the same name; this tells how well the two spellings agree.
"""

import gzip
import json
import math
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from index.errors import reading
from index.names import beginnings, hangul_key, initials, plain, stems, syllables

_TABLE = Path(__file__).parent / "bundled" / "sounds.json.gz"
_LATIN, _KOREAN = range(1, 5), range(0, 4)  # how much a chunk holds; letters may be silent
_UNKNOWN = 1e-7  # a letter that is silent, or a jamo from nowhere
_HOPELESS = 0.1  # beside chance

# The letters that can stand for a sound, wherever they stand, and the reverse.
_LETTERS = {
    "H": "hfjgx", "K": "kcqgx", "L": "lr", "M": "mn", "N": "nm", "P": "bpfvw", "S": "scgjzxt",
    "T": "tdzjsh",
}  # fmt: skip
_SPOKEN = re.compile(r"([b-df-gj-np-qs-tvxz])\1*")
_NOTHING = re.compile(r"(?!)")
_HEARD = {
    letter: "".join(sound for sound, spelled in _LETTERS.items() if letter in spelled)
    for letter in sorted(set("".join(_LETTERS.values())))
}


@dataclass(frozen=True, slots=True)
class _Sounds:
    """The chances of letters with jamo, and of either alone."""

    pairs: dict[str, dict[str, float]]
    letters: dict[str, float]
    jamo: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Spelling:
    """A word: for each place the chunks that begin there, and the chance of all before it."""

    chunks: list[list[tuple[int, str]]]
    chances: list[float]


@lru_cache(maxsize=1)
def _sounds() -> _Sounds:
    with reading("the bundled table of sounds"):
        pairs: dict[str, dict[str, float]] = json.loads(gzip.decompress(_TABLE.read_bytes()))
    jamo: dict[str, float] = defaultdict(float)
    for heard in pairs.values():
        for chunk, chance in heard.items():
            jamo[chunk] += chance
    # How likely a row of jamo is by itself: what is silent is not heard.
    spoken = {chunk: chance / (1 - jamo[""]) for chunk, chance in jamo.items()}
    return _Sounds(pairs, {chunk: sum(heard.values()) for chunk, heard in pairs.items()}, spoken)


def jamo(word: str) -> str:
    """The letters of the Hangul syllables of a word; a silent ㅇ at a syllable's head is left out."""
    apart = unicodedata.normalize("NFD", word)
    return "".join(c for c in apart if "\u1100" <= c <= "\u11ff" and c != "\u110b")


def letters(word: str) -> str:
    """The plain letters of a Latin word between `^` and `$`."""
    return f"^{plain(word)}$"


def _spelling(written: str, widths: range, chances: dict[str, float]) -> _Spelling:
    """A word cut into chunks in every way; what is unknown passes one letter at a time."""
    length = len(written)
    before = [1.0] + [0.0] * length
    chunks: list[list[tuple[int, str]]] = [[] for _ in range(length + 1)]
    for place in range(length + 1):
        for end in range(place + widths[0], min(place + widths[-1], length) + 1):
            chunk = written[place:end]
            chance = chances.get(chunk, 0.0)
            if chance:
                chunks[place].append((end, chunk))
            elif end == place + 1:
                chance = _UNKNOWN
            if chunk:
                before[end] += before[place] * chance
    return _Spelling(chunks, before)


@lru_cache(maxsize=1 << 16)
def _latin(word: str) -> _Spelling:
    return _spelling(letters(word), _LATIN, _sounds().letters)


@lru_cache(maxsize=1 << 16)
def _hangul(word: str) -> _Spelling:
    return _spelling(jamo(word), _KOREAN, _sounds().jamo)


@lru_cache(maxsize=1 << 17)
def likeness(hangul: str, latin: str) -> float:
    """How well a Hangul word agrees with a Latin one, from 0 (no better than by chance) to 1.

    It is the share of the Hangul word's information that the Latin word gives: one minus
    log P(hangul | latin) / log P(hangul).
    """
    said, spelled = _hangul(hangul), _latin(latin)
    length, width = len(said.chunks) - 1, len(spelled.chunks) - 1
    if length < 1 or width < 3:
        return 0.0
    pairs = _sounds().pairs
    reached: list[dict[int, float]] = [{} for _ in range(width + 1)]
    reached[0][0] = 1.0
    for i, chunks in enumerate(spelled.chunks[:-1]):
        here, following = reached[i], reached[i + 1]
        least = _HOPELESS * spelled.chances[i]
        for j in range(min(here, default=length), length + 1):
            worth = here.get(j, 0.0)
            # A way that is worse than chance so far is not followed further.
            if worth < least * said.chances[j]:
                continue
            unknown = worth * _UNKNOWN
            following[j] = following.get(j, 0.0) + unknown
            if j < length:
                here[j + 1] = here.get(j + 1, 0.0) + unknown
            for end, chunk in chunks:
                heard, ahead = pairs[chunk], reached[end]
                for to, sound in said.chunks[j]:
                    if chance := heard.get(sound):
                        ahead[to] = ahead.get(to, 0.0) + worth * chance
    together = reached[width].get(length, 0.0)
    if not together:
        return 0.0
    given = math.log(together / spelled.chances[width])
    return max(0.0, 1.0 - given / math.log(said.chances[length]))


def alike(form: str, listed: str) -> dict[str, float]:
    """How well the words of a list agree with a word of the other script, from 0 to 1.

    The list is a text of one word a line, in small letters. Compared are those of a fit length that
    begin with its first sound and in which its consonants may stand in their order, without too
    many others.
    """
    if "가" <= form[0] <= "힣":
        most = len(hangul_key(form)) + 2
        found = {word for word in _spellings(form).findall(listed) if _consonants(word) <= most}
        return {word: likeness(form, word) for word in found}
    fit, said = _transliterations(form)
    return {
        word: max(likeness(stem, form) for stem in spoken)
        for word in set(fit.findall(listed))
        if (spoken := [stem for stem in stems(word) if said.fullmatch(hangul_key(stem))])
    }


def _consonants(letters: str) -> int:
    """How many consonants of a Latin word are hardly silent, doubled ones once."""
    return len(_SPOKEN.findall(letters))


@lru_cache(maxsize=1 << 12)
def _spellings(hangul: str) -> re.Pattern[str]:
    """What finds the Latin words in small letters; one consonant alone finds none."""
    key, length = hangul_key(hangul), len(hangul)
    if len(key.replace("A", "")) < 2:
        return _NOTHING
    # The letter x is two sounds.
    sounds = "[a-z]*?".join(f"(?:[{_LETTERS[sound]}]|(?<=x))" for sound in key.replace("A", ""))
    ahead = f"(?=[{initials(key[0])}].{{{length - 1},{4 * length - 1}}}$)"
    return re.compile(f"^{ahead}[a-z]*?{sounds}[a-z]*$", re.M)


@lru_cache(maxsize=1 << 12)
def _transliterations(latin: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds Hangul words of a fit length and beginning, and what the key of such a one matches."""
    letters, length = plain(latin), len(latin)
    spelled = letters.replace("x", "xx")
    sounds = "".join(f"[{_HEARD[letter]}]?" for letter in spelled if letter in _HEARD)
    longest = length + 3  # with a particle
    first = syllables(beginnings(latin[0]))
    least = max(2, (_consonants(letters) + 1) // 2)
    fit = re.compile(f"^[{first}][가-힣]{{{max(1, length // 4) - 1},{longest}}}$", re.M)
    return fit, re.compile(f"(?=.{{{least}}})A?{sounds}")
