"""Models as things on this machine: which there are, and trying one.

Listing imports nothing heavy; torch comes with `check`.
"""

import socket
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.models import catalogue, choose, memory
from rag.models.catalogue import Checkpoint, Family
from rag.models.errors import ModelError
from rag.settings import Settings

if TYPE_CHECKING:
    from index.search import Hit
    from rag.models.remote import Served

QUESTION = "마지스트랄 스몰의 매개변수는 몇 개인가?"
_PORTS = (11434, 8080)  # Ollama, llama-server
_HEADROOM = 1.2  # for the context and one forward pass, where files cannot be looked at yet
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
    family: Family,
    checkpoint: Checkpoint,
    folder: Path | None,
    room: int | None,
    settings: Settings,
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
    return int(checkpoint.bytes * _HEADROOM * memory.share(quantise))


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
        raise ModelError(
            f"{name}: is no language model here; `rag models list` shows which there are"
        )
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
    from rag import upkeep
    from rag.home import open_index

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for _ in upkeep.sync_paths(Path(folder), replace(settings, encoder="bundled"), []):
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
