"""The table of a comparison: its columns by layout, what stands where nothing can be compared, and its notes."""

from collections.abc import Mapping
from typing import Any

from benchcore.comparison.differences import Comparisons, Contest, Result
from benchcore.comparison.sides import Side
from benchcore.records import Figure, RunRecord, TaskRecord
from benchcore.report.comparison import comparison_table
from benchcore.report.table import Table
from benchcore.report.terminal import render


def figure(value: float | None, name: str = "accuracy", **changes: Any) -> Figure:
    half = 0.05 if value is not None else None
    ends = {"low": None if half is None else value - half, "high": None if half is None else value + half}
    return Figure(**(dict(name=name, value=value, n=100, method="Wilson 95 %") | ends | changes))


def task(name: str = "sums", figures: tuple[Figure, ...] = (), **changes: Any) -> TaskRecord:
    given = dict(
        task=name, version=1, data="d", grader="numbers@1", settings={"temperature": 0.0}, isolation={}, requests=100,
        completions=100, faults=0, graded=100, verdicts={"right": 100}, truncated=0, empty=0, near_ties=None,
        tokens_in=1, tokens_out=1, figures=figures,
    )  # fmt: skip
    return TaskRecord(**(given | changes))


def side(label: str, *tasks: TaskRecord, engine: Mapping[str, str] | None = None, **changes: Any) -> Side:
    known = {"family": "embedded", "dtype": "float32", **(engine or {})}
    given = dict(
        run=label, checkpoint=f"/{label}", series=None, step=None, tokens=None, model_digest=label, engine=known,
        versions={}, tasks=tasks or (task(),), complete=True,
    )  # fmt: skip
    repeats = changes.pop("repeats", 1)
    return Side(label=label, record=RunRecord(**(given | changes)), outcomes={}, repeats=repeats)


def compared() -> Comparisons:
    """Two figures of three runs: one is the best, one does not compare."""
    sums = (
        Result(run="base", figure=figure(0.5)),
        Result(run="new", figure=figure(0.7), difference=figure(0.2, method="Tango"), p=0.00001, best=True),
        Result(run="odd", figure=None, reason="limit is 10 in odd and not set in base"),
    )
    loss = (
        Result(run="base", figure=figure(1.25, "bits per byte")),
        Result(run="new", figure=figure(1.0, "bits per byte"), reason="base has no result of it"),
        Result(run="odd", figure=figure(2.0, "bits per byte"), difference=figure(0.75, "bits per byte", n=99), p=0.5),
    )
    contests = (
        Contest(task="sums", figure="accuracy", results=sums, rivals=1),
        Contest(task="texts", figure="bits per byte", results=loss, rivals=2),
    )
    runs = tuple(side(name, task("sums"), task("texts")) for name in ("base", "new", "odd"))
    return Comparisons(runs=runs, baseline="base", contests=contests)


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in table.rows]


def test_the_long_layout_has_a_row_for_each_run_of_each_figure() -> None:
    table = comparison_table(compared())
    assert table.title == "Comparison of 2 runs with base"
    assert [column.title for column in table.columns] == ["task", "figure", "run", "value", "n", "difference", "p"]
    assert texts(table) == [
        ["sums", "accuracy", "base", "50.0 % [45.0, 55.0]", "100", "baseline", "-"],
        ["sums", "accuracy", "new", "70.0 % [65.0, 75.0]", "100", "+20.0 pt [+15.0, +25.0]", "< 0.0001"],
        ["sums", "accuracy", "odd", "not compared: limit is 10 in odd and not set in base", "-", "not compared", "-"],
        ["texts", "bits per byte", "base", "1.250 [1.200, 1.300]", "100", "baseline", "-"],
        [
            "texts", "bits per byte", "new", "1.000 [0.950, 1.050]", "100",
            "not compared: base has no result of it", "-",
        ],
        ["texts", "bits per byte", "odd", "2.000 [1.950, 2.050]", "100", "+0.750 [+0.700, +0.800]", "0.5000"],
    ]  # fmt: skip
    assert [[cell.bold for cell in row.cells].index(True) for row in table.rows if any(c.bold for c in row.cells)] == [
        3
    ]
    assert "70.0 % [65.0, 75.0] *" in render(table, 120)
    loud = [cell.text for row in table.rows for cell in row.cells if cell.loud]
    assert len(loud) == 3 and all(text.startswith("not compared") for text in loud)


def test_the_notes_say_what_the_numbers_are_and_what_has_none() -> None:
    notes = comparison_table(compared()).notes
    assert notes == (
        "! sums, accuracy: odd is not compared: limit is 10 in odd and not set in base.",
        "! texts, bits per byte: new is not compared: base has no result of it.",
        "Values: Wilson 95 %.",
        "Differences are each run less base, problem by problem, with 95 % intervals; p is two-sided, after Holm over "
        "2 differences.",
        "texts of odd: the difference is over 99 problems of both.",
        "Differences: Tango (sums).",
        "Differences: Wilson 95 % (texts).",
        "The best is tested with each other run: two-sided, 5 %, after Holm over 3 tests.",
        "Lower is better: bits per byte.",
    )


def test_the_wide_layout_has_a_row_a_run_and_a_column_a_task() -> None:
    table = comparison_table(compared(), "wide", "For the paper")
    assert table.title == "For the paper"
    titles = ["run", "sums, accuracy", "sums, difference", "texts, bits per byte", "texts, difference"]
    assert [column.title for column in table.columns] == titles
    assert [row[:3] for row in texts(table)] == [
        ["base", "50.0 % [45.0, 55.0]", "baseline"],
        ["new", "70.0 % [65.0, 75.0]", "+20.0 pt [+15.0, +25.0]"],
        ["odd", "not compared", "not compared"],
    ]
    assert table.rows[1].cells[1].bold
    assert "Differences with p at most 5 %: sums of new." in table.notes
    assert "Values: n 100, Wilson 95 %." in table.notes
    assert "! sums, accuracy: odd is not compared: limit is 10 in odd and not set in base." in table.notes


def test_without_a_baseline_there_are_values_alone() -> None:
    results = (Result(run="one", figure=figure(0.5)), Result(run="two", figure=figure(0.7), best=True))
    contest = Contest(task="sums", figure="accuracy", results=results, rivals=1)
    found = Comparisons(runs=(side("one"), side("two")), baseline=None, contests=(contest,))
    table = comparison_table(found)
    assert table.title == "Comparison of 2 runs"
    assert [column.title for column in table.columns] == ["task", "figure", "run", "value", "n"]
    assert not any("Differences" in note for note in table.notes)
    assert [column.title for column in comparison_table(found, "wide").columns] == ["run", "sums, accuracy"]


def test_tokens_bill_and_curves_are_columns_where_any_run_has_them() -> None:
    curve = (
        figure(0.4, "AUC over log-tokens", low=None, high=None),
        figure(None, "speed-up to 0.7", method="not reached; isotonic fit"),
    )
    results = (Result(run="base", figure=figure(0.5)), Result(run="new", figure=figure(0.7)))
    runs = (side("base"), side("new", tokens=80_000, bill={"flops": 1.5e18, "seconds": 120.0}))
    contest = Contest(task="sums", figure="accuracy", results=results, rivals=1)
    found = Comparisons(
        runs=runs, baseline=None, contests=(contest,), curves={("new", "sums", "accuracy"): curve}, steps={"new": 4}
    )
    table = comparison_table(found)
    titles = ["AUC over log-tokens", "speed-up", "tokens", "train EFLOP", "train s"]
    assert [column.title for column in table.columns][5:] == titles
    assert [row[5:] for row in texts(table)] == [
        ["-", "-", "-", "-", "-"],
        ["40.0 %", "n/a (not reached)", "80,000", "1.500", "120.0"],
    ]
    assert "Of a series the run with the most steps is shown: new (4 runs)." in table.notes
    assert [column.title for column in comparison_table(found, "wide").columns][1:4] == [
        "sums, accuracy", "AUC over log-tokens", "speed-up",
    ]  # fmt: skip


def notes_of(*runs: Side, **changes: Any) -> tuple[str, ...]:
    results = tuple(Result(run=one.label, figure=figure(0.5)) for one in runs)
    contest = Contest(task="sums", figure="accuracy", results=results, rivals=len(runs) - 1)
    return comparison_table(Comparisons(runs=runs, baseline=None, contests=(contest,), **changes)).notes


def test_another_engine_number_format_or_isolation_is_a_loud_note() -> None:
    alike = notes_of(side("one"), side("two"))
    assert alike == ("Values: Wilson 95 %.",)
    notes = notes_of(side("one"), side("two", engine={"family": "vllm", "dtype": "bfloat16"}))
    assert notes[:2] == (
        "! Not all runs have the same engine (embedded: one; vllm: two): a difference may be in part that of the "
        "engines.",
        "! Not all runs have the same number format (float32: one; bfloat16: two): a difference may be in part that of "
        "the number formats.",
    )
    held = [side(name, task(isolation={"level": level})) for name, level in (("one", "container"), ("two", "process"))]
    assert notes_of(*held)[0] == (
        "! sums: its programs ran at different isolation levels (container: one; process: two), which can change a "
        "verdict: grade these runs again on one machine."
    )
    assert "nothing but limits held them" in notes_of(held[1])[0]
    assert notes_of(held[0]) == ("Values: Wilson 95 %.",)


def test_doubtful_repeated_absent_and_unfinished_runs_are_named() -> None:
    doubtful = side("one", task(verdicts={"right": 50, "unparsed": 50}, grader="maths(published:meh)@1"), repeats=3)
    notes = notes_of(doubtful, absent=("gsm8k",), unfinished=("runs/half",))
    assert "! No run has gsm8k." in notes and "! runs/half is not complete and is left out." in notes
    assert any(note.startswith("! sums of one: ") and "answer that the grader can read" in note for note in notes)
    assert "one is the mean of 3 repeats." in notes
    assert "Graded under the rules published:meh: sums." in notes


def test_a_setting_that_may_differ_is_named_with_its_values() -> None:
    runs = (side("cold"), side("warm", task(settings={"temperature": 0.8})))
    notes = notes_of(*runs, across=("temperature", "version"))
    assert "sums: temperature differs between the runs (0.0: cold; 0.8: warm)." in notes
    assert not any("version differs" in note for note in notes)
