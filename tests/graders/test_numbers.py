"""The grader of number answers: format traps, properties, hostile texts, and GSM8K's own golds."""

import json
import os
import time
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.graders.numbers import judge, numbers
from benchcore.records import Grade, Sample, Verdict


def sample(target: str) -> Sample:
    return Sample(id="1", prompt="", target=target)


def grade(target: str, text: str) -> Grade:
    with numbers().session([]) as grade_one:
        return grade_one(sample(target), text)


RIGHT = [
    ("#### 18", "hashes"),
    ("#### 18.", "hashes"),
    ("#### 18.0", "hashes"),
    ("#### $18", "hashes"),
    ("#### \\$18.00", "hashes"),
    ("#### 3\n\n#### 18", "hashes"),
    ("####\n18", "hashes"),
    ("#### **Answer: 18**", "phrase"),
    ("#### Step 3: add\n\n**Answer:** 18 eggs", "phrase"),
    ("so 18 dollars...", "last number"),
    ("18 apples, and then,, done", "last number"),
    ("The answer is 18", "phrase"),
    ("The answer is 18.", "phrase"),
    ("The answer is 18.\n\nQ: Ann has 3 cats. How many?\nA: The answer is 3.", "phrase"),
    ("The answer is 18.\n\nQuestion: Ann has 3 cats.\nAnswer: #### 3", "phrase"),
    ("The answer is 18.\nProblem:\nAnn has 3 cats.", "phrase"),
    ("The answer is 5. No: the answer is 18", "phrase"),
    ("The final answer is 18. I hope the answer is clear.", "phrase"),
    ("The answer to the question is 18", "phrase"),
    ("The answer is:\n\n**18** apples", "phrase"),
    ("answer: 18 (units m2)", "phrase"),
    ("The answer is 9 * 2 = 18 dollars over 3 days", "phrase"),
    ("The answer is $18.00 per day. That is 7 days.", "phrase"),
    ("The answer is **$18.00**.", "phrase"),
    ("The answer is 18!", "phrase"),
    ("1,018 - 1000 = 18", "result"),
    ("2 x 9 = 18", "result"),
    ("$18.00", "last number"),
    ("**18**", "bold"),
    ("She makes **18** a day (9 eggs at $2).", "bold"),
    ("18\n\nShe has 9 eggs at $2.", "first line"),
    ("```python\nprint(9 * 2)\n```\n```output\n18\n```", "output"),
    ("The answer is 5. Wait, that is wrong: 9 * 2 = 18", "correction"),
    ("The answer is not 9 but 18.", "phrase"),
    ("The answer is 18 not 9", "phrase"),
    ("The answer is eighteen eggs", "phrase"),
    ("\\boxed{eighteen}, from 9", "boxed"),
    ("\\boxed{\\sqrt{324}}", "boxed"),
    ("The answer is $\\sqrt{324}$", "phrase"),
    ("The answer is 2 * 9", "phrase"),
    ("so eighteen", "last number"),
    ("So she makes 18 dollars (9 eggs at $2 each).", "last number"),
    ("So she makes 18 dollars.\n\nWould you like to try 3 more?", "last number"),
    ("I think the answer is 9... no wait, it's 18.", "correction"),
    ("The answer is 9. Let me recompute: it is 18.", "correction"),
    ("The answer is 18.\n\nExercise 2: Tom has 3. The answer is 3.", "phrase"),
    ("The answer is 18.\n\nQuestion 2: Tom has 3. The answer is 3.", "phrase"),
    ("_18_", "last number"),
    ("18%", "last number"),
    ("It is 18,", "last number"),
    ("an area of 18 m^2", "last number"),
    ("an area of 18 m2", "last number"),
    ("36/2", "last number"),
    ("17 1/1", "last number"),
    ("\\boxed{18}", "boxed"),
    ("\\boxed{18\\text{ apples}}", "boxed"),
    ("\\boxed{\\$18.00}", "boxed"),
    ("\\boxed{\\frac{36}{2}}", "boxed"),
    ("\\boxed{x = 18}", "boxed"),
    ("\\boxed 18", "boxed"),
    ("The answer is 3, I mean $\\boxed{18}$", "boxed"),
    ("The answer is 1.8 x 10^1", "phrase"),
    ("The answer is 1.8e1.", "phrase"),
]


@pytest.mark.parametrize(("text", "rule"), RIGHT)
def test_eighteen_is_found_in_any_format(text: str, rule: str) -> None:
    found = grade("18", text)
    assert (found.verdict, found.value, found.rule) == (Verdict.RIGHT, 1.0, rule)
    assert found.extracted
    assert found.reason


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("-5", "The answer is \u22125."),
        ("-5", "#### -5"),
        ("-5", "the loss is -$5"),
        ("-5", "the loss is $-5.00"),
        ("3", "8-5=3"),
        ("3", "8-5"),
        ("18", "It takes $1{,}8$ no: the answer is 18"),
        ("1500000", "The answer is $1.5 million"),
        ("18.50", "The answer is 18 dollars and 50 cents"),
        ("24", "The answer is two dozen."),
        ("12", "The answer is a dozen."),
        ("7", "84/12 = 7 dozen eggs"),
        ("4/7", "The answer is \\frac{4}{7}"),
        ("18.04", "The answer is $18.04"),
        ("$18.04", "The answer is 18.04 dollars"),
        ("0.6666666667", "The answer is 2/3"),
        ("3244047.0999999996", "The answer is 3,244,047.1"),
        ("2:45 P.M.", "The answer is 2:45 pm."),
        ("3:4", "The answer is 3:4."),
        ("Bryan", "The answer is Bryan."),
        ("They are equal", "The answer is they are equal."),
        ("14", "=> 14"),
        ("14", "<answer>14</answer>"),
        ("14", '{"answer": "14", "checked": 1}'),
        ("14000", "The answer is 14k."),
        ("0.5", "The answer is one half."),
        ("3.5", "The answer is 3\u00bd hours."),
        ("3", "The answer is three (3)."),
        ("9" * 6000, "The answer is " + "9" * 6000),
        ("16", "The answer is 16.\nInput: 4*5\nOutput: The answer is 20."),
        ("0.5", "The answer is 1/2"),
        ("1/2", "The answer is .50"),
        ("-1/2", "\\boxed{-\\frac{1}{2}}"),
        ("3.5", "The answer is 3 1/2 cups"),
        ("1018", "#### 1,018"),
        ("1,018", "\\boxed{1{,}018}"),
        ("0.25", "The answer is 25%"),
        ("25%", "The answer is 25"),
        ("9 (apples)", "#### 9"),
        ("145.0", "The answer is 145"),
    ],
)
def test_other_numbers_are_right(target: str, text: str) -> None:
    assert grade(target, text).verdict is Verdict.RIGHT


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("1800", Verdict.WRONG),
        ("0.18", Verdict.WRONG),
        ("-18", Verdict.WRONG),
        ("17.999", Verdict.WRONG),
        ("18.0000000001", Verdict.WRONG),
        ("#### 18\n#### 3", Verdict.WRONG),
        ("The answer is 18. The answer is 3.", Verdict.WRONG),
        ("The answer is 18 or 5", Verdict.WRONG),
        ("The answer is at least 18", Verdict.UNDECIDED),
        ("So it is not possible to determine the price of 18 eggs.", Verdict.UNPARSED),
        ("So it is x > 18.", Verdict.UNPARSED),
        ("So it is 18 pi.", Verdict.UNPARSED),
        ("The answer is 18, 5", Verdict.WRONG),
        ("\\boxed{18 \\text{ or } 20}", Verdict.WRONG),
        ("The answer is 18^{2}", Verdict.WRONG),
        ("18^2", Verdict.WRONG),
        ("The answer is 18:30", Verdict.WRONG),
        ("The answer is 18/0", Verdict.UNDECIDED),
        ("\\boxed{18\\sqrt{2}}", Verdict.WRONG),
        ("\\boxed{18 +}", Verdict.UNDECIDED),
        ("The answer is 18 hours 30 minutes", Verdict.UNDECIDED),
        ("", Verdict.UNPARSED),
        (" \n. $", Verdict.UNPARSED),
        ("m18", Verdict.UNPARSED),
    ],
)
def test_not_eighteen(text: str, verdict: Verdict) -> None:
    found = grade("18", text)
    assert (found.verdict, found.value) == (verdict, 0.0)
    assert found.extracted is not None
    assert found.rule
    assert found.reason


@pytest.mark.parametrize(
    ("target", "choices", "text", "verdict"),
    [
        ("nonlinear", ["linear", "nonlinear"], "The answer is nonlinear.", Verdict.RIGHT),
        ("nonlinear", ["linear", "nonlinear"], "The function is not so. The answer is (B).", Verdict.RIGHT),
        ("linear", ["linear", "nonlinear"], "The answer is nonlinear.", Verdict.WRONG),
        ("1 hour", ["1 hour", "15 minutes"], "The answer is 1 hour", Verdict.RIGHT),
        ("2:45 P.M.", ["2:45 P.M.", "3:45 P.M."], "The answer is 2:45 P.M.", Verdict.RIGHT),
        ("yes", ["yes", "no"], "The answer is yes or no", Verdict.UNPARSED),
        ("18", ["18", "19"], "The answer is 18", Verdict.RIGHT),
    ],
)
def test_a_target_among_choices_is_an_option(target: str, choices: list[str], text: str, verdict: Verdict) -> None:
    found = judge(Sample(id="1", prompt="", target=target, facts={"choices": choices}), text)
    assert found.verdict is verdict


@pytest.mark.parametrize(
    "text", ["The answer is 0.67", "The answer is 2/3.5", "The answer is 2/0", "The answer is 0.666667"]
)
def test_a_printed_float_is_not_matched_by_a_short_rounding(text: str) -> None:
    assert grade("0.6666666667", text).verdict is not Verdict.RIGHT


WRITINGS = st.sampled_from(
    [
        "#### {}",
        "#### {}.",
        "The answer is {}",
        "The answer is {}.",
        "The final answer is: **{}**.",
        "so it is {} dollars...",
        "It takes 4 steps and then 7 more.\nThe answer is {} apples.",
        "First 12.\n\\boxed{{{}}}",
        "answer: {} (units m2)",
        "The answer is {}.\n\nQuestion: what is 1 + 1?\nThe answer is 2.",
    ]
)


def write(value: Fraction, style: int) -> str:
    """A decimal fraction in one of several formats."""
    sign, size = ("-" if value < 0 else ""), abs(value)
    whole, cents = divmod(int(size * 100), 100)
    return [
        f"{sign}{whole}.{cents:02d}",
        f"{sign}{whole:,}.{cents:02d}",
        f"{sign}${whole:,}.{cents:02d}",
        f"\u2212{whole}.{cents:02d}0" if sign else f"{whole}.{cents:02d}0",
        f"{sign}{size.numerator}/{size.denominator}",
        f"{sign}\\frac{{{size.numerator}}}{{{size.denominator}}}",
    ][style]


HUNDREDTHS = st.integers(-(10**12), 10**12).map(lambda n: Fraction(n, 100))


@given(value=HUNDREDTHS, style=st.integers(0, 5), writing=WRITINGS)
def test_a_number_is_right_however_it_is_written(value: Fraction, style: int, writing: str) -> None:
    assert grade(write(value, 0), writing.format(write(value, style))).verdict is Verdict.RIGHT


@given(value=HUNDREDTHS, other=HUNDREDTHS, style=st.integers(0, 5), writing=WRITINGS)
def test_another_number_is_wrong(value: Fraction, other: Fraction, style: int, writing: str) -> None:
    found = grade(write(value, 0), writing.format(write(other, style)))
    assert (found.verdict is Verdict.RIGHT) == (value == other)


@given(text=st.text(), target=st.sampled_from(["18", "-0.5", "1/3"]))
def test_any_text_gets_a_verdict(text: str, target: str) -> None:
    found = grade(target, text)
    assert found.value in (0.0, 1.0)


@pytest.mark.parametrize(
    "text",
    [
        "10**999999999",
        "1e999999999",
        "The answer is 1e-999999999",
        "The answer is 10^{10^{10}}",
        "The answer is " + "9" * 10_000,
        "9" * 1_000_000,
        "1,111" * 200_000,
        "#" * 1_000_000,
        "####" * 250_000,
        "-" * 1_000_000,
        "1/" * 500_000,
        "1e" * 500_000,
        "\\boxed{" * 140_000,
        "\\boxed" * 160_000,
        "{" * 1_000_000,
        "the answer is " * 70_000,
        "answer to " * 100_000,
        "answer" + "*" * 1_000_000,
        "\nQ" * 500_000,
        "\\frac{" * 160_000,
        " " * 1_000_000,
        "__import__('os').system('touch X')",
    ],
)
def test_hostile_text_ends_quickly_and_is_not_right(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    start = time.process_time()
    assert grade("10", text).value == 0.0
    assert time.process_time() - start < 10  # a quadratic scan of these takes hours
    assert not list(tmp_path.iterdir())


def test_the_reference_is_right_and_the_contract_is_kept() -> None:
    grader = numbers()
    assert grader.name == "numbers(value)@2"
    assert grader.isolation() == {}
    for target in ("18", "-3", "1,018", "2.5", "1/2", "25%"):
        assert grade(target, grader.reference(sample(target))).verdict is Verdict.RIGHT


@pytest.fixture(scope="module")
def gsm8k() -> list[dict[str, str]]:
    folder = os.environ.get("BENCHCORE_DATA")
    if not folder:
        pytest.skip("BENCHCORE_DATA is not set")
    path = Path(folder, "gsm8k", "test.jsonl")
    if not path.is_file():
        pytest.skip(f"{path} does not exist")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.data
def test_every_gsm8k_reference_is_right(gsm8k: list[dict[str, str]]) -> None:
    golds = [row["answer"].rpartition("####")[2].strip() for row in gsm8k]
    assert len(golds) == 1319
    with numbers().session([]) as grade_one:
        for row, gold in zip(gsm8k, golds, strict=True):
            texts = (row["answer"], f"#### {gold}", f"The answer is {gold}", numbers().reference(sample(gold)))
            assert all(grade_one(sample(gold), text).verdict is Verdict.RIGHT for text in texts), row
            assert grade_one(sample(gold), "").verdict is Verdict.UNPARSED


@pytest.mark.data
def test_a_gsm8k_gold_is_wrong_against_another(gsm8k: list[dict[str, str]]) -> None:
    golds = [row["answer"].rpartition("####")[2].strip() for row in gsm8k]
    with numbers().session([]) as grade_one:
        for gold, row in zip(golds[1:], gsm8k, strict=False):
            other = row["answer"].rpartition("####")[2].strip()
            equal = gold.replace(",", "") == other.replace(",", "")
            assert (grade_one(sample(gold), row["answer"]).verdict is Verdict.RIGHT) == equal


@pytest.mark.parametrize(
    "text",
    [
        "**Answer:**\n\n1. Eggs left: 16 - 3 - 4 = 9\n2. Money: 9 * 2 = $18\n\nShe makes **$18**",
        "Answer: Janet's 16 ducks lay eggs, and she eats 3.\nShe makes 9 * 2 = 18 dollars.",
        "Answer:\n18",
        "Answer: about $18.",
        "The answer is therefore 9 * 2 = 18.",
        "The answer is that she sells 9 eggs. So she makes 18",
    ],
)
def test_a_working_behind_the_word_answer_is_not_the_answer(text: str) -> None:
    with numbers().session([]) as grade_one:
        assert grade_one(sample("18"), text).verdict is Verdict.RIGHT
        assert grade_one(sample("1"), text).verdict is Verdict.WRONG
        assert grade_one(sample("16"), text).verdict is Verdict.WRONG


@pytest.mark.parametrize(("text", "first"), [("10²", "10"), ("1 000", "1"), ("$1.5 million", "1.5")])
def test_a_number_that_goes_on_is_not_cut_short(text: str, first: str) -> None:
    with numbers().session([]) as grade_one:
        assert grade_one(sample(first), f"The answer is {text}").verdict is not Verdict.RIGHT


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("0", "The answer is 0." + "0" * 5000 + "1"),
        ("7", "7." + "0" * 5000 + "1"),
        ("7", "1" + "0" * 25_000 + "7"),
        ("7", "The answer is 7\u0661\u0662"),
        ("4", "The answer is 4\u200b2"),
        ("14", "The answer is 14k."),
        ("14", "She has 14 hundred."),
        ("14", "The answer is $14!$."),
        ("14", "\\boxed{14!}"),
        ("14", "The answer is x + 14."),
        ("14", "So it is x + 14."),
        ("14", "The answer is 'x + 14'."),
        ("14", "The answer is 14x because 18 - 4 is that."),
        ("14", "The answer is 14.0.1"),
        ("14", "It is definitely not 14."),
        ("14", "She needs at least 14 boxes."),
        ("14", "It lies between 10 and 14."),
        ("14", "So they have 12 and 14 apples."),
        ("2", "She has 2,5 litres"),
        ("3", "The answer is three (4)."),
        ("5", "It is impossible that the answer is 5."),
        ("5", "I don't think the answer is 5."),
        ("14", "x >= 14"),
        ("20", "<answer>14/20</answer>"),
        ("16", "=> 14-16"),
    ],
)
def test_a_part_or_a_denial_does_not_stand_for_the_answer(target: str, text: str) -> None:
    assert grade(target, text).verdict is not Verdict.RIGHT


@pytest.mark.parametrize(
    "stated",
    [
        "- 5", "5 \u00b1 1", "5..6", "5 remainder 2", "5 R 2", "5r2", "5 more than 7", "5 less than twelve",
        "5 minutes less than 1 hour", "5 squared", "5B", "5 bn", "5 lakh", "5' 6\"", "5 apples and 6 oranges",
        "5 for Tom and 6 for Ann", "$5 each, or $10 in total", "5 if x > 2, otherwise 6", "5 percent of 20",
        "5, so in total 12", "sqrt(5)", "\u221a5", "log 5", "twice 5", "step 5", "5 degrees below zero",
        "found in 5 steps", "obtained by dividing 10 by 5", "5 over two",
    ],
)  # fmt: skip
def test_a_part_of_what_is_stated_does_not_stand_for_it(stated: str) -> None:
    assert grade("5", f"The answer is {stated}.").verdict is not Verdict.RIGHT


@pytest.mark.parametrize(
    "stated",
    [
        "14 apples after 3 days", "14, so she has 14 apples", "she has 14 apples left", "14 more apples than Ann",
        "14 apples out of 20", "14 if we round up", "14 (18 - 4), as 4 are gone", "14 over 2 weeks",
    ],
)  # fmt: skip
def test_words_behind_a_number_leave_it_whole(stated: str) -> None:
    assert grade("14", f"The answer is {stated}.").verdict is Verdict.RIGHT


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("-5", "The answer is - 5."),
        ("5", "Answer:\n- 5 apples"),
        ("2.5", "The answer is 2 and 1/2."),
        ("1067", "the answer is rs . 1067"),
        ("3", "She ate 7. She has 3 apples left out of 10."),
        ("0.30000000000000004", "The answer is 0.3"),
    ],
)
def test_a_number_is_read_as_it_is_meant(target: str, text: str) -> None:
    assert grade(target, text).verdict is Verdict.RIGHT


def test_a_printed_float_stands_for_what_rounds_to_it() -> None:
    assert grade("0.6666666667", "The answer is 0.66666666667").verdict is Verdict.RIGHT
    assert grade("0.6666666667", "The answer is 0.6666666668").verdict is Verdict.WRONG


def test_many_openings_of_a_phrase_take_little_time() -> None:
    start = time.process_time()
    grade("5", "answer to " * 100_000)
    assert time.process_time() - start < 1
