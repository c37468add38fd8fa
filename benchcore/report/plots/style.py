"""The one style of the figures: sizes that read on a phone, colours that the colour-blind tell apart, short texts.

The unit is the typographic point: a figure is 360 wide, as wide as a phone's screen, and its text is 10 high.
"""

import math
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from benchcore.report.table import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 360.0
POINTS = 72.0  # an inch
SIZE = 10.0  # of text
SMALL = 8.5
LETTER = 5.9  # the mean width of a letter of that size
BROAD, EM = "MWmw@%", 1.7  # letters that are as many times as wide, as those of Chinese and Japanese are
BOLD = 1.15  # times as wide
INK = "#1b1c1d"  # of text and axes; no other thing has it, so that `inline.svg` can make it the page's own colour
# Okabe and Ito 2008, without its black and yellow, which a dark and a light page swallow; the clearest first
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
ESTIMATE, LIMIT = COLOURS[0], COLOURS[1]
MARKERS = "osD^vP"
NAMED = 3  # runs in a caption
DASHES = ("-", "--", "-.", ":")
RULES: dict[Any, Any] = {
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.labelsize": SIZE,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.dpi": POINTS,
    "figure.facecolor": "none",
    "font.family": "DejaVu Sans",  # comes with matplotlib: layout is the same on any machine
    "font.size": SIZE,
    "legend.fontsize": SIZE,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "benchcore",
    "text.color": INK,
    "text.parse_math": False,  # a dollar in a run's name is a dollar
    "xtick.color": INK,
    "xtick.labelsize": SIZE,
    "ytick.color": INK,
    "ytick.labelsize": SIZE,
}


def ruled() -> AbstractContextManager[None]:
    """As long as it lasts, what is drawn and written follows `RULES`, whatever else is set on this machine."""
    import matplotlib as mpl

    return mpl.rc_context(RULES)


def blank(key: str, height: float, caption: str, width: float = WIDTH) -> "Figure":
    """An empty figure of `width` and `height` points, called `key`; its label is `caption`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / POINTS, height / POINTS), label=one_line(caption))
    figure.set_gid(key)
    return figure


def panel(figure: "Figure", left: float, right: float, top: float, bottom: float) -> "Axes":
    """Axes that leave these margins, in points, of `figure`."""
    width, height = (POINTS * inches for inches in figure.get_size_inches())
    return figure.add_axes((left / width, bottom / height, (width - left - right) / width, 1 - (top + bottom) / height))


def look(at: int) -> dict[str, Any]:
    """Colour, marker and dashes of line `at`: no two of the first 24 are alike, and of two on one place both show."""
    return {
        "color": COLOURS[at % len(COLOURS)],
        "marker": MARKERS[at % len(MARKERS)],
        "linestyle": DASHES[(at + at // len(COLOURS)) % len(DASHES)],
    }


def fitted(text: str, width: float) -> str:
    """`text` on one line of about `width` points: the middle of a longer one is left out, as names differ at ends."""
    line = one_line(text)
    if breadth(line) <= width:
        return line
    for letters in range(min(len(line), int(width / LETTER)), 3, -1):
        end = (letters - 1) // 2
        short = f"{line[: letters - 1 - end]}…{line[-end:]}"
        if breadth(short) <= width:
            return short
    return "…"


def breadth(text: str) -> float:
    """About how many points wide `text` is."""
    broad = sum(letter in BROAD or unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return LETTER * (len(text) + (EM - 1) * broad)


def amount(number: float) -> str:
    """A number of tokens, steps or samples in few letters, such as 1.5M."""
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.3g}"


def log_axis(axes: "Axes", low: float, high: float) -> None:
    """Make the horizontal axis, which shows `low` to `high`, a logarithmic one with numbers that are read at once."""
    axes.set_xscale("log")
    axes.minorticks_off()
    ticks = _ticks(low, high)
    axes.set_xticks(ticks, [amount(tick) for tick in ticks])
    room = max((high / low) ** 0.04, 1.01)
    axes.set_xlim(low / room, high * room)


def _ticks(low: float, high: float) -> list[float]:
    """About five round numbers from `low` to `high`; where fewer than two lie there, the two themselves."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for leads in (range(1, 10), (1, 2, 5), (1, 3), (1,)):
        ticks = [lead * 10.0**decade for decade in decades for lead in leads if low <= lead * 10.0**decade <= high]
        if len(ticks) <= 6:
            break
    ticks = ticks[:: math.ceil(len(ticks) / 6)]
    return ticks if len(ticks) > 1 else sorted({low, high})


def counted(ns: Iterable[int]) -> str:
    """How many problems figures are over: "n 164 problems", "n 100 to 1,319 problems"."""
    known = sorted(set(ns))
    many = f"{known[0]:,}" if len(known) == 1 else f"{known[0]:,} to {known[-1]:,}"
    return f"n {many} problems"


def named(runs: Iterable[str]) -> str:
    """The runs of a figure; of many how many they are, as its key names them."""
    known = list(dict.fromkeys(runs))
    return ", ".join(known) if len(known) <= NAMED else f"{len(known)} runs"


def listed(parts: Iterable[str]) -> str:
    """Each of `parts` once, in order."""
    return ", ".join(dict.fromkeys(parts))


Scale = Callable[[float], float]


def in_percent(value: float) -> float:
    """A rate in percent, or a difference of rates in points."""
    return 100 * value


def as_it_is(value: float) -> float:
    """The value."""
    return value
