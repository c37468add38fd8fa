"""Programs that signal others, or that mean to outlive the signals sent to them."""

from .case import CRASHED, FAILED, LOOP, NAP, NO_PASS, ONCE, PASSED, REFUSED, SYSCALL, TIMEOUT, Case, attempt, case

SURVIVED = PASSED | CRASHED  # it may have hit itself, and nobody else

OTHERS: tuple[Case, ...] = (
    attempt("sentinel-kill", "a process beside it", "os.kill(@SENTINEL@, 9)\nreturn True", before="import os"),
    attempt("sentinel-term", "a process beside it", "os.kill(@SENTINEL@, 15)\nreturn True", before="import os"),
    attempt(
        "sentinel-stop", "a process beside it, only held", "os.kill(@SENTINEL@, 19)\nreturn True", before="import os"
    ),
    attempt("sentinel-probe", "whether a process exists", "os.kill(@SENTINEL@, 0)\nreturn True", before="import os"),
    attempt(
        "sentinel-by-descriptor",
        "the same by pidfd",
        "import signal\nsignal.pidfd_send_signal(os.pidfd_open(@SENTINEL@), 9)\nreturn True",
        before="import os",
    ),
    attempt(
        "sentinel-in-c",
        "the same by tkill and tgkill",
        "return syscall(200, @SENTINEL@, 9) == 0 or syscall(234, @SENTINEL@, @SENTINEL@, 9) == 0",
        before=SYSCALL,
        needs="x86_64",
    ),
    attempt(
        "sentinel-queued",
        "the same by a queued signal",
        """
        info = (ctypes.c_uint8 * 128)()
        info[0] = 9
        info[8:12] = [0xFF] * 4
        return syscall(129, @SENTINEL@, 9, info) == 0
        """,
        before=SYSCALL,
        needs="x86_64",
    ),
    attempt(
        "grader",
        "the process that started it all",
        "os.kill(@PARENT@, signal.SIGURG)\nreturn True",
        before="import os, signal",
    ),
    attempt(
        "grader-group", "its whole group", "os.killpg(@GROUP@, signal.SIGURG)\nreturn True", before="import os, signal"
    ),
    attempt(
        "grader-group-by-minus",
        "its whole group",
        "os.kill(-@GROUP@, signal.SIGURG)\nreturn True",
        before="import os, signal",
    ),
    case(
        "parent",
        SURVIVED,
        "the process that forked it",
        """
        import os
        def solve(a, b):
            parent = os.getppid()
            if parent > 1:
                try:
                    os.kill(parent, 9)
                except OSError:
                    pass
            return a + b
        """,
    ),
    case(
        "parent-stopped",
        SURVIVED,
        "the same, only held",
        """
        import os, signal
        def solve(a, b):
            parent = os.getppid()
            if parent > 1:
                for number in (signal.SIGSTOP, signal.SIGTSTP):
                    try:
                        os.kill(parent, number)
                    except OSError:
                        pass
            return a + b
        """,
    ),
    case(
        "parent-at-load",
        SURVIVED,
        "the process that forked it, before the first call",
        """
        import os
        for pid in {os.getppid(), os.getsid(0), os.getpgid(0)} - {0, 1, os.getpid()}:
            try:
                os.kill(pid, 9)
            except OSError:
                pass
        def solve(a, b): return a + b
        """,
    ),
    case(
        "everybody",
        SURVIVED,
        "whoever it may signal at all",
        """
        import os, signal
        def solve(a, b):
            try:
                os.kill(-1, signal.SIGURG)
            except OSError:
                pass
            return a + b
        """,
    ),
    case(
        "every-number",
        SURVIVED,
        "one process after the other",
        """
        import os, signal
        out = set(range(2, 40_000)) - {os.getpid()}
        reached = []
        for pid in out:
            try:
                os.kill(pid, signal.SIGURG)
                reached.append(pid)
            except OSError:
                continue
        def solve(a, b): return a + b if not reached else reached
        """,
    ),
    case(
        "own-group",
        CRASHED | FAILED | PASSED,
        "its own group, in which nobody else may be",
        """
        import os
        def solve(a, b):
            os.killpg(0, 9)
            return a + b
        """,
    ),
    attempt(
        "limits-of-others",
        "the limits of a process beside it",
        """
        done = False
        for pid in (@SENTINEL@, @PARENT@, os.getppid()):
            if pid < 2: continue
            try:
                resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
                resource.prlimit(pid, resource.RLIMIT_NOFILE, (5, 5)) if pid != @PARENT@ else None
                done = True
            except OSError:
                continue
        return done
        """,
        before="import os, resource",
    ),
    attempt(
        "priority-of-others",
        "the priority of a process beside it",
        """
        done = False
        for pid in (@SENTINEL@, @PARENT@, os.getppid()):
            if pid < 2: continue
            for change in (
                lambda: os.setpriority(os.PRIO_PROCESS, pid, 19),
                lambda: os.sched_setaffinity(pid, {0}),
                lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
            ):
                try:
                    change()
                    done = True
                except OSError:
                    continue
        return done
        """,
        before="import os",
    ),
    attempt("group-of-others", "a group of another session", "os.setpgid(0, @GROUP@)\nreturn True", before="import os"),
    attempt(
        "others-moved",
        "a process beside it, into our group",
        "os.setpgid(@SENTINEL@, os.getpgid(0))\nreturn True",
        before="import os",
    ),
    attempt(
        "owner-of-a-descriptor",
        "a signal sent by the kernel on its behalf",
        """
        a, b = socket.socketpair()
        fcntl.fcntl(a, fcntl.F_SETOWN, @SENTINEL@)
        fcntl.fcntl(a, 10, signal.SIGKILL)
        fcntl.fcntl(a, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
        b.send(b"x")
        return False  # the sentinel tells
        """,
        before="import fcntl, os, signal, socket",
    ),
    attempt(
        "owner-of-the-drivers-socket",
        "the same on the driver's socket, for the driver's parent",
        """
        for fd in range(3, 256):
            try:
                fcntl.fcntl(fd, fcntl.F_SETOWN, os.getppid() or @PARENT@)
                fcntl.fcntl(fd, 10, signal.SIGURG)
                fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)
            except OSError:
                continue
        return False
        """,
        before="import fcntl, os, signal",
    ),
    attempt(
        "death-signal",
        "a signal on its parent's end, which must not hold the end up",
        "ctypes.CDLL(None).prctl(1, 0)\nreturn False",
        before="import ctypes",
    ),
)

ITSELF: tuple[Case, ...] = (
    # the first process of a pid namespace cannot be killed or stopped by itself: then it answers wrong
    case("kills-itself", CRASHED | FAILED, "SIGKILL to itself", "import os\ndef solve(a, b): os.kill(os.getpid(), 9)"),
    case("kills-itself-at-load", CRASHED | FAILED, "the same at load", "import os\nos.kill(os.getpid(), 9)"),
    case(
        "stops-itself",
        TIMEOUT | FAILED,
        "SIGSTOP to itself",
        "import os\ndef solve(a, b): os.kill(os.getpid(), 19)",
        limits=NAP,
    ),
    case(
        "stops-itself-at-load", TIMEOUT | FAILED, "the same at load", "import os\nos.kill(os.getpid(), 19)", limits=NAP
    ),
    case(
        "says-it-is-out-of-time",
        CRASHED | FAILED | TIMEOUT,
        "the signal of the CPU limit, sent by itself",
        "import os, signal\ndef solve(a, b): os.kill(os.getpid(), signal.SIGXCPU)",
    ),
    case(
        "alarm-for-itself",
        CRASHED | FAILED | TIMEOUT,
        "a timer it did not handle",
        "import signal, time\ndef solve(a, b):\n    signal.setitimer(signal.ITIMER_REAL, 0.05)\n    time.sleep(0.3)",
    ),
    case(
        "thread-signalled",
        CRASHED | FAILED,
        "a signal to its main thread from another",
        """
        import signal, threading, time
        def solve(a, b):
            main = threading.main_thread().ident
            threading.Thread(target=signal.pthread_kill, args=(main, signal.SIGTERM)).start()
            time.sleep(0.2)
        """,
    ),
    case(
        "everything-blocked",
        TIMEOUT,
        "signals that are blocked, handlers that do nothing, timers that are off",
        """
        import signal
        for number in signal.valid_signals():
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF): signal.setitimer(timer, 0)
        signal.alarm(0)
        def solve(a, b):
            while True: pass
        """,
        limits=LOOP,
    ),
    case(
        "timers-off-and-asleep",
        TIMEOUT,
        "the same, without using CPU time",
        """
        import signal, time
        for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF): signal.setitimer(timer, 0)
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        def solve(a, b): time.sleep(60)
        """,
        limits=NAP,
    ),
    case(
        "session-of-its-own",
        TIMEOUT,
        "no longer in the group it was started in",
        """
        import os
        for change in (os.setsid, lambda: os.setpgid(0, 0)):
            try:
                change()
            except OSError:
                pass
        def solve(a, b):
            while True: pass
        """,
        limits=LOOP,
    ),
    case(
        "child-in-its-own-session",
        TIMEOUT,
        "a grandchild that computes where nobody looks",
        """
        import os, time
        def solve(a, b):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    while True: pass
                os._exit(0)
            time.sleep(5)
            return a + b
        """,
        tests=ONCE,
        limits=LOOP,
    ),
    case(
        "children-killed",
        PASSED,
        "its own children are its own to kill",
        """
        import os, signal, time
        def solve(a, b):
            pid = os.fork()
            if pid == 0:
                time.sleep(20)
                os._exit(0)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return a + b
        """,
    ),
    case(
        "signal-storm",
        REFUSED | NO_PASS,
        "a child that signals the driver's process as fast as it can",
        """
        import os, signal
        signal.signal(signal.SIGUSR1, lambda *args: None)
        me = os.getpid()
        child = os.fork()
        if child == 0:
            for _ in range(50_000): os.kill(me, signal.SIGUSR1)
            os._exit(0)
        def solve(a, b): return a + b
        """,
    ),
    case(
        "interrupts-the-driver",
        NO_PASS,
        "exceptions raised between calls, inside the driver",
        """
        import signal, sys, time
        def bite(*args): raise SystemExit(0)
        signal.signal(signal.SIGALRM, bite)
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        def solve(a, b):
            return a - b
        """,
    ),
)

CASES: tuple[Case, ...] = (*OTHERS, *ITSELF)
