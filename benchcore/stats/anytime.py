"""Looking after every problem: tests against a margin that hold however often one looks and whenever one stops.

Each weighs evidence for a pass (against "a drop of the margin or more") and for a fail (against "of the margin or
less") as a capital: a bet against a true hypothesis ever multiplies it by 1/alpha with a chance of at most alpha.
Evidence is the natural logarithm of that capital. The problems must come in a random order.

| function | about | exact | for |
|---|---|---|---|
| `asymptotic` | the ability that the problems sample | nearly, from 100 problems | averaged scores, any range |
| `betting` | the same | yes | right and wrong; differences in [-1, 1] |
| `without_replacement` | the mean that this run will end with | yes | differences in [-1, 1] |

Differences are paired as in `paired`. The functions of evidence take many runs at once, one a row.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from benchcore.stats.paired import FEW

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

BURN_IN = 100  # with 30, half a percent of runs passed at five times the margin
# What is staked, in standard errors of the whole run: a drop that it could just show, and ones it shows at once.
STAKES = (1.0, 2.0, 4.0, 8.0, 16.0)
MOST = 0.9  # of the stake that one problem could lose entirely
PRIOR = 4, 0.25  # problems, and their mean squared difference, that stand for the first ones' unknown spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Anytime:
    """The verdict and after how many problems it fell: once fallen it stands; None and all `n` while there is none.

    `value` is the mean difference of all `n` problems handed over, `low` and `high` its two-sided interval of level
    1 - 2 alpha, which holds at all times together, or None where the method has none. `p_pass` and `p_fail` are
    anytime-valid p-values as in `paired.Comparison`: the smallest of all looks so far.
    """

    verdict: Literal["pass", "fail"] | None
    at: int
    value: float
    low: float | None
    high: float | None
    p_pass: float
    p_fail: float
    n: int
    method: str


def asymptotic(differences: Sequence[float], margin: float, planned: int, alpha: float = 0.05) -> Anytime:
    """The asymptotic confidence sequence of the mean difference, against a drop of `margin`.

    It is tightest after a quarter of the `planned` problems, which may be more or fewer than come; it decides
    nothing in the first 100. Raises `ValueError` as `asymptotic_evidence` does, and when there is no difference.
    """
    x = _checked(differences)
    result = _settle(x, asymptotic_evidence(x, margin, planned, alpha), alpha, "asymptotic confidence sequence")
    n, variance = len(x), float(_variance(x, margin)[-1])
    if n < BURN_IN or not math.isfinite(variance):
        return result
    square = _rho_squared(planned, alpha)
    scale = 1 + n * square
    half = math.sqrt(variance * 2 * scale / square * math.log1p(math.sqrt(scale) / (2 * alpha))) / n
    return replace(result, low=result.value - half, high=result.value + half)


def betting(differences: Sequence[float], margin: float, planned: int, alpha: float = 0.05) -> Anytime:
    """The betting test of the mean difference, exact for differences in [-1, 1], against a drop of `margin`.

    Raises `ValueError` as `betting_evidence` does, when there is no difference, and on an alpha not in (0, 0.5).
    """
    x = _checked(differences)
    return _settle(x, betting_evidence(x, margin, planned), alpha, "betting")


def without_replacement(differences: Sequence[float], margin: float, n: int, alpha: float = 0.02) -> Anytime:
    """Will the mean difference of all `n` problems be a drop of at most `margin`? Exact, from the first ones on.

    For the estimand "the score on just this list of problems, as run". It always decides, at the latest when the
    rest can no longer change the verdict, and contradicts the full run in at most `alpha` of random orders: in well
    under 1 % with the default. Of a rerun with other samples it says nothing. A drop of just the margin passes.
    Raises `ValueError` as `without_replacement_evidence` does, when there is no difference, and on an alpha not in
    (0, 0.5).
    """
    x = _checked(differences)
    return _settle(x, without_replacement_evidence(x, margin, n), alpha, f"betting without replacement from {n}")


def asymptotic_evidence(
    differences: "ArrayLike", margin: float, planned: int, alpha: float = 0.05
) -> tuple["Array", "Array"]:
    """The evidence for a pass and for a fail after each of `differences` (last axis: the order they came in).

    As the one-sided sequence of the source, with its tightest place after a quarter of `planned`. While under 20
    differences are not 0, the variance is at least margin (1 - margin), the least that right and wrong can have with
    a drop of `margin`: seeing no difference yet is not evidence that there is none.
    Raises `ValueError` on a negative margin, planned < 1, or alpha not in (0, 0.5).
    Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024, Annals of Statistics 52:2613, appendix B.
    """
    import numpy as np

    _check(margin, planned, alpha)
    x = np.asarray(differences, dtype=float)
    t, total = np.arange(1, x.shape[-1] + 1), (x + margin).cumsum(axis=-1)
    square = _rho_squared(planned, alpha)
    scale = 1 + t * square
    with np.errstate(divide="ignore"):
        raised = np.minimum(total**2 / _variance(x, margin) * square / (2 * scale), 700)
        evidence = np.log(2 * np.expm1(raised)) - np.log(scale) / 2
    evidence[..., : BURN_IN - 1] = -np.inf
    return np.where(total > 0, evidence, -np.inf), np.where(total < 0, evidence, -np.inf)


def betting_evidence(differences: "ArrayLike", margin: float, planned: int) -> tuple["Array", "Array"]:
    """The evidence for a pass and for a fail after each of `differences` in [-1, 1] (last axis: their order).

    Five stakes are held at once with equal shares of the capital: multiples of 1 / (s sqrt(planned)), where s^2 is
    the mean squared difference of those before. Any stake that looks back only is exact, whatever `planned` is.
    Raises `ValueError` on a difference outside [-1, 1], a margin that is not in [0, 1), or planned < 1.
    Source: Waudby-Smith and Ramdas 2024, JRSS B 86:1.
    """
    import numpy as np

    _check(margin, planned)
    x = _bounded(differences, margin)
    stakes = 1 / np.sqrt(_squares_before(x) * planned)
    rise = x + margin
    return _capital(rise, stakes, MOST / (1 - margin)), _capital(-rise, stakes, MOST / (1 + margin))


def without_replacement_evidence(differences: "ArrayLike", margin: float, n: int) -> tuple["Array", "Array"]:
    """The evidence about the mean of all `n` differences, after each of those that came (last axis: their order).

    If the full mean were -margin, the next difference's expectation would be what is missing over the number of
    those left: it is bet against that, with the stakes of `betting_evidence` times n over those left. Infinite where
    the rest can no longer change the verdict.
    Raises `ValueError` on a difference outside [-1, 1], more than n of them, or a margin that is not in [0, 1).
    Source: Waudby-Smith and Ramdas 2020, Confidence sequences for sampling without replacement, arXiv 2006.04347.
    """
    import numpy as np

    _check(margin, n)
    x = _bounded(differences, margin)
    if x.shape[-1] > n:
        raise ValueError(f"there are {n} problems, got {x.shape[-1]} differences")
    left = n - np.arange(x.shape[-1])
    after = x.cumsum(axis=-1)
    expected = (-margin * n - (after - x)) / left
    stakes = 1 / np.sqrt(_squares_before(x) * n) * (n / left)
    settled = 1e-9  # the sums are of rounded numbers
    for_pass, for_fail = (
        _capital(sign * (x - expected), stakes, MOST / np.maximum(1 + sign * expected, settled)) for sign in (1, -1)
    )
    for_pass[after - (left - 1) >= -margin * n - settled] = np.inf
    for_fail[after + (left - 1) < -margin * n - settled] = np.inf
    return for_pass, for_fail


def _variance(x: "Array", margin: float) -> "Array":
    """The variance of the differences so far, after each; infinite where they do not differ from each other."""
    import numpy as np

    t, centred = np.arange(1, x.shape[-1] + 1), x + margin
    squares, total = (centred**2).cumsum(axis=-1), centred.cumsum(axis=-1)
    variance = np.maximum(squares - total**2 / t, 0) / np.maximum(t - 1, 1)
    few = (x != 0).cumsum(axis=-1) < FEW
    variance = np.where(few, np.maximum(variance, margin * (1 - margin)), variance)
    return np.where(variance > 1e-12 * squares / t, variance, np.inf)


def _capital(rise: "Array", stakes: "Array", most: "Array | float") -> "Array":
    """The logarithm of the mean capital of all `STAKES`, each times `stakes` and at most `most`, on `rise`."""
    import numpy as np

    capital = np.full(rise.shape, -np.inf)
    for factor in STAKES:
        gain = 1 + np.minimum(factor * stakes, most) * rise
        capital = np.logaddexp(capital, np.log(np.maximum(gain, 1e-12)).cumsum(axis=-1))
    return capital - math.log(len(STAKES))


def _squares_before(x: "Array") -> "Array":
    """The mean square of those before each, with the prior's."""
    import numpy as np

    number, mean = PRIOR
    before = (x**2).cumsum(axis=-1) - x**2
    return (number * mean + before) / (number + np.arange(x.shape[-1]))


def _settle(x: "Array", evidence: tuple["Array", "Array"], alpha: float, method: str) -> Anytime:
    import numpy as np

    _check(0.0, 1, alpha)
    firsts = [int(hits[0]) if len(hits := np.flatnonzero(side >= -math.log(alpha))) else len(x) for side in evidence]
    verdict: Literal["pass", "fail"] | None = None
    if min(firsts) < len(x):
        verdict = "pass" if firsts[0] < firsts[1] else "fail"
    p_pass, p_fail = (min(1.0, math.exp(-max(0.0, float(side.max())))) for side in evidence)
    return Anytime(
        verdict=verdict,
        at=min(min(firsts) + 1, len(x)),
        value=math.fsum(x) / len(x),
        low=None,
        high=None,
        p_pass=p_pass,
        p_fail=p_fail,
        n=len(x),
        method=method,
    )


def _rho_squared(planned: int, alpha: float) -> float:
    """The sequence's parameter, squared, that makes it tightest after a quarter of `planned`."""
    two_sided = -2 * math.log(2 * alpha)
    return (two_sided + math.log1p(two_sided)) / max(1.0, planned / 4)


def _checked(differences: Sequence[float]) -> "Array":
    import numpy as np

    x = np.asarray(differences, dtype=float)
    if x.ndim != 1 or not len(x) or not np.isfinite(x).all():
        raise ValueError("at least one difference is needed, and all of them finite")
    return x


def _bounded(differences: "ArrayLike", margin: float) -> "Array":
    import numpy as np

    x = np.asarray(differences, dtype=float)
    if not (np.abs(x) <= 1).all():
        raise ValueError("differences must be in [-1, 1]; for others use the asymptotic sequence")
    if not margin < 1:
        raise ValueError(f"margin must be in [0, 1), got {margin}")
    return x


def _check(margin: float, planned: int, alpha: float = 0.05) -> None:
    if not margin >= 0 or planned < 1 or not 0 < alpha < 0.5:
        raise ValueError(
            f"margin >= 0, at least 1 problem and 0 < alpha < 0.5 are needed, got {margin}, {planned}, {alpha}"
        )
