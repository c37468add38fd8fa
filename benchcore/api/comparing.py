"""`compare`: runs side by side, figure by figure, each against a baseline, and which of them is the best."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchcore import catalog
from benchcore.api.run_folders import (
    Series,
    curve_names,
    finished,
    is_last,
    meant,
    read_contributions,
    series_of,
    training_of,
)
from benchcore.api.series import curves, is_called, recipe_of, seed_of, summary
from benchcore.comparison.arms import Arm, alone
from benchcore.comparison.differences import Comparisons, Contest, contests
from benchcore.comparison.sides import Side, named, read_side
from benchcore.comparison.subsets import Similarities, read_similarities, split, with_parts
from benchcore.config import CompareConfig
from benchcore.errors import ConfigError, RunIncomplete, nearest
from benchcore.records import Curve, Figure, RunRecord
from benchcore.store import read_record

DEFAULT = CompareConfig()
SHOWN = ("AUC over log-", "speed-up to ", "speed-up with the bill to ")  # how figures of curves begin
SIMILARITY = "similarity"
DIAGNOSTICS = ("compression ratio", "power law L0", "power law B", "power law beta", SIMILARITY)


def compare(
    runs: Sequence[str], config: CompareConfig = DEFAULT, labels: Mapping[str, str] | None = None
) -> Comparisons:
    """Compare runs problem by problem: run folders, directories of them, patterns such as runs/slm-*, or baselines.

    Of a series the run with the most steps is compared; the others make the curve whose mean, and whose speed-up
    against the baseline's series, stand beside it. Runs whose series differ in the seed alone are an arm of their own
    too, with means over the seeds; a baseline that is a recipe is met seed by seed. Runs that are not complete are left
    out and named. `labels` are run or recipe -> what it is called.
    Raises `ConfigError` for what is no run, and for unknown tasks, settings and labels; `RunIncomplete` where the
    baseline, or every run, lacks answers or grades.
    """
    folders, unfinished = finished(path for run in runs for path in meant(run))
    base = [] if config.baseline is None else _baseline(config.baseline, folders)
    others = _without(folders, base)
    if not others:
        if unfinished:
            raise RunIncomplete(f"not complete: {', '.join(unfinished)}", "run benchcore eval on them again")
        raise ConfigError("no run is given to compare", "give run folders, or a directory of them")
    subsets = None if config.subsets is None else read_similarities(config.subsets)
    rows = _rows(base, others, labels or {}, subsets)
    if rows.defenders and rows.arms[0].seeds < len(rows.defenders):
        raise ConfigError(
            f"{config.baseline} means {len(rows.defenders)} runs that are no seeds of one recipe",
            f"name one of {', '.join(side.label for side in rows.defenders)}",
        )
    tasks, absent = _tasks(rows.sides, config.tasks)
    _check_figures(rows.sides, tasks, config.figures)
    _check_across(rows.sides, tasks, config.across)
    met = partial(contests, tasks=tasks, baseline=bool(base), across=config.across, only=config.figures)
    found = met(rows.sides, partners=_partners(rows) if len(rows.defenders) > 1 else {})
    grouped = any(arm.seeds > 1 for arm in rows.arms)
    series = Counter(one for record in rows.records if (one := series_of(record)))
    return Comparisons(
        runs=tuple(rows.sides),
        baseline=rows.arms[0].label if base else None,
        defenders=tuple(side.label for side in rows.defenders),
        contests=found,
        arms=tuple(rows.arms) if grouped else (),
        over_seeds=met(rows.arms) if grouped else (),
        curves=_curves(rows, found, diagnostics=config.diagnostics),
        steps={rows.names[one]: count for one, count in series.items() if count > 1},
        across=config.across,
        subsets=() if subsets is None else subsets.sources,
        absent=absent,
        unfinished=unfinished,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """What is compared: `sides`, `defenders` first, which are the baseline; and `arms`, with the seeds of a recipe.

    `records` are those of all runs that were given, `names` what their series are called. `trainings` are label of a
    side -> the training run that its held-out losses are of.
    """

    sides: Sequence[Side]
    defenders: Sequence[Side]
    arms: Sequence[Arm]
    records: Sequence[RunRecord]
    names: Mapping[Series | None, str]
    trainings: Mapping[str, Path]


def _rows(
    base: Sequence[Path], others: Sequence[Path], labels: Mapping[str, str], subsets: Similarities | None
) -> _Rows:
    records = {folder: record for folder in (*base, *others) if folder.is_dir() and (record := read_record(folder))}
    names = curve_names(records.values())
    last = {folder for folder in (*base, *others) if is_last(records.get(folder), records.values())}
    defending = [folder for folder in base if len(base) == 1 or folder in last]
    shown = [*defending, *(folder for folder in others if folder in last)]
    sides = _labelled(shown, labels, names.values())
    if subsets is not None:
        sides = split(sides, subsets)
    defenders, rest = sides[: len(defending)], sides[len(defending) :]
    arms = [*_arms(defenders, names, labels), *_arms(rest, names, labels)]
    for name, times in Counter([side.label for side in sides] + [arm.label for arm in arms if arm.seeds > 1]).items():
        if times > 1:
            raise ConfigError(f"{times} runs would be called {name!r}", "give each a label of its own")
    trainings = {side.label: run for side, folder in zip(sides, shown, strict=True) if (run := training_of(folder))}
    return _Rows(
        sides=sides,
        defenders=defenders,
        arms=arms,
        records=list(records.values()),
        names=names,
        trainings=trainings,
    )


def _baseline(name: str, given: Iterable[Path]) -> list[Path]:
    """The run folders or the file that the baseline is: one run, or all of a training run or a recipe.

    A name that is no path may be that of a series, or of a recipe, among those `given`.
    """
    found = []
    if not named(name).exists():
        records = ((folder, read_record(folder)) for folder in given if folder.is_dir())
        found = [folder for folder, record in records if record and is_called(name, record.series)]
    found = found or meant(name)
    return found if len(found) == 1 else finished(found)[0] or found


def _without(folders: Iterable[Path], base: Iterable[Path]) -> list[Path]:
    known = {path.resolve() for path in base}
    return [folder for folder in folders if folder.resolve() not in known]


def _labelled(folders: Sequence[Path], labels: Mapping[str, str], series: Iterable[str]) -> list[Side]:
    """The sides, each with a name of its own: two of one name are told apart by their paths."""
    sides = [read_side(folder) for folder in folders]
    trainings = [training_of(folder) for folder in folders]
    plain = [side.label if one is None else one.name for side, one in zip(sides, trainings, strict=True)]
    count = Counter(plain)
    names = [name if count[name] == 1 else str(folder) for name, folder in zip(plain, folders, strict=True)]
    known = [*names, *dict.fromkeys(recipe for one in series if (recipe := recipe_of(one)))]
    for name in labels:
        if name not in known:
            raise ConfigError(f"there is a label for {name!r}, which is no run of this table", nearest(name, known))
    return [replace(side, label=labels.get(name, name)) for side, name in zip(sides, names, strict=True)]


def _arms(sides: Sequence[Side], names: Mapping[Series | None, str], labels: Mapping[str, str]) -> list[Arm]:
    """The rows of `sides` in which the seeds of a recipe stand together.

    Two runs of one seed, or of the same weights, are no two seeds: then all of the recipe stay alone.
    """
    groups: dict[tuple[str | None, str], list[Side]] = {}
    for side in sides:
        recipe = recipe_of(names.get(series_of(side.record), ""))
        groups.setdefault((recipe, side.label if recipe is None else ""), []).append(side)
    arms: list[Arm] = []
    for (recipe, _), members in groups.items():
        runs: dict[int | None, Side] = {_seed(side, names): side for side in members}
        weights = {side.record.model_digest for side in members}
        if recipe is None or len(members) == 1 or min(len(runs), len(weights)) < len(members):
            arms += map(alone, members)
        else:
            label = f"{labels.get(recipe, recipe)} ({len(runs)} seeds)"
            arms.append(Arm(label=label, runs={seed: runs[seed] for seed in sorted(runs, key=lambda one: one or 0)}))
    return arms


def _seed(side: Side, names: Mapping[Series | None, str]) -> int | None:
    found = seed_of(names.get(series_of(side.record), ""))
    return None if found is None else found[1]


def _partners(rows: _Rows) -> dict[str, str | None]:
    """Each run's label -> that of the baseline's run of the same seed, or None where there is none."""
    found = {side.label: rows.arms[0].runs.get(_seed(side, rows.names)) for side in rows.sides}
    return {label: None if partner is None else partner.label for label, partner in found.items()}


def _against(rows: _Rows) -> str | None:
    """The series, or the recipe of several, that speed-ups are measured against."""
    series = [name for side in rows.defenders if (name := rows.names.get(series_of(side.record)))]
    return recipe_of(series[0]) if len(series) > 1 else next(iter(series), None)


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
    return with_parts(tasks, known), tuple(task for task in tasks if task not in known)


def _check_figures(sides: Sequence[Side], tasks: Collection[str], asked: Iterable[str]) -> None:
    records = [record for side in sides for record in side.record.tasks if record.task in tasks]
    known = dict.fromkeys(figure.name for record in records for figure in record.figures if figure.group is None)
    for name in asked:
        if name not in known:
            raise ConfigError(f"no run has the figure {name!r}", nearest(name, known))


def _check_across(sides: Sequence[Side], tasks: Collection[str], across: Sequence[str]) -> None:
    records = [record for side in sides for record in side.record.tasks if record.task in tasks]
    known = {"grader", "version", *(key for record in records for key in record.settings)}
    for name in across:
        if name not in known:
            raise ConfigError(f"no run has a setting {name!r} that may differ", nearest(name, known))


def _curves(
    rows: _Rows, found: Sequence[Contest], *, diagnostics: bool
) -> dict[tuple[str, str, str], tuple[Figure, ...]]:
    """(label, task, figure) -> the mean of the curve that ends in this run and its speed-ups where the other ends.

    With `diagnostics` what else it comes to. Of an arm of several seeds the means of these.
    """
    against = _against(rows)
    drawn = curves([replace(one, series=rows.names.get(series_of(one))) for one in rows.records], against)
    kinds = (*SHOWN, *DIAGNOSTICS) if diagnostics else SHOWN
    known = {}
    for arm in rows.arms:
        for contest in found:
            ending = [_ending_in(drawn, side, rows.names.get(series_of(side.record)), contest) for side in arm.sides]
            each = [() if curve is None else curve.figures for curve in ending]
            if diagnostics:
                alike = (_similarity(rows.trainings.get(side.label), contest.task) for side in arm.sides)
                each = [(*figures, *more) for figures, more in zip(each, alike, strict=True)]
            for side, figures in zip(arm.sides, each, strict=True):
                known[side.label, contest.task, contest.figure] = _chosen(figures, kinds)
            if arm.seeds > 1:
                known[arm.label, contest.task, contest.figure] = _chosen(summary(each, against), kinds)
    return {about: figures for about, figures in known.items() if figures}


def _chosen(figures: Sequence[Figure], kinds: Iterable[str]) -> tuple[Figure, ...]:
    """The last figure of each kind: of speed-ups the one to where the other ends."""
    found = ([one for one in figures if one.name.startswith(start)] for start in kinds)
    return tuple(one for kind in found for one in kind[-1:])


def _similarity(run: Path | None, task: str) -> Iterable[Figure]:
    """The mean similarity of contributions along a training run, where they were looked at on `task`."""
    found = next((one for one in (read_contributions(run) if run else ()) if one.heldout == task), None)
    if found is None:
        return
    values = [point.similarity for point in found.points if point.similarity is not None]
    value = sum(values) / len(values) if values else None
    how = f"mean over {len(values)} checkpoints, of {found.rows:,} rows that are trained on"
    yield Figure(name=SIMILARITY, value=value, n=len(values), low=None, high=None, method=how)


def _ending_in(drawn: Iterable[Curve], side: Side, series: str | None, contest: Contest) -> Curve | None:
    figures = [figure for record in side.record.tasks if record.task == contest.task for figure in record.figures]
    for curve in drawn:
        same = (curve.series, curve.task, curve.figure) == (series, contest.task, contest.figure)
        if same and curve.points and curve.points[-1][1] in figures:
            return curve
    return None
