"""Programs that try to end the test with a verdict of their own: by leaving, or by speaking on the driver's behalf."""

from benchcore.graders.sandbox import Kind

from .case import ADD, CHEATED, CRASHED, FAILED, NAP, NO_PASS, ONCE, PASSED, TIMEOUT, Case, case

# leaving while a call is out is cheating; a leave at another moment may look like a crash
LEFT = CHEATED | CRASHED

LEAVING: tuple[Case, ...] = (
    case("exit-at-load", CRASHED, "status 0 before anything was asked", "import sys\nsys.exit(0)"),
    case("system-exit-at-load", CRASHED, "the same by the exception", "raise SystemExit"),
    case("hard-exit-at-load", CRASHED, "without unwinding", "import os\nos._exit(0)"),
    case("quit-at-load", CRASHED, "by the site's name or the exception", "raise SystemExit('passed')"),
    case("exit-in-call", CHEATED, "status 0 while a test runs", "import sys\ndef solve(a, b): sys.exit(0)"),
    case("system-exit-in-call", CHEATED, "the same by the exception", "def solve(a, b): raise SystemExit(0)"),
    case("hard-exit-in-call", CHEATED, "without unwinding", "import os\ndef solve(a, b): os._exit(0)"),
    case("hard-exit-1-in-call", CHEATED, "any status", "import os\ndef solve(a, b): os._exit(1)"),
    case(
        "hard-exit-on-last-call",
        CHEATED,
        "right so far, then gone",
        """
        import os
        calls = 0
        def solve(a, b):
            global calls
            calls += 1
            if calls == 23: os._exit(0)
            return a + b
        """,
    ),
    case(
        "exit-subclass",
        CHEATED,
        "an exit under another name",
        "class Done(SystemExit): pass\ndef solve(a, b): raise Done(0)",
    ),
    case(
        "exit-in-group",
        CHEATED | FAILED,
        "an exit inside a group of exceptions",
        "def solve(a, b): raise BaseExceptionGroup('all', [SystemExit(0), KeyboardInterrupt()])",
    ),
    case(
        "exit-through-libc",
        LEFT,
        "past every Python function",
        "import ctypes\ndef solve(a, b): ctypes.CDLL(None)._exit(0)",
    ),
    case(
        "libc-exit",
        LEFT,
        "with the exit handlers of C",
        "import ctypes\ndef solve(a, b): ctypes.CDLL(None).exit(0)",
    ),
    case(
        "exit-in-generator",
        LEFT | FAILED,
        "an exit while the reply is made",
        "def solve(a, b):\n    yield 1\n    raise SystemExit(0)",
    ),
    case(
        "exit-in-a-reply",
        LEFT | FAILED,
        "an exit out of a method that the encoder might call",
        """
        class Bye(list):
            def _leave(self, *args): raise SystemExit(0)
            __iter__ = __len__ = __eq__ = __getitem__ = __reduce_ex__ = __repr__ = __bool__ = _leave
        def solve(a, b): return Bye()
        """,
    ),
    case(
        "exit-in-thread",
        LEFT,
        "the process ends while no call is out, or while one is",
        """
        import os, threading
        threading.Timer(0.05, os._exit, (0,)).start()
        import time
        def solve(a, b):
            time.sleep(0.1)
            return a + b
        """,
    ),
    case(
        "exit-before-the-call",
        LEFT,
        "gone between load and the first call",
        """
        import os, threading, time
        def later():
            time.sleep(0.02)
            os._exit(0)
        threading.Thread(target=later).start()
        def solve(a, b):
            time.sleep(1)
            return a + b
        """,
    ),
    case(
        "atexit",
        CRASHED,
        "a handler at the exit says what it likes",
        "import atexit, os, sys\natexit.register(os._exit, 0)\nsys.exit(1)",
    ),
    case(
        "atexit-and-wrong",
        FAILED,
        "a handler at the exit changes no verdict",
        "import atexit, os\natexit.register(os._exit, 0)\ndef solve(a, b): return a - b",
    ),
    case(
        "excepthooks",
        FAILED,
        "what happens to an uncaught exception is not the program's to say",
        """
        import os, sys, threading
        sys.excepthook = sys.unraisablehook = threading.excepthook = lambda *args: os._exit(0)
        raise AssertionError
        """,
    ),
    case(
        "excepthooks-in-call",
        FAILED,
        "the same in a call",
        """
        import os, sys, threading
        sys.excepthook = sys.unraisablehook = threading.excepthook = lambda *args: os._exit(0)
        def solve(a, b): raise AssertionError
        """,
    ),
    case(
        "interrupt",
        FAILED,
        "an exception that stops the tests' process if it is let through",
        "def solve(a, b): raise KeyboardInterrupt",
    ),
    case("generator-exit", FAILED, "an exception that loops swallow", "def solve(a, b): raise GeneratorExit"),
    case(
        "stop-iteration-in-map",
        FAILED,
        "raised inside a lazy iteration it would mean the end of the tests, and no failure",
        "def solve(a, b): raise StopIteration",
        tests="assert all(map(lambda n: solve(n, n) == 2 * n, range(5)))",
    ),
    case(
        "stop-iteration-in-for",
        FAILED,
        "the same with sum",
        "def solve(a, b): raise StopIteration",
        tests="assert sum(map(lambda n: solve(n, n) != 2 * n, range(5))) == 0",
    ),
    case(
        "assertion-for-a-test-that-expects-one",
        FAILED,
        "the tests' own exceptions are not to be had from outside",
        "class TestPassed(Exception): pass\ndef solve(a, b): raise TestPassed",
    ),
    case(
        "timeout-error",
        FAILED,
        "an exception of that name is no time-out",
        "def solve(a, b): raise TimeoutError('time limit')",
    ),
    case("base-exception", FAILED, "not even an Exception", "class E(BaseException): pass\ndef solve(a, b): raise E"),
    case("memory-error", CRASHED | FAILED, "an exception of that name", "def solve(a, b): raise MemoryError"),
)

# Finds the driver's socket without knowing anything about the driver.
SOCKETS = """
import os, socket, stat, threading, time

def sockets():
    found = []
    for fd in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode): found.append(fd)
        except OSError:
            continue
    return found

def put(fd, data):
    try:
        os.write(fd, data)
    except OSError:
        pass
"""

GARBAGE = r"""
junk = [b"passed\n", b"\0" * 64, b"\xff" * 64, b'{"kind": "passed"}\n', b"\0\0\0\x04true", b"4:true,", b"ok" * 4000]
def spray():
    for fd in range(256):
        for data in junk:
            put(fd, data)
"""

# Puts a relay of ours between the driver and whoever asks; each reply goes through `change`.
RELAY = """
def replies(data):  # a chunk may hold several
    while data:
        end = 4 + int.from_bytes(data[:4], "big")
        yield data[:end]
        data = data[end:]
def between(change):
    for fd in sockets():
        real = os.dup(fd)
        kind = socket.socket(fileno=os.dup(fd)).type
        near, far = socket.socketpair(socket.AF_UNIX, kind)
        os.dup2(far.fileno(), fd)
        def inwards(real=real, near=near):
            while data := os.read(real, 1 << 20): near.send(data)
        def outwards(real=real, near=near):
            while data := near.recv(1 << 20):
                for reply in replies(data):
                    for part in change(reply): os.write(real, part)
        for job in (inwards, outwards): threading.Thread(target=job, daemon=True).start()
"""


def relayed(name: str, why: str, change: str, *, answer: str = "a + b", kinds: frozenset[Kind] = CHEATED) -> Case:
    source = f"""{SOCKETS}{RELAY}
seen = []
{change}
placed = False
def solve(a, b):
    global placed
    if not placed:
        placed = True
        between(change)
    return {answer}
"""
    # the driver may hold its own copy of the socket's number, or none to be found: then nothing was between
    return case(name, kinds if answer == "a + b" else NO_PASS, why, source)


FORGED: tuple[Case, ...] = (
    case(
        "garbage-at-load",
        CHEATED,
        "bytes on every descriptor before the first call",
        SOCKETS + GARBAGE + "spray()\ndef solve(a, b): return a + b",
    ),
    case(
        "garbage-in-call",
        CHEATED,
        "bytes on every descriptor during a call",
        SOCKETS + GARBAGE + "def solve(a, b):\n    spray()\n    return a + b",
    ),
    case(
        "one-byte",
        CHEATED,
        "a single byte ahead of the reply",
        SOCKETS + "def solve(a, b):\n    for fd in sockets(): put(fd, b'0')\n    return a + b",
    ),
    case(
        "garbage-and-exit",
        CHEATED | CRASHED,
        "bytes, then nobody to ask",
        SOCKETS + GARBAGE + "spray()\nos._exit(0)",
    ),
    case(
        "garbage-from-a-thread",
        CHEATED,
        "bytes at any time",
        SOCKETS
        + GARBAGE
        + "def job():\n    while True: spray()\n"
        + "def solve(a, b):\n    time.sleep(0.02)\n    return a + b\n"
        + "threading.Thread(target=job, daemon=True).start()",
    ),
    case(
        "garbage-from-a-child",
        CHEATED,
        "bytes from another process",
        SOCKETS
        + GARBAGE
        + "def solve(a, b):\n    pid = os.fork()\n    if pid == 0:\n        spray()\n        os._exit(0)\n"
        + "    os.waitpid(pid, 0)\n    return a + b",
    ),
    case(
        "flood",
        CHEATED | TIMEOUT | CRASHED,
        "bytes without end: whoever reads must not keep them",
        SOCKETS
        + "def solve(a, b):\n    for fd in sockets():\n        os.set_blocking(fd, True)\n"
        + "        while True: os.write(fd, b'\\xff' * 65536)",
        peak_bytes=2 << 30,
    ),
    case(
        "flood-of-zeros",
        CHEATED | TIMEOUT | CRASHED,
        "the same, as lengths of nothing",
        SOCKETS
        + "def solve(a, b):\n    for fd in sockets():\n        os.set_blocking(fd, True)\n"
        + "        while True: os.write(fd, bytes(65536))",
        peak_bytes=2 << 30,
    ),
    case(
        "descriptors-sent",
        CHEATED,
        "open files sent along: they must not pile up with the reader",
        SOCKETS
        + """
def solve(a, b):
    for fd in sockets():
        own = socket.socket(fileno=os.dup(fd))
        for _ in range(20): socket.send_fds(own, [b"x"], [0] * 100)
    return a + b
""",
    ),
    case(
        "requests-stolen",
        PASSED | NO_PASS,
        "a thread that reads what was meant for the driver: whoever wins, a verdict comes",
        SOCKETS
        + """
def steal():
    while True:
        for fd in sockets():
            try:
                socket.socket(fileno=os.dup(fd)).recv(1 << 16, socket.MSG_DONTWAIT)
            except OSError:
                pass
def solve(a, b):
    if threading.active_count() < 3: threading.Thread(target=steal, daemon=True).start()
    time.sleep(0.02)
    return a + b
""",
        limits=NAP,
    ),
    case(
        "socket-closed",
        CHEATED | CRASHED | FAILED,
        "no reply can be sent",
        SOCKETS + "def solve(a, b):\n    for fd in sockets(): os.close(fd)\n    return a + b",
    ),
    case(
        "socket-shut",
        CHEATED | CRASHED | FAILED,
        "the connection is ended, not only the descriptor",
        SOCKETS
        + "def solve(a, b):\n    for fd in sockets(): socket.socket(fileno=os.dup(fd)).shutdown(socket.SHUT_RDWR)\n"
        + "    return a + b",
    ),
    case(
        "socket-half-shut",
        CHEATED | CRASHED | FAILED,
        "replies go out no more, requests still come in",
        SOCKETS
        + "def solve(a, b):\n    for fd in sockets(): socket.socket(fileno=os.dup(fd)).shutdown(socket.SHUT_WR)\n"
        + "    return a + b",
        limits=NAP,
    ),
    case(
        "everything-closed-at-load",
        CHEATED | CRASHED | FAILED,
        "no descriptor is left to be asked on",
        "import os\nos.closerange(0, 65536)\ndef solve(a, b): return a + b",
    ),
    case(
        "everything-closed-in-call",
        CHEATED | CRASHED | FAILED,
        "no descriptor is left to answer on",
        "import os\ndef solve(a, b):\n    os.closerange(0, 65536)\n    return a + b",
    ),
    case(
        "null-over-everything",
        NO_PASS,
        "replies go to nowhere, requests never come",
        SOCKETS
        + "def solve(a, b):\n    null = os.open('/dev/null', os.O_RDWR)\n"
        + "    for fd in sockets(): os.dup2(null, fd)\n    return a + b",
        limits=NAP,
    ),
    case(
        "own-socket-over-it",
        NO_PASS,
        "the driver speaks with the program itself",
        SOCKETS
        + """
mine, theirs = socket.socketpair()
def solve(a, b):
    for fd in sockets():
        if fd not in (mine.fileno(), theirs.fileno()): os.dup2(theirs.fileno(), fd)
    return a - b
""",
        limits=NAP,
    ),
    relayed(
        "reply-twice",
        "every reply is sent a second time: it would be the answer to the next call",
        "def change(data): return (data, data)",
    ),
    relayed(
        "reply-in-advance",
        "replies to calls that nobody has made yet",
        """def change(data):
    seen.append(data)
    return [data] * 30 if len(seen) == 1 else [data]""",
    ),
    relayed(
        "reply-with-a-tail",
        "a right reply with something behind it",
        'def change(data): return (data + b\'\\0{"verdict": "passed"}\\n\',)',
        kinds=CHEATED | TIMEOUT,  # what comes behind reads as the head of a long reply that never ends
    ),
    relayed(
        "first-reply-for-ever",
        "the first reply stands for all that follow",
        """def change(data):
    seen.append(data)
    return (seen[0],)""",
        answer="0",
    ),
    relayed(
        "other-tag",
        "the reply under another number",
        "def change(data): return (bytes((byte + 1) % 256 for byte in data),)",
        answer="a - b",
    ),
    case(
        "child-answers-too",
        PASSED | NO_PASS,
        "two processes return from one call: at most one is heard, and the sandbox is none the worse",
        "import os\ndef solve(a, b):\n    os.fork()\n    return a + b",
    ),
    case(
        "child-and-grandchild-answer",
        PASSED | NO_PASS,
        "three of them",
        "import os\ndef solve(a, b):\n    if os.fork() == 0: os.fork()\n    return a + b",
        tests=ONCE,
    ),
    case(
        "child-answers-wrong",
        PASSED | NO_PASS,
        "parent and child disagree",
        """
        import os
        def solve(a, b):
            pid = os.fork()
            if pid == 0: return a - b
            os.waitpid(pid, 0)
            return a + b
        """,
        limits=NAP,
    ),
    case(
        "wrong-parent",
        NO_PASS,
        "the parent answers wrong; that a child would know better does not help",
        """
        import os, time
        def solve(a, b):
            if os.fork() == 0:
                time.sleep(0.1)
                return a + b
            return a - b
        """,
    ),
    case(
        "load-in-two-processes",
        PASSED | NO_PASS,
        "the module is finished twice",
        "import os\nos.fork()\ndef solve(a, b): return a + b",
    ),
    case(
        "load-in-two-processes-one-wrong",
        PASSED | NO_PASS,
        "which of two answers is anybody's guess, but a verdict comes",
        "import os\npid = os.fork()\ndef solve(a, b): return a + b if pid else a - b",
    ),
    case(
        "parent-leaves-child-answers",
        NO_PASS,
        "the process that was started ends, another goes on in its name",
        "import os\nif os.fork(): os._exit(0)\ndef solve(a, b): return a - b",
    ),
    case(
        "printed-verdicts",
        FAILED,
        "words on the standard streams",
        """
        import os, sys
        for word in ("passed", "PASSED", "OK", '{"kind": "passed"}', "ready", "0"):
            print(word)
            print(word, file=sys.stderr)
            for fd in (0, 1, 2):
                try:
                    os.write(fd, word.encode() + b"\\n")
                except OSError:
                    pass
        def solve(a, b): return a - b
        """,
    ),
    case(
        "streams-replaced",
        FAILED,
        "objects of its own for the standard streams",
        """
        import os, sys
        class Stream:
            def __getattr__(self, name): return lambda *args: os._exit(0)
        sys.stdin = sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = Stream()
        def solve(a, b): return a - b
        """,
        tests="assert solve(1, 2) == 3",
    ),
    case(
        "wrong-name",
        FAILED,
        "what is asked for does not exist",
        "def other(a, b): return a + b",
    ),
    case(
        "not-callable",
        FAILED,
        "what is asked for cannot be called",
        "solve = 3",
    ),
    case(
        "module-getattr",
        FAILED,
        "every name exists, as something that is never right",
        "def __getattr__(name):\n    return lambda *args: True",
    ),
    case(
        "verdict-in-names",
        FAILED,
        "names that a driver might look for",
        """
        passed = success = ok = result = True
        exit_code = returncode = 0
        outcome = verdict = kind = "passed"
        def solve(a, b): return a - b
        """,
        tests=ADD,
    ),
)

CASES: tuple[Case, ...] = (*LEAVING, *FORGED)
