"""Shares that stay the same, curricula and Skill-It: what each step draws from."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchcore.errors import ConfigError
from benchcore.skill_graph import FILE, SkillGraph, read_graph, write_graph
from benchcore.trainers.curriculum import Curriculum, parts
from benchcore.trainers.ledger import Ledger, Spent
from benchcore.trainers.mixture import Mixture
from benchcore.trainers.probes import Probe
from benchcore.trainers.rows import Rows
from benchcore.trainers.skillit import SkillIt, shares
from tests.trainers.conftest import lab


class Skills:
    """Rows of which nothing but the groups is looked at."""

    def __init__(self, *groups: str | None) -> None:
        self.groups = groups


class Table:
    """Probe runs as a table has them: the shares of a run -> how much the loss of each target falls."""

    def __init__(self, drops: dict[tuple[float, ...], list[float]], *, fresh: bool = True) -> None:
        self.drops = drops
        self.asked: list[tuple[float, ...]] = []
        self._fresh = fresh

    def run(self, given: list[float], steps: int, validation: Any, watch: Any) -> Probe:
        """The run with these shares."""
        watch(f"{steps} steps")
        self.asked.append(tuple(given))
        drop = self.drops[tuple(given)]
        spent = Spent(forwarded=steps, in_loss=1, flops=10.0, seconds=2.0)
        return Probe(
            before=tuple(5.0 for _ in drop), after=tuple(5.0 - one for one in drop), spent=spent, fresh=self._fresh
        )


def skillit(
    tmp_path: Path, losses: list[list[float]], *, measured: Any = None, table: Any = None, **options: Any
) -> SkillIt:
    """The method after its preparation, with `losses` measured one after another."""
    found = SkillIt(**{"validation": "validation", "graph": "identity", **options})
    queue = iter(losses)
    found.prepare(
        lab(
            rows=Skills("a", "b"),
            steps=12,
            run=tmp_path,
            pack=lambda sources: measured or Skills("a", "b"),
            measure=lambda rows: np.array(next(queue)),
            probes=table,
        )
    )
    return found


# the update


def test_shares_are_those_of_the_paper_on_recorded_losses() -> None:
    graph = [[1.0, 0.5], [0.0, 1.0]]
    losses = [[9.0, 9.0], [2.0, 1.0], [1.0, 0.5], [0.5, 0.4]]
    # eta A (sum of the last three losses) = .5 ([1, .5], [0, 1]) (3.5, 1.9)
    raised = [np.exp(0.5 * (3.5 + 0.95)), np.exp(0.5 * 1.9)]
    found = shares(graph, losses, eta=0.5, window=3)
    assert found == pytest.approx([one / sum(raised) for one in raised], abs=1e-15)


@pytest.mark.parametrize(
    ("graph", "eta", "published"),
    [
        # the shares that the authors' graphs of LEGO and addition begin with, edges of one half
        ([[1, 0, 0, 0, 0], [0.5, 1, 0.5, 0.5, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]], 0.5,
         [0.163, 0.346, 0.163, 0.163, 0.163]),
        ([[1, 0, 0], [0.5, 1, 0], [0, 0, 1]], 0.1, [0.328, 0.345, 0.328]),
    ],
)  # fmt: skip
def test_the_first_round_is_that_of_the_authors_graphs(graph: Any, eta: float, published: list[float]) -> None:
    assert shares(graph, [[1.0] * len(graph)], eta=eta, window=1) == pytest.approx(published, abs=6e-4)


@given(st.lists(st.lists(st.floats(0, 50), min_size=3, max_size=3), min_size=1, max_size=6), st.floats(0, 100))
def test_shares_sum_to_one_and_follow_the_losses_without_edges(losses: list[list[float]], eta: float) -> None:
    found = shares(np.eye(3), losses, eta=eta, window=3)
    assert sum(found) == pytest.approx(1)
    summed = np.sum(losses[-3:], axis=0)
    assert all(found[i] <= found[j] or summed[i] >= summed[j] for i in range(3) for j in range(3))


def test_a_round_begins_with_a_measurement(tmp_path: Path) -> None:
    method = skillit(tmp_path, [[8.0, 8.0], [3.0, 1.0], [2.0, 1.0], [1.0, 1.0]], rounds=4, window=2, eta=1.0)
    first = method.mixture(0)
    assert first == [0.5, 0.5], "before anything is known, every skill is equal along an empty graph"
    assert all(method.mixture(step) == first for step in (1, 2))
    assert method.mixture(3) == pytest.approx(shares(np.eye(2), [[8, 8], [3, 1]], eta=1.0, window=2))
    assert method.mixture(6) == pytest.approx(shares(np.eye(2), [[3, 1], [2, 1]], eta=1.0, window=2))
    assert method.notes() == {"share of a": method.mixture(7)[0], "share of b": method.mixture(8)[1]}


def test_with_a_lag_the_newest_measurement_waits_a_round(tmp_path: Path) -> None:
    method = skillit(tmp_path, [[8.0, 7.0], [3.0, 1.0], [2.0, 1.0]], rounds=3, window=1, eta=1.0, lag=1)
    method.mixture(0)
    assert method.mixture(4) == pytest.approx(shares(np.eye(2), [[8, 7]], eta=1.0, window=1))
    assert method.mixture(8) == pytest.approx(shares(np.eye(2), [[3, 1]], eta=1.0, window=1))


def test_a_run_that_goes_on_has_the_shares_of_one_left_alone(tmp_path: Path) -> None:
    losses = [[8.0, 8.0], [3.0, 1.0], [2.0, 1.5]]
    alone = skillit(tmp_path, losses, rounds=3)
    whole = [alone.mixture(step) for step in range(12)]
    first = skillit(tmp_path, losses[:2], rounds=3)
    before = [first.mixture(step) for step in range(6)]
    second = skillit(tmp_path, losses[2:], rounds=3)
    second.restore(json.loads(json.dumps(first.state())))
    assert before + [second.mixture(step) for step in range(6, 12)] == whole


def test_targets_alone_count(tmp_path: Path) -> None:
    method = skillit(tmp_path, [[1.0, 9.0], [1.0, 5.0]], rounds=2, window=1, eta=0.5, targets=("b",))
    assert method.mixture(0) == pytest.approx([1 / (1 + np.exp(0.5)), 1 / (1 + np.exp(-0.5))])
    assert method.mixture(6) == pytest.approx([1 / (1 + np.exp(2.5)), 1 / (1 + np.exp(-2.5))])


# the graph


def test_the_approximate_graph_is_how_much_losses_fall(tmp_path: Path) -> None:
    table = Table({(1.0, 0.0): [2.0, -0.5, 0.25], (0.0, 1.0): [0.5, 1.0, 0.0]})
    method = skillit(tmp_path, [], graph="approximate", table=table, measured=Skills("x", "y", "z"), probe_steps=7)
    found = read_graph(tmp_path / FILE)
    assert (found.skills, found.targets) == (("a", "b"), ("x", "y", "z"))
    assert found.weights == ((2.0, 0.0, 0.25), (0.5, 1.0, 0.0))
    assert method._lab.ledger.prepare == Spent(forwarded=14, in_loss=2, flops=20.0, seconds=0.0)


def test_brute_force_trains_on_each_skill_and_on_each_pair(tmp_path: Path) -> None:
    drops: dict[tuple[float, ...], list[float]] = {
        (1.0, 0.0): [2.0, 0.0],
        (0.0, 1.0): [0.0, 1.0],
        (1.0, 1.0): [1.0, 1.5],
    }
    table = Table(drops, fresh=False)
    method = skillit(tmp_path, [], graph="brute-force", table=table)
    assert sorted(table.asked) == sorted(drops)
    assert read_graph(tmp_path / FILE).weights == ((1.0, 0.5), (0.0, 1.0))
    assert method._lab.ledger.prepare.seconds == 6.0, "what lay in the cache has its price"


def test_a_graph_is_read_for_the_skills_at_hand(tmp_path: Path) -> None:
    known = SkillGraph(skills=("b", "c", "a"), weights=((1.0, 2.0, 3.0), (4.0, 5.0, 6.0), (7.0, 8.0, 9.0)))
    write_graph(tmp_path / "known.json", known)
    skillit(tmp_path, [], graph=str(tmp_path / "known.json"))
    assert read_graph(tmp_path / FILE).weights == ((9.0, 7.0), (3.0, 1.0))
    with pytest.raises(ConfigError, match="no skill 'x'"):
        skillit(tmp_path, [], graph=str(tmp_path / "known.json"), measured=Skills("x"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"validation": None}, "texts to measure"),
        ({"rounds": 13}, "13 rounds do not go into 12 steps"),
        ({"rounds": 0}, "rounds must be 1"),
        ({"lag": 2}, "lag must be"),
        ({"eta": -1.0}, "eta must be"),
        ({"targets": ("c",)}, "no group 'c'"),
        ({"measured": Skills("x")}, "an identity graph needs"),
        ({"measured": Skills(None)}, "no groups"),
        ({"graph": "brute-force", "measured": Skills("x")}, "brute force needs the same skills"),
        ({"graph": "nowhere.json"}, "nowhere.json"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        skillit(tmp_path, [], **options)


def test_losses_meet_their_columns_whatever_the_order_of_the_validation_texts(tmp_path: Path) -> None:
    # measured are (b, a); a's loss is high
    table = Table({(1.0, 0.0): [0.0, 1.0], (0.0, 1.0): [1.0, 0.0]})
    losses = [[0.0, 4.0], [0.0, 4.0]]
    method = skillit(
        tmp_path, losses, graph="approximate", table=table, measured=Skills("b", "a"), rounds=2, window=1, eta=1.0
    )
    assert method.mixture(0) == [0.5, 0.5]
    assert method.mixture(6) == pytest.approx([np.exp(4) / (np.exp(4) + 1), 1 / (np.exp(4) + 1)])


# fixed shares


def test_shares_are_by_name_and_need_not_sum_to_one() -> None:
    method = Mixture(shares={"b": 3, "a": 1})
    method.prepare(lab(rows=Skills("a", "b", "c")))
    assert method.mixture(0) == [0.25, 0.75, 0.0]
    alike = Mixture(shares={})
    alike.prepare(lab(rows=Skills("a", "b")))
    assert alike.mixture(5) == [0.5, 0.5]


@pytest.mark.parametrize(
    ("given", "groups", "message"),
    [
        ({"d": 1.0}, ("a", "b"), "no group 'd'"),
        ({}, (None,), "no groups"),
        ({"a": -1.0}, ("a",), "0 or more"),
        ({"a": 0.0}, ("a",), "not all 0"),
    ],
)
def test_shares_of_nothing_are_refused(given: dict[str, float], groups: tuple[str | None, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Mixture(shares=given).prepare(lab(rows=Skills(*groups)))


# curricula


def test_groups_join_in_and_the_last_part_is_for_all() -> None:
    found = parts([1, 0], [10, 30], 0.4)
    # 30 rows; 10 rows and .4 of 30; all 40
    assert [share for share, _ in found] == pytest.approx([30 / 92, 22 / 92, 40 / 92])
    assert [amounts for _, amounts in found] == [
        pytest.approx([0, 1]),
        pytest.approx([10 / 22, 12 / 22]),
        pytest.approx([0.25, 0.75]),
    ]


class Stored:
    """Losses of a reference model, row by row."""

    spent = Spent()

    def __init__(self, losses: torch.Tensor) -> None:
        self._losses = losses

    def of(self, rows: torch.Tensor) -> torch.Tensor:
        """(1, rows, context)."""
        return self._losses[rows][None]


def curriculum(rows: Rows, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Curriculum:
    losses = torch.rand(len(rows), rows.context, generator=torch.Generator().manual_seed(0))
    monkeypatch.setattr("benchcore.trainers.curriculum.reference_losses", lambda *what, **how: Stored(losses))
    found = Curriculum(reference=Path("reference"), **options)
    found.prepare(lab(rows=rows, steps=10, ledger=Ledger()))
    return found


@pytest.mark.parametrize("reverse", [False, True])
def test_the_pool_grows_from_the_easiest_row(rows: Rows, monkeypatch: pytest.MonkeyPatch, *, reverse: bool) -> None:
    method = curriculum(rows, monkeypatch, epochs=5, reverse=reverse)
    losses = torch.rand(len(rows), rows.context, generator=torch.Generator().manual_seed(0)).double().numpy()
    counted = (rows.valid(np.arange(len(rows))) & rows.marks(np.arange(len(rows)))).numpy()
    means = (losses * counted).sum(1) / np.maximum(counted.sum(1), 1)
    order = np.argsort(-means if reverse else means, kind="stable")
    for step in range(10):
        pool = method.pool(step)
        assert pool is not None
        assert set(np.flatnonzero(pool)) == set(order[: -(-len(rows) * (step // 2 + 1) // 5)])
    assert method.mixture(0) is None


def test_a_curriculum_needs_a_reference_and_groups(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="needs a reference model"):
        Curriculum()
    with pytest.raises(ConfigError, match="no groups"):
        curriculum(rows, monkeypatch, by="group")
    with pytest.raises(ConfigError, match="mixing"):
        Curriculum(reference=Path("reference"), mixing=2.0)
