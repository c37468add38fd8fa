"""Two checkpoints on the same problems: is one better, and is one not worse by more than a margin?

A difference is the candidate's score less the baseline's on one problem, so more is better; of a loss, where less is
better, hand the two over the other way round. A pair of right and wrong is 1, -1 or 0, as `binary` counts them. A
margin is in the unit of the differences: 0.02 is 2 points.

numpy and scipy are imported inside the functions: a finished run has to be on the screen before they are loaded.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from benchcore.stats.binary import Counts, mcnemar, tango, tango_interval
from benchcore.stats.intervals import mean_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW = 20  # below, t and Tango err on opposite sides by more than a point; benchmarks/gate_errors.py measures it
ROUNDING = 1e-9
FLIPS_AT_ONCE = 1 << 23  # signs held in memory together: 64 MiB as doubles


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The mean difference of `n` pairs, its two-sided interval, and how the data speak for either verdict.

    value, low and high are in the unit of the differences; low and high are None where there is no spread to judge by.
    `p` is two-sided, of "no difference at all". `p_pass` is one-sided, of "a drop of the margin or more": where it is
    at most alpha, such a drop is ruled out. `p_fail` is of "a drop of the margin or less": where it is at most alpha,
    a larger drop is shown. Where neither is, nothing is shown. An interval of the level 1 - 2 alpha lies above
    -margin exactly where p_pass < alpha, and below it exactly where p_fail < alpha.
    """

    value: float
    low: float | None
    high: float | None
    p: float
    p_pass: float
    p_fail: float
    n: int
    method: str


def paired_t(
    differences: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    margin: float = 0.0,
    level: float = 0.95,
) -> Comparison:
    """The paired t test and interval of the mean of `differences`, one a problem, cluster-robust with `clusters`.

    With differences that are all equal the interval has no width, which is what the formula says and not what is
    known; a single one, or a single cluster, shows nothing: its p-values are 1. See `intervals.mean_error`.
    Raises `ValueError` as that does, and on a level that is not in (0, 1).
    Source: Student 1908; over problems as in Miller 2024, arXiv 2411.00640, section 4.
    """
    value, error, freedom = mean_error(differences, clusters)
    method = "paired t" if clusters is None else f"paired t over {freedom + 1} clusters"
    return student(value, error, freedom, margin, level, len(differences), method)


def seed_pairs(differences: Sequence[float]) -> Comparison:
    """The paired t test and 95 % interval over training runs: `differences` are one a seed, which both recipes have.

    A seed decides the first weights and the order of the data, so that the two runs of one rise and fall together.
    Differences that are equal but for rounding show nothing, as so few rates may be by chance: the p-values are 1.
    Raises `ValueError` as `paired_t` does.
    """
    value, error, freedom = mean_error(differences)
    known = error if error and error > ROUNDING * abs(value) else None
    return student(value, known, freedom, 0.0, 0.95, len(differences), f"paired t over {len(differences)} seeds")


def sign_flip(differences: Sequence[float], seed: int, flips: int = 10_000) -> float:
    """The two-sided permutation p-value of "the two are alike", where either sign of a difference is as likely.

    Of `flips` random sets of signs, drawn from `seed`, the share whose mean is as far from 0 as the one seen, which
    is counted among them: never 0. For pairs of right and wrong `mcnemar` gives the same without chance.
    Raises `ValueError` when a difference is not finite or flips < 1.
    Source: Fisher 1935, The Design of Experiments; the share as in Phipson and Smyth 2010, SAGMB 9:39.
    """
    import numpy as np

    x = np.asarray(differences, dtype=float)
    if not np.isfinite(x).all():
        raise ValueError("differences must be finite")
    if flips < 1:
        raise ValueError(f"flips must be at least 1, got {flips}")
    x = x[x != 0]
    if not len(x):
        return 1.0
    rng, total, scale = np.random.default_rng(seed), float(x.sum()), float(np.abs(x).sum())
    least, count, left = abs(total) - 1e-12 * scale, 1, flips
    while left:
        batch = min(left, max(1, FLIPS_AT_ONCE // len(x)))
        bits = rng.integers(0, 256, (batch, -(-len(x) // 8)), dtype=np.uint8)
        up: NDArray[np.float64] = np.unpackbits(bits, axis=1, count=len(x)).astype(float)
        count += int((np.abs(2 * (up @ x) - total) >= least).sum())
        left -= batch
    return count / (flips + 1)


def paired_ratio(
    candidate: Sequence[tuple[float, float]],
    baseline: Sequence[tuple[float, float]],
    margin: float = 0.0,
    level: float = 0.95,
) -> Comparison:
    """The difference of two ratios of sums over the same documents, such as nats per byte: candidate less baseline.

    Each document has an (amount, size) on either side; a side's ratio is sum of amounts over sum of sizes. The error
    is the jackknife's, each document left out on both sides at once; the degrees of freedom are those of
    `jackknife.ratio_interval`. For a loss hand over the baseline first: less is better, so that is its gain.
    Raises `ValueError` when there are no documents, not as many on either side, a number is not finite or a size is
    not positive, or level is not in (0, 1).
    """
    import numpy as np

    sides = np.asarray(candidate, dtype=float), np.asarray(baseline, dtype=float)
    if sides[0].shape != sides[1].shape or sides[0].ndim != 2 or sides[0].shape[1] != 2:
        raise ValueError(f"one (amount, size) a document is needed of both, got {len(candidate)} and {len(baseline)}")
    if not all(np.isfinite(side).all() and (side[:, 1] > 0).all() for side in sides):
        raise ValueError("amounts must be finite, sizes finite and positive")
    n = len(candidate)
    value, moves, shares = 0.0, np.zeros(n), np.zeros(n)
    for sign, side in zip((1, -1), sides, strict=True):
        amounts, sizes = side.T
        ratio, total = float(amounts.sum() / sizes.sum()), sizes.sum()
        value += sign * ratio
        shares += sizes / total / 2
        if n > 1:
            moves += sign * (amounts - ratio * sizes) / (total - sizes)
    error = float(np.sqrt((n - 1) / n * ((moves - moves.mean()) ** 2).sum())) if n > 1 else None
    freedom = max(1.0, 1 / float((shares**2).sum()) - 1)
    return student(value, error, freedom, margin, level, n, "jackknife over documents")


def non_inferiority(
    differences: Sequence[float] | Counts,
    margin: float,
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> Comparison:
    """Is the candidate not worse than the baseline by more than `margin`? The test that keeps its error rates.

    | pairs | method |
    |---|---|
    | right and wrong | Tango's score test; `p` is exact: McNemar's |
    | averaged or graded scores, clusters | paired t, cluster-robust with `clusters` |
    | either, with under 20 pairs that differ | the larger p of both on either side, the wider interval; `p` is exact |

    With few pairs that differ, t passes too readily and Tango fails too readily. Scores that differ by more than 1
    have no Tango test and keep to t.
    Raises `ValueError` where margin is negative, or 1 or more for right and wrong, and as `paired_t` and `tango` do.
    """
    if not margin >= 0:
        raise ValueError(f"margin must not be negative, got {margin}")
    if isinstance(differences, Counts):
        if clusters is not None:
            raise ValueError("clusters need the differences, one a problem, not their counts")
        differences = differences.differences()
    found, pairs = paired_t(differences, clusters, margin, level), _pairs(differences)
    few = pairs.differing < FEW
    exact = pairs.binary and clusters is None
    if exact:
        found = replace(found, p=mcnemar(int(pairs.gains), int(pairs.losses)))
    elif few and clusters is None:
        found = replace(found, p=_all_flips(differences))
    if not pairs.bounded or not (exact or few) or found.low is None or found.high is None:
        return found
    gains, losses, n = pairs.gains, pairs.losses, found.n
    low, high = tango_interval(gains, losses, n, level)
    by_score = Comparison(
        value=found.value,
        low=low,
        high=high,
        p=found.p,
        p_pass=tango(gains, losses, n, margin),
        p_fail=tango(losses, gains, n, -margin),
        n=n,
        method="Tango",
    )
    return larger_p(by_score, found) if few else by_score


def larger_p(one: Comparison, other: Comparison) -> Comparison:
    """The more cautious of two comparisons of the same value on either side: the larger p-values, the wider interval.

    Neither may lack its interval.
    """
    assert one.low is not None and one.high is not None and other.low is not None and other.high is not None
    return replace(
        one,
        low=min(one.low, other.low),
        high=max(one.high, other.high),
        p=max(one.p, other.p),
        p_pass=max(one.p_pass, other.p_pass),
        p_fail=max(one.p_fail, other.p_fail),
        method=f"larger p of {one.method} and {other.method.removeprefix('larger p of ')}",
    )


def student(
    value: float, error: float | None, freedom: float, margin: float, level: float, n: int, method: str
) -> Comparison:
    """The comparison of a `value` whose standard `error` has `freedom` degrees of freedom, by Student's t.

    Without an error nothing is shown: the p-values are 1. Raises `ValueError` on a level that is not in (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), got {level}")
    if error is None:
        return Comparison(value=value, low=None, high=None, p=1.0, p_pass=1.0, p_fail=1.0, n=n, method=method)
    from scipy.special import stdtr, stdtrit  # type: ignore[import-untyped,unused-ignore]

    def below(room: float) -> float:
        """The chance that t is under -room in standard errors."""
        if error == 0:
            return 0.5 if room == 0 else float(room < 0)
        return float(stdtr(freedom, -room / error))

    half = float(stdtrit(freedom, 0.5 + level / 2)) * error
    return Comparison(
        value=value,
        low=value - half,
        high=value + half,
        p=2 * below(abs(value)),
        p_pass=below(value + margin),
        p_fail=below(-value - margin),
        n=n,
        method=method,
    )


def _all_flips(differences: Sequence[float]) -> float:
    """As `sign_flip`, of all sets of signs: for few differences that are not 0, of which each doubles the sums."""
    import numpy as np

    known = [one for one in differences if one != 0]
    sums = np.zeros(1)
    for one in known:
        sums = np.concatenate((sums + one, sums - one))
    least = abs(sum(known)) - 1e-12 * sum(map(abs, known))
    return float(np.mean(np.abs(sums) >= least))


class _Pairs(NamedTuple):
    """The totals gained and lost, how many pairs differ, whether by 1 each, and whether by no more than 1."""

    gains: float
    losses: float
    differing: int
    binary: bool
    bounded: bool


def _pairs(differences: Sequence[float]) -> _Pairs:
    import numpy as np

    x = np.asarray(differences, dtype=float)
    x = x[x != 0]
    size = np.abs(x)
    gains, losses = float(x[x > 0].sum()), float(-x[x < 0].sum())
    return _Pairs(gains, losses, len(x), bool((size == 1).all()), bool((size <= 1).all()))
