"""Units and words."""

from fractions import Fraction

import pytest

from benchcore.graders.algebra.units import canonical, contradict
from benchcore.graders.algebra.words import number, phrase


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cm", "centimeters"),
        ("square cm", "cm ^ 2"),
        ("sq. ft.", "square feet"),
        ("mph", "miles per hour"),
        ("km/h", "km per hr"),
        ("dollars", "USD"),
        ("ways", "different combinations"),
        ("right triangles", "right triangle"),
        ("cubic inches", "in^3"),
        ("boxes", "box"),
    ],
)
def test_the_same_unit(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("cm", "km", True),
        ("cm^2", "cm^3", True),
        ("cm", "", False),
        ("teachers", "students", True),
        ("children tickets", "tickets", False),
        ("ways", "hours", True),
        ("ways", "teachers", True),
        ("ways", "total", False),
        ("marbles", "boxes", True),
        ("total marbles", "marbles", False),
        ("feet tall", "feet", False),
        ("dollars", "dollars per hour", True),
        ("dollars", "cents", True),
    ],
)
def test_contradictions(one: str, other: str, expected: bool) -> None:
    first, second = canonical(one) if one else "", canonical(other) if other else ""
    assert contradict(first, second) is contradict(second, first) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seven", 7),
        ("twenty five", 25),
        ("one hundred and five", 105),
        ("two thousand three hundred forty", 2340),
        ("three million", 3_000_000),
        ("one million two hundred thousand and six", 1_200_006),
        ("three quarters", Fraction(3, 4)),
        ("half", Fraction(1, 2)),
        ("minus two", -2),
        ("zero", 0),
        ("five six", None),
        ("twenty thirty", None),
        ("hundred", None),
        ("one thousand thousand", None),
        ("and", None),
        ("", None),
    ],
)
def test_numbers_in_words(text: str, expected: int | Fraction | None) -> None:
    assert number(text.split()) == expected


def test_phrases() -> None:
    assert phrase(' "Even". ') == "even"
    assert phrase("DNE") == phrase("does not exist") == "undefined"
    assert phrase("the circle") == phrase("Circle")
    assert phrase("June 20th") == phrase("june 20")
