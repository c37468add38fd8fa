"""`benchcore gate` and `runs accept` on the command line: exit codes, files for CI, settings from TOML."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from benchcore import EvalConfig, evaluate
from benchcore.cli import app, main
from benchcore.testing import CannedEngine

Said = tuple[int, str, str]
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def task(
    at_home: Path, stub_checkpoint: Callable[..., Path], write_task: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> str:
    """A task of 300 sums, with complete runs of a good and a bad model on it, and an engine for a third."""
    name = write_task(samples=300)
    for model, more in (("good", 1), ("bad", 2), ("new", 1)):
        engine = CannedEngine(lambda request, more=more: str(int(request.sample[1:]) + more))
        folder = stub_checkpoint(model, weights=model.encode().ljust(4))
        if model != "new":
            evaluate([str(folder)], EvalConfig(tasks=(name,)), engine=engine)
    monkeypatch.setattr("benchcore.catalog.load_engine", lambda name: engine)
    return name


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def run(*arguments: object) -> Said:
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return run


def test_the_exit_code_is_the_verdict(task: str, say: Callable[..., Said]) -> None:
    against = ("--baseline", "runs/good", "--margin")
    code, out, err = say("gate", "runs/good", *against, "2pt")
    assert (code, out.splitlines()[0]) == (0, "PASS: a drop of the margin or more is ruled out for sums")
    assert err.startswith("sums, 300 problems: where 5 to 30 % of them come out differently")
    assert say("gate", "runs/bad", *against, "2pt")[0] == 1
    assert say("gate", "runs/good", *against, "0.1pt")[0] == 4
    assert say("gate", "runs/good", *against, "0.1pt", "--inconclusive-ok")[0] == 0
    assert say("gate", "runs/good", *against, "2")[0] == 2


def test_a_checkpoint_is_asked_and_what_does_not_compare_is_never_a_pass(
    task: str, say: Callable[..., Said], write_task: Callable[..., str]
) -> None:
    asked = ("gate", "../checkpoints/new", "--baseline", "runs/good", "--margin", "2pt", "--engine", "embedded")
    code, out, _ = say(*asked, "--tasks", task)
    assert (code, "the early stop (group) saved" in out) == (0, True)
    write_task(samples=300, version=2)
    for more in ((), ("--inconclusive-ok",)):
        code, out, _ = say(*asked, "--tasks", task, "--out", "other", *more)
        assert code == 5
        assert "sums cannot be compared: version is 2 in new and 1 in good" in out
    assert not Path("other").exists()


def test_the_files_for_ci(task: str, say: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    files = {flag: Path("ci") / flag for flag in ("junitxml", "markdown", "gitlab")}
    flags = [word for flag, file in files.items() for word in (f"--{flag}", file)]
    code, out, _ = say("gate", "runs/bad", "--baseline", "runs/good", "--margin", "2pt", *flags)
    assert code == 1
    assert "::error title=" in out
    suite = ET.parse(files["junitxml"]).getroot().find("testsuite")
    assert suite is not None
    assert suite.get("failures") == "2"  # the gate, and the one thing that it judged
    written = files["markdown"].read_text()
    assert written.startswith("## benchcore gate: FAIL")
    assert summary.read_text() == f"before\n{written}"
    assert 'benchcore_gate_decision{decision="fail"} 1' in files["gitlab"].read_text()


def test_one_json_document_holds_the_whole_report(task: str, say: Callable[..., Said]) -> None:
    code, out, _ = say("gate", "runs/bad", "--baseline", "runs/good", "--margin", "2pt", "--json")
    report = json.loads(out)
    assert (code, report["decision"], report["comparable"]) == (1, "fail", True)
    [finding] = report["findings"]
    assert finding["comparison"]["value"] == -1.0
    assert finding["comparison"]["n"] == 300


def test_a_file_that_cannot_be_written_does_not_hide_the_verdict(task: str, say: Callable[..., Said]) -> None:
    Path("taken").write_text("")
    words = ("gate", "runs/good", "--baseline", "runs/good", "--margin", "2pt", "--junitxml", "taken/x.xml")
    code, out, err = say(*words)
    assert (code, out.startswith("PASS")) == (3, True)
    assert err.splitlines()[-1].startswith("benchcore: cannot write taken/x.xml")


def test_a_job_summary_that_cannot_be_written_is_one_sentence(
    task: str, say: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("taken").write_text("")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "taken/summary.md")
    code, out, err = say("gate", "runs/good", "--baseline", "runs/good", "--margin", "2pt")
    assert (code, out.startswith("PASS")) == (3, True)
    assert err.splitlines()[-1].startswith("benchcore: cannot write taken/summary.md")


def test_margins_from_a_settings_file_and_from_flags(task: str, say: Callable[..., Said]) -> None:
    Path("benchcore.toml").write_text(
        '[gate]\nbaseline = "runs/good"\nmargin = "2pt"\n[gate.margins]\nsums = "0.1pt"\n'
    )
    assert say("gate", "runs/good")[0] == 4
    assert say("gate", "runs/good", "--margins.sums", "3pt")[0] == 0
    code, _, err = say("gate", "runs/good", "--margins.sms", "3pt")
    assert (code, err.splitlines()[-1]) == (
        2,
        "benchcore: a margin is given for 'sms', which is not judged; did you mean sums?",
    )


def test_a_baseline_is_accepted_and_moved_by_hand_only(task: str, say: Callable[..., Said]) -> None:
    code, out, err = say("runs", "accept", "runs/good", "--as", "release")
    assert (code, out, err) == (0, "", "benchcore: wrote reports/baselines/release.json\n")
    assert say("gate", "runs/good", "--baseline", "release", "--margin", "2pt")[0] == 0
    code, _, err = say("runs", "accept", "runs/bad", "--as", "release")
    assert code == 2
    assert "there is a baseline reports/baselines/release.json already; add --replace to move it" in err
    assert say("runs", "accept", "runs/bad", "--as", "release", "--replace")[0] == 0
    assert say("gate", "runs/good", "--baseline", "release", "--margin", "2pt")[0] == 0
    for words, why in (
        (("runs/good", "--as", "../up"), "'../up' cannot be the name of a file"),
        (("nowhere", "--as", "x"), "nowhere is not a run folder"),
        (("--as", "x"), "no run is given"),
    ):
        code, _, err = say("runs", "accept", *words)
        assert (code, why in err) == (2, True), err


def test_the_workflow_in_the_docs_is_yaml_whose_commands_parse(task: str) -> None:
    if not DOCS.is_dir():
        pytest.skip("the docs are not beside the tests")
    text = (DOCS / "gate.md").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text.split("```yaml")[1].split("```")[0])
    commands = [step["run"] for step in workflow["jobs"]["gate"]["steps"] if "run" in step]
    ours = [command.removeprefix("benchcore ") for command in commands if command.startswith("benchcore ")]
    assert len(ours) == 1
    parsed, bound, _ = app.parse_args(ours[0], exit_on_error=False, print_error=False)
    assert parsed.__name__ == "gate"
    assert bound.arguments["candidate"] == "my-model"
