"""One program of the suite, and what the sandbox may say of it."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from benchcore.graders.sandbox import Kind, Limits, Program

PASSED = frozenset({Kind.PASSED})
FAILED = frozenset({Kind.FAILED})
TIMEOUT = frozenset({Kind.TIMEOUT})
CRASHED = frozenset({Kind.CRASHED})
CHEATED = frozenset({Kind.CHEATED})
# whatever the verdict is called, it is one, and it is no pass
NO_PASS = FAILED | TIMEOUT | CRASHED | CHEATED
# a sandbox may refuse a call with an error, which the program survives, or with a signal
REFUSED = PASSED | CRASHED

MIB = 1 << 20
QUICK = Limits(cpu_seconds=1.0, wall_seconds=3.0)
# far apart, so that on a busy machine too the limit that is meant comes first
LOOP = Limits(cpu_seconds=0.5, wall_seconds=12.0)
NAP = Limits(cpu_seconds=10.0, wall_seconds=0.8)
SMALL = Limits(cpu_seconds=4.0, wall_seconds=8.0, memory_bytes=512 * MIB)
ROOMY = Limits(cpu_seconds=6.0, wall_seconds=15.0)

ADD = """
assert solve(1, 2) == 3
assert solve(-5, 5) == 0
assert solve(10**6, 1) == 1000001
for n in range(20):
    assert solve(n, n * n) == n + n * n
"""
ONCE = "assert solve(1, 2) == 3"
# no arithmetic leads there: only a program that has read the tests can pass them
UNGUESSABLE = """
assert solve(1, 2) == 731904
assert solve(3, 4) == 220587
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A program; `@NAME@` in its texts stands for what the laboratory offers under that name."""

    name: str
    why: str
    kinds: frozenset[Kind]
    source: str
    tests: str = ADD
    exports: tuple[str, ...] = ("solve",)
    helpers: str = ""
    limits: Limits | None = None
    needs: str = ""  # "numpy", "x86_64", "namespaces"
    # what all its processes together may come to while it runs; looked at only where stated, as looking costs time
    peak_bytes: int | None = None
    peak_processes: int | None = None

    def program(self, values: Mapping[str, str]) -> Program:
        return Program(
            source=filled(self.source, values),
            tests=filled(self.tests, values),
            exports=self.exports,
            helpers=filled(self.helpers, values),
        )


def filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def case(
    name: str,
    kinds: frozenset[Kind],
    why: str,
    source: str,
    *,
    tests: str = ADD,
    exports: tuple[str, ...] = ("solve",),
    helpers: str = "",
    limits: Limits | None = None,
    needs: str = "",
    peak_bytes: int | None = None,
    peak_processes: int | None = None,
) -> Case:
    """A case whose texts are written indented."""
    return Case(
        name=name,
        why=why,
        kinds=kinds,
        source=textwrap.dedent(source),
        tests=textwrap.dedent(tests),
        exports=exports,
        helpers=textwrap.dedent(helpers),
        limits=limits,
        needs=needs,
        peak_bytes=peak_bytes,
        peak_processes=peak_processes,
    )


# Only OSError means "refused": a slip in the attempt itself must show as a wrong verdict.
ATTEMPT = """

out = None

def solve(a, b):
    global out
    if out is None:
        try:
            out = bool(attempt())
        except OSError:
            out = False
    return "escaped" if out else a + b
"""


def attempt(
    name: str, why: str, body: str, *, kinds: frozenset[Kind] = PASSED, needs: str = "", before: str = ""
) -> Case:
    """A program that answers right only if what it tried came to nothing; the body returns whether it worked."""
    function = "def attempt():\n" + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    return case(name, kinds, why, before + "\n" + function + ATTEMPT, needs=needs)


# Raw system calls: what a library wrapper refuses by itself proves nothing about the sandbox.
SYSCALL = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

def syscall(number, *arguments):
    return libc.syscall(ctypes.c_long(number), *[ctypes.c_long(v) if isinstance(v, int) else v for v in arguments])
"""

# Runs a function in a forked child and tells whether the child ended with status 0.
FORKED = """
import os

def in_child(function):
    pid = os.fork()
    if pid == 0:
        try:
            function()
        finally:
            os._exit(77)
    return os.waitpid(pid, 0)[1] == 0
"""
