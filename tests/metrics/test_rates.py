"""Accuracy: worked examples, what is left out, and which interval is taken."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchcore.errors import ConfigError
from benchcore.metrics.rates import accuracy
from benchcore.records import Grade, Verdict


def grades(*problems):
    """A list of problems, each a tuple of its trials' values."""
    return [
        [
            Grade(request="", value=value, verdict=Verdict.RIGHT if value else Verdict.WRONG, grader="exact@1")
            for value in values
        ]
        for values in problems
    ]


def only(problems, group=None):
    [figure] = accuracy().figures(problems, group)
    return figure


def test_one_trial_a_problem_takes_wilson():
    figure = only(grades((1.0,), (0.0,), (1.0,), (1.0,)))
    assert (figure.name, figure.value, figure.n, figure.method) == ("accuracy", 0.75, 4, "Wilson 95 %")
    oracle = stats.binomtest(3, 4).proportion_ci(method="wilson")
    assert (figure.low, figure.high) == pytest.approx((oracle.low, oracle.high), abs=1e-10)


def test_several_trials_take_t_over_the_problems_means():
    figure = only(grades((1.0, 0.0), (1.0, 1.0), (0.0, 0.0), (1.0, 0.0)))
    assert (figure.value, figure.n, figure.method) == (0.5, 4, "t over problems 95 %")
    oracle = stats.ttest_1samp([0.5, 1.0, 0.0, 0.5], 0.0).confidence_interval()
    assert (figure.low, figure.high) == pytest.approx((max(0, oracle.low), min(1, oracle.high)), abs=1e-10)


def test_partial_credit_takes_t():
    assert only(grades((0.5,), (1.0,), (0.0,))).method == "t over problems 95 %"


def test_problems_weigh_alike_whatever_their_trials():
    # Means 1 and 0.25, not 2 of 5.
    assert only(grades((1.0,), (1.0, 0.0, 0.0, 0.0))).value == 0.625


def test_unscored_trials_and_problems_are_left_out():
    figure = only(grades((1.0, None), (None, None), (0.0,), ()))
    assert (figure.value, figure.n, figure.method) == (0.5, 2, "Wilson 95 %")


@pytest.mark.parametrize("problems", [(), ((None,), (None,)), ((),)])
def test_nothing_scored_is_absent_not_zero(problems):
    figure = only(grades(*problems))
    assert (figure.value, figure.n, figure.low, figure.high) == (None, 0, None, None)
    assert figure.method == "no problem scored"


def test_one_problem_of_several_trials_has_no_interval():
    figure = only(grades((1.0, 0.0)))
    assert (figure.value, figure.n, figure.low, figure.high) == (0.5, 1, None, None)
    assert figure.method == "one problem, no interval"


def test_all_wrong_over_several_trials_does_not_claim_certainty():
    figure = only(grades(*[(0.0, 0.0)] * 20))
    assert figure.low == 0.0
    assert figure.high == pytest.approx(stats.binomtest(0, 20).proportion_ci(method="wilson").high, abs=1e-10)


def test_group_is_kept():
    assert only(grades((1.0,)), "algebra").group == "algebra"


@pytest.mark.parametrize("value", [1.5, -0.1, math.nan, math.inf])
def test_a_value_that_is_no_rate_names_its_grader(value):
    with pytest.raises(ConfigError, match=r"exact@1.*not in \[0, 1\]"):
        only(grades((value,)))


PROBLEMS = st.lists(st.lists(st.sampled_from([0.0, 0.5, 1.0, None]), max_size=4).map(tuple), max_size=12)


@given(problems=PROBLEMS)
def test_interval_holds_the_value_and_n_counts_scored_problems(problems):
    figure = only(grades(*problems))
    assert figure.n == sum(any(value is not None for value in values) for values in problems)
    if figure.low is not None:
        assert 0 <= figure.low <= figure.value <= figure.high <= 1


def test_metric_contract():
    assert accuracy().trials == 1
    assert str(accuracy()) == "accuracy"
    assert accuracy() == accuracy()
