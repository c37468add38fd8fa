"""Runs one untrusted Python program in a process of its own and says how it ended.

    outcome = run(program, Limits(cpu_seconds=3.0))

DANGER: the level here is `process`: kernel limits, an emptied environment and a process group that is
killed at the end. That keeps honest but broken programs from doing harm. It does not stop a hostile one:
network, file system and signals are not isolated, and the program shares its process with its tests.
`isolation()` says so in words, and belongs in every record of a run.
"""

from benchcore.graders.sandbox.limits import Limits, isolation, require
from benchcore.graders.sandbox.process import Kind, Outcome, run

__all__ = ["Kind", "Limits", "Outcome", "isolation", "require", "run"]
