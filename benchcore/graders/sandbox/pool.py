"""Programs from many threads, workers that may be lost, and one verdict for each program."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from benchcore.errors import MachineError
from benchcore.graders.sandbox.levels import SAFE, Level, Survey, survey
from benchcore.graders.sandbox.limits import GIB, MIB, Limits
from benchcore.graders.sandbox.program import Program
from benchcore.graders.sandbox.worker import Answer, Worker, WorkerLate, WorkerLost
from benchcore.records import Fault

STARVED = 0.5  # a program that waited for its wall limit with less of its CPU limit used may have been kept waiting


class Kind(StrEnum):
    """How a program ended. `error` is trouble of the sandbox, never of the program."""

    PASSED = "passed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    CHEATED = "cheated"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one program.

    `passed`: its tests came to their end. `failed`: an exception in it or in its tests. `timeout`: CPU or wall time
    used up. `crashed`: a signal, memory used up, or its end before its tests began. `cheated`: an end during the
    tests, a forged reply, a look around. `detail` says so in words (at most about 2 kB). `seconds` is by the
    clock, `cpu_seconds` user and system time of the program and all it started. `changed`: a call changed its
    arguments in place. `script`: the calls that the tests made of a program that was run with `copy_back`. `fault`
    is there for `error` alone.
    """

    kind: Kind
    detail: str
    seconds: float
    cpu_seconds: float
    changed: bool = False
    script: Sequence[str] = ()
    fault: Fault | None = None


class Sandbox:
    """Workers at the best of `levels` that works here, started as threads need them.

    Entering it raises `MachineError` where none of them works.
    """

    def __init__(self, limits: Limits | None = None, *, levels: Sequence[Level] = SAFE) -> None:
        self._limits = limits or Limits()
        self._levels = levels
        self._turns = _Turns()
        # One worker more than cores, for each waits now and then for one of its processes to hand over to another;
        # however many threads come, so that one of them can prepare while all workers work.
        self._workers = threading.BoundedSemaphore((os.cpu_count() or 1) + 1)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._open = False

    def __enter__(self) -> Self:
        self.level = choose(self._levels).level
        try:
            self._idle.append(self._start())
        except WorkerLost as error:
            raise MachineError(f"the sandbox cannot start: {error}", "see: benchcore doctor") from error
        self._open = True
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._open = False
            workers, self._idle = self._idle, []
        for worker in workers:
            worker.close()

    def run(self, program: Program, *, copy_back: bool = False, script: Sequence[str] = ()) -> Outcome:
        """Run `program` to its verdict. Thread-safe; never raises for anything a program does.

        `copy_back` brings changes that calls make to their arguments back to the tests. `script` (of the outcome of
        another program with these tests) has the program answer all calls at once, which is faster; tests that then
        call otherwise are run again without. A program that was perhaps only kept waiting is run again with nothing
        beside it, and so, on a new worker, is one that lost its own.
        """
        with self._turns.shared():
            found = self._attempt(program, copy_back, script)
        if found.kind is Kind.ERROR or (
            found.kind is Kind.TIMEOUT
            and found.cpu_seconds < STARVED * self._limits.cpu_seconds
            and found.seconds >= self._limits.wall
        ):
            with self._turns.alone():
                found = self._attempt(program, copy_back, script)
        return found

    def _attempt(self, program: Program, copy_back: bool, script: Sequence[str]) -> Outcome:
        with self._workers:
            began = time.monotonic()
            found = self._ask(program, copy_back, script)
            seconds = time.monotonic() - began
        kind = Kind(found.kind)
        return Outcome(
            kind=kind,
            detail=found.detail,
            seconds=seconds,
            cpu_seconds=found.cpu_seconds,
            changed=found.changed,
            script=tuple(found.script),
            fault=Fault(kind="sandbox", message=found.detail) if kind is Kind.ERROR else None,
        )

    def _ask(self, program: Program, copy_back: bool, script: Sequence[str]) -> Answer:
        worker: Worker | None = None
        usable = False
        try:
            worker = self._take()
            found = worker.run(program, back=copy_back, script=script)
            usable = found.usable and found.kind != Kind.ERROR
        except WorkerLate:
            # what the program answered keeps the tests busy where no signal reaches them: summing range(10**18)
            found = Answer(Kind.TIMEOUT, "its tests did not come to an end in time", self._limits.cpu_seconds)
        except (WorkerLost, OSError) as error:
            found = Answer(Kind.ERROR, f"the sandbox failed: {error}")
        finally:
            if worker is not None:
                self._give(worker, usable=usable)
        return found

    def _start(self) -> Worker:
        try:
            return Worker(self.level, self._limits)
        except OSError as error:
            raise WorkerLost(str(error)) from error

    def _take(self) -> Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._start()

    def _give(self, worker: Worker, *, usable: bool) -> None:
        with self._lock:
            if usable and self._open:
                self._idle.append(worker)
                return
        worker.close()


def choose(levels: Sequence[Level]) -> Survey:
    """The first of `levels` that works. Raises `MachineError` with the reason of each when none does."""
    tried = []
    for level in levels:
        found = survey(level)
        if found.works:
            return found
        tried.append(f"{level}: {found.reason}")
    raise MachineError(
        "model-written code cannot be run safely here: " + "; ".join(tried),
        "see `benchcore doctor`; in a virtual machine that you can lose, --unsafe-code runs it unprotected",
    )


class _Turns:
    """Many at once, or one alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._alone = False

    @contextmanager
    def shared(self) -> Iterator[None]:
        yield from self._turn(lambda: not self._alone, alone=False)

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._alone = True  # from now on nothing new begins
        try:
            yield from self._turn(lambda: self._running == 0, alone=True)
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()

    def _turn(self, free: Callable[[], bool], *, alone: bool) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(free)
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()


def isolation(limits: Limits, levels: Sequence[Level]) -> Mapping[str, str]:
    """Layer -> its state in words, in a fixed order, as it is on this machine at the level that would be taken."""
    found = choose(levels)
    held = sum(state == "held" for state in found.probes.values())
    return {
        "level": found.level.value,
        "tests": "in a process of their own; the program never sees them",
        "limits": (
            f"{limits.cpu_seconds:g} s of CPU, {limits.wall:g} s by the clock, {limits.memory_bytes / GIB:.3g} GiB of"
            f" memory, {limits.disk_bytes / MIB:.3g} MiB of files, {limits.processes} processes and threads"
        ),
        **found.layers,
        "environment": "emptied; fixed hash seed; one numeric thread",
        "probes": f"{held} of {len(found.probes)} attempts to break out were held",
    }
