"""When: the learning rate of each step, and the steps at which something is looked at or kept."""

import math
from typing import Literal

Decay = Literal["cosine", "linear", "constant"]


def learning_rate(step: int, *, peak: float, steps: int, warmup: int, decay: Decay, floor: float) -> float:
    """The rate of `step`, counted from 0: up in a line over `warmup` steps, then down to `floor` x `peak`."""
    if step < warmup:
        return peak * (step + 1) / warmup
    if decay == "constant":
        return peak
    done = (step - warmup) / max(1, steps - warmup)
    left = 0.5 * (1 + math.cos(math.pi * done)) if decay == "cosine" else 1 - done
    return peak * (floor + (1 - floor) * left)


def log_spaced(steps: int, count: int) -> tuple[int, ...]:
    """Up to `count` numbers of steps from 1 to `steps`, evenly spaced in their logarithm; both ends are among them."""
    if count < 2 or steps < 2:
        return (steps,)
    return tuple(sorted({round(steps ** (at / (count - 1))) for at in range(count)}))


def evenly(steps: int, count: int) -> tuple[int, ...]:
    """Up to `count` numbers of steps, evenly spaced; the last is `steps`."""
    return tuple(sorted({math.ceil(steps * at / count) for at in range(1, count + 1)}))
