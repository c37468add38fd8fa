"""The measures: examples worked by hand, and a scaling law that is known."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchcore.trainers.learning_law.measures import (
    acceleration,
    compare,
    compression_ratio,
    contributions,
    curve,
    learning_law,
)
from benchcore.trainers.learning_law.perceptron import teacher_and_student
from benchcore.trainers.learning_law.scaling import scaling_laws


def test_acceleration_counts_steps_from_one() -> None:
    slow = (0.9, 0.8, 0.7, 0.6)
    assert acceleration((0.7, 0.6, 0.5, 0.4), slow) == 2
    assert acceleration((0.6, 0.5, 0.5, 0.4), slow) == 4
    assert acceleration(slow, slow) == 1


def test_what_never_gets_there_has_no_acceleration() -> None:
    assert acceleration((0.9, 0.7, 0.61), (0.9, 0.8, 0.6)) is None


def test_compression_is_by_a_code_that_knows_nothing() -> None:
    assert compression_ratio((math.log(2),) * 5, 2) == pytest.approx(1)
    assert compression_ratio((math.log(2), math.log(2) / 3), 2) == pytest.approx(1.5)


def test_the_law_worked_by_hand() -> None:
    policy = torch.tensor([[0.5, 0.25, 0.25, 0.0]], dtype=torch.float64)
    contributed = torch.tensor([[2.0, 4.0, 0.0, -1.0]], dtype=torch.float64)
    found = learning_law(policy, contributed)
    # the weighted mean is 2; about it the three that have weight have squares 0, 4 and 4, over two
    assert found.similarity == pytest.approx(2 / 2)
    assert found.idle_dropped == pytest.approx(1 / 2)
    assert found.useful_dropped == 0


def test_a_policy_of_one_example_has_no_similarity() -> None:
    found = learning_law(torch.eye(3), torch.ones(3, 3))
    assert found.similarity is None
    assert found.idle_dropped is None
    assert found.useful_dropped == pytest.approx(2 / 3)


def test_contributions_are_products_of_gradients() -> None:
    problem = teacher_and_student(seed=0, train=6, desired=5, test=4, width=3, steps=10, dtype=torch.float64)
    found = contributions(problem, problem.uniform())
    inputs, targets = problem.train.inputs, problem.train.targets
    theta = problem.start
    for row in found:
        each = (torch.sigmoid(inputs @ theta) - targets)[:, None] * inputs
        wanted = problem.learner.mean_gradients(theta[None], problem.desired)[0]
        torch.testing.assert_close(row, each @ wanted)
        theta = theta - problem.rate * each.mean(0)


def test_uniform_beside_itself_is_no_faster() -> None:
    problem = teacher_and_student(seed=0, train=6, desired=5, test=4, width=3, steps=10)
    found = compare(problem, problem.uniform())
    assert found.acceleration == 1
    assert found.auc_ratio == 1
    assert found.policy == found.uniform
    assert found.uniform.losses == curve(problem, problem.uniform(), problem.test)


@given(
    floor=st.sampled_from([0.0, 0.05, 1.0]),
    scales=st.tuples(st.floats(0.5, 100), st.floats(0.5, 100)),
    betas=st.tuples(st.floats(0.1, 0.8), st.floats(0.1, 0.8)),
)
@settings(max_examples=25, deadline=None)
def test_laws_that_are_known_are_found(floor: float, scales: tuple[float, float], betas: tuple[float, float]) -> None:
    curves = [
        [floor + (scale / t) ** beta for t in range(1, 1001)] for scale, beta in zip(scales, betas, strict=True)
    ]  # fmt: skip
    found = scaling_laws(curves)
    assert found.start == 100
    assert found.fit > 1 - 1e-6
    for law, scale, beta in zip(found.laws, scales, betas, strict=True):
        assert pytest.approx(floor, abs=2e-3) == law.L0
        assert law.beta == pytest.approx(beta, rel=2e-2)
        assert pytest.approx(scale, rel=0.1) == law.B
        assert law.rms < 1e-4


def test_the_acceleration_of_a_law_is_where_the_faster_one_meets_it() -> None:
    """Table 1 of the paper: B 3.16e8 -> 1.99e7 and beta .12 -> .14."""
    curves = [
        [0.05 + (3.16e8 / t) ** 0.12 for t in range(1, 4001)],
        [0.05 + (1.99e7 / t) ** 0.14 for t in range(1, 4001)],
    ]
    found = scaling_laws(curves)
    target = curves[0][-1] - 0.05
    reached = 1.99e7 / target ** (1 / 0.14)
    assert found.acceleration(4000) == pytest.approx(4000 / reached, rel=1e-2)


@pytest.mark.parametrize("losses", [[1.0, 0.9, 0.8], [1.0, 0.9, 0.8, 0.7, 0.6, 0.0], [0.1 * t for t in range(1, 20)]])
def test_what_has_no_law_is_refused(losses: list[float]) -> None:
    with pytest.raises(ValueError, match="scaling law"):
        scaling_laws([losses])
