"""Several tests at once: Holm's correction."""

from collections.abc import Sequence


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values of `ps`, in the same order, each in [0, 1].

    Whoever rejects where the adjusted value is at most alpha rejects any true hypothesis at all in at most alpha of
    all cases, however the tests depend on each other. For "block if any task regressed"; "ship only if every task
    holds" needs no correction, for one true regression has to be overlooked by its own test.
    Raises `ValueError` where a p-value is not in [0, 1].
    Source: Holm 1979, Scand. J. Stat. 6:65.
    """
    for p in ps:
        if not 0 <= p <= 1:
            raise ValueError(f"p-values must be in [0, 1], got {p}")
    adjusted, largest = [0.0] * len(ps), 0.0
    for rank, at in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[at]))
        adjusted[at] = largest
    return adjusted
