"""Programs that change the interpreter around them: neither driver, nor tests, nor the next program may notice."""

from .case import ADD, CHEATED, FAILED, LOOP, NO_PASS, ONCE, PASSED, TIMEOUT, Case, case

RIGHT = "\ndef solve(a, b): return a + b\n"
WRONG = "\ndef solve(a, b): return a - b\n"


def patch(name: str, why: str, source: str, tests: str = ONCE) -> Case:
    """A wrong program stays wrong whatever it has replaced."""
    return case(name, FAILED | CHEATED, why, source, tests=tests)


def harmless(name: str, why: str, source: str) -> Case:
    """A right program that broke its own process: the driver should not depend on what was broken, but may refuse."""
    return case(name, PASSED | NO_PASS, why, source)


TESTS_TOOLS: tuple[Case, ...] = (
    patch(
        "abs",
        "the function the tests measure with",
        ("import builtins\nbuiltins.abs = lambda x: 0") + WRONG,
        "assert abs(solve(1, 2) - 3) < 1e-6",
    ),
    patch(
        "all",
        "the function the tests gather with",
        ("import builtins\nbuiltins.all = builtins.any = lambda x: True") + WRONG,
        "assert all([solve(1, 2) == 3])",
    ),
    patch(
        "len",
        "the function the tests count with",
        ("import builtins\nbuiltins.len = lambda x: 3") + ("\ndef solve(a, b): return []"),
        "assert len(solve(1, 2)) == 3",
    ),
    patch(
        "sorted",
        "the function the tests sort with",
        ("import builtins\nbuiltins.sorted = lambda *a, **k: [3]") + ("\ndef solve(a, b): return [2, 1]"),
        "assert sorted(solve(1, 2)) == [3]",
    ),
    patch(
        "isinstance",
        "the function the tests ask with",
        ("import builtins\nbuiltins.isinstance = lambda *a: True") + ("\ndef solve(a, b): return None"),
        "assert isinstance(solve(1, 2), int)",
    ),
    patch(
        "types",
        "the types the tests convert with",
        ("import builtins\nbuiltins.int = builtins.float = builtins.str = lambda *a: 3") + WRONG,
        "assert int(solve(1, 2)) == 3",
    ),
    patch(
        "set-and-range",
        "the tests' loops",
        ("import builtins\nbuiltins.range = lambda *a: []\nbuiltins.set = list") + WRONG,
        "for n in range(1, 3):\n    assert solve(n, n) == 2 * n",
    ),
    patch(
        "assertion-error",
        "the exception of a failed test",
        ("import builtins\nbuiltins.AssertionError = type('Quiet', (Warning,), {})") + WRONG,
    ),
    patch(
        "isclose",
        "math, as the tests import it",
        ("import math\nmath.isclose = lambda *a, **k: True\nmath.fabs = lambda x: 0") + WRONG,
        "import math\nassert math.isclose(solve(1, 2), 3)",
    ),
    patch(
        "random",
        "the inputs that the tests draw",
        ("import random\nrandom.randint = lambda a, b: 0\nrandom.seed = random.random = lambda *a: 0") + WRONG,
        "import random\nfor _ in range(5):\n    n = random.randint(1, 99)\n    assert solve(n, n) == 2 * n",
    ),
    patch(
        "unittest",
        "the tests' framework",
        """
        import unittest
        for name in dir(unittest.TestCase):
            if name.startswith("assert"): setattr(unittest.TestCase, name, lambda *a, **k: None)
        unittest.TestCase.run = lambda self, result=None: result
        def solve(a, b): return a - b
        """,
        "import unittest\nunittest.TestCase().assertEqual(solve(1, 2), 3)",
    ),
    patch(
        "json",
        "the tests' comparison by text",
        ("import json\njson.dumps = lambda *a, **k: '3'\njson.loads = lambda *a, **k: 3") + WRONG,
        "import json\nassert json.dumps(solve(1, 2)) == '3'",
    ),
    patch(
        "operator",
        "the comparison itself",
        ("import operator\noperator.eq = lambda a, b: True\noperator.ne = lambda a, b: False") + WRONG,
        "import operator\nassert operator.eq(solve(1, 2), 3)",
    ),
    patch(
        "copy",
        "the copy that the tests keep",
        ("import copy\ncopy.deepcopy = lambda x: []") + ("\ndef solve(a, b): return []"),
        "import copy\nassert solve(1, 2) == copy.deepcopy([3])",
    ),
    patch(
        "modules-replaced",
        "whole modules, by ones that agree",
        """
        import sys, types
        class Agree(types.ModuleType):
            def __getattr__(self, name): return lambda *a, **k: True
        for name in ("math", "unittest", "random", "operator", "functools", "collections", "copy", "time"):
            sys.modules[name] = Agree(name)
        def solve(a, b): return a - b
        """,
        "import math\nassert math.isclose(solve(1, 2), 3)",
    ),
    patch("all-modules-gone", "an empty sys.modules", "import sys\nsys.modules.clear()" + WRONG),
    patch(
        "import-hook",
        "every later import, of a module of its own",
        """
        import sys, importlib.abc, importlib.machinery
        class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
            def find_spec(self, name, path, target=None): return importlib.machinery.ModuleSpec(name, self)
            def create_module(self, spec): return None
            def exec_module(self, module): module.isclose = lambda *a, **k: True
        sys.meta_path.insert(0, Finder())
        sys.modules.pop("cmath", None)
        def solve(a, b): return a - b
        """,
        "import cmath\nassert cmath.isclose(solve(1, 2), 3)",
    ),
    patch(
        "import-function",
        "the function below every import",
        ("import builtins\nbuiltins.__import__ = lambda *a, **k: None") + WRONG,
        "import math\nassert math.isclose(solve(1, 2), 3)",
    ),
    patch(
        "file-beside-the-tests",
        "a module of that name in the working folder",
        (
            "open('cmath.py', 'w').write('isclose = lambda *a: True')\n"
            "open('fractions.py', 'w').write('Fraction = lambda *a: 0')"
        )
        + WRONG,
        "import fractions\nassert fractions.Fraction(solve(1, 2)) == 3",
    ),
    patch(
        "own-module",
        "itself in sys.modules, as an object that has every name",
        """
        import sys
        class Any:
            def __getattr__(self, name): return lambda *a: Any()
            __eq__ = lambda s, o: True
        sys.modules["program"] = sys.modules["__main__"] = Any()
        """,
    ),
    patch(
        "trace-jump",
        "a trace function that steps over the assertion",
        """
        import sys, threading
        def trace(frame, event, arg):
            if event == "call": return None
            try:
                frame.f_lineno = frame.f_lineno + 1
            except ValueError:
                pass
            return trace
        def solve(a, b):
            sys.settrace(trace)
            threading.settrace(trace)
            frame = sys._getframe().f_back
            while frame:
                frame.f_trace = trace
                frame = frame.f_back
            return a - b
        """,
        "x = solve(1, 2)\nassert x == 3\ny = 1\n",
    ),
    patch(
        "profile",
        "a profile function that swallows returns",
        """
        import sys
        def profile(frame, event, arg):
            if event == "c_exception": raise SystemError
        sys.setprofile(profile)
        def solve(a, b): return a - b
        """,
    ),
)

DRIVER: tuple[Case, ...] = (
    harmless(
        "builtins-emptied",
        "every builtin is gone",
        """
        import builtins
        def solve(a, b): return a + b
        drop = delattr
        for name in list(vars(builtins)):
            if name[:2] != "__": drop(builtins, name)
        """,
    ),
    harmless(
        "builtins-of-own",
        "every builtin is something else",
        """
        import builtins
        def solve(a, b): return a + b
        nothing = lambda *a, **k: None
        for name in "len isinstance type repr str int dict list print open getattr iter next id hash super".split():
            setattr(builtins, name, nothing)
        """,
    ),
    harmless(
        "serialisers",
        "whatever could write a reply",
        """
        import json, marshal, pickle, struct, codecs, copyreg
        for module in (json, marshal, pickle, struct, codecs, copyreg):
            for name in list(vars(module)):
                if name[:2] != "__" and callable(getattr(module, name)): setattr(module, name, lambda *a, **k: b"")
        def solve(a, b): return a + b
        """,
    ),
    harmless(
        "system-calls",
        "whatever could send a reply",
        """
        import os, socket, select, selectors, io, posix
        for module in (os, posix, socket, select, selectors, io):
            names = "read write readv writev send recv sendall sendmsg recvmsg select poll close dup _exit fork getpid"
            for name in names.split():
                if hasattr(module, name): setattr(module, name, lambda *a, **k: 0)
        def solve(a, b): return a + b
        """,
    ),
    harmless(
        "socket-class",
        "the methods of every socket",
        """
        import socket
        for name in "send sendall recv recv_into sendmsg recvmsg close fileno detach makefile".split():
            setattr(socket.socket, name, lambda *a, **k: b"")
        def solve(a, b): return a + b
        """,
    ),
    harmless("own-module-gone", "the name it was registered under", "import sys\ndel sys.modules['program']" + RIGHT),
    harmless(
        "sys-emptied",
        "the attributes of sys",
        """
        import sys
        def solve(a, b): return a + b
        names = "modules stdout stderr stdin exc_info exit path meta_path path_hooks excepthook"
        for name in names.split(): delattr(sys, name)
        """,
    ),
    harmless(
        "import-breaks",
        "no import works any more",
        """
        import builtins, importlib, sys
        def broken(*args, **kwargs): raise ImportError
        builtins.__import__ = importlib.import_module = broken
        sys.meta_path.clear()
        sys.path.clear()
        sys.path_importer_cache.clear()
        def solve(a, b): return a + b
        """,
    ),
    harmless(
        "exceptions-replaced",
        "names of exceptions",
        """
        import builtins
        for name in "Exception BaseException OSError SystemExit KeyError ValueError EOFError".split():
            setattr(builtins, name, type("Other", (ArithmeticError,), {}))
        def solve(a, b): return a + b
        """,
    ),
    harmless(
        "signals-of-own",
        "handlers for all that can be handled",
        """
        import signal
        for number in signal.valid_signals():
            try:
                signal.signal(number, lambda *args: None)
            except (OSError, ValueError):
                pass
        def solve(a, b): return a + b
        """,
    ),
    harmless(
        "recursion-limit-low",
        "hardly any stack is left for the driver",
        """
        import sys
        def solve(a, b):
            sys.setrecursionlimit(12)
            return a + b
        """,
    ),
    harmless(
        "audit-hook",
        "a hook of its own that forbids all",
        """
        import sys
        armed = False
        def hook(event, args):
            if armed: raise RuntimeError(event)
        sys.addaudithook(hook)
        def solve(a, b):
            global armed
            armed = True
            return a + b
        """,
    ),
    harmless("warnings-are-errors", "every warning raises", "import warnings\nwarnings.simplefilter('error')" + RIGHT),
    harmless(
        "locale-and-encoding",
        "how text is written",
        """
        import codecs, locale, sys
        codecs.lookup = lambda *a: None
        codecs.register(lambda name: None)
        codecs.register_error("strict", lambda e: ("", e.end))
        def solve(a, b): return a + b
        """,
    ),
    harmless("threads-switch-never", "other threads hardly ever run", "import sys\nsys.setswitchinterval(1e6)" + RIGHT),
    harmless(
        "gc",
        "a collector that is off, or calls us",
        ("import gc\ngc.disable()\ngc.callbacks.append(lambda *a: 1 / 0)\ngc.set_threshold(1)\ngc.enable()") + RIGHT,
    ),
    harmless(
        "private-parts-by-closure",
        "the names in every function it can see",
        """
        import builtins
        seen = [value for value in vars(builtins).values() if hasattr(value, "__globals__")]
        for function in seen: function.__globals__.clear()
        def solve(a, b): return a + b
        """,
    ),
    case(
        "during-the-call",
        FAILED | CHEATED,
        "what the tests use is exchanged only once they run",
        """
        import builtins, math, sys
        def solve(a, b):
            builtins.abs = builtins.len = builtins.all = lambda *a: 0
            math.isclose = lambda *a, **k: True
            sys.modules["math"] = None
            return a - b
        """,
        tests="import math\nassert math.isclose(solve(1, 2), 3) or abs(solve(1, 2) - 3) < 1e-6",
    ),
    case(
        "left-for-the-next",
        FAILED | CHEATED,
        "everything the next program would use; the honest one that follows must not notice",
        """
        import builtins, math, random, json, os, sys, threading, time
        math.sqrt = math.isclose = random.random = lambda *a, **k: 0
        random.seed(0)
        builtins.sum = builtins.sorted = builtins.max = lambda *a, **k: 0
        json.dumps = lambda *a: "0"
        os.environ.clear()
        os.environ["HOME"] = "/nowhere"
        os.umask(0o777)
        os.nice(1)
        sys.setrecursionlimit(60)
        sys.path[:] = []
        sys.dont_write_bytecode = False
        def solve(a, b): return a - b
        """,
        tests=ADD,
    ),
    case(
        "driver-names",
        FAILED | CHEATED,
        "whatever is loaded beside it and not of the library, by brute force",
        """
        import sys
        library = set(sys.stdlib_module_names)
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in library or name == "program": continue
            for key, value in list(vars(module).items()):
                if callable(value) and not key.startswith("__"): setattr(module, key, lambda *a, **k: True)
        def solve(a, b): return a - b
        """,
    ),
    case(
        "main-module",
        FAILED | CHEATED,
        "the same with __main__, which is the driver's, if it is anybody's",
        """
        import sys
        main = sys.modules.get("__main__")
        for key, value in list(vars(main).items()) if main else ():
            if callable(value) and not key.startswith("__"): setattr(main, key, lambda *a, **k: True)
        def solve(a, b): return a - b
        """,
    ),
    case(
        "subclasses-walk",
        FAILED | CHEATED,
        "every class there is, from object downwards: those that are not of the library get other methods",
        """
        import sys
        for found in object.__subclasses__():
            if found.__module__.partition(".")[0] in sys.stdlib_module_names or found.__module__ == "builtins": continue
            for key in list(vars(found)):
                try:
                    if callable(getattr(found, key)) and key[:2] != "__": setattr(found, key, lambda *a, **k: True)
                except (AttributeError, TypeError):
                    pass
        def solve(a, b): return a - b
        """,
    ),
    case(
        "memory-of-integers",
        NO_PASS,
        "three is five from now on, in this process",
        """
        import ctypes
        def solve(a, b):
            ctypes.c_uint32.from_address(id(3) + 24).value = 5
            return 5
        """,
        tests="assert solve(1, 2) == 3",
    ),
    case(
        "time-stands-still",
        TIMEOUT,
        "clocks of its own do not stretch the limit",
        """
        import time
        for name in "time monotonic perf_counter process_time thread_time".split(): setattr(time, name, lambda: 0.0)
        def solve(a, b):
            while time.time() == 0: pass
        """,
        limits=LOOP,
    ),
)

CASES: tuple[Case, ...] = (*TESTS_TOOLS, *DRIVER)
