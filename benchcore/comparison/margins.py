"""Margins as people write them."""

import math
import re

from benchcore.errors import ConfigError
from benchcore.records import is_rate

MARGIN = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(pt|pts|%)?")


def margin(text: str, figure: str) -> float:
    """The margin that `text` means for `figure`, in its own unit: "2pt" is 0.02 of a rate, "0.01" is 0.01 of anything.

    Raises `ConfigError` where it is neither, is not a number of 0 or more, or is 1 or more of a rate.
    """
    found = MARGIN.fullmatch(text.strip())
    if not found or found[2] == "%" or not math.isfinite(float(found[1])):
        hint = "write 2pt for two points of a rate, or 0.02 in the figure's own unit"
        raise ConfigError(f"the margin {text!r} is not one", hint)
    number = float(found[1])
    if found[2] and not is_rate(figure):
        raise ConfigError(
            f"{figure} is not in points, so {text} is no margin of it",
            f"write it in the unit of {figure}, such as 0.01",
        )
    number = number / 100 if found[2] else number
    if is_rate(figure) and number >= 1:
        raise ConfigError(f"a margin of {text} allows any drop of {figure}", "write 2pt for two points")
    return number
