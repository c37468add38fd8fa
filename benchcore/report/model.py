"""What a report page shows: runs, what was found between them, and their samples, read when they are needed."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchcore.comparison.differences import Comparisons
from benchcore.comparison.report import GateReport
from benchcore.comparison.samples import Attempt, Samples, SharedSample
from benchcore.records import Contributions, Curve, RunRecord
from benchcore.skill_graph import SkillGraph

__all__ = ["Attempt", "Page", "Samples", "SharedSample"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that a report page shows.

    `records` are the runs that are shown, called `labels`, in the same order: as they were given, the baseline first.
    The runs of `found` are those of them that are complete, under the same labels; the others have counts but no
    figures. `gate` is None without a margin, and until the runs that it judges are complete. `curves` are the learning
    curves of their series. `samples` are task -> its samples, whose attempts are in the order of `labels`. `complete`
    is False while a run goes on. `graph` is that of the skills that the groups are. `contributions` are those that were
    looked for along training runs.
    """

    title: str
    records: tuple[RunRecord, ...]
    labels: tuple[str, ...]
    found: Comparisons
    gate: GateReport | None
    curves: tuple[Curve, ...]
    samples: Mapping[str, Samples]
    complete: bool
    graph: SkillGraph | None = None
    contributions: tuple[Contributions, ...] = ()
