"""`compare` on real run folders: which runs are meant, series and their curves, baselines, and what is refused."""

import json
import math
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

from benchcore import EvalConfig, Request, evaluate
from benchcore.api.comparing import compare
from benchcore.comparison.differences import Comparisons, Result
from benchcore.comparison.sides import BASELINES, baseline_text, read_side
from benchcore.config import CompareConfig
from benchcore.errors import ConfigError, RunIncomplete
from benchcore.records import Fault
from benchcore.testing import CannedEngine

Stub = Callable[..., Path]
Write = Callable[..., str]
MakeRun = Callable[..., Path]

pytestmark = pytest.mark.usefixtures("at_home")


def knowing(right: Collection[int]) -> CannedEngine:
    def reply(request: Request) -> str:
        number = int(request.sample.removeprefix("s"))
        return str(number + 1) if number in right else "no idea"

    return CannedEngine(reply)


@pytest.fixture
def make_run(stub_checkpoint: Stub, write_task: Write) -> MakeRun:
    """Evaluate a stub that knows the samples `right`, and return its run folder."""

    def make(
        name: str,
        right: Collection[int],
        *,
        out: str = "runs",
        task: str | None = None,
        where: str = "",
        **settings: Any,
    ) -> Path:
        folder = stub_checkpoint(name, where=where or out, weights=len(name.encode()).to_bytes(4, "little"))
        config = EvalConfig(tasks=(task or write_task(samples=20),), out=Path(out), **settings)
        evaluate([str(folder)], config, engine=knowing(right))
        return Path(out) / (f"{where}-{name}" if name.startswith("checkpoint-") else name)

    return make


def table(found: Comparisons) -> dict[str, Result]:
    (contest,) = found.contests
    return {result.run: result for result in contest.results}


def test_runs_are_compared_with_a_baseline_by_their_stored_figures(make_run: MakeRun) -> None:
    base, new = make_run("base", range(5)), make_run("new", range(15))
    found = compare([str(base), str(new)], CompareConfig(baseline=str(base)))
    assert found.baseline == "base" and [side.label for side in found.runs] == ["base", "new"]
    shown = table(found)
    for run, value in {"base": 0.25, "new": 0.75}.items():
        stored = json.loads((Path("runs") / run / "run.json").read_text())["tasks"][0]["figures"][0]
        figure = shown[run].figure
        assert figure is not None and figure.value == value
        assert (figure.low, figure.high, figure.n) == (stored["low"], stored["high"], 20)
    difference = shown["new"].difference
    assert difference is not None and difference.value == pytest.approx(0.5)
    assert shown["new"].p == pytest.approx(2 / 2**10) and shown["new"].best


def test_a_directory_a_pattern_and_a_list_mean_the_same_runs_each_once(make_run: MakeRun) -> None:
    folders = [str(make_run(name, range(5))) for name in ("slm-1", "slm-2", "slm-3")]
    labels = [[side.label for side in compare(runs).runs] for runs in (folders, ["runs"], ["runs/slm-*"])]
    assert labels == [["slm-1", "slm-2", "slm-3"]] * 3
    Path("runs/slm-notes").mkdir()
    assert len(compare([*folders, "runs", "runs/slm-*", f"{folders[0]}/../slm-1"]).runs) == 3


def test_the_baseline_stands_first_and_once(make_run: MakeRun) -> None:
    make_run("aaa", range(3))
    base = make_run("base", range(5))
    found = compare(["runs"], CompareConfig(baseline=f"{base}/"))
    assert [side.label for side in found.runs] == ["base", "aaa"]


def test_an_accepted_baseline_is_named(make_run: MakeRun) -> None:
    base, new = make_run("base", range(5)), make_run("new", range(15))
    BASELINES.mkdir(parents=True)
    (BASELINES / "release.json").write_text(baseline_text("release", [read_side(base)]))
    shutil.rmtree(base)
    found = compare([str(new)], CompareConfig(baseline="release"))
    assert found.baseline == "release" and table(found)["new"].p == pytest.approx(2 / 2**10)


def test_runs_of_one_name_are_told_apart_and_labels_are_shown(make_run: MakeRun) -> None:
    one, other = make_run("model", range(5), out="one"), make_run("model", range(9), out="other")
    assert [side.label for side in compare([str(one), str(other)]).runs] == ["one/model", "other/model"]
    labels = {"one/model": "Ours", "other/model": "Theirs"}
    assert [result.run for result in compare(["one", "other"], labels=labels).contests[0].results] == ["Ours", "Theirs"]
    with pytest.raises(
        ConfigError, match="label for 'one/modl', which is no run of this table; did you mean one/model"
    ):
        compare(["one", "other"], labels={"one/modl": "Ours"})
    with pytest.raises(ConfigError, match="2 runs would be called 'Ours'"):
        compare(["one", "other"], labels=dict.fromkeys(labels, "Ours"))


@pytest.fixture
def two_series(at_home: Path, stub_checkpoint: Stub, write_task: Write) -> None:
    """The series `fast` and `slow`, at 10, 20, 40 and 80 thousand tokens; `fast` is one doubling ahead."""
    steps = (10, 20, 40, 80)
    for series in ("slow", "fast"):
        for step in steps:
            folder = stub_checkpoint(f"checkpoint-{step}", where=series, weights=bytes([step, 0, 0, series == "fast"]))
            state = {"tokens": 1000 * step, "bill": {"flops": 2e15 * step, "seconds": 1.5 * step}}
            (folder / "benchcore.json").write_text(json.dumps(state))

    class Learner(CannedEngine):
        def __init__(self) -> None:
            super().__init__(self.say)

        def say(self, request: Request) -> str:
            assert self.checkpoint is not None and self.checkpoint.step is not None
            known = round(math.log2(self.checkpoint.step / 10)) + 1 + (self.checkpoint.series == "fast")
            number = int(request.sample.removeprefix("s"))
            return str(number + 1) if number < known else "no idea"

    checkpoints = Path(folder).parent.parent
    evaluate(
        [str(checkpoints / "slow"), str(checkpoints / "fast")],
        EvalConfig(tasks=(write_task(),), out=Path("runs")),
        engine=Learner(),
    )


@pytest.mark.usefixtures("two_series")
def test_of_a_series_the_last_step_stands_with_what_its_curve_comes_to() -> None:
    found = compare(["runs"], CompareConfig(baseline="runs/slow-checkpoint-80"))
    assert [side.label for side in found.runs] == ["slow-checkpoint-80", "fast-checkpoint-80"]
    assert found.steps == {"slow": 4, "fast": 4}
    curves = {
        label: {figure.name: figure.value for figure in known} for (label, task, name), known in found.curves.items()
    }
    # straight lines in log-tokens from 1/8 to 4/8, and an eighth above it; where slow ends, fast was at half the tokens
    assert curves["slow-checkpoint-80"]["AUC over log-tokens"] == pytest.approx(2.5 / 8)
    assert curves["fast-checkpoint-80"]["AUC over log-tokens"] == pytest.approx(3.5 / 8)
    assert curves["fast-checkpoint-80"]["speed-up to 0.5"] == pytest.approx(2.0)
    assert not any(name.startswith("speed-up") for name in curves["slow-checkpoint-80"])
    assert [side.record.tokens for side in found.runs] == [80_000, 80_000]


@pytest.mark.usefixtures("two_series")
def test_the_curve_is_that_of_the_steps_given_and_of_one_step_there_is_none() -> None:
    some = ["runs/slow-checkpoint-20", "runs/slow-checkpoint-80", "runs/fast-checkpoint-80"]
    found = compare(some)
    assert [label for label, _, _ in found.curves] == ["slow-checkpoint-80"]
    assert len(found.runs) == 2 and found.steps == {"slow": 2}
    assert compare(some[1:]).curves == {}


@pytest.mark.usefixtures("two_series")
def test_an_earlier_step_can_be_the_baseline_of_its_own_series() -> None:
    found = compare(["runs/slow-checkpoint-80"], CompareConfig(baseline="runs/slow-checkpoint-10"))
    assert [side.label for side in found.runs] == ["slow-checkpoint-10", "slow-checkpoint-80"]


def test_two_trainings_in_folders_of_one_name_are_two_series(make_run: MakeRun) -> None:
    for out, better in (("one", 0), ("other", 4)):
        for step in (10, 20):
            make_run(f"checkpoint-{step}", range(step // 2 + better), out=out, where=f"{out}/run")
    found = compare(["one", "other"])
    assert [side.label for side in found.runs] == ["one/run-checkpoint-20", "other/run-checkpoint-20"]
    means = {label: figures[0].value for (label, _, _), figures in found.curves.items()}
    assert means == pytest.approx({"one/run-checkpoint-20": 7.5 / 20, "other/run-checkpoint-20": 11.5 / 20})


def test_one_training_evaluated_in_two_ways_has_two_curves(stub_checkpoint: Stub, write_task: Write) -> None:
    for step in (10, 20):
        series = stub_checkpoint(f"checkpoint-{step}", where="run", weights=bytes([step, 0, 0, 0])).parent
    for out, right, temperature in (("cold", 4, 0.0), ("warm", 12, 0.8)):
        config = EvalConfig(tasks=(write_task(samples=20),), out=Path(out), temperature=temperature)
        evaluate([str(series)], config, engine=knowing(range(right)))
    found = compare(["cold", "warm"], CompareConfig(across=("temperature",)))
    means = {label: figures[0].value for (label, _, _), figures in found.curves.items()}
    assert means == pytest.approx({"cold/run-checkpoint-20": 4 / 20, "warm/run-checkpoint-20": 12 / 20})


def test_an_unfinished_run_is_left_out_by_name_and_an_unfinished_baseline_refused(
    make_run: MakeRun, stub_checkpoint: Stub, write_task: Write
) -> None:
    done = make_run("done", range(5))
    stub = stub_checkpoint("half", weights=b"half")
    broken = CannedEngine(lambda request: Fault(kind="test", message="no answer"))
    evaluate([str(stub)], EvalConfig(tasks=(write_task(samples=20),), out=Path("runs")), engine=broken)
    found = compare(["runs"])
    assert [side.label for side in found.runs] == ["done"] and found.unfinished == ("runs/half",)
    with pytest.raises(RunIncomplete, match="not complete: runs/half"):
        compare(["runs/half"])
    with pytest.raises(RunIncomplete, match="half is not complete"):
        compare([str(done)], CompareConfig(baseline="runs/half"))


def test_limits_prompts_graders_and_versions_do_not_compare(make_run: MakeRun, write_task: Write) -> None:
    base = make_run("base", range(5))
    make_run("short", range(5), limit=10)
    make_run("prompt", range(5), task=write_task(samples=20, prompt="What would be "))
    make_run("grader", range(5), task=write_task(samples=20, grader="same@2"))
    make_run("version", range(5), task=write_task(samples=20, version=2))
    found = compare(["runs"], CompareConfig(baseline=str(base)))
    assert not found.comparable
    reasons = {run: result.reason for run, result in table(found).items()}
    assert reasons == {
        "base": "",
        "short": "the problems are not the same: 0 of 10 only in short, 10 of 20 only in base",
        "prompt": "the problems are not the same: 20 of 20 only in prompt, 20 of 20 only in base",
        "grader": "grader is same@2 in grader and same@1 in base",
        "version": "version is 2 in version and 1 in base",
    }


def test_across_lets_a_setting_differ_and_must_be_one(make_run: MakeRun) -> None:
    base = make_run("base", range(5))
    make_run("warm", range(15), temperature=0.8)
    assert not compare(["runs"], CompareConfig(baseline=str(base))).comparable
    found = compare(["runs"], CompareConfig(baseline=str(base), across=("temperature",)))
    assert found.comparable and found.across == ("temperature",)
    with pytest.raises(
        ConfigError, match="no run has a setting 'temprature' that may differ; did you mean temperature"
    ):
        compare(["runs"], CompareConfig(across=("temprature",)))


def test_tasks_choose_and_order(make_run: MakeRun, write_task: Write) -> None:
    first, second = write_task("first"), write_task("second")
    stub = make_run("one", range(3), task=f"{first},{second}")
    assert [contest.task for contest in compare([str(stub)]).contests] == ["first", "second"]
    found = compare([str(stub)], CompareConfig(tasks=("second,first", "gsm8k")))
    assert [contest.task for contest in found.contests] == ["second", "first"] and found.absent == ("gsm8k",)
    with pytest.raises(ConfigError, match="no run has the task 'secnd'; did you mean second"):
        compare([str(stub)], CompareConfig(tasks=("secnd",)))
    with pytest.raises(ConfigError, match="no run has rho1; they have first, second"):
        compare([str(stub)], CompareConfig(tasks=("rho1",)))


@pytest.mark.parametrize(
    ("runs", "settings", "sentence"),
    [
        ([], {}, "no run is given to compare"),
        (["runs/base"], {"baseline": "runs/base"}, "no run is given to compare"),
        (["runs/bas"], {}, "there is no run folder or accepted baseline runs/bas; did you mean runs/base"),
        (["runs/x*"], {}, "there is no run folder or accepted baseline runs/x"),
        (["runs"], {"baseline": "relase"}, "there is no run folder or accepted baseline relase"),
        (["empty"], {}, "empty is no run folder and holds none"),
        (["a.txt"], {}, "a.txt is not a baseline"),
    ],
)
def test_what_is_no_run_is_refused_in_a_sentence(
    make_run: MakeRun, runs: list[str], settings: dict[str, Any], sentence: str
) -> None:
    make_run("base", range(5))
    Path("empty").mkdir()
    Path("a.txt").write_text("no JSON")
    with pytest.raises(ConfigError, match=sentence):
        compare(runs, CompareConfig(**settings))
