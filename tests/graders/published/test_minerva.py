"""lm-eval's `minerva_math`: the same strings as its own functions, and nearly the same verdicts as with sympy."""

import random
import runpy
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType

import pytest

from benchcore import Verdict
from benchcore.graders.published import minerva

from .conftest import sample

PAIRS = Path(__file__).parent.parent / "pairs"
SECONDS = 3.0  # that sympy may take for one pair
PIECES = (
    "=", "$", "\\$", " ", "a ", "an ", "square", " cm", "ft", "\\left", "\\text{", "\\text{s}", "\\text{and}", "mbox",
    "\\boxed{", "}", "{", "frac", "\\frac12", "sqrt", "\\sqrt3", "\\sqrt[3]2", "\\textbf{", "\\overline{", ",", "{,}",
    "^\\circ", "\\;", "\n", ".", '"', "points", "\\dots",
)  # fmt: skip
TEXTS = [
    "Final Answer: The final answer is $5$. I hope it is correct.",
    "Final Answer: The final answer is $5$. I hope it is correct.\nFinal Answer: The final answer is $6$. I hope it is"
    " correct.",
    "Final Answer: The final answer is $5$",
    "Final Answer: The final answer is $5$. ",
    "Final Answer: The final answer is 5",
    "Final Answer: The final answer is 5 ",
    "Final Answer: The final answer is\n5. I hope it is correct.",
    "Final Answer: The final answer is I hope it is correct.",
    "Final Answer: The final answer is Final Answer: The final answer is $5$. I hope it is correct.",
    "The final answer is $5$. I hope it is correct.",
    "final answer: the final answer is 5",
    "\\boxed{5}",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_same_answer_is_found(minerva_oracle: ModuleType, text: str) -> None:
    theirs = minerva_oracle.get_unnormalized_answer(text)
    assert (minerva.stated(text) or "") == ("" if theirs == "[invalidanswer]" else theirs)


def test_without_the_closing_phrase_nothing_is_found() -> None:
    assert minerva.judge(sample("5"), "So it is \\boxed{5}.").verdict is Verdict.UNPARSED
    assert minerva.judge(sample("5"), TEXTS[0]).verdict is Verdict.RIGHT


@pytest.mark.data
def test_golds_and_damaged_golds_of_math_become_the_same_strings(minerva_oracle: ModuleType, golds: list[str]) -> None:
    chance = random.Random(5)
    texts = list(golds)
    for gold in golds:
        for _ in range(2):
            at = chance.randrange(len(gold) + 1)
            texts.append(gold[:at] + chance.choice(PIECES) + gold[at:])
    assert len(texts) > 6000
    assert [text for text in texts if minerva.normal(text) != minerva_oracle.normalize_final_answer(text)] == []


class _Late(Exception):
    pass


@contextmanager
def deadline() -> Iterator[None]:
    def late(signum: int, frame: FrameType | None) -> None:
        raise _Late

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_verdicts_on_labelled_pairs_are_those_with_sympy(minerva_oracle: ModuleType) -> None:
    pairs = [
        row[:2]
        for file in sorted(PAIRS.glob("*.py"))
        for rows in runpy.run_path(str(file))["PAIRS"].values()
        for row in rows
    ]
    chosen = random.Random(6).sample(pairs, 300)
    others, late = [], 0
    for gold, answer in chosen:
        try:
            with deadline():
                theirs = bool(minerva_oracle.is_equiv(*map(minerva_oracle.normalize_final_answer, (answer, gold))))
        except _Late:
            late += 1
            continue
        text = f"Final Answer: The final answer is {answer}. I hope it is correct."
        if "\n" not in answer and theirs != (minerva.judge(sample(gold), text).verdict is Verdict.RIGHT):
            others.append((gold, answer, theirs))
    print(f"{len(chosen)} pairs, {late} late, others: {others}")
    assert len(others) <= 0.01 * len(chosen)
    assert late <= 0.01 * len(chosen)


FAULTS = [
    ("x + y = 0", "x - 3z = 0", True),  # only what follows the last "="
    ("3\\frac{3}{8}", "\\frac{9}{8}", True),  # a mixed number is a product
    ("25_{6}", "25", True),  # the base is not read
    ("1,-2", "1", True),  # nor the rest of a list
    ("1,-2", "-2,1", False),
    ("x>3", "3<x", False),  # a relation is never equal to another
    ("(3,4)", "( 3, 4)", True),
    ("(3,4)", "(3,4.0)", False),  # tuples are compared as strings
    ("12", "12\\text{ square units}", True),
    ("\\frac{1}{2}", "0.5", True),
    ("2", "2.001", False),
]


@pytest.mark.parametrize(("gold", "answer", "right"), FAULTS)
def test_its_faults_are_kept(gold: str, answer: str, right: bool) -> None:
    text = f"Final Answer: The final answer is ${answer}$. I hope it is correct."
    assert (minerva.judge(sample(gold), text).verdict is Verdict.RIGHT) == right


def test_an_answer_of_thousands_of_characters_is_undecided() -> None:
    text = f"Final Answer: The final answer is ${'1+' * 5000}1$. I hope it is correct."
    assert minerva.judge(sample("5"), text).verdict is Verdict.UNDECIDED


@pytest.mark.data
def test_all_golds_of_math_on_one_line_can_be_answered(golds: list[str]) -> None:
    wrong = [
        gold
        for gold in golds
        if minerva.judge(sample(gold), minerva.reference(sample(gold))).verdict is not Verdict.RIGHT
    ]
    assert wrong == ["90\\text{ square\nunits}"]
