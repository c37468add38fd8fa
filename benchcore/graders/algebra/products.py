"""Products and powers: factors side by side, mixed numbers, slashes, exponents, degree and percent signs."""

from benchcore.graders.algebra import literals, nodes, units
from benchcore.graders.algebra.atoms import NAMED_OBJECTS, SHAPES, Atoms
from benchcore.graders.algebra.bounds import Limit, Unreadable
from benchcore.graders.algebra.nodes import Node, Op, Sym
from benchcore.graders.algebra.signs import scalar
from benchcore.graders.algebra.values import (
    Bracket,
    Colon,
    Listing,
    Matrix,
    Quantity,
    Value,
)


class Products(Atoms):
    """Reads a product of powers."""

    def product(self, inside_function: bool = False) -> Value:
        """Powers side by side or with signs between them."""
        first = self.power()
        if not isinstance(first, Node):
            if self.starts_atom() and isinstance(first, Bracket | Matrix | Listing | Colon):
                raise Unreadable("a product of what is no scalar")
            return first
        factors: list[Node] = [first]
        literal = self.is_literal(self.at - 1)
        while True:
            if inside_function and self.mark("*", "/"):
                if self.mark("/"):
                    raise Unreadable("a slash behind a function without brackets")
                break
            if self.mark("*", "/") or self.times_letter():
                divide = self.mark("/")
                self.at += 1
                negate = False
                while self.mark("-", "+"):
                    negate ^= self.mark("-")
                    self.at += 1
                start = self.at
                value = self.power()
                if isinstance(value, Matrix) and not divide:
                    return self.times_matrix(factors, value)
                factor = scalar(value)
                if negate:
                    factor = nodes.negative(factor, self.fuel)
                if divide:
                    if (
                        nodes.symbols(factor)
                        and self.tokens[start][1] != "("
                        and self.starts_atom()
                        and not self.tokens[self.at][2]
                    ):
                        raise Unreadable("a slash before a product without brackets")
                    factor = nodes.reciprocal(factor)
                factors.append(factor)
                literal = not divide and self.is_literal(self.at - 1)
                continue
            if not self.starts_atom() or (inside_function and self.token[0] == "function"):
                break
            if self.token[0] in ("number", "based") and not self.multiplies():
                mixed = self.mixed(factors, literal)
                if mixed is None:
                    raise Unreadable("a number right behind another factor")
                factors[-1] = self.measured(mixed)
                literal = False
                continue
            if literal and self.mark("\\frac") and (fraction := self.plain_fraction()) is not None:
                factors[-1] = self.measured(nodes.add((factors[-1], fraction), self.fuel))
                literal = False
                continue
            value = self.power()
            if isinstance(value, Matrix):
                return self.times_matrix(factors, value)
            factors.append(scalar(value))
            literal = False
        return factors[0] if len(factors) == 1 else nodes.multiply(factors, self.fuel)

    def multiplies(self) -> bool:
        """Whether a number is a factor right behind what stands before it: 3!7!, (3!)7!, i4."""
        before, after = self.tokens[self.at - 1], self.tokens[self.at + 1]
        return before[1] == "!" or before[:2] == ("symbol", "i") or (before[1] == ")" and after[1] == "!")

    def times_letter(self) -> bool:
        """Whether the letter x stands for a multiplication here: between two numbers, with blanks."""
        before, after = self.tokens[self.at - 1], self.tokens[self.at + 1]
        return before[0] == "number" and self.token == ("symbol", "x", True) and after[0] == "number"

    def is_literal(self, index: int) -> bool:
        """Whether the last token read is a whole number as written: what may start a mixed number."""
        token = self.tokens[index]
        return token[0] == "number" and token[1].isdecimal() and self.tokens[index - 1][1] not in ("^", "_")

    def mixed(self, factors: list[Node], literal: bool) -> Node | None:
        """ "3 1/2" as a sum, if that is what stands here."""
        top, slash, bottom = self.tokens[self.at : self.at + 3]
        if not (literal and top[2] and top[1].isdecimal() and slash[1] == "/" and bottom[1].isdecimal()):
            return None
        self.at += 3
        return nodes.add((factors[-1], literals.quotient(top[1], bottom[1], self.fuel)), self.fuel)

    def plain_fraction(self) -> Node | None:
        r"""``\frac`` of two whole numbers right behind a whole number; it is not read when it is anything else."""
        start = self.at
        self.at += 1
        parts = []
        for _ in range(2):
            if self.mark("{") and self.tokens[self.at + 1][1].isdecimal() and self.tokens[self.at + 2][1] == "}":
                parts.append(self.tokens[self.at + 1][1])
                self.at += 3
            elif self.token[0] == "number" and self.token[1].isdecimal():
                parts.append(self.first_digit())
        if len(parts) == 2 and not self.mark("!") and (self.degree_ahead() or not self.mark("^")):
            return literals.quotient(parts[0], parts[1], self.fuel)
        self.at = start
        return None

    def measured(self, node: Node) -> Node:
        """A mixed number with the percent or degree sign behind it."""
        if self.degree_ahead():
            self.at += 4 if self.tokens[self.at + 1][1] == "{" else 2
            return Op("degree", (node,))
        if self.mark("%", "degree"):
            self.at += 1
            return Op("percent" if self.tokens[self.at - 1][1] == "%" else "degree", (node,))
        return node

    def times_matrix(self, factors: list[Node], matrix: Matrix) -> Value:
        """A matrix with all its cells multiplied."""
        if self.starts_atom() or self.mark("*", "/", "^"):
            raise Unreadable("arithmetic with a matrix")
        return Matrix(tuple(tuple(nodes.multiply((*factors, cell), self.fuel) for cell in row) for row in matrix.rows))

    def starts_atom(self) -> bool:
        """Whether another factor is next."""
        kind, text, _ = self.tokens[self.at]
        if kind in ("number", "symbol", "function", "based"):
            return True
        if kind == "word":
            return len(text) == 1 and text not in units.LETTERS and not self.is_unit_here()
        if kind != "mark":
            return False
        if text == "|":
            return not self.bars
        return text in ("(", "{", "\\frac", "\\sum", "\\prod", "\\sqrt", "\\binom", "\\begin", "floor(", "ceil(") or (
            text in NAMED_OBJECTS or text in SHAPES
        )

    def is_unit_here(self) -> bool:
        """Whether a letter here would be a unit."""
        return self.at > 0 and self.tokens[self.at - 1][0] in ("number", "word")

    def power(self) -> Value:
        """An atom, what is raised behind it, and the signs behind that."""
        self.deeper()
        value = self.atom()
        marks = 0
        while self.token[0] == "mark":
            if self.mark("!"):
                marks += 1
                self.at += 1
                step = 1
                if self.mark("!") and not self.token[2]:
                    self.at += 1
                    step = 2
                value = nodes.factorial(scalar(value), step, self.fuel)
            elif self.mark("%", "degree"):
                marks += 1
                value = Op("percent" if self.mark("%") else "degree", (scalar(value),))
                self.at += 1
            elif self.mark("^"):
                marks += 1
                value = self.raised(value)
            elif self.mark("'") and isinstance(value, Sym):
                marks += 1
                self.at += 1
                value = Sym(value.name + "'")
            elif self.mark("{") and self.tokens[self.at + 1][1] == "}":
                self.at += 2
            else:
                break
            if marks > 5:
                raise Limit("limit: depth")
        self.depth -= 1
        return value

    def raised(self, base: Value) -> Value:
        """What stands behind ``^``, and `base` with it: a power, or a degree sign."""
        if self.degree_ahead():
            return self.measured(scalar(base))
        self.at += 1
        if self.mark("{") and self.tokens[self.at + 1][0] == "word" and self.tokens[self.at + 2][1] == "}":
            self.at += 1
            unit = self.unit()
            self.expect("}")
            return Quantity(scalar(base), unit)
        if self.take("'"):
            return Sym(f"{scalar(base)}'")
        negate = False
        while self.mark("-", "+"):
            negate ^= self.mark("-")
            self.at += 1
        exponent = scalar(self.power())
        if negate:
            exponent = nodes.negative(exponent, self.fuel)
        return nodes.power(scalar(base), exponent, self.fuel)
