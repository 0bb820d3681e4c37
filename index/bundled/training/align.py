"""Teaches an English sentence model Korean: `python -m index.bundled.training.align DATA MODEL TEACHER.npz OUT.safetensors`.

The word pieces of the bundled vocabulary that hold Hangul join those of the model. They begin where
a linear map from the bundled encoder's vectors, fitted on the words that both vocabularies know,
puts them. Korean sentences, words and names, and English sentences with Korean words put in, are
then drawn to the unchanged model's vector of the English. English word pieces hardly move.

600 steps, half an hour on two cores that know bfloat16. TEACHER.npz is what `teacher.py` wrote; OUT
is where `joined.py` begins.
"""

import argparse
import random
import re
import time
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch.nn.functional import normalize

from index.bundled.training.data import held_out, rows
from index.bundled.training.teacher import digest
from index.bundled.training.train import contrast, unit
from index.cross_encoder import SPECIAL, is_hangul, runs
from index.segmenter import VOCABULARY, Vocabulary, bundled

if TYPE_CHECKING:
    from transformers import BertModel

_LONGEST = 62
_CHUNK = 48
_ODDS = {
    "pydocs": 0.3,
    "tf": 0.3,
    "hfcourse": 0.4,
    "pud": 3.0,
    "jhe": 2.0,
    "korsts": 1.5,
    "mkqa": 2.0,
}
_SWITCHED = 0.6
_PARTICLES = ["은", "는", "이", "가", "을", "를", "의", "에", "에서", "로", "와", "", "", "", ""]


class Pieces:
    """The word pieces of both scripts as one vocabulary: the model's own, then those with Hangul."""

    def __init__(self, model: Path) -> None:
        self.latin = Tokenizer.from_file(str(model / "tokenizer.json"))
        self.latin.no_padding()
        self.latin.no_truncation()
        self.first = self.latin.get_vocab_size()
        known = dict(enumerate(Vocabulary.read(VOCABULARY).names))
        self.hangul = sorted(i for i, piece in known.items() if re.search("[가-힣]", piece))
        self._row = {piece: self.first + n for n, piece in enumerate(self.hangul)}
        own = self.latin.get_vocab()
        self.unknown, self.start, self.end = (own[special] for special in SPECIAL)
        self.colon = own[":"]
        words = {p.strip(): i for i, p in known.items() if p.startswith(" ") and p.isascii()}
        self.shared = [(i, own[word]) for word, i in words.items() if len(word) > 2 and word in own]
        self._word = lru_cache(maxsize=1 << 18)(self._cut)

    def __call__(self, text: str) -> list[int]:
        """The ids of a text's pieces."""
        return [piece for run in runs(text) for piece in self._word(run)]

    def _cut(self, run: str) -> list[int]:
        if is_hangul(run):
            return [self._row.get(piece, self.unknown) for piece in bundled().word(run)]
        ids: list[int] = self.latin.encode(run, add_special_tokens=False).ids
        return ids


def extended(model: Path, pieces: Pieces) -> "BertModel":
    """The model with a word embedding for every piece, those with Hangul as the linear map has them."""
    from transformers import BertModel

    net: BertModel = BertModel.from_pretrained(model)
    own = net.embeddings.word_embeddings.weight.data.numpy()
    with np.load(VOCABULARY.parent / "vectors.npz") as stored:
        vectors = unit(
            stored["rows"].astype(np.float32) * stored["scales"].astype(np.float32)[:, None]
        )
    given = vectors[[i for i, _ in pieces.shared]]
    centre = own[[i for _, i in pieces.shared]].mean(axis=0)
    wanted = own[[i for _, i in pieces.shared]] - centre
    turned = np.linalg.solve(given.T @ given + 5 * np.eye(given.shape[1]), given.T @ wanted)
    korean = vectors[pieces.hangul] @ turned
    # What the map does not explain is missing from their length.
    korean *= 0.8 * np.sqrt((wanted**2).sum(axis=1).mean() / (korean**2).sum(axis=1).mean())
    whole = np.concatenate([own, (korean + centre).astype(np.float32)])
    net.embeddings.word_embeddings = torch.nn.Embedding(
        len(whole), whole.shape[1], padding_idx=0, _weight=torch.from_numpy(whole)
    )
    return net


def padded(texts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask, both int64 of shape (texts, longest)."""
    longest = (max(map(len, texts)) + 7) // 8 * 8
    ids, mask = np.zeros((2, len(texts), longest), np.int64)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = text
        mask[row, : len(text)] = 1
    return torch.from_numpy(ids), torch.from_numpy(mask)


def pooled(net: "BertModel", pieces: Pieces, texts: Sequence[list[int]]) -> torch.Tensor:
    """Unit vectors (texts, dim): the mean over the pieces, texts of like length at a time."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    found = []
    for first in range(0, len(order), _CHUNK):
        ids, mask = padded(
            [
                [pieces.start, *texts[i][:_LONGEST], pieces.end]
                for i in order[first : first + _CHUNK]
            ]
        )
        with torch.autocast("cpu", torch.bfloat16):
            read = net(ids, attention_mask=mask).last_hidden_state.float()
        share = mask[:, :, None].float()
        found.append(normalize((read * share).sum(1) / share.sum(1), dim=-1))
    back = torch.empty(len(order), dtype=torch.long)
    back[torch.tensor(order)] = torch.arange(len(order))
    return torch.cat(found)[back]


def switched(words: dict[str, list[str]], text: str) -> str:
    """An English text with most of the words that have Korean translations replaced by one."""
    said = []
    for word in text.split():
        known = words.get(word.lower().strip(".,?!'\"()"))
        if known and random.random() < _SWITCHED:
            word = random.choice(known) + random.choice(_PARTICLES)
        said.append(word)
    return " ".join(said)


def dictionary(data: Path) -> dict[str, list[str]]:
    """The Korean translations of single English words."""
    found: dict[str, list[str]] = {}
    for row in rows(data, "dictionary"):
        if re.fullmatch("[a-z]+", row["en"]):
            found.setdefault(row["en"], []).append(row["ko"])
    return found


def align(data: Path, model: Path, cache: Path, out: Path, steps: int) -> None:
    """Train, telling the loss, and write the weights every 200 steps."""
    torch.manual_seed(0)
    random.seed(0)
    rng = np.random.default_rng(0)
    pieces = Pieces(model)
    net = extended(model, pieces)
    for part in net.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    with np.load(cache) as stored:
        known: NDArray[np.float16] = stored["vectors"]
        place = {int(key): row for row, key in enumerate(stored["digests"])}

    def taught(chosen: Sequence[dict[str, str]]) -> torch.Tensor:
        found = known[[place[digest(row["en"])] for row in chosen]]
        return torch.from_numpy(found.astype(np.float32))

    pairs = [row for row in rows(data, "parallel") if digest(row["en"]) in place]
    entries = [row for row in rows(data, "dictionary") if digest(row["en"]) in place]
    names = [row for row in rows(data, "names") if not held_out(row["en"])]
    odds = np.array([_ODDS.get(row["source"], 1.0) for row in pairs])
    odds /= odds.sum()
    translations = dictionary(data)
    words = net.embeddings.word_embeddings.weight
    body = [p for n, p in net.named_parameters() if p is not words and "pooler" not in n]
    rates = [2e-3, 5e-5]
    groups: list[dict[str, Any]] = [{"params": [words]}, {"params": body}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.0, betas=(0.9, 0.98), fused=True)
    began = time.time()
    for step in range(steps):
        pace = min(1.0, (step + 1) / 50) * max(0.02, 1 - step / steps)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * pace
        told = [pairs[i] for i in np.unique(rng.choice(len(pairs), 160, p=odds))]
        mixed = [pairs[i] for i in rng.choice(len(pairs), 40, p=odds)]
        single, named = random.sample(entries, 64), random.sample(names, 48)
        read = [
            [pieces(row["ko"]) for row in told],
            [pieces(row["ko"]) for row in single],
            [pieces(switched(translations, row["en"])) for row in mixed],
            [pieces(row["ko"]) for row in named],
            [pieces(row["en"]) for row in named],
        ]
        vectors = pooled(net, pieces, [*chain(*read)])
        korean, word, mix, hangul, latin = torch.split(vectors, [*map(len, read)])
        loss = contrast(korean, taught(told), 20.0) + 3 * _apart(korean, taught(told))
        loss = loss + 0.3 * contrast(word, taught(single), 20.0) + _apart(word, taught(single))
        loss = loss + 2 * _apart(mix, taught(mixed)) + 0.3 * contrast(hangul, latin, 20.0)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        assert words.grad is not None
        words.grad[: pieces.first] *= 0.02
        torch.nn.utils.clip_grad_norm_(body, 1.0)
        optimiser.step()
        if step % 25 == 24:
            print(f"{step + 1} loss {loss.item():.3f} {time.time() - began:.0f}s", flush=True)
        if step % 200 == 199 or step == steps - 1:
            save_file(net.state_dict(), out)


def _apart(found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    return 1 - (found * wanted).sum(1).mean()


def main() -> None:
    """Read the arguments and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "model", "teacher", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--steps", type=int, default=600)
    given = parser.parse_args()
    align(given.data, given.model, given.teacher, given.out, given.steps)


if __name__ == "__main__":
    main()
