"""Probe runs: short trainings of copies of a model on some groups of its corpus, kept in the cache with their bill."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import accelerate
import filelock

from benchcore.errors import ConfigError, MachineError
from benchcore.records import digest
from benchcore.trainers.ledger import Ledger, Spent
from benchcore.trainers.loop import Loop, Progress, Recipe
from benchcore.trainers.mixture import Fixed
from benchcore.trainers.rows import Rows
from benchcore.trainers.validation import group_losses

VERSION = 2  # of what is kept; it is made again where it has changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The loss of each group of validation rows `before` and `after` a probe run, and what that took.

    `fresh` says that it was made now and not found in the cache.
    """

    before: tuple[float, ...]
    after: tuple[float, ...]
    spent: Spent
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """Trains what `start` makes, always the same model, on `rows` as `recipe` says but for its number of steps.

    `start` is named by `model`, with which results are kept below `cache`.
    """

    start: Callable[[], Any]
    model: str
    rows: Rows
    recipe: Recipe
    seed: int
    accelerator: accelerate.Accelerator
    cache: Path

    def run(self, shares: Sequence[float], steps: int, validation: Rows, watch: Callable[[str], None]) -> Probe:
        """A probe of `steps` steps on groups in `shares`; `watch` is told how far it is.

        Raises `ConfigError` on several processes where the cache does not have it, and `MachineError` when the disk
        refuses.
        """
        # what counted in the loss is put on the bill, and a loss that is no number is seen, where a loop stops to save
        recipe = replace(
            self.recipe, steps=steps, warmup=min(self.recipe.warmup, steps), looks=frozenset(), saves=frozenset({steps})
        )
        pinned = {**asdict(recipe), "looks": [], "saves": []}
        device = self.accelerator.device.type
        known = digest(
            VERSION, self.rows.digest, validation.digest, self.model, pinned, list(shares), self.seed, device
        )
        file = self.cache / "probes" / f"{known}.json"
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(file.with_suffix(".lock")):
                if (found := _read(file)) is not None:
                    return found
                made = self._made(recipe, shares, validation, watch)
                written = file.with_suffix(".tmp")
                written.write_text(json.dumps(asdict(made)), encoding="utf-8")
                written.replace(file)
                return made
        except OSError as error:
            raise MachineError(f"cannot write the probe run {file}: {error.strerror or error}") from error

    def _made(self, recipe: Recipe, shares: Sequence[float], validation: Rows, watch: Callable[[str], None]) -> Probe:
        if self.accelerator.num_processes > 1:
            raise ConfigError("probe runs are made by one process", "start it on one; what it made stays in the cache")
        ledger = Ledger()
        loop = Loop(
            self.start(), self.rows, Fixed(shares), recipe, ledger, seed=self.seed, accelerator=self.accelerator
        )

        def measured() -> tuple[float, ...]:
            losses, flops = group_losses(loop.model, validation, self.accelerator.device)
            ledger.train.add(flops=flops)
            return tuple(losses.tolist())

        def report(progress: Progress) -> None:
            watch(f"{progress.step:,} of {recipe.steps:,} steps")

        with ledger.train.timed():
            before = measured()
        loop.run(report=report, look=lambda: None, save=lambda: None, every=2.0)
        with ledger.train.timed():
            after = measured()
        return Probe(before=before, after=after, spent=ledger.train, fresh=True)


def _read(file: Path) -> Probe | None:
    try:
        found = json.loads(file.read_bytes())
        return Probe(
            before=tuple(found["before"]), after=tuple(found["after"]), spent=Spent(**found["spent"]), fresh=False
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None
