"""Runs on parts of a task: the problems that a training corpus has something like, and the others, apart."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from benchcore.comparison.sides import Side
from benchcore.errors import ConfigError
from benchcore.records import Figure, Outcomes, Part, TaskRecord, is_loss, is_rate
from benchcore.stats.intervals import t_interval, wilson
from benchcore.stats.jackknife import ratio_interval

SIMILAR, OTHER = "similar", "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Similarities:
    """How similar the nearest of a corpus is to each problem: task -> problem -> from 0 to 1; 0 below the least tau.

    A problem is the digest that `Outcomes.items` have, and counts as similar from each of `taus` on. `sources` are
    what the corpus is read from.
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


def split(sides: Sequence[Side], found: Similarities) -> list[Side]:
    """`sides`, each with two tasks more for each of its tasks and each tau: the similar problems, and the others.

    A part without problems is left out. Raises `ConfigError` where no side has a task of which there are similarities,
    or one has other problems of it.
    """
    known = dict.fromkeys(record.task for side in sides for record in side.record.tasks)
    if not known.keys() & found.tasks.keys():
        raise ConfigError(f"the subsets are of {', '.join(found.tasks)}", f"the runs have {', '.join(known)}")
    return [_split(side, found) for side in sides]


def with_parts(tasks: Iterable[str], known: Collection[str]) -> list[str]:
    """`tasks`, each followed by those of `known` that `split` made of it."""
    return [one for task in tasks for one in known if one == task or one.startswith(f"{task}, ")]


def _split(side: Side, found: Similarities) -> Side:
    records: list[TaskRecord] = []
    outcomes = dict(side.outcomes)
    for record in side.record.tasks:
        records.append(record)
        whole = side.outcomes.get(record.task)
        if whole is None or (similarity := found.tasks.get(record.task)) is None:
            continue
        if unknown := sum(problem not in similarity for problem in whole.items):
            raise ConfigError(
                f"{unknown:,} of {len(whole.items):,} problems of {record.task} in {side.label} have no similarity",
                "run benchcore data similar again, against the task as it is now",
            )
        for tau in found.taus:
            for name, part in _parts(whole, similarity, tau):
                task = f"{record.task}, {name} ({tau:g})"
                records.append(_record(record, task, part))
                outcomes[task] = part
    return replace(side, record=replace(side.record, tasks=tuple(records)), outcomes=outcomes)


def _parts(whole: Outcomes, similarity: Mapping[str, float], tau: float) -> Iterator[tuple[str, Outcomes]]:
    """The problems that are similar, then the others."""
    for name in (SIMILAR, OTHER):
        kept = [at for at, one in enumerate(whole.items) if (similarity[one] >= tau) == (name == SIMILAR)]
        if kept:
            figures = {figure: tuple(parts[at] for at in kept) for figure, parts in whole.figures.items()}
            yield name, Outcomes(items=tuple(whole.items[at] for at in kept), figures=figures)


def _record(whole: TaskRecord, task: str, part: Outcomes) -> TaskRecord:
    """The record of a part. What is in doubt is said once, of the whole: its counts are none of the part's."""
    figures = {name: [one for one in parts if one is not None] for name, parts in part.figures.items()}
    return replace(
        whole, task=task, figures=tuple(_figure(name, parts) for name, parts in figures.items() if parts),
        isolation={}, verdicts={}, truncated=None, near_ties=None, faults=0, empty=0,
    )  # fmt: skip


def _figure(name: str, parts: Sequence[Part]) -> Figure:
    """The figure of `parts`, with the interval that the task's own metric has."""
    amounts, sizes = zip(*parts, strict=True)
    low: float | None
    high: float | None
    if is_loss(name) or any(size != 1 for size in sizes):
        (value, low, high), method = ratio_interval(amounts, sizes), "jackknife 95 %"
    elif is_rate(name) and set(amounts) <= {0, 1}:
        value, method = sum(amounts) / len(amounts), "Wilson 95 %"
        low, high = wilson(round(sum(amounts)), len(amounts))
    else:
        (value, low, high), method = t_interval(amounts, rates=is_rate(name)), "t over problems 95 %"
    if low is None:
        method = "one problem, no interval"
    return Figure(name=name, value=value, n=len(parts), low=low, high=high, method=method)
