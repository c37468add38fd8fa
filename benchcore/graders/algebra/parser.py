r"""A recursive-descent parser of tidied answers.

    listing   := relation ((, | ; | or | and) relation)*
    relation  := union (sign union)*          sign: = < > <= >= != \approx \in
    union     := ratio (\cup ratio)*
    ratio     := sum (: sum)*
    sum       := [currency] [sign] product ((+ | - | \pm) product)* [unit]
    product   := power ((* | / | nothing) power)*
    power     := atom (! | % | degree)* [^ atom]

Every path that calls itself passes `atom` or `group`, which count the depth.
"""

from benchcore.graders.algebra import nodes, units
from benchcore.graders.algebra.bounds import Fuel, Limit, Unreadable
from benchcore.graders.algebra.nodes import Node, Num, Op, Sym
from benchcore.graders.algebra.products import Products
from benchcore.graders.algebra.signs import both_signs, negated, quantity, scalar
from benchcore.graders.algebra.tokens import END, Token, tokenize
from benchcore.graders.algebra.values import (
    EMPTY,
    INFINITY,
    NAMELESS,
    NEGATIVE_INFINITY,
    REALS,
    Bracket,
    Chain,
    Colon,
    Listing,
    Matrix,
    Union,
    Value,
)

_SIGNS = frozenset(("=", "<", ">", "<=", ">=", "!=", "approx", "in"))
_JOINTS = frozenset((",", ";", "or", "and"))
_MATRICES = frozenset(("pmatrix", "bmatrix", "matrix", "Bmatrix", "smallmatrix", "array"))
_LONGEST_UNIT = 8  # words of a unit, its powers and signs
_MOST_SIGNS = 3  # plus-minus signs in one expression, each of which doubles it


def parse(text: str, fuel: Fuel, grouping: bool = True) -> Value:
    """The value of a tidied `text`. Raises `Unreadable` when it has none as a whole, `Limit` beyond a bound."""
    tokens = tokenize(text, grouping)
    if not tokens:
        raise Unreadable("nothing there")
    return Parser(tokens, fuel).whole()


class Parser(Products):
    """Reads whole answers."""

    def whole(self) -> Value:
        """The whole text. Raises `Unreadable` when something is left."""
        self.introduction()
        value = self.listing()
        if isinstance(value, Sym) and value.name.isupper():
            self.take(")")  # the letter of a choice: "C)"
        if self.token is not END:
            raise Unreadable("more behind it")
        if self.plus_minus > _MOST_SIGNS:
            raise Limit("limit: plus-minus signs")
        return both_signs(value, self.plus_minus, self.fuel) if self.plus_minus else value

    def introduction(self) -> None:
        """Skip "the answer is" or "Answer:"."""
        start = self.at
        while self.word("the", "final", "answer", "is"):
            self.at += 1
        words = [token[1].lower() for token in self.tokens[start : self.at]]
        if "answer" not in words or not (self.take(":") or words[-1] == "is"):
            self.at = start

    def listing(self) -> Value:
        """Relations with commas, semicolons, "and" or "or" between them."""
        items = [self.relation()]
        joint = ""
        while self.joint():
            found = ""
            while self.joint():
                found = self.token[1].lower() if not found or found in ",;" else found
                self.at += 1
            joint = found if not joint or joint in ",;" else joint
            items.append(self.relation())
        return items[0] if len(items) == 1 else Listing(tuple(items), joint)

    def joints(self) -> bool:
        """Take what joins the items of a list (", and" is one), and say whether there was something."""
        start = self.at
        while self.joint():
            self.at += 1
        return self.at > start

    def joint(self) -> bool:
        """Whether something that joins the items of a list is next."""
        token = self.tokens[self.at]
        return token[0] in ("mark", "word") and token[1].lower() in _JOINTS

    def relation(self) -> Value:
        """Unions with signs between them; a sign before the first is dropped, but for the approximate one."""
        rough = self.take("approx")
        if not (rough or self.take("=")):
            self.take("implies")
        sides = [self.union()]
        signs: list[str] = []
        if rough:
            sides, signs = [NAMELESS, *sides], ["approx"]
        while True:
            if self.token[0] == "mark" and self.token[1] in _SIGNS:
                signs.append(self.token[1])
            elif self.word("in") and self.tokens[self.at + 1][1] in ("[", "(", "set("):
                signs.append("in")
            else:
                break
            self.at += 1
            sides.append(self.union())
        if not signs:
            return sides[0]
        return Chain(tuple(sides), tuple(signs))

    def union(self) -> Value:
        r"""Ratios with ``\cup`` between them, and what is taken out of them."""
        parts = [self.ratio()]
        without: list[Value] = []
        while self.mark("cup", "setminus") or (self.mark("-") and parts[0] == REALS) or self.word("except"):
            taken = without if not self.mark("cup") else parts
            self.at += 1
            taken.append(self.ratio())
        if len(parts) == 1 and not without:
            return parts[0]
        return Union(tuple(parts), tuple(without))

    def ratio(self) -> Value:
        """Sums with colons between them, or a time."""
        first = self.sum()
        if not (self.colons and (self.mark(":") or (self.word("to") and self.tokens[self.at + 1][0] == "number"))):
            half = self.half_of_day()
            return Colon((scalar(first),), half, True) if half else first
        items = [scalar(first)]
        clock = True
        while self.mark(":") or self.word("to"):
            clock = clock and self.mark(":") and _two_digits(self.tokens[self.at + 1])
            self.at += 1
            items.append(scalar(self.sum()))
        return Colon(tuple(items), self.half_of_day(), clock)

    def half_of_day(self) -> str:
        """ "am" or "pm", if it is next."""
        if self.word("am", "pm"):
            self.at += 1
            return self.tokens[self.at - 1][1].lower()
        return ""

    def sum(self) -> Value:
        """Products with signs between them, currency before and a unit behind."""
        currency = ""
        terms: list[Node] = []
        sign = ""
        while True:
            negate = False
            while (
                self.mark("+", "-", "pm", "mp")
                or self.token[0] == "currency"
                or (self.word("minus", "negative") and self.tokens[self.at + 1][0] == "number")
            ):
                if self.token[0] == "currency":
                    currency = self.token[1]
                elif self.mark("-") or self.token[0] == "word":
                    negate = not negate
                elif self.mark("pm", "mp"):
                    sign = self.token[1]
                self.at += 1
            value = self.product()
            alone = not terms and not sign and not (self.mark("+", "-", "pm", "mp") and value != REALS)
            if alone and not isinstance(value, Node):
                if currency:
                    raise Unreadable("currency before what is no number")
                return negated(value, self.fuel) if negate else value
            node = scalar(value)
            if negate:
                node = nodes.negative(node, self.fuel)
            if sign:
                self.plus_minus += 1
                node = Op(sign, (node,))
                sign = ""
            terms.append(node)
            if not self.mark("+", "-", "pm", "mp"):
                break
        node = terms[0] if len(terms) == 1 else nodes.add(terms, self.fuel)
        if self.token[0] == "currency":
            currency = self.token[1]
            self.at += 1
        unit = self.unit() or currency
        return quantity(node, unit, self.fuel)

    def unit(self) -> str:
        """The unit behind a scalar: words, their powers and what they are divided by."""
        pieces: list[str] = []
        start = self.at
        while True:
            token = self.token
            if token[0] == "word" and token[1].lower() not in ("or", "and", "to", "am", "pm", "base", "except", "mod"):
                if token[1] == "in" and self.tokens[self.at + 1][1] in ("[", "(", "set("):
                    break
                if len(pieces) >= _LONGEST_UNIT:
                    raise Unreadable("words that are no unit")
                pieces.append(token[1])
                self.at += 1
            elif pieces and self.mark("/") and self.tokens[self.at + 1][0] in ("word", "symbol"):
                pieces += ["/", self.tokens[self.at + 1][1]]
                self.at += 2
            elif pieces and self.mark("^"):
                self.at += 1
                power = nodes.whole(scalar(self.argument()))
                if power is None or not units.may_be_raised(pieces[-1]):
                    raise Unreadable("a unit to no power that it has")
                pieces += ["^", str(power)] if abs(power) < 10 else []
            else:
                break
        if start == self.at:
            return ""
        if not units.readable(pieces):
            raise Unreadable("words that are no unit")
        return units.canonical(" ".join(pieces))

    def group(self, opening: str) -> Value:
        """What stands between brackets or braces: one value is itself, several are a tuple or an interval."""
        self.deeper()
        self.at += 1
        bars, colons = self.bars, self.colons
        self.bars, self.colons = 0, True
        items = [self.relation()]
        if opening == "{" and self.mark("\\over", "\\choose"):
            choose = self.mark("\\choose")
            self.at += 1
            top, bottom = scalar(items[0]), scalar(self.sum())
            if choose:
                items = [nodes.binomial(top, bottom, self.fuel)]
            else:
                items = [nodes.multiply((top, nodes.reciprocal(bottom)), self.fuel)]
        while self.joints():
            items.append(self.relation())
        self.bars, self.colons = bars, colons
        closings = ("}",) if opening == "{" else (")", "]")
        if not self.mark(*closings):
            raise Unreadable("brackets that do not close")
        closing = self.token[1]
        self.at += 1
        self.depth -= 1
        if (opening == "[" and items[0] == NEGATIVE_INFINITY) or (closing == "]" and items[-1] == INFINITY):
            raise Unreadable("an interval that is closed at infinity")
        if len(items) == 1:
            if opening + closing not in ("()", "[]", "{}"):
                raise Unreadable("brackets that do not match")
            inner = items[0]
            if opening == "(" and self.mark("_") and isinstance(inner, Num):
                return self.based_group()
            return inner
        if opening == "{":
            return Listing(tuple(items), ",")
        return Bracket(opening, closing, tuple(items))

    def set_of(self) -> Value:
        """What stands between the braces of a set: its items, or the condition behind its bar."""
        self.deeper()
        self.at += 1
        if self.take("set)"):
            self.depth -= 1
            return EMPTY
        bars, colons = self.bars, self.colons
        self.bars, self.colons = 1, False
        first = self.relation()
        if self.mark("mid", "|", ":"):
            self.at += 1
            self.bars, self.colons = bars, colons
            value = self.listing()
            self.expect("set)")
            self.depth -= 1
            return value
        self.bars = bars
        items = [first]
        while self.joints():
            items.append(self.relation())
        self.colons = colons
        self.expect("set)")
        self.depth -= 1
        return Listing(tuple(items), "set")

    def matrix(self) -> Value:
        """The rows of a matrix."""
        self.deeper()
        self.at += 1
        self.expect("{")
        kind = self.raw("}")
        if kind not in _MATRICES:
            raise Unreadable(f"environment {kind[:20]}")
        if kind == "array" and self.take("{"):
            self.raw("}")
        rows: list[tuple[Node, ...]] = []
        row: list[Node] = []
        while not self.mark("\\end"):
            if self.take("row"):
                continue
            row.append(scalar(self.sum()))
            if self.take("&"):
                continue
            rows.append(tuple(row))
            row = []
            if not self.take("row"):
                break
        self.expect("\\end")
        self.expect("{")
        self.raw("}")
        self.depth -= 1
        if not rows or row or len({len(row) for row in rows}) != 1:
            raise Unreadable("a matrix with uneven rows")
        return Matrix(tuple(rows))


def _two_digits(token: Token) -> bool:
    return token[0] == "number" and len(token[1]) == 2 and token[1].isdecimal()
