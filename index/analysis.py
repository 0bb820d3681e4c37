"""Text to search terms: one function for articles, one for questions, both on the same rules.

Four fields: `terms` (Hangul syllable bigrams, stemmed words), `units` (Korean pieces of the bundled
vocabulary, neighbouring English stems), `names` (phonetic keys that meet across scripts) and
`numbers` (values). Bigrams match a morphological analyser on Korean at a hundredth of its cost.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import tantivy

from index.american import american
from index.names import (
    hangul_key,
    head_keys,
    latin_keys,
    latin_names,
    mixed_keys,
    mixed_names,
    short_forms,
    short_keys,
    stems,
)
from index.numbers import quantities
from index.segmenter import bundled

_RUNS = re.compile(r"[a-z0-9]+|[가-힣]+|[^\W_a-z0-9가-힣]+")
_HANGUL = re.compile(r"[가-힣]+")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]+")
_LOAN = re.compile(r"\b[a-z]{5,}\b")
_KEY_LENGTH = 2
_LOAN_KEY_LENGTH = 3


@dataclass(frozen=True, slots=True)
class DocumentTerms:
    """What one passage is found by; each is a space-separated list of terms."""

    terms: str
    units: str
    names: str
    numbers: str


@dataclass(frozen=True, slots=True)
class QueryTerms:
    """What a question searches for.

    `terms` and `units` are looked for as they stand; `names` holds one group of alternative keys
    per written name, `numbers` the values asked about. `endings` are those of the terms that no
    word of the question is made of once its particles and endings are cut off: they say less.
    `strange` are the groups of those names that no passage has as they are written, and may have in
    the other script even where it is in the question's language.
    """

    terms: tuple[str, ...]
    units: tuple[str, ...]
    names: tuple[frozenset[str], ...]
    numbers: tuple[str, ...]
    endings: frozenset[str] = frozenset()
    strange: tuple[frozenset[str], ...] = ()


def fold(text: str) -> str:
    """NFKC and lower case: full-width digits, decomposed jamo and capitals are one spelling."""
    return unicodedata.normalize("NFKC", text).lower()


@lru_cache(maxsize=1 << 18)
def _run_terms(run: str) -> tuple[str, ...]:
    first = run[0]
    if first.isascii():
        return (_stem(run),)
    if len(run) == 1:
        return (run,)
    return tuple(run[i : i + 2] for i in range(len(run) - 1))


@lru_cache(maxsize=1)
def _analyzer() -> tantivy.TextAnalyzer:
    """Porter's English stemmer, as Tantivy has it."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    return builder.filter(tantivy.Filter.stemmer("English")).build()


def _stem(word: str) -> str:
    if word.isdigit() or len(word) < 3:
        return word
    return str(_analyzer().analyze(american(word))[0])


_SMALL_WORDS = (
    "a an and are as at be been by can could did do does for from had has have he her his "
    "how i if in into is it its me my of on or our she so than that the their them then "
    "there these they this those to was we were what when where which who whom whose why "
    "will with would you your about many much long".split()
)  # fmt: skip
STOP = frozenset(_SMALL_WORDS) | frozenset(_stem(word) for word in _SMALL_WORDS)
"""Words too common to search for, as they stand and as terms."""


def terms(text: str) -> list[str]:
    """The terms of a text in order: bigrams of Hangul runs, stems of Latin words, numbers as written."""
    return [term for run in _RUNS.findall(fold(text)) for term in _run_terms(run)]


def units(text: str, found: list[str]) -> list[str]:
    """Longer units than terms: Korean pieces of two syllables or more, and pairs of Latin terms.

    `found` are the terms of the text. Pieces come close to morphemes and reward a match of whole
    ones; pairs reward words that stand together.
    """
    pairs = [f"{a}_{b}" for a, b in pairwise(found) if a.isascii() and b.isascii()]
    if not _HANGUL.search(text):
        return pairs
    return [p for p in bundled().pieces(text) if len(p) > 1 and not p.isascii()] + pairs


def document_terms(title: str, heading: str | None, text: str) -> DocumentTerms:
    """The terms of a passage; its article's title and its heading count as part of it."""
    whole = "\n".join(part for part in (title, heading, text) if part)
    found = terms(whole)
    return DocumentTerms(
        " ".join(found),
        " ".join(units(whole, found)),
        " ".join(_name_terms(whole)),
        " ".join(term for quantity in quantities(whole) for term in quantity.terms),
    )


def _name_terms(text: str) -> Iterable[str]:
    """Keys of every Hangul word (`h:`), Latin name (`l:`) and rare small word (`w:`), once each; a
    Hangul name with a Latin tail is both."""
    keys: dict[str, None] = {}
    for word in _HANGUL.findall(text):
        for key in _hangul_terms(word):
            keys[key] = None
    for name in mixed_names(text):
        for key in mixed_keys(*name):
            keys[f"h:{key}"] = None
    for word in latin_names(text):
        for key in _latin_terms(word):
            keys[key] = None
    for word in short_forms(text):
        for key in short_keys(word):
            keys[f"l:{key}"] = None
    for word in _LOAN.findall(text):
        for key in _loan_terms(word):
            keys[key] = None
    return keys


@lru_cache(maxsize=1 << 17)
def _hangul_terms(word: str) -> tuple[str, ...]:
    return tuple(f"h:{key}" for key in _hangul_keys(word))


def _hangul_keys(word: str) -> list[str]:
    """The keys of a Hangul word, of it without a particle, and without the common noun it may end in."""
    found = [key for stem in stems(word) if len(key := hangul_key(stem)) >= _KEY_LENGTH]
    return [*found, *head_keys(word)]


@lru_cache(maxsize=1 << 17)
def _latin_terms(word: str) -> tuple[str, ...]:
    if word.lower() in STOP:  # at the head of a sentence
        return ()
    return tuple(f"l:{key}" for key in latin_keys(word) if len(key) >= _KEY_LENGTH)


@lru_cache(maxsize=1 << 17)
def _loan_terms(word: str) -> tuple[str, ...]:
    """Keys of a small word that the vocabulary does not know as one: Korean may spell it by sound."""
    if len(bundled().pieces(word)) < 2:
        return ()
    return tuple(f"w:{key}" for key in latin_keys(word) if len(key) >= _LOAN_KEY_LENGTH)


def loan_terms(keys: Iterable[str]) -> frozenset[str]:
    """What finds the small words in which a Hangul word with these phonetic keys may be meant."""
    return frozenset(f"w:{key}" for key in keys if len(key) >= _LOAN_KEY_LENGTH)


def name_terms(word: str, keys: Iterable[str]) -> frozenset[str]:
    """What finds a written word with these phonetic keys in the other script."""
    return frozenset(f"{'h' if word[0].isascii() else 'l'}:{key}" for key in keys)


def query_terms(question: str) -> QueryTerms:
    """The terms of a question. Names are looked for in the other script only."""
    question = unicodedata.normalize("NFKC", question)
    found = terms(question)
    content = [term for term in dict.fromkeys(found) if term not in STOP] or list(
        dict.fromkeys(found)
    )
    names: list[frozenset[str]] = []
    korean, latin = _HANGUL.findall(question), _LATIN.findall(question)
    for word in korean + _joined(korean):
        names.append(frozenset(f"l:{key}" for key in _hangul_keys(word)))
    names += (frozenset(f"l:{key}" for key in mixed_keys(*name)) for name in mixed_names(question))
    names += (frozenset(f"h:{key}" for key in short_keys(word)) for word in short_forms(question))
    for word in [*latin, *_joined(latin), *latin_names(question)]:
        if word.lower() not in STOP:
            names.append(
                frozenset(f"h:{key}" for key in latin_keys(word) if len(key) >= _KEY_LENGTH)
            )
    numbers = {term for quantity in quantities(question) for term in quantity.terms}
    return QueryTerms(
        tuple(content),
        tuple(dict.fromkeys(units(question, found))),
        tuple(dict.fromkeys(group for group in names if group)),
        tuple(sorted(numbers)),
    )


def _joined(words: list[str]) -> list[str]:
    """Neighbours as one word, for names written apart in one script and together in the other."""
    return [first + second for first, second in pairwise(words)]
