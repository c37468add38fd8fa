"""How much of a device's memory is still free to be filled, and whether an error means that there was none left."""

import os
from collections.abc import Iterator
from pathlib import Path

import torch

ROOT = Path("/")
GPU_SHARE = 0.9  # of all its memory: what the driver and the allocator's gaps take is not ours
CPU_SHARE = 0.5  # of what is free: graders and the operating system's file cache live there too
SIGNS = ("out of memory", "not enough memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED", "bad_alloc")


def budget(device: torch.device, share: float | None) -> int:
    """Bytes that may still be filled on `device`, 0 or more.

    `share` is the part of all its memory that this process may hold, what it holds now included; without it nine
    tenths of a GPU, or half of what is free on a CPU. On a CPU the limit of the control group (v1 or v2) counts as
    the memory there is.
    """
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        held = torch.cuda.memory_allocated(device)
        free += torch.cuda.memory_reserved(device) - held
    elif device.type == "mps":
        total = torch.mps.recommended_max_memory()
        held = torch.mps.driver_allocated_memory()
        free = total - held
    else:
        free, total, held = _main_memory()
        if share is None:
            return max(0, int(CPU_SHARE * free))
    return int(max(0, min(free, (share or GPU_SHARE) * total - held)))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` is an allocation that failed, on whatever device."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    # the CPU's and MPS's allocators raise plain RuntimeErrors
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in SIGNS)


def _main_memory() -> tuple[int, int, int]:
    """Main memory in bytes: free, all there is, held by this process."""
    page = os.sysconf("SC_PAGE_SIZE")
    total = os.sysconf("SC_PHYS_PAGES") * page
    try:
        free = _fields(ROOT / "proc/meminfo")["MemAvailable"] * 1024
        held = int((ROOT / "proc/self/statm").read_text().split()[1]) * page
    except (OSError, KeyError):  # no /proc outside Linux
        return total // 2, total, 0
    for limit, used in _limits():
        free, total = min(free, limit - used), min(total, limit)
    return free, total, held


def _limits() -> Iterator[tuple[int, int]]:
    """Limit and use in bytes of each control group that this process is in, its parents included."""
    for line in (ROOT / "proc/self/cgroup").read_text().splitlines():
        _, controllers, group = line.split(":", 2)
        if not controllers:
            top, limit, use, idle = "sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            top, limit = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
            use, idle = "memory.usage_in_bytes", "total_inactive_file"
        else:
            continue
        folder = ROOT / top / group.strip("/")
        # in a container the path is often that of the host, and only the top is there
        for place in (folder, *folder.parents):
            try:
                most = (place / limit).read_text().strip()
                # file cache that nobody uses is given back when memory is short
                used = int((place / use).read_text()) - _fields(place / "memory.stat").get(idle, 0)
            except OSError:
                continue
            if most != "max":
                yield int(most), used


def _fields(path: Path) -> dict[str, int]:
    """A file of lines "name number ..." as a mapping."""
    parts = [line.replace(":", " ").split() for line in path.read_text().splitlines()]
    return {found[0]: int(found[1]) for found in parts if len(found) > 1}
