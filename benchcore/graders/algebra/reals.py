"""Sets of real numbers: intervals, their unions, and inequalities in one variable.

Two sets are compared on the cells into which all their endpoints cut the line: the endpoints and the gaps between.
"""

from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter

from benchcore.graders.algebra import nodes, numeric
from benchcore.graders.algebra.bounds import Fuel, Undecided
from benchcore.graders.algebra.nodes import Node, Op, Sym
from benchcore.graders.algebra.values import INFINITY, NEGATIVE_INFINITY, Bracket, Chain, Listing, Union, Value

_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "!=": "!=", "=": "="}


@dataclass(frozen=True, slots=True)
class Span:
    """An interval; an end that is None is infinite."""

    low: Node | None
    high: Node | None
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True, slots=True)
class Combined:
    """Sets under "or", "and" or "not"."""

    how: str
    sets: tuple["RealSet", ...]


RealSet = Span | Combined


def is_set(value: Value) -> bool:
    """Whether `value` can only be a set of real numbers (a pair in brackets can also be a tuple)."""
    if isinstance(value, Union):
        return True
    if isinstance(value, Chain):
        return any(sign in ("<", "<=", ">", ">=", "!=", "in") for sign in value.signs)
    if isinstance(value, Listing):
        return bool(value.items) and all(is_set(item) for item in value.items)
    return isinstance(value, Bracket) and (value.opening != {")": "(", "]": "["}[value.closing] or _unbounded(value))


def same_sets(gold: Value, answer: Value, fuel: Fuel) -> bool:
    """Whether two values are the same set of real numbers. Raises `Undecided` when one of them is no such set."""
    (ours, first), (theirs, second) = read(gold, fuel), read(answer, fuel)
    if ours is not None and theirs is not None and ours != theirs:
        if isinstance(ours, Sym) and isinstance(theirs, Sym):
            return False
        raise Undecided("inequalities of several variables")
    same: dict[Node, Node] = {}  # each endpoint, and the first that is equal to it
    for end in (*_ends(first), *_ends(second)):
        same[end] = next((node for node in same if numeric.equal(end, node, fuel)), end)
    ends = sorted(((numeric.real(end, fuel), end) for end in dict.fromkeys(same.values())), key=itemgetter(0))
    if any(one[0] == other[0] for one, other in pairwise(ends)):
        raise Undecided("ends too near to each other")
    order = {end: 2 * index + 1 for index, (_, end) in enumerate(ends)}
    places = {end: order[node] for end, node in same.items()}
    return all(_has(first, cell, places, fuel) == _has(second, cell, places, fuel) for cell in range(2 * len(ends) + 1))


def read(value: Value, fuel: Fuel) -> tuple[Node | None, RealSet]:
    """The variable that `value` names, if it does, and the set of its values."""
    fuel.spend(5)
    if isinstance(value, Bracket) and len(value.items) == 2:
        low, high = value.items
        if isinstance(low, Node) and isinstance(high, Node):
            return None, Span(
                None if low == NEGATIVE_INFINITY else low,
                None if high == INFINITY else high,
                value.opening == "[",
                value.closing == "]",
            )
    if isinstance(value, Node):
        return None, Span(value, value, True, True)
    if isinstance(value, Union):
        whole = Combined("or", tuple(read(part, fuel)[1] for part in value.parts))
        gone = tuple(Combined("not", (read(part, fuel)[1],)) for part in value.without)
        return None, Combined("and", (whole, *gone)) if gone else whole
    if isinstance(value, Listing):
        return _read_listing(value, fuel)
    if isinstance(value, Chain):
        return _read_chain(value, fuel)
    raise Undecided("no set of real numbers")


def _read_listing(listing: Listing, fuel: Fuel) -> tuple[Node | None, RealSet]:
    read_items = [read(item, fuel) for item in listing.items]
    names = {name for name, _ in read_items if name is not None}
    if len(names) > 1:
        raise Undecided("several variables")
    name = next(iter(names), None)
    holes = bool(listing.items) and all(isinstance(item, Chain) and item.signs == ("!=",) for item in listing.items)
    if listing.joint in (",", ";") and names and not holes:
        raise Undecided("inequalities in a row")
    how = "and" if listing.joint == "and" or (holes and listing.joint != "or") else "or"
    return name, Combined(how, tuple(found for _, found in read_items))


def _read_chain(chain: Chain, fuel: Fuel) -> tuple[Node | None, RealSet]:
    if chain.signs == ("in",):
        name = chain.sides[0]
        return (name if isinstance(name, Node) else None), read(chain.sides[1], fuel)[1]
    sides: list[Node] = []
    for side in chain.sides:
        if not isinstance(side, Node):
            raise Undecided("no set of real numbers")
        sides.append(side)
    varying = {side for side in sides if nodes.symbols(side) - {"infty"}}
    unknown = next(iter(varying), None)
    if len(varying) != 1 or unknown is None:
        names = frozenset().union(*map(nodes.symbols, sides)) - {"infty"}
        if len(names) != 1:
            raise Undecided("inequalities of several variables")
        unknown = Sym(next(iter(names)))
    elif not isinstance(unknown, Sym) and not (isinstance(unknown, Op) and unknown.name.endswith("()")):
        names = nodes.symbols(unknown)
        if len(names) == 1:
            unknown = Sym(next(iter(names)))
    parts = tuple(
        _solved(sides[index], sign, sides[index + 1], unknown, fuel) for index, sign in enumerate(chain.signs)
    )
    return unknown, parts[0] if len(parts) == 1 else Combined("and", parts)


def _solved(left: Node, sign: str, right: Node, unknown: Node, fuel: Fuel) -> RealSet:
    """The set of `unknown` for which a linear inequality holds."""
    if sign not in _TURNED:
        raise Undecided("no inequality")
    if left == unknown:
        bound, turned = right, sign
    elif right == unknown:
        bound, turned = left, _TURNED[sign]
    elif isinstance(unknown, Sym):
        bound, rising = _root(left, right, unknown, fuel)
        turned = sign if rising else _TURNED[sign]
    else:
        raise Undecided("an inequality that is not linear")
    if bound in (INFINITY, NEGATIVE_INFINITY):
        return Span(None, None, False, False)
    if turned == "!=":
        return Combined("not", (Span(bound, bound, True, True),))
    if turned == "=":
        return Span(bound, bound, True, True)
    closed = turned.endswith("=")
    return Span(None, bound, False, closed) if turned[0] == "<" else Span(bound, None, closed, False)


def _root(left: Node, right: Node, unknown: Sym, fuel: Fuel) -> tuple[Node, bool]:
    """Where left - right is zero, if it is linear in `unknown`, and whether it rises."""
    difference = nodes.add((left, nodes.negative(right, fuel)), fuel)
    start, end = (nodes.substitute(difference, unknown.name, at, fuel) for at in (nodes.ZERO, nodes.ONE))
    slope = nodes.add((end, nodes.negative(start, fuel)), fuel)
    line = nodes.add((nodes.multiply((slope, unknown), fuel), start), fuel)
    if nodes.symbols(slope) or not numeric.equal(line, difference, fuel) or numeric.equal(slope, nodes.ZERO, fuel):
        raise Undecided("an inequality that is not linear")
    zero = nodes.multiply((nodes.negative(start, fuel), nodes.reciprocal(slope)), fuel)
    return zero, numeric.real(slope, fuel) > 0


def _ends(found: RealSet) -> list[Node]:
    if isinstance(found, Span):
        return [end for end in (found.low, found.high) if end is not None]
    return [end for inner in found.sets for end in _ends(inner)]


def _has(found: RealSet, cell: int, places: dict[Node, int], fuel: Fuel) -> bool:
    fuel.spend(1)
    if isinstance(found, Combined):
        inside = (_has(inner, cell, places, fuel) for inner in found.sets)
        if found.how == "or":
            return any(inside)
        return all(inside) if found.how == "and" else not any(inside)
    if found.low is not None:
        low = places[found.low]
        if cell < low or (cell == low and not found.low_closed):
            return False
    if found.high is not None:
        high = places[found.high]
        if cell > high or (cell == high and not found.high_closed):
            return False
    return True


def _unbounded(value: Bracket) -> bool:
    return INFINITY in value.items or NEGATIVE_INFINITY in value.items
