"""A small model that says of any row what a few rows were found to be worth: a body, the mean of its states, a line."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from benchcore.trainers.ledger import Spent
from benchcore.trainers.model import Prices, head_and_body
from benchcore.trainers.rows import Ids, Rows

AT_ONCE = 8192  # tokens that go through the model together where nothing is learnt
BATCH = 16  # rows of a step
JUDGED = 0.1  # share of the known rows that the scorer is judged on and does not learn from
WEIGHT_DECAY = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The score of each row of a corpus, (rows,), and how the ranks of those judged agree with what is known.

    `agreement` is Spearman's correlation on rows that the scorer has not learnt from; None where there is no scorer.
    """

    scores: npt.NDArray[np.float32]
    agreement: float | None


class Scorer(torch.nn.Module):  # type: ignore[misc]  # torch is untyped
    """The hidden states of `model`, their mean over a row's tokens, and a linear layer; all of it learns."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.body, _ = head_and_body(model)
        self.line = torch.nn.Linear(model.config.get_text_config().hidden_size, 1)
        torch.nn.init.zeros_(self.line.weight)
        torch.nn.init.zeros_(self.line.bias)

    def forward(self, tokens: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """Tokens and which of them count, (rows, context), to scores, (rows,)."""
        hidden = self.body(input_ids=tokens, use_cache=False).last_hidden_state
        mean = (hidden * valid[..., None]).sum(1) / valid.sum(1, keepdim=True)
        return self.line(mean)[:, 0]


def score_all(
    model: Any,
    rows: Rows,
    ids: Ids,
    known: npt.NDArray[np.float64],
    *,
    epochs: int,
    rate: float,
    seed: int,
    device: torch.device,
    spent: Spent,
    watch: Callable[[str], None] = lambda doing: None,
) -> Scored:
    """Train a scorer from `model` on what is `known` of `ids`, (ids,), by squared error, and score every row.

    The paper's: 5 epochs of AdamW at 1e-4 with weight decay .01 on a model of 125M parameters.
    """
    from scipy.stats import spearmanr

    scorer = Scorer(model).to(device).train()
    prices = Prices.of(model, rows.context)
    judged = max(2, round(JUDGED * len(ids)))
    learnt, goals = ids[judged:], torch.from_numpy(known[judged:]).float()
    optimizer = torch.optim.AdamW(scorer.parameters(), lr=rate, weight_decay=WEIGHT_DECAY)
    bits = np.random.PCG64(np.random.SeedSequence(seed))
    for epoch in range(epochs):
        watch(f"training the scorer: {epoch:,} of {epochs:,} epochs")
        order = np.argsort(bits.random_raw(len(learnt)), kind="stable")
        for at in np.array_split(order, -(-len(order) // BATCH)):
            places = learnt[at]
            found = scorer(rows.tokens(places)[:, 1:].to(device), rows.valid(places).to(device))
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(found, goals[at].to(device)).backward()
            optimizer.step()
    seen = epochs * len(learnt) * rows.context
    spent.add(forwarded=seen, flops=3 * seen * prices.forward_body)
    scores = _scores(scorer.eval(), rows, device, watch)
    spent.add(forwarded=len(rows) * rows.context, flops=len(rows) * rows.context * prices.forward_body)
    return Scored(scores=scores, agreement=float(spearmanr(scores[ids[:judged]], known[:judged]).statistic))


@torch.no_grad()  # type: ignore[untyped-decorator]
def _scores(scorer: Scorer, rows: Rows, device: torch.device, watch: Callable[[str], None]) -> npt.NDArray[np.float32]:
    found = np.empty(len(rows), np.float32)
    at_once = max(1, AT_ONCE // rows.context)
    for first in range(0, len(rows), at_once):
        watch(f"scoring the corpus: {first / len(rows):.0%}")
        ids = np.arange(first, min(first + at_once, len(rows)))
        found[ids] = scorer(rows.tokens(ids)[:, 1:].to(device), rows.valid(ids).to(device)).cpu().numpy()
    return found
