"""The table of a gate: its verdict, what was found, and what that rests on."""

from collections.abc import Iterator

from benchcore.comparison.report import Decision, Finding, GateReport
from benchcore.records import Figure, is_rate
from benchcore.report.results import MARK
from benchcore.report.table import ABSENT, Cell, Column, Row, Table, figure_text

NOT_COMPARED = "not compared"
COLUMNS = (
    Column(title="what", merges=True),
    Column(title="figure", merges=True),
    Column(title="decision"),
    Column(title="role", spills=True),
    Column(title="candidate", align="right", spills=True),
    Column(title="baseline", align="right", spills=True),
    Column(title="gain"),
    Column(title="margin", align="right"),
    Column(title="p pass", align="right", spills=True),
    Column(title="p fail", align="right", spills=True),
    Column(title="n", align="right", spills=True),
    Column(title="method", spills=True),
)


def gate_table(report: GateReport) -> Table:
    """The verdict as its title, and a row for each finding, in the order of the report.

    Columns: what, figure, decision, role ("decides" or "watched"), candidate, baseline, gain with the interval that
    the decision rests on, margin, p pass (of a drop of the margin or more), p fail (of a drop of the margin or less,
    corrected), n, method. Rates are in percent, their gains and margins in points. What could not be compared says so
    and has its reason in a note. Other notes: alpha, what the early stop saved, the margins that could be certified
    and the noise floor.
    """
    return Table(
        title=f"{report.decision.upper()}: {report.reason}",
        columns=COLUMNS,
        rows=tuple(_row(finding) for finding in report.findings),
        notes=tuple(_notes(report)),
    )


def sentence(finding: Finding) -> str:
    """What was found, in one line: "gsm8k, accuracy: fail, gain -5.0 pt [-7.1, -2.9], margin 2 pt, ..."."""
    about = f"{finding.name}, {finding.figure}: {finding.decision}"
    found = finding.comparison
    if found is None:
        return f"{about}, {NOT_COMPARED}: {finding.reason}"
    parts = [f"gain {_gain(finding).text}", f"margin {_amount(finding.margin, finding.figure)}"]
    parts += [f"p pass {_p(found.p_pass)}", f"p fail {_p(finding.p_fail) or ABSENT}", f"n {found.n}, {found.method}"]
    return f"{about}, {', '.join(parts)}" + (f": {finding.reason}" if finding.reason else "")


def role(finding: Finding) -> str:
    """Whether the finding decides, or is watched: then it can only fail the gate."""
    return "decides" if finding.decides else "watched"


def numbers(finding: Finding) -> dict[str, float]:
    """Every number of a finding that is known, as it is: a rate is in [0, 1]."""
    found = finding.comparison
    known = {
        "candidate": finding.candidate,
        "baseline": finding.baseline,
        "margin": finding.margin,
        "certifiable": finding.certifiable,
        "p_fail": finding.p_fail,
    }
    if found:
        known |= {"gain": found.value, "gain_low": found.low, "gain_high": found.high}
        known |= {"p_pass": found.p_pass, "n": found.n}
    return {name: number for name, number in known.items() if number is not None}


def _row(finding: Finding) -> Row:
    found = finding.comparison
    cells = (
        Cell(content=finding.name),
        Cell(content=finding.figure),
        Cell(content=finding.decision.value, loud=finding.decision == Decision.FAIL),
        Cell(content=role(finding)),
        _side(finding.candidate, finding.figure),
        _side(finding.baseline, finding.figure),
        _gain(finding),
        Cell(content=_amount(finding.margin, finding.figure)),
        Cell(content=_p(found.p_pass if found else None)),
        Cell(content=_p(finding.p_fail)),
        Cell(content=str(found.n) if found else None),
        Cell(content=found.method if found else None),
    )
    note = f"{'' if found else f'{MARK} '}{finding.name}, {finding.figure}: {finding.reason.rstrip('.')}."
    return Row(cells=cells, notes=(note,) if finding.reason else ())


def _side(value: float | None, figure: str) -> Cell:
    if value is None:
        return Cell()
    shown = Figure(name=figure, value=value, n=0, low=None, high=None, method="")
    return Cell(content=figure_text(shown, percent=is_rate(figure)))


def _gain(finding: Finding) -> Cell:
    """The candidate's gain with its interval, or that nothing was compared."""
    found = finding.comparison
    if found is None:
        return Cell(content=NOT_COMPARED, loud=True)
    figure = Figure(
        name=finding.figure, value=found.value, n=found.n, low=found.low, high=found.high, method=found.method
    )
    return Cell(content=figure, percent=is_rate(finding.figure), difference=True)


def _amount(size: float, figure: str) -> str:
    """A size of a difference of `figure`, such as a margin: "2 pt" of a rate, else "0.01"."""
    return f"{100 * size:.3g} pt" if is_rate(figure) else f"{size:.3g}"


def _p(p: float | None) -> str | None:
    if p is None:
        return None
    return f"{p:.2g}" if p >= 0.0001 else "<0.0001"


def _notes(report: GateReport) -> Iterator[str]:
    yield f"The candidate is {report.candidate}, the baseline {report.baseline}."
    if not report.comparable:
        yield f"{MARK} Not everything could be compared, so this is no pass."
    yield f"Alpha is {report.alpha:g}, one-sided; each interval is the one that the decision rests on."
    yield (
        "A gain is the candidate less the baseline, of a loss how much lower it is. "
        "The smaller p pass, the surer it is that the drop is less than the margin; the smaller p fail (corrected "
        "for all that was tested beside it), the surer that it is more."
    )
    if any(not finding.decides for finding in report.findings):
        yield "What is watched can fail the gate, but not pass it."
    if report.planned:
        yield _asked(report)
    margins = [
        f"{finding.name}, {finding.figure}: {_amount(finding.certifiable, finding.figure)}"
        for finding in report.findings
        if finding.certifiable is not None
    ]
    if margins:
        yield f"The smallest margin that an unchanged candidate passes in 80 of 100 runs: {'; '.join(margins)}."
    if report.noise is not None:
        figure = next((finding.figure for finding in report.findings if finding.decides), "")
        noise = _amount(report.noise, figure)
        yield f"Noise floor, the aggregate's standard deviation over repeats of the baseline: {noise}."
    yield from report.notes


def _asked(report: GateReport) -> str:
    asked = f"{report.asked:,} of {report.planned:,} requests were asked"
    if report.early_stop == "none":
        return f"{asked}, without early stop."
    saved = 1 - report.asked / report.planned
    return (
        f"{asked} in the order of seed {report.seed}: the early stop ({report.early_stop}) saved {100 * saved:.1f} %."
    )
