"""The layers of a level: entered by the zygote, completed in each child that it forks.

What a child can inherit, the zygote takes on itself, once: a child that runs fewer instructions before the program
touches, and so copies, fewer pages, which is where a fork's time goes.
"""

import contextlib
import fcntl
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

from benchcore.graders.sandbox.inside.frames import BOX
from benchcore.graders.sandbox.inside.scratch import empty, measure
from benchcore.graders.sandbox.inside.tree import Tree
from benchcore.graders.sandbox.kernel import landlock, libc, namespaces, seccomp

SHARED = "/dev/shm"  # noqa: S108  # where the C library keeps semaphores
SHARED_BYTES = 32 << 20
SWEEP_SECONDS = 10.0


def confine(at: dict[str, Any]) -> "Confinement":
    """Enter level `at["level"]`. Raises `OSError` where it cannot be had.

    `at` is the zygote's configuration: level, limits, group (the file by which to enter a cgroup, or None), box (a
    folder), shown and hidden (folders that a program may read, and those within them that it may not).
    """
    kind = {"namespaces": Namespaced, "landlock": Landlocked}.get(at["level"], Confinement)
    return kind(at)


class Confinement:
    """Level `process`: limits, a session, a scratch folder. `layers` says in words what is on."""

    def __init__(self, at: dict[str, Any]) -> None:
        self.layers: dict[str, str] = {}
        self._limits: dict[str, Any] = at["limits"]
        self._box: str = at["box"]
        self._slot: int | None = None  # a uid for the children alone
        self._linux = sys.platform == "linux"
        self._tree = _tree()
        self._fenced = _join(at["group"])
        # When the fence is reached the kernel ends a process within it, which must not be the zygote.
        self._oom = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC) if self._fenced else None
        os.umask(0o077)
        if self._linux:
            libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
        self._enter(at)
        self._limit_all()
        self._say_limits()
        os.chdir(self._box)
        self._clean = self._mark(self._box)

    def _enter(self, at: dict[str, Any]) -> None:
        self._adopt()
        self.layers["file system"] = "NOT isolated: whatever the user may read or write, the program may"
        self.layers["network"] = "NOT isolated"
        self.layers["other processes"] = "NOT isolated: the user's processes can be signalled; survivors are killed"
        self.layers["user"] = f"NOT dropped: uid {os.getuid()}"

    def _adopt(self) -> None:
        """Without namespaces, what a program leaves running becomes our child, and its folder is a real one."""
        if self._linux:
            # no death signal: when the runner is gone, what a program left has to be swept first
            libc.prctl(libc.PR_SET_CHILD_SUBREAPER, 1)
        self.layers["scratch"] = "a private folder, measured every 50 ms, emptied after each program"

    @property
    def _alone(self) -> bool:
        """Whether the kernel counts a program's processes apart from our own."""
        return self._slot is not None

    def _limit_all(self) -> None:
        limits = self._limits
        wanted = {
            resource.RLIMIT_CORE: 0,
            resource.RLIMIT_FSIZE: limits["file"],
            resource.RLIMIT_NOFILE: limits["files"],
        }
        if self._linux:  # macOS accepts no address-space limit below what the loader has already mapped
            wanted[resource.RLIMIT_AS] = limits["memory"]
        if self._alone:
            wanted[resource.RLIMIT_NPROC] = limits["processes"] + 2  # in a user namespace the zygote is counted too
        for kind, value in wanted.items():
            resource.setrlimit(kind, _capped(kind, value))
        # The zygote's clock comes first; this one is for a child that nobody watches any more.
        self._cpu = _capped(resource.RLIMIT_CPU, int(limits["cpu"]) + 2)

    def _say_limits(self) -> None:
        watched = "measured every 50 ms" if self._tree else "NOT limited (no /proc)"
        fence = " and fenced by a cgroup" if self._fenced else "; no cgroup could be made"
        self.layers["memory"] = f"of each process limited by the kernel; of all together {watched}{fence}"
        self.layers["processes"] = "limited by the kernel" if self._alone else watched

    def fork(self) -> int:
        """As `os.fork`."""
        self._most = None if self._alone else _user_ceiling(self._limits["processes"])
        if self._oom is None:
            return self._fork()
        os.write(self._oom, b"1000")
        pid = self._fork()
        if pid:
            os.write(self._oom, b"0")
        return pid

    def _fork(self) -> int:
        return os.fork()

    def child(self, fd: int) -> None:
        """In the forked child: complete the layers. Only `fd`, as 3, and the standard descriptors stay open."""
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, self._cpu)
        self._drop()
        os.dup2(fd, 3)
        os.closerange(4, 1 << 20)

    def _drop(self) -> None:
        if self._most is not None:
            resource.setrlimit(resource.RLIMIT_NPROC, self._most)
        if self._linux:
            libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)

    def excess(self) -> tuple[str, str] | None:
        """What the program and all it started have used up together, as a verdict and words, if anything."""
        limits = self._limits
        if self._tree:
            tasks, memory, cpu = self._tree.use()
            if memory > limits["memory"]:
                return "crashed", f"its processes used more than {limits['memory'] / (1 << 30):.3g} GiB of memory"
            if cpu > limits["cpu"]:
                return out_of_cpu(limits)
            if tasks > limits["processes"] + 2:
                return "crashed", f"more than {limits['processes']} processes and threads"
        deleted = self._tree.deleted() if self._tree else 0
        if deleted + measure(self._box, limits["disk"]) > limits["disk"]:
            return "crashed", f"its files took more than {limits['disk'] >> 20} MiB"
        return None

    def sweep(self) -> float:
        """After a child's end: kill what it left running, empty its scratch. CPU seconds of what was left."""
        cpu = self._kill_survivors()
        if self._mark(self._box) != self._clean:
            self._renew(self._box)
            os.chdir(self._box)  # a program may have put another in its place
            self._clean = self._mark(self._box)
        return cpu

    def _renew(self, path: str) -> None:
        empty(path)
        if self._slot is not None:
            os.chown(path, self._slot, self._slot)

    def _mark(self, path: str) -> tuple[int, ...]:
        """What tells a scratch folder that was touched. Not the time alone: its clock ticks but 250 times a second."""
        try:
            state = os.lstat(path)
            held = len(os.listdir(path)), len(os.listxattr(path)) if self._linux else 0
            return state.st_mode, state.st_uid, state.st_ctime_ns, state.st_ino, *held
        except OSError:  # the program took it away, or changed its rights
            return ()

    def _kill_survivors(self) -> float:
        """Everything below us, until we have no child left: stopped first, so that none forks while we kill."""
        cpu = 0.0
        end = time.monotonic() + SWEEP_SECONDS
        while time.monotonic() < end:
            try:
                pid, _, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return cpu
            if pid:
                cpu += used.ru_utime + used.ru_stime
                continue
            below = self._tree.below() if self._tree else []
            for sent in (signal.SIGSTOP, signal.SIGKILL):
                for number in below:
                    with contextlib.suppress(OSError):
                        os.kill(number, sent)
            time.sleep(0.001)
        raise OSError("processes that the program left cannot be ended")


class Landlocked(Confinement):
    """Level `landlock`: also Landlock, seccomp and, as root, a uid of its own; what a default container allows."""

    def _enter(self, at: dict[str, Any]) -> None:
        self._adopt()
        # Another user may not pass the folders above Python's library, which may lie in root's home.
        self._kept = (libc.CAP_DAC_READ_SEARCH,) if _closed(at["shown"]) else ()
        if os.getuid() == 0 and libc.permitted(libc.CAP_SETUID, libc.CAP_SETGID, *self._kept):
            self._slot = _free_uid()
            os.chown(self._box, self._slot, self._slot)
        else:
            self._kept = ()
        # /dev/shm stays closed: it is the whole machine's, and no rule tells a program's files there from others'
        rules = _rules(at["shown"], (self._box,), but=at["hidden"])
        # out of the way of the descriptors that a child keeps
        rules.descriptor = fcntl.fcntl(rules.descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
        self._restrict = rules.prepare()
        if not seccomp.supported():
            raise OSError(f"there is no table of system calls for this processor ({libc.MACHINE})")
        own = self._slot is not None
        guard = not own and not landlock.keeps_signals(rules.abi)
        self._filter = seccomp.prepare(seccomp.build(own_user=own, guard_signals=guard))
        self._give_up = libc.prepare_capabilities(*self._kept)
        self._say(rules)

    def _say(self, rules: landlock.Ruleset) -> None:
        self.layers["landlock"] = rules.describe()
        self.layers["seccomp"] = seccomp.WORDS + "pairs"
        self.layers["file system"] = "Landlock: Python's library for reading, the scratch folder for writing"
        self.layers["network"] = "none: seccomp refuses every socket but a pair"
        self.layers["other processes"] = "out of reach of its signals; survivors are killed"
        kept = "no capability but CAP_DAC_READ_SEARCH, to reach Python's library" if self._kept else "no capabilities"
        user = f"NOT dropped: uid {os.getuid()}" if self._slot is None else "a uid of its own"
        self.layers["user"] = f"{user}; {kept}"

    def _drop(self) -> None:
        if self._slot is not None:
            if self._kept:
                libc.prctl(libc.PR_SET_KEEPCAPS, 1)
            _become(self._slot)
        if self._slot is None or self._kept:
            self._give_up()
        super()._drop()  # a change of user clears the parent's death signal
        self._restrict()
        self._filter()


class Namespaced(Confinement):
    """Level `namespaces`: a root, network and process numbers of its own; Landlock and seccomp within.

    The zygote itself is locked in: each child inherits all but its user and its pid namespace.
    """

    def _enter(self, at: dict[str, Any]) -> None:
        namespaces.require()
        root = os.getuid() == 0
        owner = (os.getuid(), os.getgid())
        kinds = namespaces.NEW_PID | namespaces.NEW_NS | namespaces.NEW_NET | namespaces.NEW_IPC | namespaces.NEW_UTS
        if root:
            self._slot = _free_uid()
            namespaces.unshare(kinds)
        else:
            namespaces.unshare(kinds | namespaces.NEW_USER)
            namespaces.map_user(*owner)
        # The first process in the new pid namespace becomes the zygote; this one only waits for it.
        if pid := os.fork():
            _, status = os.waitpid(pid, 0)
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
        libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)
        if self._tree:
            self._tree.after_fork()
        if self._oom is not None:  # the one that is open is our parent's
            os.close(self._oom)
            self._oom = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        self._pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        namespaces.new_root(at["shown"], at["hidden"], (BOX, SHARED))
        self._box = BOX
        for path, size in ((BOX, self._limits["disk"]), (SHARED, SHARED_BYTES)):
            namespaces.mount_scratch(path, size, owner if self._slot is None else (self._slot, self._slot))
        self._shared_clean = self._mark(SHARED)
        self._give_up = libc.prepare_capabilities()
        self._say()
        self._lock_in(at)

    def _say(self) -> None:
        user = "" if self._slot is not None else "user, "
        self.layers["namespaces"] = f"{user}pid, mount, network, ipc, uts; a pid namespace for each program"
        self.layers["file system"] = "a root of its own: Python's library, read-only, and the scratch folder"
        self.layers["network"] = "none: an empty network namespace"
        self.layers["other processes"] = "out of sight; the kernel ends all that a program started"
        self.layers["scratch"] = "a tmpfs of limited size, emptied after each program"
        whose = "a uid of its own" if self._slot is not None else f"uid {os.getuid()} in a user namespace"
        self.layers["user"] = f"{whose}; no capabilities"

    def _lock_in(self, at: dict[str, Any]) -> None:
        """Landlock and seccomp, for the zygote and all that it forks; a second wall, so their lack is no error."""
        try:
            # not "/" for reading: the folders above those shown have names that are nobody's business
            rules = _rules(at["shown"], (BOX, SHARED))
            if self._tree:
                rules.allow_descriptor(self._tree.descriptor, landlock.READ)
            rules.prepare()()
            os.close(rules.descriptor)
            self.layers["landlock"] = rules.describe()
        except OSError as error:
            self.layers["landlock"] = f"off: {error.strerror or error}"
        if seccomp.supported():
            seccomp.prepare(seccomp.build(own_root=True, pid_namespaces=True))()
            self.layers["seccomp"] = seccomp.WORDS + "AF_UNIX"
        else:
            self.layers["seccomp"] = f"off: there is no table of system calls for {libc.MACHINE}"

    @property
    def _alone(self) -> bool:
        return True

    def _fork(self) -> int:
        """The child is the first process of a pid namespace of its own."""
        namespaces.unshare(namespaces.NEW_PID)
        try:
            pid = os.fork()
        except BaseException:
            namespaces.enter(self._pids, namespaces.NEW_PID)
            raise
        if pid:
            namespaces.enter(self._pids, namespaces.NEW_PID)
        return pid

    def _drop(self) -> None:
        # no death signal: this pid namespace ends with ours
        if self._slot is not None:
            _become(self._slot)
        else:
            self._give_up()

    def _kill_survivors(self) -> float:
        return 0.0  # they have ended with their namespace

    def sweep(self) -> float:
        """Also what it left in shared memory."""
        cpu = super().sweep()
        if self._mark(SHARED) != self._shared_clean:
            self._renew(SHARED)
            self._shared_clean = self._mark(SHARED)
        return cpu


def out_of_cpu(limits: dict[str, Any]) -> tuple[str, str]:
    """The verdict on a program that used up its CPU time, and words."""
    return "timeout", f"no end within {limits['cpu']:g} s of CPU time"


def _tree() -> Tree | None:
    try:
        return Tree()
    except OSError:
        return None


def _join(group: str | None) -> bool:
    """Enter the control group that was made for us, and with us all that we fork."""
    if group is None:
        return False
    try:
        with open(group, "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
    except OSError:
        return False
    return True


def _capped(kind: int, value: int) -> tuple[int, int]:
    """A resource limit, never above the inherited hard one."""
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    return value, value


def _user_ceiling(most: int) -> tuple[int, int] | None:
    """RLIMIT_NPROC where a program runs as we do: the kernel counts all of a user's tasks, so all are allowed for."""
    try:
        with open("/proc/loadavg", encoding="ascii") as file:
            running = int(file.read().split()[3].partition("/")[2])
    except (OSError, ValueError, IndexError):
        return None
    return _capped(resource.RLIMIT_NPROC, running + most)


def _become(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _rules(shown: Sequence[str], writable: Sequence[str], *, but: Sequence[str] = ()) -> landlock.Ruleset:
    """What is shown for reading, without the contents of the folders `but`; scratch for writing; harmless devices."""
    rules = landlock.Ruleset()
    for path in shown:
        if os.path.exists(path) and not os.path.islink(path):
            rules.allow(path, landlock.READ, but=but)
    for path in writable:
        rules.allow(path, landlock.WRITE)
    for name in namespaces.DEVICES:
        if os.path.exists(f"/dev/{name}"):
            rules.allow(f"/dev/{name}", landlock.USE_DEVICE)
    return rules


def _closed(shown: list[str]) -> bool:
    """Whether another user could not pass the folders above Python's library: it may lie in root's home."""
    for path in shown:
        while path != "/":
            path = os.path.dirname(path)
            if os.path.exists(path) and not os.stat(path).st_mode & 1:
                return True
    return False


def _free_uid() -> int:
    """A uid that no one else has: made of our process number, within what this user namespace maps."""
    with open("/proc/self/uid_map", encoding="ascii") as file:
        ranges = [tuple(map(int, line.split())) for line in file]
    for uid in (1_000_000 + os.getpid(), 20_000 + os.getpid() % 40_000):
        if any(first <= uid < first + count for first, _, count in ranges):
            return uid
    raise OSError("no uid is free for the programs in this user namespace")
