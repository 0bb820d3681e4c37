"""`rag eval`: retrieval, citations and refusals on the current index, through the same path as answers."""

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from corpus.text import flat
from corpus.text import language as language_of
from index.search import Hit
from rag.answer import Answerer
from rag.errors import BatchError
from rag.events import Answer, Done, Found, Request
from rag.present import answer_json

DEPTHS = (1, 5, 20)
UNANSWERABLE = "unanswerable"
_BOLD = "**"
Figures = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the strings that a right source sentence may hold and the articles that hold it."""

    id: str
    question: str
    answers: tuple[str, ...]
    articles: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case with what was found (article ids, best first) and answered."""

    case: Case
    found: tuple[str, ...]
    hits: tuple[Hit, ...]
    answer: Answer

    @property
    def cites_answer(self) -> bool:
        """Whether a source sentence that the answer cites holds an accepted string."""
        evidence = [e for sentence in self.answer.sentences for e in sentence.evidence]
        return any(holds(each.quote, self.case.answers) for each in evidence)

    @property
    def right_citations(self) -> int:
        """How many citations point into an article that holds the evidence."""
        return sum(citation.article_id in self.case.articles for citation in self.answer.citations)


@dataclass(frozen=True, slots=True)
class Result:
    """Figures by kind of question, over all, and every outcome."""

    kinds: dict[str, Figures]
    overall: Figures
    outcomes: tuple[Outcome, ...]


def read_cases(path: Path) -> list[Case]:
    """The cases of a JSON-lines file. Raises BatchError naming the line that is wrong."""
    cases = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BatchError(f"{path}: cannot be read ({error})") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            cases.append(
                Case(
                    str(value.get("id", number)),
                    str(value["question"]),
                    tuple(value["answers"]),
                    tuple(value["articles"]),
                    str(value["kind"]),
                )
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BatchError(
                f"{path}: line {number} is not a case ({error}); it needs question, answers, articles, kind"
            ) from error
    if not cases:
        raise BatchError(f"{path}: holds no cases")
    return cases


def holds(text: str, answers: Iterable[str]) -> bool:
    """Whether a text holds one of the strings; case, width and spaces do not count."""
    return any(_plain(answer) in _plain(text) for answer in answers if answer.strip())


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def evaluate(answerer: Answerer, path: Path, request: Request) -> Result:
    """Ask every case. Raises BatchError naming gold articles that are not indexed."""
    cases = read_cases(path)
    answerer.ready()
    indexed = set(answerer.article_ids())
    missing = sorted({i for case in cases for i in case.articles} - indexed)
    if missing:
        some = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        raise BatchError(f"{len(missing)} articles that the cases need are not indexed: {some}")
    outcomes = tuple(_outcome(answerer, case, request) for case in cases)
    kinds = {kind: _kind(o for o in outcomes if o.case.kind == kind) for kind in _kinds(cases)}
    return Result(kinds, _overall(outcomes), outcomes)


def _outcome(answerer: Answerer, case: Case, request: Request) -> Outcome:
    deep = answerer.search(case.question, 3 * max(DEPTHS), request)
    hits: tuple[Hit, ...] = ()
    answer: Answer | None = None
    for event in answerer.stream(replace(request, question=case.question)):
        if isinstance(event, Found):
            hits = event.hits
        elif isinstance(event, Done):
            answer = event.answer
    assert answer is not None
    return Outcome(case, tuple(dict.fromkeys(hit.article_id for hit in deep)), hits, answer)


def _kinds(cases: list[Case]) -> list[str]:
    return sorted({case.kind for case in cases}, key=lambda kind: (kind == UNANSWERABLE, kind))


def _kind(chosen: Iterable[Outcome]) -> Figures:
    outcomes = list(chosen)
    answerable = [o for o in outcomes if o.case.answers]
    answered = [o for o in answerable if not o.answer.abstained]
    places = [_place(o) for o in answerable]
    figures: Figures = {"questions": len(outcomes)}
    for depth in DEPTHS:
        figures[f"recall@{depth}"] = _share(sum(0 < p <= depth for p in places), len(places))
    figures["mrr"] = _share(sum(1 / p for p in places if p), len(places))
    figures["answer_cited"] = _share(sum(o.cites_answer for o in answerable), len(answerable))
    cited = sum(len(o.answer.citations) for o in answered)
    figures["citation_precision"] = _share(sum(o.right_citations for o in answered), cited)
    figures["citation_recall"] = _share(
        sum(o.right_citations > 0 for o in answerable), len(answerable)
    )
    figures["abstained"] = _share(sum(o.answer.abstained for o in outcomes), len(outcomes))
    figures["right_language"] = _share(
        sum(_right_language(o.answer) for o in outcomes), len(outcomes)
    )
    return figures


def _place(outcome: Outcome) -> int:
    """Where the first article with the evidence stands among the distinct articles found (0: nowhere)."""
    return next((n for n, i in enumerate(outcome.found, 1) if i in outcome.case.articles), 0)


def _right_language(answer: Answer) -> bool:
    """Whether the answer is in the question's language; quotations may be in the other."""
    text = answer.answer.replace(_BOLD, "")
    for sentence in answer.sentences:
        for evidence in sentence.evidence:
            text = text.replace(flat(evidence.quote).replace(_BOLD, ""), "")
    return language_of(text) == answer.language if any(map(str.isalpha, text)) else True


def _overall(outcomes: tuple[Outcome, ...]) -> Figures:
    refused = [o for o in outcomes if o.answer.abstained]
    unanswerable = [o for o in outcomes if not o.case.answers]
    right = sum(o.answer.abstained for o in unanswerable)
    sentences = [s for o in outcomes if not o.answer.abstained for s in o.answer.sentences]
    seconds = sum(o.answer.timings_ms.total for o in outcomes) / 1000
    return {
        "questions": len(outcomes),
        "abstention_precision": _share(right, len(refused)),
        "abstention_recall": _share(right, len(unanswerable)),
        "unsupported_sentences": _share(
            sum(s.support == "unsupported" for s in sentences), len(sentences)
        ),
        "right_language": _share(sum(_right_language(o.answer) for o in outcomes), len(outcomes)),
        "answers_per_second": _share(len(outcomes), seconds),
    }


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def as_json(result: Result) -> dict[str, Any]:
    """The figures, and each case's outcome in short."""
    return {
        "kinds": result.kinds,
        "overall": result.overall,
        "cases": [
            {
                "id": o.case.id,
                "kind": o.case.kind,
                "place": _place(o) or None,
                "abstained": o.answer.abstained,
                "cites_answer": o.cites_answer,
            }
            for o in result.outcomes
        ],
    }


def misses(result: Result) -> list[Outcome]:
    """Answerable cases whose citations miss the answer, and unanswerable ones that were answered."""
    return [
        o
        for o in result.outcomes
        if (not o.cites_answer if o.case.answers else not o.answer.abstained)
    ]


def write_report(result: Result, folder: Path) -> None:
    """An HTML page with the table, bars, and each miss with its passages; and the raw JSON lines."""
    from rag.evaluation.report import page

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text(page(result), encoding="utf-8")
        with (folder / "answers.jsonl").open("w", encoding="utf-8") as lines:
            for outcome in result.outcomes:
                value: Mapping[str, Any] = {"id": outcome.case.id, **answer_json(outcome.answer)}
                lines.write(json.dumps(value, ensure_ascii=False) + "\n")
    except OSError as error:
        raise BatchError(f"{folder}: the report cannot be written ({error.strerror})") from error
