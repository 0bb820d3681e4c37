"""Checks that the house stays as drawn: rooms in one row, one reader of settings, no pickles.

Prints one line for every breach and exits 1 when there is one. `make check` runs it, and
`tests/test_structure.py` shows that each check finds what it is there to find.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
ROOMS = ("corpus", "index", "rag", "ui")
"""Left to right: a room may import itself and those before it."""

LONGEST_FILE, LONGEST_FUNCTION = 350, 60
SETTINGS = "rag/settings.py"
MAY_SET_ENVIRONMENT = "ui/server.py"
_ENVIRONMENT = {"environ", "environb", "getenv", "getenvb"}
_ONLY = f"only {SETTINGS} does"
_PICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
_OUTSIDE = {"tests", "benchmarks", "scripts"}
_LONG_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """One parsed file; `path` is relative to the repository, POSIX."""

    path: str
    source: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The room it stands in: the first folder of its path."""
        return self.path.partition("/")[0]


def parse(path: str, source: str) -> Module:
    """The module in a source text, as the checks take it."""
    return Module(path, source, ast.parse(source, path))


def modules(root: Path) -> list[Module]:
    """Every Python file of the four rooms."""
    files = sorted(file for room in ROOMS for file in (root / room).rglob("*.py"))
    return [parse(f.relative_to(root).as_posix(), f.read_text(encoding="utf-8")) for f in files]


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """(line, absolute dotted name) of every import, those inside functions and by string too."""
    package = module.path.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield node.lineno, base
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            named = node.func.attr if isinstance(node.func, ast.Attribute) else _name(node.func)
            first = node.args[0]
            if named in ("import_module", "__import__") and isinstance(first, ast.Constant):
                yield node.lineno, str(first.value)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def wrong_imports(module: Module) -> Iterator[str]:
    """Imports of a room to the right, or of what is not part of the program."""
    allowed = ROOMS[: ROOMS.index(module.room) + 1]
    for line, name in dict.fromkeys((n, i.partition(".")[0]) for n, i in imports(module)):
        if (name in ROOMS and name not in allowed) or name in _OUTSIDE:
            yield f"{module.path}:{line}: {module.room} imports {name}, which is not to its left"


def pickles(module: Module) -> Iterator[str]:
    """Modules that run code when they read a file, and NumPy told to do so."""
    for line, name in dict.fromkeys((n, i.partition(".")[0]) for n, i in imports(module)):
        if name in _PICKLERS:
            yield f"{module.path}:{line}: imports {name}; reading such a file can run code"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            refused = isinstance(node.value, ast.Constant) and node.value.value is False
            if not refused:
                yield f"{module.path}:{node.value.lineno}: allow_pickle; such a file can run code"


def environment_readers(module: Module) -> Iterator[str]:
    """Places that look at the environment outside the settings; the server may set variables."""
    if module.path == SETTINGS:
        return
    setting: set[int] = set()
    if module.path == MAY_SET_ENVIRONMENT:
        setting = {id(place) for place in _set_variables(module.tree)}
    for node in ast.walk(module.tree):
        named = ""
        if isinstance(node, ast.Attribute) and _name(node.value) == "os":
            named = node.attr
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            named = next((a.name for a in node.names if a.name in _ENVIRONMENT), "")
        elif isinstance(node, ast.keyword) and node.arg == "envvar":
            yield f"{module.path}:{node.value.lineno}: reads the environment (envvar); {_ONLY}"
        if named in _ENVIRONMENT and id(node) not in setting:
            yield f"{module.path}:{getattr(node, 'lineno', 0)}: reads os.{named}; {_ONLY}"


def _set_variables(tree: ast.Module) -> Iterator[ast.expr]:
    """The `os.environ` of `os.environ[...] = …`, `os.environ.setdefault(…)` and `.update(…)`."""
    for node in ast.walk(tree):
        stored = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
        called = isinstance(node, ast.Attribute) and node.attr in ("setdefault", "update")
        if stored or called:
            yield node.value  # type: ignore[attr-defined]


def undocumented(module: Module, protocols: frozenset[str]) -> Iterator[str]:
    """Public functions, classes and methods without a docstring.

    Exempt are the methods that a protocol names (its docstring stands for all of them), private
    ones, and `__init__` and its like.
    """
    for line, name, node in _public(module.tree):
        if not ast.get_docstring(node) and node.name not in protocols:
            yield f"{module.path}:{line}: {name} has no docstring"


def _public(tree: ast.Module) -> Iterator[tuple[int, str, Function | ast.ClassDef]]:
    """(line, name, definition) of what others may use."""
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node.lineno, node.name, node
            for inner in node.body if isinstance(node, ast.ClassDef) else []:
                if isinstance(inner, Function) and not inner.name.startswith("_"):
                    yield inner.lineno, f"{node.name}.{inner.name}", inner


def protocol_methods(found: list[Module]) -> frozenset[str]:
    """The names of all methods that some protocol in the rooms asks for."""
    return frozenset(
        method.name
        for module in found
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
        and any("Protocol" in ast.unparse(base) for base in node.bases)
        for method in node.body
        if isinstance(method, Function)
    )


def too_long(module: Module) -> Iterator[str]:
    """Files that cannot be read at one sitting, and functions that cannot be seen at one glance."""
    lines = module.source.count("\n") + (not module.source.endswith("\n"))
    if lines > LONGEST_FILE:
        yield f"{module.path}: {lines} lines; at most {LONGEST_FILE}"
    for node in ast.walk(module.tree):
        if isinstance(node, Function):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                where = f"{module.path}:{node.lineno}"
                yield f"{where}: {node.name} has {length} lines; at most {LONGEST_FUNCTION}"


def command_block(readme: str) -> list[str]:
    """The lines of the fenced block that shows the commands; empty when there is none."""
    for block in re.findall(r"^```[^\n]*\n(.*?)^```", readme, re.MULTILINE | re.DOTALL):
        lines = [line.strip() for line in block.splitlines()]
        if any(line.startswith("rag index") for line in lines):
            return lines
    return []


def wrong_commands(readme: str, program: Any) -> Iterator[str]:
    """Where the README's block of commands and the program's own help disagree."""
    lines = command_block(readme)
    if not lines:
        yield "README.md: no fenced block with the commands (a line that begins with `rag index`)"
        return
    commands: dict[str, Any] = getattr(program, "commands", {})
    shown: dict[str, str] = {}
    for line in lines:
        if line.startswith("rag ") and len(line.split()) > 1:
            name = line.split()[1]
            shown[name] = shown.get(name, "") + line + "\n"
    for name in sorted(commands.keys() - shown.keys()):
        yield f"README.md: the block of commands leaves out `rag {name}`"
    for name, text in shown.items():
        if name not in commands:
            yield f"README.md: shows `rag {name}`, which is no command"
            continue
        for option in sorted(set(_LONG_OPTION.findall(text)) - _options(commands[name])):
            yield f"README.md: shows `rag {name} {option}`, which is no option"
        for below in sorted(getattr(commands[name], "commands", {})):
            if not re.search(rf"\b{re.escape(below)}\b", text):
                yield f"README.md: the block of commands leaves out `rag {name} {below}`"


def _options(command: Any) -> set[str]:
    """The long options of a command and of the commands below it."""
    own = {name for parameter in command.params for name in parameter.opts} | {"--help"}
    return own.union(*map(_options, getattr(command, "commands", {}).values()))


def breaches(root: Path = ROOT) -> list[str]:
    """One line for each place where the repository is not as it was drawn."""
    found = modules(root)
    protocols = protocol_methods(found)
    lines: list[str] = []
    for module in found:
        for check in (wrong_imports, environment_readers, pickles, too_long):
            lines += check(module)
        lines += undocumented(module, protocols)
    readme = root / "README.md"
    lines += wrong_commands(readme.read_text(encoding="utf-8") if readme.exists() else "", _rag())
    return lines


def _rag() -> Any:
    """The program's commands, as its help shows them."""
    from typer.main import get_command

    from ui.cli import app

    return get_command(app)


def main() -> None:
    """Print the breaches; exit 1 when there are any."""
    lines = breaches()
    for line in lines:
        print(line)
    if lines:
        sys.exit(1)


if __name__ == "__main__":
    main()
