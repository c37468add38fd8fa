"""Tables of what a page's figures rest on: what went wrong, what was measured, and how."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchcore.records import RunRecord, TaskRecord
from benchcore.report.diagnostics import diagnostics
from benchcore.report.model import Page
from benchcore.report.results import MARK
from benchcore.report.table import Cell, Column, Row, Table


def diagnostics_table(page: Page) -> Table:
    """A row for each task of each run. Columns: task, run, answered, verdicts, found; what is loud has a note."""
    columns = (
        Column(title="task", merges=True),
        Column(title="run", merges=True),
        Column(title="answered", align="right"),
        Column(title="verdicts"),
        Column(title="found"),
    )
    names = dict.fromkeys(task.task for record in page.records for task in record.tasks)
    rows = [
        _diagnosed(label, task)
        for name in names
        for label, record in zip(page.labels, page.records, strict=True)
        for task in record.tasks
        if task.task == name
    ]
    return Table(title="Answers and grades", columns=columns, rows=tuple(rows))


def _diagnosed(label: str, task: TaskRecord) -> Row:
    found = diagnostics(task)
    answered = f"{task.completions:,} of {task.requests:,}"
    words = ", ".join(f"{MARK} {one.words}" if one.loud else one.words for one in found)
    verdicts = ", ".join(f"{name} {count:,}" for name, count in task.verdicts.items())
    cells = (
        Cell(content=task.task),
        Cell(content=label),
        Cell(content=answered, loud=task.completions < task.requests),
        Cell(content=verdicts or None),
        Cell(content=words or "nothing", loud=any(one.loud for one in found)),
    )
    return Row(cells=cells, notes=tuple(f"{MARK} {task.task} of {label}: {one.sentence}" for one in found if one.loud))


def provenance_table(page: Page) -> Table:
    """A column for each run; rows: folder, checkpoint, digest of the weights, place in its series, engine, versions."""
    facts: list[Callable[[RunRecord], Mapping[str, Any]]] = [
        lambda run: {
            "run": run.run,
            "checkpoint": run.checkpoint,
            "weights": run.model_digest,
            "series": run.series,
            "step": run.step,
            "tokens": run.tokens,
        },
        lambda run: {f"engine {key}": value for key, value in run.engine.items()},
        lambda run: {f"version of {key}": value for key, value in run.versions.items()},
        lambda run: {f"bill: {key}": value for key, value in run.bill.items()},
    ]
    rows = [row for fact in facts for row in _sides([fact(record) for record in page.records])]
    columns = (Column(title="what"), *(Column(title=label) for label in page.labels))
    return Table(title="Where each run comes from", columns=columns, rows=tuple(rows))


def settings_table(page: Page) -> Table:
    """A column for each run; rows: the version, data, grader, settings and isolation of each task."""
    rows = []
    for name in dict.fromkeys(task.task for record in page.records for task in record.tasks):
        sides = [next((_settings(task) for task in record.tasks if task.task == name), {}) for record in page.records]
        rows += [Row(cells=(Cell(content=name), *row.cells)) for row in _sides(sides)]
    columns = (
        Column(title="task", merges=True),
        Column(title="setting"),
        *(Column(title=label) for label in page.labels),
    )
    return Table(title="How each task was run", columns=columns, rows=tuple(rows))


def _settings(task: TaskRecord) -> dict[str, Any]:
    isolation = {f"isolation {layer}": state for layer, state in task.isolation.items()}
    return {"version": task.version, "data": task.data, "grader": task.grader, **task.settings, **isolation}


def _sides(sides: Sequence[Mapping[str, Any]]) -> list[Row]:
    """A row for each name that any side has a value of."""
    names = dict.fromkeys(name for side in sides for name in side)
    return [
        Row(cells=(Cell(content=name), *(Cell(content=_text(side.get(name))) for side in sides)))
        for name in names
        if any(side.get(name) is not None for side in sides)
    ]


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        return ", ".join(map(repr, value)) or "none"
    return f"{value:,}" if type(value) is int else str(value)
