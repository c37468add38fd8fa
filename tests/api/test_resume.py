"""Running again: what is stored is never asked again, whatever ended the run before."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from benchcore import Completion, EvalConfig, Request, RunRecord, Verdict, evaluate
from benchcore.engines import Pulse
from benchcore.errors import MachineError, RunMismatch
from benchcore.records import Fault
from benchcore.store import Store, read_record
from benchcore.testing import CannedEngine

Stub = Callable[..., Path]
Write = Callable[..., str]

pytestmark = pytest.mark.usefixtures("at_home")


def number(request: Request) -> int:
    return int(request.sample.removeprefix("s"))


def correct(request: Request) -> str:
    return str(number(request) + 1)


def correct_below(limit: int) -> Callable[[Request], str]:
    return lambda request: correct(request) if number(request) < limit else "no idea"


def run(checkpoint: Path, tasks: str, canned: Any, **settings: Any) -> RunRecord:
    (record,) = evaluate([str(checkpoint)], EvalConfig(tasks=(tasks,), **settings), engine=canned).records
    return record


def accuracy(record: RunRecord) -> float | None:
    return record.tasks[0].figures[0].value


def stored(folder: Path, what: str = "request, text") -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "run.db")) as db:
        return db.execute(f"SELECT rowid, {what} FROM completions ORDER BY rowid").fetchall()


def test_a_finished_run_loads_no_engine_and_keeps_its_record(
    stub_checkpoint: Stub, write_task: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, path = stub_checkpoint(), write_task()
    first = run(folder, path, CannedEngine(correct))
    written = Path("runs/model/run.json").read_bytes()
    monkeypatch.setattr("benchcore.__version__", "99")
    engine = CannedEngine(correct)
    assert run(folder, path, engine) == first
    assert engine.entered == 0 and engine.asked == []
    assert Path("runs/model/run.json").read_bytes() == written


def test_a_record_lost_from_a_finished_run_is_made_again_without_engine(
    stub_checkpoint: Stub, write_task: Write
) -> None:
    folder, path = stub_checkpoint(), write_task()
    first = run(folder, path, CannedEngine(correct))
    Path("runs/model/run.json").unlink()
    engine = CannedEngine(correct)
    assert run(folder, path, engine) == first == read_record(Path("runs/model"))
    assert engine.entered == 0


class Dying(CannedEngine):
    """Dies after so many answers."""

    def __init__(self, answers: int, error: BaseException) -> None:
        super().__init__(correct)
        self.answers = answers
        self.error = error

    def answer(self, requests: Sequence[Request], pulse: Pulse) -> Iterator[Completion]:
        for count, completion in enumerate(super().answer(requests, pulse)):
            if count == self.answers:
                raise self.error
            yield completion


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (RuntimeError("CUDA out of memory\nTried to allocate"), MachineError),
        (MachineError("the server hung up"), MachineError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
@pytest.mark.parametrize("answers", [0, 3, 7])
def test_an_engine_that_dies_loses_nothing_and_nothing_is_asked_twice(
    stub_checkpoint: Stub, write_task: Write, answers: int, error: BaseException, seen: type[BaseException]
) -> None:
    folder, path = stub_checkpoint(), write_task()
    with pytest.raises(seen) as raised:
        run(folder, path, Dying(answers, error))
    if isinstance(error, RuntimeError):
        assert "the engine died: RuntimeError: CUDA out of memory; run the same command again" in str(raised.value)
    before = stored(Path("runs/model"))
    assert len(before) == answers
    assert read_record(Path("runs/model")) is None
    engine = CannedEngine(correct)
    record = run(folder, path, engine)
    assert record.complete and accuracy(record) == 1.0
    assert len(engine.asked) == 8 - answers
    assert stored(Path("runs/model"))[:answers] == before


def test_a_fault_leaves_the_run_incomplete_and_is_asked_again(stub_checkpoint: Stub, write_task: Write) -> None:
    folder, path = stub_checkpoint(), write_task()
    fault = Fault(kind="lost", message="the replica went away")
    record = run(folder, path, CannedEngine(lambda request: fault if number(request) == 3 else correct(request)))
    (task,) = record.tasks
    assert not record.complete and task.figures == ()
    assert (task.faults, task.graded, task.completions) == (1, 7, 8)
    assert not Path("runs/model/run.json").exists()
    engine = CannedEngine(correct)
    again = run(folder, path, engine)
    assert again.complete and accuracy(again) == 1.0 and again.tasks[0].faults == 0
    assert len(engine.asked) == 1


def test_a_grader_that_raises_is_an_error_and_never_a_wrong_answer(stub_checkpoint: Stub, write_task: Write) -> None:
    folder, path = stub_checkpoint(), write_task()
    record = run(folder, path, CannedEngine(lambda request: "boom" if number(request) == 3 else correct(request)))
    (task,) = record.tasks
    assert not record.complete and task.figures == ()
    assert task.verdicts == {"error": 1, "right": 7} and task.graded == 7
    with Store(Path("runs/model")) as store:
        (grade,) = [grade for _, grade in store.grades("sums") if grade.verdict is Verdict.ERROR]
    assert grade.fault is not None and grade.fault.kind == "ArithmeticError" and grade.value is None
    engine = CannedEngine(correct)
    assert not run(folder, path, engine).complete
    assert engine.entered == 0, "only the grader is tried again"


def test_another_grader_grades_stored_completions_again_without_engine(
    stub_checkpoint: Stub, write_task: Write
) -> None:
    folder = stub_checkpoint()
    run(folder, write_task(), CannedEngine(correct))
    engine = CannedEngine(correct)
    record = run(folder, write_task(grader="same@2"), engine)
    assert engine.entered == 0
    assert record.complete and record.tasks[0].grader == "same@2"
    with Store(Path("runs/model")) as store:
        assert {grade.grader for _, grade in store.grades("sums")} == {"same@2"}


def test_a_task_is_added_later_and_what_was_known_of_the_first_stays(stub_checkpoint: Stub, write_task: Write) -> None:
    folder = stub_checkpoint()
    first = write_task("first", isolation={"files": "read-only"})
    second = write_task("second", prompt="How much is ", samples=3)
    run(folder, first, CannedEngine(correct))
    engine = CannedEngine(correct_below(1))
    record = run(folder, second, engine)
    assert len(engine.asked) == 3
    assert [(task.task, task.figures[0].value) for task in record.tasks] == [("first", 1.0), ("second", 1 / 3)]
    assert record.complete and [task.isolation for task in record.tasks] == [{"files": "read-only"}, {}]
    both = run(folder, f"{first},{second}", engine)
    assert both == record and engine.entered == 1


@pytest.mark.parametrize(
    ("changes", "config", "key"),
    [
        ({"version": 2}, {}, "version"),
        ({"samples": 9}, {}, "data"),
        ({"stop": ("\n", ".")}, {}, "stop"),
        ({"max_tokens": 9}, {}, "max_tokens"),
        ({}, {"limit": 3}, "limit"),
        ({}, {"temperature": 0.5}, "temperature"),
        ({}, {"dtype": "float16"}, "dtype"),
        ({"prompt": "Please say "}, {}, "prompt"),
    ],
)
def test_another_run_in_the_same_folder_is_refused(
    stub_checkpoint: Stub, write_task: Write, changes: dict[str, Any], config: dict[str, Any], key: str
) -> None:
    folder = stub_checkpoint()
    run(folder, write_task(), CannedEngine(correct))
    before = stored(Path("runs/model"))
    engine = CannedEngine(correct)
    with pytest.raises(RunMismatch, match=key):
        run(folder, write_task(**changes), engine, **config)
    assert engine.entered == 0
    assert stored(Path("runs/model")) == before
    assert run(folder, write_task(), engine).complete and engine.entered == 0


def test_answers_of_two_engine_families_are_not_mixed(stub_checkpoint: Stub, write_task: Write) -> None:
    folder = stub_checkpoint()
    run(folder, write_task(), CannedEngine(correct))
    other = CannedEngine(correct)
    other.family = "another"
    with pytest.raises(RunMismatch, match="engine is 'canned' there and 'another' now"):
        run(folder, write_task(), other)


def test_another_metric_gives_other_figures_without_an_engine(stub_checkpoint: Stub, write_task: Write) -> None:
    folder = stub_checkpoint()
    first = run(folder, write_task(), CannedEngine(correct_below(3)))
    engine = CannedEngine(correct)
    second = run(folder, write_task(metrics="pass_at()"), engine)
    assert engine.entered == 0
    assert [record.tasks[0].figures[0].name for record in (first, second)] == ["accuracy", "pass@1"]
    assert first.tasks[0].figures[0].value == second.tasks[0].figures[0].value == 3 / 8


def test_answers_of_white_space_count_as_empty(stub_checkpoint: Stub, write_task: Write) -> None:
    record = run(stub_checkpoint(), write_task(stop=()), CannedEngine(lambda request: "\n \t\n"))
    assert record.tasks[0].empty == 8


def test_changed_weights_are_refused(stub_checkpoint: Stub, write_task: Write) -> None:
    folder, path = stub_checkpoint(), write_task()
    run(folder, path, CannedEngine(correct))
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    with pytest.raises(RunMismatch, match=r"weights is .* there and .* now"):
        run(folder, path, CannedEngine(correct))
