"""How much each row of a corpus would lower the loss on desired rows, by a short run of a proxy model and its adjoint.

After Gu et al. 2024, "Data Selection via Optimal Control for Language Models" (arXiv 2410.07064), algorithm 1: the
conditions of an optimal selection that stays the same over a run, solved by one step from all rows alike.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from benchcore.trainers.learning_law.causal import Causal, everything, examples
from benchcore.trainers.learning_law.learner import Examples
from benchcore.trainers.ledger import Spent
from benchcore.trainers.rows import Ids, Rows

LOGITS = 1 << 20  # made at once


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
    """A learner at `start`, (D,), that reads the rows `ids` of a corpus in turn and should get better at `desired`.

    What it takes is put on `spent`; `watch` is told how far it is.
    """

    def __init__(
        self,
        learner: Causal,
        start: torch.Tensor,
        rows: Rows,
        ids: Ids,
        desired: Rows,
        *,
        inner: Inner,
        marked_only: bool,
        spent: Spent,
        watch: Callable[[str], None] = lambda doing: None,
    ) -> None:
        self._learner = learner
        self._start = start
        self._rows = rows
        self._ids = ids
        self._desired = desired
        self._inner = inner
        self._marked_only = marked_only
        self._spent = spent
        self._watch = watch
        self._piece = max(1, LOGITS // (rows.context * learner.outcomes))

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

    def _pieces(self, rows: Rows, ids: Ids) -> Iterator[Examples]:
        for first in range(0, len(ids), self._piece):
            piece = ids[first : first + self._piece]
            yield examples(rows, piece, marked_only=self._marked_only, device=self._start.device)

    def _gradient(self, theta: torch.Tensor, rows: Rows, ids: Ids) -> torch.Tensor:
        """The gradient of the mean loss of rows, (D,)."""
        found = torch.zeros_like(theta)
        for piece in self._pieces(rows, ids):
            found += self._learner.gradient(theta, piece, theta.new_full((len(piece),), 1 / len(ids)))
        self._charge(len(ids), self._learner.cost.gradient)
        return found

    def _stepped(self, theta: torch.Tensor, t: int) -> torch.Tensor:
        return theta - self._inner.rate * self._gradient(theta, self._rows, self._batch(t))

    def _pull(self, theta: torch.Tensor) -> torch.Tensor:
        return self._gradient(theta, self._desired, everything(self._desired))

    def _bent(self, theta: torch.Tensor, t: int, direction: torch.Tensor) -> torch.Tensor:
        """The Hessian of step t's loss times `direction`, (D,)."""
        ids = self._batch(t)
        found = torch.zeros_like(theta)
        for piece in self._pieces(self._rows, ids):
            weights = theta.new_full((len(piece),), 1 / len(ids))
            found += self._learner.curvature(theta, piece, weights, direction)[1]
        self._charge(len(ids), self._learner.cost.curvature)
        return found

    def _slopes(self, theta: torch.Tensor, direction: torch.Tensor) -> npt.NDArray[np.float64]:
        """grad l(x_n, theta) . direction for each of `ids`, (ids,)."""
        found = [self._learner.slopes(theta, piece, direction) for piece in self._pieces(self._rows, self._ids)]
        self._charge(len(self._ids), 2 * self._learner.cost.forward)
        slopes: npt.NDArray[np.float64] = torch.cat(found).double().cpu().numpy()
        return slopes

    def _charge(self, rows: int, flops: float) -> None:
        self._spent.add(forwarded=rows * self._learner.cost.tokens, flops=rows * flops)
