"""What a hostile program must not reach, and the look around after each one."""

import contextlib
import ctypes
import os
import resource
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType

import benchcore

IPC_KEY = 0x5ADB0C5
PATIENCE = 4.0  # seconds in which what was killed may still be on its way out
MEMORY_SLACK = 300 << 20
PR_SET_CHILD_SUBREAPER = 36
# ends on SIGURG, which everybody else ignores: so a signal to all shows, and harms nobody
SENTINEL = (
    "import signal, sys, time\nsignal.signal(signal.SIGURG, lambda *a: sys.exit(1))\nprint(flush=True)\ntime.sleep(9e5)"
)
LIMITS = tuple(sorted(name for name in vars(resource) if name.startswith("RLIMIT_")))


@dataclass(frozen=True, slots=True)
class Process:
    """One line of the process table."""

    pid: int
    parent: int
    state: str


def table() -> dict[int, Process]:
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            text = Path("/proc", name, "stat").read_text(errors="replace")
        except OSError:  # it ended while we looked
            continue
        state, parent = text.rpartition(")")[2].split()[:2]
        found[int(name)] = Process(int(name), int(parent), state)
    return found


def descendants(of: int) -> list[Process]:
    """Everything alive that this process started, at whatever remove: as their reaper we are given the orphans too."""
    processes = table()
    below: dict[int, list[Process]] = {}
    for process in processes.values():
        below.setdefault(process.parent, []).append(process)
    found, waiting = [], [of]
    while waiting:
        children = below.get(waiting.pop(), [])
        waiting += [child.pid for child in children]
        found += [child for child in children if child.state not in "ZX"]
    return found


def memory(pid: int) -> int:
    """Bytes of this process that are its own and in memory."""
    total = 0
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
            if line.startswith(("RssAnon:", "RssShmem:")):
                total += int(line.split()[1]) * 1024
    return total


def describe(processes: list[Process]) -> str:
    lines = []
    for process in processes:
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{process.pid}/cmdline").read_bytes().replace(b"\0", b" ")[:120]
            lines.append(f"{process.pid} ({process.state}) {command.decode(errors='replace')}")
    return "; ".join(lines)


def stamp(path: Path) -> tuple[object, ...]:
    """All that a change of a file would change, but for the time of the last look."""
    status = path.lstat()
    attributes = tuple(os.listxattr(path, follow_symlinks=False))
    return status.st_ino, status.st_mode, status.st_uid, status.st_gid, status.st_size, status.st_mtime_ns, attributes


class Watch:
    """The most memory and processes that were seen below this process while a program ran."""

    def __init__(self, without: set[int]) -> None:
        self.bytes = self.processes = 0
        self._without = without
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._end.wait(0.02):
            found = [p.pid for p in descendants(os.getpid()) if p.pid not in self._without]
            self.processes = max(self.processes, len(found))
            self.bytes = max(self.bytes, sum(map(memory, found)))

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What must be the same afterwards, or no more than it was."""

    processes: frozenset[int]
    descriptors: int
    own_memory: int
    all_memory: int
    scratch: int


@dataclass
class Lab:
    """The canary, the listeners, the sentinel; open it before the sandbox, so that its children could inherit all."""

    folder: Path
    token: str = field(default_factory=lambda: f"adv{secrets.token_hex(6)}")
    contacts: list[str] = field(default_factory=list)
    signals: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.canary = self.folder / "canary-folder" / "canary"
        self.folder.chmod(0o755)
        self._plant()
        self.scratch = self.folder / "tmp"
        self.scratch.mkdir()
        self.scratch.chmod(0o777)
        self.secret_name = f"SECRET_{self.token.upper()}"
        self.listeners: dict[socket.socket, str] = {}
        self.values: Mapping[str, str] = {}
        self.standing = 0  # processes that idle sandboxes have; a worker makes its next child when it gets to it

    def _plant(self) -> None:
        """The canary, open to everybody, so that being another user is not what protects it."""
        self.canary.parent.mkdir()
        self.canary.parent.chmod(0o777)
        self.canary.write_text(f"secret {secrets.token_hex(16)}\n")
        self.canary.chmod(0o666)

    @contextlib.contextmanager
    def open(self) -> Iterator["Lab"]:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._process_settings())
            stack.enter_context(self._sentinel())
            stack.enter_context(self._listeners())
            self.values = self._values()
            self._kept = self._stamps()
            self._shared = _entries(Path("/dev/shm"))
            yield self

    @contextlib.contextmanager
    def _process_settings(self) -> Iterator[None]:
        """A secret, a temporary folder of our own, a handler that records, and the office of a reaper."""
        before = {name: os.environ.get(name) for name in (self.secret_name, "TMPDIR")}
        folder = tempfile.tempdir
        handlers = {number: signal.signal(number, self._signalled) for number in (signal.SIGURG, signal.SIGUSR2)}
        self.machine_folder = tempfile.gettempdir()
        os.environ.update({self.secret_name: "secret", "TMPDIR": str(self.scratch)})
        tempfile.tempdir = str(self.scratch)
        _reaper(True)
        try:
            yield
        finally:
            _reaper(False)
            tempfile.tempdir = folder
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self.signals.append(number)

    @contextlib.contextmanager
    def _sentinel(self) -> Iterator[None]:
        self._post()
        there = {process.pid for process in descendants(os.getpid())} - {self.sentinel.pid}
        try:
            yield
        finally:
            # should the sandbox have failed, its survivors end here
            for process in descendants(os.getpid()):
                if process.pid not in there:
                    with contextlib.suppress(OSError):
                        os.kill(process.pid, signal.SIGKILL)
            self._dismiss()

    def _post(self) -> None:
        self.sentinel = subprocess.Popen([sys.executable, "-I", "-c", SENTINEL], stdout=subprocess.PIPE)
        assert self.sentinel.stdout is not None
        self.sentinel.stdout.readline()
        self._settings = self._of(self.sentinel.pid), self._of(os.getpid())

    def _dismiss(self) -> None:
        self.sentinel.kill()
        self.sentinel.communicate()

    def _of(self, pid: int) -> dict[str, object]:
        """What one process can set for another."""
        found: dict[str, object] = {name: resource.prlimit(pid, getattr(resource, name)) for name in LIMITS}
        found["nice"] = os.getpriority(os.PRIO_PROCESS, pid)
        found["policy"] = os.sched_getscheduler(pid)
        found["processors"] = frozenset(os.sched_getaffinity(pid))
        found["group"] = os.getpgid(pid)
        return found

    @contextlib.contextmanager
    def _listeners(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:

            def listen(name: str, family: int, kind: int, address: tuple[str, int] | str) -> socket.socket:
                found = stack.enter_context(socket.socket(family, kind))
                found.bind(address)
                if kind == socket.SOCK_STREAM:
                    found.listen()
                found.setblocking(False)
                self.listeners[found] = name
                return found

            self.port = listen("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)).getsockname()[1]
            self.udp_port = listen("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)).getsockname()[1]
            self.port6 = 9
            with contextlib.suppress(OSError):  # a machine without IPv6
                self.port6 = listen("tcp6", socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)).getsockname()[1]
            listen("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{self.token}")
            listen("abstract datagram", socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{self.token}-d")
            self._file_socket()
            stack.callback(lambda: self._door.close())
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.free_port = free.getsockname()[1]
            self._end = threading.Event()
            thread = threading.Thread(target=self._caller, daemon=True)
            thread.start()
            try:
                yield
            finally:
                self._end.set()
                thread.join()

    def _file_socket(self) -> None:
        path = self.canary.parent / "socket"
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(path))
        self._door.listen()
        self._door.setblocking(False)
        path.chmod(0o777)
        self.listeners[self._door] = "file socket"

    def _rebuild(self) -> None:
        """A canary like the first one, once something has been done to it: the next program finds its own."""
        del self.listeners[self._door]
        self._door.close()
        for path in self.folder.glob(f"{self.canary.parent.name}*"):
            _remove(path)
        self._plant()
        self._file_socket()
        self._kept = self._stamps()

    def _caller(self) -> None:
        """Calls the port on which a program may have begun to listen."""
        while not self._end.wait(0.1):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.free_port), 0.2):
                self.contacts.append("a program's own port could be called")

    def _collect(self) -> None:
        """Whoever called is still in the queue: nobody but us takes a call, so it costs no thread to wait for it."""
        for listener, name in self.listeners.items():
            with contextlib.suppress(BlockingIOError):
                if listener.type == socket.SOCK_STREAM:
                    listener.accept()[0].close()
                else:
                    listener.recv(65536)
                self.contacts.append(name)

    def _values(self) -> Mapping[str, str]:
        return {
            "TOKEN": self.token,
            "CANARY": str(self.canary),
            "CANARY_DIR": str(self.canary.parent),
            "CANARY_SOCKET": str(self.canary.parent / "socket"),
            "SECRET_NAME": self.secret_name,
            "PORT": str(self.port),
            "PORT6": str(self.port6),
            "UDP_PORT": str(self.udp_port),
            "FREE_PORT": str(self.free_port),
            "ABSTRACT": self.token,
            "SENTINEL": str(self.sentinel.pid),
            "PARENT": str(os.getpid()),
            "GROUP": str(os.getpgid(0)),
            "HOME": str(Path.home()),
            "TMP": self.machine_folder,
            "REPO": str(Path(benchcore.__file__).parent),
            "SITE": sysconfig.get_path("purelib"),
            "SUITE": str(Path(__file__).parent),
            "PYTHON": sys.executable,
        }

    def _stamps(self) -> dict[str, object]:
        found: dict[str, object] = {}
        with contextlib.suppress(OSError):  # it is no longer there: then less is found than was
            found["content"] = self.canary.read_bytes()
            for path in (self.canary.parent, *sorted(self.canary.parent.iterdir())):
                found[path.name] = stamp(path)
        return found

    def _forbidden(self) -> list[Path]:
        """Folders in which a program may try to leave a file that bears the token."""
        library = Path(os.__file__).parent
        fixed = "/", "/tmp", "/var/tmp", "/run", "/etc", "/root", "/dev", "/dev/shm", "/dev/mqueue"
        own = self.values["HOME"], self.values["TMP"], self.values["REPO"], os.getcwd()
        return [*map(Path, fixed + own), library, library / "__pycache__", library / "site-packages"]

    def _left(self) -> list[str]:
        found = [str(path / name) for path in self._forbidden() for name in _entries(path) if self.token in name]
        # these names the library gives: what is new and stays belongs to no program that has ended
        prefixes = ("psm_", "sem.mp-", "pym-")
        new = {name for name in _entries(Path("/dev/shm")) - self._shared if not _of_root(f"/dev/shm/{name}")}
        return sorted({*found, *(name for name in new if name.startswith(prefixes))})

    def snapshot(self) -> Snapshot:
        processes = descendants(os.getpid())
        return Snapshot(
            processes=frozenset(process.pid for process in processes),
            descriptors=len(os.listdir("/proc/self/fd")),
            own_memory=memory(os.getpid()),
            all_memory=sum(memory(process.pid) for process in processes),
            scratch=sum(1 for _ in self.scratch.rglob("*")),
        )

    def settle(self) -> None:
        """Count the processes of sandboxes that have nothing to do."""
        time.sleep(0.5)
        self.standing = len(descendants(os.getpid()))

    def watch(self, before: Snapshot) -> Watch:
        return Watch(set(before.processes))

    def harm(self, before: Snapshot) -> list[str]:
        """What a program did that it must not; empties itself, so that the next one is not blamed."""
        end = time.monotonic() + PATIENCE
        while (found := self._unsettled(before)) and time.monotonic() < end:
            time.sleep(0.05)
        found += self._lasting()
        return found

    def _unsettled(self, before: Snapshot) -> list[str]:
        """What may be right in a moment: processes on their way out, folders about to be removed."""
        found = []
        now = self.snapshot()
        if len(now.processes) > max(self.standing, len(before.processes)):
            new = [process for process in descendants(os.getpid()) if process.pid not in before.processes]
            found.append(
                f"{len(now.processes)} processes, not {max(self.standing, len(before.processes))}: {describe(new)}"
            )
        if now.descriptors > before.descriptors:
            found.append(f"{now.descriptors} open descriptors, not {before.descriptors}")
        if now.own_memory > before.own_memory + MEMORY_SLACK:
            found.append(f"this process grew by {now.own_memory - before.own_memory >> 20} MiB")
        if now.all_memory > before.all_memory + MEMORY_SLACK:
            found.append(f"the sandbox grew by {now.all_memory - before.all_memory >> 20} MiB")
        if now.scratch > before.scratch:
            found.append(f"{now.scratch} entries in the scratch folders, not {before.scratch}")
        if left := self._left():
            found.append(f"left behind: {left[:10]}")
        return found

    def _lasting(self) -> list[str]:
        self._collect()
        found = [f"contact: {name}" for name in self.contacts]
        found += [f"signal {number} reached this process" for number in self.signals]
        self.contacts.clear()
        self.signals.clear()
        if (now := self._stamps()) != self._kept:
            changed = sorted(name for name in now.keys() | self._kept.keys() if now.get(name) != self._kept.get(name))
            found.append(f"the canary's folder was changed: {changed}")
            self._rebuild()
        if harm := self._sentinel_harm():
            found.append(harm)
            self._dismiss()
            self._post()
            self.values = self._values()
        found += _system_v()
        for path in self._forbidden():
            for name in _entries(path):
                if self.token in name:
                    _remove(path / name)
        return found

    def _sentinel_harm(self) -> str:
        if self.sentinel.poll() is not None:
            return f"the sentinel ended with {self.sentinel.returncode}"
        if (state := table()[self.sentinel.pid].state) not in "SRD":
            return f"the sentinel is in state {state}"
        if (settings := (self._of(self.sentinel.pid), self._of(os.getpid()))) != self._settings:
            return f"settings of a process were changed: {settings}, not {self._settings}"
        return ""


def _entries(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError:
        return set()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _reaper(on: bool) -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0)


def _system_v() -> list[str]:
    """Objects under the suite's key: no process owns them, so none takes them along."""
    found = []
    libc = ctypes.CDLL(None)
    for name, control in (("shm", libc.shmctl), ("sem", libc.semctl), ("msg", libc.msgctl)):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/sysvipc/{name}").read_text().splitlines()[1:]:
                key, identity = map(int, line.split()[:2])
                if key & 0xFFFFFFFF == IPC_KEY:
                    found.append(f"a System V object of kind {name} was left")
                    control(identity, *((0, 0) if name == "sem" else (0, None)))
    return found


def _of_root(path: str) -> bool:
    """Whether a file is another process's: as root a program runs under a uid of its own."""
    try:
        return os.getuid() == 0 and os.lstat(path).st_uid == 0
    except OSError:
        return True
