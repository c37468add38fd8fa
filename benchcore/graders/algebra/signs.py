"""Signs that apply to a whole value: minus, plus-minus, percent, degree; letters that are units."""

from collections.abc import Iterator
from itertools import product

from benchcore.graders.algebra import nodes, units
from benchcore.graders.algebra.bounds import Fuel, Unreadable
from benchcore.graders.algebra.nodes import Node, Op, Sym
from benchcore.graders.algebra.values import Based, Bracket, Chain, Listing, Matrix, Quantity, Value, Word


def scalar(value: Value) -> Node:
    """`value` as an expression. Raises `Unreadable` when it is none, or has a unit."""
    if isinstance(value, Node):
        return value
    if isinstance(value, Quantity):
        if value.unit == "percent":
            return Op("percent", (value.node,))
        if value.unit == "degree":
            return Op("degree", (value.node,))
    if isinstance(value, Word) and len(value.text) == 1:
        return Sym(value.text)
    raise Unreadable("arithmetic with what is no scalar")


def negated(value: Value, fuel: Fuel) -> Value:
    """`value` with a minus before it."""
    if isinstance(value, Node):
        return nodes.negative(value, fuel)
    if isinstance(value, Matrix):
        rows = tuple(tuple(nodes.negative(cell, fuel) for cell in row) for row in value.rows)
        return Matrix(rows)
    if isinstance(value, Based):
        return Based("-" + value.digits, value.base)
    if isinstance(value, Quantity):
        return Quantity(nodes.negative(value.node, fuel), value.unit)
    raise Unreadable("minus before what has no sign")


def quantity(node: Node, unit: str, fuel: Fuel) -> Value:
    """`node` with its unit; a percent or degree sign that applies to all of it becomes the unit."""
    for sign in ("percent", "degree"):
        bare = _without(sign, node, fuel)
        if bare is not None:
            return Quantity(bare, unit or sign)
    return Quantity(node, unit) if unit else node


def both_signs(value: Value, count: int, fuel: Fuel) -> Value:
    """`value` with a list in place of each scalar that has some of `count` plus-minus signs in it."""
    if isinstance(value, Quantity):
        found = both_signs(value.node, count, fuel)
        if isinstance(found, Listing):
            return Listing(tuple(Quantity(item, value.unit) for item in found.items if isinstance(item, Node)), ",")
        return value
    if isinstance(value, Node):
        signs = nodes.operations(value) & {"pm", "mp"}
        if not signs:
            return value
        if "mp" in signs:
            return Listing(tuple(_signed(value, iter([minus] * count), fuel) for minus in (0, 1)), ",")
        signed = (_signed(value, iter(choice), fuel) for choice in product((0, 1), repeat=count))
        return Listing(tuple(signed), ",")
    if isinstance(value, Listing):
        return Listing(tuple(both_signs(item, count, fuel) for item in value.items), value.joint)
    if isinstance(value, Chain):
        return Chain(tuple(both_signs(side, count, fuel) for side in value.sides), value.signs)
    if isinstance(value, Bracket):
        items = [both_signs(item, count, fuel) for item in value.items]
        choices = product(*(item.items if isinstance(item, Listing) else (item,) for item in items))
        return Listing(tuple(Bracket(value.opening, value.closing, choice) for choice in choices), ",")
    raise Unreadable("plus-minus in what is no scalar")


def _without(sign: str, node: Node, fuel: Fuel) -> Node | None:
    if not isinstance(node, Op):
        return None
    if node.name == sign:
        return node.args[0]
    if node.name == "mul":
        index = next((i for i, arg in enumerate(node.args) if isinstance(arg, Op) and arg.name == sign), None)
        if index is None:
            return None
        inner = node.args[index]
        assert isinstance(inner, Op)
        return nodes.multiply((*node.args[:index], inner.args[0], *node.args[index + 1 :]), fuel)
    if node.name == "add":
        parts = [_without(sign, arg, fuel) for arg in node.args]
        if all(part is not None for part in parts):
            return nodes.add([part for part in parts if part is not None], fuel)
    return None


def _signed(node: Node, signs: Iterator[int], fuel: Fuel) -> Node:
    if not isinstance(node, Op):
        return node
    args = [_signed(arg, signs, fuel) for arg in node.args]
    if node.name in ("pm", "mp"):
        return nodes.negative(args[0], fuel) if next(signs) ^ (node.name == "mp") else args[0]
    return nodes.rebuilt(node.name, args, fuel)


def measured(node: Value, fuel: Fuel) -> Quantity | None:
    """A constant times letters that are units ("5m", "9.8 m/s^2") as the constant with its unit, or None."""
    if not isinstance(node, Op) or node.name != "mul":
        return None
    constants: list[Node] = []
    letters: list[str] = []
    for factor in node.args:
        if not nodes.symbols(factor):
            constants.append(factor)
            continue
        base, exponent = factor.args if isinstance(factor, Op) and factor.name == "pow" else (factor, nodes.ONE)
        power = nodes.whole(exponent)
        if not isinstance(base, Sym) or base.name not in units.LETTERS or power is None or not 0 < abs(power) < 10:
            return None
        letters.append(("/ " if power < 0 else "") + base.name + (f"^{abs(power)}" if abs(power) > 1 else ""))
    if not constants:
        return None
    return Quantity(nodes.multiply(constants, fuel), units.canonical(" ".join(letters)))
