"""Programs that a fair judge passes, however odd they look."""

from .case import ADD, PASSED, ROOMY, Case, case


def fair(
    name: str,
    why: str,
    source: str,
    tests: str = ADD,
    *,
    exports: tuple[str, ...] = ("solve",),
    helpers: str = "",
    needs: str = "",
    roomy: bool = False,
) -> Case:
    limits = ROOMY if roomy else None
    return case(name, PASSED, why, source, tests=tests, exports=exports, helpers=helpers, needs=needs, limits=limits)


RIGHT = "\ndef solve(a, b): return a + b\n"

RESULTS: tuple[Case, ...] = (
    fair("none", "None is a value", "def solve(a, b): pass", "assert solve(1, 2) is None"),
    fair(
        "booleans",
        "True is True itself",
        "def solve(a, b): return a == b",
        "assert solve(1, 1) is True and solve(1, 2) is False",
    ),
    fair(
        "unicode",
        "text of all planes",
        "def solve(a): return a[::-1]",
        "assert solve('\u00e4\u4e2d\U0001f600\\0') == '\\0\U0001f600\u4e2d\u00e4'",
    ),
    fair(
        "lone-surrogate",
        "text that Python allows",
        "def solve(a): return a + chr(0xD800)",
        "assert solve('x') == 'x\\ud800'",
    ),
    fair(
        "bytes",
        "bytes both ways",
        "def solve(a): return a[::-1]",
        "assert solve(bytes(range(256))) == bytes(range(255, -1, -1))",
    ),
    fair(
        "bytearray",
        "a bytearray stays one",
        "def solve(a): return bytearray(a)",
        "x = solve(b'ab')\nassert type(x) is bytearray and x == b'ab'",
    ),
    fair(
        "big-integers",
        "five thousand digits, past the guard of str()",
        "def solve(a): return 10**a - 1",
        "assert solve(5000) == 10**5000 - 1 and solve(20000) + 1 == 10**20000",
    ),
    fair(
        "big-negative-argument",
        "big integers as arguments",
        "def solve(a): return -a",
        "assert solve(-(7**9000)) == 7**9000",
    ),
    fair(
        "infinity",
        "floats that JSON does not know",
        "def solve(a): return [float(a), -float(a), float('nan'), -0.0]",
        "import math\n"
        "x = solve('inf')\n"
        "assert x[0] == math.inf and x[1] == -math.inf and math.isnan(x[2])\n"
        "assert math.copysign(1, x[3]) == -1",
    ),
    fair(
        "exact-floats",
        "every bit of a float",
        "def solve(a): return a / 3",
        "for n in range(1, 200):\n    assert solve(n * 1.1) == n * 1.1 / 3\nassert solve(5e-324 * 3) == 5e-324",
    ),
    fair("complex", "complex numbers", "def solve(a): return a * 1j", "assert solve(2 + 1j) == -1 + 2j"),
    fair(
        "tuple-or-list",
        "a tuple is no list, also within",
        "def solve(a): return (a, [a, (a,)])",
        "assert solve(1) == (1, [1, (1,)]) and type(solve(1)[1][1]) is tuple",
    ),
    fair(
        "keys-that-are-tuples",
        "keys of every kind",
        "def solve(a): return {(a, (a, 'x')): 1, frozenset({a}): 2, None: 3, 1.5: 4, b'k': 5, True: 6}",
        "x = solve(7)\n"
        "assert x[7, (7, 'x')] == 1 and x[frozenset({7})] == 2 and x[None] == 3\n"
        "assert x[1.5] == 4 and x[b'k'] == 5 and x[1] == 6",
    ),
    fair(
        "order-of-keys",
        "a dict keeps its order",
        "def solve(a): return {k: i for i, k in enumerate(reversed(a))}",
        "assert list(solve('bca')) == ['a', 'c', 'b']",
    ),
    fair(
        "sets",
        "sets and frozen sets",
        "def solve(a): return {frozenset(a), frozenset()}",
        "x = solve([1, 2])\nassert type(x) is set and x == {frozenset({1, 2}), frozenset()}",
    ),
    fair(
        "range", "a range", "def solve(a): return range(a)", "assert list(solve(3)) == [0, 1, 2] and len(solve(9)) == 9"
    ),
    fair(
        "generator",
        "a generator, listed by the tests",
        "def solve(n):\n    for i in range(n): yield i * i",
        "assert list(solve(4)) == [0, 1, 4, 9] and sum(solve(3)) == 5",
    ),
    fair(
        "next",
        "a generator, stepped by the tests",
        "def solve(n):\n    yield from range(n)",
        "x = solve(3)\nassert next(x) == 0 and next(x) == 1 and list(x) == [2]",
    ),
    fair(
        "map-and-zip",
        "iterators of the library",
        "import itertools\n"
        "def solve(a): return [map(str, a), zip(a, a), filter(None, a), reversed(a), itertools.chain(a, a)][a[0]]",
        "assert list(solve([0, 1])) == ['0', '1']\n"
        "assert list(solve([1, 1])) == [(1, 1), (1, 1)]\n"
        "assert list(solve([2, 0])) == [2]\n"
        "assert list(solve([3, 4])) == [4, 3]\n"
        "assert list(solve([4])) == [4, 4]",
    ),
    fair(
        "dict-views",
        "keys, values, items",
        "def solve(d): return list(d.keys()), sorted(d.values()), list(d.items())",
        "assert solve({'a': 2, 'b': 1}) == (['a', 'b'], [1, 2], [('a', 2), ('b', 1)])",
    ),
    fair(
        "counter",
        "a Counter is a dict",
        "from collections import Counter\ndef solve(a): return Counter(a)",
        "assert solve('aab') == {'a': 2, 'b': 1}",
    ),
    fair(
        "other-dicts",
        "other dicts are dicts",
        "from collections import OrderedDict, defaultdict\n"
        "def solve(a):\n"
        "    found = defaultdict(list)\n"
        "    for c in a: found[len(c)].append(c)\n"
        "    return found if a else OrderedDict(x=1)",
        "assert solve(['a', 'b', 'cc']) == {1: ['a', 'b'], 2: ['cc']} and solve([]) == {'x': 1}",
    ),
    fair(
        "deque",
        "a deque",
        "from collections import deque\ndef solve(a):\n    found = deque(a)\n    found.rotate(1)\n    return found",
        "from collections import deque\n"
        "assert solve([1, 2, 3]) == deque([3, 1, 2]) and list(solve('ab')) == ['b', 'a']",
    ),
    fair(
        "named-tuple",
        "a named tuple is a tuple",
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\ndef solve(a, b): return P(a, b)",
        "assert solve(1, 2) == (1, 2) and solve(1, 2)[0] == 1",
    ),
    fair(
        "typed-named-tuple",
        "also in new clothes",
        "from typing import NamedTuple\n"
        "class P(NamedTuple):\n"
        "    x: int\n"
        "    y: int = 0\n"
        "def solve(a): return [P(a), P(a, 1)]",
        "assert solve(5) == [(5, 0), (5, 1)]",
    ),
    fair(
        "own-integer",
        "a subclass that tells the truth",
        "class Even(int):\n    def half(self): return self // 2\ndef solve(a, b): return Even(a + b)",
    ),
    fair(
        "own-list",
        "a subclass that tells the truth",
        "class Stack(list):\n"
        "    def push(self, x): self.append(x)\n"
        "def solve(a):\n"
        "    s = Stack()\n"
        "    for x in a: s.push(x)\n"
        "    return s",
        "assert solve([1, 2]) == [1, 2]",
    ),
    fair(
        "own-string",
        "a subclass that tells the truth",
        "class Name(str):\n    pass\ndef solve(a): return Name(a.title())",
        "assert solve('ada') == 'Ada'",
    ),
    fair(
        "int-enum",
        "a number with a name",
        "import enum\n"
        "class Level(enum.IntEnum):\n"
        "    LOW = 1\n"
        "    HIGH = 2\n"
        "def solve(a): return max(Level) if a else Level.LOW",
        "assert solve(True) == 2 and solve(False) == 1",
    ),
    fair(
        "enum-value",
        "an enumeration used within",
        "import enum\n"
        "class Color(enum.Enum):\n"
        "    RED = 'r'\n"
        "    BLUE = 'b'\n"
        "def solve(a): return Color(a).name, Color['RED'].value",
        "assert solve('b') == ('BLUE', 'r')",
    ),
    fair(
        "flags",
        "flags are numbers",
        "import enum\nclass F(enum.IntFlag):\n    A = 1\n    B = 4\ndef solve(): return F.A | F.B",
        "assert solve() == 5",
    ),
    fair(
        "decimal",
        "exact decimals",
        "from decimal import Decimal, getcontext\n"
        "getcontext().prec = 40\n"
        "def solve(a, b): return Decimal(a) / Decimal(b)",
        "from decimal import Decimal\nassert solve(1, 3) == Decimal('0.' + '3' * 40) and str(solve(1, 4)) == '0.25'",
    ),
    fair(
        "fraction",
        "exact fractions, both ways",
        "def solve(a, b): return a + b",
        "from fractions import Fraction\nassert solve(Fraction(1, 3), Fraction(1, 6)) == Fraction(1, 2)",
    ),
    fair(
        "dates",
        "dates and durations, both ways",
        "import datetime\ndef solve(d, n): return d + datetime.timedelta(days=n), datetime.timedelta(hours=n)",
        "import datetime as t\n"
        "assert solve(t.date(2024, 2, 28), 2) == (t.date(2024, 3, 1), t.timedelta(hours=2))\n"
        "assert solve(t.datetime(2024, 1, 1, 12), 1)[0] == t.datetime(2024, 1, 2, 12)",
    ),
    fair(
        "long-list",
        "a hundred thousand elements",
        "def solve(n): return list(range(n))",
        "assert solve(100_000) == list(range(100_000))",
    ),
    fair(
        "long-argument",
        "a megabyte each way",
        "def solve(s): return s.upper()",
        "assert solve('ab' * 500_000) == 'AB' * 500_000",
    ),
    fair(
        "nested",
        "forty levels",
        "def solve(n): return [solve(n - 1)] if n else []",
        "x = []\nfor _ in range(40): x = [x]\nassert solve(40) == x",
    ),
    fair(
        "shared-parts",
        "the same list twice",
        "def solve(a):\n    x = [a]\n    return [x, x, (x, x)]",
        "assert solve(1) == [[1], [1], ([1], [1])]",
    ),
    fair(
        "new-list-each-time",
        "results are not shared between calls",
        "kept = []\ndef solve(a):\n    kept.append(a)\n    return kept",
        "x = solve(1)\ny = solve(2)\nassert y == [1, 2]",
    ),
)

CALLS: tuple[Case, ...] = (
    fair(
        "keywords",
        "arguments by name",
        "def solve(a, b=10, *args, c=100, **rest): return a + b + sum(args) + c + sum(rest.values())",
        "assert solve(1) == 111 and solve(1, 2) == 103 and solve(a=1, b=2, c=3) == 6\n"
        "assert solve(1, 2, 3, 4, c=5, d=6, e=7) == 28",
    ),
    fair(
        "exceptions",
        "exceptions that the tests expect",
        """
        def solve(a):
            if a == 0: raise ValueError("no zero")
            if a == 1: return {}["x"]
            if a == 2: return [][1]
            if a == 3: return None + 1
            if a == 4: return 1 // 0
            raise NotImplementedError
        """,
        """
        kinds = (ValueError, KeyError, IndexError, TypeError, ZeroDivisionError, NotImplementedError)
        for number, kind in enumerate(kinds):
            try:
                solve(number)
            except kind:
                continue
            raise AssertionError(number)
        """,
    ),
    fair(
        "exception-text",
        "what the exception says",
        "def solve(a): raise ValueError(f'no {a}')",
        """
        try:
            solve(3)
        except ValueError as error:
            assert "no 3" in str(error)
        else:
            raise AssertionError
        """,
    ),
    fair(
        "own-exception",
        "an exception class of its own, below a builtin one",
        "class Bad(ValueError): pass\ndef solve(a): raise Bad(a)",
        """
        try:
            solve(1)
        except ValueError:
            pass
        else:
            raise AssertionError
        """,
    ),
    fair(
        "exception-and-on",
        "after an exception the next call works",
        "def solve(a): return 1 / a",
        """
        for _ in range(3):
            try:
                solve(0)
            except ZeroDivisionError:
                pass
            assert solve(2) == 0.5
        """,
    ),
    fair(
        "state",
        "what a call leaves is there at the next",
        "count = 0\nseen = {}\ndef solve(a):\n    global count\n    count += 1\n    return seen.setdefault(a, count)",
        "assert [solve(x) for x in 'aba'] == [1, 2, 1] and solve('c') == 4",
    ),
    fair(
        "closure",
        "state in a closure",
        "def make():\n"
        "    total = 0\n"
        "    def add(a):\n"
        "        nonlocal total\n"
        "        total += a\n"
        "        return total\n"
        "    return add\n"
        "solve = make()",
        "assert solve(2) == 2 and solve(3) == 5",
    ),
    fair(
        "class",
        "a class whose instances the tests use",
        """
        class Stack:
            limit = 3
            def __init__(self, items=()): self.items = list(items)
            def push(self, item):
                if len(self.items) == self.limit: raise OverflowError("full")
                self.items.append(item)
                return self
            def pop(self): return self.items.pop()
            @property
            def top(self): return self.items[-1]
            @classmethod
            def full(cls): return cls(range(cls.limit))
            @staticmethod
            def name(): return "stack"
        """,
        """
        s = Stack([1])
        s.push(2).push(3)
        assert s.top == 3 and s.items == [1, 2, 3] and s.pop() == 3 and s.top == 2
        s.push(9)
        try:
            s.push(10)
        except OverflowError:
            pass
        else:
            raise AssertionError
        t = Stack()
        t.push("x")
        assert t.pop() == "x" and s.pop() == 9
        """,
        exports=("Stack",),
    ),
    fair(
        "class-attributes",
        "what belongs to the class",
        "class Box:\n"
        "    size = 3\n"
        "    @classmethod\n"
        "    def full(cls): return [0] * cls.size\n"
        "    @staticmethod\n"
        "    def name(): return 'box'",
        "assert Box.size == 3 and Box.full() == [0, 0, 0] and Box.name() == 'box'",
        exports=("Box",),
    ),
    fair(
        "attribute-set",
        "an attribute that the tests set",
        "class Box:\n    def __init__(self): self.value = 0\n    def double(self): return self.value * 2",
        "b = Box()\nb.value = 21\nassert b.double() == 42 and b.value == 21",
        exports=("Box",),
    ),
    fair(
        "instance-as-argument",
        "an instance that goes back in",
        "class Node:\n"
        "    def __init__(self, value): self.value, self.next = value, None\n"
        "def make(values):\n"
        "    head = None\n"
        "    for v in reversed(values):\n"
        "        node = Node(v)\n"
        "        node.next, head = head, node\n"
        "    return head\n"
        "def total(node):\n"
        "    found = 0\n"
        "    while node: found, node = found + node.value, node.next\n"
        "    return found",
        "n = make([1, 2, 3])\n"
        "assert total(n) == 6 and n.next.value == 2 and total(n.next) == 5 and total(make([])) == 0",
        exports=("make", "total"),
    ),
    fair(
        "several-names",
        "more than one name, and a value",
        "LIMIT = 7\nNAMES = ['a', 'b']\ndef up(a): return a + 1\ndown = lambda a: a - 1",
        "assert up(1) == 2 and down(1) == 0 and LIMIT == 7 and NAMES == ['a', 'b']",
        exports=("up", "down", "LIMIT", "NAMES"),
    ),
    fair(
        "returned-function",
        "a function that the tests call",
        "def solve(n): return lambda x: x + n",
        "assert solve(3)(4) == 7",
    ),
    fair(
        "partial",
        "something that can be called and is no function",
        "import functools, operator\nsolve = functools.partial(operator.add)",
    ),
    fair("builtin", "a builtin by another name", "solve = max", "assert solve(3, 7) == 7"),
    fair(
        "callable-instance",
        "an instance that can be called",
        "class Add:\n    def __call__(self, a, b): return a + b\nsolve = Add()",
    ),
    fair(
        "cached",
        "a cache around it",
        "import functools\n"
        "@functools.lru_cache(maxsize=None)\n"
        "def solve(n): return n if n < 2 else solve(n - 1) + solve(n - 2)",
        "assert solve(80) == 23416728348467685",
    ),
    fair(
        "decorated",
        "a wrapper around it",
        "import functools\n"
        "def twice(f):\n"
        "    @functools.wraps(f)\n"
        "    def inner(*args, **kwargs): return f(*args, **kwargs)\n"
        "    return inner\n"
        "@twice\n"
        "@twice\n"
        "def solve(a, b): return a + b",
    ),
    fair(
        "two-thousand-calls",
        "many calls cost little",
        "def solve(a, b): return a + b",
        "for n in range(2000):\n    assert solve(n, 1) == n + 1",
    ),
    fair(
        "helpers",
        "names of the tests' side",
        "def solve(a): return sorted(a)",
        "assert twice(solve([2, 1])) == [1, 2, 1, 2]",
        helpers="def twice(x): return x + x",
    ),
    fair(
        "unittest-tests",
        "tests in the library's style",
        "def solve(a, b): return a + b",
        "class T(unittest.TestCase):\n"
        "    def test(self):\n"
        "        self.assertEqual(solve(1, 2), 3)\n"
        "        with self.assertRaises(TypeError): solve(1, 'x')\n"
        "suite = unittest.defaultTestLoader.loadTestsFromTestCase(T)\n"
        "result = unittest.TextTestRunner(stream=io.StringIO()).run(suite)\n"
        "assert result.wasSuccessful() and result.testsRun == 1",
        helpers="import io, unittest",
    ),
    fair(
        "check-function",
        "tests in HumanEval's style",
        "def solve(a, b): return a + b",
        "def check(candidate):\n"
        "    assert candidate(1, 2) == 3\n"
        "    assert abs(candidate(0.1, 0.2) - 0.3) < 1e-9, 'near'\n"
        "check(solve)",
    ),
)

LANGUAGE: tuple[Case, ...] = (
    fair("crlf", "line ends of another system", "def solve(a, b):\r\n    '''one\r\n    two'''\r\n    return a + b\r\n"),
    fair(
        "no-last-newline-and-tabs",
        "tabs, and no end of line",
        "def solve(a, b):\n\tif a:\n\t\treturn a + b\n\treturn b",
    ),
    fair(
        "main-block",
        "a block that must not run",
        RIGHT + ("if __name__ == '__main__':\n    n = int(input())\n    print(solve(n, n))\n    raise SystemExit(1)"),
    ),
    fair(
        "future-annotations",
        "a data class with annotations as text",
        "from __future__ import annotations\n"
        "import dataclasses, typing\n"
        "@dataclasses.dataclass(order=True)\n"
        "class P:\n"
        "    x: int\n"
        "    y: typing.ClassVar[int] = 2\n"
        "    z: list[P] = dataclasses.field(default_factory=list)\n"
        "def solve(a, b): return dataclasses.asdict(P(a + b))['x']",
    ),
    fair(
        "frozen-slots",
        "a data class with slots",
        "from dataclasses import dataclass\n"
        "@dataclass(frozen=True, slots=True)\n"
        "class P:\n"
        "    x: int\n"
        "    y: int\n"
        "    def __add__(self, o): return P(self.x + o.x, self.y + o.y)\n"
        "def solve(a, b): return (P(a, 0) + P(b, 0)).x",
    ),
    fair(
        "generics",
        "types that only checkers read",
        "from typing import Generic, Optional, Protocol, TypeVar, get_type_hints\n"
        "T = TypeVar('T')\n"
        "class Box(Generic[T]):\n"
        "    def __init__(self, v: T) -> None: self.v = v\n"
        "class HasV(Protocol):\n"
        "    v: int\n"
        "def solve(a: int, b: Optional[int] = None) -> int:\n"
        "    assert get_type_hints(solve)['return'] is int\n"
        "    return Box[int](a).v + (b or 0)",
    ),
    fair(
        "match",
        "a match statement",
        "def solve(a, b):\n"
        "    match (a, b):\n"
        "        case (int(), 0): return a\n"
        "        case (0, y): return y\n"
        "        case [x, y]: return x + y",
    ),
    fair(
        "walrus-and-more", "newer syntax", "def solve(a, b, /, *, c=0):\n    if (n := a + b) is not None: return n + c"
    ),
    fair(
        "async",
        "an event loop",
        "import asyncio\n"
        "async def add(a, b):\n"
        "    await asyncio.sleep(0)\n"
        "    return a + b\n"
        "def solve(a, b): return asyncio.run(add(a, b))",
    ),
    fair(
        "async-gather",
        "tasks and queues",
        "import asyncio\n"
        "async def main(ns):\n"
        "    q = asyncio.Queue()\n"
        "    async def put(n):\n"
        "        await asyncio.sleep(0.001)\n"
        "        await q.put(n)\n"
        "    await asyncio.gather(*(put(n) for n in ns))\n"
        "    return sorted([q.get_nowait() for _ in ns])\n"
        "def solve(ns): return asyncio.run(main(ns))",
        "assert solve([3, 1, 2]) == [1, 2, 3]",
    ),
    fair(
        "deep-recursion",
        "more stack, as asked for",
        "import sys\nsys.setrecursionlimit(20_000)\ndef solve(n): return 0 if n == 0 else 1 + solve(n - 1)",
        "assert solve(9000) == 9000",
    ),
    fair(
        "default-recursion",
        "as much stack as Python gives",
        "import sys\nassert sys.getrecursionlimit() == 1000\ndef solve(n): return 0 if n == 0 else 1 + solve(n - 1)",
        "assert solve(900) == 900",
    ),
    fair(
        "recursion-caught",
        "an end of the stack that it expects",
        "def down(): return down()\n"
        "def solve(a, b):\n"
        "    try:\n"
        "        down()\n"
        "    except RecursionError:\n"
        "        return a + b",
    ),
    fair(
        "memory-error-caught",
        "an end of memory that it expects",
        "def solve(a, b):\n    try:\n        bytearray(1 << 45)\n    except MemoryError:\n        return a + b",
    ),
    fair(
        "exit-caught",
        "an exit that it catches itself",
        "import sys\ndef solve(a, b):\n    try:\n        sys.exit(1)\n    except SystemExit:\n        return a + b",
    ),
    fair(
        "exec-and-eval",
        "code that makes code",
        "space = {}\n"
        "exec('def add(a, b): return a + b', space)\n"
        "def solve(a, b): return eval('add(a, b)', {'add': space['add'], 'a': a, 'b': b})",
    ),
    fair(
        "metaclass",
        "classes made by a class",
        "class Meta(type):\n"
        "    def __new__(m, n, b, d): return super().__new__(m, n, b, {**d, 'k': 0})\n"
        "class A(metaclass=Meta): pass\n"
        "def solve(a, b): return a + b + A.k",
    ),
    fair(
        "own-frame",
        "its own frame",
        "import inspect, sys\n"
        "def solve(a, b):\n"
        "    assert inspect.currentframe().f_code.co_name == 'solve' and sys._getframe().f_locals['a'] == a\n"
        "    return a + b",
    ),
    fair(
        "own-source-missing",
        "a source that no file holds",
        "import inspect\n"
        "def solve(a, b):\n"
        "    try:\n"
        "        inspect.getsource(solve)\n"
        "    except (OSError, TypeError):\n"
        "        pass\n"
        "    return a + b",
    ),
    fair(
        "traceback-text",
        "a traceback as text",
        "import traceback\n"
        "def solve(a, b):\n"
        "    try:\n"
        "        1 / 0\n"
        "    except ZeroDivisionError:\n"
        "        assert 'ZeroDivisionError' in traceback.format_exc()\n"
        "    return a + b",
    ),
    fair(
        "module-of-its-own",
        "itself, by name",
        "import sys\nme = sys.modules[__name__]\ndef add(a, b): return a + b\ndef solve(a, b): return me.add(a, b)",
    ),
    fair(
        "builtins-shadowed",
        "names of its own that happen to be builtin ones",
        "def len(x): return 0\nsum = max = None\nlist = dict = str = type = print = 7\ndef solve(a, b): return a + b",
    ),
    fair(
        "destructor",
        "a destructor and a weak reference",
        "import gc, weakref\n"
        "class A:\n"
        "    def __del__(self): pass\n"
        "def solve(a, b):\n"
        "    x = A()\n"
        "    r = weakref.ref(x)\n"
        "    del x\n"
        "    gc.collect()\n"
        "    assert r() is None\n"
        "    return a + b",
    ),
)

LIBRARY: tuple[Case, ...] = (
    fair("prints", "ten megabytes of debugging", "def solve(a, b):\n    print('x' * 400_000)\n    return a + b"),
    fair(
        "standard-streams",
        "streams that are there",
        (
            "import sys\n"
            "assert sys.stdin.read() == ''\n"
            "sys.stdout.write('x')\n"
            "sys.stderr.flush()\n"
            "assert len(sys.argv) == 1"
        )
        + RIGHT,
    ),
    fair(
        "output-caught",
        "its own output, caught",
        "import contextlib, io, sys\n"
        "def solve(a, b):\n"
        "    with contextlib.redirect_stdout(io.StringIO()) as out: print(a + b)\n"
        "    return int(out.getvalue())",
    ),
    fair(
        "output-replaced",
        "its own output, for good",
        "import io, sys\n"
        "sys.stdout = io.StringIO()\n"
        "def solve(a, b):\n"
        "    print(a + b)\n"
        "    return int(sys.stdout.getvalue().split()[-1])",
    ),
    fair(
        "fast-input",
        "what contest programs do first",
        (
            "import sys, os, io\n"
            "input = io.BytesIO(os.read(0, os.fstat(0).st_size or 1)).readline\n"
            "read = sys.stdin.buffer.readline"
        )
        + RIGHT,
    ),
    fair(
        "threads",
        "twenty threads",
        "import threading\n"
        "def solve(a, b):\n"
        "    found = []\n"
        "    threads = [threading.Thread(target=found.append, args=(x,)) for x in [a, b] * 10]\n"
        "    for t in threads: t.start()\n"
        "    for t in threads: t.join()\n"
        "    return sum(found) // 10",
    ),
    fair(
        "thread-pool",
        "threads of the library",
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def solve(a, b):\n"
        "    with ThreadPoolExecutor(4) as pool: return sum(pool.map(int, [a, b]))",
    ),
    fair(
        "big-stack-thread",
        "the trick for deep recursion",
        "import sys, threading\n"
        "sys.setrecursionlimit(10**6)\n"
        "threading.stack_size(64 << 20)\n"
        "def down(n): return 0 if n == 0 else 1 + down(n - 1)\n"
        "def solve(n):\n"
        "    found = []\n"
        "    t = threading.Thread(target=lambda: found.append(down(n)))\n"
        "    t.start()\n"
        "    t.join()\n"
        "    return found[0]",
        "assert solve(50_000) == 50_000",
    ),
    fair(
        "fork",
        "a child by hand",
        "import os\n"
        "def solve(a, b):\n"
        "    r, w = os.pipe()\n"
        "    pid = os.fork()\n"
        "    if pid == 0:\n"
        "        os.write(w, str(a + b).encode())\n"
        "        os._exit(7)\n"
        "    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7\n"
        "    os.close(w)\n"
        "    with os.fdopen(r) as file: return int(file.read())",
    ),
    fair(
        "process-and-pipe",
        "a child by the library",
        "import multiprocessing as m\n"
        "ctx = m.get_context('fork')\n"
        "def work(end, a, b): end.send(a + b)\n"
        "def solve(a, b):\n"
        "    near, far = ctx.Pipe()\n"
        "    p = ctx.Process(target=work, args=(far, a, b))\n"
        "    p.start()\n"
        "    found = near.recv()\n"
        "    p.join()\n"
        "    assert p.exitcode == 0\n"
        "    return found",
        "assert solve(1, 2) == 3 and solve([1], [2]) == [1, 2]",
        roomy=True,
    ),
    fair(
        "process-pool",
        "a pool of children",
        "import multiprocessing as m\n"
        "def square(n): return n * n\n"
        "def solve(ns):\n"
        "    with m.get_context('fork').Pool(2) as pool: return pool.map(square, ns)",
        "assert solve([1, 2, 3]) == [1, 4, 9]",
        roomy=True,
        needs="namespaces",
    ),
    fair(
        "process-queue",
        "a queue between children",
        "import multiprocessing as m\n"
        "ctx = m.get_context('fork')\n"
        "def work(q, a): q.put(a * 2)\n"
        "def solve(ns):\n"
        "    q = ctx.Queue()\n"
        "    ps = [ctx.Process(target=work, args=(q, n)) for n in ns]\n"
        "    for p in ps: p.start()\n"
        "    found = sorted(q.get(timeout=5) for _ in ns)\n"
        "    for p in ps: p.join()\n"
        "    return found",
        "assert solve([2, 1]) == [2, 4]",
        roomy=True,
        needs="namespaces",
    ),
    fair(
        "process-lock-and-value",
        "memory that children share",
        "import multiprocessing as m\n"
        "ctx = m.get_context('fork')\n"
        "def work(v):\n"
        "    for _ in range(50):\n"
        "        with v.get_lock(): v.value += 1\n"
        "def solve(n):\n"
        "    v = ctx.Value('i', 0)\n"
        "    ps = [ctx.Process(target=work, args=(v,)) for _ in range(n)]\n"
        "    for p in ps: p.start()\n"
        "    for p in ps: p.join()\n"
        "    return v.value",
        "assert solve(3) == 150",
        roomy=True,
        needs="namespaces",
    ),
    fair(
        "process-executor",
        "the library's other pool",
        "import multiprocessing\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "def square(n): return n * n\n"
        "def solve(ns):\n"
        "    context = multiprocessing.get_context('fork')\n"
        "    with ProcessPoolExecutor(2, mp_context=context) as pool: return list(pool.map(square, ns))",
        "assert solve([1, 2, 3]) == [1, 4, 9]",
        roomy=True,
        needs="namespaces",
    ),
    fair(
        "socket-pair",
        "a socket to itself",
        "import socket\n"
        "def solve(a, b):\n"
        "    x, y = socket.socketpair()\n"
        "    with x, y:\n"
        "        x.sendall(str(a + b).encode())\n"
        "        return int(y.recv(100))",
    ),
    fair(
        "file-socket",
        "a server within its own folder",
        "import os, socket, threading\n"
        "def solve(a, b):\n"
        "    server = socket.socket(socket.AF_UNIX)\n"
        "    if os.path.exists('s'): os.unlink('s')\n"
        "    server.bind('s')\n"
        "    server.listen()\n"
        "    def serve():\n"
        "        peer, _ = server.accept()\n"
        "        with peer: peer.sendall(str(a + b).encode())\n"
        "    t = threading.Thread(target=serve)\n"
        "    t.start()\n"
        "    with socket.socket(socket.AF_UNIX) as peer:\n"
        "        peer.connect('s')\n"
        "        found = int(peer.recv(100))\n"
        "    t.join()\n"
        "    server.close()\n"
        "    return found",
        needs="namespaces",
    ),
    fair(
        "temporary-file",
        "a temporary file",
        "import tempfile\n"
        "def solve(a, b):\n"
        "    with tempfile.NamedTemporaryFile('w+') as file:\n"
        "        file.write(str(a + b))\n"
        "        file.seek(0)\n"
        "        return int(file.read())",
    ),
    fair(
        "temporary-folder",
        "a temporary folder",
        "import os, tempfile\n"
        "def solve(a, b):\n"
        "    with tempfile.TemporaryDirectory() as folder:\n"
        "        path = os.path.join(folder, 'x')\n"
        "        with open(path, 'w') as file: file.write(str(a + b))\n"
        "        with open(path) as file: return int(file.read())",
    ),
    fair(
        "files",
        "files in its folder",
        "import os, pathlib, shutil\n"
        "def solve(a, b):\n"
        "    os.makedirs('d/e', exist_ok=True)\n"
        "    pathlib.Path('d/e/f.txt').write_text(f'\u00e4{a + b}', encoding='utf-8')\n"
        "    os.rename('d/e/f.txt', 'd/g.txt')\n"
        "    shutil.copy('d/g.txt', 'd/h.txt')\n"
        "    assert sorted(os.listdir('d')) == ['e', 'g.txt', 'h.txt'] and os.getcwd()\n"
        "    found = int(open('d/h.txt', encoding='utf-8').read()[1:])\n"
        "    shutil.rmtree('d')\n"
        "    return found",
    ),
    fair(
        "file-written-once",
        "a file from one call to the next",
        "import os\n"
        "def solve(a, b):\n"
        "    with open('log', 'a') as file: file.write('x')\n"
        "    return a + b + 0 * os.path.getsize('log')",
    ),
    fair(
        "home",
        "a home of its own",
        "import os, pathlib\n"
        "def solve(a, b):\n"
        "    path = pathlib.Path.home() / 'note'\n"
        "    path.write_text(str(a + b))\n"
        "    return int(path.read_text())",
    ),
    fair(
        "zip-and-gzip",
        "archives",
        "import gzip, io, lzma, zipfile\n"
        "def solve(a, b):\n"
        "    packed = gzip.compress(lzma.compress(str(a + b).encode()))\n"
        "    with zipfile.ZipFile('z.zip', 'w') as z: z.writestr('x', packed)\n"
        "    with zipfile.ZipFile('z.zip') as z: return int(lzma.decompress(gzip.decompress(z.read('x'))))",
    ),
    fair(
        "database",
        "a data base in memory and in a file",
        "import sqlite3\n"
        "def solve(a, b):\n"
        "    total = 0\n"
        "    for name in (':memory:', 'x.db'):\n"
        "        with sqlite3.connect(name) as db:\n"
        "            db.execute('create table if not exists t (n)')\n"
        "            db.execute('delete from t')\n"
        "            db.executemany('insert into t values (?)', [(a,), (b,)])\n"
        "            total += db.execute('select sum(n) from t').fetchone()[0]\n"
        "    return total // 2",
    ),
    fair(
        "random",
        "chance with a seed",
        "import random\n"
        "def solve(a, b):\n"
        "    random.seed(1)\n"
        "    x = [random.random() for _ in range(3)]\n"
        "    random.seed(1)\n"
        "    assert x == [random.random() for _ in range(3)] and 1 <= random.SystemRandom().randint(1, 3) <= 3\n"
        "    return a + b",
    ),
    fair(
        "entropy",
        "chance without a seed",
        "import os, secrets, uuid\n"
        "def solve(a, b):\n"
        "    assert len(os.urandom(8)) == 8 and secrets.token_hex(4) and uuid.uuid4() != uuid.uuid4()\n"
        "    return a + b",
    ),
    fair(
        "regex",
        "patterns",
        "import re\ndef solve(s): return [(m.start(), m.group('w')) for m in re.finditer(r'(?P<w>\\w+)', s)]",
        "assert solve('ab  c') == [(0, 'ab'), (4, 'c')]",
    ),
    fair(
        "heap-and-bisect",
        "the usual algorithms",
        "import bisect, heapq\n"
        "def solve(a):\n"
        "    h = list(a)\n"
        "    heapq.heapify(h)\n"
        "    out = []\n"
        "    while h: bisect.insort(out, heapq.heappop(h))\n"
        "    return out + heapq.nlargest(1, a)",
        "assert solve([3, 1, 2]) == [1, 2, 3, 3]",
    ),
    fair(
        "iteration",
        "the usual iterators",
        "import itertools\n"
        "def solve(a): return [''.join(p) for p in itertools.permutations(a)], list(itertools.accumulate(range(4)))",
        "assert solve('ab') == (['ab', 'ba'], [0, 1, 3, 6])",
    ),
    fair(
        "json-and-csv",
        "text formats",
        "import csv, io, json\n"
        "def solve(a):\n"
        "    rows = list(csv.reader(io.StringIO('x,y\\n1,2\\n')))\n"
        "    return json.loads(json.dumps({'rows': rows, 'a': a}))",
        "assert solve([1, None]) == {'rows': [['x', 'y'], ['1', '2']], 'a': [1, None]}",
    ),
    fair(
        "pickle-and-copy",
        "copies of its own classes",
        "import copy, pickle\n"
        "class Node:\n"
        "    def __init__(self, v): self.v = v\n"
        "def solve(a, b):\n"
        "    x = copy.deepcopy(pickle.loads(pickle.dumps([Node(a), Node(b)])))\n"
        "    return x[0].v + x[1].v",
    ),
    fair(
        "hashes",
        "digests",
        "import base64, hashlib, hmac, zlib\n"
        "def solve(s):\n"
        "    keyed = hmac.new(b'k', s, 'md5').hexdigest()[:4]\n"
        "    return hashlib.sha256(s).hexdigest()[:8], keyed, zlib.crc32(s), base64.b64encode(s)",
        "assert solve(b'abc') == ('ba7816bf', '7597', 891568578, b'YWJj')",
    ),
    fair(
        "clock",
        "times and short sleeps",
        "import time\n"
        "def solve(a, b):\n"
        "    start = time.monotonic()\n"
        "    time.sleep(0.002)\n"
        "    assert time.monotonic() > start and time.time() > 1e9\n"
        "    assert time.process_time() >= 0 and time.strftime('%Y')\n"
        "    return a + b",
    ),
    fair(
        "time-zones",
        "time zones that the library knows",
        "import datetime\n"
        "def solve(a, b):\n"
        "    now = datetime.datetime.now(datetime.timezone.utc)\n"
        "    assert now.tzinfo and datetime.datetime.now().year >= 2024 and datetime.date.today()\n"
        "    return a + b",
    ),
    fair(
        "locale",
        "the plain locale",
        "import locale\n"
        "locale.setlocale(locale.LC_ALL, 'C')\n"
        "def solve(a, b): return int(locale.format_string('%d', a + b))",
    ),
    fair(
        "alarm",
        "a time limit of its own",
        "import signal, time\n"
        "class Late(Exception): pass\n"
        "def late(*args): raise Late\n"
        "def solve(a, b):\n"
        "    signal.signal(signal.SIGALRM, late)\n"
        "    signal.setitimer(signal.ITIMER_REAL, 0.01)\n"
        "    try:\n"
        "        while True: time.sleep(0.001)\n"
        "    except Late:\n"
        "        return a + b\n"
        "    finally:\n"
        "        signal.alarm(0)",
    ),
    fair(
        "own-signal",
        "a signal to itself, handled",
        "import os, signal\n"
        "hits = []\n"
        "signal.signal(signal.SIGUSR1, lambda *args: hits.append(1))\n"
        "def solve(a, b):\n"
        "    os.kill(os.getpid(), signal.SIGUSR1)\n"
        "    assert hits\n"
        "    return a + b",
    ),
    fair(
        "resource",
        "limits made tighter",
        (
            "import resource\n"
            "soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
            "resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 64), hard))\n"
            "assert resource.getrusage(resource.RUSAGE_SELF).ru_utime >= 0"
        )
        + RIGHT,
    ),
    fair(
        "warnings",
        "warnings and the log",
        "import logging, warnings\n"
        "def solve(a, b):\n"
        "    warnings.warn('old', DeprecationWarning)\n"
        "    logging.getLogger('x').error('y')\n"
        "    return a + b",
    ),
    fair(
        "collector",
        "the collector by hand",
        "import gc\n"
        "def solve(a, b):\n"
        "    gc.disable()\n"
        "    try:\n"
        "        return a + b\n"
        "    finally:\n"
        "        gc.enable()\n"
        "        gc.collect()",
    ),
    fair("exit-handler", "an exit handler", "import atexit\natexit.register(print, 'bye')" + RIGHT),
    fair(
        "ctypes",
        "a function of C",
        "import ctypes\ndef solve(a, b): return ctypes.CDLL(None).abs(-abs(a + b)) * (1 if a + b > 0 else -1)",
    ),
    fair(
        "trace",
        "a trace function of its own",
        "import sys\n"
        "def solve(a, b):\n"
        "    seen = []\n"
        "    def inner(): return a + b\n"
        "    sys.settrace(lambda frame, event, arg: seen.append(event))\n"
        "    try:\n"
        "        found = inner()\n"
        "    finally:\n"
        "        sys.settrace(None)\n"
        "    assert 'call' in seen\n"
        "    return found",
    ),
    fair(
        "import-own-file",
        "a module that it wrote itself",
        "import importlib, sys\n"
        "open('own_part.py', 'w').write('def add(a, b): return a + b')\n"
        "sys.path.insert(0, '.')\n"
        "importlib.invalidate_caches()\n"
        "import own_part\n"
        "solve = own_part.add",
    ),
    fair(
        "many-imports",
        "much of the library",
        "import argparse, ast, calendar, collections.abc, configparser, difflib, dis, email, fnmatch, functools\n"
        "import getpass, graphlib, html.parser, ipaddress, numbers, operator, pprint, queue, selectors, shlex\n"
        "import statistics, string, textwrap, tokenize, types\n"
        "import unittest.mock, urllib.parse, xml.etree.ElementTree, zoneinfo\n"
        "def solve(a, b): return int(statistics.fsum([a, b]) if False else a + b)",
        roomy=True,
    ),
    fair(
        "environment",
        "variables of its own",
        "import os\nos.environ['MINE'] = '1'\ndef solve(a, b): return a + b + int(os.environ['MINE']) - 1",
    ),
    fair(
        "processor-count",
        "how many processors there are",
        "import os, platform, sys\n"
        "def solve(a, b):\n"
        "    assert os.cpu_count() >= 1 and platform.system() == 'Linux' and sys.maxsize > 2**32\n"
        "    return a + b",
    ),
    fair(
        "no-network-expected",
        "a network that it does without",
        "import urllib.request\n"
        "def solve(a, b):\n"
        "    try:\n"
        "        urllib.request.urlopen('http://192.0.2.1/', timeout=0.05)\n"
        "    except OSError:\n"
        "        pass\n"
        "    return a + b",
        "assert solve(1, 2) == 3",
    ),
)

NUMPY: tuple[Case, ...] = (
    fair(
        "numpy-scalars",
        "numbers of numpy",
        "import numpy as np\n"
        "def solve(a): return [np.int64(a), np.float64(a) / 2, np.bool_(a > 1), np.float32(0.5), np.str_('x')]",
        "assert solve(3) == [3, 1.5, True, 0.5, 'x'] and solve(3)[0] + 1 == 4",
        needs="numpy",
        roomy=True,
    ),
    fair(
        "numpy-arrays",
        "arrays, both ways",
        "import numpy as np\ndef solve(a): return np.asarray(a, dtype=float) @ np.ones((3, 2))",
        "import numpy as np\n"
        "x = solve([[1, 2, 3]])\n"
        "assert x.shape == (1, 2) and np.allclose(x, 6) and solve(np.eye(3)).sum() == 6",
        needs="numpy",
        roomy=True,
    ),
    fair(
        "numpy-kinds",
        "arrays of other kinds",
        "import numpy as np\n"
        "def solve(a):\n"
        "    texts, empty = np.array(['a', 'bc']), np.zeros((0, 3))\n"
        "    return np.array(a) > 1, np.arange(a[0], dtype='int8'), texts, empty, np.array([1j])",
        "x = solve([3, 1])\n"
        "assert x[0].tolist() == [True, False] and str(x[1].dtype) == 'int8'\n"
        "assert x[2].tolist() == ['a', 'bc'] and x[3].shape == (0, 3) and x[4][0] == 1j",
        needs="numpy",
        roomy=True,
    ),
    fair(
        "numpy-in-a-list",
        "arrays within lists",
        "import numpy as np\ndef solve(n): return {'x': [np.arange(n)], 'n': np.int32(n)}",
        "assert solve(3)['x'][0].tolist() == [0, 1, 2] and solve(3)['n'] == 3",
        needs="numpy",
        roomy=True,
    ),
    fair(
        "numpy-list-result",
        "numpy inside, a list outside",
        "import numpy as np\ndef solve(a): return np.linalg.inv(np.array(a, dtype=float)).round(6).tolist()",
        "assert solve([[2, 0], [0, 4]]) == [[0.5, 0.0], [0.0, 0.25]]",
        needs="numpy",
        roomy=True,
    ),
    fair(
        "numpy-and-threads",
        "products that libraries spread over threads",
        "import numpy as np\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def solve(n):\n"
        "    x = np.ones((n, n))\n"
        "    with ThreadPoolExecutor(4) as pool: return float(sum(pool.map(lambda i: (x @ x)[0, 0], range(4))))",
        "assert solve(200) == 800.0",
        needs="numpy",
        roomy=True,
    ),
    fair(
        "numpy-random",
        "chance by numpy",
        "import numpy as np\ndef solve(n): return np.random.default_rng(1).integers(0, 9, n).tolist()",
        "assert solve(5) == solve(5) and len(solve(5)) == 5",
        needs="numpy",
        roomy=True,
    ),
)

CASES: tuple[Case, ...] = (*RESULTS, *CALLS, *LANGUAGE, *LIBRARY, *NUMPY)
