"""A heat map of a task's groups (subjects, skills) by run."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from benchcore.comparison.differences import Comparisons
from benchcore.comparison.sides import Side
from benchcore.records import Figure, is_loss, is_rate
from benchcore.report.model import Page
from benchcore.report.plots.style import (
    SIZE,
    SMALL,
    WIDTH,
    blank,
    breadth,
    counted,
    fitted,
    in_percent,
    listed,
    named,
    panel,
)  # fmt: skip
from benchcore.report.table import ABSENT, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure as Drawing

LABELS = 170.0  # the width that the groups' names have at most
CELL = 30.0  # height
NARROWEST = 52.0  # cell that holds a value
LINE = 1.6 * SIZE
WHOLE = "all"
LIGHT = (0.2126, 0.7152, 0.0722)  # how bright red, green and blue are to the eye
BRIGHT = 0.18  # from here on black is the better read

Column = Mapping[str | None, Figure]
"""One run's figure of each group, of None for all of the task."""


def draw(page: Page) -> Iterator["Drawing"]:
    """A figure "groups-TASK" for each task with two groups or more: its first figure of them, a column a run.

    Each cell has the value and its 95 % interval. Runs that do not compare with those that are shown have no column.
    """
    for task in dict.fromkeys(contest.task for contest in page.found.contests):
        name, columns = _columns(page.found, task)
        if len({group for column in columns.values() for group in column} - {None}) > 1:
            yield _drawn(task, name, columns)


def _columns(found: Comparisons, task: str) -> tuple[str, dict[str, Column]]:
    """The figure of `task` that has groups, and each run that has it: label -> its column."""
    for contest in found.contests:
        if contest.task == task:
            shown = {result.run for result in contest.results if result.figure}
            sides = [side for side in found.runs if side.label in shown and side.repeats == 1]
            columns = {side.label: _column(side, task, contest.figure) for side in sides}
            if any(group is not None for column in columns.values() for group in column):
                return contest.figure, columns
    return "", {}


def _column(side: Side, task: str, name: str) -> Column:
    figures = (figure for record in side.record.tasks if record.task == task for figure in record.figures)
    return {figure.group: figure for figure in figures if figure.name == name and figure.value is not None}


def _drawn(task: str, name: str, columns: Mapping[str, Column]) -> "Drawing":
    from matplotlib.colors import Normalize

    runs = list(columns)
    groups = list(dict.fromkeys(group for column in columns.values() for group in column))
    groups.sort(key=lambda group: group is not None)  # all of it above its parts
    values = [figure.value for column in columns.values() for figure in column.values() if figure.value is not None]
    scale = Normalize(0, 1) if is_rate(name) else Normalize(min(values), max(values))
    labels = [WHOLE if group is None else fitted(group, LABELS - 12) for group in groups]
    left = max(map(breadth, labels)) + 12
    width = max(WIDTH, left + NARROWEST * len(runs))
    room = (width - left) / len(runs)
    # names too long for their columns stand above the map, each with a letter
    long = any(breadth(one_line(run)) > room - 6 for run in runs)
    keys = [f"{_letters(at)}: {fitted(run, width - 30)}" for at, run in enumerate(runs)] if long else []
    heads = [_letters(at) for at in range(len(runs))] if long else runs
    top = 24 + LINE * len(keys) + LINE
    height = top + CELL * len(groups) + 4
    drawing = blank(f"groups-{task}", height, _caption(task, name, columns), width)
    unit = ", %" if is_rate(name) else ""
    better = "lower" if is_loss(name) else "higher"
    said = [fitted(f"{task}, {name}{unit} ({better} is better)", width - 10), *keys]
    for at, line in enumerate(said):
        drawing.text(4 / width, 1 - (SIZE + LINE * at) / height, line, va="center")
    axes = panel(drawing, left, 0, top, 4)
    axes.axis("off")
    axes.set(xlim=(0, len(runs)), ylim=(len(groups), 0))
    for row, group in enumerate(groups):
        axes.text(
            -6 / room, row + 0.5, labels[row], ha="right", va="center", weight="bold" if group is None else "normal"
        )
    for at, head in enumerate(heads):
        axes.text(at + 0.5, -0.1, one_line(head), ha="center", va="bottom")
        for row, group in enumerate(groups):
            _cell(axes, at, row, columns[runs[at]].get(group), scale)
    return drawing


def _cell(axes: "Axes", at: int, row: int, figure: Figure | None, scale: "Normalize") -> None:
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    if figure is None or figure.value is None:
        axes.text(at + 0.5, row + 0.5, ABSENT, ha="center", va="center")
        return
    name = "viridis_r" if is_loss(figure.name) else "viridis"
    back = colormaps[name](scale(figure.value))
    bright = sum(share * part**2.2 for share, part in zip(LIGHT, back[:3], strict=True))
    ink = "black" if bright > BRIGHT else "white"
    axes.add_artist(Rectangle((at + 0.01, row + 0.02), 0.98, 0.96, facecolor=back, linewidth=0))
    percent = is_rate(figure.name)
    value = f"{in_percent(figure.value):.1f}" if percent else f"{figure.value:.3f}"
    known = figure.low is not None and figure.high is not None
    axes.text(at + 0.5, row + (0.32 if known else 0.5), value, ha="center", va="center", color=ink)
    if figure.low is not None and figure.high is not None:
        low, high = (f"{in_percent(end):.0f}" if percent else f"{end:.2f}" for end in (figure.low, figure.high))
        axes.text(at + 0.5, row + 0.72, f"{low}–{high}", ha="center", va="center", color=ink, size=SMALL)  # noqa: RUF001


def _letters(at: int) -> str:
    """The name of column number `at`: A to Z, then AA."""
    return (_letters(at // 26 - 1) if at >= 26 else "") + chr(ord("A") + at % 26)


def _caption(task: str, name: str, columns: Mapping[str, Column]) -> str:
    figures = [figure for column in columns.values() for group, figure in column.items() if group is not None]
    return (
        f"{name} of each group of {task}, of {named(columns)}, with intervals: "
        f"{listed(figure.method for figure in figures)}; {counted(figure.n for figure in figures)} a group. "
        f"Yellow is better, violet is worse{', from 0 to 100 %' if is_rate(name) else ''}."
    )
