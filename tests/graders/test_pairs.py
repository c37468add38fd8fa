"""The labelled pairs of `pairs/`: their labels are proved, and the core must agree with them.

`dev_*.py` was there to work with; `held_out_*.py` has the same categories with other pairs. A row is
(gold, answer, equal) or (gold, answer, equal, (gold, answer) as sympy's expressions, which prove the label).
`pytest -s` prints a table a category, and the errors.
"""

import runpy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from benchcore.graders.algebra import Comparison, Relation, compare

FOLDER = Path(__file__).parent / "pairs"
HALVES = ("dev", "held_out")
ONE_LABEL = {"expressions that contain the gold", "damaged answers"}  # nothing in them is equal
DIGITS = 60
SAME, OTHER = "1e-50", "1e-40"  # relative differences at so many digits
POINTS = ("13/11", "7/3", "-5/7", "29/8", "-17/5")


@dataclass(frozen=True, slots=True)
class Pair:
    half: str
    category: str
    gold: str
    answer: str
    equal: bool
    proof: tuple[str, str] | None = None


@cache
def pairs() -> tuple[Pair, ...]:
    return tuple(
        Pair(half, category, *row)
        for half in HALVES
        for file in sorted(FOLDER.glob(f"{half}_*.py"))
        for category, rows in runpy.run_path(str(file))["PAIRS"].items()
        for row in rows
    )


def half_of(half: str) -> list[Pair]:
    """The pairs of one half, or of both where it is empty."""
    return [pair for pair in pairs() if not half or pair.half == half]


def test_the_set_is_large_balanced_and_without_duplicates() -> None:
    assert len(pairs()) >= 1200
    assert max(Counter((pair.gold, pair.answer) for pair in pairs()).values()) == 1
    for half in HALVES:
        labels = [pair.equal for pair in half_of(half)]
        assert len(labels) >= 600
        assert 0.45 <= sum(labels) / len(labels) <= 0.55


def test_both_halves_have_every_category_with_both_labels() -> None:
    dev, held_out = (Counter(pair.category for pair in half_of(half)) for half in HALVES)
    assert dev.keys() == held_out.keys()
    assert len(dev) >= 38
    assert min(*dev.values(), *held_out.values()) >= 12
    both = {(pair.half, pair.category, pair.equal) for pair in pairs() if pair.category not in ONE_LABEL}
    assert len(both) == 2 * 2 * (len(dev) - len(ONE_LABEL))


def test_labels_are_proved_by_sympy() -> None:
    proved = [pair for pair in pairs() if pair.proof]
    assert len(proved) >= 0.6 * len(pairs())
    wrong = [pair for pair in proved if proves_equal(*pair.proof) != pair.equal]
    assert wrong == []
    print(f"\n{len(proved)} of {len(pairs())} labels proved")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("sqrt(8)", "2*sqrt(2)", True),
        ("1/3", "0.3333333333", False),
        ("1/factorial(2004)", "1/factorial(2006)", False),
        ("(x+1)**2", "x**2+2*x+1", True),
        ("(x+1)**2", "x**2+2*x+2", False),
        ("Interval(0, 1)", "Interval.Ropen(0, 1)", False),
        ("Union(Interval(0, 1), Interval(1, 2))", "Interval(0, 2)", True),
        ("FiniteSet(sqrt(2), 1)", "FiniteSet(1, 2/sqrt(2))", True),
        ("Tuple(1, 2)", "Tuple(2, 1)", False),
        ("Matrix([1, 2])", "Matrix([[1, 2]])", False),
        ("Eq(2*x+2*y, 4)", "Eq(y, 2-x)", True),
        ("Eq(x-y, 1)", "Eq(x+y, 1)", False),
        ("base('101', 2)", "base('101', 3)", False),
        ("base('1A', 11)", "Tuple(21, 11)", True),
        ("ratio(2, 3, 4)", "ratio(4, 6, 8)", True),
    ],
)
def test_the_proofs_can_fail(one: str, other: str, equal: bool) -> None:
    assert proves_equal(one, other) == equal


@pytest.mark.parametrize("half", [*HALVES, ""])
def test_the_core_agrees_with_the_labels(half: str) -> None:
    graded = [(pair, compare(pair.gold, pair.answer)) for pair in half_of(half)]
    accepted = [pair for pair, found in graded if found.relation is Relation.EQUAL]
    wrong = [(pair, found) for pair, found in graded if (found.relation is Relation.EQUAL) != pair.equal]
    accuracy = 1 - len(wrong) / len(graded)
    precision = sum(pair.equal for pair in accepted) / len(accepted)
    report = "\n".join(lines(half or "both halves", graded, accuracy, precision))
    print(f"\n{report}")
    assert accuracy >= 0.985, report
    assert precision >= 0.998, report


def lines(name: str, graded: list[tuple[Pair, Comparison]], accuracy: float, precision: float) -> Iterator[str]:
    """The figures, a line a category, and the errors."""
    undecided = Counter(pair.category for pair, found in graded if found.relation is Relation.UNDECIDED)
    wrong = [(pair, found) for pair, found in graded if (found.relation is Relation.EQUAL) != pair.equal]
    false = Counter((pair.category, pair.equal) for pair, _ in wrong)
    yield f"{name}: {len(graded)} pairs, accuracy {accuracy:.4f}, precision {precision:.4f}"
    yield f"{'category':36}{'pairs':>6}{'fp':>5}{'fn':>5}{'undecided':>11}"
    for category, count in sorted(Counter(pair.category for pair, _ in graded).items()):
        positive, negative = false[category, False], false[category, True]
        yield f"{category:36}{count:>6}{positive:>5}{negative:>5}{undecided[category]:>11}"
    for pair, found in wrong:
        yield (
            f"{pair.half}, {pair.category}: {pair.gold!r} and {pair.answer!r} are"
            f" {'equal' if pair.equal else 'different'}, not {found.relation} ({found.reason})"
        )


def proves_equal(one: str, other: str) -> bool:
    """Whether two of our own expressions mean the same; an assertion fails where that is not proved either way."""
    return same(value(one), value(other))


@cache
def names() -> dict[str, Any]:
    """What the expressions may use besides sympy's names: every letter but I and E is a symbol."""
    sympy = pytest.importorskip("sympy")

    def base(digits: str, number: Any) -> Any:
        return sympy.Tuple(int(digits, int(number)), number)

    def ratio(*parts: Any) -> Any:
        return sympy.Tuple(*(part / parts[0] for part in parts))

    letters = {letter: sympy.Symbol(letter) for letter in "abcdefghijklmnopqrstuvwxyzABCDFGHJKLMNOPQRSTUVWXYZ"}
    return {**letters, "base": base, "ratio": ratio}


def value(text: str) -> Any:
    import sympy

    found = sympy.sympify(text, locals=names(), rational=True)
    return found.doit() if found.has(sympy.Sum) else found


def same(one: Any, other: Any) -> bool:
    import sympy

    for kind, compare_kind in (
        (sympy.FiniteSet, same_elements),
        (sympy.Set, same_sets),
        (sympy.Tuple, same_sequences),
        (sympy.MatrixBase, lambda a, b: a.shape == b.shape and same_sequences(a, b)),
        (sympy.Equality, proportional),
    ):
        if isinstance(one, kind) and isinstance(other, kind):
            return bool(compare_kind(one, other))
    if any(isinstance(side, sympy.Set | sympy.Tuple | sympy.MatrixBase | sympy.Equality) for side in (one, other)):
        return False
    return all(close(*pair) for pair in at_points(one, other))


def same_elements(one: Any, other: Any) -> bool:
    return all(any(same(a, b) for b in other) for a in one) and all(any(same(a, b) for a in one) for b in other)


def same_sets(one: Any, other: Any) -> bool:
    """Two finite unions of intervals: equal if they agree on, between and outside their ends."""
    ends = sorted({end for side in (one, other) for end in side.boundary})
    outside = [ends[0] - 1, ends[-1] + 1] if ends else [0]
    between = [(a + b) / 2 for a, b in pairwise(ends)]
    return all(bool(one.contains(point)) == bool(other.contains(point)) for point in (*ends, *outside, *between))


def same_sequences(one: Any, other: Any) -> bool:
    return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))


def proportional(one: Any, other: Any) -> bool:
    """Whether lhs - rhs of one equation is a constant multiple of the other's."""
    (first, first_other), *rest = at_points(one.lhs - one.rhs, other.lhs - other.rhs)
    return all(close(a * first_other, b * first) for a, b in rest)


def at_points(one: Any, other: Any) -> list[tuple[Any, Any]]:
    """Both at the same rational values of their symbols."""
    import sympy

    symbols = sorted(one.free_symbols | other.free_symbols, key=str)
    start = [sympy.Rational(point) for point in POINTS]
    places = [
        {symbol: start[(shift + 2 * at) % len(start)] + at for at, symbol in enumerate(symbols)}
        for shift in range(len(start) if symbols else 1)
    ]
    return [(one.subs(place), other.subs(place)) for place in places]


def close(one: Any, other: Any) -> bool:
    import sympy

    if one.is_Rational and other.is_Rational:
        return bool(one == other)
    a, b = one.evalf(DIGITS), other.evalf(DIGITS)
    difference, scale = abs(a - b), max(abs(a), abs(b))
    if difference <= sympy.Float(SAME, DIGITS) * scale:
        return True
    assert difference > sympy.Float(OTHER, DIGITS) * scale, (one, other)
    return False
