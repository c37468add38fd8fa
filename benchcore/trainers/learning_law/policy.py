"""The search for the policy: descend on the area under the curve, and stay on the simplex."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch

from benchcore.trainers.learning_law.adjoint import policy_gradient
from benchcore.trainers.learning_law.problem import Problem
from benchcore.trainers.learning_law.simplex import project
from benchcore.trainers.learning_law.trajectory import Trajectory
from benchcore.trainers.ledger import Spent

HALVINGS = 20  # after as many the gradient no longer says where the area is less
TINY = 1e-30


class Update(Protocol):
    """How a policy moves against a gradient of J, both (T, N)."""

    @property
    def momentum(self) -> float:
        """What the mean of the directions keeps of itself from one epoch to the next; 0 is none."""

    def direction(self, gradient: torch.Tensor) -> torch.Tensor:
        """What of `gradient` goes into the mean."""

    def move(self, policy: torch.Tensor, direction: torch.Tensor, share: float) -> torch.Tensor:
        """The policy after `share` of a whole step against `direction`: a new one, on the simplex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Euclidean:
    """gamma_t <- Proj[gamma_t - rate dJ / dgamma_t]: the paper's. It can make weights exactly 0.

    `rate` is of J, and of no J / T. With `standardised` it is of what `standard` makes of the gradient.
    """

    rate: float
    standardised: bool = False
    momentum: float = 0.0

    def direction(self, gradient: torch.Tensor) -> torch.Tensor:
        """As `Update`."""
        return standard(gradient) if self.standardised else gradient

    def move(self, policy: torch.Tensor, direction: torch.Tensor, share: float) -> torch.Tensor:
        """As `Update`."""
        return project(policy - self.rate * share * direction)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponentiated:
    """gamma_t <- gamma_t exp(-rate z_t) / sum, with z_t the mean of standardised gradients of step t: mirror descent.

    Source: Kivinen and Warmuth 1997, Information and Computation 132:1.
    """

    rate: float = 0.2
    momentum: float = 0.8

    def direction(self, gradient: torch.Tensor) -> torch.Tensor:
        """As `Update`."""
        return standard(gradient)

    def move(self, policy: torch.Tensor, direction: torch.Tensor, share: float) -> torch.Tensor:
        """As `Update`."""
        found: torch.Tensor = (policy.log() - self.rate * share * direction).softmax(1)
        return found


def standard(gradient: torch.Tensor) -> torch.Tensor:
    """Each row of `gradient` less its mean, by its standard deviation: early steps, which move J most, do not rule."""
    spread = gradient.std(1, keepdim=True, correction=0).clamp(min=TINY)
    return (gradient - gradient.mean(1, keepdim=True)) / spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A policy, (T, N), and the area under the curve before the search and after each of its epochs."""

    policy: torch.Tensor
    objectives: tuple[float, ...]


def search(
    problem: Problem, update: Update, *, epochs: int, spent: Spent, watch: Callable[[int, float], None] | None = None
) -> Found:
    """The policy that `epochs` steps of `update` lead to from the uniform one; what they take is put on `spent`.

    A step that does not lessen J on the desired examples is taken back: the next is half as long, and along the
    gradient alone. The search ends where none lessens it. `watch` is called with the number of each epoch, from 1,
    and its J.
    """
    with spent.timed():
        path = Trajectory(problem, problem.uniform(), spent)
        objectives = [path.objective]
        mean = torch.zeros_like(path.policy)
        share = 1.0
        for epoch in range(1, epochs + 1):
            new = update.direction(policy_gradient(path))
            mean.mul_(update.momentum).add_(new, alpha=1 - update.momentum)
            for _ in range(HALVINGS):
                moved = Trajectory(problem, update.move(path.policy, mean, share), spent)
                if moved.objective < path.objective:
                    break
                share /= 2
                mean = new
            else:
                break
            path = moved
            objectives.append(path.objective)
            if watch is not None:
                watch(epoch, path.objective)
    return Found(policy=path.policy, objectives=tuple(objectives))
