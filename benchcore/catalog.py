"""From a name to the thing: built-in engines, the task folder, then entry points of other packages.

A task's name is its file's name. Listing reads the files with `ast` and executes nothing. A suite is a name for
several tasks, in the task folder's suites.toml.
"""

import ast
import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import sys
import tomllib
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchcore.errors import BenchcoreError, ConfigError, nearest
from benchcore.task import Task

ENGINES: Mapping[str, str] = {
    "embedded": "benchcore.engines.embedded.engine:Embedded",
    "vllm": "benchcore.engines.vllm.engine:VLLM",
}
METHODS: Mapping[str, str] = {
    "clm": "benchcore.trainers.clm:CLM",
    "slm": "benchcore.trainers.slm:SLM",
    "mixture": "benchcore.trainers.mixture:Mixture",
    "curriculum": "benchcore.trainers.curriculum:Curriculum",
    "skillit": "benchcore.trainers.skillit:SkillIt",
    "pds": "benchcore.trainers.pds:PDS",
    "phi": "benchcore.trainers.phi:Phi",
}
ENTRY_POINTS = "benchcore.tasks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One task as the catalog knows it without executing it."""

    name: str
    about: str
    variants: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Several tasks under one name; `rules` is the rule set for those of their graders that know it."""

    name: str
    about: str
    tasks: tuple[str, ...]
    rules: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A task that was asked for, and the suite that it was asked for by."""

    task: str
    suite: Suite | None = None


def task_folder() -> Path:
    """The folder of task files: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "_tasks"
    return installed if installed.is_dir() else package.parent / "tasks"


def task_files() -> dict[str, Path]:
    """Every task name and its file, sorted; entry points cannot replace a built-in name."""
    files = {path.stem: path for path in sorted(task_folder().glob("*.py"))}
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
        if (path := _module_file(entry.module)) is not None:
            files.setdefault(entry.name, path)
    return files


def _module_file(module: str) -> Path | None:
    """The file of an installed module, found without importing the packages it is in."""
    top, *inner = module.split(".")
    spec = importlib.util.find_spec(top)
    for name in inner:
        if spec is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(f"{spec.name}.{name}", spec.submodule_search_locations)
    return Path(spec.origin) if spec is not None and spec.origin is not None else None


def listing() -> list[Listing]:
    """Name, first docstring line and variants of every task, read from the source."""
    return [_describe(name, path) for name, path in sorted(task_files().items())]


def suites() -> dict[str, Suite]:
    """Every suite by its name, sorted. Raises `ConfigError` for a suites.toml that cannot be meant."""
    path = task_folder() / "suites.toml"
    if not path.is_file():
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        return {
            name: Suite(name=name, about=one["about"], tasks=tuple(one["tasks"]), rules=one.get("rules"))
            for name, one in sorted(found.items())
        }
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is not a list of suites ({type(error).__name__}: {error})") from error


def expand(names: Iterable[str]) -> list[Named]:
    """Each name of a task as it is, each name of a suite as its tasks, each once.

    `suite@variant` is that variant of them all but for those that the suite names a variant of: these stay.
    """
    known = suites()
    asked = []
    for name in names:
        base, at, variant = name.partition("@")
        if suite := known.get(base):
            tasks = [task if "@" in task else f"{task}{at}{variant}" for task in suite.tasks]
            asked += [Named(task=task, suite=suite) for task in dict.fromkeys(tasks)]
        else:
            asked.append(Named(task=name))
    return asked


def load_task(name: str) -> Task:
    """The task called `name`, `name@variant`, or defined in the file at the path `name`.

    Raises `ConfigError` with the nearest names, of tasks and suites, when there is none.
    """
    base, at, variant = (name, "", "") if name.endswith(".py") else name.partition("@")
    if ".py@" in name:  # a folder's name may hold an @ too
        base, at, variant = name.rpartition("@")
    if base.endswith(".py"):
        path = Path(base).expanduser()
        if not path.is_file():
            raise ConfigError(f"there is no task file {base}")
        base = path.stem
    else:
        files = task_files()
        if base not in files:
            known = suites()
            if base in known:
                raise ConfigError(f"{base} is a suite, not a task", f"name one of {', '.join(known[base].tasks)}")
            raise ConfigError(f"there is no task {base!r}", nearest(base, [*files, *known]))
        path = files[base]
    module = _execute(path)
    task = getattr(module, "TASK", None)
    if not isinstance(task, Task):
        raise ConfigError(f"{path} defines no TASK = Task(...)")
    if at:
        variants = getattr(module, "VARIANTS", {})
        if variant not in variants:
            raise ConfigError(f"the task {base} has no variant {variant!r}", nearest(variant, variants))
        task = variants[variant]
        if not isinstance(task, Task):
            raise ConfigError(f"{path}: the variant {variant!r} is not a Task")
    about = (ast.get_docstring(ast.parse(path.read_bytes())) or "").partition("\n")[0]
    return replace(task, name=f"{base}@{variant}" if at else base, about=about)


def load_engine(name: str) -> Any:
    """The engine class called `name`."""
    return _built_in("engine", name, ENGINES)


def load_method(name: str) -> Any:
    """The class of the training method called `name`."""
    return _built_in("training method", name, METHODS)


def _built_in(what: str, name: str, table: Mapping[str, str]) -> Any:
    if name not in table:
        raise ConfigError(f"there is no {what} {name!r}", nearest(name, table))
    module, _, attribute = table[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


class _Source(importlib.machinery.SourceFileLoader):
    """Compiles the file as it is now: the bytecode cache misses an edit of equal length in the same second."""

    def get_code(self, fullname: str) -> types.CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def _execute(path: Path) -> types.ModuleType:
    name = f"benchcore_task_{path.stem}"
    module = types.ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses look up the names of a class's annotations there
    try:
        _Source(name, str(path)).exec_module(module)
    except BenchcoreError as error:
        raise ConfigError(f"the task file {path} does not load: {error.message}", error.hint) from error
    except (Exception, SystemExit) as error:  # the file is the user's: anything may be raised in it
        raise _unreadable(path, error) from error
    return module


def _unreadable(path: Path, error: BaseException) -> ConfigError:
    return ConfigError(f"the task file {path} does not load: {type(error).__name__}: {error}")


def _describe(name: str, path: Path) -> Listing:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError) as error:
        raise _unreadable(path, error) from error
    variants: tuple[str, ...] = ()
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            if names == ["VARIANTS"]:
                variants = tuple(str(key.value) for key in node.value.keys if isinstance(key, ast.Constant))
    return Listing(name=name, about=(ast.get_docstring(tree) or "").partition("\n")[0], variants=variants)
