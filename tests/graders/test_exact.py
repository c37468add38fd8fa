"""exact(): the first line is the target or it is not, whatever white space and full stop are around it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore import exact
from benchcore.errors import ConfigError
from benchcore.records import Grade, Sample, Score, Verdict

LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), min_size=1).filter(
    lambda text: text == text.strip()
)


def graded(target: str, text: str) -> Grade:
    sample = Sample(id="s", prompt="?", target=target)
    with exact().session([sample]) as grade:
        return grade(sample, text)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("12", "12"),
        ("12", " 12"),
        ("12", "12."),
        ("12", "\n 12 .\nbecause"),
        ("12", "12\r\nQ: the next"),
        ("[2, 3]", "[2, 3]"),
        ("a.b.", "a.b."),
        ("a.b.", "a.b.."),
        (".", "."),
        ("b", "b\n\nQ: What is the first letter of the word bat?\nA: c"),
    ],
)
def test_the_first_line_is_the_target(target: str, text: str) -> None:
    found = graded(target, text)
    assert (found.value, found.verdict, found.extracted, found.grader) == (1.0, Verdict.RIGHT, target, "exact@1")


@pytest.mark.parametrize(
    ("target", "text", "extracted"),
    [
        ("12", "13", "13"),
        ("12", "The answer is 12.", "The answer is 12"),
        ("12", "12.0", "12.0"),
        ("12", "12..", "12."),
        ("red", "Red", "Red"),
        ("12", "3\n12", "3"),
        ("[2, 3]", "[2,3]", "[2,3]"),
        ("12", ".", "."),
    ],
)
def test_any_other_first_line_is_wrong_and_shown(target: str, text: str, extracted: str) -> None:
    found = graded(target, text)
    assert (found.value, found.verdict, found.extracted) == (0.0, Verdict.WRONG, extracted)


@pytest.mark.parametrize("text", ["", " ", "\n \t\n"])
def test_an_empty_text_is_unparsed(text: str) -> None:
    found = graded("12", text)
    assert (found.value, found.verdict, found.extracted) == (0.0, Verdict.UNPARSED, None)
    assert found.reason == "the completion is empty"


@given(LINE, st.sampled_from(["", " ", "\n", "\t "]), st.sampled_from(["", " ", ".", " . ", "\n\nmore", ".\nmore"]))
def test_a_target_is_right_however_it_is_set_off(target: str, before: str, after: str) -> None:
    sample = Sample(id="s", prompt="?", target=target)
    assert exact().reference(sample) == target
    assert graded(target, f"{before}{target}{after}").value == 1.0


@given(LINE, LINE)
def test_another_line_is_wrong_but_for_a_full_stop(target: str, text: str) -> None:
    assert graded(target, text).value == float(text == target or text.removesuffix(".").rstrip() == target)


@pytest.mark.parametrize("target", ["", " 12", "12\n", "1\n2"])
def test_a_target_that_no_first_line_can_be_is_refused_before_anything_is_graded(target: str) -> None:
    with pytest.raises(ConfigError, match=r"the target '.*' of sample 's' is not a line without white space around it"):
        graded(target, "12")


def test_likelihoods_are_not_graded() -> None:
    sample = Sample(id="s", prompt="?", target="12")
    with exact().session([sample]) as grade, pytest.raises(ValueError, match="a text was to be generated"):
        grade(sample, (Score(logprob=-1.0, tokens=1, greedy=True),))
    assert exact().isolation() == {}
