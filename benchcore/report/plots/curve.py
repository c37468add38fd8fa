"""Learning curves: a figure with its intervals over tokens or steps, the cubic through it, and its mean shaded."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from benchcore.records import Curve, Figure, is_loss, is_rate
from benchcore.report.model import Page
from benchcore.report.plots.style import (
    INK,
    POINTS,
    SIZE,
    SMALL,
    WIDTH,
    amount,
    as_it_is,
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
from benchcore.report.table import figure_text
from benchcore.stats.curves import common_range

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

MEAN = "AUC over log-"
HEIGHT = 190.0  # of the axes
SMALL_HEIGHT = 134.0  # of a panel with its title and numbers
MOST = 12  # panels
LINE = 1.4 * SIZE
NODES = 100
SHADE = 0.26  # of all curves on top of each other


def draw(page: Page) -> Iterator["Drawing"]:
    """A figure "curve-TASK-FIGURE" for each figure of each task that has a learning curve.

    Its axis is logarithmic. The line is the monotone cubic (PCHIP) in log tokens that the mean is taken of; shaded is
    the range that all curves have, over which the mean is. Curves that are means over seeds have no points here.
    The curves of up to a dozen groups are small panels of one more figure, "curve-TASK-FIGURE-groups".
    """
    alike: dict[tuple[str, str, str], list[Curve]] = {}
    for one in page.curves:
        if one.points:
            alike.setdefault((one.task, one.figure, one.unit), []).append(one)
    for curves in alike.values():
        if whole := [one for one in curves if one.group is None]:
            yield _drawn(whole)
        if 0 < len({one.group for one in curves} - {None}) <= MOST:
            yield _panels(curves)


def _drawn(curves: Sequence[Curve]) -> "Drawing":
    first = curves[0]
    top, bottom = 24.0, 42 + LINE * len(curves)
    drawing = blank(f"curve-{first.task}-{first.figure}", HEIGHT + top + bottom, _caption(curves))
    axes = panel(drawing, 44, 8, top, bottom)
    for at, curve in enumerate(curves):
        _line(axes, curve, at)
        _name(axes, at, _label(curve))
    _scaled(axes, curves)
    for at, curve in enumerate(curves):
        _shade(axes, curve, at, curves)
    axes.set_xlabel(f"{first.unit} of training")
    _framed(drawing, axes, _heading(first))
    return drawing


def _panels(curves: Sequence[Curve]) -> "Drawing":
    """The curves of each group in a panel of its own, the series in the colours of the figure of all."""
    first = curves[0]
    series = list(dict.fromkeys(one.series for one in curves))
    groups = list(dict.fromkeys(one.group for one in curves if one.group is not None))
    top, below = 24.0, 26 + LINE * len(series)
    rows = math.ceil(len(groups) / 2)
    height = top + SMALL_HEIGHT * rows + below
    parts = [one for one in curves if one.group is not None]
    drawing = blank(f"curve-{first.task}-{first.figure}-groups", height, _caption_of_groups(parts))
    for at, group in enumerate(groups):
        row, column = divmod(at, 2)
        left, above = WIDTH / 2 * column, top + SMALL_HEIGHT * row
        axes = panel(drawing, left + 40, WIDTH / 2 - left + 12, above + LINE, height - above - SMALL_HEIGHT + 22)
        same = [one for one in parts if one.group == group]
        for one in same:
            _line(axes, one, series.index(one.series))
        _scaled(axes, same)
        _spare(axes)
        axes.set_title(fitted(group, WIDTH / 2 - 52), loc="left", size=SIZE, pad=4)
    for at, name in enumerate(series):
        _name(axes, at, fitted(name, WIDTH - 40))
    drawing.text(0.5, (below - SIZE) / height, f"{first.unit} of training", ha="center", va="center")
    _framed(drawing, axes, f"{_heading(first)} by group")
    return drawing


def _heading(curve: Curve) -> str:
    better = "lower" if is_loss(curve.figure) else "higher"
    unit = ", %" if is_rate(curve.figure) else ""
    return f"{curve.task}, {curve.figure}{unit} ({better} is better)"


def _framed(drawing: "Drawing", axes: "Axes", heading: str) -> None:
    """Put the heading on top, and below everything the key of what has a name in `axes`."""
    height = POINTS * drawing.get_figheight()
    drawing.text(4 / WIDTH, 1 - SIZE / height, fitted(heading, WIDTH - 10), va="center")
    drawing.legend(
        *axes.get_legend_handles_labels(), loc="lower left", bbox_to_anchor=(0, 0), borderaxespad=0.2, labelspacing=0.4
    )


def _scaled(axes: "Axes", curves: Sequence[Curve]) -> None:
    """Axes as far as `curves` go, with numbers in the figure's unit."""
    rate = is_rate(curves[0].figure)
    scale = in_percent if rate else as_it_is
    low, high = axes.get_ylim()  # shading, which begins at the lower edge, moves it no further
    axes.set_ylim((max(low, 0), min(high, 1)) if rate else (low, high))
    places = [place for curve in curves for place, _ in curve.points]
    log_axis(axes, min(places), max(places))
    axes.yaxis.set_major_formatter(lambda value, _: f"{scale(value):.6g}")
    axes.grid(axis="y", color=INK, alpha=0.12, linewidth=0.6)


def _spare(axes: "Axes") -> None:
    """Leave out numbers for which a small panel has no room."""
    ticks = axes.get_xticks()
    kept = ticks[:: math.ceil(len(ticks) / 3)]
    axes.set_xticks(kept, [amount(tick) for tick in kept])
    axes.locator_params(axis="y", nbins=4)
    axes.tick_params(labelsize=SMALL)


def _line(axes: "Axes", curve: Curve, at: int) -> None:
    style = look(at)
    bars = [(place, one.low, one.high) for place, one in curve.points if one.low is not None and one.high is not None]
    if bars:
        axes.vlines(*zip(*bars, strict=True), color=style["color"], linewidth=1, alpha=0.7)
    points = _points(curve)
    dots = axes.plot(*zip(*points, strict=True), style["marker"], color=style["color"], markersize=4, zorder=3)
    line = []
    if len(points) > 1:
        line = axes.plot(*_cubic(points, *_ends(points)), style["linestyle"], color=style["color"], linewidth=1.5)
    for drawn in (*dots, *line):
        drawn.set_clip_on(False)  # what lies on the edge of 0 or 100 % is drawn whole


def _name(axes: "Axes", at: int, label: str) -> None:
    """A line of the key, which is no line of `axes`."""
    axes.plot([], [], **look(at), markersize=4, linewidth=1.5, label=label)


def _label(curve: Curve) -> str:
    label = fitted(curve.series, WIDTH - 140)
    if mean := _mean(curve):
        label += f": AUC {figure_text(mean, percent=is_rate(curve.figure))}"
    return label


def _shade(axes: "Axes", curve: Curve, at: int, curves: Sequence[Curve]) -> None:
    if span := _span(curve, curves):
        places, values = _cubic(_points(curve), *span)
        alpha = SHADE / len(curves)
        axes.fill_between(places, values, axes.get_ylim()[0], color=look(at)["color"], alpha=alpha, linewidth=0)


def _points(curve: Curve) -> list[tuple[float, float]]:
    return [(place, figure.value) for place, figure in curve.points if figure.value is not None]


def _ends(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return points[0][0], points[-1][0]


def _cubic(points: Sequence[tuple[float, float]], low: float, high: float) -> tuple["Array", "Array"]:
    """Places from `low` to `high`, close together, and the cubic through `points` there."""
    import numpy as np
    from scipy.interpolate import PchipInterpolator  # type: ignore[import-untyped,unused-ignore]

    places, values = np.array(points).T
    fine = np.geomspace(low, high, NODES).clip(places[0], places[-1])  # rounding must not ask for what lies outside
    return fine, PchipInterpolator(np.log(places), values)(np.log(fine))


def _mean(curve: Curve) -> Figure | None:
    return next((one for one in curve.figures if one.name.startswith(MEAN) and one.value is not None), None)


def _span(curve: Curve, curves: Sequence[Curve]) -> tuple[float, float] | None:
    """The range that the mean of `curve` is over: the one that all have whose means say the same of it."""
    mean = _mean(curve)
    if mean is None:
        return None
    same = [one for one in curves if (other := _mean(one)) and other.method == mean.method]
    return common_range([_points(one) for one in same])


def _caption(curves: Sequence[Curve]) -> str:
    first = curves[0]
    said = f"Learning curve of {first.task}, {first.figure}, {_range(curves)}. {_measured(curves)}."
    means = [mean for curve in curves if (mean := _mean(curve))]
    if means:
        said += f" Shaded: the range of the AUC, which is the mean over log-{first.unit}"
        said += f" ({listed(mean.method for mean in means)})."
    return said


def _caption_of_groups(curves: Sequence[Curve]) -> str:
    first = curves[0]
    return (
        f"Learning curves of the groups of {first.task}, {first.figure}, {_range(curves)}, a panel a group, each with a"
        f" scale of its own. {_measured(curves)} a group."
    )


def _range(curves: Sequence[Curve]) -> str:
    places = sorted(place for curve in curves for place, _ in curve.points)
    low, high = amount(places[0]), amount(places[-1])
    span = f"at {low}" if low == high else f"from {low} to {high}"
    return f"{span} {curves[0].unit} of {named(curve.series for curve in curves)}"


def _measured(curves: Sequence[Curve]) -> str:
    figures = [figure for curve in curves for _, figure in curve.points]
    methods = listed(figure.method for figure in figures)
    return f"Points with intervals: {methods}; {counted(figure.n for figure in figures)}"
