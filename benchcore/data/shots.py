"""Few-shot examples that are rows of a data set themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchcore.records import digest
from benchcore.task import Row, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class WithShots:
    """Rows that each carry the first `count` of the `picked` rows of `shots` as `shots`, but never themselves.

    `picked` are row numbers; where `shots` are the rows asked about, one more than `count` is needed.
    """

    rows: Rows
    shots: Rows
    picked: tuple[int, ...]
    count: int

    def load(self, data_dir: Path | None) -> tuple[Sequence[Row], str]:
        """The rows, and the digest of both sources. Raises `DataError` when either is missing."""
        rows, pin = self.rows.load(data_dir)
        # read once where both are one file
        pool, pool_pin = (rows, pin) if self.shots == self.rows else self.shots.load(data_dir)
        picked = [pool[number] for number in self.picked]
        found = [{**row, "shots": [shot for shot in picked if shot is not row][: self.count]} for row in rows]
        return found, digest(pin, pool_pin, self.picked)

    def where(self, data_dir: Path | None) -> str:
        """One line saying where the rows, and the shots if those are others, would come from."""
        rows, shots = self.rows.where(data_dir), self.shots.where(data_dir)
        return rows if rows == shots else f"{rows}, shots: {shots}"
