"""Fits the built-in reader: `python -m benchmarks.fitting DATA [--limit N]`.

Prints weights for `rag.reading.candidates.Model`. Sentences are ranked by a linear model fitted so
that those holding an accepted answer are likely among all sentences of the passages found (listwise,
softmax), without what the cross-encoder reads; then what that is worth beside it is fitted, and
whether to answer at all by a logistic regression on the best sentence. The first and the last are
measured on questions that the fold did not see (five folds).

`Model` has those of an earlier run, before the cross-encoder was trained anew: a run with it relies
on it too much, or does no better. Of the weights of `answerable` three were then set by hand (-2.0,
-3.0 and -1.0), so that more of what is never mentioned, or stands on other things, is refused; those of `read` (fitted: .53, .31, .71)
by the sample's questions and KorQuAD's half that may be looked at. That of a told reason (1.8) comes
from how often those that answer tell one, and others do, on articles of ours.

KorQuAD is only measured on and takes no part. Of SQuAD the half of the titles that is not reported
does, of QED the questions that the encoder was trained on, of both only what the cross-encoder was
not trained on, of our Korean ones every other, paragraphs and articles of ours that were kept from it, and
all questions of the sample corpus.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

from benchmarks.cases import FOLDS, Case, collections
from benchmarks.reading import held
from corpus.text import language
from rag.home import load_encoder
from rag.reading.candidates import READ, Candidate, Model

# How much each question of a collection counts; the sample's are few and the program's own.
RANKING = {
    "squad2": 1.0, "qed": 0.7, "qed ko": 1.5, "sample": 4.0, "written ko": 1.0, "written en": 1.0,
    "further en": 0.7, "further ko": 0.7, "told ko": 1.5, "told en": 1.5,
}  # fmt: skip
ANSWERING = {
    "sample": 0.4,
    "sample, unanswerable": 0.6,
    "sample, evidence taken away": 0.5,
    "never, sample": 0.3,
    "never, squad2": 1.5,
    "unanswerable": 1.5,
    "unanswerable ko": 0.5,
    "unanswerable en": 0.5,
    "squad2": 1.0,
    "qed": 1.0,
    "qed ko": 1.0,
    "written ko": 0.5,
    "written en": 0.5,
    "further en": 0.8,
    "further ko": 0.6,
    "unanswerable en, qed": 1.2,
    "unanswerable ko, qed": 0.7,
    "told ko": 0.8,
    "told en": 0.8,
    "unanswerable ko, told": 0.8,
    "unanswerable en, told": 0.8,
}
TAKEN_AWAY = 0.6


@dataclass(frozen=True, slots=True)
class Sentences:
    """The sentences of one case: features (n, features), which hold an answer, which are in the
    other language, and the case's weight."""

    rows: torch.Tensor
    good: torch.Tensor
    other: torch.Tensor
    weight: float


@dataclass(frozen=True, slots=True)
class Scores:
    """The sentences of one case that are read: their log odds (n,), what reading them gave in its
    column of (n, 3), and which hold an answer."""

    kind: str
    scores: torch.Tensor
    read: torch.Tensor
    good: torch.Tensor

    def loss(self, weights: torch.Tensor) -> torch.Tensor:
        """How unlikely those that hold an answer are among the others."""
        found = self.scores + self.read @ weights
        return found.logsumexp(0) - found[self.good].logsumexp(0)

    def right(self, weights: torch.Tensor) -> bool:
        """Whether the best one holds an answer."""
        return bool(self.good[(self.scores + self.read @ weights).argmax()])


def taken_apart(case: Case, weight: float) -> Sentences:
    ranked = case.candidates.ranked(case.question, load_encoder("bundled"))
    return Sentences(
        torch.tensor([c.features.row for c in ranked]),
        torch.tensor([held(case.answers, c.text) for c in ranked]),
        torch.tensor([float(c.hit.language != language(case.question)) for c in ranked]),
        weight,
    )


def ranking(found: Sequence[Sentences], decay: float = 2e-3) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights (2, features) within and beyond the question's language, and the other's handicap."""
    weights = torch.zeros(2, found[0].rows.shape[1], requires_grad=True)
    foreign = torch.zeros(1, requires_grad=True)
    owner = torch.repeat_interleave(
        torch.arange(len(found)), torch.tensor([len(s.rows) for s in found])
    )
    rows, good = torch.cat([s.rows for s in found]), torch.cat([s.good for s in found])
    other = torch.cat([s.other for s in found])
    share = torch.tensor([s.weight for s in found])

    def loss() -> torch.Tensor:
        scores = (rows @ weights[0]) * (1 - other) + (rows @ weights[1] + foreign) * other
        chances = torch.exp(scores - scores.detach().max())
        nothing = torch.zeros(len(found))
        right = nothing.scatter_add(0, owner, chances * good) / nothing.scatter_add(
            0, owner, chances
        )
        return -(share * torch.log(right + 1e-12)).sum() / share.sum() + decay * (weights**2).sum()

    minimise(loss, [weights, foreign])
    return weights.detach(), foreign.detach()


def answering(
    rows: torch.Tensor, answerable: torch.Tensor, share: torch.Tensor, decay: float = 1e-4
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights (features,) and bias of a weighted logistic regression."""
    weights = torch.zeros(rows.shape[1], requires_grad=True)
    bias = torch.zeros(1, requires_grad=True)

    def loss() -> torch.Tensor:
        wrong = binary_cross_entropy_with_logits(
            rows @ weights + bias, answerable, reduction="none"
        )
        return (share * wrong).sum() / share.sum() + decay * (weights**2).sum()

    minimise(loss, [weights, bias])
    return weights.detach(), bias.detach()


def minimise(loss: Callable[[], torch.Tensor], parameters: list[torch.Tensor]) -> None:
    optimiser = torch.optim.LBFGS(parameters, max_iter=200, line_search_fn="strong_wolfe")

    def step() -> float:
        optimiser.zero_grad()
        value = loss()
        value.backward()
        return value.item()

    optimiser.step(step)


def fit_ranking(cases: Sequence[Case]) -> Model:
    found = [taken_apart(c, RANKING[c.kind]) for c in cases if c.kind in RANKING]
    folds = [c.fold for c in cases if c.kind in RANKING]
    kinds = [c.kind for c in cases if c.kind in RANKING]
    hits: dict[str, list[bool]] = {}
    for fold in range(FOLDS):
        weights, foreign = ranking(
            [s for s, f in zip(found, folds, strict=True) if f != fold and s.good.any()]
        )
        for sentences, where, kind in zip(found, folds, kinds, strict=True):
            if where == fold:
                scores = torch.where(
                    sentences.other > 0,
                    sentences.rows @ weights[1] + foreign,
                    sentences.rows @ weights[0],
                )
                hits.setdefault(kind, []).append(bool(sentences.good[scores.argmax()]))
    for kind, right in hits.items():
        print(f"best sentence holds the answer, {kind:8} {np.mean(right):.3f} of {len(right)}")
    weights, foreign = ranking([s for s in found if s.good.any()])
    print("within", shown(weights[0]), "\nbeyond", shown(weights[1]), "\nforeign", shown(foreign))
    return Model(tuple(weights[0].tolist()), tuple(weights[1].tolist()), float(foreign))


def fit_reading(cases: Sequence[Case], model: Model, decay: float = 1e-2) -> None:
    """What the log odds of sentences read together with the question are worth beside their scores:
    listwise, among those that are read, in English, in Korean and across."""
    encoder, plain = load_encoder("bundled"), replace(model, read=(0.0, 0.0, 0.0))
    known: list[Scores] = []
    for case in (case for case in cases if case.kind in RANKING):
        best = case.read_by(plain).ranked(case.question, encoder)[:READ]
        read = torch.zeros(len(best), 3)
        read[range(len(best)), [side(case.question, c) for c in best]] = torch.tensor(
            [c.read for c in best]
        )
        good = torch.tensor([held(case.answers, c.text) for c in best])
        known.append(Scores(case.kind, torch.tensor([c.score for c in best]), read, good))
    weights = torch.full((3,), 0.3, requires_grad=True)
    useful = [each for each in known if each.good.any()]

    def loss() -> torch.Tensor:
        wrong = torch.stack([RANKING[each.kind] * each.loss(weights) for each in useful])
        return (
            wrong.sum() / sum(RANKING[each.kind] for each in useful)
            + decay * weights.square().sum()
        )

    minimise(loss, [weights])
    weights = weights.detach()
    for kind in RANKING:
        mine = [each for each in known if each.kind == kind]
        before, after = (np.mean([e.right(w) for e in mine]) for w in (0 * weights, weights))
        print(f"read with the question, {kind:8} {before:.3f} -> {after:.3f} of {len(mine)}")
    print("read", shown(weights))


def side(question: str, candidate: Candidate) -> int:
    """0 for an English sentence in answer to an English question, 1 for Korean ones, 2 across."""
    asked_in = language(question)
    return 2 if candidate.hit.language != asked_in else int(asked_in == "ko")


def fit_answering(cases: Sequence[Case], model: Model) -> None:
    encoder = load_encoder("bundled")
    rows = []
    for case in cases:
        candidates = case.read_by(model)
        rows.append(candidates.evidence(candidates.ranked(case.question, encoder)))
    whole = torch.tensor(rows)
    answerable = torch.tensor([float(bool(case.answers)) for case in cases])
    kinds = [case.kind for case in cases]
    share = torch.tensor([worth(kind) / kinds.count(kind) for kind in kinds])
    folds = torch.tensor([case.fold for case in cases])
    odds = torch.zeros(len(cases))
    for fold in range(FOLDS):
        seen = folds != fold
        weights, bias = answering(whole[seen], answerable[seen], share[seen])
        odds[~seen] = whole[~seen] @ weights + bias
    report(odds.numpy(), np.array(kinds))
    weights, bias = answering(whole, answerable, share)
    print("answerable", shown(weights), "\nbias", shown(bias))


def worth(kind: str) -> float:
    """How much the questions of a kind count together."""
    return ANSWERING[kind] if kind in ANSWERING or not kind.endswith("taken away") else TAKEN_AWAY


def report(odds: NDArray[np.float32], kinds: NDArray[np.str_]) -> None:
    limits = np.arange(-1.4, 0.4, 0.2)
    print(f"{'share answered at':42}" + "".join(f"{limit:7.1f}" for limit in limits))
    for kind in sorted(set(kinds.tolist())):
        mine = odds[kinds == kind]
        print(f"{kind:42}" + "".join(f"{(mine >= limit).mean():7.2f}" for limit in limits))


def shown(values: Iterable[float] | torch.Tensor) -> str:
    return ", ".join(f"{float(value):.2f}" for value in values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, default=500, help="at most so many questions a set")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cases: list[Case] = []
        for collection in collections(given.data, Path(folder), given.limit):
            cases += collection.cases()
            if collection.kind in RANKING:
                cases += collection.cases(without_gold=True)
        model = fit_ranking(cases)
        fit_reading(cases, model)
        fit_answering(cases, model)


if __name__ == "__main__":
    main()
