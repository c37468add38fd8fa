"""What a report page is made of: runs, complete or not, series, verdicts, samples; writing, watching and serving it."""

import json
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

from benchcore import EvalConfig, Request, accept, evaluate
from benchcore.api import reporting
from benchcore.api.reporting import page, serve, watch, write
from benchcore.config import ReportConfig
from benchcore.errors import ConfigError, MachineError
from benchcore.records import Fault
from benchcore.report.model import Page
from benchcore.skill_graph import SkillGraph, write_graph
from benchcore.store import Store
from benchcore.testing import CannedEngine

Stub = Callable[..., Path]
Write = Callable[..., str]
MakeRun = Callable[..., Path]

pytestmark = pytest.mark.usefixtures("at_home")


def knowing(right: Collection[int], lost: Collection[int] = ()) -> CannedEngine:
    """An engine that knows the samples `right` and gives no answer to those `lost`."""

    def reply(request: Request) -> str | Fault:
        number = int(request.sample.removeprefix("s"))
        if number in lost:
            return Fault(kind="test", message="no answer")
        return str(number + 1) if number in right else "no idea"

    return CannedEngine(reply)


@pytest.fixture
def make_run(at_home: Path, stub_checkpoint: Stub, write_task: Write) -> MakeRun:
    """Evaluate a stub on 20 samples, and return its run folder."""

    def make(
        name: str, right: Collection[int], lost: Collection[int] = (), *, out: str = "runs", task: str | None = None
    ) -> Path:
        folder = stub_checkpoint(name, where=out, weights=len(name.encode()).to_bytes(4, "little"))
        config = EvalConfig(tasks=(task or write_task(samples=20),), out=Path(out))
        evaluate([str(folder)], config, engine=knowing(right, lost))
        return Path(out) / name

    return make


@pytest.fixture
def two(make_run: MakeRun) -> tuple[Path, Path]:
    """The runs `base` with 5 of 20 right and `clever` with 15, those 5 among them."""
    return make_run("base", range(5)), make_run("clever", range(15))


def verdicts(made: Page, task: str = "sums") -> list[tuple[str, ...]]:
    """Sample by sample the verdicts of all runs, "" where there is none."""
    return [tuple(trials[0].verdict if trials else "" for trials in sample.attempts) for sample in made.samples[task]()]


@pytest.mark.usefixtures("two")
def test_two_runs_and_their_samples() -> None:
    made = page(["runs"], ReportConfig(baseline="runs/base"))
    assert (made.title, made.labels, made.complete) == ("clever against base", ("base", "clever"), True)
    assert [record.run for record in made.records] == ["base", "clever"]
    assert made.found.baseline == "base" and made.found.comparable
    assert (made.gate, made.curves) == (None, ())
    found = verdicts(made)
    assert found[:5] == 5 * [("right", "right")] and found[5:15] == 10 * [("wrong", "right")]
    assert found == verdicts(made), "they are read anew"


@pytest.mark.usefixtures("two")
def test_a_margin_is_judged_as_the_gate_does() -> None:
    made = page(["runs/clever"], ReportConfig(baseline="runs/base", margin="2pt"))
    assert made.gate is not None and (made.gate.decision.value, made.gate.candidate) == ("pass", "clever")
    own = page(["runs/base"], ReportConfig(baseline="runs/clever", margins={"sums": "2pt"}, title="Mine"))
    assert own.gate is not None and own.gate.decision.value == "fail"
    assert own.title == "Mine"


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("runs", "settings", "said"),
    [
        ([], {}, "no run is given to report on; give run folders"),
        (["runs/bass"], {}, "there is no run folder or accepted baseline runs/bass; did you mean runs/base"),
        (["runs"], {"baseline": "nowhere"}, "there is no run folder or accepted baseline nowhere"),
        (["runs"], {"tasks": ("sms",)}, "no run has the task 'sms'; did you mean sums"),
        (["runs"], {"across": ("temprature",)}, "no run has a setting 'temprature'"),
        (["runs"], {"margin": "2pt"}, "pass --baseline too"),
        (["runs/base"], {"baseline": "runs/base", "margin": "2pt"}, "one run against the baseline, and 0 are given"),
        (["runs/clever"], {"baseline": "runs/base", "margin": "much"}, "the margin 'much' is not one"),
        (["runs/clever"], {"baseline": "runs/base", "margins": {"sms": "2pt"}}, "a margin is given for 'sms'"),
    ],
)
def test_what_cannot_be_meant(runs: list[str], settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said.replace("(", r"\(")):
        page(runs, ReportConfig(**settings))


@pytest.mark.usefixtures("two")
def test_a_graph_of_skills_is_shown_and_read_again_when_it_changes() -> None:
    file = Path("graph.json")
    file.write_text('{"skills": ["sums", "products"], "weights": [[1, 0.5], [0, 1]]}')
    made = page(["runs"], ReportConfig(graph=file))
    assert made.graph is not None and made.graph.skills == ("sums", "products")
    with serve(["runs"], ReportConfig(graph=file, serve=True, port=0)) as server:
        first = server.shown(anew=True)
        assert server.shown(anew=True) is first
        file.write_text('{"skills": ["sums"], "weights": [[1]]}')
        assert server.shown(anew=True) is not first
    file.write_text('{"skills": ["sums"], "weights": [[-1]]}')
    with pytest.raises(ConfigError, match=r"graph\.json is not a skill graph .*the weight -1 in the row of 'sums'"):
        page(["runs"], ReportConfig(graph=file))


def test_the_graph_of_a_training_run_is_shown_unless_there_are_several(make_run: MakeRun) -> None:
    for name in ("one", "other", "plain"):
        make_run("step-1", range(5), out=f"{name}/heldout")
    graph = SkillGraph(skills=("sums", "products"), weights=((1, 0.5), (0, 1)))
    assert page(["one", "other", "plain"]).graph is None
    write_graph(Path("one/graph.json"), graph)
    assert page(["one", "other", "plain"]).graph == graph
    assert page(["plain"]).graph is None
    write_graph(Path("other/graph.json"), graph)
    assert page(["one", "other"]).graph == graph, "the same one twice"
    with serve(["one"], ReportConfig(serve=True, port=0)) as server:
        first = server.shown(anew=True)
        write_graph(Path("one/graph.json"), SkillGraph(skills=("sums",), weights=((1,),)))
        assert server.shown(anew=True) is not first
    assert page(["one", "other"]).graph is None
    assert page(["one", "other"], ReportConfig(graph=Path("other/graph.json"))).graph == graph


@pytest.mark.usefixtures("two")
def test_only_the_tasks_that_are_asked_for(make_run: MakeRun, write_task: Write) -> None:
    task = write_task("others", samples=3)
    for name in ("base", "clever"):
        config = EvalConfig(tasks=(task,))
        evaluate([str(Path("..") / "checkpoints" / "runs" / name)], config, engine=knowing([0]))
    assert set(page(["runs"]).samples) == {"others", "sums"}
    made = page(["runs"], ReportConfig(tasks=("others",)))
    assert set(made.samples) == {contest.task for contest in made.found.contests} == {"others"}
    assert {task.task for record in made.records for task in record.tasks} == {"others"}


def test_a_run_that_goes_on_is_shown_with_its_counts(make_run: MakeRun) -> None:
    make_run("base", range(5))
    make_run("clever", range(15), lost=range(10, 20))
    made = page(["runs"], ReportConfig(baseline="runs/base", margin="2pt"))
    assert (made.labels, made.complete, made.gate) == (("base", "clever"), False, None)
    assert [side.label for side in made.found.runs] == ["base"] and made.found.unfinished == ("runs/clever",)
    [task] = made.records[1].tasks
    assert (task.requests, task.completions, task.faults, task.graded) == (20, 20, 10, 10)
    assert (task.verdicts, task.figures, task.grader, task.version) == ({"right": 10}, (), "same@1", 1)
    assert not made.records[1].complete and made.records[1].engine["family"] == "canned"
    assert verdicts(made)[4:6] + verdicts(made)[10:11] == [("right", "right"), ("wrong", "right"), ("wrong", "")]
    alone = page(["runs/clever"])
    assert alone.found.runs == () and alone.labels == ("clever",)
    other = page(["runs/base"], ReportConfig(baseline="runs/clever"))
    assert other.labels == ("clever", "base") and other.found.baseline is None


def test_two_runs_of_one_name_are_told_apart(make_run: MakeRun, write_task: Write) -> None:
    task = write_task(samples=20)
    for out, lost in (("a", ()), ("b", [1]), ("c", [1])):
        make_run("model", range(5), lost, out=out, task=task)
    assert page(["a", "b", "c"]).labels == ("model", "b/model", "c/model")
    assert page(["b", "c"]).title == "Results of model, c/model"


@pytest.mark.usefixtures("two")
def test_an_accepted_baseline_has_figures_and_no_texts() -> None:
    accept([Path("runs/base")], "release")
    made = page(["runs/clever"], ReportConfig(baseline="release"))
    assert made.labels == ("release", "clever") and made.found.comparable
    assert set(verdicts(made)) == {("", "right"), ("", "wrong")}


def test_of_a_series_the_last_run_and_the_curve(stub_checkpoint: Stub, write_task: Write) -> None:
    for step in (10, 20, 40):
        folder = stub_checkpoint(f"checkpoint-{step}", where="slm", weights=step.to_bytes(4, "little"))
        (folder / "trainer_state.json").write_text(json.dumps({"num_input_tokens_seen": 1000 * step}))
        evaluate([str(folder)], EvalConfig(tasks=(write_task(samples=20),)), engine=knowing(range(step // 4)))
    made = page(["runs"])
    assert [record.step for record in made.records] == [40] and len(made.labels) == 1
    [curve] = made.curves
    assert [(at, figure.value) for at, figure in curve.points] == [(10_000, 0.1), (20_000, 0.25), (40_000, 0.5)]
    assert len(verdicts(made)[0]) == 1


@pytest.mark.usefixtures("two")
def test_writing_the_page(tmp_path: Path) -> None:
    made = page(["runs"], ReportConfig(baseline="runs/base"))
    assert write(made) == [Path("report.html")]
    out = tmp_path / "deep" / "down.html"
    assert write(made, ReportConfig(out=out)) == [out]
    assert out.read_text(encoding="utf-8") == Path("report.html").read_text(encoding="utf-8")
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>") and list(out.parent.iterdir()) == [out]


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("style", ["svg", "pdf", "png"])
def test_writing_the_figures(style: Any) -> None:
    pytest.importorskip("matplotlib")
    files = write(page(["runs"], ReportConfig(baseline="runs/base")), ReportConfig(plots=Path("plots"), format=style))
    assert Path(f"plots/forest.{style}") in files and sorted(Path("plots").iterdir()) == sorted(files)
    assert not Path("report.html").exists(), "the page is not asked for"


@pytest.mark.usefixtures("two")
def test_a_file_that_cannot_be_written_is_told() -> None:
    Path("file").write_text("")
    with pytest.raises(MachineError, match="cannot write file"):
        write(page(["runs"]), ReportConfig(out=Path("file/report.html")))
    with pytest.raises(MachineError, match="cannot write"):
        write(page(["runs"]), ReportConfig(out=Path("runs")))


def test_watching_writes_when_the_run_went_on_and_ends_when_it_is_complete(
    make_run: MakeRun, write_task: Write
) -> None:
    run = make_run("clever", range(15), lost=range(10, 20))
    engine = knowing(range(15))
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:  # nothing happened twice
            evaluate(
                [str(Path("..") / "checkpoints" / "runs" / "clever")],
                EvalConfig(tasks=(write_task(samples=20),)),
                engine=engine,
            )

    written = []
    for made, files in watch([str(run)], ReportConfig(watch=True), wait=wait):
        assert files == [Path("report.html")]
        written.append((made.complete, Path("report.html").stat().st_mtime_ns))
    assert [complete for complete, _ in written] == [False, True] and len(waits) == 3
    assert min(waits) >= reporting.POLL and written[0][1] < written[1][1]


@pytest.mark.usefixtures("two")
def test_watching_what_is_complete_writes_once() -> None:
    def wait(seconds: float) -> None:
        raise AssertionError("there is nothing to wait for")

    assert len(list(watch(["runs"], ReportConfig(watch=True), wait=wait))) == 1


@pytest.mark.usefixtures("two")
def test_serving_the_page_and_the_samples() -> None:
    with serve(["runs"], ReportConfig(baseline="runs/base", serve=True, port=0)) as server:
        first = server.shown(anew=True)
        assert (first.labels, first.tasks) == (("base", "clever"), ("sums",))
        assert first.page.startswith("<!DOCTYPE html>")
        assert server.shown(anew=True) is first
        found = server.samples(task="sums", a=0, b=1, show="b", group="", q="", start=0, count=3, sample="", runs="")
        assert found["total"] == 10
        [[one], [other]] = server.sample(task="sums", index=7, runs="").attempts
        assert (one.verdict, other.verdict) == ("wrong", "right")
        with Store(Path("runs/clever")) as store:
            store.reopen("sums")
        os.utime("runs/clever/run.db")
        assert server.shown(anew=True) is not first and server.shown(anew=False).labels == ("base", "clever")


def test_settings_that_exclude_each_other() -> None:
    with pytest.raises(ConfigError, match="leave --watch or --serve away"):
        ReportConfig(watch=True, serve=True)
    with pytest.raises(ConfigError, match="port must be from 0 to 65535, got 70000"):
        ReportConfig(port=70000)
