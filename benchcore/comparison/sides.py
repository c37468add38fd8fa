"""One side of a comparison: a complete run, or the baseline that was accepted from one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from benchcore.errors import ConfigError, RunIncomplete
from benchcore.journal import stored_outcomes
from benchcore.records import Outcomes, Part, RunRecord, is_rate
from benchcore.store import read_config, read_record

FORMAT = 1  # of the files that `accept` writes
BASELINES = Path("reports/baselines")
# What may differ between two sides: how many draws, which, and where the same problems were read from.
FREE = frozenset({"trials", "seed", "data", "limit"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A run with its record and, task -> what each problem came to. `repeats` counts the runs it is the mean of.

    `noise` is, figure by figure of each task, the standard deviation between those runs.
    """

    label: str
    record: RunRecord
    outcomes: Mapping[str, Outcomes]
    repeats: int = 1
    noise: Mapping[tuple[str, str], float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    format: int
    name: str
    runs: tuple["_Run", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    record: RunRecord
    outcomes: Mapping[str, Outcomes]


def settings_of(side: Side, task: str) -> dict[str, Any] | None:
    """How `side` was asked `task`, with its version and grader; None where its record has no such task."""
    record = next((record for record in side.record.tasks if record.task == task), None)
    return None if record is None else {**record.settings, "version": record.version, "grader": record.grader}


def differing(new: Mapping[str, Any], old: Mapping[str, Any]) -> list[str]:
    """The settings, sorted, that differ although they may not."""
    return [key for key in sorted(new.keys() | old.keys()) if key not in FREE and new.get(key) != old.get(key)]


def read_side(where: Path) -> Side:
    """The side that `where` is: a run folder, or a file that `accept` wrote; repeats in it become their mean.

    Raises `ConfigError` for what is neither and `RunIncomplete` for a run that lacks answers or grades.
    """
    return read_baseline(where) if where.is_file() else _read_run(where)


def _read_run(folder: Path) -> Side:
    read_config(folder)
    record = read_record(folder)
    if record is None:
        raise RunIncomplete(f"the run {folder} is not complete", "run benchcore eval on it again, and compare then")
    return Side(label=folder.name, record=record, outcomes=stored_outcomes(folder))


def read_baseline(file: Path) -> Side:
    """The side that a baseline file holds. Raises `ConfigError` when it is none."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=_File)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not a baseline ({error})", "benchcore runs accept writes one") from error
    if found.format != FORMAT:
        raise ConfigError(f"{file} is a baseline of another format ({found.format}, this one is {FORMAT})")
    if not found.runs:
        raise ConfigError(f"{file} is a baseline of no run", "benchcore runs accept writes one")
    for run in found.runs:
        for task, outcomes in run.outcomes.items():
            if why := _broken(outcomes):
                raise ConfigError(f"{file} is damaged: {task} has {why}", "benchcore runs accept writes it again")
    return mean([Side(label=found.name, record=run.record, outcomes=run.outcomes) for run in found.runs])


def _broken(outcomes: Outcomes) -> str | None:
    """What no run comes to; the file may have been edited by hand, or merged."""
    if len(set(outcomes.items)) < len(outcomes.items):
        return "a problem twice"
    for name, parts in outcomes.figures.items():
        if len(parts) != len(outcomes.items):
            return f"{len(parts)} values of {name} for {len(outcomes.items)} problems"
        for amount, size in (part for part in parts if part is not None):
            if not (math.isfinite(amount) and 0 < size < math.inf):
                return f"{amount:g} over {size:g} as {name} of a problem"
            if is_rate(name) and not 0 <= amount <= size:
                return f"{amount:g} of {size:g} as {name} of a problem"
    return None


def baseline_text(name: str, sides: Sequence[Side]) -> str:
    """The baseline file of `sides`, repeats of one checkpoint: JSON with a line a task, so that a change can be read.

    Raises `ConfigError` as `mean` does.
    """
    mean(sides)
    runs = ",\n".join(_run_text(side) for side in sides)
    return f'{{"format": {FORMAT}, "name": {_json(name)}, "runs": [\n{runs}\n]}}\n'


def _run_text(side: Side) -> str:
    outcomes = ",\n".join(f"  {_json(task)}: {_json(found)}" for task, found in sorted(side.outcomes.items()))
    return f' {{"record": {_json(side.record)},\n "outcomes": {{\n{outcomes}}}}}'


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def named(where: str, folder: Path = BASELINES) -> Path:
    """The run folder or baseline file that `where` is the path of, or the baseline in `folder` of that name."""
    path = Path(where).expanduser()
    return path if path.exists() or not (folder / f"{where}.json").is_file() else folder / f"{where}.json"


def mean(sides: Sequence[Side]) -> Side:
    """One side of several repeats of it: each problem's amount is the mean over them.

    Raises `ConfigError` when they are not of one checkpoint on the same problems, asked and graded alike, or when
    one is there twice.
    """
    first = sides[0]
    if len(sides) == 1:
        return first
    for at, other in enumerate(sides[1:], 1):
        if any((one.record, one.outcomes) == (other.record, other.outcomes) for one in sides[:at]):
            raise ConfigError(f"{other.record.run} is given twice, which tells no noise", "take runs of other seeds")
        if other.record.model_digest != first.record.model_digest:
            raise ConfigError(f"{other.record.run} and {first.record.run} are runs of different weights, no repeats")
        for task in first.outcomes.keys() | other.outcomes.keys():
            if task not in first.outcomes or task not in other.outcomes:
                raise ConfigError(f"not all repeats of {first.label} have the task {task}")
            if first.outcomes[task].items != other.outcomes[task].items:
                raise ConfigError(f"the repeats of {first.label} have other problems of {task}")
            if changed := differing(settings_of(other, task) or {}, settings_of(first, task) or {}):
                raise ConfigError(f"the repeats of {first.label} differ in {changed[0]} of {task}")
    noise: dict[tuple[str, str], float] = {}
    outcomes: dict[str, Outcomes] = {}
    for task, one in first.outcomes.items():
        found = {}
        for figure in one.figures:
            rows = [side.outcomes[task].figures[figure] for side in sides if figure in side.outcomes[task].figures]
            if len(rows) == len(sides):
                found[figure] = tuple(_mean_part(parts) for parts in zip(*rows, strict=True))
                noise[task, figure] = _spread([_value(row) for row in rows])
        outcomes[task] = Outcomes(items=one.items, figures=found)
    return replace(first, outcomes=outcomes, repeats=len(sides), noise=noise)


def _mean_part(parts: Sequence[Part | None]) -> Part | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return math.fsum(amount for amount, _ in known) / len(known), known[0][1]


def _value(row: Sequence[Part | None]) -> float:
    known = [part for part in row if part is not None]
    return math.fsum(amount for amount, _ in known) / math.fsum(size for _, size in known) if known else math.nan


def _spread(values: Sequence[float]) -> float:
    middle = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - middle) ** 2 for value in values) / (len(values) - 1))
