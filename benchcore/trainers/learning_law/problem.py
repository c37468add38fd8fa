"""What a policy is sought for: a learner, where it starts, what it learns from, and what it should learn."""

from dataclasses import dataclass, replace

import torch

from benchcore.trainers.learning_law.learner import Examples, Learner


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`steps` steps of full-batch gradient descent of `learner` from `start`, (D,), at the learning rate `rate`.

    It learns from the N examples `train`; a policy is sought with the K of `desired` and judged on `test`, which no
    search looks at. A policy is (T, N), a row a step: the weights of the examples, not negative, that sum to 1.
    """

    learner: Learner
    start: torch.Tensor
    train: Examples
    desired: Examples
    test: Examples
    rate: float
    steps: int

    def uniform(self) -> torch.Tensor:
        """The policy of conventional training: 1 / N everywhere."""
        return self.start.new_full((self.steps, len(self.train)), 1 / len(self.train))

    def step(self, theta: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """theta_{t+1} = theta_t - eta sum_n gamma_{n,t} grad l(x_n, theta_t); `weights` are gamma_t, (N,)."""
        return theta - self.rate * self.learner.gradient(theta, self.train, weights)

    def on_desired(self) -> "Problem":
        """The control: the same descent on the desired examples themselves, whose uniform policy needs no search."""
        return replace(self, train=self.desired)
