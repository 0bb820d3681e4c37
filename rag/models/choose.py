"""Which reader answers: the built-in one, a model on this machine, or one behind a URL."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rag.models import catalogue
from rag.models.memory import available
from rag.settings import Settings, hub_cache

if TYPE_CHECKING:
    from rag.models.chat import Options
    from rag.reading.reasoning import Reasoning

BUILTIN = "builtin"
AUTO = "auto"
_HEADROOM = 1.25


@dataclass(frozen=True, slots=True)
class Cached:
    """A catalogued checkpoint that lies in the hub's cache; bytes are those of 16-bit weights."""

    id: str
    bytes: int


def cached(cache: Path | None = None) -> list[Cached]:
    """The catalogued checkpoints in the hub's cache, largest first."""
    folder = cache or hub_cache()
    found = []
    for family in catalogue.load().families:
        for checkpoint in family.checkpoints:
            snapshots = folder / f"models--{checkpoint.id.replace('/', '--')}" / "snapshots"
            if any(snapshots.glob("*/*.safetensors")):
                found.append(Cached(checkpoint.id, checkpoint.bytes))
    return sorted(found, key=lambda each: -each.bytes)


def pick(name: str | None, settings: Settings) -> str:
    """The name of the reader to use: `builtin`, a path, a hub name or `provider:name`.

    `auto` is the largest catalogued model in the cache that fits into memory, else `builtin`.
    """
    chosen = name or settings.model
    if chosen != AUTO:
        return chosen
    room = available("cpu") or 0
    return next((c.id for c in cached() if c.bytes * _HEADROOM <= room), BUILTIN)


def reader(name: str, base_url: str, settings: Settings) -> "Reasoning":
    """The reader that asks a model; loading it takes seconds. Raises ModelError."""
    from rag.reading.reasoning import Reasoning

    generation = settings.generation
    options = _options(settings)
    if base_url or _is_remote(name):
        from rag.models.remote import connect

        return Reasoning(connect(name, base_url or None, options=options), name, options)
    from rag.models.local import LocalChat

    quantise: Literal["int8"] | None = "int8" if generation.quantise else None
    model = LocalChat(
        model=name,
        quantise=quantise,
        allow_remote_code=frozenset(generation.allow_remote_code),
        options=options,
    )
    return Reasoning(model, name, options)


def _options(settings: Settings) -> "Options":
    from rag.models.chat import Options

    generation = settings.generation
    return Options(
        thinking=generation.thinking,
        thinking_tokens=generation.thinking_budget,
        answer_tokens=generation.answer_budget,
        seed=generation.seed,
        time_limit=generation.timeout,
    )


def _is_remote(name: str) -> bool:
    """`provider:name`, and neither a path that exists nor a Windows drive."""
    provider, colon, _ = name.partition(":")
    return bool(colon) and len(provider) > 1 and not Path(name).exists() and "/" not in provider
