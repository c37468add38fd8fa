"""What is to be done: tasks made ready with their samples, their requests and the settings they follow from."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from benchcore import catalog, checkpoint
from benchcore.api.rules import under_asked
from benchcore.checkpoint import Checkpoint
from benchcore.config import EvalConfig
from benchcore.data.texts import Texts
from benchcore.errors import ConfigError
from benchcore.plan import plan, settings
from benchcore.records import Request, Sample
from benchcore.task import Grader, Task, first_repeat


@runtime_checkable
class RunsPrograms(Protocol):
    """A grader that runs programs which a model wrote."""

    def whole(self) -> Grader:
        """The same grader for texts that are whole programs."""
        ...

    def unsafe(self) -> Grader:
        """The same grader, working even where nothing can confine the programs."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One task of a run. `settings` decide its requests and may not change while a run folder is kept."""

    task: Task
    samples: Sequence[Sample]
    requests: Sequence[Request]
    settings: dict[str, Any]
    file: str | None = None
    """Where the task is defined, if it was named by a path."""

    rules: str | None = None
    """The rule set that was asked for and that the grader is under; None where none was."""

    def by_id(self) -> dict[str, Sample]:
        """The samples by their ids."""
        return {sample.id: sample for sample in self.samples}


def prepare(
    task: Task,
    data: Path | None,
    limit: int | None,
    *,
    file: str | None = None,
    rules: str | None = None,
    unsafe_code: bool = False,
) -> Work:
    """Read the task's rows and plan its requests; `rules` is what its grader was put under, if that was asked for.

    Raises `DataError` when there are no rows.
    """
    check_limit(limit)
    if unsafe_code and isinstance(task.grader, RunsPrograms):
        task = replace(task, grader=task.grader.unsafe())
    samples, source = task.samples(data, limit)
    chosen = settings(task, source, limit)
    return Work(task=task, samples=samples, requests=plan(task, samples), settings=chosen, file=file, rules=rules)


def check_limit(limit: int | None) -> None:
    """Raise `ConfigError` for a number of samples that cannot be meant."""
    if limit is not None and limit < 1:
        raise ConfigError(f"limit must be 1 or more, got {limit}")


def prepare_all(config: EvalConfig) -> list[Work]:
    """Every task that `config` names, by itself or in a suite, made ready.

    Raises `BenchcoreError` for a wrong name or missing data.
    """
    if not config.tasks:
        raise ConfigError("no task is given", "pass --tasks NAME[,NAME]; benchcore tasks lists them")
    if config.out.exists() and not config.out.is_dir():
        raise ConfigError(f"{config.out} is a file, not a folder", "give another --out")
    named = catalog.expand(config.tasks)
    tasks = [
        catalog.load_task(one.task).override(
            trials=config.trials, temperature=config.temperature, top_p=config.top_p, seed=config.seed
        )
        for one in named
    ]
    if config.seed and not any(task.decode and task.decode.temperature for task in tasks):
        raise ConfigError(
            f"seed {config.seed} draws nothing: no task samples at a temperature above 0", "give a --temperature"
        )
    if repeated := first_repeat(task.name for task in tasks):
        holding = [
            one.suite.name for task, one in zip(tasks, named, strict=True) if one.suite and task.name == repeated
        ]
        hint = f"the suite {holding[0]} has it" if holding else "name it once, or rename one of their files"
        raise ConfigError(f"two of the tasks are called {repeated!r}", hint)
    return [
        prepare(
            task,
            data_for(task, config.data),
            config.limit,
            file=task_file(one.task),
            rules=rules,
            unsafe_code=config.unsafe_code,
        )
        for (task, rules), one in zip(under_asked(tasks, named, config.rules), named, strict=True)
    ]


def task_file(name: str) -> str | None:
    """The absolute path that `name` gives a task by, with its @variant; None for a task of the catalog."""
    path, at, variant = name.rpartition(".py")
    return f"{Path(path).expanduser().absolute()}{at}{variant}" if at and variant[:1] in ("", "@") else None


def data_folder(given: Path | None) -> Path | None:
    """The data folder: the one given, else BENCHCORE_DATA, else none. Raises `ConfigError` if it does not exist."""
    named = os.environ.get("BENCHCORE_DATA")
    folder = given or (Path(named) if named else None)
    if folder is not None and not folder.expanduser().is_dir():
        raise ConfigError(f"the data folder {folder} does not exist", "give another --data or BENCHCORE_DATA")
    return folder.expanduser() if folder else None


def data_for(task: Task, given: Path | None) -> Path | None:
    """Where `task` finds its data: a file that was given is that of a task without one of its own, and no folder."""
    if given is None or not given.expanduser().is_file():
        return data_folder(given)
    return given.expanduser() if wants_texts(task) else data_folder(None)


def wants_texts(task: Task) -> bool:
    """Whether `task` is about whatever texts are given, and has none of its own."""
    return isinstance(task.rows, Texts) and task.rows.path is None


def configuration(
    one: Checkpoint, config: EvalConfig, work: Sequence[Work], family: str
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What may not change while a run folder is kept: of the run, and of each task."""
    run = {"weights": one.digest or checkpoint.model_digest(one.path), "engine": family, "dtype": config.dtype}
    return run, {item.task.name: item.settings for item in work}


def place(one: Checkpoint) -> dict[str, Any]:
    """Where a checkpoint is: its folder, its vocabulary, and its place in a series if it has one."""
    known = {
        "path": str(one.path),
        "vocabulary": checkpoint.vocabulary(one.path),
        "series": one.series,
        "step": one.step,
        "tokens": one.tokens,
        "bill": one.bill,
    }
    return {name: value for name, value in known.items() if value}
