"""Speed: `python -m benchmarks.speed DATA [--passages 20000] [--search 100000]`.

Prints passages a second for each stage of indexing on made-up articles (sentences of the public
collections in random order), the median search time at a given size, memory, and the time of
`rag ask` from a cold start.
"""

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks import tasks
from corpus.article import Article, Passage
from corpus.chunking import passages
from corpus.text import language, sentences
from index.analysis import document_terms
from index.search import Index
from index.sync import add_articles, encoded_text
from rag.home import load_encoder


def articles(data: Path, count: int) -> Iterator[Article]:
    """Articles of about six passages in both languages, until there are `count` passages."""
    pools = [
        [a.text[x:y] for a in made.articles for x, y in sentences(a.text)]
        for made in (tasks.korean(data), tasks.squad(data))
    ]
    rng = random.Random(0)
    made = 0
    number = 0
    while made < count:
        pool = pools[number % 2]
        text = "\n\n".join(" ".join(rng.choices(pool, k=6)) for _ in range(6))
        article = Article(
            f"made/{number}", f"{number}", text, language(text), "made", f"{number}", None, "0"
        )
        made += len(passages(article))
        number += 1
        yield article


def stage(name: str, work: Callable[[], object], count: int) -> None:
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    print(f"{name:34}{seconds:8.2f} s {count / seconds:10,.0f} passages/s", flush=True)


def indexing(data: Path, count: int) -> None:
    """Each stage alone, then the whole."""
    encoder = load_encoder("bundled")
    made = list(articles(data, count))
    cut: list[tuple[Article, Passage]] = []
    stage("cutting", lambda: cut.extend((a, p) for a in made for p in passages(a)), count)
    encoder.encode_documents(["warm"])
    stage(
        "encoding", lambda: encoder.encode_documents([encoded_text(a, p) for a, p in cut]), len(cut)
    )
    stage("terms", lambda: [document_terms(a.title, p.heading, p.text) for a, p in cut], len(cut))
    with tempfile.TemporaryDirectory() as folder:
        index = Index(Path(folder), lambda _: encoder)
        stage(
            "text to searchable, all stages",
            lambda: add_articles(index, made, encoder, "made"),
            len(cut),
        )


def searching(data: Path, count: int, questions: int = 200) -> None:
    """The median search time of Korean and English questions, in a process that opens the index."""
    encoder = load_encoder("bundled")
    asked = [
        q.text for t in (tasks.korean(data), tasks.squad(data)) for q in t.questions[:questions]
    ]
    with tempfile.TemporaryDirectory() as folder:
        index = Index(Path(folder), lambda _: encoder)
        add_articles(index, articles(data, count), encoder, "made")
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
            spent, memory = other.submit(timed, Path(folder), asked).result()
    print(
        f"search over {count:,} passages: median {statistics.median(spent):.1f} ms, "
        f"95% {sorted(spent)[int(0.95 * len(spent))]:.1f} ms; peak memory {memory:.0f} MB"
    )


def timed(folder: Path, asked: list[str]) -> tuple[list[float], float]:
    """Milliseconds of each search after the first, and the process's peak memory in megabytes."""
    index = Index(folder, load_encoder)
    index.search(asked[0], 8)
    spent = []
    for question in asked:
        began = time.perf_counter()
        index.search(question, 8)
        spent.append(1000 * (time.perf_counter() - began))
    return spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def cold(runs: int = 5) -> None:
    """`rag ask` on the samples, process start included, on a warm disk."""
    with tempfile.TemporaryDirectory() as home:
        rag = [sys.executable, "-m", "ui.cli"]
        subprocess.run([*rag, "index", "--home", home], check=True, capture_output=True)
        spent = []
        # Python keeps what it compiled, as it does unless told otherwise; the first run does that.
        keeping = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        for _ in range(runs + 1):
            began = time.perf_counter()
            subprocess.run(
                [*rag, "ask", "마지스트랄 스몰의 매개변수는 몇 개인가?", "--json", "--home", home],
                check=True, capture_output=True, env=keeping,
            )  # fmt: skip
            spent.append(time.perf_counter() - began)
    print(f"rag ask from a cold start: median {statistics.median(spent[1:]):.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--passages", type=int, default=20_000)
    parser.add_argument("--search", type=int, default=100_000)
    given = parser.parse_args()
    cold()
    if given.passages:
        indexing(given.data, given.passages)
    if given.search:
        searching(given.data, given.search)


if __name__ == "__main__":
    main()
