"""`benchcore skills graph`: the table, the words, and the files."""

import json
from pathlib import Path

import pytest

from benchcore.api import skills
from benchcore.api.skills import FoundGraph
from benchcore.cli import main
from benchcore.cli.skills import NAMED
from benchcore.skill_graph import SkillGraph, read_graph, write_graph

GRAPH = SkillGraph(skills=("a", "b"), targets=("b", "x"), weights=((0.5, 0.0), (1.0, 0.25)))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A training run that has a graph."""
    write_graph(tmp_path / "graph.json", GRAPH)
    return tmp_path


def test_without_a_command_there_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["skills"]) == 0
    shown = capsys.readouterr().out
    assert "Usage: benchcore skills COMMAND" in shown and "graph" in shown


def test_a_graph_is_a_table_and_sentences(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["skills", "graph", str(run)]) == 0
    assert capsys.readouterr().out == (
        "Skill graph\n"
        "trained on  helps b  helps x\n"
        "----------------------------\n"
        "a               0.5        -\n"
        "b                 1     0.25\n"
        "a helps b (0.5).\n"
        "b helps x (0.25).\n"
    )


def test_skills_that_help_nobody_are_said_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_graph(tmp_path / "graph.json", SkillGraph(skills=("a", "b"), weights=((1, 0), (0, 1))))
    assert main(["skills", "graph", str(tmp_path)]) == 0
    assert capsys.readouterr().out.endswith("No skill helps another one.\n")


def test_of_many_that_are_helped_the_most_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = tuple(f"s{at}" for at in range(NAMED + 3))
    row = tuple(float(at) for at in range(len(names)))
    write_graph(tmp_path / "graph.json", SkillGraph(skills=("t",), targets=names, weights=(row,)))
    assert main(["skills", "graph", str(tmp_path)]) == 0
    assert "t helps s6 (6), s5 (5), s4 (4), s3 (3), and 2 more." in capsys.readouterr().out


def test_what_was_learnt_says_how_and_what_it_cost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = FoundGraph(
        graph=GRAPH, how="brute force", runs=5, steps=2000, task="held", figure="nats per answer",
        untried=(("a", "b"), ("b", "c")),
        bill={"forwarded": 1e6, "prepare forwarded": 1e6, "flops": 3e12, "seconds": 100.0, "prepare seconds": 30.0},
    )  # fmt: skip
    monkeypatch.setattr(skills, "skill_graph", lambda runs, task: found)
    assert main(["skills", "graph", "a", "b"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Learnt from 5 runs of 2,000 steps each (brute force): a weight is how much more the loss" in said
    assert "nats per answer of held, at its first measurement less its last" in said
    assert "No run is on a and b, or on b and c." in said
    assert "The runs cost 2,000,000 tokens, 3,000 GFLOP and 2 min together." in said


def test_the_graph_is_written_and_drawn(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    out, plot = run / "copy.json", run / "drawn.svg"
    assert main(["skills", "graph", str(run), "--out", str(out), "--plot", str(plot), "--json"]) == 0
    shown, told = capsys.readouterr()
    assert read_graph(out) == GRAPH
    assert plot.read_text().startswith("<svg") and "3 skills, 2 edges" in plot.read_text()
    assert json.loads(shown)["graph"] == {"skills": ["a", "b"], "targets": ["b", "x"], "weights": [[0.5, 0], [1, 0.25]]}
    assert f"wrote {out}" in told and f"wrote {plot}" in told


def test_what_cannot_be_written_is_one_sentence(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    assert main(["skills", "graph", str(run), "--plot", str(run / "drawn.gif")]) == 2
    assert "its name ends in one of svg, pdf, png" in capsys.readouterr().err
    assert main(["skills", "graph", str(run), "--plot", str(run / "none" / "drawn.png")]) == 3
    assert "cannot write" in capsys.readouterr().err
    assert main(["skills", "graph", str(run), "--out", str(run / "none" / "graph.json")]) == 3
    assert "cannot write" in capsys.readouterr().err
