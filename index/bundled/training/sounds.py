"""Learns how Latin letters are heard in Korean: `python -m index.bundled.training.sounds DATA OUT.json.gz`.

A joint multigram model (Bisani and Ney 2008) of names and loan words: a pair of spellings is a row of
pairs of up to four letters and up to three jamo, whose probabilities are found by expectation
maximisation over all ways to cut the pair.
"""

import gzip
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from index.bundled.training.data import held_out, rows
from index.likeness import jamo, letters

_ROUNDS = 7
_SHARED = 3  # the first rounds look at one pair in so many
_ROUGH = 2
_WIDTHS = [(1, 0), (1, 1), (1, 2), (1, 3), (2, 0), (2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (3, 3),
           (4, 2), (4, 3)]  # fmt: skip
_SMOOTHED = ((1, 0), (1, 1), (1, 2), (2, 1))
_FLOOR = 1e-8
_DISCOUNT, _LONG = 0.3, 0.8
_BAND = 0.4

Pair = tuple[str, str]


def pairs(data: Path) -> Iterator[Pair]:
    """Letters and jamo of each name's words, or of the whole where the words are not as many."""
    for row in rows(data, "names"):
        if held_out(row["en"]):
            continue
        latin, korean = row["en"].split(), row["ko"].split()
        apart = row["en"].replace("-", " ").split()
        if len(apart) == len(korean):
            latin = apart
        if len(latin) != len(korean):
            latin, korean = ["".join(latin)], ["".join(korean)]
        for word, said in zip(latin, korean, strict=True):
            spelled, heard = letters(word), jamo(said)
            length = len(spelled) - 2
            alike = len(heard) / 2.2 <= length <= 3 * len(heard)
            if re.fullmatch("[가-힣]+", said) and length > 1 and len(heard) > 1 and alike:
                yield spelled, heard


def starting() -> dict[tuple[int, int], float]:
    """The chance of a pair by its widths alone, from which learning begins."""
    return {
        (wide, long): 0.02 ** (abs(wide - long) / 2) * 0.03**wide * 0.02**long
        for wide, long in _WIDTHS
    }


def expected(
    found: Sequence[Pair], chances: Mapping[Pair, float], floor: Mapping[tuple[int, int], float]
) -> dict[Pair, float]:
    """How often each pair of chunks is expected, over all ways to cut all pairs."""
    counts: dict[Pair, float] = defaultdict(float)
    for latin, korean in found:
        edges, total = _forward(latin, korean, chances, floor)
        backward = {(len(latin), len(korean)): 1.0}
        for (i, j), (wide, long), before, chance in reversed(edges):
            after = backward.get((i + wide, j + long), 0.0)
            if after:
                backward[i, j] = backward.get((i, j), 0.0) + after * chance
                counts[latin[i : i + wide], korean[j : j + long]] += before * chance * after / total
    return counts


Edge = tuple[tuple[int, int], tuple[int, int], float, float]


def _forward(
    latin: str,
    korean: str,
    chances: Mapping[Pair, float],
    floor: Mapping[tuple[int, int], float],
) -> tuple[list[Edge], float]:
    """Every step with what all ways to its start are worth, and what all ways to the end are."""
    wide_end, long_end = len(latin), len(korean)
    reached = [[0.0] * (long_end + 1) for _ in range(wide_end + 1)]
    reached[0][0] = 1.0
    edges: list[Edge] = []
    for i in range(wide_end):
        for j in range(long_end + 1):
            before = reached[i][j]
            if not before:
                continue
            for wide, long in _WIDTHS:
                a, b = i + wide, j + long
                if a > wide_end or b > long_end or not _near(a / wide_end, b / long_end, a - b):
                    continue
                chance = chances.get((latin[i:a], korean[j:b]), floor.get((wide, long), 0.0))
                if chance:
                    reached[a][b] += before * chance
                    edges.append(((i, j), (wide, long), before, chance))
    return edges, reached[wide_end][long_end]


def _near(latin: float, korean: float, apart: int) -> bool:
    """Whether a place is near the diagonal, so that no time is lost on absurd cuts."""
    return abs(latin - korean) <= _BAND or abs(apart) <= 2


def learn(data: Path) -> dict[str, dict[str, float]]:
    """`{letters: {jamo: probability}}`; all probabilities together make one."""
    found = list(dict.fromkeys(pairs(data)))
    chances: dict[Pair, float] = {}
    floor: dict[tuple[int, int], float] = starting()
    for number in range(_ROUNDS):
        rough = number < _ROUGH
        counts = expected(found[::_SHARED] if rough else found, chances, floor)
        # What is seen once is chance, and long chunks would otherwise learn words by heart.
        kept = {
            pair: (count - _DISCOUNT) * (_LONG if len(pair[0].strip("^$")) > 2 else 1.0)
            for pair, count in counts.items()
            if count >= (0.5 if rough else 1.0)
        }
        whole = sum(kept.values())
        chances = {pair: count / whole for pair, count in kept.items()}
        floor = dict.fromkeys(_SMOOTHED, _FLOOR)
        print(f"round {number}: {len(chances)} pairs", flush=True)
    table: dict[str, dict[str, float]] = {}
    for (latin, korean), chance in sorted(chances.items()):
        table.setdefault(latin, {})[korean] = float(f"{chance:.3g}")
    return table


if __name__ == "__main__":
    body = json.dumps(learn(Path(sys.argv[1])), ensure_ascii=False, separators=(",", ":"))
    Path(sys.argv[2]).write_bytes(gzip.compress(body.encode(), 9, mtime=0))
