"""Numbers as they are written: separators, decimals, repeated digits, exponents, bases."""

from fractions import Fraction

from benchcore.graders.algebra import nodes, words
from benchcore.graders.algebra.bounds import Fuel, Limit, Unreadable
from benchcore.graders.algebra.characters import THOUSANDS
from benchcore.graders.algebra.nodes import Node, Num
from benchcore.graders.algebra.values import Based

_LETTERED_DIGIT = {letter: 10 + index for index, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_MOST_EXPONENT = 15_000  # of ten, in scientific notation


def number(text: str, fuel: Fuel) -> Num:
    r"""A number as it is written: separators, a decimal point, ``\overline`` or an ellipsis, an exponent."""
    if text.isdecimal():
        return Num(Fraction(int(text)))
    plain, exponent, repeated = text.replace(",", "").replace(THOUSANDS, "").replace(" ", ""), 0, ""
    if "\\" in plain or "(" in plain or plain.endswith("..."):
        cut = next((place for mark in "\\(" if (place := plain.find(mark)) >= 0), len(plain) - 3)
        plain, tail = plain[:cut], plain[cut:]
        repeated = "".join(mark for mark in tail if mark.isdecimal())
        if "." not in plain:
            raise Unreadable("repeated digits before the point")
        if not repeated:
            plain, repeated = _recurring(plain)
    elif "e" in plain.lower():
        plain, _, after = plain.lower().partition("e")
        if len(after) > 8 or abs(int(after)) > _MOST_EXPONENT:
            raise Limit("limit: exponent")
        exponent = int(after)
    before, _, after = plain.partition(".")
    value = Fraction(int(before + after or "0"), 10 ** len(after))
    if repeated:
        value += Fraction(int(repeated), (10 ** len(repeated) - 1) * 10 ** len(after))
    if exponent:
        value *= Fraction(10) ** exponent
    nodes.charge(value, fuel)
    return Num(value)


def quotient(top: str, bottom: str, fuel: Fuel) -> Node:
    """One whole number over another."""
    return nodes.multiply((number(top, fuel), nodes.reciprocal(number(bottom, fuel))), fuel)


def based(text: str) -> Based:
    """Digits and their base from "1A2_{11}" or "110_two"."""
    digits, _, base = text.partition("_")
    digits = digits.strip().replace(",", "").replace(THOUSANDS, "").replace(" ", "")
    named = base.replace("\\text", "").strip(" {}()")
    radix = int(named) if named.isdecimal() and len(named) < 4 else words.number([named])
    if radix is None or not 2 <= radix <= 36 or radix != int(radix):
        raise Unreadable("no base")
    if any(_LETTERED_DIGIT.get(mark, ord(mark) - 48) >= radix for mark in digits if mark != "."):
        raise Unreadable("a digit that the base does not have")
    whole, point, rest = digits.partition(".")
    return Based((whole.lstrip("0") or "0") + (point + rest.rstrip("0") if rest.rstrip("0") else ""), int(radix))


def _recurring(plain: str) -> tuple[str, str]:
    """The digits before an ellipsis, and those that recur: a block that is there three times, or twice if longer."""
    before, _, digits = plain.partition(".")
    for length in range(1, 1 + len(digits) // 2):
        block = digits[-length:]
        times = 3 if length == 1 else 2
        if digits.endswith(block * times) and block.strip("0"):
            while digits.endswith(block):
                digits = digits[:-length]
            return f"{before}.{digits}", block
    raise Unreadable("digits that go on")
