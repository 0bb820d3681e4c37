"""Models as things on this machine: which there are, getting one, trying one.

Listing imports nothing heavy; the hub's library comes with `pull`, torch with `check`.
"""

import difflib
import errno
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.models import catalogue, choose, memory
from rag.models.catalogue import Checkpoint, Family
from rag.models.errors import ModelError
from rag.settings import Settings, hub_cache

if TYPE_CHECKING:
    from index.search import Hit
    from rag.models.remote import Served

FILES = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
# Other forms of the same weights: in folders of their own, and the vendor's at Mistral.
OTHER_FORMS = ("*/*", "consolidated*")
QUESTION = "마지스트랄 스몰의 매개변수는 몇 개인가?"
_PORTS = (11434, 8080)  # Ollama, llama-server
_HEADROOM = 1.2  # for the context and one forward pass, where files cannot be looked at yet
_SPARE_DISK = 200 << 20
_PASSAGES = 4


@dataclass(frozen=True, slots=True)
class Listed:
    """A catalogued checkpoint and how it stands with this machine.

    `memory`: bytes to run it with a context of a few passages; `fits`: whether they are free,
    None where the system does not tell. `own_code`: it needs Python code that comes with it.
    """

    id: str
    family: str
    billions: float
    memory: int
    fits: bool | None
    cached: bool
    licence: str | None
    non_commercial: bool | None
    languages: tuple[str, ...]
    context: int | None
    reasons: bool
    own_code: bool


def listed(settings: Settings) -> list[Listed]:
    """All catalogued checkpoints, in the catalogue's order."""
    room = memory.available("cpu")
    here = {model.id: model.folder for model in choose.cached()}
    return [
        _row(family, checkpoint, here.get(checkpoint.id), room, settings)
        for family in catalogue.load().families
        for checkpoint in family.checkpoints
    ]


def _row(
    family: Family, checkpoint: Checkpoint, folder: Path | None, room: int | None, settings: Settings
) -> Listed:
    needed = _needed(checkpoint, folder, settings.generation.quantise or None)
    return Listed(
        id=checkpoint.id,
        family=family.name,
        billions=checkpoint.billions,
        memory=needed,
        fits=None if room is None else needed <= room,
        cached=folder is not None,
        licence=family.licence,
        non_commercial=family.non_commercial,
        languages=family.languages,
        context=checkpoint.context or family.context,
        reasons=family.reasons,
        own_code=family.trust_remote_code,
    )


def _needed(checkpoint: Checkpoint, folder: Path | None, quantise: str | None) -> int:
    """Bytes that a checkpoint takes: by its files where they are, else by its parameters."""
    if folder is not None:
        try:
            dtype = "bfloat16" if memory.stored_dtype(folder) == "bfloat16" else "float32"
            return memory.needs(folder, dtype, quantise).total(choose.POSITIONS)  # type: ignore[arg-type]
        except ModelError:
            pass  # damaged files tell nothing
    return int(checkpoint.bytes * _HEADROOM / (2 if quantise else 1))


def served() -> "list[Served]":
    """The models of an Ollama or a llama-server that runs on this machine."""
    listening = []
    for port in _PORTS:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
        except OSError:
            continue
        listening.append(port)
    if not listening:
        return []
    from rag.models.remote import discover

    return discover(listening)


def hub_id(name: str) -> str:
    """The hub's id of a model: a catalogued one also without its publisher (`qwen3-0.6b`).

    Raises ModelError for a name that is neither catalogued nor of the form `publisher/model`.
    """
    family = catalogue.find(name)
    if family and (known := family.checkpoint(name)) and "/" not in name:
        return known.id
    if name.count("/") == 1 and not name.startswith(("/", ".", "~")) and not name.endswith("/"):
        return name
    ids = {c.id.casefold(): c.id for f in catalogue.load().families for c in f.checkpoints}
    short = {key.partition("/")[2]: value for key, value in ids.items()}
    near = difflib.get_close_matches(name.casefold(), ids | short, 1, 0.6)
    hint = f"did you mean {(ids | short)[near[0]]}?" if near else "see `rag models list`"
    raise ModelError(f"{name}: is no name of a model at the hub, like Qwen/Qwen3-0.6B; {hint}")


def pull(name: str, settings: Settings, say: Callable[[str], None]) -> Path:
    """Get a model's files into the hub's cache, with a progress bar on stderr; its folder.

    Files that are there already are not fetched again, and a connection that breaks is taken up
    where it broke. Code that comes with a model is left out unless the settings allow it. Raises
    ModelError: no such model, no access, no network, not enough disk, nothing that can be loaded.
    """
    model = hub_id(name)
    allowed = model in settings.generation.allow_remote_code
    chosen: dict[str, Any] = {
        "allow_patterns": [*FILES, *(["*.py"] if allowed else [])],
        "ignore_patterns": list(OTHER_FORMS),
    }
    with _hub_errors(model):
        from huggingface_hub import snapshot_download

        planned = snapshot_download(model, dry_run=True, tqdm_class=_bar(model, shown=False), **chosen)
        _refuse_unloadable(model, [file.filename for file in planned])
        missing = sum(file.file_size or 0 for file in planned if file.will_download)
        _check_disk(model, missing)
        say(f"{model}: {memory.gigabytes(missing)} to get")
        bar = _bar(model, shown=missing > 0)
        folder = Path(snapshot_download(model, tqdm_class=bar, **chosen))
    for file in memory.weight_files(folder):
        memory.tensors(file)  # cut short or not
    return folder


def _refuse_unloadable(model: str, names: list[str]) -> None:
    if not any(name.endswith(".safetensors") for name in names):
        raise ModelError(
            f"{model}: has no weights as safetensors; choose such a version, or run GGUF files with "
            "llama-server and give --base-url"
        )
    if "config.json" not in names:
        raise ModelError(f"{model}: is no model that can be loaded, it has no config.json")


def _check_disk(model: str, missing: int) -> None:
    place = hub_cache().absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if missing + _SPARE_DISK > free:
        raise ModelError(
            f"{model}: needs {memory.gigabytes(missing + _SPARE_DISK)} of disk and "
            f"{memory.gigabytes(free)} are free in {place}; make room or set HF_HOME to another disk"
        )


def _bar(model: str, *, shown: bool) -> type:
    """One bar for all files; the hub's library would show three. None where nobody watches."""
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **more: Any) -> None:
            whole = more.get("name") == "huggingface_hub.snapshot_download"
            more["disable"] = more.get("disable") if shown and whole else True
            more["desc"] = model
            super().__init__(*args, **more)

        def set_description(self, desc: str | None = None, refresh: bool | None = True) -> None:
            """The model's name stays."""

    return Bar


@contextmanager
def _hub_errors(model: str) -> Iterator[None]:
    """Whatever the hub or its library complains of, as one line."""
    try:
        yield
    except ModelError:
        raise
    except Exception as error:  # its own, its HTTP library's, the file system's
        raise ModelError(f"{model}: {_complaint(error)}") from error


def _complaint(error: BaseException) -> str:
    from huggingface_hub import constants, errors

    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or following.__context__
    names = " ".join(type(each).__name__ for each in chain)
    if any(isinstance(each, errors.GatedRepoError) for each in chain):
        return (
            f"is given only to those who accept its terms; do so at {constants.ENDPOINT} and set "
            "HF_TOKEN to a token of yours"
        )
    if any(isinstance(e, errors.RepositoryNotFoundError | errors.HFValidationError) for e in chain):
        return "is not at the hub, or not for everybody; see `rag models list` for names"
    if "OfflineMode" in names:
        return "cannot be fetched while HF_HUB_OFFLINE is set; unset it"
    if any(isinstance(each, OSError) and each.errno == errno.ENOSPC for each in chain):
        return "the disk is full; make room and pull again, what is there is kept"
    status = next((s for s in map(_status, chain) if s), None)
    if status:
        return f"the hub at {constants.ENDPOINT} answered with status {status}; try again later"
    if any(word in names for word in ("Connect", "Timeout", "Protocol", "ReadError", "Network")):
        return (
            f"the hub at {constants.ENDPOINT} cannot be reached; check the network and pull again, "
            "what is there is kept"
        )
    said = " ".join(str(error).split())[:200]
    return f"cannot be fetched ({said or type(error).__name__}); pull again, what is there is kept"


def _status(error: BaseException) -> int | None:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


@dataclass(frozen=True, slots=True)
class Checked:
    """How a model did with one question on the sample articles.

    `memory`: bytes of this process at most, and on a GPU of the model. `thinking`: "closed" (the
    model ended its thought), "forced" (its budget did), "open" (nothing did) or "none".
    """

    model: str
    question: str
    answer: str
    answered: bool
    cited: bool
    thinking: str
    load_seconds: float
    first_token_seconds: float | None
    tokens: int
    tokens_per_second: float | None
    memory: int | None


def check(name: str, base_url: str, settings: Settings) -> Checked:
    """Load a model and have it answer one question. Raises ModelError where it cannot."""
    from rag import citations
    from rag.events import Replaced, Text

    picked = choose.pick(name, settings)
    if picked == choose.BUILTIN:
        raise ModelError(f"{name}: is no language model here; `rag models list` shows which there are")
    began = time.perf_counter()
    reader = choose.reader(picked, base_url, settings)
    loaded = time.perf_counter() - began
    said: list[str] = []
    for piece in reader.read(QUESTION, "ko", _sample_hits(settings)):
        if isinstance(piece, Replaced):
            said.clear()
        elif isinstance(piece, Text):
            said.append(piece.text)
    answer, outcome = "".join(said).strip(), reader.outcome
    return Checked(
        model=picked,
        question=QUESTION,
        answer=answer,
        answered=bool(answer) and not outcome["exhausted"],
        cited=bool(citations.parse(answer)),
        thinking=_thinking(outcome),
        load_seconds=round(loaded, 2),
        first_token_seconds=outcome["first_token_seconds"],
        tokens=outcome["tokens"],
        tokens_per_second=outcome["tokens_per_second"],
        memory=_peak_memory(),
    )


def _thinking(outcome: dict[str, Any]) -> str:
    if outcome["thinking_forced"]:
        return "forced"
    if outcome["thinking_closed"]:
        return "closed"
    return "open" if outcome["exhausted"] else "none"


def _sample_hits(settings: Settings) -> "list[Hit]":
    """What the question finds in the samples, in an index of its own that is gone afterwards."""
    from rag import library
    from rag.home import open_index

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for _ in library.sync_paths(Path(folder), replace(settings, encoder="bundled"), []):
            pass
        return open_index(Path(folder)).search(QUESTION, _PASSAGES)


def _peak_memory() -> int | None:
    """Bytes that this process held at most, a GPU's added; None where that is not told."""
    torch = sys.modules.get("torch")
    on_gpu = torch.cuda.max_memory_allocated() if torch and torch.cuda.is_available() else 0
    if sys.platform == "win32":
        return on_gpu or None
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit + int(on_gpu)
