"""A causal language model as a learner: the losses of packed rows under any checkpoint, with derivatives."""

from typing import Any

import numpy as np
import torch
from torch.func import functional_call

from benchcore.trainers.learning_law.learner import Cost, Examples, Learner
from benchcore.trainers.model import Prices
from benchcore.trainers.rows import Ids, Rows

NOTHING = -100  # a target that does not count


class Causal(Learner):
    """The loss of a row is the mean over its targets that count; `context` is the length of rows.

    It takes `model` over: attention is written out, for fused attention has no derivative in forward mode.
    """

    def __init__(self, model: Any, context: int) -> None:
        model.set_attn_implementation("eager")
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


def examples(rows: Rows, ids: Ids, *, marked_only: bool, device: torch.device) -> Examples:
    """Packed rows as a `Causal` reads them, with the targets that count in training."""
    tokens, counted = rows.tokens(ids), rows.valid(ids)
    if marked_only and (marks := rows.marks(ids)) is not None:
        counted = counted & marks
    targets = tokens[:, 1:].masked_fill(~counted, NOTHING)
    return Examples(inputs=tokens[:, :-1].to(device), targets=targets.to(device))


def everything(rows: Rows) -> Ids:
    """The ids of all rows."""
    return np.arange(len(rows))
