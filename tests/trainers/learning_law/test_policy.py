"""The search: on the simplex, downhill, the same for the same seed, blind to the test set, and faster than uniform."""

from dataclasses import replace

import pytest
import torch

from benchcore.trainers.learning_law.measures import compare
from benchcore.trainers.learning_law.perceptron import teacher_and_student
from benchcore.trainers.learning_law.policy import Euclidean, Exponentiated, Update, search
from benchcore.trainers.learning_law.problem import Problem
from benchcore.trainers.ledger import Spent

UPDATES = [
    Exponentiated(),
    Exponentiated(rate=30.0, momentum=0.0),
    Euclidean(rate=1e-4),
    Euclidean(rate=10.0),
    Euclidean(rate=3e-3, standardised=True),
]


def problem(steps: int = 40, train: int = 64, desired: int = 256, seed: int = 0) -> Problem:
    return teacher_and_student(seed=seed, train=train, desired=desired, test=256, width=16, steps=steps, rate=0.3)


@pytest.mark.parametrize("update", UPDATES, ids=repr)
def test_each_epoch_lessens_the_area_and_stays_on_the_simplex(update: Update) -> None:
    given, spent = problem(), Spent()
    found = search(given, update, epochs=6, spent=spent)
    assert all(after < before for before, after in zip(found.objectives, found.objectives[1:], strict=False))
    assert len(found.objectives) > 2
    assert found.policy.shape == (40, 64)
    assert float(found.policy.min()) >= 0
    torch.testing.assert_close(found.policy.sum(1), torch.ones(40))
    assert spent.flops > 0
    assert spent.seconds > 0


def test_a_step_too_long_is_taken_back_and_paid_for() -> None:
    bills = []
    for rate in (1e-4, 1e4):
        bills.append(Spent())
        found = search(problem(), Euclidean(rate=rate), epochs=1, spent=bills[-1])
        assert found.objectives[1] < found.objectives[0]
    assert bills[1].flops > bills[0].flops


def test_the_search_ends_where_nothing_is_less() -> None:
    """With a single example every policy is the same."""
    found = search(problem(train=1), Exponentiated(), epochs=5, spent=Spent())
    assert len(found.objectives) == 1
    assert found.policy.tolist() == [[1.0]] * 40


def test_the_search_is_the_same_again_and_does_not_look_at_the_test_set() -> None:
    given = problem()
    hidden = replace(given, test=replace(given.test, inputs=torch.full_like(given.test.inputs, torch.nan)))
    one, two = (search(each, Exponentiated(), epochs=4, spent=Spent()) for each in (problem(), hidden))
    assert torch.equal(one.policy, two.policy)
    other = search(problem(seed=1), Exponentiated(), epochs=4, spent=Spent())
    assert not torch.equal(one.policy, other.policy)


def test_watch_is_told_each_epoch() -> None:
    seen: list[tuple[int, float]] = []
    found = search(
        problem(), Exponentiated(), epochs=3, spent=Spent(), watch=lambda epoch, area: seen.append((epoch, area))
    )  # fmt: skip
    assert seen == list(enumerate(found.objectives))[1:]


def test_it_learns_what_it_has_not_seen_several_times_as_fast() -> None:
    """The sizes are a quarter of those of benchmarks/learning_law_perceptron.py."""
    given = teacher_and_student(seed=0, train=256, desired=1024, test=1024, width=32, steps=125, rate=0.4)
    found = compare(given, search(given, Exponentiated(), epochs=60, spent=Spent()).policy)
    assert found.acceleration is not None
    assert found.control_acceleration is not None
    assert found.acceleration > 4
    assert found.acceleration > 1.5 * found.control_acceleration
    assert found.auc_ratio < 0.75


def test_euclidean_updates_come_nearer_to_the_law() -> None:
    """What has weight contributes more alike, and some has none any more, though not only what harms."""
    given = teacher_and_student(seed=0, train=256, desired=1024, test=256, width=32, steps=125, rate=0.4)
    found = compare(given, search(given, Euclidean(rate=3e-3, standardised=True), epochs=30, spent=Spent()).policy)
    before, after = found.uniform.law, found.policy.law
    assert before.idle_dropped == before.useful_dropped == 0
    assert after.idle_dropped is not None
    assert after.idle_dropped > 0.1
    assert before.similarity is not None
    assert after.similarity is not None
    assert after.similarity > 1.5 * before.similarity
    assert found.policy.compression > found.uniform.compression
