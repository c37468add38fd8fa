"""The order in which a gate asks problems, and its looks on the way: no further than the answer takes."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from benchcore.api.summary import item, outcomes
from benchcore.api.work import Work
from benchcore.comparison.gate import Gate
from benchcore.comparison.pairs import Pairs, pair_outcomes
from benchcore.comparison.report import Decision, EarlyStop, Finding
from benchcore.comparison.sides import Side
from benchcore.errors import ConfigError, RunIncomplete
from benchcore.journal import mismatch, trouble
from benchcore.records import Outcomes, Part, Request, Sample, Verdict, digest, is_loss
from benchcore.stats.sequential import looks
from benchcore.store import Store, replace_file

ORDER = "gate.json"  # in the candidate's run folder: what the order of its problems follows from
LOOKS = 20  # of an anytime test
FEWEST = 50  # problems between two of them


class Schedule:
    """Asks whole problems in the order that follows from `seed`, and has `gate` look after each part of them.

    It is the `rounds` of one evaluation. `decision` and `findings` are those of the last look, None before the first;
    `engine` and `weights` tell what answered.
    """

    def __init__(
        self, gate: Gate, baseline: Side, figures: Mapping[str, str], *, seed: int, max_error_rate: float
    ) -> None:
        self.decision: Decision | None = None
        self.findings: tuple[Finding, ...] = ()
        self.engine: Mapping[str, Any] = {}
        self.weights = ""
        self._gate, self._baseline, self._figures = gate, baseline, figures
        self._seed, self._max_error_rate = seed, max_error_rate

    def __call__(self, store: Store, work: Sequence[Work], missing: Sequence[Request]) -> Iterator[Sequence[Request]]:
        """Yield the requests of the problems up to each look that are `missing`, and look, until there is a decision.

        Raises `RunMismatch` where the run's problems were begun in another order, and `RunIncomplete` where too many
        lack a grade when they were asked.
        """
        self._keep_order(store)
        order = in_order(work, self._seed)
        stops = _stops(len(order), self._gate.early_stop)
        begun = 0
        for stop in stops:
            chosen = {(task, sample.id) for task, sample in order[begun:stop]}
            yield [request for request in missing if (request.task, request.sample) in chosen]
            begun, last = stop, stop == len(order)
            found = {
                one.task.name: self._pairs(
                    store, one, [sample for task, sample in order[:stop] if task == one.task.name]
                )
                for one in work
            }
            pairs = {task: one for task, one in found.items() if isinstance(one, Pairs)}
            if len(pairs) < len(found):
                if not last:  # of a small task no problem may have come yet
                    continue
                raise ConfigError("; ".join(f"{task}: {one}" for task, one in found.items() if task not in pairs))
            self.engine, self.weights = store.engine(), store.config()["run"]["weights"]
            self.decision, self.findings = self._gate.look(pairs, stop / len(order), last=last)
            if self.decision is not None:
                return

    def _keep_order(self, store: Store) -> None:
        path = store.folder / ORDER
        with trouble(store.folder):
            if path.is_file():
                kept = msgspec.json.decode(path.read_bytes(), type=dict[str, int]).get("seed")
                if kept != self._seed:
                    raise mismatch(store.folder, "order_seed", kept, self._seed)
            else:
                replace_file(path, msgspec.json.encode({"seed": self._seed}))

    def _pairs(self, store: Store, work: Work, chosen: Sequence[Sample]) -> Pairs | str:
        """The pairs of the problems `chosen` of one task, or why there are none.

        A problem that lacks a grade counts as wrong; where the figure is a loss it is left out.
        """
        task, figure = work.task, self._figures[work.task.name]
        grades = {
            sample: [grade for _, grade in rows if grade.verdict is not Verdict.ERROR]
            for sample, rows in groupby(store.grades(task.name), key=lambda row: row[0])
        }
        graded = [sample for sample in chosen if len(grades.get(sample.id, ())) == task.trials]
        lacking = len(chosen) - len(graded)
        if lacking > self._max_error_rate * len(work.samples):  # of a first part the share is too much by chance
            raise RunIncomplete(
                f"{lacking} of {len(work.samples)} problems of {task.name} have no answer or no grade,"
                f" a larger share than max_error_rate {self._max_error_rate:g}",
                "run the same command again; what is there is kept",
            )
        found = outcomes(task, graded, [grades[sample.id] for sample in graded])
        if figure not in found.figures:
            raise ConfigError(
                f"{task.name} has no {figure} any more, which is what the baseline {self._baseline.label} has first",
                "evaluate the baseline again with today's metrics",
            )
        parts = dict(zip(found.items, found.figures[figure], strict=True))
        worst: Part | None = None if is_loss(figure) else (0.0, 1)
        items = [item(sample) for sample in chosen]
        new = Outcomes(items=tuple(items), figures={figure: tuple(parts.get(one, worst) for one in items)})
        return pair_outcomes(new, self._baseline.outcomes[task.name], figure)


def in_order(work: Sequence[Work], seed: int) -> list[tuple[str, Sample]]:
    """Every problem of `work` as (task, sample) in a random order that follows from `seed` and the problems alone.

    Any first part of it holds about the same share of each task.
    """
    placed = []
    for one in work:
        drawn = sorted(one.samples, key=lambda sample: digest(seed, one.task.name, item(sample)))
        placed += [((at + 0.5) / len(drawn), one.task.name, sample) for at, sample in enumerate(drawn)]
    return [(task, sample) for _, task, sample in sorted(placed, key=lambda one: one[:2])]


def _stops(n: int, early_stop: EarlyStop) -> Sequence[int]:
    if early_stop == "none":
        return (n,)
    if early_stop == "group":
        return looks(n)
    step = max(FEWEST, -(-n // LOOKS))
    return (*range(step, n, step), n)
