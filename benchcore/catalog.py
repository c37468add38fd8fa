"""From a name to the thing: built-in engines, the task folder, then entry points of other packages.

A task's name is its file's name. Listing reads the files with `ast` and executes nothing.
"""

import ast
import importlib
import importlib.metadata
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchcore.errors import ConfigError, nearest
from benchcore.task import Task

ENGINES: Mapping[str, str] = {
    "embedded": "benchcore.engines.embedded:Embedded",
    "vllm": "benchcore.engines.vllm:VLLM",
}
ENTRY_POINTS = "benchcore.tasks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One task as the catalog knows it without executing it."""

    name: str
    about: str
    variants: tuple[str, ...]


def task_folder() -> Path:
    """The folder of task files: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "_tasks"
    return installed if installed.is_dir() else package.parent / "tasks"


def task_files() -> dict[str, Path]:
    """Every task name and its file, sorted; entry points cannot replace a built-in name."""
    files = {path.stem: path for path in sorted(task_folder().glob("*.py"))}
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
        spec = importlib.util.find_spec(entry.value)
        if spec is not None and spec.origin is not None:
            files.setdefault(entry.name, Path(spec.origin))
    return files


def listing() -> list[Listing]:
    """Name, first docstring line and variants of every task, read from the source."""
    return [_describe(name, path) for name, path in sorted(task_files().items())]


def load_task(name: str) -> Task:
    """The task called `name`, `name@variant`, or defined in the file at the path `name`.

    Raises `ConfigError` with the nearest names when there is none.
    """
    base, _, variant = name.partition("@")
    if base.endswith(".py"):
        path = Path(base).expanduser()
        if not path.is_file():
            raise ConfigError(f"there is no task file {base}")
        base = path.stem
    else:
        files = task_files()
        if base not in files:
            raise ConfigError(f"there is no task {base!r}", nearest(base, files))
        path = files[base]
    module = _execute(path)
    task = getattr(module, "TASK", None)
    if not isinstance(task, Task):
        raise ConfigError(f"{path} defines no TASK = Task(...)")
    if variant:
        variants = getattr(module, "VARIANTS", {})
        if variant not in variants:
            raise ConfigError(f"the task {base} has no variant {variant!r}", nearest(variant, variants))
        task = variants[variant]
    about = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
    return replace(task, name=f"{base}@{variant}" if variant else base, about=about)


def load_engine(name: str) -> Any:
    """The engine class called `name`."""
    if name not in ENGINES:
        raise ConfigError(f"there is no engine {name!r}", nearest(name, ENGINES))
    module, _, attribute = ENGINES[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def _execute(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"benchcore_task_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (SyntaxError, ImportError, NameError, TypeError, ValueError) as error:
        raise ConfigError(f"the task file {path} does not load: {type(error).__name__}: {error}") from error
    return module


def _describe(name: str, path: Path) -> Listing:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    variants: tuple[str, ...] = ()
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if names == ["VARIANTS"]:
                variants = tuple(str(key.value) for key in node.value.keys if isinstance(key, ast.Constant))
    return Listing(name=name, about=(ast.get_docstring(tree) or "").partition("\n")[0], variants=variants)
