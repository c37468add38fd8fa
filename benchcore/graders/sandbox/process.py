"""A fresh interpreter per program: start it, watch it, end it with everything it started, judge it."""

import contextlib
import marshal
import os
import secrets
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from benchcore.graders.sandbox import child
from benchcore.graders.sandbox.limits import Limits, kernel_limits, require
from benchcore.graders.sandbox.scratch import environment, scratch
from benchcore.records import Fault

# A busy machine or a slow file system may be late to start the interpreter; that is no fault of the program.
START_SECONDS = 30.0
TICK = 0.01  # seconds between two looks where nothing wakes us: other threads may use several cores' time
CLOCKS = 0.9  # the kernel's CPU limit and its account of CPU time use two clocks: seen to differ by 6 %
GROUP_SECONDS = 0.5  # for killed processes to disappear
REPORT_BYTES = child.MESSAGE_BYTES + 256
CHUNK = 1 << 16

# -P -s with an environment of our own is what -I does, but -I would also ignore PYTHONHASHSEED. Without `site`
# (-S) the start is 3 ms shorter of 30 and no .pth file runs code; the driver appends the package folders, so
# numpy stays importable. -B: nothing is written beside the packages.
INTERPRETER = ("-P", "-s", "-S", "-B", "-X", "utf8")


class Kind(StrEnum):
    """How a program ended. `error` is trouble of the sandbox, never of the program."""

    PASSED = "passed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one program.

    `failed` is an exception; `crashed` a signal, an exit before the program's end or memory used up;
    `timeout` CPU or wall time used up. `detail` says so in words (at most about 2 kB), `output` is the
    beginning of stdout and stderr together. `seconds` is by the clock and includes the interpreter's start;
    `cpu_seconds` is user and system time of the program and the children it waited for. `fault` is there
    for `error` alone.
    """

    kind: Kind
    detail: str
    seconds: float
    cpu_seconds: float
    output: str = ""
    fault: Fault | None = None


def run(program: str, limits: Limits | None = None) -> Outcome:
    """Run `program` to its end or its limits. Thread-safe; never raises for anything the program does.

    The program passes if and only if its last statement was reached. Exit status, output and messages
    decide nothing. Raises `MachineError` where programs cannot be run at all.
    """
    require()
    limits = limits or Limits()
    began = time.monotonic()
    try:
        with scratch() as folder, _Run(program, limits, folder) as running:
            stopped = running.watch()
            running.end()
            kind, detail = running.judge(stopped)
            output = bytes(running.output).decode("utf-8", "replace")
            cpu = running.cpu_seconds
    except OSError as error:
        # No descriptor, process, memory or disk left for us.
        kind, detail, output, cpu = Kind.ERROR, f"the sandbox could not start a program: {error}", "", 0.0
    fault = Fault(kind="sandbox", message=detail) if kind is Kind.ERROR else None
    seconds = time.monotonic() - began
    return Outcome(kind=kind, detail=detail, seconds=seconds, cpu_seconds=cpu, output=output, fault=fault)


class _Run:
    """One child from its start until it is reaped. Leaving the context kills whatever is left of it."""

    def __init__(self, program: str, limits: Limits, folder: str) -> None:
        self.limits = limits
        self.token = secrets.token_hex(16).encode()
        self.report, self.output = bytearray(), bytearray()
        self.cpu_seconds, self.status = 0.0, 0
        self.reaped = False
        self.kernel = kernel_limits(limits)
        packages = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
        self.reports, theirs = os.pipe()
        self.exit = -1
        # Longer than our own patience, so that it fires only when nobody watches any more.
        alone = START_SECONDS + limits.wall
        try:
            self.unsent = memoryview(marshal.dumps((self.token, theirs, self.kernel, alone, packages, program)))
            self.process = subprocess.Popen(
                [sys.executable, *INTERPRETER, child.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment(folder),
                pass_fds=(theirs,),
                start_new_session=True,
                bufsize=0,
            )
        except BaseException:
            os.close(self.reports)
            raise
        finally:
            os.close(theirs)
        with contextlib.suppress(AttributeError, OSError):  # not on this kernel: we look every TICK instead
            self.exit = os.pidfd_open(self.process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        os.close(self.reports)
        if self.exit >= 0:
            os.close(self.exit)

    def watch(self) -> str:
        """Serve the pipes until the child has exited; the empty string, or which limit came first."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        started, deadline = False, time.monotonic() + START_SECONDS
        with selectors.PollSelector() as events:
            for fd in (stdin.fileno(), stdout.fileno(), self.reports):
                os.set_blocking(fd, False)
            events.register(stdin, selectors.EVENT_WRITE)
            events.register(stdout, selectors.EVENT_READ)
            events.register(self.reports, selectors.EVENT_READ)
            if self.exit >= 0:
                events.register(self.exit, selectors.EVENT_READ)
            while not self._exited():
                now, used = time.monotonic(), self._cpu_now()
                if now >= deadline:
                    return "wall"
                if used >= self.limits.cpu_seconds:
                    return "cpu"
                patience = min(deadline - now, max(TICK, self.limits.cpu_seconds - used))
                for key, _ in events.select(patience if self.exit >= 0 else TICK):
                    if key.fileobj is stdin:
                        if self._send(stdin.fileno()):
                            events.unregister(stdin)
                            stdin.close()
                    elif key.fileobj is stdout:
                        if self._take(stdout.fileno(), self.output, self.limits.output_bytes) == 0:
                            events.unregister(stdout)
                    elif key.fd == self.reports:
                        if self._take(self.reports, self.report, REPORT_BYTES) == 0:
                            events.unregister(self.reports)
                        if not started and self.report.startswith(child.READY):
                            started, deadline = True, time.monotonic() + self.limits.wall
        return ""

    def end(self) -> None:
        """Kill the whole group, read what is left in the pipes, reap the child."""
        if self.reaped:
            return
        # While the child is not reaped its number cannot name a stranger's group. Nothing in the group can
        # fork past the signal: the kernel delivers it to all members at one moment.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.reaped = True
        with contextlib.suppress(ChildProcessError):
            _, status, usage = os.wait4(self.process.pid, 0)
            self.status = os.waitstatus_to_exitcode(status)
            self.cpu_seconds = usage.ru_utime + usage.ru_stime
        self.process.returncode = self.status  # Popen must not wait for a number that is no longer ours
        self._wait_for_group()
        assert self.process.stdout is not None
        # Bounded: a process that left the group may hold the pipe and go on writing for ever.
        for fd, kept, most in (
            (self.reports, self.report, REPORT_BYTES),
            (self.process.stdout.fileno(), self.output, self.limits.output_bytes),
        ):
            while len(kept) < most and self._take(fd, kept, most) > 0:
                pass

    def _wait_for_group(self) -> None:
        """Until the killed group is gone, so that nothing is still writing where the scratch folder is removed.

        Not for ever: a container whose first process reaps nobody keeps them as zombies.
        """
        patience = time.monotonic() + GROUP_SECONDS
        with contextlib.suppress(ProcessLookupError, PermissionError):
            while time.monotonic() < patience:
                os.killpg(self.process.pid, 0)
                time.sleep(0.001)

    def judge(self, stopped: str) -> tuple[Kind, str]:
        """Kind and detail, from what the driver reported and how the child was ended."""
        limits, report = self.limits, bytes(self.report)
        if not report.startswith(child.READY):
            last = bytes(self.output).decode("utf-8", "replace").strip().rpartition("\n")[2][:500]
            why = f"no start within {START_SECONDS:g} s" if stopped else last or f"it ended with {self.status}"
            return Kind.ERROR, f"the sandboxed interpreter did not start: {why}"
        said = report.removeprefix(child.READY)
        if secrets.compare_digest(said, self.token):
            return Kind.PASSED, ""
        for word, kind in ((child.FAILED, Kind.FAILED), (child.CRASHED, Kind.CRASHED)):
            if said.startswith(word):
                text = said.removeprefix(word)[: child.MESSAGE_BYTES]
                return kind, text.decode("utf-8", "replace")
        limit = min(limits.cpu_seconds, self.kernel["RLIMIT_CPU"])
        if stopped == "wall":
            return Kind.TIMEOUT, f"no end within {limits.wall:g} s ({self.cpu_seconds:.2g} s of CPU time used)"
        if stopped == "cpu" or (self.status < 0 and self.cpu_seconds >= CLOCKS * limit):
            return Kind.TIMEOUT, f"no end within {limit:g} s of CPU time"
        if self.status < 0:
            return Kind.CRASHED, f"killed by {signal.Signals(-self.status).name}"
        return Kind.CRASHED, f"exit with status {self.status} before the end of the program"

    def _exited(self) -> bool:
        """Whether the child has exited; it stays a zombie, so that its group's number stays ours."""
        try:
            return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:  # the embedding program ignores SIGCHLD: the kernel has reaped it
            return True

    def _cpu_now(self) -> float:
        """CPU seconds the child has used so far; 0 where only the kernel's whole-second limit watches."""
        if sys.platform != "linux":
            return 0.0
        try:
            return time.clock_gettime((~self.process.pid << 3) | 2)  # Linux: the CPU clock of a process
        except OSError:
            return 0.0

    def _send(self, fd: int) -> bool:
        """Write more of the input; True once all of it is written or nobody reads."""
        try:
            self.unsent = self.unsent[os.write(fd, self.unsent[:CHUNK]) :]
        except BlockingIOError:
            return False
        except BrokenPipeError:
            return True
        return not self.unsent

    @staticmethod
    def _take(fd: int, kept: bytearray, most: int) -> int:
        """Read once, keep up to `most` bytes in all; bytes read, 0 at the end, -1 for nothing there now."""
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return -1
        kept += data[: most - len(kept)]
        return len(data)
