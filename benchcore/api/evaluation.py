"""`evaluate`: checkpoints x tasks -> run folders with completions, grades and figures; resumes by itself."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from benchcore.api.checkpoints import arriving, find_all
from benchcore.api.outlook import look_ahead, refuse_over_budget
from benchcore.api.pool import GradingPool
from benchcore.api.rules import under
from benchcore.api.seat import EngineSeat, MakeEngine, Seat, alive
from benchcore.api.series import check_against, curves
from benchcore.api.summary import changed, close_run
from benchcore.api.work import Work, configuration, place, prepare_all
from benchcore.checkpoint import Checkpoint, Skipped
from benchcore.config import EvalConfig
from benchcore.engines import Engine
from benchcore.errors import CheckpointError
from benchcore.records import Curve, Generation, Grade, Request, RunRecord
from benchcore.store import Store, read_record


@dataclass(slots=True)
class Progress:
    """How far a run is; `watch` callbacks see it change. Token counts are of this process alone."""

    run: str
    total: int = 0
    answered: int = 0
    graded: int = 0
    tokens: int = 0
    asked: int = 0
    most_tokens: int = 0
    started: float = field(default_factory=time.monotonic)
    doing: str = "planning"

    def seconds_left(self) -> float | None:
        """Estimated from this process's speed; None while nothing has been generated."""
        left = self.total - self.answered
        elapsed = time.monotonic() - self.started
        if not self.tokens or elapsed <= 0:
            return None
        # before the first answer the token limit bounds its length from above
        length = self.tokens / self.asked if self.asked else self.most_tokens
        return left * length / (self.tokens / elapsed)


Watch = Callable[[Progress], None]
Rounds = Callable[[Store, Sequence[Work], Sequence[Request]], Iterator[Sequence[Request]]]
"""Which of the missing requests are asked together: each time more are wanted, those before are answered and graded."""


def all_at_once(store: Store, work: Sequence[Work], missing: Sequence[Request]) -> Iterator[Sequence[Request]]:
    """Everything in one round: engines schedule best what they know."""
    yield missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What `evaluate` came to: a record for each checkpoint, and the folders that were passed over.

    `engine` answered, or would have, and `because` says why that one.
    `curves` follow figures along series of checkpoints. `failed` are checkpoints that could not be evaluated
    although they looked complete, and `unfinished` names the tasks asked for that still lack answers or grades, as
    "run: task".
    """

    engine: str
    because: str
    records: tuple[RunRecord, ...]
    curves: tuple[Curve, ...]
    skipped: tuple[Skipped, ...]
    failed: tuple[Skipped, ...]
    unfinished: tuple[str, ...]


def evaluate(
    checkpoints: Sequence[str],
    config: EvalConfig,
    *,
    watch: Watch = lambda progress: None,
    engine: MakeEngine | None = None,
    rounds: Rounds = all_at_once,
) -> Evaluation:
    """Evaluate every checkpoint on every task, one run folder a checkpoint, going on where an earlier run stopped.

    `engine` stands in for the one that `config` names (a canned one in tests). `rounds` may ask less than all, and
    is not called where nothing is left to ask or grade. A record that is not `complete`
    has no figures for the tasks that lack answers. Raises `BenchcoreError` before weights are loaded whenever
    the fault can be seen by then.
    """
    work = prepare_all(config)
    found, skipped = find_all(checkpoints, config)
    check_against(found, config.against, config.out)
    waiting = Progress(run=", ".join(checkpoints), doing="waiting for checkpoints")
    records: list[RunRecord] = []
    failed: list[Skipped] = []
    alone = len(found) == 1 and not config.watch
    with GradingPool() as pool, EngineSeat(found, config, engine) as seat:
        if config.budget is not None:
            refuse_over_budget(look_ahead(found, config, work, seat, skipped), config.budget)
        series = arriving(checkpoints, config, lambda: watch(waiting)) if config.watch else found
        for one in series:
            try:
                records.append(evaluate_one(one, config, work, seat, pool, watch, rounds, alone=alone))
            except CheckpointError as error:
                if alone:
                    raise
                failed.append(Skipped(path=one.path, reason=error.message))
    asked = {item.task.name for item in work}
    return Evaluation(
        engine=seat.family,
        because=seat.because,
        records=tuple(records),
        curves=curves(records, config.against, config.out),
        skipped=tuple(skipped),
        failed=tuple(failed),
        unfinished=tuple(
            f"{record.run}: {task.task}"
            for record in records
            for task in record.tasks
            if task.task in asked and task.graded < task.requests
        ),
    )


def evaluate_one(
    one: Checkpoint,
    config: EvalConfig,
    work: Sequence[Work],
    seat: Seat,
    pool: GradingPool,
    watch: Watch,
    rounds: Rounds,
    *,
    alone: bool,
) -> RunRecord:
    """Ask what is missing, grade what is ungraded; with nothing of either, no engine and no grader starts."""
    with Store(config.out / one.name) as store:
        stored = store.rules()
        work = [under_stored(item, stored) for item in work]
        store.adopt(
            *configuration(one, config, work, seat.family),
            place(one),
            {item.task.name: item.file for item in work if item.file is not None},
            {item.task.name: item.rules for item in work if item.rules is not None},
        )
        missing: list[Request] = []
        ungraded: dict[str, set[str]] = {}
        for item in work:
            name = item.task.name
            store.register(item.samples, item.requests)
            answered = store.answered(name)
            missing.extend(request for request in item.requests if request.key not in answered)
            ungraded[name] = store.ungraded(name, item.task.grader.name)
        wanted = {request.task for request in missing}
        busy = [item for item in work if item.task.name in wanted or ungraded[item.task.name]]
        if not busy and (kept := read_record(store.folder)) is not None and not changed(kept, store, work):
            # made anew, the record would name today's versions for answers of another day
            return kept
        total = sum(len(item.requests) for item in work)
        progress = Progress(
            run=one.name,
            total=total,
            answered=total - len(missing),
            graded=total - len(missing) - sum(len(keys) for keys in ungraded.values()),
            most_tokens=max((one.decode.max_tokens for one in missing if isinstance(one, Generation)), default=0),
        )

        def accept(grade: Grade) -> None:
            store.add_grade(grade)
            progress.graded += 1
            watch(progress)

        progress.doing = "checking references"
        watch(progress)
        with pool.serving(busy, accept):
            for item in busy:
                store.reopen(item.task.name)
                graded = store.answered(item.task.name) - ungraded[item.task.name]
                store.use_isolation(item.task.name, item.task.grader.isolation(), anew=not graded)
                pool.submit_stored(store, item, ungraded[item.task.name])
            running: Engine | None = None
            for requests in rounds(store, work, missing):
                if requests and running is None:
                    progress.doing = "loading"
                    watch(progress)
                    # checkpoints that come later may have more left to ask
                    every = missing if alone else [request for item in work for request in item.requests]
                    running = seat.take(one, every)
                    store.use_engine(running.describe())
                    progress.started = time.monotonic()
                if requests and running is not None:
                    _ask(running, requests, {item.task.name: item for item in busy}, store, pool, progress, watch)
                progress.doing = "grading"
                watch(progress)
                pool.settle()
        return close_run(store, work)


def under_stored(item: Work, stored: Mapping[str, str]) -> Work:
    """`item` under the rule set that its run folder was graded under, unless another was asked for."""
    if item.rules is not None or item.task.name not in stored:
        return item
    return replace(item, task=under(item.task, stored[item.task.name]))


def _ask(
    engine: Engine,
    requests: Sequence[Request],
    work: Mapping[str, Work],
    store: Store,
    pool: GradingPool,
    progress: Progress,
    watch: Watch,
) -> None:
    """Have the engine answer; each completion is stored, and graded while the engine goes on."""

    def pulse(tokens: int) -> None:
        progress.tokens += tokens
        watch(progress)

    asked = {request.key: request for request in requests}
    samples = {name: item.by_id() for name, item in work.items()}
    progress.doing = "generating"
    for completion in alive(engine.answer(requests, pulse)):
        request = asked[completion.request]
        store.add_completion(completion)
        progress.asked += 1
        if completion.fault is None:
            progress.answered += 1
            task = work[request.task].task
            pool.submit(task, samples[request.task][request.sample], request.key, completion.answer)
        watch(progress)
