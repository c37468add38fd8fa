"""Outputs for competition mathematics that only measure."""

from .case import Output, formula

CASES: tuple[Output, ...] = (
    formula(
        "base, Minerva few-shot",
        r"\frac{5}{12}",
        True,
        r"\frac{5}{12}",
        r"""
        The sum of the two fractions is $\frac{1}{4} + \frac{1}{6} = \frac{3}{12} + \frac{2}{12} = \frac{5}{12}$.
        Final Answer: The final answer is $\frac{5}{12}$. I hope it is correct.

        Problem:
        Find the slope of the line through $(1,1)$ and $(3,7)$.

        Solution:
        The slope is $\frac{7-1}{3-1} = \boxed{3}$.
        Final Answer: The final answer is $3$. I hope it is correct.
        """,
    ),
    formula(
        "base, Minerva few-shot, the next problem has the gold",
        "3",
        False,
        r"\frac{1}{3}",
        r"""
        The slope is $\frac{3-1}{7-1} = \frac{1}{3}$.
        Final Answer: The final answer is $\frac{1}{3}$. I hope it is correct.

        Problem:
        Find the slope of the line through $(1,1)$ and $(3,7)$.

        Solution:
        $\frac{7-1}{3-1} = 3$.
        Final Answer: The final answer is $3$. I hope it is correct.
        """,
    ),
    formula(
        "base, Minerva few-shot, shorthand",
        r"\frac{3}{7}",
        True,
        r"\frac37",
        r"""
        Let $x = 0.\overline{428571}$. Then $10^6 x - x = 428571$ and $x = \frac{428571}{999999} = \frac37$.
        Final Answer: The final answer is $\frac37$. I hope it is correct.
        """,
    ),
    formula(
        "base, Minerva few-shot, rounded",
        r"\frac{3}{7}",
        False,
        "0.43",
        r"""
        Dividing 3 by 7 gives about $0.43$.
        Final Answer: The final answer is $0.43$. I hope it is correct.
        """,
    ),
    formula(
        "base, a box at the end of a chain",
        "30",
        True,
        "30",
        r"""
        By the hockey-stick identity we could sum it up, but it is shorter to count: $\binom{6}{2} \cdot 2 = 15 \cdot 2
        = \boxed{30}$ ways.
        """,
    ),
    formula(
        "base, an answer without its problem",
        "30",
        True,
        "30",
        r"""
        There are $6 \cdot 5 = 30$ ways to choose a president and a secretary. The answer is $30$.

        Problem:
        How many ways are there to choose a committee of two from six people?

        Solution:
        The number is $\binom{6}{2} = 15$. The answer is $15$.
        """,
    ),
    formula(
        "Qwen, steps and a box",
        r"\frac{\sqrt{2}}{2}",
        True,
        r"\frac{\sqrt{2}}{2}",
        r"""
        To find \(\cos 315^\circ\), we use the fact that \(315^\circ = 360^\circ - 45^\circ\).

        1. The cosine has period \(360^\circ\), so
        \[
        \cos 315^\circ = \cos(-45^\circ).
        \]
        2. The cosine is even, so
        \[
        \cos(-45^\circ) = \cos 45^\circ = \frac{\sqrt{2}}{2}.
        \]

        Thus, the value is
        \[
        \boxed{\frac{\sqrt{2}}{2}}
        \]
        """,
    ),
    formula(
        "Qwen, not rationalised",
        r"\frac{\sqrt{2}}{2}",
        True,
        r"\dfrac{1}{\sqrt{2}}",
        r"""
        Here we have \(\cos 315^\circ = \cos 45^\circ = \boxed{\dfrac{1}{\sqrt{2}}}\).
        """,
    ),
    formula(
        "Qwen, a sign lost",
        r"-\frac{\sqrt{2}}{2}",
        False,
        r"\frac{\sqrt{2}}{2}",
        r"""
        We have \(\cos 135^\circ = -\cos 45^\circ\), and \(\cos 45^\circ = \frac{\sqrt{2}}{2}\). Thus the answer is
        \[
        \boxed{\frac{\sqrt{2}}{2}}
        \]
        """,
    ),
    formula(
        "Qwen, two boxes where the last counts",
        "40",
        True,
        "40",
        r"""
        The angle at \(A\) is \(\boxed{70}\) degrees because the triangle is isosceles.

        Hence the angle at \(C\) is \(180 - 2 \cdot 70 = \boxed{40}\) degrees.
        """,
    ),
    formula(
        "Qwen, two boxes where the last is wrong",
        "70",
        False,
        "40",
        r"""
        The angle at \(A\) is \(\boxed{70}\) degrees because the triangle is isosceles.

        Hence the angle at \(C\) is \(180 - 2 \cdot 70 = \boxed{40}\) degrees.
        """,
    ),
    formula(
        "a box never closed",
        "11",
        False,
        "",
        r"""
        There are 11 primes below 32, one of which is even. So the number of the odd ones is $11 - 1$ and the answer
        is $\boxed{
        """,
    ),
    formula(
        "aligned",
        "10",
        True,
        "10",
        r"""
        Combining the logarithms,
        \begin{align*}
        \log_2 x + \log_2 (x - 6) &= \log_2 (x^2 - 6x) \\
        x^2 - 6x &= 40 \\
        (x - 10)(x + 4) &= 0.
        \end{align*}
        Since $x > 6$, we have $x = \boxed{10}$.
        """,
    ),
    formula(
        "aligned, no box",
        "3x^2-12",
        True,
        "3x^2 - 12",
        r"""
        We expand and collect:
        \begin{align*}
        3(x-2)(x+2) &= 3(x^2 - 4) \\
        &= 3x^2 - 12.
        \end{align*}
        Therefore, the simplified expression is $3x^2 - 12$.
        """,
    ),
    formula(
        "factored where the gold is expanded",
        "3x^2-12",
        True,
        "3(x-2)(x+2)",
        r"""
        The expression factors completely as $\boxed{3(x-2)(x+2)}$.
        """,
    ),
    formula(
        "wrong coefficient",
        "3x^2-12",
        False,
        "3x^2-4",
        r"""
        Expanding $3(x-2)(x+2)$ we get
        $$\boxed{3x^2-4}.$$
        """,
    ),
    formula(
        "Llama, steps",
        r"36\pi",
        True,
        r"36\pi",
        r"""
        ## Step 1: Recall the formula
        The volume of a sphere is $V = \frac{4}{3}\pi r^3$.

        ## Step 2: Insert the radius
        With $r = 3$ the volume is $\frac{4}{3} \cdot 27 \pi = 36\pi$.

        The final answer is: $\boxed{36\pi}$
        """,
    ),
    formula(
        "Llama, with a label",
        r"36\pi",
        True,
        r"V = 36 \pi",
        r"""
        ## Step 1: Insert the radius
        $\frac{4}{3} \cdot 27 \pi = 36 \pi$

        The final answer is: $\boxed{V = 36 \pi}$
        """,
    ),
    formula(
        "Llama, rounded",
        r"36\pi",
        False,
        "113.1",
        r"""
        ## Step 1: Insert the radius
        $\frac{4}{3} \cdot 27 \pi = 36\pi \approx 113.1$

        The final answer is: $\boxed{113.1}$
        """,
    ),
    formula(
        "R1, box after thinking",
        r"\left( 2, \frac{\pi}{3} \right)",
        True,
        r"\left( 2, \frac{\pi}{3} \right)",
        r"""
        <think>
        r = sqrt(1 + 3) = 2. The angle: tan = sqrt(3), first quadrant, so pi/3. Double check: 2 cos(pi/3) = 1, ok.
        2 sin(pi/3) = sqrt(3), ok. So (2, pi/3). \boxed{(2, \pi/3)}
        </think>

        We compute \( r = \sqrt{1^2 + (\sqrt{3})^2} = 2 \) and \( \theta = \arctan \sqrt{3} = \frac{\pi}{3} \).

        The polar coordinates are \(\boxed{\left( 2, \frac{\pi}{3} \right)}\).
        """,
    ),
    formula(
        "R1, a box while thinking, another at the end",
        r"\left( 2, \frac{\pi}{3} \right)",
        False,
        r"\left( 2, \frac{\pi}{6} \right)",
        r"""
        <think>
        The radius is 2 and the angle is pi/3, I would write \boxed{(2, \frac{\pi}{3})}. But the sine and cosine may be
        the other way round, then it is pi/6.
        </think>

        The polar coordinates are
        \[
        \boxed{\left( 2, \frac{\pi}{6} \right)}
        \]
        """,
    ),
    formula(
        "R1, cut off while thinking",
        "21",
        False,
        "",
        r"""
        <think>
        The handshakes of 7 people. Each of the 7 shakes hands with 6 others, 42 in all, and each is counted twice.
        So it would be 21. But two of them are twins that do not shake hands with each other, so I subtract 1, which
        is 20. Hmm, let me reread the problem. Each of the twins shakes hands with 5, so the sum of degrees is 5 * 7 =
        """,
    ),
    formula(
        "GPT, display without a box",
        r"\frac{13}{4}",
        True,
        r"\frac{13}{4}",
        r"""
        We evaluate the function at the point.

        \[
        f\left(\tfrac12\right) = 3 + \left(\tfrac12\right)^2
        \]

        Simplifying:

        \[
        f\left(\tfrac12\right) = \frac{13}{4}
        \]
        """,
    ),
    formula(
        "GPT, a sentence with a mixed number",
        r"\frac{13}{4}",
        True,
        r"3\frac{1}{4}",
        r"""
        Adding 3 and $\frac14$ we get $3 + \frac14$.

        Thus, the value is $3\frac{1}{4}$.
        """,
    ),
    formula(
        "GPT, bold answer",
        r"\{-4, 0, 4\}",
        True,
        r"x \in \{-4, 0, 4\}",
        r"""
        Factoring, \(x^3 - 16x = x(x - 4)(x + 4)\).

        **Answer:** \(x \in \{-4, 0, 4\}\)
        """,
    ),
    formula(
        "one solution too many",
        "0,4",
        False,
        "-4, 0, 4",
        r"""
        Factoring, $x^3 - 16x = x(x-4)(x+4)$. The solutions are not negative for $x = 0, 4$.

        The answer is $\boxed{-4, 0, 4}$.
        """,
    ),
    formula(
        "list in another order",
        "3,5,7",
        True,
        "7, 5, 3",
        r"""
        The primes that divide 105 are, from the largest, $\boxed{7, 5, 3}$.
        """,
    ),
    formula(
        "list with and in plain text",
        "3,5,7",
        True,
        "3, 5, and 7",
        """
        105 = 3 * 35 = 3 * 5 * 7.

        The answer is 3, 5, and 7.
        """,
    ),
    formula(
        "hedge",
        "8",
        False,
        r"8 \text{ or } 9",
        r"""
        It depends on whether the end points count. Therefore the number of integers is $\boxed{8 \text{ or } 9}$.
        """,
    ),
    formula(
        "plus or minus",
        "-5,5",
        True,
        r"\pm 5",
        r"""
        From $x^2 = 25$ we get $x = \boxed{\pm 5}$.
        """,
    ),
    formula(
        "only the positive root",
        "-5,5",
        False,
        "5",
        r"""
        Taking the square root of both sides of $x^2 = 25$, we have $x = \boxed{5}$.
        """,
    ),
    formula(
        "unit in the box",
        "48",
        True,
        r"48~\text{km/h}",
        r"""
        The mean speed is the harmonic mean $\frac{2 \cdot 40 \cdot 60}{100} = \boxed{48~\text{km/h}}$.
        """,
    ),
    formula(
        "square unit after the box",
        r"24\text{ square inches}",
        True,
        "24",
        r"""
        The area of the rectangle is $4 \times 6$, that is, $\boxed{24}$ square inches.
        """,
    ),
    formula(
        "other unit",
        r"5\text{ minutes}",
        False,
        r"5\text{ hours}",
        r"""
        The two taps fill $\frac15$ of the tub in each hour. So it takes $\boxed{5\text{ hours}}$.
        """,
    ),
    formula(
        "degrees",
        r"72^\circ",
        True,
        "72 degrees",
        r"""
        The exterior angles of a pentagon add up to 360 degrees, so each is 360 / 5 = 72.

        So, the answer is 72 degrees.
        """,
    ),
    formula(
        "text answer with quotes",
        r"\text{Friday}",
        True,
        "Friday",
        r"""
        There are 100 days between the dates, which are 14 weeks and 2 days. Two days after a Wednesday is a Friday.

        **Final answer:** Friday
        """,
    ),
    formula(
        "text answer, another word",
        r"\text{Friday}",
        False,
        "Thursday",
        r"""
        100 days are 14 weeks and 2 days. Counted from Tuesday, it is $\boxed{\text{Thursday}}$, and not Friday.
        """,
    ),
    formula(
        "several letters",
        r"\text{A, C}",
        True,
        "A and C",
        r"""
        Graph B has a jump at $x = 1$, and D has one at $0$. So the continuous ones are
        \[\boxed{\text{A and C}}.\]
        """,
    ),
    formula(
        "vector",
        r"\begin{pmatrix} 4 \\ -1 \end{pmatrix}",
        True,
        r"\begin{pmatrix}4\\-1\end{pmatrix}",
        r"""
        The projection is $\mathbf{v} - 2\mathbf{w}$, so we get $\boxed{\begin{pmatrix}4\\-1\end{pmatrix}}$.
        """,
    ),
    formula(
        "vector, an entry wrong",
        r"\begin{pmatrix} 4 \\ -1 \end{pmatrix}",
        False,
        r"\begin{pmatrix} 4 \\ 1 \end{pmatrix}",
        r"""
        Adding the two vectors gives
        \[\boxed{\begin{pmatrix} 4 \\ 1 \end{pmatrix}}.\]
        """,
    ),
    formula(
        "equation of a circle",
        "(x-1)^2+(y+2)^2=9",
        True,
        "x^2+y^2-2x+4y-4=0",
        r"""
        Its centre is $(1,-2)$ and its radius is 3. Expanding, the equation is $\boxed{x^2+y^2-2x+4y-4=0}$.
        """,
    ),
    formula(
        "another circle",
        "(x-1)^2+(y+2)^2=9",
        False,
        "(x-1)^2+(y+2)^2=3",
        r"""
        Its centre is $(1,-2)$ and its radius is 3, so the equation is $\boxed{(x-1)^2+(y+2)^2=3}$.
        """,
    ),
    formula(
        "base number",
        "1101_2",
        True,
        "1101_2",
        r"""
        Since $13 = 8 + 4 + 1$, the representation of $13_{10}$ in base $2$ is $1101_2$.
        Final Answer: The final answer is $1101_2$. I hope it is correct.
        """,
    ),
    formula(
        "another base",
        "1101_2",
        False,
        "1101_3",
        r"""
        Since $13 = 8 + 4 + 1$, the answer is
        $\boxed{1101_3}$.
        """,
    ),
    formula(
        "percent",
        r"37.5\%",
        True,
        r"37.5\%",
        r"""
        Three out of eight is $\frac38 = 0.375 = \boxed{37.5\%}$.
        """,
    ),
    formula(
        "money",
        r"\$4.80",
        True,
        r"\$4.80",
        r"""
        A pound costs $\$1.20$, so four pounds cost $4 \cdot \$1.20 = \boxed{\$4.80}$.
        """,
    ),
    formula(
        "separators",
        "3,628,800",
        True,
        "3628800",
        r"""
        The number of orders of ten books is $10! = \boxed{3628800}$.
        """,
    ),
    formula(
        "left as a factorial",
        "120",
        True,
        "5!",
        r"""
        Five children can stand in a row in $\boxed{5!}$ ways.
        """,
    ),
    formula(
        "code interpreter",
        r"-\frac{1}{2}",
        True,
        r"-\frac{1}{2}",
        r"""
        ```python
        import sympy as sp
        x = sp.symbols('x')
        print(sp.limit((sp.cos(x) - 1) / x**2, x, 0))
        ```
        ```output
        -1/2
        ```
        The limit is $\boxed{-\frac{1}{2}}$.
        """,
    ),
    formula(
        "code interpreter, a list of outputs",
        "2",
        True,
        "2",
        r"""
        ```python
        x = symbols('x')
        roots = solve(x**2 - 5*x + 6, x)
        print(min(roots))
        ```
        ```output
        2
        ```
        So the smallest root is 2.
        """,
    ),
    formula(
        "time",
        r"4:30\text{ p.m.}",
        True,
        "4:30 pm",
        r"""
        The trip takes two hours and a quarter, and 2:15 p.m. plus that time is

        **Answer: 4:30 pm**
        """,
    ),
    formula(
        "time, the other half of the day",
        r"4:30\text{ p.m.}",
        False,
        r"4:30\text{ a.m.}",
        r"""
        Fourteen hours and a quarter after 2:15 p.m. it is $\boxed{4:30\text{ a.m.}}$.
        """,
    ),
    formula(
        "inequality for an interval",
        "[-3,3]",
        True,
        r"-3 \leq x \leq 3",
        r"""
        For $9 - x^2 \ge 0$ we need $x^2 \le 9$, so
        \[
        \boxed{-3 \leq x \leq 3}.
        \]
        """,
    ),
    formula(
        "union with an end point missed",
        r"(-\infty,2)\cup(2,\infty)",
        False,
        r"(-\infty,\infty)",
        r"""
        The numerator cancels the factor $x - 2$, so the domain is all real numbers: $\boxed{(-\infty,\infty)}$.
        """,
    ),
    formula("only a heading", "7", False, "", "## Solution\n"),
    formula(
        "refusal",
        "7",
        False,
        "",
        """
        I'm not able to solve this problem, as the definition of the sequence is missing. Please give the first terms.
        """,
    ),
    formula(
        "plain text and a trailing remark",
        r"2^{10}",
        True,
        "1024",
        """
        Each of the 10 switches is on or off, independently of the others.

        So the final answer is 1024. (If the first switch had to be on, there would be 512.)
        """,
    ),
    formula(
        "phi, plain text",
        r"x+4",
        True,
        "x + 4",
        """
        Solution:

        (x^2 + x - 12) / (x - 3) = (x - 3)(x + 4) / (x - 3) = x + 4

        Answer: x + 4
        """,
    ),
    formula(
        "phi, plain text, wrong",
        r"x+4",
        False,
        "x - 4",
        """
        Solution:

        x^2 + x - 12 has the roots 3 and -4, so we divide it by (x - 3) and get x + 4 up to the sign.

        Answer: x - 4
        """,
    ),
)
