"""A question in one spelling of English finds articles in the other."""

import pytest

from index.american import american
from index.analysis import terms


@pytest.mark.parametrize(
    ("british", "other"),
    [
        ("centre", "center"), ("centres", "centers"), ("kilometre", "kilometer"), ("colourful", "colorful"),
        ("favourite", "favorite"), ("neighbours", "neighbors"), ("organisation", "organization"), ("organised", "organized"),
        ("analysed", "analyzed"), ("licence", "license"), ("defences", "defenses"), ("programme", "program"),
        ("catalogues", "catalogs"), ("enrolment", "enrollment"), ("tyres", "tires"), ("ageing", "aging"),
    ],
)  # fmt: skip
def test_british_words_become_american(british: str, other: str) -> None:
    assert american(british) == other
    assert american(other) == other
    assert terms(british) == terms(other)


@pytest.mark.parametrize(
    "word",
    "exercise promise surprised advertising otherwise premises crises rises raised paradise hour four tour flour course genre acre"
    " there before science presence vogue league".split(),
)
def test_words_that_only_look_so_stay(word: str) -> None:
    assert american(word) == word
