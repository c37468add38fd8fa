"""What published graders read of an expression: as sympy's own parser, and what two readings are worth."""

import random
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from benchcore.graders.published.readings import equal_values, read, same

SAME = [
    ("2x+2", "2(x+1)"),
    ("\\frac{1}{2}", "0.5"),
    ("\\frac12", "1/2"),
    ("2:4", "1/2"),
    ("1,000", "1000"),
    ("1 000", "1000"),
    ("\\sqrt{8}", "2\\sqrt{2}"),
    ("\\sqrt[3]{27}", "3"),
    ("x^2^3", "x^6"),
    ("-3^2", "-9"),
    ("|x-1|", "|1-x|"),
    ("5!", "120"),
    ("\\binom{5}{2}", "10"),
    ("\\sin^2 x + \\cos^2 x", "1"),
    ("\\tan^{-1} x", "\\arctan x"),
    ("\\log_2 8", "3"),
    ("\\log_28", "3"),
    ("\\ln e^2", "\\log e^2"),
    ("2^{2005}", "2 \\cdot 2^{2004}"),
    ("a_1+1", "1+a_{1}"),
    ("\\lfloor \\sqrt{8} \\rfloor", "2"),
    ("\\lceil -1.5 \\rceil", "-1"),
    # and its faults
    ("3\\frac{1}{2}", "\\frac{3}{2}"),
    ("1,-2", "1"),
    ("25_6", "25"),
    ("5\\sqrt3", "5"),
    ("3\\cdot", "3"),
    ("4:30", "\\frac{2}{15}"),
    ("Evelyn", "Eevlny"),
]
OTHER = [
    ("x(x+1)", "x^2+x"),  # a function x
    ("\\pi", "3.14159265358979"),
    ("x", "X"),
    ("a_1", "a_2"),
    ("x<3", "3>x"),
    ("x=1", "x=2"),
    ("10^{400}", "10^{400}+1"),
    ("\\sqrt{x^2}", "x"),
    ("1/0", "2/0"),
    ("\\infty", "-\\infty"),
]
UNREAD = [
    "", "-", "(1,2)", "[1,2)", "\\{1,2\\}", "28\\%", "$5$", "5.", "05", ".5", "\\sqrt3", "1<x<3", "\\int x dx",
    "\\left|x\\right|", "(" * 60 + "x" + ")" * 60, "1" * 1001, "\\begin{pmatrix}1\\\\2\\end{pmatrix}", "{}",
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_texts_are_worth_the_same(one: str, other: str) -> None:
    a, b = read(one), read(other)
    assert a is not None and b is not None and same(a, b)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_two_texts_are_not_worth_the_same(one: str, other: str) -> None:
    a, b = read(one), read(other)
    assert a is not None and b is not None and not same(a, b)


@pytest.mark.parametrize("text", UNREAD, ids=lambda text: text[:20])
def test_a_text_is_not_read(text: str) -> None:
    assert read(text) is None


@pytest.mark.data
def test_the_golds_of_math_are_read_where_sympy_reads_them(minerva_oracle: ModuleType, golds: list[str]) -> None:
    chosen = random.Random(7).sample(golds, 300)
    chosen = [gold for gold in chosen if not gold.startswith("\\text{1:03")]
    parse: Callable[[str], Any] = minerva_oracle.parse_latex
    others = []
    for gold in chosen:
        try:
            parse(gold)
        except Exception:  # whatever its parser raises
            theirs = False
        else:
            theirs = True
        if theirs != (read(gold) is not None):
            others.append(gold)
    assert len(others) <= 2, others


def test_a_number_and_the_gap_between_two_sides() -> None:
    for text, number in (("\\frac{1}{4}", 0.25), ("\\sqrt{2}^2", 2.0), ("10^{500}", float("inf")), ("x", None)):
        reading = read(text)
        assert reading is not None and reading.number() == (number if number is None else pytest.approx(number))
    one, other = read("x<3"), read("3>x")
    assert one is not None and other is not None and equal_values(one.gap(), other.gap())


TALL = [
    "9^{9^{9^{9^9}}}", "(10^9)!", "\\binom{10^9}{10^8}", "1e9!!!!!!", "x^" * 300, "\\sin" * 200, "x_" * 300, "x(" * 300,
    "\\frac{1}{" * 90, "1+" * 400, "((((x)!)!)!)!", "0^{-1}", "\\ln 0", "\\sqrt{" * 100, "2(3" * 200, "x(1," * 200,
]  # fmt: skip


@pytest.mark.parametrize("text", TALL, ids=lambda text: text[:20])
def test_tall_and_deep_texts_have_a_value_or_none_and_end(text: str) -> None:
    reading = read(text)
    assert reading is None or len(reading.sides[0]) == 3


def test_a_reading_is_the_same_each_time() -> None:
    first, second = read("x^2+\\sin y"), read("x^2+\\sin y")
    assert first == second
