"""`gate`: is a candidate not worse than a baseline by more than a margin? It asks no more than the answer takes."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from benchcore import catalog
from benchcore.api.evaluation import Watch, evaluate, under_stored
from benchcore.api.schedule import Schedule
from benchcore.api.seat import MakeEngine
from benchcore.api.series_gate import gate_series
from benchcore.api.summary import item
from benchcore.api.work import Work, prepare_all
from benchcore.checkpoint import find
from benchcore.comparison.gate import Claim, Gate, claims
from benchcore.comparison.margins import margin
from benchcore.comparison.pairs import Asked, Pairs, asked_of, pair, unlike, unlike_asked
from benchcore.comparison.report import Decision, Finding, GateReport
from benchcore.comparison.sides import Side, mean, named, read_side
from benchcore.config import AskConfig, EvalConfig, GateConfig
from benchcore.errors import ConfigError, nearest
from benchcore.journal import stored_answers
from benchcore.records import is_rate
from benchcore.stats.power import certifiable_margin, items_needed
from benchcore.store import read_config

USUAL = (0.05, 0.30)  # shares of problems that come out differently, between which nearly all checkpoints are


def gate(
    candidate: str,
    config: GateConfig,
    *,
    watch: Watch = lambda progress: None,
    announce: Callable[[Sequence[str]], None] = lambda sentences: None,
    engine: MakeEngine | None = None,
) -> GateReport:
    """Judge `candidate`, a run folder, a checkpoint or a training series, against the baseline that `config` names.

    A checkpoint is evaluated into a run folder of `config.out`, problem by problem in a random order and no further
    than `config.early_stop` needs. `announce` is given sentences of what can be shown before anything is asked.
    Where not all that was declared can be compared the report is not `comparable`, and never a pass.
    Raises `BenchcoreError` for what cannot be read or meant, and `RunIncomplete` where more problems lack an answer
    or a grade than `config.max_error_rate` allows.
    """
    if (report := gate_series(candidate, config)) is not None:
        return report
    where = named(candidate)
    one = None if _stored_at(where) else find(candidate, trust_remote_code=config.trust_remote_code)[0][-1]
    old = _baseline(config, watch, engine)
    figures = _figures(old, config)
    declared = _declared(figures, config)
    announce(_outlook(declared, old, config))
    if one is not None:
        asked = _settings(config, old, figures)
        folder = config.out / one.name
        graded_under = read_config(folder).get("rules", {}) if (folder / "config.toml").is_file() else {}
        work = [under_stored(task, graded_under) for task in prepare_all(asked)]
        if reasons := _why_not_asked(one.name, work, old, figures):
            return _incomparable(declared, reasons, one.name, old, config)
        where = folder
        planned = {task: len(old.outcomes[task].items) for task in figures}
        judge = Gate(declared, planned, config.alpha, config.early_stop)
        schedule = Schedule(judge, old, figures, seed=config.order_seed, max_error_rate=config.max_error_rate)
        evaluate([str(one.path)], asked, watch=watch, engine=engine, rounds=schedule)
        if schedule.decision is not None:
            requests = sum(len(one.requests) for one in work)
            answered = sum(len(stored_answers(where, one.task.name)) for one in work)
            report = _report(schedule.decision, schedule.findings, declared, one.name, old, config, answered, requests)
            return replace(report, notes=(*report.notes, *_beside(schedule.engine, schedule.weights, old)))
    return _stored(read_side(where), old, figures, declared, config)


def _stored(
    new: Side, old: Side, figures: Mapping[str, str], declared: Sequence[Claim], config: GateConfig
) -> GateReport:
    """The report of a complete run: nothing is asked, and one look takes all of it."""
    pairs: dict[str, Pairs] = {}
    reasons: dict[str, str] = {}
    for task, figure in figures.items():
        if why := unlike(new, old, task):
            reasons[task] = why
        elif figure not in new.outcomes[task].figures:
            reasons[task] = f"{new.label} has no {figure} of it"
        elif isinstance(found := pair(new, old, task, figure), str):
            reasons[task] = found
        else:
            pairs[task] = found
    if reasons:
        return _incomparable(declared, reasons, new.label, old, config)
    decision, findings = Gate(declared, {}, config.alpha, "none").look(pairs)
    assert decision is not None
    requests = sum(task.requests for task in new.record.tasks if task.task in figures)
    report = _report(decision, findings, declared, new.label, old, config, requests, requests)
    beside = _beside(new.record.engine, new.record.model_digest, old)
    return replace(report, notes=(*report.notes, *beside), early_stop="none")


def _stored_at(where: Path) -> bool:
    """Whether a run folder or a baseline file lies there; what else is named is a checkpoint."""
    return (where / "config.toml").is_file() or where.is_file()


def _baseline(config: GateConfig, watch: Watch, engine: MakeEngine | None) -> Side:
    """The side that everything is held against; a checkpoint is evaluated first, as `config` says."""
    if not config.baseline:
        raise ConfigError(
            "no baseline is given", "pass --baseline with a run folder, a name of runs accept or a checkpoint"
        )
    sides = []
    for given in config.baseline:
        where = named(given)
        if not _stored_at(where):
            one = find(given, trust_remote_code=config.trust_remote_code)[0][-1]
            evaluate([str(one.path)], _eval_config(config), watch=watch, engine=engine)
            where = config.out / one.name
        sides.append(read_side(where))
    return mean(sides)


def _figures(old: Side, config: GateConfig) -> dict[str, str]:
    """Task -> the figure that is judged, its first: of the tasks asked for, else of all that the baseline has."""
    known = {task: next(iter(found.figures)) for task, found in old.outcomes.items() if found.figures}
    if not config.tasks:
        if not known:
            raise ConfigError(f"the baseline {old.label} has no results")
        return known
    wanted = [catalog.load_task(one.task).name for one in catalog.expand(config.tasks)]
    if lacking := [task for task in wanted if task not in known]:
        raise ConfigError(f"the baseline {old.label} has no result of {lacking[0]}", nearest(lacking[0], known))
    return {task: known[task] for task in wanted}


def _declared(figures: Mapping[str, str], config: GateConfig) -> list[Claim]:
    for task in config.margins:
        if task not in figures:
            raise ConfigError(f"a margin is given for {task!r}, which is not judged", nearest(task, figures))
    own: dict[str, float] = {}
    for task, figure in figures.items():
        given = config.margins.get(task, config.margin if is_rate(figure) else None)
        if given is None:
            example = "2pt" if is_rate(figure) else "0.01"
            flag = f"--margin {example}" if is_rate(figure) else f"--margins.{task} {example}"
            raise ConfigError(f"there is no margin for {task}, {figure}", f"pass {flag}")
        own[task] = margin(given, figure)
    rates = [figure for figure in figures.values() if is_rate(figure)]
    if len(rates) > 1 and config.margin is None:
        raise ConfigError("there is no margin for the mean over tasks", "pass --margin 2pt")
    return claims(figures, own, margin(config.margin, rates[0]) if config.margin and rates else None)


def _eval_config(config: GateConfig) -> EvalConfig:
    return EvalConfig(**{one.name: getattr(config, one.name) for one in fields(AskConfig)})


def _settings(config: GateConfig, old: Side, figures: Mapping[str, str]) -> EvalConfig:
    """How the candidate is asked: as `config` says and, where it says nothing, as the baseline was."""
    settings = [task.settings for task in old.record.tasks if task.task in figures]
    like_baseline: dict[str, Any] = {}
    for name in ("limit", "trials", "temperature", "top_p"):
        found = {one.get(name) for one in settings}
        if getattr(config, name) is None and len(found) == 1:
            like_baseline[name] = found.pop()
    return replace(_eval_config(config), tasks=config.tasks or tuple(figures), **like_baseline)


def _why_not_asked(label: str, work: Sequence[Work], old: Side, figures: Mapping[str, str]) -> dict[str, str]:
    """Task -> why answers to what would be asked of it could not be compared; nothing has been asked."""
    reasons = {}
    for one in work:
        settings = {**one.settings, "version": one.task.version, "grader": one.task.grader.name}
        new = Asked(label=label, settings=settings, items=[item(sample) for sample in one.samples])
        theirs = asked_of(old, one.task.name)
        why = unlike_asked(new, theirs) if theirs else f"{old.label} has no result of it"
        if why:
            reasons[one.task.name] = why
    lacking = figures.keys() - {one.task.name for one in work}
    return reasons | dict.fromkeys(lacking, f"{label} is not asked it")


def _outlook(declared: Sequence[Claim], old: Side, config: GateConfig) -> list[str]:
    """What each claim that decides can show, and what its margin would take."""
    sentences = []
    for claim in declared:
        if not claim.decides or not is_rate(claim.figure):
            continue
        sizes = [len(old.outcomes[task].items) for task in claim.tasks]
        n = sum(sizes)
        # all tasks alike: the problems of a small one weigh more, which the mean's variance grows by
        heavier = n * math.fsum(1 / size for size in sizes) / len(sizes) ** 2
        certified = [100 * certifiable_margin(share * heavier, n, config.alpha) for share in USUAL]
        sentence = (
            f"{claim.name}, {n:,} problems: where {100 * USUAL[0]:.0f} to {100 * USUAL[1]:.0f} % of them come out"
            f" differently, an unchanged candidate passes in 80 of 100 runs at a margin of {certified[0]:.1f} to"
            f" {certified[1]:.1f} pt"
        )
        if claim.margin > 0:
            needed = [items_needed(share * heavier, claim.margin, config.alpha) for share in USUAL]
            sentence += f"; a margin of {100 * claim.margin:.3g} pt takes {needed[0]:,} to {needed[1]:,} problems"
        sentences.append(f"{sentence}.")
    return sentences


def _report(
    decision: Decision,
    findings: Sequence[Finding],
    declared: Sequence[Claim],
    label: str,
    old: Side,
    config: GateConfig,
    asked: int,
    planned: int,
) -> GateReport:
    noise = _noise(old, declared[0])
    notes = []
    if noise is not None and declared[0].margin < 2 * noise:
        notes.append(
            f"The margin is within the noise: {old.repeats} repeats of the baseline have a standard deviation of"
            f" {noise:.3g}."
        )
    if old.repeats > 1:
        notes.append(f"The baseline is the mean of {old.repeats} repeats.")
    return GateReport(
        decision=decision,
        comparable=True,
        reason=_reason(decision, findings),
        candidate=label,
        baseline=old.label,
        alpha=config.alpha,
        findings=tuple(findings),
        notes=tuple(notes),
        early_stop=config.early_stop,
        seed=config.order_seed,
        asked=asked,
        planned=planned,
        noise=noise,
    )


def _reason(decision: Decision, findings: Sequence[Finding]) -> str:
    """The decision in one sentence."""
    deciding = [one for one in findings if one.decides]
    if decision is Decision.FAIL:
        failed = [one.name for one in findings if one.decision is Decision.FAIL]
        return f"a drop of more than the margin is shown for {', '.join(failed)}"
    if decision is Decision.PASS:
        return f"a drop of the margin or more is ruled out for {', '.join(one.name for one in deciding)}"
    open_ones = [one.name for one in deciding if one.decision is not Decision.PASS]
    return f"these problems neither rule out nor show a drop of the margin for {', '.join(open_ones)}"


def _incomparable(
    declared: Sequence[Claim], reasons: Mapping[str, str], label: str, old: Side, config: GateConfig
) -> GateReport:
    findings = tuple(
        Finding(
            name=claim.name,
            figure=claim.figure,
            decides=claim.decides,
            decision=Decision.INCONCLUSIVE,
            margin=claim.margin,
            candidate=None,
            baseline=None,
            comparison=None,
            p_fail=None,
            certifiable=None,
            reason="; ".join(
                reasons[task] if len(claim.tasks) == 1 else f"{task}: {reasons[task]}"
                for task in claim.tasks
                if task in reasons
            ),
        )
        for claim in declared
    )
    first = next(iter(reasons))
    return GateReport(
        decision=Decision.INCONCLUSIVE,
        comparable=False,
        reason=f"{first} cannot be compared: {reasons[first]}",
        candidate=label,
        baseline=old.label,
        alpha=config.alpha,
        findings=findings,
        notes=(),
        early_stop=config.early_stop,
        seed=config.order_seed,
        asked=0,
        planned=0,
    )


def _noise(old: Side, claim: Claim) -> float | None:
    """The standard deviation of what `claim` judges between repeats of the baseline; None without repeats."""
    if old.noise is None:
        return None
    figures = {task: next(iter(old.outcomes[task].figures)) for task in claim.tasks}
    return math.hypot(*(old.noise[task, figure] for task, figure in figures.items())) / len(figures)


def _beside(engine: Mapping[str, Any], weights: str, old: Side) -> list[str]:
    """Notes on what answered the candidate beside what answered the baseline."""
    notes = []
    if weights == old.record.model_digest:
        notes.append("The candidate's weights are those of the baseline itself.")
    differing = [
        f"{key} {engine.get(key)} against {old.record.engine.get(key)}"
        for key in ("family", "dtype")
        if engine.get(key) != old.record.engine.get(key)
    ]
    if differing:
        notes.append(f"The two were answered by different engines: {', '.join(differing)}.")
    return notes
