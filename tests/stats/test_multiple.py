"""Holm's correction against statsmodels and by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchcore.stats.multiple import holm


@settings(max_examples=50, deadline=None)
@given(ps=st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_agrees_with_statsmodels(ps):
    oracle = pytest.importorskip("statsmodels.stats.multitest", reason="the oracle of Holm is statsmodels")
    assert holm(ps) == pytest.approx(oracle.multipletests(ps, method="holm")[1], abs=1e-10)


def test_holm_by_hand():
    # sorted .01 .02 .03 .2: times 4 3 2 1 is .04 .06 .06 .2
    assert holm([0.2, 0.01, 0.03, 0.02]) == pytest.approx([0.2, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([0.03]) == [0.03]
    assert holm([]) == []


@given(ps=st.lists(st.floats(0, 1), max_size=30))
def test_adjusting_never_lowers_and_keeps_the_order(ps):
    adjusted = holm(ps)
    assert all(p <= up <= 1 for p, up in zip(ps, adjusted, strict=True))
    assert [up for _, up in sorted(zip(ps, adjusted, strict=True))] == sorted(adjusted)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_no_p_value_is_refused(p):
    with pytest.raises(ValueError, match="p-values"):
        holm([0.5, p])
