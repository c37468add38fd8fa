"""accuracy(chance=...): what a guess scores stands beside the interval, and changes no number."""

from dataclasses import replace

import pytest

from benchcore import Figure, Grade, Verdict, accuracy
from benchcore.errors import ConfigError
from benchcore.metrics.rates import Accuracy


def grades(*values: float | None) -> list[list[Grade]]:
    verdict = Verdict.RIGHT
    return [[Grade(request="", value=value, verdict=verdict, grader="exact@1")] for value in values]


def only(metric: Accuracy, *values: float | None, group: str | None = None) -> Figure:
    (figure,) = metric.figures(grades(*values), group)
    return figure


@pytest.mark.parametrize(
    ("chance", "shown"), [(0.125, "12.5 %"), (0.5, "50 %"), (1 / 3, "33.3 %"), (0, "0 %"), (0.0625, "6.25 %")]
)
def test_one_chance_is_that_of_every_group(chance: float, shown: str) -> None:
    for group in (None, "sums"):
        assert only(accuracy(chance=chance), 1.0, 0.0, group=group).method == f"Wilson 95 %; chance {shown}"


def test_a_chance_changes_nothing_but_the_method() -> None:
    plain, told = only(accuracy(), 1.0, 0.0, 0.0), only(accuracy(0.5), 1.0, 0.0, 0.0)
    assert told != plain == replace(told, method="Wilson 95 %")
    assert accuracy(0.5).parts(grades(1.0, None)) == accuracy().parts(grades(1.0, None))
    assert str(accuracy(0.5)) == "accuracy"


def test_each_group_has_its_own_and_the_task_their_mean() -> None:
    metric = accuracy(chance={"bits": 0.5, "digits": 0.1})
    assert only(metric, 1.0, group="bits").method == "Wilson 95 %; chance 50 %"
    assert only(metric, 1.0, group="digits").method == "Wilson 95 %; chance 10 %"
    assert only(metric, 1.0).method == "Wilson 95 %; chance 30 %"


def test_a_group_whose_chance_is_not_known_tells_none() -> None:
    assert only(accuracy(chance={"bits": 0.5}), 1.0, group="letters").method == "Wilson 95 %"


def test_every_method_tells_it_but_that_of_no_problem() -> None:
    assert only(accuracy(0.5), 0.25, 1.0).method == "t over problems 95 %; chance 50 %"
    assert only(accuracy(0.5), 0.25).method == "one problem, no interval; chance 50 %"
    assert only(accuracy(0.5), None).method == "no problem scored"


@pytest.mark.parametrize("chance", [-0.1, 1.1, float("nan"), 50, {"bits": 0.5, "digits": 10}])
def test_a_chance_that_is_no_share_is_refused(chance: float | dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=r"the chance of a guess is in \[0, 1\], got"):
        accuracy(chance=chance)


def test_chances_of_no_group_are_refused() -> None:
    with pytest.raises(ConfigError, match="the chance of a guess is given for no group"):
        accuracy(chance={})
