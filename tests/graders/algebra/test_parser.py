"""The parser: each kind of value, and that nothing is read in part."""

from fractions import Fraction

import pytest

from benchcore.graders.algebra.bounds import Fuel, Limit, Unreadable
from benchcore.graders.algebra.nodes import Num, Op, Sym
from benchcore.graders.algebra.notation import tidy
from benchcore.graders.algebra.parser import parse
from benchcore.graders.algebra.values import (
    EMPTY,
    REALS,
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


def read(text: str) -> Value:
    return parse(tidy(text), Fuel())


def num(value: int | str) -> Num:
    return Num(Fraction(value))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5", num("1/2")),
        (r"\frac12", num("1/2")),
        (r"-15\frac{3}{5}", num("-78/5")),
        ("3 1/2", num("7/2")),
        (r"2\frac{3}{2}", num("7/2")),
        (r"0.1\overline{6}", num("1/6")),
        ("0.333...", num("1/3")),
        ("6.72e-5", num("0.0000672")),
        (r"6.72 \times 10^{-5}", num("0.0000672")),
        ("2 x 10", num(20)),
        ("1.5 million", num(1_500_000)),
        ("twenty-five", num(25)),
        (r"{1 \over 3}", num("1/3")),
        (r"\sqrt 16", num(4)),
        (r"|-5|", num(5)),
        ("-3^2", num(-9)),
        ("2^3!", num(64)),
        ("(x)", Sym("x")),
        ("5 cm^2", Quantity(num(5), "cm^2")),
        (r"5\text{ square centimeters}", Quantity(num(5), "cm^2")),
        (r"25\%", Quantity(num(25), "percent")),
        (r"38\frac{4}{7}^\circ", Quantity(num("270/7"), "degree")),
        (r"\$1,\!000", Quantity(num(1000), "dollar")),
        ("(1,2]", Bracket("(", "]", (num(1), num(2)))),
        (r"\mathbb{R}", REALS),
        ("all real numbers", REALS),
        (r"\emptyset", EMPTY),
        (r"\{3, 1\}", Listing((num(3), num(1)), "set")),
        ("1, 2, and 3", Listing((num(1), num(2), num(3)), "and")),
        (r"\pm 2", Listing((num(2), num(-2)), ",")),
        (r"[0,1]\cup\{5\}", Union((Bracket("[", "]", (num(0), num(1))), Listing((num(5),), "set")))),
        (r"\begin{pmatrix}1\\2\end{pmatrix}", Matrix(((num(1),), (num(2),)))),
        ("x=5", Chain((Sym("x"), num(5)), ("=",))),
        ("1<x<=2", Chain((num(1), Sym("x"), num(2)), ("<", "<="))),
        ("1011_2", Based("1011", 2)),
        (r"\text{A5}_{11}", Based("A5", 11)),
        ("-221_3", Based("-221", 3)),
        ("3:4", Colon((num(3), num(4)), "", False)),
        ("4:30 p.m.", Colon((num(4), num(30)), "pm", True)),
        (r"\text{Straight  Line.}", Word("straight line")),
        ("f(2)", Op("f()", (num(2),))),
        ("f(f+1)", Op("mul", (Sym("f"), Op("add", (Sym("f"), num(1)))))),
    ],
)
def test_kinds(text: str, expected: Value) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "2 3", "3 +", "(1,2", "1/2)", "x^", r"\frac{1}{", "5 = ", "9 9", "1/xy", r"\sin x/2", ", 1", "=", "%", "1/0",
     r"42 \text{ is not the answer}", r"\begin{cases}1\end{cases}", "8_8", "3.\\overline{1}.2", "<5>", "2 < "],
)  # fmt: skip
def test_what_is_not_whole_is_not_read(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("(" * 100 + "1" + ")" * 100, "depth"),
        ("x" + "^x" * 100, "depth"),
        (r"\sqrt" * 100 + "2", "depth"),
        ("x" + "!" * 100, "depth"),
        ("9^{9^9}", "power"),
        ("5000!", "factorial"),
        ("1e99999", "exponent"),
        (r"\pm 1" * 5, "plus-minus"),
    ],
)
def test_limits(text: str, what: str) -> None:
    with pytest.raises(Limit, match=what):
        read(text)
