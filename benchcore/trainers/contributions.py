"""How much each row of a corpus helps a held-out loss at a checkpoint, and how alike rows are in that.

The Learning Law says that on the optimal path all rows that have weight contribute alike (arXiv 2402.17759).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from benchcore.records import Contributed
from benchcore.trainers.learning_law.causal import Causal, OnRows
from benchcore.trainers.rows import Ids, Rows

Floats = npt.NDArray[np.float64]


def contributions(
    model: Any,
    rows: Rows,
    ids: Ids,
    heldout: Rows,
    wanted: Ids,
    *,
    marked_only: bool,
    heldout_marked: bool,
) -> Floats:
    """The contribution of each of `ids` to the mean loss of the rows `wanted` of `heldout`, (ids,).

    `model` is taken over. With `marked_only` the targets that the corpus marks count, and those of held-out rows alike.
    """
    learner = Causal(model, rows.context)
    theta = learner.start()
    pull = OnRows(learner=learner, marked_only=heldout_marked).gradient(theta, heldout, wanted)
    return OnRows(learner=learner, marked_only=marked_only).slopes(theta, rows, ids, pull)


def summed_up(found: Floats, rows: Rows, ids: Ids, *, step: int, tokens: int) -> Contributed:
    """What contributions, (ids,), come to at a checkpoint."""
    groups = rows.group_of(ids)
    spread = float(found.std(ddof=1))
    return Contributed(
        step=step,
        tokens=tokens,
        similarity=float(found.mean()) / spread if spread else None,
        harmful=float((found <= 0).mean()),
        mean=float(found.mean()),
        groups={
            name: float(found[groups == at].mean())
            for at, name in enumerate(rows.groups)
            if name is not None and (groups == at).any()
        },
    )
