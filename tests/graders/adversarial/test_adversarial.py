"""No hostile program passes, harms or outlasts the sandbox, at either level; every fair one passes."""

import importlib.util
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path

import pytest

from benchcore.errors import MachineError
from benchcore.graders.sandbox import Kind, Level, Limits, Program, Sandbox

from . import (
    bombs,
    chatter,
    crashes,
    escapes,
    fair,
    files_network,
    forging,
    lying,
    patching,
    reading,
    signals,
    survivors,
)
from .case import ADD, QUICK, Case
from .lab import Lab

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="both levels need Linux")

ROOMS = bombs, escapes, forging, lying, patching, reading, signals, survivors, files_network, crashes, chatter
HOSTILE = {f"{room.__name__.rpartition('.')[2]}-{case.name}": case for room in ROOMS for case in room.CASES}
FAIR = {case.name: case for case in fair.CASES}

# uses what hostile programs replace, fill up or lock, so that what they leave behind shows
HONEST = Program(
    source="""
import json, math, os, random, threading
def solve(a, b):
    with open("file", "w") as file: json.dump(sorted([a, b]), file)
    thread = threading.Thread(target=random.random)
    thread.start()
    thread.join()
    child = os.fork()
    if child == 0: os._exit(0)
    assert os.waitpid(child, 0)[1] == 0 and os.listdir(".") == ["file"]
    with open("file") as file: return int(math.fsum(json.load(file)))
""",
    tests=ADD,
    exports=("solve",),
)
REFERENCE = Program(source="def solve(a, b): return a + b", tests=ADD, exports=("solve",))
WRONG = Program(source="def solve(a, b): return a - b", tests=ADD, exports=("solve",))


class Sandboxes:
    """One sandbox of one worker for each set of limits that a case asks for."""

    def __init__(self, level: Level, stack: ExitStack) -> None:
        self.level = level
        self._stack = stack
        self._open: dict[Limits, Sandbox] = {}
        self._missing = ""
        self.script: Sequence[str] = ()

    def get(self, limits: Limits, lab: Lab) -> Sandbox:
        if self._missing:
            pytest.skip(self._missing)
        if limits not in self._open:
            try:
                sandbox = self._stack.enter_context(Sandbox(limits, levels=(self.level,)))
            except MachineError as error:
                self._missing = f"{self.level} does not work here: {error}"
                pytest.skip(self._missing)
            assert sandbox.level is self.level
            assert sandbox.run(HONEST).kind is Kind.PASSED  # all it starts is there from now on
            # at one level the calls of the tests are known ahead and asked for at once, at the other one by one
            self.script = sandbox.run(REFERENCE, copy_back=True).script if self.level is Level.NAMESPACES else ()
            self._open[limits] = sandbox
            lab.settle()
        return self._open[limits]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with tempfile.TemporaryDirectory(prefix="adversarial-") as folder, Lab(Path(folder)).open() as opened:
        yield opened


@pytest.fixture(scope="module", params=(Level.NAMESPACES, Level.LANDLOCK), ids=str)
def sandboxes(request: pytest.FixtureRequest, lab: Lab) -> Iterator[Sandboxes]:
    with ExitStack() as stack:
        yield Sandboxes(request.param, stack)


def check(case: Case, lab: Lab, sandboxes: Sandboxes) -> None:
    if case.needs == "numpy" and importlib.util.find_spec("numpy") is None:
        pytest.skip("needs numpy")
    if case.needs == "x86_64" and platform.machine() != "x86_64":
        pytest.skip("has the numbers of x86-64")
    if case.needs == "namespaces" and sandboxes.level is not Level.NAMESPACES:
        pytest.skip("without a root of its own a program gets no shared memory, and no socket that is a file")
    sandbox = sandboxes.get(case.limits or QUICK, lab)
    before = lab.snapshot()
    watched = case.peak_bytes is not None or case.peak_processes is not None
    with lab.watch(before) if watched else nullcontext() as watch:
        outcome = sandbox.run(case.program(lab.values), script=sandboxes.script if case.tests == ADD else ())
    harm = lab.harm(before)
    if watch is not None and case.peak_bytes is not None and watch.bytes > case.peak_bytes:
        harm.append(f"{watch.bytes >> 20} MiB in use at once, not {case.peak_bytes >> 20}")
    if watch is not None and case.peak_processes is not None and watch.processes > case.peak_processes:
        harm.append(f"{watch.processes} processes at once, not {case.peak_processes}")
    after = {name: sandbox.run(program) for name, program in (("honest", HONEST), ("wrong", WRONG))}

    expected = "/".join(sorted(case.kinds))
    assert outcome.kind in case.kinds, f"{outcome.kind}, not {expected} ({case.why}): {outcome.detail}"
    assert harm == [], f"{case.why}: {harm}"
    assert after["honest"].kind is Kind.PASSED, f"an honest program after it: {after['honest']}"
    assert after["wrong"].kind is Kind.FAILED, f"a wrong program after it: {after['wrong']}"
    limits = case.limits or QUICK
    assert outcome.seconds < 3 * (limits.wall_seconds or 3 * limits.cpu_seconds) + 10
    assert len(outcome.detail.encode(errors="surrogatepass")) <= 2200
    assert (outcome.fault is None) == (outcome.kind is not Kind.ERROR)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_program_is_contained(name: str, lab: Lab, sandboxes: Sandboxes) -> None:
    check(HOSTILE[name], lab, sandboxes)


@pytest.mark.parametrize("name", FAIR)
def test_a_fair_program_passes(name: str, lab: Lab, sandboxes: Sandboxes) -> None:
    check(FAIR[name], lab, sandboxes)


def test_the_suite_is_as_large_as_it_says() -> None:
    assert len(HOSTILE) == sum(len(room.CASES) for room in ROOMS) >= 150, "two cases of one name"
    assert len(FAIR) == len(fair.CASES) >= 35, "two cases of one name"


def test_every_placeholder_is_filled(lab: Lab) -> None:
    for key, case in {**HOSTILE, **FAIR}.items():
        program = case.program(lab.values)
        assert not any(f"@{name}@" in program.source + program.tests for name in lab.values), key
        assert case.why and case.kinds and Kind.ERROR not in case.kinds, key
