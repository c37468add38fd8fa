"""Grading beside generation: a bounded queue of completions, worker threads, grades in the order they came."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from types import TracebackType

from benchcore.api.work import Work
from benchcore.records import Answer, Fault, Grade, Sample, Verdict
from benchcore.store import Store
from benchcore.task import GradeFn, Task

QUEUE = 32  # completions that may wait for each worker before the giver has to wait too


class GradingPool:
    """Grades completions of several tasks in threads, for one taker of grades after another."""

    def __init__(self) -> None:
        # A sandbox has one worker more than cores; one thread more prepares and accepts while all of them work.
        self._workers = (os.cpu_count() or 1) + 2
        self._waiting: deque[Future[Grade]] = deque()
        self._stack = ExitStack()
        self._sessions: dict[tuple[str, str], GradeFn] = {}
        self._accept: Callable[[Grade], None] = lambda grade: None

    def __enter__(self) -> "GradingPool":
        self._threads = ThreadPoolExecutor(self._workers, thread_name_prefix="grader")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # first, for no grade may be under way when its session closes
        self._threads.shutdown(cancel_futures=True)
        self._stack.close()

    @contextmanager
    def serving(self, work: Sequence[Work], accept: Callable[[Grade], None]) -> Iterator[None]:
        """Grade completions of `work` and hand each grade to `accept`, in order of submission; all when left.

        The graders' sessions are opened, so that one which cannot work says so before anything is generated, and
        stay open until the pool is left: those who come later need not wait for them again.
        """
        for item in work:
            if (key := _key(item.task)) not in self._sessions:
                self._sessions[key] = self._stack.enter_context(item.task.grader.session(item.samples))
        self._accept = accept
        try:
            yield
            self.settle()
        finally:
            for one in self._waiting:
                one.cancel()
            wait(self._waiting)
            self._waiting.clear()

    def settle(self) -> None:
        """Wait until everything that was submitted is graded and accepted."""
        while self._waiting:
            self._accept(self._waiting.popleft().result())

    def submit(self, task: Task, sample: Sample, request: str, answer: Answer) -> None:
        """Queue one completion; waits when the queue is full, so memory does not grow with the work."""
        while len(self._waiting) >= QUEUE * self._workers or (self._waiting and self._waiting[0].done()):
            self._accept(self._waiting.popleft().result())
        self._waiting.append(self._threads.submit(self._grade, task, sample, request, answer))

    def submit_stored(self, store: Store, work: Work, keys: Set[str]) -> None:
        """Queue those of a task's stored completions whose request is in `keys`."""
        samples = work.by_id()
        for sample, completion in store.completions(work.task.name):
            if completion.request in keys:
                self.submit(work.task, samples[sample], completion.request, completion.answer)

    def _grade(self, task: Task, sample: Sample, request: str, answer: Answer) -> Grade:
        started = time.perf_counter()
        try:
            grade = self._sessions[_key(task)](sample, answer)
        except Exception as error:  # noqa: BLE001  # the boundary to graders: their trouble is counted, never a wrong answer
            fault = Fault(kind=type(error).__name__, message=str(error))
            grade = Grade(
                request=request,
                value=None,
                verdict=Verdict.ERROR,
                grader=task.grader.name,
                reason=str(error),
                fault=fault,
            )
        return replace(grade, request=request, seconds=time.perf_counter() - started)


def _key(task: Task) -> tuple[str, str]:
    return task.name, task.grader.name
