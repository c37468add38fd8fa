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
