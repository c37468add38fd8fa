"""Scalar expressions, and exact arithmetic on those that are rational numbers.

The constructors fold rational numbers as they build: an expression without symbols or irrational parts is one `Num`.
Each guards the size of its result before it computes it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from benchcore.graders.algebra.bounds import LARGEST_BINOMIAL, LARGEST_FACTORIAL, MOST_BITS, Fuel, Limit, Unreadable


@dataclass(frozen=True, slots=True)
class Num:
    """A rational number."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Sym:
    r"""A variable, or one of the constants "pi", "e", "i"; "infty" is a symbol like any other."""

    name: str


@dataclass(frozen=True, slots=True)
class Op:
    """An operation or a function on its arguments."""

    name: str
    args: tuple["Node", ...]


Node = Num | Sym | Op

CONSTANTS = frozenset({"pi", "e", "i"})
ZERO, ONE = Num(Fraction(0)), Num(Fraction(1))
MINUS_ONE, HUNDREDTH = Num(Fraction(-1)), Num(Fraction(1, 100))
HIGHEST_EXACT_ROOT = 64


def symbols(node: Node) -> frozenset[str]:
    """The variables of `node`."""
    if isinstance(node, Num):
        return frozenset()
    if isinstance(node, Sym):
        return frozenset() if node.name in CONSTANTS else frozenset((node.name,))
    return frozenset().union(*map(symbols, node.args))


def operations(node: Node) -> frozenset[str]:
    """The names of all operations in `node`."""
    if isinstance(node, Op):
        return frozenset((node.name,)).union(*map(operations, node.args))
    return frozenset()


def bits(value: Fraction) -> int:
    """Size of a rational number: bits of its numerator and denominator."""
    return value.numerator.bit_length() + value.denominator.bit_length()


def charge(value: Fraction, fuel: Fuel) -> None:
    """Pay for one exact operation on a number of this size. Raises `Limit` when it is too large."""
    size = bits(value)
    if size > MOST_BITS:
        raise Limit("limit: size of a number")
    fuel.spend(2 + size * size // 500_000)


def whole(node: Node) -> int | None:
    """The integer that `node` is, or None."""
    return node.value.numerator if isinstance(node, Num) and node.value.denominator == 1 else None


def add(terms: Sequence[Node], fuel: Fuel) -> Node:
    """The sum of `terms`."""
    total = Fraction(0)
    rest: list[Node] = []
    for term in terms:
        if isinstance(term, Num):
            total = total + term.value if total else term.value
            charge(total, fuel)
        else:
            rest.append(term)
    if not rest:
        return Num(total)
    if total:
        rest.append(Num(total))
    return rest[0] if len(rest) == 1 else Op("add", tuple(rest))


def multiply(factors: Sequence[Node], fuel: Fuel) -> Node:
    """The product of `factors`."""
    total = Fraction(1)
    rest: list[Node] = []
    for factor in factors:
        if isinstance(factor, Num):
            total = factor.value if total == 1 else total * factor.value
            charge(total, fuel)
        elif isinstance(factor, Op) and factor.name == "mul" and isinstance(factor.args[0], Num):
            total *= factor.args[0].value
            charge(total, fuel)
            rest.extend(factor.args[1:])
        else:
            rest.append(factor)
    if not total and any("infty" in symbols(factor) for factor in rest):
        raise Unreadable("zero times infinity")
    if not rest or not total:
        return Num(total)
    if total != 1:
        rest.insert(0, Num(total))
    return rest[0] if len(rest) == 1 else Op("mul", tuple(rest))


def negative(node: Node, fuel: Fuel) -> Node:
    """`node` with its sign changed."""
    return Num(-node.value) if isinstance(node, Num) else multiply((MINUS_ONE, node), fuel)


def reciprocal(node: Node) -> Node:
    """One over `node`. Raises `Unreadable` for zero."""
    if isinstance(node, Op) and node.name == "pow" and isinstance(node.args[1], Num):
        return Op("pow", (node.args[0], Num(-node.args[1].value)))
    if not isinstance(node, Num):
        return Op("pow", (node, MINUS_ONE))
    if not node.value:
        raise Unreadable("division by zero")
    return Num(1 / node.value)


def power(base: Node, exponent: Node, fuel: Fuel) -> Node:
    """`base` to the `exponent`: exact for a rational to an integer, and for a perfect root."""
    if not isinstance(exponent, Num):
        return Op("pow", (base, exponent))
    if exponent.value == 1:
        return base
    if not isinstance(base, Num):
        return Op("pow", (base, exponent))
    number, times = base.value, exponent.value
    if not number:
        if times <= 0:
            raise Unreadable("zero to a power that is not positive")
        return ZERO
    if times.denominator != 1:
        if number < 0 or times.denominator > HIGHEST_EXACT_ROOT:
            return Op("pow", (base, exponent))
        root = exact_root(number, times.denominator, fuel)
        if root is None:
            return Op("pow", (base, exponent))
        number = root
    if abs(number) != 1 and bits(number) * abs(times.numerator) > MOST_BITS:
        raise Limit("limit: power")
    if abs(number) == 1:
        return Num(number if times.numerator % 2 else Fraction(1))
    result = number**times.numerator
    charge(result, fuel)
    return Num(result)


def root(radicand: Node, degree: Node, fuel: Fuel) -> Node:
    """The `degree`-th root; real for an odd root of a negative number."""
    order = whole(degree)
    if order is None or order < 2:
        return power(radicand, reciprocal(degree), fuel)
    if not isinstance(radicand, Num) or order > HIGHEST_EXACT_ROOT:
        return Op("root", (radicand, degree))
    if radicand.value < 0:
        positive = root(Num(-radicand.value), degree, fuel)
        return (
            negative(positive, fuel)
            if order % 2
            else multiply((Sym("i"), positive), fuel)
            if order == 2
            else Op("root", (radicand, degree))
        )
    exact = exact_root(radicand.value, order, fuel)
    return Op("root", (radicand, degree)) if exact is None else Num(exact)


def exact_root(value: Fraction, order: int, fuel: Fuel) -> Fraction | None:
    """The rational `order`-th root of a positive number, or None when there is none."""
    top, bottom = _integer_root(value.numerator, order, fuel), _integer_root(value.denominator, order, fuel)
    return None if top is None or bottom is None else Fraction(top, bottom)


def _integer_root(number: int, order: int, fuel: Fuel) -> int | None:
    size = number.bit_length()
    fuel.spend(2 + size * size // 500_000)
    if order == 2:
        found = math.isqrt(number)
        return found if found * found == number else None
    low, high = 0, 1 << (size // order + 1)
    fuel.spend((size // order) * (2 + size * size // 5_000_000))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**order <= number else (low, middle - 1)
    return low if low**order == number else None


def factorial(node: Node, step: int, fuel: Fuel) -> Node:
    """`node`! for a `step` of 1, `node`!! for 2."""
    if not isinstance(node, Num):
        return Op("factorial" if step == 1 else "double factorial", (node,))
    number = whole(node)
    if number is None or number < 0:
        raise Unreadable("factorial of no natural number")
    if number > LARGEST_FACTORIAL:
        raise Limit("limit: factorial")
    result = Fraction(math.factorial(number) if step == 1 else math.prod(range(number, 0, -step)))
    charge(result, fuel)
    return Num(result)


def binomial(top: Node, bottom: Node, fuel: Fuel) -> Node:
    """How many ways to choose `bottom` of `top`."""
    n, k = whole(top), whole(bottom)
    if n is None or k is None:
        return Op("binomial", (top, bottom))
    if n < 0 or k < 0:
        raise Unreadable("binomial of negative numbers")
    if n > LARGEST_BINOMIAL:
        raise Limit("limit: binomial")
    fuel.spend(n)
    return Num(Fraction(math.comb(n, k)))


def call(name: str, args: Sequence[Node], fuel: Fuel) -> Node:
    """The function `name` of `args`, folded where a rational number comes out of rational numbers by definition."""
    fuel.spend(2)
    numbers = [arg.value for arg in args if isinstance(arg, Num)]
    if len(numbers) < len(args) or not numbers:
        return Op(name, tuple(args))
    if name in ("floor", "ceil", "abs") and len(numbers) == 1:
        number = numbers[0]
        if name == "abs":
            return Num(abs(number))
        return Num(Fraction(math.floor(number) if name == "floor" else math.ceil(number)))
    if name in ("min", "max"):
        return Num(min(numbers) if name == "min" else max(numbers))
    if name in ("gcd", "lcm") and all(number.denominator == 1 for number in numbers):
        for number in numbers:
            charge(number, fuel)
        whole_numbers = [number.numerator for number in numbers]
        if name == "lcm" and sum(number.bit_length() for number in whole_numbers) > MOST_BITS:
            raise Limit("limit: size of a number")
        return Num(Fraction(math.gcd(*whole_numbers) if name == "gcd" else math.lcm(*whole_numbers)))
    return Op(name, tuple(args))


def substitute(node: Node, name: str, value: Node, fuel: Fuel) -> Node:
    """`node` with `value` in place of the symbol `name`."""
    if isinstance(node, Num):
        return node
    if isinstance(node, Sym):
        return value if node.name == name else node
    args = [substitute(arg, name, value, fuel) for arg in node.args]
    return rebuilt(node.name, args, fuel)


def rebuilt(name: str, args: Sequence[Node], fuel: Fuel) -> Node:
    """The operation `name` on other arguments, folded again."""
    fuel.spend(2)
    if name == "add":
        return add(args, fuel)
    if name == "mul":
        return multiply(args, fuel)
    if name == "pow":
        return power(args[0], args[1], fuel)
    if name == "root":
        return root(args[0], args[1], fuel)
    if name in ("factorial", "double factorial"):
        return factorial(args[0], 1 if name == "factorial" else 2, fuel)
    if name == "binomial":
        return binomial(args[0], args[1], fuel)
    return call(name, args, fuel)
