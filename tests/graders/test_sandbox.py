"""The sandbox: what decides, what crosses, and what becomes of workers that are lost. Attacks: adversarial/."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchcore.errors import ConfigError, MachineError
from benchcore.graders.sandbox import SAFE, Kind, Level, Limits, Program, Sandbox, isolation, levels, survey
from benchcore.graders.sandbox.inside.scratch import empty, measure
from benchcore.graders.sandbox.worker import Worker, WorkerLost

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the sandbox needs fork")

# Far apart, so that on a busy machine too the limit that is meant comes first.
QUICK = Limits(cpu_seconds=0.5, wall_seconds=20)
NAP = Limits(cpu_seconds=20, wall_seconds=0.8)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(QUICK, levels=tuple(Level)) as sandbox:
        yield sandbox


def program(source: str, tests: str = "", *exports: str, helpers: str = "") -> Program:
    dedent = textwrap.dedent
    return Program(source=dedent(source), tests=dedent(tests), exports=exports, helpers=dedent(helpers))


PASSES = {
    "nothing": ("", ""),
    "a function": ("def f(x): return x + 1", "assert f(1) == 2"),
    "a class of its own": ("class C:\n  y = 3\ndef f(): return C().y", "assert f() == 3"),
    "keywords": ("def f(a, *, b=2): return (a, b)", "assert f(1, b=3) == (1, 3) and f(a=1) == (1, 2)"),
    "state between calls": ("n = 0\ndef f():\n  global n\n  n += 1\n  return n", "assert [f(), f(), f()] == [1, 2, 3]"),
    "a value": ("f = {'a': [1]}", "assert f == {'a': [1]}"),
    "an exception that the tests expect": (
        "class E(ValueError): pass\ndef f(): raise E('no')",
        "try: f()\nexcept ValueError as e: assert 'no' in str(e)\nelse: assert False",
    ),
    "an exception of no builtin kind": (
        "class E(Exception): pass\ndef f(): raise E",
        "try: f()\nexcept Exception: pass\nelse: assert False",
    ),
    "its own exit caught": ("def f():\n  try: raise SystemExit(0)\n  except SystemExit: return 1", "assert f() == 1"),
    "a generator": ("def f(): yield from (1, 2)", "assert list(f()) == [1, 2]"),
    "not equal to its like": ("def f(): return object()", "assert f() != f()"),
    "the same thing twice": ("x = object()\ndef f(): return x", "assert f() is f()"),
    "a function of a function": ("def f(): return lambda x: x * 2", "assert f()(4) == 8"),
    "objects built by the tests": (
        "class f:\n  def __init__(self, v): self.v = v; self.left = None\n"
        "  def total(self): return self.v + (self.left.total() if self.left else 0)",
        "root = f(1)\nroot.left = f(2)\nassert root.total() == 3 and root.left.v == 2",
    ),
    "main block": ("if __name__ == '__main__': input()\ndef f(): return 1", "assert f() == 1"),
    "CRLF": ("def f():\r\n    return 1\r\n", "assert f() == 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", PASSES)
def test_passes(name: str, box: Sandbox) -> None:
    source, tests = PASSES[name]
    found = box.run(Program(source=source, tests=tests, exports=("f",)))
    assert (found.kind, found.detail, found.fault) == (Kind.PASSED, "", None)
    assert found.cpu_seconds > 0 and found.seconds > 0


F, C, T, X = Kind.FAILED, Kind.CRASHED, Kind.TIMEOUT, Kind.CHEATED
ENDS = {
    "assert": ("def f(x): return 2", F, "AssertionError (tests, line 1: assert f(1) == 1)"),
    "exception in a call": ("def f(x):\n  return {}['key']", F, "KeyError: 'key' (line 2: return {}['key'])"),
    "exception at load": ("x = 1\r\n\r\n{}['key']", F, "KeyError: 'key' (line 3: {}['key'])"),
    "no such function": ("def g(x): return 1", F, "NameError: name 'f' is not defined"),
    "syntax": ("def f(:\n  pass", F, "SyntaxError: invalid syntax"),
    "NUL": ("x = '\0'", F, "null bytes"),
    "endless recursion": ("def f(x): return f(x)", F, "RecursionError"),
    "input": ("def f(x): return int(input())", F, "EOFError"),
    "equal to everything": ("class A:\n  def __eq__(self, o): return True\ndef f(x): return A()", F, "AssertionError"),
    "leaves at load": ("import sys\nsys.exit(0)", C, "SystemExit: 0 (line 2: sys.exit(0))"),
    "leaves at load for good": ("import os\nos._exit(0)", C, "exit with status 0 before the end"),
    "leaves in a call": ("def f(x): raise SystemExit(0)", X, "SystemExit: 0"),
    "leaves in a call for good": ("import os\ndef f(x): os._exit(0)", X, "exit with status 0 during the tests"),
    "forges a reply": (
        "import os\ndef f(x):\n  d = b'[1,\"value\",[1,null],null]'\n"
        "  os.write(3, len(d).to_bytes(4, 'big') + d)\n  return 0",
        X, "a reply to no request",
    ),
    "garbage": ("import os\ndef f(x):\n  os.write(3, b'0' * 99)\n  return 0", X, "no reply"),
    "looks at its driver": ("import sys\ndef f(x):\n  sys._getframe(1)\n  return 1", X, "sys._getframe"),
    "looks for objects": ("import gc\ndef f(x):\n  gc.get_objects()\n  return 1", X, "gc.get_objects"),
    "looks at processes": (
        "def f(x):\n  try: open('/proc/self/mem')\n  except OSError: pass\n  return 1", X, "/proc/self/mem"
    ),
    "segfault": ("import ctypes\ndef f(x): return ctypes.string_at(0)", C, "SIGSEGV before the end"),
    "memory": ("def f(x): return len(bytearray(10 << 30))", C, "MemoryError"),
    "a loop": ("def f(x):\n  while True: pass", T, "no end within 0.5 s of CPU time"),
    "a loop at load": ("while True: pass", T, "no end within 0.5 s of CPU time"),
    "loops in processes": (
        "import os\ndef f(x):\n  for _ in range(3): os.fork()\n  while True: pass", T, "no end within 0.5 s of CPU time"
    ),
    "too deep": ("def f(x):\n  a = []\n  for _ in range(900): a = [a]\n  return a", F, "containers in each other"),
    "too much": ("def f(x): return 'x' * (40 << 20)", F, "more than 32 MiB"),
    "its message fails": (
        "class E(Exception):\n  def __str__(self): raise E\ndef f(x): raise E", F, "cannot be described"
    ),
    "its message is long": ("def f(x): raise ValueError('\u00e9' * 10**6)", F, "ValueError: \u00e9\u00e9"),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
def test_does_not_pass(name: str, box: Sandbox) -> None:
    source, kind, detail = ENDS[name]
    found = box.run(Program(source=source, tests="assert f(1) == 1", exports=("f",)))
    assert (found.kind, found.fault) == (kind, None), found.detail
    assert detail in found.detail and len(found.detail) <= 2100
    assert (
        box.run(Program(source=PASSES["a function"][0], tests="assert f(1) == 2", exports=("f",))).kind is Kind.PASSED
    )


def test_tests_that_swallow_everything_do_not_pass_a_program_that_left(box: Sandbox) -> None:
    tests = "for _ in range(3):\n  try: f()\n  except BaseException: pass"
    found = box.run(program("import os\ndef f(): os._exit(0)", tests, "f"))
    assert found.kind is Kind.CHEATED


def test_a_sleeper_is_ended_and_run_again_alone() -> None:
    began = time.monotonic()
    with Sandbox(NAP, levels=tuple(Level)) as sandbox, ThreadPoolExecutor(2) as pool:
        beside = pool.submit(sandbox.run, program("import time\ntime.sleep(0.3)"))
        found = sandbox.run(program("import time\ntime.sleep(60)"))
        assert beside.result().kind is Kind.PASSED
    assert (found.kind, found.detail) == (Kind.TIMEOUT, "no end within 0.8 s")
    assert 1.6 <= time.monotonic() - began < 20


def test_helpers_run_beside_the_tests_and_the_program_wins(box: Sandbox) -> None:
    helpers = "import math\ndef double(x): return 2 * x\ndef f(x): return None"
    assert box.run(
        program("def f(x): return x", "assert double(f(math.floor(2.5))) == 4", "f", helpers=helpers)
    ).kind is (Kind.PASSED)
    # what the program does not define is not there, whatever the helpers called so
    assert "NameError" in box.run(program("", "f(1)", "f", helpers=helpers)).detail


SORTS = "def f(x):\n  x.sort()\n  x.append(9)\n  return None"


def test_changes_in_place_come_back_only_when_asked_for(box: Sandbox) -> None:
    tests = "a = [2, 1]\nf(a)\nassert a == [1, 2, 9]"
    assert box.run(program(SORTS, tests, "f")).kind is Kind.FAILED
    found = box.run(program(SORTS, tests, "f"), copy_back=True)
    assert (found.kind, found.changed) == (Kind.PASSED, True)
    found = box.run(program("def f(x): return sorted(x)", "assert f([2, 1]) == [1, 2]", "f"), copy_back=True)
    assert (found.kind, found.changed) == (Kind.PASSED, False)
    kinds = "d, s, b = {}, set(), bytearray()\nf(d, s=s, b=b)\nassert (d, s, b) == ({1: [2]}, {1}, b'x')"
    source = "def f(d, s, b):\n  d[1] = [2]\n  s.add(1)\n  b.extend(b'x')"
    assert box.run(program(source, kinds, "f"), copy_back=True).kind is Kind.PASSED


def test_a_program_that_ends_before_a_long_script_is_sent_has_a_verdict(box: Sandbox) -> None:
    tests = "\n".join(f"assert f('{'x' * 1000}{n}') == {n}" for n in range(400))
    right = program("def f(x): return int(x[1000:])", tests, "f")
    script = box.run(right, copy_back=True).script
    assert sum(map(len, script)) > 400_000
    assert box.run(right, script=script).kind is Kind.PASSED
    assert box.run(program("import os; os._exit(0)", tests, "f"), script=script).kind is Kind.CRASHED
    assert box.run(program("while True: pass", tests, "f"), script=script).kind is Kind.TIMEOUT
    # tests that go by the answers: asked call by call after all
    off = program("def f(x): return x", "assert f(f(1)) == 1", "f")
    other = box.run(program("def f(x): return x + 1", "assert f(f(1)) == 3", "f"), copy_back=True)
    assert box.run(off, script=other.script).kind is Kind.PASSED


def test_an_exception_crosses_with_its_message(box: Sandbox) -> None:
    tests = "try: f()\nexcept ValueError as error: assert str(error) == 'boom'\nelse: assert False"
    assert box.run(program("def f(): raise ValueError('boom')", tests, "f")).kind is Kind.PASSED
    found = box.run(program("def f(): raise ValueError('boom')", "f()", "f"))
    assert found.detail == "ValueError: boom (line 1: def f(): raise ValueError('boom'))"


def test_a_loop_of_the_tests_is_not_ended_by_the_program(box: Sandbox) -> None:
    found = box.run(program("def f(x): raise StopIteration", "assert list(map(f, [1, 2])) == []", "f"))
    assert found.kind is Kind.FAILED and "StopIteration" in found.detail


def test_long_doubles_cross(box: Sandbox) -> None:
    pytest.importorskip("numpy")
    source = "import numpy\ndef f(): return numpy.longdouble(1.5)"
    with Sandbox(levels=tuple(Level)) as sandbox:  # importing NumPy takes its time
        assert sandbox.run(program(source, "assert f() == 1.5", "f")).kind is Kind.PASSED


@pytest.mark.parametrize("level", SAFE)
def test_nothing_stays_for_the_next_program(level: Level) -> None:
    if not survey(level).works:
        pytest.skip(f"no level {level} here")
    leave = """
        import os
        for name, value in (("user.note", b"x"), ("system.posix_acl_default", b"\\x02\\0\\0\\0")):
            try: os.setxattr(".", name, value)
            except OSError: pass
            else: raise Exception("set")
        try: open("/dev/shm/left", "w").write("x")
        except OSError: pass
        """
    with Sandbox(levels=(level,)) as sandbox:
        assert sandbox.run(program(leave)).kind is Kind.PASSED
        look = "import os\ndef f():\n  try: return os.listdir('/dev/shm')\n  except OSError: return []"
        assert sandbox.run(program(look, "assert f() == []", "f")).kind is Kind.PASSED


@pytest.mark.parametrize("level", SAFE)
def test_what_a_program_left_ends_with_its_worker(
    level: Level, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not survey(level).works:
        pytest.skip(f"no level {level} here")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    leave = """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0: time.sleep(600)
            os._exit(0)
        time.sleep(600)
        """
    with Worker(level, Limits(cpu_seconds=20)) as worker, ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(worker.run, program(leave))
        time.sleep(0.5)
        assert worker._process is not None
        assert sum(_has_home_in(pid, tmp_path) for pid in os.listdir("/proc") if pid.isdigit()) >= 4
        os.killpg(worker._process.pid, signal.SIGKILL)
        assert isinstance(under_way.exception(), WorkerLost)
    assert [pid for pid in os.listdir("/proc") if pid.isdigit() and _has_home_in(pid, tmp_path)] == []


def _has_home_in(pid: str, folder: Path) -> bool:
    try:
        return f"HOME={folder}".encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


def test_tests_that_pass_what_cannot_cross_say_so(box: Sandbox) -> None:
    found = box.run(program("def f(g): return g(1)", "f(lambda x: x)", "f"))
    assert found.kind is Kind.FAILED and "cannot cross to the program" in found.detail


def test_the_program_sees_no_trace_of_us(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHCORE_CANARY", "secret")
    source = """
        import os, sys
        def f():
            return [name for name in sys.modules if name.split('.')[0] == 'benchcore'], dict(os.environ)
        """
    tests = "modules, environment = f()\nassert not modules\nassert 'BENCHCORE_CANARY' not in environment, environment"
    assert box.run(program(source, tests, "f")).kind is Kind.PASSED


def test_hash_order_is_the_same_each_time(box: Sandbox) -> None:
    source, tests = "def f(): return hash('a')", "import os\nassert f() == hash('a')"
    assert box.run(program(source, tests, "f")).kind is Kind.PASSED  # the runner's seed is fixed alike


def test_scratch_is_new_for_each_program(box: Sandbox) -> None:
    leave = "import os\nos.makedirs('a/b')\nopen('a/b/f', 'w').write('x')\nfor p in ('a/b', 'a', '.'): os.chmod(p, 0)"
    look = "import os\ndef f(): return os.listdir('.')"
    for _ in range(2):
        assert box.run(program(leave)).kind is Kind.PASSED
        assert box.run(program(look, "assert f() == []", "f")).kind is Kind.PASSED


def test_many_at_once_keep_their_verdicts(box: Sandbox) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: box.run(program(f"def f(): return {i}", "assert f() % 2", "f")), range(40)))
    assert [each.kind for each in found] == [Kind.FAILED, Kind.PASSED] * 20


# --- workers that are lost ---------------------------------------------------------------------------------


def below(pid: int) -> list[int]:
    """All descendants of a process."""
    found = subprocess.run(["ps", "-e", "-o", "pid=,ppid=,comm="], capture_output=True, text=True, check=True)
    rows = [line.split(maxsplit=2) for line in found.stdout.splitlines()]
    parents = {int(child): int(parent) for child, parent, name in rows if name != "ps"}
    below, grown = {pid}, True
    while grown:
        grown = False
        for child, parent in parents.items():
            if parent in below and child not in below:
                below.add(child)
                grown = True
    return sorted(below - {pid})


@pytest.mark.parametrize("which", [0, -1])
def test_a_worker_that_is_killed_costs_no_program(which: int) -> None:
    already = below(os.getpid())
    with Sandbox(levels=tuple(Level)) as sandbox, ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(sandbox.run, program("import time\ndef f():\n  time.sleep(0.7)", "f()", "f"))
        time.sleep(0.4)
        ours = [pid for pid in below(os.getpid()) if pid not in already]
        os.kill(ours[which] if which == 0 else ours[1], signal.SIGKILL)
        found = under_way.result()
    assert found.kind is Kind.PASSED, found.detail
    assert [pid for pid in below(os.getpid()) if pid not in already] == []


def test_two_losses_of_one_program_are_an_error_and_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(self: Worker, program: Program, **how: object) -> None:
        raise WorkerLost("it ended")

    with Sandbox(levels=tuple(Level)) as sandbox:
        monkeypatch.setattr(Worker, "run", lost)
        found = sandbox.run(program(""))
    assert found.kind is Kind.ERROR
    assert found.fault is not None and found.fault.kind == "sandbox" and "it ended" in found.fault.message


def test_a_folder_that_cannot_be_made_is_an_error_and_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(levels=tuple(Level)) as sandbox:
        taken = sandbox._take()
        monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
        assert sandbox.run(program("")).kind is Kind.ERROR
        monkeypatch.undo()
        sandbox._give(taken, usable=True)
        assert sandbox.run(program("")).kind is Kind.PASSED


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before, descriptors = below(os.getpid()), len(os.listdir("/proc/self/fd"))
    with Sandbox(levels=tuple(Level)) as sandbox:
        sandbox.run(program("import os, time\nif os.fork() == 0:\n  os.setsid()\n  time.sleep(600)"))
    assert list(tmp_path.iterdir()) == []
    assert below(os.getpid()) == before
    assert len(os.listdir("/proc/self/fd")) == descriptors


# --- levels ------------------------------------------------------------------------------------------------


def test_at_level_process_every_attempt_gets_through() -> None:
    """Proof that the probes try what they say: where nothing confines a program, none of them is held."""
    with Worker(Level.PROCESS, levels._LIMITS) as worker, levels._lab() as places:
        found = levels._probe(worker, places, everything=True)
    # the file is gone by the time that some of them come
    through = {name for name, state in found.items() if "succeeded" in state}
    assert through >= set(levels._ATTEMPTS) - {
        "changes a mode",
        "starts a program",
        "reads the environment of a process",
    }
    assert survey(Level.PROCESS).works


@pytest.mark.parametrize("level", SAFE)
def test_a_safe_level_holds_every_attempt(level: Level) -> None:
    found = survey(level)
    if not found.works:
        pytest.skip(f"no level {level} here: {found.reason}")
    assert set(found.probes.values()) == {"held"}
    assert {"file system", "network", "other processes", "memory", "processes", "user"} <= found.layers.keys()


def test_where_no_level_is_safe_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "SAFE", ())
    with pytest.raises(MachineError, match="cannot be run safely"), Sandbox(levels=()):
        pass
    monkeypatch.delattr(os, "fork")
    survey.cache_clear()
    try:
        with pytest.raises(MachineError, match=r"namespaces: .* has no fork"), Sandbox():
            pass
    finally:
        survey.cache_clear()


def test_a_level_whose_probe_breaks_out_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    survey.cache_clear()
    monkeypatch.setitem(levels._ATTEMPTS, "looks at the time", ("file", "import time; time.time()"))
    try:
        found = survey(Level.NAMESPACES)
        assert not found.works
        assert "looks at the time" in found.reason or not found.probes
    finally:
        survey.cache_clear()


def test_isolation_in_words() -> None:
    layers = isolation(Limits(cpu_seconds=2), tuple(Level))
    assert layers["limits"].startswith("2 s of CPU") and layers["level"] in set(Level)
    assert "never sees them" in layers["tests"]


@pytest.mark.parametrize(
    "wrong", [{"cpu_seconds": 0}, {"wall_seconds": float("nan")}, {"memory_bytes": 1 << 20}, {"open_files": 3}]
)
def test_limits_that_cannot_be_meant_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Limits(**wrong)  # type: ignore[arg-type]


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("level", SAFE)
def test_works_as_an_ordinary_user(level: Level) -> None:
    script = """
        import os, sys
        os.setgroups([]); os.setresgid(4321, 4321, 4321); os.setresuid(4321, 4321, 4321)
        from benchcore.graders.sandbox import *
        found = survey(Level(sys.argv[1]))
        print(found.reason or "works: " + found.layers["user"])
        """
    # an interpreter that an ordinary user can reach, as root's home is closed, of the version that our packages are for
    python = shutil.which(f"python3.{sys.version_info.minor}", path="/usr/bin:/usr/local/bin")
    if python is None:
        pytest.skip("no interpreter of this version that an ordinary user may start")
    ours = [path for path in sys.path if path and not path.startswith(sys.base_prefix)]
    environment = {"PYTHONPATH": os.pathsep.join(ours), "PYTHONDONTWRITEBYTECODE": "1"}
    become, rest = textwrap.dedent(script).split("found = ")

    def as_the_user(source: str) -> subprocess.CompletedProcess[str]:
        command = [python, "-c", source, level]
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd="/", check=False)

    if as_the_user(become).returncode:
        pytest.skip("an ordinary user may not read the packages that benchcore needs")
    done = as_the_user(f"{become}found = {rest}")
    assert done.stdout.startswith("works: "), done.stdout + done.stderr


# --- scratch -----------------------------------------------------------------------------------------------


def test_scratch_trees_are_emptied_whatever_their_shape(tmp_path: Path) -> None:
    folder, other = tmp_path / "box", tmp_path / "other"
    (other / "kept").mkdir(parents=True)
    folder.mkdir()
    here = os.getcwd()
    try:
        os.chdir(folder)
        for _ in range(1200):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir(here)
    (folder / "link").symlink_to(other)
    (folder / "locked").mkdir(mode=0)
    empty(str(folder))
    assert list(folder.iterdir()) == [] and (other / "kept").exists()
    folder.rmdir()
    folder.symlink_to(other)
    empty(str(folder))
    assert folder.is_dir() and not folder.is_symlink() and (other / "kept").exists()


def test_scratch_is_measured_only_as_far_as_needed(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"f{number}").write_bytes(bytes(10_000))
    assert measure(str(tmp_path), 10**9) >= 200_000
    assert 50_000 < measure(str(tmp_path), 50_000) < 100_000


def test_a_program_that_waits_alone_keeps_others_waiting() -> None:
    """`alone` lets what runs finish first, and holds back what comes."""
    with Sandbox(levels=tuple(Level)) as sandbox:
        order: list[str] = []

        def shared(name: str, seconds: float) -> None:
            with sandbox._turns.shared():
                time.sleep(seconds)
                order.append(name)

        first = threading.Thread(target=shared, args=("first", 0.3))
        first.start()
        time.sleep(0.05)
        with sandbox._turns.alone():
            order.append("alone")
            late = threading.Thread(target=shared, args=("late", 0.0))
            late.start()
            time.sleep(0.1)
            order.append("still alone")
        first.join()
        late.join()
    assert order == ["first", "alone", "still alone", "late"]
