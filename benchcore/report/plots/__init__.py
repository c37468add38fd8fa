"""The figures of a report: drawn from a `Page`, as SVG inside the page or as files."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchcore.errors import MissingExtra
from benchcore.report.model import Page
from benchcore.report.plots import curve, forest, graph, groups, pass_at
from benchcore.report.plots.inline import svg
from benchcore.report.plots.style import ruled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figures", "save", "svg"]


def figures(page: Page) -> dict[str, "Figure"]:
    """Every figure that `page` has the results for, in the order of reading: name -> figure.

    Names are such as "forest" (paired differences), "curve-loss-bits-per-byte", "pass-at-k-humaneval" and
    "groups-skill_arithmetic": letters that files and ids may have. A figure's label is its caption: what is shown,
    with n, interval and method.
    Raises `MissingExtra` where matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401, ICN001
    except ImportError as error:
        raise MissingExtra("matplotlib", "drawing figures", 'python -m pip install "benchcore[report]"') from error
    found: dict[str, Figure] = {}
    with ruled():
        for kind in (forest, curve, pass_at, groups, graph):
            for drawn in kind.draw(page):
                name = _name(str(drawn.get_gid()), found)
                drawn.set_gid(name)
                found[name] = drawn
    return found


def save(figures: Mapping[str, "Figure"], folder: Path, format: str) -> list[Path]:  # noqa: A002
    """Write each figure into `folder` as a file of its name, "svg", "pdf" or "png", and return the files.

    A PNG is white behind, at 200 points an inch. Raises `OSError` where one cannot be written.
    """
    files = []
    for name, figure in figures.items():
        file = folder / f"{name}.{format}"
        if format == "svg":
            file.write_text(svg(figure) + "\n", encoding="utf-8")
        else:
            with ruled():
                nothing = {"CreationDate": None} if format == "pdf" else {"Software": None}
                figure.savefig(file, format=format, facecolor="white", dpi=200, metadata=nothing)
        files.append(file)
    return files


def _name(said: str, taken: Iterable[str]) -> str:
    """`said` in letters that files and ids may have, and unlike all that are `taken`."""
    plain = re.sub(r"[^\w]+", "-", said.lower()).strip("-")
    number = 1
    while (name := plain if number == 1 else f"{plain}-{number}") in taken:
        number += 1
    return name
