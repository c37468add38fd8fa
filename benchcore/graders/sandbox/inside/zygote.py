"""The zygote: a lean interpreter that enters every layer of its level once and forks one child a program.

While a child lives, each page that either writes to is copied: what the runner can do is left to it.

It never reads a program or a test. Started by the runner with the descriptor of its socket; the first message is
its configuration, the first reply says which layers are on. Then, for each program: the runner's end of the
conversation with a child goes out, `s` starts that child's time, `e` ends it with all it started, a report goes out.
"""

import gc
import importlib
import importlib.util
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from typing import Any

from benchcore.graders.sandbox.inside import candidate
from benchcore.graders.sandbox.inside.confinement import Confinement, confine, out_of_cpu
from benchcore.graders.sandbox.inside.frames import receive, send

# What programs import most is there already, so that they start at once. Each costs the forks a little.
PRELOADED = (
    "bisect", "collections", "copy", "enum", "functools", "heapq", "itertools", "math", "operator",
    "re", "string", "typing",
)  # fmt: skip

TICK = 0.05  # seconds between two looks at what a program uses; most have ended before the first
CLOCKS = 0.95  # the kernel's CPU limit and its account of CPU time use two clocks


class Packages:
    """Finds the few packages beyond the standard library that a program may import, and no others.

    Not by a folder on `sys.path`: that of all packages also holds data sets with their tests.
    """

    def __init__(self, folders: dict[str, str]) -> None:
        self._folders = folders

    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> ModuleSpec | None:
        """The meta path's protocol."""
        folder = self._folders.get(name)
        if folder is None or path is not None:
            return None
        return importlib.util.spec_from_file_location(
            name, f"{folder}/__init__.py", submodule_search_locations=[folder]
        )


class Child:
    """A forked child: it waits, confined, for its program; from `start` on it is watched until it is reaped."""

    def __init__(self, confinement: Confinement, limits: dict[str, Any]) -> None:
        self._confinement = confinement
        self._limits = limits
        self._began = time.monotonic()
        self._stopped: tuple[str, str] | None = None
        self.wire, theirs = socket.socketpair()
        with theirs:
            try:
                self.pid = confinement.fork()
            except OSError:
                self.wire.close()
                raise
            if self.pid == 0:
                _become_candidate(confinement, theirs.fileno())

    def start(self) -> None:
        """From now on its time counts."""
        self._began = time.monotonic()

    def pause(self) -> float:
        """Seconds until the next look."""
        left: float = self._limits["wall"] - (time.monotonic() - self._began)
        cpu: float = self._limits["cpu"] - self._cpu()
        return max(min(TICK, cpu, left), 0.001)

    def look(self) -> bool:
        """Whether the child has ended, though what it started may hold the conversation open, or used up a limit."""
        wall = self._limits["wall"]
        if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return True
        if self._cpu() >= self._limits["cpu"]:
            self._stopped = out_of_cpu(self._limits)
        elif time.monotonic() - self._began >= wall:
            self._stopped = ("timeout", f"no end within {wall:g} s")
        else:
            self._stopped = self._confinement.excess()
        return self._stopped is not None

    def _cpu(self) -> float:
        try:
            # the CPU clock of another process, as clock_getcpuclockid(3) makes it
            return time.clock_gettime((~self.pid << 3) | 2)
        except OSError:
            return 0.0

    def end(self) -> dict[str, Any]:
        """Kill it, reap it, clear up after it; the report for the runner."""
        os.kill(self.pid, signal.SIGKILL)  # it is there, if only as a zombie
        _, status, used = os.wait4(self.pid, 0)
        cpu = used.ru_utime + used.ru_stime
        trouble = None
        try:
            cpu += self._confinement.sweep()
        except OSError as error:
            trouble = f"the sandbox cannot clear up: {error}"
        code = os.waitstatus_to_exitcode(status)
        if self._stopped is None and cpu >= CLOCKS * self._limits["cpu"] and code in (-signal.SIGKILL, -signal.SIGXCPU):
            self._stopped = out_of_cpu(self._limits)
        return {"cpu": cpu, "stopped": self._stopped, "code": code, "trouble": trouble}


def _become_candidate(confinement: Confinement, fd: int) -> None:
    """Never returns: the forked child's whole life."""
    try:
        confinement.child(fd)
        candidate.serve(3)
    finally:  # before the first word: the layers could not be completed; the runner sees that it never spoke
        os._exit(1)


class Zygote:
    """Serves one runner."""

    def __init__(self, boss: socket.socket, limits: dict[str, Any], confinement: Confinement) -> None:
        self._boss = boss
        self._limits = limits
        self._confinement = confinement
        self._poll = select.poll()
        self._poll.register(boss, select.POLLIN)

    def serve(self) -> None:
        """Fork, watch and end children until the runner is gone. The next child is made while the runner is busy."""
        while True:
            child, trouble = None, ""
            try:
                child = Child(self._confinement, self._limits)
            except OSError as error:
                trouble = f"the sandbox cannot start a program: {error}"
            if child is not None:
                socket.send_fds(self._boss, [b"c"], [child.wire.fileno()])
                child.wire.close()
            else:
                self._boss.sendall(b"x")
            if not self._said():
                if child is not None:
                    child.end()
                return
            if child is not None:
                child.start()
                if not self._watch(child):
                    return
            else:
                self._boss.recv(1)
                send(self._boss, {"cpu": 0.0, "stopped": None, "code": 0, "trouble": trouble})

    def _said(self) -> bytes:
        """What the runner says; nothing when it is gone."""
        try:
            return self._boss.recv(1)
        except OSError:
            return b""

    def _watch(self, child: Child) -> bool:
        """Until the runner says end; False when it is gone."""
        report = None
        pause: float | None = TICK
        while not self._poll.poll(pause and pause * 1000):
            if child.look():
                report, pause = child.end(), None
            else:
                pause = child.pause()
        said = self._said()
        report = report or child.end()
        if said:
            send(self._boss, report)
        return bool(said)


def main() -> None:
    """Serve the socket whose descriptor is the first argument."""
    boss = socket.socket(fileno=int(sys.argv[1]))
    try:
        at = receive(boss)
    except OSError:  # the runner is gone already
        os._exit(0)
    for name in PRELOADED:
        importlib.import_module(name)
    sys.path[:] = at["library"]
    sys.meta_path.append(Packages(at["packages"]))
    sys.path_importer_cache.clear()
    sys.argv[:] = [candidate.PROGRAM]
    os.environ.clear()
    os.environ.update(at["environment"])
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(null)
    try:
        confinement = confine(at)
    except OSError as error:
        send(boss, {"failed": f"{error.filename or error.__class__.__name__}: {error.strerror or error}"})
        os._exit(1)
    for name in [name for name in sys.modules if name.split(".")[0] == "benchcore"] + ["__main__"]:
        del sys.modules[name]  # a program has no business with them
    sys.modules["__main__"] = type(sys)("__main__")  # some modules expect one
    candidate.rehearse()
    gc.collect()
    gc.freeze()  # a collection in a child would touch, and so copy, every page of ours
    send(boss, {"layers": confinement.layers})
    Zygote(boss, at["limits"], confinement).serve()
    os._exit(0)
