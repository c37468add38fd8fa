"""Outputs for questions with options that only measure."""

from .case import Output, letter

CASES: tuple[Output, ...] = (
    letter(
        "base, few-shot, runs on",
        "D",
        "8 | 9 | 10 | 11 | 12",
        True,
        "(d)",
        """
        The mean of the five numbers is 11, as the sum is 55 and 55 / 5 = 11. The answer is (d).

        Problem: A shop sells pens at 3 for $2. What do 12 pens cost?
        Answer Choices: (a) $6 (b) $8 (c) $9 (d) $10 (e) $12
        Solution: 12 / 3 * 2 = 8. The answer is (b).
        """,
    ),
    letter(
        "base, few-shot, the next problem has the gold",
        "B",
        "8 | 9 | 10 | 11 | 12",
        False,
        "(d)",
        """
        The sum is 55 and 55 / 5 = 11. The answer is (d).

        Problem: A shop sells pens at 3 for $2. What do 12 pens cost?
        Answer Choices: (a) $6 (b) $8 (c) $9 (d) $10 (e) $12
        Solution: 12 / 3 * 2 = 8. The answer is (b).
        """,
    ),
    letter("base, letter only", "C", "1 | 2 | 3 | 4", True, "C", "C."),
    letter("base, letter only, wrong", "C", "1 | 2 | 3 | 4", False, "D", " D\n\n"),
    letter(
        "base, letter only, runs on",
        "A",
        "5 | 7 | 9 | 11",
        True,
        "A",
        """
        A

        Question: What is the order of the cyclic group Z_8?
        A. 2
        B. 4
        C. 6
        D. 8
        Answer: D
        """,
    ),
    letter(
        "MathQA rationale",
        "A",
        "240 m | 200 m | 180 m | 150 m | 120 m",
        True,
        "a",
        """
        speed = 72 * 5 / 18 = 20 m / sec
        length = 20 * 12 = 240 m
        answer : a
        """,
    ),
    letter(
        "MathQA rationale, wrong",
        "A",
        "240 m | 200 m | 180 m | 150 m | 120 m",
        False,
        "d",
        """
        speed = 45 * 5 / 18 = 12.5 m / sec
        length = 12.5 * 12 = 150 m
        answer : d
        """,
    ),
    letter(
        "instruct, letter with its text",
        "B",
        "3.2 | 4.8 | 5.4 | 6.6",
        True,
        "B) 4.8",
        """
        To find the mean of 3.6 and 6, add them and divide by 2: 9.6 / 2 = 4.8.

        Thus, the answer is B) 4.8.
        """,
    ),
    letter(
        "instruct, letter first and an explanation after it",
        "D",
        "mode | median | range | mean",
        True,
        "D",
        """
        (D) mean

        The sum of all values divided by their count is the mean. The median (B) is the middle value instead.
        """,
    ),
    letter(
        "instruct, goes through all options",
        "B",
        "17 | 19 | 21 | 25",
        True,
        "B",
        """
        We look for the number that leaves a remainder of 3 when it is divided by 8.

        - Option A: 17 = 2 * 8 + 1, so this is not it.
        - Option B: 19 = 2 * 8 + 3, so this fits.
        - Option C: 21 = 2 * 8 + 5, so this is not it.
        - Option D: 25 = 3 * 8 + 1, so this is not it.

        The correct option is B.
        """,
    ),
    letter(
        "instruct, goes through all options and picks wrongly",
        "B",
        "17 | 19 | 21 | 25",
        False,
        "D",
        """
        - Option A: 17 leaves 1.
        - Option B: 19 leaves 3, but it is prime, so it cannot be right.
        - Option C: 21 leaves 5.
        - Option D: 25 leaves 3.

        Hence, D is the correct option.
        """,
    ),
    letter(
        "instruct, excludes the rest",
        "A",
        "x^2 | x^3 | 2x | x",
        True,
        "A",
        """
        B is odd, C is odd and D is odd as well, so none of B, C and D is symmetric. Only A is even.

        The answer must be A.
        """,
    ),
    letter(
        "option text instead of the letter",
        "C",
        "60 sq cm | 72 sq cm | 84 sq cm | 96 sq cm | 108 sq cm",
        True,
        "84 sq cm",
        """
        By the formula of Heron with s = 21, the area is sqrt(21 * 8 * 7 * 6) = sqrt(7056) = 84.

        So the area of the triangle is 84 sq cm.
        """,
    ),
    letter(
        "option text of another option",
        "C",
        "60 sq cm | 72 sq cm | 84 sq cm | 96 sq cm | 108 sq cm",
        False,
        "96 sq cm",
        """
        Half of the product of 12 and 16 is 96. One could also suspect 84, but that is the perimeter times two.

        So the area of the triangle is 96 sq cm.
        """,
    ),
    letter(
        "option text in words",
        "B",
        "always positive | always negative | zero | undefined",
        True,
        "always negative",
        """
        The leading coefficient is negative and the discriminant is negative too, so the graph stays below the axis.

        Therefore the expression is **always negative**.
        """,
    ),
    letter(
        "a value that is no option",
        "B",
        "45 min | 50 min | 55 min | 60 min",
        False,
        "52 min",
        """
        The trip takes 26 minutes each way, or 52 minutes in all. The answer is 52 minutes.
        """,
    ),
    letter(
        "the article is no letter",
        "D",
        "20 | 25 | 30 | 35 | 40",
        True,
        "35",
        """
        A box has 5 rows. A row has 7 eggs. A box has thus 5 * 7 eggs, and the answer is 35.
        """,
    ),
    letter(
        "Llama, best answer",
        "D",
        "I only | II only | I and II | neither I nor II",
        True,
        "D",
        """
        ## Step 1: Look at statement I
        The sum of two irrational numbers may be rational, so I is false.

        ## Step 2: Look at statement II
        The product may be rational too, so II is false.

        The final answer is: $\\boxed{D}$
        """,
    ),
    letter(
        "Qwen, box with the letter",
        "E",
        "9 | 12 | 15 | 18 | 21",
        True,
        "E",
        r"""
        The sixth triangular number is \(\frac{6 \cdot 7}{2} = 21\).

        Therefore, the answer is \(\boxed{\text{E}}\).
        """,
    ),
    letter(
        "Qwen, box with letter and text",
        "A",
        "2x + 1 | 2x - 1 | x + 2 | x - 2",
        True,
        r"\text{A) } 2x+1",
        r"""
        Dividing, we have \(\frac{4x^2 - 1}{2x - 1} = 2x + 1\), hence
        \[
        \boxed{\text{A) } 2x + 1}
        \]
        """,
    ),
    letter(
        "Qwen, box with the value",
        "D",
        "1/8 | 1/4 | 3/8 | 1/2",
        True,
        r"\frac{1}{2}",
        r"""
        By symmetry an odd number of heads is as likely as an even one, so the probability is \(\boxed{\frac{1}{2}}\).
        """,
    ),
    letter(
        "Qwen, box with another value",
        "D",
        "1/8 | 1/4 | 3/8 | 1/2",
        False,
        r"\frac{3}{8}",
        r"""
        Three of the eight outcomes have one head. The one with three heads would make it 1/2.
        So the probability is \(\boxed{\frac{3}{8}}\).
        """,
    ),
    letter(
        "R1, letters while thinking",
        "C",
        "Jan | Feb | Mar | Apr",
        True,
        "C",
        """
        <think>
        The answer is A? No: January has 40 sales. February, B, has 35. March has 60 and April 55. So C is the largest.
        </think>

        March has the most sales with 60, so the answer is **C**.
        """,
    ),
    letter(
        "R1, thinks right and answers wrong",
        "C",
        "Jan | Feb | Mar | Apr",
        False,
        "D",
        """
        <think>
        March has 60 and April 55, so the answer is C.
        </think>

        April has the most sales.

        Answer: (D)
        """,
    ),
    letter(
        "R1, cut off while thinking",
        "C",
        "Jan | Feb | Mar | Apr",
        False,
        "",
        """
        <think>
        Let me look at the table again. January has 40. For option A to be right the others must be less than that, but
        February
        """,
    ),
    letter(
        "Gemma, bold",
        "B",
        "15% | 20% | 25% | 30%",
        True,
        "B. 20%",
        """
        Here's the calculation:

        * Increase: 60 - 50 = 10
        * Percentage: 10 / 50 * 100 = 20%

        **The correct answer is B. 20%**
        """,
    ),
    letter(
        "Gemma, the option in bold alone",
        "C",
        "15% | 20% | 25% | 30%",
        True,
        "(c)",
        """
        The increase is 12.5 on 50.

        **(c)** 25%
        """,
    ),
    letter(
        "GPT, heading",
        "B",
        "parabola | hyperbola | ellipse | circle",
        True,
        "B. hyperbola",
        """
        **Analysis.** The coefficients of x^2 and y^2 have opposite signs, so it is not A, C or D.

        **Final answer:** B. hyperbola
        """,
    ),
    letter(
        "changes its mind",
        "D",
        "30 | 36 | 40 | 45",
        True,
        "D",
        """
        The answer is C. However, this leaves out the five people who arrived late. Adding them we get 45.

        The correct answer is therefore D.
        """,
    ),
    letter(
        "two letters",
        "D",
        "30 | 36 | 40 | 45",
        False,
        "C and D",
        """
        Both 40 and 45 fit all the conditions, so the answer is C and D.
        """,
    ),
    letter(
        "says which is wrong and not which is right",
        "A",
        "30 | 36 | 40 | 45",
        False,
        "",
        """
        A is wrong because 30 is not a multiple of 4. B needs a closer look, and I cannot exclude the others either.
        """,
    ),
    letter(
        "none fits, and that is an option",
        "E",
        "10 | 12 | 14 | 16 | none",
        True,
        "none",
        """
        The area is 15, and 15 is not in the list. So the answer is none.
        """,
    ),
    letter(
        "cut off",
        "C",
        "6 | 8 | 10 | 12",
        False,
        "",
        """
        Let w be the width. Then the length is w + 2, and w(w + 2) = 80. We find that w = 8, so the width is 8 and the
        length, which is asked for, is 8 plus
        """,
    ),
    letter(
        "refusal",
        "C",
        "6 | 8 | 10 | 12",
        False,
        "",
        """
        Unfortunately the question is incomplete. As an assistant I would need the length of the other side.
        """,
    ),
    letter(
        "letter in quotes",
        "B",
        "yes | no | not always | unknown",
        True,
        '"B"',
        """
        Zero is even, so the claim is false. My final answer is "B".
        """,
    ),
    letter(
        "lower case, glued to its bracket",
        "E",
        "1 : 2 | 2 : 3 | 3 : 4 | 4 : 5 | 5 : 6",
        True,
        "(e)5 : 6",
        """
        the ratio of the ages is 25 : 30 = 5 : 6
        so the answer is (e)5 : 6
        """,
    ),
    letter(
        "names are no letters",
        "C",
        "2 hours | 3 hours | 4 hours | 5 hours",
        True,
        "C",
        """
        Pipes A and B fill the tank in 6 and 12 hours. Together A and B need 1 / (1/6 + 1/12) = 4 hours.
        Hence the answer is C.
        """,
    ),
    letter(
        "names are no letters, and the value is given",
        "C",
        "2 hours | 3 hours | 4 hours | 5 hours",
        True,
        "4 hours",
        """
        A fills 1/6 of the tank in an hour and B fills 1/12 of it. Together A and B fill it in 4 hours.
        """,
    ),
)
