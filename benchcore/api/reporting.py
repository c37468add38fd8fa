"""`report`: the page that shows runs, what was found between them and their samples; written, kept up or served."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchcore import catalog
from benchcore.api.comparing import compare
from benchcore.api.gating import gate
from benchcore.api.run_folders import (
    CONTRIBUTIONS,
    curve_names,
    existing,
    finished,
    is_last,
    meant,
    read_contributions,
    series_of,
    training_of,
)
from benchcore.api.series import curves
from benchcore.comparison.differences import Comparisons
from benchcore.comparison.report import GateReport
from benchcore.comparison.samples import StoredJournal, shared_samples
from benchcore.config import CompareConfig, GateConfig, ReportConfig
from benchcore.errors import ConfigError, MachineError
from benchcore.journal import FILE
from benchcore.records import Curve, RunRecord, TaskRecord
from benchcore.report.model import Page
from benchcore.report.server import Server, Shown
from benchcore.skill_graph import FILE as GRAPH
from benchcore.skill_graph import SkillGraph, read_graph
from benchcore.store import read_config, read_record, replace_file

DEFAULT = ReportConfig()
PAGE = Path("report.html")
FEW = 3  # runs that a title names
POLL = 2.0  # seconds between looks at a run that goes on
SHARE = 0.1  # of the time that writing the page may take

Stamp = tuple[tuple[str, int, int], ...]
"""Each file that a page is made of with its time and size: another page where they are others."""


def page(runs: Sequence[str], config: ReportConfig = DEFAULT) -> Page:
    """What there is to show of `runs`: run folders, directories of them, patterns, or accepted baselines.

    Runs are compared as `compare` does, and of a series the one with the most steps is shown. A run that is not
    complete is shown with its counts and the samples that have answers. With a margin the one run beside the baseline
    is judged as `gate` does.
    Raises `ConfigError` for what is no run, for settings that cannot be meant and for a file that is no skill graph.
    """
    return _made(_gathered(runs, config), config)


def write(made: Page, config: ReportConfig = DEFAULT) -> list[Path]:
    """Write the page, the figures, or both, as `config` says, and return the files.

    Whoever reads the page finds all of it or that of before. Raises `MachineError` where the files cannot be written
    and `MissingExtra` where figures are asked for and matplotlib is not installed.
    """
    files = []
    out = config.out or (None if config.plots or config.serve else PAGE)
    try:
        if out is not None:
            out.parent.mkdir(parents=True, exist_ok=True)
            replace_file(out, _html(made, served=False).encode(errors="replace"))
            files.append(out)
        if config.plots is not None:
            from benchcore.report.plots import figures, save

            config.plots.mkdir(parents=True, exist_ok=True)
            files += save(figures(made), config.plots, config.format)
    except OSError as error:
        raise MachineError(f"cannot write {error.filename or out}: {error.strerror}") from error
    return files


def report(runs: Sequence[str], config: ReportConfig = DEFAULT) -> tuple[Page, list[Path]]:
    """Make the page of `runs` and write it, as `page` and `write` do."""
    made = page(runs, config)
    return made, write(made, config)


def watch(
    runs: Sequence[str], config: ReportConfig, *, wait: Callable[[float], None] = time.sleep
) -> Iterator[tuple[Page, list[Path]]]:
    """Write the page now and whenever the runs have gone on, until all are complete: each with its files.

    Journals are looked at every `POLL` seconds, and less often where the page takes long to write.
    """
    seen: Stamp | None = None
    took = 0.0
    while True:
        found = _gathered(runs, config)
        if found.stamp != seen:
            started = time.monotonic()
            made = _made(found, config)
            yield made, write(made, config)
            if made.complete:
                return
            seen, took = found.stamp, time.monotonic() - started
        wait(max(POLL, took / SHARE))


def serve(runs: Sequence[str], config: ReportConfig) -> Server:
    """A server of the page on this machine alone, bound but not yet serving; the page is made anew as the runs go on.

    Raises `MachineError` where the port is taken.
    """

    def shown() -> Shown:
        found = _gathered(runs, config)
        made = _made(found, config)
        return Shown(page=_html(made, served=True), folders=found.shown, labels=made.labels, tasks=tuple(made.samples))

    return Server(shown, lambda: tuple(_stamp(_given(runs, config)[0], config)), port=config.port)


def _html(made: Page, *, served: bool) -> str:
    from benchcore.report.page import render

    return render(made, served=served)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gathered:
    """The runs that are meant, the `baseline` first: `finished` ones, and those to be `shown`.

    Shown are those that lack answers or grades too, but of a series only the last. `stamp` is of everything that was
    found.
    """

    finished: tuple[Path, ...]
    shown: tuple[Path, ...]
    baseline: Path | None
    records: tuple[RunRecord, ...]
    stamp: Stamp


def _given(runs: Sequence[str], config: ReportConfig) -> tuple[list[Path], Path | None]:
    """The run folders and baseline files that are meant, each once and the baseline first; and the baseline."""
    baseline = None if config.baseline is None else existing(config.baseline)
    given = [path for run in runs for path in meant(run)]
    if not given:
        raise ConfigError("no run is given to report on", "give run folders, or a directory of them")
    if baseline is not None:
        given = [baseline, *(path for path in given if not path.samefile(baseline))]
    return list({path.resolve(): path for path in given}.values()), baseline


def _gathered(runs: Sequence[str], config: ReportConfig) -> _Gathered:
    folders, baseline = _given(runs, config)
    stamp = tuple(_stamp(folders, config))  # before anything is read, so that what is written later makes another page
    complete, _ = finished(folders)
    records = {path: record for path in complete if path.is_dir() and (record := read_record(path))}
    return _Gathered(
        finished=tuple(complete),
        shown=tuple(path for path in folders if path == baseline or is_last(records.get(path), records.values())),
        baseline=baseline,
        records=tuple(records.values()),
        stamp=stamp,
    )


def _stamp(folders: Iterable[Path], config: ReportConfig) -> Iterator[tuple[str, int, int]]:
    given = list(folders)
    beside = (run / CONTRIBUTIONS for run in _trainings(given))
    for path in (*given, *_graphs(given, config), *beside):
        for file in (path / FILE, path / f"{FILE}-wal", path / "run.json") if path.is_dir() else (path,):
            try:
                found = file.stat()
            except FileNotFoundError:
                continue
            yield str(file), found.st_mtime_ns, found.st_size


def _made(found: _Gathered, config: ReportConfig) -> Page:
    compared = _compared(found, config)
    sides = iter(compared.runs)
    known = {side.label for side in compared.runs}
    wanted = {one.task for one in catalog.expand(config.tasks)}
    labels, records = [], []
    for path in found.shown:
        if path in found.finished:
            side = next(sides)
            label, record = side.label, side.record
        else:
            label, record = str(path) if path.name in known else path.name, _so_far(path)
            known.add(label)
        labels.append(label)
        tasks = tuple(task for task in record.tasks if not wanted or task.task in wanted)
        records.append(replace(record, tasks=tasks))
    names = dict.fromkeys(task.task for record in records for task in record.tasks)
    return Page(
        title=config.title or _title(labels, against=found.baseline is not None),
        records=tuple(records),
        labels=tuple(labels),
        found=compared,
        gate=_judged(found, config),
        curves=_curves(found, compared, wanted),
        samples={name: partial(shared_samples, found.shown, name) for name in names},
        complete=len(labels) == len(compared.runs),
        graph=_graph(found, config),
        contributions=tuple(one for run in _trainings(found.shown) for one in read_contributions(run)),
    )


def _compared(found: _Gathered, config: ReportConfig) -> Comparisons:
    """What `compare` finds between the complete runs, against the baseline where that and another one are."""
    unfinished = tuple(str(path) for path in found.shown if path not in found.finished)
    if not found.finished:
        return Comparisons(runs=(), baseline=None, contests=(), unfinished=unfinished)
    against = found.baseline if found.baseline in found.finished and len(found.finished) > 1 else None
    asked = CompareConfig(baseline=None if against is None else str(against), tasks=config.tasks, across=config.across)
    return replace(compare([str(path) for path in found.finished], asked), unfinished=unfinished)


def _judged(found: _Gathered, config: ReportConfig) -> GateReport | None:
    """The verdict on the one run beside the baseline; None without a margin, and until both are complete."""
    if config.margin is None and not config.margins:
        return None
    if found.baseline is None:
        raise ConfigError("a margin is that of a drop from a baseline", "pass --baseline too")
    others = [path for path in found.shown if path != found.baseline]
    if len(others) != 1:
        raise ConfigError(
            f"a margin judges one run against the baseline, and {len(others)} are given", "give one run beside it"
        )
    if not {*others, found.baseline} <= {*found.finished}:
        return None
    asked = GateConfig(
        baseline=(str(found.baseline),),
        tasks=config.tasks,
        margin=config.margin,
        margins=config.margins,
        early_stop="none",
    )
    return gate(str(others[0]), asked)


def _curves(found: _Gathered, compared: Comparisons, wanted: Collection[str]) -> tuple[Curve, ...]:
    """The learning curves of all series that are shown, with speed-ups against that of the baseline."""
    names = curve_names(found.records)
    ours = [replace(record, series=names.get(series_of(record))) for record in found.records]
    base = None if compared.baseline is None else names.get(series_of(compared.runs[0].record))
    return tuple(one for one in curves(ours, base) if not wanted or one.task in wanted)


def _graph(found: _Gathered, config: ReportConfig) -> SkillGraph | None:
    """The graph of skills that is asked for, or else the one that the training runs have, unless they have several."""
    graphs = {read_graph(file) for file in _graphs(found.shown, config)}
    return graphs.pop() if len(graphs) == 1 else None


def _graphs(folders: Iterable[Path], config: ReportConfig) -> list[Path]:
    """The files of the graphs that are shown: the one asked for, or those that training runs keep."""
    if config.graph is not None:
        return [config.graph]
    return [run / GRAPH for run in _trainings(folders) if (run / GRAPH).is_file()]


def _trainings(folders: Iterable[Path]) -> list[Path]:
    """The training runs whose held-out losses are in `folders`, each once."""
    return list(dict.fromkeys(run for folder in folders if (run := training_of(folder))))


def _so_far(folder: Path) -> RunRecord:
    """The record of a run that lacks answers or grades: its counts as they stand, and figures of closed tasks alone."""
    config = read_config(folder)
    place = config["checkpoint"]
    with StoredJournal(folder) as journal:
        closed = {record.task: record for record in journal.closed_tasks()}
        tasks = [
            closed.get(name) or _counts(journal, name, settings) for name, settings in sorted(config["tasks"].items())
        ]
        engine = journal.engine()
    return RunRecord(
        run=folder.name,
        checkpoint=place["path"],
        series=place.get("series"),
        step=place.get("step"),
        tokens=place.get("tokens"),
        model_digest=config["run"]["weights"],
        engine=engine,
        versions={},
        tasks=tuple(tasks),
        complete=False,
        bill=place.get("bill", {}),
    )


def _counts(journal: StoredJournal, name: str, settings: Mapping[str, Any]) -> TaskRecord:
    totals = journal.totals(name)
    return TaskRecord(
        task=name,
        version=settings["version"],
        data=settings["data"],
        grader=journal.grader(name),
        settings=settings,
        isolation=journal.isolation(name),
        figures=(),
        **asdict(totals),
    )


def _title(labels: Sequence[str], *, against: bool) -> str:
    shown = labels[1:] if against and len(labels) > 1 else labels
    runs = ", ".join(shown) if len(shown) <= FEW else f"{len(shown)} runs"
    return f"{runs} against {labels[0]}" if against and len(labels) > 1 else f"Results of {runs}"
