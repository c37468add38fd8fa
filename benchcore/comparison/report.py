"""What a gate found: the decision, and everything it rests on."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from benchcore.stats.paired import Comparison

EarlyStop = Literal["group", "anytime", "none"]


class Decision(StrEnum):
    """What a gate says: a drop of the margin ruled out, a larger drop shown, or neither."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a gate judged: `figure` of the task `name`, or of all tasks together.

    The gate passes only if everything that `decides` does; what does not decide can only fail it. `margin` and the
    sides' values are in the unit of the figure. `comparison` is of the candidate's gain, more is better (of a loss,
    how much lower it is), with the interval that the decision rests on; None where nothing could be compared, for
    the `reason`. `p_fail` is that of the comparison, corrected for all that was tested beside it. `certifiable` is
    the smallest margin that an unchanged candidate would pass in 80 of 100 runs.
    """

    name: str
    figure: str
    decides: bool
    decision: Decision
    margin: float
    candidate: float | None
    baseline: float | None
    comparison: Comparison | None
    p_fail: float | None
    certifiable: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """The decision of a gate, `reason` in one sentence, and what it rests on.

    `comparable` is False where nothing, or not everything that was declared, could be compared: never a pass.
    `asked` of `planned` requests were answered by the candidate's engine when the answer was certain, in the order
    that follows from `seed`. `noise` is the standard deviation of the aggregate over repeats of the baseline.
    """

    decision: Decision
    comparable: bool
    reason: str
    candidate: str
    baseline: str
    alpha: float
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    early_stop: EarlyStop
    seed: int
    asked: int
    planned: int
    noise: float | None = None
