"""What the command line shows of models. No logic of its own."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from rag.models.manage import Checked, Listed
from rag.models.memory import gigabytes

if TYPE_CHECKING:
    from rag.models.remote import Served

_HEAD = ("model", "params", "memory", "fits", "here", "licence", "languages")
_THINKING = {
    "closed": "closed by the model",
    "forced": "closed for the model, its budget was used up",
    "open": "never closed",
    "none": "none",
}


def show_models(models: Sequence[Listed], served: "Sequence[Served]", *, as_json: bool) -> None:
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


def _row(model: Listed) -> tuple[str, ...]:
    fits = {True: "yes", False: "no", None: "?"}[model.fits]
    licence = model.licence or "?"
    if model.non_commercial:
        licence += " (non-commercial)"
    here = "yes" if model.cached else ""
    languages = " ".join(model.languages) or "?"
    return (
        model.id, f"{model.billions:g}B", gigabytes(model.memory), fits, here, licence, languages,
    )  # fmt: skip


def show_checked(checked: Checked, *, as_json: bool) -> None:
    """The answer and its figures, or one JSON object."""
    if as_json:
        print(json.dumps(asdict(checked), ensure_ascii=False))
        return
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
