"""`evaluate`: checkpoints x tasks -> run folders with completions, grades and figures; resumes by itself."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from benchcore import catalog, checkpoint
from benchcore.api.pool import GradingPool
from benchcore.api.rules import under
from benchcore.api.summary import changed, close_run
from benchcore.api.work import Work, prepare_all
from benchcore.checkpoint import Checkpoint, Skipped
from benchcore.config import EvalConfig
from benchcore.engines import Engine
from benchcore.engines.choice import choose
from benchcore.errors import BenchcoreError, CheckpointError, ConfigError, MachineError
from benchcore.journal import stored_answers
from benchcore.records import Completion, Grade, Request, RunRecord
from benchcore.store import Store, read_record, refuse_changes


class MakeEngine(Protocol):
    """Makes an engine for a checkpoint; an engine's class is one."""

    family: str

    def __call__(self, checkpoint: Checkpoint, config: EvalConfig) -> Engine:
        """An engine whose weights are not yet loaded."""
        ...


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What `evaluate` came to: a record for each checkpoint, and the folders that were passed over.

    `failed` are checkpoints that could not be evaluated although they looked complete, and `unfinished` names
    the tasks asked for that still lack answers or grades, as "run: task".
    """

    records: tuple[RunRecord, ...]
    skipped: tuple[Skipped, ...]
    failed: tuple[Skipped, ...]
    unfinished: tuple[str, ...]


def evaluate(
    checkpoints: Sequence[str],
    config: EvalConfig,
    *,
    watch: Watch = lambda progress: None,
    engine: MakeEngine | None = None,
) -> Evaluation:
    """Evaluate every checkpoint on every task, one run folder a checkpoint, going on where an earlier run stopped.

    `engine` stands in for the one that `config` names (a canned one in tests). A record that is not `complete`
    has no figures for the tasks that lack answers. Raises `BenchcoreError` before weights are loaded whenever
    the fault can be seen by then.
    """
    work = prepare_all(config)
    found, skipped = find_all(checkpoints, config)
    family = choose(config.engine)[0] if engine is None else engine.family
    records, failed = [], []
    for one in found:
        try:
            records.append(_evaluate_one(one, config, work, family, engine, watch))
        except CheckpointError as error:
            if len(found) == 1:
                raise
            failed.append(Skipped(path=one.path, reason=error.message))
    asked = {item.task.name for item in work}
    return Evaluation(
        records=tuple(records),
        skipped=tuple(skipped),
        failed=tuple(failed),
        unfinished=tuple(
            f"{record.run}: {task.task}"
            for record in records
            for task in record.tasks
            if task.task in asked and task.graded < task.requests
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOutlook:
    """What one task would ask of one checkpoint; token counts are of the requests not yet answered."""

    run: str
    task: str
    requests: int
    answered: int
    tokens_in: int
    most_tokens_out: int

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Requests, answered, prompt tokens, most generated tokens."""
        return self.requests, self.answered, self.tokens_in, self.most_tokens_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What `evaluate` would do: the engine it would take and why, and its requests."""

    engine: str
    because: str
    tasks: tuple[TaskOutlook, ...]
    skipped: tuple[Skipped, ...]


def dry_run(checkpoints: Sequence[str], config: EvalConfig) -> Outlook:
    """Plan an evaluation, tokenise its prompts, and stop: no weights are loaded and nothing is written.

    Raises what `evaluate` would raise before it loads weights.
    """
    from benchcore.engines.window import Window

    work = prepare_all(config)
    found, skipped = find_all(checkpoints, config)
    family, because = choose(config.engine)
    outlook = []
    for one in found:
        if (config.out / one.name / "config.toml").is_file():
            refuse_changes(config.out / one.name, *_configuration(one, config, work, family))
        window = Window(one, trust_remote_code=config.trust_remote_code)
        for item in work:
            answered = stored_answers(config.out / one.name, item.task.name)
            missing = [request for request in item.requests if request.key not in answered]
            window.check(missing)
            lengths = [len(window.encode(request)) for request in missing]
            outlook.append(
                TaskOutlook(
                    run=one.name,
                    task=item.task.name,
                    requests=len(item.requests),
                    answered=len(item.requests) - len(missing),
                    tokens_in=sum(lengths),
                    most_tokens_out=sum(
                        window.room(request, length) for request, length in zip(missing, lengths, strict=True)
                    ),
                )
            )
    return Outlook(engine=family, because=because, tasks=tuple(outlook), skipped=tuple(skipped))


def find_all(checkpoints: Sequence[str], config: EvalConfig) -> tuple[list[Checkpoint], list[Skipped]]:
    """Every checkpoint that the arguments name. Raises `ConfigError` when two would share a run folder."""
    if not checkpoints:
        raise ConfigError("no checkpoint is given", "pass a folder, a directory of checkpoints or a hub id")
    found: dict[str, Checkpoint] = {}
    skipped: list[Skipped] = []
    for where in checkpoints:
        complete, partial = checkpoint.find(where, trust_remote_code=config.trust_remote_code)
        skipped.extend(partial)
        for one in complete:
            if (other := found.setdefault(one.name, one)).path != one.path:
                raise ConfigError(
                    f"{one.path} and {other.path} have the same name, and would share a run folder",
                    "evaluate them one by one with different --out folders",
                )
    return list(found.values()), skipped


def _evaluate_one(
    one: Checkpoint, config: EvalConfig, work: Sequence[Work], family: str, engine: MakeEngine | None, watch: Watch
) -> RunRecord:
    """Ask what is missing, grade what is ungraded; with nothing of either, no engine and no grader starts."""
    with Store(config.out / one.name) as store:
        stored = store.rules()
        work = [_under_stored(item, stored) for item in work]
        store.adopt(
            *_configuration(one, config, work, family),
            {"path": str(one.path), **({} if one.step is None else {"step": one.step})},
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
            most_tokens=max((request.decode.max_tokens for request in missing), default=0),
        )

        def accept(grade: Grade) -> None:
            store.add_grade(grade)
            progress.graded += 1
            watch(progress)

        progress.doing = "checking references"
        watch(progress)
        with GradingPool(busy, accept) as pool:
            for item in busy:
                store.reopen(item.task.name)
                graded = store.answered(item.task.name) - ungraded[item.task.name]
                store.use_isolation(item.task.name, item.task.grader.isolation(), anew=not graded)
                pool.submit_stored(store, item, ungraded[item.task.name])
            if missing:
                progress.doing = "loading"
                watch(progress)
                make = engine or catalog.load_engine(family)
                _ask(make(one, config), missing, {item.task.name: item for item in busy}, store, pool, progress, watch)
            progress.doing = "grading"
            watch(progress)
            pool.finish()
        return close_run(store, work)


def _under_stored(item: Work, stored: Mapping[str, str]) -> Work:
    """`item` under the rule set that its run folder was graded under, unless another was asked for."""
    if item.rules is not None or item.task.name not in stored:
        return item
    return replace(item, task=under(item.task, stored[item.task.name]))


def _configuration(
    one: Checkpoint, config: EvalConfig, work: Sequence[Work], family: str
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What may not change while a run folder is kept: of the run, and of each task."""
    run = {"weights": checkpoint.model_digest(one.path), "engine": family, "dtype": config.dtype}
    return run, {item.task.name: item.settings for item in work}


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

    engine.check(requests)
    asked = {request.key: request for request in requests}
    samples = {name: item.by_id() for name, item in work.items()}
    with engine:
        store.use_engine(engine.describe())
        progress.doing, progress.started = "generating", time.monotonic()
        for completion in _alive(engine.answer(requests, pulse)):
            request = asked[completion.request]
            store.add_completion(completion)
            progress.asked += 1
            if completion.fault is None:
                progress.answered += 1
                task = work[request.task].task
                pool.submit(task, samples[request.task][request.sample], request.key, completion.text)
            watch(progress)


def _alive(completions: Iterator[Completion]) -> Iterator[Completion]:
    """The engine's completions; its death is the machine's trouble, which running again may mend."""
    try:
        yield from completions
    except BenchcoreError:
        raise
    except Exception as error:  # the boundary to engines: torch and vLLM raise nearly anything
        why = str(error).strip().partition("\n")[0]
        raise MachineError(
            f"the engine died: {type(error).__name__}: {why}", "run the same command again; what is there is kept"
        ) from error
