"""The notes of a comparison's table: what was not compared, what is in doubt, and how every number was made."""

from collections.abc import Iterator, Mapping, Sequence

from benchcore.comparison.differences import ALPHA, Comparisons, Contest
from benchcore.records import Figure, TaskRecord, is_loss
from benchcore.report.diagnostics import diagnostics
from benchcore.report.results import MARK, UNCONFINED, rule_set

NOT_COMPARED = "not compared"
RESIDUAL = ", residual "  # in the method of a power law, before how well it fits
FEW = 4  # series, or sources of a corpus, that are named one by one


def comparison_notes(
    found: Comparisons, contests: Sequence[Contest], layout: str, *, seeds: bool = False
) -> Iterator[str]:
    """What the table of `contests`, the rows that it shows, has to say; with `seeds` single runs are among them."""
    yield from _missing(found, contests)
    yield from _unlike(found)
    yield from _confined(found)
    yield from _doubtful(found)
    yield from _over_seeds(found)
    if found.subsets:
        yield (
            f"Similar (tau): the problems that {_few(found.subsets)} has something like, of similarity tau or more"
            " (benchcore data similar); other (tau): those that it has not."
        )
    yield from _methods(contests, layout)
    yield from _differences(found, contests, layout, seeds=seeds)
    rivals = sum(contest.rivals for contest in contests)
    if any(result.best for contest in contests for result in contest.results):
        row = "row" if found.arms else "run"
        yield f"The best is tested with each other {row}: two-sided, 5 %, after Holm over {_times(rivals, 'test')}."
    shown = dict.fromkeys(contest.figure for contest in contests if is_loss(contest.figure))
    if shown:
        yield f"Lower is better: {', '.join(shown)}."
    for side in found.runs:
        if side.repeats > 1:
            yield f"{side.label} is the mean of {side.repeats} repeats."
    yield from _ruled(found)
    yield from _series(found)
    yield from _curves(found)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:FEW]) + (f" and {len(names) - FEW:,} more" if len(names) > FEW else "")


def _missing(found: Comparisons, contests: Sequence[Contest]) -> Iterator[str]:
    """What is not compared, and why."""
    for contest in contests:
        for result in contest.results:
            if result.reason:
                yield f"{MARK} {contest.task}, {contest.figure}: {result.run} is {NOT_COMPARED}: {result.reason}."
    if found.absent:
        yield f"{MARK} No run has {', '.join(found.absent)}."
    for run in found.unfinished:
        yield f"{MARK} {run} is not complete and is left out."


def _unlike(found: Comparisons) -> Iterator[str]:
    """What else is not the same on all sides: the engine, loudly, and what was allowed to differ."""
    for key, name in (("family", "engine"), ("dtype", "number format")):
        used = _by_value({side.label: side.record.engine.get(key) for side in found.runs})
        if len(used) > 1:
            yield (
                f"{MARK} Not all runs have the same {name} ({_listed(used)}): a difference may be in part that of "
                f"the {name}s."
            )
    for setting in found.across:
        for task in dict.fromkeys(contest.task for contest in found.contests):
            used = _by_value({run: _setting(one, setting) for run, one in _records(found, task)})
            if len(used) > 1:
                yield f"{task}: {setting} differs between the runs ({_listed(used)})."


def _confined(found: Comparisons) -> Iterator[str]:
    for task in dict.fromkeys(contest.task for contest in found.contests):
        levels = _by_value({run: level for run, one in _records(found, task) if (level := one.isolation.get("level"))})
        if len(levels) > 1:
            yield (
                f"{MARK} {task}: its programs ran at different isolation levels ({_listed(levels)}), which can change "
                "a verdict: grade these runs again on one machine."
            )
        elif UNCONFINED in levels:
            yield f"{MARK} {task}: its programs ran at isolation level {UNCONFINED}: nothing but limits held them."


def _doubtful(found: Comparisons) -> Iterator[str]:
    """What puts a figure that is shown in doubt."""
    shown = {(one.task, result.run) for one in found.contests for result in one.results if result.figure}
    for side in found.runs:
        for task in side.record.tasks:
            if (task.task, side.label) in shown:
                for one in diagnostics(task):
                    if one.loud:
                        yield f"{MARK} {task.task} of {side.label}: {one.sentence}"


def _over_seeds(found: Comparisons) -> Iterator[str]:
    seeds: dict[str, list[str]] = {}
    for arm in found.arms:
        if arm.seeds > 1:
            seeds.setdefault(", ".join(map(str, arm.runs)), []).append(arm.label)
    for listed, arms in seeds.items():
        rows = "Rows of several seeds" if len(seeds) == 1 else ", ".join(arms)
        yield f"{rows}: means over seeds {listed}, of the bill too; n counts seeds."


def _methods(contests: Sequence[Contest], layout: str) -> Iterator[str]:
    """How the values' intervals were made; in the wide layout, which has no column for it, with n."""
    methods: dict[str, dict[str, None]] = {}
    for contest in contests:
        for result in contest.results:
            if result.figure and result.figure.value is not None:
                n = f"n {result.figure.n:,}, " if layout == "wide" else ""
                methods.setdefault(f"{n}{result.figure.method}", {})[contest.task] = None
    yield from _said("Values", methods)


def _differences(found: Comparisons, contests: Sequence[Contest], layout: str, *, seeds: bool) -> Iterator[str]:
    tests = [(one, result) for one in contests for result in one.results if result.difference]
    if not tests:
        return
    how = "" if found.arms else ", problem by problem"
    family = _times(_count(found.over_seeds or found.contests), "difference")
    yield (
        f"Differences are each run less {found.baseline}{how}, with 95 % intervals; p is two-sided, after Holm over"
        f" {family}."
    )
    if found.arms and seeds:
        than = "the baseline's of the same seed" if len(found.defenders) > 1 else "it"
        family = _times(_count(found.contests), "difference")
        yield f"Those of single runs are less {than}, problem by problem, after Holm over {family} of their own."
    methods: dict[str, dict[str, None]] = {}
    for contest, result in tests:
        assert result.difference and result.figure
        methods.setdefault(result.difference.method, {})[contest.task] = None
        if not found.arms and result.difference.n != result.figure.n:
            yield f"{contest.task} of {result.run}: the difference is over {result.difference.n:,} problems of both."
    yield from _said("Differences", methods)
    if layout == "wide":  # which has no room for p
        clear = [f"{one.task} of {result.run}" for one, result in tests if result.p is not None and result.p <= ALPHA]
        listed = "all" if len(clear) == len(tests) > 1 else ", ".join(dict.fromkeys(clear)) or "none"
        yield f"Differences with p at most 5 %: {listed}."


def _count(contests: Sequence[Contest]) -> int:
    return sum(result.difference is not None for contest in contests for result in contest.results)


def _said(what: str, methods: Mapping[str, Mapping[str, None]]) -> Iterator[str]:
    """A sentence for each method; with its places only where there are several."""
    for method, places in methods.items():
        yield f"{what}: {method}" + (f" ({', '.join(places)})." if len(methods) > 1 else ".")


def _ruled(found: Comparisons) -> Iterator[str]:
    shown = {one.task for one in found.contests}
    rules: dict[str, dict[str, None]] = {}
    for side in found.runs:
        for task in side.record.tasks:
            if task.task in shown and (name := rule_set(task.grader)):
                rules.setdefault(name, {})[task.task] = None
    for name, tasks in rules.items():
        yield f"Graded under the rules {name}: {', '.join(tasks)}."


def _series(found: Comparisons) -> Iterator[str]:
    if not found.steps:
        return
    counts = found.steps.values()
    listed = ", ".join(f"{name} ({count} runs)" for name, count in found.steps.items())
    if len(counts) > FEW:
        listed = f"{len(counts)} series of {' to '.join(map(str, sorted({min(counts), max(counts)})))} runs"
    yield f"Of a series the run with the most steps is shown: {listed}."


def _curves(found: Comparisons) -> Iterator[str]:
    """What the columns of a curve are, the range of its mean, and the value that a speed-up is to."""
    runs = {side.label for side in found.runs}
    known = [(about, one) for about, figures in found.curves.items() if about[0] in runs for one in figures]
    means = dict.fromkeys(one.method for _, one in known if one.name.startswith("AUC") and one.value is not None)
    if means:
        yield f"AUC: the mean of the learning curve ({'; '.join(means)})."
    yield from _diagnostics([one for _, one in known])
    targets: dict[str, dict[str, None]] = {}
    for (_, task, figure), one in known:
        if one.name.startswith("speed-up to "):
            targets.setdefault(f"{task}, {figure}", {})[one.name.removeprefix("speed-up to ")] = None
    if not targets:
        return
    by_seed = " of the same seed" if len(found.defenders) > 1 else ""
    places = "; ".join(f"{place}: {', '.join(values)}" for place, values in targets.items())
    yield (
        f"Speed-up: how many times fewer tokens or steps than {found.baseline}{by_seed} it takes to come to where that"
        f" ends ({places}), by isotonic fits."
    )
    if any(one.name.startswith("speed-up with the bill") for _, one in known):
        yield "Speed-up with the bill: so many times fewer FLOPs, those of preparation counted on both sides."


def _diagnostics(known: Sequence[Figure]) -> Iterator[str]:
    """What the columns of --diagnostics are, where there are any."""
    for start, what in (
        ("compression ratio", "Compression ratio, of a code of the model on its way"),
        ("power law B", "Power law"),
        (
            "similarity",
            "Similarity: mean contribution of a row by its standard deviation (benchcore law contributions)",
        ),
    ):
        found = [one.method for one in known if one.name == start and one.value is not None]
        methods = dict.fromkeys(method.partition(RESIDUAL)[0] for method in found)
        residuals = [float(method.rpartition(RESIDUAL)[2]) for method in found if RESIDUAL in method]
        least = f"; residuals of {min(residuals):.2g} to {max(residuals):.2g}" if residuals else ""
        if methods:
            yield f"{what}: {'; '.join(methods)}{least}."


def _setting(task: TaskRecord, name: str) -> object:
    return getattr(task, name) if name in ("version", "grader") else task.settings.get(name)


def _records(found: Comparisons, task: str) -> Iterator[tuple[str, TaskRecord]]:
    for side in found.runs:
        for record in side.record.tasks:
            if record.task == task:
                yield side.label, record


def _by_value(values: Mapping[str, object]) -> dict[str, list[str]]:
    """Each value as text with the runs that have it."""
    found: dict[str, list[str]] = {}
    for run, value in values.items():
        found.setdefault("not set" if value is None else str(value), []).append(run)
    return found


def _listed(used: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{value}: {', '.join(runs)}" for value, runs in used.items())


def _times(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("s" if count != 1 else "")
