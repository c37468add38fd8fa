"""Intervals against scipy.stats, hand computation, and their own promise: coverage."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchcore.stats.intervals import clopper_pearson, clustered_interval, mean_error, t_interval, wilson

LEVELS = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])


@given(n=st.integers(1, 20_000), part=st.floats(0, 1), level=LEVELS)
def test_wilson_agrees_with_scipy(n, part, level):
    successes = round(part * n)
    oracle = stats.binomtest(successes, n).proportion_ci(level, method="wilson")
    assert wilson(successes, n, level) == pytest.approx((oracle.low, oracle.high), abs=1e-10)


@given(n=st.integers(1, 5000), part=st.floats(0, 1), level=LEVELS)
def test_wilson_contains_the_rate_and_mirrors(n, part, level):
    successes = round(part * n)
    low, high = wilson(successes, n, level)
    assert 0 <= low <= successes / n <= high <= 1
    assert low < high
    mirrored = wilson(n - successes, n, level)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-12)


def test_wilson_by_hand():
    # 8 of 10: centre (0.8 + z²/20) / (1 + z²/10) = 0.71674, half width 0.22659.
    assert wilson(8, 10) == pytest.approx((0.49016, 0.94332), abs=1e-5)
    # None of 164: the upper end is z² / (n + z²).
    square = NormalDist().inv_cdf(0.975) ** 2
    assert wilson(0, 164) == (0.0, pytest.approx(square / (164 + square), abs=1e-12))
    assert wilson(164, 164)[1] == 1.0


@pytest.mark.parametrize(
    ("n", "mean", "worst"), [(30, 0.953, 0.894), (164, 0.951, 0.930)], ids=["30 problems", "164 problems"]
)
def test_wilson_coverage_by_exact_summation(n, mean, worst):
    ends = np.array([wilson(c, n) for c in range(n + 1)])
    rates = np.linspace(0.5, 0.99, 491)[:, None]
    inside = (ends[:, 0] <= rates) & (rates <= ends[:, 1])
    coverage = (stats.binom.pmf(np.arange(n + 1), n, rates) * inside).sum(axis=1)
    assert coverage.mean() == pytest.approx(mean, abs=0.002)
    assert coverage.min() > worst


def test_wilson_coverage_by_simulation():
    draws = np.random.default_rng(7).binomial(164, 0.3, size=4000)
    ends = {int(c): wilson(int(c), 164) for c in set(draws)}
    covered = sum(ends[int(c)][0] <= 0.3 <= ends[int(c)][1] for c in draws)
    assert covered / 4000 == pytest.approx(0.95, abs=0.014)  # four standard errors


@pytest.mark.parametrize(
    ("successes", "n", "level", "word"),
    [(0, 0, 0.95, "n must"), (-1, 3, 0.95, "0..3"), (4, 3, 0.95, "0..3"), (1, 3, 1.0, "level"), (1, 3, 0.0, "level")],
)
def test_wilson_refuses(successes, n, level, word):
    with pytest.raises(ValueError, match=word):
        wilson(successes, n, level)


VALUES = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=60)


@given(values=VALUES, level=LEVELS)
def test_t_agrees_with_scipy(values, level):
    mean, low, high = t_interval(values, level)
    array = np.asarray(values)
    if np.ptp(array) < 1e-6:  # scipy's standard deviation is all rounding there
        assert low <= mean <= high
        return
    oracle = stats.ttest_1samp(array, 0.0).confidence_interval(level)
    assert (mean, low, high) == pytest.approx((array.mean(), oracle.low, oracle.high), rel=1e-10, abs=1e-10)
    half = stats.t.ppf(0.5 + level / 2, len(values) - 1) * stats.sem(array)
    assert high - low == pytest.approx(2 * half, rel=1e-10, abs=1e-10)


def test_t_by_hand():
    # Mean 0.4, sd 0.2, standard error 0.2/sqrt(3); with 2 degrees of freedom the p-quantile of t has the
    # closed form (2p - 1) / sqrt(2p (1 - p)), 4.3027 at 0.975.
    half = 0.95 / math.sqrt(2 * 0.975 * 0.025) * 0.2 / math.sqrt(3)
    assert t_interval([0.2, 0.4, 0.6]) == pytest.approx((0.4, 0.4 - half, 0.4 + half), abs=1e-12)
    assert t_interval([0.2, 0.4, 0.6], rates=True) == (pytest.approx(0.4), 0.0, pytest.approx(0.4 + half))


@given(rates=st.lists(st.floats(0, 1), min_size=2, max_size=40))
def test_t_of_rates_stays_among_rates(rates):
    mean, low, high = t_interval(rates, rates=True)
    assert 0 <= low <= mean <= high <= 1


def test_t_of_one_value_has_no_interval():
    assert t_interval([0.25]) == (0.25, None, None)


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, 1.0])
def test_t_of_equal_values_makes_up_no_spread(value):
    assert t_interval([value] * 7) == (value, value, value)


@settings(max_examples=20)
@given(values=VALUES)
def test_wider_level_wider_interval(values):
    _, low, high = t_interval(values, 0.8)
    _, lower, higher = t_interval(values, 0.95)
    assert lower <= low <= high <= higher


@pytest.mark.parametrize(
    ("values", "rates", "word"),
    [
        ([], False, "at least one"),
        ([1.0, math.nan], False, "finite"),
        ([0.5, 1.5], True, "rates"),
        ([-0.1], True, "ra"),
    ],
)
def test_t_refuses(values, rates, word):
    with pytest.raises(ValueError, match=word):
        t_interval(values, rates=rates)


@given(n=st.integers(1, 20_000), part=st.floats(0, 1), level=LEVELS)
def test_clopper_pearson_agrees_with_scipy(n, part, level):
    successes = round(part * n)
    oracle = stats.binomtest(successes, n).proportion_ci(level, method="exact")
    assert clopper_pearson(successes, n, level) == pytest.approx((oracle.low, oracle.high), abs=1e-10)


def test_clopper_pearson_by_hand():
    # None of 20: the upper end is the rate at which none has a chance of 2.5 %.
    assert clopper_pearson(0, 20) == (0.0, pytest.approx(1 - 0.025 ** (1 / 20), abs=1e-12))
    assert clopper_pearson(20, 20) == (pytest.approx(0.025 ** (1 / 20), abs=1e-12), 1.0)
    with pytest.raises(ValueError, match=r"0\.\.3"):
        clopper_pearson(4, 3)


def test_clopper_pearson_holds_every_rate():
    ends = np.array([clopper_pearson(c, 30) for c in range(31)])
    rates = np.linspace(0.01, 0.99, 393)[:, None]
    inside = (ends[:, 0] <= rates) & (rates <= ends[:, 1])
    assert (stats.binom.pmf(np.arange(31), 30, rates) * inside).sum(axis=1).min() >= 0.95


CLUSTERED = st.lists(st.tuples(st.floats(-1e3, 1e3), st.sampled_from("abcdefg")), min_size=2, max_size=60)


@settings(max_examples=30, deadline=None)
@given(rows=CLUSTERED, level=LEVELS)
def test_clusters_agree_with_statsmodels(rows, level):
    api = pytest.importorskip("statsmodels.api", reason="the oracle of CR1 is statsmodels")
    values, clusters = [list(column) for column in zip(*rows, strict=True)]
    mean, low, high = clustered_interval(values, clusters, level)
    if len(set(clusters)) == 1:
        assert (low, high) == (None, None)
        return
    if np.ptp(values) < 1e-6:
        assert low <= mean <= high
        return
    fit = api.OLS(values, np.ones(len(values))).fit(
        cov_type="cluster", cov_kwds={"groups": [ord(name) for name in clusters]}, use_t=True
    )
    scale = 1 + abs(mean) + np.ptp(values)
    # the residuals' sums cancel, and statsmodels' own rounding is in them
    assert (mean, low, high) == pytest.approx((fit.params[0], *fit.conf_int(1 - level)[0]), abs=1e-6 * scale)


def test_clusters_by_hand():
    # The mean is 3; the residuals' sums are -3 in a and 3 in b, so the error is sqrt(2/1 * 18) / 4 = 1.5, and
    # with one degree of freedom the 0.975-quantile of t is tan(0.475 pi) = 12.706.
    values, clusters = [1.0, 2.0, 5.0, 4.0], ["a", "a", "b", "b"]
    assert mean_error(values, clusters) == (3.0, pytest.approx(1.5), 1)
    half = 1.5 * math.tan(0.475 * math.pi)
    assert clustered_interval(values, clusters) == pytest.approx((3.0, 3 - half, 3 + half))


@given(values=VALUES, level=LEVELS)
def test_clusters_of_one_are_no_clusters(values, level):
    found = clustered_interval(values, range(len(values)), level)
    assert found == pytest.approx(t_interval(values, level), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("values", "clusters", "word"),
    [([], [], "at least one"), ([1.0, math.nan], [1, 2], "finite"), ([1.0, 2.0], [1], "one cluster a value")],
)
def test_clusters_refuse(values, clusters, word):
    with pytest.raises(ValueError, match=word):
        clustered_interval(values, clusters)


def test_equal_values_make_up_no_spread_in_clusters():
    assert mean_error([0.1] * 7, "aabbccc") == (0.1, 0.0, 2)
    assert mean_error([0.1]) == (0.1, None, 0)
