"""Skill-It: the groups of a corpus are skills, drawn in shares that follow their losses along a graph of skills.

After Chen et al. 2023, "Skill-it! A data-driven skills framework for understanding and training language models"
(arXiv 2307.14430), algorithms 1 (the update), 2 (the graph by brute force) and 3 (its approximation).
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchcore.errors import ConfigError, nearest
from benchcore.skill_graph import FILE, SkillGraph, approximate, brute_force, read_graph, write_graph
from benchcore.trainers.method import Lab, Method
from benchcore.trainers.mixture import group_names
from benchcore.trainers.probes import Probe

LEARNT = ("approximate", "brute-force")
IDENTITY = "identity"


class SkillIt(Method):
    """Draws skill i in round t in proportion to exp(eta sum_j A_ij (the sum of L_j over the last `window` rounds)).

    L_j is the loss of evaluation skill j on the `validation` texts, measured where each of `rounds` equal rounds
    begins; with `lag` 1 the newest measurement is left out, as algorithm 1 has it. The first round has
    exp(eta sum_j A_ij). `targets` are the evaluation skills, all groups of `validation` where none are named: the same
    as are trained on for pre-training, some of them for fine-tuning, others for out-of-domain.

    A is the `graph`: learnt by "brute-force" or "approximate" from probe runs of `probe_steps` steps each (as many as
    the run has where not given), "identity" for none, a graph's file or a training run that has one. Raises
    `ConfigError` for options that cannot be meant.
    """

    def __init__(
        self,
        *,
        validation: str | None = None,
        targets: Sequence[str] = (),
        graph: str = "approximate",
        probe_steps: int | None = None,
        eta: float = 0.5,
        rounds: int = 6,
        window: int = 3,
        lag: int = 0,
    ) -> None:
        if validation is None:
            raise ConfigError("skillit needs texts to measure skills on", "pass --skillit.validation FILE")
        for name, value in (("rounds", rounds), ("window", window), ("probe_steps", probe_steps)):
            if value is not None and value < 1:
                raise ConfigError(f"{name} must be 1 or more, got {value}")
        if not 0 <= eta < float("inf"):
            raise ConfigError(f"eta must be 0 or more, got {eta}")
        if lag not in (0, 1):
            raise ConfigError(f"lag must be 0 or 1, got {lag}")
        self._source = validation
        self._targets = targets
        self._wanted = graph
        self._probe_steps = probe_steps
        self._eta = eta
        self._rounds = rounds
        self._window = window
        self._lag = lag
        self._round = -1
        self._history: list[list[float]] = []
        self._shares: list[float] = []

    def prepare(self, lab: Lab) -> None:
        """Pack the validation texts, and learn or read the graph, of which a copy stays with the run.

        Raises `ConfigError` for skills that do not go together.
        """
        self._lab = lab
        self._skills = group_names(lab.rows)
        if lab.steps < self._rounds:
            raise ConfigError(f"{self._rounds} rounds do not go into {lab.steps} steps")
        self._validation = lab.pack([self._source])
        measured = group_names(self._validation)
        for name in self._targets:
            if name not in measured:
                raise ConfigError(f"the validation texts have no group {name!r}", nearest(name, measured))
        self._places = {name: at for at, name in enumerate(measured) if not self._targets or name in self._targets}
        graph = self._graph(list(self._places))
        write_graph(lab.run / FILE, graph)
        self._columns = [self._places[name] for name in graph.columns]
        self._weights = np.array(graph.weights, np.float64)
        self._shares = shares(self._weights, [[1.0] * len(self._columns)], eta=self._eta, window=1)

    def mixture(self, step: int) -> Sequence[float]:
        """The share of each skill, made anew where a round begins."""
        now = step * self._rounds // self._lab.steps
        if now > self._round:
            self._round = now
            losses = self._lab.measure(self._validation)
            self._history = [*self._history, losses[self._columns].tolist()][-self._window - 1 :]
            known = self._history[: len(self._history) - self._lag]
            if now:
                self._shares = shares(self._weights, known, eta=self._eta, window=self._window)
        return self._shares

    def notes(self) -> Mapping[str, float]:
        """The share of each skill."""
        return {f"share of {name}": share for name, share in zip(self._skills, self._shares, strict=True)}

    def state(self) -> Mapping[str, Any]:
        """The round, its shares, and the losses that the next ones need."""
        return {"round": self._round, "shares": self._shares, "history": self._history}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on in the same round."""
        self._round, self._shares, self._history = state["round"], state["shares"], state["history"]

    def _graph(self, targets: Sequence[str]) -> SkillGraph:
        if self._wanted in LEARNT:
            return self._learnt(targets)
        if self._wanted == IDENTITY:
            if not set(targets) <= set(self._skills):
                raise ConfigError("an identity graph needs targets that are trained on", "take graph approximate")
            weights = tuple(tuple(float(skill == target) for target in targets) for skill in self._skills)
            return SkillGraph(skills=tuple(self._skills), weights=weights, targets=tuple(targets))
        path = Path(self._wanted).expanduser()
        graph = read_graph(path / FILE if path.is_dir() else path)
        for names, known in ((self._skills, graph.skills), (targets, graph.columns)):
            if missing := [one for one in names if one not in known]:
                raise ConfigError(f"the skill graph {path} has no skill {missing[0]!r}", nearest(missing[0], known))
        weights = tuple(
            tuple(graph.weights[graph.skills.index(skill)][graph.columns.index(target)] for target in targets)
            for skill in self._skills
        )
        return SkillGraph(skills=tuple(self._skills), weights=weights, targets=tuple(targets))

    def _learnt(self, targets: Sequence[str]) -> SkillGraph:
        """The graph that probe runs show. Raises `ConfigError` where brute force is asked for other targets."""
        if self._wanted == "approximate":
            return approximate({name: self._drops([name], targets) for name in self._skills})
        if set(targets) != set(self._skills):
            raise ConfigError("brute force needs the same skills trained and measured", "take graph approximate")
        alone = {name: self._drops([name], targets)[name] for name in self._skills}
        return brute_force(alone, {pair: self._drops(pair, targets) for pair in combinations(self._skills, 2)})

    def _drops(self, trained: Sequence[str], targets: Sequence[str]) -> dict[str, float]:
        """How much the loss of each target falls when the model is trained on `trained` in equal shares."""
        lab = self._lab
        steps = self._probe_steps or lab.steps
        label = f"probe run on {' and '.join(trained)}"
        found: Probe = lab.probes.run(
            [float(name in trained) for name in self._skills],
            steps,
            self._validation,
            lambda doing: lab.watch(f"{label}: {doing}"),
        )
        # the caller times what is made now; what an earlier run took is on the bill too
        spent = found.spent
        lab.ledger.prepare.add(
            forwarded=spent.forwarded,
            in_loss=spent.in_loss,
            flops=spent.flops,
            seconds=0.0 if found.fresh else spent.seconds,
        )
        return {name: found.before[self._places[name]] - found.after[self._places[name]] for name in targets}


def shares(
    weights: Sequence[Sequence[float]] | npt.NDArray[np.float64],
    history: Sequence[Sequence[float]],
    *,
    eta: float,
    window: int,
) -> list[float]:
    """The share of each training skill, (skills,): the softmax of eta A (the sum of the last `window` of `history`).

    `weights` is A, (skills, targets); `history` has the losses of the targets in each round, (rounds, targets).
    """
    losses = np.asarray(history, np.float64)[-window:].sum(0)
    scores = eta * (np.asarray(weights, np.float64) @ losses)
    raised = np.exp(scores - scores.max())
    found: list[float] = (raised / raised.sum()).tolist()
    return found
