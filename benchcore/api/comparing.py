"""`compare`: runs side by side, figure by figure, each against a baseline, and which of them is the best."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchcore import catalog
from benchcore.api.run_folders import curve_names, existing, finished, is_last, meant, series_of
from benchcore.api.series import curves
from benchcore.comparison.differences import Comparisons, Contest, contests
from benchcore.comparison.sides import Side, read_side
from benchcore.config import CompareConfig, EvalConfig
from benchcore.errors import ConfigError, RunIncomplete, nearest
from benchcore.records import Curve, Figure, RunRecord
from benchcore.store import read_record

DEFAULT = CompareConfig()
MEAN = "AUC over "
SPEED = "speed-up to "


def compare(
    runs: Sequence[str], config: CompareConfig = DEFAULT, labels: Mapping[str, str] | None = None
) -> Comparisons:
    """Compare runs problem by problem: run folders, directories of them, patterns such as runs/slm-*, or baselines.

    Of a series the run with the most steps is compared; the others make the curve whose mean, and whose speed-up
    against the baseline's series, stand beside it. Runs that are not complete are left out and named. `labels` are
    run -> what it is called.
    Raises `ConfigError` for what is no run, and for unknown tasks, settings and labels; `RunIncomplete` where the
    baseline, or every run, lacks answers or grades.
    """
    baseline = None if config.baseline is None else existing(config.baseline)
    folders, unfinished = finished(path for run in runs for path in meant(run))
    if baseline is not None:
        folders = [baseline, *(folder for folder in folders if not folder.samefile(baseline))]
    if len(folders) == (baseline is not None):
        if unfinished:
            raise RunIncomplete(f"not complete: {', '.join(unfinished)}", "run benchcore eval on them again")
        raise ConfigError("no run is given to compare", "give run folders, or a directory of them")
    records = {folder: record for folder in folders if folder.is_dir() and (record := read_record(folder))}
    shown = [folder for folder in folders if folder == baseline or is_last(records.get(folder), records.values())]
    sides = _labelled(shown, labels or {})
    tasks, absent = _tasks(sides, config.tasks)
    _check_across(sides, tasks, config.across)
    found = contests(sides, tasks, baseline=baseline is not None, across=config.across)
    series = Counter(one for record in records.values() if (one := series_of(record)))
    return Comparisons(
        runs=tuple(sides),
        baseline=None if baseline is None else sides[0].label,
        contests=found,
        curves=_curves(sides, list(records.values()), found, against=baseline is not None),
        steps={name: count for (name, _), count in series.items() if count > 1},
        across=config.across,
        absent=absent,
        unfinished=unfinished,
    )


def _labelled(folders: Sequence[Path], labels: Mapping[str, str]) -> list[Side]:
    """The sides, each with a name of its own: two of one name are told apart by their paths."""
    sides = [read_side(folder) for folder in folders]
    count = Counter(side.label for side in sides)
    names = [side.label if count[side.label] == 1 else str(folder) for side, folder in zip(sides, folders, strict=True)]
    for name in labels:
        if name not in names:
            raise ConfigError(f"there is a label for {name!r}, which is no run of this table", nearest(name, names))
    shown = Counter(labels.get(name, name) for name in names)
    for name, times in shown.items():
        if times > 1:
            raise ConfigError(f"{times} runs would be called {name!r}", "give each a label of its own")
    return [replace(side, label=labels.get(name, name)) for side, name in zip(sides, names, strict=True)]


def _tasks(sides: Sequence[Side], asked: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """The tasks to show, and those among the ones asked for that no run has."""
    known = list(dict.fromkeys(record.task for side in sides for record in side.record.tasks))
    if not asked:
        return known, ()
    tasks = [one.task for one in catalog.expand(asked)]
    for task in tasks:
        if task not in known and task.partition("@")[0] not in catalog.task_files():
            raise ConfigError(f"no run has the task {task!r}", nearest(task, known))
    if not set(tasks) & set(known):
        raise ConfigError(f"no run has {', '.join(asked)}", f"they have {', '.join(known)}")
    return [task for task in tasks if task in known], tuple(task for task in tasks if task not in known)


def _check_across(sides: Sequence[Side], tasks: Collection[str], across: Sequence[str]) -> None:
    records = [record for side in sides for record in side.record.tasks if record.task in tasks]
    known = {"grader", "version", *(key for record in records for key in record.settings)}
    for name in across:
        if name not in known:
            raise ConfigError(f"no run has a setting {name!r} that may differ", nearest(name, known))


def _curves(
    sides: Sequence[Side], records: Sequence[RunRecord], found: Sequence[Contest], *, against: bool
) -> dict[tuple[str, str, str], tuple[Figure, ...]]:
    """(label, task, figure) -> the means of the curve that ends in this run and its speed-up where the other ends."""
    names = curve_names(records)
    ours = [replace(record, series=names.get(series_of(record))) for record in records]
    base = names.get(series_of(sides[0].record)) if against else None
    drawn = curves(ours, EvalConfig(against=base))
    known = {}
    for side in sides:
        series = names.get(series_of(side.record))
        for contest in found:
            if series and (curve := _ending_in(drawn, side, series, contest)):
                means = [figure for figure in curve.figures if figure.name.startswith(MEAN)]
                speeds = [figure for figure in curve.figures if figure.name.startswith(SPEED)]
                known[side.label, contest.task, contest.figure] = (*means, *speeds[-1:])
    return known


def _ending_in(drawn: Iterable[Curve], side: Side, series: str, contest: Contest) -> Curve | None:
    figures = [figure for record in side.record.tasks if record.task == contest.task for figure in record.figures]
    for curve in drawn:
        same = (curve.series, curve.task, curve.figure) == (series, contest.task, contest.figure)
        if same and curve.points and curve.points[-1][1] in figures:
            return curve
    return None
