"""The forest plot: each run's difference from the baseline with its interval, against zero and the margin."""

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchcore.comparison.differences import ALPHA, Contest, Result
from benchcore.comparison.report import Finding
from benchcore.records import Figure, is_loss, is_rate
from benchcore.report.model import Page
from benchcore.report.plots.style import (
    BOLD,
    ESTIMATE,
    INK,
    LETTER,
    LIMIT,
    SIZE,
    SMALL,
    WIDTH,
    Scale,
    as_it_is,
    blank,
    counted,
    fitted,
    in_percent,
    listed,
    panel,
)  # fmt: skip
from benchcore.report.table import figure_text, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

ROW = 34.0  # the height of a line of text and the bar below it
HEAD = 22.0
BAR = 22.0  # where in its row a bar lies
TICK = 7.0  # half the height of the lines at zero and at the margin: they do not cross the text
EDGE = 4.0
TEXT = 1.35 * SMALL  # a line of a reason
FEW = 2  # runs, the baseline among them: then a row is named by its task alone


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A line of the plot: a heading, or a run's result with what the gate found of it, or the reason there is none."""

    label: str
    difference: Figure | None = None
    clear: bool = False
    finding: Finding | None = None
    reason: str = ""

    @property
    def height(self) -> float:
        if self.reason:
            return ROW / 2 + TEXT * len(_wrapped(self.reason)) + 4
        return ROW if self.difference or self.finding else HEAD


def draw(page: Page) -> Iterator["Drawing"]:
    """A figure "forest" of all rates, and a figure "forest-FIGURE" of each other figure, as its unit is another.

    Each row is a run's difference from the baseline in a task; a full marker is one that stays clear of zero after
    Holm's correction. Of what a gate judged, the margin stands as a line across the row, and the interval that its
    decision rests on as a broad bar. What could not be compared is a row with its reason.
    """
    if page.found.baseline is None:
        return
    units: dict[str, list[Contest]] = {}
    for contest in page.found.contests:
        units.setdefault("" if is_rate(contest.figure) else contest.figure, []).append(contest)
    for unit, contests in units.items():
        if any(result.difference for contest in contests for result in contest.results):
            yield _drawn(unit, contests, page)


def _drawn(unit: str, contests: Sequence[Contest], page: Page) -> "Drawing":
    rows = list(_rows(contests, page))
    scale = as_it_is if unit else in_percent
    height = sum(row.height for row in rows)
    top, bottom = 22.0, 40.0
    key = f"forest-{unit}" if unit else "forest"
    drawing = blank(key, height + top + bottom, _caption(rows, unit, page))
    axes = panel(drawing, EDGE, EDGE, top, bottom)
    axes.spines["left"].set_visible(False)
    axes.set(xlim=_limits(rows), ylim=(height, 0), yticks=[])
    at = 0.0
    for row in rows:
        _add(axes, row, at, scale)
        at += row.height
    axes.locator_params(axis="x", nbins=6)
    axes.xaxis.set_major_formatter(lambda value, _: f"{scale(value):+.3g}" if value else "0")
    axes.set_xlabel(fitted(f"difference from {page.found.baseline}, {unit or 'points'}", WIDTH - 10))
    for side, word in zip((0, 1), ("better", "worse") if is_loss(unit) else ("worse", "better"), strict=True):
        arrow = f"{word} →" if side else f"← {word}"
        axes.text(side, 1 + SIZE / height, arrow, transform=axes.transAxes, ha="right" if side else "left")
    if any(row.finding for row in rows):
        axes.text(0.5, 1 + SIZE / height, "dashed: margin", transform=axes.transAxes, ha="center")
    return drawing


def _rows(contests: Sequence[Contest], page: Page) -> Iterator[_Row]:
    found, gate = page.found, page.gate
    findings = {(one.name, one.figure): one for one in gate.findings} if gate else {}
    single = len(found.runs) <= FEW
    for contest in contests:
        title = f"{contest.task}, {contest.figure}"
        if not single:
            yield _Row(label=title)
        for result in contest.results:
            if result.run != found.baseline:
                yield _row(title if single else result.run, result, findings.get((contest.task, contest.figure)))
    tasks = {contest.task for contest in found.contests}
    for (name, figure), finding in findings.items():
        if name not in tasks and finding.comparison and figure in {contest.figure for contest in contests}:
            yield _Row(label=f"{name}, {figure}", finding=finding)


def _row(label: str, result: Result, finding: Finding | None) -> _Row:
    if result.difference is None or result.difference.value is None:
        return _Row(label=label, reason=result.reason or "no value")
    clear = result.p is not None and result.p <= ALPHA
    return _Row(label=label, difference=result.difference, clear=clear, finding=finding)


def _add(axes: "Axes", row: _Row, top: float, scale: Scale) -> None:
    """Draw `row`, whose upper edge is at `top`."""
    across = axes.get_yaxis_transform()
    shown = row.difference or _difference(row.finding)
    if shown is None:
        weight = "normal" if row.reason else "bold"
        label = fitted(row.label, (WIDTH - 10) / BOLD)
        axes.text(0, top + 12, label, transform=across, weight=weight)
        for number, line in enumerate(_wrapped(row.reason)):
            axes.text(0, top + 12 + TEXT * (number + 1), line, transform=across, size=SMALL, style="italic")
        return
    text = figure_text(shown, percent=is_rate(shown.name), difference=True)
    axes.text(0, top + 12, fitted(row.label, WIDTH - LETTER * len(text) - 14), transform=across)
    axes.text(1, top + 12, text, transform=across, ha="right")
    at = top + BAR
    axes.vlines(0, at - TICK, at + TICK, color=INK, alpha=0.6, linewidth=0.8)
    if row.finding:
        axes.vlines(_margin(row.finding), at - TICK, at + TICK, color=LIMIT, linewidth=1.5, linestyle=(0, (2, 1)))
    judged = _difference(row.finding)
    if judged and judged.low is not None and judged.high is not None:
        axes.hlines(at, judged.low, judged.high, color=ESTIMATE, linewidth=6, alpha=0.35)
    if row.difference and shown.low is not None and shown.high is not None:
        axes.hlines(at, shown.low, shown.high, color=ESTIMATE, linewidth=1.5)
    assert shown.value is not None
    full = row.clear or row.difference is None
    marker = "D" if row.difference is None else "o"
    axes.plot(shown.value, at, marker, color=ESTIMATE, markersize=6, markerfacecolor=ESTIMATE if full else "white")


def _difference(finding: Finding | None) -> Figure | None:
    """What the gate found as a difference: a gain in a loss is how much lower it is."""
    if finding is None or finding.comparison is None:
        return None
    found = finding.comparison
    value, ends = found.value, [found.low, found.high]
    if is_loss(finding.figure):
        value, ends = -value, [None if end is None else -end for end in reversed(ends)]
    low, high = (end if end is not None and math.isfinite(end) else None for end in ends)
    return Figure(name=finding.figure, value=value, n=found.n, low=low, high=high, method=found.method)


def _limits(rows: Sequence[_Row]) -> tuple[float, float]:
    """From the least to the greatest of what is drawn, zero included; a gate's bar beside a run's own may leave it."""
    numbers = [0.0]
    for row in rows:
        if shown := row.difference or _difference(row.finding):
            numbers += [end for end in (shown.value, shown.low, shown.high) if end is not None]
            numbers += [_margin(row.finding)] if row.finding else []
    low, high = min(numbers), max(numbers)
    room = 0.06 * (high - low) or 0.01
    return low - room, high + room


def _margin(finding: Finding) -> float:
    """The difference that the gate allows at most."""
    return finding.margin if is_loss(finding.figure) else -finding.margin


def _wrapped(reason: str) -> list[str]:
    said = f"not compared: {one_line(reason)}" if reason else ""
    return textwrap.wrap(said, int((WIDTH - 10) / LETTER * SIZE / SMALL))


def _caption(rows: Sequence[_Row], unit: str, page: Page) -> str:
    drawn = [row.difference for row in rows if row.difference]
    said = (
        f"Paired differences from {page.found.baseline}, problem by problem, in {unit or 'points'}, with 95 % intervals"
        f" ({listed(one.method for one in drawn)}); {counted(one.n for one in drawn)}. Full markers stay clear of zero"
        f" after Holm's correction over all differences, two-sided at {100 * ALPHA:g} %; hollow ones do not."
    )
    if page.gate and any(row.finding for row in rows):
        said += (
            f" Dashed: the margin of the gate. Broad bars: the intervals that its decision rests on, alpha"
            f" {page.gate.alpha:g}."
        )
    return said
