"""Learning curves as tables, and the results that stand above them."""

from benchcore.records import Curve, Figure, RunRecord, TaskRecord
from benchcore.report.curves import curve_tables, last_results
from benchcore.report.terminal import render


def figure(value, name="accuracy", **changes):
    return Figure(**(dict(name=name, value=value, n=100, low=None, high=None, method="Wilson 95 %") | changes))


def curve(series, values, **changes):
    points = tuple((at, figure(value)) for at, value in values.items())
    given = dict(series=series, task="sums", figure="accuracy", unit="tokens", points=points, figures=())
    return Curve(**(given | changes))


def record(run, series, unparsed=0):
    task = TaskRecord(
        task="sums", version=1, data="d", grader="numbers@1", settings={}, isolation={}, requests=100, completions=100,
        faults=0, graded=100, verdicts={"right": 50, "unparsed": unparsed}, truncated=0, empty=0, near_ties=None,
        tokens_in=1, tokens_out=1, figures=(figure(0.5),),
    )  # fmt: skip
    return RunRecord(
        run=run, checkpoint=f"/{run}", series=series, step=1, tokens=1, model_digest="m", engine={}, versions={},
        tasks=(task,), complete=True,
    )  # fmt: skip


def test_one_series_stands_with_its_n_and_what_it_comes_to():
    points = {1000: 0.25, 20_000: 0.5}
    means = (figure(0.375, "AUC over log-tokens", n=2, method="PCHIP"), figure(None, "tokens to 0.9", n=2))
    first, second = curve_tables([curve("run", points, figures=means, excluded=("run-checkpoint-0",))])
    assert render(first) == (
        "Learning curve of sums, accuracy\n"
        "tokens  run       n\n"
        "-------------------\n"
        " 1,000  25.0 %  100\n"
        "20,000  50.0 %  100\n"
        "No point of run: run-checkpoint-0 (no value, or no place on the axis).\n"
    )
    assert [[cell.text for cell in row.cells] for row in second.rows] == [
        ["run", "AUC over log-tokens", "37.5 %", "2", "PCHIP"],
        ["run", "tokens to 0.9", "n/a (Wilson 95 %)", "2", "-"],
    ]


def test_several_series_stand_side_by_side_with_gaps_where_one_has_no_point():
    (table,) = curve_tables([curve("a", {10: 0.1, 20: 0.2}), curve("b", {20: 0.4})])
    assert [column.title for column in table.columns] == ["tokens", "a", "b"]
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["10", "10.0 %", "-"],
        ["20", "20.0 %", "40.0 %"],
    ]


def test_of_a_series_the_last_checkpoint_is_shown_and_what_is_loud_in_the_others_is_named():
    records = [record("run-1", "run", unparsed=50), record("run-2", "run"), record("other", None)]
    table = last_results(records, [curve("run", {10: 0.1, 20: 0.2})])
    assert [row.cells[0].text for row in table.rows] == ["run-2", "other"]
    assert "! run-1, sums: 50 % unparsed." in table.notes
    assert [row.cells[0].text for row in last_results(records, []).rows] == ["run-1", "run-2", "other"]


def means(tokens, ratio=None, name="clm"):
    """What the curve of a group comes to against `name`."""
    figures = [figure(0.5, "AUC over log-tokens", n=2, method="PCHIP"), figure(0.4, "AUC over tokens", n=2)]
    figures.append(figure(tokens, "tokens to 0.9", n=2, method=f"isotonic fit; where {name} ends"))
    if tokens is None:
        figures[-1] = figure(None, "tokens to 0.9", n=2, method=f"not reached; isotonic fit; where {name} ends")
    if ratio is not None:
        figures += [
            figure(9.0, "speed-up to 0.5", n=2, method="half-way there"),
            figure(ratio, "speed-up to 0.9", n=2, method=f"isotonic fit; against {name}, where it ends"),
        ]
    return tuple(figures)


def grouped():
    """The curves of two series, of all and of two groups."""
    whole = [curve("clm", {10: 0.1, 20: 0.9}), curve("slm", {10: 0.2, 20: 0.8})]
    adding = [
        curve("clm", {10: 0.3, 20: 0.9}, group="adding", figures=means(20.0)),
        curve("slm", {10: 0.5, 20: 1.0}, group="adding", figures=means(10.0, 2.0)),
    ]
    doubling = [
        curve("clm", {10: 0.0, 20: 0.9}, group="doubling", figures=means(20.0)),
        curve("slm", {10: 0.1, 20: 0.6}, group="doubling", figures=means(None)),
    ]
    return [*whole, *adding, *doubling]


def test_below_the_curve_of_all_stands_when_each_group_was_learnt():
    whole, learnt, summary, *points = curve_tables(grouped())
    assert (whole.title, learnt.title) == (
        "Learning curve of sums, accuracy",
        "When each skill was learnt: sums, accuracy",
    )
    assert render(learnt) == (
        "When each skill was learnt: sums, accuracy\n"
        "skill       clm                slm\n"
        "----------------------------------\n"
        "adding    20.00              10.00\n"
        "doubling  20.00  n/a (not reached)\n"
        "Number of tokens after which the isotonic fit of a group's curve is where clm\nends.\n"
    )
    assert [column.title for column in summary.columns] == ["skill", "series", "AUC over log-tokens", "speed-up"]
    assert [[cell.text for cell in row.cells] for row in summary.rows] == [
        ["adding", "clm", "50.0 %", "-"],
        ["adding", "slm", "50.0 %", "2.000"],
        ["doubling", "clm", "50.0 %", "-"],
        ["doubling", "slm", "50.0 %", "-"],
    ]
    assert summary.notes == ("AUC over log-tokens: PCHIP.", "speed-up: isotonic fit; against clm, where it ends.")
    assert [table.title for table in points] == [
        "Learning curve of sums, accuracy, adding",
        "Learning curve of sums, accuracy, doubling",
    ]
    assert [[cell.text for cell in row.cells] for row in points[1].rows] == [
        ["10", "0.0 %", "10.0 %"],
        ["20", "90.0 %", "60.0 %"],
    ]


def test_the_tables_of_the_whole_are_the_same_with_groups_and_without():
    whole = [one for one in grouped() if one.group is None]
    assert curve_tables(grouped())[: len(curve_tables(whole))] == curve_tables(whole)


def test_of_many_groups_there_is_only_when_each_was_learnt():
    many = [curve("clm", {10: 0.1, 20: 0.9}, group=f"g{at:02}", figures=means(20.0)) for at in range(13)]
    assert len(curve_tables(many[:12])) == 14
    (learnt,) = curve_tables(many)
    assert [row.cells[0].text for row in learnt.rows] == [f"g{at:02}" for at in range(13)]


def test_the_points_of_means_over_seeds_are_none_but_their_figures_stand():
    seeds = curve("slm (3 seeds)", {}, group="adding", figures=means(12.5))
    _, learnt, _, points, _ = curve_tables([*grouped(), seeds])
    assert [column.title for column in learnt.columns] == ["skill", "clm", "slm", "slm (3 seeds)"]
    assert [column.title for column in points.columns] == ["tokens", "clm", "slm"]
    assert learnt.rows[0].cells[3].text == "12.50" and learnt.rows[1].cells[3].text == "-"
