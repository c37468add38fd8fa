"""The derivatives of learners: against finite differences, and closed forms against automatic ones."""

from collections.abc import Callable

import pytest
import torch

from benchcore.trainers.learning_law.learner import Learner
from benchcore.trainers.learning_law.perceptron import teacher_and_student
from benchcore.trainers.learning_law.problem import Problem
from benchcore.trainers.learning_law.transformer import spoilt_stories

NEAR = 1e-5
Make = Callable[[], Problem]


def perceptron() -> Problem:
    return teacher_and_student(seed=1, train=20, desired=9, test=5, width=6, steps=3, dtype=torch.float64)


def transformer() -> Problem:
    return spoilt_stories(
        seed=1, train=6, desired=5, test=4, length=8, width=8, heads=2, steps=3, dtype=torch.float64
    )  # fmt: skip


def somewhere(problem: Problem) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Parameters, weights of the training examples, and a direction of length 1."""
    draw = torch.Generator().manual_seed(2)
    theta = problem.start + 0.1 * torch.randn(problem.start.shape, generator=draw, dtype=torch.float64)
    weights = torch.rand(len(problem.train), generator=draw, dtype=torch.float64)
    direction = torch.randn(theta.shape, generator=draw, dtype=torch.float64)
    return theta, weights, direction / direction.norm()


def error(found: torch.Tensor, right: torch.Tensor) -> float:
    """The largest error, of the largest value."""
    return float((found - right).abs().max() / right.abs().max())


@pytest.mark.parametrize("make", [perceptron, transformer])
def test_products_with_gradients_and_hessians_are_finite_differences(make: Make) -> None:
    problem = make()
    learner, train = problem.learner, problem.train
    theta, weights, direction = somewhere(problem)
    ahead, behind = theta + NEAR * direction, theta - NEAR * direction
    slopes = (learner.losses(ahead, train) - learner.losses(behind, train)) / (2 * NEAR)
    bend = (learner.gradient(ahead, train, weights) - learner.gradient(behind, train, weights)) / (2 * NEAR)
    found = learner.curvature(theta, train, weights, direction)
    assert error(found[0], slopes) < 1e-6
    assert error(found[1], bend) < 1e-6
    assert error(learner.slopes(theta, train, direction), slopes) < 1e-6
    along = learner.gradient(theta, train, weights) @ direction
    assert float(weights @ slopes) == pytest.approx(float(along), rel=1e-6)


@pytest.mark.parametrize("make", [perceptron, transformer])
def test_means_over_several_points_are_those_at_each(make: Make) -> None:
    problem = make()
    theta, _, direction = somewhere(problem)
    thetas = torch.stack((theta, theta + direction, problem.start))
    each = [problem.learner.losses(one, problem.desired).mean() for one in thetas]
    torch.testing.assert_close(problem.learner.mean_losses(thetas, problem.desired), torch.stack(each))
    gradients = [torch.func.grad(lambda at: problem.learner.losses(at, problem.desired).mean())(one) for one in thetas]
    torch.testing.assert_close(problem.learner.mean_gradients(thetas, problem.desired), torch.stack(gradients))


def test_the_closed_forms_of_a_perceptron_are_its_derivatives() -> None:
    problem = perceptron()
    learner, train = problem.learner, problem.train
    theta, weights, direction = somewhere(problem)
    torch.testing.assert_close(
        learner.gradient(theta, train, weights), Learner.gradient(learner, theta, train, weights), rtol=1e-12, atol=0
    )
    torch.testing.assert_close(
        learner.slopes(theta, train, direction), Learner.slopes(learner, theta, train, direction), rtol=1e-12, atol=0
    )
    for found, right in zip(
        learner.curvature(theta, train, weights, direction),
        Learner.curvature(learner, theta, train, weights, direction),
        strict=True,
    ):
        torch.testing.assert_close(found, right, rtol=1e-11, atol=1e-15)


def test_a_perceptrons_loss_is_the_negative_log_likelihood() -> None:
    problem = perceptron()
    theta, *_ = somewhere(problem)
    likely = torch.sigmoid(problem.train.inputs @ theta)
    right = torch.where(problem.train.targets == 1, likely, 1 - likely).log().neg()
    torch.testing.assert_close(problem.learner.losses(theta, problem.train), right)
