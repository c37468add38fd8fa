"""Outputs for numeric word problems that only measure."""
# ruff: noqa: RUF001

from .case import Output, number

CASES: tuple[Output, ...] = (
    number(
        "base, few-shot, runs on",
        "17",
        True,
        "17",
        """
        Omar had 40 stamps. He gave 15 to his sister and 8 to a friend, so he gave away 15 + 8 = 23.
        He has 40 - 23 = 17 left. The answer is 17.

        Question: A train has 9 cars with 50 seats each. How many seats does it have?
        Answer: 9 * 50 = 450. The answer is 450.
        """,
    ),
    number(
        "base, few-shot, the next question has the gold",
        "450",
        False,
        "405",
        """
        9 cars with 45 seats each make 9 * 45 = 405 seats. The answer is 405.

        Question: A train has 9 cars with 50 seats each. How many seats does it have?
        Answer: 9 * 50 = 450. The answer is 450.
        """,
    ),
    number(
        "base, few-shot, Problem and Solution",
        "66",
        True,
        "66",
        """
        The perimeter of a rectangle is twice the sum of its sides: 2 * (21 + 12) = 66. The answer is 66.

        Problem: How many legs do 12 dogs and 3 birds have?
        Solution: 12 * 4 + 3 * 2 = 48 + 6 = 54. The answer is 54.
        """,
    ),
    number(
        "base, hashes, calculator marks",
        "208",
        True,
        "208",
        """
        There are 4*13=<<4*13=52>>52 weeks in the time.
        He swims 4 times a week, so he swims 52*4=<<52*4=208>>208 times.
        #### 208
        """,
    ),
    number(
        "base, hashes, near miss",
        "208",
        False,
        "207",
        """
        There are 4*13=<<4*13=52>>52 weeks in the time.
        He swims 4 times a week, so he swims 52*4=<<52*4=208>>208 times, and once he was ill: 207.
        #### 207
        """,
    ),
    number(
        "base, hashes, Q and A after it",
        "36000",
        True,
        "36000",
        """
        She earns 3000 a month and there are 12 months in a year.
        3000*12=<<3000*12=36000>>36000
        #### 36000
        Q: There are 3 cats in each of 5 houses. How many cats are there?
        A: 3*5=<<3*5=15>>15
        #### 15
        """,
    ),
    number(
        "SmolLM2 prose",
        "110",
        True,
        "$110",
        """
        To find out how much money Noah has left, let's first calculate what he spent.

        He bought 3 games for $30 each, which is a total of 3 * $30 = $90.

        Since he started with $200, he now has $200 - $90 = $110.

        So, Noah has $110 left.
        """,
    ),
    number(
        "SmolLM2 prose, answers another quantity",
        "110",
        False,
        "$90",
        """
        To find out how much money Noah has left, we need to calculate what he spent. He had $200 and has $110 less
        than that after buying 3 games.

        He bought 3 games for $30 each, which is a total of 3 * $30 = $90.

        So, Noah has $90 left.
        """,
    ),
    number(
        "Llama, steps and a box",
        "7",
        True,
        "7",
        r"""
        ## Step 1: Add up the hours
        Monday has 2 hours, Tuesday has 4, so there are 6 hours so far.

        ## Step 2: Add the hour of Wednesday
        6 + 1 = 7

        The final answer is: $\boxed{7}$
        """,
    ),
    number(
        "Llama, box with a unit",
        "7",
        True,
        r"7 \text{ hours}",
        r"""
        Two hours on Monday, four on Tuesday and one on Wednesday: $2 + 4 + 1 = 7$.

        The final answer is: $\boxed{7 \text{ hours}}$
        """,
    ),
    number(
        "dollars and cents",
        "29",
        True,
        "$29.00",
        """
        The shirts cost 2 * $12.25 = $24.50 and the socks cost $4.50. The sum is $24.50 + $4.50 = $29.00.

        The answer is $29.00.
        """,
    ),
    number(
        "dollars and cents that matter",
        "29",
        False,
        "$29.50",
        """
        The shirts cost $25.00 and the socks cost $4.50. The sum is $25.00 + $4.50 = $29.50.

        The answer is $29.50.
        """,
    ),
    number(
        "Qwen, box in display",
        "1440",
        True,
        "1440",
        r"""
        To determine how many minutes there are, we use the following steps:

        1. There are 24 hours in a day.
        2. There are 60 minutes in an hour, so a day has
        \[ 24 \times 60 = 1440 \]
        minutes.

        Therefore, the number of minutes is:
        \[
        \boxed{1440}
        \]
        """,
    ),
    number(
        "Qwen, boxed intermediate result",
        "1440",
        False,
        "2880",
        r"""
        One day has \( \boxed{1440} \) minutes.

        The machine ran for two days, so it ran for
        \[ 2 \times 1440 = \boxed{2880} \]
        minutes.
        """,
    ),
    number(
        "R1, several attempts",
        "54",
        True,
        "54",
        r"""
        <think>
        First I need the number of oranges. 9 trees, 6 oranges each. 9*6=54. Let me double-check: 10 trees would be 60,
        minus 6 is 54. Yes. But do some fall down? "None fell" so 54. The final answer should be 54.
        </think>

        To find the number of oranges, multiply the trees by the oranges on each:

        \[
        9 \times 6 = 54
        \]

        So the orchard has **54** oranges.
        """,
    ),
    number(
        "R1, wrong after thinking",
        "54",
        False,
        "48",
        r"""
        <think>
        9*6=54. Hmm, one tree is sick, though the problem says it still bears fruit. So 54... or 48. I'd go with 8.
        </think>

        Since one tree is sick, \(8 \times 6 = 48\).

        **Final Answer**
        \[
        \boxed{48}
        \]
        """,
    ),
    number(
        "R1, never stops thinking",
        "54",
        False,
        "",
        """
        <think>
        There are 9 trees. Wait, is it 9 or 8? The problem says that one of the 9 is sick. Let me think about it again.
        If there are 9 trees with 6 oranges, I add 6 nine times. 6, 12, 18, 24, 30, 36, 42, 48, and then
        """,
    ),
    number(
        "Gemma, bold and lists",
        "33",
        True,
        "33",
        """
        Let's break it down:

        1. **Red cars:** 15
        2. **Blue cars:** 15 + 3 = 18
        3. **All cars:** 15 + 18 = **33**

        So there are a total of **33** cars.
        """,
    ),
    number(
        "Gemma, bold label with the number outside",
        "33",
        True,
        "33",
        """
        * Red cars: 15
        * Blue cars: 18

        **The answer is:** 33 cars

        Let me know if you'd like to try the next 2 problems!
        """,
    ),
    number(
        "GPT, headings and a conclusion",
        "12600",
        True,
        "$12,600",
        """
        **Yearly rent**
        - Monthly rent: $950
        - 12 months: 12 × $950 = $11,400

        **Extra costs**
        - $100 a month, that is $1,200

        **Total**
        $11,400 + $1,200 = **$12,600**
        """,
    ),
    number(
        "GPT, a number after the answer",
        "210",
        True,
        "210 pages",
        """
        Each day Ivy reads 30 pages, and a week has 7 days.

        30 × 7 = 210

        The answer is 210 pages in 1 week.
        """,
    ),
    number(
        "prose, a number after the answer",
        "64",
        True,
        "64",
        """
        The number of bacteria doubles each hour: 2, 4, 8, 16, 32, 64.

        The final answer is 64 (after 5 hours).
        """,
    ),
    number(
        "prose, an equation at the end",
        "150",
        True,
        "150",
        """
        The trip to the lake is 75 miles and so is the way back.
        75 + 75 = 150 miles
        """,
    ),
    number(
        "prose, an equation at the end, wrong",
        "75",
        False,
        "150",
        """
        The trip to the lake is 75 miles, and I think that the way back counts too.
        75 + 75 = 150 miles
        """,
    ),
    number(
        "words",
        "3",
        True,
        "three",
        """
        Five of the eight cups are broken. Eight minus five is three.
        The answer is three cups.
        """,
    ),
    number(
        "words, hundred",
        "120",
        True,
        "one hundred twenty",
        """
        Twelve boxes hold ten crayons each.

        Therefore, the answer is one hundred twenty.
        """,
    ),
    number(
        "words, wrong",
        "3",
        False,
        "five",
        """
        Three of the eight cups are broken. Eight minus three is five.
        The answer is five cups.
        """,
    ),
    number(
        "answer first",
        "28",
        True,
        "28",
        """
        Answer: 28

        Reasoning: February of that year has 4 full weeks of 7 days, and 4 x 7 = 28.
        """,
    ),
    number(
        "answer first, then explained",
        "28",
        False,
        "29",
        """
        Answer: 29

        Reasoning: February usually has 28 days, but every 4 years it has one more.
        """,
    ),
    number("bare", "1000", True, "1,000", "1,000"),
    number("bare with currency", "15", True, "$15", " $15.\n"),
    number(
        "code interpreter",
        "36",
        True,
        "36",
        """
        ```python
        # number of boxes
        boxes = 4
        per_box = 9
        total = boxes * per_box
        print(f"Total: {total}")
        ```
        ```output
        Total: 36
        ```
        There are 36 pens in all 4 boxes. The answer is: 36
        """,
    ),
    number(
        "code interpreter, an error first",
        "36",
        False,
        "13",
        """
        ```python
        print(boxes + 9)
        ```
        ```output
        NameError: name 'boxes' is not defined
        ```
        Let me define it. Each of the 4 boxes has 9 pens, for which one may expect 36.
        ```python
        boxes = 4
        print(boxes + 9)
        ```
        ```output
        13
        ```
        """,
    ),
    number(
        "cut off",
        "96",
        False,
        "",
        """
        1. Find the area of the wall. It is 8 feet high and 12 feet wide.
        2. Multiply to get the area: 8 * 12 = 96 square feet.
        3. Subtract the window, which is 2 feet by 3 feet, or 6 square feet. Thus we have to take 6 away from
        """,
    ),
    number(
        "refusal",
        "60",
        False,
        "",
        """
        As a language model I do not have access to the prices of the shop. Please give me the price of one ticket,
        and I will be happy to help you with the calculation.
        """,
    ),
    number("only blanks", "60", False, "", "\n   \n"),
    number(
        "hedge",
        "60",
        False,
        "60 or 72",
        """
        If there are 5 days in the week of work, it is 5 * 12 = 60. If there are 6, it is 72.
        So the answer is either 60 or 72.
        """,
    ),
    number(
        "a range",
        "60",
        False,
        "between 55 and 60",
        """
        It depends on how fast she walks.
        The answer is between 55 and 60 minutes.
        """,
    ),
    number(
        "corrects itself in the open",
        "19",
        True,
        "19",
        """
        There were 25 birds and 9 flew away, so 25 - 9 = 14 are left. The answer is 14.

        Let me check that: 14 + 9 = 23, which is not 25. I made a mistake. 25 - 9 = 16, and 3 came back: 16 + 3 = 19.

        The correct answer is 19.
        """,
    ),
    number(
        "repeats itself to the limit",
        "8",
        True,
        "8",
        """
        The answer is 8.

        The answer is 8.

        The answer is 8.

        The answer is 8.

        The ans
        """,
    ),
    number(
        "percent",
        "40",
        True,
        "40 percent",
        """
        18 of the 45 members are new. 18 / 45 = 0.4, which is 40 percent.

        Answer: 40 percent
        """,
    ),
    number(
        "percent of another number",
        "40",
        False,
        "60%",
        """
        18 of the 45 members are new, which is 40%. So 100% - 40% = 60% are not new.

        Answer: 60%
        """,
    ),
    number(
        "thousands separator",
        "1250000",
        True,
        "1,250,000",
        """
        Each of the 50 stores has a stock of 25,000 items. 50 x 25,000 = 1,250,000.
        #### 1,250,000
        """,
    ),
    number(
        "a million in words",
        "1250000",
        True,
        "1.25 million",
        """
        Each of the 50 stores has 25,000 items.

        The answer is 1.25 million.
        """,
    ),
    number(
        "negative",
        "-15",
        True,
        "-15",
        """
        He had $20 and paid $35, so his account shows 20 - 35 = -15.
        The answer is -15.
        """,
    ),
    number(
        "negative with currency",
        "-15",
        True,
        "-$15",
        """
        He had $20 and paid $35.

        His balance is 20 - 35 = **-$15**.
        """,
    ),
    number(
        "decimal",
        "0.75",
        True,
        ".75",
        """
        Three quarters of a litre are left. 1.5 / 2 = 0.75.
        The answer is .75
        """,
    ),
    number(
        "fraction for a decimal",
        "0.75",
        True,
        "3/4",
        """
        There was 1 1/2 litres and half of that is 3/4 of a litre.
        The answer is 3/4.
        """,
    ),
    number(
        "rounded",
        "3.75",
        False,
        "4",
        """
        15 / 4 = 3.75, which we round up.
        The answer is 4.
        """,
    ),
    number(
        "phi, labelled answer and a note",
        "6",
        True,
        "6",
        """
        Let x be the number of nickels. Then 5x + 10(10 - x) = 70, so 100 - 5x = 70 and x = 6.

        Answer: 6 nickels.

        (You can verify this: 6 nickels and 4 dimes are worth 30 + 40 = 70 cents.)
        """,
    ),
    number(
        "Mistral, chat marker and another task",
        "500",
        True,
        "500",
        """
        There are 1000 millilitres in a litre, so half a litre is 1000 / 2 = 500 millilitres.

        The answer is 500.

        ### Question:
        How many grams are there in 3 kilograms?

        ### Answer:
        3 * 1000 = 3000. The answer is 3000.
        """,
    ),
    number(
        "an unknown solved last",
        "11",
        True,
        "11",
        """
        Let the smaller number be x. The larger is x + 2.
        x + (x + 2) = 24
        2x = 22
        x = 11
        """,
    ),
    number(
        "an unknown solved last, the other one was asked",
        "13",
        False,
        "11",
        """
        Let the smaller number be x. The larger is x + 2, which could be 13.
        x + (x + 2) = 24
        2x = 22
        x = 11
        """,
    ),
    number(
        "compound money",
        "5",
        False,
        "5 dollars and 25 cents",
        """
        7 stamps at 75 cents each cost 525 cents.

        So the total is 5 dollars and 25 cents.
        """,
    ),
    number(
        "end marker and another turn",
        "24",
        True,
        "24",
        """
        The cube has 6 faces, and each has 4 stickers. So 6 * 4 = 24 stickers are needed.<|im_end|>
        <|im_start|>user
        And how many for 2 cubes?<|im_end|>
        <|im_start|>assistant
        For 2 cubes you need 48 stickers.
        """,
    ),
)
