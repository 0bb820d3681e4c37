"""Retrieval, task by task: `python -m benchmarks.retrieval DATA [--encoder NAME] [--task NAME]…`.

Prints recall@1/5/20, MRR and milliseconds a question for the lexical view, the dense view and both
fused, through the same index that the program answers from, and for these once the cross-encoder
has read the best of them, which is what a reader is given.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks import tasks
from index.fusion import Fusion
from index.search import Hit, Index
from index.sync import add_articles
from index.terms import Weights
from rag.events import Request
from rag.home import load_encoder
from rag.retrieve import retrieve

DEEP = 60
VIEWS = ("lexical", "dense", "fused")
READ = "fused, read"
_NOTHING = Weights(names=0.0, numbers=0.0, words=0.0)
ABLATIONS = {
    "fused": Fusion(),
    "without names": Fusion(named=0.0, weights=Weights(names=0.0)),
    "without numbers": Fusion(weights=Weights(numbers=0.0)),
    "without word translation": Fusion(weights=Weights(words=0.0)),
    "without pieces and pairs": Fusion(weights=Weights(pieces=0.0, pairs=0.0)),
    "without dense": Fusion(within=0.0, across=0.0, cosine=0.0),
    "without sentences": Fusion(rescored=0),
    "dense and terms only": Fusion(named=0.0, weights=_NOTHING),
}


class Row(NamedTuple):
    """Recall@1/5/20 and MRR, and the median of milliseconds a question."""

    figures: list[float]
    ms: float | None


def ranks(found: Iterable[list[str]], gold: Iterable[str]) -> list[int]:
    """The place of each gold article among the distinct articles found (0: not there)."""
    return [
        ids.index(wanted) + 1 if wanted in ids else 0
        for ids, wanted in zip(found, gold, strict=True)
    ]


def figures(places: list[int]) -> list[float]:
    recalls = [sum(0 < place <= k for place in places) / len(places) for k in (1, 5, 20)]
    return [*recalls, sum(1 / place for place in places if place) / len(places)]


def ordered(hits: list[Hit], by: str) -> list[str]:
    """Distinct article ids, best first, by the fused score or by one view's rank."""
    if by != "fused":
        hits = [hit for hit in hits if getattr(hit, f"{by}_rank")]
        hits.sort(key=lambda hit: getattr(hit, f"{by}_rank"))
    return list(dict.fromkeys(hit.article_id for hit in hits))


def measure(index: Index, task: tasks.Task, limit: int) -> dict[str, Row]:
    questions = task.questions[:: max(1, len(task.questions) // limit)] if limit else task.questions
    found: dict[str, list[list[str]]] = {name: [] for name in (*VIEWS, READ)}
    spent: dict[str, list[float]] = {"fused": [], READ: []}
    ways: dict[str, Callable[[str, int], list[Hit]]] = {
        "fused": index.search,
        READ: lambda question, k: retrieve(index, Request(question), k),
    }
    for question in questions:
        for name, way in ways.items():
            began = time.perf_counter()
            way(question.text, 8)
            spent[name].append(1000 * (time.perf_counter() - began))
        hits = index.search(question.text, 2 * index.fusion.pool)
        for name in VIEWS:
            found[name].append(ordered(hits, name)[:DEEP])
        found[READ].append(ordered(ways[READ](question.text, DEEP), "fused"))
    gold = [question.gold for question in questions]
    times = {name: statistics.median(each) for name, each in spent.items()}
    return {
        name: Row(figures(ranks(lists, gold)), times.get(name)) for name, lists in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--encoder", default="bundled")
    parser.add_argument("--task", action="append", help="only tasks whose name begins so")
    parser.add_argument(
        "--limit", type=int, default=0, help="at most about so many questions a task"
    )
    parser.add_argument(
        "--ablate", action="store_true", help="what each part adds, fused figures only"
    )
    parser.add_argument("--whole", action="store_true", help="KorQuAD alone, all its questions")
    given = parser.parse_args()
    encoder = load_encoder(given.encoder)
    print(f"encoder {given.encoder} ({encoder.fingerprint})")
    print(f"{'task':27}{'by':26}{'@1':>7}{'@5':>7}{'@20':>7}{'MRR':>7}{'ms':>8}")
    chosen = (
        [tasks.korean(given.data, report=None)] if given.whole else tasks.everything(given.data)
    )
    for task in chosen:
        if given.task and not any(task.name.startswith(name) for name in given.task):
            continue
        with tempfile.TemporaryDirectory() as folder:
            index = Index(Path(folder), lambda _: encoder)
            add_articles(index, task.articles, encoder, "paragraphs")
            if given.ablate:
                for name, fusion in ABLATIONS.items():
                    index.fusion = replace(fusion)
                    show(task, name, measure(index, task, given.limit)["fused"]._replace(ms=None))
                continue
            for name, row in measure(index, task, given.limit).items():
                show(task, name, row)


def show(task: tasks.Task, name: str, row: Row) -> None:
    cells = "".join(f"{value:7.3f}" for value in row.figures)
    print(f"{task.name:27}{name:26}{cells}{f'{row.ms:8.1f}' if row.ms else ''}", flush=True)


if __name__ == "__main__":
    main()
