"""Curricula: rows, or groups of them, in the order of the loss that a reference model has on them.

Two baselines of Skill-It (arXiv 2307.14430), with the pacing of its authors' code: over rows the pool to draw from
grows from epoch to epoch; over groups one after another joins in, until the last part goes through all.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from benchcore.errors import ConfigError
from benchcore.trainers.method import Lab, Method
from benchcore.trainers.mixture import group_names
from benchcore.trainers.reference import ReferenceLosses, reference_losses
from benchcore.trainers.rows import Rows

AT_ONCE = 4096  # rows whose losses are read together


class Curriculum(Method):
    """The easiest rows first, by their mean loss under the `reference` model; with `reverse` the hardest.

    By "row", in epoch i of `epochs` equal ones rows are drawn from the first i / epochs of all. By "group", each group
    in the order of its mean loss has a part of the run as long as it is large, in which rows of earlier groups are
    mixed in at the share `mixing` of their numbers; an equally long part for all follows at the end. Where the corpus
    has marks, only targets that it marks count in losses. Raises `ConfigError` for options that cannot be meant.
    """

    def __init__(
        self,
        *,
        by: str = "row",
        reverse: bool = False,
        epochs: int = 5,
        mixing: float = 0.4,
        reference: Path | None = None,
    ) -> None:
        if reference is None:
            raise ConfigError("a curriculum needs a reference model", "pass --curriculum.reference CHECKPOINT")
        if epochs < 1:
            raise ConfigError(f"epochs must be 1 or more, got {epochs}")
        if not 0 <= mixing <= 1:
            raise ConfigError(f"mixing must be from 0 to 1, got {mixing}")
        self._by_group = by == "group"
        self._reverse = reverse
        self._epochs = epochs
        self._mixing = mixing
        self._path = reference

    def prepare(self, lab: Lab) -> None:
        """Rank the rows or groups. Raises as `reference_losses` does, and `ConfigError` for a corpus without groups."""
        if self._by_group:
            group_names(lab.rows)
        began = time.perf_counter()
        stored = reference_losses(self._path, lab.rows, ("loss",), cache=lab.cache, device=lab.device, watch=lab.watch)
        before = max(0.0, stored.spent.seconds - (time.perf_counter() - began))
        lab.ledger.prepare.add(forwarded=stored.spent.forwarded, flops=stored.spent.flops, seconds=before)
        self._steps = lab.steps
        sums, counts = _row_sums(stored, lab.rows)
        if self._by_group:
            groups = lab.rows.group_of(np.arange(len(lab.rows)))
            means = np.bincount(groups, sums) / np.maximum(np.bincount(groups, counts), 1)
            sizes = np.bincount(groups)
            self._parts = parts(self._ranked(means).tolist(), sizes.tolist(), self._mixing)
        else:
            places = np.empty(len(lab.rows), np.int64)
            places[self._ranked(sums / np.maximum(counts, 1))] = np.arange(len(lab.rows))
            self._places = places

    def mixture(self, step: int) -> Sequence[float] | None:
        """The share of each group in the part of the run that `step` is in; None where rows are ranked."""
        if not self._by_group:
            return None
        until = np.cumsum([length for length, _ in self._parts])
        part = int(np.searchsorted(until, (step + 0.5) / self._steps, side="right"))
        return self._parts[min(part, len(self._parts) - 1)][1]

    def pool(self, step: int) -> npt.NDArray[np.bool_] | None:
        """The rows that the epoch of `step` draws from; None where groups are ranked."""
        if self._by_group:
            return None
        epoch = step * self._epochs // self._steps + 1
        most = -(-self._places.size * epoch // self._epochs)
        found: npt.NDArray[np.bool_] = self._places < most
        return found

    def _ranked(self, losses: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        return np.argsort(-losses if self._reverse else losses, kind="stable")


def parts(order: Sequence[int], sizes: Sequence[int], mixing: float) -> list[tuple[float, list[float]]]:
    """The parts of a run that takes up groups in `order`: (share of all steps, share of each group in it).

    `sizes` are the groups' numbers of rows. The part of the i-th group has its rows, and `mixing` times those of each
    group before it; the last part has the rows of all.
    """
    amounts = []
    for at, group in enumerate(order):
        amount = np.zeros(len(sizes))
        for earlier in order[:at]:
            amount[earlier] = mixing * sizes[earlier]
        amount[group] = sizes[group]
        amounts.append(amount)
    amounts.append(np.asarray(sizes, np.float64))
    whole = sum(amount.sum() for amount in amounts)
    return [(float(amount.sum() / whole), (amount / amount.sum()).tolist()) for amount in amounts]


def _row_sums(stored: ReferenceLosses, rows: Rows) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The sum of losses of each row over what counts in it, (rows,), and how many targets that are."""
    sums, counts = np.zeros(len(rows)), np.zeros(len(rows))
    for start in range(0, len(rows), AT_ONCE):
        ids = np.arange(start, min(start + AT_ONCE, len(rows)))
        valid, marks = rows.valid(ids), rows.marks(ids)
        counted = valid if marks is None else valid & marks
        (losses,) = stored.of(torch.from_numpy(ids))
        sums[ids] = (losses.double() * counted).sum(1).numpy()
        counts[ids] = counted.sum(1).numpy()
    return sums, counts
