"""What one program may use."""

import math
from dataclasses import dataclass

from benchcore.errors import ConfigError

MIB, GIB = 1 << 20, 1 << 30

# An interpreter with a few modules needs about 30 MiB of address space; below this every program would
# fail at its start and be scored 0 without a word.
LEAST_MEMORY = 64 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one program and all that it starts may use together.

    `cpu_seconds` is the limit that decides: it does not depend on how busy the machine is. `wall_seconds`
    (default: three times as much) is for programs that sleep. `memory_bytes` holds for the address space of each
    process and for the memory of all of them. `file_bytes` is the largest file, `disk_bytes` all files together,
    `processes` counts threads too. Raises `ConfigError` for limits under which no program could run.
    """

    cpu_seconds: float = 3.0
    wall_seconds: float | None = None
    memory_bytes: int = 4 * GIB
    file_bytes: int = 16 * MIB
    disk_bytes: int = 64 * MIB
    open_files: int = 256
    processes: int = 32

    def __post_init__(self) -> None:
        least = {"memory_bytes": LEAST_MEMORY, "file_bytes": 0, "disk_bytes": MIB, "open_files": 16, "processes": 1}
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
