"""Grading beside generation: a bounded queue of completions, worker threads, grades in the order they came."""

import os
import time
from collections import deque
from collections.abc import Callable, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType

from benchcore.api.work import Work
from benchcore.records import Fault, Grade, Sample, Verdict
from benchcore.store import Store
from benchcore.task import GradeFn, Task

QUEUE = 32  # completions that may wait for each worker before the giver has to wait too


class GradingPool:
    """Grades completions of several tasks in threads and hands each grade to `accept`, in order of submission.

    Entering it opens every grader's session, so a grader that cannot work says so before anything is generated.
    """

    def __init__(self, work: Sequence[Work], accept: Callable[[Grade], None]) -> None:
        self._work = work
        self._accept = accept
        # A sandbox has one worker more than cores; one thread more prepares and accepts while all of them work.
        self._workers = (os.cpu_count() or 1) + 2
        self._waiting: deque[Future[Grade]] = deque()
        self._stack = ExitStack()
        self._sessions: dict[str, GradeFn] = {}

    def __enter__(self) -> "GradingPool":
        with ExitStack() as stack:
            for item in self._work:
                session = item.task.grader.session(item.samples)
                self._sessions[item.task.name] = stack.enter_context(session)
            self._threads = ThreadPoolExecutor(self._workers, thread_name_prefix="grader")
            # left first: no grade may be under way when its session closes
            stack.callback(self._threads.shutdown, cancel_futures=True)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def submit(self, task: Task, sample: Sample, request: str, text: str) -> None:
        """Queue one completion; waits when the queue is full, so memory does not grow with the work."""
        while len(self._waiting) >= QUEUE * self._workers or (self._waiting and self._waiting[0].done()):
            self._accept(self._waiting.popleft().result())
        self._waiting.append(self._threads.submit(self._grade, task, sample, request, text))

    def submit_stored(self, store: Store, work: Work, keys: Set[str]) -> None:
        """Queue those of a task's stored completions whose request is in `keys`."""
        samples = work.by_id()
        for sample, completion in store.completions(work.task.name):
            if completion.request in keys:
                self.submit(work.task, samples[sample], completion.request, completion.text)

    def finish(self) -> None:
        """Wait for every grade still under way."""
        while self._waiting:
            self._accept(self._waiting.popleft().result())

    def _grade(self, task: Task, sample: Sample, request: str, text: str) -> Grade:
        started = time.perf_counter()
        try:
            grade = self._sessions[task.name](sample, text)
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
