"""What an evaluation would ask and what it would cost: requests, tokens, memory, and time by a probe of seconds."""

import os
import re
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchcore.api.checkpoints import find_all
from benchcore.api.seat import EngineSeat, MakeEngine, alive
from benchcore.api.work import Work, configuration, prepare_all
from benchcore.checkpoint import Checkpoint, Skipped, behaviour
from benchcore.config import EvalConfig, duration, in_words
from benchcore.engines import Engine
from benchcore.engines.window import Window
from benchcore.errors import ConfigError
from benchcore.journal import stored_answers
from benchcore.records import Finish, Generation, Request, Scoring
from benchcore.store import refuse_changes

ROWS = 32  # most requests of a task that the probe asks
SECONDS = 6.0  # what the probe of a task may take, about
FEW, MORE = 4, 36  # tokens generated in its two rounds


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOutlook:
    """What one task would ask of one checkpoint; token counts are of the requests not yet answered.

    `tokens_out` is what the probe expects to be generated, and `seconds` how long it takes to answer; None without
    a probe.
    """

    run: str
    task: str
    requests: int
    answered: int
    tokens_in: int
    most_tokens_out: int
    tokens_out: int | None = None
    seconds: float | None = None
    most_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What `evaluate` would do: the engine it would take and why, its requests, and what they cost.

    `seconds` is expected and `most_seconds` needed if every text went to its token limit, loading included and
    grading not. `memory` is what the engine had taken by the end of the probe, in bytes. All three are None where
    nothing is left to ask.
    """

    engine: str
    because: str
    tasks: tuple[TaskOutlook, ...]
    skipped: tuple[Skipped, ...]
    seconds: float | None
    most_seconds: float | None
    memory: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """What the probe of a task found: seconds a prompt token and a generated token, and the chance that one ends it."""

    read: float
    written: float
    ends: float

    def length(self, most: int) -> float:
        """The expected number of generated tokens when each ends the text with the same chance, and `most` do."""
        return (1 - (1 - self.ends) ** most) / self.ends if self.ends else most


def dry_run(checkpoints: Sequence[str], config: EvalConfig, *, engine: MakeEngine | None = None) -> Outlook:
    """Plan an evaluation, measure for a few seconds how fast its requests are answered, and stop; nothing is written.

    `engine` stands in for the one that `config` names. Raises what `evaluate` would raise before it asks anything.
    """
    work = prepare_all(config)
    found, skipped = find_all(checkpoints, config)
    with EngineSeat(found, config, engine) as seat:
        return look_ahead(found, config, work, seat, skipped)


def look_ahead(
    found: Sequence[Checkpoint], config: EvalConfig, work: Sequence[Work], seat: EngineSeat, skipped: Sequence[Skipped]
) -> Outlook:
    """The outlook on `work` for the checkpoints `found`; the probe runs on the first that lacks an answer."""
    windows = _windows(found, config)
    plans = [(one, item, _missing(one, item, config, seat.family), windows[one]) for one in found for item in work]
    first = next((one for one, _, missing, _ in plans if missing), None)
    for _, _, missing, window in plans:
        window.check(missing)
    speeds: dict[str, Speed] = {}
    loading = memory = None
    if first is not None:
        started = time.perf_counter()
        engine = seat.take(first, [request for _, _, missing, _ in plans for request in missing])
        loading = time.perf_counter() - started
        for _, item, missing, window in plans:
            if missing and item.task.name not in speeds:
                speeds[item.task.name] = probe(engine, missing, window)
        memory = _memory()
    tasks = tuple(_outlook(one, item, missing, window, speeds) for one, item, missing, window in plans)
    return Outlook(
        engine=seat.family,
        because=seat.because,
        tasks=tasks,
        skipped=tuple(skipped),
        seconds=None if loading is None else loading + sum(task.seconds or 0 for task in tasks),
        most_seconds=None if loading is None else loading + sum(task.most_seconds or 0 for task in tasks),
        memory=memory,
    )


def refuse_over_budget(outlook: Outlook, budget: str) -> None:
    """Raise `ConfigError` when an evaluation is expected to take longer than `budget`, such as 90s, 30m or 2h."""
    if outlook.seconds is not None and outlook.seconds > duration(budget):
        raise ConfigError(
            f"the evaluation would take about {in_words(outlook.seconds)}, over the budget of {budget}",
            "give it more time, fewer --tasks, a --limit, or fewer checkpoints (--every, --last)",
        )


def _windows(found: Sequence[Checkpoint], config: EvalConfig) -> dict[Checkpoint, Window]:
    """Each checkpoint's window; those that differ in their weights alone share one, and the prompts it has encoded."""
    made: dict[frozenset[tuple[str, bytes]], Window] = {}
    windows = {}
    for one in found:
        alike = frozenset(behaviour(one.path).items())
        if alike not in made:
            made[alike] = Window(one, trust_remote_code=config.trust_remote_code)
        windows[one] = made[alike]
    return windows


def _missing(one: Checkpoint, item: Work, config: EvalConfig, family: str) -> list[Request]:
    folder = config.out / one.name
    if (folder / "config.toml").is_file():
        refuse_changes(folder, *configuration(one, config, [item], family))
    answered = stored_answers(folder, item.task.name)
    return [request for request in item.requests if request.key not in answered]


def _outlook(
    one: Checkpoint, item: Work, missing: Sequence[Request], window: Window, speeds: dict[str, Speed]
) -> TaskOutlook:
    lengths = [read(request, window) for request in missing]
    most = [
        window.room(request, length) if isinstance(request, Generation) else 0
        for request, length in zip(missing, lengths, strict=True)
    ]
    counts = TaskOutlook(
        run=one.name,
        task=item.task.name,
        requests=len(item.requests),
        answered=len(item.requests) - len(missing),
        tokens_in=sum(lengths),
        most_tokens_out=sum(most),
    )
    if not missing:
        return counts
    speed = speeds[item.task.name]
    likely = sum(map(speed.length, most))
    reading = speed.read * counts.tokens_in
    return replace(
        counts,
        tokens_out=round(likely),
        seconds=reading + speed.written * likely,
        most_seconds=reading + speed.written * counts.most_tokens_out,
    )


def read(request: Request, window: Window) -> int:
    """How many tokens the model has to read to answer `request`."""
    if isinstance(request, Scoring):
        return sum(len(one.tokens) - 1 for found in window.stretches(request) for one in found)
    return len(window.encode(request.prompt))


def probe(engine: Engine, requests: Sequence[Request], window: Window) -> Speed:
    """Answer some of `requests`, spread evenly over all, and see what it costs.

    What a call costs whatever is asked is not charged to the tokens: fewer requests are taken off more, and a few
    generated tokens off many.
    """
    taken = _timed(engine, _spread(requests, FEW), FEW)[0]  # the first call also pays for what is made once
    rows = max(FEW, min(ROWS, int(FEW * SECONDS / (2 * taken))))
    some, more = _spread(requests, rows // 4), _spread(requests, rows)
    base = _timed(engine, some, FEW)[0]
    short, few, _ = _timed(engine, more, FEW)
    prompts, fewer = (sum(read(request, window) for request in asked) for asked in (more, some))
    reading = (short - base) / (prompts - fewer) if prompts > fewer and short > base else short / prompts
    if not few:
        return Speed(read=reading, written=0.0, ends=0.0)
    long, many, ended = _timed(engine, more, MORE)
    written = (long - short) / (many - few) if many > few and long > short else long / many
    return Speed(read=max(reading - written * few / prompts, 0.0), written=written, ends=ended / many)


def _spread(requests: Sequence[Request], count: int) -> list[Request]:
    step = max(1, len(requests) // count)
    return list(requests[::step][:count])


def _timed(engine: Engine, requests: Sequence[Request], most: int) -> tuple[float, int, int]:
    """Seconds, generated tokens and ended texts of `requests` with at most `most` tokens each."""
    cut = [
        replace(one, decode=replace(one.decode, max_tokens=min(most, one.decode.max_tokens)))
        if isinstance(one, Generation)
        else one
        for one in requests
    ]
    started = time.perf_counter()
    answers = list(alive(engine.answer(cut, lambda tokens: None)))
    taken = time.perf_counter() - started
    ended = sum(one.finish is Finish.STOP for one in answers)
    return taken, sum(one.tokens_out for one in answers), ended


def _memory() -> int:
    """Bytes in use on the GPU where there is one, else the peak of this process and its children in main memory."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        return int(total - free)
    return sum(_peak(pid) for pid in _family(os.getpid()))


def _family(pid: int) -> Iterable[int]:
    yield pid
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text(encoding="ascii").split():
            yield from _family(int(child))


def _peak(pid: int) -> int:
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    except OSError:  # it has ended
        return 0
    return 1024 * int(found[1]) if found else 0
