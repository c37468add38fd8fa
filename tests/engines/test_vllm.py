"""Real vLLM, through the command line: the same text as the embedded engine, and the same text twice."""

import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("vllm", reason="vLLM is not installed")
pytest.importorskip("gguf", reason="the demo checkpoint needs gguf")
pytestmark = pytest.mark.vllm

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def checkpoint() -> str:
    from benchcore.interop.smollm import convert

    return str(convert())


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=1200, check=False)


def evaluate(checkpoint: str, out: Path, *arguments: str) -> dict[str, Any]:
    command = ("-m", "benchcore", "eval", checkpoint, "--tasks", "skill_arithmetic", "--engine", "vllm", "--json")
    done = run(*command, "--out", str(out), *arguments)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def texts(out: Path) -> dict[tuple[str, int], str]:
    [journal] = out.glob("*/run.db")
    with closing(sqlite3.connect(journal)) as db:
        rows = db.execute("SELECT sample, trial, text FROM completions JOIN requests ON key = request")
        return {(sample, trial): text for sample, trial, text in rows}


def test_auto_means_vllm_where_its_cpu_build_is_installed() -> None:
    done = run("-m", "benchcore", "doctor", "--json")
    assert json.loads(done.stdout)["engine"]["auto"] == "vllm"


def test_greedy_text_is_that_of_the_embedded_engine_but_for_near_ties() -> None:
    done = run(str(BENCHMARKS / "engines_agree.py"), "--humaneval", "64", "--arithmetic", "300", "--json")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert [one["requests"] for one in found] == [64, 300]
    assert all(one["identical"] >= 0.95 * one["requests"] and not one["unexplained"] for one in found)
    assert all(one["verdicts_differ"] == 0 for one in found)


def test_sampled_text_follows_from_the_request_whatever_else_is_in_the_batch(checkpoint: str, tmp_path: Path) -> None:
    sampling = ("--trials", "4", "--temperature", "0.8", "--top-p", "0.95")
    evaluate(checkpoint, tmp_path / "many", "--limit", "24", *sampling)
    evaluate(checkpoint, tmp_path / "few", "--limit", "5", *sampling)
    many, few = texts(tmp_path / "many"), texts(tmp_path / "few")
    assert len(few) == 20
    assert few == {key: text for key, text in many.items() if key in few}
    assert any(len({few[sample, trial] for trial in range(4)}) > 1 for sample, _ in few)


def test_a_finished_run_starts_no_engine_again(checkpoint: str, tmp_path: Path) -> None:
    first = evaluate(checkpoint, tmp_path, "--limit", "8")
    started = time.monotonic()
    second = evaluate(checkpoint, tmp_path, "--limit", "8")
    assert time.monotonic() - started < 20  # loading vLLM alone takes longer
    assert second["records"][0]["tasks"] == first["records"][0]["tasks"]
    assert first["records"][0]["engine"]["family"] == "vllm"
