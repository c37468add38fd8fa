"""Welch's t against scipy."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchcore.stats.unpaired import welch


@settings(deadline=None)  # the first example imports scipy
@given(
    st.lists(st.integers(-50, 50), min_size=2, max_size=6, unique=True),
    st.lists(st.integers(-50, 50), min_size=2, max_size=6, unique=True),
    st.integers(-20, 20),
)
def test_welch_is_scipys(new, old, margin):
    found = welch(new, old, margin, level=0.9)
    oracle = stats.ttest_ind([x + margin for x in new], old, equal_var=False, alternative="greater")
    assert found.p_pass == pytest.approx(oracle.pvalue, abs=1e-12)
    assert found.p_fail == pytest.approx(1 - oracle.pvalue, abs=1e-12)
    both = stats.ttest_ind(new, old, equal_var=False)
    assert found.p == pytest.approx(both.pvalue, abs=1e-12)
    assert (found.low, found.high) == pytest.approx(tuple(both.confidence_interval(0.9)))


@pytest.mark.parametrize(("new", "old"), [([1.0], [0.0, 0.1]), ([1.0, 1.0, 1.0], [0.0, 0.0, 0.0])])
def test_without_a_spread_nothing_is_shown(new, old):
    found = welch(new, old)
    assert (found.low, found.high, found.p, found.p_pass, found.p_fail) == (None, None, 1, 1, 1)
