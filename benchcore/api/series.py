"""Learning curves: figures along series of checkpoints, and what they come to."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from benchcore.checkpoint import Checkpoint
from benchcore.comparison.arms import over_seeds
from benchcore.errors import ConfigError, nearest
from benchcore.records import Curve, Figure, RunRecord, TaskRecord, digest, is_loss
from benchcore.stats import curves as maths
from benchcore.store import read_config, read_record, run_folders

SEED = re.compile(r"[-_.]?(?:seed|s)[-_]?(\d+)$", re.IGNORECASE)
FEWEST_SEEDS = maths.FEWEST_SEEDS
FEWEST_POINTS = 5  # for a law of three parameters
SKIPPED = 10  # of as many parts of a curve the first shows no law yet
HALF_WAY = "half way"
SCALE = "power law B"
TARGETS = 3  # on the way to where a series ends


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A curve before it is summed up; `bills` are what the recipe had cost at each of its points.

    `vocabulary` is how many tokens the models choose among; None where that is not known, or not the same for all.
    """

    curve: Curve
    bills: Mapping[int, Mapping[str, float]]
    vocabulary: int | None

    @property
    def name(self) -> str:
        return self.curve.series

    @property
    def falls(self) -> bool:
        return is_loss(self.curve.figure)

    @property
    def values(self) -> list[tuple[int, float]]:
        return [(at, figure.value) for at, figure in self.curve.points if figure.value is not None]

    @property
    def by_flops(self) -> list[tuple[float, float]]:
        """(FLOPs of training, value); empty where they were not counted, or do not grow from point to point."""
        spent = [self.bills[at].get("flops", 0.0) for at, _ in self.values]
        if not all(before < after for before, after in pairwise([0.0, *spent])):
            return []
        return [(flops, value) for flops, (_, value) in zip(spent, self.values, strict=True)]

    @property
    def ignorance(self) -> float | None:
        """What the figure is of a model that knows nothing; None where that cannot be told."""
        if self.curve.figure == "bits per byte":
            return 8.0
        return math.log(self.vocabulary) if self.curve.figure == "nats per token" and self.vocabulary else None

    @property
    def prepared(self) -> float:
        """The FLOPs that had to be spent before."""
        return self.bills[self.values[-1][0]].get("prepare flops", 0.0)


def seed_of(series: str) -> tuple[str, int] | None:
    """The recipe and the seed that the name of a series tells, or None where it has no seed: slm-seed1 is slm, 1."""
    found = SEED.search(series)
    return (series[: found.start()], int(found[1])) if found else None


def recipe_of(series: str) -> str | None:
    """The recipe that the series is a run of, or None where its name has no seed."""
    found = seed_of(series)
    return None if found is None else found[0]


def curves(records: Sequence[RunRecord], against: str | None = None, out: Path | None = None) -> tuple[Curve, ...]:
    """A curve for each figure of each task along each series with at least two points; those of groups are the last.

    Curves of one figure and group whose tasks were run alike are compared: their means are taken over the range that
    all have, and speed-ups are measured against the series `against`, or against that of the same seed where it names
    a recipe; where no record is of it, the run folders in `out` are looked through. Without it, how soon a group is
    learnt is how soon its curve is half way. Series whose names differ in a seed alone are summed up in a curve without
    points.
    """
    compared = []
    for same in _lines([*records, *_stored(records, against, out)]).values():
        if drawn := [line for line in same if len(line.curve.points) > 1]:
            known = against if any(_base(line, drawn, against) for line in drawn) else None
            done = _summed_up(drawn, known)
            compared += [*done, *_over_seeds(done, known)]
    return tuple(sorted(compared, key=lambda curve: curve.group is not None))


def check_against(found: Iterable[Checkpoint], against: str | None, out: Path) -> None:
    """Raise `ConfigError` when neither `found` nor the run folders have the series to measure speed-ups against."""
    if against is None:
        return
    stored = (read_config(folder)["checkpoint"].get("series") for folder in run_folders(out))
    names = {name for name in (*(one.series for one in found), *stored) if name}
    if not any(is_called(against, name) for name in names):
        raise ConfigError(f"there is no series {against!r} in {out}", nearest(against, names))


def is_called(name: str, series: str | None) -> bool:
    """Whether `name` is that of the series, or of its recipe."""
    return series is not None and name in (series, recipe_of(series))


def _stored(records: Sequence[RunRecord], against: str | None, out: Path | None) -> list[RunRecord]:
    """The records of the series that speed-ups are measured against, where none of it is among `records` itself."""
    if against is None or out is None or any(is_called(against, record.series) for record in records):
        return []
    stored = [record for folder in run_folders(out) if (record := read_record(folder)) is not None]
    asked = {task.task for record in records for task in record.tasks}
    return [
        replace(record, tasks=tuple(task for task in record.tasks if task.task in asked))
        for record in stored
        if is_called(against, record.series)
    ]


def _lines(records: Iterable[RunRecord]) -> dict[str, list[_Line]]:
    """Bare curves, those of one figure that compare side by side."""
    members: dict[str, dict[str, list[tuple[RunRecord, Figure]]]] = {}
    tasks: dict[str, str] = {}
    for record in records:
        if record.series is None or record.step is None:
            continue
        for task in record.tasks:
            for figure in task.figures:
                alike = digest(figure.name, figure.group, *_made(task))
                tasks[alike] = task.task
                members.setdefault(alike, {}).setdefault(record.series, []).append((record, figure))
    found: dict[str, list[_Line]] = {}
    for alike, series in members.items():
        everything = [record for same in series.values() for record, _ in same]
        unit = "tokens" if all(record.tokens for record in everything) else "steps"
        found[alike] = [_line(name, tasks[alike], unit, same) for name, same in series.items()]
    return found


def _made(task: TaskRecord) -> tuple[object, ...]:
    return task.task, task.version, task.data, task.grader, dict(task.settings)


def _line(series: str, task: str, unit: str, members: Sequence[tuple[RunRecord, Figure]]) -> _Line:
    placed = sorted(((_at(record, unit), record, figure) for record, figure in members), key=lambda point: point[0])
    kept = {at: (record, figure) for at, record, figure in placed if at and figure.value is not None}
    shown = {id(figure) for _, figure in kept.values()}
    curve = Curve(
        series=series,
        task=task,
        figure=members[0][1].name,
        unit=unit,
        points=tuple((at, figure) for at, (_, figure) in kept.items()),
        figures=(),
        excluded=tuple(record.run for record, figure in members if id(figure) not in shown),
        group=members[0][1].group,
    )
    sizes = {record.vocabulary for record, _ in kept.values()}
    return _Line(
        curve=curve,
        bills={at: record.bill for at, (record, _) in kept.items()},
        vocabulary=sizes.pop() if len(sizes) == 1 else None,
    )


def _at(record: RunRecord, unit: str) -> int:
    return (record.tokens if unit == "tokens" else record.step) or 0


def _summed_up(lines: Sequence[_Line], against: str | None) -> list[Curve]:
    """`lines` with what they come to, the means over the range that all of them have."""
    shared = maths.common_range([line.values for line in lines])
    found = []
    for line in lines:
        figures = [*_aucs(line, shared), *_compression(line, shared), *_speeds(line, _base(line, lines, against))]
        if line.curve.group is None:
            figures += _law(line)
        elif against is None:
            figures.append(_half_way(line, lines))
        found.append(replace(line.curve, figures=tuple(figures)))
    return found


def _base(line: _Line, lines: Sequence[_Line], against: str | None) -> _Line | None:
    """The line that the speed-up of `line` is measured against: of a recipe the one with the same seed."""
    exact = next((one for one in lines if one.name == against), None)
    seed = seed_of(line.name)
    if exact or seed is None or against is None:
        return exact
    return next((one for one in lines if seed_of(one.name) == (against, seed[1])), None)


def _aucs(line: _Line, shared: tuple[float, float] | None) -> Iterable[Figure]:
    if shared is None:
        return
    low, high = shared
    unit = line.curve.unit
    where = f"PCHIP, {low:.3g} to {high:.3g} {unit}"
    yield _figure(f"AUC over log-{unit}", maths.auc(line.values, axis="log_tokens", low=low, high=high), line, where)
    yield _figure(f"AUC over {unit}", maths.auc(line.values, axis="tokens", low=low, high=high), line, where)


def _compression(line: _Line, shared: tuple[float, float] | None) -> Iterable[Figure]:
    """How well a code of the model on its way compresses: T log V / the area (Gu et al. 2024, arXiv 2402.17759)."""
    if shared is None or line.ignorance is None:
        return
    low, high = shared
    value = line.ignorance / maths.auc(line.values, axis="tokens", low=low, high=high)
    known = "8 bits" if line.vocabulary is None or line.curve.figure == "bits per byte" else f"ln {line.vocabulary:,}"
    how = f"{known} by the AUC over {line.curve.unit}, {low:.3g} to {high:.3g} {line.curve.unit}"
    yield _figure("compression ratio", value, line, how)


def _speeds(line: _Line, base: _Line | None) -> Iterable[Figure]:
    """How soon `line` is where `base` ends, and how much sooner than `base` at that and on the way there."""
    if base is None:
        return
    target = maths.best(base.values, falling=line.falls)
    missed = _missing(line, target)
    yield _reached(line, target, f"where {base.name} ends")
    if line is base:
        return
    how = f"isotonic fit; against {base.name}"
    for level, ratio in maths.speed_up_curve(line.values, base.values, count=TARGETS, falling=line.falls):
        yield _figure(f"speed-up to {level:.4g}", ratio, line, how)
    final = maths.speed_up(line.values, base.values, target, falling=line.falls)
    yield _figure(f"speed-up to {target:.4g}", final, line, f"{how}, where it ends", missed)
    if line.by_flops and base.by_flops:
        spent, other = _spent(line, target), _spent(base, target)
        charged = None if spent is None or other is None else other / spent
        how = f"{how}, where it ends; FLOPs of training and preparation"
        yield _figure(f"speed-up with the bill to {target:.4g}", charged, line, how, missed)


def _half_way(line: _Line, lines: Sequence[_Line]) -> Figure:
    """How soon `line` is half way from where the first of `lines` begins to the best value of all."""
    worse, better = (max, min) if line.falls else (min, max)
    start = worse(one.values[0][1] for one in lines)
    end = better(maths.best(one.values, falling=line.falls) for one in lines)
    return _reached(line, (start + end) / 2, f"{HALF_WAY} from the worst first value of all series to the best value")


def _reached(line: _Line, target: float, where: str) -> Figure:
    reached = maths.tokens_to(line.values, target, falling=line.falls)
    return _figure(
        f"{line.curve.unit} to {target:.4g}", reached, line, f"isotonic fit; {where}", _missing(line, target)
    )


def _missing(line: _Line, target: float) -> str:
    """Why `line` has no place of `target`, where it has none."""
    end = maths.best(line.values, falling=line.falls)
    return "past it at its first point" if (end < target if line.falls else end > target) else "not reached"


def _spent(line: _Line, target: float) -> float | None:
    """The FLOPs that it takes to come to `target`, and all that had to be spent before."""
    trained = maths.tokens_to(line.by_flops, target, falling=line.falls)
    return None if trained is None else trained + line.prepared


def _law(line: _Line) -> Iterable[Figure]:
    """The power law of a falling curve after its first tenth, in which a learning rate still rises; or why none is."""
    if not line.falls or len(line.curve.points) < FEWEST_POINTS:
        return
    tail = [(at, value) for at, value in line.values if at * SKIPPED > line.values[-1][0]]
    found: dict[str, float | None] = dict.fromkeys(("power law L0", SCALE, "power law beta"))
    how, why = f"L0 + (B / {line.curve.unit})^beta after the first tenth", "too few points"
    if len(tail) >= FEWEST_POINTS:
        try:
            law = maths.power_law(tail)
            why = maths.law_fault(tail, law) or ""
        except ValueError:
            why = "it does not fall like one"
        if not why:
            found = {"power law L0": law.L0 or None, SCALE: law.B, "power law beta": law.beta}
            how, why = f"{how}, residual {law.rms:.2g}", "at its bound, 0"
    for name, value in found.items():
        yield _figure(name, value, line, how, why)


def _figure(name: str, value: float | None, line: _Line, method: str, missed: str = "not reached") -> Figure:
    """A figure of all of `line`; `missed` says why there is no value."""
    return Figure(
        name=name,
        value=value,
        n=len(line.curve.points),
        low=None,
        high=None,
        method=method if value is not None else f"{missed}; {method}",
    )


def _over_seeds(drawn: Sequence[Curve], against: str | None) -> list[Curve]:
    """For each recipe with runs of several seeds a curve without points: means over the seeds, with intervals."""
    recipes: dict[str, list[Curve]] = {}
    for curve in drawn:
        if recipe := recipe_of(curve.series):
            recipes.setdefault(recipe, []).append(curve)
    return [
        replace(
            seeds[0],
            series=f"{name} ({len(seeds)} seeds)",
            points=(),
            figures=summary([curve.figures for curve in seeds], against),
            excluded=(),
        )
        for name, seeds in recipes.items()
        if len(seeds) >= FEWEST_SEEDS
    ]


def summary(seeds: Sequence[Sequence[Figure]], against: str | None) -> tuple[Figure, ...]:
    """What the curves of several seeds come to together, of the figures that each of them has.

    How soon a curve is where `against` ends is one figure, although each seed may end elsewhere.
    """
    known = [{figure.name.rpartition(" to ")[0] or figure.name: figure for figure in figures} for figures in seeds]
    return tuple(
        (_ratio_over_seeds if name == SCALE else over_seeds)(
            name if figure.name == name else f"{name} to {HALF_WAY if against is None else f'where {against} ends'}",
            [one[name].value for one in known],
            missing=" or ".join(dict.fromkeys(_missed(one[name]) for one in known if one[name].value is None)),
        )
        for name, figure in known[0].items()
        if all(name in one for one in known)
    )


def _ratio_over_seeds(name: str, values: Sequence[float | None], missing: str) -> Figure:
    """As `over_seeds`, of a figure whose seeds differ by factors: their geometric mean."""
    found = over_seeds(name, [None if value is None else math.log(value) for value in values], missing)
    if found.value is None:
        return found
    value, low, high = (None if one is None else math.exp(one) for one in (found.value, found.low, found.high))
    return replace(found, value=value, low=low, high=high, method=f"{found.method}, of logarithms")


def _missed(figure: Figure) -> str:
    """Why there is no value, as `_figure` says it."""
    return figure.method.partition(";")[0]
