"""The paper's first experiment: a perceptron learns from a teacher, on examples that lie beside those desired."""

import torch
from torch.nn.functional import softplus

from benchcore.trainers.learning_law.learner import Cost, Examples, Learner
from benchcore.trainers.learning_law.problem import Problem

TRAIN_VARIANCE = 3.0
DESIRED_MEAN = 0.5


class Perceptron(Learner):
    """P(y = 1 | z) = sigmoid(theta . z) over `width` numbers, with its derivatives in closed form.

    Inputs are (n, width), targets (n,), 0 or 1.
    """

    outcomes = 2

    def __init__(self, width: int) -> None:
        self.cost = Cost(tokens=1, forward=2 * width, gradient=4 * width, curvature=6 * width)

    def losses(self, theta: torch.Tensor, examples: Examples) -> torch.Tensor:
        """-log P(y | z): log(1 + exp a) - y a with a = theta . z."""
        logits = examples.inputs @ theta
        return softplus(logits) - examples.targets * logits

    def gradient(self, theta: torch.Tensor, examples: Examples, weights: torch.Tensor) -> torch.Tensor:
        """sum_n weights_n (s_n - y_n) z_n with s = sigmoid(a)."""
        surprise = (examples.inputs @ theta).sigmoid_() - examples.targets
        return (weights * surprise) @ examples.inputs

    def slopes(self, theta: torch.Tensor, examples: Examples, direction: torch.Tensor) -> torch.Tensor:
        """q_n (s_n - y_n) with q_n = z_n . direction."""
        return (examples.inputs @ direction) * ((examples.inputs @ theta).sigmoid_() - examples.targets)

    def curvature(
        self, theta: torch.Tensor, examples: Examples, weights: torch.Tensor, direction: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The slopes, and sum_n weights_n s_n (1 - s_n) q_n z_n."""
        likely = (examples.inputs @ theta).sigmoid_()
        along = examples.inputs @ direction
        return along * (likely - examples.targets), (weights * likely * (1 - likely) * along) @ examples.inputs

    def mean_losses(self, thetas: torch.Tensor, examples: Examples) -> torch.Tensor:
        """As everywhere, with one product for all `thetas`."""
        logits = thetas @ examples.inputs.T
        return (softplus(logits) - examples.targets * logits).mean(1)

    def mean_gradients(self, thetas: torch.Tensor, examples: Examples) -> torch.Tensor:
        """As everywhere, with two products for all `thetas`."""
        surprise = (thetas @ examples.inputs.T).sigmoid_() - examples.targets
        return surprise.div_(len(examples)) @ examples.inputs


def teacher_and_student(
    *,
    seed: int,
    train: int = 4096,
    desired: int = 512,
    test: int = 512,
    width: int = 128,
    steps: int = 2000,
    rate: float = 0.1,
    dtype: torch.dtype = torch.float32,
) -> Problem:
    """A perceptron from 0 that learns what a teacher says, y = [teacher . z > 0]; the usual sizes are the paper's.

    It learns from z of N(0, 3 I); desired and test examples are of N(0.5, I), drawn apart. The teacher is normal.
    """
    draw = torch.Generator().manual_seed(seed)
    teacher = torch.randn(width, generator=draw, dtype=torch.float64)

    def examples(count: int, mean: float, variance: float) -> Examples:
        inputs = mean + variance**0.5 * torch.randn(count, width, generator=draw, dtype=torch.float64)
        return Examples(inputs=inputs.to(dtype), targets=(inputs @ teacher > 0).to(dtype))

    return Problem(
        learner=Perceptron(width),
        start=torch.zeros(width, dtype=dtype),
        train=examples(train, 0.0, TRAIN_VARIANCE),
        desired=examples(desired, DESIRED_MEAN, 1.0),
        test=examples(test, DESIRED_MEAN, 1.0),
        rate=rate,
        steps=steps,
    )
