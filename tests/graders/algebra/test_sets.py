"""Sets of real numbers, compared on the cells that their endpoints make."""

import pytest

from benchcore.graders.algebra.bounds import Fuel, Undecided
from benchcore.graders.algebra.notation import tidy
from benchcore.graders.algebra.parser import parse
from benchcore.graders.algebra.reals import same_sets


def same(one: str, other: str) -> bool:
    return same_sets(parse(tidy(one), Fuel()), parse(tidy(other), Fuel()), Fuel())


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (r"(0,1] \cup [1,2)", "(0,2)", True),
        (r"(0,1) \cup (1,2)", "(0,2)", False),
        (r"(0,1) \cup \{1\} \cup (1,2)", "(0,2)", True),
        (r"(0,2) \setminus \{1\}", r"(0,1)\cup(1,2)", True),
        (r"(-\infty,\infty)", r"x \le 1 \text{ or } x > 1", True),
        ("x > 1 and x < 3", "(1,3)", True),
        (r"x \ne 1, x \ne 2", r"(-\infty,1)\cup(1,2)\cup(2,\infty)", True),
        (r"3 - 2x \ge 1", r"(-\infty, 1]", True),
        (r"\sqrt{2} < x < \sqrt{8}", r"(\sqrt2, 2\sqrt2)", True),
        (r"(-\infty, 3)\cup(1,\infty)", r"\emptyset", False),
        ("[3,3]", r"\{3\}", True),
        ("x > 3", "y > 3", False),
        ("(1,1)", r"\emptyset", True),
    ],
)
def test_the_same_set(one: str, other: str, expected: bool) -> None:
    assert same(one, other) is same(other, one) is expected


@pytest.mark.parametrize(
    ("one", "other"),
    [("|x| < 2", "(-2,2)"), ("x^2 < 4", "(-2,2)"), ("x < 1, x > 2", "(1,2)"), ("(a,b)", "(0,1)"), ("(i,2)", "(0,2)")],
)
def test_what_is_not_solved_here_is_undecided(one: str, other: str) -> None:
    with pytest.raises(Undecided):
        same(one, other)
