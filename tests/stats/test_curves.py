"""Curves against quadrature, scipy's curve_fit, hand computation, and the law they were drawn from."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.interpolate import PchipInterpolator
from scipy.optimize import curve_fit

from benchcore.stats.curves import (
    auc,
    best,
    common_range,
    power_law,
    seed_interval,
    speed_up,
    speed_up_curve,
    tokens_to,
)
from benchcore.stats.intervals import t_interval

LOW, HIGH = 1e8, 1e10
AXES = pytest.mark.parametrize("axis", ["tokens", "log_tokens"])


def loss(tokens):
    return 2.6 + (2e6 / tokens) ** 0.32


def curve(function, n=100, low=LOW, high=HIGH, noise=0.0, seed=0):
    tokens = np.geomspace(low, high, n)
    tokens[[0, -1]] = low, high
    values = function(tokens) + noise * np.random.default_rng(seed).standard_normal(n)
    return list(zip(tokens.tolist(), values.tolist(), strict=True))


def true_mean(function, axis, low, high, knots=()):
    """The integral over log tokens by adaptive quadrature, split at `knots`."""
    ends = [math.log(low), *(math.log(knot) for knot in knots if low < knot < high), math.log(high)]
    weigh = math.exp if axis == "tokens" else lambda _: 1.0

    def total(integrand):
        return math.fsum(quad(integrand, a, b, epsabs=0, epsrel=1e-13)[0] for a, b in pairwise(ends))

    return total(lambda u: function(math.exp(u)) * weigh(u)) / total(weigh)


@st.composite
def curves(draw, least=2, most=15):
    """Values of 0..10 at 1e3..1e13 tokens, no two points nearer than 1 %."""
    n = draw(st.integers(least, most))
    steps = draw(st.lists(st.floats(0.01, 1.0), min_size=n - 1, max_size=n - 1))
    logs = math.log(draw(st.floats(1e3, 1e5))) + np.cumsum([0.0, *steps])
    values = draw(st.lists(st.integers(0, 10**6).map(lambda value: value / 1e5), min_size=n, max_size=n))
    return list(zip(np.exp(logs).tolist(), values, strict=True))


# the mean of a curve


@pytest.mark.parametrize(("axis", "mean"), [("tokens", 2.693), ("log_tokens", 2.750)])
@pytest.mark.parametrize("n", [5, 10, 20])
def test_auc_of_a_few_points_is_the_true_mean(axis, mean, n):
    true = true_mean(loss, axis, LOW, HIGH)
    assert true == pytest.approx(mean, abs=0.0005)
    assert auc(curve(loss, n), axis=axis) == pytest.approx(true, abs=0.0005)


def test_auc_by_hand():
    # Two points make a straight line in log tokens, 3 at 1 falling to 2 at e: half way is 2.5 over log tokens.
    # Over tokens the integral of 3 - ln t is 4 t - t ln t, so the mean is (4 e - e - 4) / (e - 1).
    points = [(1.0, 3.0), (math.e, 2.0)]
    assert auc(points, axis="log_tokens") == pytest.approx(2.5, abs=1e-14)
    assert auc(points, axis="tokens") == pytest.approx((3 * math.e - 4) / (math.e - 1), abs=1e-14)
    # the first half in log tokens, 3 falling to 2.5
    assert auc(points, axis="log_tokens", high=math.exp(0.5)) == pytest.approx(2.75, abs=1e-14)


@AXES
@settings(max_examples=40, deadline=None)
@given(points=curves(), parts=st.tuples(st.floats(0, 0.45), st.floats(0.55, 1)))
def test_auc_agrees_with_adaptive_quadrature_of_the_same_cubic(axis, points, parts):
    tokens, values = zip(*points, strict=True)
    cubic = PchipInterpolator(np.log(tokens), values)
    low, high = (float(tokens[0] * (tokens[-1] / tokens[0]) ** part) for part in parts)
    low, high = max(low, tokens[0]), min(high, tokens[-1])
    true = true_mean(lambda t: float(cubic(math.log(t))), axis, low, high, tokens)
    assert auc(points, axis=axis, low=low, high=high) == pytest.approx(true, abs=1e-10)


@pytest.mark.parametrize("high", [1e3, 1e8, 1e13])
def test_auc_of_one_wide_segment_is_exact(high):
    # a straight line in log tokens from 5 at 1 token to 1: its mean over tokens in closed form
    slope = 4 / math.log(high)
    true = (5 * (high - 1) - slope * (high * math.log(high) - high + 1)) / (high - 1)
    assert auc([(1.0, 5.0), (high, 1.0)], axis="tokens") == pytest.approx(true, abs=1e-10)


@AXES
@settings(deadline=None)
@given(points=curves())
def test_auc_lies_among_the_values(axis, points):
    values = [value for _, value in points]
    assert min(values) - 1e-12 <= auc(points, axis=axis) <= max(values) + 1e-12


@AXES
@settings(deadline=None)
@given(points=curves(), constant=st.floats(-5, 5), factor=st.floats(0.01, 100))
def test_auc_moves_with_the_values_and_not_with_the_unit_of_tokens(axis, points, constant, factor):
    mean = auc(points, axis=axis)
    assert auc([(t, v + constant) for t, v in points], axis=axis) == pytest.approx(mean + constant, abs=1e-9)
    assert auc([(t * factor, v) for t, v in points], axis=axis) == pytest.approx(mean, abs=1e-9)


@AXES
@settings(deadline=None)
@given(points=curves(least=3), part=st.floats(0.1, 0.9))
def test_auc_of_two_parts_makes_up_the_whole(axis, points, part):
    low, high = points[0][0], points[-1][0]
    middle = low * (high / low) ** part
    length = (lambda a, b: b - a) if axis == "tokens" else (lambda a, b: math.log(b / a))
    parts = auc(points, axis=axis, high=middle) * length(low, middle)
    parts += auc(points, axis=axis, low=middle) * length(middle, high)
    assert parts / length(low, high) == pytest.approx(auc(points, axis=axis), abs=1e-9)


def test_auc_over_tokens_counts_the_end_more():
    points = curve(loss, 10)
    assert auc(points, axis="tokens") < auc(points, axis="log_tokens") - 0.05


@pytest.mark.parametrize(
    ("low", "high"), [(0.9, None), (None, 4.1), (2.0, 2.0), (3.0, 2.0), (math.nan, None), (None, math.inf)]
)
def test_auc_refuses_a_range_past_the_curve(low, high):
    with pytest.raises(ValueError, match="range must lie in the curve's, 1 to 4 tokens"):
        auc([(1.0, 3.0), (4.0, 2.0)], axis="tokens", low=low, high=high)


@pytest.mark.parametrize(
    ("points", "word"),
    [
        ([(1.0, 3.0)], "at least 2 points, got 1"),
        ([(0.0, 3.0), (1.0, 2.0)], "positive"),
        ([(1.0, 3.0), (math.inf, 2.0)], "positive"),
        ([(1.0, 3.0), (2.0, math.nan)], "finite"),
        ([(2.0, 3.0), (2.0, 2.0)], "increasing"),
        ([(2.0, 3.0), (1.0, 2.0)], "increasing"),
    ],
)
def test_what_is_no_curve_is_refused(points, word):
    with pytest.raises(ValueError, match=word):
        auc(points, axis="tokens")


def test_an_unknown_axis_or_method_is_refused():
    points = [(1.0, 3.0), (4.0, 2.0)]
    with pytest.raises(ValueError, match="axis must be"):
        auc(points, axis="steps")
    with pytest.raises(ValueError, match="method must be"):
        tokens_to(points, 2.5, method="first")


def test_common_range_by_hand():
    one, two, three = ([(a, 3.0), (b, 2.0)] for a, b in [(1.0, 8.0), (2.0, 9.0), (8.0, 10.0)])
    assert common_range([one]) == (1.0, 8.0)
    assert common_range([one, two]) == common_range([two, one]) == (2.0, 8.0)
    assert common_range([one, three]) is None  # one point is no range
    assert common_range([one, two, [(20.0, 1.0), (30.0, 1.0)]]) is None
    with pytest.raises(ValueError, match="at least one curve"):
        common_range([])
    with pytest.raises(ValueError, match="increasing"):
        common_range([one, two[::-1]])


# tokens to a target


def test_tokens_to_by_hand():
    # 4 at 1 token, 2 at 100: a straight line in log tokens is at 3 by 10 tokens.
    points = [(1.0, 4.0), (100.0, 2.0), (200.0, 1.0)]
    assert tokens_to(points, 3.0) == pytest.approx(10, rel=1e-12)
    assert tokens_to(points, 2.0) == pytest.approx(100, rel=1e-12)
    assert tokens_to(points, 1.0) == pytest.approx(200, rel=1e-12)
    # 2 then 3 is noise: both are 2.5, at the centre of their logarithms, 20 tokens, and first crossing's 10 is not.
    noisy = [(1.0, 4.0), (10.0, 2.0), (40.0, 3.0), (100.0, 1.0)]
    assert tokens_to(noisy, 2.5) == pytest.approx(20, rel=1e-12)
    assert tokens_to(noisy, 3.25) == pytest.approx(math.sqrt(20), rel=1e-12)


def test_a_plateau_is_reached_at_its_first_point_and_left_at_its_last():
    points = [(1.0, 4.0), (10.0, 2.0), (20.0, 2.0), (40.0, 2.0), (80.0, 1.0)]
    assert tokens_to(points, 2.0) == pytest.approx(10, rel=1e-12)
    assert tokens_to(points, 1.5) == pytest.approx(40 * math.sqrt(2), rel=1e-12)


def test_censored_is_none():
    points = [(1.0, 4.0), (100.0, 2.0)]
    assert tokens_to(points, 1.999) is None  # not reached
    assert tokens_to(points, 4.001) is None  # passed before the first point
    assert tokens_to(points, 4.0) == 1.0
    law = curve(loss, 30)
    ends = loss(np.array([LOW, HIGH]))
    assert tokens_to(law, ends[0] + 1e-6, method="power_law") is None
    assert tokens_to(law, ends[1] - 1e-6, method="power_law") is None
    assert tokens_to(law, 2.5, method="power_law") is None  # below L0
    # the dip to 1.5 is pooled away: the curve is not known to reach 1.6
    assert tokens_to([(1.0, 4.0), (10.0, 1.5), (20.0, 2.5)], 1.6) is None


@settings(deadline=None)
@given(points=curves(), targets=st.tuples(st.floats(-1, 11), st.floats(-1, 11)), falling=st.booleans())
def test_a_harder_target_takes_no_fewer_tokens(points, targets, falling):
    easy, hard = sorted(targets, reverse=falling)
    first, second = tokens_to(points, easy, falling=falling), tokens_to(points, hard, falling=falling)
    assume(first is not None and second is not None)
    assert first <= second * (1 + 1e-12)


@settings(deadline=None)
@given(points=curves(), target=st.floats(-1, 11))
def test_tokens_to_lies_in_the_curve_and_mirrors(points, target):
    reached = tokens_to(points, target)
    if reached is None:
        values = [value for _, value in points]
        # the fit has the first value or more in front, the last or less behind
        assert not values[-1] <= target <= values[0]
    else:
        assert points[0][0] * (1 - 1e-12) <= reached <= points[-1][0] * (1 + 1e-12)
    assert tokens_to([(t, -v) for t, v in points], -target, falling=False) == reached


@settings(deadline=None)
@given(steps=st.lists(st.floats(0.001, 1), min_size=2, max_size=12), factor=st.floats(0.1, 10))
def test_a_falling_curve_is_read_off_at_its_points(steps, factor):
    values = 20 - np.cumsum(steps)
    points = [(factor * 2.0**i, float(value)) for i, value in enumerate(values)]
    for tokens, value in points:
        assert tokens_to(points, value) == pytest.approx(tokens, rel=1e-9)


@pytest.mark.parametrize("method", ["isotonic", "power_law"])
def test_tokens_to_refuses_a_target_that_is_no_number(method):
    with pytest.raises(ValueError, match="target must be finite, got nan"):
        tokens_to(curve(loss, 10), math.nan, method=method)


# speed-up


@pytest.mark.parametrize(("method", "error"), [("isotonic", 1e-3), ("power_law", 1e-6)])
def test_speed_up_of_a_run_that_needs_fewer_tokens(method, error):
    slow, fast = curve(loss), curve(lambda t: loss(1.3 * t))
    assert speed_up(fast, slow, 2.69, method=method) == pytest.approx(1.3, abs=error)
    assert speed_up(slow, fast, 2.69, method=method) == pytest.approx(1 / 1.3, abs=error)
    pairs = speed_up_curve(fast, slow, count=5, method=method)
    # 1e8 tokens of the fast run are its highest loss, 1e10 of the slow one the lowest that both reach
    top, bottom = loss(1.3e8), loss(1e10)
    assert [target for target, _ in pairs] == pytest.approx([top + (bottom - top) * i / 6 for i in range(1, 6)])
    assert [ratio for _, ratio in pairs] == pytest.approx([1.3] * 5, abs=error)


def test_speed_up_where_higher_is_better():
    slow, fast = curve(lambda t: 5 - loss(t)), curve(lambda t: 5 - loss(1.3 * t))
    assert speed_up(fast, slow, 5 - 2.69, falling=False) == pytest.approx(1.3, abs=1e-3)
    pairs = speed_up_curve(fast, slow, falling=False)
    assert [ratio for _, ratio in pairs] == pytest.approx([1.3] * 9, abs=1e-3)
    assert [target for target, _ in pairs] == sorted(target for target, _ in pairs)


def test_speed_up_is_none_where_one_run_is_censored():
    slow, fast = curve(loss), curve(lambda t: loss(1.3 * t))
    only_fast = (loss(1e10) + loss(1.3e10)) / 2
    assert tokens_to(fast, only_fast) is not None
    assert speed_up(fast, slow, only_fast) is speed_up(slow, fast, only_fast) is None
    assert speed_up_curve(slow, [(t, v - 2) for t, v in slow]) == []


@settings(max_examples=30, deadline=None)
@given(one=curves(least=3), two=curves(least=3), falling=st.booleans())
def test_the_speed_up_curve_holds_what_both_reach(one, two, falling):
    pairs = speed_up_curve(one, two, count=4, falling=falling)
    assert len(pairs) in (0, 4)
    for target, ratio in pairs:
        assert ratio == speed_up(one, two, target, falling=falling) > 0


def test_speed_up_curve_refuses_no_targets():
    with pytest.raises(ValueError, match="count must be at least 1"):
        speed_up_curve(curve(loss), curve(loss), count=0)


def test_spread_of_the_speed_up_is_the_references():
    # The reference's table at noise .003; a standard deviation over 60 runs is itself known to 9 %.
    sizes = {"isotonic": (0.08, 0.02), "power_law": (0.03, 0.008)}
    for method, (spread, error) in sizes.items():
        found = []
        for run in range(60):
            fast = curve(lambda t: loss(1.3 * t), noise=0.003, seed=2 * run)
            slow = curve(loss, noise=0.003, seed=2 * run + 1)
            if method == "isotonic":
                found.append(speed_up(fast, slow, 2.69))
            else:  # not by tokens_to, which refuses 1 % of true laws by chance
                found.append(power_law(slow).tokens(2.69) / power_law(fast).tokens(2.69))
        assert np.mean(found) == pytest.approx(1.3, abs=4 * spread / math.sqrt(60))
        assert np.std(found, ddof=1) == pytest.approx(spread, abs=error)


# the power law


@settings(max_examples=60, deadline=None)
@given(floor=st.floats(0.5, 4), scale=st.floats(4, 8), beta=st.floats(0.1, 1.0), n=st.integers(4, 40))
def test_power_law_is_exact_on_noiseless_data(floor, scale, beta, n):
    fit = power_law(curve(lambda t: floor + (10**scale / t) ** beta, n))
    assert fit.rms < 1e-9
    assert (fit.L0, fit.B, fit.beta) == pytest.approx((floor, 10**scale, beta), rel=1e-6)


def test_power_law_by_hand():
    # 1 + 8 / t at t = 1, 2, 4, 8
    fit = power_law([(1.0, 9.0), (2.0, 5.0), (4.0, 3.0), (8.0, 2.0)])
    assert (fit.L0, fit.B, fit.beta) == pytest.approx((1.0, 8.0, 1.0), rel=1e-6)
    assert fit.value(16.0) == pytest.approx(1.5, rel=1e-6)
    assert fit.tokens(1.5) == pytest.approx(16.0, rel=1e-6)
    assert fit.tokens(fit.L0) is None
    assert fit.tokens(math.nextafter(fit.L0, 2)) is not None  # far off, and still a number


@pytest.mark.parametrize("noise", [0.001, 0.003, 0.01])
@pytest.mark.parametrize("seed", range(5))
def test_power_law_agrees_with_curve_fit_from_the_truth(noise, seed):
    points = curve(loss, noise=noise, seed=seed)
    tokens, values = np.array(points).T

    def law(t, floor, log_scale, beta):
        return floor + np.exp(beta * (log_scale - np.log(t)))

    start = (2.6, math.log(2e6), 0.32)
    oracle, _ = curve_fit(law, tokens, values, p0=start, bounds=([0, -50, 0.02], [4, 50, 3]), xtol=1e-14, ftol=1e-14)
    fit = power_law(points)
    rms = math.sqrt(np.mean((values - law(tokens, *oracle)) ** 2))
    assert fit.rms <= rms * (1 + 1e-9)
    assert (fit.L0, fit.beta) == pytest.approx((oracle[0], oracle[2]), rel=1e-4)
    own = [fit.value(t) for t, _ in points]
    assert math.sqrt(np.mean((values - own) ** 2)) == pytest.approx(fit.rms, rel=1e-9)


@pytest.mark.parametrize(
    ("points", "word"),
    [
        ([(1.0, 4.0), (2.0, 3.0), (3.0, 2.5)], "at least 4 points, got 3"),
        ([(1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (4.0, 4.0)], "no falling power law"),
    ],
)
def test_power_law_refuses(points, word):
    with pytest.raises(ValueError, match=word):
        power_law(points)


def test_the_power_law_is_not_believed_where_it_does_not_fit():
    def decayed(t):
        return loss(t) - 0.05 * np.clip((t / HIGH - 0.8) / 0.2, 0, 1)

    def bent(t):
        return loss(t) + 0.3 * np.exp(-t / 1e9)

    for function in (decayed, bent):
        points = curve(function, noise=0.003)
        with pytest.raises(ValueError, match="residuals drift"):
            tokens_to(points, 2.69, method="power_law")
        assert tokens_to(points, 2.69) is not None
    with pytest.raises(ValueError, match="falling curves"):
        tokens_to(curve(lambda t: 5 - loss(t)), 2.3, falling=False, method="power_law")


def test_a_law_with_independent_noise_is_seldom_refused():
    refused = 0
    for seed in range(150):
        try:
            tokens_to(curve(loss, noise=0.003, seed=seed), 2.69, method="power_law")
        except ValueError:
            refused += 1
    assert refused <= 7  # 1 % of 150 are 1.5; more than 7 has a chance of 1 in 2000


# intervals


def test_seed_interval_needs_three_seeds():
    assert seed_interval([2.7, 2.8]) is None
    assert seed_interval([]) is None
    values = [2.70, 2.72, 2.71]
    assert seed_interval(values) == t_interval(values)
    # mean 2.71, sd 0.01, t of 2 degrees of freedom 4.3027
    assert seed_interval(values) == pytest.approx((2.71, 2.71 - 0.024841, 2.71 + 0.024841), abs=1e-6)
    assert seed_interval(values, 0.9) == t_interval(values, 0.9)


# the end


def test_the_best_is_the_end_of_the_isotonic_fit():
    assert best([(1, 4.0), (10, 3.0), (100, 2.0)]) == 2.0
    # the last two are pooled, for they rise; by hand (2.0 + 2.4) / 2
    assert best([(1, 4.0), (10, 3.0), (100, 2.0), (1000, 2.4)]) == pytest.approx(2.2)
    assert best([(1, 0.1), (10, 0.5), (100, 0.3)], falling=False) == pytest.approx(0.4)
    points = curve(loss, noise=0.01)
    assert tokens_to(points, best(points)) is not None, "it is reached, by the curve that defines it"
