r"""Tokens: numbers, letters, words, marks and commands. Each is (kind, text, whether a blank stands before it).

Kinds: "number" (text is what was written), "digits of a base" ("1A2_11"), "symbol", "word" (from ``\text`` or plain),
"function", "mark" (operators, brackets and commands, under one name each), "end".
"""

import re

from benchcore.graders.algebra import units, words
from benchcore.graders.algebra.bounds import MOST_TOKENS, Limit, Unreadable
from benchcore.graders.algebra.characters import CURRENCY, THOUSANDS

Token = tuple[str, str, bool]

END: Token = ("end", "", False)

_FUNCTION_NAMES = "sin cos tan cot sec csc arcsin arccos arctan arccot sinh cosh tanh exp ln log max min gcd lcm"
FUNCTIONS = {name: name for name in _FUNCTION_NAMES.split()} | {
    "lg": "log",
    "arctg": "arctan",
    "tg": "tan",
    "ctg": "cot",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
}
_NAMED = {"pi": "pi", "infty": "infty", "infinity": "infty"}
_MARKS = {
    "cdot": "*", "times": "*", "ast": "*", "bullet": "*", "div": "/", "pm": "pm", "mp": "mp", "le": "<=", "leq": "<=",
    "leqslant": "<=", "ge": ">=", "geq": ">=", "geqslant": ">=", "lt": "<", "gt": ">", "ne": "!=", "neq": "!=",
    "approx": "approx", "simeq": "approx", "sim": "approx", "cong": "=", "equiv": "=", "in": "in", "cup": "cup",
    "cap": "cap", "setminus": "setminus", "backslash": "setminus", "emptyset": "emptyset", "varnothing": "emptyset",
    "langle": "(", "rangle": ")", "lparen": "(", "rparen": ")", "lbrack": "[", "rbrack": "]", "lbrace": "set(",
    "rbrace": "set)", "{": "set(", "}": "set)", "lvert": "|", "rvert": "|", "vert": "|", "mid": "mid", "colon": ":",
    "degree": "degree", "circ": "degree", "lfloor": "floor(", "rfloor": "floor)", "lceil": "ceil(", "rceil": "ceil)",
    "ldots": "...", "dots": "...", "cdots": "...", "dotsc": "...", "prime": "'", "\\": "row", "lor": "or", "vee": "or",
    "land": "and", "wedge": "and", "implies": "implies", "Rightarrow": "implies", "rightarrow": "to", "to": "to",
    "|": "norm",
}  # fmt: skip
_STRUCTURE_NAMES = (
    "frac binom sqrt begin end overline vec hat bar overrightarrow underline widehat tilde dot angle triangle "
    "mathbb phantom pmod bmod mod sum prod over choose text overleftrightarrow widetilde measuredangle "
    "parallelogram"
)
_STRUCTURES = frozenset(_STRUCTURE_NAMES.split())
_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon phi chi psi "
    "omega varepsilon vartheta varphi varrho ell hbar Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
_GREEK = frozenset(_GREEK_NAMES.split())
_CONNECTIVES = frozenset(("or", "and", "to", "in", "base", "mod"))

_GROUPED = rf"[0-9]{{1,3}}(?:(?:,|{THOUSANDS})[0-9]{{3}})+(?![0-9])"
_SPACED = r"[0-9]{1,3}(?: [0-9]{3})+(?![0-9])"
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<based>(?<![0-9A-Za-z])(?=[A-Z]*+[0-9])[0-9A-Z]++(?:\.[0-9]++)?\s?_\s?(?:\{\s?(?:\(?[0-9]+\)?|[a-z]+|\\text\{\s?[a-z0-9]+\s?\})\s?\}|[0-9]+))"
    rf"|(?P<number>(?:(?P<grouped>{_GROUPED})|{_SPACED}|[0-9]+(?:{THOUSANDS}[0-9]+)*)(?:\.[0-9]*)?|\.[0-9]+)"
    r"(?P<tail>(?<=\.)\([0-9]+\)|\\(?:overline|bar|dot)\s?(?:\{[0-9]+\}|[0-9])|(?:\.\.\.|\s?\\[lc]?dots(?![a-z]))|[eE][-+]?[0-9]+(?![0-9.]))?"
    r"|\\text(?P<text>\{[^{}]*\})"
    r"|\\(?P<command>[A-Za-z]+|.)"
    r"|(?P<letters>[A-Za-z]+)"
    r"|(?P<ellipsis>\.\.\.)"
    r"|(?P<relation><=|>=|!=|==|=<|=>|->|~=)"
    r"|(?P<mark>.)",
    re.DOTALL,
)
_PLAIN_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\.?[0-9]+(?:[.,:][0-9]+)*|\S", re.UNICODE)
_HALF_OF_DAY = re.compile(r"(?<![A-Za-z\\])([ap])\.\s?m\.?(?![A-Za-z])", re.IGNORECASE)
_RELATIONS = {"==": "=", "=<": "<=", "=>": "implies", "->": "to", "~=": "approx"}
_VOWELS = frozenset("aeiouyAEIOUY")
_LONGEST_FUNCTION = 6


def tokenize(text: str, grouping: bool = True) -> list[Token]:
    """The tokens of a tidied `text`; with `grouping`, "1,234" is one number unless it is alone in brackets.

    Raises `Unreadable` for a command or a character that nothing here reads, `Limit` for too many tokens.
    """
    tokens: list[Token] = []
    _scan(_HALF_OF_DAY.sub(r"\1m", text) if "m" in text or "M" in text else text, tokens, grouping)
    return tokens


def _scan(text: str, tokens: list[Token], grouping: bool) -> None:
    spaced = False
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        assert found is not None  # the last alternative takes any character
        at = found.end()
        kind = found.lastgroup
        if kind == "space":
            spaced = True
            continue
        if len(tokens) > MOST_TOKENS:
            raise Limit("limit: tokens")
        if kind in ("number", "tail"):
            number = found["number"]
            if found["grouped"] and not _may_group(number, text, found.start(), grouping):
                number = number[: number.index(",")]
                at = found.start() + len(number)
                tokens.append(("number", number, spaced))
            else:
                tokens.append(("number", found.group(), spaced))
        elif kind == "based":
            tokens.append(("based", found.group(), spaced))
        elif kind == "text":
            _scan_words(found["text"][1:-1], tokens, spaced)
        elif kind == "command":
            tokens.append(_command(found["command"], spaced))
        elif kind == "letters":
            _letters(found["letters"], tokens, spaced, text[at : at + 1])
        elif kind == "relation":
            tokens.append(("mark", _RELATIONS.get(found.group(), found.group()), spaced))
        else:
            mark = found.group()
            if mark == "." and tokens and tokens[-1][0] == "word":
                continue
            tokens.append(_mark(mark, spaced))
        spaced = False


def _may_group(number: str, text: str, start: int, grouping: bool) -> bool:
    """Whether the commas of `number`, at `start` in `text`, separate thousands rather than the items of a list."""
    if THOUSANDS in number or "," not in number:
        return True
    if number.startswith("0") or not grouping:
        return False
    before, after = text[max(0, start - 4) : start].rstrip("+- "), text[start + len(number) :][:2].lstrip()
    return not (before.endswith(("(", "[", "\\{")) and after.startswith((")", "]", "\\")))


def _command(name: str, spaced: bool) -> Token:
    if name in _MARKS:
        return ("mark", _MARKS[name], spaced)
    if name in _GREEK:
        return ("symbol", name, spaced)
    if name in _NAMED:
        return ("symbol", _NAMED[name], spaced)
    if name in FUNCTIONS:
        return ("function", FUNCTIONS[name], spaced)
    if name in _STRUCTURES:
        return ("mark", "\\" + name, spaced)
    if name in ("R", "Z", "Q", "N", "C"):
        return ("field", name, spaced)
    raise Unreadable(f"unknown command \\{name[:20]}")


def _mark(mark: str, spaced: bool) -> Token:
    if mark in "+-*/^_=<>()[]{},;:|!%&'\"":
        return ("mark", mark, spaced)
    if mark == CURRENCY:
        return ("currency", "dollar", spaced)
    if mark in "£€¥₹":
        return ("currency", {"£": "sterling", "€": "euro", "¥": "yen", "₹": "rupee"}[mark], spaced)
    if mark == "?":
        raise Unreadable("a question")
    raise Unreadable("unknown character")


def _letters(run: str, tokens: list[Token], spaced: bool, after: str) -> None:
    """A run of letters outside of ``\\text``: a name, a word, a unit behind a number, or a product of variables."""
    lower = run.lower()
    previous = tokens[-1] if tokens else END
    behind_value = previous[0] in ("number", "word") or previous[1] in (")", "}", "/", "%", "pi")
    if run in _SCALES and _behind_degree(tokens):
        tokens.append(("word", _SCALES[run], spaced))
    elif len(run) == 1:
        tokens.append(("symbol", run, spaced))
    elif run in _NAMED:
        tokens.append(("symbol", _NAMED[run], spaced))
    elif lower in ("inf", "oo"):
        tokens.append(("symbol", "infty", spaced))
    elif run == "sqrt":
        tokens.append(("mark", "\\sqrt", spaced))
    elif run in FUNCTIONS and not (behind_value and units.known(run) and after != "("):
        tokens.append(("function", FUNCTIONS[run], spaced))
    elif run in ("abs", "floor", "ceil"):
        tokens.append(("function", run, spaced))
    elif (
        lower in ("am", "pm")
        or lower in _CONNECTIVES
        or words.is_number_word(lower)
        or (behind_value and units.known(run) and (previous[0] != "word" or spaced))
    ):
        tokens.append(("word", run, spaced))
    elif (named := _prefix(run)) is not None:
        tokens.append(named[0])
        tokens.extend(("symbol", letter, False) for letter in named[1])
    elif run.isupper() and run != "DNE":
        tokens.append(("symbol", run, spaced))
    elif (len(run) > 3 and _VOWELS & set(run)) or lower in _SHORT_WORDS or (previous[0] == "word" and spaced):
        tokens.append(("word", run, spaced))
    else:
        tokens.append(("symbol", run[0], spaced))
        tokens.extend(("symbol", letter, False) for letter in run[1:])


_SHORT_NAMES = "no yes dne all any sq per the odd none day days mon tue wed thu fri sat sun may cup cups"
_SCALES = {"C": "celsius", "F": "fahrenheit"}
_SHORT_WORDS = frozenset(_SHORT_NAMES.split())


def _behind_degree(tokens: list[Token]) -> bool:
    return "degree" in [token[1] for token in tokens[-2:]]


def _prefix(run: str) -> tuple[Token, str] | None:
    """A function's name run together with its argument ("sinx"), or π with what it multiplies."""
    for length in range(min(len(run) - 1, _LONGEST_FUNCTION), 1, -1):
        if run[:length] in FUNCTIONS and len(run) - length == 1:
            return ("function", FUNCTIONS[run[:length]], False), run[length:]
    return None


def _scan_words(content: str, tokens: list[Token], spaced: bool) -> None:
    r"""The content of ``\text{}``: words, numbers and marks; never a product of letters."""
    spaced = spaced or content[:1].isspace()
    for found in _PLAIN_WORD.finditer(content):
        piece = found.group()
        blank = spaced if found.start() == 0 else content[found.start() - 1].isspace()
        if len(tokens) > MOST_TOKENS:
            raise Limit("limit: tokens")
        if piece[-1].isascii() and piece[-1].isdecimal():
            _scan(piece, tokens, True)
        elif piece in _SCALES and _behind_degree(tokens):
            tokens.append(("word", _SCALES[piece], blank))
        elif _is_variable(piece, content[: found.start()][-1:], tokens):
            _letters(piece, tokens, blank, content[found.end() :][:1])
        elif len(piece) == 1 and not piece.isalpha():
            if piece == ".":
                continue
            tokens.append(_mark(piece, blank) if piece.isascii() else ("word", piece, blank))
        elif piece.isascii() and len(piece) > 1 and piece.isupper() and piece not in ("AM", "PM", "DNE", "OR", "AND"):
            tokens.append(("word" if units.known(piece) and tokens else "symbol", piece, blank))
        else:
            tokens.append(("word", piece, blank))


def _is_variable(piece: str, before: str, tokens: list[Token]) -> bool:
    """Whether letters behind a number stand for variables: run together with it, or one letter that is no unit."""
    if not (piece.isascii() and piece.isalpha() and tokens and tokens[-1][0] == "number"):
        return False
    return (len(piece) == 1 or before.isdecimal()) and not units.known(piece)
