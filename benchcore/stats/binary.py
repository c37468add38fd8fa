"""Two checkpoints on the same problems, right or wrong: Tango's test against a margin, and McNemar's.

A gain is a problem that only the candidate gets right, a loss one that only the baseline does. The other pairs say
nothing of who is better, but they do count: the rates are of all `n`.

scipy is imported inside the functions: a finished run has to be on the screen before it is loaded.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """`n` pairs of right and wrong: `gains` only the candidate got right, `losses` only the baseline.

    Raises `ValueError` on counts that cannot be.
    """

    gains: int
    losses: int
    n: int

    def __post_init__(self) -> None:
        _check_pairs(self.gains, self.losses, self.n)

    def differences(self) -> list[float]:
        """The differences, one a pair: 1, -1 and 0."""
        return [1.0] * self.gains + [-1.0] * self.losses + [0.0] * (self.n - self.gains - self.losses)


def tango(gains: float, losses: float, n: int, margin: float) -> float:
    """The one-sided p-value of "the candidate's rate is lower by `margin` or more" for `n` pairs of right and wrong.

    Tango's score test: the variance is the one that fits best where the drop is just the margin, so it is not 0 where
    no pair differs. A negative margin asks for a gain; `tango(losses, gains, n, -margin)` is the p-value of "a drop
    of the margin or less". Totals that are no whole numbers, of partial gains and losses up to 1, are allowed: no
    differences of the same totals have a greater variance than those of -1, 0 and 1, so the test is then on the safe
    side.
    Raises `ValueError` on counts that cannot be and where margin is not in (-1, 1).
    Source: Tango 1998, Statistics in Medicine 17:891, eq. 3 and 5.
    """
    _check_pairs(gains, losses, n)
    _check_margin(margin)
    from scipy.special import ndtr  # type: ignore[import-untyped,unused-ignore]

    over, variance = _score(gains, losses, n, -margin)
    return float(ndtr(-over / math.sqrt(variance))) if variance > 0 else 0.5


def tango_variance(gains: float, losses: float, n: int, margin: float) -> float:
    """The variance of the difference of two paired rates, the one that fits best where the drop is just `margin`.

    It is 0 only where no pair differs and the margin is 0. Raises `ValueError` and takes totals as `tango` does.
    Source: Tango 1998, as `tango`.
    """
    _check_pairs(gains, losses, n)
    _check_margin(margin)
    return _score(gains, losses, n, -margin)[1] / n**2


def tango_interval(gains: float, losses: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """The two-sided score interval of the difference of two paired rates: the margins that `tango` does not reject.

    Returns (low, high) in [-1, 1], never of zero width. Raises `ValueError` as `tango` does, and on a level that is not
    in (0, 1).
    Source: Tango 1998, as `tango`.
    """
    _check_pairs(gains, losses, n)
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    from scipy.optimize import brentq  # type: ignore[import-untyped,unused-ignore]
    from scipy.special import ndtri

    square, value = float(ndtri(0.5 + level / 2)) ** 2, (gains - losses) / n

    def beyond(difference: float) -> float:
        over, variance = _score(gains, losses, n, difference)
        return over * over - square * variance

    # Right at the value both terms can be 0, which is no end of the interval.
    low = -1.0 if losses == n else float(brentq(beyond, -1.0, value - 1e-12, xtol=1e-14))
    high = 1.0 if gains == n else float(brentq(beyond, value + 1e-12, 1.0, xtol=1e-14))
    return low, high


def mcnemar(gains: int, losses: int) -> float:
    """The two-sided p-value of "as many gains as losses are to be expected": McNemar's test, exact.

    1 where no pair differs. Raises `ValueError` when a count is negative.
    Source: McNemar 1947, Psychometrika 12:153; the exact form is the sign test on the pairs that differ.
    """
    if min(gains, losses) < 0:
        raise ValueError(f"counts must not be negative, got {gains} and {losses}")
    if gains == losses:
        return 1.0
    from scipy.special import betainc  # type: ignore[import-untyped,unused-ignore]

    fewer, more = sorted((gains, losses))
    return min(1.0, 2 * float(betainc(more, fewer + 1, 0.5)))


def _score(gains: float, losses: float, n: int, difference: float) -> tuple[float, float]:
    """How far the gains less the losses are over n * difference, and the variance of that by maximum likelihood."""
    if difference > 0:
        over, variance = _score(losses, gains, n, -difference)
        return -over, variance
    # With difference <= 0 both coefficients have signs that let the root be taken without cancelling.
    linear = gains + losses - (2 * n - gains + losses) * difference
    constant = -losses * difference * (1 - difference)
    rate = (linear + math.sqrt(max(0.0, linear * linear - 8 * n * constant))) / (4 * n)
    rate = max(rate, -difference)  # of losses; that of gains is rate + difference
    return gains - losses - n * difference, n * (2 * rate + difference * (1 - difference))


def _check_pairs(gains: float, losses: float, n: int) -> None:
    if n < 1 or min(gains, losses) < 0 or not gains + losses <= n + 1e-9:
        raise ValueError(f"gains and losses must be 0 or more and at most n together, got {gains}, {losses} of {n}")


def _check_margin(margin: float) -> None:
    if not -1 < margin < 1:
        raise ValueError(f"margin must be in (-1, 1), got {margin}")
