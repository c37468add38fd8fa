"""pass@k: the estimator against exact arithmetic and enumeration, and the metric around it."""

from fractions import Fraction
from itertools import combinations
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchcore.errors import ConfigError
from benchcore.metrics.pass_at import fixed_list_error, pass_at, pass_at_k, pass_at_k_variance
from benchcore.records import Grade, Verdict


def grades(*problems):
    """A list of problems, each a tuple of its trials' values."""
    return [
        [
            Grade(request="", value=value, verdict=Verdict.RIGHT if value else Verdict.WRONG, grader="code@1")
            for value in values
        ]
        for values in problems
    ]


def trials(right, of):
    return (1.0,) * right + (0.0,) * (of - right)


def within(estimate, n, c, k, bound=10**14):
    """Whether the relative error against the exact fraction is at most 1/bound; whole numbers only, no gcd."""
    whole = comb(n, k)
    exact = whole - comb(n - c, k)
    over, under = estimate.as_integer_ratio()
    return bound * abs(over * whole - under * exact) <= under * exact


@pytest.mark.parametrize(
    ("n", "c", "k", "value"),
    [(5, 2, 2, 0.7), (4, 1, 2, 0.5), (10, 3, 1, 0.3), (3, 3, 3, 1.0), (7, 0, 7, 0.0), (7, 1, 7, 1.0), (5, 2, 0, 0.0)],
)
def test_estimator_by_hand(n, c, k, value):
    assert pass_at_k(n, c, k) == pytest.approx(value, abs=1e-15)


@pytest.mark.parametrize("n", range(1, 8))
def test_estimator_is_the_share_of_subsets_with_a_right_one(n):
    for c in range(n + 1):
        for k in range(1, n + 1):
            subsets = list(combinations(range(n), k))
            share = Fraction(sum(min(subset) < c for subset in subsets), len(subsets))
            assert pass_at_k(n, c, k) == pytest.approx(float(share), abs=1e-15)


@st.composite
def counts(draw, largest):
    n = draw(st.integers(1, largest))
    return n, draw(st.integers(0, n)), draw(st.integers(1, n))


@settings(deadline=None)
@given(counts(2000))
def test_estimator_is_exact_to_1e_14(nck):
    assert within(pass_at_k(*nck), *nck)


@settings(max_examples=15, deadline=None)
@given(n=st.integers(2000, 100_000), c=st.integers(0, 2000), k=st.sampled_from([1, 2, 10, 100, 1000]))
def test_estimator_is_exact_to_1e_14_for_many_samples(n, c, k):
    assert within(pass_at_k(n, c, k), n, c, k)


@pytest.mark.parametrize(
    ("n", "c", "k"),
    [
        (100_000, 1, 1),
        (100_000, 1, 100),
        (100_000, 100, 1),
        (100_000, 99_999, 1),
        (100_000, 1, 99_999),
        (100_000, 300, 300),
        (100_000, 3, 50_000),
        (100_000, 20_000, 20_000),
    ],
)
def test_estimator_at_the_edges(n, c, k):
    assert within(pass_at_k(n, c, k), n, c, k)


@given(counts(300))
def test_estimator_rises_with_k_and_with_c(nck):
    n, c, k = nck
    assert 0 <= pass_at_k(n, c, k) <= 1
    if k < n:
        assert pass_at_k(n, c, k) <= pass_at_k(n, c, k + 1) + 1e-15
    if c < n:
        assert pass_at_k(n, c, k) <= pass_at_k(n, c + 1, k) + 1e-15


@pytest.mark.parametrize(("n", "c", "k"), [(5, 2, 6), (5, 6, 1), (-1, 0, 0), (5, -1, 1), (5, 1, -1)])
def test_estimator_refuses(n, c, k):
    with pytest.raises(ValueError, match=r"n=|negative"):
        pass_at_k(n, c, k)


@pytest.mark.parametrize(("n", "k"), [(2, 1), (5, 1), (5, 2), (20, 3), (20, 10)])
@pytest.mark.parametrize("p", [0.02, 0.3, 0.9])
def test_variance_is_unbiased_by_summation(n, k, p):
    chances = [float(stats.binom.pmf(c, n, p)) for c in range(n + 1)]
    values = [pass_at_k(n, c, k) for c in range(n + 1)]
    mean = sum(chance * value for chance, value in zip(chances, values, strict=True))
    true = sum(chance * (value - mean) ** 2 for chance, value in zip(chances, values, strict=True))
    estimate = sum(chance * pass_at_k_variance(n, c, k) for c, chance in enumerate(chances))
    assert estimate == pytest.approx(true, abs=1e-10)


@settings(deadline=None)
@given(counts(400))
def test_variance_is_exact_and_never_negative(nck):
    n, c, k = nck
    if n < 2 * k:
        with pytest.raises(ValueError, match=f"needs n={2 * k} samples, got n={n}"):
            pass_at_k_variance(n, c, k)
        return
    exact = Fraction(comb(n - c, k), comb(n, k)) ** 2 - Fraction(comb(n - c, 2 * k), comb(n, 2 * k))
    assert pass_at_k_variance(n, c, k) == pytest.approx(float(exact), rel=1e-9, abs=1e-300)
    assert pass_at_k_variance(n, c, k) >= 0


def test_variance_by_hand():
    # one of two right: f = 1/2, and the pair is not all wrong: 1/4 - 0
    assert pass_at_k_variance(2, 1, 1) == pytest.approx(0.25)
    # pass@1 is a mean, whose variance is p (1 - p) / (n - 1)
    assert pass_at_k_variance(10, 3, 1) == pytest.approx(0.3 * 0.7 / 9)
    assert fixed_list_error([(2, 1), (10, 3)], 1) == pytest.approx((0.25 + 0.21 / 9) ** 0.5 / 2)
    assert fixed_list_error([(2, 2), (10, 0)], 1) == 0.0
    with pytest.raises(ValueError, match="at least one problem"):
        fixed_list_error([], 1)


def test_figures_by_hand():
    one, two = pass_at(1, 2).figures(grades(trials(2, 5), trials(0, 5), trials(5, 5)), None)
    assert (one.name, one.n, one.method) == ("pass@1", 3, "t over problems 95 %")
    assert one.value == pytest.approx((0.4 + 0 + 1) / 3)
    assert two.value == pytest.approx((0.7 + 0 + 1) / 3)
    oracle = stats.ttest_1samp([0.4, 0.0, 1.0], 0.0).confidence_interval()
    assert oracle.low < 0 < 1 < oracle.high  # so both ends are clipped
    assert (one.low, one.high) == (0.0, 1.0)


def test_one_trial_is_accuracy_with_wilson():
    [figure] = pass_at().figures(grades(*[(1.0,)] * 3, (0.0,)), None)
    assert (figure.name, figure.value, figure.n, figure.method) == ("pass@1", 0.75, 4, "Wilson 95 %")


def test_k_of_all_trials_is_one_draw_a_problem_and_takes_wilson():
    [figure] = pass_at(5).figures(grades(trials(1, 5), trials(0, 5), trials(3, 5)), None)
    assert (figure.value, figure.method) == (pytest.approx(2 / 3), "Wilson 95 %")


@pytest.mark.parametrize(
    ("of", "names"),
    [(1, "pass@1"), (9, "pass@1"), (10, "pass@1 pass@10"), (99, "pass@1 pass@10"), (200, "pass@1 pass@10 pass@100")],
)
def test_default_ks_are_the_powers_of_ten_that_fit(of, names):
    figures = pass_at().figures(grades(trials(1, of), trials(0, of)), None)
    assert " ".join(figure.name for figure in figures) == names


def test_unequal_trials_are_each_estimated_from_their_own():
    [figure] = pass_at().figures(grades(trials(1, 4), (*trials(5, 9), None)), None)
    assert (figure.name, figure.value) == ("pass@1", pytest.approx((1 / 4 + 5 / 9) / 2))
    [figure] = pass_at(2).figures(grades(trials(1, 4), trials(2, 5)), None)
    assert figure.value == pytest.approx((0.5 + 0.7) / 2)


def test_too_few_trials_for_a_k_asked_for_names_the_smallest():
    with pytest.raises(ConfigError, match="pass@10 needs 10 scored trials of every problem, but one has only 9"):
        pass_at(1, 10).figures(grades(trials(1, 10), (*trials(2, 9), None)), None)


def test_all_wrong_does_not_claim_certainty():
    figure = pass_at(1, 10).figures(grades(*[trials(0, 20)] * 164), None)[1]
    assert (figure.value, figure.low) == (0.0, 0.0)
    assert figure.high == pytest.approx(0.02289, abs=1e-5)


def test_nothing_scored_is_absent_not_zero():
    for metric, names in [(pass_at(), ["pass@1"]), (pass_at(1, 10), ["pass@1", "pass@10"])]:
        figures = metric.figures(grades((None,), ()), "g")
        assert [figure.name for figure in figures] == names
        assert all((figure.value, figure.n, figure.group) == (None, 0, "g") for figure in figures)


def test_partial_credit_is_refused():
    with pytest.raises(ConfigError, match=r"grades of 0 or 1, but the grader code@1 gave 0\.5"):
        pass_at(1).figures(grades((0.5,)), None)


def test_definition():
    assert pass_at().trials == 1
    assert pass_at(1, 100, 10).trials == 100
    assert str(pass_at(1, 10)) == "pass@1, pass@10"
    assert str(pass_at()) == "pass@k"
    for ks, word in [((0,), "got 0"), ((1, 1), "twice"), ((2.5,), "2.5"), ((True,), "True")]:
        with pytest.raises(ConfigError, match=word):
            pass_at(*ks)
