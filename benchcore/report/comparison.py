"""The table of a comparison: runs side by side, their differences from the baseline, and the best in bold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from benchcore.comparison.arms import Arm, alone
from benchcore.comparison.differences import Comparisons, Contest, Result
from benchcore.records import Figure, is_rate
from benchcore.report.bill import bill_columns
from benchcore.report.comparison_notes import NOT_COMPARED, comparison_notes
from benchcore.report.table import Cell, Column, Row, Table

BASELINE = "baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """What one row is about: a run, or the runs of an arm; those of the arm above are of a deeper `level`."""

    arm: Arm
    level: int = 0

    @property
    def label(self) -> str:
        return self.arm.label


def comparison_table(
    found: Comparisons, layout: str = "long", title: str | None = None, *, seeds: bool = False
) -> Table:
    """A row for each run of each figure, or with the layout "wide" a row for each run.

    Runs of one recipe that differ in the seed alone are one row, with means over the seeds; with `seeds` a row for
    each of them follows it.
    Columns of the long layout: task, figure, run, value with interval, n; with a baseline the difference from it and
    p. Those of the wide one: run, then each figure of each task; with a baseline its difference. After them, where any
    run has them: the mean of the learning curve, speed-ups, and the recipe's bill.
    Rates are in percent, their differences in points. What is not compared says so in its place, and why in a note;
    methods are named in notes.
    """
    lines = _lines(found, seeds=seeds)
    contests = list(_contests(found, lines))
    make = _wide if layout == "wide" else _long
    columns, rows = make(found, contests, lines)
    bill, amounts = bill_columns([line.arm.bill() for line in lines])
    return Table(
        title=title or _title(found),
        columns=(*columns, *bill),
        rows=tuple(
            Row(cells=(*row, *amounts[at % len(lines)]), level=lines[at % len(lines)].level)
            for at, row in enumerate(rows)
        ),
        notes=tuple(comparison_notes(found, contests, layout, seeds=seeds)),
    )


def _lines(found: Comparisons, *, seeds: bool) -> list[_Line]:
    if not found.arms:
        return [_Line(arm=alone(side)) for side in found.runs]
    lines = []
    for arm in found.arms:
        lines.append(_Line(arm=arm))
        if seeds and arm.seeds > 1:
            lines += [_Line(arm=alone(side), level=1) for side in arm.sides]
    return lines


def _contests(found: Comparisons, lines: Sequence[_Line]) -> Iterator[Contest]:
    """The contests with the results of the rows that are shown, in their order."""
    if not found.arms:
        yield from found.contests
        return
    singles = {(single.task, single.figure): single for single in found.contests}
    for over in found.over_seeds:
        single = singles[over.task, over.figure]
        runs = (replace(result, best=False) for result in single.results)  # the best is one of the rows over seeds
        results = {result.run: result for result in (*runs, *over.results)}
        yield replace(over, results=tuple(results[line.label] for line in lines))


def _title(found: Comparisons) -> str:
    rows = found.arms or found.runs
    others = len(rows) - (found.baseline is not None)
    what = "recipes" if all(isinstance(row, Arm) and row.seeds > 1 for row in rows) else "runs"
    many = f"{others} {what}" if others > 1 else f"a {what[:-1]}"
    return f"Comparison of {many}" if found.baseline is None else f"Comparison of {many} with {found.baseline}"


def _long(
    found: Comparisons, contests: Sequence[Contest], lines: Sequence[_Line]
) -> tuple[list[Column], list[list[Cell]]]:
    against = found.baseline is not None
    curves = _curve_titles(found, contests)
    columns = [
        Column(title="task", merges=True),
        Column(title="figure", merges=True),
        Column(title="run", merges=True, indents=any(line.level for line in lines)),
        Column(title="value"),
        Column(title="n", align="right"),
        *([Column(title="difference"), Column(title="p", align="right")] if against else []),
        *(Column(title=title, spills=True) for title in curves),
    ]
    rows = []
    for contest in contests:
        for result in contest.results:
            compared = [_difference(found, result, result.reason), Cell(content=_p(result.p))]
            rows.append(
                [
                    Cell(content=contest.task),
                    Cell(content=contest.figure),
                    Cell(content=result.run),
                    _value(result, f"{NOT_COMPARED}: {result.reason}"),
                    Cell(content=str(result.figure.n) if result.figure else None),
                    *(compared if against else []),
                    *_curve_cells(found, contest, result, curves),
                ]
            )
    return columns, rows


def _wide(
    found: Comparisons, contests: Sequence[Contest], lines: Sequence[_Line]
) -> tuple[list[Column], list[list[Cell]]]:
    columns = [Column(title="run", merges=True, indents=any(line.level for line in lines))]
    rows = [[Cell(content=line.label)] for line in lines]
    for contest in contests:
        curves = _curve_titles(found, [contest])
        of = f"{contest.task}, " if len(contests) > 1 else ""
        columns.append(Column(title=f"{contest.task}, {contest.figure}"))
        columns += [Column(title=f"{of}difference", spills=True)] if found.baseline is not None else []
        columns += [Column(title=f"{of}{title}", spills=True) for title in curves]
        for row, result in zip(rows, contest.results, strict=True):
            row.append(_value(result, NOT_COMPARED))
            row += [_difference(found, result)] if found.baseline is not None else []
            row += _curve_cells(found, contest, result, curves)
    return columns, rows


def _value(result: Result, instead: str) -> Cell:
    if result.figure is None:
        return Cell(content=instead, loud=True)
    return Cell(content=result.figure, percent=is_rate(result.figure.name), bold=result.best)


def _difference(found: Comparisons, result: Result, reason: str = "") -> Cell:
    if result.run in (found.baseline, *found.defenders):
        return Cell(content=BASELINE)
    if result.difference is None:
        why = f": {reason}" if reason and result.figure else ""  # else it stands in the value's place
        return Cell(content=f"{NOT_COMPARED}{why}", loud=True)
    return Cell(content=result.difference, percent=is_rate(result.difference.name), difference=True)


def _p(p: float | None) -> str | None:
    return None if p is None else "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def _curve_title(figure: Figure) -> str:
    """The column of a figure of a curve; speed-ups have one together, whatever the level that they are to."""
    return figure.name.partition(" to ")[0]


def _curve_titles(found: Comparisons, contests: Sequence[Contest]) -> list[str]:
    names = {(contest.task, contest.figure) for contest in contests}
    rows = {result.run for contest in contests for result in contest.results}
    figures = [
        one for (run, *about), known in found.curves.items() if tuple(about) in names and run in rows for one in known
    ]
    return list(dict.fromkeys(sorted(map(_curve_title, figures))))


def _curve_cells(found: Comparisons, contest: Contest, result: Result, titles: Sequence[str]) -> Iterator[Cell]:
    figures = found.curves.get((result.run, contest.task, contest.figure), ()) if result.figure else ()
    # why there is no value is said in a word or two; the notes have the rest
    known = {
        _curve_title(one): one if one.value is not None else replace(one, method=one.method.partition(";")[0])
        for one in figures
    }
    for title in titles:
        percent = title in known and title.startswith("AUC") and is_rate(contest.figure)
        yield Cell(content=known.get(title), percent=percent)
