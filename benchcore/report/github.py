"""A gate on GitHub: annotations for a workflow's log, and the summary of its job."""

from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate

from benchcore.comparison.report import Decision, GateReport
from benchcore.report import markdown
from benchcore.report.gate import gate_table, sentence
from benchcore.report.table import one_line

LIMIT = 900_000  # bytes; GitHub drops a step's summary of more than 1 MiB, and other tools append to the same file
_LEVELS = {Decision.FAIL: "error", Decision.INCONCLUSIVE: "warning", Decision.PASS: "notice"}


def annotations(report: GateReport) -> str:
    """Workflow commands, one a line: the verdict, what failed, then what is not compared or holds the gate open.

    GitHub shows the first ten of each level that a step prints, so the verdict comes first and passes are left out.
    Source: GitHub Actions, Workflow commands; the escapes are those of actions/toolkit, core/src/command.ts.
    """
    level = _LEVELS[report.decision] if report.comparable else "error"
    sides = f"The candidate is {report.candidate}, the baseline {report.baseline}."
    lines = [_command(level, f"benchcore gate: {report.decision.upper()}", report.reason, sides)]
    for finding in sorted(report.findings, key=lambda finding: finding.decision != Decision.FAIL):
        title = f"{finding.name}, {finding.figure}: {finding.decision}"
        if finding.decision == Decision.FAIL:
            lines.append(_command("error", title, sentence(finding)))
        elif finding.comparison is None or (finding.decides and finding.decision == Decision.INCONCLUSIVE):
            lines.append(_command("warning", title, sentence(finding)))
    return "".join(f"{line}\n" for line in lines)


def summary(report: GateReport) -> str:
    """The verdict, the table and its notes in Markdown of at most `LIMIT` bytes in UTF-8.

    What does not fit is cut at the end of a row or a note, and a last line says how much.
    """
    table = replace(gate_table(report), title=report.reason)
    text = f"## benchcore gate: {report.decision.upper()}\n\n{markdown.render(table)}"
    lines = text.splitlines(keepends=True)
    sizes = list(accumulate(len(line.encode()) for line in lines))
    if sizes[-1] <= LIMIT:
        return text
    all_rows = len(report.findings)
    kept = bisect_right(sizes, LIMIT - len(_left_out(lines, all_rows)))
    return "".join(lines[:kept]) + _left_out(lines[kept:], all_rows)


def _left_out(lines: list[str], all_rows: int) -> str:
    rows = min(all_rows, sum(line.startswith("|") for line in lines))  # the head is no row
    notes = sum(line.startswith("-") for line in lines)
    return f"\n**Cut at {LIMIT // 1000} kB: {rows:,} rows and {notes:,} notes are left out.**\n"


def _command(level: str, title: str, *lines: str) -> str:
    message = "\n".join(one_line(line) for line in lines)  # no carriage return is left to be escaped
    return f"::{level} title={_property(one_line(title))}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
