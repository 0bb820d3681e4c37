"""The loops that run a model token by token, one answer at a time or several in a padded batch.

transformers' own `generate` runs until it ends; these loops give each token to the caller as it
comes, so an answer that nobody waits for any more stops before the next token, without a thread.
"""

from collections.abc import Callable, Generator
from collections.abc import Sequence as Many
from functools import lru_cache
from inspect import signature
from math import ceil
from typing import Any

import torch
from transformers import PreTrainedModel
from transformers.cache_utils import Cache

from rag.models.cache import Kept, new_cache, rewind, rewindable
from rag.models.sequence import Sequence
from rag.models.thinking import Piece

_STEP = 512  # tokens of a prompt between two looks at whether to stop
_NGRAM = 3
_MOST_GUESSES = 10


class Lookup:
    """Guesses tokens from what followed the last three where they stood before.

    Answers copy from passages, and checking several guesses costs hardly more than one token
    (prompt lookup decoding, https://github.com/apoorvumang/prompt-lookup-decoding). Wrong guesses
    change no answer; they make the next ones shorter.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[int, ...], int] = {}
        self._indexed = 0
        self._count = _MOST_GUESSES // 2

    def guess(self, ids: list[int]) -> list[int]:
        """Some likely next tokens, or none."""
        key = tuple(ids[-_NGRAM:])
        for end in range(max(self._indexed, _NGRAM), len(ids)):
            self._seen[tuple(ids[end - _NGRAM : end])] = end
        self._indexed = len(ids)
        at = self._seen.get(key)
        return ids[at : at + self._count] if at is not None else []

    def learn(self, guessed: int, right: int) -> None:
        """Be told how many of the last guesses were right."""
        if guessed:
            change = 2 if right == guessed else -2
            self._count = min(_MOST_GUESSES, max(2, self._count + change))


@lru_cache(maxsize=8)
def _keeps_few(kind: type[PreTrainedModel]) -> bool:
    """Whether a model can leave out the scores that nobody reads; models' own code may not."""
    return "logits_to_keep" in signature(kind.forward).parameters


@torch.inference_mode()
def forward(
    model: PreTrainedModel, rows: Many[list[int]], cache: Cache, keep: int, **more: torch.Tensor
) -> torch.Tensor:
    """Scores (rows, keep, vocabulary) for the last `keep` positions; the cache takes all in."""
    ids = torch.tensor(rows, device=model.device)
    few: dict[str, Any] = {"logits_to_keep": keep} if _keeps_few(type(model)) else {}  # type: ignore[arg-type]
    made = model(input_ids=ids, past_key_values=cache, use_cache=True, **few, **more)
    logits: torch.Tensor = made.logits[:, -keep:]
    return logits


def decode(
    model: PreTrainedModel,
    sequence: Sequence,
    kept: Kept,
    cancelled: Callable[[], bool],
    lookup: Lookup | None,
) -> Generator[list[Piece], None, None]:
    """Run one answer to its end, giving the pieces of each token; closing the iterator stops it.

    The cache comes from `kept`, with what it holds of the prompt, and goes back there.
    """
    cache, fed = kept.take(sequence.ids, model)
    held = sequence.ids[:fed]
    try:
        while sequence.reason is None:
            if cancelled():
                yield sequence.finish("cancelled")
                break
            pending = sequence.ids[len(held) :]
            if len(pending) > _STEP:
                equal = ceil(len(pending) / ceil(len(pending) / _STEP))
                forward(model, [pending[:equal]], cache, 1)
                held += pending[:equal]
                rewind(cache, 0)
                continue
            guesses = _guesses(sequence, lookup, cache)
            logits = forward(model, [pending + guesses], cache, 1 + len(guesses))[0]
            held += pending + guesses
            right = yield from _take(sequence, logits, guesses, cancelled)
            wrong = len(guesses) - right
            rewind(cache, wrong)
            del held[len(held) - wrong :]
            if lookup:
                lookup.learn(len(guesses), right)
    except GeneratorExit:
        kept.put(held, cache)
        raise
    kept.put(held, cache)  # not after any other failure: who knows what the cache holds then


def _guesses(sequence: Sequence, lookup: Lookup | None, cache: Cache) -> list[int]:
    if not rewindable(cache):
        return []
    return sequence.foreseen or (lookup.guess(sequence.ids) if lookup else [])


def _take(
    sequence: Sequence, logits: torch.Tensor, guesses: list[int], cancelled: Callable[[], bool]
) -> Generator[list[Piece], None, int]:
    """Take tokens as long as the guesses were right; returns how many were."""
    for right, scores in enumerate(logits):
        token = sequence.choose(scores)
        yield sequence.take(token)
        right_too = right < len(guesses) and guesses[right] == token
        if sequence.reason or not right_too or cancelled():
            return right
    return len(guesses)


def decode_batch(
    model: PreTrainedModel,
    sequences: Many[Sequence],
    pad: int,
    cancelled: Callable[[], bool],
) -> list[list[Piece]]:
    """Run several answers at once, prompts padded on the left; the pieces of each."""
    said: list[list[Piece]] = [[] for _ in sequences]
    longest = max(len(sequence.ids) for sequence in sequences)
    mask = torch.zeros((len(sequences), longest), dtype=torch.long, device=model.device)
    for row, sequence in enumerate(sequences):
        mask[row, longest - len(sequence.ids) :] = 1
    rows = [[pad] * (longest - len(s.ids)) + s.ids for s in sequences]
    alive = list(range(len(sequences)))
    cache = new_cache(model)
    while True:
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -len(rows[0]) :]
        logits = forward(model, rows, cache, 1, attention_mask=mask, position_ids=positions)
        if rewindable(cache):
            rewind(cache, 0)
        for scores, number in zip(logits[:, -1], alive, strict=True):
            sequence = sequences[number]
            said[number] += sequence.take(sequence.choose(scores))
            if sequence.reason is None and cancelled():
                said[number] += sequence.finish("cancelled")
        left = [row for row, number in enumerate(alive) if sequences[number].reason is None]
        if not left:
            return said
        if len(left) < len(alive):
            chosen = torch.tensor(left, device=model.device)
            cache.batch_select_indices(chosen)
            mask, alive = mask[chosen], [alive[row] for row in left]
        mask = torch.cat([mask, mask.new_ones((len(alive), 1))], dim=1)
        rows = [[sequences[number].ids[-1]] for number in alive]
