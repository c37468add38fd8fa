r"""Expressions as sympy's LaTeX parser (1.14, its ANTLR grammar) reads them: what published graders compared.

That reading is not a careful one. It stops without a word where the text no longer goes on as an expression
(``1,-2`` is 1, ``25_6`` is 25), takes a mixed number for a product, every unknown command for a variable (``\pi`` too)
and ``x(x+1)`` for a function x. Here the text is read the same way, in time linear in its length.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

LONGEST = 1000  # characters of an expression
DEEPEST = 40  # brackets, powers and indices within one another
MOST_FACTORIALS = 3  # of one number
MOST_STEPS = 4000  # of the parser

# (operation, parts ...): a number, a symbol, or an operation on nodes
Node = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Sides parted by relation signs (none for a plain expression); `numeric` where no variable is in them."""

    relations: tuple[str, ...]
    sides: tuple[Node, ...]
    numeric: bool


_SPACE = r"(?:\s|\\[,:;!])*+"
_TOKEN = re.compile(
    r"""
    (?P<space>\s++ | \\[,:;!] | \\(?:quad|qquad|thinspace|medspace|thickspace|(?:left|right)(?!\|))(?![A-Za-z]))
  | (?P<number>{D}++(?:,{S}{D}{D}{D})*+(?:\.{S}{D}++)?)
  | (?P<symbol>d[ \t]{0,9}(?:[A-Za-z] | \\[A-Za-z]++) | [A-Za-z])
  | (?P<command>\\[A-Za-z]++ | \\[{}|])
  | (?P<sign>[-+*/:^_!=<>(){}\[\]|,'.])
    """.replace("{S}", _SPACE).replace("{D}", rf"(?:[0-9]{_SPACE})"),
    re.VERBOSE,
)
FUNCTIONS = frozenset({
    "sin", "cos", "tan", "csc", "sec", "cot", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "exp", "ln", "lg",
    "log",
})  # fmt: skip
_INVERSES = {"sin": "arcsin", "cos": "arccos", "tan": "arctan"}
_FRACTIONS = frozenset({"\\frac", "\\dfrac", "\\tfrac"})
_BINOMIALS = frozenset({"\\binom", "\\dbinom", "\\tbinom"})
_TIMES = frozenset({"*", "\\times", "\\cdot"})
_OVER = frozenset({"/", "\\div", ":"})
_RELATIONS = {
    "=": "=", "<": "<", "\\lt": "<", ">": ">", "\\gt": ">", "\\neq": "!=", "\\ne": "!=",
    "\\le": "<=", "\\leq": "<=", "\\leqslant": "<=", "\\ge": ">=", "\\geq": ">=", "\\geqslant": ">=",
}  # fmt: skip
_CLOSING = {"(": ")", "[": "]", "{": "}", "\\{": "\\}"}
_ROUNDING = {"\\lfloor": ("floor", "\\rfloor"), "\\lceil": ("ceiling", "\\rceil")}
_MINUS_ONE: Node = ("number", Fraction(-1))
# operators of the grammar that take no part in answers: a text with them is not read
_UNREAD = frozenset(
    {"\\int", "\\sum", "\\prod", "\\lim", "\\to", "\\rfloor", "\\rceil", "\\langle", "\\}", "\\|", "\\left", "\\right"}
)


class _Unread(Exception):
    """No expression stands here."""


class _Unknown(Exception):
    """A character that the grammar lacks is next, or a limit is reached: nothing of the text is read."""


def parse(text: str) -> Tree | None:
    """How sympy reads `text`; None where it raises, or where the text is longer or deeper than the limits."""
    if len(text) > LONGEST:
        return None
    try:
        parser = _Parser(text)
        relations, sides = parser.relation()
    except (_Unread, _Unknown):
        return None
    if len(relations) > 1 and set(relations) != {"="}:
        return None  # sympy refuses the truth of a chain
    return Tree(relations=tuple(relations), sides=tuple(sides), numeric=not parser.symbols)


class _Parser:
    """Recursive descent over the tokens; where a continuation cannot be read, the text is read up to it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = self.depth = self.in_bars = self.steps = 0
        self.symbols: set[str] = set()
        self.dead: set[int] = set()
        self.kind, self.next = "", ""
        self._advance()

    def _advance(self) -> str:
        """Pass over the next token and return it."""
        passed = self.next
        self.steps += 1
        while self.at < len(self.text):
            found = _TOKEN.match(self.text, self.at)
            if found is None or self.steps > MOST_STEPS:
                raise _Unknown
            self.at = found.end()
            if found.lastgroup != "space":
                self.kind, self.next = str(found.lastgroup), found.group()
                return passed
        self.kind, self.next = "end", ""
        return passed

    def _expect(self, token: str) -> None:
        if self.next != token:
            raise _Unread
        self._advance()

    def _attempt(self, rule: Callable[[], Node]) -> Node | None:
        """What `rule` reads from here; None, and nothing passed over, where it reads nothing."""
        state = self.at, self.kind, self.next, self.depth, self.in_bars, set(self.symbols)
        if self.at in self.dead:
            return None
        try:
            return rule()
        except _Unread:
            self.at, self.kind, self.next, self.depth, self.in_bars, self.symbols = state
            self.dead.add(self.at)  # tried once from each place, so that time is linear
            return None

    def relation(self) -> tuple[list[str], list[Node]]:
        sides, relations = [self._additive()], []
        while self.next in _RELATIONS:
            sign = _RELATIONS[self.next]
            if (side := self._attempt(lambda: self._after(self._additive))) is None:
                break
            relations.append(sign)
            sides.append(side)
        return relations, sides

    def _after(self, rule: Callable[[], Node]) -> Node:
        self._advance()
        return rule()

    def _additive(self) -> Node:
        terms = [self._product()]
        while (sign := self.next) in ("+", "-") and (term := self._attempt(lambda: self._after(self._product))):
            terms.append(term if sign == "+" else ("*", _MINUS_ONE, term))
        return terms[0] if len(terms) == 1 else ("+", *terms)

    def _product(self, *, functions: bool = True) -> Node:
        factors = [self._unary(functions)]
        while (sign := self.next) in _TIMES or sign in _OVER:
            factor = self._attempt(lambda: self._after(lambda: self._unary(functions)))
            if factor is None:
                break
            factors.append(factor if sign in _TIMES else ("inverse", factor))
        return factors[0] if len(factors) == 1 else ("*", *factors)

    def _unary(self, functions: bool) -> Node:
        negative = False
        while self.next in ("+", "-"):
            negative ^= self._advance() == "-"
        factors = [_MINUS_ONE] if negative else []
        factors.append(self._postfix())
        while self._starts_factor(functions) and (factor := self._attempt(self._postfix)):
            factors.append(factor)
        return factors[0] if len(factors) == 1 else ("*", *factors)

    def _starts_factor(self, functions: bool) -> bool:
        if self.kind in ("number", "symbol") or self.next in _CLOSING:
            return True
        if self.next == "|":
            return not self.in_bars
        return (
            self.kind == "command"
            and self.next not in _TIMES | _OVER | _RELATIONS.keys() | _UNREAD
            and (functions or self.next[1:] not in FUNCTIONS)
        )

    def _postfix(self) -> Node:
        node = self._component()
        for _ in range(DEEPEST):
            if self.next != "^" or not (power := self._attempt(lambda: self._after(self._argument))):
                break
            node = ("^", node, power)
        for _ in range(MOST_FACTORIALS):
            if self.next != "!":
                break
            self._advance()
            node = ("!", node)
        return node

    def _argument(self) -> Node:
        """What stands in braces, or the single atom."""
        self._deepen()
        if self.next == "{":
            node = self._group()
        elif self.kind == "number":
            node = self._number()
        elif self.kind == "symbol" or (self.kind == "command" and self.next[1:].isalpha()):
            node = self._component()
        else:
            raise _Unread
        self.depth -= 1
        return node

    def _part(self) -> Node:
        """What stands in braces, or the single digit: a part of a fraction."""
        if self.kind != "number":
            return self._braced()
        digit = Fraction(self.next[0])
        self.at -= len(self.next) - 1
        self._advance()
        return ("number", digit)

    def _braced(self) -> Node:
        if self.next != "{":
            raise _Unread
        return self._group()

    def _group(self) -> Node:
        return self._until(_CLOSING[self.next])

    def _until(self, closing: str) -> Node:
        """The expression behind the opening bracket that is next, up to `closing`."""
        self._deepen()
        self._advance()
        bars, self.in_bars = self.in_bars, 0
        node = self._additive()
        self._expect(closing)
        self.in_bars = bars
        self.depth -= 1
        return node

    def _deepen(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _Unknown

    def _component(self) -> Node:
        if self.next in _CLOSING:
            return self._group()
        if self.next == "|":
            self._deepen()
            self._advance()
            self.in_bars += 1
            node = self._additive()
            self._expect("|")
            self.in_bars -= 1
            self.depth -= 1
            return ("abs", node)
        if self.kind == "number":
            return self._number()
        if self.kind == "command":
            return self._command()
        if self.kind == "symbol":
            return self._symbol()
        raise _Unread

    def _number(self) -> Node:
        digits = re.sub(r"[^0-9.]", "", self._advance())
        whole = "." not in digits
        if whole and (self.next == "." or (len(digits) > 1 and digits[0] == "0")):
            raise _Unknown  # sympy takes neither 5. nor 05
        return ("number", Fraction(digits))

    def _command(self) -> Node:
        name = self.next
        if name in _ROUNDING:
            operation, closing = _ROUNDING[name]
            return (operation, self._until(closing))
        if name in _FRACTIONS or name in _BINOMIALS:
            self._advance()
            upper, lower = self._part(), self._part()
            return ("*", upper, ("inverse", lower)) if name in _FRACTIONS else ("binom", upper, lower)
        if name == "\\sqrt":
            self._advance()
            root = self._group() if self.next == "[" else ("number", Fraction(2))
            return ("^", self._braced(), ("inverse", root))
        if name == "\\overline":
            self._advance()
            return ("applied", "overline", self._braced())
        if name[1:] in FUNCTIONS:
            return self._function()
        if name in _UNREAD or name in _TIMES or name in _OVER or name in _RELATIONS:
            raise _Unread
        return self._symbol()

    def _function(self) -> Node:
        name = self._advance()[1:]
        base: Node | None = None
        power: Node | None = None
        inside: Node | None = None
        while self.next in ("_", "^"):
            if self._advance() == "^":
                power = self._argument()
            elif self.kind == "number":
                base, inside = self._base()
            else:
                base = self._argument()
        if inside is None:
            inside = self._of_function()
        if power == ("*", _MINUS_ONE, ("number", Fraction(1))) and name in _INVERSES:
            name, power = _INVERSES[name], None
        node: Node = ("call", name, inside)
        if base is not None:
            node = ("*", node, ("inverse", ("call", "ln", base)))
        return node if power is None else ("^", node, power)

    def _base(self) -> tuple[Node, Node | None]:
        """A base without braces; where nothing stands behind it, its last digit is what the function is of."""
        digits = re.sub(r"[^0-9.]", "", self._advance())
        if len(digits) == 1 or self._starts_factor(functions=False) or self.next == "^":
            return ("number", Fraction(digits)), None
        return ("number", Fraction(digits[:-1])), ("number", Fraction(digits[-1]))

    def _of_function(self) -> Node:
        if self.next[1:] in FUNCTIONS:
            raise _Unread
        return self._group() if self.next in ("(", "{", "[") else self._product(functions=False)

    def _symbol(self) -> Node:
        name = re.sub(r"\s", "", self._advance()).removeprefix("\\")
        if self.next == "_":
            known = set(self.symbols)
            start = self.at
            if self._attempt(lambda: self._after(self._argument)):
                # what stands in the subscript is part of the name
                name += "_" + re.sub(r"[\s{}]", "", self.text[start : self.at - len(self.next)])
                self.symbols = known
        while self.next == "'":
            name += self._advance()
        self.symbols.add(name)
        if self.next == "(" and (inside := self._attempt(self._arguments)):
            return ("applied", name, *inside)
        return ("symbol", name)

    def _arguments(self) -> Node:
        self._deepen()
        self._advance()
        inside: list[Node] = [self._additive()]
        while self.next == ",":
            self._advance()
            inside.append(self._additive())
        self._expect(")")
        self.depth -= 1
        return tuple(inside)
