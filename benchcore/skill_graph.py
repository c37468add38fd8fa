"""The skill graph: how much training on one skill helps another; its file, and how it is learnt from training runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import msgspec

from benchcore.errors import ConfigError, MachineError
from benchcore.store import replace_file

FILE = "graph.json"  # of a training run that has a graph
HINT = 'it is {"skills": [names], "weights": [rows]}, where row i says how much skill i helps each skill'


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillGraph:
    """Which skills help which: `weights[i][j]`, 0 or more, is how much training on `skills[i]` helps `columns[j]`.

    The weights are A_ij of Skill-It (Chen et al. 2023, arXiv 2307.14430): a row for each skill that is trained on, a
    column for each that is measured. 0 is no help. `targets` are the columns, None where these are the skills
    themselves. Raises `ConfigError` for what is no such graph.
    """

    skills: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]
    targets: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.targets == self.skills:
            object.__setattr__(self, "targets", None)
        if why := self._broken():
            raise ConfigError(f"a skill graph has {why}")

    @property
    def columns(self) -> tuple[str, ...]:
        """The skills that are measured, in the order of each row's weights."""
        return self.skills if self.targets is None else self.targets

    def square(self) -> "SkillGraph":
        """The same graph with a row and a column for every name: the skills, then the targets that are none of them.

        A target that is not trained on helps nobody, and a skill that is not measured is helped by nobody.
        """
        if self.targets is None:
            return self
        names = tuple(dict.fromkeys((*self.skills, *self.targets)))
        known = {
            (skill, target): weight
            for skill, row in zip(self.skills, self.weights, strict=True)
            for target, weight in zip(self.targets, row, strict=True)
        }
        return SkillGraph(skills=names, weights=tuple(tuple(known.get((i, j), 0.0) for j in names) for i in names))

    def _broken(self) -> str | None:
        names = (self.skills,) if self.targets is None else (self.skills, self.targets)
        if why := next(filter(None, map(_unnamed, names)), None):
            return why
        if len(self.weights) != len(self.skills):
            return f"{len(self.weights)} rows of weights for {len(self.skills)} skills"
        for skill, row in zip(self.skills, self.weights, strict=True):
            if len(row) != len(self.columns):
                kind = "skills" if self.targets is None else "targets"
                return f"{len(row)} weights in the row of {skill!r} for {len(self.columns)} {kind}"
            if wrong := next((one for one in row if not 0 <= one < float("inf")), None):
                return f"the weight {wrong:g} in the row of {skill!r}, which is not 0 or more"
        return None


def _unnamed(names: tuple[str, ...]) -> str | None:
    """What is wrong with the names of one side."""
    if not names:
        return "no skills"
    if "" in map(str.strip, names):
        return "a skill without a name"
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    return f"the skill {twice!r} twice" if twice else None


class _GraphFile(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    skills: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]
    targets: tuple[str, ...] | None = None


def read_graph(file: Path) -> SkillGraph:
    """The skill graph in a JSON file `{"skills": [...], "targets": [...], "weights": [[...]]}`.

    Without "targets" they are the skills themselves. Raises `ConfigError` when it is none.
    """
    try:
        found = msgspec.json.decode(file.read_bytes(), type=_GraphFile)
        return SkillGraph(skills=found.skills, weights=found.weights, targets=found.targets)
    except OSError as error:
        raise ConfigError(f"cannot read the skill graph {file}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, ConfigError) as error:
        raise ConfigError(f"{file} is not a skill graph ({error})", HINT) from error


def write_graph(file: Path, graph: SkillGraph) -> None:
    """Write `graph` so that `read_graph` gives it back; whoever reads finds all of it or what was there before.

    Raises `MachineError` where the file cannot be written.
    """
    stored = _GraphFile(skills=graph.skills, weights=graph.weights, targets=graph.targets)
    try:
        replace_file(file, msgspec.json.encode(stored) + b"\n")
    except OSError as error:
        raise MachineError(f"cannot write {file}: {error.strerror}") from error


def brute_force(alone: Mapping[str, float], paired: Mapping[tuple[str, str], Mapping[str, float]]) -> SkillGraph:
    """The graph of what a skill's loss gains from training on another skill as well.

    `alone[j]` is how much the loss of j fell in H steps on j alone; `paired[i, j]`, in either order, is how much the
    loss of each of the two fell in H steps on their equal mix. i helps j iff the mix, with half the data of j, did more
    for j than j alone: Algorithm 2 of Skill-It. The paper leaves the factor of a weight's proportion to that gain
    open; here a weight is the gain over what j alone did, and 1 where j alone did nothing and the mix did something.
    A skill helps itself by 1. Raises `ConfigError` for a pair without its two skills, and for what is no number.
    """
    skills = tuple(alone)
    helped = {(skill, skill): 1.0 for skill in skills}
    _all_finite(alone.values())
    for (first, second), drops in paired.items():
        if first == second or not {first, second} <= alone.keys() & drops.keys():
            raise ConfigError(f"the pair of {first!r} and {second!r} lacks how much the loss of each fell")
        if (first, second) in helped:
            raise ConfigError(f"the pair of {first!r} and {second!r} is given twice")
        _all_finite(drops.values())
        helped[first, second] = _gain(alone[second], drops[second])
        helped[second, first] = _gain(alone[first], drops[first])
    return SkillGraph(skills=skills, weights=tuple(tuple(helped.get((i, j), 0.0) for j in skills) for i in skills))


def _gain(alone: float, paired: float) -> float:
    if alone > 0:
        return max(0.0, (paired - alone) / alone)
    return float(paired > 0)


def approximate(drops: Mapping[str, Mapping[str, float]]) -> SkillGraph:
    """The graph of how much each target's loss fell, 0 where it rose, when training on each skill alone.

    `drops[i][j]` is how much the loss of j fell when training on i: a run a skill instead of one a pair. This is the
    approximate graph of Skill-It, and the only one where the targets are not trained on.
    Raises `ConfigError` where skills have other targets, and for what is no number.
    """
    skills = tuple(drops)
    targets = tuple(next(iter(drops.values()), ()))
    if set(targets) == set(skills):
        targets = skills
    for skill, row in drops.items():
        if row.keys() != set(targets):
            raise ConfigError(f"the skills {skills[0]!r} and {skill!r} were measured on other targets")
        _all_finite(row.values())
    rows = tuple(tuple(max(0.0, drops[i][j]) for j in targets) for i in skills)
    return SkillGraph(skills=skills, weights=rows, targets=targets)


def _all_finite(drops: Iterable[float]) -> None:
    if wrong := next((one for one in drops if not isfinite(one)), None):
        raise ConfigError(f"a loss fell by {wrong:g}, which is no number")
