"""Hostile answers execute, hang and kill nothing and are not taken for right, in one thread and in eight."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .hostile.case import Case
from .hostile.code import EXPRESSIONS, FILE
from .hostile.lab import CASES

CPU_SECONDS = 1.0
PEAK_MB = 100.0

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Session:
    """What one process found: a line for each grading, and the process as a whole."""

    gradings: Mapping[Key, Mapping[str, Any]]
    whole: Mapping[str, Any]


def environment() -> dict[str, str]:
    folders = [str(Path(__file__).parent), *(entry for entry in sys.path if entry)]
    return os.environ | {"PYTHONPATH": os.pathsep.join(folders)}


@pytest.fixture(scope="module", params=[1, 8], ids=["main thread", "eight threads"])
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Session:
    return run(request.param, tmp_path_factory)


@pytest.fixture(scope="module")
def verdicts() -> dict[Key, str]:
    """What the first process said, for the second to be compared with."""
    return {}


def run(threads: int, factory: pytest.TempPathFactory) -> Session:
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc")
    folder = factory.mktemp("hostile")
    inside = folder / "inside"
    inside.mkdir()
    command = [sys.executable, "-m", "hostile.lab", str(threads), str(folder / "report")]
    done = subprocess.run(command, cwd=inside, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert list(inside.iterdir()) == []
    *lines, whole = map(json.loads, (folder / "report").read_text(encoding="utf-8").splitlines())
    found = Session({(line["case"], line["kind"], line["rules"]): line for line in lines}, whole)
    print(f"\n{threads} threads: {len(lines)} gradings, {sum(line['seconds'] for line in lines):.1f} CPU s", whole)
    for line in sorted(lines, key=lambda line: -line["seconds"])[:10]:
        print("  slowest:", line)
    return found


def test_there_are_many_and_each_has_an_expectation_of_some_kind() -> None:
    assert len(CASES) >= 180
    assert sum(case.right is True for case in CASES) >= 8
    assert sum(case.right is False for case in CASES) >= 180


def test_nothing_is_executed(session: Session) -> None:
    assert session.whole["executed"] is False


def test_every_grading_ends_without_an_error(session: Session) -> None:
    assert {case for case, _, _ in session.gradings} == {case.name for case in CASES}
    assert [line for line in session.gradings.values() if line["verdict"] in ("raised", "error", "timeout")] == []


def test_none_takes_long(session: Session) -> None:
    assert [line for line in session.gradings.values() if line["seconds"] > CPU_SECONDS] == []


def test_memory_stays_small(session: Session) -> None:
    assert session.whole["peak_mb"] < PEAK_MB


def test_none_is_taken_for_what_it_is_not(session: Session) -> None:
    assert list(mistaken(CASES, session)) == []


def mistaken(cases: Sequence[Case], session: Session) -> list[tuple[str, str, str]]:
    """Cases on which rules `value` say right or not right, and should not."""
    return [
        (case.name, kind, said)
        for case in cases
        for kind in case.kinds
        if case.right is not None
        and ((said := session.gradings[case.name, kind, "value"]["verdict"]) == "right") is not case.right
    ]


def test_verdicts_are_the_same_in_one_thread_and_in_eight(session: Session, verdicts: dict[Key, str]) -> None:
    now = {key: line["verdict"] for key, line in session.gradings.items()}
    assert {key: said for key, said in now.items() if verdicts.setdefault(key, said) != said} == {}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_grader_that_evaluated_the_answer_would_be_caught(
    expression: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(FILE, "")  # so that it is restored whatever the expression does
    monkeypatch.delenv(FILE)
    eval(expression, {"x": 1})
    assert Path(FILE).exists() or FILE in os.environ
