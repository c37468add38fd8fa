"""Paired tests against scipy, statsmodels, enumeration, and their own promise: exact error rates."""

import math
import statistics
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from benchcore.stats.binary import Counts, mcnemar, tango, tango_interval
from benchcore.stats.paired import Comparison, non_inferiority, paired_ratio, paired_t, sign_flip

DIFFERENCES = st.lists(st.floats(-1, 1), min_size=2, max_size=40)


@given(x=DIFFERENCES, margin=st.floats(0, 0.3), level=st.sampled_from([0.8, 0.95]))
def test_paired_t_agrees_with_scipy(x, margin, level):
    assume(np.ptp(x) > 1e-6)
    found = paired_t(x, margin=margin, level=level)
    both = stats.ttest_1samp(x, 0.0)
    interval = both.confidence_interval(level)
    one = [stats.ttest_1samp(x, -margin, alternative=side).pvalue for side in ("greater", "less")]
    assert (found.value, found.low, found.high) == pytest.approx((np.mean(x), *interval), abs=1e-10)
    assert (found.p, found.p_pass, found.p_fail) == pytest.approx((both.pvalue, *one), abs=1e-10)
    assert (found.n, found.method) == (len(x), "paired t")


@pytest.mark.parametrize("margin", [0.0, 0.3])
def test_paired_t_over_clusters_agrees_with_statsmodels(margin):
    api = pytest.importorskip("statsmodels.api", reason="the oracle of CR1 is statsmodels")
    rng = np.random.default_rng(3)
    clusters = rng.integers(0, 9, 60)
    x = rng.normal(1, 1, 60) + rng.normal(0, 1, 9)[clusters]
    fit = api.OLS(x + margin, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
    found = paired_t(x.tolist(), clusters.tolist(), margin)
    two_sided = fit.pvalues[0]
    assert fit.params[0] > 0
    assert (found.p_pass, found.p_fail) == pytest.approx((two_sided / 2, 1 - two_sided / 2), abs=1e-6)
    assert (found.low + margin, found.high + margin) == pytest.approx(tuple(fit.conf_int()[0]), abs=1e-6)
    assert found.method == "paired t over 9 clusters"


def test_paired_t_without_spread():
    one = paired_t([0.5])
    assert (one.value, one.low, one.high, one.p, one.p_pass, one.p_fail) == (0.5, None, None, 1.0, 1.0, 1.0)
    same = paired_t([-0.1] * 5, margin=0.2)
    assert (same.low, same.high, same.p, same.p_pass, same.p_fail) == (-0.1, -0.1, 0.0, 0.0, 1.0)
    assert paired_t([0.0] * 5).p == 1.0


@pytest.mark.parametrize("x", [[1.0, 2.0, -0.5, 3.0, 0.25, -1.0, 0.0], [0.1, 0.1, 0.1, -0.1, 0.1], [1.0, 1.0, -1.0]])
def test_sign_flip_is_the_share_of_all_sign_patterns(x):
    sums = [sum(sign * one for sign, one in zip(signs, x, strict=True)) for signs in product((1, -1), repeat=len(x))]
    exact = np.mean([abs(one) >= abs(sum(x)) - 1e-12 for one in sums])
    found = sign_flip(x, 5, 40_000)
    assert found == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 40_000) + 1e-4)
    assert found == sign_flip(x, 5, 40_000)


def test_sign_flip_is_mcnemar_for_right_and_wrong_in_batches_too(monkeypatch):
    x = [1.0] * 30 + [-1.0] * 14 + [0.0] * 1000
    assert sign_flip(x, 1, 40_000) == pytest.approx(mcnemar(30, 14), abs=0.003)
    monkeypatch.setattr("benchcore.stats.paired.FLIPS_AT_ONCE", 44 * 7)
    assert sign_flip(x, 1, 3000) == pytest.approx(mcnemar(30, 14), abs=0.012)
    assert sign_flip([0.0, 0.0], 1) == 1.0
    assert sign_flip([5.0] * 100, 1, 99) == 1 / 100, "the one seen is counted"


# ratios


def test_paired_ratio_leaves_out_one_document_at_a_time():
    candidate = [(3.0, 2.0), (1.0, 1.0), (4.0, 3.0), (1.5, 1.0), (5.0, 9.0)]
    baseline = [(3.5, 2.5), (1.0, 1.2), (4.5, 3.0), (1.0, 1.0), (6.0, 8.0)]

    def difference(keep):
        return sum(
            sign * sum(side[at][0] for at in keep) / sum(side[at][1] for at in keep)
            for sign, side in ((1, candidate), (-1, baseline))
        )

    without = [difference([at for at in range(5) if at != out]) for out in range(5)]
    error = math.sqrt(16 / 5 * statistics.variance(without))
    shares = [(a[1] / 16 + b[1] / 15.7) / 2 for a, b in zip(candidate, baseline, strict=True)]
    freedom = 1 / sum(share**2 for share in shares) - 1
    value = difference(range(5))
    found = paired_ratio(candidate, baseline, margin=0.1, level=0.9)
    half = stats.t.ppf(0.95, freedom) * error
    assert (found.value, found.low, found.high) == pytest.approx((value, value - half, value + half), rel=1e-10)
    assert found.p_pass == pytest.approx(stats.t.sf((value + 0.1) / error, freedom), rel=1e-9)
    swapped = paired_ratio(baseline, candidate, margin=0.1, level=0.9)
    assert (swapped.value, swapped.low, swapped.p) == pytest.approx((-value, -value - half, found.p))


def test_paired_ratio_of_equal_sizes_is_the_paired_t():
    a, b = [3.0, 1.0, 4.0, 1.0, 5.0], [2.0, 1.5, 3.0, 2.0, 4.0]
    ratio = paired_ratio([(x, 2.0) for x in a], [(x, 2.0) for x in b], margin=0.2)
    t = paired_t([(x - y) / 2 for x, y in zip(a, b, strict=True)], margin=0.2)
    for name in ("value", "low", "high", "p", "p_pass", "p_fail"):
        assert getattr(ratio, name) == pytest.approx(getattr(t, name), rel=1e-10)
    assert paired_ratio([(1.0, 2.0)], [(1.0, 4.0)]).low is None


def test_paired_ratio_keeps_its_errors():
    rng, wrong = np.random.default_rng(7), np.zeros(2)
    for _ in range(1500):
        sizes = np.exp(rng.normal(0, 1, 40)) * 1000
        rate, drift = rng.normal(0.7, 0.1, 40), rng.normal(0.01, 0.05, 40)
        # weighted by size the loss is worse by just 0.01: the gain is -0.01
        found = paired_ratio(
            list(zip(rate * sizes, sizes, strict=True)), list(zip((rate + drift) * sizes, sizes, strict=True)), 0.01
        )
        wrong += found.p_pass <= 0.05, found.p_fail <= 0.05
    assert (wrong / 1500 <= 0.065).all()


# the rule


@pytest.mark.parametrize(
    ("x", "clusters", "method"),
    [
        ([1.0] * 10 + [-1.0] * 10 + [0.0] * 80, None, "Tango"),
        ([1.0] * 9 + [-1.0] * 10 + [0.0] * 80, None, "larger p of Tango and paired t"),
        ([0.1, -0.2] * 10, None, "paired t"),
        ([0.1, -0.2] * 9 + [0.0] * 30, None, "larger p of Tango and paired t"),
        ([1.0, -1.0] * 20, list(range(20)) * 2, "paired t over 20 clusters"),
        ([3.0, -1.0] * 5, None, "paired t"),
    ],
)
def test_the_rule_names_its_method(x, clusters, method):
    assert non_inferiority(x, 0.02, clusters).method == method


def test_the_larger_p_is_taken_on_either_side():
    pairs = Counts(gains=2, losses=6, n=164)
    found = non_inferiority(pairs, 0.02, level=0.9)
    t = paired_t(pairs.differences(), margin=0.02, level=0.9)
    score = tango(2, 6, 164, 0.02), tango(6, 2, 164, -0.02)
    assert t.p_pass < score[0] == found.p_pass
    assert score[1] < t.p_fail == found.p_fail
    assert found.low == min(t.low, tango_interval(2, 6, 164, 0.9)[0])
    assert found.p == mcnemar(2, 6)


def test_an_unchanged_checkpoint_needs_problems_to_pass():
    assert non_inferiority([0.0] * 164, 0.02).p_pass == pytest.approx(0.0337, abs=1e-4)
    assert non_inferiority([0.0] * 100, 0.02).p_pass > 0.05
    assert non_inferiority([0.0] * 100, 0.02, clusters=list(range(50)) * 2).p_pass > 0.05
    for one in (non_inferiority([-1.0], 0.02), non_inferiority([-1.0] * 60, 0.02, clusters=["a"] * 60)):
        assert (one.low, one.high, one.p_pass, one.p_fail) == (None, None, 1.0, 1.0), "one unit shows nothing"


@given(
    x=st.lists(st.sampled_from([-1.0, 0.0, 1.0, 0.0]) | st.floats(-1, 1), min_size=2, max_size=60),
    margin=st.sampled_from([0.02, 0.1, 0.4]),
    alpha=st.sampled_from([0.025, 0.05, 0.1]),
    clustered=st.booleans(),
)
def test_the_interval_and_the_verdict_agree(x, margin, alpha, clustered):
    clusters = [at // 2 for at in range(len(x))] if clustered else None
    found = non_inferiority(x, margin, clusters, 1 - 2 * alpha)
    if found.low is None:
        assert (found.p_pass, found.p_fail) == (1.0, 1.0)
        return
    assume(min(abs(found.p_pass - alpha), abs(found.p_fail - alpha)) > 1e-9)
    assume(np.ptp(x) == 0 or np.ptp(x) > 1e-6)
    assert (found.p_pass < alpha) == (found.low > -margin)
    assert (found.p_fail < alpha) == (found.high < -margin)
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize(
    ("n", "discordance", "most"), [(50, 0.15, 0.06), (164, 0.03, 0.05), (164, 0.05, 0.05), (164, 0.15, 0.055)]
)
def test_the_errors_at_the_margin_by_exact_summation(n, discordance, most):
    rates = (discordance - 0.02) / 2, (discordance + 0.02) / 2, 1 - discordance
    wrong = np.zeros(2)
    for gains, losses in product(range(45), range(45)):
        if gains + losses > n:
            continue
        chance = stats.multinomial.pmf([gains, losses, n - gains - losses], n, rates)
        if chance > 1e-7:
            found = non_inferiority(Counts(gains=gains, losses=losses, n=n), 0.02)
            wrong += chance * (found.p_pass <= 0.05), chance * (found.p_fail <= 0.05)
    assert (wrong <= most).all(), wrong
    assert (wrong > 0.02).all(), "nor is it of no use"


def test_counts_and_differences_are_one():
    pairs = Counts(gains=12, losses=20, n=200)
    assert non_inferiority(pairs, 0.02) == non_inferiority(pairs.differences(), 0.02)
    assert isinstance(non_inferiority(pairs, 0.02), Comparison)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: paired_t([]), "at least one"),
        (lambda: paired_t([1.0, math.inf]), "finite"),
        (lambda: paired_t([1.0, 2.0], level=0.0), "level"),
        (lambda: paired_t([1.0, 2.0], ["a"]), "one cluster a value"),
        (lambda: sign_flip([1.0], 1, 0), "flips"),
        (lambda: sign_flip([math.nan], 1), "finite"),
        (lambda: paired_ratio([(1.0, 1.0)], []), "one .amount, size. a document"),
        (lambda: paired_ratio([(1.0, 0.0)], [(1.0, 1.0)]), "positive"),
        (lambda: non_inferiority([1.0, 0.0], -0.1), "margin"),
        (lambda: non_inferiority([1.0, 0.0], 1.0), "margin"),
        (lambda: non_inferiority(Counts(gains=1, losses=1, n=4), 0.1, ["a"] * 4), "clusters need"),
    ],
)
def test_nonsense_is_refused(call, word):
    with pytest.raises(ValueError, match=word):
        call()


def test_with_few_pairs_that_differ_p_is_exact():
    # t says 0.046, where two of the sixteen sets of signs come out as far from 0
    found = non_inferiority([0.5] * 4 + [0.0] * 396, 0.02)
    assert found.method == "larger p of Tango and paired t"
    assert found.low is not None
    assert found.low < 0
    assert found.p == 2 / 16
    x = [0.1, -0.3, 0.5, 0.25, 0.75, -0.1, 0.4, 0.0]
    sums = [sum(sign * one for sign, one in zip(signs, x, strict=True)) for signs in product((1, -1), repeat=len(x))]
    exact = np.mean([abs(one) >= abs(sum(x)) - 1e-12 for one in sums])
    assert non_inferiority(x, 0.02).p == pytest.approx(exact)
