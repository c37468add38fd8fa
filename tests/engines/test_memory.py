"""How much memory is left, from files like those of a machine, a container and a limited process."""

from pathlib import Path

import pytest
import torch

from benchcore.engines import memory
from benchcore.engines.memory import budget, is_out_of_memory

GIB = 2**30
CPU = torch.device("cpu")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """16 GiB of memory, 10 of them free, 1 held by this process, no control groups."""
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 16 * GIB // 4096}
    monkeypatch.setattr(memory.os, "sysconf", sizes.__getitem__)
    monkeypatch.setattr(memory, "ROOT", tmp_path)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text(f"MemTotal: {16 * 2**20} kB\nMemAvailable:   {10 * 2**20} kB\n")
    (tmp_path / "proc/self/statm").write_text(f"999999 {GIB // 4096} 10 1 0 1 0\n")
    (tmp_path / "proc/self/cgroup").write_text("0::/\n")
    return tmp_path


def group(folder: Path, limit: str, use: str, *, most: int | str, used: int, idle: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / limit).write_text(f"{most}\n")
    (folder / use).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(idle)


def test_half_of_what_is_free_may_be_filled(machine: Path) -> None:
    assert budget(CPU, None) == 5 * GIB


@pytest.mark.parametrize(("share", "expected"), [(0.5, 7), (0.25, 3), (1.0, 10), (0.01, 0)])
def test_a_share_is_one_of_all_memory_less_what_is_held(machine: Path, share: float, expected: int) -> None:
    assert budget(CPU, share) == expected * GIB


def test_the_limit_of_a_control_group_counts(machine: Path) -> None:
    folder = machine / "sys/fs/cgroup/jobs/one"
    (machine / "proc/self/cgroup").write_text("0::/jobs/one\n")
    group(folder, "memory.max", "memory.current", most=4 * GIB, used=3 * GIB, idle=f"anon 5\ninactive_file {GIB}\n")
    assert budget(CPU, None) == GIB
    assert budget(CPU, 0.5) == GIB
    group(folder.parent, "memory.max", "memory.current", most=2 * GIB, used=GIB, idle="inactive_file 0\n")
    assert budget(CPU, None) == GIB // 2, "so does that of the group above"


def test_a_group_without_a_limit_does_not(machine: Path) -> None:
    group(machine / "sys/fs/cgroup", "memory.max", "memory.current", most="max", used=15 * GIB, idle="")
    assert budget(CPU, None) == 5 * GIB


def test_the_old_kind_of_control_group_counts_too(machine: Path) -> None:
    (machine / "proc/self/cgroup").write_text("4:cpu,memory:/docker/0123\n3:pids:/x\n0::/\n")
    top = machine / "sys/fs/cgroup/memory"
    # inside a container the path is that of the host, and not there
    names = {"limit": "memory.limit_in_bytes", "use": "memory.usage_in_bytes"}
    group(top, **names, most=4 * GIB, used=2 * GIB, idle="total_inactive_file 0\n")
    assert budget(CPU, None) == GIB


def test_no_limit_in_the_old_kind_is_a_huge_number(machine: Path) -> None:
    (machine / "proc/self/cgroup").write_text("4:memory:/\n")
    names = {"limit": "memory.limit_in_bytes", "use": "memory.usage_in_bytes"}
    group(machine / "sys/fs/cgroup/memory", **names, most=2**63 - 4096, used=GIB, idle="")
    assert budget(CPU, None) == 5 * GIB


def test_this_machine_has_something_to_give() -> None:
    assert 0 < budget(CPU, None) < budget(CPU, 1.0)


def test_a_failed_allocation_is_told_from_other_errors() -> None:
    with pytest.raises(RuntimeError) as refused:
        torch.empty(2**46)
    assert is_out_of_memory(refused.value)
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"))
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ValueError("out of memory"))
