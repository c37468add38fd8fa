"""Code that a model wrote, seen from the command line: which level runs it, and what happens where none is safe."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchcore import load_task
from benchcore.api import look
from benchcore.cli import main
from benchcore.graders.sandbox import SAFE, Level, Survey, pool, survey
from benchcore.testing import CannedEngine

Stub = Callable[..., Path]
Said = tuple[int, str, str]

pytestmark = pytest.mark.usefixtures("at_home")

TASK = '''"""Doubling, by programs."""

from benchcore import Decode, Program, Sample, Task, code, generated, pass_at


def program(sample, text, whole):
    return Program(source=f"def f(x): return {text}", tests=sample.facts["test"], exports=("f",))


def sample(row):
    facts = {"test": f"assert f({row}) == {2 * row}", "reference": "REFERENCE"}
    return Sample(id=f"s{row}", prompt="f(x) =", target="", facts=facts)


TASK = Task(
    version=1,
    rows=generated(lambda seed: [1, 2, 3]),
    sample=sample,
    decode=Decode(max_tokens=8),
    grader=code(program=program),
    metrics=(pass_at(),),
)
'''


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run a command in this process: exit code, standard output, standard error."""

    def run(*arguments: object) -> Said:
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, " ".join(out.split()), err

    return run


@pytest.fixture
def task(tmp_path: Path) -> Path:
    path = tmp_path / "doubling.py"
    path.write_text(TASK.replace("REFERENCE", "2 * x"))
    return path


def samples(texts: Sequence[str] = ("x + x", "x * x", "[][0]")) -> Path:
    path = Path("samples.jsonl")
    path.write_text(
        "".join(json.dumps({"task_id": f"s{n}", "completion": text}) + "\n" for n, text in enumerate(texts, 1))
    )
    return path


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let only the levels given work on this machine; `process` does, where it is among them."""

    def allow(*levels: Level) -> None:
        def look_at(level: Level) -> Survey:
            if level not in levels:
                return Survey(level=level, reason=f"no {level} today", layers={}, probes={})
            # stands for a level that this machine need not have
            return replace(survey(Level.PROCESS), level=level)

        monkeypatch.setattr(pool, "survey", look_at)
        monkeypatch.setattr(look, "survey", look_at)

    return allow


@pytest.fixture
def canned(monkeypatch: pytest.MonkeyPatch) -> CannedEngine:
    engine = CannedEngine(lambda request: "x + x")
    monkeypatch.setattr("benchcore.catalog.load_engine", lambda name: engine)
    return engine


def test_every_command_refuses_where_nothing_is_safe_and_works_with_the_flag(
    say: Callable[..., Said],
    task: Path,
    only: Callable[..., None],
    canned: CannedEngine,
    stub_checkpoint: Stub,
) -> None:
    only(Level.PROCESS)
    file, checkpoint = samples(), stub_checkpoint()
    commands = ["grade", file, "--task", task], ["eval", checkpoint, "--tasks", task], ["grade", "runs/model"]
    unsafe = "Programs of doubling ran at isolation level process: nothing but limits held them."
    for words in commands:
        code, out, err = say(*words)
        assert (code, out) == (3, "")
        assert err.splitlines()[-1].startswith("benchcore: model-written code cannot be run safely here: ")
        assert "namespaces: no namespaces today; landlock: no landlock today" in err and "--unsafe-code" in err
        assert canned.entered == (words[1] == "runs/model"), "it says so before weights are loaded"
        code, out, err = say(*words, "--unsafe-code")
        assert (code, unsafe in out) == (0, True), err
    code, out, err = say("tasks", "check", task)
    assert code == 1 and "not checked: model-written code cannot be run safely here" in out
    assert say("tasks", "check", task, "--unsafe-code")[:2] == (
        0,
        "doubling: 3 samples by code(program,3s)@2, every reference right, every empty answer wrong",
    )


def test_the_flag_can_be_a_setting(say: Callable[..., Said], task: Path, only: Callable[..., None]) -> None:
    only(Level.PROCESS)
    Path("benchcore.toml").write_text("[grade]\nunsafe_code = true\n")
    assert say("grade", samples(), "--task", task)[0] == 0


@pytest.mark.parametrize("level", SAFE)
def test_with_the_flag_too_a_safe_level_is_taken_where_there_is_one(
    level: Level, task: Path, only: Callable[..., None]
) -> None:
    only(level, Level.PROCESS)
    assert load_task(str(task)).grader.unsafe().isolation()["level"] == level  # type: ignore[attr-defined]


def test_figures_verdicts_and_level_of_a_file(say: Callable[..., Said], task: Path) -> None:
    code, out, _ = say("grade", samples(), "--task", task, "--unsafe-code", "--json", "--out", "rows.jsonl")
    record = json.loads(out)["record"]
    assert code == 0 and record["verdicts"] == {"right": 2, "wrong": 1}
    assert record["isolation"]["level"] in set(Level)
    assert record["grader"] == "code(program,3s)@2"
    rows = [json.loads(line) for line in Path("rows.jsonl").read_text().splitlines()]
    assert [(row["verdict"], row["reason"].split(" ")[0]) for row in rows] == [
        ("right", ""),
        ("right", ""),
        ("wrong", "IndexError:"),
    ]


def test_a_reference_that_does_not_pass_is_told_by_each_command(
    say: Callable[..., Said], task: Path, canned: CannedEngine, stub_checkpoint: Stub
) -> None:
    task.write_text(TASK.replace("REFERENCE", "x * x"))
    said = "2 of 3 reference solutions are not graded right here: s1 (failed: AssertionError"
    for words in (["grade", samples(), "--task", task], ["eval", stub_checkpoint(), "--tasks", task]):
        code, out, err = say(*words, "--unsafe-code")
        assert (code, out) == (3, "")
        assert said in err and "nothing was graded" in err
    assert canned.entered == 0
    code, out, _ = say("tasks", "check", task, "--unsafe-code")
    assert code == 1 and said in out


def test_what_a_reference_says_cannot_reach_the_terminal(say: Callable[..., Said], task: Path) -> None:
    text = TASK.replace("def f(x): return", "raise ValueError").replace(
        "REFERENCE", "(chr(27) + '[2J' + chr(10) + 'x')"
    )
    task.write_text(text)
    code, out, err = say("grade", samples(), "--task", task, "--unsafe-code")
    assert code == 3 and err.count("\n") == 1 and "ValueError: " in err and "\x1b" not in err
    code, out, err = say("tasks", "check", task, "--unsafe-code")
    assert code == 1 and "ValueError: " in out and "\x1b" not in out


def test_the_doctor_says_which_level_and_why(say: Callable[..., Said], only: Callable[..., None]) -> None:
    only(Level.LANDLOCK, Level.PROCESS)
    code, out, _ = say("doctor")
    assert code == 0 and "isolation code that models wrote runs at level landlock namespaces does not work" in out
    assert "does not work: no namespaces today" in out
    assert "process works: 3 of 3 probes held; isolates NOTHING: only with --unsafe-code" in out
    found = json.loads(say("doctor", "--json")[1])["isolation"]
    assert found["level"] == "landlock"
    assert found["levels"]["namespaces"] == {
        "works": False,
        "reason": "no namespaces today",
        "layers": {},
        "probes": {},
    }
    assert found["levels"]["landlock"]["works"] and set(found["levels"]["landlock"]["probes"].values()) == {"held"}


def test_the_doctor_says_when_no_program_is_run(say: Callable[..., Said], only: Callable[..., None]) -> None:
    only(Level.PROCESS)
    code, out, _ = say("doctor")
    assert code == 0 and "code that models wrote is NOT run here" in out and "no landlock today" in out
    assert json.loads(say("doctor", "--json")[1])["isolation"]["level"] is None


def test_the_doctor_looks_at_this_very_machine(say: Callable[..., Said]) -> None:
    found: Any = json.loads(say("doctor", "--json")[1])["isolation"]
    works = [name for name, level in found["levels"].items() if level["works"]]
    assert list(found["levels"]) == list(Level) and "process" in works
    assert found["level"] == next((name for name in works if name in set(SAFE)), None)
    for name in works:
        assert found["levels"][name]["layers"] and set(found["levels"][name]["probes"].values()) == {"held"}
