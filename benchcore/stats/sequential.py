"""Looking at a running evaluation a few times without paying for it: group-sequential bounds.

A test at 5 % that is tried at each of 20 looks is wrong at 17 to 20 %. Here the error is spent look by look, hardly
any of it early (O'Brien-Fleming), so that all looks together are wrong in at most alpha of all cases and the last one
is nearly the test of a run without looks. The looks need not be evenly spaced, nor known before.

The problems must come in a random order, the same for both checkpoints: sorted by length or by subject, the first
fifth says nothing of the rest.

numpy and scipy are imported inside the functions: a finished run has to be on the screen before they are loaded.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchcore.stats.paired import Comparison, non_inferiority

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FIRST = 50  # problems at the first look: fewer give no normal distribution to go by
NEAREST = 5e-4  # of the whole between two looks: nearer ones would need a grid of gigabytes
FAR = 8.0  # standard deviations past which there is nothing to integrate
LEAST = 1e-16  # of error at a look; less than that buys no rejection and waits for the next one


def looks(n: int, count: int = 5) -> tuple[int, ...]:
    """After how many of `n` problems to look, `count` times at most: evenly spaced, from 50 problems to all of them.

    Raises `ValueError` when n or count is below 1.
    """
    if n < 1 or count < 1:
        raise ValueError(f"n and count must be at least 1, got {n} and {count}")
    first = max(FIRST, n / count)
    if count == 1 or first >= n:
        return (n,)
    step = (n - first) / (count - 1)
    return tuple(sorted({round(first + at * step) for at in range(count)}))


def spent(fraction: float, alpha: float = 0.05) -> float:
    """How much of the one-sided error `alpha` may be spent by `fraction` of the whole: all of it at 1.

    2 - 2 F(z / sqrt(fraction)) where F is the normal distribution and z its quantile at 1 - alpha/2.
    Raises `ValueError` when fraction is not in (0, 1] or alpha is not in (0, 1).
    Source: Lan and DeMets 1983, Biometrika 70:659, the function that is like O'Brien and Fleming's.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be in (0, 1), got {alpha}")
    if not 0 < fraction <= 1:
        raise ValueError(f"the fraction must be in (0, 1], got {fraction}")
    from scipy.special import ndtr, ndtri  # type: ignore[import-untyped,unused-ignore]

    return alpha if fraction == 1 else float(2 * ndtr(ndtri(alpha / 2) / math.sqrt(fraction)))


class Boundary:
    """The p-value to reject at, look by look, so that one hypothesis is wrongly rejected in at most `alpha` of cases.

    One side only: against both "too low" and "too high" take the same levels on either side, each with its own alpha.
    Source: the recursive integration of Armitage, McPherson and Rowe 1969, JRSS A 132:235.
    """

    def __init__(self, alpha: float = 0.05) -> None:
        spent(1.0, alpha)
        self.alpha = alpha
        self._fraction = self._spent = 0.0
        self._end = math.inf  # the sum at which the last look rejected; a look's sum has the variance `fraction`
        self._step = 0.0
        self._nodes: Array | None = None  # of the sums at the look before the last, with their mass
        self._mass: Array | None = None

    def look(self, fraction: float, *, last: bool = False) -> float:
        """The one-sided p-value at or below which to reject after `fraction` of the problems.

        The `last` look, and one at a fraction of 1, spends what is left, even if fewer problems came than were
        planned. 0 where there is no error to spend as yet.
        Raises `ValueError` when fraction is not in (0, 1], or not larger than at the look before by 0.0005.
        """
        import numpy as np
        from scipy.optimize import brentq  # type: ignore[import-untyped,unused-ignore]
        from scipy.special import ndtr, ndtri  # type: ignore[import-untyped,unused-ignore]

        step = fraction - self._fraction
        target = self.alpha if last else spent(fraction, self.alpha)
        if step < NEAREST:
            raise ValueError(f"a look must be {NEAREST} past the one before, at {self._fraction:g}, got {fraction:g}")
        nodes, mass = self._advance(step)
        share, root = target - self._spent, math.sqrt(step)
        end = math.inf
        if share > LEAST:

            def excess(at: float) -> float:
                return math.log(max(float(mass @ ndtr((nodes - at) / root)), 1e-300) / share)

            spread = math.sqrt(fraction)
            highest = -spread * float(ndtri(share)) + 1e-9
            end = float(brentq(excess, -FAR * spread, highest, xtol=1e-13))
            self._spent = target
        self._nodes, self._mass = nodes, mass
        self._fraction, self._step, self._end = fraction, step, end
        return float(ndtr(-end / math.sqrt(fraction))) if np.isfinite(end) else 0.0

    def _advance(self, step: float) -> tuple["Array", "Array"]:
        """The sums at the last look that did not reject, and their mass, on a grid fine enough for the next `step`."""
        import numpy as np

        if self._nodes is None or self._mass is None:
            return np.zeros(1), np.ones(1)
        far = FAR * math.sqrt(self._fraction)
        low, high = -far, min(self._end, far)
        width = 2 * math.sqrt(min(step, self._step))
        edges = np.linspace(low, high, max(2, math.ceil((high - low) / width) + 1))
        points, weights = np.polynomial.legendre.leggauss(12)
        half = (edges[1] - edges[0]) / 2
        nodes = ((edges[:-1] + half)[:, None] + half * points).ravel()
        away = (nodes[:, None] - self._nodes) / math.sqrt(self._step)
        density = np.exp(-away * away / 2) @ self._mass / math.sqrt(2 * math.pi * self._step)
        return nodes, density * np.tile(half * weights, len(edges) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look showed: the verdict, or None while there is none, the p-value it took, and the comparison.

    The interval of the comparison is a repeated one: those of all looks hold the true difference together with a
    probability of at least 1 - 2 alpha, so it may be read at whichever look the run stopped.
    """

    verdict: Literal["pass", "fail"] | None
    level: float
    comparison: Comparison


class GroupSequential:
    """The gate with looks on the way: `n` problems planned, wrong in at most `alpha` of cases on either side.

    Each look is the test of `paired.non_inferiority`, whose p-values are those of Student's t and, with few pairs
    that differ, the larger of that and Tango's.
    Raises `ValueError` when n < 1, margin is negative, or alpha is not in (0, 0.5).
    """

    def __init__(self, n: int, margin: float, alpha: float = 0.05) -> None:
        if n < 1 or not margin >= 0 or not 0 < alpha < 0.5:
            raise ValueError(f"n >= 1, margin >= 0 and 0 < alpha < 0.5 are needed, got {n}, {margin}, {alpha}")
        self.n, self.margin = n, margin
        self._boundary = Boundary(alpha)

    def look(
        self, differences: Sequence[float], clusters: Sequence[Hashable] | None = None, *, last: bool = False
    ) -> Look:
        """Look at the differences of all problems so far, in the random order in which they came.

        With no verdict at the `last` look, or at that of all `n`, the run is inconclusive. Whoever goes on after a
        verdict must keep the verdict.
        Raises `ValueError` as `Boundary.look` and `paired.non_inferiority` do, and before 50 problems unless it is
        the last look.
        """
        done = len(differences)
        last = last or done >= self.n
        if done < FIRST and not last:
            raise ValueError(f"the first look is at {FIRST} problems or more, got {done}")
        level = self._boundary.look(min(1.0, done / self.n), last=last)
        # The interval needs a level, and at a look with nothing to spend there is none but all of the line.
        found = non_inferiority(differences, self.margin, clusters, 1 - 2 * max(level, LEAST))
        verdict: Literal["pass", "fail"] | None = None
        if level > 0 and min(found.p_pass, found.p_fail) <= level:
            verdict = "pass" if found.p_pass <= level else "fail"
        return Look(verdict=verdict, level=level, comparison=found)
