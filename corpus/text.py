"""Text as this project stores it: one normal form, two languages, sentences with offsets.

`TEXT_VERSION` names what `normalise` and `sentences` do. It is part of an index's fingerprint, so
change it whenever either of them gives another result for some text.
"""

import re
import unicodedata

from corpus.article import Language
from corpus.sentences import sentences

__all__ = ["TEXT_VERSION", "flat", "language", "normalise", "sentences"]

TEXT_VERSION = "1"

# Spaces of other widths and the blanks that pages use for layout (Hangul fillers among them).
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u3164\uffa0"
# Control characters, soft hyphens, zero-width and direction marks, byte order marks, surrogates.
_INVISIBLE = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff"
)
_SPACE = re.compile(f"[{_SPACES}]")
_DROPPED = re.compile(f"[{_INVISIBLE}]")
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# A joiner means something only between two parts of one emoji (a family, a flag).
_EMOJI = "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
_STRAY_JOINER = re.compile(f"(?<![{_EMOJI}])\u200d|\u200d(?![{_EMOJI}])")
_LIST_MARK = re.compile(r"^(?:[-+] (?!\s*\d)|[*•●○◦▪■] |\d{1,2}[.)] (?!\s*\d))\s*(?=\S)")
_BLANK_LINES = re.compile(r"\n{4,}")

_HANGUL = re.compile("[가-힣\u1100-\u11ff\u3131-\u318e]")
_ENGLISH_WORD = re.compile(
    r"\b(?:the|an?|of|in|to|and|or|for|with|on|at|by|from|is|are|was|were|be|has|have|had|it|its"
    r"|this|that|what|whats|who|whose|whom|when|where|which|why|how|do|does|did|can|could|will"
    r"|would|should|about|tell|me|explain|describe|compare|list)\b",
    re.IGNORECASE | re.ASCII,
)
_GLOSS = re.compile(r"\([^()]*\)")
_KOREAN_SHARE = 0.15
# Most text is plainly one language; only what is mixed is looked at closely.
_PLAINLY_KOREAN = 0.6
_LETTER = re.compile(r"[^\W\d_]")


def flat(text: str) -> str:
    """A sentence on one line, without the mark of the list item that it is."""
    return _LIST_MARK.sub("", " ".join(text.split()))


def normalise(text: str) -> str:
    """The normal form that offsets count in; normalising twice changes nothing.

    NFC, lines ended by `\\n`, plain spaces, no invisible characters, no spaces at line ends, at
    most two blank lines in a row, and nothing blank at either end.
    """
    text = _LINE_END.sub("\n", text)
    text = _DROPPED.sub("", text)
    text = _STRAY_JOINER.sub("", text)
    text = unicodedata.normalize("NFC", _SPACE.sub(" ", text))
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n\n", text).strip()


def language(text: str) -> Language:
    """`ko` or `en`, by script; whatever is not Korean is answered and indexed as English.

    Korean news and questions are full of Latin names, so a share of 15% Hangul letters is enough,
    as long as Hangul words outnumber the small words that only an English sentence has ("What is
    하이퍼클로바X?"). A gloss in brackets does not say what language its sentence is in.
    """
    hangul = len(_HANGUL.findall(text))
    if not hangul:
        return "en"
    if hangul > _PLAINLY_KOREAN * len(_LETTER.findall(text)):
        return "ko"
    for candidate in (_GLOSS.sub(" ", text), text):
        letters = sum(map(str.isalpha, candidate))
        if letters:
            break
    else:
        return "en"
    share = len(_HANGUL.findall(candidate)) / letters
    korean = sum(1 for word in candidate.split() if _HANGUL.search(word))
    english = len(_ENGLISH_WORD.findall(candidate))
    return "ko" if share >= _KOREAN_SHARE and korean > english else "en"
