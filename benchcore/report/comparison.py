"""The table of a comparison: runs side by side, their differences from the baseline, and the best in bold."""

from collections.abc import Iterator, Mapping, Sequence

from benchcore.comparison.differences import ALPHA, Comparisons, Contest, Result
from benchcore.comparison.sides import Side
from benchcore.records import Figure, TaskRecord, is_loss, is_rate
from benchcore.report.diagnostics import diagnostics
from benchcore.report.results import MARK, UNCONFINED, rule_set
from benchcore.report.table import Cell, Column, Row, Table

NOT_COMPARED = "not compared"
BASELINE = "baseline"


def comparison_table(found: Comparisons, layout: str = "long", title: str | None = None) -> Table:
    """A row for each run of each figure, or with the layout "wide" a row for each run.

    Columns of the long layout: task, figure, run, value with interval, n; with a baseline the difference from it and
    p. Those of the wide one: run, then each figure of each task; with a baseline its difference. After them, where any
    run has them: means of the learning curve, speed-up, tokens, and the recipe's bill.
    Rates are in percent, their differences in points. What is not compared says so in its place, and why in a note;
    methods are named in notes.
    """
    make = _wide if layout == "wide" else _long
    columns, rows = make(found)
    return Table(
        title=title or _title(found),
        columns=(*columns, *_bill_columns(found.runs)),
        rows=tuple(rows),
        notes=tuple(_notes(found, layout)),
    )


def _title(found: Comparisons) -> str:
    others = len(found.runs) - (found.baseline is not None)
    many = f"{others} runs" if others > 1 else "a run"
    return f"Comparison of {many}" if found.baseline is None else f"Comparison of {many} with {found.baseline}"


def _long(found: Comparisons) -> tuple[list[Column], list[Row]]:
    against = found.baseline is not None
    curves = _curve_titles(found, found.contests)
    columns = [
        Column(title="task", merges=True),
        Column(title="figure", merges=True),
        Column(title="run", merges=True),
        Column(title="value"),
        Column(title="n", align="right"),
        *([Column(title="difference"), Column(title="p", align="right")] if against else []),
        *(Column(title=title, spills=True) for title in curves),
    ]
    rows = []
    for contest in found.contests:
        for result, side in zip(contest.results, found.runs, strict=True):
            compared = [_difference(found, result, result.reason), Cell(content=_p(result.p))]
            cells = (
                Cell(content=contest.task),
                Cell(content=contest.figure),
                Cell(content=result.run),
                _value(result, f"{NOT_COMPARED}: {result.reason}"),
                Cell(content=str(result.figure.n) if result.figure else None),
                *(compared if against else []),
                *_curve_cells(found, contest, result, curves),
                *_bill(side, found.runs),
            )
            rows.append(Row(cells=cells))
    return columns, rows


def _wide(found: Comparisons) -> tuple[list[Column], list[Row]]:
    columns = [Column(title="run")]
    cells = [[Cell(content=side.label)] for side in found.runs]
    for contest in found.contests:
        curves = _curve_titles(found, [contest])
        columns.append(Column(title=f"{contest.task}, {contest.figure}"))
        columns += [Column(title=f"{contest.task}, difference")] if found.baseline is not None else []
        columns += [Column(title=f"{contest.task}, {title}") for title in curves]
        for row, result in zip(cells, contest.results, strict=True):
            row.append(_value(result, NOT_COMPARED))
            row += [_difference(found, result)] if found.baseline is not None else []
            row += _curve_cells(found, contest, result, curves)
    rows = [Row(cells=(*row, *_bill(side, found.runs))) for row, side in zip(cells, found.runs, strict=True)]
    return columns, rows


def _value(result: Result, instead: str) -> Cell:
    if result.figure is None:
        return Cell(content=instead, loud=True)
    return Cell(content=result.figure, percent=is_rate(result.figure.name), bold=result.best)


def _difference(found: Comparisons, result: Result, reason: str = "") -> Cell:
    if result.run == found.baseline:
        return Cell(content=BASELINE)
    if result.difference is None:
        why = f": {reason}" if reason and result.figure else ""  # else it stands in the value's place
        return Cell(content=f"{NOT_COMPARED}{why}", loud=True)
    return Cell(content=result.difference, percent=is_rate(result.difference.name), difference=True)


def _p(p: float | None) -> str | None:
    return None if p is None else "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def _curve_title(figure: Figure) -> str:
    """The column of a figure of a curve; speed-ups have one together, whatever the level that they are to."""
    return "speed-up" if figure.name.startswith("speed-up") else figure.name


def _curve_titles(found: Comparisons, contests: Sequence[Contest]) -> list[str]:
    names = {(contest.task, contest.figure) for contest in contests}
    figures = [one for (_, *about), known in found.curves.items() if tuple(about) in names for one in known]
    return list(dict.fromkeys(sorted(map(_curve_title, figures))))


def _curve_cells(found: Comparisons, contest: Contest, result: Result, titles: Sequence[str]) -> Iterator[Cell]:
    figures = found.curves.get((result.run, contest.task, contest.figure), ()) if result.figure else ()
    known = {_curve_title(figure): figure for figure in figures}
    for title in titles:
        percent = title in known and title.startswith("AUC") and is_rate(contest.figure)
        yield Cell(content=known.get(title), percent=percent)


def _bill_columns(runs: Sequence[Side]) -> list[Column]:
    return [Column(title=name, align="right", spills=True) for name in _bill_names(runs)]


def _bill_names(runs: Sequence[Side]) -> list[str]:
    tokens = ["tokens"] if any(side.record.tokens is not None for side in runs) else []
    return [*tokens, *dict.fromkeys(name for side in runs for name in side.record.bill)]


def _bill(side: Side, runs: Sequence[Side]) -> Iterator[Cell]:
    known: dict[str, float | None] = {"tokens": side.record.tokens, **side.record.bill}
    for name in _bill_names(runs):
        amount = known.get(name)
        yield Cell(content=None if amount is None else _amount(amount))


def _amount(amount: float) -> str:
    """An amount such as 1,000,000 or 1.234e+18: exact where it is a whole number that can be read."""
    if amount == int(amount) and abs(amount) < 1e12:
        return f"{int(amount):,}"
    return f"{amount:.4g}"


def _notes(found: Comparisons, layout: str) -> Iterator[str]:
    yield from _missing(found)
    yield from _unlike(found)
    yield from _confined(found)
    yield from _doubtful(found)
    yield from _methods(found, layout)
    yield from _differences(found, layout)
    rivals = sum(contest.rivals for contest in found.contests)
    if any(result.best for contest in found.contests for result in contest.results):
        yield f"The best is tested with each other run: two-sided, 5 %, after Holm over {_times(rivals, 'test')}."
    shown = dict.fromkeys(contest.figure for contest in found.contests if is_loss(contest.figure))
    if shown:
        yield f"Lower is better: {', '.join(shown)}."
    for side in found.runs:
        if side.repeats > 1:
            yield f"{side.label} is the mean of {side.repeats} repeats."
    yield from _ruled(found)
    yield from _series(found)


def _missing(found: Comparisons) -> Iterator[str]:
    """What is not compared, and why."""
    for contest in found.contests:
        for result in contest.results:
            if result.reason:
                yield f"{MARK} {contest.task}, {contest.figure}: {result.run} is {NOT_COMPARED}: {result.reason}."
    if found.absent:
        yield f"{MARK} No run has {', '.join(found.absent)}."
    for run in found.unfinished:
        yield f"{MARK} {run} is not complete and is left out."


def _unlike(found: Comparisons) -> Iterator[str]:
    """What else is not the same on all sides: the engine, loudly, and what was allowed to differ."""
    for key, name in (("family", "engine"), ("dtype", "number format")):
        used = _by_value({side.label: side.record.engine.get(key) for side in found.runs})
        if len(used) > 1:
            yield (
                f"{MARK} Not all runs have the same {name} ({_listed(used)}): a difference may be in part that of "
                f"the {name}s."
            )
    for setting in found.across:
        for task in dict.fromkeys(contest.task for contest in found.contests):
            used = _by_value({run: _setting(one, setting) for run, one in _records(found, task)})
            if len(used) > 1:
                yield f"{task}: {setting} differs between the runs ({_listed(used)})."


def _confined(found: Comparisons) -> Iterator[str]:
    for task in dict.fromkeys(contest.task for contest in found.contests):
        levels = _by_value({run: level for run, one in _records(found, task) if (level := one.isolation.get("level"))})
        if len(levels) > 1:
            yield (
                f"{MARK} {task}: its programs ran at different isolation levels ({_listed(levels)}), which can change "
                "a verdict: grade these runs again on one machine."
            )
        elif UNCONFINED in levels:
            yield f"{MARK} {task}: its programs ran at isolation level {UNCONFINED}: nothing but limits held them."


def _doubtful(found: Comparisons) -> Iterator[str]:
    """What puts a figure that is shown in doubt."""
    shown = {(one.task, result.run) for one in found.contests for result in one.results if result.figure}
    for side in found.runs:
        for task in side.record.tasks:
            if (task.task, side.label) in shown:
                for one in diagnostics(task):
                    if one.loud:
                        yield f"{MARK} {task.task} of {side.label}: {one.sentence}"


def _methods(found: Comparisons, layout: str) -> Iterator[str]:
    """How the values' intervals were made; in the wide layout, which has no column for it, with n."""
    methods: dict[str, dict[str, None]] = {}
    for contest in found.contests:
        for result in contest.results:
            if result.figure and result.figure.value is not None:
                n = f"n {result.figure.n:,}, " if layout == "wide" else ""
                methods.setdefault(f"{n}{result.figure.method}", {})[contest.task] = None
    yield from _said("Values", methods)


def _differences(found: Comparisons, layout: str) -> Iterator[str]:
    tests = [(one, result) for one in found.contests for result in one.results if result.difference]
    if not tests:
        return
    yield (
        f"Differences are each run less {found.baseline}, problem by problem, with 95 % intervals; p is two-sided, "
        f"after Holm over {_times(len(tests), 'difference')}."
    )
    methods: dict[str, dict[str, None]] = {}
    for contest, result in tests:
        assert result.difference and result.figure
        methods.setdefault(result.difference.method, {})[contest.task] = None
        if result.difference.n != result.figure.n:
            yield f"{contest.task} of {result.run}: the difference is over {result.difference.n:,} problems of both."
    yield from _said("Differences", methods)
    if layout == "wide":  # which has no room for p
        clear = [f"{one.task} of {result.run}" for one, result in tests if result.p is not None and result.p <= ALPHA]
        yield f"Differences with p at most 5 %: {', '.join(clear) or 'none'}."


def _said(what: str, methods: Mapping[str, Mapping[str, None]]) -> Iterator[str]:
    """A sentence for each method; with its places only where there are several."""
    for method, places in methods.items():
        yield f"{what}: {method}" + (f" ({', '.join(places)})." if len(methods) > 1 else ".")


def _ruled(found: Comparisons) -> Iterator[str]:
    shown = {one.task for one in found.contests}
    rules: dict[str, dict[str, None]] = {}
    for side in found.runs:
        for task in side.record.tasks:
            if task.task in shown and (name := rule_set(task.grader)):
                rules.setdefault(name, {})[task.task] = None
    for name, tasks in rules.items():
        yield f"Graded under the rules {name}: {', '.join(tasks)}."


def _series(found: Comparisons) -> Iterator[str]:
    if found.steps:
        listed = ", ".join(f"{name} ({count} runs)" for name, count in found.steps.items())
        yield f"Of a series the run with the most steps is shown: {listed}."
    speeds = [one for known in found.curves.values() for one in known if one.name.startswith("speed-up")]
    if speeds:
        yield (
            f"Speed-up: how many times fewer tokens or steps than the series of {found.baseline} it takes to come to "
            "where that ends."
        )


def _setting(task: TaskRecord, name: str) -> object:
    return getattr(task, name) if name in ("version", "grader") else task.settings.get(name)


def _records(found: Comparisons, task: str) -> Iterator[tuple[str, TaskRecord]]:
    for side in found.runs:
        for record in side.record.tasks:
            if record.task == task:
                yield side.label, record


def _by_value(values: Mapping[str, object]) -> dict[str, list[str]]:
    """Each value as text with the runs that have it."""
    found: dict[str, list[str]] = {}
    for run, value in values.items():
        found.setdefault("not set" if value is None else str(value), []).append(run)
    return found


def _listed(used: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{value}: {', '.join(runs)}" for value, runs in used.items())


def _times(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("s" if count != 1 else "")
