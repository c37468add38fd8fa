"""What is between two recipes: over seeds as by an independent t test, problem by problem with few; who is the best."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind, ttest_rel

from benchcore.comparison.arms import Arm, BySeed, contrast, over_seeds
from benchcore.comparison.differences import Result, contests
from benchcore.comparison.sides import Side
from benchcore.records import Figure, Outcomes, RunRecord, TaskRecord

LOSS = "bits per byte"
SEEDS = st.lists(st.floats(0.5, 3.0), min_size=3, max_size=6)


def run(label: str, amounts: Sequence[float], figure: str = LOSS, sizes: Sequence[float] | None = None) -> Side:
    """A run with one document, or problem, an amount."""
    lengths = sizes or [1.0] * len(amounts)
    value = sum(amounts) / sum(lengths)
    shown = Figure(name=figure, value=value, n=len(amounts), low=None, high=None, method="by hand")
    task = TaskRecord(
        task="text", version=1, data="d", grader="loss@1", settings={}, isolation={}, requests=1, completions=1,
        faults=0, graded=1, verdicts={}, truncated=0, empty=0, near_ties=None, tokens_in=1, tokens_out=1,
        figures=(shown,),
    )  # fmt: skip
    record = RunRecord(
        run=label, checkpoint=f"/{label}", series=None, step=None, tokens=None, model_digest=label, engine={},
        versions={}, tasks=(task,), complete=True,
    )  # fmt: skip
    parts = tuple(zip(amounts, lengths, strict=True))
    outcomes = Outcomes(items=tuple(map(str, range(len(amounts)))), figures={figure: parts})
    return Side(label=label, record=record, outcomes={"text": outcomes})


def arm(name: str, values: Sequence[float], first: int = 0, figure: str = LOSS) -> Arm:
    """A recipe whose seeds come to `values` on each of four documents alike."""
    return Arm(
        label=name, runs={at: run(f"{name}-{at}", [value] * 4, figure) for at, value in enumerate(values, first)}
    )


def only(rows: Sequence[Arm | Side], *, baseline: bool = True) -> dict[str, Result]:
    [contest] = contests(rows, ["text"], baseline=baseline)
    return {result.run: result for result in contest.results}


@given(SEEDS, st.integers(0, 1000))
def test_recipes_of_the_same_seeds_are_compared_by_the_paired_t_test(values: list[float], draw: int) -> None:
    rng = random.Random(draw)
    others = [value + rng.gauss(0.1, 0.2) for value in values]
    found = only([arm("base", values), arm("new", others)])["new"]
    peer = ttest_rel(others, values)
    interval = peer.confidence_interval()
    assert found.difference is not None and found.difference.method == f"paired t over {len(values)} seeds"
    assert found.p == pytest.approx(peer.pvalue, abs=1e-9)
    assert (found.difference.low, found.difference.high) == pytest.approx((interval.low, interval.high), abs=1e-9)


@given(SEEDS, SEEDS)
def test_recipes_of_other_seeds_are_compared_by_welchs_t_test(values: list[float], others: list[float]) -> None:
    found = only([arm("base", values), arm("new", others, first=10)])["new"]
    assert found.difference is not None and found.difference.method.startswith("Welch t")
    assert found.difference.value == pytest.approx(sum(others) / len(others) - sum(values) / len(values), abs=1e-12)
    if max(values) - min(values) > 1e-6 and max(others) - min(others) > 1e-6:
        assert found.p == pytest.approx(ttest_ind(others, values, equal_var=False).pvalue, abs=1e-9)


def test_differences_that_are_all_alike_show_nothing() -> None:
    # 11 and 10 of 20, 13 and 12 of 20, 9 and 8 of 20: one problem more each time, by chance three times alike
    base, new = ([0.5, 0.6, 0.4], [0.55, 0.65, 0.45])
    found = only([arm("base", base, figure="accuracy"), arm("new", new, figure="accuracy")])["new"]
    assert found.p == 1 and found.difference is not None
    assert found.difference.value == pytest.approx(0.05) and found.difference.low is None


def test_a_single_run_is_compared_with_the_mean_of_seeds_problem_by_problem() -> None:
    lone = run("lone", [2.0, 3.0, 4.0, 5.0])
    recipe = Arm(label="new", runs={0: run("a", [1.0, 2.0, 4.0, 4.0]), 1: run("b", [1.0, 2.0, 3.0, 5.0])})
    found = only([lone, recipe])["new"].difference
    # the means are 1, 2, 3.5 and 4.5: -1, -1, -0.5 and -0.5, whose error is the root of 1/12 over 2
    assert found is not None and found.value == pytest.approx(-0.75) and found.n == 4
    half = 3.182446 * (1 / 12) ** 0.5 / 2
    assert (found.low, found.high) == pytest.approx((-0.75 - half, -0.75 + half), abs=1e-6)
    assert found.method == "jackknife over documents, of these training runs"


def test_the_best_recipe_beats_each_other_over_seeds() -> None:
    base, near = arm("base", [2.0, 2.1, 1.9]), arm("near", [1.5, 1.62, 1.41])
    clear = only([base, near, arm("best", [1.0, 1.11, 0.9])], baseline=False)
    assert [name for name, one in clear.items() if one.best] == ["best"]
    noisy = only([base, near, arm("best", [1.0, 2.0, 0.5])], baseline=False)
    assert not any(one.best for one in noisy.values())


def test_one_seed_that_was_asked_otherwise_keeps_the_recipe_out() -> None:
    base, new = arm("base", [2.0, 2.1, 1.9]), arm("new", [1.0, 1.1, 0.9])
    odd = new.runs[2].record.tasks[0]
    record = replace(new.runs[2].record, tasks=(replace(odd, version=2),))
    mixed = Arm(label="new", runs={**new.runs, 2: replace(new.runs[2], record=record)})
    assert only([base, mixed])["new"].reason == "version is 2 in new-2 and 1 in base-0"
    longer = Arm(label="new", runs={**new.runs, 2: run("new-2", [1.0] * 4, sizes=[2.0] * 4)})
    assert "another tokenizer" in str(contrast(longer, base, "text", LOSS))


def test_each_run_is_compared_with_its_partner_and_one_without_says_so() -> None:
    base, new = arm("base", [2.0, 2.1]), arm("new", [1.0, 1.4, 1.0])
    partners = {"base-0": "base-0", "base-1": "base-1", "new-0": "base-0", "new-1": "base-1", "new-2": None}
    [contest] = contests([*base.sides, *new.sides], ["text"], baseline=True, partners=partners)
    found = {result.run: result for result in contest.results}
    gains = {name: one.difference.value for name, one in found.items() if one.difference}
    assert gains == pytest.approx({"new-0": -1.0, "new-1": -0.7})
    assert found["new-2"].reason == "the baseline has no run of its seed" and not found["base-1"].reason


def test_a_mean_over_seeds_is_absent_where_one_of_them_has_no_value() -> None:
    found = over_seeds("speed-up", [2.0, None, 3.0], missing="not reached")
    assert (found.value, found.n, found.method) == (None, 2, "not reached in 1 of 3 seeds")


@given(SEEDS, st.permutations(range(3)))
def test_the_order_in_which_seeds_are_given_changes_nothing(values: list[float], order: list[int]) -> None:
    values = values[:3]
    turned = [order.index(at) for at in range(3)]
    straight = BySeed(figure=LOSS, candidate=dict(enumerate(values)), baseline=dict(enumerate([1.0, 2.0, 4.0])))
    mixed = replace(straight, candidate={at: values[at] for at in turned})
    assert mixed.compare().p == pytest.approx(straight.compare().p)
