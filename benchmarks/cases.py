"""What the built-in reader is fitted on: questions with the passages found for them."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import corpus
from benchmarks import tasks
from benchmarks.reading import PASSAGES, fitted, sample
from corpus.text import language
from index.asking import asked
from index.cross_encoder import cross_encoder
from index.encoder import BUNDLED
from index.search import Index
from index.sync import add_articles
from rag.events import Request
from rag.home import load_encoder
from rag.reading.candidates import Candidates, Model
from rag.retrieve import retrieve
from rag.settings import Settings
from rag.upkeep import sync_paths

FOLDS = 5
# The kinds of questions of which training took most.
_TAUGHT = ("squad2", "unanswerable", "never", "qed")


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the passages found for it; without answers it is one to refuse."""

    kind: str
    question: str
    answers: tuple[str, ...]
    candidates: Candidates
    fold: int

    def read_by(self, model: Model) -> Candidates:
        """The same passages for another model, which reads the best sentences with the question."""
        known = self.candidates
        return Candidates(known.asked, known.language, known.hits, cross_encoder(), model)


class Collection:
    """One index and the questions asked of it."""

    def __init__(
        self,
        index: Index,
        questions: Sequence[tasks.Question],
        kind: str,
        reranker: str = BUNDLED,
    ) -> None:
        self.index, self.questions, self.kind = index, questions, kind
        self._reranker = reranker

    def cases(self, *, without_gold: bool = False) -> Iterator[Case]:
        """The questions with their passages, or with those of the gold article taken away."""
        for q in self.questions:
            depth = PASSAGES * (1 + 2 * without_gold)
            hits = retrieve(self.index, Request(q.text), depth, self._reranker)
            if without_gold:
                hits = [hit for hit in hits if hit.article_id not in q.gold.split()]
            if hits:
                wanted = asked(q.text, self.index.rarity)
                found = Candidates(wanted, language(q.text), hits[:PASSAGES])
                fold = hashlib.sha256(q.text.encode()).digest()[0] % FOLDS
                answers = () if without_gold else q.answers
                kind = self.kind + (", evidence taken away" if without_gold else "")
                yield Case(kind, q.text, answers, found, fold)


def collections(data: Path, folder: Path, limit: int) -> Iterator[Collection]:
    """Everything that is fitted on."""
    encoder = load_encoder("bundled")
    english = tasks.natural(data, held=False)
    korean = tasks.translated(data)
    korean = replace(korean, questions=[q for q in korean.questions if fitted(q)])
    # Korean ones stand among English ones, as those of the sample do.
    others = {"written": english.articles, "told": tasks.told(asked="ko").articles}
    for name, asked_of_it in _asked_of(data, english, korean).items():
        articles = asked_of_it[0][1].articles
        index = Index(folder / name, lambda _: encoder)
        add_articles(index, [*articles, *others.get(name, [])], encoder, name)
        for kind, task in asked_of_it:
            fresh = [q for q in task.questions if kind not in _TAUGHT or not tasks.taught(q.text)]
            questions = sample(fresh, limit)
            if kind == "never" or kind.startswith("unanswerable"):
                questions = _unanswered(questions)
            yield Collection(index, questions, kind if kind != "never" else f"never, {name}")
    for _ in sync_paths(folder / "sample", Settings(), []):
        pass
    index = Index(folder / "sample" / "index", lambda _: encoder)
    strange = [q for q in english.questions if not tasks.taught(q.text)]
    strangers = [*korean.questions, *sample(strange, 100)]
    yield Collection(index, _unanswered(strangers), "never, sample")
    own = _of_sample()
    yield Collection(index, [q for q in own if q.answers], "sample")
    yield Collection(index, [q for q in own if not q.answers], "sample, unanswerable")


def _asked_of(
    data: Path, english: tasks.Task, korean: tasks.Task
) -> dict[str, list[tuple[str, tasks.Task]]]:
    """What is asked of each index, by kind; its paragraphs are those of the first task."""
    return {
        "squad2": [
            ("squad2", tasks.squad(data, report=False)),
            ("unanswerable", tasks.squad(data, answerable=False, report=False)),
            ("never", english),
        ],
        "qed": [
            ("qed", english),
            ("qed ko", korean),
            ("further en", tasks.further(data, asked="en", kept=True)),
            ("further ko", tasks.further(data, asked="ko", kept=True)),
            ("unanswerable en, qed", tasks.further(data, asked="en", answerable=False, kept=True)),
            ("unanswerable ko, qed", tasks.further(data, asked="ko", answerable=False, kept=True)),
        ],
        "written": [
            ("written ko", tasks.written(asked="ko", kept=True)),
            ("written en", tasks.written(asked="en", kept=True)),
            ("unanswerable ko", tasks.written(asked="ko", answerable=False, kept=True)),
            ("unanswerable en", tasks.written(asked="en", answerable=False, kept=True)),
        ],
        "told": [
            ("told ko", tasks.told(asked="ko", kept=True)),
            ("told en", tasks.told(asked="en", kept=True)),
            ("unanswerable ko, told", tasks.told(asked="ko", answerable=False, kept=True)),
            ("unanswerable en, told", tasks.told(asked="en", answerable=False, kept=True)),
        ],
    }


def _of_sample() -> list[tasks.Question]:
    """The questions of the sample corpus."""
    lines = (Path(corpus.__file__).parent / "questions.jsonl").read_text("utf-8").splitlines()
    return [
        tasks.Question(r["question"], " ".join(r["articles"]), tuple(r["answers"]))
        for r in map(json.loads, lines)
    ]


def _unanswered(questions: Sequence[tasks.Question]) -> list[tasks.Question]:
    """The questions as ones that what is indexed does not answer."""
    return [replace(question, answers=()) for question in questions]
