"""Models of sentence-transformers by name or path: finding them, and what goes wrong in one line."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from index.errors import EncoderError

_LONGEST = 200
_PATIENCE = 10.0
Model = TypeVar("Model")
_UNREACHED = (
    "is not on this machine, and the hub cannot be reached; "
    "connect once, or give the folder of a model"
)
_ELSE = "choose another, or a folder on this machine"


@dataclass(frozen=True, slots=True)
class Located:
    """A model that is there: what the library loads it by, and the hub's commit (None: a folder)."""

    given: str
    id: str
    revision: str | None
    folder: Path

    def values(self, file: str) -> dict[str, Any]:
        """What a JSON file of the model holds; nothing where there is no such file or no sound one."""
        path = self.folder / file
        try:
            if not path.exists() and self.revision:
                from huggingface_hub import hf_hub_download

                path = Path(hf_hub_download(self.id, file, revision=self.revision))
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}


def locate(name: str, organisation: str, file: str, kind: str) -> Located:
    """The model of that path or hub name, which must have `file` to be of its `kind`.

    What the hub's cache holds is taken as it is; only else is the hub asked, for this file alone.
    Raises EncoderError.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        if not (path / file).is_file():
            raise EncoderError(f"{name}: is no {kind}, it has no {file}; {_ELSE}")
        return Located(name, str(path), None, path)
    if path.is_file():
        raise EncoderError(f"{name}: is a file; give the folder of a {kind}")
    hub_id = name if "/" in name else f"{organisation}/{name}"
    found = _on_hub(name, hub_id, file, kind)
    return Located(name, hub_id, found.parent.name, found.parent)


def _on_hub(name: str, hub_id: str, file: str, kind: str) -> Path:
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    try:
        try:
            return Path(hf_hub_download(hub_id, file, local_files_only=True))
        except LocalEntryNotFoundError:
            # Asked first because it does not try again and again where there is no network.
            HfApi().model_info(hub_id, timeout=_PATIENCE)
            return Path(hf_hub_download(hub_id, file))
    except HFValidationError as error:
        raise EncoderError(f"{name}: there is no such folder; check the path") from error
    except GatedRepoError as error:
        raise EncoderError(
            f"{name}: its publisher asks to accept terms first; do so on its page and `hf auth login`"
        ) from error
    except RepositoryNotFoundError as error:
        raise EncoderError(
            f"{name}: there is no such folder, and no such model on the hub; check the name"
        ) from error
    except EntryNotFoundError as error:
        if not isinstance(error, LocalEntryNotFoundError):
            raise EncoderError(f"{name}: is no {kind}, it has no {file}; {_ELSE}") from error
        raise EncoderError(f"{name}: {_UNREACHED}") from error
    except HfHubHTTPError as error:
        raise EncoderError(f"{name}: cannot be looked up ({first_line(error)}); {_ELSE}") from error
    except Exception as error:  # the hub's library lets those of its HTTP library through
        raise EncoderError(f"{name}: {_UNREACHED}") from error


def load(found: Located, make: Callable[..., Model]) -> Model:
    """The model itself, by the library's class for its kind; fetched only where a part is not here.

    Silent; whatever the library raises becomes an EncoderError of one line.
    """
    with _loading(found.given):
        if found.revision is not None:
            with suppress(OSError, ValueError, TypeError):
                return make(found.id, revision=found.revision, local_files_only=True)
        return make(found.id, revision=found.revision)


@contextmanager
def _loading(name: str) -> Iterator[None]:
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    except EncoderError:
        raise
    except Exception as error:
        if "trust_remote_code" in str(error):
            reason = "wants to run code of its own, which is not done"
        else:
            reason = f"cannot be loaded ({first_line(error)})"
        raise EncoderError(f"{name}: {reason}; {_ELSE}") from error
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def first_line(error: BaseException) -> str:
    """An error's words in one line of at most 200 characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
