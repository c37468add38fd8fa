"""The gradient of the area under the curve: against autograd through every step, kept whole or walked again."""

from collections.abc import Callable

import pytest
import torch

from benchcore.trainers.learning_law.adjoint import policy_gradient
from benchcore.trainers.learning_law.perceptron import teacher_and_student
from benchcore.trainers.learning_law.problem import Problem
from benchcore.trainers.learning_law.trajectory import Trajectory
from benchcore.trainers.learning_law.transformer import spoilt_stories
from benchcore.trainers.ledger import Spent

Make = Callable[[], Problem]


def perceptron() -> Problem:
    return teacher_and_student(seed=3, train=30, desired=20, test=5, width=7, steps=23, rate=0.5, dtype=torch.float64)


def transformer() -> Problem:
    return spoilt_stories(
        seed=3, train=5, desired=4, test=4, length=6, width=8, heads=2, steps=7, dtype=torch.float64
    )  # fmt: skip


def some_policy(problem: Problem) -> torch.Tensor:
    draw = torch.Generator().manual_seed(4)
    return torch.rand(problem.uniform().shape, generator=draw, dtype=torch.float64).softmax(1)


def unrolled(problem: Problem, policy: torch.Tensor) -> tuple[float, torch.Tensor]:
    """J and its gradient, by autograd through a graph of the whole run."""
    policy = policy.clone().requires_grad_()
    theta = problem.start.clone().requires_grad_()
    total = torch.zeros((), dtype=torch.float64)
    for weights in policy:
        loss = weights @ problem.learner.losses(theta, problem.train)
        (gradient,) = torch.autograd.grad(loss, theta, create_graph=True)
        theta = theta - problem.rate * gradient
        total = total + problem.learner.losses(theta, problem.desired).mean()
    (found,) = torch.autograd.grad(total, policy)
    return float(total.detach()), found


@pytest.mark.parametrize("make", [perceptron, transformer])
def test_it_is_what_autograd_finds_through_the_whole_run(make: Make) -> None:
    problem = make()
    policy = some_policy(problem)
    path = Trajectory(problem, policy, Spent())
    total, gradient = unrolled(problem, policy)
    assert path.objective == pytest.approx(total, rel=1e-12)
    found = policy_gradient(path)
    assert float((found - gradient).abs().max() / gradient.abs().max()) < 1e-10
    assert float(gradient[-1].abs().max()) > 0


@pytest.mark.parametrize("make", [perceptron, transformer])
def test_it_is_the_same_whether_all_parameters_are_kept_or_few(make: Make) -> None:
    problem = make()
    policy = some_policy(problem)
    few, all_kept = (Trajectory(problem, policy, Spent(), full=full) for full in (False, True))
    torch.testing.assert_close(few.losses, all_kept.losses, rtol=1e-13, atol=0)
    torch.testing.assert_close(policy_gradient(few), policy_gradient(all_kept), rtol=1e-12, atol=1e-15)


def test_the_area_falls_as_the_gradient_says() -> None:
    problem = perceptron()
    policy = some_policy(problem)
    gradient = policy_gradient(Trajectory(problem, policy, Spent()))
    shift = torch.randn(policy.shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    ahead, behind = (
        Trajectory(problem, policy + step * shift, Spent()).objective for step in (1e-5, -1e-5)
    )  # fmt: skip
    assert (ahead - behind) / 2e-5 == pytest.approx(float((gradient * shift).sum()), rel=1e-7)
