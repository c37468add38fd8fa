"""Tango's and McNemar's tests against published examples, brute-force likelihood, scipy and statsmodels."""

import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from benchcore.stats.binary import Counts, mcnemar, tango, tango_interval, tango_variance


@st.composite
def counts(draw, most=300):
    n = draw(st.integers(1, most))
    gains = draw(st.integers(0, n))
    return gains, draw(st.integers(0, n - gains)), n


# Tango's test


def test_tango_published_examples():
    # Fagerland, Lydersen and Laake 2014, Statistics in Medicine 33:2850: complete response (Cavo et al. 2012) and
    # airway hyper-responsiveness (Bentur et al. 2009)
    assert tango_interval(6, 16, 161) == pytest.approx((-0.1240, -0.0054), abs=5e-5)
    assert tango_interval(1, 7, 21) == pytest.approx((-0.517, -0.026), abs=5e-4)
    # the example of R's PropCIs
    assert tango_interval(40, 20, 160) == pytest.approx((0.0309, 0.2181), abs=5e-5)
    # Tango 1998, the contact lenses: 1 of 44 pairs differs, margin 0.1, z = 1.709
    assert tango(0, 1, 44, 0.1) == pytest.approx(stats.norm.sf(1.709), abs=1e-4)


def by_likelihood(gains, losses, n, margin):
    """The score statistic, its nuisance rate found by maximising the likelihood."""

    def unlikely(rate):  # of losses; that of gains is lower by the margin
        rates = rate - margin, rate, 1 - 2 * rate + margin
        return -stats.multinomial.logpmf([gains, losses, n - gains - losses], n, rates)

    low, high = max(0.0, margin), (1 + margin) / 2
    rate = optimize.minimize_scalar(unlikely, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
    return (gains - losses + n * margin) / math.sqrt(n * (2 * rate - margin - margin * margin))


@settings(max_examples=60, deadline=None)
@given(pairs=counts(), margin=st.sampled_from([0.01, 0.02, 0.05, 0.2, -0.03]))
@example(pairs=(0, 0, 164), margin=0.02)
@example(pairs=(0, 9, 30), margin=0.02)
def test_tango_is_the_score_test_of_greatest_likelihood(pairs, margin):
    expected = stats.norm.sf(by_likelihood(*pairs, margin))
    assert tango(*pairs, margin) == pytest.approx(expected, abs=1e-4)


@given(pairs=counts(), margin=st.floats(-0.9, 0.9))
def test_tango_mirrors(pairs, margin):
    gains, losses, n = pairs
    assert tango(losses, gains, n, -margin) == pytest.approx(1 - tango(gains, losses, n, margin), abs=1e-12)


def non_iterative(gains, losses, n, level):
    """Tango's interval from the roots of a quartic: Yang, Sun and Hardin 2013, Statistics in Medicine 32:1336.

    Written from the equation that the ends solve, (gains - losses - n d)^2 = z^2 n (2 q + d - d^2), with q eliminated
    by its quadratic 2 n q^2 + B q + C = 0.
    """
    square = stats.norm.ppf(0.5 + level / 2) ** 2
    d = np.polynomial.Polynomial([0, 1])
    over = (gains - losses) - n * d
    q = (over**2 / (square * n) - d + d**2) / 2
    quartic = 2 * n * q**2 + (-gains - losses + (2 * n - gains + losses) * d) * q - losses * d * (1 - d)
    roots = quartic.roots()
    value = (gains - losses) / n
    real = np.sort(roots[np.abs(roots.imag) < 1e-6].real)
    ends = [d for d in real if -1 - 1e-9 <= d <= 1 + 1e-9]
    return min(ends, default=value), max(ends, default=value)


@settings(max_examples=100, deadline=None)
@given(pairs=counts(), level=st.sampled_from([0.8, 0.9, 0.95]))
def test_tango_interval_solves_the_quartic(pairs, level):
    gains, losses, n = pairs
    assume(gains + losses > 0 and max(gains, losses) < n)
    assert tango_interval(*pairs, level) == pytest.approx(non_iterative(*pairs, level), abs=1e-6)


@given(pairs=counts(100_000), level=st.sampled_from([0.5, 0.9, 0.95, 0.999]))
@example(pairs=(0, 0, 1), level=0.95)
@example(pairs=(7, 0, 7), level=0.95)
@example(pairs=(0, 7, 7), level=0.95)
def test_the_interval_holds_what_the_test_does_not_reject(pairs, level):
    gains, losses, n = pairs
    low, high = tango_interval(*pairs, level)
    assert -1 <= low <= (gains - losses) / n <= high <= 1
    assert low < high
    tail = (1 - level) / 2
    if low > -1:
        assert tango(gains, losses, n, -low) == pytest.approx(tail, rel=1e-5)
    if high < 1:
        assert tango(losses, gains, n, high) == pytest.approx(tail, rel=1e-5)
    assert tango_interval(losses, gains, n, level) == pytest.approx((-high, -low), abs=1e-9)


def test_none_that_differs_is_not_certainty():
    # with no pair that differs q is the margin m, and z = m n / sqrt(n m (1 - m))
    z = math.sqrt(164 * 0.02 / 0.98)
    assert tango(0, 0, 164, 0.02) == pytest.approx(stats.norm.sf(z), abs=1e-12)
    assert tango(0, 0, 164, 0.0) == 0.5
    square = stats.norm.ppf(0.975) ** 2
    assert tango_interval(0, 0, 164) == pytest.approx((-square / (164 + square), square / (164 + square)), abs=1e-12)


# any difference


@given(gains=st.integers(0, 400), losses=st.integers(0, 400))
def test_mcnemar_is_the_binomial_test(gains, losses):
    oracle = stats.binomtest(gains, gains + losses).pvalue if gains + losses else 1.0
    assert mcnemar(gains, losses) == pytest.approx(oracle, abs=1e-10)


def test_mcnemar_agrees_with_statsmodels_and_the_book():
    tables = pytest.importorskip("statsmodels.stats.contingency_tables", reason="an oracle of McNemar is statsmodels")
    assert mcnemar(6, 16) == pytest.approx(tables.mcnemar([[59, 6], [16, 80]], exact=True).pvalue, abs=1e-10)
    assert mcnemar(6, 16) == pytest.approx(0.052479, abs=5e-7)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: Counts(gains=3, losses=2, n=4), "at most n"),
        (lambda: Counts(gains=-1, losses=2, n=4), "0 or more"),
        (lambda: tango(1, 1, 4, 1.0), "margin"),
        (lambda: tango(3, 2, 4, 0.1), "at most n"),
        (lambda: tango_interval(1, 1, 4, 1.0), "level"),
        (lambda: mcnemar(-1, 2), "negative"),
    ],
)
def test_nonsense_is_refused(call, word):
    with pytest.raises(ValueError, match=word):
        call()


@given(found=counts(), margin=st.floats(0.001, 0.5))
def test_the_variance_is_that_of_the_test(found, margin):
    gains, losses, n = found
    variance = tango_variance(gains, losses, n, margin)
    over = ((gains - losses) / n + margin) / math.sqrt(variance)
    assert tango(gains, losses, n, margin) == pytest.approx(stats.norm.sf(over), abs=1e-9)
