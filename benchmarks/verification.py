"""Support of sentences: `python -m benchmarks.verification DATA [--tuning] [--limit N] [--save]`.

Statements join a question and its answer in words of their own; the evidence is the right
paragraph. A true one should be `supported`; with a number, a date or a name swapped it should not.
Half of all statements (by hash) is tuned on with `--tuning`, the other half is what is reported.
"""

import argparse
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from benchmarks import tasks
from benchmarks.statements import english_set, korean_set, news_set
from benchmarks.swaps import INSIDE, OTHER, Statement, hit_of
from corpus.article import Article
from index.search import Index
from index.sync import add_articles
from rag.home import load_encoder
from rag.support import Verifier

RESULTS = Path(__file__).parent / "results"


def thinned(statements: list[Statement], limit: int) -> list[Statement]:
    """About `limit` statements of each kind, spread evenly."""
    kept = []
    for swap in sorted({s.swap for s in statements}):
        kind = [s for s in statements if s.swap == swap]
        kept += kind[:: max(1, len(kind) // limit)]
    return kept


def opened(folder: Path, articles: Sequence[Article], name: str) -> Index:
    """The articles as an index, so that words are as rare as they are in the collection."""
    encoder = load_encoder(name)
    index = Index(folder, lambda _: encoder)
    add_articles(index, articles, encoder, "paragraphs")
    index.search("a", 1)
    return index


def verdicts(verifier: Verifier, statements: Sequence[Statement]) -> dict[str, Counter[str]]:
    """The verdicts for each kind of swap ("" for true statements)."""
    found: dict[str, Counter[str]] = {}
    for statement in statements:
        _, _, score = verifier.evidence(statement.text, statement.hit)
        found.setdefault(statement.swap, Counter())[verifier.support(score)] += 1
    return found


def milliseconds(fresh: Callable[[], Verifier], statements: Sequence[Statement]) -> list[float]:
    """What five sentences over eight passages take, each checked against each, and against two."""
    true = [s for s in statements if not s.swap]
    spent: dict[int, list[float]] = {8: [], 2: []}
    for start in range(0, min(len(true) - 8, 160), 8):
        group = true[start : start + 8]
        for passages, times in spent.items():
            verifier = fresh()
            began = time.perf_counter()
            for place, claim in enumerate(group[:5]):
                for step in range(passages):
                    verifier.evidence(claim.text, group[(place + step) % 8].hit)
            times.append(1000 * (time.perf_counter() - began))
    return [statistics.median(times) for times in spent.values()]


def rows_of(name: str, found: dict[str, Counter[str]]) -> list[str]:
    """One table row for each kind of statement, and one for all that were swapped."""
    found = dict(sorted(found.items()))
    for where in (OTHER, INSIDE):
        kinds = [counts for swap, counts in found.items() if swap.endswith(where)]
        if kinds:
            found[f"all, {where}"] = sum(kinds, Counter())
    lines = []
    for swap, counts in found.items():
        total = counts.total()
        cells = " | ".join(f"{counts[v] / total:.3f}" for v in ("supported", "weak", "unsupported"))
        lines.append(f"| {name} | {swap or 'true'} | {total} | {cells} |")
    return lines


SETS: dict[str, Callable[[Path], list[Statement]]] = {
    "squad2 en": english_set,
    "qa_ko": korean_set,
    "news across": news_set,
}


def pairs_set(data: Path) -> list[Statement]:
    """Korean sentence pairs, the second as a claim about the first, by people's rating or verdict.

    Ratings (KorSTS) say how alike two sentences are, verdicts (KorNLI) what follows: nothing is
    fitted on either, they show that the score falls as people's judgement does.
    """
    return [
        Statement(
            row["b"],
            hit_of(tasks.article(row["a"], "")),
            row.get("label")
            or f"rated {min(4, int(row['score']))} to {min(4, int(row['score'])) + 1}",
        )
        for row in tasks.rows(data, "similarity_ko")
    ]


PAIRS = "similarity_ko"


def report(data: Path, encoder: str, *, tuning: bool, limit: int) -> list[str]:
    """The lines of a Markdown table, printed as they are found."""
    lines = [
        "| set | statement | count | supported | weak | unsupported |",
        "|---|---|---|---|---|---|",
    ]
    for name, make in (SETS | {PAIRS: pairs_set}).items():
        statements = make(data)
        articles = {s.hit.article_id: s.hit for s in statements}
        kept = thinned([s for s in statements if s.tuning == tuning], limit)
        with tempfile.TemporaryDirectory() as folder:
            texts = [tasks.article(hit.text, hit.title) for hit in articles.values()]
            index = opened(Path(folder), texts, encoder)
            loaded = load_encoder(encoder)
            verifier = Verifier(loaded, index.rarity)
            lines += rows_of(name, verdicts(verifier, kept))
            if name == PAIRS:
                continue
            eight, two = milliseconds(partial(Verifier, loaded, index.rarity), kept)
            lines.append(
                f"| {name} | five sentences × 8 passages: {eight:.1f} ms, × 2: {two:.1f} ms | | | | |"
            )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--encoder", default="bundled")
    parser.add_argument("--tuning", action="store_true", help="the half that weights are chosen on")
    parser.add_argument("--limit", type=int, default=400, help="about so many statements of a kind")
    parser.add_argument("--save", action="store_true", help="write results/verification.md")
    given = parser.parse_args()
    table = "\n".join(report(given.data, given.encoder, tuning=given.tuning, limit=given.limit))
    print(table)
    if given.save:
        RESULTS.mkdir(exist_ok=True)
        command = f"python -m benchmarks.verification DATA --limit {given.limit}"
        heading = f"# Support of sentences\n\n{date.today()}, `{command}`\n\n"
        (RESULTS / "verification.md").write_text(f"{heading}{table}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
