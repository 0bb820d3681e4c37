"""The command line. Each command imports only what it needs; data go to stdout, all else to stderr."""

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpus.errors import RagError
from ui.models_terminal import models_app

if TYPE_CHECKING:
    from rag.events import Request
    from rag.upkeep import Step

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Ask a folder of Korean and English articles; every sentence of an answer cites its source.",
)

Home = Annotated[Path | None, typer.Option("--home", help="The folder that everything lives in.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
K = Annotated[int | None, typer.Option("-k", min=1, max=100, help="How many passages to find.")]
Lang = Annotated[
    str | None, typer.Option("--lang", help="Only articles in this language: ko or en.")
]
Since = Annotated[
    str | None, typer.Option("--since", help="Only articles from this date on (2025-06-11).")
]
InSource = Annotated[str | None, typer.Option("--source", help="Only articles of this source.")]
Model = Annotated[
    str | None, typer.Option("--model", help="The reader: builtin, a path, a name, provider:name.")
]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", help="An OpenAI-compatible server to ask.")
]


def main() -> None:
    """Run a command; an expected failure is one line on stderr and exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show Hangul gets escapes instead of a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except RagError as error:
        say(f"rag: {error}")
        sys.exit(1)
    except UnicodeEncodeError:
        say("rag: what was given holds bytes that are no text: type it again, in UTF-8")
        sys.exit(1)
    except KeyboardInterrupt:
        say("rag: stopped")
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)


def say(text: str) -> None:
    """A line for people, on stderr."""
    print(text, file=sys.stderr)


def put(value: Any) -> None:
    """One line of JSON on stdout."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


@app.command("index")
def index_command(
    paths: Annotated[list[str] | None, typer.Argument(metavar="[PATH]...")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on syncing as files change.")] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make the index anew.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Sync folders or files; with no PATH all sources indexed before, or the samples."""
    from rag import settings, upkeep
    from ui import sync_terminal

    folder = settings.home(home)
    chosen = settings.load(folder)

    def once() -> "list[Step]":
        steps = upkeep.sync_paths(folder, chosen, paths or [], rebuild=rebuild, dry=dry_run)
        return sync_terminal.show_sync(steps, as_json=as_json, dry=dry_run)

    done = once()
    if watch and not dry_run:
        sync_terminal.watch(lambda: upkeep.sync_paths(folder, chosen, paths or []), as_json=as_json)
    if sync_terminal.nothing_read(done):
        raise typer.Exit(1)


@app.command()
def forget(source: str, home: Home = None) -> None:
    """Take a source out again."""
    from rag import settings, upkeep

    count = upkeep.forget(settings.home(home), source)
    say(f"forgot {source}: {count} articles")


@app.command()
def search(
    query: Annotated[str | None, typer.Argument()] = None,
    source_file: Annotated[
        Path | None, typer.Option("--from", help="Questions as JSON lines.")
    ] = None,
    k: K = None,
    lang: Lang = None,
    since: Since = None,
    source: InSource = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """The hits for a question, best first; with --from one JSON line for each question."""
    from rag import settings
    from rag.answer import clean
    from rag.batch import read_lines
    from rag.home import open_index
    from rag.present import hits_json
    from rag.retrieve import retrieve
    from ui import terminal

    if (query is None) == (source_file is None):
        raise typer.BadParameter("give either a QUERY or --from FILE")
    folder = settings.home(home)
    chosen = settings.load(folder)
    count = k or chosen.k
    index = open_index(folder)
    request = _request("", k, lang, since, source)
    if source_file is None:
        question = clean(query or "")
        hits = retrieve(index, terminal.asking(request, question), count, chosen.reranker)
        if as_json:
            put(hits_json(question, hits))
        else:
            terminal.show_hits(hits)
        return
    with index.store.snapshot():
        pass
    for line in read_lines(source_file):
        head = {} if line.id is None else {"id": line.id}
        try:
            if line.question is None:
                put({**head, "error": line.error, "line": line.number})
                continue
            question = clean(line.question)
            hits = retrieve(index, terminal.asking(request, question), count, chosen.reranker)
            put({**head, **hits_json(line.question, hits)})
        except RagError as error:
            put({**head, "error": str(error), "line": line.number})


@app.command()
def ask(
    question: str,
    model: Model = None,
    base_url: BaseUrl = None,
    k: K = None,
    lang: Lang = None,
    since: Since = None,
    source: InSource = None,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """A cited answer; it streams to a terminal."""
    from rag import settings
    from rag.home import open_answerer

    answerer = open_answerer(settings.home(home))
    request = _request(question, k, lang, since, source, model, base_url)
    if as_json:
        from rag.present import answer_json

        put(answer_json(answerer.ask(request)))
    else:
        from ui import terminal

        terminal.show_answer(answerer.stream(request))


@app.command()
def batch(
    source_file: Annotated[Path, typer.Argument(metavar="IN.jsonl")],
    out: Annotated[Path, typer.Option("-o", metavar="OUT.jsonl", help="Where the answers go.")],
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep what OUT holds and go on.")
    ] = False,
    model: Model = None,
    base_url: BaseUrl = None,
    k: K = None,
    lang: Lang = None,
    since: Since = None,
    source: InSource = None,
    home: Home = None,
) -> None:
    """Answer a file of questions, one JSON object a line: {"id"?, "question"}."""
    from rag import settings
    from rag.batch import run
    from rag.home import open_answerer
    from ui import terminal

    answerer = open_answerer(settings.home(home))
    answerer.ready()
    request = _request("", k, lang, since, source, model, base_url)
    terminal.show_batch(run(answerer, source_file, out, request, resume=resume), out)


@app.command()
def show(
    article: Annotated[str, typer.Argument(metavar="ARTICLE[:START-END]")], home: Home = None
) -> None:
    """An article's text, with the span marked."""
    from rag import settings
    from rag.home import open_index
    from ui import terminal

    terminal.show_article(open_index(settings.home(home)), article)


@app.command()
def chat(
    host: Annotated[str, typer.Option("--host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 7860,
    auth: Annotated[str | None, typer.Option("--auth", metavar="USER:PASS")] = None,
    auth_file: Annotated[Path | None, typer.Option("--auth-file", metavar="FILE")] = None,
    no_auth: Annotated[
        bool, typer.Option("--no-auth", help="Serve other machines without a password.")
    ] = False,
    lang: Lang = None,
    since: Since = None,
    source: InSource = None,
    home: Home = None,
) -> None:
    """The web chat, on this machine unless --host says otherwise."""
    from rag import settings
    from ui.server import serve

    request = _request("", None, lang, since, source)
    serve(settings.home(home), host, port, auth, auth_file, no_auth=no_auth, scope=request.scope)


@app.command("eval")
def eval_command(
    cases: Annotated[Path, typer.Argument(metavar="CASES.jsonl")],
    report: Annotated[
        Path | None, typer.Option("--report", metavar="DIR", help="Also write an HTML page.")
    ] = None,
    as_json: AsJson = False,
    model: Model = None,
    base_url: BaseUrl = None,
    home: Home = None,
) -> None:
    """Measure retrieval, citations and refusals on the current index."""
    from rag import settings
    from rag.evaluation import run
    from rag.home import open_answerer
    from ui import terminal

    answerer = open_answerer(settings.home(home))
    result = run.evaluate(answerer, cases, _request("", None, None, None, None, model, base_url))
    if report:
        run.write_report(result, report)
        say(f"the report is in {report / 'index.html'}")
    if as_json:
        put(run.as_json(result))
    else:
        terminal.show_evaluation(result)


@app.command()
def status(as_json: AsJson = False, home: Home = None) -> None:
    """What is indexed, with what, how fresh and how healthy (exit 1 when not)."""
    from rag import settings, upkeep
    from ui import terminal

    found = upkeep.status(settings.home(home))
    terminal.show_status(found, as_json=as_json)
    if found.problems:
        raise typer.Exit(1)


app.add_typer(models_app, name="models")


def _request(
    question: str,
    k: int | None,
    lang: str | None,
    since: str | None,
    source: str | None,
    model: str | None = None,
    base_url: str | None = None,
) -> "Request":
    """The request that the options describe; wrong ones are wrong usage (exit 2)."""
    import datetime

    from index.store import Scope
    from rag.events import Request

    if lang not in (None, "ko", "en"):
        raise typer.BadParameter(
            f"{lang} is not a language here; use ko or en", param_hint="--lang"
        )
    if since:
        try:
            since = datetime.date.fromisoformat(since).isoformat()
        except ValueError as error:
            raise typer.BadParameter(
                f"{since} is not a date like 2025-06-11", param_hint="--since"
            ) from error
    language: Any = lang
    scope = Scope(language, since, source)
    return Request(question, model=model, k=k, scope=scope, base_url=base_url)


if __name__ == "__main__":
    main()
