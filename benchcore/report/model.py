"""What a report page shows: runs, what was found between them, and their samples, read when they are needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchcore.comparison.differences import Comparisons
from benchcore.comparison.report import GateReport
from benchcore.comparison.samples import Attempt, Samples, SharedSample
from benchcore.errors import ConfigError
from benchcore.records import Curve, RunRecord

__all__ = ["Attempt", "Page", "Samples", "SharedSample", "SkillGraph", "read_graph"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillGraph:
    """Which skills help which: `weights[i][j]`, 0 or more, is how much training on `skills[i]` helps `skills[j]`.

    The weights are A_ij of Skill-It (Chen et al. 2023, arXiv 2307.14430): a row for each skill that is trained on, a
    column for each that is measured. 0 is no help. Raises `ConfigError` for what is no such graph.
    """

    skills: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        if why := self._broken():
            raise ConfigError(f"a skill graph has {why}")

    def _broken(self) -> str | None:
        size = len(self.skills)
        if not size:
            return "no skills"
        if "" in map(str.strip, self.skills):
            return "a skill without a name"
        if twice := next((name for at, name in enumerate(self.skills) if name in self.skills[:at]), None):
            return f"the skill {twice!r} twice"
        if len(self.weights) != size:
            return f"{len(self.weights)} rows of weights for {size} skills"
        for skill, row in zip(self.skills, self.weights, strict=True):
            if len(row) != size:
                return f"{len(row)} weights in the row of {skill!r} for {size} skills"
            if wrong := next((one for one in row if not 0 <= one < float("inf")), None):
                return f"the weight {wrong:g} in the row of {skill!r}, which is not 0 or more"
        return None


class _GraphFile(msgspec.Struct, forbid_unknown_fields=True):
    skills: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]


def read_graph(file: Path) -> SkillGraph:
    """The skill graph in a JSON file `{"skills": [...], "weights": [[...]]}`. Raises `ConfigError` when it is none."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=_GraphFile)
        return SkillGraph(skills=found.skills, weights=found.weights)
    except OSError as error:
        raise ConfigError(f"cannot read the skill graph {file}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, ConfigError) as error:
        hint = 'it is {"skills": [names], "weights": [rows]}, where row i says how much skill i helps each skill'
        raise ConfigError(f"{file} is not a skill graph ({error})", hint) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that a report page shows.

    `records` are the runs that are shown, called `labels`, in the same order: as they were given, the baseline first.
    The runs of `found` are those of them that are complete, under the same labels; the others have counts but no
    figures. `gate` is None without a margin, and until the runs that it judges are complete. `curves` are the learning
    curves of their series. `samples` are task -> its samples, whose attempts are in the order of `labels`. `complete`
    is False while a run goes on. `graph` is that of the skills that the groups are.
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
