"""Trains the cross-encoder: `python -m benchmarks.answering DATA MODEL ALIGNED.safetensors OUT [--steps 1500]`.

Questions of SQuAD and QED with the sentences that the built-in reader ranks best for them: those
that hold an accepted answer are to stand out among them (listwise), and none for a question that
no sentence answers (pairwise). Questions with a word or number changed teach to look closely. Korean
comes from words put into a share of them, and from Korean sentences beside their translations.

A fifth of the questions by hash is kept for `benchmarks.fitting`; KorQuAD, the half of SQuAD that is
reported and QED's held-out titles take no part. An hour on two cores; needs the package `onnx`.
"""

import argparse
import os
import random
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as pairwise
from torch.nn.functional import softplus

from benchmarks import tasks
from benchmarks.fitting import Case, Collection, taught
from benchmarks.reading import held
from index.analysis import STOP, terms
from index.bundled.training.align import Pieces, dictionary
from index.bundled.training.data import held_out
from index.bundled.training.joined import Joined, aligned, alone, write
from index.cross_encoder import Layout, Placed
from index.search import Index
from index.sync import add_articles
from index.translation import word_translations
from rag.home import load_encoder
from rag.reading.candidates import Candidate

WEIGHTS = {"squad2": 1.5, "unanswerable": 1.2, "qed": 0.8, "never, squad2": 0.5}
KEPT = 12
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
    `other`, a question that none of them answers. `good` tells which answer their question."""

    question: str
    sentences: list[Placed]
    good: list[bool]
    weight: float
    listed: int
    other: str = ""


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
        """Five sentences each with its translation among three others, and seven pairs of Korean
        sentences of which one follows from the other or does not."""
        for _ in range(5):
            place = random.randrange(len(self._pairs))
            own, three = self._pairs[place], random.sample(self._near[place], 3)
            asked, told = random.choice([("ko", "en"), ("ko", "en"), ("en", "ko"), ("ko", "ko")])
            question = own[asked] if own["source"] == "mkqa" else opened(own[asked], asked)
            before = random.choice(self._pairs)[told] if random.random() < 0.5 else ""
            rows = [own, *(self._pairs[i] for i in three)]
            sentences = [Placed("", r[told], before) for r in rows]
            yield Example(question, sentences, [True, False, False, False], 0.35, 4)
        for told, asked, follows in random.sample(self._follows, 7):
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


def placed(candidate: Candidate) -> Placed:
    return Placed(candidate.hit.title, candidate.text, candidate.before)


def cases(data: Path, folder: Path) -> Iterator[Case]:
    """The questions that are taught, with the passages found for them."""
    encoder = load_encoder("bundled")
    english, squad = tasks.natural(data, held=False), tasks.squad(data, report=False)
    unanswerable = tasks.squad(data, answerable=False, report=False)
    strangers = [tasks.Question(q.text, q.gold, ()) for q in english.questions[::5]]
    for task, asked_of_it in (
        (squad, {"squad2": squad.questions, "unanswerable": unanswerable.questions,
                 "never, squad2": strangers}),
        (english, {"qed": english.questions}),
    ):  # fmt: skip
        index = Index(folder / task.name[:3], lambda _: encoder)
        add_articles(index, task.articles, encoder, task.name)
        for kind, questions in asked_of_it.items():
            yield from Collection(index, [q for q in questions if taught(q)], kind).cases()


class Teacher:
    """Makes examples of cases, another one each time."""

    def __init__(self, data: Path) -> None:
        self._mixed, self._changed = Mixed(data), Changed()

    def example(self, case: Case, ranked: Sequence[tuple[Placed, bool]]) -> Example:
        """A question with one sentence that answers it, if any does, and four that do not."""
        good = [sentence for sentence, right in ranked if right][:1]
        bad = [sentence for sentence, right in ranked if not right]
        some = bad[:4] if random.random() < 0.7 else random.sample(bad, min(4, len(bad)))
        sentences, question, other = [*good, *some], case.question, ""
        right = [True] * len(good) + [False] * len(some)
        if good and random.random() < 0.6:
            told = [sentence.sentence for sentence in some]
            other = self._changed.question(question, good[0].sentence, told)
        chance = random.random()
        if chance < 0.15 or 0.25 <= chance < 0.4:
            question = self._mixed.question(question)
            other = other and self._mixed.question(other)
        listed = len(sentences)
        if other:
            sentences, right = [*sentences, good[0]], [*right, False]
        if 0.15 <= chance < 0.4:
            sentences = [self._mixed.placed(sentence) for sentence in sentences]
        return Example(question, sentences, right, WEIGHTS[case.kind], listed, other)


class Batch:
    """Examples as the layers take them."""

    def __init__(self, examples: Sequence[Example], layout: Layout) -> None:
        self.examples = examples
        self._questions, self._sentences, self._asked = [], [], []  # type: ignore[var-annotated]
        for e in examples:
            first = len(self._questions)
            self._questions += [layout.question(q) for q in (e.question, e.other) if q]
            self._sentences += [layout.sentence(sentence) for sentence in e.sentences]
            self._asked += [first] * e.listed + [first + bool(e.other)] * (
                len(e.sentences) - e.listed
            )

    def odds(self, net: Joined, at_once: int = 24) -> Sequence[torch.Tensor]:
        """Log odds, a tensor (sentences,) for each example."""
        order = sorted(range(len(self._sentences)), key=lambda i: len(self._sentences[i]))
        found, back = [], torch.empty(len(order), dtype=torch.long)
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                questions, asked = alone(net, self._questions)
            for first in range(0, len(order), at_once):
                chosen = order[first : first + at_once]
                with torch.no_grad():
                    texts, mask = alone(net, [self._sentences[i] for i in chosen])
                whose = torch.tensor([self._asked[i] for i in chosen])
                found.append(net.together(questions[whose], asked[whose], texts, mask))
        back[torch.tensor(order)] = torch.arange(len(order))
        return torch.cat(found)[back].split([len(e.sentences) for e in self.examples])

    def loss(self, net: Joined) -> torch.Tensor:
        """The mean over the examples."""
        whole = torch.zeros(())
        for odds, e in zip(self.odds(net), self.examples, strict=True):
            good = torch.tensor(e.good, dtype=torch.float32)
            wrong = pairwise(odds, good, weight=1 + good, reduction="sum") / 3
            listed, right = odds[: e.listed], good[: e.listed] > 0
            if right.any() and len(listed) > 1:
                wrong = wrong + listed.logsumexp(0) - listed[right].logsumexp(0)
            if e.other:  # the sentence answers the question rather than the changed one
                wrong = wrong + 0.5 * softplus(1 - odds[0] + odds[-1])
            whole = whole + e.weight * wrong
        return whole / len(self.examples)


def train(net: Joined, layout: Layout, data: Path, steps: int, size: int = 12) -> Iterator[int]:
    """Train, telling the loss; yields the number of steps done now and then."""
    with tempfile.TemporaryDirectory() as folder:
        found = list(examples_of(data, Path(folder)))
    print(f"{len(found)} questions", flush=True)
    teacher, korean = Teacher(data), Translations(data)
    body = [p for n, p in net.named_parameters() if p.requires_grad and "joint" in n]
    head = [*net.odds.parameters(), net.kinds]
    groups: list[dict[str, Any]] = [{"params": body}, {"params": head}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    began, mean, waiting = time.time(), 0.0, list[tuple[Case, list[tuple[Placed, bool]]]]()
    for step in range(1, steps + 1):
        if len(waiting) < size:
            waiting = random.sample(found, len(found))
        chosen = [waiting.pop() for _ in range(size)]
        pace = min(1.0, step / 80) * max(0.02, 1 - step / steps)
        for group, rate in zip(optimiser.param_groups, (1.5e-4, 1e-3), strict=True):
            group["lr"] = rate * pace
        batch = Batch([*(teacher.example(*each) for each in chosen), *korean.some()], layout)
        loss = batch.loss(net)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_(body, 1.0)
        optimiser.step()
        mean += 0.02 * (loss.item() - mean)
        if step % 50 == 0:
            told = mean / (1 - 0.98**step)
            print(f"{step} loss {told:.3f} {time.time() - began:.0f}s", flush=True)
        if step % 500 == 0 or step == steps:
            yield step


def examples_of(data: Path, folder: Path) -> Iterator[tuple[Case, list[tuple[Placed, bool]]]]:
    """Each case with its best sentences and whether they hold an answer; those of questions with an
    answer that none of them holds are left out."""
    encoder = load_encoder("bundled")
    for case in cases(data, folder):
        best = case.candidates.ranked(case.question, encoder)[:KEPT]
        ranked = [(placed(c), held(case.answers, c.text)) for c in best]
        if len(ranked) > 1 and (not case.answers or any(right for _, right in ranked)):
            yield case, ranked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "model", "aligned", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--steps", type=int, default=1_500)
    given = parser.parse_args()
    torch.set_num_threads(os.cpu_count() or 1)
    torch.manual_seed(0)
    random.seed(0)
    pieces = Pieces(given.model)
    layout = Layout(pieces, pieces.start, pieces.end, pieces.colon)
    net = Joined(aligned(given.model, given.aligned, pieces))
    for _ in train(net, layout, given.data, given.steps):
        write(net, pieces, given.out)


if __name__ == "__main__":
    main()
