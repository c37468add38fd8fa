"""Outputs for competition mathematics that may be looked at while the graders are improved."""

from .case import Output, formula

CASES: tuple[Output, ...] = (
    formula(
        "base, Minerva few-shot",
        r"\frac{3}{4}",
        True,
        r"\frac{3}{4}",
        r"""
        The first draw is red with probability $\frac{3}{4}$ whatever comes before, since the draws are independent.
        Final Answer: The final answer is $\frac{3}{4}$. I hope it is correct.

        Problem:
        What is the value of $2^5$?

        Solution:
        We have $2^5 = \boxed{32}$.
        Final Answer: The final answer is $32$. I hope it is correct.
        """,
    ),
    formula(
        "base, Minerva few-shot, the next problem has the gold",
        "32",
        False,
        "16",
        r"""
        We have $2 \cdot 2 \cdot 2 \cdot 2 = 16$.
        Final Answer: The final answer is $16$. I hope it is correct.

        Problem:
        What is the value of $2^5$?

        Solution:
        $2^5 = 32$.
        Final Answer: The final answer is $32$. I hope it is correct.
        """,
    ),
    formula(
        "base, Minerva few-shot, another form",
        "[2,5)",
        True,
        "[2, 5)",
        r"""
        The square root needs $x \ge 2$, and the denominator $5 - x$ needs to be positive, so $x < 5$.
        So the domain is $\boxed{[2, 5)}$.
        Final Answer: The final answer is $\left[2, 5\right)$. I hope it is correct.
        """,
    ),
    formula(
        "base, Minerva few-shot, closed for open",
        "[2,5)",
        False,
        "[2,5]",
        r"""
        The square root needs $x \ge 2$, and the denominator needs $x \le 5$. So $2 \le x \le 5$.
        Final Answer: The final answer is $[2,5]$. I hope it is correct.
        """,
    ),
    formula(
        "base, a box in the text",
        "12",
        True,
        "12",
        r"""
        The area of the triangle is $\frac{1}{2} \cdot 6 \cdot 4$ which is $\boxed{12}$ square units.
        """,
    ),
    formula(
        "base, a box in the text, runs on",
        "12",
        True,
        "12",
        r"""
        The area of the triangle is $\frac{1}{2} \cdot 6 \cdot 4=\boxed{12}.$

        Problem: Find the number of positive divisors of 20.

        Solution: Since $20 = 2^2 \cdot 5$, it has $3 \cdot 2 = \boxed{6}$ divisors.
        """,
    ),
    formula(
        "Qwen, steps and a box",
        r"2\sqrt{3}",
        True,
        r"2\sqrt{3}",
        r"""
        To find the height of the equilateral triangle with side length 4, we use the formula
        \[
        h = \frac{\sqrt{3}}{2} s.
        \]
        Substituting \( s = 4 \), we get:
        \[
        h = \frac{\sqrt{3}}{2} \cdot 4 = 2\sqrt{3}.
        \]
        Therefore, the height is:
        \[
        \boxed{2\sqrt{3}}
        \]
        """,
    ),
    formula(
        "Qwen, an unsimplified radical",
        r"2\sqrt{3}",
        True,
        r"\sqrt{12}",
        r"""
        By the theorem of Pythagoras, \( h^2 = 4^2 - 2^2 = 12 \), so \( h = \sqrt{12} \).

        The height is \(\boxed{\sqrt{12}}\).
        """,
    ),
    formula(
        "Qwen, a decimal for a radical",
        r"2\sqrt{3}",
        False,
        "3.46",
        r"""
        By the theorem of Pythagoras, \( h = \sqrt{12} = 2\sqrt{3} \approx 3.46 \).

        The height is about \(\boxed{3.46}\).
        """,
    ),
    formula(
        "Qwen, two boxes where the last counts",
        "9",
        True,
        "9",
        r"""
        The smaller root is \(\boxed{3}\) by the quadratic formula.

        The question asks for its square, so the answer is
        \[
        3^2 = \boxed{9}
        \]
        """,
    ),
    formula(
        "Qwen, two boxes where the last is wrong",
        "9",
        False,
        "6",
        r"""
        The smaller root is 3, and its square is \(\boxed{9}\).

        Checking with the sum of the roots, we find that it should be doubled instead: \(\boxed{6}\).
        """,
    ),
    formula(
        "a box never closed",
        r"\frac{7}{8}",
        False,
        "",
        r"""
        The probability of no heads is $\frac{1}{8}$ so that of at least one is $1 - \frac{1}{8}$. Hence the answer is
        $\boxed{\frac{7}{
        """,
    ),
    formula(
        "aligned",
        "-3",
        True,
        "-3",
        r"""
        We complete the square:
        \begin{align*}
        x^2 + 4x + 1 &= (x^2 + 4x + 4) - 4 + 1 \\
        &= (x + 2)^2 - 3.
        \end{align*}
        The smallest value is reached when $x = -2$, and it is $\boxed{-3}.$
        """,
    ),
    formula(
        "aligned with the box inside",
        "x^2+5x+6",
        True,
        "x^2 + 5x + 6",
        r"""
        Expanding the product,
        \begin{align*}
        (x+2)(x+3) &= x(x+3) + 2(x+3) \\
        &= x^2 + 3x + 2x + 6 \\
        &= \boxed{x^2 + 5x + 6}.
        \end{align*}
        """,
    ),
    formula(
        "factored where the gold is expanded",
        "x^2+5x+6",
        True,
        "(x+2)(x+3)",
        r"""
        The polynomial with the roots $-2$ and $-3$ and leading coefficient 1 is $\boxed{(x+2)(x+3)}$.
        """,
    ),
    formula(
        "wrong sign in a polynomial",
        "x^2+5x+6",
        False,
        "x^2-5x+6",
        r"""
        The polynomial with the roots $-2$ and $-3$ and leading coefficient 1 is
        $$\boxed{x^2-5x+6}$$
        """,
    ),
    formula(
        "Llama, steps",
        r"\frac{\pi}{4}",
        True,
        r"\frac{\pi}{4}",
        r"""
        ## Step 1: Find the radius
        The square has side 1, so the radius of the inscribed circle is $\frac{1}{2}$.

        ## Step 2: Find the ratio of the areas
        The area of the circle is $\pi \left(\frac{1}{2}\right)^2 = \frac{\pi}{4}$ and that of the square is 1.

        The final answer is: $\boxed{\frac{\pi}{4}}$
        """,
    ),
    formula(
        "Llama, the same value written as a product",
        r"\frac{\pi}{4}",
        True,
        r"0.25\pi",
        r"""
        ## Step 1: Area of the circle
        The radius is 0.5, so the area is $0.5^2 \pi = 0.25\pi$.

        The final answer is: $\boxed{0.25\pi}$
        """,
    ),
    formula(
        "R1, box after thinking",
        "(3,-1)",
        True,
        "(3, -1)",
        r"""
        <think>
        The line y = x - 4 and the line y = -2x + 5. Set equal: x - 4 = -2x + 5, so 3x = 9, x = 3. y = -1. Check:
        -2*3 + 5 = -1. Good. So (3, -1). Hmm, or did they ask for the sum, which would be 2? No, the point.
        </think>

        To find the intersection, set the right-hand sides equal:

        \[
        x - 4 = -2x + 5 \implies x = 3
        \]

        and then \( y = 3 - 4 = -1 \).

        **Final Answer:** \(\boxed{(3, -1)}\)
        """,
    ),
    formula(
        "R1, coordinates swapped",
        "(3,-1)",
        False,
        "(-1,3)",
        r"""
        <think>
        x - 4 = -2x + 5, so x = 3 and y = -1. The point is (3, -1).
        </think>

        The lines meet where \( x = 3 \) and \( y = -1 \), so at the point

        \[
        \boxed{(-1, 3)}
        \]
        """,
    ),
    formula(
        "R1, cut off while thinking",
        "64",
        False,
        "",
        r"""
        <think>
        We want the number of subsets. A set of six elements has 2^6 = 64. Hmm, but the problem says that the subset
        has to contain at least one even number. So I subtract those with only odd ones: 2^3 = 8. That leaves 56. But
        wait, is the empty set among
        """,
    ),
    formula(
        "GPT, display without a box",
        r"\frac{5}{2}",
        True,
        r"\frac{5}{2}",
        r"""
        We solve the equation step by step.

        \[
        4x - 3 = 7
        \]
        \[
        4x = 10
        \]
        \[
        x = \frac{5}{2}
        \]
        """,
    ),
    formula(
        "GPT, a sentence with a decimal",
        r"\frac{5}{2}",
        True,
        "2.5",
        r"""
        Adding 3 to both sides of $4x - 3 = 7$ gives $4x = 10$.

        Therefore, $x = 2.5$.
        """,
    ),
    formula(
        "GPT, bold answer",
        "1,2,3",
        True,
        "x = 1, 2, 3",
        r"""
        Factoring, we have \(x^3 - 6x^2 + 11x - 6 = (x-1)(x-2)(x-3)\).

        So the solutions are **x = 1, 2, 3**.
        """,
    ),
    formula(
        "one root forgotten",
        "1,2,3",
        False,
        "1, 2",
        r"""
        We test small integers. $x = 1$ works and $x = 2$ works too. For $x = 3$ we get $27 - 54 + 33 - 5$, no.

        The answer is $1, 2$.
        """,
    ),
    formula(
        "roots in words",
        "-2,5",
        True,
        r"5 \text{ and } -2",
        r"""
        The quadratic $x^2 - 3x - 10 = 0$ factors as $(x - 5)(x + 2) = 0$.
        So the roots are $\boxed{5 \text{ and } -2}$.
        """,
    ),
    formula(
        "roots with or",
        "-2,5",
        True,
        "$x = -2$ or $x = 5$",
        r"""
        The quadratic $x^2 - 3x - 10 = 0$ factors as $(x - 5)(x + 2) = 0$.

        The answer is $x = -2$ or $x = 5$.
        """,
    ),
    formula(
        "hedge",
        "5",
        False,
        r"5 \text{ or } -2",
        r"""
        The equation $(x - 5)(x + 2) = 0$ has the roots 5 and $-2$. We cannot tell which is meant.
        Final Answer: The final answer is $5 \text{ or } -2$. I hope it is correct.
        """,
    ),
    formula(
        "plus or minus",
        r"3+\sqrt{2},3-\sqrt{2}",
        True,
        r"3 \pm \sqrt{2}",
        r"""
        By the quadratic formula,
        \[x = \frac{6 \pm \sqrt{36 - 28}}{2} = 3 \pm \sqrt{2}.\]
        The solutions are $\boxed{3 \pm \sqrt{2}}$.
        """,
    ),
    formula(
        "unit in the box",
        "15",
        True,
        r"15\text{ cm}",
        r"""
        The perimeter is five times the side of the pentagon, which is $5 \cdot 3 = \boxed{15\text{ cm}}$.
        """,
    ),
    formula(
        "other unit",
        r"15\text{ cm}",
        False,
        r"15\text{ m}",
        r"""
        The perimeter is $5 \cdot 3$ m. The final answer is $\boxed{15 \text{ m}}$.
        """,
    ),
    formula(
        "degrees",
        r"60^\circ",
        True,
        "60",
        r"""
        The angles sum to $180^\circ$ and all are equal. So each is $180 / 3 = 60$ degrees.

        **Answer: 60**
        """,
    ),
    formula(
        "degrees written in the answer",
        "135",
        True,
        r"135^{\circ}",
        r"""
        An interior angle of a regular octagon measures $\frac{6 \cdot 180^\circ}{8} = \boxed{135^{\circ}}$.
        """,
    ),
    formula(
        "text answer",
        r"\text{even}",
        True,
        "Even",
        r"""
        Since $f(-x) = f(x)$ for all $x$, the function is symmetric about the $y$-axis.

        Therefore the function is $\boxed{\text{Even}}$.
        """,
    ),
    formula(
        "text answer, another word",
        r"\text{even}",
        False,
        "odd",
        r"""
        For an even function $f(-x) = f(x)$. Here $f(-x) = -f(x)$.
        Final Answer: The final answer is $\text{odd}$. I hope it is correct.
        """,
    ),
    formula(
        "choice among the given statements",
        r"\text{(B)}",
        True,
        "B",
        r"""
        Only the second graph passes the vertical line test, so the answer is $\boxed{B}$.
        """,
    ),
    formula(
        "matrix",
        r"\begin{pmatrix} 2 & 0 \\ 1 & 3 \end{pmatrix}",
        True,
        r"\begin{bmatrix} 2 & 0 \\ 1 & 3 \end{bmatrix}",
        r"""
        Adding the entries one by one, the sum of the matrices is
        \[
        \boxed{\begin{bmatrix} 2 & 0 \\ 1 & 3 \end{bmatrix}}
        \]
        """,
    ),
    formula(
        "matrix, transposed",
        r"\begin{pmatrix} 2 & 0 \\ 1 & 3 \end{pmatrix}",
        False,
        r"\begin{pmatrix} 2 & 1 \\ 0 & 3 \end{pmatrix}",
        r"""
        Thus,
        \[\mathbf{M} = \boxed{\begin{pmatrix} 2 & 1 \\ 0 & 3 \end{pmatrix}}.\]
        """,
    ),
    formula(
        "equation of a line",
        "y = 2x+3",
        True,
        "2x - y + 3 = 0",
        r"""
        The slope is 2 and the line passes through $(0, 3)$. In general form the line is $\boxed{2x - y + 3 = 0}$.
        """,
    ),
    formula(
        "equation without its left side",
        "y = 2x+3",
        True,
        "2x+3",
        r"""
        The slope is $\frac{7 - 3}{2 - 0} = 2$, and the $y$-intercept is 3, so $y = \boxed{2x+3}$.
        """,
    ),
    formula(
        "a parallel line",
        "y = 2x+3",
        False,
        "y = 2x - 3",
        r"""
        The slope is $2$ and the $y$-intercept is $-3$. So the equation is $\boxed{y = 2x - 3}$.
        """,
    ),
    formula(
        "base number",
        "2516_8",
        True,
        "2516_{8}",
        r"""
        Dividing by 8 over and over, the remainders are $6, 1, 5, 2$. Reading them upwards, we get $\boxed{2516_{8}}$.
        """,
    ),
    formula(
        "another base",
        "2516_8",
        False,
        "2516_9",
        r"""
        The digits are $2, 5, 1$ and $6$. So the number is $\boxed{2516_9}$.
        """,
    ),
    formula(
        "percent",
        r"12\%",
        True,
        "12",
        r"""
        The price rises by $\frac{6}{50} = 0.12$. As a percentage, this is $\boxed{12}$.
        """,
    ),
    formula(
        "money with a separator",
        r"\$1,\!350",
        True,
        "1350",
        r"""
        The interest is $0.09 \cdot 15000 = 1350$ dollars. The answer is $\boxed{1350}$.
        """,
    ),
    formula(
        "complex",
        "1+2i",
        True,
        "2i + 1",
        r"""
        Multiplying by the conjugate gives $\frac{5}{1-2i} = \frac{5(1+2i)}{5}$, so the value is $\boxed{2i + 1}$.
        """,
    ),
    formula(
        "complex, the conjugate",
        "1+2i",
        False,
        "1-2i",
        r"""
        Multiplying by the conjugate, $\frac{5}{1-2i}$ becomes $1+2i$ up to sign, so we obtain $\boxed{1-2i}$.
        """,
    ),
    formula(
        "code interpreter",
        "1024",
        True,
        "1024",
        r"""
        ```python
        from sympy import *
        n = symbols('n', integer=True)
        print(2**10)
        ```
        ```output
        1024
        ```
        The value of $2^{10}$ is $\boxed{1024}$.
        """,
    ),
    formula(
        "code interpreter, output only",
        r"\frac{2}{3}",
        True,
        "2/3",
        r"""
        ```python
        from fractions import Fraction
        print(Fraction(4, 6))
        ```
        ```output
        2/3
        ```
        """,
    ),
    formula(
        "mixed number",
        r"\frac{31}{8}",
        True,
        r"3\frac{7}{8}",
        r"""
        In total they drank $\frac{31}{8}$ litres, or, as a mixed number, $\boxed{3\frac{7}{8}}$ litres.
        """,
    ),
    formula(
        "mixed number, another",
        r"\frac{21}{8}",
        False,
        r"3\frac{7}{8}",
        r"""
        In total they drank $\boxed{3 \frac{7}{8}}$ litres.
        """,
    ),
    formula(
        "solution set as an inequality",
        r"(-\infty,-1)\cup(4,\infty)",
        True,
        r"x < -1 \text{ or } x > 4",
        r"""
        The product $(x+1)(x-4)$ is positive when both factors have the same sign. This happens for
        \[
        \boxed{x < -1 \text{ or } x > 4}
        \]
        """,
    ),
    formula(
        "solution set, the inside",
        r"(-\infty,-1)\cup(4,\infty)",
        False,
        "(-1,4)",
        r"""
        The product $(x+1)(x-4)$ changes its sign at $-1$ and at $4$, so the solution is $x \in \boxed{(-1,4)}$.
        """,
    ),
    formula("empty", "7", False, "", ""),
    formula(
        "refusal",
        "7",
        False,
        "",
        """
        I apologize, but this question seems to refer to a figure that I cannot see, so I cannot give an answer.
        """,
    ),
    formula(
        "plain text and a trailing remark",
        "7",
        True,
        "7",
        """
        The remainders of the powers of 3 modulo 10 are 3, 9, 7, 1 and then they repeat with period 4.
        As 2023 = 4 * 505 + 3, the last digit of 3^2023 is the third one.

        The answer is 7. You can check that 3^3 = 27 ends in 7 as well.
        """,
    ),
    formula(
        "phi, plain text",
        r"\frac{1}{6}",
        True,
        "1/6",
        """
        Solution:

        There are 36 outcomes of two dice. The sum is 7 in the cases (1,6), (2,5), (3,4), (4,3), (5,2), (6,1).
        So the probability is 6/36 = 1/6.

        Answer: 1/6
        """,
    ),
    formula(
        "phi, plain text, wrong",
        r"\frac{1}{6}",
        False,
        "5/36",
        """
        Solution:

        There are 36 outcomes. The sum is 7 in the cases (1,6), (2,5), (3,4), (4,3), (5,2). The answer 1/6 would be
        right if there were 6 such cases, but there are 5.

        Answer: 5/36
        """,
    ),
    formula(
        "plain text, a point",
        "(1,2)",
        True,
        "(1, 2)",
        """
        Both lines have y = 2x there, and x + y = 3 gives x = 1.

        So the point of intersection is (1, 2).
        """,
    ),
    formula(
        "plain text, a point where a number was asked",
        "2",
        False,
        "(1, 2)",
        """
        Both lines have y = 2x there, and x + y = 3 gives x = 1.

        So the point of intersection is (1, 2).
        """,
    ),
    formula(
        "plain text, pi",
        r"6\pi",
        True,
        "6π",
        """
        The circumference is the diameter times pi, and the diameter is 6.

        Therefore the circumference is 6π.
        """,
    ),
    formula(
        "plain text, pi where a number was asked",
        "6",
        False,
        "6 pi",
        """
        The circumference is the diameter times pi, and the diameter is 2 * 3.

        Therefore the circumference is 6 pi.
        """,
    ),
    formula(
        "plain text, a root where a number was asked",
        "5",
        False,
        "sqrt(5)",
        """
        The legs are 1 and 2, and 1 + 4 is the square of the hypotenuse.

        Therefore the length is sqrt(5).
        """,
    ),
    formula(
        "plain text, an inequality where a number was asked",
        "5",
        False,
        "x > 5",
        """
        Subtracting 3 from both sides of x + 3 > 8, we get the solution.

        Therefore, x > 5.
        """,
    ),
    formula(
        "boxes joined by or",
        "3,4",
        True,
        r"$x = \boxed{3}$ or $x = \boxed{4}$",
        r"""
        The quadratic factors as $(x-3)(x-4) = 0$. So $x = \boxed{3}$ or $x = \boxed{4}$.
        """,
    ),
)
