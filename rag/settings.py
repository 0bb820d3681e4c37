"""Everything that can be set, from `rag.toml` in the home folder and the environment.

Nothing else in the program reads either.
"""

import difflib
import os
import tomllib
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

from rag.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Citations:
    """`strict` shows whole sentences only and leaves unsupported ones out; `entailment` is empty or
    the name of a CrossEncoder that judges whether a source sentence bears a claim."""

    strict: bool = False
    entailment: str = ""


@dataclass(frozen=True, slots=True)
class Generation:
    """Limits of a language model's answer, in tokens; seconds for a server's whole answer.

    `quantise`: how a local model's weights are rounded on a CPU, or empty for not at all."""

    thinking: bool = True
    thinking_budget: int = 2048
    answer_budget: int = 512
    seed: int = 0
    quantise: Literal["", "int8", "int4"] = ""
    timeout: float = 600.0
    allow_remote_code: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """`encoder` is `bundled` or a sentence-transformers name or path, `reranker` is
    `bundled`, that of a CrossEncoder, or empty for none; `model` is `auto`, `builtin`, a path or hub name, or `provider:name`; `k` is the passages an answer reads."""

    encoder: str = "bundled"
    reranker: str = "bundled"
    model: str = "auto"
    base_url: str = ""
    k: int = 8
    citations: Citations = field(default_factory=Citations)
    generation: Generation = field(default_factory=Generation)


def home(given: Path | None = None) -> Path:
    """Where everything lives: `--home`, else RAG_HOME, else the platform's user data folder."""
    if given is not None:
        return given.expanduser().absolute()
    if named := os.environ.get("RAG_HOME"):
        return Path(named).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("bilingual-rag", appauthor=False)


def hub_cache() -> Path:
    """Where the model hub's library keeps what it has downloaded."""
    if named := os.environ.get("HF_HUB_CACHE"):
        return Path(named).expanduser()
    base = os.environ.get("HF_HOME") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface"
    )
    return Path(base).expanduser() / "hub"


def load(folder: Path) -> Settings:
    """The settings of a home folder. Raises SettingsError naming the key and the nearest known one."""
    path = folder / "rag.toml"
    if not path.exists():
        return Settings()
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"{path}: cannot be read as TOML ({error}); mend it or take it away"
        ) from error
    settings: Settings = _build(Settings, values, str(path), "")
    if not 1 <= settings.k <= 100:
        raise SettingsError(f"{path}: k is {settings.k}; it must be from 1 to 100")
    return settings


def _build(kind: type, values: dict[str, Any], path: str, prefix: str) -> Any:
    known = {entry.name: entry for entry in fields(kind)}
    defaults = kind()
    chosen: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, 1, 0.5)
            hint = f"did you mean {prefix}{near[0]}?" if near else f"known are {', '.join(known)}"
            raise SettingsError(f"{path}: there is no setting {prefix}{key}; {hint}")
        default = getattr(defaults, key)
        if is_dataclass(default) and isinstance(value, dict):
            chosen[key] = _build(type(default), value, path, f"{prefix}{key}.")
            continue
        if isinstance(default, tuple) and isinstance(value, list):
            value = tuple(str(item) for item in value)
        if isinstance(default, float) and type(value) is int:
            value = float(value)
        if type(value) is not type(default):
            wanted = (
                type(default).__name__.replace("Citations", "table").replace("Generation", "table")
            )
            raise SettingsError(
                f"{path}: {prefix}{key} must be {wanted}, not {type(value).__name__}"
            )
        allowed = get_args(get_type_hints(kind)[key])
        if isinstance(value, str) and allowed and value not in allowed:
            named = ", ".join(f'"{one}"' for one in allowed)
            raise SettingsError(f'{path}: {prefix}{key} must be one of {named}, not "{value}"')
        chosen[key] = value
    return kind(**chosen)
