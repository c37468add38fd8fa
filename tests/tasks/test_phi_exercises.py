"""The task phi_exercises: held-out pairs in two formats, right references, and what is wrong fails."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from benchcore import catalog
from benchcore.data.exercises import pairs
from benchcore.data.operations import OPERATIONS


@pytest.mark.parametrize(("variant", "held_out"), [("", True), ("@seen", False), ("@shots", True)])
def test_problems_are_of_the_pairs_that_the_variant_says(variant: str, held_out: bool) -> None:
    samples, _ = catalog.load_task(f"phi_exercises{variant}").samples(None)
    known = {f"{one.name}-{other.name}" for one, other in pairs(held_out=held_out)}
    assert Counter(one.group for one in samples) == {"same format": 50, "other format": 50}
    assert {one.id.rpartition("-")[0] for one in samples} <= known
    assert len({one.id.rpartition("-")[0] for one in samples}) == 50
    assert ("def " in str(samples[0].prompt).partition("\n    return")[2]) == (variant == "@shots")


def test_nothing_that_is_shown_passes_the_tests_of_a_problem() -> None:
    samples, _ = catalog.load_task("phi_exercises").samples(None)
    by_name = {one.name: one for one in OPERATIONS}
    for sample in samples:
        space: dict[str, Any] = {}
        exec(str(sample.facts["test"]), space)
        kind = by_name[sample.id.split("-")[0]].takes
        alone: list[Callable[[Any], Any]] = [one.of for one in OPERATIONS if one.takes == kind]
        both = [partial(composed, pair) for pair in pairs(held_out=False) if pair[0].takes == kind]
        for function in (*alone, *both, lambda value: value):
            with pytest.raises(AssertionError):
                space["check"](function)


def composed(pair: Any, value: Any) -> Any:
    return pair[1].of(pair[0].of(value))
