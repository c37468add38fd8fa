"""The skill graph of training runs: read from one, or learnt from the losses of several, and what is refused."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tomli_w

from benchcore.api.skills import skill_graph
from benchcore.errors import ConfigError
from benchcore.journal import FILE
from benchcore.records import Figure, RunRecord, TaskRecord
from benchcore.skill_graph import SkillGraph, write_graph

Plant = Callable[..., Path]
START = 3.0


def figure(value: float | None, group: str | None, name: str) -> Figure:
    return Figure(name=name, value=value, n=10, low=None, high=None, method="planted", group=group)


def record(step: int, losses: Mapping[str | None, float | None], tasks: Sequence[str], data: str) -> RunRecord:
    # bits are so many times nats that a graph made of them has other weights
    figures = [
        figure(value if value is None else by * value, group, name)
        for name, by in (("bits per byte", 5.0), ("nats per token", 1.0))
        for group, value in losses.items()
    ]
    made = tuple(
        TaskRecord(
            task=task, version=1, data=data, grader="loss@1", settings={}, isolation={}, requests=20, completions=20,
            faults=0, graded=20, verdicts={}, truncated=None, empty=0, near_ties=None, tokens_in=1, tokens_out=None,
            figures=tuple(figures),
        )
        for task in tasks
    )  # fmt: skip
    return RunRecord(
        run=f"step-{step}", checkpoint="/heldout/model", series="planted", step=step, tokens=100 * step,
        model_digest="m", engine={}, versions={}, tasks=made, complete=True,
        bill={"forwarded": 100.0 * step, "flops": 1e9 * step, "seconds": 0.5, "prepare seconds": 0.25},
    )  # fmt: skip


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Make a training run in which the loss of each group fell by `drops`."""

    def make(
        name: str,
        shares: Mapping[str, float],
        drops: Mapping[str, float | None],
        *,
        tasks: Sequence[str] = ("heldout",),
        data: str = "d",
        last: int = 20,
        **settings: Any,
    ) -> Path:
        run = tmp_path / name
        for step, fallen in ((1, 0.0), (7, 0.1), (last, 1.0)):
            losses: dict[str | None, float | None] = {None: START - fallen}
            losses |= {group: None if drop is None else START - fallen * drop for group, drop in drops.items()}
            folder = run / "heldout" / f"step-{step:08d}"
            folder.mkdir(parents=True)
            (folder / "config.toml").touch()
            (folder / FILE).touch()
            (folder / "run.json").write_bytes(msgspec.json.encode(record(step, losses, tasks, data)))
        known = {"method": "mixture", "steps": 20, "model": "1m", "seed": 0, **settings}
        (run / "train.toml").write_text(tomli_w.dumps({**known, "mixture.shares": shares} if shares else known))
        return run

    return make


@pytest.fixture
def singles(plant: Plant) -> list[Path]:
    """Runs on a and on b alone, neither of which helps the other."""
    return [plant("a", {"a": 1.0}, {"a": 1.0, "b": -0.5}), plant("b", {"b": 2.0}, {"a": 0.25, "b": 0.5})]


def test_a_run_that_has_a_graph_shows_that(plant: Plant) -> None:
    run = plant("skillit", {}, {"a": 1.0, "b": 1.0}, method="skillit")
    graph = SkillGraph(skills=("a", "b"), weights=((1, 0.5), (0, 1)))
    write_graph(run / "graph.json", graph)
    found = skill_graph([str(run)])
    assert (found.graph, found.how, found.runs, found.bill) == (graph, "read", 1, {})


def test_with_pairs_the_graph_is_that_of_brute_force(plant: Plant, singles: list[Path]) -> None:
    pair = plant("ab", {"b": 0.5, "a": 0.5}, {"a": 0.75, "b": 0.75})
    found = skill_graph([pair, *singles])
    assert found.graph.skills == ("a", "b")
    assert sum(found.graph.weights, ()) == pytest.approx((1, 0.5, 0, 1))
    assert (found.how, found.runs, found.steps, found.untried) == ("brute force", 3, 20, ())
    assert (found.task, found.figure) == ("heldout", "nats per token")
    assert found.bill == {"forwarded": 6000, "flops": 6e10, "seconds": 1.5, "prepare seconds": 0.75}


def test_pairs_that_were_not_tried_are_named(plant: Plant) -> None:
    losses = {"a": 1.0, "b": 1.0, "c": 1.0}
    runs = [plant(name, dict.fromkeys(name, 1.0), losses) for name in ("c", "ab", "b", "a")]
    found = skill_graph(runs)
    assert found.graph.skills == ("a", "b", "c"), "in the order of the held-out set"
    assert found.untried == (("a", "c"), ("b", "c"))


def test_without_pairs_it_is_approximate(singles: list[Path]) -> None:
    found = skill_graph(singles)
    assert found.how == "approximate" and found.untried == ()
    assert found.graph.skills == ("a", "b") and found.graph.targets is None
    assert sum(found.graph.weights, ()) == pytest.approx((1, 0, 0.25, 0.5))


def test_targets_may_be_skills_that_no_run_is_trained_on(plant: Plant) -> None:
    runs = [plant(name, {name: 1.0, "c": 0.0}, {"x": 0.5, "y": drop}) for name, drop in (("a", 0.25), ("b", -1.0))]
    graph = skill_graph(runs).graph
    assert (graph.skills, graph.targets) == (("a", "b"), ("x", "y"))
    assert sum(graph.weights, ()) == pytest.approx((0.5, 0.25, 0.5, 0))


def test_of_several_held_out_sets_one_is_named(plant: Plant) -> None:
    runs = [plant(name, {name: 1.0}, {"a": 1.0, "b": 1.0}, tasks=("one", "two")) for name in "ab"]
    with pytest.raises(ConfigError, match="several held-out sets have groups: one, two; choose one with --task"):
        skill_graph(runs)
    with pytest.raises(ConfigError, match="no held-out losses of 'tow' by group; did you mean two"):
        skill_graph(runs, "tow")
    assert skill_graph(runs, "two").task == "two"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": 1}, r"a and .*other differ in seed \(0 and 1\)"),
        ({"steps": 30, "last": 30}, r"differ in steps \(20 and 30\)"),
        ({"model": "5m"}, r"differ in model \(1m and 5m\)"),
        ({"data": "e"}, "have other held-out sets called heldout"),
        ({"last": 10}, "other has no held-out losses at its first and its last step; train it to its end"),
        ({"method": "clm"}, "other is a run of clm, and a graph is learnt from runs of mixture"),
        ({"shares": {}}, "is not trained on one skill, or on two in equal shares, but on all skills alike"),
        ({"shares": {"a": 1.0, "b": 3.0}}, "but on a 1, b 3"),
        ({"shares": {"a": 1.0}}, "a and .*other are both trained on a"),
        ({"shares": {"a": 1.0, "b": 1.0}}, "there is a run on a and b and none on b alone"),
        ({"drops": {"a": 1.0, "b": None}}, "has no loss of the group b at its first and its last step"),
        ({"drops": {"a": 1.0, "c": 1.0}}, "'a' and 'b' were measured on other targets"),
    ],
)
def test_runs_that_do_not_go_together_are_refused(plant: Plant, changes: dict[str, Any], said: str) -> None:
    first = plant("a", {"a": 1.0}, {"a": 1.0, "b": 1.0})
    usual: dict[str, Any] = {"shares": {"b": 1.0}, "drops": {"a": 1.0, "b": 1.0}}
    with pytest.raises(ConfigError, match=said) as refused:
        skill_graph([first, plant("other", **{**usual, **changes})])
    assert "\n" not in str(refused.value)


def test_what_is_no_run_to_learn_from_is_refused(plant: Plant, tmp_path: Path) -> None:
    run = plant("a", {"a": 1.0}, {})
    with pytest.raises(ConfigError, match="no run is given; give a run that has a graph"):
        skill_graph([])
    with pytest.raises(ConfigError, match=r"a has no graph\.json; give a run that has a graph"):
        skill_graph([run])
    with pytest.raises(ConfigError, match=r"nowhere is no training run: it has no train\.toml"):
        skill_graph([run, tmp_path / "nowhere"])
    with pytest.raises(ConfigError, match="has no held-out losses by group"):
        skill_graph([run, plant("b", {"b": 1.0}, {})])
    pair = [plant(name, dict.fromkeys(name, 1.0), {"x": 1.0, "y": 1.0}) for name in ("p", "q", "pq")]
    with pytest.raises(ConfigError, match="the held-out set heldout has no group 'p'"):
        skill_graph(pair)
