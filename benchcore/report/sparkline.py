"""A series of numbers as one short line of text."""

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
WIDTH = 40


def sparkline(values: Sequence[float | None], span: float = 0.0) -> str:
    """A block for each of `values`, in order: the lowest for the least, the full one for the greatest.

    Where these differ by less than `span`, the heights are of a span around their middle, so that noise looks like
    noise. A value that is None is a space; values that are all the same are of middle height. More than `WIDTH` are
    thinned to as many, evenly, the first and last kept. Empty where there is no value.
    Raises `ValueError` where one is not finite.
    """
    if len(values) > WIDTH:
        values = [values[round(at * (len(values) - 1) / (WIDTH - 1))] for at in range(WIDTH)]
    known = [value for value in values if value is not None]
    if any(value - value != 0 for value in known):
        raise ValueError(f"a sparkline needs finite values, got {values}")
    if not known:
        return ""
    height = max(max(known) - min(known), span)
    low = (min(known) + max(known) - height) / 2

    def block(value: float) -> str:
        share = (value - low) / height if height else 0.5
        return BLOCKS[min(int(share * len(BLOCKS)), len(BLOCKS) - 1)]

    return "".join(" " if value is None else block(value) for value in values)
