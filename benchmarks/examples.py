"""What the cross-encoder is trained on beside questions as they were asked.

Questions with a word or number changed, texts with Korean words in the place of English ones, and
Korean sentences beside their translations and beside what follows from them.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import tasks
from index.analysis import STOP, terms
from index.bundled.training.align import dictionary
from index.bundled.training.data import held_out
from index.cross_encoder import Placed
from index.translation import word_translations
from rag.home import load_encoder

WORDS_FOR = {
    "who": "누가", "when": "언제", "where": "어디", "what": "무엇", "which": "어느", "why": "왜",
    "how": "어떻게", "many": "몇", "much": "얼마",
}  # fmt: skip
PARTICLES = ["은", "는", "이", "가", "을", "를", "의", "에", "에서", "로", "와", "", "", "", ""]
OPPOSITES = """
    first last, largest smallest, highest lowest, most least, more less, before after, north south,
    east west, northern southern, eastern western, increase decrease, increased decreased, early late,
    earliest latest, oldest youngest, best worst, major minor, male female, men women, king queen,
    father mother, son daughter, brother sister, husband wife, win lose, won lost, begin end,
    began ended, start finish, buy sell, allowed banned, legal illegal, public private,
    internal external, left right, upper lower, inside outside, above below, open closed, rise fall,
    rose fell, success failure, strong weak, rich poor, high low, large small, long short, old new,
    always never, maximum minimum, positive negative, many few, longest shortest, common rare,
    born died, birth death, winter summer, spring autumn, white black, import export, enter leave,
    accepted rejected, supported opposed, modern ancient, national local, war peace, attack defend,
    hot cold, wet dry, urban rural, religious secular, majority minority, include exclude, gain lose,
    same different, over under
"""
CAPITALISED = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+\b")


@dataclass(frozen=True, slots=True)
class Example:
    """A question with sentences, the first `listed` of them candidates for it; the rest belong to
    `other`, a question that none of them answers. `good` tells which answer their question. One that
    is `asked` is a question that its candidates answer or do not, rather than a sentence; `answers` are
    what the answering one holds."""

    question: str
    sentences: list[Placed]
    good: list[bool]
    weight: float
    listed: int
    other: str = ""
    asked: bool = False
    answers: tuple[str, ...] = ()


class Mixed:
    """Texts with Korean words in the place of English ones."""

    def __init__(self, data: Path) -> None:
        self._words = dictionary(data)
        for row in tasks.rows(data, "names"):
            if re.fullmatch("[A-Z][a-z]+", row["en"]) and not held_out(row["en"]):
                self._words.setdefault(row["en"].lower(), []).append(row["ko"])

    def text(self, text: str, share: float = 0.8) -> str:
        """`share` of the words that have a translation are replaced, of the rest of the small ones
        as many are left out."""
        said = []
        for word in text.split():
            plain = word.lower().strip(".,?!'\"()")
            if random.random() >= share:
                said.append(word)
            elif plain in STOP:
                continue
            else:
                known = self._known(plain)
                said.append(random.choice(known) + random.choice(PARTICLES) if known else word)
        return " ".join(said) or text

    def question(self, text: str) -> str:
        """As a text, with the question word in Korean and, every other time, at its end."""
        words = [WORDS_FOR.get(word.lower(), word) for word in text.split()]
        if random.random() < 0.5:
            words = [*words[1:], words[0]]
        return self.text(" ".join(words), 0.85)

    def placed(self, placed: Placed) -> Placed:
        """The parts of a placed sentence, each by itself."""
        return Placed(
            self.text(placed.title, 0.5), self.text(placed.sentence), self.text(placed.before)
        )

    def _known(self, word: str) -> list[str]:
        if word not in self._words and word.isascii() and word.isalpha():
            groups = word_translations(word) if terms(word) else ()
            self._words[word] = [" ".join(said) for group in groups for said, _ in group]
        return self._words.get(word, [])


class Changed:
    """Questions with one word or number changed, so that the sentence answers them no longer."""

    def __init__(self) -> None:
        pairs = [pair.split() for pair in OPPOSITES.split(",")]
        self._opposite = {a: b for pair in pairs for a, b in (pair, reversed(pair))}

    def question(self, text: str, answer: str, others: Sequence[str]) -> str:
        """The changed question, or nothing. Names are changed for those of `others`."""
        words, ways = text.split(), list[tuple[int, str, list[str]]]()
        held = {name.lower() for name in CAPITALISED.findall(answer)}
        names = [n for other in others for n in CAPITALISED.findall(other)]
        names = [n for n in names if n.lower() not in f"{answer} {text}".lower()]
        for place, word in enumerate(words[1:], 1):
            plain = word.strip(".,?!'\"()")
            small = plain.lower()
            if small in self._opposite:
                ways.append((place, plain, [self._opposite[small]]))
            elif re.fullmatch(r"\d[\d,.]*", plain) and plain[-1].isdigit():
                last = (int(plain[-1]) + random.randint(1, 8)) % 10
                ways.append((place, plain, [f"{plain[:-1]}{last}"]))
            elif small in held and len(small) > 3 and names:
                ways.append((place, plain, names))
        if not ways:
            return ""
        place, plain, options = random.choice(ways)
        new = random.choice(options)
        words[place] = words[place].replace(plain, new if plain[0].isupper() else new.lower())
        return " ".join(words)


class Translations:
    """Korean sentences beside English ones, as questions and what may answer them."""

    def __init__(self, data: Path, count: int = 9_000, near: int = 8) -> None:
        sources = ("mkqa", "korsts", "pud", "jhe", "tatoeba", "hfcourse")
        found = [r for r in tasks.rows(data, "parallel") if r["source"] in sources]
        found = [r for r in found if 12 < len(r["en"]) < 220]
        self._pairs = random.sample(found, min(count, len(found)))
        vectors = load_encoder("bundled").encode_documents([r["en"] for r in self._pairs])
        self._near = []
        for row in vectors:  # the most alike, but not the same once more
            alike = vectors @ row
            alike[alike > 0.9] = -1
            self._near.append(np.argpartition(-alike, near)[:near].tolist())
        likeness = tasks.rows(data, "similarity_ko")
        self._follows = [
            (r["a"], r["b"], r["label"] == "entailment") for r in likeness if "label" in r
        ]
        self._follows += [
            (r["b"], r["a"], r["score"] >= 4)
            for r in likeness
            if r["source"] == "korsts-train" and not 2.5 < r["score"] < 4
        ]

    def some(self) -> Iterator[Example]:
        """Three sentences each with its translation among three others, and four pairs of Korean
        sentences of which one follows from the other or does not."""
        for _ in range(3):
            place = random.randrange(len(self._pairs))
            own, three = self._pairs[place], random.sample(self._near[place], 3)
            asked, told = random.choice([("ko", "en"), ("ko", "en"), ("en", "ko"), ("ko", "ko")])
            question = own[asked] if own["source"] == "mkqa" else opened(own[asked], asked)
            before = random.choice(self._pairs)[told] if random.random() < 0.5 else ""
            rows = [own, *(self._pairs[i] for i in three)]
            sentences = [Placed("", r[told], before) for r in rows]
            yield Example(question, sentences, [True, False, False, False], 0.35, 4)
        for told, asked, follows in random.sample(self._follows, 4):
            yield Example(opened(asked, "ko"), [Placed("", told)], [follows], 0.3, 0)


def opened(text: str, language: str) -> str:
    """A sentence as a question: a question word for one or two words, some others left out."""
    ask = {"ko": "무엇 누구 언제 어디 몇 무엇인가 누가 어느", "en": "what who when where which how"}
    words = text.rstrip(".!?").split()
    if len(words) > 3:
        place = random.randrange(len(words))
        words[place : place + random.choice((1, 1, 2))] = [random.choice(ask[language].split())]
    if len(words) > 6:
        words = [word for word in words if random.random() < 0.85] or words
    return " ".join(words) + random.choice(("?", ""))
