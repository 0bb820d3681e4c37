"""Questions as people type them: `python -m benchmarks.forms DATA [--limit N]`.

Prints recall@1/5 of Korean questions over KorQuAD paragraphs and English ones over SQuAD
paragraphs, in their clean form and in each form that typing gives them.
"""

import argparse
import random
import tempfile
import unicodedata
from collections.abc import Callable
from pathlib import Path

from benchmarks import tasks
from benchmarks.reading import sample
from benchmarks.retrieval import figures, ranks
from index.search import Index
from index.sync import add_articles
from rag.home import load_encoder

Form = Callable[[str], str]
# Common readings of characters in words that newspapers still write in Hanja.
HANJA = str.maketrans(
    {"한": "韓", "국": "國", "중": "中", "미": "美", "일": "日", "북": "北", "대": "大", "전": "前"}
)


def full_width(text: str) -> str:
    """ASCII letters, digits and signs as East Asian full-width ones."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def typo(text: str) -> str:
    """Two neighbouring letters swapped in the longest word, or one syllable lost in Korean."""
    words = text.split()
    place = max(range(len(words)), key=lambda i: len(words[i]))
    word = words[place]
    if len(word) > 2:
        cut = random.Random(text).randrange(1, len(word) - 1)
        swapped = word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :]
        lost = word[:cut] + word[cut + 1 :]
        words[place] = lost if "가" <= word[0] <= "힣" else swapped
    return " ".join(words)


FORMS: dict[str, Form] = {
    "clean": lambda text: text,
    "no spaces": lambda text: text.replace(" ", ""),
    "capitals": str.upper,
    "a typo": typo,
    "full-width": full_width,
    "decomposed (NFD)": lambda text: unicodedata.normalize("NFD", text),
    "emoji": lambda text: f"🙏 {text} 😊🔥",
    "Hanja": lambda text: text.translate(HANJA),
    "no question mark, polite ending": lambda text: text.rstrip("?？. ") + " 알려줘",
}  # fmt: skip

KOREAN_ONLY = ("no spaces", "Hanja", "no question mark, polite ending")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, default=300, help="at most so many questions a task")
    given = parser.parse_args()
    encoder = load_encoder("bundled")
    print(f"{'task':16}{'form':34}{'@1':>7}{'@5':>7}")
    for task in (tasks.korean(given.data), tasks.squad(given.data)):
        with tempfile.TemporaryDirectory() as folder:
            index = Index(Path(folder), lambda _: encoder)
            add_articles(index, task.articles, encoder, "paragraphs")
            questions = sample(task.questions, given.limit)
            gold = [question.gold for question in questions]
            for name, form in FORMS.items():
                if "en" in task.name and name in KOREAN_ONLY:
                    continue
                found = [
                    list(dict.fromkeys(hit.article_id for hit in index.search(form(q.text), 8)))
                    for q in questions
                ]
                at = figures(ranks(found, gold))
                print(f"{task.name:16}{name:34}{at[0]:7.3f}{at[1]:7.3f}", flush=True)


if __name__ == "__main__":
    main()
