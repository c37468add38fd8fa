"""Programs that talk: much, loudly, or after tearing the telephone out. Talk alone decides nothing."""

from .case import CHEATED, CRASHED, FAILED, LOOP, NAP, NO_PASS, ONCE, PASSED, TIMEOUT, Case, case

RIGHT = "\ndef solve(a, b): return a + b\n"
CASES: tuple[Case, ...] = (
    case(
        "ten-million-characters",
        PASSED,
        "much on the standard output",
        "for _ in range(100): print('x' * 100_000)" + RIGHT,
    ),
    case("many-lines", PASSED, "often", "for i in range(50_000): print(i)" + RIGHT),
    case(
        "in-the-call",
        PASSED,
        "in every call",
        "import sys\ndef solve(a, b):\n    print(a, b)\n    print('x' * 100_000, file=sys.stderr)\n    return a + b",
    ),
    case(
        "binary",
        PASSED,
        "bytes that are no text",
        ("import os\nos.write(1, bytes(range(256)) * 1000)\nos.write(2, b'\\xff\\xfe' * 1000)") + RIGHT,
    ),
    case(
        "surrogates",
        PASSED,
        "text that has no encoding",
        (
            "import sys\n"
            "sys.stdout.reconfigure(errors='strict')\n"
            "try:\n"
            "    print('\\ud800')\n"
            "except UnicodeError:\n"
            "    pass"
        )
        + RIGHT,
    ),
    case(
        "terminal-codes",
        PASSED,
        "codes that a terminal would obey",
        "print('\\x1b]0;title\\x07\\x1b[2J\\x1b[?1049h')" + RIGHT,
    ),
    case("never-ends", TIMEOUT, "for ever", "def solve(a, b):\n    while True: print('x' * 10_000)", limits=LOOP),
    case(
        "never-ends-in-a-thread",
        PASSED | TIMEOUT,
        "for ever, beside the answers",
        (
            "import threading\n"
            "def talk():\n"
            "    while True: print('x' * 10_000)\n"
            "threading.Thread(target=talk, daemon=True).start()"
        )
        + RIGHT,
    ),
    case(
        "logging-storm",
        PASSED,
        "through the library",
        ("import logging\nlogging.basicConfig(level=0)\nfor i in range(2000): logging.warning('%d', i)") + RIGHT,
    ),
    case(
        "streams-closed",
        PASSED,
        "the streams of Python closed",
        ("import sys\nsys.stdout.close()\nsys.stderr.close()\nsys.stdin.close()") + RIGHT,
    ),
    case(
        "first-three-closed",
        PASSED,
        "the three descriptors closed",
        ("import os\nfor fd in range(3): os.close(fd)") + RIGHT,
    ),
    case(
        "first-three-reused",
        PASSED,
        "files of its own where the streams were",
        ("import os\nfor fd in range(3): os.close(fd)\nkept = [open(str(i), 'w') for i in range(3)]\nprint('x')")
        + RIGHT,
    ),
    case("streams-none", PASSED, "no streams", "import sys\nsys.stdout = sys.stderr = sys.stdin = None" + RIGHT),
    case(
        "streams-broken",
        PASSED,
        "streams that fail",
        (
            "import sys\n"
            "class Broken:\n"
            "    def write(self, text): raise OSError\n"
            "    flush = write\n"
            "sys.stdout = sys.stderr = Broken()"
        )
        + RIGHT,
    ),
    case(
        "long-failure",
        FAILED,
        "a failed test with ten megabytes to say",
        "def solve(a, b): raise ValueError('\\x1b[2J\\0' * 2_000_000)",
    ),
    case(
        "text-in-the-failure",
        FAILED,
        "words in an exception that a log might be searched for",
        'def solve(a, b): raise ValueError(\'passed\\nkind=passed\\n{"kind": "passed"}\')',
    ),
    case(
        "name-of-the-exception",
        FAILED,
        "a class whose name is a page long",
        "def solve(a, b): raise type('passed\\n' * 5000, (Exception,), {'__module__': 'x' * 100_000})",
    ),
    case(
        "unprintable-name",
        FAILED,
        "a class whose name is no text",
        "def solve(a, b): raise type('\\ud800\\x1b', (Exception,), {'__qualname__': '\\ud800'})('\\ud800')",
    ),
    case(
        "warnings",
        PASSED,
        "a thousand warnings",
        ("import warnings\nwarnings.simplefilter('always')\nfor i in range(1000): warnings.warn(str(i))") + RIGHT,
    ),
    case(
        "pipe-full",
        TIMEOUT,
        "a pipe nobody empties",
        "import os\nr, w = os.pipe()\ndef solve(a, b): os.write(w, bytes(1 << 20))",
        limits=NAP,
    ),
    case(
        "random-bytes-everywhere",
        CHEATED,
        "noise on every descriptor",
        "import os\n"
        "def solve(a, b):\n"
        "    for fd in range(256):\n"
        "        try:\n"
        "            os.write(fd, os.urandom(512))\n"
        "        except OSError:\n"
        "            pass\n"
        "    return a + b",
    ),
    case(
        "every-descriptor-shut-in-a-thread",
        NO_PASS,
        "descriptors that vanish while the driver uses them",
        "import os, threading, time\n"
        "def job():\n"
        "    time.sleep(0.05)\n"
        "    os.closerange(3, 256)\n"
        "threading.Thread(target=job).start()\n"
        "def solve(a, b):\n"
        "    time.sleep(0.1)\n"
        "    return a + b",
        tests=ONCE,
    ),
    case(
        "dump-of-the-stack",
        PASSED,
        "the interpreter's own report, to nowhere",
        ("import faulthandler, sys\nfaulthandler.dump_traceback(open('t', 'w'))") + RIGHT,
    ),
    case(
        "crash-report",
        CRASHED,
        "a crash that reports itself",
        "import ctypes, faulthandler\nfaulthandler.enable(open('t', 'w'))\ndef solve(a, b): return ctypes.string_at(0)",
    ),
)
