"""The parameters along a run: those of plain descent, few of them kept, and each pass on the bill."""

import pytest
import torch

from benchcore.trainers.learning_law.adjoint import policy_gradient
from benchcore.trainers.learning_law.perceptron import teacher_and_student
from benchcore.trainers.learning_law.problem import Problem
from benchcore.trainers.learning_law.trajectory import Trajectory
from benchcore.trainers.ledger import Spent


def problem(steps: int) -> Problem:
    return teacher_and_student(seed=0, train=10, desired=8, test=5, width=6, steps=steps, dtype=torch.float64)


def descent(given: Problem) -> list[torch.Tensor]:
    """theta_0 .. theta_T of plain gradient descent on the mean loss."""
    inputs, targets = given.train.inputs, given.train.targets
    thetas = [given.start]
    for _ in range(given.steps):
        gradient = (torch.sigmoid(inputs @ thetas[-1]) - targets) @ inputs / len(inputs)
        thetas.append(thetas[-1] - given.rate * gradient)
    return thetas


@pytest.mark.parametrize("steps", [1, 2, 3, 9, 10, 17, 100])
def test_the_uniform_policy_is_plain_descent(steps: int) -> None:
    given = problem(steps)
    right = descent(given)
    path = Trajectory(given, given.uniform(), Spent())
    torch.testing.assert_close(path.last, right[-1])
    assert path.losses.shape == (steps,)
    each = torch.stack([given.learner.losses(theta, given.desired).mean() for theta in right[1:]])
    torch.testing.assert_close(path.losses, each)
    assert path.objective == pytest.approx(float(each.sum()))
    walked = [(block, thetas.clone()) for block, thetas in path.backward()]
    assert [t for block, _ in reversed(walked) for t in block] == list(range(steps))
    torch.testing.assert_close(torch.cat([thetas for _, thetas in reversed(walked)]), torch.stack(right[:-1]))


def test_few_parameters_are_kept() -> None:
    """Those that begin a block, and while it is walked again those inside: 2 sqrt(T) of them."""
    path = Trajectory(problem(2000), problem(2000).uniform(), Spent())
    blocks = list(path.backward())
    assert len(blocks) + max(len(thetas) for _, thetas in blocks) <= 2 * 45
    assert path._kept.untyped_storage().nbytes() == len(blocks) * 6 * 8


def test_the_bill_has_every_pass() -> None:
    """Nine steps in blocks of three: nine forward, of which six are walked again, and nine back."""
    given, spent = problem(9), Spent()
    path = Trajectory(given, given.uniform(), spent)
    width = 6
    forward = 9 * 10 * 4 * width + 9 * 8 * 2 * width
    assert (spent.flops, spent.forwarded, spent.in_loss) == (forward, 9 * 18, 9 * 10)
    policy_gradient(path)
    back = 6 * 10 * 4 * width + 9 * 10 * 6 * width + (9 + 1) * 8 * 4 * width
    assert spent.flops == forward + back
