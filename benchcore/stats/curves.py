"""Learning curves: mean loss over a range, tokens to a target, speed-up, the power law, and how sure one can be.

A curve is a sequence of points (tokens, value): tokens > 0, strictly increasing, values finite. The value is
best the loss in nats on one fixed held-out set, not smoothed, past warm-up: a smoothed curve lags behind.

numpy and scipy are imported inside the functions: a finished run has to be on the screen before they are loaded.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchcore.stats.intervals import t_interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Points = Sequence[tuple[float, float]]
Axis = Literal["tokens", "log_tokens"]
Method = Literal["isotonic", "power_law"]

NODES = 32  # a segment as wide as a factor of 1e13 in tokens is still integrated to 1e-12
BETAS = (0.02, 3.0)  # below, B leaves the range of a double for ordinary losses
GRID = 24
NUDGE = 1e-5  # of the largest value: a central difference of it loses about as much to rounding as to curvature
LARGEST = 700.0  # the logarithm of what is surely a double
Z_99 = 2.326
FEWEST_SEEDS = 3  # the interval of 2 is 12.7 standard errors wide either way


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerLaw:
    """L = L0 + (B / t)^beta: L0 and rms (of the residuals) in the unit of the value, B in tokens, beta a number."""

    L0: float
    B: float
    beta: float
    rms: float

    def value(self, tokens: float) -> float:
        """The law's value at `tokens`."""
        return self.L0 + math.exp(self.beta * (math.log(self.B) - math.log(tokens)))

    def tokens(self, value: float) -> float | None:
        """The tokens at which the law has `value`, wherever that lies; None at and below L0, or past any double."""
        if value <= self.L0:
            return None
        log = math.log(self.B) - math.log(value - self.L0) / self.beta
        return math.exp(log) if log < LARGEST else None


def auc(points: Points, *, axis: Axis, low: float | None = None, high: float | None = None) -> float:
    """The mean value between `low` and `high` tokens, over tokens or over log tokens: the unit of the value.

    The curve is the monotone cubic (PCHIP) in log tokens on either axis, integrated and divided by the length of
    the range; the range is the curve's own unless given. Two runs are compared on one axis and on one range, their
    `common_range`. A trapezoid is too high on a convex curve, and the higher the fewer points it has. Points
    spaced evenly in log tokens are best: 5 over two decades give a power law's mean to 0.0001 nats on either axis.
    Raises `ValueError` on under two points, an empty range, and one that reaches past the curve: nothing is
    extrapolated.
    Source: Fritsch and Butland 1984, SIAM J. Sci. Stat. Comput. 5:300, as scipy's PchipInterpolator.
    """
    import numpy as np

    if axis not in ("tokens", "log_tokens"):
        raise ValueError(f'axis must be "tokens" or "log_tokens", got {axis!r}')
    logs, cubic = _cubic(points)
    first, last = points[0][0], points[-1][0]
    low, high = first if low is None else low, last if high is None else high
    if not first <= low < high <= last:
        raise ValueError(f"the range must lie in the curve's, {first:g} to {last:g} tokens, got {low:g} to {high:g}")
    start, end = math.log(low), math.log(high)
    knots = np.concatenate(([start], logs[(logs > start) & (logs < end)], [end]))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(knots)[:, None] / 2
    at = (knots[:-1] + knots[1:])[:, None] / 2 + half * nodes
    weight = half * weights
    if axis == "tokens":
        weight = weight * np.exp(at - end)  # dt = t du; the constant factor keeps it from overflowing
    return float((weight * cubic(at)).sum() / weight.sum())


def value_at(points: Points, tokens: float) -> float:
    """The curve's value at `tokens`, on the monotone cubic that `auc` integrates: at a point, the value there.

    Raises `ValueError` on under two points, and past the curve: nothing is extrapolated.
    """
    logs, cubic = _cubic(points)
    first, last = points[0][0], points[-1][0]
    if not first <= tokens <= last:
        raise ValueError(f"the curve is known from {first:g} to {last:g} tokens, not at {tokens:g}")
    return float(cubic(min(max(math.log(tokens), logs[0]), logs[-1])))


def weights(curves: Sequence[Points], read: Callable[[Points], float]) -> list[float]:
    """How much `read`, which is `auc` or `value_at`, moves with each value of `curves` at the same tokens; together 1.

    What is read off the cubic grows in proportion to the values, so that by Euler's theorem it is the sum of its
    derivatives times the values. These weights are the derivatives at the mean of the curves, and make up what is
    read off each: exactly where there are fewer curves than points, else nearly. With values that are ratios of sums
    over documents the reading is such a ratio itself, to first order: its jackknife over documents is theirs.
    Raises `ValueError` as `read` does.
    """
    import numpy as np

    at = [tokens for tokens, _ in curves[0]]
    values = np.array([[value for _, value in points] for points in curves], dtype=float)
    nudge = NUDGE * (np.abs(values).max() or 1.0)

    def off(row: "Array") -> float:
        return read([(tokens, float(value)) for tokens, value in zip(at, row, strict=True)])

    middle = values.mean(0)
    found = np.array([off(middle + step) - off(middle - step) for step in nudge * np.eye(len(at))]) / (2 * nudge)
    # the nearest weights that make up the whole: between curves far apart, and at a plateau's kink, a little lacks
    whole = np.vstack((np.ones(len(at)), values))
    lacking = np.array((1.0, *map(off, values))) - whole @ found
    return [float(weight) for weight in found + np.linalg.lstsq(whole, lacking, rcond=None)[0]]


def common_range(curves: Sequence[Points]) -> tuple[float, float] | None:
    """The tokens (low, high) between which every one of `curves` is known, or None where that is no range.

    Raises `ValueError` when there is no curve, or one is not a curve.
    """
    if not curves:
        raise ValueError("a common range needs at least one curve, got none")
    for curve in curves:
        _arrays(curve)
    low, high = max(curve[0][0] for curve in curves), min(curve[-1][0] for curve in curves)
    return (low, high) if low < high else None


def tokens_to(points: Points, target: float, *, falling: bool = True, method: Method = "isotonic") -> float | None:
    """The tokens at which the curve first comes down to `target` (up to it where not `falling`).

    None where that is not between the first point and the last: not reached yet, or passed before the first
    point. Both are censored; nothing is extrapolated, and no infinity stands in.

    "isotonic" takes the least-squares falling curve, whose pooled points stand at the centre of their block, and
    interpolates in log tokens. "power_law" inverts `power_law`, for falling curves only, and raises `ValueError`
    where that fit is bad: where von Neumann's ratio of its residuals is too low for independent noise, at 1 %.
    The default is "isotonic", which assumes no more than that the curve falls. Where the law holds, the law's spread
    is a third to a half of that, but a learning rate's decay biases it, which no number of seeds averages out: from
    20 points, and unrefused, it made 1.23 of a speed-up of 1.30 and called a target unreached that the decay had
    reached. benchmarks/loss_auc.py measures both.
    Raises `ValueError` on what is not a curve, and on a target that is not finite.
    Sources: Barlow et al. 1972, Statistical Inference under Order Restrictions; Young 1941, Ann. Math. Stat. 12:293.
    """
    return _reach(points, falling, method).tokens(target)


def best(points: Points, *, falling: bool = True) -> float:
    """The value that the curve has come down to (up to, where not `falling`) by its end, by the isotonic fit.

    Raises `ValueError` on what is not a curve.
    """
    return _reach(points, falling, "isotonic").end


def speed_up(
    points: Points, against: Points, target: float, *, falling: bool = True, method: Method = "isotonic"
) -> float | None:
    """How many times fewer tokens than `against` the curve needs to `target`: above 1, it is the faster one.

    None where either is censored; method and errors are those of `tokens_to`.
    """
    return _ratio(_reach(points, falling, method), _reach(against, falling, method), target)


def speed_up_curve(
    points: Points, against: Points, *, count: int = 9, falling: bool = True, method: Method = "isotonic"
) -> list[tuple[float, float]]:
    """The (target, speed-up) at `count` targets, evenly spaced inside the values that both fits reach, worst first.

    The two ends of those values are left out: noise decides there which curve reaches them. Empty where the
    fits share no values. Method and errors are those of `tokens_to`; `ValueError` also when count < 1.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    mine, other = _reach(points, falling, method), _reach(against, falling, method)
    sign = 1 if falling else -1
    worst, best = min(sign * mine.start, sign * other.start), max(sign * mine.end, sign * other.end)
    if best >= worst:
        return []
    targets = [sign * (worst + (best - worst) * (i + 1) / (count + 1)) for i in range(count)]
    pairs = [(target, _ratio(mine, other, target)) for target in targets]
    return [(target, ratio) for target, ratio in pairs if ratio is not None]


def power_law(points: Points) -> PowerLaw:
    """The least-squares fit of L = L0 + (B / t)^beta with L0 >= 0, B > 0 and beta in [0.02, 3].

    For a fixed beta the law is linear in L0 and B^beta, so only beta is searched for (variable projection): a grid
    brackets the least sum of squares, a bounded search ends in it, non-negative least squares solves inside.
    No start to choose, hence none to be stuck at. Two cautions: L0 is an extrapolation, strongly correlated with
    beta, and a beta at the end of its range is no estimate; and rounded parameters, or an optimiser that stops
    early, move the law more than its own uncertainty does, so all digits are kept.
    Raises `ValueError` on under 4 points, on what is not a curve, and where no falling law fits.
    Sources: Golub and Pereyra 1973, SIAM J. Numer. Anal. 10:413; for scaling laws arXiv 2603.22339; the cautions
    Besiroglu et al. 2024, arXiv 2404.10102.
    """
    import numpy as np
    from scipy.optimize import minimize_scalar, nnls  # type: ignore[import-untyped,unused-ignore]

    logs, values = _arrays(points, least=4)
    since = logs - logs[0]  # keeps the power column in (0, 1]

    def solve(beta: float) -> tuple[float, float, float]:
        (floor, fall), norm = nnls(np.column_stack((np.ones_like(since), np.exp(-beta * since))), values)
        return float(floor), float(fall), float(norm)

    grid = np.geomspace(*BETAS, GRID)
    best = int(np.argmin([solve(beta)[2] for beta in grid]))
    bracket = grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)]
    found = minimize_scalar(
        lambda beta: solve(beta)[2] ** 2, bounds=bracket, method="bounded", options={"xatol": 1e-10}
    )
    beta = float(found.x)
    floor, fall, norm = solve(beta)
    scale = float(logs[0]) + math.log(fall) / beta if fall > 0 else -math.inf
    if abs(scale) > LARGEST:
        raise ValueError("no falling power law fits this curve")
    return PowerLaw(L0=floor, B=math.exp(scale), beta=beta, rms=norm / math.sqrt(len(values)))


def law_fault(points: Points, law: PowerLaw) -> str | None:
    """Why `law`, the fit of `points`, is none: its residuals drift, or its exponent is at the end of its range."""
    if not BETAS[0] * 1.01 < law.beta < BETAS[1] / 1.01:
        return f"beta is at the end of its range, {law.beta:.2g}"
    _, values = _arrays(points)
    if _drifts(values - [law.value(tokens) for tokens, _ in points], values):
        return "it does not fit, its residuals drift"
    return None


def seed_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float, float] | None:
    """The mean of a statistic over training runs that differ by the seed, and its Student t interval, or None.

    `values` has one value a run; returns (mean, low, high) in its unit. None under `FEWEST_SEEDS` runs, whose spread
    says too little of the spread among runs.
    Raises `ValueError` as `intervals.t_interval` does.
    """
    if len(values) < FEWEST_SEEDS:
        return None
    mean, low, high = t_interval(values, level)
    return None if low is None or high is None else (mean, low, high)


@dataclass(frozen=True, slots=True)
class _Reach:
    """A fitted curve: its first and last value, and the tokens at which it has one between them."""

    start: float
    end: float
    tokens: Callable[[float], float | None]


def _reach(points: Points, falling: bool, method: Method) -> _Reach:
    logs, values = _arrays(points)
    if method == "isotonic":
        sign = 1 if falling else -1
        knots, levels = _isotonic(logs, sign * values)
        ends = sign * float(levels[0]), sign * float(levels[-1])
        return _Reach(*ends, lambda target: _crossing(knots, levels, sign * _finite(target)))
    if method != "power_law":
        raise ValueError(f'method must be "isotonic" or "power_law", got {method!r}')
    if not falling:
        raise ValueError('method "power_law" is for falling curves; use "isotonic"')
    law = power_law(points)
    if fault := law_fault(points, law):
        raise ValueError(f'no power law for this curve: {fault}; use "isotonic"')
    first, last = points[0][0], points[-1][0]

    def tokens(target: float) -> float | None:
        reached = law.tokens(_finite(target))
        return reached if reached is not None and first <= reached <= last else None

    return _Reach(law.value(first), law.value(last), tokens)


def _ratio(mine: _Reach, other: _Reach, target: float) -> float | None:
    fast, slow = mine.tokens(target), other.tokens(target)
    return None if fast is None or slow is None else slow / fast


def _isotonic(logs: "Array", values: "Array") -> tuple["Array", "Array"]:
    """The least-squares falling fit: log tokens and levels, one a block of pooled points."""
    import numpy as np
    from scipy.optimize import isotonic_regression

    fit = isotonic_regression(values, increasing=False)
    knots, levels = [], []
    for start, end in zip(fit.blocks[:-1], fit.blocks[1:], strict=True):
        # A plateau of equal values is no noise to be pooled: it is reached at its first point.
        plateau = np.ptp(values[start:end]) == 0
        at = logs[start:end] if plateau else logs[start:end].mean(keepdims=True)
        knots.append(at)
        levels.append(np.full(len(at), fit.x[start]))
    return np.concatenate(knots), np.concatenate(levels)


def _crossing(logs: "Array", levels: "Array", target: float) -> float | None:
    """The tokens at which the falling `levels` first come to `target`, None where they do not cross it."""
    import numpy as np

    after = int(np.searchsorted(-levels, -target))
    if after == len(levels) or (after == 0 and levels[0] < target):
        return None
    if after == 0:
        return math.exp(logs[0])
    part = (levels[after - 1] - target) / (levels[after - 1] - levels[after])
    return math.exp(logs[after - 1] + part * (logs[after] - logs[after - 1]))


def _drifts(residuals: "Array", values: "Array") -> bool:
    """Whether neighbouring residuals are too alike for independent noise, at 1 %."""
    import numpy as np

    squares = float((residuals**2).sum())
    if squares <= len(values) * (1e-9 * np.abs(values).max()) ** 2:
        return False  # nothing but rounding
    alike = 1 - float((np.diff(residuals) ** 2).sum()) / (2 * squares)
    return alike * math.sqrt(len(values)) > Z_99


def _finite(target: float) -> float:
    if not math.isfinite(target):
        raise ValueError(f"the target must be finite, got {target}")
    return target


def _cubic(points: Points) -> "tuple[Array, Callable[[Array | float], Array]]":
    """Log tokens, and the monotone cubic through the values as a function of them."""
    from scipy.interpolate import PchipInterpolator  # type: ignore[import-untyped,unused-ignore]

    logs, values = _arrays(points, least=2)
    return logs, PchipInterpolator(logs, values)


def _arrays(points: Points, least: int = 1) -> tuple["Array", "Array"]:
    """Log tokens and values, once it is certain that `points` is a curve."""
    import numpy as np

    if len(points) < least:
        raise ValueError(f"the curve needs at least {least} points, got {len(points)}")
    if not all(0 < tokens < math.inf and math.isfinite(value) for tokens, value in points):
        raise ValueError("tokens must be positive and values finite")
    logs = np.log(np.array([tokens for tokens, _ in points], dtype=float))
    if not (np.diff(logs) > 0).all():
        raise ValueError("tokens must be strictly increasing")
    return logs, np.array([value for _, value in points], dtype=float)
