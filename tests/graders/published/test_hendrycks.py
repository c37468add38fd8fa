"""lm-eval's `hendrycks_math`: the same verdicts as its own functions, which compare strings alone."""

import random
from types import ModuleType

import pytest

from benchcore import Sample, Verdict
from benchcore.graders.published import hendrycks

PIECES = (
    "\\text{ s}", "\\text{ cm}", "\\sqrt", "\\sqrt3", "\\frac", "\\frac12", "\\frac1{72}", "/", "=", "x=", "$", ".",
    " ", "\\%", "{", "}", "3", "\n", "\\!", "\\left", "^\\circ", "0.5", " .5", "{.5", "\\\\",
)  # fmt: skip
ANSWERS = [
    "", "5", "0.5", ".5", "\\frac12", "\\frac{1}{2}", "1/2", "a/b", "1/2/3", "01/2", "x=5", "xy=5", "xyz=5", "x=y=5",
    "10\\%", "90^\\circ", "90^{\\circ}", "5\\text{ cm}", "5\\text{ cm}\\text{ s}", "5\\text{cm}", "\\sqrt3", "\\sqrt",
    "\\sqrt{3}", "\\frac", "\\frac1", "\\frac1{72}", "\\dfrac{1}{2}", "\\left(1,2\\right)", "(1,2)", "\\$5",
]  # fmt: skip


def sample(target: str) -> Sample:
    return Sample(id="a", prompt="p", target=target)


def test_every_pair_of_answers_is_judged_as_by_lm_eval(hendrycks_oracle: ModuleType) -> None:
    pairs = [(answer, gold) for answer in ANSWERS for gold in ANSWERS]
    wrong = [pair for pair in pairs if hendrycks.equal(*pair) != hendrycks_oracle.is_equiv(*pair)]
    assert wrong == []
    assert 30 < sum(hendrycks.equal(*pair) for pair in pairs) < 100


@pytest.mark.data
def test_damaged_golds_of_math_are_judged_as_by_lm_eval(hendrycks_oracle: ModuleType, golds: list[str]) -> None:
    chance = random.Random(4)
    wrong, equal = [], 0
    for gold in golds:
        at = chance.randrange(len(gold) + 1)
        answer = gold[:at] + chance.choice(PIECES) + gold[at:]
        ours = hendrycks.equal(answer, gold)
        equal += ours
        if ours != hendrycks_oracle.is_equiv(answer, gold):
            wrong.append((answer, gold))
    assert wrong == []
    assert 100 < equal < len(golds) - 100


TEXTS = [
    ("It is $5$.", "5", "between dollar signs"),
    ("It is $5$ or $6$.", "5$ or $6", "between dollar signs"),
    ("It is $5", "It is $5", "whole text"),
    ("\\boxed{5}", "\\boxed{5}", "whole text"),
    ("5", "5", "whole text"),
]


@pytest.mark.parametrize(("text", "found", "rule"), TEXTS)
def test_the_answer_is_between_the_outer_dollar_signs(
    hendrycks_oracle: ModuleType, text: str, found: str, rule: str
) -> None:
    finding = hendrycks.judge(sample("5"), text)
    assert finding.span is not None and (finding.span.text, finding.span.rule) == (found, rule)
    theirs = hendrycks_oracle.process_results({"solution": "\\boxed{5}"}, [text])["exact_match"]
    assert (finding.verdict is Verdict.RIGHT) == bool(theirs)


def test_a_box_is_not_looked_for() -> None:
    assert hendrycks.judge(sample("5"), "So \\boxed{5}").verdict is Verdict.WRONG
    assert hendrycks.judge(sample("5"), "So $\\boxed{5}$").verdict is Verdict.WRONG
    assert hendrycks.judge(sample("5"), "").verdict is Verdict.UNPARSED


def test_the_reference_is_right() -> None:
    for target in ANSWERS[1:]:
        assert hendrycks.judge(sample(target), hendrycks.reference(sample(target))).verdict is Verdict.RIGHT
