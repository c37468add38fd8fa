"""Learning curves as tables: a figure over tokens or steps, and what each curve comes to."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from benchcore.records import Curve, Figure, RunRecord, TaskRecord, digest, is_rate
from benchcore.report.diagnostics import diagnostics
from benchcore.report.results import MARK, results_table
from benchcore.report.sparkline import sparkline
from benchcore.report.table import Cell, Column, Row, Table

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
    """Two tables for each figure of each task: its points, a column a series, and what the curves come to."""
    alike: dict[tuple[str, str, str], list[Curve]] = {}
    for curve in curves:
        alike.setdefault((curve.task, curve.figure, curve.unit), []).append(curve)
    tables = []
    for (task, figure, unit), same in alike.items():
        tables.append(_points(f"Learning curve of {task}, {figure}", unit, [one for one in same if one.points]))
        if summary := _summary(f"What the curves of {task}, {figure} come to", same):
            tables.append(summary)
    return tables


def _points(title: str, unit: str, curves: Sequence[Curve]) -> Table:
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
