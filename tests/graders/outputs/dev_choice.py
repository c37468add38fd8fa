"""Outputs for questions with options that may be looked at while the graders are improved."""

from .case import Output, letter

CASES: tuple[Output, ...] = (
    letter(
        "base, few-shot, runs on",
        "C",
        "20 km | 24 km | 30 km | 36 km | 40 km",
        True,
        "(c)",
        """
        The speed is 10 km/h and the time is 3 h, so the distance is 30 km. The answer is (c).

        Problem: If a : b = 3 : 4 and a = 9, then b is?
        Answer Choices: (a) 10 (b) 11 (c) 12 (d) 13 (e) 14
        Solution: b = 9 * 4 / 3 = 12. The answer is (c).
        """,
    ),
    letter(
        "base, few-shot, the next problem has the gold",
        "C",
        "20 km | 24 km | 30 km | 36 km | 40 km",
        False,
        "(b)",
        """
        The speed is 8 km/h and the time is 3 h, so the distance is 24 km. The answer is (b).

        Problem: If a : b = 3 : 4 and a = 9, then b is?
        Answer Choices: (a) 10 (b) 11 (c) 12 (d) 13 (e) 14
        Solution: b = 9 * 4 / 3 = 12. The answer is (c).
        """,
    ),
    letter(
        "base, letter only",
        "B",
        "1 | 2 | 3 | 4",
        True,
        "B",
        " B",
    ),
    letter(
        "base, letter only, runs on",
        "D",
        "closed | open | compact | finite",
        True,
        "D",
        """
        D

        Question: Which of these numbers is prime?
        A. 9
        B. 15
        C. 17
        D. 21
        Answer: C
        """,
    ),
    letter(
        "base, letter only, wrong",
        "D",
        "closed | open | compact | finite",
        False,
        "A",
        """
        A

        Question: Which of these numbers is divisible by 7?
        A. 9
        B. 15
        C. 17
        D. 21
        Answer: D
        """,
    ),
    letter(
        "MathQA rationale",
        "E",
        "12 % | 15 % | 18 % | 20 % | 25 %",
        True,
        "e",
        """
        let the cost price be 100 . then the selling price is 125 .
        profit = 25 / 100 * 100 = 25 %
        answer is e
        """,
    ),
    letter(
        "instruct, letter with its text",
        "C",
        "18 | 21 | 24 | 27 | 30",
        True,
        "C) 24",
        """
        Half of 48 is 24, and none are left over.

        So the correct answer is C) 24.
        """,
    ),
    letter(
        "instruct, letter first and an explanation after it",
        "C",
        "18 | 21 | 24 | 27 | 30",
        True,
        "C",
        """
        C. 24

        Explanation: Half of 48 is 24. Option A (18) would be three eighths of it, and option E (30) is more than half.
        """,
    ),
    letter(
        "instruct, goes through all options",
        "D",
        "x = 1 | x = 2 | x = 3 | x = 4",
        True,
        "D",
        """
        Let's check each option:

        A. x = 1: 2(1) + 1 = 3, not 9. A is wrong.
        B. x = 2: 2(2) + 1 = 5, not 9. B is wrong.
        C. x = 3: 2(3) + 1 = 7, not 9. C is wrong.
        D. x = 4: 2(4) + 1 = 9. This works.

        Therefore the correct answer is D.
        """,
    ),
    letter(
        "instruct, goes through all options and picks wrongly",
        "D",
        "x = 1 | x = 2 | x = 3 | x = 4",
        False,
        "C",
        """
        A. x = 1 gives 3, which is wrong.
        B. x = 2 gives 5, which is wrong.
        C. x = 3 gives 9, which is right.
        D. x = 4 gives 11, which is wrong.

        So option C is right.
        """,
    ),
    letter(
        "instruct, dismisses one first",
        "D",
        "14 | 16 | 18 | 20",
        True,
        "D",
        """
        A. 14 is wrong because it counts only the front side. The correct answer is D, since both sides have 10 tiles.
        """,
    ),
    letter(
        "option text instead of the letter",
        "B",
        "$45 | $54 | $60 | $63 | $72",
        True,
        "$54",
        """
        The jacket costs $60 and the discount is 10 percent of it, or $6.

        Therefore, the final price is $54.
        """,
    ),
    letter(
        "option text of another option",
        "B",
        "$45 | $54 | $60 | $63 | $72",
        False,
        "$63",
        """
        The jacket costs $60, and the tax on it is 5 percent, or $3.

        Therefore, the final price is $63.
        """,
    ),
    letter(
        "a value that is no option",
        "B",
        "$45 | $54 | $60 | $63 | $72",
        False,
        "$57",
        """
        The jacket costs $60 and the discount is 5 percent of it, or $3.

        The answer is $57.
        """,
    ),
    letter(
        "the article is no letter",
        "B",
        "10 days | 12 days | 15 days | 18 days",
        True,
        "12 days",
        """
        A man does 1/20 of a job in a day and a second man does 1/30 of it. Together they do 1/12 of it in a day.
        A job takes them 12 days.
        """,
    ),
    letter(
        "Llama, best answer",
        "A",
        "7 | 8 | 9 | 10",
        True,
        "A",
        """
        ## Step 1: Solve for x
        3x - 1 = 20, so 3x = 21 and x = 7.

        ## Step 2: Compare with the choices
        7 is choice A.

        The best answer is A.
        """,
    ),
    letter(
        "Qwen, box with the letter",
        "C",
        "cos x | sin x | -sin x | tan x",
        True,
        "C",
        r"""
        The derivative of \(\cos x\) is \(-\sin x\), so the correct option is \(\boxed{C}\).
        """,
    ),
    letter(
        "Qwen, box with letter and text",
        "C",
        "cos x | sin x | -sin x | tan x",
        True,
        r"\text{(C)} -\sin x",
        r"""
        The derivative of \(\cos x\) is \(-\sin x\).

        \[
        \boxed{\text{(C)} -\sin x}
        \]
        """,
    ),
    letter(
        "Qwen, box with the value",
        "B",
        "16 | 18 | 20 | 22",
        True,
        "18",
        r"""
        The sum of the sides is \(4 + 6 + 8 = 18\), so the perimeter is \(\boxed{18}\).
        """,
    ),
    letter(
        "Qwen, box with another value",
        "B",
        "16 | 18 | 20 | 22",
        False,
        "20",
        r"""
        The sum of the sides is \(4 + 6 + 8\), so the perimeter is \(\boxed{20}\), which is option C.
        """,
    ),
    letter(
        "R1, letters while thinking",
        "B",
        "2 | 4 | 8 | 16",
        True,
        "B",
        """
        <think>
        Option A says 2, option D says 16. The group of symmetries of a rectangle has order 4. So B. But if it is a
        square it would be 8, which is C. The question says a rectangle that is no square. So B.
        </think>

        The rectangle has the identity, a rotation by 180 degrees and two reflections as symmetries.

        **Answer: B**
        """,
    ),
    letter(
        "R1, thinks right and answers wrong",
        "B",
        "2 | 4 | 8 | 16",
        False,
        "C",
        """
        <think>
        It is a rectangle. The answer is B. Hmm, but a square is a rectangle too.
        </think>

        Counting the symmetries of the square, we find eight of them.

        **Answer: C**
        """,
    ),
    letter(
        "Gemma, bold",
        "A",
        "3/5 | 2/5 | 1/5 | 4/5",
        True,
        "(A) 3/5",
        """
        There are 6 red balls among 10.

        The probability is 6/10, which reduces to 3/5.

        The answer is **(A) 3/5**.
        """,
    ),
    letter(
        "Gemma, bold letter in a sentence",
        "D",
        "isosceles | equilateral | obtuse | right",
        True,
        "D",
        """
        Since 9 + 16 = 25, the sides satisfy the theorem of Pythagoras.

        Therefore, the correct choice is **D**, a right triangle.
        """,
    ),
    letter(
        "GPT, heading",
        "C",
        "11 | 12 | 13 | 14",
        True,
        "C) 13",
        """
        ### Reasoning
        The sequence adds 2 each time: 5, 7, 9, 11, 13.

        ### Answer
        C) 13
        """,
    ),
    letter(
        "changes its mind",
        "A",
        "5 | 6 | 7 | 8",
        True,
        "A",
        """
        I think that the answer is B. Wait, the first term is counted twice that way, so there is one less.

        So the answer is A.
        """,
    ),
    letter(
        "changes its mind for the worse",
        "A",
        "5 | 6 | 7 | 8",
        False,
        "B",
        """
        The answer is A. Hmm, let me count again: 1, 2, 3, 4, 5, 6.

        So the correct answer is B.
        """,
    ),
    letter(
        "two letters",
        "A",
        "5 | 6 | 7 | 8",
        False,
        "A or B",
        """
        Depending on whether one counts the first term, the answer is A or B.
        """,
    ),
    letter(
        "none fits",
        "C",
        "5 | 6 | 7 | 8",
        False,
        "",
        """
        The value that I get is 9.5, so none of the given options is correct.
        """,
    ),
    letter(
        "none fits, and that is an option",
        "E",
        "5 | 6 | 7 | 8 | none of these",
        True,
        "E",
        """
        The sum is 9.5. This is not among the first four options.

        The answer is (E) none of these.
        """,
    ),
    letter(
        "cut off",
        "B",
        "100 | 120 | 140 | 160",
        False,
        "",
        """
        We know that option A is too small, because 100 is less than the cost. Let us look at the others, starting with
        """,
    ),
    letter(
        "refusal",
        "B",
        "100 | 120 | 140 | 160",
        False,
        "",
        """
        I am sorry, I cannot answer this question because I do not see the table.
        """,
    ),
    letter("empty", "B", "100 | 120 | 140 | 160", False, "", ""),
    letter(
        "letter in square brackets",
        "C",
        "0.5 | 0.25 | 0.125 | 0.1",
        True,
        "[C]",
        """
        One eighth is 0.125.
        Answer: [C]
        """,
    ),
    letter(
        "lower case with a bracket",
        "D",
        "rs . 100 | rs . 110 | rs . 120 | rs . 130 | rs . 140",
        True,
        "d ) rs . 130",
        """
        interest = 1300 * 5 * 2 / 100 = 130
        correct option is d ) rs . 130
        """,
    ),
    letter(
        "a variable is no letter",
        "B",
        "a = 1 | a = 2 | a = 3 | a = 4",
        True,
        "B",
        """
        We need 3a - 2 = 4. Adding 2 to both sides gives 3a = 6, hence a = 2. The answer is option B.
        """,
    ),
    letter(
        "the end is a comment on another option",
        "A",
        "1/2 | 1/3 | 1/4 | 1/6",
        True,
        "A",
        """
        The answer is (A). A common mistake is to forget the second coin, which leads to (C).
        """,
    ),
    letter(
        "a choice is announced",
        "B",
        "1/2 | 1/3 | 1/4 | 1/6",
        True,
        "B",
        """
        Two of the six faces are red, so the probability is one third.

        I would choose B.
        """,
    ),
    letter(
        "the answer to this question",
        "D",
        "never | once | twice | at least once",
        True,
        "D",
        """
        The graph of a cubic crosses every horizontal line.

        The answer to this question is D.
        """,
    ),
    letter(
        "the answer is not that",
        "A",
        "-1 | 1 | 2 | 3",
        False,
        "",
        """
        The answer is not A, as the slope is positive, but I am not sure about the rest.
        """,
    ),
)
