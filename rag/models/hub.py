"""Models from the hub into its cache on this machine."""

import difflib
import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.models import catalogue, memory
from rag.models.errors import ModelError
from rag.settings import Settings, hub_cache

if TYPE_CHECKING:
    from huggingface_hub import DryRunFileInfo

FILES = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
# Other forms of the same weights: in folders of their own, and the vendor's at Mistral.
OTHER_FORMS = ("*/*", "consolidated*")
_SPARE_DISK = 200 << 20


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
    """Get a model's files into the hub's cache, with progress bars on stderr; its folder.

    Files that are there already are not fetched again. A connection that breaks, or a pull that
    was stopped in the middle of a file, is taken up where it broke. Code that comes with a model
    is left out unless the settings allow it. Raises ModelError: no such model, no access, no
    network, not enough disk, nothing that can be loaded.
    """
    model = hub_id(name)
    allowed = model in settings.generation.allow_remote_code
    chosen: dict[str, Any] = {
        "allow_patterns": [*FILES, *(["*.py"] if allowed else [])],
        "ignore_patterns": list(OTHER_FORMS),
    }
    with _hub_errors(model):
        from huggingface_hub import snapshot_download

        planned = snapshot_download(model, dry_run=True, tqdm_class=_bar(shown=False), **chosen)
        _refuse_unloadable(model, [file.filename for file in planned])
        missing = sum(file.file_size or 0 for file in planned if file.will_download)
        _check_disk(model, missing)
        say(f"{model}: {memory.gigabytes(missing)} to get")
        for file in planned:
            if file.will_download and file.filename.endswith(".safetensors"):
                _fetch_weights(model, file)
        folder = Path(snapshot_download(model, tqdm_class=_bar(shown=False), **chosen))
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


def _fetch_weights(model: str, file: "DryRunFileInfo") -> None:
    """One large file into its place in the cache, going on with what an earlier pull has got.

    The hub's library throws away what it has of a file when it is stopped.
    """
    from filelock import FileLock, Timeout
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils._headers import build_hf_headers

    url = hf_hub_url(model, file.filename, revision=file.commit_hash)
    told = get_hf_file_metadata(url)
    if not told.etag or not told.size or told.size > constants.MAX_HTTP_DOWNLOAD_SIZE:
        return  # left to the library
    blobs = Path(file.local_path).parents[2] / "blobs"
    blobs.mkdir(parents=True, exist_ok=True)
    part = blobs / f"{told.etag}.part"
    try:
        with FileLock(f"{part}.lock", timeout=0):
            part.touch()
            with part.open("r+b") as opened:
                got = opened.seek(0, os.SEEK_END)
                http_get(
                    url, opened, resume_size=got, headers=build_hf_headers(),
                    expected_size=told.size, displayed_filename=file.filename,
                    tqdm_class=_bar(shown=True),
                )  # fmt: skip
            part.replace(blobs / told.etag)
    except Timeout as error:
        raise ModelError(f"{model}: is being fetched by another program; wait for it") from error
    Path(f"{part}.lock").unlink(missing_ok=True)


def _bar(*, shown: bool) -> type:
    """The bar of one large file; the library's own, for all of them, would say less."""
    from huggingface_hub.utils.tqdm import tqdm

    class Bar(tqdm):
        def __init__(self, *args: Any, **more: Any) -> None:
            more["disable"] = more.get("disable") if shown else True
            super().__init__(*args, **more)  # type: ignore[no-untyped-call]

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
