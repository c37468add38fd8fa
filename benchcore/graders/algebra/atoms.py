"""Atoms: what an expression starts from: numbers, names, functions, fractions, roots, words, objects."""

from abc import abstractmethod
from fractions import Fraction

from benchcore.graders.algebra import literals, nodes, words
from benchcore.graders.algebra.bounds import Limit, Unreadable
from benchcore.graders.algebra.cursor import Cursor
from benchcore.graders.algebra.nodes import Node, Num, Op, Sym
from benchcore.graders.algebra.signs import scalar
from benchcore.graders.algebra.tokens import Token
from benchcore.graders.algebra.values import (
    EMPTY,
    INFINITY,
    REALS,
    Bracket,
    Chain,
    Listing,
    Value,
    Word,
)

NAMED_OBJECTS = frozenset(
    ("\\overline", "\\vec", "\\hat", "\\bar", "\\overrightarrow", "\\overleftrightarrow", "\\widehat", "\\tilde",
     "\\widetilde", "\\dot")
)  # fmt: skip
SHAPES = frozenset(("\\angle", "\\triangle", "\\measuredangle", "\\parallelogram"))
_APPLIED = frozenset("fghpqFGHPQ")  # letters that are a function's name before a bracket
_INVERSE = {"sin": "arcsin", "cos": "arccos", "tan": "arctan", "cot": "arccot"}
_MOST_TERMS = 1000  # of a sum or a product
_LONGEST_NUMBER = 40  # words and hyphens
_TWO = Num(Fraction(2))


class Atoms(Cursor):
    """Reads one atom; what stands in brackets is read by the parser that builds on it."""

    @abstractmethod
    def group(self, opening: str) -> Value:
        """What stands between brackets or braces."""

    @abstractmethod
    def set_of(self) -> Value:
        """What stands between braces of a set."""

    @abstractmethod
    def matrix(self) -> Value:
        """An environment with rows."""

    @abstractmethod
    def unit(self) -> str:
        """The unit behind a scalar."""

    @abstractmethod
    def sum(self) -> Value:
        """A sum with its unit."""

    @abstractmethod
    def product(self, inside_function: bool = False) -> Value:
        """A product; the argument of a function without brackets ends at the next function."""

    @abstractmethod
    def power(self) -> Value:
        """An atom with what is raised behind it."""

    def atom(self) -> Value:
        """One atom."""
        kind, text, _ = self.token
        if kind == "number":
            self.at += 1
            value: Node = literals.number(text, self.fuel)
            while self.token[0] == "word" and self.token[1].lower() in words.SCALES:
                value = nodes.multiply((value, Num(Fraction(words.SCALES[self.token[1].lower()]))), self.fuel)
                self.at += 1
            if self.word("in") and self.tokens[self.at + 1][1] == "base":
                self.at += 1
            if self.word("base") or (self.mark("(") and self.tokens[self.at + 1][1].lower() == "base"):
                return self.in_words(text)
            return value
        if kind == "based":
            self.at += 1
            return literals.based(text)
        if kind == "symbol":
            return self.phrase() if self.article() else self.named()
        if kind == "function":
            return self.function()
        if kind == "word":
            return self.phrase()
        if kind == "field":
            self.at += 1
            return self.field(text)
        if kind == "mark":
            return self.marked(text)
        raise Unreadable("nothing where a value belongs")

    def in_words(self, digits: str) -> Value:
        """A number with its base in words: "1011 base 2"."""
        bracket = self.take("(")
        self.at += 1
        base = self.token
        self.at += 1
        if bracket:
            self.expect(")")
        return literals.based(f"{digits}_{base[1].lower()}")

    def named(self) -> Value:
        """A variable, or a function of that name applied to something in brackets."""
        name = self.token[1]
        self.at += 1
        if self.mark("_"):
            self.at += 1
            name = f"{name}_{self.subscript()}"
        inverse = ""
        if name in _APPLIED or self.mark("'"):
            while self.take("'"):
                name += "'"
            if self.mark("^") and [token[1] for token in self.tokens[self.at + 1 : self.at + 5]] == [
                "{",
                "-",
                "1",
                "}",
            ]:
                after = self.tokens[self.at + 5]
                if after[1] == "(":
                    self.at += 5
                    inverse = "^-1"
        if (name[0] in _APPLIED or inverse) and self.mark("("):
            start = self.at
            items = self.bracketed("(")
            if all(isinstance(item, Node) for item in items):
                args = tuple(scalar(item) for item in items)
                if not any(name in nodes.symbols(arg) for arg in args):
                    return Op(f"{name}{inverse}()", args)
            self.at = start
        return Sym(name)

    def function(self) -> Value:
        """A known function with its base, its power and its arguments."""
        name = self.token[1]
        self.at += 1
        base: Node | None = None
        exponent: Node | None = None
        while self.mark("_", "^"):
            subscript = self.mark("_")
            self.at += 1
            negate = self.take("-")
            argument = scalar(self.argument())
            if negate:
                argument = nodes.negative(argument, self.fuel)
            if subscript:
                base = argument
            else:
                exponent = argument
        if exponent == nodes.MINUS_ONE and name in _INVERSE:
            name, exponent = _INVERSE[name], None
        args = self.arguments(name)
        if base is not None:
            if name != "log":
                raise Unreadable("a base of what is no logarithm")
            args = [*args, base]
        if name in ("exp",):
            result: Node = nodes.power(Sym("e"), args[0], self.fuel)
        else:
            result = nodes.call(name, args, self.fuel)
        return result if exponent is None else nodes.power(result, exponent, self.fuel)

    def arguments(self, name: str) -> list[Node]:
        """The arguments of a function: in brackets, or the factors that follow it."""
        if self.mark("(", "{", "["):
            opening = self.token[1]
            items = self.bracketed(opening)
            if len(items) > 1 and name not in ("min", "max", "gcd", "lcm"):
                raise Unreadable("too many arguments")
            return [scalar(item) for item in items]
        negate = self.take("-")
        value = scalar(self.product(inside_function=True))
        return [nodes.negative(value, self.fuel) if negate else value]

    def bracketed(self, opening: str) -> tuple[Value, ...]:
        """The arguments in brackets. Raises `Unreadable` when an interval stands there."""
        value = self.group(opening)
        if isinstance(value, Bracket) and value.opening + value.closing not in ("()", "[]"):
            raise Unreadable("brackets that do not match")
        return value.items if isinstance(value, Bracket | Listing) else (value,)

    def article(self) -> bool:
        """Whether "a" stands before a number in words: a third, a hundred."""
        after = self.tokens[self.at + 1]
        return self.token[1].lower() == "a" and after[0] == "word" and after[2] and words.is_number_word(after[1])

    def phrase(self) -> Value:
        """Words: a number spelled out, a single letter, or a phrase that is the whole item."""
        start = self.at
        if self.article():
            self.at += 1
        while True:
            ahead = self.tokens[self.at + 1] if self.at > start and (self.word("and") or self.mark("-")) else self.token
            if ahead[0] != "word" or not words.is_number_word(ahead[1]) or self.at - start > _LONGEST_NUMBER:
                break
            self.at += 1
        spelled = [token[1] for token in self.tokens[start : self.at] if token[0] != "mark"]
        if spelled and (number := words.number(spelled)) is not None:
            return Num(number)
        self.at = start
        if len(self.token[1]) == 1 and self.token[1].isascii():
            return self.named()
        if self.word("base", "mod"):
            raise Unreadable("no number before a base")
        pieces = []
        while (self.token[0] in ("word", "number", "symbol") and not self.word("or", "and", "except")) or self.mark(
            "'", '"', "-"
        ):
            pieces.append(self.token[1])
            self.at += 1
        found = words.phrase(" ".join(pieces))
        if not found:
            raise Unreadable("no words")
        if found == "all reals":
            return REALS
        if found == "no solution":
            return EMPTY
        return INFINITY if found == "infinity" else Word(found)

    def field(self, name: str) -> Value:
        """A set of numbers by its letter."""
        if name == "R":
            return REALS
        return Word(f"field {name}")

    def marked(self, text: str) -> Value:
        """An atom that starts with a mark or a command."""
        if text in ("(", "["):
            return self.group(text)
        if text == "{":
            return self.group("{")
        if text == "set(":
            return self.set_of()
        if text == "\\frac":
            return self.fraction()
        if text == "\\sqrt":
            return self.square_root()
        if text == "\\binom":
            self.at += 1
            top, bottom = scalar(self.argument()), scalar(self.argument())
            return nodes.binomial(top, bottom, self.fuel)
        if text == "|":
            self.at += 1
            self.bars += 1
            inner = scalar(self.sum())
            self.bars -= 1
            self.expect("|")
            return nodes.call("abs", (inner,), self.fuel)
        if text in ("floor(", "ceil("):
            self.at += 1
            inner = scalar(self.sum())
            self.expect(text[:-1] + ")")
            return nodes.call(text[:-1], (inner,), self.fuel)
        if text in ("\\sum", "\\prod"):
            return self.series(text)
        if text == "emptyset":
            self.at += 1
            return EMPTY
        if text == "\\begin":
            return self.matrix()
        if text == "\\mathbb":
            self.at += 1
            return self.field(self.raw("}") if self.take("{") else self.named_letter())
        if text == "\\phantom":
            self.at += 1
            if self.take("{"):
                self.raw("}")
            else:
                self.at += 1
            return self.power()
        if text in NAMED_OBJECTS:
            self.at += 1
            name = self.raw("}") if self.take("{") else self.named_letter()
            return Sym(f"{text[1:]} {name}")
        if text in SHAPES:
            self.at += 1
            name = ""
            while self.token[0] == "symbol":
                name += self.token[1]
                self.at += 1
            return Sym(f"{text[1:]} {name}")
        raise Unreadable(f"{text} where a value belongs")

    def fraction(self) -> Value:
        """A fraction. Raises `Unreadable` for a derivative, which is written like one."""
        self.at += 1
        start = self.at
        top = scalar(self.argument())
        middle = self.at
        bottom = scalar(self.argument())
        if _is_derivative(self.tokens[start:middle], self.tokens[middle : self.at]):
            raise Unreadable("a derivative")
        return nodes.multiply((top, nodes.reciprocal(bottom)), self.fuel)

    def series(self, kind: str) -> Value:
        """A sum or a product over a range of whole numbers, term by term."""
        self.at += 1
        self.expect("_")
        start = self.argument()
        self.expect("^")
        end = nodes.whole(scalar(self.argument()))
        term = scalar(self.product())
        if not isinstance(start, Chain) or start.signs != ("=",) or not isinstance(start.sides[0], Sym):
            raise Unreadable("a series without a start")
        first = nodes.whole(scalar(start.sides[1]))
        if first is None or end is None:
            raise Unreadable("a series without an end")
        if end - first >= _MOST_TERMS:
            raise Limit("limit: terms")
        name = start.sides[0].name
        terms = [nodes.substitute(term, name, Num(Fraction(n)), self.fuel) for n in range(first, end + 1)]
        return (nodes.add if kind == "\\sum" else nodes.multiply)(terms, self.fuel)

    def square_root(self) -> Value:
        """A root, with its degree if it has one."""
        self.at += 1
        degree: Node = _TWO
        if self.take("["):
            degree = scalar(self.sum())
            self.expect("]")
        if self.token[0] == "number":
            radicand: Node = literals.number(self.token[1], self.fuel)
            self.at += 1
        else:
            radicand = scalar(self.argument())
        return nodes.root(radicand, degree, self.fuel)

    def argument(self) -> Value:
        r"""What a command takes: a group in braces, or the next single thing: one digit, as in ``\frac12``."""
        if self.mark("{"):
            return self.group("{")
        if self.token[0] == "number" and self.token[1].isdecimal():
            if self.tokens[self.at - 1][1] in ("_", "^"):
                self.at += 1
                return literals.number(self.tokens[self.at - 1][1], self.fuel)
            return literals.number(self.first_digit(), self.fuel)
        self.deeper()
        value = self.atom()
        self.depth -= 1
        return value

    def based_group(self) -> Value:
        """(25)_6"""
        digits = self.tokens[self.at - 2]
        if digits[0] != "number" or self.tokens[self.at - 3][1] != "(":
            raise Unreadable("a base of what is no number")
        self.at += 1
        return literals.based(f"{digits[1]}_{self.subscript()}")


def _is_derivative(top: list[Token], bottom: list[Token]) -> bool:
    """Whether a fraction is a derivative by its letters: d, or d of something, over dx or dx^2."""
    above, below = ([token for token in part if token[1] not in ("{", "}")] for part in (top, bottom))
    if [token[1] for token in (*above[:1], *below[:1])] != ["d", "d"]:
        return False
    along = len(below) > 1 and below[1][0] == "symbol" and (len(below) == 2 or below[2][1] == "^")
    return along and (len(above) == 1 or above[1][0] in ("symbol", "function") or above[1][1] in ("(", "^"))
