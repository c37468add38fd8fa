"""What stands in one row of a comparison: a run, or a recipe with runs of several seeds; and what is between two."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from benchcore.comparison.pairs import Pairs, shared_figures, unlike
from benchcore.comparison.sides import Side
from benchcore.records import Figure, Part, is_loss
from benchcore.stats.curves import FEWEST_SEEDS, seed_interval
from benchcore.stats.paired import Comparison, seed_pairs
from benchcore.stats.unpaired import welch


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """The runs that one row is about, by their seeds; a run that stands alone is the only one, whatever its seed."""

    label: str
    runs: Mapping[int | None, Side]

    @property
    def sides(self) -> tuple[Side, ...]:
        """The runs in the order of their seeds."""
        return tuple(self.runs.values())

    @property
    def seeds(self) -> int:
        """How many there are."""
        return len(self.runs)

    def bill(self) -> dict[str, float]:
        """What the recipe had cost, its tokens too: the mean over its runs, of what all of them noted."""
        known = [{"tokens": side.record.tokens, **side.record.bill} for side in self.sides]
        found = {}
        for name in known[0]:
            amounts = [amount for one in known if (amount := one.get(name)) is not None]
            if len(amounts) == len(known):
                found[name] = sum(amounts) / len(amounts)
        return found


def alone(side: Side) -> Arm:
    """The row of a single run."""
    return Arm(label=side.label, runs={None: side})


class Contrast(Protocol):
    """What is between two arms."""

    def compare(self) -> Comparison:
        """The first one's gain over the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BySeed:
    """One figure of the runs of two recipes, by seed."""

    figure: str
    candidate: Mapping[int | None, float]
    baseline: Mapping[int | None, float]

    def compare(self) -> Comparison:
        """The candidate's gain, whose error is the spread among runs: seed by seed where both have the same ones."""
        sides = [self.candidate, self.baseline]
        new, old = reversed(sides) if is_loss(self.figure) else sides
        if new.keys() == old.keys():
            return seed_pairs([new[seed] - old[seed] for seed in new])
        return welch([*new.values()], [*old.values()])


@dataclass(frozen=True, slots=True, kw_only=True)
class ByProblem:
    """The means of two recipes' runs on each problem."""

    pairs: Pairs

    def compare(self) -> Comparison:
        """The candidate's gain, whose error knows of the problems alone. Raises as `Pairs.compare`."""
        found = self.pairs.compare()
        return replace(found, method=f"{found.method}, of these training runs")


def contrast(arm: Arm, other: Arm, task: str, figure: str, across: Collection[str] = ()) -> Contrast | str:
    """What is between two arms in `figure` on the problems that all their runs have, or why nothing can be told.

    Three seeds on both sides are compared over seeds; else problem by problem, the mean of an arm's runs.
    """
    first, *rest = sides = [*other.sides, *arm.sides]
    for side in rest:
        if reason := unlike(side, first, task, across):
            return reason
        if figure not in shared_figures(side, first, task):
            without = first if figure in side.outcomes[task].figures else side
            return f"{without.label} has no {figure} of each problem"
    parts = _shared_parts([*arm.sides, *other.sides], task, figure)
    if isinstance(parts, str):
        return parts
    mine, theirs = parts[: arm.seeds], parts[arm.seeds :]
    if min(arm.seeds, other.seeds) >= FEWEST_SEEDS:
        values = [dict(zip(one.runs, map(_ratio, rows), strict=True)) for one, rows in ((arm, mine), (other, theirs))]
        return BySeed(figure=figure, candidate=values[0], baseline=values[1])
    pairs = Pairs(figure=figure, candidate=_mean(mine), baseline=_mean(theirs))
    return pairs if len(sides) == 2 else ByProblem(pairs=pairs)


def figures(arm: Arm, task: str) -> dict[str, Figure]:
    """The figures of all of a task that every run of `arm` has, those of several seeds with Student's t."""
    each = [_stored(side, task) for side in arm.sides]
    if arm.seeds == 1:
        return {name: _repeated(arm.sides[0], task, figure) for name, figure in each[0].items()}
    return {
        name: over_seeds(name, [one[name].value for one in each])
        for name in each[0]
        if all(name in one for one in each)
    }


def over_seeds(name: str, values: Sequence[float | None], missing: str = "no value") -> Figure:
    """The mean of one figure over training runs, with Student's t interval where there are three or more.

    None where one of them has no value; `missing` says why.
    """
    count = len(values)
    known = [value for value in values if value is not None]
    if len(known) < count:
        why = f"{missing} in {count - len(known)} of {count} seeds"
        return Figure(name=name, value=None, n=len(known), low=None, high=None, method=why)
    _, low, high = seed_interval(known) or (None, None, None)
    method = f"mean of {count} seeds" if low is None else "t over seeds 95 %"
    return Figure(name=name, value=sum(known) / count, n=count, low=low, high=high, method=method)


def _shared_parts(sides: Sequence[Side], task: str, figure: str) -> list[list[Part]] | str:
    """What each problem that all `sides` have adds to the figure of each, in the first one's order, or why nothing."""
    found = [dict(zip(one.items, one.figures[figure], strict=True)) for one in (side.outcomes[task] for side in sides)]
    columns = [parts for item in found[0] if None not in (parts := [one.get(item) for one in found])]
    if not columns:
        return f"no problem has {figure} on both sides"
    known = [[part for part in parts if part is not None] for parts in columns]
    if any(size != parts[0][1] for parts in known for _, size in parts):
        return f"{figure} counts other lengths on either side: another tokenizer"
    return [list(row) for row in zip(*known, strict=True)]


def _ratio(parts: Sequence[Part]) -> float:
    return sum(amount for amount, _ in parts) / sum(size for _, size in parts)


def _mean(rows: Sequence[Sequence[Part]]) -> list[Part]:
    """What each problem adds to the mean over runs."""
    if len(rows) == 1:
        return list(rows[0])
    return [(sum(amount for amount, _ in parts) / len(rows), parts[0][1]) for parts in zip(*rows, strict=True)]


def _stored(side: Side, task: str) -> dict[str, Figure]:
    record = next((record for record in side.record.tasks if record.task == task), None)
    return {figure.name: figure for figure in record.figures if figure.group is None} if record else {}


def _repeated(side: Side, task: str, stored: Figure) -> Figure:
    """The figure of a run, of which the record is that of the first repeat."""
    if side.repeats == 1:
        return stored
    known = [part for part in side.outcomes[task].figures.get(stored.name, ()) if part is not None]
    method = f"mean of {side.repeats} repeats"
    value = _ratio(known) if known else None
    return Figure(name=stored.name, value=value, n=len(known), low=None, high=None, method=method)
