"""Sparklines: one block a value, scaled to the series."""

import math

import pytest

from benchcore.report.sparkline import BLOCKS, WIDTH, sparkline


def test_each_of_eight_levels_has_a_block_of_its_own():
    assert sparkline(range(8)) == BLOCKS
    assert sparkline([0.8, 0.1]) == "█▁"


def test_gaps_sameness_and_nothing():
    assert sparkline([1, None, 2]) == "▁ █"
    assert sparkline([3.0, 3.0]) == "▅▅"
    assert sparkline([]) == sparkline([None, None]) == ""


def test_noise_looks_like_noise():
    assert sparkline([0.50, 0.51, 0.50], span=1.0) == "▄▅▄"
    assert sparkline([0, 1, 2], span=1.0) == sparkline([0, 1, 2])


def test_a_long_series_keeps_its_ends_and_its_shape():
    drawn = sparkline([-at for at in range(1000)])
    assert len(drawn) == WIDTH and drawn[0] == "█" and drawn[-1] == "▁"
    assert list(drawn) == sorted(drawn, reverse=True)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match="finite"):
        sparkline([1.0, value])
