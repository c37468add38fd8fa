"""Equations: the same when the differences of their sides are proportional."""

from fractions import Fraction

from benchcore.graders.algebra import nodes, numeric
from benchcore.graders.algebra.bounds import Fuel, Undecided
from benchcore.graders.algebra.nodes import Node, Num, Op
from benchcore.graders.algebra.scalars import refuse_opaque
from benchcore.graders.algebra.values import Chain, Quantity, Value


def difference(chain: Value, fuel: Fuel) -> Node:
    """The first two sides, one less the other. Raises `Undecided` where one is no expression."""
    assert isinstance(chain, Chain)
    left, right = (side.node if isinstance(side, Quantity) else side for side in chain.sides[:2])
    if not isinstance(left, Node) or not isinstance(right, Node):
        raise Undecided("an equation of what is no scalar")
    return nodes.add((left, nodes.negative(right, fuel)), fuel)


def same(gold: Value, answer: Value, fuel: Fuel) -> bool:
    """Whether the differences of the sides of two equations are proportional."""
    ours, theirs = difference(gold, fuel), difference(answer, fuel)
    if nodes.symbols(ours) != nodes.symbols(theirs):
        return False
    if ratio(ours, theirs, fuel) is not None:
        return True
    refuse_opaque(ours, theirs)
    if _divides(ours) or _divides(theirs):
        raise Undecided("equations that are not polynomial")
    return False


def ratio(ours: Node, theirs: Node, fuel: Fuel) -> Node | None:
    """The constant that `ours` is of `theirs`, or None. It is taken at one point and tried at the others."""
    point = {name: Num(Fraction(2 + 3 * index, 7)) for index, name in enumerate(sorted(nodes.symbols(ours)))}
    first, second = ours, theirs
    for name, value in point.items():
        first, second = nodes.substitute(first, name, value, fuel), nodes.substitute(second, name, value, fuel)
    if numeric.equal(first, nodes.ZERO, fuel) or numeric.equal(second, nodes.ZERO, fuel):
        raise Undecided("a zero at the point where it is tried")
    constant = nodes.multiply((first, nodes.reciprocal(second)), fuel)
    scaled = nodes.multiply((constant, theirs), fuel)
    return constant if numeric.equal(ours, scaled, fuel) else None


def _divides(node: Node) -> bool:
    if not isinstance(node, Op):
        return False
    if node.name in ("pow", "root"):
        power = nodes.whole(node.args[1])
        if node.name == "root" or power is None or power < 0:
            return bool(nodes.symbols(node))
    return (node.name not in ("add", "mul", "pow") and bool(nodes.symbols(node))) or any(map(_divides, node.args))
