"""How much each row of a corpus would lower the loss on desired rows, by a short run of a proxy model and its adjoint.

After Gu et al. 2024, "Data Selection via Optimal Control for Language Models" (arXiv 2410.07064), algorithm 1: the
conditions of an optimal selection that stays the same over a run, solved by one step from all rows alike.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from benchcore.trainers.learning_law.causal import OnRows, everything
from benchcore.trainers.ledger import Spent
from benchcore.trainers.rows import Ids, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """The proxy's run: `steps` steps of gradient descent at `rate` on `batch` rows each.

    Contributions are measured at every `every`-th step.
    """

    steps: int
    batch: int
    rate: float
    every: int


class Proxy:
    """A model at `start`, (D,), that reads the rows `ids` of a corpus in turn and should get better at `desired`.

    What it takes is put on `spent`; `watch` is told how far it is.
    """

    def __init__(
        self,
        on: OnRows,
        start: torch.Tensor,
        rows: Rows,
        ids: Ids,
        desired: Rows,
        *,
        inner: Inner,
        spent: Spent,
        watch: Callable[[str], None] = lambda doing: None,
    ) -> None:
        self._on = on
        self._cost = on.learner.cost
        self._start = start
        self._rows = rows
        self._ids = ids
        self._desired = desired
        self._inner = inner
        self._spent = spent
        self._watch = watch

    def qualities(self) -> npt.NDArray[np.float64]:
        """The quality of each of `ids`, (ids,): eta sum_t lambda_{t+1} . grad l(x_n, theta_t).

        It is by how much the sum of the desired loss over the steps 1 to T falls with the weight of row n, at first
        order. lambda_T = grad J(theta_T), and lambda_t = grad J(theta_t) + lambda_{t+1} - eta H_t lambda_{t+1}, where
        H_t is the Hessian of the loss of step t's batch. Of the parameters along the run about 2 sqrt(T) are kept.
        """
        inner = self._inner
        size = math.isqrt(inner.steps - 1) + 1
        blocks = [range(first, min(first + size, inner.steps)) for first in range(0, inner.steps, size)]
        firsts = []
        theta = self._start
        for block in blocks:
            firsts.append(theta)
            for t in block:
                self._watch(f"training the proxy: {t:,} of {inner.steps:,} steps")
                theta = self._stepped(theta, t)
        adjoint = self._pull(theta)
        found = np.zeros(len(self._ids))
        for block in reversed(blocks):
            thetas = [firsts.pop()]
            for t in block[:-1]:
                thetas.append(self._stepped(thetas[-1], t))
            for t in reversed(block):
                self._watch(f"going back along the proxy's run: {inner.steps - t - 1:,} of {inner.steps:,} steps")
                theta = thetas.pop()
                if t % inner.every == 0:
                    found += inner.rate * self._slopes(theta, adjoint)
                if t:  # theta_0 is in no sum
                    adjoint = self._pull(theta) + adjoint - inner.rate * self._bent(theta, t, adjoint)
        return found

    def _batch(self, t: int) -> Ids:
        """The rows of step t: those after the step before, from the first again after the last."""
        places = np.arange(t * self._inner.batch, (t + 1) * self._inner.batch) % len(self._ids)
        return self._ids[places]

    def _stepped(self, theta: torch.Tensor, t: int) -> torch.Tensor:
        self._charge(self._inner.batch, self._cost.gradient)
        return theta - self._inner.rate * self._on.gradient(theta, self._rows, self._batch(t))

    def _pull(self, theta: torch.Tensor) -> torch.Tensor:
        """The gradient of the desired loss, (D,)."""
        self._charge(len(self._desired), self._cost.gradient)
        return self._on.gradient(theta, self._desired, everything(self._desired))

    def _bent(self, theta: torch.Tensor, t: int, direction: torch.Tensor) -> torch.Tensor:
        """The Hessian of step t's loss times `direction`, (D,)."""
        self._charge(self._inner.batch, self._cost.curvature)
        return self._on.curvature(theta, self._rows, self._batch(t), direction)

    def _slopes(self, theta: torch.Tensor, direction: torch.Tensor) -> npt.NDArray[np.float64]:
        self._charge(len(self._ids), 2 * self._cost.forward)
        return self._on.slopes(theta, self._rows, self._ids, direction)

    def _charge(self, rows: int, flops: float) -> None:
        self._spent.add(forwarded=rows * self._cost.tokens, flops=rows * flops)
