"""`evaluate` with a canned engine: figures by hand, for tasks and checkpoints, groups and trials."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchcore import Completion, EvalConfig, Figure, Request, RunRecord, evaluate
from benchcore.checkpoint import Checkpoint
from benchcore.engines import Pulse
from benchcore.errors import CheckpointError, ConfigError
from benchcore.records import Fault
from benchcore.store import read_record
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


def figure(record: RunRecord, name: str = "accuracy", group: str | None = None, task: int = 0) -> Figure:
    (found,) = [one for one in record.tasks[task].figures if (one.name, one.group) == (name, group)]
    return found


def test_figures_and_counts_are_those_worked_out_by_hand(stub_checkpoint: Stub, write_task: Write) -> None:
    record = run(stub_checkpoint("m"), write_task(), CannedEngine(correct_below(6)))
    (task,) = record.tasks
    assert record.complete and record.run == "m" and task.task == "sums"
    assert (task.requests, task.completions, task.graded, task.faults) == (8, 8, 8, 0)
    assert task.verdicts == {"right": 6, "wrong": 2}
    accuracy = figure(record)
    assert (accuracy.value, accuracy.n) == (0.75, 8)
    # Wilson, p = 6/8, z = 1.959964: centre (p + z2/2n) / (1 + z2/n), by hand
    assert accuracy.low == pytest.approx(0.409275, abs=1e-6)
    assert accuracy.high == pytest.approx(0.928521, abs=1e-6)
    assert (task.tokens_in, task.tokens_out) == (8 * 6, 6 * 1 + 2 * 2)
    assert record == read_record(Path("runs/m"))
    assert record.engine["family"] == "canned"


def test_groups_have_figures_of_their_own(stub_checkpoint: Stub, write_task: Write) -> None:
    path = write_task(group="('even', 'odd')[number % 2]")
    record = run(stub_checkpoint(), path, CannedEngine(correct_below(5)))
    assert [(one.group, one.value, one.n) for one in record.tasks[0].figures] == [
        (None, 0.625, 8),
        ("even", 0.75, 4),
        ("odd", 0.5, 4),
    ]


def test_trials_give_pass_at_k_worked_out_by_hand(stub_checkpoint: Stub, write_task: Write) -> None:
    path = write_task(samples=2, temperature=1.0, trials=4, metrics="pass_at(1, 2), accuracy()")
    engine = CannedEngine(lambda request: correct(request) if request.trial <= number(request) else "")
    record = run(stub_checkpoint(), path, engine)
    # of four trials the first problem has one right, the second two: pass@2 = 1 - C(3,2)/C(4,2), 1 - C(2,2)/C(4,2)
    assert figure(record, "pass@1").value == pytest.approx((1 / 4 + 2 / 4) / 2)
    assert figure(record, "pass@2").value == pytest.approx((1 / 2 + 5 / 6) / 2)
    assert figure(record, "accuracy").value == pytest.approx(3 / 8)
    assert record.tasks[0].empty == 5
    assert len(set(engine.asked)) == 8


def test_settings_given_win_over_the_tasks_own(stub_checkpoint: Stub, write_task: Write) -> None:
    seen: list[Request] = []
    engine = CannedEngine(lambda request: (seen.append(request), correct(request))[1])
    record = run(stub_checkpoint(), write_task(), engine, limit=2, trials=3, temperature=0.5, top_p=0.9)
    assert [(request.sample, request.trial) for request in seen] == [
        (f"s{sample}", trial) for sample in range(2) for trial in range(3)
    ]
    assert {(request.decode.temperature, request.decode.top_p) for request in seen} == {(0.5, 0.9)}
    assert len({request.seed for request in seen}) == 6
    assert record.tasks[0].settings["limit"] == 2


def test_trials_of_a_greedy_task_are_refused(stub_checkpoint: Stub, write_task: Write) -> None:
    engine = CannedEngine(correct)
    with pytest.raises(ConfigError, match="10 trials at temperature 0 are the same text 10 times"):
        run(stub_checkpoint(), write_task(), engine, trials=10)
    assert engine.entered == 0 and not Path("runs").exists()


def test_two_tasks_are_asked_in_one_go(stub_checkpoint: Stub, write_task: Write) -> None:
    engine = CannedEngine(correct)
    paths = f"{write_task('first')}, {write_task('second', samples=2)}"
    record = run(stub_checkpoint(), paths, engine)
    assert engine.entered == 1 and len(engine.asked) == 10
    assert [task.requests for task in record.tasks] == [8, 2]


def test_two_tasks_of_one_name_are_refused(stub_checkpoint: Stub, write_task: Write, tmp_path: Path) -> None:
    path = Path(write_task())
    (tmp_path / "sums.py").write_text(path.read_text())
    with pytest.raises(ConfigError, match="two of the tasks are called 'sums'"):
        run(stub_checkpoint(), f"{path},{tmp_path / 'sums.py'}", CannedEngine(correct))


def test_each_checkpoint_of_a_directory_has_a_run_of_its_own(stub_checkpoint: Stub, write_task: Write) -> None:
    for step in (100, 20):
        stub_checkpoint(f"step-{step}", where="train", weights=bytes([step, 0, 0, 0]))
    runs = stub_checkpoint("step-300", where="train").parent
    (runs / "step-300" / "model.safetensors").unlink()
    result = evaluate([str(runs)], EvalConfig(tasks=(write_task(),)), engine=CannedEngine(correct))
    assert [(record.run, record.step) for record in result.records] == [("train-step-20", 20), ("train-step-100", 100)]
    assert len({record.model_digest for record in result.records}) == 2
    assert [skipped.path.name for skipped in result.skipped] == ["step-300"]


def test_two_checkpoints_of_one_name_are_refused(stub_checkpoint: Stub, write_task: Write) -> None:
    folders = [str(stub_checkpoint(where=where)) for where in ("a", "b")]
    with pytest.raises(ConfigError, match="have the same name, and would share a run folder"):
        evaluate(folders, EvalConfig(tasks=(write_task(),)), engine=CannedEngine(correct))
    once = evaluate([folders[0]] * 2, EvalConfig(tasks=(write_task(),)), engine=CannedEngine(correct))
    assert len(once.records) == 1


class Shuffled(CannedEngine):
    """Answers in another order."""

    def __init__(self, order: list[int]) -> None:
        super().__init__(correct_below(10))
        self.order = order

    def answer(self, requests: Sequence[Request], pulse: Pulse) -> Iterator[Completion]:
        return super().answer([requests[at] for at in self.order], pulse)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(15)))
def test_figures_do_not_depend_on_the_order_of_answers(
    tmp_path_factory: pytest.TempPathFactory,
    write_task: Write,
    stub_checkpoint: Stub,
    tmp_path: Path,
    order: list[int],
) -> None:
    folder = tmp_path / "checkpoints" / "model"
    folder = folder if folder.is_dir() else stub_checkpoint()
    path = write_task(samples=15, group="f'g{number % 3}'")
    record = run(folder, path, Shuffled(order), out=tmp_path_factory.mktemp("order"))
    assert [(one.group, one.value, one.n) for one in record.tasks[0].figures] == [
        (None, 10 / 15, 15),
        ("g0", 4 / 5, 5),
        ("g1", 3 / 5, 5),
        ("g2", 3 / 5, 5),
    ]


class Picky(CannedEngine):
    """Does not load checkpoints called "bad"."""

    def swap(self, checkpoint: Checkpoint) -> bool:
        return False

    def __call__(self, checkpoint: Any, config: EvalConfig) -> "CannedEngine":
        if checkpoint.name == "bad":
            raise CheckpointError("it does not load")
        return self


def test_a_checkpoint_that_does_not_load_costs_none_of_the_others(stub_checkpoint: Stub, write_task: Write) -> None:
    folders = [str(stub_checkpoint(name)) for name in ("a", "bad", "c")]
    found = evaluate(folders, EvalConfig(tasks=(write_task(),)), engine=Picky(correct))
    assert [record.run for record in found.records] == ["a", "c"]
    assert [(one.path.name, one.reason) for one in found.failed] == [("bad", "it does not load")]


def test_only_tasks_that_were_asked_for_can_be_unfinished(stub_checkpoint: Stub, write_task: Write) -> None:
    folder = str(stub_checkpoint("m"))
    broken = CannedEngine(lambda request: Fault(kind="engine", message="no"))
    first = evaluate([folder], EvalConfig(tasks=(write_task("never"),)), engine=broken)
    second = evaluate([folder], EvalConfig(tasks=(write_task("sums"),)), engine=CannedEngine(correct))
    assert first.unfinished == ("m: never",)
    assert second.unfinished == () and not second.records[0].complete
