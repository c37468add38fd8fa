"""Exercises on pairs of operations: examples by hand, what is held out, and programs that do what they say."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchcore.data.exercises import (
    ARGUMENTS,
    DOCSTRINGS,
    UNSEEN_DOCSTRINGS,
    exercises,
    other_problem,
    pairs,
    problem,
    textbook,
)
from benchcore.data.operations import OPERATIONS, Operation
from benchcore.errors import ConfigError

KINDS = {"list": list, "int": int, "str": str}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "list": st.lists(st.integers(-100, 100), max_size=8),
    "int": st.integers(-1000, 1000),
    "str": st.text("abcXYZ e", max_size=12),
}
BODY = re.compile(r"    result = .*\n    return .*\n")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_an_operation_does_what_its_example_says(operation: Operation) -> None:
    given_, found = operation.example
    assert operation.of(given_) == found
    assert type(given_) is KINDS[operation.takes]
    assert type(found) is KINDS[operation.gives]
    assert len(set(operation.phrases)) == len(operation.phrases) == 2


@given(st.data())
@settings(max_examples=300)
def test_an_operation_is_defined_for_every_value(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(OPERATIONS))
    assert type(operation.of(data.draw(VALUES[operation.takes]))) is KINDS[operation.gives]


def test_no_two_operations_are_told_alike() -> None:
    names = [one.name for one in OPERATIONS]
    phrases = [(one.takes, phrase) for one in OPERATIONS for phrase in one.phrases]
    assert len(set(names)) == len(names) >= 40
    assert len(set(phrases)) == len(phrases)


def test_a_fifth_of_the_pairs_is_held_out_and_none_is_both() -> None:
    seen, held = ([(one.name, other.name) for one, other in pairs(held_out=which)] for which in (False, True))
    assert not [pair for pair in seen if pair in held]
    assert 0.15 < len(held) / len(seen + held) < 0.25
    known = {one.name: one for one in OPERATIONS}
    assert all(known[first].gives == known[second].takes for first, second in seen + held)
    assert {name for pair in seen for name in pair} == set(known), "each is shown in some pair"


def test_no_generated_text_has_a_body_of_a_held_out_pair() -> None:
    held = {bodies for pair in pairs(held_out=True) for bodies in _bodies(pair)}
    shown = [
        body
        for source in (exercises(documents=1500, seed=3), textbook(documents=1500, seed=3))
        for document in source
        for body in BODY.findall(document.text)
    ]
    assert len(shown) > 2000
    assert not held & set(shown)
    asked = [BODY.findall(one.text)[0] for one in exercises(documents=200, seed=3, held_out=1)]
    assert held >= set(asked)


def _bodies(pair: Any) -> set[str]:
    first, second = pair
    return {
        f"    result = {first.code.format(x=name)}\n    return {second.code.format(x='result')}\n"
        for name in ARGUMENTS[first.takes]
    }


@pytest.mark.parametrize("held_out", [0, 1])
def test_exercises_run_and_the_prompt_ends_where_the_body_begins(held_out: int) -> None:
    for document in exercises(documents=60, seed=5, held_out=held_out):
        assert document.group == "exercises"
        prompt, body = document.text[: document.prompt], document.text[document.prompt :]
        assert prompt.endswith('"""')
        assert BODY.fullmatch(body.lstrip("\n"))
        space: dict[str, Any] = {}
        exec(document.text, space)
        assert len([one for one in space.values() if callable(one)]) == 1


def test_templates_of_evaluation_are_in_no_text() -> None:
    texts = "".join(one.text for one in (*exercises(documents=800), *textbook(documents=800)))
    assert not set(DOCSTRINGS) & set(UNSEEN_DOCSTRINGS)
    assert ". Finally, " not in texts
    assert " and then " not in texts
    assert "With the result, " not in texts


@given(st.integers(0, 200))
@settings(max_examples=40)
def test_tests_are_passed_by_the_solution(seed: int) -> None:
    known = pairs(held_out=True)
    numbers = iter([(seed * 7919 % 1000) / 1000] + [(seed * step % 997) / 997 for step in range(1, 200)])
    pair = known[seed % len(known)]
    found = (problem if seed % 2 else lambda *some: other_problem(*some[:2]))(pair, lambda: next(numbers), DOCSTRINGS)
    space: dict[str, Any] = {}
    exec(found.prompt + found.solution, space)
    for value, right in found.tests:
        assert space[found.name](value) == right


def test_the_same_seed_gives_the_same_texts() -> None:
    for make in (exercises, textbook):
        one, same, other = (list(make(documents=20, seed=seed)) for seed in (1, 1, 2))
        assert one == same != other
        with pytest.raises(ConfigError, match="give 1 or more"):
            next(make(documents=0))
    with pytest.raises(ConfigError, match="give 0 or 1"):
        next(exercises(documents=1, held_out=7))
