"""Trains the bundled encoder: `python -m index.bundled.training.train DATA TEACHER.npz OUT`.

One vector per subword piece, pooled with a learned weight per piece and normalised. Each step adds
up the in-batch contrastive losses (InfoNCE, scale 20) of sentence pairs, names, dictionary words
and question–paragraph pairs, and the cosine distance of both languages' vectors to the teacher's
vector of the English side. DATA is the folder of training rows, TEACHER.npz what `teacher.py` wrote.
"""

import argparse
import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.nn import functional

from index.bundled.training import vocabulary
from index.bundled.training.data import held_out, rows, training_questions
from index.bundled.training.teacher import digest
from index.segmenter import VOCABULARY, Vocabulary, words

Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run is made of; every field is a flag."""

    pieces: int = 48_000
    dim: int = 256
    steps: int = 3_000
    rate: float = 1e-2
    scale: float = 20.0
    sentences: int = 768
    names: int = 256
    entries: int = 256
    questions: int = 256
    distil: float = 1.0
    resegment: float = 0.1
    teacher_start: bool = True
    docs: float = 0.4
    contexts: bool = False
    seed: int = 0


class Pieces:
    """Texts as piece ids, segmented once."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, list[int]] = {}

    def of(self, texts: list[str]) -> list[Ids]:
        """The ids of each text, int32; a text without words is one unknown piece."""
        split = [words(text) for text in texts]
        new = [w for w in {w for ws in split for w in ws} if w not in self._known]
        for word, encoding in zip(new, self._tokenizer.encode_batch_fast(new), strict=True):
            self._known[word] = encoding.ids
        return [np.array([i for w in ws for i in self._known[w]] or [0], np.int32) for ws in split]


class Teacher:
    """The cached vectors of the teacher, turned onto the student's dimensions by PCA."""

    def __init__(self, path: Path, dim: int) -> None:
        with np.load(path) as stored:
            vectors = stored["vectors"].astype(np.float32)
            self._row = {int(key): row for row, key in enumerate(stored["digests"])}
        if dim < vectors.shape[1]:
            # No centring: the student is compared by cosine, so directions must stay as they are.
            _, axes = np.linalg.eigh(vectors.T @ vectors)
            self.axes = np.ascontiguousarray(axes[:, ::-1][:, :dim])
        else:
            self.axes = np.eye(vectors.shape[1], dtype=np.float32)
        self._vectors = torch.from_numpy(unit(vectors @ self.axes))

    def of(self, texts: list[str]) -> torch.Tensor:
        """Unit vectors (len(texts), dim). Raises KeyError for a text that is not cached."""
        return self._vectors[[self._row[digest(text)] for text in texts]]


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows scaled to length 1; rows of zeros stay."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    normed: NDArray[np.float32] = vectors / np.maximum(norms, 1e-9)
    return normed


def resegmented(tokenizer: Tokenizer) -> tuple[Ids, Ids]:
    """For every piece its best segmentation without itself: (pieces, 6) ids and (pieces,) counts.

    Swapping some pieces for it is subword regularisation (Kudo 2018) at the price of a look-up.
    """
    scored: list[tuple[str, float]] = json.loads(tokenizer.to_str())["model"]["vocab"]
    scores = {piece: (i, score) for i, (piece, score) in enumerate(scored)}
    table = np.zeros((len(scored), 6), np.int32)
    counts = np.zeros(len(scored), np.int32)
    for i, (piece, _) in enumerate(scored):
        best: list[tuple[float, list[int]]] = [(0.0, [])]
        for end in range(1, len(piece) + 1):
            options = [
                (
                    best[start][0] + scores[piece[start:end]][1],
                    [*best[start][1], scores[piece[start:end]][0]],
                )
                for start in range(end)
                if piece[start:end] in scores and end - start < len(piece) and best[start][0] > -1e8
            ]
            best.append(max(options, default=(-1e9, [])))
        if best[-1][0] > -1e8 and 2 <= len(best[-1][1]) <= 6:
            counts[i] = len(best[-1][1])
            table[i, : counts[i]] = best[-1][1]
    return table, counts


class Student(torch.nn.Module):
    """Piece vectors and the logarithms of their weights."""

    def __init__(self, start: torch.Tensor, weights: torch.Tensor) -> None:
        super().__init__()
        self.vectors = torch.nn.Parameter(start)
        self.logs = torch.nn.Parameter(weights.log())

    def forward(self, texts: list[Ids]) -> torch.Tensor:
        """Unit vectors, float32 of shape (len(texts), dim)."""
        flat = torch.from_numpy(np.concatenate(texts))
        offsets = torch.from_numpy(np.cumsum([0] + [len(t) for t in texts[:-1]]).astype(np.int32))
        pooled = functional.embedding_bag(
            flat, self.vectors, offsets, mode="sum", per_sample_weights=self.logs[flat.long()].exp()
        )
        return functional.normalize(pooled, dim=-1)


@dataclass(frozen=True, slots=True)
class Side:
    """Texts of one side of a kind of pair, with the teacher's vectors (n, dim) or None."""

    texts: list[Ids]
    targets: torch.Tensor | None

    def rows(self, chosen: NDArray[np.int64]) -> "Side":
        """The texts at these places."""
        targets = None if self.targets is None else self.targets[chosen]
        return Side([self.texts[i] for i in chosen], targets)


class Sampler:
    """Batches of one kind of pair: texts of both sides, and the teacher's vectors for each."""

    def __init__(self, left: Side, right: Side, odds: NDArray[np.float64]) -> None:
        self.left, self.right = left, right
        self._cumulated = np.cumsum(odds / odds.sum())

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Side, Side]:
        """Both sides of at most `count` pairs, each pair once."""
        drawn = np.searchsorted(self._cumulated, rng.random(count))
        chosen = np.unique(np.minimum(drawn, len(self._cumulated) - 1))
        return self.left.rows(chosen), self.right.rows(chosen)


def samplers(data: Path, pieces: Pieces, teacher: Teacher, recipe: Recipe) -> dict[str, Sampler]:
    """A sampler for each kind of pair, named like the recipe's batch sizes."""
    pairs = rows(data, "parallel")
    odds = {
        "pydocs": recipe.docs,
        "tf": recipe.docs,
        "hfcourse": recipe.docs,
        "pud": 3.0,
        "jhe": 2.0,
    }
    names = [r for r in rows(data, "names") if not held_out(r["en"])]
    entries = rows(data, "dictionary")
    questions = training_questions(data)

    def both(found: list[dict[str, str]], taught: bool, weights: NDArray[np.float64]) -> Sampler:
        english, korean = [r["en"] for r in found], [r["ko"] for r in found]
        targets = teacher.of(english) if taught else None
        return Sampler(Side(pieces.of(english), targets), Side(pieces.of(korean), targets), weights)

    return {
        "sentences": both(pairs, True, np.array([odds.get(r["source"], 1.0) for r in pairs])),
        "names": both(names, False, np.ones(len(names))),
        "entries": both(entries, True, np.ones(len(entries))),
        "questions": Sampler(
            Side(
                pieces.of([r["question"] for r in questions]),
                teacher.of([r["question"] for r in questions]),
            ),
            Side(
                pieces.of([f"{r['title']}\n{r['context']}" for r in questions]),
                teacher.of([r["context"] for r in questions]) if recipe.contexts else None,
            ),
            np.ones(len(questions)),
        ),
    }


def swap(
    texts: list[Ids], table: Ids, counts: Ids, share: float, rng: np.random.Generator
) -> list[Ids]:
    """The texts with a share of their pieces replaced as `resegmented` has it."""
    if not share:
        return texts
    out = []
    for ids in texts:
        chosen = (rng.random(len(ids)) < share) & (counts[ids] > 0)
        if chosen.any():
            parts = [
                table[i, : counts[i]] if c else np.array([i], np.int32)
                for i, c in zip(ids, chosen, strict=True)
            ]
            ids = np.concatenate(parts).astype(np.int32)
        out.append(ids)
    return out


def contrast(left: torch.Tensor, right: torch.Tensor, scale: float) -> torch.Tensor:
    """InfoNCE in both directions for unit vectors (n, dim) whose rows belong together."""
    scores = left @ right.T * scale
    truth = torch.arange(len(left))
    return (functional.cross_entropy(scores, truth) + functional.cross_entropy(scores.T, truth)) / 2


def accuracy(left: torch.Tensor, right: torch.Tensor) -> tuple[float, float]:
    """How often the nearest row is the right one, from the left and from the right."""
    scores = left @ right.T
    truth = torch.arange(len(left))
    return (
        (scores.argmax(1) == truth).float().mean().item(),
        (scores.argmax(0) == truth).float().mean().item(),
    )


def start(
    tokenizer: Tokenizer, recipe: Recipe, teacher: Teacher, model: str | None
) -> torch.Tensor:
    """First vectors: random, and for Latin pieces the teacher's vector of the piece (model2vec)."""
    generator = torch.Generator().manual_seed(recipe.seed)
    count = tokenizer.get_vocab_size()
    first: torch.Tensor = torch.randn((count, recipe.dim), generator=generator) / recipe.dim**0.5
    if model:
        from sentence_transformers import SentenceTransformer

        named = {
            i: p.strip()
            for p, i in tokenizer.get_vocab().items()
            if p.strip().isascii() and p.strip()
        }
        vectors = SentenceTransformer(model, device="cpu").encode(
            list(named.values()), batch_size=256
        )
        vectors = unit(vectors @ teacher.axes)
        first[list(named)] = torch.from_numpy(vectors)
    return first


def train(data: Path, cache: Path, out: Path, recipe: Recipe, model: str | None) -> None:
    """Train in memory, writing the vectors and their accuracy every 250 steps."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    out.mkdir(parents=True, exist_ok=True)
    path = out / VOCABULARY.name
    if not path.exists():
        vocabulary.train(data, recipe.pieces).write(path)
    tokenizer = Vocabulary.read(path).tokenizer()
    pieces, teacher = Pieces(tokenizer), Teacher(cache, recipe.dim)
    kinds = samplers(data, pieces, teacher, recipe)
    table, counts = resegmented(tokenizer)
    seen = np.bincount(
        np.concatenate(
            [i for k in kinds.values() for side in (k.left, k.right) for i in side.texts]
        ),
        minlength=tokenizer.get_vocab_size(),
    )
    # Smooth inverse frequency (Arora et al. 2017) is where the weights start from.
    share = torch.from_numpy(seen / seen.sum()).float()
    student = Student(start(tokenizer, recipe, teacher, model), 1e-3 / (1e-3 + share))
    optimiser = torch.optim.Adam(student.parameters(), lr=recipe.rate, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / recipe.steps)
    news = rows(data, "news_dev")
    check = pieces.of([r["ko"] for r in news]), pieces.of([r["en"] for r in news])
    sizes = {name: getattr(recipe, name) for name in kinds}
    began = time.time()
    for step in range(recipe.steps):
        loss = torch.zeros(())
        for name, sampler in kinds.items():
            weight = 0.5 if name in ("names", "entries") else 1.0
            vectors = []
            for side in sampler.draw(sizes[name], rng):
                vectors.append(student(swap(side.texts, table, counts, recipe.resegment, rng)))
                if side.targets is not None:
                    distance = 1 - (vectors[-1] * side.targets).sum(1).mean()
                    loss = loss + weight * recipe.distil * distance
            loss = loss + weight * contrast(vectors[0], vectors[1], recipe.scale)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimiser.step()
        schedule.step()
        if step % 250 == 249 or step == recipe.steps - 1:
            with torch.no_grad():
                ko_en, en_ko = accuracy(student(check[0]), student(check[1]))
            print(
                f"{step + 1} loss {loss.item():.3f} news ko-en {ko_en:.3f} en-ko {en_ko:.3f} {time.time() - began:.0f}s",
                flush=True,
            )
            export(student, out, recipe)


def quantised(folded: NDArray[np.float32]) -> dict[str, NDArray[np.generic]]:
    """Vectors (pieces, dim) as the encoder stores them: int8 rows, a float16 scale each, a digest."""
    scales = np.abs(folded).max(axis=1) / 127
    rounded = np.round(folded / np.maximum(scales, 1e-12)[:, None]).astype(np.int8)
    scales = scales.astype(np.float16)
    key = hashlib.sha256(rounded.tobytes() + scales.tobytes()).hexdigest()[:12]
    return {"rows": rounded, "scales": scales, "digest": np.array(key)}


def export(student: Student, out: Path, recipe: Recipe) -> None:
    """Write the vectors with the weights folded into them."""
    with torch.no_grad():
        folded = (student.vectors * student.logs.exp()[:, None]).numpy()
    np.savez(out / "vectors.npz", allow_pickle=False, **quantised(folded))
    (out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1) + "\n")


def main() -> None:
    """Read the flags and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", help="the teacher itself, to start Latin pieces from")
    for name, default in asdict(Recipe()).items():
        kind = (lambda text: text != "False") if isinstance(default, bool) else type(default)
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, default=default)
    given = vars(parser.parse_args())
    data, cache, out, model = (given.pop(name) for name in ("data", "teacher", "out", "model"))
    train(data, cache, out, Recipe(**given), model)


if __name__ == "__main__":
    main()
