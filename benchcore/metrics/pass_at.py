"""pass@k: the chance that at least one of k samples of a problem is right."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchcore.errors import ConfigError
from benchcore.metrics.rates import rate_figure, scored
from benchcore.records import Figure, Grade, Part

DEFAULT_KS = (1, 10, 100)


def pass_at_k(n: int, c: int, k: int) -> float:
    """The unbiased estimate of pass@k from `n` samples of which `c` are right.

    1 - C(n-c, k) / C(n, k): the share of the k-subsets of the samples that hold a right one. The relative error
    is below 1e-14 for n up to 100,000.
    Raises `ValueError` when a number is negative, or c or k is larger than n.
    Source: Chen et al. 2021, arXiv 2107.03374, eq. 1.
    """
    if min(n, c, k) < 0:
        raise ValueError(f"n, c and k must not be negative, got n={n}, c={c}, k={k}")
    if c > n:
        raise ValueError(f"c={c} right samples cannot come from n={n}")
    if k > n:
        raise ValueError(f"pass@{k} cannot be estimated from n={n} samples")
    if n - c < k:
        return 1.0
    if min(c, k) == 0:
        return 0.0
    return -math.expm1(_log_share(n, c, k))


def pass_at_k_variance(n: int, c: int, k: int) -> float:
    """The unbiased estimate of the variance of `pass_at_k(n, c, k)` over reruns of one problem's `n` samples.

    f^2 - C(n-c, 2k) / C(n, 2k) with f = C(n-c, k) / C(n, k): the second term is the unbiased estimate of the square
    of what f estimates, and never the larger.
    Raises `ValueError` as `pass_at_k` does, and where n < 2 k, which leaves the variance unknown.
    """
    pass_at_k(n, c, k)
    if n < 2 * k:
        raise ValueError(f"the variance of pass@{k} needs n={2 * k} samples, got n={n}")
    if min(c, k) == 0 or n - c < k:
        return 0.0
    square, both = 2 * _log_share(n, c, k), -math.inf if n - c < 2 * k else _log_share(n, c, 2 * k)
    # e^square - e^both: the plain difference of two numbers near 1 would lose digits
    return -math.exp(square) * math.expm1(both - square)


def fixed_list_error(counts: Sequence[tuple[int, int]], k: int) -> float:
    """The standard error of pass@k on this very list of problems, over reruns: (n, c) samples and right ones of each.

    Over problems as a sample of others take `intervals.t_interval` of their estimates, which holds this part already.
    Raises `ValueError` as `pass_at_k_variance` does, and when there is no problem.
    """
    if not counts:
        raise ValueError("a standard error needs at least one problem, got none")
    return math.sqrt(math.fsum(pass_at_k_variance(n, c, k) for n, c in counts)) / len(counts)


def _log_share(n: int, c: int, k: int) -> float:
    """The logarithm of C(n-c, k) / C(n, k), the share of the k-subsets that hold none of the c right ones: n-c >= k."""
    # C(n-c, k) / C(n, k) = C(n-k, c) / C(n, c), so the shorter of the two products will do: of 1 - most / (n-i)
    # for i below fewest. Summed as logarithms it neither underflows nor cancels where the result is small.
    fewest, most = min(c, k), max(c, k)
    return math.fsum(math.log1p(-most / (n - i)) for i in range(fewest))


@dataclass(frozen=True, slots=True, kw_only=True)
class PassAt:
    """pass@k for each k of `ks`; with none, for those of 1, 10 and 100 that the trials allow."""

    ks: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for k in self.ks:
            if isinstance(k, bool) or not isinstance(k, int) or k < 1:
                raise ConfigError(f"pass@k needs whole numbers of 1 or more for k, got {k!r}")
        if len(set(self.ks)) < len(self.ks):
            raise ConfigError(f"pass@k has a k twice: {', '.join(map(str, self.ks))}")

    @property
    def trials(self) -> int:
        """The largest k asked for: pass@k cannot be estimated from fewer than k trials."""
        return max(self.ks, default=1)

    def __str__(self) -> str:
        return ", ".join(f"pass@{k}" for k in self.ks) or "pass@k"

    def figures(self, grades: Sequence[Sequence[Grade]], group: str | None) -> tuple[Figure, ...]:
        """A figure "pass@k" for each k over the problems `grades`, each a sequence of its trials' grades.

        Every problem is estimated from its own number of scored trials; one with none is left out and `n`
        counts the others. With no problem left the values are None. The interval is Wilson's where
        every problem has exactly k scored trials (its estimate is then one draw of 0 or 1), else Student's t
        over the problems' estimates, clipped to [0, 1].
        Raises `ConfigError` when a k was asked for that some problem has too few scored trials for, or when a
        grade is neither 0 nor 1.
        """
        problems = [values for values in scored(grades) if values]
        figures = []
        for k, rates in self._rates(grades).items():
            binary = all(len(values) == k for values in problems)
            known = [rate for rate in rates if rate is not None]
            figures.append(rate_figure(f"pass@{k}", known, group, binary=binary))
        return tuple(figures)

    def parts(self, grades: Sequence[Sequence[Grade]]) -> Mapping[str, Sequence[Part | None]]:
        """For each k every problem's estimate, of size 1; None where no trial has a value. Raises as `figures` does."""
        return {
            f"pass@{k}": [None if rate is None else (rate, 1) for rate in rates]
            for k, rates in self._rates(grades).items()
        }

    def _rates(self, grades: Sequence[Sequence[Grade]]) -> dict[int, list[float | None]]:
        """For each k every problem's estimate, None where no trial has a value."""
        problems = scored(grades)
        _check_binary(grades)
        smallest = min((len(values) for values in problems if values), default=None)
        if smallest is None:
            return {k: [None] * len(problems) for k in self.ks or (1,)}
        if self.trials > smallest:
            raise ConfigError(
                f"pass@{self.trials} needs {self.trials} scored trials of every problem, but one has only {smallest}",
                f"use k of at most {smallest}, or grade the trials that are missing",
            )
        return {
            k: [pass_at_k(len(values), values.count(1), k) if values else None for values in problems]
            for k in self.ks or [k for k in DEFAULT_KS if k <= smallest]
        }


def pass_at(*ks: int) -> PassAt:
    """The metric pass@k for each of `ks`; without any, for the powers of ten up to 100 that the trials allow.

    Raises `ConfigError` when a k is below 1 or given twice.
    """
    return PassAt(ks=ks)


def _check_binary(grades: Sequence[Sequence[Grade]]) -> None:
    for trials in grades:
        for grade in trials:
            if grade.value is not None and grade.value not in (0, 1):
                raise ConfigError(
                    f"pass@k needs grades of 0 or 1, but the grader {grade.grader} gave {grade.value}",
                    "use accuracy() for partial credit",
                )
