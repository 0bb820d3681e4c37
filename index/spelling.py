"""Latin words of a question that nothing indexed holds, as they were probably meant.

A name that the articles write in parts is taken apart (`DeepSeekR1`), and a name with a number that they write
in one is joined (`Qwen 3`).

One slip of the fingers is mended (a letter too many, too few, another, or two exchanged; Norvig
2007), after the second letter and only towards what is indexed. A word that the bundled tables know
is no slip, and a short name written as one may be another name.
"""

import re
from string import ascii_lowercase

from index.analysis import STOP, fold, terms
from index.segmenter import bundled
from index.terms import TermView
from index.translation import word_translations

_WORD = re.compile(r"[A-Za-z]{4,}")
_NUMBERED = re.compile(r"(?<![A-Za-z\d])([A-Za-z]+)[\s-](\d{1,3}[A-Za-z]?)(?![A-Za-z\d]|[.,]\d)")
_GLUED = re.compile(r"(?<![A-Za-z\d])[A-Za-z][A-Za-z\d]{2,23}(?![A-Za-z\d])")
_SURE, _NAME = 2, 8  # how many letters are taken for right, and how many a name has at least


def mended(question: str, view: TermView) -> str:
    """The question with its slips mended; the same when there are none."""
    question = _NUMBERED.sub(lambda found: _joined(found, view), question)
    question = _GLUED.sub(lambda found: _apart(found.group(), view), question)
    capitals = not question.islower()

    def meant(match: re.Match[str]) -> str:
        word = match.group()
        named = capitals and not word.islower()
        return word if named and len(word) < _NAME else _meant(word, view)

    return _WORD.sub(meant, question)


def _meant(word: str, view: TermView) -> str:
    """The word itself, or with another stem in the place of one that is not indexed."""
    small = fold(word)
    stem = terms(small)[0]
    if view.document_frequency(stem) or _is_word(small) or not small.startswith(stem):
        return word
    near = _slips(stem)
    found = [(count, term) for term, count in view.beginning(stem[:_SURE]) if term in near]
    return max(found)[1] + small[len(stem) :] if found else word


def _joined(found: re.Match[str], view: TermView) -> str:
    """A name and its number in one word, where the articles have it only so."""
    name, number = found.groups()
    pair = view.side_by_side(*terms(f"{name} {number}"))
    return (
        name + number if not pair and view.document_frequency(terms(name + number)[0]) else found[0]
    )


def _apart(word: str, view: TermView) -> str:
    """A name that is not indexed in the parts that stand side by side somewhere, if it has such."""
    if view.document_frequency(terms(word)[0]) or _is_word(fold(word)):
        return word
    parts = _parts(word, view)
    # takeover is no name, though something may take over.
    named = not word[1:].islower() or not all(any(word_translations(fold(part))) for part in parts)
    return " ".join(parts) if named and parts and not STOP.intersection(map(fold, parts)) else word


def _parts(word: str, view: TermView) -> list[str]:
    for place in range(len(word) - 1, 0, -1):
        head, tail = word[:place], word[place:]
        for rest in filter(None, ([tail], _parts(tail, view) if place > 1 else [])):
            if view.side_by_side(terms(head)[0], terms(rest[0])[0]):
                return [head, *rest]
    return []


def _is_word(word: str) -> bool:
    """Whether the bundled tables know a word."""
    return any(word_translations(word)) or len([p for p in bundled().pieces(word) if p]) == 1


def _slips(word: str) -> set[str]:
    """What a slip makes of a word, the first letters left as they are."""
    made = set[str]()
    for place in range(_SURE, len(word) + 1):
        head, tail = word[:place], word[place:]
        made |= {head + letter + tail for letter in ascii_lowercase}
        made |= {head + letter + tail[1:] for letter in ascii_lowercase if tail}
        made.add(head + tail[1:])
        made.add(head + tail[1:2] + tail[:1] + tail[2:])
    return made
