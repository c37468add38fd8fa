"""Skill graphs of training runs: the one that a run used, or one learnt from runs on a skill or two each."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from benchcore.api.run_folders import HELDOUT
from benchcore.errors import ConfigError, nearest
from benchcore.records import Figure, RunRecord, TaskRecord, digest, is_loss
from benchcore.skill_graph import FILE, SkillGraph, approximate, brute_force, read_graph
from benchcore.store import read_record, run_folders

SETTINGS = "train.toml"
METHOD = "mixture"
SHARES = "mixture.shares"
WANTED = "give a run that has a graph, or runs of benchcore train mixture on one skill or two each"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundGraph:
    """A skill graph, and how it was found: read from a run, or learnt from `runs` runs of `steps` steps each.

    What was learnt is of the losses `figure` of the held-out set `task`. `untried` are the pairs of skills that no run
    was trained on. `bill` is what all runs cost together: name, such as flops -> amount.
    """

    graph: SkillGraph
    how: Literal["read", "brute force", "approximate"]
    runs: int
    steps: int = 0
    task: str = ""
    figure: str = ""
    untried: tuple[tuple[str, str], ...] = ()
    bill: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A finished training run: what it was trained on, and its held-out losses in the order of steps."""

    path: Path
    settings: Mapping[str, Any]
    skills: tuple[str, ...]
    records: Sequence[RunRecord]


def skill_graph(runs: Sequence[str | Path], task: str | None = None) -> FoundGraph:
    """The graph of the one training run that has one, or else the graph that several show.

    These are trained by the method mixture, each on one skill or on two in equal shares, and alike in all else. How
    much they learnt is the first held-out loss of each group less the last, of `task` where several held-out sets have
    groups. With pairs the graph is that of `brute_force`, else that of `approximate`.
    Raises `ConfigError` for runs that no graph can be learnt from.
    """
    paths = [Path(run) for run in runs]
    if len(paths) == 1 and (paths[0] / FILE).is_file():
        return FoundGraph(graph=read_graph(paths[0] / FILE), how="read", runs=1)
    if len(paths) < 2:
        raise ConfigError(f"{paths[0]} has no {FILE}" if paths else "no run is given", WANTED)
    found = [_run(path) for path in paths]
    name, figure = _measured(found[0], task)
    _check_alike(found, name)
    drops = {run.skills: _drops(run, name, figure) for run in found}
    order = list(drops[found[0].skills])
    alone = sorted((run.skills[0] for run in found if len(run.skills) == 1), key=lambda skill: _place(skill, order))
    pairs = [run.skills for run in found if len(run.skills) == 2]
    if pairs:
        _check_pairs(pairs, alone, order, name)
        own = {skill: drops[(skill,)][skill] for skill in alone}
        graph = brute_force(own, {(first, second): drops[first, second] for first, second in pairs})
    else:
        graph = approximate({skill: drops[(skill,)] for skill in alone})
    tried = set(map(frozenset, pairs))
    return FoundGraph(
        graph=graph,
        how="brute force" if pairs else "approximate",
        runs=len(found),
        steps=found[0].settings["steps"],
        task=name,
        figure=figure,
        untried=tuple(pair for pair in combinations(alone, 2) if pairs and frozenset(pair) not in tried),
        bill=_bill(found),
    )


def _run(path: Path) -> _Run:
    """Raises `ConfigError` for what is no finished run on one skill, or on two in equal shares."""
    try:
        settings = tomllib.loads((path / SETTINGS).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} is no training run: it has no {SETTINGS}", WANTED) from error
    if settings["method"] != METHOD:
        raise ConfigError(
            f"{path} is a run of {settings['method']}, and a graph is learnt from runs of {METHOD}", WANTED
        )
    shares = {skill: share for skill, share in settings.get(SHARES, {}).items() if share}
    if len(shares) not in (1, 2) or len(set(shares.values())) > 1:
        said = ", ".join(f"{skill} {share:g}" for skill, share in shares.items()) or "all skills alike"
        raise ConfigError(f"{path} is not trained on one skill, or on two in equal shares, but on {said}", WANTED)
    known = [record for folder in run_folders(path / HELDOUT) if (record := read_record(folder))]
    records = sorted(known, key=lambda record: record.step or 0)
    if len(records) < 2 or records[-1].step != settings["steps"]:
        raise ConfigError(
            f"{path} has no held-out losses at its first and its last step", "train it to its end with --heldout"
        )
    return _Run(path=path, settings=settings, skills=tuple(sorted(shares)), records=records)


def _measured(run: _Run, task: str | None) -> tuple[str, str]:
    """The held-out set with groups and its loss: in nats, which Skill-It counts in, where there is such a one."""
    losses = {one.task: list(dict.fromkeys(loss.name for loss in _losses(one))) for one in run.records[-1].tasks}
    grouped = {name: figures for name, figures in losses.items() if figures}
    if not grouped:
        raise ConfigError(f"{run.path} has no held-out losses by group", "pass --group-field, or a set that has groups")
    if task is None and len(grouped) > 1:
        raise ConfigError(f"several held-out sets have groups: {', '.join(grouped)}", "choose one with --task")
    name = task or next(iter(grouped))
    if name not in grouped:
        raise ConfigError(f"{run.path} has no held-out losses of {name!r} by group", nearest(name, grouped))
    return name, min(grouped[name], key=lambda figure: not figure.startswith("nats"))


def _losses(task: TaskRecord) -> Iterable[Figure]:
    return (figure for figure in task.figures if figure.group is not None and is_loss(figure.name))


def _check_alike(runs: Sequence[_Run], task: str) -> None:
    """Raise `ConfigError` for runs that differ in more than what they are trained on, or in that not at all."""
    first = runs[0]
    known: dict[tuple[str, ...], _Run] = {}
    for run in runs:
        if run.skills in known:
            twice = f"{known[run.skills].path} and {run.path}"
            raise ConfigError(f"{twice} are both trained on {' and '.join(run.skills)}")
        known[run.skills] = run
        for key in sorted((first.settings.keys() | run.settings.keys()) - {SHARES}):
            one, other = (each.settings.get(key) for each in (first, run))
            if one != other:
                raise ConfigError(f"{first.path} and {run.path} differ in {key} ({one} and {other})", WANTED)
        if len({_set(record, task) for each in (first, run) for record in each.records}) > 1:
            raise ConfigError(f"{first.path} and {run.path} have other held-out sets called {task}", WANTED)


def _set(record: RunRecord, task: str) -> str:
    """What tells the held-out set apart from others of its name."""
    same = [one for one in record.tasks if one.task == task]
    return digest(*((one.version, one.data, one.grader, dict(one.settings)) for one in same))


def _drops(run: _Run, task: str, figure: str) -> dict[str, float]:
    """How much the loss of each group fell from the first look to the last."""
    first, last = (_of_groups(record, task, figure) for record in (run.records[0], run.records[-1]))
    drops = {}
    for group, after in last.items():
        before = first.get(group)
        if group is None or before is None or after is None:
            raise ConfigError(f"{run.path} has no loss of the group {group} at its first and its last step")
        drops[group] = before - after
    return drops


def _of_groups(record: RunRecord, task: str, figure: str) -> dict[str | None, float | None]:
    losses = (loss for one in record.tasks if one.task == task for loss in _losses(one))
    return {loss.group: loss.value for loss in losses if loss.name == figure}


def _place(skill: str, order: Sequence[str]) -> tuple[int, str]:
    """As the held-out set has them, and after these what it does not measure."""
    return (order.index(skill) if skill in order else len(order), skill)


def _check_pairs(pairs: Iterable[Sequence[str]], alone: Sequence[str], measured: Sequence[str], task: str) -> None:
    for pair in pairs:
        for skill in pair:
            if skill not in alone:
                both = " and ".join(pair)
                raise ConfigError(f"there is a run on {both} and none on {skill} alone", "brute force compares the two")
    for skill in alone:
        if skill not in measured:
            raise ConfigError(f"the held-out set {task} has no group {skill!r}", nearest(skill, measured))


def _bill(runs: Iterable[_Run]) -> dict[str, float]:
    total: dict[str, float] = {}
    for run in runs:
        for name, amount in run.records[-1].bill.items():
            total[name] = total.get(name, 0) + amount
    return total
