"""What an answer can be. A scalar without a unit is a bare `Node`; the rest is here."""

from dataclasses import dataclass

from benchcore.graders.algebra.nodes import MINUS_ONE, Node, Op, Sym


@dataclass(frozen=True, slots=True)
class Quantity:
    """A scalar with what stands beside it: "percent", "degree", a currency, a unit in its canonical spelling."""

    node: Node
    unit: str


@dataclass(frozen=True, slots=True)
class Bracket:
    """Items between brackets: a tuple, an interval or a vector; which of them, the other side of a comparison tells."""

    opening: str  # "(" or "["
    closing: str  # ")" or "]"
    items: tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Items whose order does not matter: a list, a set, alternatives. `joint` is "," or "or" or "and" or "set"."""

    items: tuple["Value", ...]
    joint: str


@dataclass(frozen=True, slots=True)
class Union:
    """A union of intervals and finite sets; `without` is taken out of it."""

    parts: tuple["Value", ...]
    without: tuple["Value", ...] = ()


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of scalars; a vector has one row or one column."""

    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """Sides with a sign between each two: "=", "<", "<=", ">", ">=", "!=", "approx", "in"."""

    sides: tuple["Value", ...]
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Based:
    """Digits in a base that is written with them."""

    digits: str
    base: int


@dataclass(frozen=True, slots=True)
class Colon:
    """Numbers with colons between them: a ratio, or a time if `half` is "am" or "pm" or the digits look like one."""

    items: tuple[Node, ...]
    half: str
    clock: bool  # written as a time is: two digits behind each colon


@dataclass(frozen=True, slots=True)
class Word:
    """Words, in lower case and without punctuation."""

    text: str


Value = Node | Quantity | Bracket | Listing | Union | Matrix | Chain | Based | Colon | Word

INFINITY = Sym("infty")
NEGATIVE_INFINITY = Op("mul", (MINUS_ONE, INFINITY))
REALS = Bracket("(", ")", (NEGATIVE_INFINITY, INFINITY))
EMPTY = Listing((), "set")
NAMELESS = Word("")  # what an approximate sign in front of an answer stands behind
