"""Addition digit by digit: the sums are right, and the texts are those of the published code."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.data.addition import addition
from benchcore.errors import ConfigError
from tests.data.conftest import parted, pin

ITEMS = 10_000
QUESTION = re.compile(r"Input: A = ((?:\d )+)\+ ((?:\d )+), A (\d+) = \? Output: ")


def parsed(question: str) -> tuple[str, str, int]:
    """The digits of both numbers, and which digit of their sum is asked for."""
    found = QUESTION.fullmatch(question)
    assert found is not None, question
    one, two, asked = found.groups()
    return one.replace(" ", ""), two.replace(" ", ""), int(asked)


def solved(question: str) -> str:
    """The digit asked for, of the sum that Python makes of the numbers in the text."""
    one, two, asked = parsed(question)
    return str(int(one) + int(two)).zfill(asked + 1)[-1 - asked]


def test_the_solver_solves_the_example_of_the_published_code() -> None:
    assert solved("Input: A = 1 0 6 + 0 7 1 , A 0 = ? Output: ") == "7"
    assert solved("Input: A = 9 9 8 + 0 0 7 , A 2 = ? Output: ") == "0"


def test_the_text_is_that_of_the_published_code() -> None:
    for one in addition(documents=30, seed=5):
        first, second, asked = parsed(parted(one)[0])
        digit = (int(first) + int(second)) // 10**asked % 10
        written = f"{first[0]} {first[1]} {first[2]} + {second[0]} {second[1]} {second[2]}"
        assert one.text == f"Input: A = {written} , A {asked} = ? Output: {digit}"


def test_a_solver_that_reads_the_text_finds_every_answer() -> None:
    wrong, skills = 0, Counter[str | None]()
    for one in addition(documents=ITEMS, seed=3):
        question, answer = parted(one)
        wrong += solved(question) != answer
        skills[one.group] += 1
        assert one.group == str(parsed(question)[2])
    assert wrong == 0
    assert skills == {"0": 3334, "1": 3333, "2": 3333}


def test_operands_are_drawn_evenly_and_never_are_all_nines() -> None:
    numbers = [int(number) for one in addition(documents=20_000, digits=1) for number in parsed(parted(one)[0])[:2]]
    counts = Counter(numbers)
    assert set(counts) == set(range(9))
    assert max(abs(count / len(numbers) - 1 / 9) for count in counts.values()) < 0.01
    large = [int(number) for one in addition(documents=5000) for number in parsed(parted(one)[0])[:2]]
    assert max(large) <= 998
    assert sum(large) / len(large) == pytest.approx(499, abs=10)


def test_the_same_settings_give_the_same_text_on_every_machine() -> None:
    documents = list(addition(documents=300, seed=3))
    assert documents == list(addition(documents=300, seed=3))
    assert documents != list(addition(documents=300, seed=4))
    assert pin(documents) == "d8fa6ed5f6070ef0"


@given(documents=st.integers(1, 20), digits=st.integers(1, 15), seed=st.integers(0, 99), skill=st.sampled_from([-1, 0]))
def test_any_settings_make_sums_that_are_right(documents: int, digits: int, seed: int, skill: int) -> None:
    found = list(addition(documents=documents, digits=digits, seed=seed, skill=skill))
    assert [one.group for one in found] == [str(0 if skill == 0 else at % digits) for at in range(documents)]
    for one in found:
        question, answer = parted(one)
        assert solved(question) == answer
        assert [len(number) for number in parsed(question)[:2]] == [digits, digits]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"documents": 0}, "0 sums of 3 digits"),
        ({"digits": 0}, "sums of 0 digits"),
        ({"digits": 16}, "sums of 16 digits"),
        ({"skill": 3}, "3 digits have no digit 3; count from 0"),
        ({"skill": -2}, "no digit -2"),
    ],
)
def test_nonsense_is_refused(settings: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        next(addition(**{"documents": 5, **settings}))
