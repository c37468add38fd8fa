"""Outputs for numeric word problems that may be looked at while the graders are improved."""
# ruff: noqa: RUF001

from .case import Output, number

CASES: tuple[Output, ...] = (
    number(
        "base, few-shot, runs on",
        "42",
        True,
        "42",
        """
        There are 6 shelves with 9 books each, so 6 * 9 = 54 books. 12 of them are lent out.
        54 - 12 = 42. The answer is 42.

        Question: A baker makes 30 rolls and sells 18 of them. How many rolls are left?
        Answer: The baker had 30 rolls and sold 18. 30 - 18 = 12. The answer is 12.

        Question: A farmer has 5 rows of 7 trees. How many trees are there?
        Answer: There are 5 rows of 7 trees. 5 * 7 = 35. The answer is 35.
        """,
    ),
    number(
        "base, few-shot, the next question has the gold",
        "35",
        False,
        "28",
        """
        She reads 4 pages a day for 7 days. 4 * 7 = 28. The answer is 28.

        Question: There are 5 boxes with 7 pens each. How many pens are there?
        Answer: 5 * 7 = 35. The answer is 35.
        """,
    ),
    number(
        "base, few-shot, Q and A",
        "156",
        True,
        "156",
        """
        Every week has 52 cards and there are 3 weeks. 52 x 3 = 156. The answer is 156.

        Q: Tim had 14 marbles and found 9 more. How many does he have now?
        A: Tim had 14 marbles. He found 9. 14 + 9 = 23. The answer is 23.
        """,
    ),
    number(
        "base, hashes, calculator marks",
        "75",
        True,
        "75",
        """
        The first bus carries 45 people.
        The second bus carries 45-15=<<45-15=30>>30 people.
        Together they carry 45+30=<<45+30=75>>75 people.
        #### 75
        """,
    ),
    number(
        "base, hashes, right working and wrong final",
        "75",
        False,
        "30",
        """
        The first bus carries 45 people.
        The second bus carries 45-15=<<45-15=30>>30 people.
        Together they carry 45+30=<<45+30=75>>75 people.
        #### 30
        """,
    ),
    number(
        "base, hashes, runs on with several",
        "1250",
        True,
        "1,250",
        """
        He saves 250 dollars a month for 5 months, which is 250*5=<<250*5=1250>>1250 dollars.
        #### 1,250

        Question: A pen costs $3 and a book costs $12. How much do 2 pens and a book cost?
        Answer: The pens cost 2*3=<<2*3=6>>6 dollars.
        In all 6+12=<<6+12=18>>18 dollars.
        #### 18
        """,
    ),
    number(
        "SmolLM2 prose",
        "64",
        True,
        "64",
        """
        To find the total number of stickers, we need to multiply the number of sheets by the number of stickers
        on each sheet.

        Number of sheets = 8
        Stickers on each sheet = 8

        Total stickers = 8 * 8 = 64

        Therefore, Mia has 64 stickers in total.
        """,
    ),
    number(
        "SmolLM2 prose, a wrong step",
        "64",
        False,
        "56",
        """
        To find the total number of stickers, we first find how many sheets there are. Mia bought 8 sheets and
        each has 8 stickers, which gives 64 stickers. But she gave one sheet away, so 8 - 1 = 7 sheets are left.

        7 * 8 = 56

        Therefore, Mia has 56 stickers in total.
        """,
    ),
    number(
        "Llama, steps and a box",
        "18",
        True,
        "18",
        r"""
        ## Step 1: Find the number of eggs that are left
        The hens lay 15 eggs a day. The family eats 6, so 15 - 6 = 9 eggs are left.

        ## Step 2: Find the income
        Each egg is sold for $2, so the income is 9 * 2 = 18 dollars.

        The final answer is: $\boxed{18}$
        """,
    ),
    number(
        "Llama, box with a dollar sign",
        "18",
        True,
        r"\$18",
        r"""
        The hens lay 15 eggs. The family eats 6. That leaves 15 - 6 = 9 eggs at $2 each.

        The final answer is: $\boxed{\$18}$
        """,
    ),
    number(
        "dollars and cents",
        "18",
        True,
        "$18.00",
        """
        9 eggs remain after breakfast. At $2.00 per egg she makes 9 x $2.00 = $18.00.

        So she makes $18.00 each day.
        """,
    ),
    number(
        "dollars and cents that matter",
        "18",
        False,
        "18 dollars and 50 cents",
        """
        9 eggs are left, and each sells for a little over 2 dollars.

        The answer is 18 dollars and 50 cents.
        """,
    ),
    number(
        "Qwen, box in display",
        "960",
        True,
        "960",
        r"""
        To solve the problem, we first find how far the train travels in one hour.

        1. The train travels 240 km in 2 hours, so its speed is
        \[
        \frac{240}{2} = 120 \text{ km/h}.
        \]
        2. In 8 hours it travels
        \[
        120 \times 8 = 960 \text{ km}.
        \]

        Thus, the distance is \(\boxed{960}\) kilometers.
        """,
    ),
    number(
        "Qwen, two boxes where the last counts",
        "960",
        False,
        "1200",
        r"""
        The speed is \(240/2 = 120\) km/h, so after 8 hours the distance is \(\boxed{960}\) km.

        Adding the 240 km that it had travelled before, the total distance is
        \[
        \boxed{1200}
        \]
        """,
    ),
    number(
        "R1, corrects itself",
        "22",
        True,
        "22",
        r"""
        <think>
        Okay, so there are 3 vans with 8 seats each. That gives 24 seats. Two are broken. So 24 - 2 = 22.
        Wait, are the broken seats in each van or in total? If each, it would be 24 - 6 = 18. Hmm, the problem
        says two seats in total. So the answer is 22.
        </think>

        Each of the 3 vans has 8 seats, so there are 24 seats. Two of them are broken.

        **Answer:** 22 people can ride.
        """,
    ),
    number(
        "R1, thinks right and answers wrong",
        "22",
        False,
        "18",
        r"""
        <think>
        3 * 8 = 24. Two are broken: 24 - 2 = 22. But maybe two in each van: 24 - 6 = 18. The answer is 22? The wording
        says "two seats broken in the vans", I think it is per van.
        </think>

        There are 24 seats and 2 are broken in each of the 3 vans, so \(24 - 6 = 18\) seats can be used.

        \[
        \boxed{18}
        \]
        """,
    ),
    number(
        "R1, cut off while thinking",
        "130",
        False,
        "",
        """
        <think>
        Alright, let me work it out. The pool holds 500 liters. It loses 30 liters a day and gains 5. So the net loss is
        25 liters a day. After 4 days it has lost 100 liters, so 400 are left. Hmm, but wait, the pump is only on for
        """,
    ),
    number(
        "Gemma, bold and lists",
        "27",
        True,
        "27",
        """
        Here's how to solve it:

        * **Apples in the basket:** 12
        * **Apples in the bag:** 12 + 3 = 15
        * **Total:** 12 + 15 = 27

        **Answer:** There are **27** apples.
        """,
    ),
    number(
        "Gemma, bold answer followed by a check",
        "27",
        True,
        "27",
        """
        **1. Find the apples in the bag:** 12 + 3 = 15 apples

        **2. Add both:** 12 + 15 = 27 apples

        **Answer: 27 apples**

        *Check:* 27 - 15 = 12, which is the number of apples in the basket.
        """,
    ),
    number(
        "GPT, headings and a conclusion",
        "340",
        True,
        "$340",
        """
        ### Step 1: Cost of the tickets
        4 adult tickets at $60 each cost 4 × $60 = $240.

        ### Step 2: Cost of the meals
        The 4 meals cost 4 × $25 = $100.

        ### Conclusion
        The family spends **$340** in total for the 1 day trip.
        """,
    ),
    number(
        "GPT, a number after the answer",
        "150",
        True,
        "150 miles",
        """
        The car drives 60 miles per hour for the first hour and 45 miles per hour for each of the 2 hours after that.

        60 + 45 × 2 = 150

        The answer is 150 miles in 3 hours.
        """,
    ),
    number(
        "prose, a number after the answer",
        "12",
        True,
        "12",
        """
        Half of the 24 students are girls: 24 / 2 = 12.

        Therefore, there are **12 girls** in the class of 24.
        """,
    ),
    number(
        "prose, an equation at the end",
        "20",
        True,
        "20",
        """
        Lena has 2 bags of sweets. Each bag has 10 sweets in it.
        2 x 10 = 20
        """,
    ),
    number(
        "prose, an equation at the end, wrong",
        "24",
        False,
        "20",
        """
        Lena has 2 bags and gets 24 / 12 = 2 more sweets per bag, but those are already counted.
        2 x 10 = 20
        """,
    ),
    number(
        "words",
        "7",
        True,
        "seven",
        """
        Sam started with ten balloons. Three of them flew away, so he has ten minus three left.
        The answer is seven.
        """,
    ),
    number(
        "words, hyphenated",
        "45",
        True,
        "forty-five",
        """
        Nine rows of five chairs make nine times five chairs.

        So there are forty-five chairs in the hall.
        """,
    ),
    number(
        "answer first",
        "36",
        True,
        "36",
        """
        36

        Explanation: A dozen is 12 and she buys 3 dozen. 12 * 3 = 36.
        """,
    ),
    number(
        "answer first, then explained",
        "9",
        True,
        "9 hours",
        """
        The answer is 9 hours. She works 3 hours on each of 3 days. On Friday she does not work, even though
        the shop is open from 8 to 16.
        """,
    ),
    number(
        "bare",
        "5",
        True,
        "5",
        "5",
    ),
    number(
        "bare with a full stop",
        "5",
        False,
        "50",
        " 50.",
    ),
    number(
        "code interpreter",
        "72",
        True,
        "72.0",
        """
        Let's write a program for it.
        ```python
        def solution():
            price = 90
            discount = 0.2 * price
            return price - discount

        print(solution())
        ```
        ```output
        72.0
        ```
        The jacket costs $72.00 after the discount of 20%.
        """,
    ),
    number(
        "code interpreter, output only",
        "72",
        True,
        "72",
        """
        ```python
        price = 90
        print(price - price * 20 // 100)
        ```
        ```output
        72
        ```
        """,
    ),
    number(
        "cut off",
        "48",
        False,
        "",
        """
        First we find the number of weeks. There are 48 / 4 = 12 months in the time, and each month he saves
        16 dollars. Then we need to subtract the 150 dollars that he spent, so the rest is 192 - 150, which
        """,
    ),
    number(
        "refusal",
        "11",
        False,
        "",
        """
        I'm sorry, but I can't solve this problem without the picture it refers to. Could you tell me how many
        blocks are in the first row?
        """,
    ),
    number("empty", "11", False, "", ""),
    number(
        "hedge",
        "6",
        False,
        "6 or 7",
        """
        There are 13 children in two teams. One team gets 6 and the other gets 7.

        The answer is 6 or 7.
        """,
    ),
    number(
        "says there is too little to know",
        "3",
        False,
        "",
        """
        We know that Ann has 3 more pencils than Bob, but the number of Bob's pencils is not given.

        Therefore, it is not possible to determine how many pencils Ann has.
        """,
    ),
    number(
        "corrects itself in the open",
        "14",
        True,
        "14",
        """
        She buys 4 packs of 3 and 2 single ones. 4 * 3 = 12, so the answer is 12.

        Wait, I forgot the single ones. 12 + 2 = 14. So the answer is 14.
        """,
    ),
    number(
        "repeats itself to the limit",
        "80",
        True,
        "80",
        """
        There are 4 classes of 20 students. 4 * 20 = 80.
        The answer is 80.
        The answer is 80.
        The answer is 80.
        The answer is 80.
        The answer is
        """,
    ),
    number(
        "percent",
        "25",
        True,
        "25%",
        """
        15 of the 60 tulips are red. 15 / 60 = 0.25.
        So the percentage of red tulips is 25%.
        """,
    ),
    number(
        "hundred times too small",
        "25",
        False,
        "0.25",
        """
        15 of the 60 tulips are red.
        The answer is 0.25.
        """,
    ),
    number(
        "thousands separator",
        "48000",
        True,
        "48,000",
        """
        The firm sells 1,200 chairs a month at $40 each.

        1,200 × 40 = 48,000

        Final answer: $48,000
        """,
    ),
    number(
        "a thousand times off",
        "48000",
        False,
        "48",
        """
        The firm sells 1,200 chairs a month, and 1,200 × 40 = 48,000.

        **Final answer:** 48 chairs
        """,
    ),
    number(
        "negative",
        "-4",
        True,
        "-4",
        """
        In the morning it was 3 degrees. It fell by 7 degrees: 3 - 7 = -4.
        #### -4
        """,
    ),
    number(
        "negative, sign lost",
        "-4",
        False,
        "4",
        """
        In the morning it was 3 degrees. It fell by 7 degrees, and 7 - 3 = 4.
        Answer: 4 degrees
        """,
    ),
    number(
        "decimal",
        "2.5",
        True,
        "2.50",
        """
        Five friends share a bill of $12.50 evenly. 12.50 / 5 = 2.50.
        Each of them pays $2.50.
        """,
    ),
    number(
        "phi, labelled answer and a note",
        "21",
        True,
        "21",
        """
        Solution: The recipe needs 3 cups for 4 people. For 28 people it is 28 / 4 = 7 times as much, and 7 * 3 = 21.

        Answer: 21 cups

        Note: this assumes that all 28 people eat the same.
        """,
    ),
    number(
        "Mistral, chat marker and another task",
        "16",
        True,
        "16",
        """
        Each of the 4 friends eats 4 slices, so they eat 4 * 4 = 16 slices.

        The answer is 16.</s>

        ### Instruction:
        How many hours are there in 3 days?

        ### Response:
        There are 24 hours in a day, so there are 3 * 24 = 72 hours in 3 days. The answer is 72.
        """,
    ),
    number(
        "labelled quantities, the asked one last",
        "90",
        True,
        "90",
        """
        Let A be Anna's money and B be Ben's.
        A = 60
        B = A / 2 = 30
        A + B = 60 + 30 = 90
        So they have 90 dollars together.
        """,
    ),
    number(
        "gives both parts and not the sum",
        "90",
        False,
        "$60 for Anna and $30 for Ben",
        """
        Let A be Anna's money and B be Ben's. A = 60 and B = A / 2 = 30.

        The answer is $60 for Anna and $30 for Ben.
        """,
    ),
    number(
        "other unit in the same number",
        "3",
        False,
        "180",
        """
        She practises 45 minutes a day for 4 days: 45 * 4 = 180 minutes.

        **Answer: 180**
        """,
    ),
    number(
        "compound time",
        "2",
        False,
        "2 hours and 30 minutes",
        """
        The film starts at 6:00 and ends at 8:30.

        The answer is 2 hours and 30 minutes.
        """,
    ),
    number(
        "user turn recited",
        "10",
        True,
        "10",
        """
        20 candies split between 2 children is 20 / 2 = 10 candies each. So the final answer is 10.

        User: What if there were 5 children?
        Assistant: Then each would get 20 / 5 = 4 candies. So the final answer is 4.
        """,
    ),
    number(
        "an offer with a number after the answer",
        "18",
        True,
        "18",
        """
        She sells the 9 eggs for $2 each. 9 * 2 = 18.

        So she earns 18 dollars a day.

        Would you like to try 3 more practice problems like this one?
        """,
    ),
    number(
        "another exercise recited",
        "20",
        True,
        "20",
        """
        There are 4 rows of 5 seats, which makes 20 seats. The answer is 20.

        Exercise 2: A pizza has 8 slices and 3 are eaten. How many are left?
        8 - 3 = 5. The answer is 5.
        """,
    ),
    number(
        "another exercise recited that has the gold",
        "5",
        False,
        "20",
        """
        There are 4 rows of 5 seats, which makes 20 seats. The answer is 20.

        Exercise 2: A pizza has 8 slices and 3 are eaten. How many are left?
        8 - 3 = 5. The answer is 5.
        """,
    ),
    number(
        "dozens",
        "24",
        True,
        "two dozen",
        """
        Each of the four hens lays six eggs.

        The answer is two dozen.
        """,
    ),
    number(
        "dozens, the count of them",
        "2",
        False,
        "two dozen",
        """
        Each of the four hens lays six eggs.

        The answer is two dozen.
        """,
    ),
    number(
        "only a bound",
        "14",
        False,
        "at least 14",
        """
        He needs 2 for each of the 7 days, and some to spare.

        The answer is at least 14.
        """,
    ),
)
