"""Two sides problem by problem: whether they may be compared at all, and the pairs that are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from benchcore.comparison.sides import Side, differing, settings_of
from benchcore.records import Outcomes, Part, is_loss
from benchcore.stats.paired import Comparison, non_inferiority, paired_ratio


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """One figure of one task on both sides; entry i of `candidate` and of `baseline` are of the same problem."""

    figure: str
    candidate: Sequence[Part]
    baseline: Sequence[Part]

    @cached_property
    def gains(self) -> list[float]:
        """What the candidate has over the baseline on each problem, of a rate."""
        return [new[0] - old[0] for new, old in zip(self.candidate, self.baseline, strict=True)]

    def values(self) -> tuple[float, float]:
        """The figure of the candidate and of the baseline."""
        new, old = (sum(a for a, _ in parts) / sum(s for _, s in parts) for parts in (self.candidate, self.baseline))
        return new, old

    def compare(self, margin: float = 0.0, level: float = 0.95) -> Comparison:
        """The candidate's gain: how much lower a loss, how much higher any other figure. Raises as the tests do."""
        if is_loss(self.figure):
            return paired_ratio(self.baseline, self.candidate, margin, level)
        if any(size != 1 for _, size in self.candidate):
            return paired_ratio(self.candidate, self.baseline, margin, level)
        return non_inferiority(self.gains, margin, level=level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one side, by its `label`, was asked of a task: `settings` with version and grader, and the problems."""

    label: str
    settings: Mapping[str, Any]
    items: Sequence[str]


def unlike(candidate: Side, baseline: Side, task: str, across: Collection[str] = ()) -> str | None:
    """Why the two sides' results of `task` may not be compared, or None where they may.

    Settings named in `across` may differ, as the very thing that is compared.
    """
    new, old = asked_of(candidate, task), asked_of(baseline, task)
    if new is None or old is None:
        return f"{(candidate if new is None else baseline).label} has no result of it"
    return unlike_asked(new, old, across)


def asked_of(side: Side, task: str) -> Asked | None:
    """What a side was asked of `task`, or None where it has no result of it."""
    settings = settings_of(side, task)
    if settings is None or task not in side.outcomes:
        return None
    return Asked(label=side.label, settings=settings, items=side.outcomes[task].items)


def unlike_asked(new: Asked, old: Asked, across: Collection[str] = ()) -> str | None:
    """Why answers to the two may not be compared, or None where they may; `across` as for `unlike`."""
    for key in differing(new.settings, old.settings):
        if key not in across:
            here, there = new.settings.get(key), old.settings.get(key)
            return f"{key} is {_shown(here)} in {new.label} and {_shown(there)} in {old.label}"
    asked, known = set(new.items), set(old.items)
    if known != asked:
        return (
            f"the problems are not the same: {len(asked - known):,} of {len(asked):,} only in {new.label},"
            f" {len(known - asked):,} of {len(known):,} only in {old.label}"
        )
    return None


def shared_figures(candidate: Side, baseline: Side, task: str) -> list[str]:
    """The figures of `task` that both sides have, in the candidate's order."""
    return [name for name in candidate.outcomes[task].figures if name in baseline.outcomes[task].figures]


def pair(candidate: Side, baseline: Side, task: str, figure: str) -> Pairs | str:
    """The pairs of `figure` in the candidate's order, or why there are none. Call `unlike` first."""
    return pair_outcomes(candidate.outcomes[task], baseline.outcomes[task], figure)


def pair_outcomes(new: Outcomes, old: Outcomes, figure: str) -> Pairs | str:
    """The pairs of `figure` by content, for the problems of `new`, which `old` has as well; or why there are none.

    Problems that have no part on either side are left out.
    """
    at = dict(zip(old.items, old.figures[figure], strict=True))
    both = [
        (mine, theirs)
        for item, mine in zip(new.items, new.figures[figure], strict=True)
        if mine is not None and (theirs := at[item]) is not None
    ]
    if not both:
        return f"no problem has {figure} on both sides"
    if any(mine[1] != theirs[1] for mine, theirs in both):
        return f"{figure} counts other lengths on either side: another tokenizer"
    return Pairs(figure=figure, candidate=[mine for mine, _ in both], baseline=[theirs for _, theirs in both])


def _shown(value: Any) -> str:
    return "not set" if value is None else str(value)
