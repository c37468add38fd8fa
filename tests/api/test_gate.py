"""The gate from checkpoint to decision: what it asks, when it stops, what it refuses, and what it leaves behind."""

import json
import math
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

from benchcore import EvalConfig, GateConfig, Request, Score, Scoring, accept, evaluate, gate, grade
from benchcore.comparison.report import Decision, Finding, GateReport
from benchcore.errors import ConfigError, MachineError, RunIncomplete, RunMismatch
from benchcore.records import Fault
from benchcore.testing import CannedEngine

Stub = Callable[..., Path]
Write = Callable[..., str]
Reply = Callable[[Request], Any]

pytestmark = pytest.mark.usefixtures("at_home")

PROBLEMS = 400


def number(request: Request) -> int:
    return int(request.sample.removeprefix("s"))


def wrong_on(wrong: Collection[int], task: str | None = None) -> Reply:
    """A model that is right but on the problems `wrong`, of every task or of one."""
    return lambda request: (
        "no idea" if number(request) in wrong and task in (None, request.task) else str(number(request) + 1)
    )


ALWAYS_RIGHT = wrong_on(())


@pytest.fixture
def baseline(stub_checkpoint: Stub) -> Callable[..., Path]:
    """Evaluate a model on a task, and return the run folder."""

    def make(*tasks: str, reply: Reply = ALWAYS_RIGHT, name: str = "base", **settings: Any) -> Path:
        folder = stub_checkpoint(name, weights=name.encode().ljust(4)[:4])
        evaluate([str(folder)], EvalConfig(tasks=tasks, **settings), engine=CannedEngine(reply))
        return Path("runs") / name

    return make


@pytest.fixture
def judge(stub_checkpoint: Stub) -> Callable[..., GateReport]:
    """Gate a new model that answers as `reply` says."""

    def run(against: Path | str, *tasks: str, reply: Reply = ALWAYS_RIGHT, **settings: Any) -> GateReport:
        name = settings.pop("name", "new")
        folder = Path("..") / "checkpoints" / name
        if not folder.is_dir():
            stub_checkpoint(name, weights=b"new!")
        settings = {"margin": "2pt", **settings}
        engine = settings.pop("engine_used", None) or CannedEngine(reply)
        config = GateConfig(baseline=(str(against),), tasks=tasks, **settings)
        return gate(str(folder), config, engine=engine)

    return run


def only(report: GateReport) -> Finding:
    [finding] = report.findings
    return finding


def test_an_unchanged_checkpoint_passes_as_soon_as_that_is_certain(
    write_task: Write, baseline: Callable[..., Path], judge: Callable[..., GateReport]
) -> None:
    task = write_task(samples=PROBLEMS)
    report = judge(baseline(task), task)
    assert (report.decision, report.comparable) == (Decision.PASS, True)
    assert report.asked < report.planned == PROBLEMS
    finding = only(report)
    assert (finding.name, finding.figure, finding.margin) == ("sums", "accuracy", 0.02)
    assert (finding.candidate, finding.baseline) == (1.0, 1.0)


def test_a_gross_drop_fails_at_the_first_look_and_nothing_more_is_asked(
    write_task: Write, baseline: Callable[..., Path], judge: Callable[..., GateReport]
) -> None:
    task = write_task(samples=PROBLEMS)
    engine = CannedEngine(wrong_on(range(0, PROBLEMS, 2)))
    report = judge(baseline(task), task, engine_used=engine)
    assert report.decision is Decision.FAIL
    assert report.asked == len(engine.asked) == PROBLEMS / 5


def test_without_early_stop_everything_is_asked(
    write_task: Write, baseline: Callable[..., Path], judge: Callable[..., GateReport]
) -> None:
    task = write_task(samples=PROBLEMS)
    report = judge(baseline(task), task, reply=wrong_on(range(0, PROBLEMS, 2)), early_stop="none")
    assert (report.decision, report.asked) == (Decision.FAIL, PROBLEMS)
    comparison = only(report).comparison
    assert comparison is not None
    assert (comparison.value, comparison.n) == (pytest.approx(-0.5), PROBLEMS)


@pytest.mark.parametrize("early_stop", ["group", "anytime", "none"])
def test_too_few_problems_are_inconclusive(
    write_task: Write, baseline: Callable[..., Path], judge: Callable[..., GateReport], early_stop: str
) -> None:
    task = write_task(samples=60)
    report = judge(baseline(task), task, reply=wrong_on({3, 7}), early_stop=early_stop)
    assert report.decision is Decision.INCONCLUSIVE
    assert report.asked == 60


def test_anytime_stops_soonest_at_a_gross_drop(
    write_task: Write, baseline: Callable[..., Path], judge: Callable[..., GateReport]
) -> None:
    task = write_task(samples=PROBLEMS)
    report = judge(baseline(task), task, reply=wrong_on(range(0, PROBLEMS, 2)), early_stop="anytime")
    assert (report.decision, report.asked) == (Decision.FAIL, 50)


def test_a_run_that_was_stopped_can_be_completed_and_then_judged_whole(
    write_task: Write, baseline: Callable[..., Path], judge: Callable[..., GateReport]
) -> None:
    task = write_task(samples=PROBLEMS)
    wrong = wrong_on(range(0, PROBLEMS, 2))
    base = baseline(task)
    judge(base, task, reply=wrong)
    with pytest.raises(RunIncomplete, match="new is not complete"):
        gate("runs/new", GateConfig(baseline=(str(base),), margin="2pt"))
    engine = CannedEngine(wrong)
    evaluate(["../checkpoints/new"], EvalConfig(tasks=(task,)), engine=engine)
    assert len(engine.asked) == PROBLEMS * 4 / 5
    report = gate("runs/new", GateConfig(baseline=(str(base),), margin="2pt"))
    assert (report.decision, report.asked, report.early_stop) == (Decision.FAIL, PROBLEMS, "none")


def test_a_gate_that_died_goes_on_in_the_same_order_and_asks_nothing_twice(
    write_task: Write, baseline: Callable[..., Path], judge: Callable[..., GateReport]
) -> None:
    task = write_task(samples=PROBLEMS)
    base = baseline(task)
    alive = 100

    def dying(request: Request) -> str:
        nonlocal alive
        alive -= 1
        if alive < 0:
            raise RuntimeError("out of luck")
        return str(number(request) + 1)

    first = CannedEngine(dying)
    with pytest.raises(MachineError, match="out of luck"):
        judge(base, task, engine_used=first)
    second = CannedEngine(ALWAYS_RIGHT)
    report = judge(base, task, engine_used=second)
    assert report.decision is Decision.PASS
    whole = judge(base, task, name="other")
    assert (report.asked, report.findings) == (whole.asked, whole.findings)
    assert len(first.asked) - 1 + len(second.asked) == report.asked


def test_the_order_follows_from_the_seed_and_may_not_change_under_way(
    write_task: Write, baseline: Callable[..., Path], judge: Callable[..., GateReport]
) -> None:
    task = write_task(samples=PROBLEMS)
    base = baseline(task)
    orders = []
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        engine = CannedEngine(wrong_on(range(PROBLEMS)))
        judge(base, task, name=name, order_seed=seed, engine_used=engine)
        orders.append(engine.asked)
    assert orders[0] == orders[1]
    assert set(orders[0]) != set(orders[2])
    with pytest.raises(RunMismatch, match="order_seed is 0 there and 7 now"):
        judge(base, task, name="one", order_seed=7)


def test_several_tasks_are_judged_by_their_mean_and_watched_one_by_one(
    write_task: Write, baseline: Callable[..., Path], judge: Callable[..., GateReport]
) -> None:
    tasks = [write_task(name, samples=PROBLEMS) for name in ("first", "second", "third")]
    base = baseline(*tasks)
    report = judge(base, *tasks)
    assert report.decision is Decision.PASS
    assert [(one.name, one.decides) for one in report.findings] == [
        ("mean of 3 tasks", True),
        ("first", False),
        ("second", False),
        ("third", False),
    ]
    # a mean within its margin does not excuse a task that fell by 10 points
    report = judge(base, *tasks, reply=wrong_on(range(40), "second"), name="worse", margin="8pt", early_stop="none")
    assert report.decision is Decision.PASS
    margins = {"second": "3pt"}
    report = judge(
        base,
        *tasks,
        reply=wrong_on(range(40), "second"),
        name="worst",
        margin="8pt",
        margins=margins,
        early_stop="none",
    )
    assert report.decision is Decision.FAIL
    assert [one.name for one in report.findings if one.decision is Decision.FAIL] == ["second"]
    assert "second" in report.reason


def test_the_mean_weighs_tasks_alike_whatever_their_size(
    write_task: Write, baseline: Callable[..., Path], judge: Callable[..., GateReport]
) -> None:
    tasks = [write_task("small", samples=100), write_task("large", samples=300)]
    report = judge(baseline(*tasks), *tasks, reply=wrong_on(range(20), "small"), early_stop="none")
    mean = report.findings[0]
    assert mean.comparison is not None
    assert mean.comparison.value == pytest.approx(-0.1)
    assert (mean.candidate, mean.baseline) == (pytest.approx(0.9), 1.0)


CHANGES = [
    ({"version": 2}, {}, "version is 2 in new and 1 in base"),
    ({"grader": "same@2"}, {}, "grader is same@2 in new and same@1 in base"),
    ({"max_tokens": 9}, {}, "max_tokens is 9 in new and 8 in base"),
    ({"temperature": 0.5}, {"temperature": 0.5}, "temperature is 0.5 in new and 0.0 in base"),
    ({"prompt": "What's "}, {}, "the problems are not the same: 60 of 60 only in new, 60 of 60 only in base"),
    ({}, {"limit": 30}, "the problems are not the same: 0 of 30 only in new, 30 of 60 only in base"),
]


@pytest.mark.parametrize(("changes", "settings", "why"), CHANGES)
def test_what_was_asked_otherwise_is_never_a_pass_and_nothing_is_asked(
    write_task: Write,
    baseline: Callable[..., Path],
    judge: Callable[..., GateReport],
    changes: dict[str, Any],
    settings: dict[str, Any],
    why: str,
) -> None:
    base = baseline(write_task(samples=60))
    engine = CannedEngine(ALWAYS_RIGHT)
    report = judge(base, write_task(samples=60, **changes), engine_used=engine, **settings)
    assert (report.comparable, report.decision) == (False, Decision.INCONCLUSIVE)
    assert only(report).reason == why
    assert report.reason == f"sums cannot be compared: {why}"
    assert engine.asked == []


def test_the_candidate_is_asked_as_the_baseline_was(
    write_task: Write, baseline: Callable[..., Path], judge: Callable[..., GateReport]
) -> None:
    task = write_task(samples=200, temperature=0.5)
    report = judge(baseline(task, limit=60, trials=2), task, early_stop="none")
    assert (report.comparable, report.planned) == (True, 120)


def test_a_task_that_one_side_lacks_is_never_a_pass(write_task: Write, baseline: Callable[..., Path]) -> None:
    tasks = [write_task(name, samples=60) for name in ("first", "second")]
    both, one = baseline(*tasks), baseline(tasks[0], name="one")
    report = gate(str(one), GateConfig(baseline=(str(both),), margin="2pt"))
    assert not report.comparable
    assert report.reason == "second cannot be compared: one has no result of it"
    with pytest.raises(ConfigError, match="the baseline one has no result of second; known: first"):
        gate(str(both), GateConfig(baseline=(str(one),), tasks=tuple(tasks), margin="2pt"))


def test_problems_without_an_answer_are_never_in_favour_of_the_candidate(
    write_task: Write, baseline: Callable[..., Path], judge: Callable[..., GateReport]
) -> None:
    task = write_task(samples=100)
    base = baseline(task)

    def faulty(request: Request) -> Any:
        return Fault(kind="engine", message="no") if number(request) % 20 == 0 else str(number(request) + 1)

    with pytest.raises(RunIncomplete, match=r"5 of 100 problems of sums have no answer or no grade.*max_error_rate 0"):
        judge(base, task, reply=faulty, early_stop="none")
    report = judge(base, task, reply=faulty, early_stop="none", max_error_rate=0.05, name="lenient")
    comparison = only(report).comparison
    assert comparison is not None
    assert comparison.value == pytest.approx(-0.05)
    with pytest.raises(RunIncomplete):
        judge(base, task, reply=faulty, early_stop="none", max_error_rate=0.04, name="strict")


def test_an_accepted_baseline_says_the_same_as_its_run_and_is_moved_by_hand_only(
    write_task: Write, baseline: Callable[..., Path], judge: Callable[..., GateReport]
) -> None:
    task = write_task(samples=PROBLEMS)
    base = baseline(task, reply=wrong_on(range(10)))
    file = accept([base], "release")
    assert file == Path("reports/baselines/release.json")
    before = judge(base, task, early_stop="none")
    after = judge("release", task, early_stop="none", name="again")
    assert before.findings == after.findings
    assert after.baseline == "release"
    with pytest.raises(ConfigError, match=r"there is a baseline .*release\.json already; add --replace"):
        accept([base], "release")
    accept([Path("runs/new")], "release", replace=True)
    assert json.loads(file.read_text())["runs"][0]["record"]["run"] == "new"


def test_repeats_of_a_baseline_are_averaged_and_tell_its_noise(
    write_task: Write, stub_checkpoint: Stub, judge: Callable[..., GateReport]
) -> None:
    task = write_task(samples=PROBLEMS, temperature=0.5)
    folder, runs = stub_checkpoint("base"), []
    for seed in range(3):
        out = Path(f"runs-{seed}")
        config = EvalConfig(tasks=(task,), out=out, seed=seed)
        evaluate([str(folder)], config, engine=CannedEngine(wrong_on(range(20 * seed))))
        runs.append(out / "base")
    accept(runs, "three")
    report = judge("three", task, early_stop="none")
    assert only(report).baseline == pytest.approx(0.95)
    assert report.noise == pytest.approx(0.05)
    assert "The baseline is the mean of 3 repeats." in report.notes
    assert any(note.startswith("The margin is within the noise") for note in report.notes)
    with pytest.raises(ConfigError, match="runs of different weights"):
        accept([runs[0], Path("runs/new")], "mixed")


def test_a_loss_is_gated_with_a_margin_of_its_own(
    tmp_path: Path, stub_checkpoint: Stub, baseline: Callable[..., Path], judge: Callable[..., GateReport]
) -> None:
    data = tmp_path / "held_out.jsonl"
    data.write_text("".join(json.dumps({"text": f"{at:03}" * 20}) + "\n" for at in range(60)))

    def needs(bits: float) -> Reply:
        def reply(request: Request) -> tuple[Score, ...]:
            assert isinstance(request, Scoring)
            [text] = request.continuations
            wobble = 0.001 * (ord(request.sample[-1]) % 7)
            return (Score(logprob=-math.log(2) * len(text) * (bits + wobble), tokens=len(text), greedy=False),)

        return reply

    base = baseline("loss", reply=needs(1.0), data=data)
    settings = {"data": data, "margin": None, "early_stop": "none"}
    with pytest.raises(ConfigError, match=r"no margin for loss, bits per byte; pass --margins\.loss 0\.01"):
        judge(base, "loss", reply=needs(1.0), **settings)
    settings["margins"] = {"loss": "0.01"}
    better, worse = (judge(base, "loss", reply=needs(bits), name=f"at{bits}", **settings) for bits in (0.9, 1.1))
    assert (better.decision, worse.decision) == (Decision.PASS, Decision.FAIL)
    finding = only(worse)
    assert finding.comparison is not None
    assert finding.comparison.value == pytest.approx(-0.1)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"baseline": ()}, "no baseline is given"),
        ({"margin": None}, "there is no margin for sums, accuracy; pass --margin 2pt"),
        ({"margin": "2%"}, "the margin '2%' is not one; write 2pt"),
        ({"margin": "2"}, "a margin of 2 allows any drop of accuracy; write 2pt"),
        ({"margins": {"sum": "2pt"}}, "a margin is given for 'sum', which is not judged; did you mean sums?"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(
    write_task: Write, baseline: Callable[..., Path], settings: dict[str, Any], why: str
) -> None:
    base = baseline(write_task(samples=60))
    with pytest.raises(ConfigError) as caught:
        gate(str(base), GateConfig(**{"baseline": (str(base),), "margin": "2pt", **settings}))
    assert str(caught.value).startswith(why)


@pytest.mark.parametrize("early_stop", ["group", "anytime"])
def test_a_task_of_few_problems_is_looked_at_once_one_has_come(
    write_task: Write, baseline: Callable[..., Path], judge: Callable[..., GateReport], early_stop: str
) -> None:
    tasks = [write_task("few", samples=2), write_task("many", samples=PROBLEMS)]
    report = judge(baseline(*tasks), *tasks, reply=wrong_on(range(0, PROBLEMS, 2), "many"), early_stop=early_stop)
    assert report.decision is Decision.FAIL
    assert report.asked < report.planned


def test_the_share_of_problems_that_may_lack_a_grade_is_of_all_of_them(
    write_task: Write, baseline: Callable[..., Path], judge: Callable[..., GateReport]
) -> None:
    task = write_task(samples=PROBLEMS)
    engine = CannedEngine(ALWAYS_RIGHT)
    base = baseline(task)
    judge(base, task, engine_used=engine, name="first")
    first = set(engine.asked[:2])  # 2 of the first look's 80, and of all 400

    def faulty(request: Request) -> Any:
        return Fault(kind="engine", message="no") if request.key in first else str(number(request) + 1)

    report = judge(base, task, reply=faulty, max_error_rate=0.01)
    assert only(report).candidate == pytest.approx(1 - 2 / report.findings[0].comparison.n)  # type: ignore[union-attr]


def test_a_figure_that_the_task_no_longer_has_is_one_sentence(
    write_task: Write, baseline: Callable[..., Path], judge: Callable[..., GateReport]
) -> None:
    base = baseline(write_task(samples=60))
    with pytest.raises(ConfigError, match="sums has no accuracy any more, which is what the baseline base has first"):
        judge(base, write_task(samples=60, metrics="pass_at(1)"))


def test_of_a_directory_that_is_the_baseline_the_last_checkpoint_is_asked(
    write_task: Write, stub_checkpoint: Stub
) -> None:
    task = write_task(samples=60)
    for step in (1, 2):
        stub_checkpoint(f"checkpoint-{step}", where="run", weights=bytes([step] * 4))
    engine = CannedEngine(ALWAYS_RIGHT)
    config = GateConfig(baseline=("../checkpoints/run",), margin="2pt", tasks=(task,))
    report = gate(str(stub_checkpoint("new", weights=b"new!")), config, engine=engine)
    assert report.baseline == "run-checkpoint-2"
    assert len(engine.asked) == 2 * 60


def test_repeats_are_asked_and_graded_alike_and_each_is_one_of_its_own(
    write_task: Write, baseline: Callable[..., Path]
) -> None:
    first = baseline(write_task(samples=60, temperature=0.5))
    again = Path("again/base")
    config = EvalConfig(tasks=(write_task(samples=60, temperature=0.5, grader="same@2"),), out=again.parent, seed=1)
    evaluate(["../checkpoints/base"], config, engine=CannedEngine(ALWAYS_RIGHT))
    with pytest.raises(ConfigError, match="the repeats of base differ in grader of sums"):
        gate(str(first), GateConfig(baseline=(str(first), str(again)), margin="2pt"))
    with pytest.raises(ConfigError, match="base is given twice"):
        accept([first, first], "twice")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("[[1", "[[1,1],[1", "61 values of accuracy for 60 problems"),
        ("[[1", "[[-1", "-1 of 1 as accuracy of a problem"),
        ("[[1", "[[7", "7 of 1 as accuracy of a problem"),
    ],
)
def test_a_baseline_that_was_edited_is_refused(
    write_task: Write, baseline: Callable[..., Path], old: str, new: str, why: str
) -> None:
    base = baseline(write_task(samples=60))
    file = accept([base], "release")
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))
    with pytest.raises(ConfigError, match=f"release.json is damaged: sums has {why}"):
        gate(str(base), GateConfig(baseline=("release",), margin="2pt"))


def test_a_baseline_with_a_problem_twice_is_refused(write_task: Write, baseline: Callable[..., Path]) -> None:
    base = baseline(write_task(samples=60))
    file = accept([base], "release")
    document = json.loads(file.read_text())
    items = document["runs"][0]["outcomes"]["sums"]["items"]
    items[1] = items[0]
    file.write_text(json.dumps(document))
    with pytest.raises(ConfigError, match="sums has a problem twice"):
        gate(str(base), GateConfig(baseline=("release",), margin="2pt"))


def test_a_run_graded_under_other_rules_is_not_gated(stub_checkpoint: Stub) -> None:
    engine = CannedEngine(lambda request: "1")
    evaluate([str(stub_checkpoint("base"))], EvalConfig(tasks=("skill_arithmetic",)), engine=engine)
    folder = stub_checkpoint("new", weights=b"new!")
    config = GateConfig(baseline=("runs/base",), margin="2pt", tasks=("skill_arithmetic",))
    assert gate(str(folder), config, engine=engine).asked < 450  # not complete: its run is graded again as it is
    grade(Path("runs/new"), rules="published:meh")
    report = gate(str(folder), config, engine=engine)
    assert not report.comparable
    assert "grader is numbers(published:meh)" in report.reason


def test_who_answered_is_noted_where_it_matters(
    write_task: Write, baseline: Callable[..., Path], judge: Callable[..., GateReport]
) -> None:
    task = write_task(samples=PROBLEMS)
    base = baseline(task)
    engine = CannedEngine(ALWAYS_RIGHT)
    engine.describe = lambda: {"family": "canned", "dtype": "float16"}  # type: ignore[method-assign]
    [note] = judge(base, task, engine_used=engine).notes
    assert note.startswith("The two were answered by different engines: dtype float16 against")
    [note] = gate(str(base), GateConfig(baseline=(str(base),), margin="2pt")).notes
    assert note == "The candidate's weights are those of the baseline itself."


def test_tasks_of_unequal_size_show_what_their_mean_can(
    write_task: Write, baseline: Callable[..., Path], stub_checkpoint: Stub
) -> None:
    tasks = tuple(write_task(f"of-{n}", samples=n) for n in (5, 1000))
    said: list[str] = []
    config = GateConfig(baseline=(str(baseline(*tasks)),), margin="2pt", tasks=tasks)
    gate(str(stub_checkpoint("new")), config, announce=said.extend, engine=CannedEngine(ALWAYS_RIGHT))
    # 2.49 sqrt(d (1/5 + 1/1000)) / 2
    assert "at a margin of 12.5 to 30.5 pt" in said[0]


def test_what_can_be_shown_is_said_before_anything_is_asked(
    write_task: Write, baseline: Callable[..., Path], stub_checkpoint: Stub
) -> None:
    task = write_task(samples=1319)
    base = baseline(task)
    engine = CannedEngine(ALWAYS_RIGHT)
    said: list[str] = []

    def announce(sentences: Any) -> None:
        assert engine.asked == []
        said.extend(sentences)

    config = GateConfig(baseline=(str(base),), margin="2pt", tasks=(task,))
    gate(str(stub_checkpoint("new")), config, announce=announce, engine=engine)
    # by 2.49 sqrt(d / n), as docs/statistics.md has it
    assert said == [
        "sums, 1,319 problems: where 5 to 30 % of them come out differently, an unchanged candidate passes in 80 of 100"
        " runs at a margin of 1.5 to 3.7 pt; a margin of 2 pt takes 773 to 4,637 problems."
    ]
