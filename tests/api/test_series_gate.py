"""The gate of training series, from stored runs to the decision: what it judges, what it refuses, what it tells."""

import json
import math
import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from benchcore import EvalConfig, GateConfig, Request, Score, Scoring, evaluate, gate
from benchcore.comparison.report import Decision, Finding, GateReport
from benchcore.errors import ConfigError
from benchcore.testing import CannedEngine

Stub = Callable[..., Path]
Write = Callable[..., str]
Values = Callable[[int], float]

pytestmark = pytest.mark.usefixtures("at_home")

STEPS = (10, 20, 40, 80)
DOCUMENTS = 60
TOKENS = 1000  # a step


def bits(head_start: float = 1.0, worse: float = 0.0) -> Values:
    """Bits per byte that fall by a tenth with each doubling, as if `head_start` times as far in the training."""
    return lambda step: 2 - 0.1 * math.log2(step * head_start / 10) + worse


@pytest.fixture
def train(stub_checkpoint: Stub) -> Callable[..., None]:
    """Leave the run folders of a series behind whose held-out loss at each step is `values`, document by document."""

    def make(
        name: str,
        values: Values,
        steps: tuple[int, ...] = STEPS,
        *,
        tokens: int | None = TOKENS,
        documents: int = DOCUMENTS,
        family: str = "canned",
        **settings: Any,
    ) -> None:
        data = Path(f"held-out-{documents}.jsonl").resolve()
        data.write_text("".join(json.dumps({"text": f"{at:03}" * 20}) + "\n" for at in range(documents)))

        def reply(request: Request) -> tuple[Score, ...]:
            assert isinstance(request, Scoring) and engine.checkpoint is not None
            step = engine.checkpoint.step
            assert step is not None
            [text] = request.continuations
            # every document has a level of its own, and a little of what one run makes of it at one step
            level = random.Random(text).gauss(0, 0.1)
            own = random.Random(f"{name} {step} {text}").gauss(0, 0.004)
            return (
                Score(logprob=-math.log(2) * len(text) * (values(step) + level + own), tokens=len(text), greedy=False),
            )

        engine = CannedEngine(reply)
        engine.family = family
        store(stub_checkpoint, name, steps, tokens, engine, tasks=("loss",), data=data, **settings)

    return make


@pytest.fixture
def teach(stub_checkpoint: Stub) -> Callable[..., None]:
    """Leave the run folders of a series behind that has a growing share of a task right, at random."""

    def make(name: str, task: str, share: Values, steps: tuple[int, ...] = STEPS, **settings: Any) -> None:
        def reply(request: Request) -> str:
            assert engine.checkpoint is not None and engine.checkpoint.step is not None
            draw = 0.9 * random.Random(request.sample).random()
            draw += 0.1 * random.Random(f"{name} {engine.checkpoint.step} {request.sample}").random()
            right = draw < share(engine.checkpoint.step)
            return str(int(request.sample.removeprefix("s")) + 1) if right else "no idea"

        engine = CannedEngine(reply)
        store(stub_checkpoint, name, steps, TOKENS, engine, tasks=(task,), **settings)

    return make


def store(
    stub_checkpoint: Stub, name: str, steps: tuple[int, ...], tokens: int | None, engine: CannedEngine, **settings: Any
) -> None:
    made = 0
    for step in steps:
        weights = f"{name}{step}".encode()[-4:].rjust(4)
        folder = stub_checkpoint(f"checkpoint-{step}", where=name, weights=weights)
        if tokens:
            (folder / "trainer_state.json").write_text(json.dumps({"num_input_tokens_seen": tokens * step}))
        made += 1
    found = evaluate([str(folder.parent)], EvalConfig(**settings), engine=engine)
    assert len(found.records) == made


def judge(new: str = "new", old: str = "old", **settings: Any) -> GateReport:
    return gate(new, GateConfig(baseline=(old,), **settings))


def judge_loss(margin: str = "0.01", new: str = "new", old: str = "old", **settings: Any) -> GateReport:
    return judge(new, old, margins={"loss": margin}, **settings)


def only(report: GateReport) -> Finding:
    [finding] = report.findings
    return finding


@pytest.mark.parametrize(
    ("worse", "decision"),
    [(0.0, Decision.PASS), (0.0102, Decision.INCONCLUSIVE), (0.03, Decision.FAIL), (-0.03, Decision.PASS)],
)
def test_the_mean_loss_of_a_series_is_judged(train: Callable[..., None], worse: float, decision: Decision) -> None:
    train("old", bits())
    train("new", bits(worse=worse))
    report = judge_loss()
    assert (report.decision, report.comparable, report.early_stop) == (decision, True, "none")
    finding = only(report)
    assert (finding.name, finding.figure, finding.margin) == ("loss", "AUC over log-tokens of bits per byte", 0.01)
    found = finding.comparison
    assert found is not None and finding.candidate is not None and finding.baseline is not None
    # less is better, so a gain is how much lower it is
    assert found.value == pytest.approx(-worse, abs=0.002)
    assert finding.baseline - finding.candidate == pytest.approx(found.value)
    assert found.n == DOCUMENTS
    assert "1e+04 to 8e+04 tokens" in found.method
    assert any(note.startswith("Of this pair of training runs: another seed may differ") for note in report.notes)


def test_the_means_are_those_that_the_evaluation_shows(train: Callable[..., None]) -> None:
    train("old", bits())
    train("new", bits(worse=0.02), steps=(20, 40, 80))
    config = EvalConfig(tasks=("loss",), data=Path("held-out-60.jsonl"), against="old")
    shown = evaluate(["../checkpoints/new"], config, engine=CannedEngine(lambda request: "asked nothing"))
    means = {
        curve.series: figure.value
        for curve in shown.curves
        if curve.figure == "bits per byte"
        for figure in curve.figures
        if figure.name == "AUC over log-tokens"
    }
    finding = only(judge_loss())
    assert finding.candidate == pytest.approx(means["new"])
    assert finding.baseline == pytest.approx(means["old"])


@pytest.mark.parametrize(
    ("head_start", "speed_up", "decision"),
    [
        (1.0, 0.9, Decision.PASS),
        (1.0, 1.0, Decision.INCONCLUSIVE),
        (1.3, 1.2, Decision.PASS),
        (1.3, 1.3, Decision.INCONCLUSIVE),
        (1.3, 1.5, Decision.FAIL),
        (0.8, 0.95, Decision.FAIL),
        (0.8, 0.7, Decision.PASS),
    ],
)
def test_a_speed_up_is_judged_by_what_has_to_be_ruled_in(
    train: Callable[..., None], head_start: float, speed_up: float, decision: Decision
) -> None:
    train("old", bits())
    train("new", bits(head_start))
    report = judge(speed_up=speed_up)
    assert report.decision is decision
    finding = only(report)
    assert (finding.figure, finding.margin) == (f"speed-up {speed_up:g} in bits per byte", 0)
    assert finding.comparison is not None
    # a doubling of the tokens is worth a tenth of a bit
    assert finding.comparison.value == pytest.approx(0.1 * math.log2(head_start / speed_up), abs=0.004)


def test_the_speed_up_itself_is_told_where_it_is_a_number(train: Callable[..., None]) -> None:
    train("old", bits())
    train("new", bits(1.6))
    told = [note for note in judge(speed_up=1.2).notes if note.startswith("loss: the speed-up to 1.7")]
    assert len(told) == 1
    assert float(told[0].split(" is ")[-1].split(" by ")[0]) == pytest.approx(1.6, abs=0.1)


def test_a_target_that_is_not_reached_is_no_number_and_cannot_pass(train: Callable[..., None]) -> None:
    train("old", bits())
    train("new", bits(0.7))
    report = judge(speed_up=0.9)
    assert report.decision is Decision.FAIL
    assert any("is no number: 0 of 1 runs of the candidate come to that" in one for one in report.notes)
    assert not any(isinstance(value, float) and not math.isfinite(value) for value in numbers(only(report)).values())


def numbers(finding: Finding) -> Mapping[str, float | None]:
    assert finding.comparison is not None
    names = ("value", "low", "high", "p", "p_pass", "p_fail")
    sides = {"candidate": finding.candidate, "baseline": finding.baseline}
    return {**{name: getattr(finding.comparison, name) for name in names}, **sides}


def test_mean_and_speed_up_can_be_asked_for_at_once_and_both_must_pass(train: Callable[..., None]) -> None:
    train("old", bits())
    train("new", bits(1.1))
    report = judge_loss(speed_up=1.3)
    assert [(one.figure, one.decision, one.decides) for one in report.findings] == [
        ("AUC over log-tokens of bits per byte", Decision.PASS, True),
        ("speed-up 1.3 in bits per byte", Decision.FAIL, True),
    ]
    assert report.decision is Decision.FAIL
    assert report.reason == "a shortfall is shown for loss (speed-up 1.3 in bits per byte)"


def test_an_accuracy_that_rises_is_judged_likewise(teach: Callable[..., None], write_task: Write) -> None:
    task = write_task(samples=400)

    def share(head_start: float) -> Values:
        return lambda step: 0.3 + 0.1 * math.log2(step * head_start / 10)

    teach("old", task, share(1))
    teach("slow", task, share(0.5))
    teach("fast", task, share(2))
    same, worse = judge("fast", margin="2pt"), judge("slow", margin="2pt")
    assert (same.decision, worse.decision) == (Decision.PASS, Decision.FAIL)
    finding = only(worse)
    assert (finding.figure, finding.margin) == ("AUC over log-tokens of accuracy", 0.02)
    assert finding.comparison is not None and finding.comparison.value == pytest.approx(-0.1, abs=0.03)
    assert judge("fast", speed_up=1.5).decision is Decision.PASS
    assert judge("slow", speed_up=0.9).decision is Decision.FAIL


SHIFTS = (-0.02, 0.0, 0.02)


@pytest.mark.parametrize(("worse", "decision"), [(-0.1, Decision.PASS), (0.0, Decision.INCONCLUSIVE), (0.2, "fail")])
def test_seeds_of_a_recipe_are_judged_by_the_spread_among_them(
    train: Callable[..., None], worse: float, decision: Decision
) -> None:
    for seed, shift in enumerate(SHIFTS):
        train(f"old-seed{seed}", bits(worse=shift))
        train(f"new-seed{seed}", bits(worse=shift + worse))
    report = judge_loss()
    assert report.decision == decision
    assert (report.candidate, report.baseline) == ("new", "old")
    found = only(report).comparison
    assert found is not None
    assert found.method.startswith("Welch t over 3 and 3 runs")
    # 2.132 is Student's quantile of 95 % with 4 degrees of freedom; the shifts have a standard error of 0.02 / sqrt 3
    assert found.high is not None and found.low is not None
    assert (found.high - found.low) / 2 == pytest.approx(2.132 * 0.02 * math.sqrt(2 / 3), rel=0.1)
    assert any(note.startswith("Over 3 and 3 training runs") for note in report.notes)


def test_one_seed_by_its_name_and_two_seeds_are_judged_over_documents(train: Callable[..., None]) -> None:
    for seed, shift in enumerate(SHIFTS):
        train(f"old-seed{seed}", bits(worse=shift))
        train(f"new-seed{seed}", bits(worse=shift))
    one = judge_loss(new="new-seed1", old="old-seed1")
    assert one.decision is Decision.PASS
    two = gate("new", GateConfig(baseline=("old-seed0", "old-seed1"), margins={"loss": "0.02"}))
    found = only(two).comparison
    assert found is not None and found.n == DOCUMENTS and "of these training runs" in found.method
    assert found.value == pytest.approx(-0.01, abs=0.002)
    assert any(note.startswith("Of these training runs: another seed may differ") for note in two.notes)
    with pytest.raises(ConfigError, match="old-seed0 is on both sides"):
        judge_loss(new="old", old="old-seed0")


def test_seeds_that_end_in_the_same_weights_are_none(train: Callable[..., None]) -> None:
    train("new", bits())
    train("old-seed1", bits())
    shutil.copytree("../checkpoints/old-seed1", "../checkpoints/old-seed2")
    found = evaluate(
        ["../checkpoints/old-seed2"],
        EvalConfig(tasks=("loss",), data=Path("held-out-60.jsonl")),
        engine=CannedEngine(lambda request: (Score(logprob=-9.0, tokens=60, greedy=False),)),
    )
    assert len(found.records) == len(STEPS)
    with pytest.raises(ConfigError, match="old-seed1 and old-seed2 end in the same weights, so they are no two seeds"):
        judge_loss()


def test_without_counted_tokens_the_axis_is_steps_and_that_is_told(train: Callable[..., None]) -> None:
    train("old", bits())
    train("new", bits(), tokens=None)
    report = judge_loss()
    found = only(report).comparison
    assert found is not None and "10 to 80 steps" in found.method
    assert any(note.startswith("Not all runs tell their tokens") for note in report.notes)


def test_runs_that_are_not_complete_are_left_out_and_named(train: Callable[..., None]) -> None:
    train("old", bits())
    train("new", bits())
    Path("runs/new-checkpoint-40/run.json").unlink()
    report = judge_loss()
    assert report.decision is Decision.PASS
    assert "Left out, for they are not complete: new-checkpoint-40." in report.notes


def test_different_engines_are_told(train: Callable[..., None]) -> None:
    train("old", bits())
    train("new", bits(), family="other")
    assert "The runs were answered by different engines: family canned and other." in judge_loss().notes


def test_tokens_that_do_not_grow_make_no_curve(train: Callable[..., None]) -> None:
    train("old", bits())
    train("new", bits())
    file = Path("runs/new-checkpoint-40/run.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), "tokens": 20_000}))
    report = judge_loss()
    assert not report.comparable
    assert only(report).reason == "the tokens of new do not grow from run to run"


INCOMPARABLE: list[tuple[dict[str, Any], str]] = [
    ({"documents": 50}, "the problems are not the same: 50 of 50 only in new-checkpoint-10, 60 of 60 only in"),
    ({"steps": (10,)}, "new has 1 point, and a curve takes two"),
    ({"steps": (80, 160)}, "the curves have no range of tokens in common"),
]


@pytest.mark.parametrize(("changes", "why"), INCOMPARABLE)
def test_what_cannot_be_compared_is_never_a_pass(train: Callable[..., None], changes: dict[str, Any], why: str) -> None:
    train("old", bits())
    train("new", bits(2), **changes)
    report = judge_loss()
    assert (report.comparable, report.decision) == (False, Decision.INCONCLUSIVE)
    assert only(report).comparison is None
    assert only(report).reason.startswith(why)
    assert report.reason.startswith(f"loss cannot be compared: {why}")


def test_a_speed_up_needs_a_range_of_its_own(train: Callable[..., None]) -> None:
    train("old", bits(), steps=(80, 160))
    train("new", bits(2))
    report = judge(speed_up=1.5)
    assert judge(speed_up=2.0).comparable
    report = judge(speed_up=0.5)
    assert not report.comparable
    assert only(report).reason.startswith("there is no number of tokens at which the candidate is known")


def test_one_step_that_was_asked_otherwise_spoils_the_series(teach: Callable[..., None], write_task: Write) -> None:
    plain = write_task(samples=60)
    teach("old", plain, lambda step: 0.5)
    teach("new", plain, lambda step: 0.5)
    for folder in (Path("runs/new-checkpoint-40"), Path("../checkpoints/new/checkpoint-40")):
        shutil.move(folder, f"{folder}-old")
    changed = write_task(samples=60, max_tokens=9)
    Path("../checkpoints/new/checkpoint-40-old").rename("../checkpoints/new/checkpoint-40")
    shutil.rmtree("runs/new-checkpoint-40-old")
    engine = CannedEngine(lambda request: "no idea")
    evaluate(["../checkpoints/new/checkpoint-40"], EvalConfig(tasks=(changed,)), engine=engine)
    report = judge(margin="2pt")
    assert not report.comparable
    assert only(report).reason == "max_tokens is 9 in new-checkpoint-40 and 8 in old-checkpoint-10"


def test_a_run_that_lacks_the_task_is_never_a_pass(teach: Callable[..., None], write_task: Write) -> None:
    first, second = (write_task(name, samples=60) for name in ("first", "second"))
    teach("old", f"{first},{second}", lambda step: 0.5)
    teach("new", first, lambda step: 0.5)
    report = judge(margin="2pt")
    assert not report.comparable
    assert report.reason == "second cannot be compared: new-checkpoint-10 has no result of it"


@pytest.mark.parametrize(
    ("new", "settings", "why"),
    [
        ("new", {}, "there is no margin for loss, bits per byte; pass --margins.loss 0.01, or --speed-up 0.95"),
        ("new", {"margins": {"lost": "1"}}, "a margin is given for 'lost', which is not judged; did you mean loss?"),
        ("new", {"margins": {"loss": "2pt"}}, "bits per byte is not in points, so 2pt is no margin of it"),
        ("new", {"tasks": ("skill_arithmetic",)}, "the baseline old has no result of skill_arithmetic"),
        ("new", {"baseline": ("odl",)}, "odl is no series of runs in runs, and a series is gated against a series"),
        ("new", {"baseline": ("runs/old-checkpoint-10",)}, "runs/old-checkpoint-10 is a file or folder, and a series"),
        ("new", {"baseline": ()}, "no baseline is given; pass --baseline with the name of a series"),
        ("nwe", {}, "nwe is no series of runs in runs, and a series is gated against a series; did you mean new?"),
        (
            "runs/new-checkpoint-10",
            {"baseline": ("runs/old-checkpoint-10",), "speed_up": 1.2},
            "runs/new-checkpoint-10 is no series",
        ),
        ("new", {"baseline": ("new",)}, "new is on both sides"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(
    train: Callable[..., None], new: str, settings: dict[str, Any], why: str
) -> None:
    train("old", bits(), steps=(10, 20))
    train("new", bits(), steps=(10, 20))
    with pytest.raises(ConfigError) as caught:
        gate(new, GateConfig(**{"baseline": ("old",), **settings}))
    assert str(caught.value).startswith(why)


def test_two_trainings_of_one_name_are_refused(train: Callable[..., None], stub_checkpoint: Stub) -> None:
    train("old", bits(), steps=(10, 20))
    train("new", bits(), steps=(10, 20))
    stub_checkpoint("checkpoint-40", where="elsewhere/new")
    engine = CannedEngine(lambda request: (Score(logprob=-9.0, tokens=60, greedy=False),))
    config = EvalConfig(tasks=("loss",), data=Path("held-out-60.jsonl"))
    evaluate(["../checkpoints/elsewhere/new/checkpoint-40"], config, engine=engine)
    with pytest.raises(ConfigError, match="the runs called new are of two trainings, "):
        judge_loss()


@pytest.mark.parametrize("speed_up", [0.0, -1.0, math.inf, math.nan])
def test_a_speed_up_that_is_none_is_refused(speed_up: float) -> None:
    with pytest.raises(ConfigError, match="speed_up must be above 0 and finite"):
        GateConfig(speed_up=speed_up)


def test_a_path_of_the_same_name_is_the_path(train: Callable[..., None]) -> None:
    train("old", bits(), steps=(10, 20))
    train("new", bits(), steps=(10, 20))
    shutil.copytree("runs/new-checkpoint-20", "new")
    shutil.copytree("runs/old-checkpoint-20", "old")
    assert only(judge_loss()).figure == "bits per byte"


def test_the_command_gates_series(train: Callable[..., None], command: Callable[..., Any]) -> None:
    train("old", bits())
    train("new", bits(1.3))
    asked = ("gate", "new", "--baseline", "old", "--speed-up")
    done = {bound: command(*asked, bound) for bound in ("1.1", "1.6")}
    assert (done["1.1"].returncode, done["1.6"].returncode) == (0, 1), done["1.1"].stderr
    assert done["1.1"].stdout.lstrip().startswith("PASS")
    assert "speed-up 1.1 in bits per byte" in done["1.1"].stdout
