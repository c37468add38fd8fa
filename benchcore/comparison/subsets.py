"""Runs on parts of a task: the problems that a training corpus has something like, and the others, apart."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from benchcore.comparison.sides import Side
from benchcore.errors import ConfigError
from benchcore.records import Figure, Outcomes, Part, TaskRecord, is_rate
from benchcore.stats.intervals import t_interval, wilson

SIMILAR, OTHER = "similar", "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Similarities:
    """How similar the nearest of a corpus is to each problem: task -> problem -> from 0 to 1; 0 below the least tau.

    A problem counts as similar from each of `taus` on. `sources` are the files of the corpus.
    """

    taus: tuple[float, ...]
    sources: tuple[str, ...]
    tasks: Mapping[str, Mapping[str, float]]


def read_similarities(file: Path) -> Similarities:
    """What `benchcore data similar` wrote. Raises `ConfigError` for what it did not."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Similarities)
    except OSError as error:
        raise ConfigError(f"there is no file of subsets {file}", "benchcore data similar writes one") from error
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{file} holds no subsets ({error})", "benchcore data similar writes them") from error


def with_subsets(side: Side, found: Similarities) -> Side:
    """`side` with two tasks more for each task and tau: the problems that are similar, and those that are not.

    Raises `ConfigError` where a run has none of the tasks' problems, which are then others.
    """
    records: list[TaskRecord] = []
    outcomes: dict[str, Outcomes] = {}
    for record in side.record.tasks:
        records.append(record)
        outcomes[record.task] = side.outcomes[record.task]
        if record.task not in found.tasks:
            continue
        for tau in found.taus:
            for name, part in _parts(side.outcomes[record.task], found.tasks[record.task], tau):
                task = f"{record.task}, {name} ({tau:g})"
                records.append(replace(record, task=task, figures=tuple(_figures(part))))
                outcomes[task] = part
    if len(records) == len(side.record.tasks):
        raise ConfigError(
            f"{side.label} has no task of which there are subsets", f"they are of {', '.join(found.tasks)}"
        )
    return replace(side, record=replace(side.record, tasks=tuple(records)), outcomes=outcomes)


def _parts(whole: Outcomes, similarity: Mapping[str, float], tau: float) -> Iterator[tuple[str, Outcomes]]:
    """The problems that are similar, then the others; a part without problems is left out."""
    unknown = [one for one in whole.items if one not in similarity]
    if unknown:
        raise ConfigError(f"{len(unknown)} problems of a run are not among those of the subsets", "make them anew")
    for name in (SIMILAR, OTHER):
        kept = [at for at, one in enumerate(whole.items) if (similarity[one] >= tau) == (name == SIMILAR)]
        if kept:
            yield (
                name,
                Outcomes(
                    items=tuple(whole.items[at] for at in kept),
                    figures={figure: tuple(parts[at] for at in kept) for figure, parts in whole.figures.items()},
                ),
            )


def _figures(part: Outcomes) -> Iterator[Figure]:
    """Each figure of all of `part`, with an interval over its problems."""
    for name, parts in part.figures.items():
        known = [one for one in parts if one is not None]
        if known:
            yield _figure(name, known)


def _figure(name: str, parts: list[Part]) -> Figure:
    value = sum(amount for amount, _ in parts) / sum(size for _, size in parts)
    count = len(parts)
    if is_rate(name) and all(part in ((0, 1), (1, 1)) for part in parts):
        low, high = wilson(round(value * count), count)
        return Figure(name=name, value=value, n=count, low=low, high=high, method="Wilson 95 %")
    # what each problem adds to the ratio, about it: their mean is the ratio, and their spread its error
    size = sum(size for _, size in parts) / count
    _, lower, upper = t_interval([value + (amount - value * own) / size for amount, own in parts])
    return Figure(name=name, value=value, n=count, low=lower, high=upper, method="t over problems 95 %")
