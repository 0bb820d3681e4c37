"""What the command line shows of a sync: its progress, what each source brought, and the changes after."""

import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from index.sync import Plan, Progress, Report, Skipped
from rag.upkeep import Missing, Step
from ui.terminal import say

_WATCH_SECONDS = 3.0


def show_sync(
    steps: Iterable[Step], *, as_json: bool, dry: bool, began: float | None = None
) -> list[Step]:
    """Progress on stderr while it lasts; a line for each source, or JSON, at the end.

    `began` is when the work began on the clock `time.perf_counter`, if it was before this.
    """
    began = time.perf_counter() if began is None else began
    done: list[Step] = []
    shown = 0.0
    live = sys.stderr.isatty()
    for step in steps:
        if isinstance(step, Progress):
            now = time.perf_counter()
            if live and (now - shown > 0.1 or step.done == step.total):
                shown = now
                print(f"\r{step.done:,} of {step.total:,} {step.what}", end="", file=sys.stderr)
            continue
        if live and shown:
            print("\r\033[K", end="", file=sys.stderr)
        done.append(step)
        if not as_json:
            _say_step(step, dry=dry)
    if as_json:
        print(
            json.dumps(_sync_json(done, time.perf_counter() - began, dry=dry), ensure_ascii=False)
        )
    return done


def _say_step(step: Step, *, dry: bool) -> None:
    if isinstance(step, Missing):
        say(f"{step.root}: {step.reason}")
    elif isinstance(step, Plan) and dry:
        say(
            f"{step.source} ({step.root}): would add {len(step.add)}, change {len(step.change)}, "
            f"remove {len(step.remove)}; {step.unchanged} unchanged"
        )
        for sign, ids in (("+", step.add), ("~", step.change), ("-", step.remove)):
            for article_id in ids:
                print(f"{sign} {article_id}")
        _say_skipped(step.skipped)
    elif isinstance(step, Report):
        say(
            f"{step.source} ({step.root}): {step.added} added, {step.changed} changed, "
            f"{step.removed} removed, {step.unchanged} unchanged; {step.passages} passages encoded"
        )
        _say_skipped(step.skipped)


def _say_skipped(skipped: Iterable[Skipped]) -> None:
    for skip in skipped:
        reason = skip.reason if skip.path in skip.reason else f"{skip.path}: {skip.reason}"
        say(f"  skipped {reason}")


def _sync_json(done: list[Step], seconds: float, *, dry: bool) -> dict[str, Any]:
    sources: list[dict[str, Any]] = []
    for step in done:
        if isinstance(step, Report):
            sources.append(asdict(step))
        elif isinstance(step, Missing):
            sources.append({"root": step.root, "error": step.reason})
        elif isinstance(step, Plan) and dry:
            fields = ("source", "root", "add", "change", "remove", "unchanged")
            skipped = [asdict(skip) for skip in step.skipped]
            sources.append({name: getattr(step, name) for name in fields} | {"skipped": skipped})
    return {"sources": sources, "seconds": round(seconds, 3)}


def nothing_read(done: list[Step]) -> bool:
    """Whether there were files or roots, and not one of them could be read."""
    reports = [step for step in done if isinstance(step, Report)]
    # Without a report it was only planned.
    plans = [] if reports else [step for step in done if isinstance(step, Plan)]
    read = sum(report.added + report.changed + report.unchanged for report in reports)
    read += sum(len(plan.add) + len(plan.change) + plan.unchanged for plan in plans)
    failed = sum(len(report.skipped) for report in reports)
    failed += sum(len(plan.skipped) for plan in plans)
    missing = sum(isinstance(step, Missing) for step in done)
    return read == 0 and (failed > 0 or missing > 0)


def watch(sync: Callable[[], Iterable[Step]], *, as_json: bool) -> None:
    """Sync again every few seconds until stopped; only changes are shown."""
    say("watching for changes; stop with Ctrl-C")
    while True:
        time.sleep(_WATCH_SECONDS)
        began = time.perf_counter()
        for step in sync():
            if isinstance(step, Report) and (step.added or step.changed or step.removed):
                show_sync([step], as_json=as_json, dry=False, began=began)
                began = time.perf_counter()
