"""Children that run `maths_worker.py`, from the parent's side: asked over pipes, killed when they are late."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

START_SECONDS = 120.0  # to import sympy on a loaded machine
_WORKER = Path(__file__).with_name("maths_worker.py")


class Late(Exception):
    """The child did not answer in time and was killed."""


class Died(Exception):
    """The child ended during a comparison, and so did the one that took its place; the message says how."""


class Unavailable(Exception):
    """No child can be had; the message says why."""


class Child:
    """One worker process; used by one thread at a time.

    A parent-death signal would be wrong here: it fires when the thread that started the child ends. The child
    watches for the end of its stdin instead.
    """

    def __init__(self, deadline: float, folder: str) -> None:
        """Start the process in `folder` and wait until it is ready. Raises `Unavailable`."""
        self._deadline = deadline
        self._pending = b""
        folders = [entry for entry in sys.path if os.path.isabs(entry) and os.path.exists(entry)]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-B", str(_WORKER), str(deadline), json.dumps(folders)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env=_environment(),
                start_new_session=True,
                bufsize=0,
            )
        except OSError as error:
            raise Unavailable(f"the worker could not start ({error})") from error
        try:
            first = self._read(START_SECONDS)
        except Late:
            raise Unavailable(f"the worker was not ready after {START_SECONDS:g} s") from None
        except Died as error:
            raise Unavailable(str(error)) from None
        except BaseException:
            self.kill()
            raise
        if not first.get("ready"):
            self.kill()
            raise Unavailable(f"the worker could not start ({first.get('failed')})")

    def ask(self, gold: str, answer: str) -> dict[str, Any]:
        """The worker's finding on two LaTeX strings of a few thousand characters. Raises `Late`, `Died`."""
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps({"gold": gold, "answer": answer}).encode() + b"\n")
            return self._read(self._deadline)
        except BrokenPipeError:
            self.kill()
            raise Died(self._ending()) from None
        except BaseException:
            self.kill()  # an answer still on its way must not be taken for the next one's
            raise

    def kill(self) -> None:
        """End the process and everything it started; harmless when it has ended."""
        self.stop()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def stop(self) -> None:
        """Only signal the end: safe from another thread than the one that waits for an answer."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)

    def _read(self, seconds: float) -> dict[str, Any]:
        """The next line, within `seconds`; kills the child otherwise."""
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        end = time.monotonic() + seconds
        while b"\n" not in self._pending:
            if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
                self.kill()
                raise Late
            chunk = os.read(descriptor, 65536)
            if not chunk:
                self.kill()
                raise Died(self._ending())
            self._pending += chunk
        line, _, self._pending = self._pending.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found

    def _ending(self) -> str:
        status = self._process.returncode
        return f"the worker ended by signal {-status}" if status < 0 else f"the worker ended with status {status}"


def _environment() -> dict[str, str]:
    """Only what the interpreter needs. Plain integers keep memory and interrupts under Python's control."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
    return kept | {"LC_ALL": "C.UTF-8", "SYMPY_GROUND_TYPES": "python"}


class Children:
    """As many children as threads ask at once, started when first needed and kept until `close`."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._folder = tempfile.TemporaryDirectory(prefix="benchcore-maths-")
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._all: set[Child] = set()
        self._closed = False

    def ask(self, gold: str, answer: str) -> dict[str, Any]:
        """The finding of an idle child; a child that died is replaced once. Raises `Late`, `Died`, `Unavailable`."""
        try:
            return self._ask(gold, answer)
        except Died:
            return self._ask(gold, answer)

    def close(self) -> None:
        """End every child, in use or not, and remove the scratch folder."""
        with self._lock:
            self._closed = True
            idle, busy = self._idle, self._all.difference(self._idle)
            self._idle, self._all = [], set()
        for child in idle:
            child.kill()
        for child in busy:
            child.stop()
        self._folder.cleanup()

    def _ask(self, gold: str, answer: str) -> dict[str, Any]:
        with self._lock:
            if self._closed:
                raise Unavailable("the grading session is closed")
            child = self._idle.pop() if self._idle else None
        child = child or self._start()
        try:
            found = child.ask(gold, answer)
        except BaseException:
            with self._lock:
                self._all.discard(child)
            raise
        with self._lock:
            if not self._closed:
                self._idle.append(child)
        return found

    def _start(self) -> Child:
        child = Child(self._deadline, self._folder.name)
        with self._lock:
            if not self._closed:
                self._all.add(child)
                return child
        child.kill()
        raise Unavailable("the grading session is closed")
