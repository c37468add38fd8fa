"""Bounds: every text ends soon, in little memory and depth; identical notation is equal beyond every limit."""

import decimal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchcore.graders.algebra import Relation, compare, understood

HOSTILE = {
    "tower": "9^{9^{9^{9^9}}}",
    "tower of braces": "2" + "^{2" * 200 + "}" * 200,
    "flat tower": "x" + "^x" * 1000,
    "factorial": "100000000!",
    "many factorials": "+".join(f"{2900 + n % 100}!" for n in range(500)),
    "product of factorials": "*".join(["3000!"] * 600),
    "sum of reciprocals": "+".join(f"1/{n}" for n in range(1, 500)),
    "reciprocals of large numbers": "+".join(rf"\frac{{1}}{{{10**15 + 7 * n}}}" for n in range(120)),
    "binomials": "+".join([r"\binom{10000}{5000}"] * 100),
    "braces": "{" * 100_000 + "1" + "}" * 100_000,
    "parentheses": "(" * 1900 + "1" + ")" * 1900,
    "open boxes": r"\boxed{" * 500,
    "fractions": r"\frac" * 700 + "1",
    "roots": r"\sqrt" * 700 + "2",
    "sines": "+".join(rf"\sin({n}x)" for n in range(300)),
    "logarithms": "+".join(rf"\ln {n}" for n in range(2, 400)),
    "powers": "+".join(f"2^{{0.{n}}}" for n in range(2, 400)),
    "large base": "+".join(["2^{59000}"] * 300),
    "roots of powers": "+".join([r"\sqrt[7]{3^{30001}}"] * 150),
    "a megabyte": "1" * 10**6,
    "megabyte of terms": "x+" * 500_000,
    "exponent": "1e999999999",
    "tiny": "0.1^{99999999999}",
    "recurring": "0.\\overline{" + "3" * 2000 + "}",
    "minus signs": "-" * 3000 + "1",
    "exclamation marks": "1" + "!" * 3000,
    "primes": "f" + "'" * 3000 + "(x)",
    "list": ",".join(map(str, range(800))),
    "list of radicals": ",".join(rf"\sqrt{{{n}}}" for n in range(300)),
    "union": r"\cup".join(f"({n},{n + 1})" for n in range(300)),
    "inequalities": " or ".join(f"x>{n}" for n in range(500)),
    "chain of labels": "=".join(["x"] * 1500),
    "chain of radicals": "=".join([r"\sqrt{2}"] * 400),
    "plus-minus": r"\pm 1" * 500,
    "bars": "|" * 3000,
    "row": r"\begin{pmatrix}" + "&".join(["1"] * 1500) + r"\end{pmatrix}",
    "digits and letters": "1A" * 1900,
    "base": "1A" * 1900 + "_2",
    "dollars": "$" * 3900,
    "backslashes": "\\" * 3900,
    "spaces": "\\ " * 1900,
    "groups": "111," * 950 + "111",
    "words": "one hundred and " * 240,
    "a.m.": "\\text{" + "a.m." * 900 + "}",
    "control characters": "\x00\x01\x02" * 1000,
    "surrogates": "\ud800" * 1000,
    "one character for many": "\ufdfa" * 3900,
    "two digits in one": "⑳" * 3900,
    "power of a sum": "(x+1)^{100000}",
    "complex power": "(1+i)^{10^{15}}",
    "exponentials": "e^{e^{e^{e^{e}}}}",
    "large angle": r"\tan(10^{30})",
    "many variables": "+".join(f"{chr(97 + n % 26)}_{{{n}}}" for n in range(400)),
    "code": '__import__("os").system("id")',
}
OTHERS = ("5", r"\frac{1}{2}x+\sqrt{2}", r"(-\infty,3)")
LONGEST = 0.5  # CPU seconds, on a slow machine


@pytest.mark.parametrize("name", HOSTILE)
def test_every_comparison_is_short(name: str) -> None:
    text = HOSTILE[name]
    for other in (*OTHERS, text + "+1"):
        for gold, answer in ((other, text), (text, other)):
            start = time.process_time()
            found = compare(gold, answer)
            assert time.process_time() - start < LONGEST, found
            assert found.relation is not Relation.EQUAL


@pytest.mark.parametrize("name", HOSTILE)
def test_identical_notation_is_equal_before_anything_else(name: str) -> None:
    assert compare(HOSTILE[name], HOSTILE[name]).relation is Relation.EQUAL


def test_six_thousand_digits() -> None:
    digits = "7" * 6000
    assert compare(digits, f"${digits}$").relation is Relation.EQUAL
    assert compare(digits, digits[:-1] + "8").relation is Relation.DIFFERENT
    assert compare("1" * 3900 + "/3", "1" * 3900 + r" \div 3").relation is Relation.EQUAL


@pytest.mark.parametrize(
    "level",
    ["({}!%+1)y", r"\frac{{1}}{{2{}+1}}", r"\sqrt[3]{{2{}+1}}^2", "2^{{-{}+1}}", "({},1)", r"\{{{},1\}}", "(x={})",
     "f({}+1)", "(3 or {})", "|2+{}|", r"({}) \cup [1,2]"],
)  # fmt: skip
def test_depth_is_bounded_well_below_the_interpreters(level: str) -> None:
    """Half of the interpreter's limit is left to whoever calls."""
    limit = sys.getrecursionlimit()
    frame, used = sys._getframe(), 0
    while frame is not None:
        frame, used = frame.f_back, used + 1  # type: ignore[assignment]
    for depth in (10, 27, 60, 500):
        text = "x"
        for _ in range(depth):
            text = level.format(text)
        sys.setrecursionlimit(used + 560)
        try:
            compare(text, text.replace("x", "y"))
            compare("(x, 1)", text)
        finally:
            sys.setrecursionlimit(limit)


def test_the_digits_that_python_does_not_convert_never_meet_it() -> None:
    assert not understood("⑳" * 2500)
    assert compare("⑳", "20").relation is Relation.EQUAL


def test_importing_it_needs_nothing_heavy() -> None:
    code = "import sys, benchcore.graders.algebra as a; a.compare('1', 'x'); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    assert not loaded & {"sympy", "numpy", "asyncio", "hashlib", "random", "subprocess", "ssl", "email", "json"}


PAIRS = [
    (r"\sin 1 + \ln 2", r"\ln 2 + \sin 1"),
    (r"\sqrt{2}", "1.41421356237309504880168872420969807857"),
    (r"\frac{x^2-1}{x-1}", "x+1"),
    (r"(1,\infty)", "x > 1"),
    ("9^{9^9}", "9^{9^8}"),
]


def test_the_callers_decimal_context_changes_nothing() -> None:
    expected = [compare(*pair) for pair in PAIRS]
    with decimal.localcontext() as context:
        context.prec, context.rounding = 3, decimal.ROUND_UP
        context.traps = dict.fromkeys(context.traps, True)
        assert [compare(*pair) for pair in PAIRS] == expected


def test_threads_change_nothing() -> None:
    expected = [compare(*pair) for pair in PAIRS]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: [compare(*pair) for pair in PAIRS], range(64)))
    assert all(outcome == expected for outcome in found)
