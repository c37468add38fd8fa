"""Tasks: what does not fit together is refused at definition, overrides are checked like definitions."""

from collections.abc import Callable
from typing import Any

import pytest

from benchcore import load_task
from benchcore.data.source import generated
from benchcore.errors import ConfigError
from benchcore.graders.numbers import numbers
from benchcore.metrics.pass_at import pass_at
from benchcore.metrics.rates import accuracy
from benchcore.records import Decode, Sample
from benchcore.task import Row, Task

GREEDY = Decode(max_tokens=8)
SAMPLED = Decode(max_tokens=8, temperature=0.8)


def sample(row: Row) -> Sample:
    return Sample(id=row["id"], prompt="What is 1 + 1?", target="2")


def task(ids: str = "abc", **changes: Any) -> Task:
    parts: dict[str, Any] = {
        "name": "sums",
        "version": 1,
        "rows": generated(lambda seed: [{"id": each} for each in ids]),
        "sample": sample,
        "decode": GREEDY,
        "grader": numbers(),
        "metrics": (accuracy(),),
    }
    return Task(**{**parts, **changes})


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(ConfigError) as caught:
        act()
    return str(caught.value)


@pytest.mark.parametrize("version", [0, -1])
def test_a_version_below_one_is_refused(version: int) -> None:
    assert refusal(lambda: task(version=version)) == f"sums: version must be 1 or more, got {version}"


def test_a_task_without_a_metric_is_refused() -> None:
    assert refusal(lambda: task(metrics=())) == "sums: at least one metric is needed"


def test_fewer_than_one_trial_is_refused() -> None:
    assert refusal(lambda: task(trials=0)) == "sums: trials must be 1 or more, got 0"


def test_several_greedy_trials_are_refused() -> None:
    assert refusal(lambda: task(trials=4)) == (
        "sums: 4 trials at temperature 0 are the same text 4 times; set a temperature above 0, or trials to 1"
    )


def test_a_metric_that_needs_more_trials_is_refused() -> None:
    said = refusal(lambda: task(metrics=(pass_at(10),), decode=SAMPLED))
    assert "needs 10 trials but the task has 1" in said
    assert said.endswith("use --trials 10 or more")


def test_a_metric_with_just_enough_trials_is_accepted() -> None:
    assert task(metrics=(pass_at(1, 10),), decode=SAMPLED, trials=10).trials == 10


def test_a_definition_without_a_name_is_called_a_task() -> None:
    assert refusal(lambda: task(name="", version=0)).startswith("task: version")


def test_no_samples_are_refused() -> None:
    assert refusal(lambda: task(ids="").samples(None)) == "sums: there are no samples"


def test_an_id_that_occurs_twice_is_refused_by_name() -> None:
    assert refusal(lambda: task(ids="abcb").samples(None)) == "sums: the sample id 'b' occurs twice"


def test_a_limit_takes_the_first_samples() -> None:
    assert [each.id for each in task().samples(None, limit=2)[0]] == ["a", "b"]


def test_a_limit_beyond_the_rows_takes_all() -> None:
    assert [each.id for each in task().samples(None, limit=99)[0]] == ["a", "b", "c"]


def test_the_digest_of_the_data_does_not_depend_on_the_limit() -> None:
    assert task().samples(None, limit=1)[1] == task().samples(None)[1] != task(ids="abd").samples(None)[1]


def test_rows_beyond_the_limit_are_not_made_into_samples() -> None:
    def only_a(row: Row) -> Sample:
        assert row["id"] == "a"
        return sample(row)

    assert len(task(sample=only_a).samples(None, limit=1)[0]) == 1


def test_defining_a_task_reads_no_rows() -> None:
    def trap(seed: int) -> list[Row]:
        raise AssertionError("read at definition")

    defined = task(rows=generated(trap))
    with pytest.raises(AssertionError, match="read at definition"):
        defined.samples(None)


def test_an_override_replaces_only_what_is_given() -> None:
    changed = task().override(temperature=0.8, trials=3)
    assert (changed.decode, changed.trials) == (SAMPLED, 3)


def test_an_override_of_nothing_is_the_same_task() -> None:
    base = task()
    assert base.override() == base


def test_an_override_to_zero_is_an_override() -> None:
    assert task(decode=SAMPLED).override(temperature=0.0).decode == GREEDY


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"temperature": -1.0}, "sums: temperature must be 0 (greedy) or more, got -1.0"),
        ({"top_p": 0.0}, "sums: top_p must be in (0, 1], got 0.0"),
        ({"trials": 0}, "sums: trials must be 1 or more, got 0"),
        ({"trials": 2}, "sums: 2 trials at temperature 0 are the same text 2 times"),
    ],
)
def test_an_override_is_checked_like_a_definition(changes: dict[str, Any], message: str) -> None:
    assert refusal(lambda: task().override(**changes)).startswith(message)


def test_an_override_below_what_a_metric_needs_is_refused() -> None:
    sampled = task(metrics=(pass_at(10),), decode=SAMPLED, trials=10)
    assert "needs 10 trials but the task has 5" in refusal(lambda: sampled.override(trials=5))


def test_a_built_in_task_refuses_nonsense_under_its_own_name() -> None:
    assert refusal(lambda: load_task("humaneval").override(trials=10)).startswith("humaneval: 10 trials")


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ({"id": 7}, "the id of row 0 must be text, got 7"),
        ({"target": 2}, "the target of row 0 must be text, got 2"),
        ({"prompt": ["one", "two"]}, "the prompt of row 0 must be a text or a tuple of messages"),
    ],
)
def test_a_sample_of_the_wrong_kind_is_refused_with_its_row(made: dict[str, Any], says: str) -> None:
    parts = {"id": "a", "prompt": "What is 1 + 1?", "target": "2", **made}
    assert refusal(lambda: task(sample=lambda row: Sample(**parts)).samples(None)) == f"sums: {says}"


def test_a_sample_function_that_fails_is_one_sentence() -> None:
    said = refusal(lambda: task(sample=lambda row: row["id"] + 1).samples(None))
    assert said.startswith("sums: sample() fails on row 0: TypeError: ")
