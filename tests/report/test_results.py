"""The table of results: rows, diagnostics in words, and both forms of a small one."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from benchcore.records import Figure, RunRecord, TaskRecord
from benchcore.report import terminal
from benchcore.report.diagnostics import share
from benchcore.report.results import results_table, tasks_table


def figure(value=0.48, low=0.424, high=0.537, **changes):
    given = dict(name="accuracy", n=300, method="Wilson 95 %") | changes
    return Figure(value=value, low=low, high=high, **given)


def task(**changes):
    given = dict(
        task="gsm8k",
        version=1,
        data="d",
        grader="numbers@1",
        settings={"shots": 5},
        isolation={},
        requests=100,
        completions=100,
        faults=0,
        graded=100,
        verdicts={"right": 48, "wrong": 52},
        truncated=0,
        empty=0,
        near_ties=None,
        tokens_in=1,
        tokens_out=1,
        figures=(figure(),),
    )
    return TaskRecord(**(given | changes))


def run(*tasks, **changes):
    given = dict(run="step-1000", checkpoint="/models/step-1000", series=None, step=1000, tokens=None)
    given |= dict(model_digest="m", engine={}, versions={}, tasks=tasks, complete=True)
    return RunRecord(**(given | changes))


MATHS = task(
    task="math",
    figures=(
        figure(),
        figure(0.1, 0.055, 0.174, n=100, group="algebra"),
        figure(None, None, None, n=0, method="no problem scored", group="geometry"),
    ),
)


SNAPSHOT = """\
Results of step-1000
task   figure      value                      n  method
------------------------------------------------------------
gsm8k  accuracy    48.0 % [42.4, 53.7]      300  Wilson 95 %
math   accuracy    48.0 % [42.4, 53.7]      300  Wilson 95 %
         algebra   10.0 % [5.5, 17.4]       100  Wilson 95 %
         geometry  n/a (no problem scored)    0  -
diagnostics:
  gsm8k: ! 12 % truncated, 1 empty
! gsm8k: 12 of 100 completions (12 %) were cut off at the token limit: look at
whether they were still on their way to an answer (max_tokens, stop strings).
"""


def test_terminal_snapshot():
    table = results_table([run(task(truncated=12, empty=1), MATHS)])
    assert terminal.render(table) == SNAPSHOT


def test_terminal_keeps_within_its_width():
    long = replace(MATHS, task="a_task_with_quite_a_long_name", verdicts={"unparsed": 100}, truncated=100)
    table = results_table([run(long), run(task(), run="a-model-with-a-long-name-of-its-own-and-more")])
    shown = terminal.render(table)
    assert max(map(len, shown.splitlines())) <= 80
    assert "48.0 % [42.4, 53.7]" in shown


def test_print_table_is_plain_in_a_pipe_and_says_the_same_in_a_terminal():
    table = results_table([run(task(truncated=12), MATHS)])
    pipe, screen = StringIO(), StringIO()
    terminal.print_table(table, Console(file=pipe, width=80))
    assert pipe.getvalue() == terminal.render(table)
    console = Console(file=screen, width=80, force_terminal=True, color_system=None)
    terminal.print_table(table, console)
    assert screen.getvalue().split() == pipe.getvalue().split()


def diagnostics(record):
    table = results_table([run(record)])
    return table.rows[0].cells[-1].text, table.all_notes


def test_diagnostics_in_words():
    verdicts = {"right": 60, "unparsed": 3, "timeout": 1, "crashed": 2, "wrong": 134}
    record = task(
        requests=200,
        completions=200,
        graded=200,
        verdicts=verdicts,
        truncated=12,
        empty=1,
        near_ties=None,
        isolation={"level": "process"},
    )
    note = "! Programs of gsm8k ran at isolation level process: nothing but limits held them."
    assert diagnostics(record) == ("6 % truncated, 2 % unparsed, 1 timeout, 2 crashed, 1 empty", (note,))


def test_nothing_wrong_is_said_by_nothing():
    assert diagnostics(task()) == ("-", ())


def test_all_unparsed_is_loud():
    words, notes = diagnostics(task(verdicts={"unparsed": 100}))
    assert words == "! 100 % unparsed"
    assert notes == (
        "! gsm8k: all 100 completions hold no answer that the grader can read: look at their texts, and at "
        "whether the prompt (shots, chat template) suits this model.",
    )


@pytest.mark.parametrize(
    ("changes", "loud"),
    [
        (dict(truncated=9), False),
        (dict(truncated=10), True),
        (dict(empty=9), False),
        (dict(empty=10), True),
        (dict(verdicts={"wrong": 91, "unparsed": 9}), False),
        (dict(verdicts={"wrong": 90, "unparsed": 10}), True),
        (dict(verdicts={"wrong": 99, "timeout": 1}), False),
        (dict(verdicts={"wrong": 98, "timeout": 2}), True),
        (dict(verdicts={"wrong": 98, "error": 2}), True),
        (dict(verdicts={"wrong": 98, "undecided": 2}), True),
        (dict(verdicts={"wrong": 81, "crashed": 19}, isolation={"level": "landlock"}), False),
        (dict(verdicts={"wrong": 80, "crashed": 20}, isolation={"level": "landlock"}), True),
        (dict(verdicts={"wrong": 98, "cheated": 2}, isolation={"level": "landlock"}), True),
        (dict(faults=2), True),
    ],
)
def test_loud_from_its_limit_on(changes, loud):
    words, notes = diagnostics(task(**changes))
    assert words.startswith("! ") == loud
    assert len([note for note in notes if note.startswith("! ")]) == loud


def test_share_says_none_and_all_of_nothing_else():
    assert [share(count, 1000) for count in (0, 1, 125, 996, 1000)] == ["0 %", "<1 %", "12 %", ">99 %", "100 %"]


def test_incomplete_task_shows_no_figure():
    record = results_table([run(task(completions=30, graded=30, verdicts={"wrong": 30}), complete=False)])
    [only] = record.rows
    assert [cell.text for cell in only.cells] == ["gsm8k", "-", "incomplete (30 of 100 answered)", "-", "-", "-"]
    assert record.notes == ("! The run step-1000 is not complete: run the same command again to resume it.",)


def test_ungraded_task_says_so():
    table = results_table([run(task(graded=0, verdicts={}, figures=()))])
    assert table.rows[0].cells[2].text == "incomplete (0 of 100 graded)"


def test_several_checkpoints_have_a_column_and_full_rows():
    table = results_table([run(task()), run(MATHS, run="step-2000")])
    assert table.columns[0].title == "checkpoint"
    assert [row.cells[0].text for row in table.rows] == ["step-1000"] + ["step-2000"] * 3
    assert [row.level for row in table.rows] == [0, 0, 1, 1]
    assert table.notes == ()


def test_runs_of_one_name_are_told_apart_by_their_checkpoints():
    table = results_table([run(task()), run(task(), checkpoint="/b")])
    assert [row.cells[0].text for row in table.rows] == ["step-1000 (/models/step-1000)", "step-1000 (/b)"]


def test_tasks_run_differently_do_not_compare():
    other = task(version=2, settings={"shots": 8})
    [note] = results_table([run(task()), run(other, run="step-2000")]).notes
    assert note == "! gsm8k: its figures do not compare, for these differ between runs: shots, version."


def test_groups_follow_their_own_figure():
    names = [("pass@1", None), ("pass@10", None), ("pass@1", "easy"), ("pass@10", "easy"), ("loss", "easy")]
    table = results_table([run(task(figures=tuple(figure(name=name, group=group) for name, group in names)))])
    shown = [(row.cells[1].text, row.level) for row in table.rows]
    assert shown == [("pass@1", 0), ("easy", 1), ("pass@10", 0), ("easy", 1), ("loss, easy", 0)]
    assert table.rows[4].cells[2].text == "0.4800 [0.4240, 0.5370]"


def test_losses_are_no_percentages_and_less_of_them_is_better():
    losses = (figure(0.9534, 0.9001, 1.0067, name="bits per byte"), figure(2.31, None, None, name="nats per token"))
    table = results_table([run(task(task="loss", figures=losses), task(figures=losses[:1]), task())])
    assert [row.cells[2].text for row in table.rows[:2]] == ["0.9534 [0.9001, 1.0067]", "2.310"]
    assert table.notes == ("Lower is better: bits per byte, nats per token.",)
    assert tasks_table("t", [task(figures=losses[:1])]).notes == ("Lower is better: bits per byte.",)
    assert results_table([run(task())]).notes == ()


def at(level, name="humaneval", **changes):
    return task(task=name, isolation={"level": level, "network": "none"}, **changes)


def test_the_level_of_isolation_is_said_once_for_all_tasks():
    table = results_table([run(at("namespaces"), at("namespaces", "mbpp"), task())])
    assert table.notes == ("Programs of humaneval, mbpp ran at isolation level namespaces.",)
    again = results_table([run(at("landlock")), run(at("landlock"), run="step-2000")])
    assert again.notes == ("Programs of humaneval ran at isolation level landlock.",)


def test_programs_that_nothing_confined_are_a_loud_note():
    note = "! Programs of humaneval ran at isolation level process: nothing but limits held them."
    assert results_table([run(at("process"))]).notes == (note,)
    assert tasks_table("Results of a file", [at("process")], ["first"]).notes == ("first", note)


def test_levels_that_differ_between_runs_of_a_task_are_a_loud_note():
    first = run(at("namespaces"), at("namespaces", "mbpp"))
    second = run(at("landlock"), run="step-2000")
    third = run(at("process", "other"), run="step-3000")
    assert results_table([first, second, third]).notes == (
        "Programs of mbpp ran at isolation level namespaces.",
        "! Programs of other ran at isolation level process: nothing but limits held them.",
        "! humaneval: its programs ran at different isolation levels (namespaces, landlock), which can change a "
        "verdict: grade these runs again on one machine.",
    )
