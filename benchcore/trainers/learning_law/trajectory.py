"""The parameters along a run of gradient descent, of which few are kept and the others computed again."""

import math
from collections.abc import Iterator

import torch

from benchcore.trainers.learning_law.problem import Problem
from benchcore.trainers.ledger import Spent


class Trajectory:
    """theta_1 .. theta_T under `policy`, (T, N), and the desired loss along them; what it takes is put on `spent`.

    The steps are cut into blocks of about sqrt(T). Only the first parameters of each block are kept, and a block is
    walked again where all of it is wanted: memory is 2 sqrt(T) D instead of T D, for one more forward run. With
    `full`, all are kept.
    """

    def __init__(self, problem: Problem, policy: torch.Tensor, spent: Spent, *, full: bool = False) -> None:
        self.problem = problem
        self.policy = policy
        self.spent = spent
        size = math.isqrt(problem.steps - 1) + 1
        self._blocks = [range(start, min(start + size, problem.steps)) for start in range(0, problem.steps, size)]
        self._full = full
        # one place each from the start: allocated block by block, freed ones would leave holes between those kept
        self._kept = problem.start.new_empty(problem.steps if full else len(self._blocks), len(problem.start))
        self._walked = problem.start.new_empty(size, len(problem.start))
        losses: list[torch.Tensor] = []
        theta = problem.start
        for at, block in enumerate(self._blocks):
            thetas = self._walk(theta, block)
            if full:
                self._kept[block.start : block.stop] = thetas
            else:
                self._kept[at] = theta
            theta = self._step(thetas[-1], block[-1])
            if block.start:
                losses.append(self._desired(thetas))
            else:  # theta_0 is not in the objective
                losses.append(self._desired(thetas[1:]))
        self.last = theta
        losses.append(self._desired(theta[None]))
        self.losses = torch.cat(losses)

    @property
    def objective(self) -> float:
        """J = sum_{t=1..T} L_dsr(theta_t), the area under the curve; not divided by T."""
        return float(self.losses.sum(dtype=torch.float64))

    def backward(self) -> Iterator[tuple[range, torch.Tensor]]:
        """The blocks of steps from the last to the first, each with its theta_t, (steps, D), valid until the next."""
        for at, block in reversed(tuple(enumerate(self._blocks))):
            yield block, self._kept[block.start : block.stop] if self._full else self._walk(self._kept[at], block)

    def _walk(self, theta: torch.Tensor, block: range) -> torch.Tensor:
        """theta_t for each t of `block`, (steps, D), of which `theta` is the first; in the place of those before."""
        thetas = self._walked[: len(block)]
        thetas[0] = theta
        for at, t in enumerate(block[:-1], start=1):
            thetas[at] = self._step(thetas[at - 1], t)
        return thetas

    def _step(self, theta: torch.Tensor, t: int) -> torch.Tensor:
        count, cost = len(self.problem.train), self.problem.learner.cost
        self.spent.add(forwarded=count * cost.tokens, in_loss=count * cost.tokens, flops=count * cost.gradient)
        return self.problem.step(theta, self.policy[t])

    def _desired(self, thetas: torch.Tensor) -> torch.Tensor:
        """L_dsr at each of `thetas`."""
        problem, cost = self.problem, self.problem.learner.cost
        count = len(thetas) * len(problem.desired)
        self.spent.add(forwarded=count * cost.tokens, flops=count * cost.forward)
        return problem.learner.mean_losses(thetas, problem.desired)
