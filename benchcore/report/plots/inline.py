"""A figure as SVG that stands inside a page: no style, script or reference of its own, in the page's font and ink."""

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from benchcore.report.plots.style import INK, SIZE, ruled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SPACE = "http://www.w3.org/2000/svg"
LINK = "{http://www.w3.org/1999/xlink}href"
FONT = re.compile(r"(?:(?P<style>italic|oblique) )?(?:(?P<weight>\d+|bold) )?(?P<size>[\d.]+)px .*")
REFERENCE = re.compile(r"url\(#([^)]+)\)")


def svg(figure: "Figure") -> str:
    """`figure` as one `<svg>` element: the same bytes each time, its label as the accessible name.

    Text stays text; text and axes have the page's own colour (`currentColor`). Nothing is styled by CSS, so that a
    page whose policy forbids styles shows it as well. Ids begin with the figure's name, so that figures of different
    names stand in one page. Its size is in pixels, of a narrow screen; a style sheet may stretch it.
    """
    root = ET.fromstring(_drawn(figure))  # noqa: S314  # matplotlib wrote it just now
    prefix = figure.get_gid() or "figure"
    _dress(root, f"{prefix}-")
    width, height = root.attrib["viewBox"].split()[2:]
    root.attrib |= {
        "role": "img",
        "aria-label": str(figure.get_label()),
        "width": width,
        "height": height,
        "font-family": "system-ui, sans-serif",
        "stroke-linejoin": "round",
    }
    ET.register_namespace("", SPACE)
    return ET.tostring(root, encoding="unicode")


def _drawn(figure: "Figure") -> bytes:
    import warnings
    from io import BytesIO

    out = BytesIO()
    with ruled(), warnings.catch_warnings():
        # the reader's browser has the letters that the font of the layout lacks
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(out, format="svg", metadata=nothing, transparent=True)
    return out.getvalue()


def _dress(root: ET.Element, prefix: str) -> None:
    """Make each style an attribute and each id one that begins with `prefix`; drop what is not drawn."""
    for parent in root.iter():
        for child in list(parent):
            if child.tag in (f"{{{SPACE}}}style", f"{{{SPACE}}}metadata"):
                parent.remove(child)
    for element in root.iter():
        for rule in element.attrib.pop("style", "").split(";"):
            name, _, value = rule.partition(":")
            if value:
                element.attrib |= _attributes(name.strip(), value.strip())
        if "id" in element.attrib:
            element.set("id", prefix + element.attrib["id"])
        if link := element.attrib.pop(LINK, None):
            element.set("href", f"#{prefix}{link.removeprefix('#')}")
        for name, value in element.attrib.items():
            if name != "id" and "url(#" in value:
                element.set(name, REFERENCE.sub(rf"url(#{prefix}\1)", value))
            elif value.lower() == INK:
                element.set(name, "currentColor")


def _attributes(name: str, value: str) -> dict[str, str]:
    """A rule of CSS as attributes of SVG, which know no `font` of several parts; its family is the page's."""
    if name != "font":
        return {name: value}
    found = FONT.fullmatch(value)
    parts = found.groupdict() if found else {"size": f"{SIZE:g}"}
    return {f"font-{part}": given for part, given in parts.items() if given}
