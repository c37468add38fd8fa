"""Namespaces and a root file system of our own, in which a program sees Python's library and nothing else."""

import ctypes
import os
import struct
from collections.abc import Collection, Sequence

from benchcore.graders.sandbox.kernel.libc import LIBC, MACHINE, check, system_call

NEW_NS, NEW_UTS, NEW_IPC, NEW_USER, NEW_PID, NEW_NET = (
    0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip

_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_MOUNT_SETATTR = 442
_RDONLY, _NOSUID, _NODEV, _NOEXEC = 1, 2, 4, 8
_BIND, _REC, _PRIVATE = 4096, 16384, 1 << 18
_DETACH = 2
_AT_RECURSIVE, _AT_FDCWD = 0x8000, -100
# The new root is built over /proc: it exists everywhere, and nothing that a program needs lies below it.
_STAGE = "/proc"
DEVICES = ("null", "zero", "full", "random", "urandom")


def require() -> None:
    """Raise `OSError` where the number of a system call is not known."""
    if MACHINE not in _PIVOT_ROOT:
        raise OSError(f"the number of pivot_root on this processor ({MACHINE}) is not known")


def unshare(flags: int) -> None:
    """unshare(2)."""
    check(LIBC.unshare(ctypes.c_int(flags)), "unshare")


def enter(descriptor: int, flags: int) -> None:
    """setns(2)."""
    check(LIBC.setns(ctypes.c_int(descriptor), ctypes.c_int(flags)), "setns")


def map_user(uid: int, gid: int) -> None:
    """In a new user namespace: keep our own ids, the only ones an ordinary user may map."""
    for file, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{file}", "w", encoding="ascii") as out:
            out.write(text)


def mount_scratch(path: str, size: int, owner: tuple[int, int], mode: str = "0700") -> None:
    """A tmpfs for a program's files, limited in bytes and in files."""
    options = f"size={size},nr_inodes=4096,mode={mode},uid={owner[0]},gid={owner[1]}"
    _mount("tmpfs", path, "tmpfs", _NOSUID | _NODEV | _NOEXEC, options)


def unmount(path: str) -> None:
    """Take a mount away at once, whoever still uses it."""
    check(LIBC.umount2(path.encode(), _DETACH), f"umount {path}")


def new_root(shown: Sequence[str], hidden: Collection[str], scratch: Collection[str]) -> None:
    """Make a file system with the folders and files `shown`, read-only, the root of this mount namespace.

    `hidden` are folders within them that appear empty. `scratch` are made as empty folders to mount on.
    """
    _mount("none", "/", None, _REC | _PRIVATE)
    _mount("tmpfs", _STAGE, "tmpfs", _NOSUID | _NODEV, "size=1m,nr_inodes=4096,mode=0755")
    os.umask(0o022)
    for path in shown:
        target = _STAGE + path
        if os.path.islink(path):  # /lib is a link to usr/lib on merged systems
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.symlink(os.readlink(path), target)
        else:
            _bind(path, target)
            _set_attributes(target, _RDONLY | _NOSUID | _NODEV)
    for path in hidden:
        _mount("tmpfs", _STAGE + path, "tmpfs", _RDONLY | _NOSUID | _NODEV, "size=4k,nr_inodes=2,mode=0755")
    for name in DEVICES:
        if os.path.exists(f"/dev/{name}"):
            _bind(f"/dev/{name}", f"{_STAGE}/dev/{name}")
    for path in scratch:
        os.makedirs(_STAGE + path, exist_ok=True)
    _set_attributes(_STAGE, _RDONLY, recursive=False)
    os.chdir(_STAGE)
    # "." twice: the old root is stacked on the new one and then taken off (pivot_root(2), notes)
    system_call(_PIVOT_ROOT[MACHINE], ctypes.c_char_p(b"."), ctypes.c_char_p(b"."))
    unmount(".")
    os.chdir("/")


def _bind(source: str, target: str) -> None:
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "ab"):
            pass
    _mount(source, target, None, _BIND | _REC)


def _mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    name = None if kind is None else kind.encode()
    done = LIBC.mount(source.encode(), target.encode(), name, ctypes.c_ulong(flags), options.encode())
    check(done, f"mount {target}")


def _set_attributes(path: str, flags: int, *, recursive: bool = True) -> None:
    """mount_setattr(2): adds flags and leaves those that are locked, which a remount would have to repeat."""
    attributes = struct.pack("=QQQQ", flags, 0, 0, 0)
    where = ctypes.c_char_p(path.encode())
    system_call(_MOUNT_SETATTR, _AT_FDCWD, where, _AT_RECURSIVE * recursive, ctypes.c_char_p(attributes), 32)
