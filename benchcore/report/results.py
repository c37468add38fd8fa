"""The table of results: every figure of one or more runs, and what is wrong with them in words."""

import re
from collections.abc import Iterable, Sequence

from benchcore.records import Figure, RunRecord, TaskRecord, is_loss, is_rate
from benchcore.report.diagnostics import diagnostics
from benchcore.report.table import Cell, Column, Row, Table

MARK = "!"
RULES = re.compile(r"^\w+\(((?:value\+|published:)[^()]+)\)")
UNCONFINED = "process"  # the level of isolation that isolates nothing
COLUMNS = (
    Column(title="task", merges=True),
    Column(title="figure", indents=True),
    Column(title="value"),
    Column(title="n", align="right"),
    Column(title="method"),
    Column(title="diagnostics", merges=True, spills=True),
)


def results_table(records: Sequence[RunRecord]) -> Table:
    """A row for each figure of each task of each run, in the order given; figures of a group are indented.

    Columns: checkpoint (with several runs), task, figure, value with interval, n, method, diagnostics.
    Rates are in percent. A task with unanswered requests shows how many instead of figures. A diagnostic
    that puts its figures in doubt is marked "!" and explained in a note, as is a task that was not run
    with the same version, data, grader, settings and isolation in all runs.
    """
    several = len(records) > 1
    labels = _labels(records)
    rows = [
        row
        for label, record in zip(labels, records, strict=True)
        for task in record.tasks
        for row in _task_rows(task, label if several else "")
    ]
    return Table(
        title=_title(records),
        columns=(Column(title="checkpoint", merges=True), *COLUMNS) if several else COLUMNS,
        rows=tuple(rows),
        notes=(
            *_lower(task for record in records for task in record.tasks),
            *_ruled(task for record in records for task in record.tasks),
            *_confined(task for record in records for task in record.tasks),
            *_unlike(records),
            *_unfinished(records),
        ),
    )


def tasks_table(title: str, tasks: Sequence[TaskRecord], notes: Sequence[str] = ()) -> Table:
    """The same rows for tasks that belong to no run."""
    rows = tuple(row for task in tasks for row in _task_rows(task, ""))
    return Table(
        title=title, columns=COLUMNS, rows=rows, notes=(*notes, *_lower(tasks), *_ruled(tasks), *_confined(tasks))
    )


def _task_rows(task: TaskRecord, label: str) -> list[Row]:
    """The rows of `task`; `label` names the checkpoint where the table has a column for it, else it is empty."""
    found = diagnostics(task)
    words = ", ".join(f"{MARK} {one.words}" if one.loud else one.words for one in found)
    about = f"{task.task} of {label}" if label else task.task
    notes = tuple(f"{MARK} {about}: {one.sentence}" for one in found if one.loud)
    head = (*([Cell(content=label)] if label else []), Cell(content=task.task))
    tail = Cell(content=words or None, loud=bool(notes))

    if unfinished := _unfinished_task(task):
        cells = (*head, Cell(), Cell(content=unfinished, loud=True), Cell(), Cell(), tail)
        return [Row(cells=cells, notes=notes)]
    rows = []
    for figure, name, level in _in_order(task.figures):
        method = None if figure.value is None else figure.method
        value = Cell(content=figure, percent=is_rate(figure.name))
        cells = (*head, Cell(content=name), value, Cell(content=str(figure.n)), Cell(content=method), tail)
        rows.append(Row(cells=cells, level=level, notes=notes))
    return rows


def _in_order(figures: Sequence[Figure]) -> Iterable[tuple[Figure, str, int]]:
    """Each figure with its shown name and level: a figure of the whole task, then its groups below it."""
    whole = {figure.name for figure in figures if figure.group is None}
    for name in dict.fromkeys(figure.name for figure in figures):
        same = [figure for figure in figures if figure.name == name]
        for figure in sorted(same, key=lambda figure: figure.group is not None):
            if figure.group is None:
                yield figure, name, 0
            else:
                yield figure, figure.group if name in whole else f"{name}, {figure.group}", int(name in whole)


def _unfinished_task(task: TaskRecord) -> str:
    if task.completions < task.requests:
        return f"incomplete ({task.completions} of {task.requests} answered)"
    if task.figures:
        return ""
    if task.graded < task.completions:
        return f"incomplete ({task.graded} of {task.completions} graded)"
    return "no figures"


def _lower(tasks: Iterable[TaskRecord]) -> Iterable[str]:
    """A sentence naming the losses that are shown."""
    shown = dict.fromkeys(figure.name for task in tasks for figure in task.figures if is_loss(figure.name))
    if shown:
        yield f"Lower is better: {', '.join(shown)}."


def _labels(records: Sequence[RunRecord]) -> list[str]:
    """The runs' names, with the checkpoint's path where two runs share one."""
    names = [record.run for record in records]
    return [
        name if names.count(name) == 1 else f"{name} ({record.checkpoint})"
        for name, record in zip(names, records, strict=True)
    ]


def _title(records: Sequence[RunRecord]) -> str:
    if len(records) == 1:
        return f"Results of {records[0].run}"
    return f"Results of {len(records)} runs" if records else "Results: no run"


def _unlike(records: Sequence[RunRecord]) -> Iterable[str]:
    """A sentence for each task that was not run alike in all `records`, naming what differs."""
    runs: dict[str, list[dict[str, object]]] = {}
    for record in records:
        for task in record.tasks:
            fixed = {"version": task.version, "data": task.data, "grader": task.grader}
            runs.setdefault(task.task, []).append({**task.settings, **fixed})
    for name, settings in runs.items():
        keys = dict.fromkeys(key for one in settings for key in one)
        differing = [key for key in keys if any(one.get(key) != settings[0].get(key) for one in settings)]
        if differing:
            yield f"{MARK} {name}: its figures do not compare, for these differ between runs: {', '.join(differing)}."


def rule_set(grader: str) -> str | None:
    """The rule set that a grader's name tells, where it is not the default."""
    return found[1] if (found := RULES.match(grader)) else None


def _ruled(tasks: Iterable[TaskRecord]) -> Iterable[str]:
    """A sentence for each rule set other than the default, naming what was graded under it."""
    names: dict[str, list[str]] = {}
    for task in tasks:
        if (rules := rule_set(task.grader)) and task.task not in names.setdefault(rules, []):
            names[rules].append(task.task)
    for rules, graded in names.items():
        yield f"Graded under the rules {rules}: {', '.join(graded)}."


def _confined(tasks: Iterable[TaskRecord]) -> Iterable[str]:
    """Sentences saying how the programs of a model were confined: loud where not at all, or not alike in all runs."""
    levels: dict[str, list[str]] = {}
    for task in tasks:
        if (level := task.isolation.get("level")) and level not in levels.setdefault(task.task, []):
            levels[task.task].append(level)
    alike: dict[str, list[str]] = {}
    for name, found in levels.items():
        if len(found) == 1:
            alike.setdefault(found[0], []).append(name)
    for level, names in alike.items():
        where = f"Programs of {', '.join(names)} ran at isolation level {level}"
        yield f"{MARK} {where}: nothing but limits held them." if level == UNCONFINED else f"{where}."
    for name, found in levels.items():
        if len(found) > 1:
            yield (
                f"{MARK} {name}: its programs ran at different isolation levels ({', '.join(found)}), which can "
                "change a verdict: grade these runs again on one machine."
            )


def _unfinished(records: Sequence[RunRecord]) -> Iterable[str]:
    for record in records:
        if not record.complete:
            yield f"{MARK} The run {record.run} is not complete: run the same command again to resume it."
