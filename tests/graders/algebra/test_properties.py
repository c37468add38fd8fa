"""Properties: reflexive, symmetric where policy is, exact on random expressions, silent on random text."""

from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from benchcore.graders.algebra import Relation, compare, understood

FRACTIONS = st.fractions(min_value=-1000, max_value=1000, max_denominator=60)
PIECES = (
    r"\frac { } ( ) [ ] 1 25 x y ^ _ \sqrt + - \pm , | \{ \} = < ! % \text{ and or ° \begin{pmatrix} \end{pmatrix} & "
    r"\\ \cup \infty $ . \sin ½ √ e i : \pi \left 12,345 0.\overline{3} \mathbb{R} _2 \in \log_2 \over base to cm \$ "
    r"\circ ' \" one half p.m. \binom f( ... 𐩀 ٣ ⑳ \boxed{"
)


def latex(value: Fraction) -> str:
    sign = "-" if value < 0 else ""
    return rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"


def mixed(value: Fraction) -> str:
    whole, rest = divmod(abs(value), 1)
    sign = "-" if value < 0 else ""
    return rf"{sign}{whole}\tfrac{{{rest.numerator}}}{{{rest.denominator}}}" if whole and rest else latex(value)


def equal(gold: str, answer: str) -> bool:
    return compare(gold, answer).relation is Relation.EQUAL


@settings(max_examples=50)
@given(FRACTIONS)
def test_a_rational_number_in_any_notation(value: Fraction) -> None:
    forms = [
        latex(value),
        mixed(value),
        f"{value.numerator}/{value.denominator}",
        f"$\\dfrac{{{value.numerator}}}{{{value.denominator}}}$",
        f"x = {value}",
        f"({value.numerator * 6}) \\div {value.denominator * 6}",
        f"\\boxed{{{latex(value)}}}.",
    ]
    assert all(equal(gold, answer) for gold in forms for answer in forms)
    assert not any(equal(latex(value + 1), form) or equal(form, latex(value + 1)) for form in forms)
    assert not equal(latex(value), latex(value + Fraction(1, 10**40)))


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> tuple[str, str]:
    """One expression in LaTeX and in plain text."""
    if depth == 0 or draw(st.booleans()):
        leaf = draw(st.sampled_from(["x", "y", "2", "3", "7", r"\pi"]))
        return leaf, {r"\pi": "π"}.get(leaf, leaf)
    one, other = draw(expressions(depth=depth - 1)), draw(expressions(depth=depth - 1))
    how = draw(st.sampled_from(["+", "-", "*", "/", "^", "root"]))
    if how == "*":
        return rf"\left({one[0]}\right)\cdot\left({other[0]}\right)", f"({other[1]})*({one[1]})"
    if how == "/":
        return rf"\frac{{{one[0]}}}{{{other[0]}}}", f"({one[1]})/({other[1]})"
    if how == "^":
        return rf"\left({one[0]}\right)^{{3}}", f"({one[1]})({one[1]})²"
    if how == "root":
        return rf"\sqrt{{{one[0]}}}", f"({one[1]})^(1/2)"
    return f"{{{one[0]}}} {how} ({other[0]})", f"({one[1]}) {how} ({other[1]})"


@settings(max_examples=60, deadline=None)
@given(expressions())
def test_an_expression_in_two_notations(pair: tuple[str, str]) -> None:
    tex, plain = pair
    assume(understood(tex))  # x - x may stand below a line
    found = compare(tex, plain)
    assume(found.relation is not Relation.UNDECIDED)  # no real value at enough points
    assert found.relation is Relation.EQUAL and equal(plain, tex)
    assert not equal(tex, f"{plain} + 1") and not equal(f"{plain} + 1", tex)


@settings(max_examples=40, deadline=None)
@given(st.lists(FRACTIONS, min_size=2, max_size=5, unique=True), st.randoms(use_true_random=False))
def test_lists_in_any_order_and_tuples_in_one(values: list[Fraction], random: object) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    listed, other = ", ".join(map(latex, values)), ", ".join(map(str, shuffled))
    assert equal(listed, other) and equal(rf"\{{{listed}\}}", other) and equal(listed, other.replace(", ", " or "))
    assert equal(f"({listed})", f"({other})") is (values == shuffled)
    assert not equal(listed, ", ".join(map(str, shuffled[1:])))


@settings(max_examples=40, deadline=None)
@given(FRACTIONS, FRACTIONS, st.sampled_from("(["), st.sampled_from(")]"))
def test_intervals_and_inequalities(one: Fraction, other: Fraction, opening: str, closing: str) -> None:
    assume(one < other)
    low, high = ("<" if opening == "(" else r"\le "), ("<" if closing == ")" else r"\le ")
    interval, chain = f"{opening}{latex(one)},{latex(other)}{closing}", f"{one} {low} t {high} {other}"
    assert equal(interval, chain) and equal(chain, interval) and equal(interval, rf"t \in {interval}")
    flipped = f"{'[' if opening == '(' else '('}{one},{other}{closing}"
    assert not equal(interval, flipped) and not equal(chain, flipped)
    assert equal(rf"(-\infty,{one}) \cup ({other},\infty)", rf"s > {other} \text{{ or }} s < {one}")


@given(st.text(max_size=60), st.text(max_size=60))
def test_random_text_has_an_outcome(gold: str, answer: str) -> None:
    assert compare(gold, answer).reason


@settings(max_examples=250, deadline=None)
@given(*(st.lists(st.sampled_from([*PIECES.split(), " "]), max_size=14).map("".join) for _ in range(2)))
def test_random_notation_has_an_outcome_and_equals_itself(gold: str, answer: str) -> None:
    found = compare(gold, answer)
    assert found.reason and found == compare(gold, answer)
    if understood(answer):
        assert equal(answer, answer + " ")


@settings(max_examples=150)
@given(
    FRACTIONS,
    FRACTIONS,
    st.sampled_from(["", r"\sqrt{2}", r"\pi", "x", "i"]),
    st.sampled_from(["", "x", "i", r"\ln 2"]),
)
def test_equality_of_scalars_is_symmetric(a: Fraction, b: Fraction, one: str, other: str) -> None:
    gold, answer = f"{latex(a)} {one} + {latex(b)} {other}", f"{b} {other} + {a} {one}".replace("+ -", "- ")
    first, second = compare(gold, answer), compare(answer, gold)
    assert first.relation is second.relation
