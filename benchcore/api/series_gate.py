"""`gate` of training series: is a recipe's mean loss not worse by more than a margin, and is it as fast as it must be?

Everything is read from stored runs; nothing is asked.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from benchcore import catalog
from benchcore.api.series import FEWEST_SEEDS, SEED
from benchcore.comparison.curves import Line, Readings, means, paces, stands
from benchcore.comparison.gate import Claim, Gate
from benchcore.comparison.margins import margin
from benchcore.comparison.pairs import pair, unlike
from benchcore.comparison.report import Decision, Finding, GateReport
from benchcore.comparison.sides import Side, named, read_side
from benchcore.config import GateConfig
from benchcore.errors import ConfigError, nearest
from benchcore.records import Part, is_loss, is_rate
from benchcore.stats.curves import tokens_to
from benchcore.store import read_config, read_record, run_folders


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recipe:
    """One side: the complete runs of each of its training series, in the order of `unit`; those left out by name."""

    name: str
    series: Mapping[str, Sequence[Side]]
    unfinished: Sequence[str]

    @property
    def sides(self) -> list[Side]:
        return [side for sides in self.series.values() for side in sides]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A claim before its data are looked at: the AUC of a task's figure, or a `speed_up` in it."""

    claim: Claim
    task: str
    figure: str
    speed_up: float | None


def gate_series(candidate: str, config: GateConfig) -> GateReport | None:
    """Judge the series `candidate` against the series that `config` names, or None where neither name is one.

    A name is that of a series with runs in `config.out`, or of a recipe: the name that series have but for a seed. A
    file or folder of that name, and an accepted baseline, come first. The mean over log tokens is judged where
    there is a margin, and the speed-up where `config.speed_up` is given. Where not all that was declared can be
    compared the report is not `comparable`, and never a pass.
    Raises `ConfigError` where only one of the two is a series, and for what cannot be meant.
    """
    if config.speed_up is None and all(named(name).exists() for name in (candidate, *config.baseline)):
        return None
    folders = _folders(config.out)
    new_names = _meant((candidate,), folders)
    old_names = _meant(config.baseline, folders)
    if not new_names and not old_names:
        if config.speed_up is not None:
            raise ConfigError(
                f"{candidate} is no series of runs in {config.out}, and only a series has a speed-up",
                nearest(candidate, folders),
            )
        return None
    _check_both(candidate, new_names, old_names, folders, config)
    new = _recipe(candidate, new_names, folders)
    old = _recipe(", ".join(config.baseline), old_names, folders)
    unit = "tokens" if all(side.record.tokens for side in (*new.sides, *old.sides)) else "steps"
    declared = _declared(old, config, unit)
    over_seeds = min(len(new.series), len(old.series)) >= FEWEST_SEEDS
    readings: dict[str, Readings] = {}
    reasons: dict[Claim, str] = {}
    notes = _notes(new, old, unit, over_seeds=over_seeds)
    for one in declared:
        lines = _lines(new, old, one.task, one.figure, unit)
        found = lines if isinstance(lines, str) else _reading(one, *lines, unit, over_seeds=over_seeds)
        if isinstance(found, str) or isinstance(lines, str):
            reasons[one.claim] = str(found)
            continue
        readings[one.claim.tasks[0]] = found
        if one.speed_up is not None and (budgets := stands(*lines, one.speed_up)):
            notes.append(_speed_note(one.task, one.figure, unit, lines[0], budgets[1], found.values()[1]))
    claims = [one.claim for one in declared]
    if reasons:
        return _incomparable(claims, reasons, new, old, config)
    # of a figure that is no rate the gate asks no more than values() and compare()
    gate = Gate(claims, {}, config.alpha, "none")
    decision, findings = gate.look(readings)
    assert decision is not None
    found_all = [
        found if one.speed_up is None else replace(found, certifiable=None)  # it has no margin to choose
        for one, found in zip(declared, findings, strict=True)
    ]
    return _report(decision, found_all, new, old, config, notes=notes)


def _reading(one: _Judged, new: Sequence[Line], old: Sequence[Line], unit: str, *, over_seeds: bool) -> Readings | str:
    if one.speed_up is None:
        return means(new, old, one.figure, unit, over_seeds=over_seeds)
    return paces(new, old, one.figure, unit, one.speed_up, over_seeds=over_seeds)


def _folders(out: Path) -> dict[str, list[Path]]:
    """Series -> its run folders below `out`, complete or not."""
    found: dict[str, list[Path]] = {}
    for folder in run_folders(out):
        place = read_config(folder)["checkpoint"]
        if place.get("series") is not None and place.get("step") is not None:
            found.setdefault(place["series"], []).append(folder)
    return found


def _meant(names: Sequence[str], known: Iterable[str]) -> list[str]:
    """The series among `known` that `names` mean: that very series, else those that add a seed to the name."""
    found: list[str] = []
    for name in names:
        if not named(name).exists():
            same = [series for series in known if series == name]
            found += same or [series for series in known if SEED.search(series) and SEED.sub("", series) == name]
    return list(dict.fromkeys(found))


def _check_both(
    candidate: str, new: Sequence[str], old: Sequence[str], known: Iterable[str], config: GateConfig
) -> None:
    if not config.baseline:
        raise ConfigError("no baseline is given", "pass --baseline with the name of a series")
    for names, found in (((candidate,), new), (config.baseline, old)):
        for name in names:
            if not found or not _meant((name,), known):
                there = "a file or folder" if named(name).exists() else f"no series of runs in {config.out}"
                raise ConfigError(
                    f"{name} is {there}, and a series is gated against a series",
                    f"known: {', '.join(known)}" if named(name).exists() else nearest(name, known),
                )
    if both := set(new) & set(old):
        raise ConfigError(f"{min(both)} is on both sides", "name another series as the baseline")


def _recipe(name: str, series: Sequence[str], folders: Mapping[str, Sequence[Path]]) -> _Recipe:
    runs: dict[str, list[Side]] = {}
    unfinished = []
    for one in series:
        complete = [folder for folder in folders[one] if read_record(folder) is not None]
        unfinished += [folder.name for folder in folders[one] if folder not in complete]
        runs[one] = sorted(map(read_side, complete), key=lambda side: side.record.step or 0)
        _check_one_training(one, runs[one])
    last = {one: sides[-1].record.model_digest for one, sides in runs.items() if sides}
    for one, weights in last.items():
        if same := [other for other in last if other != one and last[other] == weights]:
            raise ConfigError(f"{one} and {same[0]} end in the same weights, so they are no two seeds")
    return _Recipe(name=name, series=runs, unfinished=unfinished)


def _check_one_training(series: str, sides: Sequence[Side]) -> None:
    where = sorted({str(Path(side.record.checkpoint).parent) for side in sides})
    if len(where) > 1:
        raise ConfigError(
            f"the runs called {series} are of two trainings, {where[0]} and {where[1]}",
            "keep each in an --out of its own",
        )


def _declared(old: _Recipe, config: GateConfig, unit: str) -> list[_Judged]:
    """What is judged of each task: its first figure's AUC where there is a margin, its speed-up where one is asked."""
    known = {
        task: next(iter(found.figures))
        for side in reversed(old.sides)
        for task, found in side.outcomes.items()
        if found.figures
    }
    wanted = [catalog.load_task(one.task).name for one in catalog.expand(config.tasks)] if config.tasks else [*known]
    if not wanted:
        raise ConfigError(f"the baseline {old.name} has no results")
    if lacking := [task for task in wanted if task not in known]:
        raise ConfigError(f"the baseline {old.name} has no result of {lacking[0]}", nearest(lacking[0], known))
    for task in config.margins:
        if task not in wanted:
            raise ConfigError(f"a margin is given for {task!r}, which is not judged", nearest(task, wanted))
    found = []
    for task in wanted:
        figure = known[task]
        given = config.margins.get(task, config.margin if is_rate(figure) else None)
        if given is None and config.speed_up is None:
            flag = "--margin 2pt" if is_rate(figure) else f"--margins.{task} 0.01"
            raise ConfigError(f"there is no margin for {task}, {figure}", f"pass {flag}, or --speed-up 0.95")
        # these names must not begin like a rate's, for the gate takes differences of rates problem by problem
        if given is not None:
            name = f"AUC over log-{unit} of {figure}"
            claim = Claim(name=task, figure=name, tasks=(f"{task} AUC",), margin=margin(given, figure), decides=True)
            found.append(_Judged(claim=claim, task=task, figure=figure, speed_up=None))
        if config.speed_up is not None:
            name = f"speed-up {config.speed_up:g} in {figure}"
            claim = Claim(name=task, figure=name, tasks=(f"{task} speed-up",), margin=0.0, decides=True)
            found.append(_Judged(claim=claim, task=task, figure=figure, speed_up=config.speed_up))
    return found


def _lines(new: _Recipe, old: _Recipe, task: str, figure: str, unit: str) -> tuple[list[Line], list[Line]] | str:
    """The curves of both sides over the documents that all runs have a part of, or why they cannot be compared."""
    for recipe in (new, old):
        for name, sides in recipe.series.items():
            points = sum(_at(side, unit) > 0 for side in sides)
            if points < 2:
                return f"{name} has {points or 'no'} point, and a curve takes two"
    first, sides = old.sides[0], [*new.sides, *old.sides]
    for side in sides:
        if why := unlike(side, first, task):
            return why
        if lacking := [one.label for one in (side, first) if figure not in one.outcomes[task].figures]:
            return f"{lacking[0]} has no {figure} of it"
        if isinstance(found := pair(side, first, task, figure), str):
            return found
    parts = {id(side): _parts(side, task, figure) for side in sides}
    items = [item for item in first.outcomes[task].items if all(item in known for known in parts.values())]
    if not items:
        return f"no problem has a {figure} in all runs"
    found_lines = []
    for recipe in (new, old):
        lines = []
        for name, runs in recipe.series.items():
            placed = [side for side in runs if _at(side, unit)]
            at = [_at(side, unit) for side in placed]
            if any(after <= before for before, after in pairwise(at)):
                return f"the {unit} of {name} do not grow from run to run"
            rows = [[parts[id(side)][item] for item in items] for side in placed]
            lines.append(Line(series=name, at=at, parts=rows))
        found_lines.append(lines)
    return found_lines[0], found_lines[1]


def _parts(side: Side, task: str, figure: str) -> dict[str, Part]:
    found = side.outcomes[task]
    return {item: part for item, part in zip(found.items, found.figures[figure], strict=True) if part is not None}


def _at(side: Side, unit: str) -> int:
    """Where the run stands on a logarithmic axis; 0 is nowhere."""
    return (side.record.tokens if unit == "tokens" else side.record.step) or 0


def _speed_note(task: str, figure: str, unit: str, new: Sequence[Line], there: float, target: float) -> str:
    """The speed-up itself, to the `target` that the baseline has at `there`, where the candidate comes to it."""
    reached = [tokens_to(line.points, target, falling=is_loss(figure)) for line in new]
    logs = [math.log(at) for at in reached if at is not None]
    start = f"{task}: the speed-up to {target:.4g} {figure}, where the baseline is at {there:.3g} {unit},"
    if len(logs) < len(reached):
        return f"{start} is no number: {len(logs)} of {len(reached)} runs of the candidate come to that."
    return f"{start} is {there / math.exp(math.fsum(logs) / len(logs)):.3g} by the isotonic fit."


def _notes(new: _Recipe, old: _Recipe, unit: str, *, over_seeds: bool) -> list[str]:
    notes = []
    if over_seeds:
        notes.append(
            f"Over {len(new.series)} and {len(old.series)} training runs of each recipe, on these very problems; other"
            " problems may differ."
        )
    else:
        which = "this pair of training runs" if len(new.series) == len(old.series) == 1 else "these training runs"
        notes.append(
            f"Of {which}: another seed may differ, of which problems tell nothing; {FEWEST_SEEDS} seeds of each recipe"
            " do."
        )
    if unit == "steps":
        notes.append("Not all runs tell their tokens: steps compare only with as many tokens a step on both sides.")
    if unfinished := [*new.unfinished, *old.unfinished]:
        notes.append(f"Left out, for they are not complete: {', '.join(unfinished)}.")
    for key in ("family", "dtype"):
        engines = {str(side.record.engine.get(key)) for side in (*new.sides, *old.sides)}
        if len(engines) > 1:
            notes.append(f"The runs were answered by different engines: {key} {' and '.join(sorted(engines))}.")
    return notes


def _report(
    decision: Decision,
    findings: Sequence[Finding],
    new: _Recipe,
    old: _Recipe,
    config: GateConfig,
    *,
    notes: Sequence[str],
    reason: str = "",
) -> GateReport:
    asked = sum(task.requests for side in new.sides for task in side.record.tasks)
    return GateReport(
        decision=decision,
        comparable=not reason,
        reason=reason or _reason(decision, findings),
        candidate=new.name,
        baseline=old.name,
        alpha=config.alpha,
        findings=tuple(findings),
        notes=tuple(notes),
        early_stop="none",
        seed=config.order_seed,
        asked=asked,
        planned=asked,
    )


def _reason(decision: Decision, findings: Sequence[Finding]) -> str:
    """The decision in one sentence."""

    def names(chosen: Iterable[Finding]) -> str:
        return ", ".join(f"{one.name} ({one.figure})" for one in chosen)

    if decision is Decision.FAIL:
        return f"a shortfall is shown for {names(one for one in findings if one.decision is Decision.FAIL)}"
    if decision is Decision.PASS:
        return f"a shortfall is ruled out for {names(findings)}"
    return f"neither is shown for {names(one for one in findings if one.decision is not Decision.PASS)}"


def _incomparable(
    claims: Sequence[Claim], reasons: Mapping[Claim, str], new: _Recipe, old: _Recipe, config: GateConfig
) -> GateReport:
    findings = [
        Finding(
            name=claim.name,
            figure=claim.figure,
            decides=True,
            decision=Decision.INCONCLUSIVE,
            margin=claim.margin,
            candidate=None,
            baseline=None,
            comparison=None,
            p_fail=None,
            certifiable=None,
            reason=reasons.get(claim, ""),
        )
        for claim in claims
    ]
    first = next(iter(reasons))
    reason = f"{first.name} cannot be compared: {reasons[first]}"
    return _report(Decision.INCONCLUSIVE, findings, new, old, config, notes=(), reason=reason)
