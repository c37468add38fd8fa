"""The interval of a ratio of sums: against a jackknife written out, and over its properties."""

import math
import statistics

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from benchcore.stats.jackknife import ratio_interval

AMOUNTS = [3.0, 1.0, 4.0, 1.0, 5.0]
SIZES = [2.0, 1.0, 3.0, 1.0, 9.0]


def written_out(amounts, sizes, level=0.95):
    """The ratio and its interval, each unit left out in turn."""
    n = len(amounts)
    without = [sum(amounts[:at] + amounts[at + 1 :]) / sum(sizes[:at] + sizes[at + 1 :]) for at in range(n)]
    error = math.sqrt((n - 1) ** 2 / n * statistics.variance(without))
    in_effect = sum(sizes) ** 2 / sum(size * size for size in sizes)
    half = stats.t.ppf(0.5 + level / 2, max(1, in_effect - 1)) * error
    ratio = sum(amounts) / sum(sizes)
    return ratio, max(0.0, ratio - half), ratio + half


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_each_unit_is_left_out_in_turn(level):
    assert ratio_interval(AMOUNTS, SIZES, level) == pytest.approx(written_out(AMOUNTS, SIZES, level), rel=1e-12)


def test_units_of_one_size_give_students_interval_of_the_mean():
    found = ratio_interval(AMOUNTS, [2.0] * 5)
    oracle = stats.ttest_1samp([amount / 2 for amount in AMOUNTS], 0.0).confidence_interval()
    assert found == pytest.approx((1.4, max(0.0, oracle.low), oracle.high), rel=1e-12)


def test_one_unit_has_no_spread():
    assert ratio_interval([3.0], [2.0]) == (1.5, None, None)


def test_a_unit_that_holds_nearly_everything_makes_the_interval_wide():
    even = ratio_interval([12.0, 11.0, 9.0, 10.0], [10.0] * 4)
    uneven = ratio_interval([1.2e6, 11.0, 9.0, 10.0], [1e6, 10.0, 10.0, 10.0])
    assert uneven[2] - uneven[1] > 5 * (even[2] - even[1])


UNITS = st.lists(st.tuples(st.floats(0, 1e6), st.floats(1, 1e6)), min_size=2, max_size=12)


@given(units=UNITS)
def test_the_interval_holds_the_ratio_and_is_that_of_the_definition(units):
    amounts, sizes = [list(column) for column in zip(*units, strict=True)]
    value, low, high = ratio_interval(amounts, sizes)
    assert 0 <= low <= value <= high
    assert (value, low, high) == pytest.approx(written_out(amounts, sizes), rel=1e-5, abs=1e-6 * (1 + high))


@given(units=UNITS, unit=st.sampled_from([0.5, 8.0, 1024.0]))
def test_order_and_unit_do_not_matter(units, unit):
    amounts, sizes = [list(column) for column in zip(*units, strict=True)]
    assume(sum(amounts) > 1e-3)
    found = ratio_interval(amounts, sizes)
    assert ratio_interval(amounts[::-1], sizes[::-1]) == pytest.approx(found, rel=1e-6, abs=1e-9)
    scaled = ratio_interval([amount * unit for amount in amounts], sizes)
    assert [value / unit for value in scaled] == pytest.approx(found, rel=1e-6, abs=1e-9)


def test_a_hundred_thousand_documents_are_exact_to_the_last_digits():
    sizes = [1.0 + at % 977 for at in range(100_000)]
    amounts = [size * (1 + (at % 7) / 10) for at, size in enumerate(sizes)]
    value, low, high = ratio_interval(amounts, sizes)
    assert value == pytest.approx(math.fsum(amounts) / math.fsum(sizes), rel=1e-12)
    assert 0 < high - low < 0.01


@pytest.mark.parametrize(
    ("amounts", "sizes"),
    [([], []), ([1.0], [1.0, 2.0]), ([-1.0], [1.0]), ([math.nan], [1.0]), ([1.0], [0.0]), ([1.0], [math.inf])],
)
def test_what_is_no_ratio_is_refused(amounts, sizes):
    with pytest.raises(ValueError):
        ratio_interval(amounts, sizes)


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_level_that_is_none_is_refused(level):
    with pytest.raises(ValueError, match="level"):
        ratio_interval(AMOUNTS, SIZES, level)
