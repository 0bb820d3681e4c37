"""What the web chat does, without a widget: answering, stopping, opening articles, indexing."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

from corpus.errors import RagError
from index.errors import IndexMissing
from index.store import Scope
from index.sync import Progress, Report
from rag import upkeep
from rag.events import Event, Request
from rag.home import open_index
from rag.settings import Settings
from ui.conversation import Conversation, Exchange, history
from ui.present import article_html, cited
from ui.running import Run
from ui.strings import Strings

Stream = Callable[[Request], Iterator[Event]]

log = logging.getLogger(__name__)

_MOST_SKIPPED = 5


@dataclass(frozen=True, slots=True)
class Contents:
    """What is indexed: articles by language, and the names of the sources. Empty when nothing is,
    or when the store cannot be read, which is then the problem."""

    articles: int = 0
    korean: int = 0
    english: int = 0
    sources: tuple[str, ...] = ()
    problem: RagError | None = None


class Chat:
    """One program's chat, shared by all tabs; what a tab owns is passed in and handed back."""

    def __init__(
        self, home: Path, settings: Settings, stream: Stream, scope: Scope, *, folders: bool
    ) -> None:
        """`stream` is `Answerer.stream`. `scope` holds for every question. `folders` says whether
        folders may be indexed from the browser, which lets whoever uses it read them."""
        self.scope, self.folders = scope, folders
        self._home, self._settings, self._stream = home, settings, stream
        self._store = open_index(home).store
        self._runs: dict[str, Run] = {}

    def answer(
        self, tab: str, question: str, conversation: Conversation, scope: Scope, words: Strings
    ) -> Iterator[Conversation]:
        """The conversation as it grows by one exchange. Leaving early stops the answer.

        The last exchange stays open in the end when the tab has begun anew in the meantime.
        """
        exchange = Exchange(question)
        yield (*conversation, exchange)
        request = Request(question, history(conversation), scope=self.narrowed(scope))
        run = self._runs[tab] = Run(self._stream(request))
        try:
            for events in run.batches():
                for event in events:
                    exchange = exchange.after(event)
                yield (*conversation, exchange)
            if exchange.open:
                exchange = replace(exchange, stopped=True)
        except RagError as error:
            exchange = replace(exchange, problem=words.wrong(error))
        except Exception:
            log.exception("the answer to a question failed")
            exchange = replace(exchange, problem=words.unexpected)
        finally:
            run.stop()
            if self._runs.get(tab) is run:
                del self._runs[tab]
        if not run.dropped:
            yield (*conversation, exchange)

    def stop(self, tab: str, *, drop: bool = False) -> None:
        """Stop the answer that a tab waits for, if there is one; `drop`: show no more of it."""
        if run := self._runs.get(tab):
            run.dropped = drop
            run.stop()

    def narrowed(self, scope: Scope) -> Scope:
        """A tab's choice within what the program was started with."""
        return Scope(
            self.scope.language or scope.language,
            self.scope.since or scope.since,
            self.scope.source or scope.source,
        )

    def article(self, conversation: Conversation, key: str, words: Strings) -> str | None:
        """The article behind a citation chip as HTML; None when the chip points at nothing."""
        found = cited(conversation, key)
        if found is None:
            return None
        citation, evidence = found
        try:
            with self._store.snapshot() as snapshot:
                article = snapshot.article(citation.article_id)
        except IndexMissing:
            article = None
        except RagError as error:
            return _problem(words.wrong(error))
        return article_html(citation, evidence, article, words)

    def contents(self) -> Contents:
        """What is indexed at this moment."""
        try:
            with self._store.snapshot() as snapshot:
                counts = snapshot.counts()
                sources = tuple(source.name for source in snapshot.sources() if source.articles)
        except IndexMissing:
            return Contents()
        except RagError as error:
            return Contents(problem=error)
        return Contents(
            counts["articles"], counts.get("articles_ko", 0), counts.get("articles_en", 0), sources
        )

    def index(self, path: str | None, words: Strings) -> Iterator[str]:
        """Index a folder, or the samples where nothing is indexed yet.

        Yields HTML that says how far it is and what came of it, each time in place of the last.
        """
        if path is not None and not Path(path).expanduser().exists():
            yield _problem(words.folder_missing.format(path))
            return
        paths = [] if path is None else [str(Path(path).expanduser())]
        try:
            for step in upkeep.sync_paths(self._home, self._settings, paths):
                if isinstance(step, Progress):
                    said = words.indexing.format(done=step.done, total=step.total)
                    yield f'<progress max="{step.total}" value="{step.done}"></progress> {said}'
                elif isinstance(step, Report):
                    yield _report(step, words)
                elif isinstance(step, upkeep.Missing):
                    yield _problem(words.failed.format(f"{step.root}: {step.reason}"))
        except RagError as error:
            yield _problem(words.wrong(error))


def _problem(line: str) -> str:
    return f'<span class="problem">{escape(line)}</span>'


def _report(report: Report, words: Strings) -> str:
    said = escape(
        words.synced.format(
            source=report.source, added=report.added, changed=report.changed,
            removed=report.removed, unchanged=report.unchanged,
        )
    )  # fmt: skip
    if not report.skipped:
        return said
    rows = [
        skip.reason if skip.path in skip.reason else f"{skip.path}: {skip.reason}"
        for skip in report.skipped[:_MOST_SKIPPED]
    ]
    if more := len(report.skipped) - len(rows):
        rows.append(words.more_skipped.format(more))
    items = "".join(f"<li>{escape(row)}</li>" for row in rows)
    return f"{said} {escape(words.skipped)}<ul>{items}</ul>"
