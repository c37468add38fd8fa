"""The checkpoints of an evaluation: found, chosen by --every and --last, and with --watch waited for."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchcore import checkpoint
from benchcore.checkpoint import Checkpoint, Skipped
from benchcore.config import EvalConfig
from benchcore.errors import CheckpointError, ConfigError

POLL = 2.0  # seconds between two looks for new checkpoints
SETTLE = 10.0  # seconds without a change after which a folder without a trainer's marker counts as written


def find_all(checkpoints: Sequence[str], config: EvalConfig) -> tuple[list[Checkpoint], list[Skipped]]:
    """Every checkpoint that the arguments name, those of a directory in step order and as `config` chooses.

    With `config.watch` only those that are written for good, and none is no mistake.
    Raises `ConfigError` when two would share a run folder.
    """
    if not checkpoints:
        raise ConfigError("no checkpoint is given", "pass a folder, a directory of checkpoints or a hub id")
    if config.watch and config.last:
        raise ConfigError("--last does not go with --watch: a training run still going on has no last checkpoint")
    found: dict[str, Checkpoint] = {}
    skipped: list[Skipped] = []
    for where in checkpoints:
        try:
            complete, partial = checkpoint.find(where, trust_remote_code=config.trust_remote_code)
        except CheckpointError:
            if config.watch and Path(where).expanduser().is_dir():
                continue
            raise
        if config.watch:
            complete = [one for one in complete if checkpoint.settled(one.path, SETTLE)]
        skipped.extend(partial)
        for one in _chosen(complete, config):
            if (other := found.setdefault(one.name, one)).path != one.path:
                raise ConfigError(
                    f"{one.path} and {other.path} have the same name, and would share a run folder",
                    "evaluate them one by one with different --out folders",
                )
    return list(found.values()), skipped


def _chosen(series: list[Checkpoint], config: EvalConfig) -> list[Checkpoint]:
    if config.last:
        series = series[-config.last :]
    if config.every:
        # while a run goes on, today's last may not be one of the N-th tomorrow
        last = [] if config.watch else series[-1:]
        series = list(dict.fromkeys((*series[config.every - 1 :: config.every], *last)))
    return series


def arriving(checkpoints: Sequence[str], config: EvalConfig, waiting: Callable[[], None]) -> Iterator[Checkpoint]:
    """Each checkpoint once, as soon as it is complete, until an interrupt comes while there is none to be done.

    `waiting` is called before each pause.
    """
    seen: set[Path] = set()
    while True:
        for one in find_all(checkpoints, config)[0]:
            if one.path not in seen:
                seen.add(one.path)
                yield one
                break  # others may have been written meanwhile
        else:
            try:
                waiting()
                time.sleep(POLL)
            except KeyboardInterrupt:
                return
