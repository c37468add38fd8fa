"""When things happen: learning rates, looks and checkpoints."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.trainers.schedule import evenly, learning_rate, log_spaced


def rate(step: int, decay: str = "cosine", floor: float = 0.1) -> float:
    return learning_rate(step, peak=2.0, steps=100, warmup=10, decay=decay, floor=floor)  # type: ignore[arg-type]


def test_the_rate_rises_in_a_line_and_falls_to_the_floor() -> None:
    assert [rate(step) for step in (0, 4, 9)] == pytest.approx([0.2, 1.0, 2.0])
    assert rate(10) == 2.0
    assert rate(55) == pytest.approx(2.0 * (0.1 + 0.9 * 0.5))
    assert rate(99) == pytest.approx(2.0 * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * 89 / 90))))
    assert rate(55, "linear", 0.0) == pytest.approx(1.0)
    assert {rate(step, "constant") for step in range(9, 100)} == {2.0}


@given(steps=st.integers(1, 10**6), count=st.integers(1, 100))
def test_looks_and_checkpoints_are_steps_that_end_with_the_last(steps: int, count: int) -> None:
    for found in (log_spaced(steps, count), evenly(steps, count)):
        assert list(found) == sorted(set(found))
        assert found[0] >= 1
        assert found[-1] == steps
        assert len(found) <= count


def test_looks_are_evenly_spaced_in_their_logarithm_and_checkpoints_as_they_are() -> None:
    assert log_spaced(1000, 4) == (1, 10, 100, 1000)
    assert log_spaced(5, 20) == (1, 2, 3, 4, 5)
    assert evenly(1000, 4) == (250, 500, 750, 1000)
    assert evenly(3, 10) == (1, 2, 3)
