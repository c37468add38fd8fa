"""Curves compared over documents and over seeds: against scipy, an exact jackknife, and their own error rates."""

import math
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchcore.comparison.curves import Line, OverDocuments, OverSeeds, means, paces
from benchcore.stats.curves import auc, value_at, weights
from benchcore.stats.unpaired import welch

SIMULATED = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "series_gate_errors.py"))


def line(at, rows, sizes):
    return Line(series="run", at=at, parts=[[(x * s, s) for x, s in zip(row, sizes, strict=True)] for row in rows])


def straight(at, first, slope, documents=1):
    """A run that falls by `slope` with each doubling of the tokens, on documents that are all alike."""
    rows = [[first - slope * math.log2(tokens / 10)] * documents for tokens in at]
    return line(at, rows, [10] * documents)


@st.composite
def curves(draw):
    """One or two curves of accuracies at the same tokens, with plateaus and dips."""
    at = sorted(draw(st.sets(st.integers(10, 10_000), min_size=2, max_size=8)))
    rows = draw(
        st.lists(
            st.lists(st.integers(0, 10), min_size=len(at), max_size=len(at)), min_size=1, max_size=min(2, len(at) - 1)
        )
    )
    return [[(tokens, value / 10) for tokens, value in zip(at, row, strict=True)] for row in rows]


@settings(deadline=None, max_examples=200)
@given(curves(), st.floats(0, 1))
def test_what_is_read_off_a_curve_is_the_weighted_sum_of_its_values(drawn, part):
    low, high = drawn[0][0][0], drawn[0][-1][0]
    middle = min(high, low * (high / low) ** part)
    for read in (lambda one: auc(one, axis="log_tokens"), lambda one: value_at(one, middle)):
        found = weights(drawn, read)
        assert math.fsum(found) == pytest.approx(1, abs=1e-9)
        for curve in drawn:
            total = math.fsum(weight * value for weight, (_, value) in zip(found, curve, strict=True))
            assert total == pytest.approx(read(curve), abs=1e-9)


def test_the_weights_of_two_points_are_those_of_a_straight_line():
    curve = [(1.0, 3.0), (100.0, 2.0)]
    assert weights([curve], lambda one: auc(one, axis="log_tokens")) == pytest.approx([0.5, 0.5])
    assert weights([curve], lambda one: value_at(one, 10**0.5)) == pytest.approx([0.75, 0.25])


def test_problems_on_which_the_sides_never_differ_are_no_difference():
    rng = np.random.default_rng(0)
    at, n = [10, 20, 30, 40, 60], 200
    right = (rng.random(n) < np.linspace(0.2, 0.8, len(at))[:, None]).astype(float)
    other = right.copy()
    other[2:, :7] = 1 - other[2:, :7]
    found = means([line(at, other, [1] * n)], [line(at, right, [1] * n)], "accuracy", "tokens", over_seeds=False)
    assert sum(gain != 0 for gain in found.pairs.gains) == 7
    assert found.compare(0.02).method.startswith("larger p of Tango and paired t")


def test_a_value_between_points_is_on_the_cubic_and_none_is_past_them():
    curve = [(1.0, 3.0), (100.0, 2.0)]
    assert [value_at(curve, tokens) for tokens in (1, 10, 100)] == pytest.approx([3, 2.5, 2])
    with pytest.raises(ValueError, match="known from 1 to 100 tokens, not at 101"):
        value_at(curve, 101)


def test_the_jackknife_is_the_exact_one_over_documents():
    """Each document left out of both curves at once, and the means of both taken anew."""
    rng = np.random.default_rng(3)
    at, n = [10, 20, 50, 100, 300], 60
    sizes = np.exp(rng.normal(5, 0.7, n)).round()
    rows = [
        1.2 - 0.1 * np.log(at)[:, None] + rng.normal(0, 0.2, n) + rng.normal(0, 0.05, (len(at), n)) for _ in range(2)
    ]
    candidate, baseline = ([line(at, side, sizes)] for side in rows)
    found = means(candidate, baseline, "bits per byte", "tokens", over_seeds=False).compare(0.01, 0.9)

    def gain(kept):
        of = [
            auc(list(zip(at, (side[:, kept] @ sizes[kept]) / sizes[kept].sum(), strict=True)), axis="log_tokens")
            for side in rows
        ]
        return of[1] - of[0]

    without = np.array([gain(np.arange(n) != left_out) for left_out in range(n)])
    error = math.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum())
    freedom = sizes.sum() ** 2 / (sizes**2).sum() - 1
    assert found.value == pytest.approx(gain(np.arange(n) >= 0), abs=1e-7)
    assert (found.high - found.low) / 2 / stats.t.ppf(0.95, freedom) == pytest.approx(error, rel=0.01)
    assert found.n == n


def test_the_means_are_taken_over_the_range_in_common_and_a_lower_loss_is_a_gain():
    candidate, baseline = [straight([10, 20, 40, 80], 2.0, 0.1)], [straight([20, 40, 80, 160], 2.2, 0.1)]
    found = means(candidate, baseline, "bits per byte", "tokens", over_seeds=False)
    # from 20 to 80 tokens, 1.9 falling to 1.7 and 2.1 falling to 1.9
    assert found.values() == pytest.approx((1.8, 2.0))
    assert found.compare().value == pytest.approx(0.2)
    assert "20 to 80 tokens" in found.compare().method


@pytest.mark.parametrize(
    ("speed_up", "last", "here", "there"),
    [
        (0.5, 80, 80, 40),  # the candidate ends first: the baseline where it was by half of that
        (0.5, 320, 160, 80),  # trained for long enough: the baseline where it ends
        (2.0, 80, 40, 80),
        (1.0, 160, 80, 80),
    ],
)
def test_a_pace_compares_t_tokens_with_as_many_times_the_speed_up(speed_up, last, here, there):
    at = [20, 40, 80, 160, 320]
    candidate = [straight([tokens for tokens in at if tokens <= last], 2.0, 0.1)]
    baseline = [straight([10, 20, 40, 80], 2.2, 0.1)]
    found = paces(candidate, baseline, "bits per byte", "tokens", speed_up, over_seeds=False)
    assert isinstance(found, OverDocuments)
    new, old = 2.0 - 0.1 * math.log2(here / 10), 2.2 - 0.1 * math.log2(there / 10)
    assert found.values() == pytest.approx((new, old))
    assert f"at {here:.3g} tokens against {there:.3g}" in found.where


def test_where_no_pace_can_be_compared_there_is_a_reason():
    candidate, baseline = [straight([10, 20], 2.0, 0.1)], [straight([100, 200], 2.0, 0.1)]
    assert means(candidate, baseline, "accuracy", "steps", over_seeds=False) == (
        "the curves have no range of steps in common"
    )
    found = paces(candidate, baseline, "accuracy", "steps", 2.0, over_seeds=False)
    assert found == "there is no number of steps at which the candidate is known, and at 2 times which the baseline is"
    assert isinstance(paces(candidate, baseline, "accuracy", "steps", 10.0, over_seeds=False), OverDocuments)


def test_a_higher_rate_is_a_gain():
    rates = [[line([10, 20, 40], [[value] * 30] * 3, [1] * 30)] for value in (0.75, 0.5)]
    assert means(*rates, "accuracy", "tokens", over_seeds=False).compare().value == pytest.approx(0.25)


def test_over_seeds_each_run_is_one_value():
    at = [10, 20, 40]
    candidate = [straight(at, first, 0.1) for first in (1.9, 2.0, 2.1)]
    baseline = [straight(at, first, 0.1) for first in (2.2, 2.3, 2.6)]
    found = means(candidate, baseline, "bits per byte", "tokens", over_seeds=True)
    assert isinstance(found, OverSeeds)
    assert found.compare(0.05).p_pass == pytest.approx(welch([2.1, 2.2, 2.5], [1.8, 1.9, 2.0], 0.05).p_pass)
    assert found.values() == pytest.approx((1.9, 2.1 + 1 / 6))


def test_over_documents_several_runs_are_their_mean():
    at = [10, 20, 40]
    candidate = [straight(at, first, 0.1, documents=5) for first in (1.9, 2.1)]
    found = means(candidate, [straight(at, 2.3, 0.1, documents=5)], "bits per byte", "tokens", over_seeds=False)
    assert found.values() == pytest.approx((1.9, 2.2))
    assert found.compare().n == 5


@pytest.mark.parametrize(
    ("name", "speed_up"),
    [
        ("100 documents", None),
        ("100 documents", 0.95),
        ("164 problems", 1.2),
        ("3 and 3 seeds, one spread 4 times the other", None),
        ("3 and 3 seeds", 1.2),
    ],
)
def test_at_the_margin_either_verdict_is_wrong_in_about_5_of_100_cases(name, speed_up):
    # 300 cases: four standard errors of a 5 % are 5 points; a test at 5 % of 10 % would fail one time in two
    passed, failed = SIMULATED["errors"](name, speed_up, 300, seed=1)
    assert 0.005 < passed < 0.1 and 0.005 < failed < 0.1


@pytest.mark.parametrize("speed_up", [0.95, 1.2])
def test_whole_problems_that_did_not_happen_to_differ_are_reckoned_with(speed_up):
    # t by itself passes in 33, and fails in 9, of 100 cases: it sees nothing but what the cubic makes between points
    passed, failed = SIMULATED["errors"]("164 problems, of which 6 % ever differ", speed_up, 200, seed=2)
    assert passed < 0.1 and failed < 0.1
