"""A gate on GitHub: commands that its runner takes apart again, and a summary that is never too large."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.comparison.report import Decision
from benchcore.report import github
from benchcore.report.github import annotations, summary
from benchcore.report.table import one_line

characters = st.one_of(st.sampled_from("%:,=\n\r\ud800\u2028"), st.characters())
texts = st.lists(st.one_of(characters, st.sampled_from(["%0A", "%0D", "%25", "%3A", "%2C"])), max_size=20).map("".join)


def taken_apart(line):
    """A workflow command as the runner reads it: level, title, message. As actions/runner, ActionCommand.cs."""
    command, message = re.fullmatch(r"::([^:]*)::(.*)", line).groups()
    level, title = re.fullmatch(r"(\w+) title=([^,]*)", command).groups()
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        message = message.replace(code, char)
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        title = title.replace(code, char)
    return level, title, message


def test_a_worked_example(report):
    assert annotations(report).splitlines() == [
        "::error title=benchcore gate%3A FAIL::a drop of more than 2 points is shown on gsm8k%0A"
        "The candidate is runs/step-1000, the baseline release.",
        "::error title=gsm8k%2C accuracy%3A fail::gsm8k, accuracy: fail, gain -5.0 pt [-7.1, -2.9], margin 2 pt, "
        "p pass 0.99, p fail <0.0001, n 1319, Tango",
        "::warning title=all tasks%2C accuracy%3A inconclusive::all tasks, accuracy: inconclusive, "
        "gain -1.0 pt [-2.4, +0.4], margin 2 pt, p pass 0.12, p fail 0.9, n 1483, paired t",
        "::warning title=mbpp%2C accuracy%3A inconclusive::mbpp, accuracy: inconclusive, "
        "not compared: its prompts differ",
    ]


@pytest.mark.parametrize(
    ("decision", "comparable", "level"),
    [
        (Decision.PASS, True, "notice"),
        (Decision.FAIL, True, "error"),
        (Decision.INCONCLUSIVE, True, "warning"),
        (Decision.INCONCLUSIVE, False, "error"),
    ],
)
def test_the_level_of_the_verdict(report, decision, comparable, level):
    bare = replace(report, decision=decision, comparable=comparable, findings=())
    assert annotations(bare).startswith(f"::{level} title=benchcore gate%3A {decision.upper()}::")


def test_what_is_watched_and_inconclusive_says_nothing(report):
    watched = replace(report.findings[1], decision=Decision.INCONCLUSIVE)
    assert len(annotations(replace(report, findings=(watched,))).splitlines()) == 1


@given(name=texts, reason=texts, candidate=texts)
def test_whatever_a_name_holds_the_runner_gets_it_back(report, name, reason, candidate):
    failed = replace(report.findings[1], name=name)
    lines = annotations(replace(report, reason=reason, candidate=candidate, findings=(failed,))).split("\n")
    assert len(lines) == 3 and lines[2] == ""
    _, _, verdict = taken_apart(lines[0])
    assert verdict == f"{one_line(reason)}\n{one_line(f'The candidate is {candidate}, the baseline release.')}"
    level, title, message = taken_apart(lines[1])
    assert level == "error" and title == one_line(f"{name}, accuracy: fail")
    assert message.startswith(title)


def test_the_summary_says_the_verdict_first_and_all_of_the_table(report):
    lines = summary(report).splitlines()
    assert lines[:3] == ["## benchcore gate: FAIL", "", "### a drop of more than 2 points is shown on gsm8k"]
    assert len([line for line in lines if line.startswith("|")]) == 2 + len(report.findings)
    assert lines[-1] == "- 3 problems were left out."


def many(report, count, name):
    findings = tuple(replace(report.findings[1], name=f"{name}{number}", certifiable=0.01) for number in range(count))
    return replace(report, findings=findings)


def checked(text, report):
    """The rows kept of a summary that is cut; fails where it is cut within a line or miscounts."""
    lines = text.splitlines()
    assert lines[0] == "## benchcore gate: FAIL"
    cut = re.fullmatch(r"\*\*Cut at \d+ kB: ([\d,]+) rows and ([\d,]+) notes are left out\.\*\*", lines[-1])
    rows = [line for line in lines if line.startswith("|")]
    assert {line.count("|") for line in rows} <= {13} and all(line.endswith(" |") for line in rows)
    kept = max(0, len(rows) - 2)
    assert kept + int(cut[1].replace(",", "")) == len(report.findings)
    return kept


def test_a_summary_too_large_is_cut_at_a_row_and_says_so(report):
    large = many(report, 8_000, "größe ☃ ")
    text = summary(large)
    assert 899_000 < len(text.encode()) <= 900_000
    assert 0 < checked(text, large) < 8_000


@pytest.mark.parametrize("limit", range(200, 4200, 37))
def test_the_bound_holds_wherever_it_cuts(report, limit, monkeypatch):
    monkeypatch.setattr(github, "LIMIT", limit)
    large = many(report, 30, "☃")
    text = summary(large)
    assert len(text.encode()) <= limit
    checked(text, large)


def test_a_reason_too_large_leaves_the_verdict(report):
    endless = replace(report, reason="x" * 1_000_000)
    assert checked(summary(endless), endless) == 0
