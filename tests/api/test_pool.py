"""The grading pool: a bounded queue, grades in order, sessions opened first and closed last."""

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pytest

from benchcore.api.pool import QUEUE, GradingPool
from benchcore.api.work import Work
from benchcore.data.source import generated
from benchcore.errors import MachineError
from benchcore.metrics.rates import accuracy
from benchcore.records import Decode, Grade, Sample, Verdict
from benchcore.task import GradeFn, Task

SAMPLE = Sample(id="s", prompt="p", target="t")


class Gate:
    """A grader whose grades wait until `open` is set."""

    name = "gate@1"

    def __init__(self) -> None:
        self.open = threading.Event()
        self.samples: Sequence[Sample] = ()
        self.running = 0
        self.opened = 0

    @contextmanager
    def session(self, samples: Sequence[Sample]) -> Iterator[GradeFn]:
        self.running += 1
        self.opened += 1
        self.samples = samples
        try:
            yield self.grade
        finally:
            self.running -= 1

    def grade(self, sample: Sample, text: str) -> Grade:
        assert self.open.wait(60), "never opened"
        assert self.running == 1, "graded outside its session"
        assert [one.id for one in self.samples] == ["s"], "a session is told what will be graded"
        return Grade(request="", value=1.0, verdict=Verdict.RIGHT, grader=self.name)

    def isolation(self) -> Mapping[str, str]:
        return {}

    def reference(self, sample: Sample) -> str:
        return ""


def work(grader: Gate, name: str = "gated") -> Work:
    task = Task(
        version=1,
        rows=generated(lambda seed: []),
        sample=lambda row: SAMPLE,
        decode=Decode(max_tokens=1),
        grader=grader,
        metrics=(accuracy(),),
        name=name,
    )
    return Work(task=task, samples=[SAMPLE], requests=[], settings={})


def test_the_queue_holds_so_many_and_no_more_and_keeps_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    room = QUEUE * 4  # for two cores there are four threads
    grader = Gate()
    gated = work(grader)
    accepted: list[str] = []
    waiting = []
    with GradingPool() as pool, pool.serving([gated], lambda grade: accepted.append(grade.request)):
        for number in range(3 * room):
            if number == room:
                assert accepted == [], "the queue takes this many without waiting"
                grader.open.set()
            pool.submit(gated.task, SAMPLE, str(number), "text")
            waiting.append(number + 1 - len(accepted))
    assert max(waiting) == room
    assert accepted == [str(number) for number in range(3 * room)]
    assert grader.running == 0


def test_leaving_early_drops_what_waits_and_closes_the_session() -> None:
    grader = Gate()
    gated = work(grader)
    accepted: list[Grade] = []

    def leave_early() -> None:
        with GradingPool() as pool, pool.serving([gated], accepted.append):
            for number in range(10):
                pool.submit(gated.task, SAMPLE, str(number), "text")
            grader.open.set()
            raise KeyError

    with pytest.raises(KeyError):
        leave_early()
    assert grader.running == 0 and len(accepted) <= 10


def test_a_grader_that_cannot_work_says_so_before_anything_is_graded() -> None:
    class Broken(Gate):
        @contextmanager
        def session(self, samples: Sequence[Sample]) -> Iterator[GradeFn]:
            raise MachineError("no worker can be started")
            yield self.grade

    good = Gate()
    both = [work(good), work(Broken(), "broken")]
    with (
        pytest.raises(MachineError, match="no worker"),
        GradingPool() as pool,
        pool.serving(both, lambda grade: None),
    ):
        pytest.fail("was entered")
    assert good.running == 0, "the session that was open already was left open"


def test_a_session_is_opened_once_for_all_who_come_and_each_gets_its_own_grades() -> None:
    grader = Gate()
    gated = work(grader)
    grader.open.set()
    taken: dict[str, list[str]] = {"first": [], "second": []}
    with GradingPool() as pool:
        for name, accepted in taken.items():
            with pool.serving([gated], lambda grade, accepted=accepted: accepted.append(grade.request)):  # type: ignore[misc]
                pool.submit(gated.task, SAMPLE, name, "text")
    assert taken == {"first": ["first"], "second": ["second"]}
    assert grader.opened == 1 and grader.running == 0


def test_grades_of_one_who_failed_never_reach_the_next() -> None:
    grader = Gate()
    gated = work(grader)
    late: list[str] = []
    with GradingPool() as pool:
        with contextlib.suppress(KeyError), pool.serving([gated], lambda grade: pytest.fail("it had failed")):
            for number in range(50):
                pool.submit(gated.task, SAMPLE, f"early {number}", "text")
            grader.open.set()
            raise KeyError
        with pool.serving([gated], lambda grade: late.append(grade.request)):
            pool.submit(gated.task, SAMPLE, "late", "text")
    assert late == ["late"]
