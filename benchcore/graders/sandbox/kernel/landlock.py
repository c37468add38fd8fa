"""Landlock: an unprivileged process gives up file, TCP, abstract-socket and signal access for good.

By system call, as no well-kept library serves: `landlock` on PyPI is a pre-release of 2025, the others are months
old, and what is needed here (rules once, `restrict_self` in each forked child) is three calls.
Access rights: Linux <uapi/linux/landlock.h>.
"""

import ctypes
import os
import struct
from collections.abc import Callable, Collection

from benchcore.graders.sandbox.kernel.libc import LIBC, prepare, system_call

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
READ = _READ_FILE | _READ_DIR
LIST = _READ_DIR
# remove and make directories, regular files, sockets, fifos and links, move between folders; no devices
WRITE = READ | _WRITE_FILE | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 13 | _TRUNCATE
USE_DEVICE = _READ_FILE | _WRITE_FILE
_FILE_ONLY = _READ_FILE | _WRITE_FILE | _TRUNCATE | 1 << 15

# Last file right that each ABI knows: REFER 13, TRUNCATE 14, IOCTL_DEV 15.
_LAST_FILE_RIGHT = {1: 12, 2: 13, 3: 14, 4: 14}
_TCP = 0b11  # bind, connect: ABI 4
_SCOPES = 0b11  # abstract sockets, signals: ABI 6


def abi() -> int:
    """The ABI version of this kernel's Landlock; raises `OSError` where there is none."""
    return system_call(_CREATE_RULESET, 0, 0, _VERSION_FLAG)


def keeps_signals(version: int) -> bool:
    """Whether this ABI can keep signals within the sandbox."""
    return version >= 6


class Ruleset:
    """What a restricted process may still do with files; TCP, abstract sockets and signals are refused whole."""

    def __init__(self) -> None:
        self.abi = abi()
        self._handled = (1 << (_LAST_FILE_RIGHT.get(self.abi, 15) + 1)) - 1
        network = _TCP if self.abi >= 4 else 0
        scoped = _SCOPES if keeps_signals(self.abi) else 0
        attributes = struct.pack("=QQQ", self._handled, network, scoped)
        size = 24 if self.abi >= 6 else 16 if self.abi >= 4 else 8  # older kernels refuse a longer structure
        self.descriptor = system_call(_CREATE_RULESET, ctypes.c_char_p(attributes), size, 0)

    def allow(self, path: str, rights: int, *, but: Collection[str] = ()) -> None:
        """Allow `rights` at and below `path`, but not on the contents of the folders `but`.

        Rules only add, so a folder with an exception gets a rule for each other entry; its names stay listable.
        """
        inner = [folder for folder in but if folder == path or folder.startswith(path.rstrip("/") + "/")]
        if path in inner:
            return
        if not inner:
            self._add(path, rights)
            return
        self._add(path, rights & LIST)
        for entry in os.scandir(path):
            if not entry.is_symlink():  # its target needs a rule of its own
                self.allow(entry.path, rights, but=inner)

    def _add(self, path: str, rights: int) -> None:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            self.allow_descriptor(descriptor, rights if os.path.isdir(path) else rights & _FILE_ONLY)
        finally:
            os.close(descriptor)

    def allow_descriptor(self, descriptor: int, rights: int) -> None:
        """Allow `rights` below the folder that `descriptor` is open on."""
        rule = struct.pack("=Qi", rights & self._handled, descriptor)
        system_call(_ADD_RULE, self.descriptor, _PATH_BENEATH, ctypes.c_char_p(rule), 0)

    def prepare(self) -> Callable[[], None]:
        """A call that puts the rules on the calling thread and all it will create; `no_new_privs` must be set."""
        wide = (ctypes.c_long(value) for value in (_RESTRICT_SELF, self.descriptor, 0))
        return prepare(LIBC.syscall, *wide, what="landlock")

    def describe(self) -> str:
        """The ABI and what it covers, in words."""
        kinds = ["files"] + ["TCP"] * (self.abi >= 4) + ["abstract sockets", "signals"] * keeps_signals(self.abi)
        return f"ABI {self.abi}: {', '.join(kinds)}"
