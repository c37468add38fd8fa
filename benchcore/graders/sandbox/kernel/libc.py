"""System calls that Python 3.11 has no function for. Every function raises `OSError` as `os` would."""

import ctypes
import os
from collections.abc import Callable
from typing import Any

MACHINE = os.uname().machine if hasattr(os, "uname") else ""
LIBC = ctypes.CDLL(None, use_errno=True)

# Linux <uapi/linux/prctl.h>
PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

CAP_DAC_READ_SEARCH, CAP_SETGID, CAP_SETUID = 2, 6, 7
_CAPABILITY_VERSION_3 = 0x20080522


def check(result: int, what: str = "") -> int:
    """`result` of a C call, unless it is -1: then the `OSError` of errno."""
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what or None)
    return result


def system_call(number: int, *arguments: object) -> int:
    """A raw system call. Integers are passed as C longs."""
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return check(LIBC.syscall(ctypes.c_long(number), *wide))


def prctl(option: int, *arguments: int) -> None:
    """prctl(2), its missing arguments zero: some options insist."""
    padded = (*arguments, 0, 0, 0, 0)[:4]
    check(LIBC.prctl(option, *(ctypes.c_ulong(value) for value in padded)), f"prctl {option}")


def permitted(*capabilities: int) -> bool:
    """Whether this process has all of them; a container's root lacks many."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        held = next((int(line.split()[1], 16) for line in file if line.startswith("CapPrm:")), 0)
    return all(held >> number & 1 for number in capabilities)


class _CapHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapData(ctypes.Structure):
    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


def prepare(function: Any, *arguments: object, what: str = "") -> Callable[[], None]:
    """A call that makes nothing new when it is made: for a forked child, where every page touched is copied."""
    return lambda: None if function(*arguments) == 0 else _fail(what)


def _fail(what: str) -> None:
    check(-1, what)


def prepare_capabilities(*kept: int) -> Callable[[], None]:
    """A call that gives up every capability of the calling thread but `kept` (each below 32)."""
    mask = sum(1 << number for number in kept)
    header = _CapHeader(_CAPABILITY_VERSION_3, 0)
    data = (_CapData * 2)(_CapData(mask, mask, 0), _CapData(0, 0, 0))
    return prepare(LIBC.capset, ctypes.pointer(header), data, what="capset")
