"""The skill graph: which skills help which, as arrows between names, or of many skills as a matrix."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from benchcore.report.model import Page
from benchcore.report.plots.style import ESTIMATE, INK, LIMIT, SIZE, SMALL, WIDTH, blank, breadth, fitted, panel
from benchcore.report.table import one_line
from benchcore.skill_graph import SkillGraph

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

NAME = "groups-skill-graph"
TITLE = "skill graph: training on one skill helps another"
FEW = 12  # skills that are boxes with arrows
ARROWS, SQUARES = 24, 2000  # the most that are drawn
TITLED, KEYS = 26.0, 26.0  # room for the title above and the key below
EDGE = 4.0
LEAST, STEP, GAP = 24.0, 9.0, 12.0  # the height of a box, of an arrow that touches it, and between two boxes
NEAR, FAR = 18.0, 76.0  # how far arrows bend out, to the next box and over all of them
HEAD = 8.0
THIN, THICK = 0.6, 3.5  # arrows
CELL, WIDE = 12.0, 20.0  # of a matrix, the least and the most
LABELS = 110.0
TINY = 7.0
AXES = "trained on ↓  helped →"
MANY = 100  # columns: from here on there is no room for the number of each


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edge:
    """Training on the skill in row `start` helps the one in row `end`; `strength` is its share of the greatest."""

    start: int
    end: int
    weight: float
    strength: float


def draw(page: Page) -> Iterator["Drawing"]:
    """The figure "groups-skill-graph" of the graph that `page` has; its name begins as those of the groups beside it.

    Skills stand below each other, helpers above those that they help. Up to a dozen are boxes, with arrows downwards on
    the right and upwards on the left, so that none crosses a name; more are the rows and columns of a matrix. Of too
    many edges the strongest are drawn. How much a skill helps itself is not. Targets that are not trained on are
    among the skills, and help nobody.
    """
    if page.graph is None:
        return
    graph = page.graph.square()
    rows = order(graph)
    names = [graph.skills[at] for at in rows]
    edges = _edges([[graph.weights[start][end] for end in rows] for start in rows])
    drawn = _boxes if len(names) <= FEW else _matrix
    yield drawn(names, edges)


def order(graph: SkillGraph) -> list[int]:
    """The numbers of the skills, those that help others first.

    Of two that help each other only the stronger direction counts. The next skill is the one that those left help
    least, and of several the first given: without circles of help each skill then comes after all that help it.
    """
    left = list(range(len(graph.skills)))
    net = [[max(graph.weights[start][end] - graph.weights[end][start], 0.0) for end in left] for start in left]
    found = []
    while left:
        found.append(min(left, key=lambda end: sum(net[start][end] for start in left)))
        left.remove(found[-1])
    return found


def _edges(weights: Sequence[Sequence[float]]) -> list[_Edge]:
    """All edges between two skills, the strongest first."""
    found = {
        (start, end): weight
        for start, row in enumerate(weights)
        for end, weight in enumerate(row)
        if weight and start != end
    }
    most = max(found.values(), default=0)
    edges = [
        _Edge(start=start, end=end, weight=weight, strength=weight / most) for (start, end), weight in found.items()
    ]
    return sorted(edges, key=lambda edge: -edge.weight)


def _boxes(names: Sequence[str], edges: Sequence[_Edge]) -> "Drawing":
    """Boxes below each other: arrows that go down stand to the right of them, those that go up to the left."""
    from matplotlib.patches import Rectangle

    shown = edges[:ARROWS]
    sides = [[edge for edge in shown if edge.start < edge.end], [edge for edge in shown if edge.start > edge.end]]
    ports = [[_ports(side, at) for at in range(len(names))] for side in sides]
    heights = [max(LEAST, STEP * (1 + max(map(len, both)))) for both in zip(*ports, strict=True)]
    tops = list(accumulate((height + GAP for height in heights[:-1]), initial=0.0))
    right, left = (EDGE + FAR if side else EDGE for side in sides)
    width = min(max(map(breadth, map(one_line, names))) + 16, WIDTH - left - right)
    below = KEYS if edges else EDGE
    drawing, axes = _canvas(_caption(names, edges, ARROWS), WIDTH, tops[-1] + heights[-1], below=below)
    for name, top, height in zip(names, tops, heights, strict=True):
        axes.add_artist(Rectangle((left, top), width, height, facecolor="none", edgecolor=INK, linewidth=0.8))
        axes.text(left + width / 2, top + height / 2, fitted(name, width - 8), ha="center", va="center")
    looks = ((left + width, 1, ESTIMATE), (left, -1, LIMIT))
    for side, touching, (wall, outwards, colour) in zip(sides, ports, looks, strict=True):
        for edge in side:
            start, end = (
                tops[at] + heights[at] * (1 + touching[at].index(edge)) / (1 + len(touching[at]))
                for at in (edge.start, edge.end)
            )
            bend = NEAR + (FAR - NEAR) * (abs(edge.end - edge.start) - 1) / max(1, len(names) - 2)
            _arrow(axes, (wall, start), (wall, end), outwards * bend, _thickness(edge), colour)
    _key(axes, shown)
    return drawing


def _ports(edges: Sequence[_Edge], at: int) -> list[_Edge]:
    """Those of `edges` that touch skill `at`, from the top of its box down, so that nested ones do not cross."""
    touching = [(edge.start + edge.end - at, edge) for edge in edges if at in (edge.start, edge.end)]
    return [edge for other, edge in sorted(touching, key=lambda pair: (pair[0] > at, -pair[0]))]


def _arrow(
    axes: "Axes", start: tuple[float, float], end: tuple[float, float], bend: float, thickness: float, colour: str
) -> None:
    """An arrow that leaves a wall sideways, goes out by `bend`, and comes back to the wall."""
    from matplotlib.patches import PathPatch, Polygon
    from matplotlib.path import Path

    wall, low = end
    neck = wall + math.copysign(HEAD, bend)
    out = wall + bend / 0.75  # a cubic goes three quarters of the way to its middle points
    path = Path([start, (out, start[1]), (out, low), (neck, low)], [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    axes.add_artist(PathPatch(path, facecolor="none", edgecolor=colour, linewidth=thickness))
    corners = [end, (neck, low - HEAD / 2), (neck, low + HEAD / 2)]
    axes.add_artist(Polygon(corners, facecolor=colour, linewidth=0))


def _thickness(edge: _Edge) -> float:
    return max(THIN, THICK * edge.strength)


def _key(axes: "Axes", edges: Sequence[_Edge]) -> None:
    """What the strongest and the weakest of `edges` look like, below the drawing."""
    left, height = EDGE, axes.get_ylim()[0] - KEYS / 2
    for edge in {edge.weight: edge for edge in (*edges[:1], *edges[-1:])}.values():
        text = f"weight {edge.weight:.3g}"
        axes.hlines(height, left, left + 24, color=INK, linewidth=_thickness(edge))
        axes.text(left + 30, height, text, va="center")
        left += 50 + breadth(text)


def _matrix(names: Sequence[str], edges: Sequence[_Edge]) -> "Drawing":
    """A row for each skill that is trained on, a column for each that is helped, squares with areas by weight."""
    from matplotlib.patches import Rectangle

    labels = [f"{number}: {fitted(name, LABELS)}" for number, name in enumerate(names, 1)]
    left = max(map(breadth, [AXES, *labels])) * SMALL / SIZE + 2 * EDGE
    cell = min(WIDE, max(CELL, (WIDTH - left - EDGE) / len(names)))
    lines = [cell * at for at in range(len(names) + 1)]
    top = SIZE + 8
    width = max(WIDTH, left + lines[-1] + EDGE)
    drawing, axes = _canvas(_caption(names, edges, SQUARES), width, top + lines[-1], below=EDGE)
    axes.vlines([left + at for at in lines], top, top + lines[-1], color=INK, alpha=0.2, linewidth=0.5)
    axes.hlines([top + at for at in lines], left, left + lines[-1], color=INK, alpha=0.2, linewidth=0.5)
    for at, label in enumerate(labels):
        place = lines[at] + cell / 2
        axes.text(left - EDGE, top + place, label, ha="right", va="center", size=SMALL)
        if len(names) < MANY or (at + 1) % 5 == 0:
            axes.text(left + place, top - 3, str(at + 1), ha="center", size=TINY)
        own = Rectangle((left + lines[at], top + lines[at]), cell, cell, facecolor=INK, alpha=0.2, linewidth=0)
        axes.add_artist(own)
    for edge in edges[:SQUARES]:
        side = (cell - 1) * math.sqrt(edge.strength)
        corner = (left + lines[edge.end] + (cell - side) / 2, top + lines[edge.start] + (cell - side) / 2)
        axes.add_artist(Rectangle(corner, side, side, facecolor=ESTIMATE, linewidth=0))
    axes.text(left - EDGE, top - 3, AXES, ha="right", size=SMALL)
    return drawing


def _canvas(caption: str, width: float, height: float, *, below: float) -> tuple["Drawing", "Axes"]:
    """A figure whose axes are invisible and in points, downwards from its title, with room `below` the drawing."""
    drawing = blank(NAME, TITLED + height + below, caption, width)
    axes = panel(drawing, 0, 0, 0, 0)
    axes.axis("off")
    axes.set(xlim=(0, width), ylim=(height + below, -TITLED))
    axes.text(EDGE, SIZE - TITLED, TITLE, va="center")
    return drawing, axes


def _caption(names: Sequence[str], edges: Sequence[_Edge], most: int) -> str:
    boxes = len(names) <= FEW
    said = f"Skill graph, n {_count(len(names), 'skill')}, {_count(len(edges), 'edge')}."
    if edges:
        said += " An arrow from A to B" if boxes else " A square in the row of A and the column of B"
        said += f": training on A helps B, the more the {'wider the arrow' if boxes else 'larger its area'} is."
        low, high = (f"{edge.weight:.3g}" for edge in (edges[-1], edges[0]))
        said += f" Weights {low if low == high else f'from {low} to {high}'}, given without intervals (A of Skill-It)."
        said += " Helpers stand above those that they help most"
        said += "; arrows on the left go up." if boxes and any(edge.start > edge.end for edge in edges[:most]) else "."
    if len(edges) > most:
        said += f" Only the {most} strongest edges are drawn."
    return f"{said} What a skill does for itself is not drawn."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
