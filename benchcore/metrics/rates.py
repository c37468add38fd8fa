"""Accuracy, and the figure of any rate over problems."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from benchcore.errors import ConfigError
from benchcore.records import Figure, Grade, Part
from benchcore.stats.intervals import t_interval, wilson

WILSON = "Wilson 95 %"
T_OVER_PROBLEMS = "t over problems 95 %"
ONE_PROBLEM = "one problem, no interval"
NONE_SCORED = "no problem scored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """The mean grade over problems, in [0, 1]; a problem with several trials counts with their mean.

    `chance` is what a guess scores: of every problem, or of each group. Raises `ConfigError` where it is not in [0, 1].
    """

    chance: float | Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        given = self.chance.values() if isinstance(self.chance, Mapping) else [self.chance]
        if isinstance(self.chance, Mapping) and not self.chance:
            raise ConfigError("the chance of a guess is given for no group")
        for chance in given:
            if chance is not None and not 0 <= chance <= 1:
                raise ConfigError(f"the chance of a guess is in [0, 1], got {chance}")

    @property
    def trials(self) -> int:
        """One trial is enough."""
        return 1

    def __str__(self) -> str:
        return "accuracy"

    def figures(self, grades: Sequence[Sequence[Grade]], group: str | None) -> tuple[Figure, ...]:
        """One figure "accuracy" over the problems `grades`, each a sequence of its trials' grades.

        Trials without a value are left out, and so is a problem with none left: `n` counts the others.
        With no problem left the value is None. The interval is Wilson's where each problem has one trial
        graded 0 or 1 (or every grade is the same 0 or 1), else Student's t over the problems' means.
        The method tells the chance of a guess where it is known.
        Raises `ConfigError` when a grader gave a value outside [0, 1].
        """
        problems = [values for values in scored(grades) if values]
        means = [math.fsum(values) / len(values) for values in problems]
        binary = all(len(values) == 1 and values[0] in (0.0, 1.0) for values in problems)
        figure = rate_figure(str(self), means, group, binary=binary)
        chance = self._chance(group)
        if chance is None or figure.value is None:
            return (figure,)
        return (replace(figure, method=f"{figure.method}; chance {100 * chance:.3g} %"),)

    def parts(self, grades: Sequence[Sequence[Grade]]) -> Mapping[str, Sequence[Part | None]]:
        """Each problem's mean grade, of size 1; None where no trial has a value. Raises as `figures` does."""
        return {
            str(self): [(math.fsum(values) / len(values), 1) if values else None for values in scored(grades)],
        }

    def _chance(self, group: str | None) -> float | None:
        if not isinstance(self.chance, Mapping):
            return self.chance
        if group is None:
            return math.fsum(self.chance.values()) / len(self.chance)
        return self.chance.get(group)


def accuracy(chance: float | Mapping[str, float] | None = None) -> Accuracy:
    """The metric "accuracy": mean grade over problems with its 95 % interval.

    `chance` is what a guess scores, told beside the interval: of every problem, or group -> chance. That of the whole
    task is then the mean over the groups, which must have equally many problems.
    """
    return Accuracy(chance=chance)


def scored(grades: Sequence[Sequence[Grade]]) -> list[list[float]]:
    """The values of each problem's trials; those whose value is None are left out.

    Raises `ConfigError` naming the grader that gave a value outside [0, 1] or not a number.
    """
    problems: list[list[float]] = []
    for trials in grades:
        values = []
        for grade in trials:
            if grade.value is None:
                continue
            if not 0 <= grade.value <= 1:  # False for NaN too
                raise ConfigError(f"the grader {grade.grader} gave the value {grade.value}, which is not in [0, 1]")
            values.append(grade.value)
        problems.append(values)
    return problems


def rate_figure(name: str, rates: Sequence[float], group: str | None, *, binary: bool) -> Figure:
    """The figure of the mean of `rates`, one in [0, 1] a problem, with its 95 % interval.

    `binary` says that each rate is one draw of 0 or 1, so that Wilson's interval holds. It is also taken
    where all rates are 0 or all are 1: Student's t would claim certainty there, and Wilson's is safe
    because no variable in [0, 1] is 0 (or 1) throughout more often than a binary one of the same mean.
    """
    n = len(rates)
    if n == 0:
        return Figure(name=name, value=None, n=0, low=None, high=None, method=NONE_SCORED, group=group)
    low: float | None
    high: float | None
    if binary or max(rates) == 0 or min(rates) == 1:
        successes = sum(rate == 1 for rate in rates)
        low, high = wilson(successes, n)
        return Figure(name=name, value=successes / n, n=n, low=low, high=high, method=WILSON, group=group)
    value, low, high = t_interval(rates, rates=True)
    method = ONE_PROBLEM if low is None else T_OVER_PROBLEMS
    return Figure(name=name, value=value, n=n, low=low, high=high, method=method, group=group)
