"""Learning curves as tables: a figure over tokens or steps, and what each curve comes to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchcore.records import Curve, Figure, RunRecord, TaskRecord, digest, is_rate
from benchcore.report.diagnostics import diagnostics
from benchcore.report.results import MARK, results_table
from benchcore.report.sparkline import sparkline
from benchcore.report.table import Cell, Column, Row, Table

MOST = 12  # groups whose points are shown
FEWEST = 3  # steps of which a sparkline says more than the two numbers beside it


def last_results(records: Sequence[RunRecord], curves: Sequence[Curve]) -> Table:
    """The results of each series' last checkpoint, and of what belongs to none; what is loud elsewhere is a note."""
    series = {curve.series for curve in curves}
    last = {record.series: record for record in records}
    shown = [record for record in records if record.series not in series or record is last[record.series]]
    notes = [
        f"{MARK} {record.run}, {task.task}: {', '.join(found)}."
        for record in records
        if record not in shown
        for task in record.tasks
        if (found := [one.words for one in diagnostics(task) if one.loud])
    ]
    table = results_table(shown)
    return replace(table, notes=(*table.notes, *notes))


def curve_tables(curves: Sequence[Curve]) -> list[Table]:
    """Two tables for each figure of each task: its points, a column a series, and what the curves come to.

    Where it has groups, when each of them was learnt stands below; and of up to `MOST` groups what their curves come
    to, and their points.
    """
    alike: dict[tuple[str, str, str], dict[str | None, list[Curve]]] = {}
    for curve in curves:
        alike.setdefault((curve.task, curve.figure, curve.unit), {}).setdefault(curve.group, []).append(curve)
    tables = []
    for (task, figure, unit), groups in alike.items():
        title = f"{task}, {figure}"
        if whole := groups.pop(None, []):
            tables.append(_points(f"Learning curve of {title}", unit, whole))
            if summary := _summary(f"What the curves of {title} come to", whole):
                tables.append(summary)
        named = {str(group): same for group, same in groups.items()}
        if named:
            tables.append(_learnt(f"When each skill was learnt: {title}", unit, named))
        if 0 < len(named) <= MOST:
            tables.append(_means(f"What the curves of the groups of {title} come to", named))
            tables += [_points(f"Learning curve of {title}, {group}", unit, same) for group, same in named.items()]
    return tables


def _points(title: str, unit: str, given: Sequence[Curve]) -> Table:
    curves = [one for one in given if one.points]
    places = sorted({at for curve in curves for at, _ in curve.points})
    found = [dict(curve.points) for curve in curves]
    several = len(curves) > 1
    rows = [
        Row(
            cells=(
                Cell(content=f"{at:,}"),
                *(Cell(content=one.get(at), percent=at in one and is_rate(one[at].name)) for one in found),
                *(() if several else (Cell(content=str(found[0][at].n)),)),
            )
        )
        for at in places
    ]
    heads = [Column(title=curve.series) for curve in curves]
    number = [] if several else [Column(title="n", align="right")]
    notes = [
        f"No point of {curve.series}: {', '.join(curve.excluded)} (no value, or no place on the axis)."
        for curve in curves
        if curve.excluded
    ]
    columns = (Column(title=unit, align="right"), *heads, *number)
    return Table(title=title, columns=columns, rows=tuple(rows), notes=tuple(notes))


def _summary(title: str, curves: Iterable[Curve]) -> Table | None:
    rows = [
        Row(
            cells=(
                Cell(content=curve.series),
                Cell(content=figure.name),
                Cell(content=figure, percent=figure.name.startswith("AUC") and is_rate(curve.figure)),
                Cell(content=str(figure.n)),
                Cell(content=None if figure.value is None else figure.method),
            )
        )
        for curve in curves
        for figure in curve.figures
    ]
    if not rows:
        return None
    columns = (
        Column(title="series", merges=True),
        Column(title="figure"),
        Column(title="value"),
        Column(title="n", align="right"),
        Column(title="method"),
    )
    return Table(title=title, columns=columns, rows=tuple(rows))


def _learnt(title: str, unit: str, groups: Mapping[str, Sequence[Curve]]) -> Table:
    """A row a group, a column a series: how soon the group's curve is where the baseline, or half of its way, ends."""
    names = list(dict.fromkeys(curve.series for same in groups.values() for curve in same))
    rows = []
    ends: dict[str, None] = {}
    for group, same in groups.items():
        found = {
            curve.series: figure for curve in same for figure in curve.figures if figure.name.startswith(f"{unit} to ")
        }
        rows.append(Row(cells=(Cell(content=group), *(_shortly(found.get(name)) for name in names))))
        each = (found[curve.series] for curve in same if curve.points and curve.series in found)
        ends |= dict.fromkeys(figure.method.rpartition("; ")[2] for figure in each)
    how = f"Number of {unit} after which the isotonic fit of a group's curve is {' or '.join(ends)}."
    columns = (Column(title="skill"), *(Column(title=name, align="right") for name in names))
    return Table(title=title, columns=columns, rows=tuple(rows), notes=(how,))


def _means(title: str, groups: Mapping[str, Sequence[Curve]]) -> Table:
    """A row for each group and series: the mean of its curve over the logarithm of the axis, and its last speed-ups."""
    found = [
        (group, curve, {figure.name.partition(" to ")[0]: figure for figure in curve.figures})
        for group, same in groups.items()
        for curve in same
    ]
    kinds = dict.fromkeys(
        kind for _, _, figures in found for kind in figures if kind.startswith(("AUC over log-", "speed-up"))
    )
    rows = []
    methods: dict[str, None] = {}
    for group, curve, figures in found:
        percent = is_rate(curve.figure)
        cells = (_shortly(figures.get(kind), percent=percent and kind.startswith("AUC")) for kind in kinds)
        rows.append(Row(cells=(Cell(content=group), Cell(content=curve.series), *cells)))
        known = {kind: figures[kind] for kind in kinds if kind in figures}
        methods |= {f"{kind}: {figure.method}.": None for kind, figure in known.items() if figure.value is not None}
    columns = (Column(title="skill", merges=True), Column(title="series"), *(Column(title=kind) for kind in kinds))
    return Table(title=title, columns=columns, rows=tuple(rows), notes=tuple(methods))


def _shortly(figure: Figure | None, *, percent: bool = False) -> Cell:
    """A figure of a curve; where it has no value, why in few words."""
    if figure is not None and figure.value is None:
        figure = replace(figure, method=figure.method.partition(";")[0])
    return Cell(content=figure, percent=percent)


def trends(records: Sequence[RunRecord]) -> Table | None:
    """A row for the headline figure of each task along each series: its first and last value, and a sparkline.

    Only steps that were run alike stand in one row. None where there are not three of any.
    """
    alike: dict[str, list[tuple[RunRecord, TaskRecord, Figure]]] = {}
    for record in records:
        for task in record.tasks if record.series is not None and record.step is not None else ():
            if task.figures and task.figures[0].value is not None:
                asked = (task.task, task.version, task.data, task.grader, dict(task.settings))
                key = digest(record.series, str(Path(record.checkpoint).parent), task.figures[0].name, *asked)
                alike.setdefault(key, []).append((record, task, task.figures[0]))
    rows = []
    for steps in alike.values():
        if len(steps) >= FEWEST:
            steps.sort(key=lambda step: step[0].step or 0)
            (record, task, first), (_, _, last) = steps[0], steps[-1]
            texts = (str(record.series), task.task, first.name, str(len(steps)))
            ends = (Cell(content=figure, percent=is_rate(figure.name)) for figure in (first, last))
            widths = [one.high - one.low for _, _, one in steps if one.high is not None and one.low is not None]
            line = sparkline([figure.value for _, _, figure in steps], max(widths, default=0.0))
            rows.append(Row(cells=(*(Cell(content=text) for text in texts), *ends, Cell(content=line))))
    if not rows:
        return None
    columns = (
        *(Column(title=title, merges=True) for title in ("series", "task", "figure")),
        Column(title="steps", align="right"),
        *(Column(title=title) for title in ("first", "last")),
        Column(title="curve", spills=True),
    )
    return Table(title="Series from their first step to their last", columns=columns, rows=tuple(rows))
