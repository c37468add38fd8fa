"""`benchcore report`: what it writes and says, its exit codes, and serving until it is interrupted."""

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from benchcore import EvalConfig, Request, evaluate
from benchcore.cli import main
from benchcore.cli.compare import NothingComparable
from benchcore.cli.report import report
from benchcore.config import ReportConfig
from benchcore.errors import ConfigError, RunIncomplete
from benchcore.records import Fault
from benchcore.testing import CannedEngine

Stub = Callable[..., Path]
Write = Callable[..., str]
MakeRun = Callable[..., Path]

pytestmark = pytest.mark.usefixtures("at_home")
SERVE = """
from benchcore.cli.report import report
from benchcore.config import ReportConfig
report("runs", config=ReportConfig(serve=True, port=0))
"""


@pytest.fixture
def make_run(at_home: Path, stub_checkpoint: Stub, write_task: Write) -> MakeRun:
    """Evaluate a stub that knows the samples `right` of a task and does not answer those `lost`, below runs/."""

    def make(name: str, right: Collection[int], lost: Collection[int] = (), version: int = 1) -> Path:
        def reply(request: Request) -> str | Fault:
            number = int(request.sample.removeprefix("s"))
            if number in lost:
                return Fault(kind="test", message="no answer")
            return str(number + 1) if number in right else "no idea"

        config = EvalConfig(tasks=(write_task(samples=20, version=version),))
        evaluate([str(stub_checkpoint(name, weights=name[:4].encode()))], config, engine=CannedEngine(reply))
        return Path("runs") / name

    return make


@pytest.fixture
def two(make_run: MakeRun) -> None:
    """The runs `base` with 5 of 20 right and `clever` with 15, those 5 among them."""
    make_run("base", range(5))
    make_run("clever", range(15))


@pytest.mark.usefixtures("two")
def test_a_page_of_two_runs(capfd: pytest.CaptureFixture[str]) -> None:
    assert report("runs/clever", config=ReportConfig(baseline="runs/base", out=Path("found.html"))) == 0
    assert capfd.readouterr() == ("", "benchcore: wrote found.html\n")
    page = Path("found.html").read_text(encoding="utf-8")
    assert "clever against base" in page and "+50.0 pt" in page


@pytest.mark.usefixtures("two")
def test_watching_what_is_complete_is_writing_it_once(capfd: pytest.CaptureFixture[str]) -> None:
    assert report("runs", config=ReportConfig(watch=True)) == 0
    assert capfd.readouterr() == ("", "benchcore: wrote report.html\n")


def test_a_run_that_is_not_complete_is_a_page_and_exit_code_3(
    make_run: MakeRun, capfd: pytest.CaptureFixture[str]
) -> None:
    make_run("half", range(5), lost=range(10))
    with pytest.raises(RunIncomplete, match="not complete: runs/half; run benchcore eval on them again"):
        report("runs/half")
    assert capfd.readouterr().err == "benchcore: wrote report.html (10 of 20 requests are answered and graded)\n"
    assert "half" in Path("report.html").read_text(encoding="utf-8")


def test_nothing_comparable_is_a_page_and_exit_code_5(make_run: MakeRun) -> None:
    make_run("base", range(5))
    make_run("newer", range(5), version=2)
    with pytest.raises(NothingComparable, match="nothing can be compared with base; the page says why"):
        report("runs", config=ReportConfig(baseline="runs/base"))
    assert "version is 2 in newer and 1 in base" in Path("report.html").read_text(encoding="utf-8")


def test_no_run_writes_nothing() -> None:
    with pytest.raises(ConfigError, match="no run is given"):
        report()
    with pytest.raises(ConfigError, match="no run is given"):
        report(config=ReportConfig(serve=True, port=0))
    assert not Path("report.html").exists()


@pytest.mark.usefixtures("two")
def test_serving_until_it_is_interrupted(environment: dict[str, str]) -> None:
    with subprocess.Popen([sys.executable, "-c", SERVE], stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            assert said.startswith("benchcore: the page is at http://127.0.0.1:") and "until Ctrl-C" in said
            address = said.split()[5]
            with urllib.request.urlopen(address) as answer:
                assert b"base, clever" in answer.read()
            with urllib.request.urlopen(f"{address}samples?task=sums&b=1&show=b") as answer:
                assert json.load(answer)["total"] == 10
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0 and process.stderr.read() == ""
        finally:
            process.kill()
    assert not Path("report.html").exists(), "a page that is served is no file unless one is asked for"


def test_the_list_of_runs_ends_with_the_curves_of_series(
    stub_checkpoint: Stub, write_task: Write, capfd: pytest.CaptureFixture[str]
) -> None:
    def reply(request: Request) -> str:
        assert engine.checkpoint is not None and engine.checkpoint.step is not None
        number = int(request.sample.removeprefix("s"))
        return str(number + 1) if number < engine.checkpoint.step / 10 else "no idea"

    engine = CannedEngine(reply)
    for step in (20, 40, 70):
        stub_checkpoint(f"checkpoint-{step}", where="slm", weights=step.to_bytes(4, "little"))
    evaluate([str(Path("..") / "checkpoints" / "slm")], EvalConfig(tasks=(write_task(),)), engine=engine)
    assert main(["runs"]) == 0
    [line] = [line for line in capfd.readouterr().out.splitlines() if line.startswith("slm ")]
    assert line.split()[1:4] == ["sums", "accuracy", "3"] and line.endswith("▁▄█")
