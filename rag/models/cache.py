"""The key-value cache of one answer, and the one kept between answers that begin alike."""

import torch
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import (
    Cache,
    DynamicLayer,
    DynamicSlidingWindowLayer,
    LinearAttentionCacheLayerMixin,
)

_LEAST_ROOM = 256


class GrowingLayer(DynamicLayer):
    """A layer with room to spare: transformers' own copies all it holds for every new token."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._room: tuple[torch.Tensor, torch.Tensor] | None = None

    def update(  # type: ignore[no-untyped-def]
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args, **kwargs
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Add keys and values of shape (batch, heads, new tokens, size); all of them so far."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        start = self.get_seq_length()
        end = start + key_states.shape[-2]
        held = (self.keys, self.values) if start else ()
        if self._room is None or self._room[0].shape[-2] < end:
            self._room = (
                self._larger(key_states, start, end),
                self._larger(value_states, start, end),
            )
            for room, old in zip(self._room, held, strict=False):
                assert old is not None
                room[:, :, :start] = old
        keys, values = self._room
        keys[:, :, start:end] = key_states
        values[:, :, start:end] = value_states
        self.keys, self.values = keys[:, :, :end], values[:, :, :end]
        return self.keys, self.values

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Keep only these rows of the batch."""
        super().batch_select_indices(indices)
        self._room = None

    @staticmethod
    def _larger(states: torch.Tensor, start: int, end: int) -> torch.Tensor:
        batch, heads, _, size = states.shape
        room = end + max(_LEAST_ROOM, start // 2)
        return states.new_empty((batch, heads, room, size))


def new_cache(model: PreTrainedModel) -> Cache:
    """An empty cache as the model's layers need it."""
    cache = DynamicCache(config=model.config)
    cache.layers = [
        GrowingLayer() if type(layer) is DynamicLayer else layer for layer in cache.layers
    ]
    if rewindable(cache):  # windows must remember what they dropped last, to take it back
        cache.activate_past_recording()  # type: ignore[no-untyped-call]
    return cache


def rewindable(cache: Cache) -> bool:
    """Whether tokens can be taken back at all; recurrent layers cannot."""
    return all(
        isinstance(layer, DynamicLayer) and not isinstance(layer, LinearAttentionCacheLayerMixin)
        for layer in cache.layers
    )


def rewind(cache: Cache, count: int) -> bool:
    """Take back the last `count` tokens; False, and nothing done, if that is not possible.

    A sliding window holds only its last states. Past them transformers' `crop` would go on with
    too few, so that the model would read a wrong past.
    """
    for layer in cache.layers:
        if isinstance(layer, DynamicSlidingWindowLayer) and layer.keys is not None:
            left = min(layer.get_seq_length() - count, layer.sliding_window - 1)
            if layer.keys.shape[-2] - count < left:
                return False
    if not rewindable(cache):
        return count == 0
    cache.crop(-count)
    return True


class Kept:
    """The cache of the last answer, for the next one that begins with the same tokens.

    Taking it takes it away, so two answers at once cannot share it: the second starts afresh.
    """

    def __init__(self) -> None:
        self._last: tuple[list[int], Cache] | None = None

    def take(self, ids: list[int], model: PreTrainedModel) -> tuple[Cache, int]:
        """A cache for a prompt of these token ids and how many of them it holds, never all."""
        last, self._last = self._last, None
        if last is not None:
            known, cache = last
            same = next(
                (i for i, (a, b) in enumerate(zip(known, ids, strict=False)) if a != b), None
            )
            same = min(len(known), len(ids)) if same is None else same
            same = min(same, len(ids) - 1)
            if same > 0 and rewind(cache, len(known) - same):
                return cache, same
        return new_cache(model), 0

    def put(self, ids: list[int], cache: Cache) -> None:
        """Keep a cache that holds exactly these tokens."""
        self._last = (ids, cache)
