"""Runs untrusted Python programs apart from the tests that judge them, and says what confined them.

    with Sandbox(Limits(cpu_seconds=3.0)) as sandbox:
        outcome = sandbox.run(Program(source=..., tests=..., exports=("solve",)))

A worker is three processes: a trusted *runner* that holds the tests and alone decides, a lean *zygote* that
enters every layer of confinement this machine has, and one forked *candidate* a program. Only plain data
crosses from candidate to runner. docs/code_grading.md says what this does and does not protect from.

Names are resolved on first touch: the zygote imports this package too, and must stay small.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchcore.graders.sandbox.levels import SAFE, Level, Survey, survey
    from benchcore.graders.sandbox.limits import Limits
    from benchcore.graders.sandbox.pool import Kind, Outcome, Sandbox, isolation
    from benchcore.graders.sandbox.program import Program

__all__ = ["SAFE", "Kind", "Level", "Limits", "Outcome", "Program", "Sandbox", "Survey", "isolation", "survey"]

_HOME = {
    "SAFE": "levels",
    "Kind": "pool",
    "Level": "levels",
    "Limits": "limits",
    "Outcome": "pool",
    "Program": "program",
    "Sandbox": "pool",
    "Survey": "levels",
    "isolation": "pool",
    "survey": "levels",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
