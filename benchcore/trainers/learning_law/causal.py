"""A causal language model as a learner: the losses of packed rows under any checkpoint, with derivatives."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.func import functional_call

from benchcore.trainers.learning_law.learner import Cost, Examples, Learner
from benchcore.trainers.model import Prices
from benchcore.trainers.rows import Ids, Rows

NOTHING = -100  # a target that does not count
LOGITS = 1 << 20  # made at once


class Causal(Learner):
    """The loss of a row is the mean over its targets that count; `context` is the length of rows.

    It takes `model` over: attention is written out, for fused attention has no derivative in forward mode.
    """

    def __init__(self, model: Any, context: int) -> None:
        model.set_attn_implementation("eager")
        # the embedding of padding has no gradient backward and has one forward: for losses it is a token like others
        model.get_input_embeddings().padding_idx = None
        self._model = model.eval().requires_grad_(False)
        self._shapes = [(name, one.shape) for name, one in model.named_parameters()]
        self.outcomes = model.get_output_embeddings().weight.shape[0]
        prices = Prices.of(model, context)
        forward = context * (prices.forward_body + prices.forward_head)
        self.cost = Cost(tokens=context, forward=forward, gradient=3 * forward, curvature=6 * forward)

    def start(self) -> torch.Tensor:
        """The parameters that the model has, (D,)."""
        return torch.cat([one.detach().flatten() for one in self._model.parameters()])

    def losses(self, theta: torch.Tensor, examples: Examples) -> torch.Tensor:
        """-log P(token | tokens before), its mean over the targets of each row that count; 0 where none does."""
        parts = theta.split([shape.numel() for _, shape in self._shapes])
        named = {name: part.view(shape) for (name, shape), part in zip(self._shapes, parts, strict=True)}
        asked = {"input_ids": examples.inputs, "use_cache": False}
        likely = functional_call(self._model, named, (), asked).logits.log_softmax(-1)
        counted = examples.targets != NOTHING
        each = -likely.gather(-1, examples.targets.clamp(min=0)[..., None])[..., 0]
        return (each * counted).sum(1) / counted.sum(1).clamp(min=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRows:
    """The derivatives of a `Causal` at packed rows, a few rows at a time; they are of the targets that count.

    Where `marked_only` these are the ones that the corpus marks.
    """

    learner: Causal
    marked_only: bool

    def gradient(self, theta: torch.Tensor, rows: Rows, ids: Ids) -> torch.Tensor:
        """The gradient of the mean loss of rows, (D,)."""
        found = torch.zeros_like(theta)
        for piece in self.pieces(theta, rows, ids):
            found += self.learner.gradient(theta, piece, theta.new_full((len(piece),), 1 / len(ids)))
        return found

    def curvature(self, theta: torch.Tensor, rows: Rows, ids: Ids, direction: torch.Tensor) -> torch.Tensor:
        """The Hessian of the mean loss of rows times `direction`, (D,)."""
        found = torch.zeros_like(theta)
        for piece in self.pieces(theta, rows, ids):
            weights = theta.new_full((len(piece),), 1 / len(ids))
            found += self.learner.curvature(theta, piece, weights, direction)[1]
        return found

    def slopes(self, theta: torch.Tensor, rows: Rows, ids: Ids, direction: torch.Tensor) -> npt.NDArray[np.float64]:
        """grad l(x_n, theta) . direction of each row, (ids,)."""
        pieces = [self.learner.slopes(theta, piece, direction) for piece in self.pieces(theta, rows, ids)]
        found: npt.NDArray[np.float64] = torch.cat(pieces).double().cpu().numpy()
        return found

    def pieces(self, theta: torch.Tensor, rows: Rows, ids: Ids) -> Iterator[Examples]:
        """The rows as examples, as many at a time as have `LOGITS` logits."""
        size = max(1, LOGITS // (rows.context * self.learner.outcomes))
        for first in range(0, len(ids), size):
            yield self._examples(rows, ids[first : first + size], theta.device)

    def _examples(self, rows: Rows, ids: Ids, device: torch.device) -> Examples:
        tokens, counted = rows.tokens(ids), rows.valid(ids)
        if self.marked_only and (marks := rows.marks(ids)) is not None:
            counted = counted & marks
        targets = tokens[:, 1:].masked_fill(~counted, NOTHING)
        return Examples(inputs=tokens[:, :-1].to(device), targets=targets.to(device))


def everything(rows: Rows) -> Ids:
    """The ids of all rows."""
    return np.arange(len(rows))
