"""Programs whose results claim to be equal to everything; what counts is the plain value beneath, if there is one."""

from benchcore.graders.sandbox import Kind

from .case import CHEATED, CRASHED, FAILED, NO_PASS, ONCE, PASSED, Case, case


def lie(
    name: str,
    why: str,
    source: str,
    tests: str = ONCE,
    needs: str = "",
    helpers: str = "",
    kinds: frozenset[Kind] = FAILED,
) -> Case:
    return case(name, kinds, why, source, tests=tests, needs=needs, helpers=helpers)


# every comparison and conversion, bent
LIES = """
def yes(*args): return True
METHODS = dict(
    __eq__=yes, __ne__=lambda *a: False, __lt__=yes, __le__=yes, __gt__=yes, __ge__=yes, __bool__=yes,
    __hash__=lambda s: hash(3), __contains__=yes, __len__=lambda s: 1, __iter__=lambda s: iter([3]),
    __getitem__=lambda s, i: 3, __int__=lambda s: 3, __float__=lambda s: 3.0, __index__=lambda s: 3,
    __str__=lambda s: "3", __repr__=lambda s: "3", __abs__=lambda s: 0, __sub__=lambda s, o: 0,
    __rsub__=lambda s, o: 0, __round__=lambda s, n=None: 3, __neg__=lambda s: 0, __add__=lambda s, o: 3,
    __format__=lambda s, f: "3", __instancecheck__=yes, __call__=lambda s, *a: s, __enter__=lambda s: s,
    __exit__=yes, __reversed__=lambda s: iter([3]), __reduce_ex__=lambda s, p: (int, (3,)),
    __reduce__=lambda s: (int, (3,)), __copy__=lambda s: 3, __deepcopy__=lambda s, m: 3,
)
def liar(base, *args):
    methods = {k: v for k, v in METHODS.items() if k not in ("__instancecheck__", "__call__")}
    return type("Liar", (base,), methods)(*args)
"""


def subclass(base: str, value: str, *, before: str = "", expected: str = "3", tests: str = "") -> Case:
    name = base.rpartition(".")[2].lower()
    return lie(
        f"{name}-subclass",
        f"a subclass of {name} is taken for the {name} it was made of",
        f"{before}\n{LIES}\ndef solve(a, b): return liar({base}, {value})",
        tests or f"assert solve(1, 2) == {expected}",
    )


OBJECTS: tuple[Case, ...] = (
    lie(
        "always-equal",
        "an object equal to everything",
        "class Any:\n    def __eq__(self, other): return True\ndef solve(a, b): return Any()",
    ),
    lie(
        "never-unequal",
        "an object unequal to nothing, asked the other way round",
        """
        class Any:
            def __eq__(self, other): return True
            def __ne__(self, other): return False
        def solve(a, b): return Any()
        """,
        "assert not 3 != solve(1, 2)",
    ),
    lie("mock-any", "the library's own liar", "from unittest.mock import ANY\ndef solve(a, b): return ANY"),
    lie(
        "magic-mock",
        "an object that has every method",
        """
        from unittest.mock import MagicMock
        def solve(a, b):
            mock = MagicMock()
            mock.__eq__.return_value = True
            mock.__lt__.return_value = True
            return mock
        """,
    ),
    lie("everything-bent", "every special method", LIES + "def solve(a, b): return type('L', (), METHODS)()"),
    lie(
        "bent-distance",
        "abs(x - y) < e, each step bent",
        LIES + "def solve(a, b): return type('L', (), METHODS)()",
        "assert abs(solve(1, 2) - 3) < 1e-9",
    ),
    lie(
        "bent-distance-reversed",
        "abs(y - x) < e, each step bent",
        LIES + "def solve(a, b): return type('L', (), METHODS)()",
        "assert abs(3 - solve(1, 2)) < 1e-9",
    ),
    lie(
        "bent-text",
        "str(x)",
        LIES + "def solve(a, b): return type('L', (), METHODS)()",
        "assert str(solve(1, 2)) == '3'",
    ),
    lie(
        "bent-number",
        "int(x)",
        LIES + "def solve(a, b): return type('L', (), METHODS)()",
        "assert int(solve(1, 2)) == 3",
    ),
    lie(
        "bent-list",
        "list(x)",
        LIES + "def solve(a, b): return type('L', (), METHODS)()",
        "assert list(solve(1, 2)) == [3]",
    ),
    lie(
        "bent-length",
        "len(x)",
        LIES + "def solve(a, b): return type('L', (), METHODS)()",
        "assert len(solve(1, 2)) == 1",
    ),
    lie(
        "bent-membership",
        "x in a set by a borrowed hash",
        LIES + "def solve(a, b): return type('L', (), METHODS)()",
        "assert solve(1, 2) in {3} and solve(1, 2) in [3]",
    ),
    lie(
        "bent-container",
        "y in x",
        LIES + "def solve(a, b): return type('L', (), METHODS)()",
        "assert 3 in solve(1, 2)",
    ),
    lie(
        "bent-copy",
        "copy.deepcopy(x)",
        LIES + "def solve(a, b): return type('L', (), METHODS)()",
        "import copy\nassert copy.deepcopy(solve(1, 2)) == 3",
    ),
    lie(
        "claimed-class",
        "isinstance by a bent __class__",
        """
        class Any:
            __class__ = property(lambda self: int)
            def __eq__(self, other): return True
        def solve(a, b): return Any()
        """,
        "assert isinstance(solve(1, 2), int)",
    ),
    lie(
        "falsy-object",
        "truth by a bent __bool__",
        "class No:\n    def __bool__(self): return False\n    __len__ = lambda self: 0\ndef solve(a, b): return No()",
        "assert not solve(1, 2)",
    ),
    lie(
        "every-attribute",
        "an object that has every attribute, each as itself",
        """
        class Any:
            def __getattr__(self, name): return self
            def __call__(self, *args, **kwargs): return self
            def __eq__(self, other): return True
        def solve(a, b): return Any()
        """,
        "assert solve(1, 2).real == 3",
    ),
    lie(
        "attribute-of-the-handle",
        "names that the proxy itself may use",
        """
        class Any:
            value = 3
            __eq__ = lambda self, other: True
            _handle = _id = handle = tag = kind = 3
            __dict__ = {"value": 3}
        def solve(a, b): return Any()
        """,
    ),
    lie(
        "bent-class-object",
        "a class whose metaclass is equal to everything",
        LIES + "Meta = type('Meta', (type,), {k: v for k, v in METHODS.items() if k not in ('__call__',)})\n"
        "def solve(a, b): return Meta('Any', (), {})",
    ),
    lie("function", "a function instead of its value", "def solve(a, b): return lambda: a + b"),
    lie("module", "a module instead of a value", "import math\ndef solve(a, b): return math"),
    lie("the-type", "a type instead of a value", "def solve(a, b): return int"),
    lie("not-implemented", "a value that means: ask the other side", "def solve(a, b): return NotImplemented"),
    lie("ellipsis", "a value that is no data", "def solve(a, b): return ..."),
    lie("coroutine", "a promise instead of a value", "async def solve(a, b): return a + b"),
    lie(
        "decimal-nan",
        "a number that compares as it likes",
        "from decimal import Decimal\ndef solve(a, b): return Decimal('NaN')",
        "assert abs(float(solve(1, 2)) - 3) < 1e-9",
    ),
    lie(
        "nan",
        "a number unequal to itself",
        "def solve(a, b): return float('nan')",
        "assert solve(1, 2) == 3 or abs(solve(1, 2) - 3) < 1e-9",
    ),
    lie(
        "in-a-list",
        "an object equal to everything inside honest data",
        "class Any:\n    __eq__ = lambda s, o: True\ndef solve(a, b): return [Any()]",
        "assert solve(1, 2) == [3]",
    ),
    lie(
        "as-a-dict-value",
        "an object equal to everything inside honest data",
        "class Any:\n    __eq__ = lambda s, o: True\ndef solve(a, b): return {'sum': Any()}",
        "assert solve(1, 2) == {'sum': 3}",
    ),
    lie(
        "as-a-dict-key",
        "a key with a borrowed hash",
        "class Any:\n    __eq__ = lambda s, o: True\n    __hash__ = lambda s: hash(3)\n"
        "def solve(a, b): return {Any(): 1}",
        "assert solve(1, 2) == {3: 1} or solve(1, 2)[3] == 1",
    ),
    lie(
        "in-a-set",
        "an element with a borrowed hash",
        "class Any:\n    __eq__ = lambda s, o: True\n    __hash__ = lambda s: hash(3)\ndef solve(a, b): return {Any()}",
        "assert solve(1, 2) == {3} or 3 in solve(1, 2)",
    ),
    case(
        "looks-at-the-caller",
        FAILED | CHEATED,
        "an object that reads from the asking frame what it should be",
        """
        import sys
        class Reader:
            def __eq__(self, other): return True
            def __bool__(self):
                frame = sys._getframe(1)
                return "not" not in str(frame.f_code.co_consts)
        def solve(a, b): return Reader()
        """,
    ),
    case(
        "changes-with-every-look",
        NO_PASS,
        "an iterator that gives another content each time it is read",
        """
        class Shifty(list):
            def __iter__(self):
                self.append(len(self))
                return iter([3])
        def solve(a, b): return Shifty()
        """,
        tests="x = solve(1, 2)\nassert list(x) == [3] and sorted(x) == [3]",
    ),
    case(
        "never-the-same-type",
        NO_PASS,
        "__class__ gives another answer each time",
        """
        import itertools
        turn = itertools.cycle([int, str, list, dict])
        class Any:
            __class__ = property(lambda self: next(turn))
        def solve(a, b): return Any()
        """,
    ),
    case(
        "hash-never-ends",
        NO_PASS,
        "a key whose hash is endless work",
        """
        class Slow:
            armed = False
            def __hash__(self):
                while Slow.armed: pass
                return 1
        def solve(a, b):
            found = {Slow(): 1}
            Slow.armed = True
            return found
        """,
        tests=ONCE,
    ),
    case(
        "mutated-argument",
        FAILED,
        "emptied, the argument would agree with anything computed from it",
        "def solve(xs):\n    xs.clear()\n    return []",
        tests="xs = [3, 1, 2]\nassert solve(xs) == sorted(xs)",
    ),
    case(
        "argument-kept",
        FAILED,
        "the argument returned is a copy, and no window on the tests' own list",
        "kept = []\ndef solve(xs):\n    kept.append(xs)\n    return xs",
        tests="xs = [3, 1, 2]\ny = solve(xs)\nxs.sort()\nassert y == [1, 2, 3]",
    ),
    case(
        "argument-replaced-later",
        PASSED | CHEATED,
        "a thread that changes earlier arguments reaches copies only",
        """
        import threading, time
        kept = []
        def job():
            while True:
                for xs in kept: xs[:] = [0]
                time.sleep(0.001)
        threading.Thread(target=job, daemon=True).start()
        def solve(xs):
            kept.append(xs)
            return sum(xs)
        """,
        tests="""
        import time
        xs = [3, 1, 2]
        assert solve(xs) == 6
        time.sleep(0.05)
        assert xs == [3, 1, 2]
        """,
    ),
)

SUBCLASSES: tuple[Case, ...] = (
    subclass("int", "7"),
    subclass("float", "7.0"),
    subclass("complex", "7"),
    subclass("str", "'no'", expected="'3'"),
    subclass("bytes", "b'no'", expected="b'3'"),
    subclass("bytearray", "b'no'", expected="bytearray(b'3')"),
    subclass("list", "[7]", tests="x = solve(1, 2)\nassert x == [3] or list(x) == [3] or 3 in x"),
    subclass("tuple", "(7,)", tests="x = solve(1, 2)\nassert x == (3,) or tuple(x) == (3,) or 3 in x or x[0] == 3"),
    subclass("dict", "{7: 7}", tests="x = solve(1, 2)\nassert x == {3: 3} or 3 in x or list(x) == [3]"),
    subclass("set", "{7}", tests="x = solve(1, 2)\nassert x == {3} or 3 in x or list(x) == [3]"),
    subclass("frozenset", "{7}", tests="x = solve(1, 2)\nassert x == frozenset({3}) or 3 in x"),
    subclass("decimal.Decimal", "7", before="import decimal"),
    subclass("fractions.Fraction", "7", before="import fractions"),
    subclass(
        "datetime.date",
        "2001, 1, 1",
        before="import datetime",
        tests="import datetime\nassert solve(1, 2) == datetime.date(2020, 2, 2)",
    ),
    subclass("collections.Counter", "[7]", before="import collections", expected="{3: 1}"),
    subclass("collections.deque", "[7]", before="import collections", tests="assert list(solve(1, 2)) == [3]"),
    lie(
        "missing-keys",
        "a dict that has every key",
        "class Any(dict):\n    def __missing__(self, key): return 3\ndef solve(a, b): return Any()",
        "assert solve(1, 2)['sum'] == 3",
    ),
    lie(
        "default-keys",
        "a default dict: its factory stays behind",
        "import collections\ndef solve(a, b): return collections.defaultdict(lambda: 3)",
        "x = solve(1, 2)\nassert x == {'sum': 3}",
    ),
    lie(
        "bent-exception",
        "an exception that is of every class",
        """
        class Meta(type):
            __instancecheck__ = __subclasscheck__ = __eq__ = lambda *args: True
            __hash__ = type.__hash__
        class Any(Exception, metaclass=Meta):
            __class__ = property(lambda self: KeyError)
        def solve(a, b): raise Any
        """,
        """
        try:
            solve(1, 2)
        except KeyError:
            pass
        """,
    ),
    lie(
        "another-exception",
        "not the one the tests expect",
        "def solve(a, b): raise Exception('ValueError')",
        """
        try:
            solve(1, 2)
        except ValueError:
            pass
        """,
    ),
)

NUMPY: tuple[Case, ...] = (
    lie(
        "array-protocol",
        "an object that says it is an array",
        LIES
        + (
            "import numpy\n"
            "def solve(a, b): return type('L', (), METHODS | {'__array__': lambda s, *a, **k: numpy.array(3)})()"
        ),
        "import numpy\nassert numpy.allclose(solve(1, 2), 3)",
        needs="numpy",
    ),
    lie(
        "array-ufunc",
        "an object that takes over the comparison",
        LIES + "def solve(a, b):\n"
        "    more = {'__array_ufunc__': yes, '__array_function__': yes, '__array_priority__': 9e9}\n"
        "    return type('L', (), METHODS | more)()",
        "import numpy\nassert numpy.array_equal(numpy.array(3), solve(1, 2))",
        needs="numpy",
    ),
    lie(
        "array-subclass",
        "an array of zeros, equal to everything",
        """
        import numpy
        class Any(numpy.ndarray):
            __eq__ = lambda s, o: numpy.True_
            __array_ufunc__ = lambda s, *a, **k: True
        def solve(a, b): return numpy.zeros(1).view(Any)
        """,
        "import numpy\nassert (solve(1, 2) == numpy.array([3])).all()",
        needs="numpy",
    ),
    lie(
        "array-of-objects",
        "an array of liars",
        LIES + "import numpy\ndef solve(a, b): return numpy.array([type('L', (), METHODS)()], dtype=object)",
        "import numpy\nassert (solve(1, 2) == numpy.array([3])).all()",
        needs="numpy",
    ),
    lie(
        "array-interface",
        "an object that shows memory of its choice as an array",
        """
        class Any:
            __array_interface__ = {"shape": (1,), "typestr": "<i8", "data": (4096, True), "version": 3}
            __array_struct__ = property(lambda self: 1 / 0)
        def solve(a, b): return Any()
        """,
        "import numpy\nassert numpy.array_equal(solve(1, 2), [3])",
        needs="numpy",
    ),
    lie(
        "array-that-claims-to-be-long",
        "one element shown a million million times",
        "import numpy\ndef solve(a, b): return numpy.broadcast_to(numpy.int64(3), (10**12,))",
        "assert len(solve(1, 2)) == 10**12",
        kinds=FAILED | CRASHED,  # as it is too large to send, or to be made
        needs="numpy",
    ),
    lie(
        "empty-array",
        "all() of nothing",
        "import numpy\ndef solve(a, b): return numpy.array([])",
        "import numpy\nassert numpy.array_equal(solve(1, 2), [3])",
        needs="numpy",
    ),
)

CASES: tuple[Case, ...] = (*OBJECTS, *SUBCLASSES, *NUMPY)
