"""What the rows of a corpus contribute to a held-out loss, along a training run, as a table."""

from benchcore.records import Contributions
from benchcore.report.table import Cell, Column, Row, Table

MOST = 12  # groups that have columns


def contributions_table(found: Contributions) -> Table:
    """A row for each checkpoint: similarity, harmful rows, the mean contribution, and that of each group."""
    groups = list(dict.fromkeys(name for point in found.points for name in point.groups))
    shown = groups[:MOST]
    rows = [
        Row(
            cells=(
                Cell(content=f"{point.step:,}"),
                Cell(content=f"{point.tokens:,}"),
                Cell(content=_short(point.similarity)),
                Cell(content=f"{100 * point.harmful:.1f} %"),
                Cell(content=_short(point.mean)),
                *(Cell(content=_short(point.groups.get(name))) for name in shown),
            )
        )
        for point in found.points
    ]
    titles = ("step", "tokens", "similarity", "harmful", "mean", *shown)
    notes = [
        f"Contribution of a row: the slope of the loss on {found.heldout} along the row's gradient, in nats per unit of"
        f" learning rate; of {found.rows:,} rows, drawn alike from those that the run trains on.",
        "Similarity: its mean by its standard deviation over rows. Harmful: rows whose contribution is not above 0.",
        "On the fastest path all rows that have weight contribute alike (the Learning Law, arXiv 2402.17759).",
    ]
    if len(groups) > MOST:
        notes.append(f"{len(groups) - MOST} more groups are not shown.")
    return Table(
        title=f"Contributions to {found.heldout} along {found.series}",
        columns=tuple(Column(title=title, align="right") for title in titles),
        rows=tuple(rows),
        notes=tuple(notes),
    )


def _short(value: float | None) -> str | None:
    return None if value is None else f"{value:.3g}"
