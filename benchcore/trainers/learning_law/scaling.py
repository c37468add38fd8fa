"""The scaling laws of runs on one problem, fitted together, and the acceleration that follows from them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from benchcore.stats.curves import PowerLaw

GRID = 64
SKIPPED = 10  # of as many parts of a run the first shows no law yet: the paper's 400 of 4000 steps


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingLaws:
    """L = L0 + (B / t)^beta of each curve for t > `start`, with B in steps and one L0 for all.

    `fit` is the least coefficient of determination, R^2 of ln(L - L0), among the curves.
    """

    laws: tuple[PowerLaw, ...]
    start: int
    fit: float

    def acceleration(self, steps: int, *, baseline: int = 0, of: int = 1) -> float:
        """AR = B1^(beta1 / beta2) / B2 x T^(1 - beta1 / beta2) after `steps` of the curve `baseline`."""
        one, two = self.laws[baseline], self.laws[of]
        ratio = one.beta / two.beta
        return math.exp(ratio * math.log(one.B) - math.log(two.B) + (1 - ratio) * math.log(steps))


def scaling_laws(curves: Sequence[Sequence[float]], start: int | None = None) -> ScalingLaws:
    """The laws of `curves`, each the losses at steps 1 .. T, by regressing ln(L - L0) on ln t for t > `start`.

    L0 >= 0 is the one with which the lines leave least of all variance. `start` is T / 10 unless given.
    Raises `ValueError` for under four steps after it, for losses that are not positive, and where a curve rises.
    """
    begun = len(curves[0]) // SKIPPED if start is None else start
    logs = [np.log(np.arange(begun + 1, len(one) + 1)) for one in curves]
    tails = [np.asarray(one[begun:], dtype=np.float64) for one in curves]
    least = min((float(one.min()) for one in tails if one.size), default=0.0)
    if min(map(len, tails)) < 4 or least <= 0:
        raise ValueError("a scaling law needs four positive losses or more after its start")

    def lines(gap: float) -> list[tuple[float, float, float]]:
        return [_line(log, np.log(tail - least + gap)) for log, tail in zip(logs, tails, strict=True)]

    def left(log_gap: float) -> float:
        return sum(rest for *_, rest in lines(math.exp(log_gap)))

    grid = np.linspace(math.log(least / 1e4), math.log(least), GRID)
    best = int(np.argmin([left(one) for one in grid]))
    ends = grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)]
    gap = math.exp(minimize_scalar(left, bounds=ends, method="bounded", options={"xatol": 1e-10}).x)
    found = lines(gap)
    if any(slope >= 0 for slope, *_ in found):
        raise ValueError("a curve that does not fall has no scaling law")
    laws = []
    for (slope, height, _), log, tail in zip(found, logs, tails, strict=True):
        residuals = tail - (least - gap) - np.exp(height + slope * log)
        rms = float(np.sqrt(np.mean(residuals**2)))
        laws.append(PowerLaw(L0=least - gap, B=math.exp(-height / slope), beta=-slope, rms=rms))
    return ScalingLaws(laws=tuple(laws), start=begun, fit=1 - max(rest for *_, rest in found))


def _line(
    x: "np.ndarray[tuple[int], np.dtype[np.float64]]", y: "np.ndarray[tuple[int], np.dtype[np.float64]]"
) -> tuple[float, float, float]:
    """The slope and height of the least-squares line, and the share of the variance of `y` that it leaves."""
    slope, height = np.polyfit(x, y, 1)
    rest = float(np.var(y - height - slope * x) / np.var(y))
    return float(slope), float(height), rest
