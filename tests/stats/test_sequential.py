"""Group-sequential bounds against multivariate normal probabilities, simulation, and published values."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchcore.stats.binary import tango_interval
from benchcore.stats.paired import non_inferiority
from benchcore.stats.sequential import Boundary, GroupSequential, looks, spent


def levels(fractions, alpha=0.05):
    boundary = Boundary(alpha)
    return [boundary.look(fraction) for fraction in fractions]


def rejected(fractions, levels):
    """The chance that any look rejects where nothing is to be found: one less the multivariate normal probability.

    scipy draws its points at random and now and then stops too early, by 3e-5 where two looks are close:
    hence the median of five draws, each from its own seed.
    """
    used = [at for at, level in enumerate(levels) if level > 0]
    if not used:
        return 0.0
    at = np.array(fractions)[used]
    cover = np.sqrt(np.minimum.outer(at, at) / np.maximum.outer(at, at))
    ends = stats.norm.isf(np.array(levels)[used])
    accuracy = {"allow_singular": True, "abseps": 1e-6, "releps": 0, "maxpts": 1_000_000}
    return 1 - np.median([stats.multivariate_normal.cdf(ends, None, cover, **accuracy, rng=seed) for seed in range(5)])


def test_five_looks_are_near_the_simulated_bounds():
    found = stats.norm.isf(levels([0.2, 0.4, 0.6, 0.8, 1.0]))
    assert found[0] == pytest.approx(4.21, abs=0.02)
    assert found[1:] == pytest.approx([2.90, 2.30, 1.97, 1.75], abs=0.015)
    # to all digits at the first look: its bound spends just what may be spent
    z = stats.norm.isf(0.025) / math.sqrt(0.2)
    assert found[0] == pytest.approx(stats.norm.isf(2 * stats.norm.sf(z)), abs=1e-9)


@pytest.mark.parametrize(
    "fractions",
    [(0.5, 1.0), (0.1, 0.35, 1.0), (0.3, 0.31, 0.9), (0.2, 0.4, 0.6, 0.8, 1.0), (0.25, 0.999, 1.0), (0.05, 0.9, 1.0)],
)
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_what_is_spent_is_what_is_rejected(fractions, alpha):
    found = levels(fractions, alpha)
    for number in range(1, len(fractions) + 1):
        chance = rejected(fractions[:number], found[:number])
        assert chance == pytest.approx(spent(fractions[number - 1], alpha), abs=3e-5)


def test_twenty_looks_by_simulation():
    rng, fractions = np.random.default_rng(7), np.arange(1, 21) / 20
    sums = rng.normal(0, math.sqrt(1 / 20), (100_000, 20)).cumsum(axis=1)
    ends = stats.norm.isf(levels(fractions.tolist())) * np.sqrt(fractions)
    assert (sums >= ends).any(axis=1).mean() == pytest.approx(0.05, abs=0.003)  # over four standard errors


def test_one_look_is_the_test_itself():
    assert levels([1.0]) == [pytest.approx(0.05, abs=1e-12)]
    assert Boundary(0.01).look(0.3, last=True) == pytest.approx(0.01, abs=1e-12)


def test_a_last_look_with_fewer_problems_spends_what_is_left():
    boundary = Boundary()
    found = [boundary.look(0.4), boundary.look(0.7, last=True)]
    assert rejected([0.4, 0.7], found) == pytest.approx(0.05, abs=3e-5)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.floats(0.01, 1), min_size=2, max_size=8))
def test_levels_stay_below_alpha_and_a_look_costs_later_ones(steps):
    ends = list(itertools.accumulate(steps))
    fractions = [end / ends[-1] for end in ends]
    fractions[-1] = 1.0
    found = levels(fractions)
    assert all(0 <= level <= 0.05 + 1e-12 for level in found)
    assert found[-1] >= levels([*fractions[:-1], (fractions[-2] + 1) / 2, 1.0])[-1] - 1e-9


def test_spending():
    assert [spent(at) for at in (0.25, 1.0)] == [pytest.approx(2 * stats.norm.sf(stats.norm.isf(0.025) * 2)), 0.05]


def test_looks_start_at_fifty_and_end_with_all():
    assert looks(1319) == (264, 528, 791, 1055, 1319)
    assert looks(164) == (50, 78, 107, 136, 164)
    assert looks(164, 1) == (164,)
    assert (looks(50), looks(20), looks(51)) == ((50,), (20,), (50, 51))


@given(n=st.integers(1, 20_000), count=st.integers(1, 12))
def test_looks_rise(n, count):
    found = looks(n, count)
    assert found[-1] == n and len(found) <= count and list(found) == sorted(set(found))
    assert found[0] >= min(50, n)


def test_a_gross_drop_stops_the_run_early():
    rng = np.random.default_rng(1)
    x = rng.choice([-1.0, 0.0, 1.0], 1000, p=[0.2, 0.75, 0.05]).tolist()
    gate = GroupSequential(1000, 0.02)
    first = gate.look(x[:200])
    assert (first.verdict, first.comparison.method) == (None, "Tango")
    second = gate.look(x[:400])
    assert second.verdict == "fail"
    assert second.comparison.p_fail <= second.level < 0.05
    losses, gains = x[:400].count(-1.0), x[:400].count(1.0)
    expected = tango_interval(gains, losses, 400, 1 - 2 * second.level)
    assert (second.comparison.low, second.comparison.high) == pytest.approx(expected)
    assert second.comparison.high < -0.02, "the repeated interval says so too"


def test_without_looks_it_is_the_fixed_test():
    x = [1.0] * 60 + [-1.0] * 50 + [0.0] * 890
    found = GroupSequential(1000, 0.03).look(x)
    assert found.level == pytest.approx(0.05)
    assert found.comparison.p_pass == non_inferiority(x, 0.03).p_pass
    assert found.verdict == "pass"
    assert GroupSequential(1000, 0.001).look(x).verdict is None
    assert GroupSequential(30, 0.02).look([0.0] * 30).level == pytest.approx(0.05), "all there are, though under 50"


def test_a_look_with_nothing_to_spend_decides_nothing():
    found = GroupSequential(100_000, 0.02).look([0.7] * 60)
    assert (found.level, found.verdict, found.comparison.p_pass) == (0.0, None, 0.0)


def test_five_looks_keep_the_error_at_the_margin():
    rng, wrong = np.random.default_rng(7), {"pass": 0, "fail": 0, None: 0}
    for _ in range(1200):
        x = rng.choice([-1.0, 0.0, 1.0], 164, p=[0.085, 0.85, 0.065])
        gate = GroupSequential(164, 0.02)
        verdicts = (gate.look(x[:size]).verdict for size in looks(164))
        wrong[next(filter(None, verdicts), None)] += 1
    assert 0.02 < wrong["pass"] / 1200 < 0.07
    assert 0.02 < wrong["fail"] / 1200 < 0.07


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: Boundary(0.0), "alpha"),
        (lambda: Boundary().look(0.0), "fraction"),
        (lambda: Boundary().look(1.1), r"\(0, 1\]"),
        (lambda: levels([0.5, 0.5]), "the one before, at 0.5, got 0.5"),
        (lambda: spent(2.0), "fraction"),
        (lambda: looks(0), "at least 1"),
        (lambda: GroupSequential(0, 0.02), "n >= 1"),
        (lambda: GroupSequential(10, -0.02), "margin >= 0"),
        (lambda: GroupSequential(100, 0.02).look([0.0] * 49), "50 problems or more, got 49"),
    ],
)
def test_nonsense_is_refused(call, word):
    with pytest.raises(ValueError, match=word):
        call()
