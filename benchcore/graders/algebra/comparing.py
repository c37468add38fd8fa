"""Comparison of two parsed answers, kind by kind. `same` is true or false, or raises `Undecided`."""

from collections.abc import Sequence
from itertools import pairwise

from benchcore.graders.algebra import colons, equations, nodes, numeric, reals, scalars
from benchcore.graders.algebra.bounds import Fuel, Undecided
from benchcore.graders.algebra.nodes import Node, Num, Op, Sym
from benchcore.graders.algebra.scalars import is_scalar
from benchcore.graders.algebra.values import (
    NAMELESS,
    Based,
    Bracket,
    Chain,
    Colon,
    Listing,
    Matrix,
    Quantity,
    Union,
    Value,
    Word,
)

_INEQUALITIES = frozenset(("<", "<=", ">", ">=", "!="))


def same(gold: Value, answer: Value, fuel: Fuel) -> bool:
    """Whether a careful reader takes `answer` for `gold`. Raises `Undecided`, or `Limit` out of `fuel`."""
    fuel.spend(3)
    rough = _is_rough(answer) and not _is_rough(gold)
    found = _same_settled(settle(gold, fuel), settle(answer, fuel), fuel)
    if found and rough:
        raise Undecided("an approximation on one side only")
    return found


def _same_settled(gold: Value, answer: Value, fuel: Fuel) -> bool:
    if is_scalar(gold) and is_scalar(answer):
        return scalars.same(gold, answer, fuel)
    if isinstance(gold, Chain) or isinstance(answer, Chain):
        return _same_chains(gold, answer, fuel)
    if isinstance(gold, Listing) or isinstance(answer, Listing):
        return _same_listings(gold, answer, fuel)
    if isinstance(gold, Union) or isinstance(answer, Union):
        return reals.same_sets(gold, answer, fuel) if _may_be_sets(gold, answer) else False
    if isinstance(gold, Bracket | Matrix) and isinstance(answer, Bracket | Matrix):
        return _same_rows(gold, answer, fuel)
    if isinstance(gold, Based) or isinstance(answer, Based):
        return _same_based(gold, answer, fuel)
    if isinstance(gold, Colon) or isinstance(answer, Colon):
        return colons.same(gold, answer, fuel)
    if isinstance(gold, Word) and isinstance(answer, Word):
        return gold.text == answer.text
    return False


def kind(value: Value) -> str:
    """What `value` is, in a word or two."""
    if isinstance(value, Quantity):
        return kind(value.node)
    if isinstance(value, Num):
        return "number"
    if isinstance(value, Sym | Op):
        return "expression" if nodes.symbols(value) else "number"
    if isinstance(value, Chain):
        return "statement" if set(value.signs) & _INEQUALITIES else "equation"
    names = {
        Bracket: "tuple or interval", Listing: "list", Union: "union", Matrix: "matrix", Based: "based number",
        Colon: "ratio or time", Word: "word",
    }  # fmt: skip
    return names[type(value)]


# Statements


def settle(value: Value, fuel: Fuel) -> Value:
    """A chain of equal values is its last; "x = 2 + 3 = 5" is "x = 5"; what follows an approximate sign is dropped."""
    if not isinstance(value, Chain):
        return value
    sides, signs = value.sides, value.signs
    if "approx" in signs:
        cut = signs.index("approx")
        if sides[0] == NAMELESS:
            sides, signs = sides[1:2], ()
        elif _is_rough(value):
            sides, signs = sides[:2], ("=",)
        else:
            sides, signs = sides[: cut + 1], signs[:cut]
    if not signs:
        return sides[0]
    if set(signs) != {"="}:
        return Chain(sides, signs)
    if is_label(sides[0]):
        first = 1
        while first < len(sides) - 1 and is_label(sides[first]):
            first += 1
        rest = settle(Chain(sides[first:], signs[first:]), fuel)
        return Chain((sides[0], rest), ("=",))
    if len(sides) == 2 and is_label(sides[1]) and not _varies(sides[0]):
        return Chain((sides[1], sides[0]), ("=",))
    if len(sides) == 2 and isinstance(sides[1], Matrix):
        return sides[1]
    pairs = pairwise(sides)
    if any(isinstance(side, Chain) for side in sides):
        raise Undecided("a chain of statements")
    if all(same(one, other, fuel) for one, other in pairs):
        return sides[-1]
    if len(sides) == 2 and any(map(_varies, sides)):
        return Chain(sides, signs)
    raise Undecided("sides that are not equal")


def _is_rough(value: Value) -> bool:
    r"""Whether no exact value is given: ``x \approx 5``, ``\approx 5``."""
    return isinstance(value, Chain) and value.signs[0] == "approx" and is_label(value.sides[0])


def is_label(value: Value) -> bool:
    """Whether `value` names what the other side of an equals sign is the value of: x, f(x), AB, (x, y), Area."""
    if isinstance(value, Sym):
        return value.name not in nodes.CONSTANTS and value.name != "infty"
    if isinstance(value, Op):
        if value.name == "mul":
            return all(isinstance(arg, Sym) and (" " in arg.name or arg.name == "m") for arg in value.args)
        if value.name == "abs":
            return isinstance(value.args[0], Sym) and len(value.args[0].name) > 1
        return value.name.endswith("()")
    if isinstance(value, Bracket):
        return all(isinstance(item, Sym) and is_label(item) for item in value.items)
    return isinstance(value, Word)


def _varies(value: Value) -> bool:
    node = value.node if isinstance(value, Quantity) else value
    return not isinstance(node, Node) or bool(nodes.symbols(node))


def _labelled(value: Value) -> tuple[Value | None, Value]:
    if isinstance(value, Chain) and value.signs in (("=",), ("in",)) and is_label(value.sides[0]):
        return value.sides[0], value.sides[1]
    return None, value


def _same_chains(gold: Value, answer: Value, fuel: Fuel) -> bool:
    (name, ours), (other, theirs) = _labelled(gold), _labelled(answer)
    if name is not None and other is not None:
        if name == other:
            return same(ours, theirs, fuel)
        if not (_varies(ours) and _varies(theirs)) or _names(gold) != _names(answer):
            return False
        return equations.same(gold, answer, fuel)
    if (name is None) != (other is None) and not (isinstance(ours, Chain) or isinstance(theirs, Chain)):
        return same(ours, theirs, fuel)
    if isinstance(gold, Chain) and isinstance(answer, Chain) and gold.signs == answer.signs == ("=",):
        return equations.same(gold, answer, fuel)
    if isinstance(gold, Chain) and isinstance(answer, Chain) and len(gold.sides) == len(answer.sides):
        try:
            return reals.same_sets(gold, answer, fuel)
        except Undecided:
            return _same_inequalities(gold, answer, fuel)
    if reals.is_set(gold) or reals.is_set(answer):
        scalar = any(isinstance(side, Node | Quantity | Word | Matrix) for side in (gold, answer))
        return False if scalar else reals.same_sets(gold, answer, fuel)
    if isinstance(gold, Listing) or isinstance(answer, Listing):
        return _same_listings(gold, answer, fuel)
    return False


def _names(value: Value) -> frozenset[str]:
    assert isinstance(value, Chain)
    return frozenset().union(*(nodes.symbols(side) for side in value.sides if isinstance(side, Node)))


def _same_inequalities(gold: Chain, answer: Chain, fuel: Fuel) -> bool:
    """Inequalities of several variables: side by side, or one positive multiple of the other."""
    ours, theirs = _rising(gold), _rising(answer)
    if ours.signs != theirs.signs:
        return False
    sides = list(zip(ours.sides, theirs.sides, strict=True))
    try:
        if all(same(one, other, fuel) for one, other in sides):
            return True
    except Undecided:
        if len(sides) > 2:
            raise
    if len(sides) > 2 or not set(ours.signs) <= _INEQUALITIES:
        return False
    first, second = equations.difference(ours, fuel), equations.difference(theirs, fuel)
    if nodes.symbols(first) != nodes.symbols(second):
        return False
    constant = equations.ratio(first, second, fuel)
    if constant is None:
        raise Undecided("inequalities of several variables")
    return ours.signs == ("!=",) or numeric.real(constant, fuel) > 0


def _rising(chain: Chain) -> Chain:
    if chain.signs and chain.signs[0] in (">", ">="):
        turned = tuple({">": "<", ">=": "<="}.get(sign, sign) for sign in reversed(chain.signs))
        return Chain(tuple(reversed(chain.sides)), turned)
    return chain


# Collections


def _items(value: Value) -> list[Value]:
    if not isinstance(value, Listing):
        return [value]
    return [item for part in value.items for item in _items(part)]


def _same_listings(gold: Value, answer: Value, fuel: Fuel) -> bool:
    """Lists and sets, without regard to order and repetition; a list of one is its element."""
    if reals.is_set(gold) or reals.is_set(answer):
        points = [side for side in (gold, answer) if isinstance(side, Listing) and all(map(is_scalar, side.items))]
        if points and any(_has_length(side) for side in (gold, answer)):
            return False
        if _may_be_sets(gold, answer):
            return reals.same_sets(gold, answer, fuel)
        return False
    ours, theirs = _items(gold), _items(answer)
    for one, other in ((gold, answer), (answer, gold)):
        if isinstance(one, Bracket) and isinstance(other, Listing):
            return _same_as_tuple(one, _items(other), fuel)
    if not ours or not theirs:
        return not ours and not theirs
    if min(len(ours), len(theirs)) == 1 and len(_variables(ours) | _variables(theirs)) > 1:
        raise Undecided("values of several variables")
    return _covers(ours, theirs, fuel) and _covers(theirs, ours, fuel, turned=True)


def _variables(items: Sequence[Value]) -> set[str]:
    """The names that label `items`, without their subscripts: x_1 and x_2 are two values of x."""
    labels = (_labelled(item)[0] for item in items)
    return {label.name.partition("_")[0] for label in labels if isinstance(label, Sym)}


def _covers(these: Sequence[Value], those: Sequence[Value], fuel: Fuel, turned: bool = False) -> bool:
    """Whether each of `these` is the same as one of `those`; what is not clear counts only where nothing is."""
    for one in these:
        doubt: Undecided | None = None
        for other in those:
            try:
                if same(other, one, fuel) if turned else same(one, other, fuel):
                    break
            except Undecided as error:
                doubt = error
        else:
            if doubt is not None:
                raise doubt
            return False
    return True


def _same_as_tuple(bracket: Bracket, items: list[Value], fuel: Fuel) -> bool:
    """A tuple against a list: equal when the list labels its items in the order of the alphabet."""
    if all(isinstance(item, Bracket | Matrix) for item in items):
        return bool(items) and all(same(bracket, item, fuel) for item in items)
    named = [_labelled(settle(item, fuel)) for item in items]
    labels = [str(label) for label, _ in named if label is not None]
    if len(items) == len(bracket.items) == len(labels) and labels == sorted(set(labels)):
        return all(same(one, other, fuel) for one, (_, other) in zip(bracket.items, named, strict=True))
    if bracket.opening + bracket.closing == "[]" and len(bracket.items) > 2:
        return _covers(bracket.items, items, fuel) and _covers(items, bracket.items, fuel, turned=True)
    if labels or len(items) != len(bracket.items) or not _covers(bracket.items, items, fuel):
        return False
    raise Undecided("a list against a tuple")


def _has_length(value: Value) -> bool:
    """Whether a set of real numbers is written with intervals or inequalities, so that it is no list of points."""
    return isinstance(value, Bracket | Chain) or (isinstance(value, Union) and any(map(_has_length, value.parts)))


def _may_be_sets(gold: Value, answer: Value) -> bool:
    """Whether both sides can be sets of real numbers; a tuple of three cannot."""
    if any(isinstance(side, Bracket) and len(side.items) != 2 for side in (gold, answer)):
        return False
    return not any(isinstance(side, Node | Quantity | Word | Matrix | Based | Colon) for side in (gold, answer))


def _same_rows(gold: Bracket | Matrix, answer: Bracket | Matrix, fuel: Fuel) -> bool:
    """Tuples, intervals, vectors and matrices: item by item, in order."""
    if isinstance(gold, Bracket) and isinstance(answer, Bracket):
        if (gold.opening, gold.closing) != (answer.opening, answer.closing):
            straight = all(side.opening + side.closing in ("()", "[]") for side in (gold, answer))
            if not straight or len(gold.items) < 3:
                return False
        ours, theirs = gold.items, answer.items
    elif isinstance(gold, Matrix) and isinstance(answer, Matrix):
        if len(gold.rows) != len(answer.rows):
            return False
        ours = tuple(cell for row in gold.rows for cell in row)
        theirs = tuple(cell for row in answer.rows for cell in row)
    else:
        matrix, bracket = (gold, answer) if isinstance(gold, Matrix) else (answer, gold)
        assert isinstance(matrix, Matrix) and isinstance(bracket, Bracket)
        if bracket.opening + bracket.closing not in ("()", "[]"):
            return False
        if bracket.opening == "[" and len(bracket.items) == 2 and not isinstance(bracket.items[0], Bracket):
            raise Undecided("an interval or a vector")
        cells = _vector(matrix)
        if cells is None:
            rows = [item.items for item in bracket.items if isinstance(item, Bracket)]
            if [len(row) for row in rows] != [len(row) for row in matrix.rows] or len(rows) != len(bracket.items):
                return False
            theirs = tuple(cell for row in rows for cell in row)
            cells = tuple(cell for row in matrix.rows for cell in row)
        else:
            theirs = bracket.items
        ours = cells
    return len(ours) == len(theirs) and all(same(one, other, fuel) for one, other in zip(ours, theirs, strict=True))


def _vector(matrix: Matrix) -> tuple[Value, ...] | None:
    if len(matrix.rows) == 1:
        return matrix.rows[0]
    return tuple(row[0] for row in matrix.rows) if len(matrix.rows[0]) == 1 else None


# Numbers that are more than a value


def _same_based(gold: Value, answer: Value, fuel: Fuel) -> bool:
    if isinstance(gold, Based) and isinstance(answer, Based):
        return gold == answer
    based, other = (gold, answer) if isinstance(gold, Based) else (answer, gold)
    assert isinstance(based, Based)
    if not isinstance(other, Num) or "." in based.digits or not based.digits.strip("-").isdecimal():
        return False
    as_written = other.value == int(based.digits)
    if as_written and based.base != 10:
        raise Undecided("a base on one side only")
    return as_written
