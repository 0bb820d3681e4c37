"""Learns the bundled word table: `python -m index.bundled.training.lexicon DATA OUT.tsv.gz`.

IBM model 1 (Brown et al. 1993) in both directions over the sentence pairs and the dictionary, with
Korean cut into the encoder's pieces and English into stems. A translation is kept when both
directions believe in it; its weight is the geometric mean of the two probabilities.
"""

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.analysis import STOP, terms
from index.bundled.training.data import rows
from index.segmenter import bundled

_ROUNDS = 6
_LEAST, _MOST = 0.08, 4
_LONGEST = 40


def korean_units(text: str) -> list[str]:
    """The encoder's pieces that are Hangul, without the mark of a word's start."""
    return [piece for piece in bundled().pieces(text) if piece and "가" <= piece[0] <= "힣"]


def english_units(text: str) -> list[str]:
    """The stems of a text without stop words and numbers."""
    return [
        term for term in terms(text) if term.isascii() and not term.isdigit() and term not in STOP
    ]


def pairs(data: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Units of both sides; dictionary entries count three times, being pairs of words."""
    for row in rows(data, "parallel"):
        korean, english = korean_units(row["ko"]), english_units(row["en"])
        if korean and english and len(korean) <= _LONGEST and len(english) <= _LONGEST:
            yield korean, english
    for row in rows(data, "dictionary"):
        korean, english = korean_units(row["ko"]), english_units(row["en"])
        if korean and english:
            yield from [(korean, english)] * 3


def model_one(
    source: list[NDArray[np.int32]], target: list[NDArray[np.int32]], width: int
) -> dict[int, float]:
    """P(target | source) by expectation maximisation; keys are `source * width + target`."""
    keys = np.concatenate(
        [
            (s[None, :].astype(np.int64) * width + t[:, None]).ravel()
            for s, t in zip(source, target, strict=True)
        ]
    )
    # One row for each target word of each pair: its source words share one unit of probability.
    lengths = np.concatenate([np.full(len(t), len(s)) for s, t in zip(source, target, strict=True)])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    known, place = np.unique(keys, return_inverse=True)
    owner = known // width
    chance = np.ones(len(known))
    for _ in range(_ROUNDS):
        share = chance[place]
        share = share / np.repeat(np.add.reduceat(share, starts), lengths)
        counts = np.bincount(place, weights=share, minlength=len(known))
        # A little mass taken from each keeps words seen once from being certain of anything.
        totals = np.bincount(owner, weights=counts)[owner] + 1.0
        chance = counts / totals
    return dict(zip(known.tolist(), chance.tolist(), strict=True))


def learn(data: Path) -> dict[str, list[tuple[str, float]]]:
    """For each Korean piece the stems and for each English stem the pieces, with weights, best first."""
    found = list(pairs(data))
    korean = {unit: n for n, unit in enumerate(dict.fromkeys(u for k, _ in found for u in k))}
    english = {unit: n for n, unit in enumerate(dict.fromkeys(u for _, e in found for u in e))}
    left = [np.array([korean[u] for u in k], np.int32) for k, _ in found]
    right = [np.array([english[u] for u in e], np.int32) for _, e in found]
    forward = model_one(left, right, len(english))
    backward = model_one(right, left, len(korean))
    table: dict[str, list[tuple[str, float]]] = {}
    names_ko, names_en = list(korean), list(english)
    for key, chance in forward.items():
        k, e = divmod(key, len(english))
        weight = (chance * backward.get(e * len(korean) + k, 0.0)) ** 0.5
        if weight >= _LEAST and len(names_ko[k]) > 1:
            table.setdefault(names_ko[k], []).append((names_en[e], round(weight, 2)))
            table.setdefault(names_en[e], []).append((names_ko[k], round(weight, 2)))
    return {
        unit: sorted(translations, key=lambda pair: -pair[1])[:_MOST]
        for unit, translations in table.items()
    }


def written(table: dict[str, list[tuple[str, float]]]) -> str:
    """A line for each word: `word\\ttranslation weight\\ttranslation weight…`."""
    return "".join(
        "\t".join([unit, *(f"{said} {weight}" for said, weight in table[unit])]) + "\n"
        for unit in sorted(table)
    )


if __name__ == "__main__":
    learned = learn(Path(sys.argv[1]))
    Path(sys.argv[2]).write_bytes(gzip.compress(written(learned).encode(), 9, mtime=0))
    print(f"{len(learned)} words")
