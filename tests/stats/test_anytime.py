"""Anytime-valid tests: fair games by enumeration of all that can come, ville's boundary, and simulation."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchcore.stats.anytime import (
    BURN_IN,
    asymptotic,
    asymptotic_evidence,
    betting,
    betting_evidence,
    without_replacement,
    without_replacement_evidence,
)


def pairs(rng, runs, n, discordance, difference):
    gain, loss = (discordance + difference) / 2, (discordance - difference) / 2
    return rng.choice([1.0, 0.0, -1.0], (runs, n), p=[gain, 1 - discordance, loss])


# fair games


@pytest.mark.parametrize("margin", [0.0, 0.1, 0.4])
@pytest.mark.parametrize("values", [(1.0, 0.0, -1.0), (0.6, -0.3, -1.0), (1.0, 0.1, -0.7)])
def test_the_bet_is_fair_at_the_margin_and_bad_beyond(values, margin):
    sequences = np.array(list(itertools.product(values, repeat=6)))
    for share in (0.1, 0.5):
        # chances of the three values with a mean of just -margin
        up = [(-margin - (1 - share) * values[2] - share * values[1]) / (values[0] - values[2])][0]
        chances = {values[0]: up, values[1]: share, values[2]: 1 - share - up}
        if min(chances.values()) < 0:
            continue
        weight = np.vectorize(chances.get)(sequences).prod(axis=1)
        for evidence in betting_evidence(sequences, margin, 50):
            assert weight @ np.exp(evidence) == pytest.approx(np.ones(6), abs=1e-12)
        for_pass, for_fail = betting_evidence(sequences, margin + 0.05, 50)
        assert (weight @ np.exp(for_pass) >= 1).all(), "a better candidate than the one bet against"
        assert (weight @ np.exp(for_fail) <= 1).all()


POPULATIONS = st.lists(st.sampled_from([1.0, 0.0, -1.0, 0.5, -0.25]), min_size=2, max_size=6)


@settings(max_examples=60, deadline=None)
@given(population=POPULATIONS, margin=st.sampled_from([0.0, 0.1, 0.25, 0.5]))
def test_without_replacement_no_order_makes_a_false_verdict_pay(population, margin):
    n = len(population)
    orders = np.array(list(itertools.permutations(population)))
    for_pass, for_fail = without_replacement_evidence(orders, margin, n)
    passes = sum(population) >= -margin * n - 1e-9
    wrong = for_fail if passes else for_pass
    capital = np.exp(wrong)
    assert (capital.mean(axis=0) <= 1 + 1e-9).all()
    assert (capital.max(axis=1) >= 10).mean() <= 0.1 + 1e-9, "of all orders, at most 1 in 10 ever gains tenfold"
    assert np.isinf((for_pass if passes else for_fail)[:, -1]).all(), "the whole run decides"


def test_without_replacement_at_the_margin_is_fair():
    # the mean is just -1/4, where neither side has an advantage until the last problems settle it
    orders = np.array(list(itertools.permutations([1.0, -1.0, -1.0, 0.0, 0.0, -0.5])))
    _, for_fail = without_replacement_evidence(orders, 0.25, 6)
    assert np.exp(for_fail)[:, :3].mean(axis=0) == pytest.approx(np.ones(3), abs=1e-9)


@pytest.mark.parametrize("evidence", [asymptotic_evidence, betting_evidence, without_replacement_evidence])
def test_evidence_looks_back_only_and_runs_do_not_touch(evidence):
    rng = np.random.default_rng(3)
    x = pairs(rng, 3, 300, 0.3, 0.05)
    whole = evidence(x, 0.02, 300)
    for side, part, alone in zip(whole, evidence(x[:, :170], 0.02, 300), evidence(x[1], 0.02, 300), strict=True):
        assert side[:, :170] == pytest.approx(part, abs=1e-9)
        assert side[1] == pytest.approx(alone, abs=1e-9)


# the asymptotic sequence


def test_the_sequence_is_villes_half_normal_mixture_or_a_little_wider():
    ville = pytest.importorskip("ville", reason="the oracle of the sequence is ville")
    planned, alpha = 1200, 0.05
    rng = np.random.default_rng(5)
    x = rng.normal(0, 1, 1200)
    two_sided = -2 * math.log(2 * alpha)
    precision = planned / 4 / (two_sided + math.log1p(two_sided))
    for n in (100, 300, 1200):
        found = asymptotic(x[:n].tolist(), 0.0, planned, alpha)
        half = x[:n].std(ddof=1) / n * float(ville.normal_mixture(n, alpha, precision, one_sided=True))
        assert found.value == pytest.approx(x[:n].mean())
        assert half <= found.high - found.value <= 1.02 * half
        assert found.value - found.low == pytest.approx(found.high - found.value)


@given(shift=st.floats(-0.3, 0.3), n=st.integers(BURN_IN, 400))
def test_the_sequence_and_the_verdict_agree(shift, n):
    x = (np.sin(np.arange(n) * 7.0) / 3 + shift).tolist()
    for_pass, for_fail = (side[-1] for side in asymptotic_evidence(x, 0.05, 400))
    found = asymptotic(x, 0.05, 400)
    assert (for_pass >= math.log(20)) == (found.low >= -0.05)
    assert (for_fail >= math.log(20)) == (found.high <= -0.05)


def test_nothing_is_decided_in_the_first_hundred():
    found = asymptotic([-1.0, -0.9] * 49 + [-1.0], 0.02, 1000)
    assert (found.verdict, found.at, found.n, found.low, found.p_fail) == (None, 99, 99, None, 1.0)
    found = asymptotic([-1.0, -0.9] * 60, 0.02, 1000)
    assert (found.verdict, found.at) == ("fail", 100)


def test_no_difference_yet_is_not_evidence_enough():
    assert asymptotic([0.0] * 150, 0.02, 1319).verdict is None
    assert asymptotic([0.0] * 1319, 0.02, 1319).verdict == "pass"
    assert asymptotic([0.0] * 150, 0.0, 1319).p_pass == 1.0


# verdicts


def test_a_verdict_stands_once_it_fell():
    x = [-1.0, 0.0] * 100 + [1.0] * 400
    found = betting(x, 0.02, 600)
    assert found.verdict == "fail"
    assert found.at < 60
    assert betting(x[: found.at], 0.02, 600).verdict == "fail"
    assert betting(x[: found.at - 1], 0.02, 600).verdict is None
    assert found.value == pytest.approx(0.5)
    assert found.p_fail <= 0.05 < betting(x[: found.at - 1], 0.02, 600).p_fail


def test_without_replacement_by_hand():
    # 2 gains of 4: whatever the last two are, the mean is at least 0
    found = without_replacement([1.0, 1.0], 0.0, 4)
    assert (found.verdict, found.at, found.p_pass) == ("pass", 2, 0.0)
    # 2 losses of 4 could still be made up for; a third cannot
    assert without_replacement([-1.0, -1.0], 0.0, 4).verdict is None
    assert without_replacement([-1.0, -1.0, -1.0], 0.0, 4).verdict == "fail"
    # a drop of just the margin passes
    assert without_replacement([-1.0, 0.0, 0.0, 0.0], 0.25, 4).verdict == "pass"
    assert without_replacement([-1.0, 0.0, 0.0, -0.01], 0.25, 4).verdict == "fail"
    # the first bet by hand: s is 1/2, and with 100 left the stakes are 1/5 2/5 4/5, then 0.9 of what may be lost
    first = without_replacement_evidence([1.0], 0.0, 100)[0][0]
    assert first == pytest.approx(math.log((1.2 + 1.4 + 1.8 + 1.9 + 1.9) / 5))


@pytest.mark.parametrize("method", [betting, asymptotic])
@pytest.mark.parametrize(("n", "discordance"), [(164, 0.05), (1319, 0.03), (1319, 0.15)])
def test_errors_at_the_margin(method, n, discordance):
    x = pairs(np.random.default_rng(7), 1000, n, discordance, -0.02)
    evidence = betting_evidence if method is betting else asymptotic_evidence
    wrong = [(side >= math.log(20)).any(axis=1).mean() for side in evidence(x, 0.02, n)]
    assert max(wrong) <= 0.06


def test_averaged_scores_too():
    rng = np.random.default_rng(7)
    x = (rng.binomial(10, 0.48, (1000, 500)) - rng.binomial(10, 0.5, (1000, 500))) / 10
    wrong = [(side >= math.log(20)).any(axis=1).mean() for side in asymptotic_evidence(x, 0.02, 500)]
    assert 0.005 < max(wrong) <= 0.06


def test_without_replacement_uses_less_and_seldom_contradicts():
    x = pairs(np.random.default_rng(7), 1000, 1319, 0.15, 0.0)
    full = x.mean(axis=1) >= -0.02
    found = [without_replacement(row, 0.02, 1319) for row in x[:200]]
    assert np.mean([one.at for one in found]) / 1319 <= 0.72
    assert sum((one.verdict == "pass") != passes for one, passes in zip(found, full, strict=False)) <= 4
    assert None not in {one.verdict for one in found}


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: betting([], 0.02, 10), "at least one"),
        (lambda: betting([2.0], 0.02, 10), r"\[-1, 1\]"),
        (lambda: betting([1.0], 1.0, 10), "margin"),
        (lambda: betting([1.0], -0.1, 10), "margin"),
        (lambda: betting([1.0], 0.02, 10, alpha=0.5), "alpha"),
        (lambda: betting([1.0], 0.02, 0), "at least 1 problem"),
        (lambda: without_replacement([1.0, 1.0], 0.02, 1), "there are 1 problems, got 2"),
        (lambda: asymptotic([1.0, math.nan], 0.02, 10), "finite"),
        (lambda: asymptotic([1.0], 0.02, 10, alpha=0.0), "alpha"),
    ],
)
def test_nonsense_is_refused(call, word):
    with pytest.raises(ValueError, match=word):
        call()
