"""What a program may use, which of it the kernel enforces here, and what is not isolated at all."""

import math
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from benchcore.errors import ConfigError, MachineError

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

# An interpreter with a few modules needs about 30 MiB of address space; below this every program would
# fail at its start and be scored 0 without a word.
LEAST_MEMORY = 64 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one program may use. Every limit but `wall_seconds` and `output_bytes` is per process.

    `cpu_seconds` is the limit that decides: it does not depend on how busy the machine is. `wall_seconds`
    (default: three times as much) is for programs that sleep. `memory_bytes` is address space.
    `processes` counts above those that the machine already runs, as the kernel counts a user's, not a
    program's. `output_bytes` is how much of stdout and stderr is kept; the rest is read and dropped.
    Raises `ConfigError` for limits under which no program could run.
    """

    cpu_seconds: float = 3.0
    wall_seconds: float | None = None
    memory_bytes: int = 4 * GIB
    file_bytes: int = 16 * MIB
    open_files: int = 256
    processes: int = 256
    output_bytes: int = 64 * KIB

    def __post_init__(self) -> None:
        least = {
            "memory_bytes": LEAST_MEMORY,
            "file_bytes": 0,
            "open_files": 16,
            "processes": 1,
            "output_bytes": 0,
        }
        for name, value in least.items():
            if getattr(self, name) < value:
                raise ConfigError(f"{name} must be at least {value}, got {getattr(self, name)}")
        for name in ("cpu_seconds", "wall_seconds"):
            seconds = getattr(self, name)
            if seconds is not None and not 0 < seconds < math.inf:
                raise ConfigError(f"{name} must be a finite number above 0, got {seconds}")

    @property
    def wall(self) -> float:
        """Seconds by the clock after which the program is killed."""
        return 3 * self.cpu_seconds if self.wall_seconds is None else self.wall_seconds


def require() -> None:
    """Raise `MachineError` where this sandbox cannot work (no POSIX limits, sessions or process groups)."""
    try:
        import resource  # noqa: F401  # absent on Windows
    except ImportError:
        missing = "resource"
    else:
        missing = next((name for name in ("setsid", "killpg", "waitid", "wait4") if not hasattr(os, name)), "")
    if missing:
        raise MachineError(
            f"model-written code cannot be run safely on {sys.platform}: this Python has no {missing}",
            "grade on Linux, or in a Linux container",
        )


def kernel_limits(limits: Limits) -> dict[str, int]:
    """Name of each resource limit -> its value in force here, never above the inherited hard limit."""
    import resource

    wanted: dict[str, int | None] = {
        "RLIMIT_CORE": 0,
        # The parent's exact clock comes first; the kernel counts whole seconds, by another clock, some % apart.
        "RLIMIT_CPU": math.ceil(limits.cpu_seconds) + 1,
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_NOFILE": limits.open_files,
        # macOS accepts no address-space limit below what the loader has already mapped.
        "RLIMIT_AS": None if sys.platform == "darwin" else limits.memory_bytes,
        "RLIMIT_NPROC": _process_ceiling(limits),
    }
    found = {}
    for name, value in wanted.items():
        if value is not None:
            hard = resource.getrlimit(getattr(resource, name))[1]
            found[name] = value if hard == resource.RLIM_INFINITY else min(value, hard)
    return found


def _process_ceiling(limits: Limits) -> int | None:
    """The value for RLIMIT_NPROC, or None where it would do nothing or harm.

    The kernel counts all threads of the user, so a small number would refuse a thread to an innocent
    program merely because a trainer runs beside it. All tasks of the machine plus our allowance never does.
    """
    if os.getuid() == 0:
        return None  # the kernel exempts root
    try:
        with open("/proc/loadavg", encoding="ascii") as file:
            return int(file.read().split()[3].partition("/")[2]) + limits.processes
    except (OSError, ValueError, IndexError):
        return None


def isolation(limits: Limits | None = None) -> Mapping[str, str]:
    """Layer -> its state in words, in a fixed order, as it is on this machine.

    Raises `MachineError` where no program can be run at all.
    """
    require()
    limits = limits or Limits()
    force = kernel_limits(limits)
    memory, processes = force.get("RLIMIT_AS"), force.get("RLIMIT_NPROC")
    return {
        "level": "process",
        "cpu time": f"{min(limits.cpu_seconds, force['RLIMIT_CPU']):g} s a process",
        "wall time": f"{limits.wall:g} s, then the whole process group is killed",
        "memory": (
            "NOT limited"
            if memory is None
            else f"{memory / GIB:.3g} GiB of address space a process; the total of several is NOT limited"
        ),
        "files": (
            f"{force['RLIMIT_FSIZE'] / MIB:.3g} MiB a file, {force['RLIMIT_NOFILE']} open; the total on disk is "
            "NOT limited"
        ),
        "processes": (
            f"at most {limits.processes} above all that the machine runs"
            if processes is not None
            else "NOT limited (root is exempt)"
            if os.getuid() == 0
            else "NOT limited"
        ),
        "environment": "emptied; fixed hash seed; one numeric thread",
        "working folder": "private, removed afterwards",
        "file system": "NOT isolated: whatever the user may read or write, the program may",
        "network": "NOT isolated",
        "other processes": "NOT isolated: the user's processes can be signalled; one that leaves its group survives",
        "tests": "NOT isolated: they run in the program's own process",
    }
