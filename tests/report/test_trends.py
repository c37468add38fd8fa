"""Series at a glance: one row a task, in the order of the steps, of what was run alike."""

from dataclasses import replace

from benchcore.records import Figure, RunRecord, TaskRecord
from benchcore.report.curves import trends
from benchcore.report.terminal import render


def run(
    step: int, value: float | None, series: str | None = "slm", folder: str = "/slm", **changes: object
) -> RunRecord:
    figure = Figure(name="accuracy", value=value, n=100, low=None, high=None, method="by hand")
    task = TaskRecord(
        task="sums", version=1, data="d", grader="numbers@1", settings={"limit": 100}, isolation={}, requests=100,
        completions=100, faults=0, graded=100, verdicts={}, truncated=0, empty=0, near_ties=None, tokens_in=1,
        tokens_out=1, figures=(figure,),
    )  # fmt: skip
    return RunRecord(
        run=f"slm-{step}", checkpoint=f"{folder}/checkpoint-{step}", series=series, step=step, tokens=None,
        model_digest=str(step), engine={}, versions={}, tasks=(replace(task, **changes),), complete=True,
    )  # fmt: skip


def test_a_series_from_its_first_step_to_its_last() -> None:
    table = trends([run(100, 0.8), run(20, 0.5), run(10, 0.1)])
    assert table is not None
    assert render(table) == (
        "Series from their first step to their last\n"
        "series  task  figure    steps  first   last    curve\n"
        "----------------------------------------------------\n"
        "slm     sums  accuracy      3  10.0 %  80.0 %  ▁▅█\n"
    )


def test_what_was_not_run_alike_is_no_curve() -> None:
    same = [run(10, 0.1), run(20, 0.2)]
    for other in (
        run(30, 0.3, version=2),
        run(30, 0.3, settings={"limit": 50}),
        run(30, 0.3, series="clm"),
        run(30, 0.3, series=None),
        run(30, 0.3, folder="/elsewhere/slm"),
        run(30, None),
        run(30, 0.3, figures=()),
    ):
        assert trends([*same, other]) is None
    assert trends([*same, run(30, 0.3)]) is not None


def test_a_long_curve_goes_below_the_table() -> None:
    table = trends([run(step, step / 100) for step in range(1, 60)])
    assert table is not None
    lines = render(table, width=70).splitlines()
    assert lines[-2] == "curve:" and lines[-1].startswith("  slm, sums, accuracy: ▁▁") and lines[-1].endswith("█")
