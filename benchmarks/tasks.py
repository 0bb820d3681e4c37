"""The collections that benchmarks measure on, read from a folder of public data.

Each paragraph becomes an article of its own; a question's gold article is its paragraph's.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from corpus.article import Article, Language
from corpus.text import language, normalise
from index.bundled.training.data import held_out
from index.names import stems

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Question:
    """`answers` are accepted strings; empty when the collection does not hold the answer."""

    text: str
    gold: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    name: str
    articles: list[Article]
    questions: list[Question]


def rows(data: Path, name: str) -> list[dict[str, Any]]:
    with gzip.open(data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def article(context: str, title: str = "") -> Article:
    """A paragraph as an article; its id is a hash of its text."""
    text = normalise(context)
    key = hashlib.sha256(f"{title}\n{context}".encode()).hexdigest()[:16]
    return Article(key, title, text, language(text), "paragraphs", key, None, key)


def reported(title: str) -> bool:
    """Whether a title of KorQuAD or SQuAD is in the half that is reported."""
    return hashlib.sha256(title.encode()).digest()[1] % 2 == 1


def korean(data: Path, *, report: bool | None = True) -> Task:
    """KorQuAD paragraphs without titles; the questions of one half of the titles, or all (None)."""
    found = rows(data, "qa_ko")
    made = {r["context"]: article(r["context"]) for r in found}
    questions = [
        Question(r["question"], made[r["context"]].id, tuple(r["answers"]))
        for r in found
        if report in (None, reported(r["title"]))
    ]
    return Task("qa_ko ko→ko", list(made.values()), questions)


def squad(
    data: Path, *, answerable: bool = True, report: bool | None = None, korean: bool = False
) -> Task:
    """SQuAD 2.0 paragraphs; the questions that they answer, or those that they do not.

    Of one half of the titles, or of all (None); as they are, or those put into Korean for training.
    """
    found = [r for r in rows(data, "qa_en") if r["source"] == "squad2-dev-half"]
    made = {r["context"]: article(r["context"], r["title"].replace("_", " ")) for r in found}
    chosen = [
        r
        for r in found
        if bool(r["answers"]) == answerable and report in (None, reported(r["title"]))
    ]
    questions = [
        Question(text, made[r["context"]].id, tuple(r["answers"]))
        for r, text in (_korean(chosen) if korean else _english(chosen))
    ]
    return Task("squad2 en→en", list(made.values()), questions)


def natural(data: Path, *, held: bool = True, korean: bool = False) -> Task:
    """Natural Questions (QED) over all its paragraphs with titles; the questions held out of
    training, or those that were not; as they are, or those put into Korean for training."""
    found, made = _qed(data)
    chosen = [r for r in found if held_out(r["title"]) == held]
    questions = [
        Question(text, made[r["title"], r["context"]].id, tuple(r["answers"]))
        for r, text in (_korean(chosen) if korean else _english(chosen))
    ]
    return Task("qed en→en", list(made.values()), questions)


def translated(data: Path, *, english: bool = False) -> Task:
    """Held-out QED questions put into Korean by hand, over the English paragraphs.

    With `english` the same questions in the original, as the ceiling.
    """
    found, made = _qed(data)
    questions = [
        Question(
            r["question"] if english else text,
            made[r["title"], r["context"]].id,
            tuple(r["answers"]),
        )
        for r, text in _korean(found, "questions_ko")
    ]
    return Task(
        "qed ko→en" if not english else "qed, the same in English", list(made.values()), questions
    )


def written(*, asked: Language, answerable: bool = True, kept: bool = False) -> Task:
    """Korean paragraphs of our own, for training, or some kept from it; questions that a sentence of
    them answers (it is the accepted answer), or that look so, in Korean or in English."""
    lines = _lines("kept_ko" if kept else "paragraphs_ko")
    return _asked(f"written {asked}→ko", lines, asked, answerable=answerable)


def told(*, asked: Language, answerable: bool = True, kept: bool = False) -> Task:
    """Articles of our own in both languages, several passages long, and questions as on `written`
    paragraphs; for training, or a fifth of them kept from it."""
    lines = [line for line in _lines("articles") if _fifth(line["title"]) == kept]
    return _asked(f"told, asked in {asked}", lines, asked, answerable=answerable)


def _asked(
    name: str, lines: Iterable[dict[str, Any]], asked: Language, *, answerable: bool
) -> Task:
    """The texts of lines and what is asked of them; the accepted answer is a whole sentence."""
    articles, questions = [], []
    for r in lines:
        made = article(" ".join(r["sentences"]), r["title"])
        articles.append(made)
        for q in r["questions"]:
            if (q["sentence"] is not None) == answerable:
                answers = (r["sentences"][q["sentence"]],) if answerable else ()
                questions.append(Question(q[asked], made.id, answers))
    return Task(name, articles, questions)


def further(data: Path, *, asked: Language, answerable: bool = True, kept: bool = False) -> Task:
    """Questions of our own on paragraphs of QED, in English or in Korean, that they answer or that
    only look so; for training, or those on paragraphs that nothing else is trained on (`kept`)."""
    found, made = _qed(data)
    known = {_short(f"{r['title']}\n{r['context']}"): r for r in found}
    both = [*_english(found), *_korean(found)]
    trained = {r["context"] for r, text in both if not held_out(r["title"]) and taught(text)}
    questions = []
    for line in _lines("further"):
        r = known.get(line["paragraph"])
        if r and (r["context"] not in trained) == kept and bool(line["answer"]) == answerable:
            answers = (line["answer"],) if answerable else ()
            questions.append(Question(line[asked], made[r["title"], r["context"]].id, answers))
    return Task(f"further {asked}→en", list(made.values()), questions)


def taught(question: str) -> bool:
    """Whether a question of SQuAD or QED is one that `benchmarks.answering` trains on."""
    return not _fifth(question)


def _fifth(text: str) -> bool:
    """Whether a text is in the fifth, by hash, that is kept from training."""
    return hashlib.sha256(text.encode()).digest()[2] % 5 == 0


def twins(data: Path) -> dict[str, str]:
    """For a question of SQuAD or QED one like it that its paragraph does not answer, and for its
    Korean form one in Korean: of our own, for training."""
    known = {line["id"]: line for line in _lines("twins")}
    korean = {line["id"]: line["question"] for line in _lines("taught_ko")}
    found = {}
    for r in rows(data, "qa_en"):
        if twin := known.get(key := _key(r)):
            found[r["question"]] = twin["en"]
            if key in korean:
                found[korean[key]] = twin["ko"]
    return found


def _english(found: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str]]:
    return ((r, r["question"]) for r in found)


def _korean(
    found: Iterable[dict[str, Any]], name: str = "taught_ko"
) -> Iterator[tuple[dict[str, Any], str]]:
    """Of the rows those whose question has been put into Korean, each once, with that."""
    known = {line["id"]: line["question"] for line in _lines(name)}
    for r in found:
        if (key := _key(r)) in known:
            yield r, known.pop(key)


def _key(row: dict[str, Any]) -> str:
    return _short(f"{row['title']}\n{row['question']}")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _lines(name: str) -> list[dict[str, Any]]:
    lines = (HERE / "data" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _qed(data: Path) -> tuple[list[dict[str, Any]], dict[tuple[str, str], Article]]:
    found = [r for r in rows(data, "qa_en") if r["source"] == "qed"]
    made = {(r["title"], r["context"]): article(r["context"], r["title"]) for r in found}
    return found, made


def news(data: Path, asked: Language) -> Task:
    """News sentences: each in one language is a question for its translation."""
    found = rows(data, "news_dev")
    other = "en" if asked == "ko" else "ko"
    made = [article(f"{r[other]}", "") for r in found]
    questions = [Question(r[asked], a.id, ()) for r, a in zip(found, made, strict=True)]
    unique = {a.id: a for a in made}
    return Task(f"news {asked}→{other}", list(unique.values()), questions)


def names(data: Path, count: int = 2_000) -> Task:
    """Hangul names for their English spellings, none of them seen in training."""
    found = [r for r in rows(data, "names") if held_out(r["en"])]
    pairs: dict[str, str] = {}
    spelled: set[str] = set()
    for r in sorted(found, key=lambda r: hashlib.sha256(r["en"].encode()).digest()):
        if r["en"] not in pairs and r["ko"] not in spelled and len(pairs) < count:
            pairs[r["en"]] = r["ko"]
            spelled.add(r["ko"])
    made = {english: article(english) for english in pairs}
    questions = [Question(korean, made[english].id, ()) for english, korean in pairs.items()]
    return Task("names ko→en", list(made.values()), questions)


def spelled(data: Path, task: Task) -> tuple[Task, Task]:
    """The Korean questions with a name of three syllables or more that nothing was trained on, as they
    are, and the same with it in Latin letters."""
    known = {
        r["ko"]: r["en"]
        for r in rows(data, "names")
        if held_out(r["en"]) and r["en"][0].isupper() and re.fullmatch("[가-힣]{3,}", r["ko"])
    }
    plain, changed = [], []
    for question in task.questions:
        found = chain.from_iterable(map(stems, re.findall("[가-힣]+", question.text)))
        if name := next((stem for stem in found if stem in known), None):
            plain.append(question)
            changed.append(replace(question, text=question.text.replace(name, known[name])))
    return (
        replace(task, name=f"{task.name}, with a name", questions=plain),
        replace(task, name=f"{task.name}, it in Latin letters", questions=changed),
    )


def everything(data: Path) -> list[Task]:
    return [
        korean(data), squad(data), natural(data), translated(data), translated(data, english=True),
        news(data, "ko"), news(data, "en"), names(data),
    ]  # fmt: skip
