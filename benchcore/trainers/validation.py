"""The loss of each group of packed rows under a model that is being trained."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from benchcore.trainers.loss import token_losses
from benchcore.trainers.model import Prices, head_and_body
from benchcore.trainers.rows import Rows

AT_ONCE = 8192  # tokens that go through the model together


def group_losses(model: Any, rows: Rows, device: torch.device) -> tuple[npt.NDArray[np.float64], float]:
    """The mean loss of the targets of each group, (groups,), and the floating-point operations it takes.

    Where the corpus has marks, such as those of answers, only the targets that it marks count.
    """
    body, head = head_and_body(model)
    prices = Prices.of(model, rows.context)
    sums, counts, flops = np.zeros(len(rows.groups)), np.zeros(len(rows.groups)), 0.0
    at_once = max(1, AT_ONCE // rows.context)
    training = model.training
    model.eval()
    for start in range(0, len(rows), at_once):
        ids = np.arange(start, min(start + at_once, len(rows)))
        tokens, valid, marks = rows.tokens(ids).to(device), rows.valid(ids), rows.marks(ids)
        counted = valid if marks is None else valid & marks
        chosen = counted.to(device)
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            hidden = body(input_ids=tokens[:, :-1], use_cache=False).last_hidden_state
            found = token_losses(hidden[chosen], head.weight, tokens[:, 1:][chosen], head.bias)
        groups = np.repeat(rows.group_of(ids), counted.sum(1).numpy())
        np.add.at(sums, groups, found.double().cpu().numpy())
        np.add.at(counts, groups, 1)
        flops += valid.numel() * prices.forward_body + groups.size * prices.forward_head
    model.train(training)
    return sums / np.maximum(counts, 1), flops
