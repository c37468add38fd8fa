"""Numbers and expressions, with the units beside them."""

from benchcore.graders.algebra import nodes, numeric, units
from benchcore.graders.algebra.bounds import Fuel, Undecided
from benchcore.graders.algebra.nodes import HUNDREDTH, Node, Num, Op
from benchcore.graders.algebra.values import Quantity, Value


def is_scalar(value: Value) -> bool:
    """Whether `value` is an expression, with a unit or without."""
    return isinstance(value, Node | Quantity)


def same(gold: Value, answer: Value, fuel: Fuel) -> bool:
    """Whether two of them are equal in value, and their units do not contradict."""
    ours, unit = _parts(gold)
    theirs, other = _parts(answer)
    if units.contradict(unit, other):
        return False
    if "percent" in (unit, other) and unit != other:
        percent, plain = (ours, theirs) if unit == "percent" else (theirs, ours)
        return numeric.equal(percent, plain, fuel) or numeric.equal(
            nodes.multiply((percent, HUNDREDTH), fuel), plain, fuel
        )
    if numeric.equal(ours, theirs, fuel):
        return True
    if "degree" in (unit, other) and unit != other:
        angle, plain = (ours, theirs) if unit == "degree" else (theirs, ours)
        return not isinstance(plain, Num) and numeric.equal(Op("degree", (angle,)), plain, fuel)
    refuse_opaque(ours, theirs)
    return False


def _parts(value: Value) -> tuple[Node, str]:
    if isinstance(value, Quantity):
        return value.node, value.unit
    assert isinstance(value, Node)
    return value, ""


def refuse_opaque(ours: Node, theirs: Node) -> None:
    """Raise `Undecided` where the same functions without a definition stand on both sides: f(2) may be f(1)."""
    unknown = nodes.operations(ours) - numeric.KNOWN
    if unknown and unknown == nodes.operations(theirs) - numeric.KNOWN:
        raise Undecided("functions without a definition")
