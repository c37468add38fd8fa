"""What learns: the losses of examples as a function of flat parameters, and the derivatives that a search needs."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch.func import grad, jvp


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """What is read, (n, ...), and what is to be predicted of it, (n, ...)."""

    inputs: torch.Tensor
    targets: torch.Tensor

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one example costs: the tokens it has, and the floating-point operations of each kind of pass."""

    tokens: int
    forward: float
    gradient: float
    curvature: float


class Learner(ABC):
    """A model without parameters of its own; `theta`, (D,), are handed in.

    The derivatives here are exact for any differentiable `losses`, and none makes a gradient of a single example. A
    learner that has them in closed form says so by overriding them.
    """

    outcomes: int
    """How many values a target can take: |V|."""

    cost: Cost

    @abstractmethod
    def losses(self, theta: torch.Tensor, examples: Examples) -> torch.Tensor:
        """l(x_n, theta) in nats, (n,), differentiable twice and in forward mode."""

    def gradient(self, theta: torch.Tensor, examples: Examples, weights: torch.Tensor) -> torch.Tensor:
        """The gradient of sum_n weights_n l(x_n, theta), (D,)."""
        found: torch.Tensor = grad(lambda at: weights @ self.losses(at, examples))(theta)
        return found

    def slopes(self, theta: torch.Tensor, examples: Examples, direction: torch.Tensor) -> torch.Tensor:
        """grad l(x_n, theta) . direction of each example, (n,), in one pass forward."""
        found: torch.Tensor = jvp(lambda at: self.losses(at, examples), (theta,), (direction,))[1]
        return found

    def curvature(
        self, theta: torch.Tensor, examples: Examples, weights: torch.Tensor, direction: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The `slopes`, (n,), and [sum_n weights_n hess l(x_n, theta)] direction, (D,).

        Both are one forward-over-reverse pass: the gradient with respect to `weights` are the losses, and what
        changes of them along `direction` are the slopes.
        """

        def weighed(at: torch.Tensor, each: torch.Tensor) -> torch.Tensor:
            return each @ self.losses(at, examples)

        at, still = (theta, weights), (direction, torch.zeros_like(weights))
        _, (bend, slopes) = jvp(grad(weighed, argnums=(0, 1)), at, still)
        return slopes, bend

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def mean_losses(self, thetas: torch.Tensor, examples: Examples) -> torch.Tensor:
        """The mean loss of `examples` at each of `thetas`, (points, D); (points,)."""
        return torch.stack([self.losses(theta, examples).mean() for theta in thetas])

    def mean_gradients(self, thetas: torch.Tensor, examples: Examples) -> torch.Tensor:
        """The gradient of the mean loss of `examples` at each of `thetas`, (points, D); (points, D)."""
        alike = thetas.new_full((len(examples),), 1 / len(examples))
        found = torch.empty_like(thetas)
        for theta, row in zip(thetas, found, strict=True):
            row.copy_(self.gradient(theta, examples, alike))
        return found
