"""Two training recipes by their curves: what is read off the curve of each run, compared over documents or seeds.

What is read is the mean over a range (the AUC), or the value at one number of tokens. A speed-up of at least s is the
second: the candidate at t tokens is no worse than the baseline at s t. That is a difference of two values, where the
ratio of tokens to a target has no value once the target is not reached.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from benchcore.comparison.pairs import Pairs
from benchcore.records import Part, is_loss
from benchcore.stats.binary import tango, tango_interval
from benchcore.stats.curves import Points, auc, common_range, value_at, weights
from benchcore.stats.paired import FEW, Comparison
from benchcore.stats.unpaired import welch

DIGITS = 9  # the shares have more

Read = Callable[[Points], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One training run: `parts[i]` has what each document added to the figure after `at[i]` tokens or steps.

    `at` is increasing; the documents are the same, in the same order, everywhere.
    """

    series: str
    at: Sequence[int]
    parts: Sequence[Sequence[Part]]

    @property
    def points(self) -> list[tuple[float, float]]:
        """(tokens or steps, the figure there)."""
        return [
            (at, sum(amount for amount, _ in parts) / sum(size for _, size in parts))
            for at, parts in zip(self.at, self.parts, strict=True)
        ]

    def collapsed(self, shares: Sequence[float]) -> list[Part]:
        """What each document adds to the figures' sum with these `shares`: it is the sum of amounts over sizes.

        Where the sides did alike on a document, rounding must not make up a difference: tests count those.
        """
        return [
            (round(sum(share * amount for share, (amount, _) in zip(shares, parts, strict=True)), DIGITS), parts[0][1])
            for parts in zip(*self.parts, strict=True)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverDocuments:
    """What is read off the curves of these very training runs; `pairs` has what each document adds to it."""

    pairs: Pairs
    where: str

    def values(self) -> tuple[float, float]:
        """The reading of the candidate and of the baseline."""
        return self.pairs.values()

    def compare(self, margin: float = 0.0, level: float = 0.95) -> Comparison:
        """The candidate's gain, whose error knows of the documents alone. Raises as `Pairs.compare`."""
        found = self.pairs.compare(margin, level)
        if not is_loss(self.pairs.figure):
            found = self._cautious(found, margin, level)
        return replace(found, method=f"{found.method}, of these training runs; {self.where}")

    def _cautious(self, found: Comparison, margin: float, level: float) -> Comparison:
        """`found`, or with Tango's test the larger p of both, where the problems' differences add up to under `FEW`.

        A cubic between points makes small differences of many problems, in which t does not see that a whole one,
        of a problem that only one side has right, just did not happen.
        """
        gains = sum(gain for gain in self.pairs.gains if gain > 0)
        losses = -sum(gain for gain in self.pairs.gains if gain < 0)
        if gains + losses >= FEW or found.low is None or found.high is None or "Tango" in found.method:
            return found
        low, high = tango_interval(gains, losses, found.n, level)
        return replace(
            found,
            low=min(low, found.low),
            high=max(high, found.high),
            p_pass=max(tango(gains, losses, found.n, margin), found.p_pass),
            p_fail=max(tango(losses, gains, found.n, -margin), found.p_fail),
            method=f"larger p of Tango and {found.method}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OverSeeds:
    """What is read off the curve of each training run of two recipes, on the same documents."""

    figure: str
    candidate: Sequence[float]
    baseline: Sequence[float]
    where: str

    def values(self) -> tuple[float, float]:
        """The mean reading of the candidate's runs and of the baseline's."""
        new, old = (sum(side) / len(side) for side in (self.candidate, self.baseline))
        return new, old

    def compare(self, margin: float = 0.0, level: float = 0.95) -> Comparison:
        """The candidate's gain, whose error is the spread among runs. Raises as `welch`."""
        sides = (self.baseline, self.candidate) if is_loss(self.figure) else (self.candidate, self.baseline)
        found = welch(*sides, margin, level)
        return replace(found, method=f"{found.method}; {self.where}")


Readings = OverDocuments | OverSeeds


def means(
    candidate: Sequence[Line], baseline: Sequence[Line], figure: str, unit: str, *, over_seeds: bool
) -> Readings | str:
    """The mean of `figure` over log tokens (or steps, as `unit` says) in the range that all lines have.

    The reason where they have none.
    """
    span = common_range([line.points for line in (*candidate, *baseline)])
    if span is None:
        return f"the curves have no range of {unit} in common"
    low, high = span

    def read(points: Points) -> float:
        return auc(points, axis="log_tokens", low=low, high=high)

    where = f"PCHIP, {low:.3g} to {high:.3g} {unit}"
    return _readings(candidate, baseline, figure, (read, read), where, over_seeds=over_seeds)


def paces(
    candidate: Sequence[Line], baseline: Sequence[Line], figure: str, unit: str, speed_up: float, *, over_seeds: bool
) -> Readings | str:
    """`figure` of the candidate at t tokens (or steps) and of the baseline at `speed_up` times t, t as large as known.

    Where the candidate was trained for long enough that is where the baseline ends. The reason where there is no t.
    """
    budgets = stands(candidate, baseline, speed_up)
    if budgets is None:
        return (
            f"there is no number of {unit} at which the candidate is known, and at {speed_up:g} times which the"
            " baseline is"
        )
    here, there = budgets
    reads = (lambda points: value_at(points, here)), (lambda points: value_at(points, there))
    where = f"PCHIP, at {here:.3g} {unit} against {there:.3g}"
    return _readings(candidate, baseline, figure, reads, where, over_seeds=over_seeds)


def stands(candidate: Sequence[Line], baseline: Sequence[Line], speed_up: float) -> tuple[float, float] | None:
    """Where `paces` reads the candidate, and where the baseline; None where there is no such place."""
    new_low, new_high = _known(candidate)
    old_low, old_high = _known(baseline)
    here = min(new_high, old_high / speed_up)
    there = min(old_high, speed_up * here)  # no further by rounding
    return None if here < new_low or there < old_low else (here, there)


def _known(lines: Sequence[Line]) -> tuple[int, int]:
    return max(line.at[0] for line in lines), min(line.at[-1] for line in lines)


def _readings(
    candidate: Sequence[Line],
    baseline: Sequence[Line],
    figure: str,
    reads: tuple[Read, Read],
    where: str,
    *,
    over_seeds: bool,
) -> Readings:
    sides = tuple(zip((candidate, baseline), reads, strict=True))
    if over_seeds:
        new, old = ([read(line.points) for line in lines] for lines, read in sides)
        return OverSeeds(figure=figure, candidate=new, baseline=old, where=where)
    # alike for both sides where the points are: then a problem on which they never differ adds to neither
    alike: dict[tuple[Read, tuple[int, ...]], list[Points]] = {}
    for lines, read in sides:
        for line in lines:
            alike.setdefault((read, tuple(line.at)), []).append(line.points)
    shares = {key: weights(drawn, key[0]) for key, drawn in alike.items()}
    mine, theirs = (_mean([line.collapsed(shares[read, tuple(line.at)]) for line in lines]) for lines, read in sides)
    return OverDocuments(pairs=Pairs(figure=figure, candidate=mine, baseline=theirs), where=where)


def _mean(runs: Sequence[Sequence[Part]]) -> list[Part]:
    """What each document adds to the mean over runs."""
    return [(sum(amount for amount, _ in parts) / len(runs), parts[0][1]) for parts in zip(*runs, strict=True)]
