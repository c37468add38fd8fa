"""phi-1's order of training: textbooks and code first, exercises last, each with a schedule of its own.

After Gunasekar et al. 2023, "Textbooks Are All You Need" (arXiv 2306.11644), which fine-tunes on exercises at a tenth
of the learning rate. Both parts are one run here, so that its steps and its bill are those of the whole recipe.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchcore.errors import ConfigError, nearest
from benchcore.trainers.method import Lab, Method, Phase


class Phi(Method):
    """In the last `share` of the steps trains on the groups `exercises` alone, before that on all others alone.

    There the learning rate rises to `lr` over `warmup` steps (a fiftieth of these where not given), with its own
    `weight_decay`; AdamW's moments begin anew, as they do where fine-tuning is a run of its own. The checkpoint that
    counts is the last. Raises `ConfigError` for options that cannot be meant.
    """

    def __init__(
        self,
        *,
        exercises: Sequence[str] = ("exercises",),
        share: float = 0.2,
        lr: float = 1e-4,
        warmup: int | None = None,
        weight_decay: float = 0.01,
    ) -> None:
        if not exercises:
            raise ConfigError("phi needs groups of exercises", "pass --phi.exercises NAME[,NAME]")
        if not 0 < share < 1:
            raise ConfigError(f"share must be above 0 and below 1, got {share}")
        if not 0 < lr < float("inf"):
            raise ConfigError(f"lr must be above 0 and finite, got {lr}")
        if not 0 <= weight_decay <= 1:
            raise ConfigError(f"weight_decay must be from 0 to 1, got {weight_decay}")
        self._names = exercises
        self._share = share
        self._lr = lr
        self._warmup = warmup
        self._weight_decay = weight_decay

    def prepare(self, lab: Lab) -> None:
        """Tell exercises from other rows. Raises `ConfigError` where there is only one of both, or no step for one."""
        known = [name for name in lab.rows.groups if name is not None]
        for name in self._names:
            if name not in known:
                hint = nearest(name, known) if known else "pass --group-field with the field that names groups"
                raise ConfigError(f"the corpus has no group {name!r}", hint)
        last = max(1, round(self._share * lab.steps))
        if last >= lab.steps:
            raise ConfigError(f"{lab.steps} steps do not come apart into two parts", "give more steps")
        warmup = last // 50 if self._warmup is None else self._warmup
        if not 0 <= warmup <= last:
            raise ConfigError(f"warmup must be from 0 to the {last} steps on exercises, got {warmup}")
        chosen = np.array([name in self._names for name in lab.rows.groups])
        self._exercises: npt.NDArray[np.bool_] = chosen[lab.rows.group_of(np.arange(len(lab.rows)))]
        if self._exercises.all():
            raise ConfigError("the corpus has nothing but exercises", "give texts to begin with, too")
        first = lab.steps - last
        self._first = Phase(start=0, steps=first)
        self._last = Phase(start=first, steps=last, lr=self._lr, warmup=warmup, weight_decay=self._weight_decay)

    def phase(self, step: int) -> Phase:
        """The part on exercises, or the one before it."""
        return self._last if step >= self._last.start else self._first

    def pool(self, step: int) -> npt.NDArray[np.bool_]:
        """The rows of that part."""
        return self._exercises if step >= self._last.start else ~self._exercises
