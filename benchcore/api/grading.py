"""`grade`: grade again what a run stored; `grade_samples`: grade completions made elsewhere."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from benchcore import catalog
from benchcore.api.pool import GradingPool
from benchcore.api.rules import under, where_known
from benchcore.api.summary import close_run, task_record
from benchcore.api.work import RunsPrograms, Work, data_for, prepare
from benchcore.data.source import numbered_rows
from benchcore.errors import ConfigError, DataError, MachineError, RunIncomplete, nearest
from benchcore.journal import Totals
from benchcore.records import Grade, RunRecord, Sample, TaskRecord, Verdict
from benchcore.store import Store, read_config
from benchcore.task import Task

Watch = Callable[[int], None]
NAMED = 4  # ids named in a message before it says "and more"


def grade(
    run: Path,
    *,
    rules: str | None = None,
    data: Path | None = None,
    unsafe_code: bool = False,
    watch: Watch = lambda graded: None,
) -> RunRecord:
    """Grade every stored completion of the run folder `run` again, with today's graders and no engine.

    `rules` is the rule set for those tasks whose graders know it, from now on; without it each task keeps the
    one that it was graded under. `unsafe_code` runs programs even where nothing can confine them.
    Raises `ConfigError` if `run` is no run folder or no task in it knows `rules`, `RunMismatch` if a task, its
    data or its prompts are others now.
    """
    config = read_config(run)
    files = config.get("task_files", {})
    tasks = {
        name: catalog.load_task(files.get(name, name)).override(
            **{key: chosen.get(key) for key in ("trials", "temperature", "top_p", "seed")}
        )
        for name, chosen in config["tasks"].items()
    }
    used = dict(config.get("rules", {}))
    if rules is not None:
        known = where_known(list(tasks.values()), rules)
        used |= {name: rules for name, task in zip(tasks, known, strict=True) if task is not None}
    tasks |= {name: under(tasks[name], chosen) for name, chosen in used.items()}
    work = [
        prepare(task, data_for(task, data), config["tasks"][name].get("limit"), unsafe_code=unsafe_code)
        for name, task in tasks.items()
    ]
    with Store(run) as store:
        store.adopt(config["run"], {item.task.name: item.settings for item in work}, rules=used)
        for item in work:
            store.register(item.samples, item.requests)
        graded = 0

        def accept(found: Grade) -> None:
            nonlocal graded
            graded += 1
            store.add_grade(found)
            watch(graded)

        watch(0)  # references are checked before the first grade
        with GradingPool() as pool, pool.serving(work, accept):
            for item in work:
                store.reopen(item.task.name)
                store.use_isolation(item.task.name, item.task.grader.isolation(), anew=True)
                pool.submit_stored(store, item, store.answered(item.task.name))
        return close_run(store, work)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleGrades:
    """Grades of completions made elsewhere: the task's record, and remarks on what the file held."""

    record: TaskRecord
    notes: tuple[str, ...]


def grade_samples(
    file: Path,
    task: str,
    *,
    id_field: str = "task_id",
    text_field: str = "completion",
    whole: bool = False,
    rules: str | None = None,
    out: Path | None = None,
    data: Path | None = None,
    unsafe_code: bool = False,
    watch: Watch = lambda graded: None,
) -> SampleGrades:
    """Grade the completions in a JSON Lines file; a repeated id is another trial of that sample.

    With `whole` each text is a whole program, not a continuation of the prompt. `rules` is another rule set than
    the task's own. `unsafe_code` runs programs even where nothing can confine them. `out` gets one JSON line
    a completion, in the file's order: the input row's id, its trial, and the grade. Raises `DataError` with
    the line number for a malformed row or an unknown id, and `RunIncomplete` when samples of the task are
    missing from the file: the grades are written, but there is no figure for a part of a task.
    """
    if out is not None and out.exists() and file.exists() and out.samefile(file):
        raise ConfigError(f"--out {out} is the file of completions itself", "give the grades a file of their own")
    chosen = catalog.load_task(task)
    if chosen.decode is None:
        raise ConfigError(f"{task} asks for likelihoods, which no file of texts holds", "run benchcore eval")
    if whole:
        chosen = _whole(chosen)
    if rules is not None:
        chosen = under(chosen, rules)
    work = prepare(chosen, data_for(chosen, data), None, unsafe_code=unsafe_code)
    samples = work.by_id()
    fields = (id_field, text_field)
    # a fault in the last line, or a sample that is missing, must not cost the grading of all others
    found = {name for name, _ in _texts(file, fields, samples, chosen.name)}
    if out is None:
        _refuse_missing(file, chosen.name, [name for name in samples if name not in found], len(samples))
    grades: dict[str, list[Grade]] = {name: [] for name in samples}
    kept: dict[Grade, Grade] = {}
    verdicts: Counter[str] = Counter()
    empty = 0
    with _writer(out) as write:

        def accept(found: Grade) -> None:
            name = found.request
            verdicts[found.verdict] += 1
            write({"id": name, "trial": len(grades[name]), **msgspec.to_builtins(found)})
            # only what figures need is kept, and once, so that memory hardly grows with the file
            few = Grade(request=name, value=found.value, verdict=found.verdict, grader=found.grader)
            grades[name].append(kept.setdefault(few, few))
            watch(verdicts.total())

        watch(0)  # references are checked before the first grade
        with GradingPool() as pool, pool.serving([work], accept):
            for name, text in _texts(file, fields, samples, chosen.name):
                empty += not text.strip()
                pool.submit(chosen, samples[name], name, text)
    return _judge(work, grades, verdicts, empty, file)


def _texts(file: Path, fields: tuple[str, str], samples: Mapping[str, Sample], task: str) -> Iterator[tuple[str, str]]:
    """(sample id, text) of each row. Raises `DataError` with the line number for a row that is not as it should be."""
    for number, row in numbered_rows(file):
        where = f"{file}, line {number}"
        name = str(_field(row, fields[0], where, "--id"))
        text = _field(row, fields[1], where, "--text")
        if not isinstance(text, str):
            raise DataError(f"{where}: the field {fields[1]!r} is not text but {type(text).__name__}")
        if name not in samples:
            raise DataError(f"{where}: the task {task} has no sample {name!r}", nearest(name, samples))
        yield name, text


def _refuse_missing(file: Path, task: str, absent: Sequence[str], total: int) -> None:
    if absent:
        raise RunIncomplete(
            f"{file} has completions for {total - len(absent)} of the {total} samples of {task};"
            f" missing: {_some(absent)}",
            "add them: there is no figure for a part of a task (--out FILE keeps the grades of what is there)",
        )


def _judge(work: Work, grades: dict[str, list[Grade]], verdicts: Counter[str], empty: int, file: Path) -> SampleGrades:
    _refuse_missing(file, work.task.name, [name for name, found in grades.items() if not found], len(grades))
    counts = {len(found) for found in grades.values()}
    notes = []
    if len(counts) > 1:
        notes.append(f"samples have unequal numbers of trials, from {min(counts)} to {max(counts)}")
    total = verdicts.total()
    totals = Totals(
        requests=total,
        completions=total,
        faults=0,
        graded=total - verdicts[Verdict.ERROR],
        truncated=None,
        empty=empty,
        near_ties=None,
        tokens_in=None,
        tokens_out=None,
        verdicts=dict(sorted(verdicts.items())),
    )
    # how texts made elsewhere were decoded is not known
    known = {name: work.settings[name] for name in ("version", "data")}
    isolation = work.task.grader.isolation()
    record = task_record(replace(work, settings=known), totals, list(grades.values()), isolation)
    return SampleGrades(record=record, notes=tuple(notes))


def _whole(task: Task) -> Task:
    if not isinstance(task.grader, RunsPrograms):
        raise ConfigError(f"--whole is for tasks graded by running a program, and {task.name} is not")
    return replace(task, grader=task.grader.whole())


def _field(row: Mapping[str, Any], name: str, where: str, flag: str) -> Any:
    if name not in row:
        raise DataError(f"{where}: there is no field {name!r}", f"{nearest(name, row)} (name it with {flag})")
    return row[name]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


@contextmanager
def _writer(out: Path | None) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """A function that writes one JSON line to `out`, or does nothing where there is none."""
    if out is None:
        yield lambda row: None
        return

    def write(row: Mapping[str, Any]) -> None:
        # in ASCII: a text may hold half a surrogate pair, which no encoding takes
        with _writing(out):
            print(json.dumps(row), file=stream)

    with _writing(out):
        stream = out.open("w", encoding="utf-8")
    try:
        yield write
    finally:
        with _writing(out):
            stream.close()


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MachineError(f"cannot write {out}: {error.strerror or error}") from error
