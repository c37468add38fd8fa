"""A seccomp filter: the system calls that no graded program needs, refused before the kernel runs them.

Written by hand, as no well-kept library serves: `pyseccomp` (last released 2021) needs libseccomp.so, which a
default container lacks, and the pure Python ones are months old. A filter of ours is some 250 instructions.

Refused calls fail with EPERM, unknown (newer) ones with ENOSYS, so that a library falls back instead of dying.
"""

import ctypes
import errno
import struct
from collections.abc import Callable

from benchcore.graders.sandbox.kernel import libc
from benchcore.graders.sandbox.kernel.libc import MACHINE, PR_SET_SECCOMP

# Linux <uapi/linux/audit.h>: the architecture that `struct seccomp_data` reports.
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_COLUMN = {"x86_64": 0, "aarch64": 1}

# name -> number on x86_64 (asm/unistd_64.h) and on aarch64 (asm-generic/unistd.h); None: not there.
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    # other programs, other processes
    "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "kcmp": (312, 272), "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    "process_mrelease": (448, 448), "setpriority": (141, 140), "ioprio_set": (251, 30), "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    # mounts and namespaces
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    # large or seldom used parts of the kernel
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "fanotify_init": (300, 262), "fanotify_mark": (301, 263), "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264), "lookup_dcookie": (212, 18), "modify_ldt": (154, None), "iopl": (172, None),
    "ioperm": (173, None), "uselib": (134, None), "personality": (135, 92), "memfd_secret": (447, 447),
    "quotactl": (179, 60), "quotactl_fd": (443, 443), "acct": (163, 89), "syslog": (103, 116), "vhangup": (153, 58),
    # the machine itself
    "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171),
    "sethostname": (170, 161), "setdomainname": (171, 162),
    # memory that belongs to no process, and so is not counted as any's
    "memfd_create": (319, 279),
    # System V and POSIX message queues: objects that outlive the program
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190), "semop": (65, 193),
    "semctl": (66, 191), "semtimedop": (220, 192), "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188),
    "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181),
    # attributes and access lists, which would stay on a scratch folder when it is emptied
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16),
}  # fmt: skip

# What Landlock does not cover: times of any file that may be written to ...
_TIMES: dict[str, tuple[int | None, int | None]] = {
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
}  # fmt: skip
# ... and, as the user who is also the owner, modes and owners.
_OWNERSHIP: dict[str, tuple[int | None, int | None]] = {
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
    "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
}  # fmt: skip

# Where neither a pid namespace, nor a uid of its own, nor Landlock's scope keeps signals in.
_SIGNALS: dict[str, tuple[int | None, int | None]] = {
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "pidfd_send_signal": (424, 424),
}  # fmt: skip

_CLONE, _CLONE3, _SOCKET, _SOCKETPAIR = (56, 220), (435, 435), (41, 198), (53, 199)
_FCNTL, _IOCTL, _PRLIMIT64, _SCHED_SETAFFINITY = (72, 25), (16, 29), (302, 261), (203, 122)
_SCHED_SETSCHEDULER, _SCHED_SETPARAM, _SCHED_SETATTR = (144, 119), (142, 118), (314, 274)

_LAST_KNOWN = 456  # futex_requeue, Linux 6.7
_NEW_NAMESPACES = 0x7E020000  # CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}
_NEW_PID = 0x20000000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
# who gets a signal when a descriptor is ready, and which: a way round every check of kill()
_SET_OWNER_FCNTL, _SET_OWNER_IOCTL = (8, 10, 15), (0x8901, 0x8902)
_AF_UNIX, _NO_STREAM = 1, 0b1110  # SOCK_STREAM is 1; the flags are higher bits

WORDS = "no exec, mount, ptrace, keyring, io_uring or BPF; no socket but "

_ALLOW, _KILL_PROCESS = 0x7FFF0000, 0x80000000
_NR, _ARCH, _ARGUMENTS = 0, 4, 16
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06


def supported() -> bool:
    """Whether there is a table of system calls for this machine."""
    return MACHINE in _AUDIT_ARCH


def build(
    *, own_root: bool = False, own_user: bool = False, guard_signals: bool = False, pid_namespaces: bool = False
) -> bytes:
    """The filter as BPF instructions. Raises `KeyError` where `supported()` is false.

    Without a root of its own (`own_root`) a program may not make sockets, which could connect to files, nor change
    times; without a user of its own, nor modes and owners. `guard_signals` refuses all signals.
    `pid_namespaces` lets one who has the capability make and enter pid namespaces, and no others.
    """
    at = _COLUMN[MACHINE]
    refused = dict(_REFUSED)
    if not own_root:
        refused |= _TIMES | {"socket": _SOCKET}
    if not (own_root or own_user):
        refused |= _OWNERSHIP
    if guard_signals:
        refused |= _SIGNALS
    entering = [refused.pop("unshare")[at], refused.pop("setns")[at]] if pid_namespaces else []
    code = [
        (_LOAD, 0, 0, _ARCH),
        (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH[MACHINE]),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NR),
        # also every x32 number: they are larger still
        (_JUMP_AT_LEAST, 0, 1, _LAST_KNOWN + 1),
        _fail(errno.ENOSYS),
    ]
    numbers = sorted(number for row in refused.values() if (number := row[at]) is not None)
    code += [line for number in numbers for line in ((_JUMP_EQUAL, 0, 1, number), _fail(errno.EPERM))]
    # glibc falls back to clone, whose flags can be read here; those of clone3 are behind a pointer
    code += [(_JUMP_EQUAL, 0, 1, _CLONE3[at]), _fail(errno.ENOSYS)]
    code += _guarded(_CLONE[at], (0, _JUMP_ANY_BIT, _NEW_NAMESPACES, True))
    code += _guarded(_SOCKET[at], (0, _JUMP_EQUAL, _AF_UNIX, False))
    # pairs of streams alone: a datagram can be sent to any socket that is a file, past the pair
    code += _guarded(_SOCKETPAIR[at], (0, _JUMP_EQUAL, _AF_UNIX, False), (1, _JUMP_ANY_BIT, _NO_STREAM, True))
    for index, number in enumerate(entering):  # unshare(flags), setns(descriptor, flags)
        code += _guarded(number or 0, (index, _JUMP_EQUAL, _NEW_PID, False))
    code += _guarded(_FCNTL[at], *((1, _JUMP_EQUAL, command, True) for command in _SET_OWNER_FCNTL))
    requests = (_TIOCSTI, _TIOCLINUX, *_SET_OWNER_IOCTL)
    code += _guarded(_IOCTL[at], *((1, _JUMP_EQUAL, request, True) for request in requests))
    # these take a pid; 0 is the caller
    for row in (_PRLIMIT64, _SCHED_SETAFFINITY, _SCHED_SETSCHEDULER, _SCHED_SETPARAM, _SCHED_SETATTR):
        code += _guarded(row[at], (0, _JUMP_EQUAL, 0, False))
    code.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *line) for line in code)


def _fail(number: int) -> tuple[int, int, int, int]:
    return (_RETURN, 0, 0, 0x00050000 | number)


def _guarded(number: int, *tests: tuple[int, int, int, bool]) -> list[tuple[int, int, int, int]]:
    """For one system call: refuse it if any of `tests` (argument, jump, operand, refuse when true) says so."""
    body: list[tuple[int, int, int, int]] = []
    for index, jump, operand, refuse in tests:
        body.append((_LOAD, 0, 0, _ARGUMENTS + 8 * index))
        body += [(jump, 0, 1, operand) if refuse else (jump, 1, 0, operand), _fail(errno.EPERM)]
    body.append((_RETURN, 0, 0, _ALLOW))
    return [(_JUMP_EQUAL, 0, len(body), number), *body]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def prepare(instructions: bytes) -> Callable[[], None]:
    """A call that puts the filter on the calling thread and all it will create; `no_new_privs` must be set."""
    program = ctypes.pointer(_Program(len(instructions) // 8, instructions))
    number, filtering, none = ctypes.c_int(PR_SET_SECCOMP), ctypes.c_ulong(2), ctypes.c_ulong(0)
    return libc.prepare(libc.LIBC.prctl, number, filtering, program, none, none, what="seccomp")
