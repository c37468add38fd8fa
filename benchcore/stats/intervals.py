"""Confidence intervals: Wilson and Clopper-Pearson for a binary rate, Student's t for a mean over problems or clusters.

scipy.special is imported inside the functions: it costs four tenths of a second, scipy.stats over a second,
and a finished run has to be on the screen before that.
"""

import math
from collections.abc import Hashable, Sequence


def wilson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """The two-sided Wilson score interval of a binomial proportion, `successes` out of `n`.

    Returns (low, high), proportions in [0, 1]. Unlike the Wald interval it keeps its level for small `n`
    and rates near 0 or 1, and is never of zero width.
    Raises `ValueError` when n < 1, successes is not in 0..n, or level is not in (0, 1).
    Source: Wilson 1927, JASA 22:209, as Brown, Cai and DasGupta 2001, Statistical Science 16:101, eq. 4.
    """
    _check_rate(successes, n, level)
    from scipy.special import ndtri  # type: ignore[import-untyped,unused-ignore]

    z = float(ndtri(0.5 + level / 2))
    p = successes / n
    shrink = 1 + z * z / n
    centre = (p + z * z / (2 * n)) / shrink
    half = z / shrink * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    # The ends are exactly 0 and 1 there; rounding would leave 1e-17 and 0.9999999999999999.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high


def clopper_pearson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """The two-sided Clopper-Pearson interval of a binomial proportion, `successes` out of `n`.

    Returns (low, high), proportions in [0, 1]. It holds the rate at least as often as `level` says, whatever the
    rate, and is wider than Wilson's for that: by exact summation 96 in 100 at 164 problems, 97 at 30.
    Raises `ValueError` as `wilson` does.
    Source: Clopper and Pearson 1934, Biometrika 26:404.
    """
    _check_rate(successes, n, level)
    from scipy.special import betaincinv  # type: ignore[import-untyped,unused-ignore]

    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - tail))
    return low, high


def t_interval(
    values: Sequence[float], level: float = 0.95, *, rates: bool = False
) -> tuple[float, float | None, float | None]:
    """The mean of `values` (one a problem) and its two-sided Student t interval.

    Returns (mean, low, high) in the unit of `values`. A single value has no spread to judge by: low and high
    are None. Values that are all equal give an interval of zero width, which is what the formula says
    and not what is known: a caller whose values are rates, all of them 0 or all 1, should use `wilson`.
    With `rates` the values must lie in [0, 1] and the interval is clipped to it.
    Raises `ValueError` when there is no value, one is not finite (or no rate), or level is not in (0, 1).
    Source: Student 1908; over problems as in Miller 2024, arXiv 2411.00640, section 2.
    """
    _check_level(level)
    n = len(values)
    if n < 1:
        raise ValueError("an interval needs at least one value, got none")
    for value in values:
        if not math.isfinite(value):
            raise ValueError(f"values must be finite, got {value}")
        if rates and not 0 <= value <= 1:
            raise ValueError(f"rates must be in [0, 1], got {value}")
    if n == 1:
        return float(values[0]), None, None
    if min(values) == max(values):
        # fsum / n could differ from the common value by rounding and so make up a spread.
        same = float(values[0])
        return same, same, same
    from scipy.special import stdtrit  # type: ignore[import-untyped,unused-ignore]

    mean = math.fsum(values) / n
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    half = float(stdtrit(n - 1, 0.5 + level / 2)) * math.sqrt(variance / n)
    low, high = mean - half, mean + half
    return (mean, max(0.0, low), min(1.0, high)) if rates else (mean, low, high)


def clustered_interval(
    values: Sequence[float], clusters: Sequence[Hashable], level: float = 0.95
) -> tuple[float, float | None, float | None]:
    """The mean of `values` and its two-sided interval where values of one cluster rise and fall together.

    `clusters` names the cluster of each value, such as the passage that several questions are about. Returns
    (mean, low, high) in the unit of `values`; a single cluster has no spread to judge by: low and high are None.
    The standard error is cluster-robust (`mean_error`), Student's t has as many degrees of freedom as there are
    clusters, less one. Under some 20 clusters, or with one that holds most values, it is too narrow.
    Raises `ValueError` as `t_interval` does, and where the lengths differ.
    """
    _check_level(level)
    mean, error, freedom = mean_error(values, clusters)
    if error is None:
        return mean, None, None
    from scipy.special import stdtrit  # type: ignore[import-untyped,unused-ignore]

    half = float(stdtrit(freedom, 0.5 + level / 2)) * error
    return mean, mean - half, mean + half


def mean_error(values: Sequence[float], clusters: Sequence[Hashable] | None = None) -> tuple[float, float | None, int]:
    """The mean of `values`, its standard error in the same unit, and the degrees of freedom of that.

    Without `clusters` the error is that of independent values. With them it is the cluster-robust one with the
    small-sample factor G/(G-1), called CR1: of the sums of residuals in each of the G clusters. The error is None
    where there is one value or one cluster, and 0 where all values are equal.
    Raises `ValueError` when there is no value, one is not finite, or the lengths differ.
    Source: Liang and Zeger 1986, Biometrika 73:13; over questions as in Miller 2024, arXiv 2411.00640, section 2.2.
    """
    import numpy as np

    x = np.asarray(values, dtype=float)
    if x.ndim != 1 or not len(x):
        raise ValueError("a mean needs at least one value, got none")
    if not np.isfinite(x).all():
        raise ValueError(f"values must be finite, got {x[~np.isfinite(x)][0]}")
    if clusters is not None and len(clusters) != len(x):
        raise ValueError(f"one cluster a value is needed, got {len(clusters)} for {len(x)} values")
    codes: dict[Hashable, int] = {}
    groups = len(x) if clusters is None else len({codes.setdefault(name, len(codes)) for name in clusters})
    if x.min() == x.max():
        # the mean could differ from the common value by rounding and so make up a spread
        return float(x[0]), 0.0 if groups > 1 else None, groups - 1
    mean = math.fsum(x) / len(x)
    if groups == 1:
        return mean, None, 0
    where = np.arange(len(x)) if clusters is None else np.array([codes[name] for name in clusters])
    sums = np.bincount(where, weights=x - mean)
    return mean, math.sqrt(groups / (groups - 1) * float((sums**2).sum())) / len(x), groups - 1


def _check_rate(successes: int, n: int, level: float) -> None:
    _check_level(level)
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if not 0 <= successes <= n:
        raise ValueError(f"successes must be in 0..{n}, got {successes}")


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
