"""Numbers with colons between them: ratios and times."""

from collections.abc import Sequence

from benchcore.graders.algebra import nodes, numeric
from benchcore.graders.algebra.bounds import Fuel, Undecided
from benchcore.graders.algebra.nodes import Node, Num
from benchcore.graders.algebra.values import Colon, Quantity, Value


def same(gold: Value, answer: Value, fuel: Fuel) -> bool:
    """Ratios are proportional; times are the same, and in the same half of the day where both say which."""
    if isinstance(gold, Colon) and isinstance(answer, Colon):
        if gold.half or answer.half or (gold.clock and answer.clock):
            if gold.half and answer.half and gold.half != answer.half:
                return False
            ours, theirs = _clock(gold), _clock(answer)
            if ours == theirs:
                return True
            if gold.half or answer.half or not _proportional(gold.items, answer.items, fuel):
                return False
            raise Undecided("a ratio or a time")
        return _proportional(gold.items, answer.items, fuel)
    colon, other = (gold, answer) if isinstance(gold, Colon) else (answer, gold)
    assert isinstance(colon, Colon)
    if not isinstance(other, Node | Quantity):
        return False
    if colon.half:
        return len(colon.items) == 1 and isinstance(other, Num) and colon.items[0] == other
    if len(colon.items) != 2 or isinstance(other, Quantity) or colon.items[1] == nodes.ZERO:
        return False
    return numeric.equal(nodes.multiply((colon.items[0], nodes.reciprocal(colon.items[1])), fuel), other, fuel)


def _clock(colon: Colon) -> tuple[Node, ...]:
    items = list(colon.items)
    while len(items) > 1 and items[-1] == nodes.ZERO:
        items.pop()
    return tuple(items)


def _proportional(ours: Sequence[Node], theirs: Sequence[Node], fuel: Fuel) -> bool:
    nothing = [[numeric.equal(item, nodes.ZERO, fuel) for item in items] for items in (ours, theirs)]
    if nothing[0] != nothing[1]:
        return False
    if all(nothing[0]):
        return True
    pivot = nothing[0].index(False)
    return all(
        numeric.equal(nodes.multiply((ours[pivot], other), fuel), nodes.multiply((theirs[pivot], one), fuel), fuel)
        for one, other in zip(ours, theirs, strict=True)
    )
