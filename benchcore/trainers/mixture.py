"""Training on the groups of a corpus in shares that stay the same; alike for all, it is skill-stratified sampling."""

from collections.abc import Mapping, Sequence

import numpy as np

from benchcore.errors import ConfigError, nearest
from benchcore.trainers.method import Lab, Method
from benchcore.trainers.rows import Rows


class Fixed(Method):
    """The groups of the corpus, in its order, in `shares`, which need not sum to 1."""

    def __init__(self, shares: Sequence[float]) -> None:
        self._shares = [float(share) for share in np.asarray(shares) / np.sum(shares)]

    def mixture(self, step: int) -> Sequence[float]:
        """The shares."""
        return self._shares


class Mixture(Method):
    """The groups of the corpus in `shares` by their names, which need not sum to 1; without any, in equal ones.

    Raises `ConfigError` for shares below 0, or none above.
    """

    def __init__(self, *, shares: Mapping[str, float]) -> None:
        if shares and not (all(share >= 0 for share in shares.values()) and 0 < sum(shares.values()) < float("inf")):
            raise ConfigError(f"shares must be 0 or more, and not all 0, unlike {dict(shares)}")
        self._given = shares

    def prepare(self, lab: Lab) -> None:
        """Find the groups. Raises `ConfigError` for a corpus without groups, or a share of one that it has not."""
        names = group_names(lab.rows)
        for name in self._given:
            if name not in names:
                raise ConfigError(f"the corpus has no group {name!r}", nearest(name, names))
        self._fixed = Fixed([self._given.get(name, 0.0) if self._given else 1.0 for name in names])

    def mixture(self, step: int) -> Sequence[float]:
        """The share of each group."""
        return self._fixed.mixture(step)


def group_names(rows: Rows) -> list[str]:
    """The names of the groups of `rows`, in their order. Raises `ConfigError` where they have none."""
    if None in rows.groups:
        raise ConfigError(
            "the corpus has no groups to draw from", "name the field that has them with --group-field, such as skill"
        )
    return [name for name in rows.groups if name is not None]
