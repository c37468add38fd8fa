"""Operations on lists of whole numbers, numbers and strings, of which exercises are composed in pairs.

Each is defined for every value of its kind, and has an example that was worked out by hand.
"""

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["list", "int", "str"]
"""A list of whole numbers, a whole number, or a string."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What is done, in several wordings of an imperative, and a Python expression for it in which {x} stands for what
    it is done to. `example` is an input with its output.
    """

    name: str
    takes: Kind
    gives: Kind
    phrases: tuple[str, ...]
    code: str
    example: tuple[Any, Any]

    def of(self, value: Any) -> Any:
        """What the expression gives for `value`."""
        return eval(self.code.format(x="x"), {"x": value})  # noqa: S307  # it is ours


def _made(takes: Kind, gives: Kind, name: str, code: str, example: tuple[Any, Any], *phrases: str) -> Operation:
    return Operation(name=name, takes=takes, gives=gives, phrases=phrases, code=code, example=example)


OPERATIONS = (
    _made("list", "list", "ascending", "sorted({x})", ([3, 1, 2], [1, 2, 3]),
          "sort the numbers from smallest to largest", "put the numbers in ascending order"),
    _made("list", "list", "descending", "sorted({x}, reverse=True)", ([3, 1, 2], [3, 2, 1]),
          "sort the numbers from largest to smallest", "put the numbers in descending order"),
    _made("list", "list", "backwards", "{x}[::-1]", ([3, 1, 2], [2, 1, 3]),
          "reverse the list", "turn the list around"),
    _made("list", "list", "without_first", "{x}[1:]", ([3, 1, 2], [1, 2]),
          "drop the first number", "leave out the first number"),
    _made("list", "list", "without_last", "{x}[:-1]", ([3, 1, 2], [3, 1]),
          "drop the last number", "leave out the last number"),
    _made("list", "list", "first_three", "{x}[:3]", ([4, 3, 1, 2], [4, 3, 1]),
          "take the first three numbers", "keep only the first three numbers"),
    _made("list", "list", "last_two", "{x}[-2:]", ([4, 3, 1, 2], [1, 2]),
          "take the last two numbers", "keep only the last two numbers"),
    _made("list", "list", "every_second", "{x}[::2]", ([4, 3, 1, 2], [4, 1]),
          "take every second number", "keep every other number, the first included"),
    _made("list", "list", "evens", "[v for v in {x} if v % 2 == 0]", ([4, 3, 1, 2], [4, 2]),
          "keep the even numbers", "remove all odd numbers"),
    _made("list", "list", "odds", "[v for v in {x} if v % 2 == 1]", ([4, 3, 1, 2], [3, 1]),
          "keep the odd numbers", "remove all even numbers"),
    _made("list", "list", "positives", "[v for v in {x} if v > 0]", ([4, -3, 0, 2], [4, 2]),
          "keep the numbers above zero", "remove everything that is not positive"),
    _made("list", "list", "large", "[v for v in {x} if v > 5]", ([4, 9, 5, 6], [9, 6]),
          "keep the numbers above five", "remove everything up to five"),
    _made("list", "list", "squares", "[v * v for v in {x}]", ([4, -3], [16, 9]),
          "square every number", "multiply each number by itself"),
    _made("list", "list", "doubles", "[v * 2 for v in {x}]", ([4, -3], [8, -6]),
          "double every number", "multiply each number by two"),
    _made("list", "list", "negatives", "[-v for v in {x}]", ([4, -3], [-4, 3]),
          "negate every number", "change the sign of each number"),
    _made("list", "list", "sizes", "[abs(v) for v in {x}]", ([4, -3], [4, 3]),
          "take the absolute value of every number", "drop the sign of each number"),
    _made("list", "list", "increments", "[v + 1 for v in {x}]", ([4, -3], [5, -2]),
          "add one to every number", "increase each number by one"),
    _made("list", "list", "distinct", "list(dict.fromkeys({x}))", ([4, 3, 4], [4, 3]),
          "remove repeated numbers", "keep each number only once"),
    _made("list", "int", "total", "sum({x})", ([4, 3, 4], 11),
          "add all numbers up", "compute the sum of the numbers"),
    _made("list", "int", "largest", "max({x}, default=0)", ([4, 3, 9], 9),
          "find the largest number", "return the maximum"),
    _made("list", "int", "smallest", "min({x}, default=0)", ([4, 3, 9], 3),
          "find the smallest number", "return the minimum"),
    _made("list", "int", "length", "len({x})", ([4, 3, 9], 3),
          "count the numbers", "return how many numbers there are"),
    _made("list", "int", "even_count", "sum(v % 2 == 0 for v in {x})", ([4, 3, 2], 2),
          "count the even numbers", "return how many numbers are even"),
    _made("list", "int", "negative_count", "sum(v < 0 for v in {x})", ([4, -3, 2], 1),
          "count the negative numbers", "return how many numbers are below zero"),
    _made("list", "str", "joined", "','.join(map(str, {x}))", ([4, -3, 2], "4,-3,2"),
          "join the numbers with commas", "write the numbers with commas between them"),
    _made("int", "int", "doubled", "{x} * 2", (7, 14),
          "double the number", "multiply the number by two"),
    _made("int", "int", "squared", "{x} * {x}", (7, 49),
          "square the number", "multiply the number by itself"),
    _made("int", "int", "negated", "-{x}", (7, -7),
          "negate the number", "change the sign of the number"),
    _made("int", "int", "size", "abs({x})", (-7, 7),
          "take the absolute value of the number", "drop the sign of the number"),
    _made("int", "int", "plus_ten", "{x} + 10", (7, 17),
          "add ten to the number", "increase the number by ten"),
    _made("int", "int", "halved", "{x} // 2", (7, 3),
          "halve the number, rounding down", "divide the number by two and round down"),
    _made("int", "int", "last_digit", "abs({x}) % 10", (47, 7),
          "take the last digit of the number", "keep only the number's last digit"),
    _made("int", "str", "digits", "str({x})", (47, "47"),
          "turn the number into a string", "write the number as text"),
    _made("int", "str", "binary", "bin({x})", (5, "0b101"),
          "write the number in binary", "turn the number into a binary string"),
    _made("int", "list", "countdown", "list(range(abs({x}) % 7))", (3, [0, 1, 2]),
          "list the numbers below its remainder modulo seven", "count from zero up to its remainder modulo seven"),
    _made("str", "str", "upper", "{x}.upper()", ("a Cat", "A CAT"),
          "put the text in capital letters", "make all letters upper case"),
    _made("str", "str", "lower", "{x}.lower()", ("a Cat", "a cat"),
          "put the text in small letters", "make all letters lower case"),
    _made("str", "str", "mirrored", "{x}[::-1]", ("a Cat", "taC a"),
          "reverse the text", "write the text backwards"),
    _made("str", "str", "twice", "{x} * 2", ("ab", "abab"),
          "repeat the text twice", "write the text two times"),
    _made("str", "str", "letters_in_order", "''.join(sorted({x}))", ("cab", "abc"),
          "sort the characters", "put the characters in order"),
    _made("str", "str", "without_spaces", "{x}.replace(' ', '')", ("a Cat", "aCat"),
          "remove the spaces", "delete every blank"),
    _made("str", "int", "characters", "len({x})", ("a Cat", 5),
          "count the characters", "return how long the text is"),
    _made("str", "int", "words", "len({x}.split())", ("a Cat", 2),
          "count the words", "return how many words there are"),
    _made("str", "int", "vowels", "sum(c in 'aeiou' for c in {x}.lower())", ("a Cat", 2),
          "count the vowels", "return how many vowels there are"),
    _made("str", "list", "codes", "[ord(c) for c in {x}]", ("ab", [97, 98]),
          "list the character codes", "turn every character into its code"),
    _made("str", "list", "word_lengths", "[len(w) for w in {x}.split()]", ("a Cat", [1, 3]),
          "list the lengths of the words", "replace every word with its length"),
)  # fmt: skip
