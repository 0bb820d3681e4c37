"""What the command line shows: answers as they stream, hits, states. No logic of its own."""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import CorpusError
from index.search import Hit, Index
from rag.events import Answer, Citation, Done, Event, Replaced, Request, Text, Thought

if TYPE_CHECKING:
    from rag import batch
    from rag.upkeep import Status

_SUPPORT = {
    "ko": {"supported": "기사와 일치", "weak": "근거 약함", "unsupported": "근거 없음"},
    "en": {
        "supported": "matches the article",
        "weak": "weak support",
        "unsupported": "unsupported",
    },
}


def asking(request: Request, question: str) -> Request:
    """The same request with another question."""
    return replace(request, question=question)


def say(text: str = "") -> None:
    """A line for people, on stderr."""
    print(text, file=sys.stderr)


def show_answer(events: Iterator[Event]) -> None:
    """The answer as it comes, then its sources with the sentences that bear it."""
    thinking = False
    for event in events:
        if isinstance(event, Thought):
            thinking = True
            print(event.text, end="", file=sys.stderr, flush=True)
        elif isinstance(event, Text):
            if thinking:
                say("\n")
                thinking = False
            print(event.text, end="", flush=True)
        elif isinstance(event, Replaced):
            say(f"\n— {event.reason} —")
        elif isinstance(event, Done):
            answer = event.answer
            print("\n")
            for citation in answer.citations:
                dated = f", {citation.published}" if citation.published else ""
                support = _SUPPORT[answer.language][citation.support]
                print(
                    f"[{citation.marker}] {citation.title} ({citation.language}{dated}; {support})"
                )
                for start, end, quote in _quotes(answer, citation):
                    print(f"    “{' '.join(quote.split())}”")
                    print(f"    {citation.article_id}:{start}-{end}")
            say(f"({answer.reader}, {answer.timings_ms.total:.0f} ms)")


def _quotes(answer: Answer, citation: Citation) -> Iterable[tuple[int, int, str]]:
    """The source sentences that the answer's sentences cite by one marker, each once."""
    cited = [e for s in answer.sentences for e in s.evidence if e.marker == citation.marker]
    shown = [(e.start, e.end, e.quote) for e in cited]
    return dict.fromkeys([*shown, (citation.start, citation.end, citation.quote)])


def show_hits(hits: list[Hit]) -> None:
    """Three lines for each hit: what it is, how it begins, where it stands."""
    for place, hit in enumerate(hits, 1):
        dated = f" · {hit.published}" if hit.published else ""
        print(f"{place}. {hit.title} ({hit.language}{dated})  {hit.score:.3f}")
        print(f"   {' '.join(hit.text.split())[:200]}")
        print(f"   {hit.article_id}:{hit.start}-{hit.end}")


def show_batch(steps: "Iterator[batch.Progress]", out: Path) -> None:
    """How many are answered, while it lasts; a line with the sum at the end."""
    done = failed = 0
    for step in steps:
        done, failed = step.done, step.failed
        if sys.stderr.isatty():
            print(f"\r{done} answered", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    wrong = f", {failed} of them with an error" if failed else ""
    say(f"{out}: {done} lines{wrong}")


def show_article(index: Index, wanted: str) -> None:
    """The text of an article; with `:START-END` the span stands between markers."""
    article_id, start, end = _span(wanted)
    with index.store.snapshot() as snapshot:
        article = snapshot.article(wanted) or snapshot.article(article_id)
        if article is None:
            import difflib

            near = difflib.get_close_matches(article_id, snapshot.article_ids(), 1, 0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise CorpusError(f"there is no article {article_id} in the index{hint}")
    if start is None or end is None:
        print(article.text)
        return
    if not 0 <= start < end <= len(article.text):
        raise CorpusError(
            f"{article_id} has {len(article.text)} characters; {start}-{end} is not a span of it"
        )
    before, after = ("\033[7m", "\033[0m") if sys.stdout.isatty() else ("⟦", "⟧")
    print(article.text[:start] + before + article.text[start:end] + after + article.text[end:])


def _span(wanted: str) -> tuple[str, int | None, int | None]:
    head, colon, tail = wanted.rpartition(":")
    first, dash, last = tail.partition("-")
    if colon and dash and first.isdecimal() and last.isdecimal():
        return head, int(first), int(last)
    return wanted, None, None


def show_status(found: "Status", *, as_json: bool) -> None:
    """The state of the index as lines, or as JSON with `healthy`."""
    if as_json:
        value = asdict(found) | {"healthy": not found.problems}
        print(json.dumps(value, ensure_ascii=False))
        return
    print(f"home        {found.home}")
    print(f"articles    {found.counts['articles']:,} ({_languages(found)})")
    print(f"passages    {found.counts['passages']:,}")
    print(f"encoder     {found.encoder}")
    print(f"size        {found.bytes / 1e6:.1f} MB, generation {found.generation}")
    for source in found.sources:
        print(
            f"source      {source.name}: {source.articles} articles, synced {source.synced} from {source.root}"
        )
    for problem in found.problems:
        say(f"problem     {problem}")
    print(f"health      {'see the problems' if found.problems else 'sound'}")


def _languages(found: "Status") -> str:
    return ", ".join(f"{found.counts.get(f'articles_{code}', 0)} {code}" for code in ("ko", "en"))


def show_evaluation(result: Any) -> None:
    """The table of an evaluation: a line for each figure, a column for each kind of question."""
    kinds = list(result.kinds)
    print(" " * 20 + "".join(f"{kind:>14}" for kind in kinds))
    for name in next(iter(result.kinds.values())):
        cells = (_figure(result.kinds[kind][name]) for kind in kinds)
        print(f"{name:20}" + "".join(f"{cell:>14}" for cell in cells))
    print()
    for name, value in result.overall.items():
        print(f"{name:24}{_figure(value):>10}")


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}".rstrip("0").rstrip(".")
