"""The fixture that pytest finds: a gate as a test."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchcore import EvalConfig, accept, evaluate
from benchcore.testing import CannedEngine

# once, whether it is installed, so that pytest finds it by itself, or only importable
PLUGIN = ("-p", "no:benchcore", "-p", "benchcore.pytest_plugin")
TESTS = """
def test_same(assert_not_worse):
    assert assert_not_worse("runs/good", "base", margin="2pt").decision == "pass"

def test_worse(assert_not_worse):
    assert_not_worse("runs/bad", "base", margin="2pt")

def test_open(assert_not_worse):
    assert_not_worse("runs/good", "base", margin="0.01pt")

def test_open_is_fine(assert_not_worse):
    assert_not_worse("runs/good", "base", margin="0.01pt", inconclusive_ok=True)
"""


def test_a_gate_is_a_test(
    at_home: Path, stub_checkpoint: Callable[..., Path], write_task: Callable[..., str], environment: dict[str, str]
) -> None:
    task = write_task(samples=300)
    for name, more in (("good", 1), ("bad", 2)):
        engine = CannedEngine(lambda request, more=more: str(int(request.sample[1:]) + more))
        folder = stub_checkpoint(name, weights=name.encode().ljust(4))
        evaluate([str(folder)], EvalConfig(tasks=(task,)), engine=engine)
    accept([Path("runs/good")], "base")
    (at_home / "test_model.py").write_text(TESTS)
    # not pytester, which forgets modules at its end that cannot be imported twice, numpy among them
    words = [sys.executable, "-m", "pytest", *PLUGIN, "-rA", "-p", "no:cacheprovider"]
    said = subprocess.run(words, capture_output=True, text=True, env=environment, check=False).stdout
    for line in (
        "PASSED test_model.py::test_same",
        "FAILED test_model.py::test_worse - Failed: FAIL: a drop of more than the margin is shown for sums",
        "FAILED test_model.py::test_open - Failed: INCONCLUSIVE: these problems neither rule out nor show",
        "SKIPPED [1] ",
        "2 failed, 1 passed, 1 skipped",
    ):
        assert line[:70] in said, said
