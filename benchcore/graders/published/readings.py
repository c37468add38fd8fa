"""What expressions are worth as published graders read them: their values at three fixed points.

Rational arithmetic is exact, the rest is in double precision; sizes are bounded before each operation.
"""

import cmath
import functools
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from benchcore.graders.published.latex import Node, parse

POINTS = 3
MOST_BITS = 60_000  # of an exact number
MOST_FACTORIAL = 3000
CLOSE = 1e-9  # relative, where a value is not exact

Value = Fraction | complex

_FUNCTIONS: Mapping[str, Callable[[complex], complex]] = {
    "sin": cmath.sin,
    "cos": cmath.cos,
    "tan": cmath.tan,
    "csc": lambda x: 1 / cmath.sin(x),
    "sec": lambda x: 1 / cmath.cos(x),
    "cot": lambda x: 1 / cmath.tan(x),
    "arcsin": cmath.asin,
    "arccos": cmath.acos,
    "arctan": cmath.atan,
    "sinh": cmath.sinh,
    "cosh": cmath.cosh,
    "tanh": cmath.tanh,
    "exp": cmath.exp,
    "ln": cmath.log,
    "lg": cmath.log10,
    "log": cmath.log,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Sides parted by relation signs (none for a plain expression) at each point; None where undefined."""

    relations: tuple[str, ...]
    sides: tuple[tuple[Value | None, ...], ...]
    numeric: bool

    def number(self) -> float | None:
        """The real number that an expression without variables is, else None."""
        value = self.sides[0][0]
        if not self.numeric or self.relations or value is None or (isinstance(value, complex) and abs(value.imag) > 0):
            return None
        try:
            return float(value.real)
        except OverflowError:
            return math.inf if value.real > 0 else -math.inf

    def gap(self) -> tuple[Value | None, ...]:
        """The size of the difference between the two sides of a single relation, at each point."""
        left, right = self.sides
        differences = (
            None if a is None or b is None else _add(a, _times(Fraction(-1), b))
            for a, b in zip(left, right, strict=True)
        )
        return tuple(None if one is None else _size(one) for one in differences)


def read(text: str) -> Reading | None:
    """What `text` is worth as sympy reads it; None where it does not."""
    tree = parse(text)
    if tree is None:
        return None
    sides = tuple(tuple(_value(side, point) for point in range(POINTS)) for side in tree.sides)
    return Reading(relations=tree.relations, sides=sides, numeric=tree.numeric)


def same(one: Reading, other: Reading) -> bool:
    """Whether two readings have the same relation signs and equal sides at every point."""
    return one.relations == other.relations and all(
        equal_values(a, b) for a, b in zip(one.sides, other.sides, strict=True)
    )


def equal_values(one: tuple[Value | None, ...], other: tuple[Value | None, ...]) -> bool:
    """Whether the values are equal at every point, and defined at one at least."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None or b is not None]
    return bool(pairs) and all(a is not None and b is not None and _close(a, b) for a, b in pairs)


def _close(a: Value, b: Value) -> bool:
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a == b
    try:
        return cmath.isclose(complex(a), complex(b), rel_tol=CLOSE, abs_tol=CLOSE * CLOSE)
    except OverflowError:
        return False


def _value(node: Node, point: int) -> Value | None:
    """The value of `node` at a point, or None where it is undefined or beyond the limits."""
    try:
        return _evaluate(node, point)
    except (ArithmeticError, ValueError):  # a division by zero, an overflow, a logarithm of zero
        return None


def _evaluate(node: Node, point: int) -> Value:
    sign = node[0]
    match node:
        case ("number", Fraction() as number):
            return number
        case ("symbol", str(name)):
            return _of_name(name, point)
        case ("applied", str(name), *_):
            seed = complex(_of_name(name, point))
            inside = [complex(one) for one in _parts(node[2:], point)]
            return sum((cmath.cos(seed * (place + 2) + one) for place, one in enumerate(inside)), 0j)
        case ("call", str(name), _):
            return _FUNCTIONS[name](*map(complex, _parts(node[2:], point)))
    parts = _parts(node[1:], point)
    return functools.reduce(_FOLDED[sign], parts) if sign in _FOLDED else _OPERATIONS[str(sign)](*parts)


def _parts(nodes: Sequence[object], point: int) -> list[Value]:
    return [_evaluate(node, point) for node in nodes if isinstance(node, tuple)]


def _of_name(name: str, point: int) -> Fraction:
    """A fixed value for a variable: of two variables the smaller is the larger at the next point; then negative."""
    size = Fraction(zlib.crc32(name.encode()) % 1009 + 101, 523)
    return (size, 1 / size, -size)[point]


def _add(a: Value, b: Value) -> Value:
    return _within(a + b) if isinstance(a, Fraction) and isinstance(b, Fraction) else complex(a) + complex(b)


def _times(a: Value, b: Value) -> Value:
    return _within(a * b) if isinstance(a, Fraction) and isinstance(b, Fraction) else complex(a) * complex(b)


def _inverse(a: Value) -> Value:
    return 1 / a


def _power(a: Value, b: Value) -> Value:
    if isinstance(a, Fraction) and isinstance(b, Fraction) and b.denominator == 1:
        bits = max(a.numerator.bit_length(), a.denominator.bit_length())
        if bits * abs(b.numerator) <= MOST_BITS or abs(a) == 1 or not a:
            return Fraction(a**b.numerator)
    return complex(a) ** complex(b)


def _choose(a: Value, b: Value) -> Value:
    if not (isinstance(a, Fraction) and isinstance(b, Fraction) and a.denominator == b.denominator == 1):
        raise ArithmeticError
    if not 0 <= b <= a <= MOST_BITS:
        raise ArithmeticError
    return Fraction(math.comb(a.numerator, b.numerator))


def _factorial(a: Value) -> Value:
    if not (isinstance(a, Fraction) and a.denominator == 1 and 0 <= a <= MOST_FACTORIAL):
        raise ArithmeticError
    return Fraction(math.factorial(a.numerator))


def _rounded(rule: Callable[[Fraction | float], int], a: Value) -> Value:
    if isinstance(a, complex) and a.imag:
        raise ArithmeticError
    return Fraction(rule(a if isinstance(a, Fraction) else a.real))


def _size(a: Value) -> Value:
    return abs(a) if isinstance(a, Fraction) else complex(abs(a))


def _within(a: Fraction) -> Value:
    """An exact number of a bounded size, or its double."""
    return a if max(a.numerator.bit_length(), a.denominator.bit_length()) <= MOST_BITS else complex(a)


_FOLDED: Mapping[object, Callable[[Value, Value], Value]] = {"+": _add, "*": _times}
_OPERATIONS: Mapping[str, Callable[..., Value]] = {
    "inverse": _inverse,
    "^": _power,
    "binom": _choose,
    "!": _factorial,
    "abs": _size,
    "floor": functools.partial(_rounded, math.floor),
    "ceiling": functools.partial(_rounded, math.ceil),
}
