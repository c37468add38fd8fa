"""Learning curves: figures along series of checkpoints, and what they come to."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from benchcore.checkpoint import Checkpoint
from benchcore.config import EvalConfig
from benchcore.errors import ConfigError, nearest
from benchcore.records import Curve, Figure, RunRecord, TaskRecord, digest, is_loss
from benchcore.stats import curves as maths
from benchcore.store import read_config, read_record, run_folders

SEED = re.compile(r"[-_.]?(?:seed|s)[-_]?\d+$", re.IGNORECASE)
FEWEST_SEEDS = 3
FEWEST_POINTS = 5  # for a law of three parameters
TARGETS = 3  # on the way to where a series ends


def curves(records: Sequence[RunRecord], config: EvalConfig) -> tuple[Curve, ...]:
    """A curve for each figure of each task along each series with at least two points.

    Curves of one figure whose tasks were run alike are compared: their means are taken over the range that all
    have, and speed-ups are measured against `config.against`. Series whose names differ in a seed alone are summed
    up in a curve without points.
    """
    lines = _lines([*records, *_against(records, config)])
    compared = []
    for same in lines.values():
        if drawn := [curve for curve in same if len(curve.points) > 1]:
            done = _summed_up(drawn, config.against)
            compared += [*done, *_over_seeds(done)]
    return tuple(compared)


def check_against(found: Iterable[Checkpoint], config: EvalConfig) -> None:
    """Raise `ConfigError` when neither `found` nor the run folders have the series to measure speed-ups against."""
    if config.against is None:
        return
    stored = (read_config(folder)["checkpoint"].get("series") for folder in run_folders(config.out))
    names = {name for name in (*(one.series for one in found), *stored) if name}
    if config.against not in names:
        raise ConfigError(f"there is no series {config.against!r} in {config.out}", nearest(config.against, names))


def _against(records: Sequence[RunRecord], config: EvalConfig) -> list[RunRecord]:
    """The records of the series that speed-ups are measured against, where it is not among `records` itself."""
    if config.against is None or any(record.series == config.against for record in records):
        return []
    stored = [record for folder in run_folders(config.out) if (record := read_record(folder)) is not None]
    asked = {task.task for record in records for task in record.tasks}
    return [
        replace(record, tasks=tuple(task for task in record.tasks if task.task in asked))
        for record in stored
        if record.series == config.against
    ]


def _lines(records: Iterable[RunRecord]) -> dict[str, list[Curve]]:
    """Bare curves, those of one figure that compare side by side."""
    members: dict[str, dict[str, list[tuple[RunRecord, Figure]]]] = {}
    tasks: dict[str, str] = {}
    for record in records:
        if record.series is None or record.step is None:
            continue
        for task in record.tasks:
            for figure in task.figures:
                if figure.group is None:
                    alike = digest(figure.name, *_made(task))
                    tasks[alike] = task.task
                    members.setdefault(alike, {}).setdefault(record.series, []).append((record, figure))
    found: dict[str, list[Curve]] = {}
    for alike, series in members.items():
        everything = [record for same in series.values() for record, _ in same]
        unit = "tokens" if all(record.tokens for record in everything) else "steps"
        found[alike] = [_line(name, tasks[alike], unit, same) for name, same in series.items()]
    return found


def _made(task: TaskRecord) -> tuple[object, ...]:
    return task.task, task.version, task.data, task.grader, dict(task.settings)


def _line(series: str, task: str, unit: str, members: Sequence[tuple[RunRecord, Figure]]) -> Curve:
    placed = sorted(((_at(record, unit), figure) for record, figure in members), key=lambda point: point[0])
    points = {at: figure for at, figure in placed if at and figure.value is not None}
    kept = {id(figure) for figure in points.values()}
    return Curve(
        series=series,
        task=task,
        figure=members[0][1].name,
        unit=unit,
        points=tuple(points.items()),
        figures=(),
        excluded=tuple(record.run for record, figure in members if id(figure) not in kept),
    )


def _at(record: RunRecord, unit: str) -> int:
    return (record.tokens if unit == "tokens" else record.step) or 0


def _summed_up(lines: Sequence[Curve], against: str | None) -> list[Curve]:
    """`lines` with what they come to, the means over the range that all of them have."""
    shared = maths.common_range([_values(line) for line in lines])
    base = next((line for line in lines if line.series == against), None)
    return [replace(line, figures=(*_means(line, shared), *_speeds(line, base), *_law(line))) for line in lines]


def _values(line: Curve) -> list[tuple[int, float]]:
    return [(at, figure.value) for at, figure in line.points if figure.value is not None]


def _means(line: Curve, shared: tuple[float, float] | None) -> Iterable[Figure]:
    if shared is None:
        return
    low, high = shared
    where = f"PCHIP, {low:.3g} to {high:.3g} {line.unit}"
    points = _values(line)
    yield _figure(f"AUC over log-{line.unit}", maths.auc(points, axis="log_tokens", low=low, high=high), line, where)
    yield _figure(f"AUC over {line.unit}", maths.auc(points, axis="tokens", low=low, high=high), line, where)


def _speeds(line: Curve, base: Curve | None) -> Iterable[Figure]:
    """How soon `line` is where `base` ends, and how much sooner than `base` at that and on the way there."""
    if base is None:
        return
    falling = _falls(line)
    target = maths.best(_values(base), falling=falling)
    reached = maths.tokens_to(_values(line), target, falling=falling)
    yield _figure(f"{line.unit} to {target:.4g}", reached, line, f"isotonic fit; where {base.series} ends")
    if line is base:
        return
    how = f"isotonic fit; against {base.series}"
    for level, ratio in maths.speed_up_curve(_values(line), _values(base), count=TARGETS, falling=falling):
        yield _figure(f"speed-up to {level:.4g}", ratio, line, how)
    final = maths.speed_up(_values(line), _values(base), target, falling=falling)
    yield _figure(f"speed-up to {target:.4g}", final, line, f"{how}, where it ends")


def _law(line: Curve) -> Iterable[Figure]:
    if not _falls(line) or len(line.points) < FEWEST_POINTS:
        return
    try:
        law = maths.power_law(_values(line))
    except ValueError:  # it does not fall like one
        return
    how = f"L0 + (B / {line.unit})^beta, residual {law.rms:.2g}"
    for name, value in (("power law L0", law.L0), ("power law B", law.B), ("power law beta", law.beta)):
        yield _figure(name, value, line, how)


def _falls(line: Curve) -> bool:
    return is_loss(line.figure)


def _figure(name: str, value: float | None, line: Curve, method: str) -> Figure:
    return Figure(
        name=name, value=value, n=len(line.points), low=None, high=None,
        method=method if value is not None else f"not reached; {method}",
    )  # fmt: skip


def _over_seeds(lines: Sequence[Curve]) -> list[Curve]:
    """For each recipe with runs of several seeds a curve without points: means over the seeds, with intervals."""
    recipes: dict[str, list[Curve]] = {}
    for line in lines:
        if SEED.search(line.series):
            recipes.setdefault(SEED.sub("", line.series), []).append(line)
    return [_over(name, seeds) for name, seeds in recipes.items() if len(seeds) >= FEWEST_SEEDS]


def _over(recipe: str, seeds: Sequence[Curve]) -> Curve:
    figures = []
    for name in dict.fromkeys(figure.name for figure in seeds[0].figures):
        found = [one.value for line in seeds for one in line.figures if one.name == name]
        values = [value for value in found if value is not None]
        interval = maths.seed_interval(values) if len(values) == len(seeds) else None
        value, low, high = interval or (None, None, None)
        method = "t over seeds 95 %" if interval else f"reached by {len(values)} of {len(seeds)} seeds"
        figures.append(Figure(name=name, value=value, n=len(values), low=low, high=high, method=method))
    return Curve(
        series=f"{recipe} ({len(seeds)} seeds)", task=seeds[0].task, figure=seeds[0].figure, unit=seeds[0].unit,
        points=(), figures=tuple(figures),
    )  # fmt: skip
