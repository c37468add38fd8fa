"""The grader of options: by letter, by text, by value, and never by a guess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.graders.choice import LETTERS, choice, judge, words
from benchcore.graders.extract import Span
from benchcore.records import Sample, Verdict

VALUES = ["12 km", "16", "18 hr", "24", "none of these"]
WORDS = ["amnion", "the chorion", "yolk sac", "a cell wall"]
CHANGES = ["Increase", "No increase", "Decrease", "Cannot be determined"]
TRUTHS = ["True, True", "False, False", "True, False", "False, True"]
RUPEES = ["rs . 1067", "rs . 1100", "s . 1200", "none"]
PARTS = ["(a) only", "(b) only", "either (a) or (b)", "neither (a) nor (b)"]
DOTTED = ["2 .", "cells.", "3 ."]
SIDES = ["surplus", "shortage"]


def verdict(letter: str, choices: list[str], text: str) -> Verdict:
    return judge(Sample(id="1", prompt="", target=letter, facts={"choices": choices}), text).verdict


@pytest.mark.parametrize(
    ("text", "choices", "letter"),
    [
        ("The answer is (C).", VALUES, "C"),
        ("The answer is C", VALUES, "C"),
        ("The answer is C.", VALUES, "C"),
        ("answer is (c)", VALUES, "C"),
        ("Answer: c", VALUES, "C"),
        ("answer: option (c) 18 hr", VALUES, "C"),
        ("Answer is C) 18 hr", VALUES, "C"),
        ('The answer is "C".', VALUES, "C"),
        ("the answer is choice (c).", VALUES, "C"),
        ("The correct option is C.", VALUES, "C"),
        ("Option C is correct.", VALUES, "C"),
        ("(C) is the correct answer", VALUES, "C"),
        ("So I would choose C.", VALUES, "C"),
        ("Only C works.", VALUES, "C"),
        ("This is what option (c) says.", VALUES, "C"),
        ("C is the answer.", VALUES, "C"),
        ("Answer: A. No, C.", VALUES, "C"),
        ("The answer to this question is C.", VALUES, "C"),
        ("correct option is c ) 18 hr", VALUES, "C"),
        ("2 * 9 = 18.\nSo he needs 18 hours.", VALUES, "C"),
        ("2 * 12 = 24", VALUES, "D"),
        ("It grows in the yolk sac.", WORDS, "C"),
        ("C", VALUES, "C"),
        ("(C)", VALUES, "C"),
        ("[C]", VALUES, "C"),
        ("**C**", VALUES, "C"),
        ("option C", VALUES, "C"),
        ("#### C", VALUES, "C"),
        ("We get 18.\n\nC", VALUES, "C"),
        ("C. 18 hr\n\nBecause 9 * 2 is 18.", VALUES, "C"),
        ("so \\boxed{C}", VALUES, "C"),
        ("so \\boxed{\\text{C}}", VALUES, "C"),
        ("so \\boxed{\\textbf{(C) }18}", VALUES, "C"),
        ("Final Answer: The final answer is $(C)$. I hope it is correct.", VALUES, "C"),
        ("The answer is $\\text{(C)}$", VALUES, "C"),
        ("The answer is C because 9 * 2 = 18", VALUES, "C"),
        ("The answer is A. Wait, actually the answer is C.", VALUES, "C"),
        ("The answer is not B but C", VALUES, "C"),
        ("The answer is A or B. So the answer is C", VALUES, "C"),
        ("The correct answer is **C**.\n\nExplanation: A is wrong because of 12.", VALUES, "C"),
        ("(C) is correct. But A is not correct.", VALUES, "C"),
        ("The answer is (c).\n\nQ: 2 + 2? Answer Choices: (a) 3 (b) 4\nA: The answer is (b).", VALUES, "C"),
        ("Ans. (c)", VALUES, "C"),
        ("<answer>C</answer>", VALUES, "C"),
        ("Solution: C", VALUES, "C"),
        ("Result: C", VALUES, "C"),
        ("answer is option c .", VALUES, "C"),
        ("Thus, C is the answer.", VALUES, "C"),
        ("We pick C.", VALUES, "C"),
        ("It is C.", VALUES, "C"),
        ("So it's C.", VALUES, "C"),
        ("Therefore, C.", VALUES, "C"),
        ("Not D, but C.", VALUES, "C"),
        ("It is not A, so C.", VALUES, "C"),
        ("D is incorrect, so C", VALUES, "C"),
        ("The answer is C rather than D.", VALUES, "C"),
        ("the answer is a.", VALUES, "A"),
        ("The answer is (a)", VALUES, "A"),
        ("the answer is A, because", VALUES, "A"),
        ("The answer is 24", VALUES, "D"),
        ("The answer is $24.00$.", VALUES, "D"),
        ("$x = 24$, so the answer is $\\boxed{24}$", VALUES, "D"),
        ("The answer is 18 hours", VALUES, "C"),
        ("The answer is none of these", VALUES, "E"),
        ("The answer is the chorion.", WORDS, "B"),
        ("The answer is amnion, because", WORDS, "A"),
        ("The answer is a cell wall", WORDS, "D"),
        ("The answer is A cell wall", WORDS, "D"),
        ("The answer is $\\frac{3}{6}$", ["\\frac{1}{2}", "1/3"], "A"),
        ("The answer is $x + 1$", ["x-1", "1+x"], "B"),
        ("The answer is 50%", ["50 %", "25 %"], "A"),
    ],
)
def test_the_option_stated(text: str, choices: list[str], letter: str) -> None:
    assert verdict(letter, choices, text) is Verdict.RIGHT
    other = "B" if letter == "A" else "A"
    assert verdict(other, choices, text) is Verdict.WRONG


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("", VALUES),
        ("The answer is A or B", VALUES),
        ("The answer is A, B", VALUES),
        ("The answer is A/B", VALUES),
        ("The answer is (A) and (C)", VALUES),
        ("Either A or B is correct", VALUES),
        ("The answer is a number", VALUES),
        ("The answer is I think", VALUES),
        ("A cell has energy", VALUES),
        ("So it might be B", VALUES),
        ("There is only a small chance", VALUES),
        ("So A cell has it", VALUES),
        ("12 and 16 give 28 hours", VALUES),
        ("It is not 24", VALUES),
        ("It is 24 or 16", VALUES),
        ("The answer is not B", VALUES),
        ("the answer is F", VALUES),
        ("If the answer is B, then", VALUES),
        ("So, A, B are both right", VALUES),
        ("It is not C.", VALUES),
        ("Not C.", VALUES),
        ("I don't think it is C", VALUES),
        ("The answer is chorionic", WORDS),
        ("The answer is amnion or yolk sac", WORDS),
        ("The answer is B cells", WORDS),
        ("The answer is A", ["B", "A"]),
        ("The answer is 5.00", ["5", "5.0"]),
    ],
)
def test_nothing_is_guessed(text: str, choices: list[str]) -> None:
    for letter in LETTERS[: len(choices)]:
        assert verdict(letter, choices, text) is Verdict.UNPARSED


@pytest.mark.parametrize(
    "text",
    [
        "The answer cannot be {text}.",
        "{text} is incorrect.",
        "{text} is not the answer.",
        "There is no {text}.",
        "({letter}) is incorrect.",
        "({letter}) {text} cannot be the answer.",
        "({lower}) isn't right",
        "So option {letter} is ruled out.",
        "So {letter} is wrong.",
        "Option {letter} is false.",
        "It can't be option {letter}.",
        "The wrong answer is {letter}.",
        "The incorrect answer is {text}.",
        "The wrong answer is **{letter}**.",
        "**{letter}** is wrong.",
        "I doubt the answer is {letter}.",
        "It is false that the answer is {letter}.",
        "\\boxed{{{letter}}} is wrong",
        "\\boxed{{{text}}} is wrong",
        "All of them except option {letter}.",
        "We rule out option {letter}.",
        "None of A, {letter} is the answer.",
        "My first answer was {letter}",
        "The answer is {text} or something else.",
        "The answer is {letter}, or maybe A.",
        "The answer is {letter} (or A).",
        "The answer is ({lower}) or (a).",
        "The answer is {lower}) or a)",
        "The answer is ({letter})(A)",
        "The answer is {letter}; A is also right.",
        "\\boxed{{\\text{{{letter}}}, \\text{{A}}}}",
    ],
)
@pytest.mark.parametrize(
    ("choices", "right"), [(VALUES, 1), (VALUES, 2), (WORDS, 1), (CHANGES, 2), (DOTTED, 1), (DOTTED, 2)]
)
def test_what_its_clause_denies_or_hedges_is_not_picked(text: str, choices: list[str], right: int) -> None:
    letter = LETTERS[right]
    said = text.format(letter=letter, lower=letter.lower(), text=choices[right])
    for each in LETTERS[: len(choices)]:
        assert verdict(each, choices, said) is not Verdict.RIGHT


@pytest.mark.parametrize(
    ("text", "choices", "letter"),
    [
        ("The answer is no increase.", CHANGES, "B"),
        ("There is no increase.", CHANGES, "B"),
        ("(B) No increase", CHANGES, "B"),
        ("D. Cannot be determined, because the data is missing", CHANGES, "D"),
        ("It cannot be determined.", CHANGES, "D"),
        ("The answer is none of these, as no option matches.", VALUES, "E"),
        ("The answer is not more than 5", ["not more than 5", "5", "more than 5"], "A"),
        ("The answer is Not wrong, Wrong.", ["Wrong, Wrong", "Not wrong, Wrong"], "B"),
        ("The answer is Wrong, Wrong.", ["Wrong, Wrong", "Wrong, Not wrong"], "A"),
        ("The answer is false.", ["true", "false"], "B"),
        ("The answer is either (a) or (b).", PARTS, "C"),
        ("The answer is neither (a) nor (b).", PARTS, "D"),
        ("The answer is (C). None of the others fit.", VALUES, "C"),
        ("The answer is C, D is wrong.", VALUES, "C"),
        ("The answer is 18 hr, not 24.", VALUES, "C"),
        ("The answer is 18 hr, which is not prime.", VALUES, "C"),
        ("The answer is the chorion, not the amnion.", WORDS, "B"),
        ("Since 18 is not prime, the answer is $\\boxed{18}$.", VALUES, "C"),
        ("Which one is wrong?\nAnswer: C", VALUES, "C"),
        ("The first step gives 9. The answer is C.", VALUES, "C"),
        ("There is no doubt that the answer is C.", VALUES, "C"),
        ("The answer is yes, no doubt about that.", ["yes", "no"], "A"),
        ("The answer is (B). No, it's (C).", VALUES, "C"),
        ("The answer is (B). No, the correct answer is (C).", VALUES, "C"),
        ("Answer: A. Wait, no, it is C.", VALUES, "C"),
        ("My first answer was B, the right one is C", VALUES, "C"),
    ],
)
def test_a_denial_or_a_hedge_elsewhere_denies_nothing(text: str, choices: list[str], letter: str) -> None:
    assert verdict(letter, choices, text) is Verdict.RIGHT


def test_the_dot_of_an_option_may_be_missing_where_it_is_denied() -> None:
    assert verdict("B", DOTTED, "Cells is incorrect.") is not Verdict.RIGHT


@pytest.mark.parametrize("text", ["There is no surplus.", "The answer would be no surplus.", "It is not a surplus."])
def test_no_in_a_sentence_is_no_correction(text: str) -> None:
    assert verdict("A", SIDES, text) is Verdict.UNPARSED


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("Statement 1 is True. Statement 2 is True.", "A"),
        ("Both statements are false.", "B"),
        ("Statement 1 is true, but statement 2 is false.", "C"),
        ("Statement 1: **False**\nStatement 2: **True**", "D"),
        ("Statement 1 is true.", None),
        ("Statement 1 is not true. Statement 2 is true.", None),
        ("It is false that both statements are true.", None),
    ],
)
def test_what_is_said_of_two_statements_picks_their_pair(text: str, letter: str | None) -> None:
    right = [each for each in "ABCD" if verdict(each, TRUTHS, text) is Verdict.RIGHT]
    assert right == ([letter] if letter else [])


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("The answer is 1067.", "A"),
        ("Rs. 1067.", "A"),
        ("So he pays rs . 1067", "A"),
        ("The answer is Rs 1,100", "B"),
        ("\\boxed{1200}", "C"),
    ],
)
def test_rupees_are_a_currency_that_may_be_missing(text: str, letter: str) -> None:
    assert verdict(letter, RUPEES, text) is Verdict.RIGHT


def test_a_value_that_no_option_has_is_wrong_and_one_that_cannot_be_compared_undecided() -> None:
    assert verdict("A", VALUES, "The answer is 25") is Verdict.WRONG
    assert verdict("A", ["5", "6"], "The answer is $5 +$") is Verdict.UNDECIDED


@pytest.mark.parametrize(("target", "choices"), [("F", VALUES), ("c", VALUES), ("", VALUES), ("AB", VALUES), ("A", [])])
def test_a_target_that_is_no_letter_of_the_choices_is_an_error(target: str, choices: list[str]) -> None:
    assert verdict(target, choices, "The answer is A") is Verdict.ERROR


def test_the_span_the_rule_and_the_reason_are_kept() -> None:
    sample = Sample(id="1", prompt="", target="C", facts={"choices": VALUES})
    found = judge(sample, "First A. The answer is (C) 18 hr. Done")
    assert found.span == Span(text="(C) 18 hr", rule="phrase")
    assert found.reason == "option C, by its letter"


def test_words_are_compared_without_case_quotes_and_markup() -> None:
    assert words(' **"The  Chorion".** ') == words("\\text{the chorion}") == "the chorion"


STYLES = ["The answer is ({}).", "Answer: {}", "**{}**", "\\boxed{{\\text{{{}}}}}", "So option {} is correct.", "({})"]


@given(right=st.integers(0, 4), other=st.integers(0, 4), style=st.sampled_from(STYLES))
def test_every_letter_is_read_in_every_style(right: int, other: int, style: str) -> None:
    found = verdict(LETTERS[right], VALUES, style.format(LETTERS[other]))
    assert found is (Verdict.RIGHT if right == other else Verdict.WRONG)


@pytest.mark.parametrize("letter", LETTERS[:5])
def test_the_reference_is_right(letter: str) -> None:
    sample = Sample(id="1", prompt="", target=letter, facts={"choices": VALUES})
    grader = choice()
    assert grader.name == "choice(value)@2"
    with grader.session([]) as grade:
        assert grade(sample, grader.reference(sample)).value == 1.0
