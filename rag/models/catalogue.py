"""Reasoning models as data: what each family emits and expects.

Every fact lives in `catalogue.toml`; this module reads and checks it, and finds a model's family by
its name or, for an unknown model, by what its chat template shows.
"""

import re
import tomllib
import types
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from corpus.errors import RagError

Opener = Literal["prompt", "generated", "never"]
SystemRule = Literal["normal", "none", "empty", "vendor"]
Arguments = tuple[tuple[str, bool | str], ...]


class CatalogueError(RagError):
    """A catalogue that cannot be used; names the entry, the key and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Markup:
    """The literal strings by which an output is divided; none begins with white space.

    The first of each kind is the usual one. `fillers` carry no text and are dropped before and
    inside the thinking; `answer_openers` and `answer_closers` wrap an answer; `ends` are dropped
    from the end of an answer. `forced_close` is what to write to end a thought, if that is more
    than a closer. `control_tokens`: decoding that skips special tokens loses the markers.
    """

    openers: tuple[str, ...] = ()
    closers: tuple[str, ...] = ()
    fillers: tuple[str, ...] = ()
    answer_openers: tuple[str, ...] = ()
    answer_closers: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    forced_close: str = ""
    control_tokens: bool = False

    @property
    def closing(self) -> str:
        """The text that ends a thought when its budget is used up; empty without markers."""
        return self.forced_close or "".join(self.closers[:1])


@dataclass(frozen=True, slots=True)
class Switch:
    """How thinking is switched: by arguments of the chat template or by a word in the text.

    `soft` means that off only asks for less thinking; `default_on` is what happens unasked.
    """

    on: Arguments = ()
    off: Arguments = ()
    text_on: str | None = None
    text_off: str | None = None
    efforts: tuple[str, ...] = ()
    soft: bool = False
    default_on: bool = True

    def arguments(self, thinking: bool) -> dict[str, bool | str]:
        """Keyword arguments for the chat template."""
        return dict(self.on if thinking else self.off)


@dataclass(frozen=True, slots=True)
class Sampling:
    """The vendor's sampling values; None where the vendor says nothing."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    presence_penalty: float | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One set of weights: its hub id, its parameters in billions, its own context if it differs."""

    id: str
    billions: float
    context: int | None = None

    @property
    def bytes(self) -> int:
        """Memory for the weights at two bytes (bfloat16) a parameter."""
        return int(self.billions * 2e9)


@dataclass(frozen=True, slots=True)
class Family:
    """Models that emit and expect the same. None, or an empty tuple, means: not known.

    `names` are glob patterns of folder names and server tags. `languages` are ISO 639-1 codes, not
    a complete list. `context` and `context_advised` count tokens. `opener` says where the opening
    marker comes from while thinking is on. `sampling` holds while it thinks, `sampling_off` while
    it does not. `system`: "none" puts everything in the user turn, "empty" passes an empty system
    prompt, "vendor" needs the prompt in `system_file` of the model's folder. Tokens in `never_stop`
    must not end the generation, those in `stop` must. `transformers` is the oldest fit version.
    """

    name: str
    source: str
    markup: Markup
    opener: Opener
    names: tuple[str, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    licence: str | None = None
    non_commercial: bool | None = None
    languages: tuple[str, ...] = ()
    context: int | None = None
    context_advised: int | None = None
    switch: Switch = Switch()
    sampling: Sampling = Sampling()
    sampling_off: Sampling = Sampling()
    never_greedy: bool = False
    system: SystemRule = "normal"
    system_file: str | None = None
    stop: tuple[str, ...] = ()
    never_stop: tuple[str, ...] = ()
    trust_remote_code: bool = False
    transformers: str | None = None
    notes: str = ""

    @property
    def reasons(self) -> bool:
        """Whether these models think at all."""
        return bool(self.markup.closers)

    @property
    def keep_special_tokens(self) -> bool:
        """Whether decoding must keep special tokens, because the markers are among them."""
        return self.markup.control_tokens

    def checkpoint(self, name_or_path: str) -> Checkpoint | None:
        """The checkpoint of exactly this hub id, folder name or server tag."""
        name = _folder(name_or_path)
        return next((c for c in self.checkpoints if _folder(c.id) == name), None)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All known families, in the order of the file, and all kinds of markup, the usual first."""

    families: tuple[Family, ...]
    markups: tuple[Markup, ...]

    def find(self, name_or_path: str) -> Family | None:
        """The family of a hub id, folder, quantised file or server tag (`qwen3:0.6b`), or None.

        An exact name wins; then the pattern with the most literal characters.
        """
        name = _folder(name_or_path)
        if exact := next((f for f in self.families if f.checkpoint(name)), None):
            return exact
        fits = [(_literals(p), f) for f in self.families for p in f.names if fnmatchcase(name, p)]
        return max(fits, key=lambda fit: fit[0])[1] if fits else None

    def from_template(self, chat_template: str | None) -> Family:
        """An entry for an unknown model, read off its own chat template (Jinja source).

        Without any known marker it gets the usual markup with a generated opener, which costs
        nothing: an opener counts only at the very start of an output.
        """
        template = (chat_template or "").replace("\\n", "\n")
        markup = max(self.markups, key=lambda markup: _occurring(markup, template))
        # A toggle means what it means for models of the same markup, if any has it.
        families = sorted(self.families, key=lambda family: family.markup != markup)
        switches = (f.switch for f in families if _takes(template, f.switch))
        switch = replace(next(switches, Switch()), text_on=None, text_off=None, default_on=True)
        return Family(
            name="unknown",
            source="the model's own chat template" if template else "no chat template",
            markup=markup,
            opener="prompt" if _prompt_opens(template, markup) else "generated",
            switch=switch,
        )


def _folder(name_or_path: str) -> str:
    """`Qwen/Qwen3-0.6B`, `/models/Qwen3-0.6B/` and `qwen3:0.6b` all become `qwen3-0.6b`."""
    parts = [part for part in re.split(r"[/\\]", name_or_path.strip().casefold()) if part]
    # In the hub's cache the folder is a commit; the name is two levels up.
    cached = [part.split("--")[-1] for part in parts if part.startswith("models--")]
    return re.sub(r"[:_\s]+", "-", (cached or parts or [""])[-1])


def _literals(pattern: str) -> int:
    return len(re.sub(r"\[.*?\]|[*?]", "", pattern))


def _occurring(markup: Markup, template: str) -> int:
    return sum(m in template for m in markup.openers + markup.closers + markup.answer_openers)


def _takes(template: str, switch: Switch) -> bool:
    """Whether the template reads all arguments of a switch (as variables, not as text)."""
    code = " ".join(re.findall(r"\{[%{].*?[%}]\}", template, flags=re.DOTALL))
    names = {name for name, _ in switch.on + switch.off}
    variables = (rf"(?<![\w.'\"]){name}(?![\w'\"])" for name in names)
    return bool(names) and all(re.search(variable, code) for variable in variables)


def _prompt_opens(template: str, markup: Markup) -> bool:
    """Whether the generation prompt holds an opener that is not closed again at once."""
    _, found, prompt = template.rpartition("add_generation_prompt")
    follows = [a for o in markup.openers for a in prompt.split(o)[1:]] if found else []
    return any(not after.lstrip().startswith(markup.closers) for after in follows)


@dataclass(frozen=True, slots=True)
class _File:
    """The two parts of the file, before their tables are read."""

    markup: dict[str, dict[str, Any]]
    family: tuple[dict[str, Any], ...]


T = TypeVar("T")


def _build(cls: type[T], table: dict[str, Any], where: str, **given: Any) -> T:
    """A dataclass from a TOML table; its annotations are the schema."""
    hints = get_type_hints(cls)
    for key, value in table.items():
        if key not in hints or key in given:
            raise CatalogueError(f"{where}: unknown key {key!r}")
        given[key] = _typed(hints[key], value, f"{where}: {key}")
    for field in fields(cls):  # type: ignore[arg-type]
        if field.name not in given and field.default is MISSING:
            raise CatalogueError(f"{where}: {field.name!r} is missing")
    return cls(**given)


def _typed(kind: Any, value: Any, where: str) -> Any:
    """`value` as the annotation `kind` wants it; CatalogueError if it is of another type."""
    if isinstance(kind, types.UnionType):
        kind = get_args(kind)[0]
    if kind == Arguments and isinstance(value, dict):
        if all(isinstance(v, bool | str) for v in value.values()):
            return tuple(value.items())
    elif get_origin(kind) is dict and isinstance(value, dict):
        return {key: _typed(get_args(kind)[1], item, where) for key, item in value.items()}
    elif get_origin(kind) is tuple and isinstance(value, list):
        return tuple(_typed(get_args(kind)[0], item, where) for item in value)
    elif is_dataclass(kind) and isinstance(kind, type) and isinstance(value, dict):
        return _build(kind, value, where)
    elif get_origin(kind) is Literal and value in get_args(kind):
        return value
    elif kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif kind is Any or (isinstance(kind, type) and type(value) is kind and value != ""):
        return value
    wanted = kind.__name__ if type(kind) is type else kind
    raise CatalogueError(f"{where}: {value!r} is not {wanted}")


def parse(text: str, name: str = "catalogue") -> Catalogue:
    """A catalogue from TOML text; `name` appears in errors.

    Raises CatalogueError for bad TOML, an unknown key, a wrong type or a missing value.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{name}: not TOML ({error})") from error
    file = _build(_File, tables, name)
    markups = {k: _build(Markup, v, f"{name}: markup {k!r}") for k, v in file.markup.items()}
    families: list[Family] = []
    for table in file.family:
        where = f"{name}: family {table.get('name', len(families) + 1)!r}"
        markup = markups.get(str(table.get("markup")))
        if markup is None:
            raise CatalogueError(f"{where}: 'markup' must be one of {', '.join(markups)}")
        rest = {key: value for key, value in table.items() if key != "markup"}
        families.append(_build(Family, rest, where, markup=markup))
    return Catalogue(tuple(families), tuple(markups.values()))


@lru_cache(maxsize=1)
def load() -> Catalogue:
    """The catalogue that comes with the package, read once."""
    path = Path(__file__).with_name("catalogue.toml")
    return parse(path.read_text(encoding="utf-8"), path.name)


def find(name_or_path: str) -> Family | None:
    """`Catalogue.find` in the package's catalogue."""
    return load().find(name_or_path)


def from_template(chat_template: str | None) -> Family:
    """`Catalogue.from_template` with the package's catalogue."""
    return load().from_template(chat_template)
