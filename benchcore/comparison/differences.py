"""Runs beside each other, figure by figure: what each has over the baseline, and which one is the best."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from benchcore.comparison.arms import Arm, Contrast, alone, contrast, figures
from benchcore.comparison.sides import Side
from benchcore.records import Figure, is_loss
from benchcore.stats.multiple import holm
from benchcore.stats.paired import Comparison

ALPHA = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one run, or a recipe's runs together, came to in a `Contest`.

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
    """One figure of one task: a `Result` for each row, in their order; the best was tested with `rivals` others."""

    task: str
    figure: str
    results: tuple[Result, ...]
    rivals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparisons:
    """Runs that were compared, the baseline's first where there is one, and all that was found.

    `baseline` is the label of the run or recipe that is it, `defenders` those of its runs. `arms` are the rows of a
    table in which runs that differ in the seed alone stand together, and `over_seeds` are the contests between them;
    both are empty where no recipe has several seeds.
    `curves` are (label of a run or arm, task, figure) -> what the curve that ends there comes to: its mean, then its
    speed-ups. `steps` are series -> the number of its checkpoints that were given. `across` are the settings that were
    allowed to differ. `subsets` is what the corpus is read from that problems are similar to, empty where all stand
    together. `absent` are tasks that were asked for and that no run has; `unfinished` are runs that were left out.
    """

    runs: tuple[Side, ...]
    baseline: str | None
    contests: tuple[Contest, ...]
    defenders: tuple[str, ...] = ()
    arms: tuple[Arm, ...] = ()
    over_seeds: tuple[Contest, ...] = ()
    curves: Mapping[tuple[str, str, str], tuple[Figure, ...]] = field(default_factory=dict)
    steps: Mapping[str, int] = field(default_factory=dict)
    across: tuple[str, ...] = ()
    subsets: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()

    @property
    def comparable(self) -> bool:
        """Whether any run could be compared with the baseline."""
        return any(result.difference for contest in (*self.contests, *self.over_seeds) for result in contest.results)


def contests(
    rows: Sequence[Side | Arm],
    tasks: Iterable[str],
    *,
    baseline: bool,
    across: Collection[str] = (),
    only: Collection[str] = (),
    partners: Mapping[str, str | None] | None = None,
) -> tuple[Contest, ...]:
    """Every figure of each of `tasks`, or those in `only`; with `baseline` the first of `rows` is it.

    Figures of single groups are not compared.
    Shown are the rows that compare with the baseline; where there is none, or it has no such figure, the most rows
    that compare with each other. `partners` are row -> the one that it is compared with instead of the first, or None
    where it has no partner. Settings named in `across` may differ. All differences are corrected together by Holm's
    rule, and so are all tests of a best row against another: a row is best where all of its own are at most 5 %,
    two-sided.
    """
    arms = [row if isinstance(row, Arm) else alone(row) for row in rows]
    named = {arm.label: arm for arm in arms}
    against: dict[str, Arm | None] = dict.fromkeys(named, arms[0] if baseline and arms else None)
    against |= {label: None if other is None else named[other] for label, other in (partners or {}).items()}
    found = [
        _measure(arms, task, figure, across, against if baseline else {})
        for task in tasks
        for figure in dict.fromkeys(name for arm in arms for name in figures(arm, task))
        if not only or figure in only
    ]
    differences = iter(holm([gain.p for one in found for gain in one.gains.values()]))
    leads = iter(holm([p for one in found for p in one.leads]))
    return tuple(_judged(one, arms, differences, leads) for one in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """A contest before correction: gains over the baseline, and the p-values of the best against each other row."""

    task: str
    figure: str
    reasons: Mapping[str, str]
    hidden: Collection[str]
    gains: Mapping[str, Comparison]
    best: str
    leads: Sequence[float]


def _measure(
    arms: Sequence[Arm], task: str, figure: str, across: Collection[str], against: Mapping[str, Arm | None]
) -> _Measured:
    def between(arm: Arm, other: Arm) -> Contrast | str:
        return contrast(arm, other, task, figure, across)

    groups: list[list[Arm]] = []
    having = [arm for arm in arms if figure in figures(arm, task)]
    for arm in having:
        group = next((group for group in groups if not isinstance(between(arm, group[0]), str)), None)
        if group is None:
            groups.append([arm])
        else:
            group.append(arm)
    shown = groups[0] if against and having[0] is arms[0] else max(groups, key=len)
    reasons, gains = {}, {}
    for arm in arms:
        other = against.get(arm.label)
        if arm not in having:
            reasons[arm.label] = f"{arm.label} has no {figure} of it"
        elif arm not in shown:
            reasons[arm.label] = str(between(arm, shown[0]))
        elif against and other is None:
            reasons[arm.label] = "the baseline has no run of its seed"
        elif other is not None and other is not arm:
            met = between(arm, other)
            if isinstance(met, str):
                reasons[arm.label] = met
            else:
                gains[arm.label] = met.compare()
    best, *rest = sorted(shown, key=lambda arm: _rank(arm, task, figure))
    return _Measured(
        task=task,
        figure=figure,
        reasons=reasons,
        hidden={arm.label for arm in arms if arm not in shown},
        gains=gains,
        best=best.label,
        leads=[_lead(between(best, other)) for other in rest],
    )


def _lead(met: Contrast | str) -> float:
    """The p-value of the best row's lead; 1 where on the problems that both have there is none."""
    if isinstance(met, str):
        return 1.0
    found = met.compare()
    return found.p if found.value > 0 else 1.0


def _rank(arm: Arm, task: str, figure: str) -> float:
    value = figures(arm, task)[figure].value
    if value is None:
        return float("inf")
    return value if is_loss(figure) else -value


def _judged(one: _Measured, arms: Sequence[Arm], differences: Iterator[float], leads: Iterator[float]) -> Contest:
    ps = dict(zip(one.gains, islice(differences, len(one.gains)), strict=True))
    leading = list(islice(leads, len(one.leads)))
    best = one.best if leading and max(leading) <= ALPHA else None
    results = (
        Result(
            run=arm.label,
            figure=None if arm.label in one.hidden else figures(arm, one.task)[one.figure],
            difference=_difference(one.figure, one.gains[arm.label]) if arm.label in one.gains else None,
            p=ps.get(arm.label),
            reason=one.reasons.get(arm.label, ""),
            best=arm.label == best,
        )
        for arm in arms
    )
    return Contest(task=one.task, figure=one.figure, results=tuple(results), rivals=len(leading))


def _difference(figure: str, gain: Comparison) -> Figure:
    value, low, high = gain.value, gain.low, gain.high
    if is_loss(figure):  # a gain is how much lower it is
        value, low, high = 0.0 - value, None if high is None else 0.0 - high, None if low is None else 0.0 - low
    return Figure(name=figure, value=value, n=gain.n, low=low, high=high, method=gain.method)
