"""Expressions that agree to as many digits as are computed: whether that is enough to call them equal.

It is for numbers of everyday size. Large ones can differ behind the last digit, as 10^50 and the root of 10^100 + 1 do;
they are compared by exact arithmetic where both sides are products of roots of rational numbers.
"""

import math
from fractions import Fraction

from benchcore.graders.algebra import nodes
from benchcore.graders.algebra.bounds import Fuel, Undecided
from benchcore.graders.algebra.nodes import Node, Num, Op

_SMALL_BITS = 32  # of numerator and denominator: smaller numbers do not count
_MOST_BITS = 100  # of all other numbers together: 50 digits tell roots of such numbers apart


def confirmed(first: Node, second: Node, fuel: Fuel) -> bool:
    """Whether two expressions whose digits agree are equal. Raises `Undecided` where digits are not enough to tell."""
    (ours, left), (theirs, right) = _split(first), _split(second)
    if left == right:
        return ours == theirs
    ratio = ours / theirs if ours and theirs else Fraction(0)
    nodes.charge(ratio, fuel)
    if sum(map(_weight, (Num(ratio), *left, *right))) <= _MOST_BITS:
        return True
    one, other = _as_root(first, fuel), _as_root(second, fuel)
    if one is None or other is None:
        raise Undecided("numbers too large for their digits")
    order = math.lcm(one[1], other[1])
    return _raised(one, order, fuel) == _raised(other, order, fuel)


def _split(node: Node) -> tuple[Fraction, tuple[Node, ...]]:
    """The rational coefficient of `node`, and its other factors."""
    if isinstance(node, Num):
        return node.value, ()
    factors = node.args if isinstance(node, Op) and node.name == "mul" else (node,)
    if isinstance(factors[0], Num):
        return factors[0].value, factors[1:]
    return Fraction(1), factors


def _weight(node: Node) -> int:
    if isinstance(node, Num):
        size = nodes.bits(node.value)
        return size if size > _SMALL_BITS else 0
    return sum(map(_weight, node.args)) if isinstance(node, Op) else 0


def _as_root(node: Node, fuel: Fuel) -> tuple[Node, int] | None:
    """A rational number and the degree of the root of it that `node` is, but for its sign; None if it is none."""
    if isinstance(node, Num):
        return Num(abs(node.value)), 1
    if not isinstance(node, Op):
        return None
    if node.name == "mul":
        parts = [_as_root(arg, fuel) for arg in node.args]
        found = [part for part in parts if part is not None]
        if len(found) < len(parts):
            return None
        order = math.lcm(*(part[1] for part in found))
        return nodes.multiply([_raised(part, order, fuel) for part in found], fuel), order
    if node.name not in ("root", "pow"):
        return None
    base, index = node.args
    if not isinstance(base, Num) or not isinstance(index, Num) or base.value <= 0 or not index.value:
        return None
    times = index.value if node.name == "pow" else 1 / index.value
    return nodes.power(base, Num(Fraction(times.numerator)), fuel), times.denominator


def _raised(part: tuple[Node, int], order: int, fuel: Fuel) -> Node:
    return nodes.power(part[0], Num(Fraction(order // part[1])), fuel)
