"""Numbers so large that two different ones have all computed digits in common."""

import pytest

from benchcore.graders.algebra import Relation, compare

NEARLY_PI = "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"\sqrt{10^{100}+1}", "10^{50}"),
        (r"\sqrt{10^{100}+1}", r"\sqrt{10^{100}+2}"),
        (r"\sqrt[3]{10^{150}+1}", "10^{50}"),
        (r"\frac{\sqrt{10^{100}+1}}{3}", r"\frac{10^{50}}{3}"),
        (r"(10^{120}+1)^{1/2}", r"10^{60}"),
        (r"2\sqrt{3\cdot 10^{100}+1}", r"10^{50}\sqrt{12}"),
        (r"(10^{60}+1)x", "10^{60}x"),
        (r"(10^{60}+1)\pi", r"10^{60}\pi"),
    ],
)
def test_two_numbers_are_never_equal_because_of_their_size(one: str, other: str) -> None:
    assert compare(one, other).relation is compare(other, one).relation is Relation.DIFFERENT


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"\sqrt{3\cdot 2^{200}}", r"2^{100}\sqrt3"),
        (r"\sqrt[3]{2^{301}}", r"2^{100}\sqrt[3]{2}"),
        (r"\frac{2^{100}}{\sqrt3}", r"\frac{2^{100}\sqrt3}{3}"),
        (r"\sqrt{5\cdot 10^{60}}\sqrt[3]{2}", r"10^{30}\sqrt[6]{500}"),
        (r"2006!\,\pi", r"\pi\cdot 2006!"),
    ],
)
def test_large_numbers_are_equal_by_exact_arithmetic(one: str, other: str) -> None:
    assert compare(one, other).relation is compare(other, one).relation is Relation.EQUAL


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"\pi", NEARLY_PI),
        (r"\sqrt{10^{100}+1}-10^{50}", "0"),
        (r"\ln(10^{60}+1)", r"60\ln 10"),
        (r"x\sqrt{10^{100}+1}", "10^{50}x"),
    ],
)
def test_what_neither_digits_nor_exact_arithmetic_tell_is_undecided(one: str, other: str) -> None:
    assert compare(one, other).relation is compare(other, one).relation is Relation.UNDECIDED
