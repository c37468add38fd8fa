"""`grade`: a run folder's completions graded again, with no engine and no checkpoint."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchcore import EvalConfig, Request, evaluate, grade
from benchcore.errors import ConfigError, MachineError, RunMismatch
from benchcore.records import Fault
from benchcore.store import Store, read_record
from benchcore.testing import CannedEngine

Stub = Callable[..., Path]
Write = Callable[..., str]
RUN = Path("runs/model")

pytestmark = pytest.mark.usefixtures("at_home")


def correct(request: Request) -> str:
    return str(int(request.sample.removeprefix("s")) + 1)


def run(checkpoint: Path, task: str, reply: Callable[[Request], str | Fault] = correct) -> None:
    evaluate([str(checkpoint)], EvalConfig(tasks=(task,), limit=4), engine=CannedEngine(reply))


def test_grading_again_with_the_same_grader_changes_no_figure(stub_checkpoint: Stub, write_task: Write) -> None:
    folder = stub_checkpoint()
    run(folder, write_task(group="('even', 'odd')[number % 2]"))
    before = read_record(RUN)
    shutil.rmtree(folder)
    seen: list[int] = []
    assert grade(RUN, watch=seen.append) == before == read_record(RUN)
    assert seen == [0, 1, 2, 3, 4]


def test_todays_grader_replaces_every_grade(stub_checkpoint: Stub, write_task: Write) -> None:
    run(stub_checkpoint(), write_task(), lambda request: "boom")
    assert read_record(RUN) is None
    path = Path(write_task(grader="same@2"))
    path.write_text(path.read_text().replace('if "boom" in text', "if False"))
    record = grade(RUN)
    assert record.complete and record.tasks[0].verdicts == {"wrong": 4} and record.tasks[0].grader == "same@2"


def test_a_variant_of_a_task_file_is_found_again(stub_checkpoint: Stub, write_task: Write) -> None:
    run(stub_checkpoint(), write_task() + "@instruct")
    assert grade(RUN).tasks[0].task == "sums@instruct"


def test_a_task_file_named_by_a_relative_path_is_found_from_elsewhere(
    stub_checkpoint: Stub, write_task: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = stub_checkpoint()
    monkeypatch.chdir(Path(write_task()).parent)
    evaluate([str(folder)], EvalConfig(tasks=("sums.py",), out=tmp_path / "out"), engine=CannedEngine(correct))
    monkeypatch.chdir("/")
    assert grade(tmp_path / "out" / "model").complete


def test_an_incomplete_run_stays_incomplete(stub_checkpoint: Stub, write_task: Write) -> None:
    fault = Fault(kind="lost", message="gone")
    run(stub_checkpoint(), write_task(), lambda request: fault if request.sample == "s2" else correct(request))
    record = grade(RUN)
    assert not record.complete and record.tasks[0].figures == ()
    assert (record.tasks[0].graded, record.tasks[0].faults) == (3, 1)


@pytest.mark.parametrize(("changes", "key"), [({"version": 2}, "version"), ({"prompt": "Say "}, "prompt")])
def test_a_task_that_is_another_now_is_refused_and_its_grades_are_kept(
    stub_checkpoint: Stub, write_task: Write, changes: dict[str, object], key: str
) -> None:
    run(stub_checkpoint(), write_task())
    before = read_record(RUN)
    write_task(**changes)
    with pytest.raises(RunMismatch, match=key):
        grade(RUN)
    assert read_record(RUN) == before


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a run folder"):
        grade(tmp_path)


def test_a_run_that_is_being_written_is_left_alone(stub_checkpoint: Stub, write_task: Write) -> None:
    run(stub_checkpoint(), write_task())
    with Store(RUN), pytest.raises(MachineError, match="another process is writing"):
        grade(RUN)


def test_a_task_file_that_is_gone_is_a_sentence(stub_checkpoint: Stub, write_task: Write) -> None:
    path = write_task()
    run(stub_checkpoint(), path)
    Path(path).unlink()
    with pytest.raises(ConfigError, match=r"there is no task file .*sums\.py"):
        grade(RUN)
