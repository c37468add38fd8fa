"""What searches for the fastest policy came to: a row each, and one for training on what is desired."""

from collections.abc import Mapping, Sequence

import msgspec

from benchcore.comparison.arms import over_seeds
from benchcore.report.table import Cell, Column, Row, Table

COLUMNS = (
    "acceleration",
    "with the bill",
    "AUC ratio",
    "final loss",
    "compression ratio",
    "similarity",
    "harmful dropped",
    "useful dropped",
    "B",
    "beta",
    "training GFLOP",
    "search GFLOP",
    "search s",
)


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """What one search came to with one seed.

    Pairs are of conventional training and of the policy. `area` is the policy's area under the test curve by that of
    conventional training; `control_` is training on the desired examples themselves. What has no value is None: a
    loss never reached, a law that is none.
    """

    search: str
    seed: int
    acceleration: float | None
    area: float
    losses: tuple[float, float]
    compression: tuple[float, float]
    similarity: tuple[float | None, float | None]
    idle_dropped: float | None
    useful_dropped: float | None
    scale: tuple[float, float] | None
    exponent: tuple[float, float] | None
    control_acceleration: float | None
    control_area: float
    objective: tuple[float, float]
    training_flops: float
    search_flops: float
    seconds: float

    @property
    def charged(self) -> float | None:
        """The acceleration in floating-point operations, those of the search counted."""
        if self.acceleration is None:
            return None
        return self.training_flops / (self.search_flops + self.training_flops / self.acceleration)


def law_table(title: str, found: Mapping[str, Sequence[Searched]]) -> Table:
    """A row for each search, name -> its results by seed, after those of conventional training and of the control."""
    first = next(iter(found.values()))
    seeds = [one.seed for one in first]
    rows = [_conventional(first), *(_row(name, results) for name, results in found.items()), _control(first)]
    columns = [Column(title=name, align="right" if name.endswith(("GFLOP", " s")) else "left") for name in COLUMNS]
    notes = (
        f"Means over seeds {', '.join(map(str, seeds))}, with t intervals where there are three or more.",
        "Losses, areas and accelerations are of test examples that no search has seen, against conventional training.",
        "Acceleration: how many times fewer steps to where conventional training ends; with the bill it is in FLOPs,"
        " those of the search counted.",
        "Similarity: mean over steps of the weighted mean contribution by its standard deviation (SIM); exponentiated"
        " updates leave weight on every example, so that it need not rise.",
        "Harmful dropped: share without weight of the examples that contribute nothing or harm; useful dropped: of the"
        " others.",
        "B and beta: of (B / t)^beta above one floor for both curves, after the first tenth of the steps.",
        "The policy is an oracle: of this start, these examples and full batches alone.",
    )
    return Table(title=title, columns=(Column(title="training"), *columns), rows=tuple(rows), notes=notes)


def _conventional(results: Sequence[Searched]) -> Row:
    values: dict[str, list[float | None]] = {
        "final loss": [one.losses[0] for one in results],
        "compression ratio": [one.compression[0] for one in results],
        "similarity": [one.similarity[0] for one in results],
        "B": [one.scale and one.scale[0] for one in results],
        "beta": [one.exponent and one.exponent[0] for one in results],
    }
    return _made("conventional", values, results, searched=False)


def _control(results: Sequence[Searched]) -> Row:
    values: dict[str, list[float | None]] = {
        "acceleration": [one.control_acceleration for one in results],
        "AUC ratio": [one.control_area for one in results],
    }
    return _made("on the desired examples", values, None, searched=False)


def _row(name: str, results: Sequence[Searched]) -> Row:
    values: dict[str, list[float | None]] = {
        "acceleration": [one.acceleration for one in results],
        "with the bill": [one.charged for one in results],
        "AUC ratio": [one.area for one in results],
        "final loss": [one.losses[1] for one in results],
        "compression ratio": [one.compression[1] for one in results],
        "similarity": [one.similarity[1] for one in results],
        "harmful dropped": [one.idle_dropped for one in results],
        "useful dropped": [one.useful_dropped for one in results],
        "B": [one.scale and one.scale[1] for one in results],
        "beta": [one.exponent and one.exponent[1] for one in results],
    }
    return _made(name, values, results, searched=True)


def _made(
    name: str, values: Mapping[str, Sequence[float | None]], results: Sequence[Searched] | None, *, searched: bool
) -> Row:
    cells = {title: Cell(content=over_seeds(title, each, missing="none")) for title, each in values.items()}
    if results is not None:
        mean = len(results)
        cells["training GFLOP"] = Cell(content=f"{sum(one.training_flops for one in results) / mean / 1e9:,.4g}")
        if searched:
            cells["search GFLOP"] = Cell(content=f"{sum(one.search_flops for one in results) / mean / 1e9:,.4g}")
            cells["search s"] = Cell(content=f"{sum(one.seconds for one in results) / mean:,.1f}")
    return Row(cells=(Cell(content=name), *(cells.get(title, Cell()) for title in COLUMNS)))
