"""Which rows steps take: everything once a pass, shares as asked for, and the same again after a restart."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.errors import ConfigError
from benchcore.trainers.order import Order


class Groups:
    """Rows as `Order` sees them: groups of so many rows each."""

    def __init__(self, *sizes: int) -> None:
        self.groups = tuple(map(str, range(len(sizes))))
        self._ends = np.cumsum(sizes).tolist()

    def __len__(self) -> int:
        return int(self._ends[-1])

    def members(self, group: int) -> range:
        return range(self._ends[group - 1] if group else 0, self._ends[group])


def order(*sizes: int, seed: int = 0) -> Order:
    rows: Any = Groups(*sizes)
    return Order(rows, seed)


SIZES = st.lists(st.integers(1, 12), min_size=1, max_size=4)
COUNTS = st.lists(st.integers(1, 30), min_size=1, max_size=6)


@given(SIZES, COUNTS, st.integers(0, 2**40))
def test_each_pass_takes_every_row_once_however_steps_cut_it(sizes: list[int], counts: list[int], seed: int) -> None:
    taking = order(*sizes, seed=seed)
    taken = np.concatenate([taking.take(count) for count in counts])
    assert [one.size for one in (taken, order(*sizes, seed=seed).take(sum(counts)))] == [sum(counts)] * 2
    assert taken.tolist() == order(*sizes, seed=seed).take(sum(counts)).tolist()
    every = list(range(sum(sizes)))
    for start in range(0, taken.size - len(every) + 1, len(every)):
        assert sorted(taken[start : start + len(every)].tolist()) == every


@given(SIZES, COUNTS, st.data())
def test_a_group_is_gone_through_in_passes_of_its_own(sizes: list[int], counts: list[int], data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(0, 3), min_size=len(sizes), max_size=len(sizes)).filter(any))
    mixture = [weight / sum(weights) for weight in weights]
    taking = order(*sizes)
    taken = np.concatenate([taking.take(count, mixture) for count in counts])
    assert taken.tolist() == order(*sizes).take(sum(counts), mixture).tolist()
    for group, share in enumerate(mixture):
        members = Groups(*sizes).members(group)
        own = [row for row in taken.tolist() if row in members]
        assert share or not own
        for start in range(0, len(own) - len(members) + 1, len(members)):
            assert sorted(own[start : start + len(members)]) == list(members)


def test_rows_come_from_groups_by_their_shares() -> None:
    taken = order(3, 50, 7).take(20_000, [0.2, 0.5, 0.3])
    counts = np.array([(taken < 3).sum(), ((taken >= 3) & (taken < 53)).sum(), (taken >= 53).sum()])
    expected = np.array([4000, 10_000, 6000])
    # chi-square with two degrees of freedom
    assert ((counts - expected) ** 2 / expected).sum() < 14


def test_passes_differ_from_each_other_and_from_those_of_another_seed() -> None:
    taking = order(40)
    first, second = taking.take(40).tolist(), taking.take(40).tolist()
    assert first != second and first != list(range(40))
    assert order(40, seed=1).take(40).tolist() not in (first, second)
    # groups of one size do not go in step
    one, other = (order(40, 40).take(40, mixture) for mixture in ([1, 0], [0, 1]))
    assert one.tolist() != (other - 40).tolist()


def test_shuffling_favours_no_place() -> None:
    taking = order(5)
    counts = np.zeros((5, 5))
    for _ in range(4000):
        counts[np.arange(5), taking.take(5)] += 1
    # chi-square with 16 degrees of freedom
    assert ((counts - 800) ** 2 / 800).sum() < 16 + 5 * math.sqrt(2 * 16)


@given(SIZES, COUNTS, st.lists(st.booleans(), min_size=6, max_size=6))
def test_a_run_that_goes_on_takes_what_it_would_have(sizes: list[int], counts: list[int], mixed: list[bool]) -> None:
    even = [1 / len(sizes)] * len(sizes)
    taking = order(*sizes, seed=3)
    for count, mix in zip(counts, mixed, strict=False):
        taking.take(count, even if mix else None)
    again = order(*sizes, seed=3)
    again.restore(json.loads(json.dumps(taking.state())))
    for mixture in (None, even, None, even):
        assert again.take(7, mixture).tolist() == taking.take(7, mixture).tolist()


def test_the_order_is_the_same_on_every_machine() -> None:
    taking = order(6, 4, seed=7)
    assert taking.take(12).tolist() == [6, 3, 4, 9, 0, 2, 8, 7, 5, 1, 5, 9]
    assert taking.take(6, [0.5, 0.5]).tolist() == [8, 4, 0, 5, 1, 7]


@pytest.mark.parametrize(
    ("mixture", "said"),
    [
        ([1.0], "1 shares for a corpus of 2 groups"),
        ([0.5, 0.4], r"sum to 1, unlike \[0.5, 0.4\]"),
        ([1.5, -0.5], "at least 0"),
        ([math.nan, 1.0], "at least 0"),
    ],
)
def test_what_are_no_shares_is_refused(mixture: list[float], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        order(2, 3).take(1, mixture)


@given(SIZES, COUNTS, st.data())
def test_a_pool_passes_over_the_other_rows(sizes: list[int], counts: list[int], data: st.DataObject) -> None:
    size = sum(sizes)
    pool = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size).filter(any)))
    taking = order(*sizes)
    taken = np.concatenate([taking.take(count, pool=pool) for count in counts])
    passes = order(*sizes).take(size * (sum(counts) + 1))
    assert taken.tolist() == passes[pool[passes]][: taken.size].tolist()
    resumed = order(*sizes)
    resumed.restore(json.loads(json.dumps(taking.state())))
    assert resumed.take(5, pool=pool).tolist() == taking.take(5, pool=pool).tolist()


def test_an_empty_pool_is_refused() -> None:
    with pytest.raises(ConfigError, match="no row to draw from"):
        order(3).take(1, pool=np.zeros(3, np.bool_))
