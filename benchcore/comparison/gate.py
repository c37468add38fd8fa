"""The gate: is the candidate not worse than the baseline by more than a margin?

What it rests on is declared before anything is asked. Rates of several tasks are judged together by their mean over
tasks, a single rate and every figure that is no rate by itself: these decide, and all of them must pass. Besides, any
task whose rate dropped by more than its margin fails the gate. A wrong FAIL has the chance alpha in all: half of it
belongs to what decides and half to the tasks, each half shared out by Holm's rule, or all of it to the one kind there
is.

With looks on the way every hypothesis has its own boundary, so that Holm's rule holds look by look.
Source: Holm 1979; with looks, Ye, Li, Liu and Yao 2013, Statistics in Medicine 32:1112.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from benchcore.comparison.pairs import Pairs
from benchcore.comparison.report import Decision, EarlyStop, Finding
from benchcore.records import is_rate
from benchcore.stats.anytime import asymptotic, betting
from benchcore.stats.binary import tango_variance
from benchcore.stats.multiple import holm
from benchcore.stats.paired import FEW, Comparison, larger_p, non_inferiority, student
from benchcore.stats.power import certifiable_margin
from benchcore.stats.sequential import LEAST, Boundary

LEANING = 0.2  # p-value of a drop that keeps a gate from stopping at a pass: more problems may show a fail


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Something declared to be judged: a figure of one task, or the mean of a figure over `tasks`, with its margin.

    The gate passes only where everything that `decides` does.
    """

    name: str
    figure: str
    tasks: tuple[str, ...]
    margin: float
    decides: bool


def claims(figures: Mapping[str, str], margins: Mapping[str, float], overall: float | None) -> list[Claim]:
    """What is judged of the tasks `figures` (task -> figure) with `margins` (task -> its own).

    `overall` is the margin of the mean over the tasks with a rate, where there are several.
    """
    rates = [task for task, figure in figures.items() if is_rate(figure)]
    single = [
        Claim(
            name=task, figure=figure, tasks=(task,), margin=margins[task], decides=task not in rates or len(rates) == 1
        )
        for task, figure in figures.items()
    ]
    if len(rates) < 2:
        return single
    assert overall is not None
    kinds = dict.fromkeys(figures[task] for task in rates)
    name = f"mean of {len(rates)} tasks"
    return [Claim(name=name, figure=" and ".join(kinds), tasks=tuple(rates), margin=overall, decides=True), *single]


class Judged(Protocol):
    """A figure of both sides; a rate is `Pairs`."""

    def values(self) -> tuple[float, float]:
        """The figure of the candidate and of the baseline."""
        ...

    def compare(self, margin: float = 0.0, level: float = 0.95) -> Comparison:
        """The candidate's gain, against a drop of `margin`, with its two-sided interval."""
        ...


class Gate:
    """Judges `declared` claims at one look after another, wrong on either side in at most `alpha` of cases.

    `planned` is the number of problems of each task, which an anytime test goes by. Raises `ValueError` when there is
    no claim.
    """

    def __init__(
        self, declared: Sequence[Claim], planned: Mapping[str, int], alpha: float, early_stop: EarlyStop
    ) -> None:
        if not declared:
            raise ValueError("a gate needs something to judge")
        self.claims, self.planned, self.alpha, self.early_stop = tuple(declared), planned, alpha, early_stop
        self._passed: set[Claim] = set()
        self._bets: dict[Claim, bool] = {}
        self._boundaries: dict[float, Boundary] = {}

    def look(
        self, pairs: Mapping[str, Judged], fraction: float = 1.0, *, last: bool = True
    ) -> tuple[Decision | None, tuple[Finding, ...]]:
        """The decision, or None where the next look must tell, and what it rests on.

        `pairs` are those of every task, in the random order in which they were asked; `fraction` of all problems
        have been. At the last look there is a decision.
        """
        levels = _Levels(self, fraction, last)
        tests = {claim: self._test(claim, pairs, levels, last=last) for claim in self.claims}
        failed, corrected = self._failed({claim: test.p_fail for claim, test in tests.items()}, levels)
        self._passed |= {claim for claim, test in tests.items() if test.p_pass <= levels.of(self.alpha)} - failed
        deciding = {claim for claim in self.claims if claim.decides}
        leaning = [claim for claim, test in tests.items() if claim not in deciding and test.p_fail <= LEANING]
        decision: Decision | None = Decision.INCONCLUSIVE if last else None
        if failed:
            decision = Decision.FAIL
        elif deciding <= self._passed and (last or not leaning):
            decision = Decision.PASS
        findings = tuple(
            self._finding(claim, pairs, tests[claim], corrected[claim], failed=claim in failed) for claim in self.claims
        )
        return decision, findings

    def _finding(
        self, claim: Claim, pairs: Mapping[str, Judged], test: Comparison, corrected: float, *, failed: bool
    ) -> Finding:
        passed = claim in self._passed
        sides = [pairs[task].values() for task in claim.tasks]
        return Finding(
            name=claim.name,
            figure=claim.figure,
            decides=claim.decides,
            decision=Decision.FAIL if failed else Decision.PASS if passed else Decision.INCONCLUSIVE,
            margin=claim.margin,
            candidate=math.fsum(new for new, _ in sides) / len(sides),
            baseline=math.fsum(old for _, old in sides) / len(sides),
            comparison=test,
            p_fail=corrected,
            certifiable=self._certifiable(claim, pairs),
        )

    def _test(self, claim: Claim, pairs: Mapping[str, Judged], levels: "_Levels", *, last: bool) -> Comparison:
        if not is_rate(claim.figure):
            [task] = claim.tasks
            found = pairs[task].compare(claim.margin, levels.interval)
            if self.early_stop == "anytime" and not last:
                # scores without bounds and ratios of sums have no test for any time: their one look is the last
                return replace(found, low=None, high=None, p_pass=1.0, p_fail=1.0)
            return found
        if self.early_stop == "anytime":
            return self._anytime(claim, pairs)
        gains = _gains(pairs, claim.tasks)
        differences, scale = weighted(gains)
        found = _scaled(non_inferiority(differences, claim.margin / scale, level=levels.interval), scale)
        return found if len(gains) == 1 else _cautious(found, gains, claim.margin, levels.interval)

    def _anytime(self, claim: Claim, pairs: Mapping[str, Judged]) -> Comparison:
        """The anytime-valid test; its intervals and p-values hold at whichever look the run stops."""
        tasks = sorted(claim.tasks)  # as problems that come together are asked
        sizes = [self.planned[task] for task in tasks]
        differences, scale = in_turn(_gains(pairs, tasks), sizes)
        margin, planned = claim.margin / scale, sum(sizes)
        # Betting stakes by the range, which costs averaged scores nearly all power; but only betting is right before
        # a small task's few problems, heavy ones in the mean, have shown their spread. No claim may have both tests.
        bets = len(set(sizes)) > 1 or all(one in (-1, 0, 1) for one in differences)
        test = betting if self._bets.setdefault(claim, bets) else asymptotic
        found, plain = (test(differences, room, planned, self.alpha) for room in (margin, 0.0))
        comparison = Comparison(
            value=found.value,
            low=found.low,
            high=found.high,
            p=min(1.0, 2 * min(plain.p_pass, plain.p_fail)),
            p_pass=found.p_pass,
            p_fail=found.p_fail,
            n=found.n,
            method=f"anytime, {found.method}",
        )
        return _scaled(comparison, scale)

    def _failed(self, ps: Mapping[Claim, float], levels: "_Levels") -> tuple[set[Claim], dict[Claim, float]]:
        """The claims whose drop is shown to be larger than the margin, and their corrected p-values."""
        families = [
            family for decides in (True, False) if (family := [one for one in self.claims if one.decides is decides])
        ]
        failed: set[Claim] = set()
        corrected: dict[Claim, float] = {}
        for family in families:
            share = self.alpha / len(families)
            ranked = sorted(family, key=ps.__getitem__)
            for rank, claim in enumerate(ranked):
                if not ps[claim] <= levels.of(share / (len(ranked) - rank)):
                    break
                failed.add(claim)
            adjusted = holm([ps[claim] for claim in family])
            corrected |= {claim: min(1.0, p * len(families)) for claim, p in zip(family, adjusted, strict=True)}
        return failed, corrected

    def _certifiable(self, claim: Claim, pairs: Mapping[str, Judged]) -> float | None:
        if not is_rate(claim.figure):
            [task] = claim.tasks
            whole = pairs[task].compare(claim.margin, 1 - 2 * self.alpha)
            if whole.low is None or whole.high is None:
                return None
            # half of the interval is 1 - alpha's quantile in standard errors, which a power of one half leaves alone
            error = (whole.high - whole.low) / 2 / certifiable_margin(1.0, 1, self.alpha, power=0.5)
            return certifiable_margin(error * error, 1, self.alpha)
        differences, scale = weighted(_gains(pairs, claim.tasks))
        n, middle = len(differences), math.fsum(differences) / len(differences)
        variance = math.fsum((one - middle) ** 2 for one in differences) / n
        # that none of n problems differs does not show that none ever will: one of them might have
        return certifiable_margin(max(variance, 1 / n), n, self.alpha) * scale

    def boundary(self, alpha: float) -> Boundary:
        """The bounds of one hypothesis that may be wrongly rejected in `alpha` of cases."""
        return self._boundaries.setdefault(alpha, Boundary(alpha))


class _Levels:
    """The p-values to reject at in one look, by the share of alpha that a hypothesis has."""

    def __init__(self, gate: Gate, fraction: float, last: bool) -> None:
        self._gate = gate
        self._fraction, self._last = fraction, last
        # every share's bounds must see every look
        self._known = {share: self._made(share) for share in self._shares()} if gate.early_stop == "group" else {}

    def of(self, alpha: float) -> float:
        """The p-value to reject at; anytime-valid ones, and those of a single look, are held against alpha itself."""
        return self._known[alpha] if self._known else alpha

    @cached_property
    def interval(self) -> float:
        """The level of the two-sided interval that agrees with the decision."""
        # at a look with nothing to spend there is no interval but all of the line
        return 1 - 2 * max(self.of(self._gate.alpha), LEAST)

    def _made(self, share: float) -> float:
        return self._gate.boundary(share).look(self._fraction, last=self._last)

    def _shares(self) -> Iterable[float]:
        alpha, declared = self._gate.alpha, self._gate.claims
        kinds = [sum(claim.decides is decides for claim in declared) for decides in (True, False)]
        kinds = [count for count in kinds if count]
        yield from {alpha, *(alpha / len(kinds) / rank for count in kinds for rank in range(1, count + 1))}


def _gains(pairs: Mapping[str, Judged], tasks: Iterable[str]) -> list[list[float]]:
    found = [pairs[task] for task in tasks]
    return [one.gains for one in found if isinstance(one, Pairs)]


def weighted(tasks: Sequence[Sequence[float]]) -> tuple[list[float], float]:
    """Differences whose mean, times the scale that is returned, is the mean over `tasks` of their mean differences.

    The differences stay within the range that they had, so that tests of bounded scores hold.
    """
    if len(tasks) == 1:
        return list(tasks[0]), 1.0
    n = sum(map(len, tasks))
    weights = [n / len(tasks) / len(differences) for differences in tasks]
    scale = max(weights)
    return [one * weight / scale for weight, found in zip(weights, tasks, strict=True) for one in found], scale


def in_turn(tasks: Sequence[Sequence[float]], sizes: Sequence[int]) -> tuple[list[float], float]:
    """As `weighted`, of tasks of which the first of `sizes` problems have come, in the order in which they came.

    A test for any time looks back on one path, whose past may not change: so weights are those of whole tasks.
    """
    if len(tasks) == 1:
        return list(tasks[0]), 1.0
    scale = max(sum(sizes) / len(sizes) / size for size in sizes)
    placed = [
        ((at + 0.5) / size, number, one * min(sizes) / size)
        for number, (differences, size) in enumerate(zip(tasks, sizes, strict=True))
        for at, one in enumerate(differences)
    ]
    return [one for _, _, one in sorted(placed)], scale


def _cautious(found: Comparison, tasks: Sequence[Sequence[float]], margin: float, level: float) -> Comparison:
    """`found` of the mean over `tasks`, or the larger p of it and of Tango's variance task by task.

    In a task where few problems differ the spread is hardly seen, however many do in the others; and the fewer its
    problems, the more it adds to the mean's. Tango's variance is the one that goes with a drop of `margin` in each.
    """
    if all(sum(one != 0 for one in differences) >= FEW for differences in tasks):
        return found
    variance = 0.0
    for differences in tasks:
        gains, losses = (math.fsum(max(0.0, sign * one) for one in differences) for sign in (1, -1))
        variance += tango_variance(gains, losses, len(differences), margin)
    by_task = student(found.value, math.sqrt(variance) / len(tasks), math.inf, margin, level, found.n, "Tango by task")
    return larger_p(by_task, found)


def _scaled(found: Comparison, scale: float) -> Comparison:
    if scale == 1:
        return found
    low, high = (None if end is None else end * scale for end in (found.low, found.high))
    return replace(found, value=found.value * scale, low=low, high=high)
