"""Exact arithmetic, guarded in size, and values of 70 digits where it is not exact."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from benchcore.graders.algebra import nodes, numeric
from benchcore.graders.algebra.bounds import Fuel, Limit, Undecided, Unreadable
from benchcore.graders.algebra.nodes import Node, Num, Op, Sym

TWO, X = Num(Fraction(2)), Sym("x")


def num(value: int | Fraction) -> Num:
    return Num(Fraction(value))


def at(node: Node, **point: int) -> complex:
    real, imaginary = numeric.value(node, {name: Decimal(value) for name, value in point.items()}, Fuel())
    return complex(real, imaginary)


def test_rational_numbers_fold() -> None:
    fuel = Fuel()
    assert nodes.add((num(1), num(2)), fuel) == num(3)
    assert nodes.multiply((num(2), nodes.reciprocal(num(4))), fuel) == num(Fraction(1, 2))
    assert nodes.power(num(2), num(-3), fuel) == num(Fraction(1, 8))
    assert nodes.power(num(8), num(Fraction(2, 3)), fuel) == num(4)
    assert nodes.root(num(Fraction(9, 16)), TWO, fuel) == num(Fraction(3, 4))
    assert nodes.root(num(-8), num(3), fuel) == num(-2)
    assert nodes.root(num(-4), TWO, fuel) == Op("mul", (num(2), Sym("i")))
    assert nodes.factorial(num(5), 1, fuel) == num(120) and nodes.factorial(num(5), 2, fuel) == num(15)
    assert nodes.binomial(num(10), num(3), fuel) == num(120)
    assert nodes.call("floor", (num(Fraction(-7, 2)),), fuel) == num(-4)
    assert nodes.call("gcd", (num(12), num(18)), fuel) == num(6)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda fuel: nodes.power(num(9), num(9**9), fuel), "power"),
        (lambda fuel: nodes.power(num(2), num(-(10**30)), fuel), "power"),
        (lambda fuel: nodes.factorial(num(3001), 1, fuel), "factorial"),
        (lambda fuel: nodes.binomial(num(10**9), num(5), fuel), "binomial"),
        (lambda fuel: nodes.multiply((num(2**40_000), num(3**20_000)), fuel), "size"),
    ],
)
def test_nothing_large_is_computed(make, what: str) -> None:
    with pytest.raises(Limit, match=what):
        make(Fuel())


def test_work_is_limited_too() -> None:
    with pytest.raises(Limit, match="work"):
        nodes.multiply((num(2**25_000), *[num(3)] * 1000), Fuel())


def test_what_has_no_value_is_refused() -> None:
    with pytest.raises(Unreadable, match="zero"):
        nodes.reciprocal(num(0))
    with pytest.raises(Unreadable, match="zero"):
        nodes.power(num(0), num(0), Fuel())


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Op("pow", (Sym("e"), Op("mul", (Sym("i"), Sym("pi"))))), -1),
        (Op("sin", (Op("mul", (num(Fraction(1, 6)), Sym("pi"))),)), 0.5),
        (Op("cos", (Op("degree", (num(60),)),)), 0.5),
        (Op("arctan", (num(1),)), 0.7853981633974483),
        (Op("arcsin", (num(-1),)), -1.5707963267948966),
        (Op("arccos", (num(Fraction(1, 2)),)), 1.0471975511965979),
        (Op("ln", (num(-1),)), 3.141592653589793j),
        (Op("log", (num(8), num(2))), 3),
        (Op("log", (num(1000),)), 3),
        (Op("root", (num(-2), TWO)), 1.4142135623730951j),
        (Op("root", (num(-2), num(3))), -1.2599210498948732),
        (Op("abs", (Op("add", (num(3), Op("mul", (num(4), Sym("i"))))),)), 5),
        (Op("sinh", (num(1),)), 1.1752011936438014),
        (Op("tan", (num(10**15),)), math.tan(10**15)),
    ],
)
def test_values_of_functions(node: Node, expected: complex) -> None:
    assert at(node) == pytest.approx(expected, rel=1e-14, abs=1e-14)


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(1, 40))
def test_sine_and_cosine_of_a_sum(a: int, b: int, c: int) -> None:
    fuel = Fuel()
    one, other = num(Fraction(a, c)), num(Fraction(b, c))
    left = Op("sin", (Op("add", (one, other)),))
    right = Op(
        "add",
        (
            Op("mul", (Op("sin", (one,)), Op("cos", (other,)))),
            Op("mul", (Op("cos", (one,)), Op("sin", (other,)))),
        ),
    )
    assert numeric.equal(left, right, fuel)
    if a + b:
        assert not numeric.equal(left, Op("add", (right, num(Fraction(1, 10**30)))), fuel)


@given(st.integers(2, 400), st.integers(2, 400))
def test_logarithms_and_radicals(a: int, b: int) -> None:
    assume(a != b)
    fuel = Fuel()
    assert numeric.equal(Op("ln", (num(a * b),)), Op("add", (Op("ln", (num(a),)), Op("ln", (num(b),)))), fuel)
    root = Op("mul", (nodes.root(num(a), TWO, fuel), nodes.root(num(b), TWO, fuel)))
    assert numeric.equal(root, nodes.root(num(a * b), TWO, fuel), fuel)
    assert not numeric.equal(nodes.root(num(a), TWO, fuel), nodes.root(num(b), TWO, fuel), fuel)


def test_near_misses_are_told_apart() -> None:
    fuel = Fuel()
    root = nodes.root(TWO, TWO, fuel)
    assert not numeric.equal(root, num(Fraction(14142135623730950488016887242097, 10**31)), fuel)
    tiny = [Num(Fraction(1, nodes.factorial(num(n), 1, fuel).value.numerator)) for n in (2004, 2006)]  # type: ignore[union-attr]
    assert not numeric.equal(*tiny, fuel)


def test_terms_too_far_apart_are_not_added() -> None:
    with pytest.raises(Limit, match="precision"):
        numeric.value(Op("add", (num(10**60), Op("root", (TWO, TWO)))), {}, Fuel())


def test_functions_agree_where_they_are_real() -> None:
    fuel = Fuel()
    square = Op("pow", (X, TWO))
    assert numeric.equal(Op("root", (square, TWO)), Op("abs", (X,)), fuel)
    assert not numeric.equal(Op("root", (square, TWO)), X, fuel)
    y = Sym("y")
    product = Op("mul", (Op("root", (X, TWO)), Op("root", (y, TWO))))
    assert numeric.equal(product, Op("root", (Op("mul", (X, y)), TWO)), fuel)
    with pytest.raises(Undecided):
        numeric.equal(Op("arcsin", (Op("add", (square, num(2))),)), X, fuel)


def test_points_are_fixed_by_the_name() -> None:
    points = [numeric.coordinate(name, index) for name in "xy" for index in range(numeric.POINTS)]
    assert len(set(points)) == len(points) and any(point < 0 for point in points)
    assert str(numeric.coordinate("x", 0))[:10] == "1.62642073"
