"""Two groups of training runs: is what one recipe comes to, over its seeds, better than what another does?"""

import math
from collections.abc import Sequence

from benchcore.stats.intervals import mean_error
from benchcore.stats.paired import Comparison, student


def welch(
    candidate: Sequence[float], baseline: Sequence[float], margin: float = 0.0, level: float = 0.95
) -> Comparison:
    """The difference of two means of independent values, candidate less baseline, by Welch's t test and interval.

    The two may differ in number and in spread. For a loss hand over the baseline first: less is better, so that is
    its gain. Values that do not vary on either side, and a single one on a side, show nothing: the p-values are 1.
    `n` counts the values of both. Raises `ValueError` when a side has no value, one is not finite, or level is not
    in (0, 1).
    Source: Welch 1947, Biometrika 34:28; the degrees of freedom as in Satterthwaite 1946, Biometrics 2:110.
    """
    (new, new_error, new_freedom), (old, old_error, old_freedom) = mean_error(candidate), mean_error(baseline)
    method = f"Welch t over {len(candidate)} and {len(baseline)} runs"
    n = len(candidate) + len(baseline)
    if new_error is None or old_error is None or new_error == old_error == 0:
        return student(new - old, None, 1, margin, level, n, method)
    error = math.hypot(new_error, old_error)
    # shares, for the fourth power of a small error may be no double
    freedom = 1 / ((new_error / error) ** 4 / new_freedom + (old_error / error) ** 4 / old_freedom)
    return student(new - old, error, freedom, margin, level, n, method)
