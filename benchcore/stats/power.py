"""What a gate can show before it runs: the margin that n problems certify, the problems that a margin needs.

`variance` is that of the paired differences in squared units of the score. For right and wrong it is nearly the
discordance, the share of problems that just one of the two checkpoints gets right (less the squared mean difference).
All figures are of the one-sided test at `alpha` by the normal distribution, which is near enough from 50 problems on.
"""

import math


def certifiable_margin(variance: float, n: int, alpha: float = 0.05, power: float = 0.8) -> float:
    """The smallest margin that an unchanged checkpoint passes in `power` of all cases with `n` problems.

    In the unit of the score: 0.02 is 2 points of accuracy.
    Raises `ValueError` when variance is negative, n < 1, or alpha or power is not in (0, 1).
    Source: Miller 2024, arXiv 2411.00640, section 5, for a one-sided test against a margin.
    """
    _check(variance, alpha, n)
    return (_quantile(1 - alpha) + _quantile(power)) * math.sqrt(variance / n)


def items_needed(variance: float, margin: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """How many problems it takes for an unchanged checkpoint to pass at `margin` in `power` of all cases.

    Raises `ValueError` when variance is negative, margin is not positive, or alpha or power is not in (0, 1).
    """
    _check(variance, alpha)
    if not margin > 0:
        raise ValueError(f"margin must be positive, got {margin}")
    return max(1, math.ceil(variance * ((_quantile(1 - alpha) + _quantile(power)) / margin) ** 2))


def power_at(variance: float, n: int, margin: float, true_difference: float = 0.0, alpha: float = 0.05) -> float:
    """The chance of a pass at `margin` with `n` problems where the checkpoint differs by `true_difference`.

    `true_difference` is candidate less baseline, in the unit of the score; at -margin the chance is alpha.
    Raises `ValueError` when variance is negative, n < 1, or alpha is not in (0, 1).
    """
    _check(variance, alpha, n)
    room = margin + true_difference
    if variance == 0:
        return 1.0 if room > 0 else 0.0
    from scipy.special import ndtr  # type: ignore[import-untyped,unused-ignore]

    return float(ndtr(room / math.sqrt(variance / n) - _quantile(1 - alpha)))


def _quantile(share: float) -> float:
    if not 0 < share < 1:
        raise ValueError(f"power must be in (0, 1), got {share}")
    from scipy.special import ndtri  # type: ignore[import-untyped,unused-ignore]

    return float(ndtri(share))


def _check(variance: float, alpha: float, n: int = 1) -> None:
    if not variance >= 0:
        raise ValueError(f"variance must not be negative, got {variance}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be in (0, 1), got {alpha}")
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
