"""Which rows each step takes: a function of the seed and of how many were taken before, and of nothing else."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchcore.errors import ConfigError
from benchcore.trainers.rows import Rows

DRAWS = 4096  # made at once
EVERYWHERE, GROUP, WITHIN = range(3)  # what random bits decide


class Order:
    """The ids of the rows that steps take, from the first on.

    The same seed gives the same rows in every process and with every version of numpy.
    """

    def __init__(self, rows: Rows, seed: int) -> None:
        self._members = [rows.members(group) for group in range(len(rows.groups))]
        self._everywhere = _Bits(len(rows), seed, EVERYWHERE)
        self._draws = _Bits(DRAWS, seed, GROUP)
        self._within = [_Bits(len(members), seed, WITHIN, group) for group, members in enumerate(self._members)]

    def take(
        self,
        count: int,
        mixture: Sequence[float] | None = None,
        pool: npt.NDArray[np.bool_] | None = None,
    ) -> npt.NDArray[np.int64]:
        """The ids of the next `count` rows, (count,).

        Without a `mixture` the rows of all groups come in one shuffled pass after another, each row once a pass; those
        that are not in the `pool`, (all rows,), are passed over. A `mixture` holds the share of each group: the group
        of each row is drawn from it, and each group is gone through in shuffled passes of its own. Raises
        `ConfigError` for what are no shares, and for an empty pool.
        """
        if mixture is None:
            return self._everywhere.passes(count) if pool is None else self._everywhere.chosen(count, pool)
        until = np.cumsum(self._shares(mixture))
        groups = np.searchsorted(until / until[-1], self._draws.uniform(count), side="right")
        ids = np.empty(count, np.int64)
        for group in np.unique(groups):
            here = groups == group
            ids[here] = self._members[group].start + self._within[group].passes(int(here.sum()))
        return ids

    def state(self) -> dict[str, int | list[int]]:
        """How many were taken: what `restore` needs to go on."""
        return {
            "everywhere": self._everywhere.taken,
            "draws": self._draws.taken,
            "within": [one.taken for one in self._within],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self._everywhere.taken = state["everywhere"]
        self._draws.taken = state["draws"]
        for one, taken in zip(self._within, state["within"], strict=True):
            one.taken = taken

    def _shares(self, mixture: Sequence[float]) -> npt.NDArray[np.float64]:
        shares = np.asarray(mixture, np.float64)
        if shares.shape != (len(self._members),):
            raise ConfigError(f"a mixture of {shares.size} shares for a corpus of {len(self._members)} groups")
        if not (shares >= 0).all() or not math.isclose(shares.sum(), 1, abs_tol=1e-6):
            raise ConfigError(f"the shares of a mixture must be at least 0 and sum to 1, unlike {shares.tolist()}")
        return shares


class _Bits:
    """Endless random numbers in blocks of `length`, each made of the seed and of the block's number alone.

    Raw bits are the same in every version of numpy; what its generators make of them need not be.
    """

    def __init__(self, length: int, *seed: int) -> None:
        self.taken = 0
        self._length = length
        self._seed = seed
        self._ranked: tuple[int, npt.NDArray[np.int64]] | None = None

    def uniform(self, count: int) -> npt.NDArray[np.float64]:
        """The next `count` as numbers in [0, 1), (count,)."""
        blocks = [(self._block(number)[part] >> np.uint64(11)) * 2.0**-53 for number, part in self._next(count)]
        return np.concatenate(blocks)

    def passes(self, count: int) -> npt.NDArray[np.int64]:
        """The next `count` as places in their block, (count,): each block is 0 to `length` - 1 in another order."""
        return np.concatenate([self._ranks(number)[part] for number, part in self._next(count)])

    def chosen(self, count: int, pool: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """The next `count` of `passes` that are in `pool`, (length,). Raises `ConfigError` where none is."""
        if not pool.any():
            raise ConfigError("there is no row to draw from")
        found: list[npt.NDArray[np.int64]] = []
        while count:
            number, start = divmod(self.taken, self._length)
            ranks = self._ranks(number)[start:]
            places = np.flatnonzero(pool[ranks])[:count]
            found.append(ranks[places])
            count -= places.size
            self.taken += ranks.size if count else int(places[-1]) + 1
        return np.concatenate(found)

    def _next(self, count: int) -> list[tuple[int, slice]]:
        """Which part of which block the next `count` are."""
        start, self.taken = self.taken, self.taken + count
        edges = range(start // self._length, -(-self.taken // self._length))
        return [
            (number, slice(max(0, start - number * self._length), self.taken - number * self._length))
            for number in edges
        ]

    def _block(self, number: int) -> npt.NDArray[np.uint64]:
        return np.random.PCG64(np.random.SeedSequence((*self._seed, number))).random_raw(self._length)

    def _ranks(self, number: int) -> npt.NDArray[np.int64]:
        if self._ranked is None or self._ranked[0] != number:
            self._ranked = number, np.argsort(self._block(number), kind="stable")
        return self._ranked[1]
