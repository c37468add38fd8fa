"""What sets one training recipe apart from another: a method answers six questions, as usual unless it says more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from benchcore.trainers.ledger import Ledger
from benchcore.trainers.rows import Rows

if TYPE_CHECKING:
    from benchcore.trainers.probes import Probes

Losses = Callable[[], torch.Tensor]
"""The loss of each target under the model as it is, (rows, context) in float32 and without gradient; 0 where invalid.

It is computed at the first call, so that a method that does not ask pays nothing.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows that go through the model together: one rank's part of a step, or of a part where gradients accumulate.

    `rows` are the rows' ids, (rows,), `tokens` their tokens, (rows, context + 1), and `valid`, (rows, context), says
    which targets may count: no padding, and where only marked ones count no others. `marks`, of the same shape, says
    which the corpus marks, such as answers, where it does. `step` counts optimiser steps from 0, `part` the batches of
    a step over all ranks.
    """

    rows: torch.Tensor
    tokens: torch.Tensor
    valid: torch.Tensor
    marks: torch.Tensor | None
    step: int
    part: int

    @property
    def inputs(self) -> torch.Tensor:
        """The tokens that are read, (rows, context)."""
        return self.tokens[:, :-1]

    @property
    def targets(self) -> torch.Tensor:
        """The tokens that are predicted, (rows, context)."""
        return self.tokens[:, 1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """What a method may use: the corpus, the run's folder, and a cache to keep what can be made again.

    What it spends before the first step goes into `ledger.prepare`; what it spends in a step, beside what the loop does
    for everyone, into `ledger.train`, for all `processes`. A run has `steps` steps, each cut into `parts` batches on
    all of them; with `marked_only` nothing counts in its loss but what the corpus marks. `pack` makes rows of further
    sources, `measure` gives the mean loss of each group of rows, (groups,), under the model as it is, and `probes`
    trains copies of the model that the run starts from.
    """

    rows: Rows
    steps: int
    seed: int
    marked_only: bool
    device: torch.device
    run: Path
    cache: Path
    ledger: Ledger
    processes: int
    parts: int
    pack: Callable[[Sequence[str]], Rows]
    measure: Callable[[Rows], npt.NDArray[np.float64]]
    probes: "Probes"
    watch: Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A part of a run with a schedule of its own: `steps` steps from `start` on, in which AdamW begins anew.

    The learning rate rises to `lr` over `warmup` steps and falls as the run's does; what is None is the run's own.
    """

    start: int
    steps: int
    lr: float | None = None
    warmup: int | None = None
    weight_decay: float | None = None


class Method:
    """Plain training on every token: what a method inherits for the questions that it leaves as usual."""

    def prepare(self, lab: Lab) -> None:
        """Make ready before the first step, also of a run that goes on."""

    def mixture(self, step: int) -> Sequence[float] | None:
        """The share of rows that each group of the corpus gives to `step`; None goes through all rows alike."""
        return None

    def phase(self, step: int) -> Phase | None:
        """The part of the run that `step` is in; None where all of it is one."""
        return None

    def pool(self, step: int) -> npt.NDArray[np.bool_] | None:
        """The rows that may come in `step`, (rows,), where no mixture says more; None is all of them."""
        return None

    def weigh(self, batch: Batch, losses: Losses) -> torch.Tensor | None:
        """What each target counts in the loss, (rows, context), of bool or float; None is every valid one alike.

        The loss of a step is the sum of weights times losses over the sum of weights, over all of its batches. What
        is not valid must have no weight. Nothing here has a gradient.
        """
        return None

    def observe(self, batch: Batch, losses: Losses) -> None:
        """See what is trained on, and how well the model did on it before it was."""

    def notes(self) -> Mapping[str, float]:
        """What a log should show beside the loss, since the last call."""
        return {}

    def state(self) -> Mapping[str, Any]:
        """What `restore` needs to go on: plain numbers and lists."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
