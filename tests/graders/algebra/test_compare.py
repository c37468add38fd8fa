"""`compare` by the policy of values: what a careful reader who sees both takes for the same."""

import pytest

from benchcore.graders.algebra import Comparison, Relation, compare, understood

# fmt: off
EQUAL = [
    (r"(3,\infty)", "x>3"),
    (r"(3,\infty)", "3 < x"),
    (r"(3,\infty)", r"\{x \mid x > 3\}"),
    (r"(3,\infty)", r"\{x : x > 3\}"),
    (r"(3,\infty)", r"\{ x \in \mathbb{R} \mid x > 3 \}"),
    (r"(3,\infty)", r"(3, +\infty)"),
    (r"(3,\infty)", "2x > 6"),
    (r"(3,\infty)", r"x \in (3,\infty)"),
    (r"(3,\infty)", "(3, oo)"),
    ("[-2,7]", r"-2 \le x \le 7"),
    ("[-2,7]", r"x\in[-2,7]"),
    (r"x \in [-2,7]", "[-2,7]"),
    (r"(-\infty, 1) \cup (2, \infty)", r"x<1 \text{ or } x>2"),
    (r"(-\infty, 1) \cup (2, \infty)", r"(2,\infty)\cup(-\infty,1)"),
    (r"(-\infty,3) \cup (3,\infty)", r"x \ne 3"),
    (r"(-\infty,3) \cup (3,\infty)", r"\mathbb{R} \setminus \{3\}"),
    (r"(-\infty,3) \cup (3,\infty)", r"\mathbb{R} - \{3\}"),
    (r"(-\infty,\infty)", r"\mathbb{R}"),
    (r"(-\infty,\infty)", "all real numbers"),
    (r"(-\infty,\infty)", r"\text{all real numbers}"),
    (r"\emptyset", r"\text{no solution}"),
    (r"\emptyset", r"\varnothing"),
    (r"\emptyset", r"\{\}"),
    (r"\{1,2,3\}", "1,2,3"),
    (r"\{1,2,3\}", r"\{3,2,1\}"),
    (r"\{1,2,3\}", r"1, 2, \text{ and } 3"),
    ("5, 6", r"5 \text{ or } 6"),
    ("5, 6", r"x = 5 \text{ or } x = 6"),
    ("5, 6", "x=5, 6"),
    ("5, 6", r"x \in \{5,6\}"),
    (r"\pm 2", "2, -2"),
    ("2,-2", r"x = \pm 2"),
    (r"1 \pm \sqrt{19}", r"1+\sqrt{19}, 1-\sqrt{19}"),
    (r"3\frac12", "3.5"),
    ("3 1/2", "3.5"),
    (r"-15\frac{3}{5}", "-15.6"),
    ("1,000", "1000"),
    ("1{,}000", "1,000"),
    ("1 000", "1000"),
    ("10,000.50", "10000.5"),
    (r"(6,235^\circ)", "(6, 235)"),
    (r"50\%", "0.5"),
    (r"50\%", r"\frac12"),
    (r"50\%", "50"),
    (r"50\%", "50 percent"),
    ("0.5", r"50\%"),
    (r"5 \text{ cm}", "5"),
    (r"5 \text{ cm}", r"5 \text{ centimeters}"),
    (r"5 \text{ cm}", "5cm"),
    ("5", r"5 \text{ cm}"),
    ("5", "5 m"),
    (r"12 \text{ cm}^2", r"12 \text{ square centimeters}"),
    (r"12 \text{ cm}^2", r"12\ \mathrm{cm}^2"),
    (r"12 \text{ cm}^2", "12 cm^2"),
    (r"12 \text{ cm}^2", "12 cm²"),
    (r"12 \text{ cm}^2", "12 sq cm"),
    (r"60 \text{ mph}", "60 miles per hour"),
    (r"60 \text{ mph}", r"60\text{ mi/h}"),
    ("9.8", "9.8 m/s^2"),
    (r"\$5", "5 dollars"),
    (r"\$5", "$5"),
    (r"\$5", "$5.00"),
    ("5", r"\$5"),
    (r"\$1,\!000", "1000"),
    (r"90^\circ", "90"),
    (r"90^\circ", "90 degrees"),
    (r"90^\circ", "90°"),
    (r"0.\overline{3}", r"\frac13"),
    ("0.333...", r"\frac13"),
    ("seven", "7"),
    (r"\text{twenty-five}", "25"),
    ("one half", "0.5"),
    ("two hundred thirty-four", "234"),
    ("one thousand two hundred", "1200"),
    ("two million", "2000000"),
    ("6.72e-5", r"6.72 \times 10^{-5}"),
    ("0.0000672", r"6.72 \times 10^{-5}"),
    (r"6.72\cdot10^{-5}", "6.72\u00d710⁻⁵"),
    ("1011_2", "1011_{2}"),
    ("1011_2", "1011 base 2"),
    ("1011_2", r"1011_{\text{two}}"),
    (r"\text{A5}_{11}", "A5_{11}"),
    (r"4:30 \text{ p.m.}", "4:30"),
    (r"4:30 \text{ p.m.}", "4:30 PM"),
    ("4:30", "04:30"),
    ("3:4", "3/4"),
    ("3:4", "6:8"),
    ("3:4", r"3 \text{ to } 4"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{bmatrix}1\\2\end{bmatrix}"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", "(1,2)"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\langle 1, 2 \rangle"),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "[[1,2],[3,4]]"),
    (r"\begin{pmatrix}1/2\\1\end{pmatrix}", r"\frac12\begin{pmatrix}1\\2\end{pmatrix}"),
    ("2+3i", "3i+2"),
    (r"\frac{1}{\sqrt2}", r"\frac{\sqrt2}{2}"),
    ("2x+3y=6", "4x+6y=12"),
    ("2x+3y=6", r"y = -\frac23 x+2"),
    ("y=2x+3", "2x+3"),
    ("x=5", "5"),
    ("5", "x=5"),
    ("8", "5+3=8"),
    (r"\frac23", r"\frac{2}{3} \approx 0.67"),
    ("36", r"x = 4\cdot 9 = 36"),
    ("(1,2)", "(x,y)=(1,2)"),
    ("(1,2)", "x=1, y=2"),
    ("(1,2)", r"x = 1 \text{ and } y=2"),
    ("(1,2),(3,4)", "(3,4), (1,2)"),
    ("(1,2),(3,4)", r"\{(1,2),(3,4)\}"),
    ("(1,2),(3,4)", r"(1,2) \text{ and } (3,4)"),
    (r"\text{(A)}", "A"),
    (r"\text{(A)}", "(A)"),
    (r"\text{(A)}", r"\text{A}"),
    (r"\text{A}", "A."),
    (r"\text{east}", "East"),
    (r"\text{even}", '"even"'),
    (r"\text{undefined}", "DNE"),
    (r"\text{undefined}", "undefined"),
    ("12x^2", "12 x²"),
    ("√5", r"\sqrt5"),
    ("½", "0.5"),
    ("3½", "3.5"),
    ("2π", r"2\pi"),
    ("x ≤ 5", r"x \leq 5"),
    ("\u22123", "-3"),
    ("\uff11\uff12", "12"),
    (r"\left( \frac{1}{2}, 3 \right)", "(0.5,3)"),
    (r"$\frac{1}{2}$", "0.5"),
    (r"\boxed{5}", "5"),
    (r"$\boxed{\frac12}$", "0.5"),
    ("5.", "5"),
    (r"\frac{\sqrt3}{2}", "sqrt(3)/2"),
    (r"\sqrt[3]{2}", "2^{1/3}"),
    (r"\sqrt[3]{-8}", "-2"),
    (r"\sqrt{x^2}", "|x|"),
    (r"10p^3 \sqrt{3p}", r"\sqrt{300p^7}"),
    (r"\ln 8", r"3\ln2"),
    (r"\log_2 8", "3"),
    (r"\log 100", "2"),
    (r"\frac{1}{2}\log 3", r"\log\sqrt3"),
    (r"e^{i\pi}", "-1"),
    (r"\sin^2 x", r"1-\cos^2 x"),
    (r"\sin^2 x", r"(\sin x)^2"),
    (r"\sin^{-1} \frac12", r"\frac{\pi}{6}"),
    (r"\tan \frac{x}{2}", r"\frac{\sin x}{1+\cos x}"),
    (r"3 \sec \frac{1}{2}\theta", r"\frac{3}{\cos(\theta/2)}"),
    (r"\cos 13^\circ", r"\cos(13^\circ)"),
    (r"\binom{5}{2}", "10"),
    ("5!", "120"),
    (r"\lfloor 3.7 \rfloor", "3"),
    ("|{-5}|", "5"),
    (r"-\frac{1}{2x}", "-1/(2x)"),
    (r"\frac{x+2}{7}", "(x+2)/7"),
    ("2^{10}", "1024"),
    ("2**10", "1024"),
    ("3*4", "12"),
    ("x^10", "x^{10}"),
    (r"\frac{n(n+1)}{2}", r"\frac{n^2+n}{2}"),
    ("x^2+y^2=13", "y^2+x^2-13=0"),
    (r"\triangle ABC", r"\triangle ABC"),
    (r"\frac{1}{7}\triangle ABC", r"\frac17 \triangle ABC"),
    ("f(2) < f(1) < f(4)", "f(4)>f(1)>f(2)"),
    (r"-80\leq g(x)\leq 82", "[-80,82]"),
    (r"s^2 \le 8r^2", r"8r^2 \ge s^2"),
    ("x+y<3", "2x+2y<6"),
    ("AB=9, CD=4", r"AB = 9 \text{ and } CD = 4"),
    (r"1+2\sqrt3", r"1+\sqrt{12}"),
    ("0.1", ".1"),
    ("-0", "0"),
    ("1.0", "1"),
    (r"\frac{3}{4}", "3/4"),
    ("3/4", "0.75"),
    (r"\text{Saturday}", "saturday"),
    (r"5 \times 3", "15"),
    ("5 x 3", "15"),
    (r"\sqrt{13}\text{ units}", r"\sqrt{13}"),
    (r"(2,\frac{\pi}{3})", r"\left(2, \dfrac{\pi}{3}\right)"),
    ("x^{-1}", r"\frac1x"),
    (r"\frac{a}{b}", "a/b"),
    (r"a \cdot b", "ab"),
    (r"\frac{\pi r}{h+r}", r"\frac{r\pi}{r+h}"),
    (r"x=\frac{-b\pm\sqrt{b^2-4ac}}{2a}", r"\frac{-b+\sqrt{b^2-4ac}}{2a},\frac{-b-\sqrt{b^2-4ac}}{2a}"),
    (r"\mathbf{2340}", "2340"),
    (r"\mathrm{(A)}", "A"),
    (r"\textbf{(B)}", "B"),
    (r"1.5 \text{ million}", "1500000"),
    (r"5^{\text{th}}", "5"),
    (r"10 \text{ a.m.}", "10:00 AM"),
    (r"\frac{2}{3}\pi", r"120^\circ"),
    ("1-2i", "(1-2i)"),
    (r"\infty", "infinity"),
    (r"12\text{ and }13", "12, 13"),
    (r"7, -2, \text{ and } -5", "-5, -2, 7"),
    ("1, 1, 2", "1, 2"),
    (r"18\text{ ways}", "18"),
    (r"7 \text{ distinct integers}", "7"),
    (r"65 \text{ children tickets }", "65 tickets"),
    (r"14 \text{ right triangles}", "14 triangles"),
    (r"\dfrac{1}{29,\!322,\!216}", r"\frac{1}{29322216}"),
    (r"0.56 = 56\%", "0.56"),
    (r"\$\dfrac23 \approx \$0.67", r"\frac23"),
    (r"\approx 8.24 \text{ mph}", "8.24"),
    ("1/3x", r"\frac{x}{3}"),
    (r"\frac{5x}{y}", "5x/y"),
    (r"4\sqrt{3} + 2i", r"2i+4\sqrt3"),
    (r"\angle ABC = 60^\circ", "60"),
    (r"\{x | x > 3\}", "x>3"),
    ("[0,1)", r"0 \leq x < 1"),
    ("(0,1)", "0<x<1"),
    (r"(0,1] \cup [1,2)", "(0,2)"),
    (r"\{1\} \cup \{2\}", r"\{1,2\}"),
    (r"\{-1\} \cup [0,7)", r"[0,7) \cup \{-1\}"),
    ("f(x) = x^2+1", "x^2+1"),
    (r"3 \cdot 10^{8}", "300,000,000"),
    (r"\frac{1}{2},-3", "-3, 0.5"),
    ("3^{2^3}", "6561"),
    ("1 : 2", "1:2"),
    (r"\sqrt{-4}", "2i"),
    ("9.50", r"9\frac12"),
    (r"\frac{12}{4}", "3"),
    (r"42\,\text{km/h}", "42 km/hr"),
    (r"100\text{ square units}", "100 units^2"),
    (r"100\text{ square units}", "100 sq. units"),
    (r"23\%", r"23\text{ percent}"),
    ("(x-2)(x+3)", "x^2+x-6"),
    ("(x-2)(x+3)=0", "x^2+x-6=0"),
    (r"\frac{3 \sqrt{2}}{4}", r"\frac{3}{2\sqrt2}"),
    ("3+4i", "4i + 3"),
    (r"\begin{bmatrix} 3 & 4 \end{bmatrix}", "(3,4)"),
    ("x_1=2, x_2=3", "2,3"),
    (r"\text{Yes}", "yes"),
    (r"\log_{10} 5", r"\log 5"),
    (r"16^{\frac14}", "2"),
    (r"2\sqrt{2}\cdot\sqrt{3}", r"2\sqrt6"),
    (r"\theta = \frac{\pi}{4}", r"\frac{\pi}{4}"),
    (r"\frac{5}{2} \text{ or } 2.5", "2.5"),
    (r"\$ 1.85", r"1.85\ \text{USD}"),
    (r"1.85\ \text{USD}", "1.85 dollars"),
    ("12", r"12\text{ apples}"),
    (r"2\frac{2}{3}", "8/3"),
    (r"5\frac{1}{2}\%", r"5.5\%"),
    (r"\frac{1}{2}\%", "0.005"),
    (r"4 \frac{1}{2} \text{ hours}", "4.5 hours"),
    (r"x \geq -1 \text{ and } x \neq 2", r"[-1,2)\cup(2,\infty)"),
    (r"x>5 \text{ or } x<-5", r"(-\infty,-5)\cup(5,\infty)"),
    (r"2 < x \leq 5", "(2,5]"),
    ("5>x", "x<5"),
    ("$x = 3$", "3"),
    (r"\( 3 \)", "3"),
    (r"\[ 3 \]", "3"),
    ("**5**", "5"),
    (r"\frac{x}{2}+C", r"\frac{x}{2} + C"),
    ("a^{m+n}", "a^m a^n"),
    (r"\sqrt{ab}", r"\sqrt{a}\sqrt{b}"),
    ("2^{x}", r"e^{x\ln 2}"),
    ("1.5e3", "1500"),
    ("1,234,567", "1234567"),
    (r"\frac{h^2}{m}", "h^2/m"),
    ("(a+5)(b+2)", "ab+2a+5b+10"),
]

DIFFERENT = [
    (r"(3,\infty)", r"x \ge 3"),
    ("[-2,7]", r"-2\leq x<7"),
    (r"(-\infty,3) \cup (3,\infty)", r"(-\infty,\infty)"),
    ("5", r"5 \text{ or } 6"),
    (r"1 \pm \sqrt{19}", r"1+\sqrt{19}"),
    (r"3\frac12", r"\frac{3}{2}"),
    (r"50\%", "5"),
    ("5m", "5"),
    (r"12 \text{ cm}^2", r"12 \text{ cm}^3"),
    (r"\frac13", "0.333"),
    (r"\sqrt2", "1.414"),
    ("4343_{5}", "4343_6"),
    (r"4:30 \text{ p.m.}", "4:30 a.m."),
    ("3:4", "4:3"),
    (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{pmatrix}1&2\\3&5\end{pmatrix}"),
    ("2+3i", "2+3j"),
    ("(1,2)", "[1,2]"),
    ("(1,2)", "(2,1)"),
    (r"\text{(A)}", "B"),
    (r"\text{east}", "west"),
    ("|x|", "x"),
    (r"\sqrt{x^2}", "x"),
    (r"\frac{1}{2006!}", r"\frac{1}{2004!}"),
    ("2^{-98}", "2^{-99}"),
    (r"s^2 \le 8r^2", "s^2 < 8r^2"),
    (r"-\infty", r"\infty"),
    ("x = 1", "y = 1"),
    ("2x", "2X"),
    ("M+2", "m+2"),
    (r"12\text{ and }13", "12"),
    ("10^{100}", "10^{101}"),
    (r"0.5\text{ hours}", r"30\text{ minutes}"),
    (r"12\text{ apples}", r"12\text{ oranges}"),
    ("y", "x"),
    ("x<5", "y<5"),
    (r"(1+\sqrt5)/2", "1.618"),
    (r"\cot x", r"\sec x"),
    ("b - 1", "1"),
    (r"5 \text{ cm}", r"5 \text{ km}"),
    (r"5 \text{ cm}", r"50 \text{ mm}"),
    (r"25\%", r"25^\circ"),
    (r"25\%", "2500"),
    ("25", "0.25"),
    (r"18\text{ hours}", r"18\text{ ways}"),
    ("3", "3m"),
    ("4:30 a.m.", "4:30 p.m."),
    (r"(0,1]", r"\begin{pmatrix} 0 \\ 1 \end{pmatrix}"),
    (r"(-\infty, 3)\cup(1,\infty)", r"\emptyset"),
    (r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", r"\begin{pmatrix} 1 & 2 \end{pmatrix}"),
    ("256", "25_6"),
    (r"\text{CBAD}", "ABCD"),
    ("a=3, b=4", "a=4, b=3"),
    ("10^{15}+1", "10^{15}"),
    ("x=9", "9 < x"),
]

UNDECIDED = [
    ("5", "", "answer not understood: nothing there"),
    ("5", r"\unknown{5}", "answer not understood: unknown command \\unknown"),
    ("5+", "5", "gold not understood"),
    ("2^{100000}", "2^{100001}", "limit: power"),
    (r"\sqrt{2}+10^{60}", r"\sqrt{3}+10^{60}", "limit: precision"),
    ("1+" * 2500 + "1", "2+" * 2500 + "1", "limit: length"),
    ("f(1)+1", "f(2)+1", "functions without a definition"),
    ("1,2,3", "(1,2,3)", "a list against a tuple"),
    ("1011_2", "1011", "a base on one side only"),
    ("8", "5+3=9", "sides that are not equal"),
    (r"-2<x<2", "|x|<2", "an inequality that is not linear"),
    ("9:24", "12:32", "a ratio or a time"),
]
# fmt: on


@pytest.mark.parametrize(("gold", "answer"), EQUAL)
def test_equal(gold: str, answer: str) -> None:
    assert compare(gold, answer).relation is Relation.EQUAL


@pytest.mark.parametrize(("gold", "answer"), DIFFERENT)
def test_different(gold: str, answer: str) -> None:
    found = compare(gold, answer)
    assert found.relation is Relation.DIFFERENT and found.reason


@pytest.mark.parametrize(("gold", "answer", "reason"), UNDECIDED)
def test_undecided_says_why(gold: str, answer: str, reason: str) -> None:
    found = compare(gold, answer)
    assert found.relation is Relation.UNDECIDED and found.reason.startswith(reason)


def test_a_unit_by_one_letter_stands_apart_from_its_number() -> None:
    assert compare("5", "5 m").relation is Relation.EQUAL
    assert compare("5", "5m").relation is Relation.DIFFERENT
    assert compare(r"5\text{ meters}", "5m").relation is Relation.EQUAL
    assert compare("5m", "5").relation is Relation.DIFFERENT
    assert compare("5m", "5 m").relation is Relation.EQUAL
    assert compare("5 L", "5 liters").relation is Relation.EQUAL
    assert compare("5 m", "5 cm").relation is Relation.DIFFERENT


def test_a_comma_is_read_as_the_gold_needs_it() -> None:
    assert compare(r"(6,235^\circ)", "(6, 235)").relation is Relation.EQUAL
    assert compare("[1,000, 2,000]", "[1000, 2000]").relation is Relation.EQUAL
    assert compare("1,000, 2", "1000, 2").relation is Relation.EQUAL
    for answer in ("70, 110", "110, 70", "70110"):
        assert compare("70,110", answer).relation is compare(answer, "70,110").relation is Relation.EQUAL


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("[-36,104]", "[-36104]"),
        ("36,104", "[36104]"),
        ("(1,000)", "[1000]"),
        (r"\{100,200\}", "100200"),
        (r"100,200\text{ cm}", r"200,100\text{ cm}"),
        ("1,000", "1, 0"),
    ],
)
def test_a_comma_in_brackets_or_with_a_blank_separates(one: str, other: str) -> None:
    assert compare(one, other).relation is compare(other, one).relation is Relation.DIFFERENT


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("1", r"\infty/\infty"),
        ("1", r"\infty^0"),
        ("1", r"1^\infty"),
        ("0", r"0\infty"),
        ("0", r"\infty-\infty"),
        ("10^{-30}", r"\sin(10^{-30})"),
        ("1", r"\tanh(100)"),
        ("1", "e^{10^{-60}}"),
        ("1", "2^{10^{-60}}"),
        ("5", r"5^\circ C^2"),
        ("[0,1]", r"\begin{pmatrix}0\\1\end{pmatrix}"),
    ],
)
def test_what_has_no_clear_value_is_no_number(gold: str, answer: str) -> None:
    assert compare(gold, answer).relation is compare(answer, gold).relation is Relation.UNDECIDED


@pytest.mark.parametrize("answer", [r"\text{3y}", r"\textbf{3y}", r"\mathbf{3y}", r"\mathrm{3y}", r"\mathbf{x=3y}"])
def test_a_variable_in_a_font_is_no_unit(answer: str) -> None:
    assert compare("3", answer).relation is Relation.DIFFERENT
    assert compare("3y", answer).relation is Relation.EQUAL


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("2112_6", r"\mathbf{2112}_6"),
        ("120", r"\frac{10!}{3!\,7!}"),
        ("120", r"\frac{10!}{(3!)\,7!}"),
        ("12", "`12`"),
        (r"2\pi", r"2\pi{}"),
        ("12", "US$12"),
        ("12", r"US\$12"),
        ("12", r"\text{Answer: }12"),
        ("12", "The answer is 12"),
        (r"\text{(C)}", "C)"),
        ("20", "_6C_3"),
        ("20", r"{}_6C_{3}"),
        ("3+4i", "3+i4"),
        ("3:4", r"3\mathbin{:}4"),
        (r"\frac13", "0.3\u0305"),
        (r"\frac13", "a third"),
        (r"\frac12", r"\text{a half}"),
        ("3.5", "3½"),
        ("50", r"50\mathrm{\ cm}"),
        ("0", r"(\ln(\frac{\pi}{\pi}))^2"),
    ],
)
def test_rarer_notation(gold: str, answer: str) -> None:
    assert compare(gold, answer).relation is Relation.EQUAL


BEHIND_A_NUMBER = (
    "squared, cubed, factorial, hundredths, thirds, halves, third, fifths of a cup, dozens, quadrillion, modulo seven, "
    "over two, times two, plus a constant, minus one, divided by two, at most, at least, more, less, below zero, "
    "extraneous, more than x, negative, approximately, maximum, repeating, squared cubed"
)


@pytest.mark.parametrize("words", BEHIND_A_NUMBER.split(", "))
def test_words_that_change_a_number_are_no_unit_of_it(words: str) -> None:
    for answer in (f"5 {words}", rf"5\text{{ {words}}}", rf"\frac{{10}}{{2}}\text{{ {words}}}"):
        assert compare("5", answer).relation is not Relation.EQUAL
    assert not understood(rf"5\text{{ {words}}}")


@pytest.mark.parametrize(
    "words",
    ["squared units", "feet squared", "more marbles", "third graders", "quarters", "times", "min", "positive integers"],
)
def test_words_that_leave_a_number_as_it_is_may_be_missing(words: str) -> None:
    assert compare("5", f"5 {words}").relation is compare(rf"5\text{{ {words}}}", "5").relation is Relation.EQUAL


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("x", r"\frac{d}{dx} x^2"),
        ("x", r"\frac{\mathrm{d}}{\mathrm{d}x} x^2"),
        (r"\frac{y}{x}", r"\frac{dy}{dx}"),
        (r"\frac{y}{x^2}", r"\frac{d^2y}{dx^2}"),
        ("2", r"\frac{d(x^2)}{dx}"),
        ("3 - 2f(x)", "3 - 2f(x]"),
        (r"\max(1,2)", r"\max(1,2]"),
        ("5", "(5]"),
        (r"x \le -2", r"[-\infty,-2]"),
        (r"[2,\infty)", r"[2,\infty]"),
        ("3:1", "3:"),
        ("3:1:1", "3:1:"),
        ("John", "-John"),
        ("-John", r"\text{John}"),
        ("John", r"+{-}\text{John}"),
    ],
)
def test_what_is_written_wrongly_or_means_something_else_is_not_read(gold: str, answer: str) -> None:
    assert compare(gold, answer).relation is compare(answer, gold).relation is Relation.UNDECIDED


@pytest.mark.parametrize(("one", "other"), [(r"\frac{d}{d+e}", r"\frac{d}{e+d}"), (r"\frac{ad}{dc}", r"\frac{a}{c}")])
def test_a_fraction_with_a_variable_d_is_no_derivative(one: str, other: str) -> None:
    assert compare(one, other).relation is Relation.EQUAL


def test_values_of_several_variables_are_not_one_value() -> None:
    assert compare("5", "x=5, y=5").relation is Relation.UNDECIDED
    assert compare("5", "x_1=5, x_2=5").relation is compare("5", "x=5, x=5").relation is Relation.EQUAL


@pytest.mark.parametrize("approximation", [r"\approx 5", r"x \approx 5", "x ≈ 5.0"])
def test_an_approximation_alone_is_not_the_exact_gold(approximation: str) -> None:
    assert compare("5", approximation).relation is Relation.UNDECIDED
    assert compare("5, 6", f"{approximation}, 6").relation is Relation.UNDECIDED
    assert compare("6", approximation).relation is Relation.DIFFERENT
    assert compare(r"\approx 5", approximation).relation is Relation.EQUAL
    assert compare(approximation, "5").relation is compare("5", r"5 \approx 5.0").relation is Relation.EQUAL


def test_ratios_with_zeros() -> None:
    assert compare("3:4", "0:0").relation is compare("0:5:3", "0:1:2").relation is Relation.DIFFERENT
    assert compare("0:5", "0:7").relation is Relation.EQUAL


def test_reasons_are_for_people() -> None:
    assert compare("5", "5.0") == Comparison(relation=Relation.EQUAL, reason="the same number")
    assert compare("5", r"\frac{10}{3}").reason == "another number"
    assert compare("(1,2)", "3").reason == "number against tuple or interval"
    assert compare("x+1", "x + 1").reason == compare("x+1", "1+x").reason == "the same expression"


def test_understood_means_the_whole_text() -> None:
    assert understood(r"\frac{1}{2} x") and understood(r"\text{east}")
    assert not understood("") and not understood("5 +") and not understood("1" * 4001) and not understood("9^{9^9}")
