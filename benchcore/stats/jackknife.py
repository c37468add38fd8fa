"""The interval of a ratio of sums, such as nats per byte over documents of very unequal lengths.

numpy and scipy.special are imported inside the function: a finished run has to be on the screen before scipy is.
"""

from collections.abc import Sequence


def ratio_interval(
    amounts: Sequence[float], sizes: Sequence[float], level: float = 0.95
) -> tuple[float, float | None, float | None]:
    """The ratio sum(amounts) / sum(sizes) over independent units and its two-sided interval.

    `amounts` and `sizes`, one of each a unit, are not negative; (ratio, low, high) are in amount per size, and
    low is at least 0. The standard error is the jackknife's, each unit left out in turn; Student's t has as many
    degrees of freedom as there are units in effect, sum(sizes)^2 / sum(sizes^2), less one and at least one: where
    few long units hold most of the size, little is known of the spread. benchmarks/loss_interval.py compares its
    coverage with that of bootstraps. A single unit has no spread to judge by: low and high are None.
    Raises `ValueError` when there is no unit, an amount is negative or not finite, a size is not positive or not
    finite, the lengths differ, or level is not in (0, 1).
    Source: Tukey 1958, Ann. Math. Stat. 29:614, and for ratios Durbin 1959, Biometrika 46:477; the number of units
    in effect as in Kish 1965, Survey Sampling.
    """
    import numpy as np

    y, x = np.asarray(amounts, float), np.asarray(sizes, float)
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    if y.shape != x.shape or y.ndim != 1 or not len(y):
        raise ValueError(f"one amount a size is needed, and at least one, got {len(y)} and {len(x)}")
    if not (np.isfinite(y).all() and np.isfinite(x).all() and (y >= 0).all() and (x > 0).all()):
        raise ValueError("amounts must be finite and not negative, sizes finite and positive")
    n, total = len(y), x.sum()
    ratio = float(y.sum() / total)
    if n == 1:
        return ratio, None, None
    from scipy.special import stdtrit  # type: ignore[import-untyped,unused-ignore]

    # How far the ratio moves as a unit is left out: from residuals, for a difference of two sums would lose digits.
    moves = (y - ratio * x) / (total - x)
    error = np.sqrt((n - 1) / n * ((moves - moves.mean()) ** 2).sum())
    freedom = max(1.0, float(total**2 / (x**2).sum()) - 1)
    half = float(stdtrit(freedom, 0.5 + level / 2) * error)
    return ratio, max(0.0, ratio - half), ratio + half
