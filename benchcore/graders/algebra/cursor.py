"""A place in a list of tokens: looking, taking, and counting how deep it is."""

from benchcore.graders.algebra.bounds import DEEPEST, Fuel, Limit, Unreadable
from benchcore.graders.algebra.tokens import END, Token


class Cursor:
    """One pass over the tokens; the parts of the parser build on it.

    `bars`: how many | are open, so that the next one closes; `colons`: whether a colon makes a ratio here;
    `plus_minus`: how many of those signs were read.
    """

    def __init__(self, tokens: list[Token], fuel: Fuel) -> None:
        self.tokens = tokens
        self.tokens += [END] * 6  # looking ahead needs no check
        self.at = 0
        self.depth = 0
        self.bars = 0
        self.colons = True
        self.plus_minus = 0
        self.fuel = fuel

    @property
    def token(self) -> Token:
        """The token that is next."""
        return self.tokens[self.at]

    def mark(self, *marks: str) -> bool:
        """Whether one of `marks` is next."""
        token = self.tokens[self.at]
        return token[0] == "mark" and token[1] in marks

    def take(self, mark: str) -> bool:
        """Take `mark` if it is next, and say so."""
        if self.mark(mark):
            self.at += 1
            return True
        return False

    def expect(self, mark: str) -> None:
        """Take `mark`. Raises `Unreadable` when something else is next."""
        if not self.take(mark):
            raise Unreadable(f"no {mark} where one belongs")

    def word(self, *choices: str) -> bool:
        """Whether one of the words `choices` is next."""
        token = self.tokens[self.at]
        return token[0] == "word" and token[1].lower() in choices

    def deeper(self) -> None:
        """Count one level of nesting. Raises `Limit` at the deepest."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Limit("limit: depth")

    def degree_ahead(self) -> bool:
        """Whether a raised degree sign stands here."""
        ahead = [token[1] for token in self.tokens[self.at : self.at + 4]]
        return ahead[:2] == ["^", "degree"] or ahead == ["^", "{", "degree", "}"]

    def subscript(self) -> str:
        """A subscript as text: digits and letters, with or without braces."""
        if not self.take("{"):
            self.at += 1
            if self.tokens[self.at - 1][0] not in ("number", "symbol", "word"):
                raise Unreadable("no subscript")
            return self.tokens[self.at - 1][1]
        return self.raw("}")

    def raw(self, closing: str) -> str:
        """The tokens up to `closing`, joined."""
        pieces = []
        while not self.mark(closing):
            if self.token is END or self.mark("{", "(", "["):
                raise Unreadable("no name where one belongs")
            pieces.append(self.token[1])
            self.at += 1
        self.at += 1
        return "".join(pieces)

    def first_digit(self) -> str:
        """Take one digit off the number that stands here."""
        kind, text, _ = self.token
        if len(text) == 1:
            self.at += 1
        else:
            self.tokens[self.at] = (kind, text[1:], False)
        return text[0]

    def named_letter(self) -> str:
        """Take one token for its text."""
        self.at += 1
        return self.tokens[self.at - 1][1]
