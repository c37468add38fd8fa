"""Power against the published table, simulation, and itself turned round."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchcore.stats.power import certifiable_margin, items_needed, power_at


@pytest.mark.parametrize(
    ("variance", "margins", "two_points", "one_point"),
    [
        (0.02, (2.7, 1.6, 1.0), 310, 1_237),
        (0.05, (4.3, 2.5, 1.5), 773, 3_092),
        (0.15, (7.5, 4.3, 2.7), 2_319, 9_274),
        (0.30, (10.6, 6.1, 3.7), 4_637, 18_548),
    ],
)
def test_the_table_of_margins(variance, margins, two_points, one_point):
    found = tuple(100 * certifiable_margin(variance, n) for n in (164, 500, 1319))
    assert found == pytest.approx(margins, abs=0.05 + 1e-9)
    assert (items_needed(variance, 0.02), items_needed(variance, 0.01)) == (two_points, one_point)


RATES = st.floats(0.01, 0.4)


@given(variance=st.floats(0.001, 1), n=st.integers(50, 10_000), alpha=RATES, power=st.floats(0.5, 0.99))
def test_the_certifiable_margin_has_the_power_it_says(variance, n, alpha, power):
    margin = certifiable_margin(variance, n, alpha, power)
    assert power_at(variance, n, margin, 0.0, alpha) == pytest.approx(power, abs=1e-9)
    assert items_needed(variance, margin * (1 + 1e-9), alpha, power) <= n
    assert items_needed(variance, margin * (1 - 1e-6), alpha, power) > n - 1


def test_power_at_the_margin_is_alpha():
    assert power_at(0.15, 1319, 0.02, -0.02) == pytest.approx(0.05)
    assert power_at(0.15, 1319, 0.02) == pytest.approx(0.59, abs=0.005)
    assert (power_at(0.0, 10, 0.02), power_at(0.0, 10, 0.02, -0.03)) == (1.0, 0.0)


def test_power_by_simulation():
    rng = np.random.default_rng(7)
    means = rng.normal(0.01, np.sqrt(0.1 / 400), 20_000)
    passed = (means + 0.02) / np.sqrt(0.1 / 400) >= stats.norm.ppf(0.95)
    assert power_at(0.1, 400, 0.02, 0.01) == pytest.approx(passed.mean(), abs=0.012)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: certifiable_margin(-0.1, 10), "variance"),
        (lambda: certifiable_margin(0.1, 0), "n must"),
        (lambda: certifiable_margin(0.1, 10, 0.05, 1.0), "power"),
        (lambda: items_needed(0.1, 0.0), "margin"),
        (lambda: items_needed(0.1, 0.02, 0.0), "alpha"),
        (lambda: power_at(0.1, 10, 0.02, alpha=1.0), "alpha"),
    ],
)
def test_power_refuses(call, word):
    with pytest.raises(ValueError, match=word):
        call()
