"""Contests: worked by hand, what does not compare, and that nothing depends on the order of the runs."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.comparison.differences import Contest, Result, contests
from benchcore.comparison.sides import Side
from benchcore.records import Figure, Outcomes, Part, RunRecord, TaskRecord

RIGHT, WRONG = (1.0, 1.0), (0.0, 1.0)


def side(
    label: str, figures: Mapping[str, Sequence[Part | None]], *, items: Sequence[str] = (), **changes: Any
) -> Side:
    """A run of the task "sums" with these parts; keywords are settings, or the version or grader of its record."""
    shown = []
    for name, parts in figures.items():
        known = [part for part in parts if part is not None]
        value = sum(amount for amount, _ in known) / sum(size for _, size in known) if known else None
        shown.append(Figure(name=name, value=value, n=len(known), low=None, high=None, method="by hand"))
    fixed = {"version": changes.pop("version", 1), "grader": changes.pop("grader", "numbers@1")}
    task = TaskRecord(
        task="sums", data="d", settings={"temperature": 0.0, "seed": 0, **changes}, isolation={}, requests=1,
        completions=1, faults=0, graded=1, verdicts={}, truncated=0, empty=0, near_ties=None, tokens_in=1,
        tokens_out=1, figures=tuple(shown), **fixed,
    )  # fmt: skip
    record = RunRecord(
        run=label, checkpoint=f"/{label}", series=None, step=None, tokens=None, model_digest=label, engine={},
        versions={}, tasks=(task,), complete=True,
    )  # fmt: skip
    count = len(next(iter(figures.values())))
    outcomes = Outcomes(
        items=tuple(items or map(str, range(count))), figures={name: tuple(parts) for name, parts in figures.items()}
    )
    return Side(label=label, record=record, outcomes={"sums": outcomes})


def rate(label: str, right: Sequence[int], n: int = 20, **changes: Any) -> Side:
    return side(label, {"accuracy": [RIGHT if at in right else WRONG for at in range(n)]}, **changes)


def only(found: Sequence[Contest]) -> dict[str, Result]:
    (contest,) = found
    return {result.run: result for result in contest.results}


BASE, BETTER, OTHER, SAME = (
    rate("base", range(5)),
    rate("better", range(15)),
    rate("other", [1, 2, 3, 4, 15, 16, 17, 18]),
    rate("same", range(5)),
)


def test_differences_are_those_of_the_pairs_and_corrected_by_holm() -> None:
    found = only(contests([BASE, BETTER, OTHER, SAME], ["sums"], baseline=True))
    # 10 gains, none lost: 2 / 2^10; 4 gains, 1 lost: 2 (1 + 5) / 2^5; nothing differs: 1. Holm takes times 3, 2, 1.
    assert found["better"].p == pytest.approx(3 * 2 / 2**10)
    assert found["other"].p == pytest.approx(2 * 12 / 2**5)
    assert found["same"].p == 1
    assert found["base"].difference is None and found["base"].p is None and not found["base"].reason
    gains = {run: result.difference.value for run, result in found.items() if result.difference}
    assert gains == pytest.approx({"better": 0.5, "other": 0.15, "same": 0.0})
    assert all(result.difference.n == 20 for result in found.values() if result.difference)
    better = found["better"].difference
    assert better is not None and better.low is not None and 0 < better.low < 0.5 < (better.high or 0)


def test_the_best_is_best_only_where_it_beats_every_other() -> None:
    # better against other: 11 to 4 of 15 pairs, p = 2 (1 + 15 + 105 + 455 + 1365) / 2^15 = 0.118
    (contest,) = contests([BASE, BETTER, OTHER], ["sums"], baseline=False)
    assert not any(result.best for result in contest.results) and contest.rivals == 2
    # without it: 10 to 0 twice, 2 / 2^10, times 2
    found = only(contests([BASE, BETTER, SAME], ["sums"], baseline=False))
    assert [run for run, result in found.items() if result.best] == ["better"]


def test_tests_of_the_best_are_corrected_over_the_whole_table() -> None:
    # 7 to 0: p = 2 / 2^7 = 0.0156, times 4 tests is over 5 % where three more tasks show nothing
    two = [side("base", {"accuracy": [WRONG] * 7}), side("new", {"accuracy": [RIGHT] * 7})]
    assert only(contests(two, ["sums"], baseline=False))["new"].best
    more = [rate("base", [0], 4), rate("new", [0], 4)]
    wide = []
    for one, other in zip(two, more, strict=True):
        tasks = {"sums": one, **{f"more{at}": other for at in range(3)}}
        records = tuple(replace(found.record.tasks[0], task=name) for name, found in tasks.items())
        outcomes = {name: found.outcomes["sums"] for name, found in tasks.items()}
        wide.append(replace(one, record=replace(one.record, tasks=records), outcomes=outcomes))
    found = contests(wide, ["sums", "more0", "more1", "more2"], baseline=False)
    assert [contest.task for contest in found] == ["sums", "more0", "more1", "more2"]
    assert not any(result.best for contest in found for result in contest.results)


def test_of_a_loss_the_difference_is_below_0_where_it_is_better_and_the_lowest_is_best() -> None:
    name = "bits per byte"
    base = side("base", {name: [(2.0, 1.0), (3.0, 1.0), (4.0, 1.0), (5.0, 1.0)]})
    new = side("new", {name: [(1.0, 1.0), (2.0, 1.0), (4.0, 1.0), (4.0, 1.0)]})
    found = only(contests([base, new], ["sums"], baseline=True))["new"].difference
    # sizes are equal, so the jackknife's is the t interval of -1, -1, 0, -1: -0.75 -+ 3.182446 * 0.5 / 2
    assert found is not None and found.value == pytest.approx(-0.75)
    assert (found.low, found.high) == pytest.approx((-0.75 - 0.795612, -0.75 + 0.795612), abs=1e-5)
    far = side("far", {name: [(amount / 2 - 0.9, 1.0) for amount in (2.0, 3.0, 4.0, 5.0)]})
    best = only(contests([base, far], ["sums"], baseline=False))
    assert best["far"].best and not best["base"].best


def test_a_higher_value_on_other_problems_is_no_lead() -> None:
    # on the ten problems that both have, the lower value wins all: 2 / 2^10
    high = side("high", {"accuracy": [WRONG] * 10 + [RIGHT] * 20 + [None] * 20})
    low = side("low", {"accuracy": [RIGHT] * 10 + [None] * 20 + [WRONG] * 20})
    found = only(contests([low, high], ["sums"], baseline=True))
    assert found["high"].p == pytest.approx(2 / 2**10) and found["high"].difference is not None
    assert (found["high"].difference.value, found["high"].difference.n) == (-1.0, 10)
    assert not found["high"].best and not found["low"].best


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (rate("new", range(15), version=2), "version is 2 in new and 1 in base"),
        (rate("new", range(15), grader="numbers@2"), "grader is numbers@2 in new and numbers@1 in base"),
        (rate("new", range(15), temperature=0.8), "temperature is 0.8 in new and 0.0 in base"),
        (rate("new", range(5), 10), "the problems are not the same: 0 of 10 only in new, 10 of 20 only in base"),
        (
            rate("new", range(15), items=[f"other {at}" for at in range(20)]),
            "the problems are not the same: 20 of 20 only in new, 20 of 20 only in base",
        ),
        (side("new", {"pass@1": [RIGHT] * 20}), "new has no accuracy of it"),
        (side("new", {"accuracy": [None] * 20}), "no problem has accuracy on both sides"),
    ],
    ids=["version", "grader", "setting", "limit", "prompts", "other figure", "nothing scored"],
)
def test_what_does_not_compare_has_a_reason_and_no_number(other: Side, reason: str) -> None:
    contest = contests([BASE, other], ["sums"], baseline=True)[0]
    assert contest.figure == "accuracy"
    new = contest.results[1]
    assert new.figure is None and new.difference is None and new.p is None
    assert new.reason == reason
    assert contest.results[0].figure is not None and not contest.results[0].best


def test_another_tokenizer_is_a_reason_for_losses_per_token() -> None:
    one, other = side("one", {"nats per token": [(2.0, 10.0)] * 3}), side("other", {"nats per token": [(2.0, 9.0)] * 3})
    assert "another tokenizer" in only(contests([one, other], ["sums"], baseline=True))["other"].reason


def test_what_may_differ_is_compared_across_it() -> None:
    warm = rate("warm", range(15), temperature=0.8, seed=7)
    assert only(contests([BASE, warm], ["sums"], baseline=True, across=("temperature",)))["warm"].difference
    assert not only(contests([BASE, warm], ["sums"], baseline=True, across=("version",)))["warm"].difference


def test_with_a_baseline_what_compares_with_it_is_shown_even_where_more_do_not() -> None:
    warm = [rate(f"warm{at}", range(15), temperature=0.8) for at in range(3)]
    found = only(contests([BASE, *warm], ["sums"], baseline=True))
    assert found["base"].figure is not None and all(found[one.label].figure is None for one in warm)


def test_without_a_baseline_the_most_runs_that_compare_are_shown() -> None:
    warm = rate("warm", range(20), temperature=0.8)
    found = only(contests([warm, BASE, BETTER], ["sums"], baseline=False))
    assert found["warm"].figure is None and "temperature" in found["warm"].reason and not found["warm"].best
    assert found["better"].best and found["base"].figure is not None
    tied = only(contests([warm, BASE], ["sums"], baseline=False))
    assert tied["warm"].figure is not None and tied["base"].figure is None, "the first of equally many"


def test_a_baseline_without_the_task_leaves_the_others_to_each_other() -> None:
    empty = replace(BASE, label="empty", record=replace(BASE.record, tasks=()), outcomes={})
    found = only(contests([empty, BASE, BETTER], ["sums"], baseline=True))
    assert found["better"].figure is not None and found["better"].best
    assert found["better"].difference is None and found["better"].reason == "empty has no result of it"
    assert found["empty"].figure is None and found["empty"].reason == "empty has no accuracy of it"


def test_a_mean_of_repeats_shows_its_own_value_without_an_interval() -> None:
    halves = replace(rate("base", range(5), 20), repeats=2)
    parts = tuple((0.5, 1.0) if at < 5 else (0.0, 1.0) for at in range(20))
    halves = replace(halves, outcomes={"sums": replace(halves.outcomes["sums"], figures={"accuracy": parts})})
    figure = only(contests([halves, BETTER], ["sums"], baseline=True))["base"].figure
    assert figure is not None and figure.value == pytest.approx(0.125)
    assert (figure.n, figure.low, figure.high, figure.method) == (20, None, None, "mean of 2 repeats")


def test_problems_are_paired_by_content_and_not_by_place() -> None:
    order = [str(at) for at in range(20)]
    parts = BETTER.outcomes["sums"].figures["accuracy"]
    turned = side("better", {"accuracy": parts[::-1]}, items=order[::-1])
    straight = only(contests([BASE, BETTER], ["sums"], baseline=True))["better"]
    assert only(contests([BASE, turned], ["sums"], baseline=True))["better"] == straight


def test_of_runs_that_are_alike_few_tables_have_a_bold_cell_or_a_small_p() -> None:
    luck, tables, tasks, bold, small = random.Random(0), 100, [f"task{at}" for at in range(8)], 0, 0
    for _ in range(tables):
        sides = []
        for name in ("base", "new"):
            drawn = {task: rate(name, [at for at in range(60) if luck.random() < 0.5], 60) for task in tasks}
            records = tuple(replace(one.record.tasks[0], task=task) for task, one in drawn.items())
            outcomes = {task: one.outcomes["sums"] for task, one in drawn.items()}
            sides.append(replace(drawn[tasks[0]], record=replace(BASE.record, tasks=records), outcomes=outcomes))
        results = [one for contest in contests(sides, tasks, baseline=True) for one in contest.results]
        bold += any(one.best for one in results)
        small += any(one.p is not None and one.p <= 0.05 for one in results)
    # uncorrected it is about 25 of 100; 5 and three standard errors are 12
    assert bold <= 12 and small <= 12


@given(
    st.lists(st.lists(st.booleans(), min_size=12, max_size=12), min_size=2, max_size=5).flatmap(
        lambda rows: st.tuples(st.just(rows), st.permutations(range(1, len(rows))))
    )
)
def test_the_order_of_the_runs_changes_nothing(drawn: tuple[list[list[bool]], list[int]]) -> None:
    rows, order = drawn
    sides = [side(f"run{at}", {"accuracy": [RIGHT if one else WRONG for one in row]}) for at, row in enumerate(rows)]
    straight = only(contests(sides, ["sums"], baseline=True))
    turned = only(contests([sides[0], *(sides[at] for at in order)], ["sums"], baseline=True))
    assert straight.keys() == turned.keys()
    for run, result in straight.items():
        assert turned[run] == result
        assert result.p is None or 0 <= result.p <= 1
    assert sum(result.best for result in straight.values()) <= 1


@given(st.lists(st.sampled_from([(0, 0), (0, 1), (1, 0), (1, 1)]), min_size=2, max_size=30))
def test_the_difference_is_turned_round_with_the_sides(pairs: list[tuple[int, int]]) -> None:
    one = side("one", {"accuracy": [(float(mine), 1.0) for mine, _ in pairs]})
    other = side("other", {"accuracy": [(float(theirs), 1.0) for _, theirs in pairs]})
    there = only(contests([one, other], ["sums"], baseline=True))["other"]
    back = only(contests([other, one], ["sums"], baseline=True))["one"]
    assert there.difference is not None and back.difference is not None
    assert there.p == pytest.approx(back.p or math.nan)
    assert there.difference.value == pytest.approx(-(back.difference.value or 0))
    assert there.difference.low == pytest.approx(-(back.difference.high or 0), abs=1e-9)
