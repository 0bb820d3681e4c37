"""`rag models`: list, pull, check, and what they show. No logic of its own."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rag.models.manage import Checked, Listed
    from rag.models.remote import Served

models_app = typer.Typer(invoke_without_command=True)

Home = Annotated[Path | None, typer.Option("--home", help="The folder that everything lives in.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", help="An OpenAI-compatible server to ask.")
]

_HEAD = ("model", "params", "memory", "fits", "here", "licence", "languages")
_THINKING = {
    "closed": "closed by the model",
    "forced": "closed for the model, its budget was used up",
    "open": "never closed",
    "none": "none",
}


@models_app.callback()
def models(context: typer.Context) -> None:
    """Reasoning models: list, pull NAME, check NAME."""
    if context.invoked_subcommand is None:
        models_list()


@models_app.command("list")
def models_list(as_json: AsJson = False, home: Home = None) -> None:
    """Which models there are: what fits this machine, what is here, licence, languages."""
    from rag import settings
    from rag.models import manage

    chosen = settings.load(settings.home(home))
    show_models(manage.listed(chosen), manage.served(), as_json=as_json)


@models_app.command("pull")
def models_pull(name: str, home: Home = None) -> None:
    """Get a model from the hub into its cache; what is there already is not fetched again."""
    from rag import settings
    from rag.models import hub
    from ui.terminal import say

    folder = hub.pull(name, settings.load(settings.home(home)), say)
    print(folder)


@models_app.command("check")
def models_check(
    name: str, base_url: BaseUrl = None, as_json: AsJson = False, home: Home = None
) -> None:
    """Load a model and have it answer one question on the samples (exit 1 when it does not)."""
    from rag import settings
    from rag.models import manage

    checked = manage.check(name, base_url or "", settings.load(settings.home(home)))
    show_checked(checked, as_json=as_json)
    if not checked.answered:
        from ui.terminal import say

        say(
            f"rag: {checked.model} gave no answer; give it a larger budget, or choose another model"
        )
        raise typer.Exit(1)


def show_models(models: "Sequence[Listed]", served: "Sequence[Served]", *, as_json: bool) -> None:
    """A line for each model, or one JSON object."""
    if as_json:
        value = {
            "models": [asdict(model) for model in models],
            "served": [each._asdict() for each in served],
        }
        print(json.dumps(value, ensure_ascii=False))
        return
    rows = [_HEAD, *map(_row, models)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for row in rows:
        cells = zip(row, widths, strict=True)
        print("  ".join(cell.ljust(width) for cell, width in cells).rstrip())
    for each in served:
        print(f"{each.name}  runs at {each.base_url}")


def _row(model: "Listed") -> tuple[str, ...]:
    from rag.models.memory import gigabytes

    fits = {True: "yes", False: "no", None: "?"}[model.fits]
    licence = model.licence or "?"
    if model.non_commercial:
        licence += " (non-commercial)"
    here = "yes" if model.cached else ""
    languages = " ".join(model.languages) or "?"
    return (
        model.id, f"{model.billions:g}B", gigabytes(model.memory), fits, here, licence, languages,
    )  # fmt: skip


def show_checked(checked: "Checked", *, as_json: bool) -> None:
    """The answer and its figures, or one JSON object."""
    if as_json:
        print(json.dumps(asdict(checked), ensure_ascii=False))
        return
    from rag.models.memory import gigabytes

    print(f"{checked.question}\n{checked.answer or '—'}\n")
    speed, first = checked.tokens_per_second, checked.first_token_seconds
    lines = {
        "model": checked.model,
        "thinking": _THINKING[checked.thinking],
        "cites": "yes" if checked.cited else "no",
        "loading": f"{checked.load_seconds:.1f} s",
        "first token": "?" if first is None else f"{first:.1f} s",
        "speed": "?" if speed is None else f"{speed:.1f} tokens a second ({checked.tokens} tokens)",
        "memory": "?" if checked.memory is None else gigabytes(checked.memory),
    }
    for name, value in lines.items():
        print(f"{name + ':':13}{value}")
