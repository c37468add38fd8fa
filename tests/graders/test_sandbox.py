"""The sandbox: what must pass passes, nothing else does, and nothing is left behind."""

import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchcore.errors import ConfigError, MachineError
from benchcore.graders.sandbox import Kind, Limits, Outcome, isolation, run
from benchcore.graders.sandbox.limits import kernel_limits

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the sandbox needs POSIX")

# Far apart, so that on a busy machine too the limit that is meant comes first.
LOOP = Limits(cpu_seconds=0.4, wall_seconds=30)
NAP = Limits(cpu_seconds=20, wall_seconds=0.8)


def outcome(program: str, limits: Limits | None = None) -> Outcome:
    return run(textwrap.dedent(program), limits)


def survivors(folder: Path) -> list[str]:
    """Processes that were started with this folder as their TMPDIR's parent and still live."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"TMPDIR={folder}".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().decode())
        except OSError:  # it ended while we looked, or is another user's
            continue
    return found


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Every test in this file: no process, no scratch folder and no descriptor outlives it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    open_before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    yield tmp_path
    assert survivors(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("benchcore-code-")] == []
    if sys.platform == "linux":
        assert len(os.listdir("/proc/self/fd")) == open_before


MUST_PASS = {
    "nothing": "",
    "prints 10 MB": "for _ in range(100): print('x' * 100_000)",
    "prints to both": "import sys\nprint('a')\nprint('b', file=sys.stderr)",
    "threads": """
        import threading
        done = []
        threads = [threading.Thread(target=done.append, args=(i,)) for i in range(20)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert sorted(done) == list(range(20))
        """,
    "a thread that never ends": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()",
    "processes": """
        import os
        pid = os.fork()
        if pid == 0: os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        """,
    "a forked child runs to the end too": "import os\nif os.fork(): os.wait()",
    "multiprocessing": """
        import multiprocessing
        with multiprocessing.get_context('fork').Pool(2) as pool:
            assert pool.map(abs, [-1, -2]) == [1, 2]
        """,
    "subprocess": "import subprocess\nassert subprocess.run(['echo', 'a'], capture_output=True).stdout == b'a\\n'",
    "tempfile": """
        import tempfile
        with tempfile.NamedTemporaryFile('w+') as file:
            file.write('text'); file.seek(0)
            assert file.read() == 'text'
        """,
    "files in the working folder": """
        import os
        os.makedirs('a/b')
        open('a/b/c.txt', 'w').write('\\u00e9')
        assert open('a/b/c.txt').read() == '\\u00e9' and os.listdir() == ['a']
        """,
    "random": "import random\nrandom.seed(1)\nassert 0 <= random.random() < 1",
    "dataclasses": """
        from __future__ import annotations
        import dataclasses, typing
        @dataclasses.dataclass
        class Point:
            x: int
            y: typing.ClassVar[int] = 2
        assert Point(1) == Point(1) and len(dataclasses.fields(Point)) == 1
        """,
    "pickle": """
        import pickle
        class Node:
            value = 3
        assert pickle.loads(pickle.dumps(Node())).value == 3
        """,
    "deep recursion": """
        import sys
        assert sys.getrecursionlimit() == 1000
        def depth(n): return 0 if n == 0 else 1 + depth(n - 1)
        assert depth(980) == 980
        """,
    "CRLF": "def f():\r\n    return '''a\r\nb'''\r\n\r\nassert f() == 'a\\nb'\r\n",
    "main block": "if __name__ == '__main__': input()\nassert __name__ != '__main__'",
    "no input": "import sys\nassert sys.stdin.read() == ''",
    "no arguments": "import sys\nassert len(sys.argv) == 1",
    "catches its own exit": "try: raise SystemExit(1)\nexcept SystemExit: pass",
    "no secret": "import os\nassert 'BENCHCORE_CANARY' not in os.environ",
    "not ours": "assert not [name for name in globals() if name in ('token', 'report', 'main')]",
    "non-ASCII": "\u00e4 = '\u4e2d'\nprint(\u00e4)",
    "closes stdout": "import os\nos.close(1); os.close(2)",
}


@pytest.mark.parametrize("name", MUST_PASS)
def test_passes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHCORE_CANARY", "secret")
    found = outcome(MUST_PASS[name])
    assert (found.kind, found.detail) == (Kind.PASSED, "")
    assert found.cpu_seconds > 0 and found.seconds > 0 and found.fault is None


def test_numpy_is_importable_where_it_is_installed() -> None:
    pytest.importorskip("numpy")
    assert outcome("import numpy\nassert (numpy.ones((9, 9)) @ numpy.ones(9)).sum() == 81").kind is Kind.PASSED


F, C, T = Kind.FAILED, Kind.CRASHED, Kind.TIMEOUT
MUST_NOT_PASS = {
    "assert": ("assert 1 == 2, 'unequal'", F, "AssertionError: unequal (line 1: assert 1 == 2, 'unequal')"),
    "exception": ("x = 1\r\n\r\n{}['key']", F, "KeyError: 'key' (line 3: {}['key'])"),
    "syntax": ("def f(:\n  pass", F, "SyntaxError: invalid syntax"),
    "NUL": ("x = '\0'", F, "null bytes"),
    "lone surrogate": ("x = '\ud800'", F, "UnicodeEncodeError"),
    "input": ("input()", F, "EOFError"),
    "endless recursion": ("def f(): f()\nf()", F, "RecursionError"),
    "interrupt": ("raise KeyboardInterrupt", F, "KeyboardInterrupt"),
    "sys.exit(0)": ("import sys\nsys.exit(0)", C, "SystemExit: 0 (line 2: sys.exit(0))"),
    "SystemExit in a test": ("def check(f): raise SystemExit\ncheck(1)", C, "SystemExit"),
    "os._exit(0)": ("import os\nos._exit(0)", C, "exit with status 0 before the end"),
    "exit in a thread": ("import os, threading\nt = threading.Thread(target=os._exit, args=(0,))\nt.start(); t.join()", C, ""),  # noqa: E501
    "exec": ("import os\nos.execv('/bin/true', ['true'])", C, "exit with status 0"),
    "atexit": ("import atexit, sys\natexit.register(print, 'passed')\nsys.exit(0)", C, "SystemExit"),
    "excepthook": ("import os, sys\nsys.excepthook = lambda *a: os._exit(0)\nassert False", F, "AssertionError"),
    "segfault": ("import os\nos.kill(os.getpid(), 11)", C, "SIGSEGV"),
    "kills its own group": ("import os\nos.killpg(0, 9)", C, "SIGKILL"),
    "pretends to be out of time": ("import os, signal\nos.kill(os.getpid(), signal.SIGXCPU)", C, "SIGXCPU"),
    "10 GB": ("x = bytearray(10 << 30)", C, "MemoryError (line 1"),
    "10 GB in pieces": ("x = []\nwhile True: x.append(bytes(256 << 20))", C, "MemoryError"),
    "1 GB file": ("f = open('x', 'wb')\nfor _ in range(1024): f.write(bytes(1 << 20))", F, "File too large"),
    "prints the protocol": ("print('ready\\n' + '0' * 32)\nassert False", F, "AssertionError"),
    "writes to every descriptor": (
        "import os\nfor fd in range(3, 64):\n  try: os.write(fd, b'ready\\n' + b'0' * 32)\n  except OSError: pass", C, ""  # noqa: E501
    ),
    "closes all descriptors": ("import os\nos.closerange(0, 256)", C, "before the end"),
    "endless loop": ("while True: pass", T, "0.4 s of CPU time"),
    "endless loop, signals ignored": (
        "import signal\nfor s in (14, 15, 24): signal.signal(s, signal.SIG_IGN)\nwhile True: pass", T, "CPU time"
    ),
    "endless output": ("while True: print('x' * 10_000)", T, ""),
    "sleeps for ever": ("import time\ntime.sleep(60)", T, "no end within 0.8 s"),
    "stops itself": ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", T, "no end within 0.8 s"),
    "bounded fork bomb": (
        "import os, time\nfor _ in range(5): os.fork()\ntime.sleep(60)", T, "no end within 0.8 s"
    ),
    "message never ends": ("class E(Exception):\n  def __str__(self):\n    while True: pass\nraise E", T, ""),
    "message fails": ("class E(Exception):\n  def __str__(self): raise E\nraise E", F, "cannot be described"),
    "message is long": ("raise ValueError('\u00e9' * 10**6)", F, "ValueError: \u00e9\u00e9"),
    "replaces the driver's tools": (
        "import os, builtins\nos._exit = os.write = os.getpid = print\nbuiltins.isinstance = None\nassert False", F, ""
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MUST_NOT_PASS)
def test_does_not_pass(name: str) -> None:
    program, kind, detail = MUST_NOT_PASS[name]
    limits = NAP if "0.8 s" in detail else LOOP if kind is T else None
    found = run(program, limits)
    assert found.kind is kind
    assert detail in found.detail
    assert len(found.detail.encode()) <= 2100
    assert found.fault is None
    assert found.seconds < 20


def test_a_survivor_that_holds_the_pipes_does_not_hold_us(nothing_left: Path) -> None:
    found = outcome("import os, time\nif os.fork() == 0:\n  time.sleep(60)\n  os._exit(0)")
    assert found.kind is Kind.PASSED
    assert found.seconds < 20
    assert survivors(nothing_left) == []


def test_output_is_kept_up_to_a_cap() -> None:
    assert outcome("print('a', flush=True)").output == "a\n"
    found = outcome("import sys\nfor _ in range(300): print('x' * 10_000, file=sys.stderr)", Limits(output_bytes=1000))
    assert found.output == "x" * 1000


def test_hash_order_is_the_same_each_time() -> None:
    program = "print(hash('a'), flush=True)"
    assert outcome(program).output == outcome(program).output


def test_scratch_trees_are_removed_whatever_their_shape(tmp_path: Path) -> None:
    assert outcome("import os\nfor _ in range(1200):\n  os.mkdir('d'); os.chdir('d')").kind is Kind.PASSED
    locked = "import os\nos.makedirs('a/b/c')\nopen('a/b/f', 'w')\nfor p in ('a/b', 'a', '.'): os.chmod(p, 0)"
    assert outcome(locked).kind is Kind.PASSED
    other = tmp_path / "other"
    other.mkdir()
    (other / "kept").touch()
    link = f"import os\nhere = os.getcwd()\nos.rmdir(here)\nos.symlink({str(other)!r}, here)"
    assert outcome(link).kind is Kind.PASSED
    assert (other / "kept").exists()


def test_many_at_once() -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: run(f"assert {i} % 2"), range(24)))
    assert [each.kind for each in found] == [Kind.FAILED, Kind.PASSED] * 12


@pytest.mark.parametrize("python", ["/nonexistent/python", "/bin/false"])
def test_an_interpreter_that_does_not_start_is_an_error_and_no_verdict(
    python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", python)
    found = run("")
    assert found.kind is Kind.ERROR
    assert found.fault is not None and found.fault.kind == "sandbox" and found.fault.message == found.detail


def test_a_full_disk_is_an_error_and_no_verdict(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    assert run("").kind is Kind.ERROR


def test_works_without_pidfd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    assert run("").kind is Kind.PASSED
    assert run("while True: pass", LOOP).kind is Kind.TIMEOUT


def test_the_kernel_ends_a_loop_that_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_clock(clock: int) -> float:
        raise OSError

    monkeypatch.setattr(time, "clock_gettime", no_clock)
    found = run("while True: pass", Limits(cpu_seconds=0.5, wall_seconds=60))
    assert (found.kind, found.detail) == (Kind.TIMEOUT, "no end within 0.5 s of CPU time")


def test_limits_never_exceed_inherited_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda _: (1, 1))
    assert set(kernel_limits(Limits()).values()) <= {0, 1}


def test_a_user_gets_a_process_limit_above_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    assert kernel_limits(Limits(processes=100))["RLIMIT_NPROC"] > 100
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert "RLIMIT_NPROC" not in kernel_limits(Limits())
    assert "NOT limited" in isolation()["processes"]


@pytest.mark.parametrize(
    "wrong", [{"cpu_seconds": 0}, {"wall_seconds": float("nan")}, {"memory_bytes": 1 << 20}, {"open_files": 3}]
)
def test_limits_that_cannot_be_meant_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Limits(**wrong)  # type: ignore[arg-type]


def test_isolation_says_what_is_not_isolated() -> None:
    layers = isolation(Limits(cpu_seconds=2))
    assert layers["level"] == "process" and layers["cpu time"].startswith("2 s")
    assert all("NOT isolated" in layers[name] for name in ("network", "file system", "other processes", "tests"))


def test_a_machine_without_limits_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "waitid")
    with pytest.raises(MachineError, match="waitid"):
        run("")


def test_imports_where_resource_is_missing() -> None:
    program = """
        import sys
        sys.modules["resource"] = None
        from benchcore.errors import MachineError
        from benchcore.graders.code import code
        try:
            with code().session(): pass
        except MachineError as error:
            print(error)
        """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert "no resource" in done.stdout
