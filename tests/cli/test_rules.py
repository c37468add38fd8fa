"""`--rules` and suites on the command line: what is shown, and one sentence for every mistake."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchcore import Request
from benchcore.cli import main
from benchcore.testing import CannedEngine

Stub = Callable[..., Path]
Write = Callable[..., str]
Said = tuple[int, str, str]

pytestmark = pytest.mark.usefixtures("at_home")


@pytest.fixture
def canned(monkeypatch: pytest.MonkeyPatch) -> CannedEngine:
    def one(request: Request) -> str:
        return "1"

    engine = CannedEngine(one)
    monkeypatch.setattr("benchcore.catalog.load_engine", lambda name: engine)
    return engine


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def run(*arguments: object) -> Said:
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return run


def test_tasks_and_suites_are_listed_apart(say: Callable[..., Said]) -> None:
    code, out, _ = say("tasks")
    tasks, _, suites = out.partition("Suites")
    assert code == 0 and "svamp" in tasks and "rho1" not in tasks
    assert "rho1" in suites and "published:meh" in suites
    listed = json.loads(say("tasks", "--json")[1])
    (suite,) = (one for one in listed if one["name"] == "rho1")
    assert suite["rules"] == "published:meh" and "gsm8k" in suite["tasks"]


def test_other_rules_are_named_below_the_figures_and_stay_with_the_run(
    say: Callable[..., Said], stub_checkpoint: Stub, canned: CannedEngine
) -> None:
    folder = stub_checkpoint()
    note = "Graded under the rules published:meh: skill_arithmetic."
    assert note not in say("eval", folder, "--tasks", "skill_arithmetic", "--limit", 3)[1]
    code, out, _ = say("grade", "runs/model", "--rules", "published:meh")
    assert code == 0 and note in out
    assert note in say("grade", "runs/model")[1]
    assert note in say("eval", folder, "--tasks", "skill_arithmetic", "--limit", 3)[1]
    assert note not in say("eval", folder, "--tasks", "skill_arithmetic", "--limit", 3, "--rules", "value")[1]
    assert canned.entered == 1


SENTENCES = [
    (["eval", "m", "--tasks", "rho2"], "there is no task 'rho2'; did you mean rho1?"),
    (
        ["eval", "m", "--tasks", "skill_arithmetic", "--rules", "published:mhe"],
        "the numbers grader has no rule set 'published:mhe'; did you mean published:meh",
    ),
    (["eval", "m", "--tasks", "humaneval", "--rules", "value"], "the task humaneval has no rule sets to choose from"),
    (["grade", "made.jsonl", "--task", "humaneval", "--rules", "value"], "the task humaneval has no rule sets"),
    (["tasks", "check", "humaneval", "--rules", "value"], "the task humaneval has no rule sets"),
    (["tasks", "check", "rho3"], "there is no task 'rho3'; did you mean rho1?"),
]


@pytest.mark.parametrize(("arguments", "sentence"), SENTENCES, ids=[" ".join(words) for words, _ in SENTENCES])
def test_a_mistake_is_one_sentence_and_exit_code_2(
    say: Callable[..., Said], arguments: list[str], sentence: str
) -> None:
    Path("made.jsonl").write_text("")
    code, out, err = say(*arguments)
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert err.startswith("benchcore: ") and sentence in err
