"""Programs that use up a resource, each bounded: a sandbox that fails on one does not take the machine along."""

from .case import (
    CRASHED,
    FAILED,
    LOOP,
    MIB,
    NAP,
    NO_PASS,
    ONCE,
    PASSED,
    SMALL,
    TIMEOUT,
    Case,
    case,
)

SPENT = CRASHED | FAILED  # the limit struck as a kill, or as an error that the program did not catch

CPU: tuple[Case, ...] = (
    case("loop", TIMEOUT, "endless loop in a call", "def solve(a, b):\n    while True: pass", limits=LOOP),
    case("loop-at-load", TIMEOUT, "endless loop in the module", "while True: pass", limits=LOOP),
    case(
        "loop-on-third-call",
        TIMEOUT,
        "the limit holds for all calls together, not only for the first",
        """
        calls = 0
        def solve(a, b):
            global calls
            calls += 1
            while calls > 2: pass
            return a + b
        """,
        limits=LOOP,
    ),
    case(
        "slices",
        TIMEOUT,
        "each call is short, their sum is not",
        """
        import time
        def solve(a, b):
            end = time.process_time() + 0.2
            while time.process_time() < end: pass
            return a + b
        """,
        limits=LOOP,
    ),
    case(
        "loop-that-catches-everything",
        TIMEOUT,
        "an exception is no way to stop it",
        """
        def solve(a, b):
            while True:
                try:
                    while True: pass
                except BaseException:
                    continue
        """,
        limits=LOOP,
    ),
    case(
        "cpu-in-children",
        TIMEOUT,
        "four processes side by side, none over the limit by itself",
        """
        import os, time
        def burn():
            end = time.process_time() + 0.4
            while time.process_time() < end: pass
            os._exit(0)
        def solve(a, b):
            children = []
            for _ in range(4):
                pid = os.fork()
                if pid == 0: burn()
                children.append(pid)
            for pid in children: os.waitpid(pid, 0)
            return a + b
        """,
        limits=LOOP,
    ),
    case(
        "cpu-in-reaped-children",
        TIMEOUT,
        "one short process after the other: no moment shows much",
        """
        import os, time
        def solve(a, b):
            for _ in range(15):
                pid = os.fork()
                if pid == 0:
                    end = time.process_time() + 0.1
                    while time.process_time() < end: pass
                    os._exit(0)
                os.waitpid(pid, 0)
            return a + b
        """,
        tests=ONCE,
        limits=LOOP,
    ),
    case(
        "cpu-in-orphans",
        TIMEOUT,
        "grandchildren whose time nobody who waits is told",
        """
        import os, time
        def solve(a, b):
            for _ in range(8):
                pid = os.fork()
                if pid == 0:
                    if os.fork() == 0:
                        end = time.process_time() + 0.3
                        while time.process_time() < end: pass
                    os._exit(0)
                os.waitpid(pid, 0)
            time.sleep(3)
            return a + b
        """,
        tests=ONCE,
        limits=LOOP,
    ),
    case(
        "cpu-in-threads",
        TIMEOUT,
        "threads that do not hold the interpreter lock",
        """
        import hashlib, threading
        def burn(): hashlib.pbkdf2_hmac("sha256", b"a", b"b", 40_000_000)
        def solve(a, b):
            threads = [threading.Thread(target=burn) for _ in range(4)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            return a + b
        """,
        limits=LOOP,
    ),
    case("power", TIMEOUT, "one long instruction", "def solve(a, b): return len(str(7 ** (10**8)))", limits=LOOP),
    case(
        "regex",
        TIMEOUT,
        "exponential backtracking in C",
        "import re\ndef solve(a, b): return bool(re.match(r'(a+)+$', 'a' * 60 + 'b'))",
        limits=LOOP,
    ),
    case(
        "digits",
        TIMEOUT,
        "quadratic conversion with its guard removed",
        "import sys\nsys.set_int_max_str_digits(0)\ndef solve(a, b): return int('9' * 5_000_000) % 7",
        limits=LOOP,
    ),
    case(
        "count",
        TIMEOUT,
        "an endless sum in C",
        "import itertools\ndef solve(a, b): return sum(itertools.count())",
        limits=LOOP,
    ),
    case(
        "factorial",
        TIMEOUT,
        "one long call into C",
        "import math\ndef solve(a, b): return math.factorial(10**8)",
        limits=LOOP,
    ),
    case(
        "endless-del",
        PASSED | TIMEOUT,
        "the answers are right; what a destructor does at exit holds nobody up",
        """
        class Clingy:
            def __del__(self):
                while True: pass
        keep = Clingy()
        def solve(a, b): return a + b
        """,
    ),
)

WAITING: tuple[Case, ...] = (
    case("sleep", TIMEOUT, "sleeps in a call", "import time\ndef solve(a, b): time.sleep(60)", limits=NAP),
    case("sleep-at-load", TIMEOUT, "sleeps in the module", "import time\ntime.sleep(60)", limits=NAP),
    case(
        "deadlock",
        TIMEOUT,
        "waits for its own lock",
        "import threading\nlock = threading.Lock()\nlock.acquire()\ndef solve(a, b): lock.acquire()",
        limits=NAP,
    ),
    case(
        "pipe-nobody-writes",
        TIMEOUT,
        "blocked in the kernel",
        "import os\nr, w = os.pipe()\ndef solve(a, b): return os.read(r, 1)",
        limits=NAP,
    ),
    case(
        "fifo-nobody-opens",
        TIMEOUT,
        "blocked in open",
        "import os\nos.mkfifo('f')\ndef solve(a, b): return open('f').read()",
        limits=NAP,
    ),
    case(
        "vfork-style-wait",
        TIMEOUT,
        "waits for a child that sleeps",
        """
        import os, time
        def solve(a, b):
            pid = os.fork()
            if pid == 0: time.sleep(60)
            os.waitpid(pid, 0)
            return a + b
        """,
        limits=NAP,
    ),
    case("input", FAILED, "there is nothing to read", "def solve(a, b): return int(input())"),
)

MEMORY: tuple[Case, ...] = (
    case("one-block", CRASHED, "more than the limit at once", "def solve(a, b): return len(bytearray(8 << 30))"),
    case("one-block-at-load", CRASHED, "in the module", "x = bytearray(8 << 30)\ndef solve(a, b): return a + b"),
    case(
        "in-pieces",
        CRASHED,
        "more than the limit by and by",
        """
        def solve(a, b):
            keep = [b"\\1" * (16 << 20) for _ in range(300)]
            return a + b
        """,
        limits=SMALL,
        peak_bytes=1536 * MIB,
    ),
    case(
        "doubling",
        CRASHED,
        "a string that doubles",
        "def solve(a, b):\n    s = 'x'\n    for _ in range(33): s += s\n    return len(s)",
        limits=SMALL,
        peak_bytes=1536 * MIB,
    ),
    case(
        "memory-in-children",
        SPENT,
        "each child below the limit, their sum far above",
        """
        import os, time
        def solve(a, b):
            children = []
            for _ in range(6):
                pid = os.fork()
                if pid == 0:
                    keep = bytearray(300 << 20)
                    for i in range(0, len(keep), 4096): keep[i] = 1
                    time.sleep(1.5)
                    os._exit(0)
                children.append(pid)
            died = [pid for pid in children if os.waitpid(pid, 0)[1] != 0]
            return "children died" if died else a + b
        """,
        tests=ONCE,
        limits=SMALL,
        peak_bytes=1600 * MIB,
    ),
    case(
        "shared-map",
        SPENT,
        "anonymous shared memory",
        """
        import mmap
        def solve(a, b):
            keep = mmap.mmap(-1, 2 << 30)
            for i in range(0, len(keep), 4096): keep[i] = 1
            return a + b
        """,
        limits=SMALL,
        peak_bytes=1536 * MIB,
    ),
    case(
        "memfd",
        NO_PASS,
        "files in memory that no process has mapped",
        """
        import os
        def solve(a, b):
            keep, block = [], b"1" * (1 << 20)
            for _ in range(100):
                keep.append(os.memfd_create("m"))
                for _ in range(15): os.write(keep[-1], block)
            return a + b
        """,
        limits=SMALL,
    ),
    case(
        "recursion-without-limit",
        NO_PASS,
        "frames until memory or stack ends",
        "import sys\nsys.setrecursionlimit(2**31 - 1)\ndef solve(a, b): return solve(a, b) + 1",
        limits=SMALL,
        peak_bytes=1536 * MIB,
    ),
    case(
        "decompression",
        CRASHED | TIMEOUT,
        "a small text that unpacks to gigabytes",
        """
        import zlib
        packer = zlib.compressobj(9)
        packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(1500)) + packer.flush()
        def solve(a, b): return len(zlib.decompress(packed))
        """,
        limits=SMALL,
        peak_bytes=1536 * MIB,
    ),
    case("wide-format", CRASHED, "a width of ten thousand million", "def solve(a, b): return f'{a:>{10**10}}'"),
)

DISK: tuple[Case, ...] = (
    case(
        "one-big-file",
        SPENT,
        "a file over the limit",
        """
        def solve(a, b):
            with open("big", "wb") as file:
                for _ in range(200): file.write(bytes(1 << 20))
            return a + b
        """,
    ),
    case(
        "sparse-file",
        SPENT,
        "a file that claims a terabyte",
        "def solve(a, b):\n    with open('big', 'wb') as file: file.truncate(1 << 40)\n    return a + b",
    ),
    case(
        "many-big-files",
        SPENT,
        "each below the limit, their sum above",
        """
        import time
        def solve(a, b):
            for i in range(20):
                with open(str(i), "wb") as file: file.write(bytes(10 << 20))
            time.sleep(0.7)
            return a + b
        """,
        tests=ONCE,
    ),
    case(
        "unlinked-files",
        SPENT,
        "files that no listing shows",
        """
        import os, time
        keep = []
        def solve(a, b):
            for i in range(20):
                keep.append(open("f", "wb"))
                os.unlink("f")
                keep[-1].write(bytes(10 << 20))
                keep[-1].flush()
            time.sleep(0.7)
            return a + b
        """,
        tests=ONCE,
    ),
    case(
        "many-small-files",
        PASSED | SPENT | TIMEOUT,
        "inodes; afterwards none is left",
        """
        def solve(a, b):
            try:
                for i in range(10_000): open(f"f{i}", "w").close()
            except OSError:
                pass
            return a + b
        """,
        tests=ONCE,
    ),
    case(
        "deep-folders",
        PASSED,
        "a tree deeper than any path; it is removed all the same",
        """
        import os
        for _ in range(1200):
            os.mkdir("d")
            os.chdir("d")
        def solve(a, b): return a + b
        """,
    ),
    case(
        "shared-memory-files",
        PASSED | SPENT,
        "the one other place where files may be written; nothing may stay there",
        """
        import os
        def solve(a, b):
            try:
                for i in range(12):
                    with open(f"/dev/shm/@TOKEN@-{i}", "wb") as file: file.write(bytes(15 << 20))
            except OSError:
                pass
            return a + b
        """,
        tests=ONCE,
    ),
)

COUNTS: tuple[Case, ...] = (
    case(
        "descriptors",
        SPENT,
        "more open files than allowed",
        "def solve(a, b):\n    keep = [open('/dev/null') for _ in range(2000)]\n    return a + b",
    ),
    case(
        "processes-in-a-row",
        NO_PASS,
        "three hundred children that sleep",
        """
        import os, time
        def solve(a, b):
            for _ in range(300):
                if os.fork() == 0:
                    time.sleep(20)
                    os._exit(0)
            return a + b
        """,
        tests=ONCE,
        peak_processes=40,
    ),
    case(
        "fork-bomb",
        PASSED | NO_PASS,
        "two to the power of eight; what counts is how many there ever are",
        """
        import os, time
        def solve(a, b):
            me = os.getpid()
            for _ in range(8):
                try:
                    os.fork()
                except OSError:
                    break
            if os.getpid() != me:
                time.sleep(20)
                os._exit(0)
            time.sleep(0.3)
            return a + b
        """,
        tests=ONCE,
        peak_processes=40,
    ),
    case(
        "fork-bomb-at-load",
        PASSED | NO_PASS,
        "the same before anything is asked",
        """
        import os, time
        me = os.getpid()
        for _ in range(8):
            try:
                os.fork()
            except OSError:
                break
        if os.getpid() != me:
            time.sleep(20)
            os._exit(0)
        time.sleep(0.3)
        def solve(a, b): return a + b
        """,
        tests=ONCE,
        peak_processes=40,
    ),
    case(
        "threads",
        SPENT,
        "more threads than allowed",
        """
        import threading, time
        def solve(a, b):
            for _ in range(300): threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
            return a + b
        """,
        tests=ONCE,
    ),
    case(
        "threads-in-processes",
        SPENT | TIMEOUT,
        "ten processes of ten threads: the limit is on both together",
        """
        import os, threading, time
        def solve(a, b):
            full = 0
            for _ in range(10):
                r, w = os.pipe()
                if os.fork() == 0:
                    try:
                        for _ in range(10): threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
                        os.write(w, b"1")
                        time.sleep(20)
                    finally:
                        os._exit(0)
                os.close(w)
                full += len(os.read(r, 1))
            return a + b if full == 10 else "stopped"
        """,
        tests=ONCE,
        peak_processes=40,
    ),
)

REPLIES: tuple[Case, ...] = (
    case("long-string", FAILED, "a reply of 200 MB", "def solve(a, b): return 'x' * 200_000_000"),
    case("long-bytes", FAILED, "a reply of 200 MB", "def solve(a, b): return bytes(200_000_000)"),
    case(
        "many-elements",
        FAILED | TIMEOUT | CRASHED,
        "a reply of twenty million elements",
        "def solve(a, b): return [0] * 20_000_000",
    ),
    case(
        "deep-list",
        FAILED,
        "a reply a hundred thousand levels deep",
        "def solve(a, b):\n    x = []\n    for _ in range(100_000): x = [x]\n    return x",
    ),
    case(
        "deep-dict-with-high-recursion-limit",
        FAILED | CRASHED,
        "depth with the interpreter's guard removed",
        """
        import sys
        sys.setrecursionlimit(10**8)
        def solve(a, b):
            x = {}
            for _ in range(100_000): x = {"x": x}
            return x
        """,
    ),
    case(
        "cyclic-list",
        FAILED,
        "a reply that contains itself",
        "x = [1]\nx.append(x)\ndef solve(a, b): return x",
    ),
    case(
        "cyclic-dict",
        FAILED,
        "a reply that contains itself",
        "x = {}\nx[1] = x\ndef solve(a, b): return x",
    ),
    case(
        "shared-parts",
        FAILED | TIMEOUT | CRASHED,
        "small in memory, ten thousand million elements when written out",
        "def solve(a, b):\n    x = []\n    for _ in range(10): x = [x] * 10\n    return x",
    ),
    case(
        "endless-generator",
        FAILED | TIMEOUT | CRASHED,
        "an iterator is copied up to a cap",
        "import itertools\ndef solve(a, b): return itertools.count()",
    ),
    case(
        "endless-generator-of-long-strings",
        FAILED | TIMEOUT | CRASHED,
        "the cap is on bytes too",
        "def solve(a, b):\n    while True: yield 'x' * 1_000_000",
    ),
    case(
        "generator-that-sleeps",
        TIMEOUT,
        "the copy of an iterator is under the limits",
        "import time\ndef solve(a, b):\n    yield 1\n    time.sleep(60)",
        limits=NAP,
    ),
    case(
        "long-integer", FAILED | TIMEOUT, "an integer of ten million bytes", "def solve(a, b): return 1 << 80_000_000"
    ),
    case(
        "wide-exponent",
        NO_PASS,
        "a number that is short to write and endless to convert",
        "from decimal import Decimal\ndef solve(a, b): return Decimal('1e999999')",
        helpers="from fractions import Fraction",
        tests="assert Fraction(solve(1, 2)) == 3",
    ),
    case(
        "range-summed-by-the-tests",
        NO_PASS,
        "what is short to send keeps the tests busy: they are under the limits too",
        "def solve(a, b): return range(10**13)",
        tests="assert sum(solve(1, 2)) == 3",
        limits=NAP,
    ),
    case(
        "range-listed-by-the-tests",
        NO_PASS,
        "what is short to send fills the memory of the tests",
        "def solve(a, b): return range(10**13)",
        tests="assert sorted(solve(1, 2)) == [3]",
    ),
    case(
        "range-in-a-set-by-the-tests",
        NO_PASS,
        "the same, piece by piece",
        "def solve(a, b): return range(10**13)",
        tests="assert set(solve(1, 2)) == {3}",
        limits=SMALL,
        peak_bytes=2048 * MIB,
    ),
    case(
        "message-never-ends",
        FAILED | TIMEOUT,
        "describing an exception is the program's code",
        """
        class Endless(Exception):
            def __str__(self):
                while True: pass
            __repr__ = __str__
        def solve(a, b): raise Endless
        """,
        limits=LOOP,
    ),
    case(
        "message-raises",
        FAILED,
        "describing an exception fails",
        """
        class Mute(Exception):
            def __str__(self): raise Mute
            __repr__ = __str__
        def solve(a, b): raise Mute
        """,
    ),
    case("long-message", FAILED, "a message of 100 MB", "def solve(a, b): raise ValueError('x' * 100_000_000)"),
    case(
        "many-arguments",
        FAILED | TIMEOUT | CRASHED,
        "an exception with ten million arguments",
        "def solve(a, b): raise ValueError(*range(10_000_000))",
    ),
    case(
        "long-chain",
        FAILED | CRASHED,
        "exceptions that name each other as their cause",
        """
        def solve(a, b):
            error = ValueError()
            for _ in range(200_000):
                outer = ValueError()
                outer.__cause__ = error
                error = outer
            raise error
        """,
    ),
)

INDENTED = "".join(" " * i + "if 1:\n" for i in range(300))
COMPILING: tuple[Case, ...] = (
    case("nested-brackets", FAILED | CRASHED, "the parser's stack", "x = " + "(" * 20_000 + ")" * 20_000),
    case("long-sum", FAILED | CRASHED, "the compiler's stack", "x = " + "+".join("1" * 60_000)),
    case("minus-signs", FAILED | CRASHED, "the compiler's stack", "x = " + "-" * 200_000 + "1"),
    case("deep-indent", FAILED | CRASHED, "more levels than the tokenizer has", INDENTED),
    case(
        "nested-functions",
        FAILED | CRASHED | TIMEOUT,
        "every lambda is a scope",
        "x = " + "lambda: " * 5_000 + "0",
    ),
    case(
        "folded-constants",
        NO_PASS,
        "constants that the compiler might compute",
        "x = ((1 << 2000) ** 10000) * 'x' * (10 ** 12)\ndef solve(a, b): return a + b",
    ),
    case(
        "compiled-at-run-time",
        FAILED | CRASHED | TIMEOUT,
        "the compiler's stack, in a call",
        "def solve(a, b): return eval('[' * 90 + '-' * 500_000 + '1' + ']' * 90)",
    ),
    case(
        "long-source", PASSED | NO_PASS, "a source of 6 MB", f"x = '{'x' * 6_000_000}'\ndef solve(a, b): return a + b"
    ),
    case("null-byte", FAILED, "no source text", "x = '\0'\ndef solve(a, b): return a + b"),
    case("lone-surrogate", FAILED, "text that has no encoding", "x = '\ud800'\ndef solve(a, b): return a + b"),
    case("nothing", FAILED, "the name asked for is not there", ""),
)

CASES: tuple[Case, ...] = (*CPU, *WAITING, *MEMORY, *DISK, *COUNTS, *REPLIES, *COMPILING)
