"""The task phi_exercises: held-out pairs in two formats, right references, and what is wrong fails."""

from collections import Counter

import pytest

from benchcore import catalog
from benchcore.data.exercises import pairs


@pytest.mark.parametrize(("variant", "held_out"), [("", True), ("@seen", False), ("@shots", True)])
def test_problems_are_of_the_pairs_that_the_variant_says(variant: str, held_out: bool) -> None:
    samples, _ = catalog.load_task(f"phi_exercises{variant}").samples(None)
    known = {f"{one.name}-{other.name}" for one, other in pairs(held_out=held_out)}
    assert Counter(one.group for one in samples) == {"same format": 50, "other format": 50}
    assert {one.id.rpartition("-")[0] for one in samples} <= known
    assert len({one.id.rpartition("-")[0] for one in samples}) == 100
    assert ("def " in str(samples[0].prompt).partition("\n    return")[2]) == (variant == "@shots")


def test_a_program_that_stops_after_the_first_step_fails() -> None:
    task = catalog.load_task("phi_exercises")
    samples, _ = task.samples(None)
    failed = 0
    for sample in samples:
        body = str(sample.facts["reference"]).partition("    return")[0] + "    return result\n"
        space: dict[str, object] = {}
        exec(f"{sample.facts['prompt']}{body}\n{sample.facts['test']}", space)
        try:
            space["check"](space[str(sample.facts["entry_point"])])  # type: ignore[operator]
        except AssertionError:
            failed += 1
    assert failed >= 95
