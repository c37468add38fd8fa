"""A directory of checkpoints as one job: order, choice, one engine, curves, speed-ups, seeds, waiting for more."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchcore import CompareConfig, EvalConfig, Figure, Request, compare, evaluate
from benchcore.api import checkpoints
from benchcore.api.evaluation import Evaluation
from benchcore.checkpoint import Checkpoint
from benchcore.errors import CheckpointError, ConfigError
from benchcore.records import Curve
from benchcore.testing import CannedEngine

Stub = Callable[..., Path]
Write = Callable[..., str]

pytestmark = pytest.mark.usefixtures("at_home")

STEPS = (10, 20, 40, 80)


class Learner(CannedEngine):
    """Knows the first samples only, and one more each time that the steps double."""

    def __init__(self, head_start: int = 0) -> None:
        super().__init__(self.say)
        self.head_start = head_start

    def say(self, request: Request) -> str:
        assert self.checkpoint is not None and self.checkpoint.step is not None
        known = round(math.log2(self.checkpoint.step / 10)) + 1 + self.head_start
        number = int(request.sample.removeprefix("s"))
        return str(number + 1) if number < known else "no idea"


@pytest.fixture
def series(stub_checkpoint: Stub) -> Callable[..., Path]:
    """Make a directory of checkpoints, with the tokens that its trainer counted."""

    def make(name: str = "run", steps: tuple[int, ...] = STEPS, tokens: int | None = 1000) -> Path:
        for step in steps:
            folder = stub_checkpoint(f"checkpoint-{step}", where=name, weights=step.to_bytes(4, "little"))
            if tokens:
                (folder / "trainer_state.json").write_text(json.dumps({"num_input_tokens_seen": tokens * step}))
        return folder.parent

    return make


def run(where: Path | list[Path], task: str, engine: CannedEngine | None = None, **settings: Any) -> Evaluation:
    folders = [str(one) for one in (where if isinstance(where, list) else [where])]
    return evaluate(folders, EvalConfig(tasks=(task,), **settings), engine=engine or Learner())


def named(curve: Curve, name: str) -> Figure:
    (found,) = [figure for figure in curve.figures if figure.name == name]
    return found


def test_a_series_is_one_job_with_one_engine_and_a_curve(series: Callable[..., Path], write_task: Write) -> None:
    engine = Learner()
    found = run(series(), write_task(), engine)
    assert [record.step for record in found.records] == list(STEPS)
    assert [record.tokens for record in found.records] == [1000 * step for step in STEPS]
    assert {record.series for record in found.records} == {"run"}
    assert (engine.entered, engine.swapped) == (1, 3), "started once, other weights three times"
    (curve,) = found.curves
    assert (curve.series, curve.task, curve.figure, curve.unit) == ("run", "sums", "accuracy", "tokens")
    values = [(at, figure.value) for at, figure in curve.points]
    assert values == [(10_000, 1 / 8), (20_000, 2 / 8), (40_000, 3 / 8), (80_000, 4 / 8)]
    # a straight line in log-tokens, which a monotone cubic keeps: its mean is the middle
    assert named(curve, "AUC over log-tokens").value == pytest.approx(2.5 / 8)
    # over tokens: the integral of 1/8 + log2(t)/8 from 1 to 8, divided by 7
    exact = 1 / 8 + (8 * math.log(8) - 7) / math.log(2) / 7 / 8
    assert named(curve, "AUC over tokens").value == pytest.approx(exact)
    assert "10000" in named(curve, "AUC over tokens").method.replace("1e+04", "10000")


def test_without_counted_tokens_the_axis_is_steps_and_says_so(series: Callable[..., Path], write_task: Write) -> None:
    (curve,) = run(series(tokens=None), write_task()).curves
    assert curve.unit == "steps" and [at for at, _ in curve.points] == list(STEPS)
    assert {figure.name for figure in curve.figures} == {"AUC over log-steps", "AUC over steps"}


def test_a_second_time_nothing_is_started_and_the_curve_is_the_same(
    series: Callable[..., Path], write_task: Write
) -> None:
    where, task = series(), write_task()
    first = run(where, task)
    again = Learner()
    assert run(where, task, again).curves == first.curves
    assert again.entered == 0 and not again.asked


def test_an_interrupted_series_asks_only_what_is_missing(series: Callable[..., Path], write_task: Write) -> None:
    class Dying(Learner):
        def say(self, request: Request) -> str:
            if len(self.asked) > 20:
                raise KeyboardInterrupt
            return super().say(request)

    where, task = series(), write_task()
    dying, rest = Dying(), Learner()
    with pytest.raises(KeyboardInterrupt):
        run(where, task, dying)
    found = run(where, task, rest)
    assert len(rest.asked) == 32 - 20 and all(record.complete for record in found.records)
    assert rest.entered == 1, "the first two are complete and need no engine"


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        ({"every": 2}, [20, 40, 50]),
        ({"every": 1}, [10, 20, 30, 40, 50]),
        ({"every": 9}, [50]),
        ({"last": 2}, [40, 50]),
        ({"last": 9}, [10, 20, 30, 40, 50]),
        ({"last": 4, "every": 2}, [30, 50]),
    ],
)
def test_every_and_last_choose_in_step_order(
    series: Callable[..., Path], write_task: Write, settings: dict[str, int], steps: list[int]
) -> None:
    found = run(series(steps=(10, 20, 30, 40, 50)), write_task(), **settings)
    assert [record.step for record in found.records] == steps


def test_a_broken_checkpoint_does_not_stop_the_others(series: Callable[..., Path], write_task: Write) -> None:
    class Picky(Learner):
        def swap(self, checkpoint: Checkpoint) -> bool:
            if checkpoint.step == 40:
                raise CheckpointError("its weights are no good")
            return super().swap(checkpoint)

    engine = Picky()
    found = run(series(), write_task(), engine)
    assert [record.step for record in found.records] == [10, 20, 80]
    assert [(skip.path.name, skip.reason) for skip in found.failed] == [("checkpoint-40", "its weights are no good")]
    assert engine.entered == 2, "after a failed exchange another engine is started"


def test_an_engine_that_cannot_exchange_weights_is_started_anew(series: Callable[..., Path], write_task: Write) -> None:
    class Rigid(Learner):
        def swap(self, checkpoint: Checkpoint) -> bool:
            return False

    engine = Rigid()
    found = run(series(), write_task(), engine)
    assert engine.entered == 4 and [record.complete for record in found.records] == [True] * 4


def test_speed_up_is_the_ratio_of_tokens_where_the_other_ends(series: Callable[..., Path], write_task: Write) -> None:
    class Both(Learner):
        def say(self, request: Request) -> str:
            assert self.checkpoint is not None
            self.head_start = 1 if self.checkpoint.series == "fast" else 0
            return super().say(request)

    slow, fast = series("slow"), series("fast")
    found = run([slow, fast], write_task(), Both(), against="slow")
    curves = {curve.series: curve for curve in found.curves}
    assert named(curves["fast"], "tokens to 0.5").value == pytest.approx(40_000)
    assert named(curves["slow"], "tokens to 0.5").value == pytest.approx(80_000)
    # one more known answer is one doubling: the faster needs half of the tokens, all along the way
    speeds = [figure for figure in curves["fast"].figures if figure.name.startswith("speed-up to")]
    assert len(speeds) == 4
    for figure in speeds:
        assert figure.value == pytest.approx(2.0), figure.name
    assert not [figure for figure in curves["slow"].figures if figure.name.startswith("speed-up")]
    # means are taken where both are
    assert "1e+04 to 8e+04" in named(curves["fast"], "AUC over tokens").method


def test_a_target_that_is_never_reached_is_absent_and_not_infinite(
    series: Callable[..., Path], write_task: Write
) -> None:
    class Ahead(Learner):
        def say(self, request: Request) -> str:
            assert self.checkpoint is not None
            self.head_start = 3 if self.checkpoint.series == "good" else 0
            return super().say(request)

    found = run([series("good"), series("bad")], write_task(), Ahead(), against="good")
    (bad,) = [curve for curve in found.curves if curve.series == "bad"]
    for name in ("tokens to 0.875", "speed-up to 0.875"):
        figure = named(bad, name)
        assert figure.value is None and "not reached" in figure.method


def test_a_series_evaluated_earlier_can_be_measured_against(series: Callable[..., Path], write_task: Write) -> None:
    task = write_task()
    run(series("old"), task)
    found = run(series("new"), task, Learner(head_start=1), against="old")
    assert {curve.series for curve in found.curves} == {"old", "new"}
    with pytest.raises(ConfigError, match=r"there is no series 'odl' in runs.*did you mean old"):
        run(series("newer"), task, against="odl")
    assert not Path("runs/newer-checkpoint-10").exists(), "a wrong name is told before anything is asked"


def test_tasks_that_were_run_otherwise_are_not_compared(series: Callable[..., Path], write_task: Write) -> None:
    run(series("old"), write_task(), limit=4)
    found = run(series("new"), write_task(), against="old")
    (new,) = [curve for curve in found.curves if curve.series == "new"]
    assert not [figure for figure in new.figures if "speed-up" in figure.name or "tokens to" in figure.name]


def test_three_seeds_make_an_interval_and_two_make_none(series: Callable[..., Path], write_task: Write) -> None:
    class Seeds(Learner):
        def say(self, request: Request) -> str:
            assert self.checkpoint is not None and self.checkpoint.series is not None
            self.head_start = int(self.checkpoint.series[-1])
            return super().say(request)

    task = write_task()
    folders = [series(f"slm-seed{seed}") for seed in (0, 1, 2)]
    two = run(folders[:2], task, Seeds(), out=Path("two"))
    assert [curve.series for curve in two.curves] == ["slm-seed0", "slm-seed1"]
    three = run(folders, task, Seeds())
    *_, over = three.curves
    assert over.series == "slm (3 seeds)" and not over.points
    mean = named(over, "AUC over log-tokens")
    # the seeds' means are 2.5, 3.5 and 4.5 eighths; t of 2 degrees of freedom is 4.302653, their error 1 / sqrt 3
    assert mean.value == pytest.approx(3.5 / 8) and mean.n == 3
    assert mean.low == pytest.approx((3.5 - 4.302653 / math.sqrt(3)) / 8, abs=1e-6)
    assert mean.high == pytest.approx((3.5 + 4.302653 / math.sqrt(3)) / 8, abs=1e-6)


def test_a_recipe_is_measured_against_seed_by_seed(series: Callable[..., Path], write_task: Write) -> None:
    class Seeds(Learner):
        def say(self, request: Request) -> str:
            assert self.checkpoint is not None and self.checkpoint.series is not None
            recipe, seed = self.checkpoint.series.split("-seed")
            self.head_start = int(seed) + (recipe == "slm")
            return super().say(request)

    task = write_task()
    run([series(f"clm-seed{seed}") for seed in (0, 1, 2)], task, Seeds())
    found = run([series(f"slm-seed{seed}") for seed in (0, 1, 2)], task, Seeds(), against="clm")
    curves = {curve.series: curve for curve in found.curves}
    assert len(curves) == 8
    # each seed's clm ends an answer above the one before, and slm is there a doubling earlier
    for seed, end in enumerate((0.5, 0.625, 0.75)):
        assert named(curves[f"slm-seed{seed}"], f"speed-up to {end}").value == pytest.approx(2.0)
    over = named(curves["slm (3 seeds)"], "speed-up to where clm ends")
    assert over.value == pytest.approx(2.0) and over.n == 3
    assert named(curves["slm (3 seeds)"], "tokens to where clm ends").value == pytest.approx(40_000)
    assert not [one for one in curves["clm (3 seeds)"].figures if one.name.startswith("speed-up")]
    with pytest.raises(ConfigError, match="there is no series 'cl' in runs"):
        run(series("slm-seed9"), task, Seeds(), against="cl")


def test_each_group_has_a_curve_of_its_own_below_those_of_the_whole(
    series: Callable[..., Path], write_task: Write
) -> None:
    plain = run(series(), write_task())
    task = write_task("parted", group="'low' if number < 4 else 'high'")
    (whole, *rest) = found = run(series("parted"), task).curves
    assert [(one.group, one.task, one.series) for one in found] == [
        (None, "parted", "parted"), ("low", "parted", "parted"), ("high", "parted", "parted"),
    ]  # fmt: skip
    (alone,) = plain.curves
    assert [(at, one.value) for at, one in whole.points] == [(at, one.value) for at, one in alone.points]
    assert whole.figures == alone.figures, "and nothing else is made of it"
    low, high = rest
    assert [(at, one.value) for at, one in low.points] == [(10_000, 0.25), (20_000, 0.5), (40_000, 0.75), (80_000, 1.0)]
    assert {one.group for _, one in low.points} == {"low"}
    assert [one.value for _, one in high.points] == [0, 0, 0, 0]
    # half way from 0.25 to 1, which is half way from 20,000 to 40,000 in their logarithm
    half = named(low, "tokens to 0.625")
    assert half.value == pytest.approx(20_000 * math.sqrt(2)) and "half way" in half.method
    assert named(low, "AUC over log-tokens").value == pytest.approx(0.625)


def test_groups_are_compared_as_the_whole_is(series: Callable[..., Path], write_task: Write) -> None:
    class Seeds(Learner):
        def say(self, request: Request) -> str:
            assert self.checkpoint is not None and self.checkpoint.series is not None
            recipe, seed = self.checkpoint.series.split("-seed")
            self.head_start = int(seed) + (recipe == "slm")
            return super().say(request)

    task = write_task(group="'low' if number < 4 else 'high'")
    run([series(f"clm-seed{seed}") for seed in (0, 1, 2)], task, Seeds())
    found = run([series(f"slm-seed{seed}") for seed in (0, 1, 2)], task, Seeds(), against="clm")
    assert [one.group for one in found.curves] == 8 * [None] + 8 * ["low"] + 8 * ["high"]
    low = {one.series: one for one in found.curves if one.group == "low"}
    # all four are known at the end of each clm, of seed 0 after four times the tokens that slm-seed1 needs
    assert named(low["clm-seed0"], "tokens to 1").value == pytest.approx(80_000)
    assert named(low["slm-seed0"], "tokens to 1").value == pytest.approx(40_000)
    assert named(low["slm-seed0"], "speed-up to 1").value == pytest.approx(2.0)
    assert named(low["slm (3 seeds)"], "tokens to where clm ends").n == 3
    means = [one for one in found.curves if one.series == "slm (3 seeds)"]
    assert [one.group for one in means] == [None, "low", "high"]
    alone = run([series(f"other-seed{seed}") for seed in (0, 1, 2)], task, Learner())
    over = [one for one in alone.curves if one.series == "other (3 seeds)" and one.group == "low"]
    assert named(over[0], "tokens to half way").n == 3


def test_a_comparison_takes_the_curves_of_the_whole(series: Callable[..., Path], write_task: Write) -> None:
    known = []
    for name, group in (("plain", "None"), ("parted", "'low' if number < 4 else 'high'")):
        task = write_task(group=group)
        for arm, head_start in (("clm", 0), ("slm", 1)):
            run(series(f"{name}/{arm}"), task, Learner(head_start), out=Path(name))
        found = compare([name], CompareConfig(baseline=f"{name}/clm-checkpoint-80"))
        known.append({about: [one.value for one in figures] for about, figures in found.curves.items()})
    assert known[0] == known[1] and len(known[0]) == 2


def test_a_lone_checkpoint_has_no_curve(series: Callable[..., Path], write_task: Write) -> None:
    assert run(series(steps=(10,)), write_task()).curves == ()


def test_a_trainers_scratch_folder_is_no_checkpoint(series: Callable[..., Path], write_task: Write) -> None:
    where = series()
    (where / "checkpoint-40").rename(where / "tmp-checkpoint-40")
    assert [record.step for record in run(where, write_task()).records] == [10, 20, 80]


def test_watching_takes_what_a_marker_shows_to_be_complete_until_interrupted(
    series: Callable[..., Path], stub_checkpoint: Stub, write_task: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "POLL", 0.01)
    where = series(steps=(10, 20))
    unmarked = stub_checkpoint("checkpoint-40", where="run", weights=b"\x28\0\0\0")
    waits: list[str] = []

    def watch(progress: Any) -> None:
        if progress.doing != "waiting for checkpoints":
            return
        waits.append(progress.doing)
        if len(waits) == 2:
            late = stub_checkpoint("checkpoint-80", where="run", weights=b"\x50\0\0\0")
            (late / "benchcore.json").write_text('{"tokens": 80000}')
        if len(waits) >= 4:
            raise KeyboardInterrupt

    config = EvalConfig(tasks=(write_task(),), watch=True)
    found = evaluate([str(where)], config, watch=watch, engine=Learner())
    assert [record.step for record in found.records] == [10, 20, 80], "40 has no marker and was just written"
    old = time.time() - 60
    for path in unmarked.iterdir():
        os.utime(path, (old, old))
    again = evaluate([str(where)], config, watch=watch, engine=Learner())
    assert [record.step for record in again.records] == [10, 20, 40, 80], "nothing in 40 has changed for a minute"


def test_watching_an_empty_directory_is_no_mistake_but_a_missing_one_is(write_task: Write) -> None:
    Path("soon").mkdir()

    def stop(progress: Any) -> None:
        raise KeyboardInterrupt

    config = EvalConfig(tasks=(write_task(),), watch=True)
    assert evaluate(["soon"], config, watch=stop, engine=Learner()).records == ()
    with pytest.raises(CheckpointError, match="there is no checkpoint at never"):
        evaluate(["never"], config, engine=Learner())
    with pytest.raises(ConfigError, match="--last does not go with --watch"):
        evaluate(["soon"], EvalConfig(tasks=config.tasks, watch=True, last=1), engine=Learner())


def test_ctrl_c_ends_a_watching_command_with_its_table(tiny_checkpoint: Path, environment: dict[str, str]) -> None:
    folder = Path("run") / "checkpoint-10"
    folder.parent.mkdir()
    folder.symlink_to(tiny_checkpoint)
    words = [sys.executable, "-m", "benchcore", "eval", "run", "--tasks", "skill_arithmetic", "--limit", "2", "--watch"]
    started = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
    old = time.time() - 60
    for path in tiny_checkpoint.iterdir():
        os.utime(path, (old, old))
    with subprocess.Popen([*words, "--engine", "embedded"], **started) as process:  # type: ignore[call-overload]
        timer = threading.Timer(100, process.kill)
        timer.start()
        assert process.stderr is not None
        for line in process.stderr:
            if "waiting for checkpoints" in line:
                process.send_signal(signal.SIGINT)
                break
        out, err = process.communicate()
        timer.cancel()
    assert process.returncode == 0, err
    assert "skill_arithmetic" in out and "accuracy" in out
