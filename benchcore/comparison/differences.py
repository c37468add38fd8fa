"""Runs beside each other, figure by figure: what each has over the baseline, and which one is the best."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from benchcore.comparison.pairs import Pairs, pair, shared_figures, unlike
from benchcore.comparison.sides import Side
from benchcore.records import Figure, is_loss
from benchcore.stats.multiple import holm
from benchcore.stats.paired import Comparison

ALPHA = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one run came to in a `Contest`.

    `figure` is the run's own; None where it does not compare with those that are shown, or where there is none.
    `difference` is the run's value less the baseline's on the problems that both have, with its 95 % interval, in the
    unit of the figure: for a loss less than 0 is better. `p` is its two-sided p-value, corrected for all differences.
    `reason` says why there is no `figure` or, beside one, no `difference` although there is a baseline.
    `best`: significantly better than every other run that is shown.
    """

    run: str
    figure: Figure | None
    difference: Figure | None = None
    p: float | None = None
    reason: str = ""
    best: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """One figure of one task: a `Result` for each run, in their order; the best was tested with `rivals` others."""

    task: str
    figure: str
    results: tuple[Result, ...]
    rivals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparisons:
    """Runs that were compared, `baseline` (its label) first where there is one, and all that was found.

    `curves` are (label, task, figure) -> what the curve that ends in this run comes to: its means, then its speed-up.
    `steps` are series -> the number of its checkpoints that were given. `across` are the settings that were allowed
    to differ. `absent` are tasks that were asked for and that no run has; `unfinished` are runs that were left out.
    """

    runs: tuple[Side, ...]
    baseline: str | None
    contests: tuple[Contest, ...]
    curves: Mapping[tuple[str, str, str], tuple[Figure, ...]] = field(default_factory=dict)
    steps: Mapping[str, int] = field(default_factory=dict)
    across: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()

    @property
    def comparable(self) -> bool:
        """Whether any run could be compared with the baseline."""
        return any(result.difference for contest in self.contests for result in contest.results)


def contests(
    sides: Sequence[Side], tasks: Iterable[str], *, baseline: bool, across: Collection[str] = ()
) -> tuple[Contest, ...]:
    """Every figure of each of `tasks`, those of single groups aside; with `baseline` the first of `sides` is it.

    Shown are the runs that compare with the baseline; where there is none, or it has no such figure, the most runs
    that compare with each other. Settings named in `across` may differ. All differences are corrected together by
    Holm's rule, and so are all tests of a best run against another: a run is best where all of its own are at most
    5 %, two-sided.
    """
    found = [
        _measure(sides, task, figure, across, baseline=baseline)
        for task in tasks
        for figure in dict.fromkeys(name for side in sides for name in _figures(side, task))
    ]
    differences = iter(holm([gain.p for one in found for gain in one.gains.values()]))
    leads = iter(holm([p for one in found for p in one.leads]))
    return tuple(_judged(one, sides, differences, leads) for one in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """A contest before correction: gains over the baseline, and the p-values of the best against each other run."""

    task: str
    figure: str
    reasons: Mapping[str, str]
    hidden: Collection[str]
    gains: Mapping[str, Comparison]
    best: str
    leads: Sequence[float]


def _measure(sides: Sequence[Side], task: str, figure: str, across: Collection[str], *, baseline: bool) -> _Measured:
    def pairs(side: Side, other: Side) -> Pairs | str:
        if reason := unlike(side, other, task, across):
            return reason
        if figure not in shared_figures(side, other, task):
            without = other if figure in side.outcomes[task].figures else side
            return f"{without.label} has no {figure} of each problem"
        return pair(side, other, task, figure)

    groups: list[list[Side]] = []
    having = [side for side in sides if figure in _figures(side, task)]
    for side in having:
        group = next((group for group in groups if isinstance(pairs(side, group[0]), Pairs)), None)
        if group is None:
            groups.append([side])
        else:
            group.append(side)
    against = sides[0] if baseline else None
    shown = groups[0] if having[0] is against else max(groups, key=len)
    reasons, gains = {}, {}
    for side in sides:
        if side not in having:
            reasons[side.label] = f"{side.label} has no {figure} of it"
        elif side not in shown:
            reasons[side.label] = str(pairs(side, shown[0]))
        elif against is not None and side is not against:
            met = pairs(side, against)
            if isinstance(met, str):
                reasons[side.label] = met
            else:
                gains[side.label] = met.compare()
    best, *rest = sorted(shown, key=lambda side: _rank(side, task, figure))
    return _Measured(
        task=task,
        figure=figure,
        reasons=reasons,
        hidden={side.label for side in sides if side not in shown},
        gains=gains,
        best=best.label,
        leads=[_lead(pairs(best, other)) for other in rest],
    )


def _lead(met: Pairs | str) -> float:
    """The p-value of the best run's lead; 1 where on the problems that both have there is none."""
    if isinstance(met, str):
        return 1.0
    found = met.compare()
    return found.p if found.value > 0 else 1.0


def _rank(side: Side, task: str, figure: str) -> float:
    value = _figure(side, task, figure).value
    if value is None:
        return float("inf")
    return value if is_loss(figure) else -value


def _judged(one: _Measured, sides: Sequence[Side], differences: Iterator[float], leads: Iterator[float]) -> Contest:
    ps = dict(zip(one.gains, islice(differences, len(one.gains)), strict=True))
    leading = list(islice(leads, len(one.leads)))
    best = one.best if leading and max(leading) <= ALPHA else None
    results = (
        Result(
            run=side.label,
            figure=None if side.label in one.hidden else _figure(side, one.task, one.figure),
            difference=_difference(one.figure, one.gains[side.label]) if side.label in one.gains else None,
            p=ps.get(side.label),
            reason=one.reasons.get(side.label, ""),
            best=side.label == best,
        )
        for side in sides
    )
    return Contest(task=one.task, figure=one.figure, results=tuple(results), rivals=len(leading))


def _difference(figure: str, gain: Comparison) -> Figure:
    value, low, high = gain.value, gain.low, gain.high
    if is_loss(figure):  # a gain is how much lower it is
        value, low, high = 0.0 - value, None if high is None else 0.0 - high, None if low is None else 0.0 - low
    return Figure(name=figure, value=value, n=gain.n, low=low, high=high, method=gain.method)


def _figures(side: Side, task: str) -> dict[str, Figure]:
    """The figures of all of a task that the run of `side` has."""
    record = next((record for record in side.record.tasks if record.task == task), None)
    return {figure.name: figure for figure in record.figures if figure.group is None} if record else {}


def _figure(side: Side, task: str, name: str) -> Figure:
    stored = _figures(side, task)[name]
    if side.repeats == 1:
        return stored
    # the record is that of the first repeat
    known = [part for part in side.outcomes[task].figures.get(name, ()) if part is not None]
    value = sum(amount for amount, _ in known) / sum(size for _, size in known) if known else None
    return Figure(name=name, value=value, n=len(known), low=None, high=None, method=f"mean of {side.repeats} repeats")
