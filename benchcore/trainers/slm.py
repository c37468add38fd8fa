"""Selective language modelling: all tokens are read, and those that a score picks count in the loss.

After Rho-1 (arXiv 2404.07965), whose score is the loss above that of a reference model trained on curated text.
"""

import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
import torch.distributed

from benchcore.errors import ConfigError, nearest
from benchcore.trainers.method import Batch, Lab, Losses, Method
from benchcore.trainers.reference import Reference, ReferenceLosses, What, reference_losses

SCORES: Mapping[str, tuple[What, ...]] = {  # and what of a reference model they take
    "excess": ("loss",),
    "loss": (),
    "random": (),
    "oracle": (),
    "reference": ("loss",),
    "entropy": ("entropy",),
    "union": ("loss", "entropy"),
    "intersection": ("loss", "entropy"),
}
SCOPES = ("sequence", "microbatch", "global")
CHANCE = 3  # tells the bits of a random score from those of the order of rows


class SLM(Method):
    """Counts the best `ratio` of targets in each row, in each batch or in each step of all processes, as `scope` says.

    `score` ranks by excess loss, own loss, chance or, lowest first, loss or entropy under the `reference` model;
    union and intersection join the targets that the last two pick, and oracle takes those that the corpus marks,
    whatever the ratio. The reference model's values are stored before the first step, or with `online` computed in
    each. Raises `ConfigError` for options that do not go together.
    """

    def __init__(
        self,
        *,
        ratio: float = 0.6,
        score: str = "excess",
        scope: str = "microbatch",
        online: bool = False,
        reference: Path | None = None,
    ) -> None:
        if not 0 < ratio <= 1:
            raise ConfigError(f"ratio must be above 0 and at most 1, got {ratio}")
        for name, value, known in (("score", score, SCORES), ("scope", scope, SCOPES)):
            if value not in known:
                raise ConfigError(f"there is no {name} {value!r}", nearest(value, known))
        self._what = SCORES[score]
        if self._what and reference is None:
            raise ConfigError(f"score {score} needs a reference model", "pass --slm.reference CHECKPOINT")
        if not self._what and (reference is not None or online):
            raise ConfigError(f"score {score} takes no reference model", "leave it out")
        self._ratio = Fraction(Decimal(str(ratio)))  # of .29 of 100 the floor is 29, and 28 in binary
        self._score = score
        self._scope = scope
        self._online = online
        self._path = reference
        self._sums: torch.Tensor | None = None

    def prepare(self, lab: Lab) -> None:
        """Store the reference model's values, or load it.

        Raises `ConfigError` for a corpus or steps that the options do not go with, and as `reference_losses` does.
        """
        if self._scope == "global" and lab.parts != lab.processes:
            raise ConfigError(
                f"scope global needs a step in one batch on each process, and here they are {lab.parts} in all",
                "raise micro_batch, or take scope microbatch",
            )
        if self._score == "oracle" and lab.rows.marks(np.zeros(1, np.int64)) is None:
            raise ConfigError("score oracle needs a corpus with marks", "take a generated one, or another score")
        self._lab = lab
        if self._path is None:
            return
        self._reference: Reference | ReferenceLosses
        if self._online:
            self._reference = Reference(self._path, lab.rows, lab.device)
            return
        began = time.perf_counter()
        self._reference = stored = reference_losses(
            self._path, lab.rows, self._what, cache=lab.cache, device=lab.device, watch=lab.watch
        )
        # the caller times this; what an earlier run took is on the bill too
        before = max(0.0, stored.spent.seconds - (time.perf_counter() - began))
        lab.ledger.prepare.add(forwarded=stored.spent.forwarded, flops=stored.spent.flops, seconds=before)

    def weigh(self, batch: Batch, losses: Losses) -> torch.Tensor:
        """Whether each target is picked, (rows, context) of bool."""
        chosen = self._chosen(batch, losses)
        self._note(chosen, batch.valid, losses() if self._score in ("excess", "loss") else None)
        return chosen

    def notes(self) -> Mapping[str, float]:
        """The share picked and, where the score takes the losses, the means of those picked and of the others."""
        if self._sums is None:
            return {}
        chosen, others, of_chosen, of_others = self._sums.tolist()
        self._sums = None
        known = {"selected share": (chosen, chosen + others)}
        if self._score in ("excess", "loss"):
            known |= {"selected loss": (of_chosen, chosen), "unselected loss": (of_others, others)}
        return {name: value / count for name, (value, count) in known.items() if count}

    def _note(self, chosen: torch.Tensor, valid: torch.Tensor, losses: torch.Tensor | None) -> None:
        masks = (chosen, valid & ~chosen)
        sums = [mask.sum(dtype=torch.float64) for mask in masks]
        sums += [
            torch.zeros_like(sums[0]) if losses is None else losses[mask].sum(dtype=torch.float64) for mask in masks
        ]
        found = torch.stack(sums)
        self._sums = found if self._sums is None else self._sums + found

    def _chosen(self, batch: Batch, losses: Losses) -> torch.Tensor:
        if self._score == "oracle":
            assert batch.marks is not None  # as prepare has seen
            return batch.marks & batch.valid
        picked = [self._best(scores, batch.valid) for scores in self._scores(batch, losses)]
        together = torch.stack(picked)
        return together.all(0) if self._score == "intersection" else together.any(0)

    def _scores(self, batch: Batch, losses: Losses) -> Sequence[torch.Tensor]:
        """What targets are ranked by, the highest first."""
        if self._score == "loss":
            return [losses()]
        if self._score == "random":
            return [self._chance(batch)]
        values = self._values(batch)
        return [losses() - values[0]] if self._score == "excess" else list(-values)

    def _values(self, batch: Batch) -> torch.Tensor:
        """What the reference model makes of the targets: (as the score takes, rows, context)."""
        if isinstance(self._reference, ReferenceLosses):
            return self._reference.of(batch.rows).to(batch.valid.device)
        # tokens forwarded are those of the model that is trained
        tokens = batch.valid.numel() * self._lab.processes
        self._lab.ledger.train.add(flops=tokens * self._reference.flops(self._what))
        return self._reference.values(batch.tokens, self._what)

    def _chance(self, batch: Batch) -> torch.Tensor:
        """Random numbers of the seed, the step and the part alone, so that a run that goes on draws the same."""
        sequence = np.random.SeedSequence((self._lab.seed, CHANCE, batch.step, batch.part))
        bits = np.random.PCG64(sequence).random_raw(batch.valid.numel())
        return (
            torch.from_numpy((bits >> np.uint64(11)).astype(np.float64)).view(batch.valid.shape).to(batch.valid.device)
        )

    def _best(self, scores: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """The targets of the highest scores within the scope, in this process's batch."""
        ranked = scores.clamp(min=torch.finfo(scores.dtype).min).masked_fill(~valid, -torch.inf)
        if self._scope == "sequence":
            return best(ranked, self._ratio)
        if self._scope == "global" and torch.distributed.is_initialized():
            everyone = [torch.empty_like(ranked) for _ in range(torch.distributed.get_world_size())]
            torch.distributed.all_gather(everyone, ranked)
            found = best(torch.stack(everyone).view(1, -1), self._ratio)
            return found.view(-1, *valid.shape)[torch.distributed.get_rank()]
        return best(ranked.view(1, -1), self._ratio).view(valid.shape)


def best(scores: torch.Tensor, ratio: Fraction) -> torch.Tensor:
    """The highest scores of each row, (rows, columns) of bool: floor(`ratio` x those that are not -inf) of them.

    Among equals the first are taken.
    """
    counts = [int(ratio * count) for count in (scores != -torch.inf).sum(1).tolist()]
    order = scores.argsort(dim=1, descending=True, stable=True)
    first = torch.arange(scores.shape[1], device=scores.device) < torch.tensor(counts, device=scores.device)[:, None]
    return torch.zeros_like(first).scatter_(1, order, first)
