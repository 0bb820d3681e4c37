"""The subword vocabulary: a unigram model over the training texts of both languages."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from index.bundled.training.data import rows, training_questions
from index.segmenter import Vocabulary, words


def texts(data: Path) -> Iterator[str]:
    """Training texts of both languages, names and dictionary words included."""
    for name in ("parallel", "dictionary", "names"):
        for row in rows(data, name):
            yield row["en"]
            yield row["ko"]
    for row in training_questions(data):
        yield row["question"]
        yield row["context"]


def train(data: Path, size: int) -> Vocabulary:
    """A unigram vocabulary of `size` pieces (Kudo 2018) of what `words()` gives."""
    tokenizer = Tokenizer(models.Unigram())
    # One text is one word; a leading space is part of it, so nothing is split here.
    tokenizer.pre_tokenizer = pre_tokenizers.Split(pattern="\n", behavior="removed")
    trainer = trainers.UnigramTrainer(
        vocab_size=size, special_tokens=["<unk>"], unk_token="<unk>", max_piece_length=12
    )
    lines = ["\n".join(words(text)) for text in texts(data)]
    random.Random(0).shuffle(lines)
    tokenizer.train_from_iterator(lines, trainer)
    scored: list[tuple[str, float]] = json.loads(tokenizer.to_str())["model"]["vocab"]
    return Vocabulary([name for name, _ in scored], [score for _, score in scored])
