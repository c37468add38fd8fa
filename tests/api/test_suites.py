"""Suites and rule sets through the API: what a suite stands for, which tasks its rules reach, what a run remembers."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from benchcore import EvalConfig, Request, catalog, check_tasks, evaluate, grade, grade_samples
from benchcore.catalog import Suite
from benchcore.errors import ConfigError
from benchcore.records import RunRecord
from benchcore.store import read_config
from benchcore.testing import CannedEngine

Stub = Callable[..., Path]
Write = Callable[..., str]
RUN = Path("runs/model")
SUMS = "skill_arithmetic"
MEH = "published:meh"

pytestmark = pytest.mark.usefixtures("at_home")


@pytest.fixture
def suites(monkeypatch: pytest.MonkeyPatch, write_task: Write) -> Mapping[str, Suite]:
    """A suite of one task with rule sets and one without."""
    found = {"pair": Suite(name="pair", about="Two.", tasks=(SUMS, write_task()), rules=MEH)}
    monkeypatch.setattr(catalog, "suites", lambda: found)
    return found


def hundredfold(request: Request) -> str:
    """Right under published:meh alone, for it lets a factor of 100 pass."""
    if request.task == "sums":
        return str(int(request.sample.removeprefix("s")) + 1)
    a, sign, b = str(request.prompt).rpartition("What is ")[2].partition("?")[0].split()
    return str(100 * {"+": int(a) + int(b), "-": int(a) - int(b), "*": int(a) * int(b)}[sign])


def run(checkpoint: Path, *tasks: str, rules: str | None = None) -> RunRecord:
    config = EvalConfig(tasks=tasks, rules=rules, limit=4)
    (record,) = evaluate([str(checkpoint)], config, engine=CannedEngine(hundredfold)).records
    return record


def graders(record: RunRecord) -> dict[str, tuple[str, float | None]]:
    return {task.task: (task.grader, task.figures[0].value) for task in record.tasks}


VALUE = {SUMS: ("numbers(value)@2", 0.0)}
PUBLISHED = {SUMS: ("numbers(published:meh)@2", 1.0)}


def test_a_suite_is_its_tasks_under_its_rules_where_they_know_them(
    stub_checkpoint: Stub, suites: Mapping[str, Suite]
) -> None:
    assert graders(run(stub_checkpoint(), "pair")) == {**PUBLISHED, "sums": ("same@1", 1.0)}
    assert read_config(RUN)["rules"] == {SUMS: MEH}


def test_a_variant_of_a_suite_is_that_variant_of_its_tasks(suites: Mapping[str, Suite]) -> None:
    assert [one.task.partition("@")[2] for one in catalog.expand(["pair@instruct"])] == ["instruct", "instruct"]


def test_rules_that_are_asked_for_replace_those_of_a_suite(stub_checkpoint: Stub, suites: Mapping[str, Suite]) -> None:
    assert graders(run(stub_checkpoint(), "pair", rules="value")) == {**VALUE, "sums": ("same@1", 1.0)}


def test_a_task_twice_is_refused(stub_checkpoint: Stub, suites: Mapping[str, Suite]) -> None:
    with pytest.raises(ConfigError, match=r"called 'skill_arithmetic'; the suite \w+ has it"):
        run(stub_checkpoint(), "pair", SUMS)


def test_a_task_without_rule_sets_is_refused_when_it_is_named(stub_checkpoint: Stub, write_task: Write) -> None:
    with pytest.raises(ConfigError, match="the task sums has no rule sets to choose from: its grader is same@1"):
        run(stub_checkpoint(), write_task(), rules=MEH)


def test_rules_that_none_knows_are_refused_with_the_nearest(stub_checkpoint: Stub, suites: Mapping[str, Suite]) -> None:
    for tasks in ((SUMS,), ("pair",)):
        with pytest.raises(ConfigError, match=r"no rule set 'published:mhe'; did you mean published:meh"):
            run(stub_checkpoint(f"model-{len(tasks[0])}"), *tasks, rules="published:mhe")


def test_a_run_keeps_the_rules_that_it_was_graded_under(stub_checkpoint: Stub) -> None:
    folder = stub_checkpoint()
    assert graders(run(folder, SUMS)) == VALUE
    assert "rules" not in read_config(RUN)
    assert graders(grade(RUN, rules=MEH)) == PUBLISHED
    assert graders(grade(RUN)) == PUBLISHED
    assert graders(run(folder, SUMS)) == PUBLISHED
    assert graders(grade(RUN, rules="value")) == VALUE
    assert graders(run(folder, SUMS)) == VALUE
    assert graders(run(folder, SUMS, rules=MEH)) == PUBLISHED


def test_a_resumed_run_grades_what_is_new_under_the_same_rules(stub_checkpoint: Stub, write_task: Write) -> None:
    folder = stub_checkpoint()
    run(folder, SUMS, rules=MEH)
    record = run(folder, SUMS, write_task())
    assert graders(record) == {**PUBLISHED, "sums": ("same@1", 1.0)}


def test_grading_a_run_again_leaves_tasks_without_rule_sets_as_they_are(
    stub_checkpoint: Stub, suites: Mapping[str, Suite]
) -> None:
    run(stub_checkpoint(), "pair", rules="value")
    assert graders(grade(RUN, rules=MEH)) == {**PUBLISHED, "sums": ("same@1", 1.0)}


def test_a_run_without_rule_sets_is_not_graded_under_any(stub_checkpoint: Stub, write_task: Write) -> None:
    run(stub_checkpoint(), write_task())
    with pytest.raises(ConfigError, match="the task sums has no rule sets"):
        grade(RUN, rules=MEH)


def test_completions_made_elsewhere_are_graded_under_the_rules_asked_for(tmp_path: Path) -> None:
    samples, _ = catalog.load_task(SUMS).samples(None)
    rows = ({"task_id": one.id, "completion": f"{100 * int(one.target)}"} for one in samples)
    file = tmp_path / "made.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for rules, grader, least in ((None, "numbers(value)@2", 0.0), (MEH, "numbers(published:meh)@2", 0.99)):
        record = grade_samples(file, SUMS, rules=rules).record
        assert record.grader == grader and record.figures[0].value == pytest.approx(least, abs=0.05)


def test_tasks_are_proved_under_other_rules_too(suites: Mapping[str, Suite]) -> None:
    found = list(check_tasks(["pair", SUMS], rules="published:gsm8k-strict"))
    assert [one.passed for one in found] == [True, True, True]


def test_the_built_in_suites_name_tasks_and_rules_that_are_there() -> None:
    assert "rho1" in catalog.suites()
    for suite in catalog.suites().values():
        assert suite.name not in catalog.task_files() and suite.about.endswith(".")
        for one in catalog.expand([f"{suite.name}@instruct"]):
            grader = catalog.load_task(one.task).grader
            assert suite.rules is None or grader.under(suite.rules)
    assert len(catalog.suites()["rho1"].tasks) == 9
