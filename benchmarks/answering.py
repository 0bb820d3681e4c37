"""Trains the cross-encoder: `python -m benchmarks.answering DATA MODEL BEGIN OUT [--steps 2500] [--rate 1.5e-4]`.

BEGIN is what `align.py` left, or the folder of a cross-encoder to go on from: then OUT, which may be the
same folder, must hold one, and gets new joint layers.

Questions of SQuAD and QED, three in ten of them also in Korean, and questions of both languages on
Korean paragraphs of our own, with the sentences that the built-in reader ranks best for them: those
that hold an accepted answer are to stand out among them (listwise), and none for a question that
no sentence answers (pairwise, and below what answers any other question). Where the answer stands in
its sentence is told too, and that a sentence holds none (Rajpurkar et al. 2018). Questions with a word or
number changed teach to look closely; Korean words in the place of English ones, and Korean sentences
beside their translations, bring the languages together.

A fifth of the questions by hash is kept for `benchmarks.fitting`; KorQuAD, the half of SQuAD that is
reported and QED's held-out titles take no part. An hour on two cores; needs the package `onnx`.
"""

import argparse
import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import torch
from torch.nn.functional import binary_cross_entropy_with_logits as pairwise
from torch.nn.functional import cross_entropy, softplus

from benchmarks import tasks
from benchmarks.cases import Case, Collection
from benchmarks.examples import Changed, Example, Mixed, Translations
from benchmarks.reading import held
from benchmarks.training import Decks, steps
from corpus.article import Language
from corpus.text import language
from index.bundled.training.align import Pieces
from index.bundled.training.joined import Joined, aligned, alone, write, write_joint
from index.bundled.training.kept import again
from index.cross_encoder import Layout, Placed
from index.search import Index
from index.sync import add_articles
from rag.home import load_encoder

WEIGHTS = {
    "squad2": 1.5,
    "unanswerable": 1.2,
    "qed": 0.8,
    "never": 0.5,
    "written": 1.0,
    "further": 1.0,
    "told": 1.2,
}
KEPT = 12
_FAR = 1e4
# What a sentence without an answer counts beside one with, and the share of one that an answer is of.
_NOTHING, _WHOLE = 0.25, 0.8


@dataclass(frozen=True, slots=True)
class Ranked:
    """A question that is taught, with its best sentences and whether they hold one of its answers."""

    kind: str
    question: str
    sentences: list[tuple[Placed, bool]]
    answers: tuple[str, ...]


def cases(data: Path, folder: Path, part: int, parts: int) -> Iterator[Case]:
    """Every `parts`th question that is taught, from the `part`th on, with the passages found for it:
    English ones with our own beside them."""
    encoder = load_encoder("bundled")
    beside = [*tasks.written(asked="ko").articles, *tasks.told(asked="ko").articles]
    for kind, asked_of_it in asked(data).items():
        index = Index(folder / kind, lambda _: encoder)
        add_articles(index, [*asked_of_it[0][1].articles, *beside], encoder, kind)
        for name, task in asked_of_it:
            own = name in ("written", "further", "told")
            chosen = [q for q in task.questions if own or tasks.taught(q.text)]
            yield from Collection(index, chosen[part::parts], name, reranker="").cases()


def asked(data: Path) -> dict[str, list[tuple[str, tasks.Task]]]:
    """What is asked of the paragraphs of SQuAD and of QED, each kind of question with its task; the
    paragraphs are the first task's."""
    of_squad, of_qed = list[tuple[str, tasks.Task]](), list[tuple[str, tasks.Task]]()
    for korean in (False, True):
        natural = tasks.natural(data, held=False, korean=korean)
        strangers = [tasks.Question(q.text, q.gold, ()) for q in natural.questions[::5]]
        of_squad += [
            ("squad2", tasks.squad(data, report=False, korean=korean)),
            ("unanswerable", tasks.squad(data, answerable=False, report=False, korean=korean)),
            ("never", replace(natural, questions=strangers)),
        ]
        of_qed.append(("qed", natural))
        spoken: Language = "ko" if korean else "en"
        for answerable in (True, False):
            of_squad.append(("written", tasks.written(asked=spoken, answerable=answerable)))
            of_squad.append(("told", tasks.told(asked=spoken, answerable=answerable)))
            of_qed.append(("further", tasks.further(data, asked=spoken, answerable=answerable)))
    return {"squad2": of_squad, "qed": of_qed}


class Teacher:
    """Makes examples of cases, another one each time."""

    def __init__(self, data: Path) -> None:
        self._mixed, self._changed, self._twins = Mixed(data), Changed(), tasks.twins(data)

    def example(self, case: Ranked) -> Example:
        """A question with one sentence that answers it, if any does, and four that do not."""
        good = [sentence for sentence, right in case.sentences if right][:1]
        bad = [sentence for sentence, right in case.sentences if not right]
        some = bad[:4] if random.random() < 0.7 else random.sample(bad, min(4, len(bad)))
        sentences, question, other = [*good, *some], case.question, ""
        right = [True] * len(good) + [False] * len(some)
        english = language(case.question) == "en"
        if good and random.random() < 0.7:
            told = [sentence.sentence for sentence in some]
            other = self._twins.get(question, "")
            if english and (not other or random.random() < 0.2):
                other = self._changed.question(question, good[0].sentence, told) or other
        chance = random.random()
        if english and (chance < 0.1 or 0.2 <= chance < 0.3):
            question = self._mixed.question(question)
            other = other and self._mixed.question(other)
        listed = len(sentences)
        if other:
            sentences, right = [*sentences, good[0]], [*right, False]
        if 0.1 <= chance < 0.3:
            sentences = [self._mixed.placed(sentence) for sentence in sentences]
        return Example(
            question, sentences, right, WEIGHTS[case.kind], listed, other,
            asked=True, answers=case.answers,
        )  # fmt: skip


class Batch:
    """Examples as the layers take them."""

    def __init__(self, examples: Sequence[Example], layout: Layout) -> None:
        self.examples = examples
        self._questions, self._sentences = list[list[int]](), list[list[int]]()
        self._asked, self._places = list[int](), list[tuple[int, int] | None]()
        for e in examples:
            first = len(self._questions)
            self._questions += [layout.question(q) for q in (e.question, e.other) if q]
            self._sentences += [layout.sentence(sentence) for sentence in e.sentences]
            self._asked += [first] * e.listed
            self._asked += [first + bool(e.other)] * (len(e.sentences) - e.listed)
            self._places += places(e, self._sentences[-len(e.sentences) :], layout)

    def read(
        self, net: Joined, ends: torch.nn.Linear, at_once: int = 24
    ) -> tuple[Sequence[torch.Tensor], torch.Tensor]:
        """Log odds, a tensor (sentences,) for each example, and how unlikely `ends`, which gives the
        odds that a place is the first or the last of an answer, finds those of the answers."""
        order = sorted(range(len(self._sentences)), key=lambda i: len(self._sentences[i]))
        found, back = [], torch.empty(len(order), dtype=torch.long)
        wrong, weight = torch.zeros(()), torch.zeros(())
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                questions, asked = alone(net, self._questions)
            for first in range(0, len(order), at_once):
                chosen = order[first : first + at_once]
                with torch.no_grad():
                    texts, mask = alone(net, [self._sentences[i] for i in chosen])
                whose = torch.tensor([self._asked[i] for i in chosen])
                seen = net.seen(questions[whose], asked[whose], texts, mask).float()
                found.append(net.odds(seen[:, 0])[:, 0])
                known = [i for i, each in enumerate(chosen) if self._places[each] is not None]
                at = torch.tensor([self._places[chosen[i]] for i in known], dtype=torch.long)
                at = at.view(-1, 2)
                within = seen[known][:, asked.shape[1] :]
                odds = ends(within) + (mask[known][:, :, None] - 1) * _FAR
                each = cross_entropy(odds, at, reduction="none").sum(1)
                counts = torch.where(at[:, 1] > 0, 1.0, _NOTHING)
                wrong, weight = wrong + (counts * each).sum(), weight + counts.sum()
        back[torch.tensor(order)] = torch.arange(len(order))
        split = torch.cat(found)[back].split([len(e.sentences) for e in self.examples])
        return split, wrong / weight.clamp(min=1.0)

    def loss(self, net: Joined, ends: torch.nn.Linear) -> torch.Tensor:
        """The mean over the examples, how far the answered ones stand above the others, and how
        well their answers are found."""
        read, unlikely = self.read(net, ends)
        whole = torch.zeros(())
        answered, unanswered = list[torch.Tensor](), list[torch.Tensor]()
        for odds, e in zip(read, self.examples, strict=True):
            good = torch.tensor(e.good, dtype=torch.float32)
            wrong = pairwise(odds, good, weight=1 + good, reduction="sum") / 3
            listed, right = odds[: e.listed], good[: e.listed] > 0
            if right.any() and len(listed) > 1:
                wrong = wrong + listed.logsumexp(0) - listed[right].logsumexp(0)
            if e.asked and right.any():
                answered.append(listed[right].max())
            elif e.asked:
                unanswered.append(listed.max())
            if e.other:
                unanswered.append(odds[-1])
                # The sentence answers the question rather than the changed one.
                wrong = wrong + 0.5 * softplus(1 - odds[0] + odds[-1])
            whole = whole + e.weight * wrong
        whole = whole / len(self.examples)
        # What answers stands above all that does not, whatever is asked.
        if answered and unanswered:
            above = torch.stack(answered)[:, None] - torch.stack(unanswered)
            whole = whole + 0.8 * softplus(1 - above).mean()
        return whole + 0.4 * unlikely


def places(
    example: Example, sentences: Sequence[Sequence[int]], layout: Layout
) -> Iterator[tuple[int, int] | None]:
    """For each of an example's sentences the first and the last place of an answer: of its start (0)
    when it holds none, and none where that is not known, or nearly the whole sentence is one."""
    for n, (placed, ids) in enumerate(zip(example.sentences, sentences, strict=True)):
        if not example.asked:
            yield None
        elif not (example.good[n] and n < example.listed):
            yield 0, 0
        else:
            most = _WHOLE * len(placed.sentence)
            short = [a for a in sorted(example.answers, key=len) if len(a) < most]
            forms = (list(layout.pieces(form)) for a in short for form in (a, f" {a}"))
            found = ((at, at + len(f) - 1) for f in forms if f and (at := find(ids, f)))
            yield next(found, None)


def find(ids: Sequence[int], part: Sequence[int]) -> int:
    """Where a part of some ids begins, 0 when it is none."""
    starts = range(1, len(ids) - len(part) + 1)
    return next((at for at in starts if ids[at : at + len(part)] == part), 0)


def train(
    net: Joined, layout: Layout, data: Path, count: int, rate: float, size: int = 12
) -> Iterator[int]:
    """Train at most at a rate, telling the loss; yields the number of steps done now and then."""
    decks = Decks(found_for(data))
    teacher, korean = Teacher(data), Translations(data)
    ends = torch.nn.Linear(net.odds.in_features, 2)
    body = [p for n, p in net.named_parameters() if p.requires_grad and "joint" in n]
    head = [*net.odds.parameters(), net.kinds, *ends.parameters()]

    def loss() -> torch.Tensor:
        chosen = [teacher.example(decks.deal()) for _ in range(size)]
        return Batch([*chosen, *korean.some()], layout).loss(net, ends)

    return steps(body, head, count, rate, loss)


def found_for(data: Path) -> list[Ranked]:
    """All questions that are taught; every processor looks for some of them."""
    parts = os.cpu_count() or 1
    with ProcessPoolExecutor(parts, get_context("spawn")) as pool:
        found = pool.map(_found_for, repeat(data), range(parts), repeat(parts))
        return [each for some in found for each in some]


def _found_for(data: Path, part: int, parts: int) -> list[Ranked]:
    """Each case with its best sentences, if need be with the first one further down that holds an
    answer; those of questions whose answer no sentence holds are left out."""
    encoder, kept = load_encoder("bundled"), []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(data, Path(folder), part, parts):
            found = case.candidates.ranked(case.question, encoder)
            told = [(c.placed, held(case.answers, c.text)) for c in found]
            ranked = told[:KEPT]
            if not any(right for _, right in ranked):
                ranked += [each for each in told[KEPT:] if each[1]][:1]
            if len(ranked) > 1 and (not case.answers or any(right for _, right in ranked)):
                kept.append(Ranked(case.kind, case.question, ranked, case.answers))
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "model", "begin", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--steps", type=int, default=2_500)
    parser.add_argument("--rate", type=float, default=1.5e-4)
    given = parser.parse_args()
    torch.set_num_threads(os.cpu_count() or 1)
    torch.manual_seed(0)
    random.seed(0)
    pieces = Pieces(given.model)
    layout = Layout(pieces, pieces.start, pieces.end, pieces.colon)
    onward = given.begin.is_dir()
    if onward:
        net = again(given.model, given.begin, pieces)
    else:
        net = Joined(aligned(given.model, given.begin, pieces))
    for _ in train(net, layout, given.data, given.steps, given.rate):
        if onward:
            write_joint(net, given.out)
        else:
            write(net, pieces, given.out)


if __name__ == "__main__":
    main()
