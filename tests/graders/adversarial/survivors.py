"""Programs that leave something running: right answers pass, and nothing is there afterwards."""

from benchcore.graders.sandbox import Kind

from .case import ADD, CHEATED, FAILED, NO_PASS, ONCE, PASSED, Case, case

RIGHT = "\ndef solve(a, b): return a + b\n"


def left(name: str, why: str, source: str, *, more: frozenset[Kind] = frozenset(), needs: str = "") -> Case:
    return case(name, PASSED | more, why, source, needs=needs)


CASES: tuple[Case, ...] = (
    left(
        "child",
        "a child that sleeps",
        """
        import os, time
        if os.fork() == 0:
            time.sleep(300)
            os._exit(0)
        def solve(a, b): return a + b
        """,
    ),
    left(
        "daemon",
        "forked twice, in a session of its own",
        """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(300)
            os._exit(0)
        os.wait()
        def solve(a, b): return a + b
        """,
    ),
    left(
        "daemon-from-the-last-call",
        "started when the tests are nearly over",
        """
        import os, time
        calls = 0
        def solve(a, b):
            global calls
            calls += 1
            if calls == 23 and os.fork() == 0:
                os.setsid()
                if os.fork() == 0: time.sleep(300)
                os._exit(0)
            return a + b
        """,
    ),
    left(
        "deaf-child",
        "a child that ignores every signal",
        """
        import os, signal, time
        if os.fork() == 0:
            for number in signal.valid_signals():
                try:
                    signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError):
                    pass
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            while True: time.sleep(300)
        def solve(a, b): return a + b
        """,
    ),
    left(
        "stopped-child",
        "a child that is stopped, and so hears nothing",
        """
        import os, signal, time
        if os.fork() == 0:
            os.kill(os.getpid(), signal.SIGSTOP)
            time.sleep(300)
        def solve(a, b): return a + b
        """,
    ),
    left(
        "child-with-descriptors",
        "a child that keeps every descriptor open, so that no end of file comes",
        """
        import os, time
        if os.fork() == 0:
            for fd in range(256):
                try:
                    os.dup(fd)
                except OSError:
                    continue
            while True: time.sleep(300)
        def solve(a, b): return a + b
        """,
    ),
    left(
        "child-that-computes",
        "a child that uses the machine up once the verdict is known",
        """
        import os, time
        calls = 0
        def solve(a, b):
            global calls
            calls += 1
            if calls == 23 and os.fork() == 0:
                while True: pass
            return a + b
        """,
    ),
    left(
        "runner-away",
        "a chain of processes, each ending as the next starts: none lives long enough to be hit",
        """
        import os, time
        if os.fork() == 0:
            os.setsid()
            for _ in range(3000):
                if os.fork(): os._exit(0)
                time.sleep(0.001)
            os._exit(0)
        def solve(a, b): return a + b
        """,
        more=NO_PASS,
    ),
    left(
        "runners-away",
        "several such chains at once",
        """
        import os, time
        for _ in range(5):
            if os.fork() == 0:
                os.setsid()
                for _ in range(2000):
                    if os.fork(): os._exit(0)
                os._exit(0)
        time.sleep(0.1)
        def solve(a, b): return a + b
        """,
        more=NO_PASS,
    ),
    left(
        "thread",
        "a thread that never ends",
        ("import threading, time\nthreading.Thread(target=time.sleep, args=(300,)).start()") + RIGHT,
    ),
    left(
        "busy-thread",
        "a thread that computes in between",
        """
        import threading, time
        def job():
            while True: time.sleep(0.0005)
        threading.Thread(target=job).start()
        def solve(a, b): return a + b
        """,
    ),
    left(
        "pool",
        "worker processes nobody ends",
        """
        import multiprocessing
        pool = multiprocessing.get_context("fork").Pool(3)
        def solve(a, b): return pool.apply(sum, ([a, b],))
        """,
        needs="namespaces",
    ),
    left(
        "executor",
        "workers joined at exit, one of them busy",
        """
        import concurrent.futures, time
        executor = concurrent.futures.ThreadPoolExecutor(3)
        executor.submit(time.sleep, 300)
        def solve(a, b): return executor.submit(sum, (a, b)).result()
        """,
    ),
    left(
        "sleeping-atexit",
        "an exit handler that sleeps",
        ("import atexit, time\natexit.register(time.sleep, 300)") + RIGHT,
    ),
    left(
        "exit-handler-that-forks",
        "processes started as it ends",
        """
        import atexit, os, time
        def fork():
            if os.fork() == 0: time.sleep(300)
        atexit.register(fork)
        def solve(a, b): return a + b
        """,
    ),
    left(
        "pending-destructor",
        "a destructor that forks",
        """
        import os, time
        class Last:
            def __del__(self):
                if os.fork() == 0: time.sleep(300)
        last = Last()
        def solve(a, b): return a + b
        """,
    ),
    left(
        "timer",
        "a thread that acts after the end",
        """
        import os, threading, time
        def act():
            if os.fork() == 0: time.sleep(300)
        threading.Timer(0.5, act).start()
        def solve(a, b): return a + b
        """,
    ),
    left(
        "folder-holder",
        "a child that stands in the scratch folder and keeps making files",
        """
        import os, time
        if os.fork() == 0:
            os.makedirs("stay/here", exist_ok=True)
            os.chdir("stay/here")
            for i in range(100_000):
                try:
                    open(f"f{i % 50}", "w").close()
                except OSError:
                    pass
                time.sleep(0.001)
            os._exit(0)
        def solve(a, b): return a + b
        """,
    ),
    left(
        "shared-memory",
        "a named segment nobody unlinks",
        """
        from multiprocessing import resource_tracker, shared_memory
        resource_tracker.register = lambda *args: None
        kept = None
        def solve(a, b):
            global kept
            if kept is None:
                try:
                    kept = shared_memory.SharedMemory("@TOKEN@", create=True, size=1 << 20)
                except OSError:
                    kept = False
            return a + b
        """,
        more=FAILED,
    ),
    left(
        "named-semaphore",
        "a semaphore nobody unlinks",
        """
        import _multiprocessing
        try:
            kept = _multiprocessing.SemLock(1, 1, 1, "/@TOKEN@", False)
        except OSError:
            pass
        def solve(a, b): return a + b
        """,
    ),
    left(
        "locked-library",
        "a lock on a file that every program reads",
        """
        import fcntl, os
        kept = open(os.__file__)
        try:
            fcntl.flock(kept, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pass
        def solve(a, b): return a + b
        """,
    ),
    left(
        "renamed",
        "a process under another name",
        """
        import ctypes, os, time
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(15, b"init", 0, 0, 0)
            time.sleep(300)
        def solve(a, b): return a + b
        """,
    ),
    case(
        "adopter",
        PASSED | NO_PASS,
        "a child that adopts orphans, ahead of whoever means to",
        """
        import ctypes, os, time
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
            if os.fork() == 0:
                if os.fork() == 0: time.sleep(300)
                os._exit(0)
            time.sleep(300)
        def solve(a, b): return a + b
        """,
    ),
    case(
        "wrong-and-a-daemon",
        FAILED | CHEATED,
        "a failed test leaves as little as a passed one",
        """
        import os, time
        if os.fork() == 0:
            os.setsid()
            time.sleep(300)
        def solve(a, b): return a - b
        """,
    ),
    case(
        "gone-but-for-a-daemon",
        NO_PASS,
        "the process ends, its daemon keeps the socket",
        """
        import os, time
        if os.fork() == 0:
            os.setsid()
            time.sleep(300)
        def solve(a, b): os._exit(0)
        """,
        tests=ONCE,
    ),
    case(
        "computing-daemons",
        PASSED | NO_PASS,
        "several that compute until they are stopped",
        """
        import os
        for _ in range(4):
            if os.fork() == 0:
                os.setsid()
                while True: pass
        def solve(a, b): return a + b
        """,
        tests=ADD,
    ),
)
