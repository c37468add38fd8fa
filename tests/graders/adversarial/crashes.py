"""Programs that bring the interpreter down."""

from .case import CRASHED, FAILED, NO_PASS, ONCE, PASSED, SMALL, TIMEOUT, Case, case

CASES: tuple[Case, ...] = (
    case("null", CRASHED, "reads address 0", "import ctypes\ndef solve(a, b): return ctypes.string_at(0)"),
    case("null-at-load", CRASHED, "the same at load", "import ctypes\nctypes.string_at(0)"),
    case("null-write", CRASHED, "writes address 0", "import ctypes\ndef solve(a, b): ctypes.memset(0, 0, 8)"),
    case("abort", CRASHED, "gives up in C", "import os\ndef solve(a, b): os.abort()"),
    case("abort-at-load", CRASHED, "the same at load", "import os\nos.abort()"),
    case(
        "null-in-a-thread",
        CRASHED,
        "another thread takes the process along",
        """
        import ctypes, threading, time
        def solve(a, b):
            threading.Thread(target=ctypes.string_at, args=(0,)).start()
            time.sleep(1)
            return a + b
        """,
    ),
    case(
        "child-crashes",
        PASSED,
        "a child's crash is its own",
        """
        import ctypes, os
        def solve(a, b):
            pid = os.fork()
            if pid == 0: ctypes.string_at(0)
            os.waitpid(pid, 0)
            return a + b
        """,
        tests=ONCE,
    ),
    case(
        "stack-in-c",
        CRASHED | FAILED,
        "a machine stack that overflows",
        """
        import sys
        sys.setrecursionlimit(10**9)
        def solve(a, b):
            x = []
            for _ in range(500_000): x = [x]
            return len(repr(x))
        """,
        limits=SMALL,
    ),
    case(
        "stack-by-sorting-keys",
        NO_PASS,
        "recursion that goes through C each time",
        """
        import sys
        sys.setrecursionlimit(10**9)
        def solve(a, b): return max([a], key=lambda x: solve(x, b))
        """,
        limits=SMALL,
    ),
    case(
        "stack-in-a-small-thread",
        CRASHED | FAILED,
        "a thread with hardly any stack",
        """
        import sys, threading
        sys.setrecursionlimit(10**6)
        threading.stack_size(32768)
        def down(n): return max([n], key=lambda m: down(m - 1))
        def solve(a, b):
            thread = threading.Thread(target=down, args=(10**6,))
            thread.start()
            thread.join()
            return "survived"
        """,
    ),
    case("recursion", FAILED, "recursion that Python stops itself", "def solve(a, b): return solve(a, b)"),
    case("division", FAILED, "an ordinary exception", "def solve(a, b): return a // 0"),
    case(
        "floating-point-signal",
        CRASHED | FAILED,
        "SIGFPE, unless the first process of a namespace cannot be hit by itself",
        "import os, signal\ndef solve(a, b): os.kill(os.getpid(), signal.SIGFPE)",
    ),
    case(
        "divides-in-c",
        CRASHED,
        "a division that the processor refuses",
        "import ctypes\ndef solve(a, b): return ctypes.CDLL(None).div(1, 0)",
    ),
    case(
        "marshal",
        CRASHED | FAILED | TIMEOUT,
        "code read from junk",
        """
        import marshal, types
        def solve(a, b):
            good = bytearray(marshal.dumps(compile("x = 1 + y", "f", "exec")))
            for i in range(20, len(good)):
                bad = good[:]
                bad[i] ^= 0xFF
                try:
                    exec(marshal.loads(bytes(bad)), {"y": 1})
                except Exception:
                    pass
            return "survived"
        """,
    ),
    case(
        "code-object",
        CRASHED | FAILED | TIMEOUT,
        "code that no compiler wrote",
        """
        def f(): return 1
        def solve(a, b):
            for byte in range(256):
                g = type(f)(f.__code__.replace(co_code=bytes([151, 0, byte, 200] * 4), co_stacksize=0), {})
                try:
                    g()
                except Exception:
                    pass
            return "survived"
        """,
    ),
    case(
        "reference-count",
        CRASHED | FAILED,
        "objects freed while in use",
        """
        import ctypes
        def solve(a, b):
            x = [object() for _ in range(1000)]
            for y in x: ctypes.c_ssize_t.from_address(id(y)).value = 1
            z = x[:]
            del x, y
            junk = [bytes(16) for _ in range(5000)]
            ctypes.pythonapi.Py_DecRef(ctypes.py_object(None))
            for _ in range(5): [repr(v) for v in z]
            return "survived"
        """,
    ),
    case(
        "none-freed",
        CRASHED | FAILED,
        "the count of None, down to nothing",
        """
        import ctypes
        def solve(a, b):
            ctypes.c_ssize_t.from_address(id(None)).value = 1
            for _ in range(1000): x = [None] * 100
            del x
            return "survived"
        """,
    ),
    case(
        "type-destroyed",
        CRASHED | FAILED,
        "the type of every integer, overwritten",
        "import ctypes\ndef solve(a, b):\n    ctypes.memset(id(int) + 24, 0xFF, 256)\n    return a + b",
    ),
    case(
        "own-stack-overwritten",
        CRASHED | FAILED,
        "return addresses",
        """
        import ctypes
        def solve(a, b):
            end = ctypes.c_void_p.in_dll(ctypes.CDLL(None), "__libc_stack_end").value
            ctypes.memset(end - 20_000, 0xFF, 19_000)
            return "survived"
        """,
    ),
    case(
        "del-raises",
        PASSED,
        "an exception in a destructor concerns nobody",
        """
        class Bad:
            def __del__(self): raise SystemExit(0)
        def solve(a, b):
            Bad()
            return a + b
        """,
    ),
    case(
        "thread-raises",
        PASSED,
        "an exit in a thread ends the thread",
        """
        import sys, threading
        def solve(a, b):
            thread = threading.Thread(target=sys.exit, args=(0,))
            thread.start()
            thread.join()
            return a + b
        """,
    ),
    case("syntax", FAILED, "no program at all", "def solve(a, b:\n    return a + b"),
    case("indentation", FAILED, "no program at all", "def solve(a, b):\nreturn a + b"),
    case("prose", FAILED, "no program at all", "Here is the function you asked for:\n\ndef solve(a, b): return a + b"),
    case("fence", FAILED, "a fence that was left in", "```python\ndef solve(a, b): return a + b\n```"),
    case("name", FAILED, "a name that is not defined", "def solve(a, b): return c"),
    case("wrong-arguments", FAILED, "fewer arguments than are given", "def solve(a): return a"),
    case(
        "import-of-nothing",
        FAILED,
        "a module that is not there",
        "import no_such_module\ndef solve(a, b): return a + b",
    ),
    case("wrong", FAILED, "an honest mistake", "def solve(a, b): return a * b"),
    case("none", FAILED, "nothing returned", "def solve(a, b): print(a + b)"),
    case("right-by-text", FAILED, "the right digits, as text", "def solve(a, b): return str(a + b)"),
    case("interrupted-load", FAILED, "an exception of another family at load", "raise KeyboardInterrupt"),
    case("generator-exit-at-load", FAILED, "an exception of another family at load", "raise GeneratorExit"),
)
