"""The built-in reader over whole collections: `python -m benchmarks.reading DATA [--limit N] [--save]`.

Prints how often the first cited sentence, and any, holds the answer; how many sentences are cited, and
what share is refused, also of Korean questions whose name is written in Latin letters; and what share of the questions without an answer is refused when a given share of those with one
is answered. Without an answer are questions written to look answerable, questions that were asked
of other articles, and of those the ones with a word that stands in none of these.
"""

import argparse
import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks import tasks
from corpus.text import language as language_of
from index.search import Index
from index.sync import add_articles
from rag.events import Request
from rag.home import load_encoder
from rag.reading.candidates import Model
from rag.reading.compose import choose
from rag.reading.extractive import Extractive
from rag.retrieve import retrieve

RESULTS = Path(__file__).parent / "results"
PASSAGES = 8
# Questions that were asked of other articles; some of what they are about stands in these too.
STRANGE = "asked of other articles"
NOWHERE = "never mentioned"
KEPT = (0.80, 0.85, 0.90, 0.92, 0.95, 0.97, 0.99)


@dataclass(frozen=True, slots=True)
class Read:
    """The log odds that a question can be answered, for each sentence that would be cited whether
    it holds an accepted answer, and whether a word of the question stands in no passage at all."""

    odds: float
    holds: tuple[bool, ...]
    nowhere: bool


class Bench:
    """One collection, opened for questions."""

    def __init__(self, folder: Path, task: tasks.Task, encoder: str) -> None:
        loaded = load_encoder(encoder)
        self._index = Index(folder, lambda _: loaded)
        add_articles(self._index, task.articles, loaded, "paragraphs")
        self._reader = Extractive(loaded, self._index.rarity)

    def read(self, question: tasks.Question) -> Read:
        hits = retrieve(self._index, Request(question.text), PASSAGES)
        language = language_of(question.text)
        wanted, ranked, odds = self._reader.looked_at(question.text, language, hits)
        parts = choose(wanted, language, ranked, None) if ranked else []
        nowhere = any(word.weight >= wanted.unseen - 1e-6 for word in wanted.words)
        return Read(odds, tuple(held(question.answers, p.candidate.text) for p in parts), nowhere)


def held(answers: Sequence[str], text: str) -> bool:
    """Whether a text holds an accepted answer, whatever the case and the spaces."""
    flat = "".join(text.lower().split())
    return any("".join(answer.lower().split()) in flat for answer in answers)


def fitted(question: tasks.Question) -> bool:
    """Whether one of our Korean questions is fitted on; the others are measured on."""
    return hashlib.sha256(question.text.encode()).digest()[1] % 2 == 0


def sample(questions: list[tasks.Question], limit: int) -> list[tasks.Question]:
    return questions[:: max(1, len(questions) // limit)][:limit] if limit else questions


def answers(name: str, found: Sequence[Read], threshold: float) -> str:
    """The first and any cited sentence, refusals left aside, and the share of these."""
    first = sum(read.holds[:1] == (True,) for read in found) / len(found)
    any_held = sum(any(read.holds) for read in found) / len(found)
    cited = sum(len(read.holds) for read in found) / len(found)
    refused = sum(read.odds < threshold for read in found) / len(found)
    return f"| {name} | {len(found)} | {first:.3f} | {any_held:.3f} | {cited:.2f} | {refused:.3f} |"


def refusals(name: str, good: Sequence[Read], bad: Sequence[Read], threshold: float) -> list[str]:
    """The share refused of `bad` for shares answered of `good`, and at the threshold in use."""
    ordered = sorted((read.odds for read in good), reverse=True)
    limits = [ordered[min(len(ordered), round(kept * len(ordered))) - 1] for kept in KEPT]
    lines = []
    for limit in (*limits, threshold):
        answered = sum(read.odds >= limit for read in good) / len(good)
        refused = sum(read.odds < limit for read in bad) / len(bad)
        mark = " (in use)" if limit == threshold else ""
        lines.append(f"| {name} | {limit:.2f}{mark} | {answered:.3f} | {refused:.3f} |")
    return lines


def report(data: Path, encoder: str, limit: int) -> list[str]:
    """The two tables of both languages, as Markdown lines; nothing that the reader was fitted on."""
    model = Model()
    unanswerable = tasks.squad(data, answerable=False, report=True).questions
    strangers = [q for q in tasks.translated(data).questions if not fitted(q)]
    cited, refused = [], []
    for task, bad in (
        (tasks.korean(data), {STRANGE: strangers}),
        (
            tasks.squad(data, report=True),
            {"unanswerable": unanswerable, STRANGE: tasks.natural(data).questions},
        ),
    ):
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(Path(folder), task, encoder)
            good = [bench.read(q) for q in sample(task.questions, limit)]
            threshold = model.threshold(task.articles[0].language)
            cited.append(answers(task.name, good, threshold))
            for other in tasks.spelled(data, task) if "ko" in task.name else ():
                named = [bench.read(q) for q in sample(other.questions, limit)]
                cited.append(answers(other.name, named, threshold))
            for kind, questions in bad.items():
                found = [bench.read(q) for q in sample(questions, limit)]
                refused += refusals(f"{task.name}, {kind}", good, found, threshold)
                if kind == STRANGE:
                    strange = [read for read in found if read.nowhere]
                    refused += refusals(f"{task.name}, {NOWHERE}", good, strange, threshold)
    return [
        "| task | questions | first cited holds | any cited holds | citations | refused |",
        "|---|---|---|---|---|---|", *cited, "",
        "| questions | threshold | answered of the answerable | refused of the others |",
        "|---|---|---|---|", *refused,
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--encoder", default="bundled")
    parser.add_argument("--limit", type=int, default=400, help="at most so many questions a set")
    parser.add_argument("--save", action="store_true", help="write results/reading.md")
    given = parser.parse_args()
    table = "\n".join(report(given.data, given.encoder, given.limit))
    print(table)
    if given.save:
        RESULTS.mkdir(exist_ok=True)
        command = f"python -m benchmarks.reading DATA --limit {given.limit}"
        heading = f"# The built-in reader\n\n{date.today()}, `{command}`\n\n"
        (RESULTS / "reading.md").write_text(f"{heading}{table}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
