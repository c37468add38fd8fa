"""Which level of isolation this machine can give, found by trying to break out of it."""

import contextlib
import functools
import os
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from benchcore.graders.sandbox.limits import MIB, Limits
from benchcore.graders.sandbox.program import Program
from benchcore.graders.sandbox.worker import Worker, WorkerLost


class Level(StrEnum):
    """How well programs are confined, best first.

    `namespaces`: a root file system, network and process numbers of their own, and Landlock and seccomp within.
    `landlock`: Landlock and seccomp alone, as in a default container. `process`: limits and nothing else; unsafe.
    """

    NAMESPACES = "namespaces"
    LANDLOCK = "landlock"
    PROCESS = "process"


SAFE: tuple[Level, ...] = (Level.NAMESPACES, Level.LANDLOCK)
_LIMITS = Limits(cpu_seconds=5.0, memory_bytes=512 * MIB, processes=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What trying one level showed.

    `reason` says why it does not work (empty where it does), `layers` what is on, and `probes` what became of each
    attempt that a program in it made: "held", or what it got through to.
    """

    level: Level
    reason: str
    layers: Mapping[str, str]
    probes: Mapping[str, str]

    @property
    def works(self) -> bool:
        """Whether the level may be used."""
        return not self.reason


# name -> a program's attempt, given one argument that the lab below makes; it must end in an exception
_ATTEMPTS = {
    "reads a file": ("file", "open(at).read()"),
    "writes to a file": ("file", "open(at, 'a').write('x')"),
    "empties a file": ("file", "os.truncate(at, 0)"),
    "makes a file": ("folder", "open(at + '/made', 'x')"),
    "removes a file": ("file", "os.unlink(at)"),
    "changes a mode": ("file", "os.chmod(at, 0o777)"),
    "connects by TCP": ("port", "socket.create_connection(('127.0.0.1', at), 1)"),
    "sends by UDP": ("port", "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', at))"),
    "connects to an abstract socket": ("name", "socket.socket(socket.AF_UNIX).connect(chr(0) + at)"),
    "signals a process": ("process", "os.kill(at, 0)"),
    "starts a program": ("file", "os.execv('/bin/true', ['true'])"),
    "reads the environment of a process": ("process", "open(f'/proc/{at}/environ').read()"),
}
_EXCESSES = {
    "takes too much memory": "x = bytearray(600 << 20)",
    "starts too many threads": (
        "import threading, time\n"
        "for _ in range(40): threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "time.sleep(1)"  # where the kernel cannot count them apart, they are counted every 50 ms
    ),
}


@functools.cache
def survey(level: Level) -> Survey:
    """Start a worker at `level` and have a real program try what it must not be able to do."""
    if not hasattr(os, "fork"):
        return Survey(level=level, reason=f"{sys.platform} has no fork", layers={}, probes={})
    try:
        with Worker(level, _LIMITS) as worker, _lab() as places:
            # at level process nothing is isolated, and only the limits can be tried
            probes = _probe(worker, places, everything=level is not Level.PROCESS)
            layers = worker.layers
    except (WorkerLost, OSError) as error:
        return Survey(level=level, reason=str(error), layers={}, probes={})
    broken = [name for name, state in probes.items() if state != "held"]
    reason = f"a program in it {', '.join(broken)}" if broken else ""
    return Survey(level=level, reason=reason, layers=layers, probes=probes)


def _probe(worker: Worker, places: Mapping[str, str | int], *, everything: bool) -> dict[str, str]:
    found = {}
    for name, (place, attempt) in _ATTEMPTS.items() if everything else ():
        source = f"import os, socket\ndef attempt(at):\n    {attempt}"
        tests = (
            f"try:\n    attempt({places[place]!r})\nexcept OSError:\n    pass\nelse:\n    raise Exception('succeeded')"
        )
        kind, detail, *_ = worker.run(Program(source=source, tests=tests, exports=("attempt",)))
        # reading /proc is noticed, whether or not there is one
        found[name] = "held" if kind in ("passed", "cheated") else detail
    for name, attempt in _EXCESSES.items():
        kind, detail, *_ = worker.run(Program(source=attempt, tests="", exports=()))
        found[name] = "held" if kind in ("crashed", "failed") else f"{kind} {detail}".strip()
    honest = Program(source="def f(): return 1", tests="assert f() == 1", exports=("f",))
    kind, detail, *_ = worker.run(honest)
    found["runs an honest program"] = "held" if kind == "passed" else f"{kind}: {detail}"
    return found


@contextlib.contextmanager
def _lab() -> Iterator[dict[str, str | int]]:
    """A file, a folder, a port, an abstract socket and a process that no program may reach."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="benchcore-probe-"))
        os.chmod(folder, 0o777)  # noqa: S103  # what protects it must be the sandbox
        file = os.path.join(folder, "secret")
        with open(file, "w", encoding="ascii") as out:
            out.write("secret")
        os.chmod(file, 0o666)  # noqa: S103
        port = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        places: dict[str, str | int] = {"file": file, "folder": folder, "process": os.getpid()}
        places["port"] = port.getsockname()[1]
        places["name"] = f"benchcore-probe-{os.getpid()}"
        if hasattr(socket, "AF_UNIX"):
            with contextlib.suppress(OSError):  # abstract names are Linux's alone
                abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
                abstract.bind(f"\0{places['name']}")
                abstract.listen()
        yield places
