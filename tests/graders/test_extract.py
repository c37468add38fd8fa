"""The scanners that find an answer, each on its own, and that none takes more than linear time."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.graders import choice, extract, maths, numbers, quantities
from benchcore.graders.algebra.words import CARDINALS


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("It is 5.\n\nQ: What is 2 + 2?\nA: 4", "It is 5.\n\n"),
        ("It is 5.\n\n**Question:** 2 + 2?", "It is 5.\n\n"),
        ("It is 5.\n### Instruction: add", "It is 5.\n"),
        ("It is 5.<|im_end|>\n6", "It is 5."),
        ("It is 5.</s>6</s>7", "It is 5."),
        ("Question: 2 + 2?\nIt is 4.", "Question: 2 + 2?\nIt is 4."),
        ("It is 5.\n[Question] 2 + 2?", "It is 5.\n"),
        ("#### 5\nInput: 2 + 2\nOutput: 4", "#### 5\n"),
        ("We add.\nInput: 2 + 2\nOutput: 4", "We add.\nInput: 2 + 2\nOutput: 4"),
        ("So 4.\nQuestion 2: the same, 4.", "So 4.\nQuestion 2: the same, 4."),
        ("The question: how? 4", "The question: how? 4"),
        ("\\boxed{5}\n\nQuestion 2: Tom has 3. \\boxed{7}", "\\boxed{5}\n\n"),
        ("#### 5\n\nQuestion 2\nTom has 3.", "#### 5\n\n"),
        ("#### 5\n\nNext question: Tom has 3.", "#### 5\n\n"),
        ("#### 5\nQ. Tom has 3.\nA. 7", "#### 5\n"),
        ("The answer is 5. Question: Tom has 3.", "The answer is 5. "),
        ("The answer is 5.\n\nuser\nTom has 3.\nassistant\n7", "The answer is 5.\n\n"),
        ("#### 5\n\nTom has 3 and 4. How many in all?\n\n#### 7", "#### 5\n\n"),
        ("#### 5\n\nTom has 3 and 4. How many in all?", "#### 5\n\nTom has 3 and 4. How many in all?"),
        ("#### 5\n\nWait, is 3 + 4 = 5?\n\n#### 7", "#### 5\n\nWait, is 3 + 4 = 5?\n\n#### 7"),
        ("Answer:\n\nTom has 3. How many?\n\n#### 7", "Answer:\n\nTom has 3. How many?\n\n#### 7"),
    ],
)
def test_a_recited_next_question_is_cut_off(text: str, kept: str) -> None:
    assert extract.cut_recited(text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<think>5 or 6</think>\nIt is 6.", "\nIt is 6."),
        ("<think>It is 6.</think>\n", "<think>It is 6.</think>\n"),
        ("<think>It is 6.", "<think>It is 6."),
        ("a\n```python\nanswer = 5\n```\nb", "a\n\nb"),
        ("a\n```\nanswer = 5\n```\nb", "a\n```\nanswer = 5\n```\nb"),
        ("a\n```output\n5\n```", "a\n```output\n5\n```"),
        ("a\n```python\nx = 1\n```\n```output\n1\n```\nb", "a\n\n```output\n1\n```\nb"),
        ("a\n```python\nanswer = 5", "a\n"),
    ],
)
def test_thoughts_and_programs_are_not_read(text: str, kept: str) -> None:
    assert extract.window(text) == kept


def test_only_the_end_of_a_long_text_is_read() -> None:
    text = "\\boxed{1}\n" + "word " * 10_000 + "\nlast line"
    kept = extract.window(text)
    assert len(kept) <= extract.WINDOW
    assert text.endswith(kept)
    assert "boxed" not in kept


def test_a_word_that_the_window_cuts_is_not_read() -> None:
    digits = "9" * extract.WINDOW
    assert extract.window("1" + digits) == ""
    assert extract.window(f"1{digits[2:]} 7") == " 7"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("4\u200b2", "42"),
        ("7\u0663", "73"),
        ("\uff11\uff14", "14"),
        ("3\u00bd \u2212 5", "3\u00bd \u2212 5"),
    ],
)
def test_characters_are_read_as_they_are_seen(text: str, seen: str) -> None:
    assert extract.window(text) == seen


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("7}", "7"),
        ("(7", "7"),
        ("[0, 1)", "[0, 1)"),
        ("\\{1, 2\\}\\}", "\\{1, 2\\}"),
        ("}", ""),
        ("", ""),
    ],
)
def test_a_bracket_that_closes_nothing_is_left_out(text: str, kept: str) -> None:
    assert extract.balanced(text) == kept


def test_a_stretch_is_cut_between_words() -> None:
    assert extract.head("one two three", 5) == "one two"
    assert extract.head("12345", 2) == "12345"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("\\boxed{7}", "7"),
        ("\\boxed 7", "7"),
        ("\\boxed\\pi", "\\pi"),
        ("\\fbox{7}", "7"),
        ("\\boxed{3} so \\boxed{7}", "7"),
        ("\\boxed{\\frac{1}{\\sqrt{2}}}", "\\frac{1}{\\sqrt{2}}"),
        ("\\boxed{\\{1, 2\\}}", "\\{1, 2\\}"),
        ("\\boxed{7} and then \\boxed{3", "7"),
        ("\\boxed{7} \\boxed{}", "7"),
        ("\\boxed{2} and \\boxed{3}", "2, 3"),
        ("$\\boxed{2}$, $\\boxed{3}$ or $\\boxed{5}$", "2, 3, 5"),
        ("\\boxed{2} \\text{ and } \\boxed{3}", "2, 3"),
        ("\\boxed{2}, \\boxed{2}", "2"),
        ("\\boxed{2}. Hence \\boxed{3}", "3"),
        ("\\boxed{2}\n\n\\boxed{3}", "3"),
        ("\\boxed{}", None),
        ("\\boxed{7", None),
        ("\\boxedness{7}", None),
        ("7", None),
    ],
)
def test_the_box_that_closes_last(text: str, answer: str | None) -> None:
    found = extract.last_boxed(text)
    assert (found.text if found else None) == answer


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("The answer is 5. So the answer is 6.", ["6.", "5. So the "]),
        ("the final answer is: 6", ["6"]),
        ("Answer: 6", ["6"]),
        ("**Answer:** 6", ["6"]),
        ("**Answer**: 6", ["6"]),
        ("Answer = 6", ["6"]),
        ("## Final Answer\n\n6", ["6"]),
        ("The answers are 5 and 6", ["5 and 6"]),
        ("The answer to the question is 6", ["6"]),
        ("The answer (in dollars) is 6", ["6"]),
        ("The answer should be 6", ["6"]),
        ("The final result is 6", ["6"]),
        ("ans: 6", ["6"]),
        ("Ans. 6", ["6"]),
        ("[Answer] 6", ["6"]),
        ("<answer>6</answer>", ["6"]),
        ("<final_answer> 6 </final_answer>", ["6 "]),
        ('{"answer": 6}', ["6}"]),
        ("\\boxed{\\text{The answer is } 6}", ["6"]),
        ("\\boxed{\\text{The answer is 6}}", ["6"]),
        ("It is impossible that the answer is 5", []),
        ("I don't think the answer is 5", []),
        ("#### 6", ["6"]),
        ("The answer is not 5 but 6.", ["6."]),
        ("The answer is not 5.", []),
        ("If the answer is 5, she wins", []),
        ("We ask whether the answer is 5", []),
        ("If she sells all, the answer is 6", ["6"]),
        ("Answer:\n\n1. Add.\n2. Divide.", []),
        ("#### 2. Add them up", []),
        ("#### Step 3: add", []),
        ("She answered 6", []),
        ("so $\\boxed{6}$", ["6"]),
        ("The answer is 5, or rather $\\boxed{6}$", ["6", "5, or rather $\\boxed{6}$"]),
    ],
)
def test_statements_from_the_last_to_the_first(text: str, stated: list[str]) -> None:
    assert [statement.text for statement in extract.statements(text)] == stated


def test_an_option_is_stated_only_where_options_are_asked_for() -> None:
    text = "The correct option is B"
    assert [statement.text for statement in extract.statements(text, options=True)] == ["B"]
    assert not list(extract.statements(text))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("18. Then 3.", "18"),
        ("18.5 eggs. Then 3.", "18.5 eggs"),
        ("18\n3", "18"),
        ("18.** Then 3.", "18"),
        ("4:30 p.m. on Monday. Then", "4:30 p.m. on Monday"),
        ("4:30 p.m. Then 3.", "4:30 p.m"),
        ("Mrs. Doyle's class. Then", "Mrs. Doyle's class"),
        ("Rs. 500! Then", "Rs. 500"),
        ("is it 5? Yes", "is it 5"),
    ],
)
def test_the_first_sentence(text: str, first: str) -> None:
    assert extract.sentence(text) == first


def test_sentences_from_the_last_to_the_first() -> None:
    assert list(extract.sentences("One. Two 2.5!\n\nThree")) == ["Three", "Two 2.5!", "One."]


@pytest.mark.parametrize(
    ("behind", "refuted"),
    [
        (" is incorrect; it is 7", True),
        ("$, but this is wrong", True),
        ("$ is not a solution", True),
        (" is not odd", False),
        (". This is right", False),
    ],
)
def test_what_follows_can_refute_an_answer(behind: str, refuted: bool) -> None:
    assert extract.refuted("5" + behind, 1) is refuted


def test_a_statement_can_be_taken_back() -> None:
    text = "The answer is 5. Wait, that is wrong: 6. Actually, 7"
    assert extract.withdrawn(text, 0) == ", 7"
    assert extract.withdrawn(text, text.index("7")) == ""


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("$x$ and then $y$.", "y"),
        ("$x=1$, $y=2$", "x=1, y=2"),
        ("$x$ or $y$ or $x$", "x, y"),
        ("\\(x\\) and \\[y.\\]", "x, y"),
        ("$$x$$", "x"),
        ("\\$5 and $x$", "x"),
        ("$x\n\n$y$", "y"),
        ("no formula", None),
        ("$$ $$", None),
    ],
)
def test_the_last_formula_and_those_joined_to_it(text: str, answer: str | None) -> None:
    assert extract.last_formula(text) == answer


def test_bold_words_and_outputs_and_first_lines() -> None:
    assert extract.last_bold("**1**\n\nso **5** or **6 eggs**.") == "6 eggs"
    assert extract.last_bold("**1**\n\nso it is") is None
    assert extract.last_output("```output\n1\n```\n```output\n2\n3\n\n```\nend") == "3"
    assert extract.last_output("no program") is None
    assert extract.first_line("\n6\nbecause") == "6"
    assert extract.first_line("6\n") == ""


@pytest.mark.parametrize(
    ("text", "number", "digits"),
    [
        ("18 apples", "18", "18"),
        ("**18** apples", "18", "18"),
        ("$18.00 a day", "18.00", "18.00"),
        ("-$5", "-5", "-5"),
        ("$-5.00", "-5.00", "-5.00"),
        ("minus 5", "-5", "-5"),
        ("about 1,000 m", "1,000", "1,000"),
        ("12 345 678 people", "12 345 678", "12 345 678"),
        ("3 1/2 cups", "3 1/2", "3 1/2"),
        ("\\frac{36}{2}", "\\frac{36}{2}", "\\frac{36}{2}"),
        ("25\\%", "25\\%", "25%"),
        ("25 percent", "25 percent", "25%"),
        ("1.8 x 10^1", "1.8 x 10^1", "1.8 x 10^1"),
        ("$1.5 million", "1.5 million", "1.5*10^6"),
        ("seven apples", "seven", "7"),
        ("twenty-five percent", "twenty-five percent", "25%"),
        ("a hundred and five", "a hundred and five", "105"),
        ("two thousand three hundred", "two thousand three hundred", "2300"),
        ("18 dollars and 50 cents", "18 dollars and 50 cents", "18.50"),
        ("9 * 2 = 18 dollars over 3 days", "18", "18"),
        ("x = - 5", "-5", "-5"),
        ("6, no wait, 5", "5", "5"),
        ("5 not 6", "5", "5"),
        ("=> 14", "14", "14"),
        ("14k", "14k", "14*10^3"),
        ("14 hundred", "14 hundred", "14*10^2"),
        ("half", "half", "1/2"),
        ("one half", "one half", "1/2"),
        ("two and a half hours", "two and a half", "2 1/2"),
        ("2 and a half", "2 and a half", "2 1/2"),
        ("3\u00bd", "3\u00bd", "3\u00bd"),
        ("three (4)", "three (4)", "3 or 4"),
        ("14!", "14!", "14!"),
        # what goes on is taken whole
        ("18 or 5", "18 or 5", "18 or 5"),
        ("18, 5 and 6", "18, 5 and 6", "18, 5 and 6"),
        ("5 to 7", "5 to 7", "5 to 7"),
        ("18:30", "18:30", "18:30"),
        ("2^9", "2^9", "2^9"),
        ("$18 + $5", "18 + $5", "18 + $5"),
        ("(3+4)*2", "(3+4)*2", "(3+4)*2"),
        ("3 hours 30 minutes", "3 hours 30 minutes", "3 hours 30 minutes"),
    ],
)
def test_the_number_that_a_sentence_states(text: str, number: str, digits: str) -> None:
    found = quantities.stated(quantities.plain(text))
    assert found == number
    assert quantities.in_digits(found) == digits


@pytest.mark.parametrize(
    "text",
    [
        "14.0.1",
        "x >= 14",
        "two thirds",
        "half an hour",
        "2x",
        "3\\sqrt{2}",
        "\\sqrt{324}",
        "18 + x",
        "Janet's 16 ducks",
        "eggs",
        "",
        "m18",
        "5_3",
    ],
)
def test_a_number_that_is_part_of_something_is_not_stated(text: str) -> None:
    assert quantities.stated(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("he has 3, then 7.", "7"),
        ("an area of 18 m^2", "18"),
        ("an area of 18 m2", "18"),
        ("the loss is -$5", "-5"),
        ("8-5", "8-5"),
        ("_18_", "18"),
        ("two of the seven", "seven"),
        ("for 3 of the seven", "3"),
        ("this one", None),
        ("m18", None),
        ("x = 3\\sqrt{2}", None),
        ("x + 14", None),
        ("x > 14", None),
        ("2,5", None),
        ("definitely not 14", None),
        ("it can't be 14", None),
        ("14, not 15", "14"),
        ("at least 14", "at least 14"),
        ("from between 10 and 14", "between 10 and 14"),
        ("<b>14</b>", "14"),
        ("it's -14", "-14"),
    ],
)
def test_the_last_number(text: str, number: str | None) -> None:
    assert quantities.last(text) == number


@given(value=st.integers(0, 10**15 - 1))
def test_number_words_are_read_as_they_are_spoken(value: int) -> None:
    assert quantities.in_digits(spoken(value)) == str(value)


def spoken(value: int) -> str:
    """A whole number in English words."""
    small = [*CARDINALS]
    parts = []
    for name, size in (("trillion", 10**12), ("billion", 10**9), ("million", 10**6), ("thousand", 1000), ("", 1)):
        many, value = divmod(value, size)
        words = []
        if many >= 100:
            words += [small[many // 100], "hundred"]
        if rest := many % 100:
            words.append(
                small[rest] if rest < 20 else "-".join([small[18 + rest // 10], *small[rest % 10 :][:1][: rest % 10]])
            )
        parts += [*words, name] if words else []
    return " ".join(parts).strip() or "zero"


BAIT = [
    "5",
    "x",
    " ",
    "\n",
    "$",
    "$x",
    "\\(",
    "{",
    "}",
    "(",
    "#",
    "####\n",
    "*",
    "**",
    "`",
    "```",
    "```python\n",
    "<<",
    "<think>",
    "</think>",
    "\\boxed",
    "\\boxed{",
    "\\boxed{1}, ",
    "\\frac",
    "\\frac{1",
    "the answer is ",
    "the answer is not ",
    "if the answer is ",
    "answer to ",
    "answer (",
    "Answer:\n",
    "A or B, ",
    "(A) ",
    "option ",
    "wait ",
    "at least ",
    "under 5 ",
    "it is ",
    "no, ",
    "(a, ",
    "Example: ",
    "Question 1: ",
    "a dozen ",
    "actually 5. ",
    "Q: ",
    "\nQ:",
    "p.m. ",
    "5 x ",
    "5, ",
    "5 and ",
    "1,000",
    "1 000 ",
    "-",
    "= ",
    "= 5 ",
    "5/",
    "5^",
    "hundred ",
    "one hundred and ",
    "a thousand ",
    "5 hours ",
    "not 5 but ",
    "B is correct ",
    "\u2212",
    "~",
    "_",
]
OPENINGS = ["", "5 (", "$", "\\boxed{", "The answer is "]
READERS: dict[str, Callable[[str], object]] = {
    "numbers": numbers.extract,
    "maths": maths.extract,
    "choice": lambda text: choice.extract(["5", "six", "x+1"], text),
    "cut_recited": extract.cut_recited,
    "without_programs": extract.without_programs,
    "last_boxed": extract.last_boxed,
    "formulas": extract.formulas,
    "sentences": lambda text: list(extract.sentences(text)),
    "last": quantities.last,
    "stated": quantities.stated,
    "in_digits": quantities.in_digits,
}

SIZES = {"sentences": 40_000, "last": 40_000, "stated": 40_000, "in_digits": 40_000}  # they see no more than a window


@pytest.mark.parametrize("reader", READERS)
def test_bait_takes_linear_time(reader: str) -> None:
    slow = {}
    for number, bait in enumerate(BAIT):
        text = OPENINGS[number % len(OPENINGS)] + bait * (SIZES.get(reader, 200_000) // len(bait))
        start = time.process_time()
        READERS[reader](text)
        if (seconds := time.process_time() - start) > 1:  # a quadratic scan of these takes minutes
            slow[bait] = round(seconds, 1)
    assert not slow


@given(text=st.text(alphabet="\\{}$()[]^_=.,*#: 0123AaBxyfracboxedtexthundredanswerisnot\n"))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for read in READERS.values():
        read(text)
