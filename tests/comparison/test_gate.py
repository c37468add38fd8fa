"""The gate's rule by itself: what decides, what is watched, Holm's shares, looks, and how often it is wrong."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.comparison.gate import Gate, claims, in_turn, weighted
from benchcore.comparison.margins import margin
from benchcore.comparison.pairs import Pairs
from benchcore.comparison.report import Decision
from benchcore.errors import ConfigError
from benchcore.stats.paired import non_inferiority


def rates(differences):
    """Pairs of right and wrong with these differences."""
    return Pairs(
        figure="accuracy",
        candidate=[(float(d >= 0), 1) for d in differences],
        baseline=[(float(d <= 0), 1) for d in differences],
    )


def losses(candidate, baseline):
    return Pairs(figure="bits per byte", candidate=[(x, 10) for x in candidate], baseline=[(x, 10) for x in baseline])


def drawn(rng, n, discordance, difference):
    return rng.choice(
        [1, -1, 0], n, p=[(discordance + difference) / 2, (discordance - difference) / 2, 1 - discordance]
    )


def judged(tasks, *, own=0.02, overall=0.02, alpha=0.05, early_stop="none", fraction=1.0, last=True):
    declared = claims(dict.fromkeys(tasks, "accuracy"), dict.fromkeys(tasks, own), overall)
    planned = {task: len(found) for task, found in tasks.items()}
    gate = Gate(declared, planned, alpha, early_stop)
    return gate.look({task: rates(found) for task, found in tasks.items()}, fraction, last=last)


def test_one_task_is_the_test_of_non_inferiority_itself():
    differences = [1.0] * 20 + [-1.0] * 30 + [0.0] * 950
    decision, [finding] = judged({"sums": differences}, own=0.02)
    oracle = non_inferiority(differences, 0.02, level=0.9)
    assert finding.comparison == oracle
    assert finding.decides
    assert decision is (Decision.PASS if oracle.p_pass <= 0.05 else Decision.INCONCLUSIVE)


@given(
    sizes=st.lists(st.integers(1, 30), min_size=2, max_size=4),
    draw=st.randoms(use_true_random=False),
)
def test_weighted_differences_come_to_the_mean_over_tasks_and_stay_bounded(sizes, draw):
    tasks = [[draw.choice([-1.0, -0.5, 0.0, 1.0]) for _ in range(size)] for size in sizes]
    found, scale = weighted(tasks)
    means = [math.fsum(task) / len(task) for task in tasks]
    assert scale * math.fsum(found) / len(found) == pytest.approx(math.fsum(means) / len(means))
    assert max(map(abs, found)) <= 1 + 1e-12
    assert scale >= 1


def test_the_mean_decides_and_tasks_are_watched():
    declared = claims({"a": "accuracy", "b": "pass@1", "c": "bits per byte"}, {"a": 0.1, "b": 0.1, "c": 0.01}, 0.02)
    assert [(one.name, one.figure, one.decides, one.margin) for one in declared] == [
        ("mean of 2 tasks", "accuracy and pass@1", True, 0.02),
        ("a", "accuracy", False, 0.1),
        ("b", "pass@1", False, 0.1),
        ("c", "bits per byte", True, 0.01),
    ]


def test_a_loss_that_rose_fails_whatever_the_rates_do():
    declared = claims({"a": "accuracy", "c": "bits per byte"}, {"a": 0.02, "c": 0.01}, None)
    base = [10 + 0.1 * (at % 7) for at in range(100)]
    pairs = {"a": rates([0.0] * 500), "c": losses([x + 2 + 0.01 * (at % 3) for at, x in enumerate(base)], base)}
    decision, findings = Gate(declared, {}, 0.05, "none").look(pairs)
    assert decision is Decision.FAIL
    assert [one.decision for one in findings] == [Decision.PASS, Decision.FAIL]


def test_everything_that_decides_must_pass():
    declared = claims({"a": "accuracy", "c": "bits per byte"}, {"a": 0.02, "c": 0.01}, None)
    base = [10 + 0.1 * (at % 7) for at in range(12)]
    noisy = [x + (-1) ** at for at, x in enumerate(base)]
    decision, findings = Gate(declared, {}, 0.05, "none").look({"a": rates([0.0] * 500), "c": losses(noisy, base)})
    assert decision is Decision.INCONCLUSIVE
    assert [one.decision for one in findings] == [Decision.PASS, Decision.INCONCLUSIVE]


def test_a_wrong_fail_is_shared_out_by_holm():
    # p_fail of one task alone, between alpha/2/3 and alpha: shown by itself, not as one of three that are watched
    differences = [0.0] * 470 + [-1.0] * 24 + [1.0] * 6
    alone, [one] = judged({"a": differences}, own=0.015)
    assert one.p_fail is not None
    assert 0.05 / 6 < one.p_fail <= 0.05
    assert alone is Decision.FAIL
    same = [0.0] * 500
    among, found = judged({"a": differences, "b": same, "c": same}, own=0.015, overall=0.1)
    assert found[1].p_fail == pytest.approx(6 * one.p_fail)
    assert found[1].decision is not Decision.FAIL
    assert among is Decision.PASS


def test_a_verdict_is_kept_at_a_later_look():
    gate = Gate(claims({"a": "accuracy", "b": "bits per byte"}, {"a": 0.05, "b": 0.01}, None), {}, 0.05, "group")
    base = [10 + 0.1 * (at % 7) for at in range(200)]
    noisy = [x + 3 * (-1) ** at for at, x in enumerate(base)]
    first, found = gate.look({"a": rates([0.0] * 300), "b": losses(noisy[:80], base[:80])}, 0.4, last=False)
    assert first is None
    assert found[0].decision is Decision.PASS
    unsure = rates([0.0] * 940 + [-1.0] * 40 + [1.0] * 20)
    _, found = gate.look({"a": unsure, "b": losses(noisy, base)}, 1.0)
    assert found[0].decision is Decision.PASS


def test_a_loss_under_anytime_is_looked_at_once():
    declared = claims({"c": "bits per byte"}, {"c": 0.01}, None)
    base = [10 + 0.1 * (at % 7) for at in range(100)]
    pairs = {"c": losses([x + 2 + 0.01 * (at % 3) for at, x in enumerate(base)], base)}
    gate = Gate(declared, {"c": 100}, 0.05, "anytime")
    assert gate.look(pairs, 0.5, last=False)[0] is None
    assert gate.look(pairs)[0] is Decision.FAIL


@pytest.mark.parametrize("early_stop", ["none", "group", "anytime"])
@pytest.mark.parametrize("tasks", [1, 3])
def test_wrong_verdicts_at_the_margin_are_as_rare_as_promised(early_stop, tasks):
    rng, runs, n = np.random.default_rng(7), 150, 400
    stops = {"none": (1.0,), "group": (0.25, 0.5, 0.75, 1.0), "anytime": (0.25, 0.5, 0.75, 1.0)}[early_stop]
    found = {Decision.PASS: 0, Decision.FAIL: 0, Decision.INCONCLUSIVE: 0}
    for _ in range(runs):
        data = [drawn(rng, n, 0.15, -0.02).tolist() for _ in range(tasks)]
        names = [f"t{at}" for at in range(tasks)]
        declared = claims(dict.fromkeys(names, "accuracy"), dict.fromkeys(names, 0.02), 0.02)
        gate = Gate(declared, dict.fromkeys(names, n), 0.05, early_stop)
        for stop in stops:
            pairs = {name: rates(one[: round(stop * n)]) for name, one in zip(names, data, strict=True)}
            decision, _ = gate.look(pairs, stop, last=stop == 1)
            if decision is not None:
                break
        found[decision] += 1
    # 0.05 and over four standard errors of 150 runs; without the correction 3 tasks alarm in 14 of 100
    assert found[Decision.PASS] / runs <= 0.05 + 0.075
    assert found[Decision.FAIL] / runs <= 0.05 + 0.075


@pytest.mark.parametrize("early_stop", ["none", "group", "anytime"])
@pytest.mark.parametrize(("sizes", "discordance"), [((5, 5000), 0.15), ((50, 1319), 0.05)])
def test_a_small_task_that_shows_no_spread_does_not_make_the_mean_pass(early_stop, sizes, discordance):
    rng, runs, passed = np.random.default_rng(8), 60, 0
    names, fractions = ("small", "large"), {"none": (1.0,)}.get(early_stop, (0.3, 0.65, 1.0))
    for _ in range(runs):
        data = [drawn(rng, n, discordance, -0.02).tolist() for n in sizes]
        declared = claims(dict.fromkeys(names, "accuracy"), dict.fromkeys(names, 0.02), 0.02)
        gate = Gate(declared, dict(zip(names, sizes, strict=True)), 0.05, early_stop)
        for stop in fractions:
            pairs = {name: rates(one[: round(stop * len(one))]) for name, one in zip(names, data, strict=True)}
            decision, _ = gate.look(pairs, stop, last=stop == 1)
            if decision is not None:
                break
        passed += decision is Decision.PASS
    # by the t test of all problems together 48 of 100 pass with 5 beside 5,000, and 12 with 50 beside 1,319
    assert passed / runs <= 0.05


def test_a_small_task_holds_no_gate_open_that_may_pass():
    small, large = [0.0] * 150 + [1.0] * 7 + [-1.0] * 7, [0.0] * 1250 + [1.0] * 34 + [-1.0] * 35
    decision, [mean, *_] = judged({"small": small, "large": large}, own=0.06, overall=0.06)
    assert decision is Decision.PASS
    assert mean.comparison is not None
    assert mean.comparison.method == "larger p of Tango by task and paired t"


def test_a_figure_of_uneven_sizes_is_compared_as_the_ratio_that_it_is():
    sizes = [1, 2, 3, 10, 20]
    pairs = Pairs(figure="words", candidate=[(2.0 * s, s) for s in sizes], baseline=[(1.5 * s, s) for s in sizes])
    new, old = pairs.values()
    assert pairs.compare().value == pytest.approx(new - old)


def test_nothing_to_judge_is_refused():
    with pytest.raises(ValueError, match="something to judge"):
        Gate((), {}, 0.05, "none")


@pytest.mark.parametrize(
    ("text", "figure", "value"),
    [
        ("2pt", "accuracy", 0.02),
        ("0.5 pt", "pass@1", 0.005),
        ("2pts", "accuracy", 0.02),
        ("0.02", "accuracy", 0.02),
        (".01", "bits per byte", 0.01),
        ("0", "accuracy", 0.0),
        ("1.5", "nats per token", 1.5),
    ],
)
def test_margins_as_people_write_them(text, figure, value):
    assert margin(text, figure) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "two", "-1pt", "2%", "nan", "1e-3", "2 points", "9" * 400])
def test_what_is_no_margin(text):
    with pytest.raises(ConfigError, match="is not one; write 2pt"):
        margin(text, "accuracy")


def test_points_are_of_rates_and_a_margin_is_under_one():
    with pytest.raises(ConfigError, match="bits per byte is not in points"):
        margin("2pt", "bits per byte")
    with pytest.raises(ConfigError, match="allows any drop"):
        margin("100pt", "accuracy")


@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=4),
    draw=st.randoms(use_true_random=False),
)
def test_the_path_of_an_anytime_test_keeps_its_past_and_ends_at_the_mean_over_tasks(sizes, draw):
    tasks = [[draw.choice([-1.0, -0.5, 0.0, 1.0]) for _ in range(size)] for size in sizes]
    whole, scale = in_turn(tasks, sizes)
    means = [math.fsum(task) / len(task) for task in tasks]
    assert scale * math.fsum(whole) / len(whole) == pytest.approx(math.fsum(means) / len(means))
    cut = draw.random()
    so_far = [task[: sum((at + 0.5) / len(task) <= cut for at in range(len(task)))] for task in tasks]
    begun, same = in_turn(so_far, sizes)
    assert (begun, same) == (whole[: len(begun)], scale)
