"""The skill graph: its file, its square, and how it is learnt from planted tables."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.errors import ConfigError, MachineError
from benchcore.skill_graph import SkillGraph, approximate, brute_force, read_graph, write_graph

NAMES = st.lists(st.text('abcxyz·"\\', min_size=1, max_size=3), min_size=1, max_size=5, unique=True).map(tuple)
DROPS = st.floats(-3, 3)


@st.composite
def graphs(draw):
    skills, targets = draw(NAMES), draw(st.none() | NAMES)
    row = st.lists(st.floats(0, 1e6), min_size=len(targets or skills), max_size=len(targets or skills)).map(tuple)
    weights = draw(st.lists(row, min_size=len(skills), max_size=len(skills)).map(tuple))
    return SkillGraph(skills=skills, weights=weights, targets=targets)


def weight(graph, start, end):
    return graph.weights[graph.skills.index(start)][graph.columns.index(end)]


def test_a_graph_is_read_from_its_file(tmp_path):
    file = tmp_path / "graph.json"
    file.write_text('{"skills": ["a", "b"], "weights": [[1, 0.5], [0, 1]]}')
    assert read_graph(file) == SkillGraph(skills=("a", "b"), weights=((1, 0.5), (0, 1)))
    file.write_text('{"skills": ["a", "b"], "targets": ["c"], "weights": [[1], [0.5]]}')
    assert read_graph(file) == SkillGraph(skills=("a", "b"), targets=("c",), weights=((1,), (0.5,)))


@given(graph=graphs())
def test_what_is_written_is_read_again(tmp_path_factory, graph):
    file = tmp_path_factory.getbasetemp() / "written.json"
    write_graph(file, graph)
    assert read_graph(file) == graph
    assert ("targets" in file.read_text().split('"weights"')[1]) == (graph.targets is not None)


def test_targets_that_are_the_skills_are_left_out():
    assert SkillGraph(skills=("a", "b"), targets=("a", "b"), weights=((1, 0), (0, 1))).targets is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"skills": [], "weights": []}', "no skills"),
        ('{"skills": ["a", "a"], "weights": [[0, 0], [0, 0]]}', "the skill 'a' twice"),
        ('{"skills": ["a", " "], "weights": [[0, 0], [0, 0]]}', "a skill without a name"),
        ('{"skills": ["a", "b"], "weights": [[0, 0]]}', "1 rows of weights for 2 skills"),
        ('{"skills": ["a", "b"], "weights": [[0, 0], [0]]}', "1 weights in the row of 'b' for 2 skills"),
        ('{"skills": ["a"], "targets": ["b", "c"], "weights": [[0]]}', "1 weights in the row of 'a' for 2 targets"),
        ('{"skills": ["a"], "targets": ["b", "b"], "weights": [[0, 0]]}', "the skill 'b' twice"),
        ('{"skills": ["a"], "targets": [], "weights": [[]]}', "no skills"),
        ('{"skills": ["a"], "weights": [[-0.5]]}', "the weight -0.5 in the row of 'a'"),
        ('{"skills": ["a"], "weights": [[NaN]]}', "malformed"),
        ('{"skills": ["a"], "weights": [[1e999]]}', "out of range"),
        ('{"skills": ["a"], "weights": [["1"]]}', "Expected `float`, got `str`"),
        ('{"skills": ["a"], "weights": [[1]], "mean": 1}', "unknown field `mean`"),
        ('{"skills": ["a"]}', "missing required field `weights`"),
        ("[]", "Expected `object`, got `array`"),
        ("", "truncated"),
    ],
)
def test_what_is_no_graph_is_refused_in_one_sentence(tmp_path, text, said):
    file = tmp_path / "graph.json"
    file.write_text(text)
    with pytest.raises(ConfigError) as refused:
        read_graph(file)
    assert str(refused.value).startswith(f"{file} is not a skill graph (")
    assert said in str(refused.value) and "\n" not in str(refused.value)


def test_a_graph_that_python_made_is_checked_as_well(tmp_path):
    with pytest.raises(ConfigError, match="the weight nan in the row of 's0'"):
        SkillGraph(skills=("s0",), weights=((math.nan,),))
    with pytest.raises(ConfigError, match=r"cannot read the skill graph .*: No such file"):
        read_graph(tmp_path / "none.json")
    with pytest.raises(MachineError, match=r"cannot write .*: No such file"):
        write_graph(tmp_path / "none" / "graph.json", SkillGraph(skills=("a",), weights=((1,),)))


def test_a_square_has_every_name_on_both_sides():
    graph = SkillGraph(skills=("a", "b"), targets=("c", "b"), weights=((0.1, 0.2), (0.3, 0.4)))
    assert graph.square() == SkillGraph(skills=("a", "b", "c"), weights=((0, 0.2, 0.1), (0, 0.4, 0.3), (0, 0, 0)))


@given(graphs())
def test_a_square_keeps_each_weight_and_adds_none(graph):
    square = graph.square()
    assert square.targets is None and square.square() == square
    assert set(square.skills) == {*graph.skills, *graph.columns}
    for start in square.skills:
        for end in square.skills:
            known = start in graph.skills and end in graph.columns
            assert weight(square, start, end) == (weight(graph, start, end) if known else 0)


def test_brute_force_finds_the_planted_edges():
    # a mix with a does half as much again for b as b alone, and less for a; c learns with b alone
    alone = {"a": 1.0, "b": 0.5, "c": 0.0}
    paired = {("a", "b"): {"a": 0.75, "b": 0.75}, ("c", "b"): {"c": 0.125, "b": 0.5}, ("a", "c"): {"a": 0.0, "c": -1.0}}
    found = brute_force(alone, paired)
    assert found == SkillGraph(skills=("a", "b", "c"), weights=((1, 0.5, 0), (0, 1, 1), (0, 0, 1)))


def test_a_pair_that_was_not_tried_has_no_edge():
    assert brute_force({"a": 1.0, "b": 1.0}, {}) == SkillGraph(skills=("a", "b"), weights=((1, 0), (0, 1)))


@given(st.data())
def test_brute_force_has_an_edge_iff_the_mix_did_more_and_does_not_mind_the_order(data):
    alone = data.draw(st.dictionaries(st.sampled_from("abcd"), st.floats(0.01, 3), min_size=2))
    pairs = [(i, j) for i in alone for j in alone if i < j]
    paired = {pair: {name: data.draw(DROPS) for name in pair} for pair in pairs}
    found = brute_force(alone, paired)
    turned = {(j, i) if data.draw(st.booleans()) else (i, j): drops for (i, j), drops in paired.items()}
    assert brute_force(alone, turned) == found
    for i, j in pairs:
        for start, end in ((i, j), (j, i)):
            assert (weight(found, start, end) > 0) == (paired[i, j][end] > alone[end])
    assert all(weight(found, name, name) == 1 for name in alone)


@given(st.data())
def test_brute_force_has_no_unit(data):
    alone = {"a": data.draw(st.floats(0.1, 3)), "b": data.draw(st.floats(0.1, 3))}
    drops = {name: data.draw(DROPS) for name in alone}
    scale = 2.0 ** data.draw(st.integers(-4, 4))
    scaled = brute_force(
        {name: scale * one for name, one in alone.items()}, {("a", "b"): {k: scale * one for k, one in drops.items()}}
    )
    assert scaled == brute_force(alone, {("a", "b"): drops})


@pytest.mark.parametrize(
    ("paired", "said"),
    [
        ({("a", "c"): {"a": 1.0, "c": 1.0}}, "the pair of 'a' and 'c' lacks"),
        ({("a", "b"): {"a": 1.0}}, "the pair of 'a' and 'b' lacks"),
        ({("a", "a"): {"a": 1.0}}, "the pair of 'a' and 'a' lacks"),
        ({("a", "b"): {"a": 1.0, "b": 1.0}, ("b", "a"): {"a": 1.0, "b": 1.0}}, "is given twice"),
        ({("a", "b"): {"a": 1.0, "b": math.nan}}, "a loss fell by nan"),
    ],
)
def test_pairs_that_cannot_be_meant_are_refused(paired, said):
    with pytest.raises(ConfigError, match=said):
        brute_force({"a": 1.0, "b": 1.0}, paired)


def test_approximate_is_the_drop_where_there_is_one():
    drops = {"a": {"b": 0.5, "a": 2.0}, "b": {"a": -1.0, "b": 0.25}}
    assert approximate(drops) == SkillGraph(skills=("a", "b"), weights=((2, 0.5), (0, 0.25)))
    elsewhere = {"a": {"x": 0.5, "y": -0.5}, "b": {"y": 1.0, "x": 0.0}}
    assert approximate(elsewhere) == SkillGraph(skills=("a", "b"), targets=("x", "y"), weights=((0.5, 0), (0, 1)))


@given(NAMES, NAMES, st.data())
def test_approximate_has_each_drop_in_its_place(skills, targets, data):
    drops = {i: {j: data.draw(DROPS) for j in data.draw(st.permutations(targets))} for i in skills}
    found = approximate(drops)
    assert all(weight(found, i, j) == max(0, drops[i][j]) for i in skills for j in targets)


@pytest.mark.parametrize(
    ("drops", "said"),
    [
        ({"a": {"x": 1.0}, "b": {"y": 1.0}}, "'a' and 'b' were measured on other targets"),
        ({"a": {"x": math.inf}}, "a loss fell by inf"),
        ({}, "no skills"),
    ],
)
def test_drops_that_make_no_graph_are_refused(drops, said):
    with pytest.raises(ConfigError, match=said):
        approximate(drops)
