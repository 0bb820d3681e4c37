"""The evaluation as one HTML page that needs nothing else."""

from html import escape

from rag.evaluation.run import Figures, Outcome, Result, misses

_STYLE = """
body { font: 16px/1.6 "Noto Sans CJK KR", "Noto Sans KR", sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 } th, td { padding: .3rem .6rem; border-bottom: 1px solid #ddd; text-align: right }
th:first-child, td:first-child { text-align: left } .bar { fill: #3b6ea8 } .miss { border-left: 4px solid #c0392b; padding-left: 1rem; margin: 1.5rem 0 }
.gold { background: #fff3bf } small { color: #666 } blockquote { margin: .3rem 0 .3rem 1rem; color: #333 }
"""


def page(result: Result) -> str:
    """The whole page: figures, a bar for each kind, and each miss with the passages it was given."""
    found = misses(result)
    parts = [
        "<!doctype html><meta charset=utf-8><title>Evaluation</title>",
        f"<style>{_STYLE}</style><h1>Evaluation</h1>",
        _table({**result.kinds}),
        _table({"all": result.overall}),
        "<h2>Cited sentences that hold the answer</h2>",
        _bars({kind: figures.get("answer_cited") for kind, figures in result.kinds.items()}),
        "<h2>Recall@5</h2>",
        _bars({kind: figures.get("recall@5") for kind, figures in result.kinds.items()}),
        f"<h2>{len(found)} misses of {len(result.outcomes)}</h2>",
        *(_miss(outcome) for outcome in found),
    ]
    return "\n".join(parts)


def _table(rows: dict[str, Figures]) -> str:
    columns = list(next(iter(rows.values())))
    head = "".join(f"<th>{escape(name)}</th>" for name in ["", *columns])
    body = "".join(
        f"<tr><td>{escape(kind)}</td>"
        + "".join(f"<td>{_number(row[c])}</td>" for c in columns)
        + "</tr>"
        for kind, row in rows.items()
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _bars(shares: dict[str, float | None]) -> str:
    rows = []
    for place, (kind, share) in enumerate(shares.items()):
        y = 28 * place
        rows.append(
            f'<text x="0" y="{y + 16}">{escape(kind)}</text>'
            f'<rect class="bar" x="130" y="{y + 2}" width="{400 * (share or 0):.0f}" height="18"/>'
            f'<text x="{140 + 400 * (share or 0):.0f}" y="{y + 16}">{_number(share)}</text>'
        )
    return f'<svg width="640" height="{28 * len(shares)}">{"".join(rows)}</svg>'


def _miss(outcome: Outcome) -> str:
    case = outcome.case
    passages = "".join(
        f'<blockquote class="{"gold" if hit.article_id in case.articles else ""}">'
        f"<small>{escape(hit.article_id)}:{hit.start}-{hit.end} · {hit.score:.3f}</small><br>"
        f"{escape(hit.text)}</blockquote>"
        for hit in outcome.hits
    )
    wanted = ", ".join(case.answers) or "(a refusal)"
    return (
        f'<div class="miss"><b>{escape(case.question)}</b> <small>{escape(case.id)}</small>'
        f"<p>{escape(outcome.answer.answer)}</p><small>wanted: {escape(wanted)} "
        f"in {escape(', '.join(case.articles) or 'none')}</small>"
        f"<details><summary>passages</summary>{passages}</details></div>"
    )
