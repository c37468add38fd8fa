"""Looking without evaluating: tasks and their requests, run folders, and what this machine can do."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchcore import catalog
from benchcore.api.pool import GradingPool
from benchcore.api.rules import under_asked
from benchcore.api.summary import REPORTED, versions
from benchcore.api.work import Work, check_limit, data_folder, data_for, prepare, wants_texts
from benchcore.catalog import Listing, Suite
from benchcore.checkpoint import cache_folder
from benchcore.engines.choice import choose
from benchcore.errors import BenchcoreError, ConfigError
from benchcore.graders.sandbox import SAFE, Level, survey
from benchcore.plan import plain
from benchcore.records import Figure, Generation, Grade, Request, Scoring, Verdict
from benchcore.store import read_config, read_record, run_folders

PASSED = (Verdict.RIGHT, Verdict.MEASURED)  # what a reference may be graded


def tasks() -> list[Listing]:
    """Every task with its first docstring line and its variants; no task file is executed."""
    return catalog.listing()


def suites() -> list[Suite]:
    """Every suite with its tasks and its rule set."""
    return list(catalog.suites().values())


def show_task(name: str, *, limit: int | None = None, data: Path | None = None) -> Iterator[dict[str, Any]]:
    """The task's requests as they would be asked: id, trial, prompt, stop, max_tokens, temperature, target, key.

    Of a task that is scored the continuations stand instead of stop, max_tokens and temperature.
    """
    task = catalog.load_task(name)
    work = prepare(task, data_for(task, data), limit)
    target = {sample.id: sample.target for sample in work.samples}
    for request in work.requests:
        yield {
            "id": request.sample,
            "trial": request.trial,
            "prompt": plain(request.prompt),
            **_asked(request),
            "target": target[request.sample],
            "key": request.key,
        }


def _asked(request: Request) -> dict[str, Any]:
    if isinstance(request, Scoring):
        return {"continuations": list(request.continuations)}
    assert isinstance(request, Generation)
    decode = request.decode
    return {"stop": list(decode.stop), "max_tokens": decode.max_tokens, "temperature": decode.temperature}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The oracle check of one task: of `samples`, which references failed and which empty answers passed.

    `grader` is the name of the grader, with its rule set; a task that is `scored` has no empty answers; `trouble` is
    why the check could not be made, for instance missing data.
    """

    task: str
    grader: str
    samples: int
    reference_not_right: tuple[str, ...] = ()
    empty_not_wrong: tuple[str, ...] = ()
    scored: bool = False
    trouble: str | None = None

    @property
    def passed(self) -> bool:
        """Whether the check was made and found nothing."""
        return self.trouble is None and not self.reference_not_right and not self.empty_not_wrong


def check_tasks(
    names: Sequence[str] = (),
    *,
    rules: str | None = None,
    data: Path | None = None,
    limit: int | None = None,
    unsafe_code: bool = False,
) -> Iterator[Check]:
    """Prove tasks one by one: ids are unique, the reference answer is graded right and an empty one wrong.

    A suite stands for its tasks under its rule set, and `rules` replaces that or a task's own. With no `names` all
    tasks are proved that have data of their own.
    """
    check_limit(limit)
    everything = [
        name for one in catalog.listing() for name in (one.name, *(f"{one.name}@{variant}" for variant in one.variants))
    ]
    named = catalog.expand(names or everything)
    tasks = [catalog.load_task(one.task) for one in named]
    for task, _ in under_asked(tasks, named, rules):
        if not names and wants_texts(task):
            continue
        try:
            yield _check(prepare(task, data_for(task, data), limit, unsafe_code=unsafe_code))
        except ConfigError:
            raise
        except BenchcoreError as error:
            yield Check(task=task.name, grader=task.grader.name, samples=0, trouble=str(error))


def _check(work: Work) -> Check:
    task = work.task
    found: list[Grade] = []
    with GradingPool() as pool, pool.serving([work], found.append):
        for sample in work.samples:
            pool.submit(task, sample, sample.id, task.grader.reference(sample))
            if task.decode is not None:  # scores are never empty
                pool.submit(task, sample, sample.id, "")
    references, empty = (found[::2], found[1::2]) if task.decode is not None else (found, [])
    return Check(
        task=task.name,
        grader=task.grader.name,
        samples=len(work.samples),
        scored=task.decode is None,
        reference_not_right=tuple(grade.request for grade in references if grade.verdict not in PASSED),
        empty_not_wrong=tuple(grade.request for grade in empty if grade.value != 0.0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunListing:
    """One run folder: its tasks; where the run is complete, the headline figure of each and its grader."""

    run: str
    step: int | None
    tasks: tuple[str, ...]
    engine: str
    complete: bool
    figures: Mapping[str, Figure]
    graders: Mapping[str, str]


def runs(out: Path = Path("runs")) -> list[RunListing]:
    """The run folders below `out`, those of a training run in step order.

    Raises `ConfigError` when the folder does not exist.
    """
    if not out.is_dir():
        raise ConfigError(f"there is no folder {out}", "give the --out of an evaluation")
    found = []
    for folder in run_folders(out):
        config = read_config(folder)
        record = read_record(folder)
        found.append(
            RunListing(
                run=str(folder),
                step=config["checkpoint"].get("step"),
                tasks=tuple(sorted(config["tasks"])),
                engine=config["run"]["engine"],
                complete=record is not None,
                figures={task.task: task.figures[0] for task in (record.tasks if record else ()) if task.figures},
                graders={task.task: task.grader for task in (record.tasks if record else ())},
            )
        )
    return sorted(found, key=lambda one: (one.step is not None, one.run if one.step is None else "", one.step or 0))


def doctor(*, data: Path | None = None) -> dict[str, Any]:
    """What is installed, which engine auto means and why, which isolation works, where each task's data is found.

    Each level of isolation is entered, and a real program in it tries to break out.
    """
    where = data_folder(data)
    engine, reason = choose("auto")
    found = []
    for listing in catalog.listing():
        task = catalog.load_task(listing.name)
        found.append({"task": task.name, "data": task.rows.where(where)})
    levels = [survey(level) for level in Level]
    return {
        "versions": versions(),
        "missing": [name for name in REPORTED if name not in versions()],
        "engine": {"auto": engine, "because": reason},
        "gpu": shutil.which("nvidia-smi") is not None,
        "isolation": {
            "level": next((one.level.value for one in levels if one.works and one.level in SAFE), None),
            "levels": {
                one.level.value: {"works": one.works, "reason": one.reason, "layers": one.layers, "probes": one.probes}
                for one in levels
            },
        },
        "data_folder": None if where is None else str(where),
        "data": found,
        "cache": str(cache_folder()),
    }
