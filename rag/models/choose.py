"""Which reader answers: the built-in one, a model on this machine, or one behind a URL."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.models import memory
from rag.models.errors import ModelError
from rag.settings import Settings, hub_cache

if TYPE_CHECKING:
    from rag.models.chat import Options
    from rag.reading.reasoning import Reasoning

BUILTIN = "builtin"
AUTO = "auto"
POSITIONS = 2048  # tokens that a model must have memory for: some passages, a thought, an answer
TOKENIZERS = (
    "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "tekken.json", "vocab.json",
)  # fmt: skip
_SHARD = re.compile(r"-(\d+)-of-(\d+)\.safetensors$")

# What `auto` has chosen: a model that is loaded takes the memory by which it was chosen, so
# choosing again for the next question would fall back to a smaller one.
_chosen: dict[tuple[Path, str, tuple[str, ...]], str] = {}


@dataclass(frozen=True, slots=True)
class Cached:
    """A catalogued checkpoint that lies whole in the hub's cache; `bytes` are those of its
    weights at two bytes a parameter. `own_code`: it runs only with Python code of its own."""

    id: str
    folder: Path
    bytes: int
    own_code: bool


def cached(cache: Path | None = None) -> list[Cached]:
    """The catalogued checkpoints in the hub's cache, largest first; half-loaded ones are not."""
    root = cache or hub_cache()
    if not root.is_dir():
        return []
    from rag.models import catalogue

    found = []
    for family in catalogue.load().families:
        for checkpoint in family.checkpoints:
            folder = snapshot(root, checkpoint.id)
            if folder is not None and whole(folder):
                own_code = family.trust_remote_code
                found.append(Cached(checkpoint.id, folder, checkpoint.bytes, own_code))
    return sorted(found, key=lambda each: -each.bytes)


def snapshot(cache: Path, hub_id: str) -> Path | None:
    """The folder of a model's newest version in the hub's cache, or None."""
    repository = cache / f"models--{hub_id.replace('/', '--')}"
    try:
        commit = (repository / "refs" / "main").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    folder = repository / "snapshots" / commit
    return folder if commit and folder.is_dir() else None


def whole(folder: Path) -> bool:
    """Whether a folder holds a configuration, a tokenizer and all weights, as far as names tell."""
    if not (folder / "config.json").is_file():
        return False
    if not any((folder / name).is_file() for name in TOKENIZERS):
        return False
    try:
        files = memory.weight_files(folder)
    except ModelError:
        return False
    # The list of shards may be what is still to come.
    shards = [match for file in files if (match := _SHARD.search(file.name))]
    return all(int(match[2]) <= len(shards) for match in shards)


def pick(name: str | None, settings: Settings, base_url: str = "") -> str:
    """The name of the reader to use: `builtin`, a path, a hub name or `provider:name`.

    `auto` is the first model that the server at `base_url` has, if one is named; else the largest
    catalogued model in the cache that fits into memory, else `builtin`. Raises ModelError.
    """
    wanted = name or settings.model
    if wanted != AUTO:
        return wanted
    if base_url:
        from rag.models.remote import first_served

        return first_served(base_url)
    generation = settings.generation
    key = (hub_cache(), generation.quantise, generation.allow_remote_code)
    if key not in _chosen:
        usable = [
            model
            for model in cached()
            if not model.own_code or model.id in generation.allow_remote_code
        ]
        best = _largest_that_fits(usable, generation.quantise) if usable else None
        if best is None:
            return BUILTIN
        _chosen[key] = best
    return _chosen[key]


def _largest_that_fits(models: list[Cached], quantise: str) -> str | None:
    from rag.models.loading import pick_device, pick_dtype

    device = pick_device()
    room = memory.available(device) or 0
    for model in models:
        try:
            dtype = pick_dtype(device, memory.stored_dtype(model.folder))
            needed = memory.needs(model.folder, dtype, quantise or None).total(POSITIONS)
        except ModelError:
            continue  # damaged: another one is to answer
        if needed <= room:
            return model.id
    return None


def reader(name: str, base_url: str, settings: Settings) -> "Reasoning":
    """The reader that asks a model; loading it takes seconds. Raises ModelError.

    A `base_url` names where the model is, unless its name is that of a folder on this machine.
    """
    from rag.reading.reasoning import Reasoning

    generation = settings.generation
    options = _options(settings)
    here = Path(name).expanduser().is_dir()
    if not here and (base_url or _is_remote(name)):
        from rag.models.remote import connect

        return Reasoning(connect(name, base_url or None, options=options), name, options)
    from rag.models.local import LocalChat

    model = LocalChat(
        model=name,
        quantise=generation.quantise or None,
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
