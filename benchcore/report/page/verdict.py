"""The first thing a page says: the gate's decision or, without one, where runs and baseline differ."""

from collections import Counter
from dataclasses import dataclass

from benchcore.comparison.differences import ALPHA, Result
from benchcore.comparison.report import Finding
from benchcore.records import is_loss, is_rate
from benchcore.report.gate import sentence
from benchcore.report.model import Page
from benchcore.report.page.links import samples_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`kind` is pass, fail, inconclusive or none, and `word` that of a gate; `says` is one sentence.

    `details` are sentences, each with the address of what it rests on, if there is one.
    """

    kind: str
    word: str
    says: str
    details: tuple[tuple[str, str | None], ...] = ()


def verdict(page: Page) -> Verdict:
    """What `page` comes to. Better and worse are differences with p at most 5 % after correction for all of them."""
    if page.gate is not None:
        gate = page.gate
        return Verdict(
            kind=gate.decision.value,
            word=gate.decision.upper(),
            says=f"{gate.candidate} against {gate.baseline}: {gate.reason}.",
            details=tuple((sentence(finding), _address(page, finding)) for finding in gate.findings),
        )
    if page.found.baseline is None:
        return Verdict(kind="none", word="", says=_without_baseline(page))
    runs = [label for label in page.labels if label != page.found.baseline]
    says = f"{runs[0] if len(runs) == 1 else f'{len(runs)} runs'} against the baseline, {page.found.baseline}"
    return Verdict(kind="none", word="", says=says, details=tuple((_against(page, label), None) for label in runs))


def _address(page: Page, finding: Finding) -> str | None:
    if finding.comparison is None:
        return None
    return samples_address(page, finding.name, page.labels[-1], differ=is_rate(finding.figure))


def _without_baseline(page: Page) -> str:
    tasks = {task.task for record in page.records for task in record.tasks}
    of = f"{len(tasks)} task{'s' if len(tasks) != 1 else ''}"
    if len(page.labels) == 1:
        return f"{page.labels[0]} on {of}"
    return f"{len(page.labels)} runs on {of}, beside each other: no baseline was named"


def _against(page: Page, label: str) -> str:
    """How many figures of the run called `label` are better, and which; likewise worse, and what is neither."""
    places: dict[str, list[str]] = {"better": [], "worse": [], "no clear difference": [], "not compared": []}
    several = Counter(contest.task for contest in page.found.contests)
    for contest in page.found.contests:
        for result in contest.results:
            if result.run == label:
                name = f"{contest.task} ({contest.figure})" if several[contest.task] > 1 else contest.task
                places[_side(result)].append(name)
    total = sum(map(len, places.values()))
    said = [
        f"{how} on all {total} figures"
        if len(names) == total > 1
        else f"{how} on {len(names)} of {total} figures: {', '.join(names)}"
        for how, names in places.items()
        if names
    ]
    return f"{label}: {'; '.join(said) if said else 'nothing to compare yet'}."


def _side(result: Result) -> str:
    found = result.difference
    if found is None:
        return "not compared"
    if found.value is None or result.p is None or result.p > ALPHA:
        return "no clear difference"
    return "better" if (found.value < 0) == is_loss(found.name) else "worse"
