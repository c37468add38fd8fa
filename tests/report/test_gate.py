"""The table of a gate: the verdict first, a row a finding, and all that they rest on."""

from dataclasses import replace

import pytest

from benchcore.comparison.report import Decision
from benchcore.report import terminal
from benchcore.report.gate import gate_table, sentence

ROWS = """\
all tasks|accuracy|inconclusive|decides|48.0 %|49.0 %|-1.0 pt [-2.4, +0.4]|2 pt|0.12|0.9|1483|paired t
gsm8k|accuracy|fail|watched|44.0 %|49.0 %|-5.0 pt [-7.1, -2.9]|2 pt|0.99|<0.0001|1319|Tango
held_out|bits per byte|pass|watched|0.9100|0.9201|+0.0101 [+0.0020, +0.0180]|0.01|0.001|1|4000|jackknife
mbpp|accuracy|inconclusive|watched|-|30.0 %|not compared|2 pt|-|-|-|-
"""
PLAIN = """\
FAIL: a drop of more than 2 points is shown on gsm8k
what       figure         decision      gain                        margin
--------------------------------------------------------------------------
all tasks  accuracy       inconclusive  -1.0 pt [-2.4, +0.4]          2 pt
gsm8k      accuracy       fail          -5.0 pt [-7.1, -2.9]          2 pt
held_out   bits per byte  pass          +0.0101 [+0.0020, +0.0180]    0.01
mbpp       accuracy       inconclusive  not compared                  2 pt
role, candidate, baseline, p pass, p fail, n, method:
  all tasks, accuracy: decides, 48.0 %, 49.0 %, 0.12, 0.9, 1483, paired t
  gsm8k, accuracy: watched, 44.0 %, 49.0 %, 0.99, <0.0001, 1319, Tango
  held_out, bits per byte: watched, 0.9100, 0.9201, 0.001, 1, 4000, jackknife
  mbpp, accuracy: watched, -, 30.0 %, -, -, -, -
! mbpp, accuracy: its prompts differ.
"""


def test_a_row_a_finding(report):
    table = gate_table(report)
    assert ["|".join(cell.text for cell in row.cells) for row in table.rows] == ROWS.splitlines()
    loud = [
        [column.title for column, cell in zip(table.columns, row.cells, strict=True) if cell.loud] for row in table.rows
    ]
    assert loud == [[], ["decision"], [], ["gain"]]


def test_it_fits_80_columns_with_the_verdict_first(report):
    text = terminal.render(gate_table(report))
    assert text.startswith(PLAIN)
    assert max(map(len, text.splitlines())) <= 80


def test_the_notes_say_what_it_rests_on(report):
    assert gate_table(report).all_notes == (
        "! mbpp, accuracy: its prompts differ.",
        "The candidate is runs/step-1000, the baseline release.",
        "Alpha is 0.05, one-sided; each interval is the one that the decision rests on.",
        "A gain is the candidate less the baseline, of a loss how much lower it is. The smaller p pass, the surer it "
        "is that the drop is less than the margin; the smaller p fail (corrected for all that was tested beside it), "
        "the surer that it is more.",
        "What is watched can fail the gate, but not pass it.",
        "600 of 1,500 requests were asked in the order of seed 7: the early stop (group) saved 60.0 %.",
        "The smallest margin that an unchanged candidate passes in 80 of 100 runs: all tasks, accuracy: 2.34 pt; "
        "held_out, bits per byte: 0.004.",
        "Noise floor, the aggregate's standard deviation over repeats of the baseline: 0.8 pt.",
        "3 problems were left out.",
    )


def test_what_does_not_apply_has_no_note(report):
    deciding = replace(report.findings[0], certifiable=None)
    bare = replace(report, findings=(deciding,), notes=(), noise=None, asked=0, planned=0, early_stop="none")
    assert [note.split(" ")[0] for note in gate_table(bare).all_notes] == ["The", "Alpha", "A"]


@pytest.mark.parametrize(
    ("early_stop", "asked", "note"),
    [
        ("none", 1500, "1,500 of 1,500 requests were asked, without early stop."),
        (
            "anytime",
            1500,
            "1,500 of 1,500 requests were asked in the order of seed 7: the early stop (anytime) saved 0.0 %.",
        ),
    ],
)
def test_what_the_early_stop_saved(report, early_stop, asked, note):
    assert note in gate_table(replace(report, early_stop=early_stop, asked=asked)).notes


def test_the_noise_of_a_loss_is_in_its_own_unit(report):
    table = gate_table(replace(report, findings=(replace(report.findings[2], decides=True),)))
    assert "Noise floor, the aggregate's standard deviation over repeats of the baseline: 0.008." in table.notes


def test_what_does_not_compare_is_said_aloud(report):
    nothing = replace(report, decision=Decision.INCONCLUSIVE, comparable=False, reason="mbpp is missing")
    table = gate_table(nothing)
    assert table.title == "INCONCLUSIVE: mbpp is missing"
    assert "! Not everything could be compared, so this is no pass." in table.notes
    assert not any("no pass" in note for note in gate_table(report).notes)


def test_a_reason_beside_a_comparison_is_not_loud(report):
    finding = replace(report.findings[0], reason="3 problems had faults.")
    assert gate_table(replace(report, findings=(finding,))).rows[0].notes == (
        "all tasks, accuracy: 3 problems had faults.",
    )


def test_a_finding_as_a_sentence(report):
    assert [sentence(finding) for finding in report.findings[1:]] == [
        "gsm8k, accuracy: fail, gain -5.0 pt [-7.1, -2.9], margin 2 pt, p pass 0.99, p fail <0.0001, n 1319, Tango",
        "held_out, bits per byte: pass, gain +0.0101 [+0.0020, +0.0180], margin 0.01, p pass 0.001, p fail 1, n 4000, "
        "jackknife",
        "mbpp, accuracy: inconclusive, not compared: its prompts differ",
    ]


def test_a_p_value_that_is_not_known_is_absent(report):
    assert "p fail -, n 1483" in sentence(replace(report.findings[0], p_fail=None))
