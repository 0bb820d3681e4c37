"""The training rows of the bundled encoder, and the split that keeps its measurements honest."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    """All rows of `<folder>/<name>.jsonl.gz`."""
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def held_out(title: str) -> bool:
    """Whether an article's questions are kept out of training (a fifth of the titles, by hash)."""
    return hashlib.sha256(title.encode()).digest()[0] % 5 == 0


def training_questions(folder: Path) -> list[dict[str, Any]]:
    """Question–paragraph rows for training: `qed` without its held-out titles.

    SQuAD is not trained on at all, so that it measures an unseen style of question.
    """
    return [r for r in rows(folder, "qa_en") if r["source"] == "qed" and not held_out(r["title"])]


def teacher_texts(folder: Path) -> Iterator[str]:
    """Every English text whose teacher vector training asks for; duplicates are possible."""
    for name in ("parallel", "dictionary"):
        for row in rows(folder, name):
            yield row["en"]
    for row in training_questions(folder):
        yield row["question"]
        yield row["context"]
