"""Figures: which there are for a page, what they show, and SVG that can stand in any page."""

import re
import sys
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("matplotlib")

from benchcore.comparison.differences import Comparisons, Contest, Result, contests
from benchcore.comparison.report import Decision, Finding, GateReport
from benchcore.comparison.sides import Side
from benchcore.errors import MissingExtra
from benchcore.metrics.pass_at import pass_at
from benchcore.records import Curve, Figure, Grade, Outcomes, RunRecord, TaskRecord, Verdict
from benchcore.report.model import Page
from benchcore.report.plots import figures, save, svg
from benchcore.report.plots.graph import order
from benchcore.report.plots.pass_at import line_of
from benchcore.report.plots.style import LETTER, fitted, look
from benchcore.report.table import one_line
from benchcore.skill_graph import SkillGraph
from benchcore.stats.curves import auc
from benchcore.stats.paired import Comparison

RIGHT = {"base": (0, 1, 1, 3, 0, 4), "new": (1, 2, 3, 3, 0, 4)}  # of four samples of each of six problems


def figure(value, name="accuracy", group=None, low=None, high=None, n=6, method="Wilson 95 %"):
    return Figure(name=name, value=value, n=n, low=low, high=high, method=method, group=group)


def graded(right, samples=4):
    def grade(number):
        return Grade(request="r", value=float(number < right), verdict=Verdict.RIGHT, grader="g@1")

    return [grade(number) for number in range(samples)]


def side(label, rights, group="times $2$"):
    metric, grades = pass_at(1, 2, 4), [graded(right) for right in rights]
    groups = [*metric.figures(grades[:3], group), *metric.figures(grades[3:], "sums")]
    task = TaskRecord(
        task="code", version=1, data="d", grader="g@1", settings={"trials": 4}, isolation={}, requests=24,
        completions=24, faults=0, graded=24, verdicts={}, truncated=0, empty=0, near_ties=None, tokens_in=1,
        tokens_out=1, figures=(*metric.figures(grades, None), *groups),
    )  # fmt: skip
    record = RunRecord(
        run=label, checkpoint="/c", series=None, step=None, tokens=None, model_digest=label, engine={}, versions={},
        tasks=(task,), complete=True,
    )  # fmt: skip
    parts = {name: tuple(known) for name, known in metric.parts(grades).items()}
    return Side(label=label, record=record, outcomes={"code": Outcomes(items=tuple("abcdef"), figures=parts)})


def curve(series, values):
    points = [(10**6 * 10**at, figure(value, low=value - 0.01, high=value + 0.02)) for at, value in enumerate(values)]
    mean = figure(
        auc([(at, one.value) for at, one in points], axis="log_tokens"), "AUC over log-tokens", method="PCHIP"
    )
    return Curve(series=series, task="sums", figure="accuracy", unit="tokens", points=tuple(points), figures=(mean,))


def page(names=("base", "new"), **changes):
    sides = tuple(side(name, RIGHT["base" if at == 0 else "new"]) for at, name in enumerate(names))
    found = Comparisons(runs=sides, baseline=names[0], contests=contests(sides, ["code"], baseline=True))
    given = dict(
        title="t", records=tuple(one.record for one in sides), labels=names, found=found, gate=None,
        curves=(curve("a", (0.1, 0.3, 0.4)), curve("b", (0.2, 0.25, 0.5))), samples={}, complete=True,
    )  # fmt: skip
    return Page(**(given | changes))


def gate(figure="pass@1", gain=0.1, margin=0.02, name="code"):
    found = Comparison(value=gain, low=gain - 0.05, high=gain + 0.04, p=0.1, p_pass=0.1, p_fail=0.9, n=6, method="t")
    finding = Finding(
        name=name, figure=figure, decides=True, decision=Decision.PASS, margin=margin, candidate=0.5, baseline=0.5,
        comparison=found, p_fail=0.9, certifiable=None,
    )  # fmt: skip
    return GateReport(
        decision=Decision.PASS, comparable=True, reason="", candidate="new", baseline="base", alpha=0.05,
        findings=(finding,), notes=(), early_stop="none", seed=1, asked=1, planned=1,
    )  # fmt: skip


def texts(drawn):
    """Every text of a figure, as the browser shows it."""
    return ["".join(node.itertext()) for node in ET.fromstring(svg(drawn)).iter("{http://www.w3.org/2000/svg}text")]


def segments(axes):
    """Where each bar of `axes` begins and ends."""
    return [(float(start[0]), float(end[0])) for lines in axes.collections for start, end in lines.get_segments()]


def test_a_page_has_a_figure_of_each_kind_that_it_has_results_for():
    assert list(figures(page())) == ["forest", "curve-sums-accuracy", "pass-at-k-code", "groups-code"]
    nothing = page(found=Comparisons(runs=(), baseline=None, contests=()), curves=())
    assert figures(nothing) == {}


def test_figures_of_tasks_whose_names_are_alike_in_letters_have_names_of_their_own():
    one, other = (replace(curve("a", (0.1, 0.2)), task=name) for name in ("a/b", "a.b"))
    assert list(figures(page(curves=(one, other))))[1:3] == ["curve-a-b-accuracy", "curve-a-b-accuracy-2"]


def test_every_caption_has_n_interval_and_method():
    captions = {name: str(drawn.get_label()) for name, drawn in figures(page()).items()}
    for caption in captions.values():
        assert "n 6 problems" in caption or "n 3 problems" in caption
        assert "interval" in caption
        assert re.search(r"Tango|Wilson|paired t|t over problems", caption)


@pytest.mark.parametrize("name", ["forest", "curve-sums-accuracy", "pass-at-k-code", "groups-code"])
def test_an_svg_brings_nothing_with_it_and_is_the_same_each_time(name):
    drawn = figures(page())[name]
    written = svg(drawn)
    assert written == svg(drawn) == svg(figures(page())[name])
    root = ET.fromstring(written)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids)) and all(one.startswith(f"{name}-") for one in ids)
    tags = {element.tag.partition("}")[2] for element in root.iter()}
    assert not tags & {"style", "script", "metadata", "image", "foreignObject"}
    for element in root.iter():
        assert "style" not in element.attrib
        for key, value in element.attrib.items():
            if key == "href":
                assert value[1:] in ids
            for reference in re.findall(r"url\(([^)]*)\)", value):
                assert reference[1:] in ids
    assert root.get("aria-label") == drawn.get_label()
    assert "currentColor" in written and "<text" in written
    assert not any(line.startswith("<?xml") or "DOCTYPE" in line for line in written.splitlines()[:2])


def test_text_is_in_the_ink_of_the_page():
    for drawn in figures(page()).values():
        for node in ET.fromstring(svg(drawn)).iter("{http://www.w3.org/2000/svg}text"):
            fill = node.get("fill", "")
            assert fill == "currentColor" or drawn.get_gid().startswith("groups")


def test_names_are_text_whatever_they_hold():
    name = "<script>$x^2$ & \u202e\x1b[31m 日本"
    drawn = figures(page(names=("base", name, "third")))
    for one in ("forest", "pass-at-k-code", "groups-code"):
        assert any("<script>$x^2$ & [31m 日本" in text for text in texts(drawn[one]))
        assert "<script" not in svg(drawn[one])
        assert "\u202e" not in svg(drawn[one]) and "\x1b" not in svg(drawn[one])


def test_the_forest_draws_each_difference_where_it_is():
    made = page()
    (axes,) = figures(made)["forest"].axes
    wanted = [result.difference for contest in made.found.contests for result in contest.results if result.difference]
    assert len(wanted) == 3
    drawn = [line.get_xdata()[0] for line in axes.lines]
    assert drawn == [one.value for one in wanted]
    assert {(one.low, one.high) for one in wanted} <= set(segments(axes))
    low, high = axes.get_xlim()
    assert low < 0 < high


def test_the_gate_puts_its_margin_and_its_interval_into_the_forest():
    (axes,) = figures(page(gate=gate(margin=0.02)))["forest"].axes
    assert (-0.02, -0.02) in segments(axes)
    assert (0.1 - 0.05, 0.1 + 0.04) in segments(axes)
    plain = figures(page())["forest"]
    assert (-0.02, -0.02) not in segments(plain.axes[0]) and "margin" not in str(plain.get_label())


def test_of_a_loss_less_is_better_and_the_margin_is_above():
    results = (
        Result(run="base", figure=figure(1.0, "bits per byte")),
        Result(
            run="new",
            figure=figure(0.9, "bits per byte"),
            difference=figure(-0.1, "bits per byte", low=-0.2, high=0.0),
            p=0.01,
        ),
    )
    found = replace(page().found, contests=(Contest(task="texts", figure="bits per byte", results=results, rivals=1),))
    drawn = figures(page(found=found, gate=gate("bits per byte", gain=0.1, margin=0.03, name="texts")))
    assert "forest" not in drawn
    (axes,) = drawn["forest-bits-per-byte"].axes
    assert (0.03, 0.03) in segments(axes)
    assert any(ends == pytest.approx((-0.14, -0.05)) for ends in segments(axes))
    said = texts(drawn["forest-bits-per-byte"])
    assert "← better" in said and "worse →" in said


def test_what_does_not_compare_is_in_the_forest_with_its_reason():
    made = page(names=("base", "new", "odd"))
    first, *rest = made.found.contests
    odd = replace(first.results[2], figure=None, difference=None, p=None, reason="temperature is 0.7 in odd")
    contest = replace(first, results=(*first.results[:2], odd))
    drawn = figures(replace(made, found=replace(made.found, contests=(contest, *rest))))
    assert "not compared: temperature is 0.7 in odd" in texts(drawn["forest"])
    assert "odd" not in texts(drawn["pass-at-k-code"])


def test_a_curve_has_its_points_intervals_and_mean():
    drawn = figures(page())["curve-sums-accuracy"]
    (axes,) = drawn.axes
    assert axes.get_xscale() == "log"
    dots = [line for line in axes.lines if len(line.get_xdata()) == 3]
    assert [list(map(float, line.get_ydata())) for line in dots] == [[0.1, 0.3, 0.4], [0.2, 0.25, 0.5]]
    ticks = [text for text in texts(drawn) if text in ("1M", "10M", "100M")]
    assert ticks == ["1M", "10M", "100M"]
    mean = curve("a", (0.1, 0.3, 0.4)).figures[0].value
    assert f"a: AUC {100 * mean:.1f} %" in texts(drawn)


def of_groups(number, series=("a", "b")):
    """Curves of `number` groups, of each of `series`."""
    return tuple(
        replace(curve(name, (0.1 + at / 100, 0.3, 0.4)), group=f"group {at}") for at in range(number) for name in series
    )


def test_groups_are_small_panels_in_the_colours_of_the_whole():
    whole = (curve("b", (0.2, 0.25, 0.5)), curve("a", (0.1, 0.3, 0.4)))
    drawn = figures(page(curves=(*whole, *of_groups(3))))
    assert list(drawn)[1:3] == ["curve-sums-accuracy", "curve-sums-accuracy-groups"]
    panels = drawn["curve-sums-accuracy-groups"]
    assert [axes.get_title("left") for axes in panels.axes] == ["group 0", "group 1", "group 2"]
    whole_of = {tuple(line.get_ydata()): line.get_color() for line in drawn["curve-sums-accuracy"].axes[0].lines}
    for at, axes in enumerate(panels.axes):
        dots = [line for line in axes.lines if len(line.get_xdata()) == 3]
        assert [list(line.get_ydata()) for line in dots] == [[0.1 + at / 100, 0.3, 0.4]] * 2
        assert [line.get_color() for line in dots] == [whole_of[0.1, 0.3, 0.4], whole_of[0.2, 0.25, 0.5]]
        assert axes.get_xscale() == "log" and len(axes.get_xticks()) <= 3
    assert {"a", "b", "tokens of training", "sums, accuracy, % (higher is better) by group"} <= set(texts(panels))
    label = str(panels.get_label())
    assert "of b, a, a panel a group" not in label and "a panel a group" in label and "n 6 problems a group" in label


def test_a_task_without_groups_has_no_panels_and_one_with_many_neither():
    assert [name for name in figures(page()) if name.startswith("curve")] == ["curve-sums-accuracy"]
    assert [name for name in figures(page(curves=of_groups(12))) if "curve" in name] == ["curve-sums-accuracy-groups"]
    assert not [name for name in figures(page(curves=of_groups(13))) if name.startswith("curve")]


@pytest.mark.parametrize("number", [1, 2, 5, 12])
@pytest.mark.parametrize("name", ["skill", "a skill with a name that is far too long for its panel", "MW" * 40])
def test_no_text_of_the_panels_covers_another_or_is_cut(number, name):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    curves = tuple(replace(one, group=f"{name} {one.group}") for one in of_groups(number))
    drawn = figures(page(curves=curves))["curve-sums-accuracy-groups"]
    FigureCanvasAgg(drawn).draw()
    renderer = drawn.canvas.get_renderer()
    said = [*drawn.texts, *drawn.legends[0].get_texts()]
    for axes in drawn.axes:
        low, high = axes.get_ylim()
        numbers = [one for one in axes.get_yticklabels() if low <= one.get_position()[1] <= high]
        said += [axes._left_title, *axes.get_xticklabels(), *numbers]
    boxes = [one.get_window_extent(renderer) for one in said if one.get_text()]
    assert len(boxes) > 5 * number
    for at, box in enumerate(boxes):
        assert box.x0 >= 0 and box.x1 <= drawn.bbox.x1 and box.y0 >= 0 and box.y1 <= drawn.bbox.y1
        assert not any(box.overlaps(other) for other in boxes[:at])


def test_a_single_point_is_a_curve_without_a_line():
    two = curve("a", (0.1, 0.3))
    (axes,) = figures(page(curves=(replace(two, points=two.points[:1], figures=()),)))["curve-sums-accuracy"].axes
    assert [list(line.get_ydata()) for line in axes.lines] == [[0.1], []]
    low, high = axes.get_xlim()
    assert low < 10**6 < high


def test_a_rate_that_stays_at_zero_has_no_axis_below_it():
    (axes,) = figures(page(curves=(curve("a", (0.0, 0.0, 0.0)),)))["curve-sums-accuracy"].axes
    assert axes.get_ylim()[0] == 0
    assert all(not line.get_clip_on() for line in axes.lines if len(line.get_xdata()) > 1), "its line is drawn whole"


def test_the_runs_of_a_caption_are_named_unless_they_are_many():
    few, many = ("base", "new", "third"), tuple("abcdefghi")
    assert "of base, new, third" in str(figures(page(names=few))["pass-at-k-code"].get_label())
    drawn = figures(page(names=many))["pass-at-k-code"]
    assert "of 9 runs" in str(drawn.get_label()) and set(many) <= set(texts(drawn))


def test_few_numbers_of_samples_are_all_on_the_axis():
    assert [text for text in texts(figures(page())["pass-at-k-code"]) if text in "12345"] == ["1", "2", "3", "4"]


@given(st.text(max_size=200), st.floats(10, 400))
def test_a_text_that_is_too_long_keeps_its_ends(text, width):
    short = fitted(text, width)
    assert fitted(short, width) == short and len(short) * LETTER <= max(width, LETTER)
    line = one_line(text)
    begin, _, end = short.partition("…") if "…" not in line else ("", "", "")
    assert line.startswith(begin) and line.endswith(end)


def test_lines_are_told_apart_by_more_than_their_colour():
    looks = [look(at) for at in range(24)]
    assert len({tuple(one.values()) for one in looks}) == 24
    assert all(one["linestyle"] != other["linestyle"] for one, other in pairwise(looks))


def test_broad_letters_take_more_room():
    assert len(fitted("日" * 40, 100)) == len(fitted("M" * 40, 100)) < len(fitted("i" * 40, 100)) == int(100 / LETTER)


def test_pass_at_k_over_k_goes_through_the_figures_of_the_table():
    one = side("new", RIGHT["new"])
    line = line_of(one, "code")
    stored = {figure.name: figure for figure in one.record.tasks[0].figures if figure.group is None}
    assert line.ks == [1, 2, 3, 4] and line.n == 6
    for k in (1, 2, 4):
        at = line.ks.index(k)
        known = stored[f"pass@{k}"]
        assert (line.values[at], line.lows[at], line.highs[at]) == pytest.approx((known.value, known.low, known.high))


def test_without_a_grade_of_every_sample_there_is_no_line():
    one = side("new", RIGHT["new"])
    parts = dict(one.outcomes["code"].figures)
    for first in (None, (1 / 3, 1)):  # not graded at all; one of three samples right where there should be four
        parts["pass@1"] = (first, *parts["pass@1"][1:])
        lacking = replace(one, outcomes={"code": replace(one.outcomes["code"], figures=parts)})
        assert line_of(lacking, "code") is None


def test_the_heat_map_has_every_group_of_every_run():
    drawn = figures(page())["groups-code"]
    said = texts(drawn)
    assert {"all", "times $2$", "sums", "base", "new"} <= set(said)
    record = page().records[1].tasks[0]
    for known in record.figures:
        if known.name == "pass@1":
            assert f"{100 * known.value:.1f}" in said


def test_names_too_long_for_a_column_get_a_letter():
    long = "a-recipe-with-a-very-long-name-and-settings-checkpoint-1000"
    said = texts(figures(page(names=("base", long, f"{long}0")))["groups-code"])
    assert {"A", "B", "C", "A: base"} <= set(said)
    keys = [text for text in said if text.startswith(("B: ", "C: "))]
    assert len(set(keys)) == 2 and all(len(text) < len(long) for text in keys) and keys[1].endswith("10000")


@pytest.mark.parametrize(("kind", "magic"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_files_are_written_and_the_same_each_time(tmp_path, kind, magic):
    drawn = {name: one for name, one in figures(page()).items() if name in ("forest", "groups-code")}
    files = save(drawn, tmp_path, kind)
    assert [file.name for file in files] == [f"forest.{kind}", f"groups-code.{kind}"]
    first = [file.read_bytes() for file in files]
    assert all(one.startswith(magic) for one in first)
    assert [file.read_bytes() for file in save(drawn, tmp_path, kind)] == first


def test_without_matplotlib_there_is_a_line_to_type(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match=r"benchcore\[report\]"):
        figures(page())


def skills(number, *edges, own=1.0):
    """A graph of `number` skills "s0", "s1", ... with `edges` of the kind (from, to, weight)."""
    weights = [[own if start == end else 0.0 for end in range(number)] for start in range(number)]
    for start, end, weight in edges:
        weights[start][end] = weight
    return SkillGraph(skills=tuple(f"s{at}" for at in range(number)), weights=tuple(map(tuple, weights)))


def full(number):
    """A graph in which each skill helps each other one, the first the most."""
    edges = [(start, end, 1 / (1 + start + end)) for start in range(number) for end in range(number) if start != end]
    return skills(number, *edges)


def graph_of(graph):
    return figures(page(graph=graph))["groups-skill-graph"]


def patches(drawn, kind):
    axes = drawn.axes[0]
    return [one for one in axes.get_children() if type(one).__name__ == kind and one is not axes.patch]


def test_a_graph_stands_behind_the_groups():
    assert list(figures(page(graph=skills(2, (0, 1, 0.5)))))[-2:] == ["groups-code", "groups-skill-graph"]


@given(st.data())
def test_a_skill_stands_below_all_that_help_it(data):
    number = data.draw(st.integers(1, 8))
    ranks = data.draw(st.permutations(range(number)))
    pairs = [(start, end) for start in range(number) for end in range(number) if ranks[start] < ranks[end]]
    edges = [(*pair, data.draw(st.floats(0.1, 1))) for pair in pairs if data.draw(st.booleans())]
    weaker = [(end, start, weight / 2) for start, end, weight in edges if data.draw(st.booleans())]
    found = order(skills(number, *edges, *weaker))
    assert sorted(found) == list(range(number))
    assert all(found.index(start) < found.index(end) for start, end, _ in edges)


def test_skills_that_no_edge_orders_keep_their_order():
    assert order(skills(4)) == [0, 1, 2, 3]
    assert order(skills(3, (0, 1, 1.0), (1, 2, 1.0), (2, 0, 1.0))) == [0, 1, 2]


def test_each_arrow_begins_and_ends_at_its_boxes_and_is_as_wide_as_its_weight():
    drawn = graph_of(skills(3, (0, 1, 0.4), (0, 2, 0.2), (2, 0, 0.1)))
    boxes = sorted(patches(drawn, "Rectangle"), key=lambda box: box.get_y())
    arrows = {}
    for line, head in zip(patches(drawn, "PathPatch"), patches(drawn, "Polygon"), strict=True):
        start, tip = line.get_path().vertices[0], head.get_xy()[0]
        on = [
            next(at for at, box in enumerate(boxes) if box.get_y() < y < box.get_y() + box.get_height())
            for y in (start[1], tip[1])
        ]
        left = {float(start[0]), float(tip[0])} == {boxes[0].get_x()}
        right = {float(start[0]), float(tip[0])} == {boxes[0].get_x() + boxes[0].get_width()}
        assert left == (on[0] > on[1]) and right == (on[0] < on[1])
        arrows[tuple(on)] = line.get_linewidth()
    assert set(arrows) == {(0, 1), (0, 2), (2, 0)}, "and none from a skill to itself"
    assert arrows[0, 1] == pytest.approx(2 * arrows[0, 2]) == pytest.approx(4 * arrows[2, 0])
    assert {"weight 0.4", "weight 0.1"} <= set(texts(drawn))


def test_targets_that_no_skill_is_are_among_the_boxes():
    drawn = graph_of(SkillGraph(skills=("a", "b"), targets=("b", "x"), weights=((0.5, 0.0), (1.0, 0.25))))
    assert {"a", "b", "x"} <= set(texts(drawn)) and len(patches(drawn, "Rectangle")) == 3
    assert len(patches(drawn, "Polygon")) == 2, "of a to b and of b to x"


def test_of_many_edges_the_strongest_are_drawn_and_the_caption_says_so():
    drawn = graph_of(full(12))
    assert len(patches(drawn, "Polygon")) == 24
    label = str(drawn.get_label())
    assert "n 12 skills, 132 edges" in label and "Only the 24 strongest edges are drawn" in label


def test_many_skills_are_a_matrix_of_squares_with_areas_by_weight():
    drawn = graph_of(skills(13, (0, 5, 0.9), (3, 7, 0.1)))
    squares = [one for one in patches(drawn, "Rectangle") if one.get_alpha() is None]
    large, small = sorted((one.get_width() * one.get_height() for one in squares), reverse=True)
    assert large == pytest.approx(9 * small)
    assert "strongest" not in str(drawn.get_label()) and "n 13 skills, 2 edges" in str(drawn.get_label())


@pytest.mark.parametrize("number", [1, 2, 5, 12, 13, 30])
@pytest.mark.parametrize("name", ["skill", "a skill with a name that is far too long for its box", "MW" * 40])
def test_no_text_of_a_graph_covers_another_or_is_cut(number, name):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawn = graph_of(replace(full(number), skills=tuple(f"{name} {at}" for at in range(number))))
    renderer = FigureCanvasAgg(drawn).get_renderer()
    boxes = [one.get_window_extent(renderer) for one in drawn.axes[0].texts]
    assert len(boxes) > number
    page_box = drawn.bbox
    for at, box in enumerate(boxes):
        assert box.x0 >= page_box.x0 and box.x1 <= page_box.x1 and box.y0 >= page_box.y0 and box.y1 <= page_box.y1
        assert not any(box.overlaps(other) for other in boxes[:at])
