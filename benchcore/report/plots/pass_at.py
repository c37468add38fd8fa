"""pass@k over k: the chance that at least one of k samples is right, from how many of each problem's were."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchcore.comparison.differences import Contest
from benchcore.comparison.sides import Side
from benchcore.report.model import Page
from benchcore.report.plots.style import (
    INK,
    SIZE,
    WIDTH,
    amount,
    blank,
    counted,
    fitted,
    in_percent,
    listed,
    log_axis,
    look,
    named,
    panel,
)  # fmt: skip
from benchcore.stats.intervals import t_interval, wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

NAME = "pass@"
MOST = 40  # numbers of samples at which a line is drawn
MARKED = (10, 100)  # beside the first and the last
HEIGHT = 190.0  # of the axes
LINE = 1.4 * SIZE
SHADE = 0.4  # of all intervals on top of each other
NEAR = 1e-6  # rounding of a share of so many samples is far below


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """pass@k of one run with its 95 % interval, at increasing `ks`; `n` problems. The values are rates in [0, 1]."""

    run: str
    ks: Sequence[int]
    values: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]
    n: int


def draw(page: Page) -> Iterator["Drawing"]:
    """A figure "pass-at-k-TASK" for each task with pass@k that a run has two samples or more of each problem of."""
    tasks: dict[str, Contest] = {}
    for contest in page.found.contests:
        if contest.figure == f"{NAME}1":
            tasks[contest.task] = contest
    for task, contest in tasks.items():
        shown = {result.run for result in contest.results if result.figure}
        lines = [line for side in page.found.runs if side.label in shown and (line := line_of(side, task))]
        if lines:
            yield _drawn(task, lines)


def line_of(side: Side, task: str) -> Line | None:
    """pass@k of `task` for k up to the number of samples; None where that is 1 or a sample has no grade.

    pass@1 of a problem is the share of its samples that are right, so the number of these follows from it.
    """
    record = next((one for one in side.record.tasks if one.task == task), None)
    parts = side.outcomes[task].figures.get(f"{NAME}1", ()) if task in side.outcomes else ()
    samples = record.settings.get("trials") if record else None
    if not isinstance(samples, int) or samples < 2 or not parts:
        return None
    counts = [samples * part[0] for part in parts if part is not None]
    if len(counts) < len(parts) or any(abs(count - round(count)) > NEAR for count in counts):
        return None
    return _line(side.label, [round(count) for count in counts], samples)


def _line(run: str, right: Sequence[int], samples: int) -> Line:
    import numpy as np

    # 1 - C(n-c, k) / C(n, k) for every k at once: of the wrong samples that are left, one after the other is drawn
    drawn = np.arange(samples)
    wrong = np.maximum(samples - np.array(right)[:, None] - drawn, 0) / (samples - drawn)
    rates = 1 - np.cumprod(wrong, axis=1)
    ks = sorted({round(k) for k in np.geomspace(1, samples, MOST)} | {k for k in MARKED if k < samples})
    intervals = [_interval([float(rate) for rate in rates[:, k - 1]], draws=k == samples) for k in ks]
    values, lows, highs = zip(*intervals, strict=True)
    return Line(run=run, ks=ks, values=values, lows=lows, highs=highs, n=len(right))


def _interval(rates: Sequence[float], *, draws: bool) -> tuple[float, float, float]:
    """The mean rate with its interval, made as that of the figure in the table; `draws`: each is one of 0 or 1."""
    n = len(rates)
    if draws or max(rates) == 0 or min(rates) == 1:
        hits = sum(rate == 1 for rate in rates)
        return hits / n, *wilson(hits, n)
    mean, low, high = t_interval(rates, rates=True)
    return mean, math.nan if low is None else low, math.nan if high is None else high


def _drawn(task: str, lines: Sequence[Line]) -> "Drawing":
    top, bottom = 24.0, 42 + LINE * len(lines)
    drawing = blank(f"pass-at-k-{task}", HEIGHT + top + bottom, _caption(task, lines))
    axes = panel(drawing, 44, 8, top, bottom)
    for at, line in enumerate(lines):
        _add(axes, line, at, min(0.15, SHADE / len(lines)))
    log_axis(axes, 1, max(line.ks[-1] for line in lines))
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _: f"{in_percent(value):.3g}")
    axes.grid(axis="y", color=INK, alpha=0.12, linewidth=0.6)
    axes.set_xlabel("k, samples of each problem")
    said = fitted(f"{task}, pass@k, % (higher is better)", WIDTH - 10)
    drawing.text(4 / WIDTH, 1 - SIZE / (HEIGHT + top + bottom), said, va="center")
    drawing.legend(
        *axes.get_legend_handles_labels(), loc="lower left", bbox_to_anchor=(0, 0), borderaxespad=0.2, labelspacing=0.4
    )
    return drawing


def _add(axes: "Axes", line: Line, at: int, shade: float) -> None:
    style = look(at)
    label = fitted(line.run, WIDTH - 60)
    ends = [0, *(spot for spot, k in enumerate(line.ks) if k in MARKED), len(line.ks) - 1]
    axes.fill_between(line.ks, line.lows, line.highs, color=style["color"], alpha=shade, linewidth=0)
    marks = sorted(set(ends))
    axes.plot(line.ks, line.values, **style, markersize=4, markevery=marks, linewidth=1.5, label=label, clip_on=False)


def _caption(task: str, lines: Sequence[Line]) -> str:
    samples = listed(f"{amount(line.ks[-1])} samples a problem" for line in lines)
    return (
        f"pass@k of {task} over k, of {named(line.run for line in lines)}: the unbiased estimate from {samples};"
        f" {counted(line.n for line in lines)}. Shaded: 95 % interval, Student's t over problems, Wilson's where each"
        " problem is one draw."
    )
