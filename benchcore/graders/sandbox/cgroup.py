"""A control group that fences the memory of one worker's programs, where one may be made: as root, on most hosts."""

import contextlib
import itertools
import os
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
SLACK = 192 << 20  # for the zygote and for scratch in memory; the watcher, which knows what to say, is to come first
_REMOVE_SECONDS = 2.0
_numbers = itertools.count()


class MemoryGroup:
    """A group with a limit of memory. Raises `OSError` where none can be made."""

    def __init__(self, limit: int) -> None:
        unified = (ROOT / "cgroup.controllers").exists()
        parent = ROOT if unified else ROOT / "memory"
        if not (parent / "cgroup.procs").exists():
            raise OSError("there is no memory controller")
        _remove_stale(parent)
        self._folder = parent / f"benchcore-{os.getpid()}-{next(_numbers)}"
        if unified:
            (parent / "cgroup.subtree_control").write_text("+memory", encoding="ascii")
        self._folder.mkdir()
        try:
            limit_file = "memory.max" if unified else "memory.limit_in_bytes"
            (self._folder / limit_file).write_text(str(limit + SLACK), encoding="ascii")
            with contextlib.suppress(OSError):  # a kernel without swap has no such file
                swap = ("memory.swap.max", "0") if unified else ("memory.swappiness", "0")
                (self._folder / swap[0]).write_text(swap[1], encoding="ascii")
        except OSError:
            self.remove()
            raise
        self.procs = str(self._folder / "cgroup.procs")

    def remove(self) -> None:
        """Take the group away as soon as its last process has ended."""
        end = time.monotonic() + _REMOVE_SECONDS
        while time.monotonic() < end:
            try:
                self._folder.rmdir()
            except FileNotFoundError:
                return
            except OSError:
                time.sleep(0.005)
            else:
                return


def _remove_stale(parent: Path) -> None:
    """Groups of processes that were killed before they could clear up; one in use cannot be removed."""
    for folder in parent.glob("benchcore-*"):
        owner = folder.name.split("-")[1]
        if not Path(f"/proc/{owner}").exists():
            with contextlib.suppress(OSError):
                folder.rmdir()
