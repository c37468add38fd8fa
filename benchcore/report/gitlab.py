"""A gate as GitLab's metrics report: a merge request shows which numbers changed against its target branch."""

from benchcore.comparison.report import Decision, GateReport
from benchcore.report.gate import numbers
from benchcore.report.table import one_line

HELP = {
    "candidate": "The candidate's figure; a rate is in [0, 1].",
    "baseline": "The baseline's figure; a rate is in [0, 1].",
    "margin": "The drop that the gate allows.",
    "certifiable": "The smallest margin that an unchanged candidate passes in 80 of 100 runs.",
    "gain": "The candidate's gain over the baseline; more is better.",
    "gain_low": "The lower end of the gain's interval.",
    "gain_high": "The upper end of the gain's interval.",
    "p_pass": "p of a drop of the margin or more.",
    "p_fail": "p of a drop of the margin or less, corrected for all that was tested beside it.",
    "n": "The pairs that were compared.",
}


def metrics(report: GateReport) -> str:
    """`report` as OpenMetrics text: gauges labelled by task and figure, with numbers as they are.

    GitLab compares what has the same name and labels, so neither holds what differs from one candidate to the next,
    such as its path. A number that is not known has no line; the decision is 1 for the one that was taken, else 0.
    Source: OpenMetrics 1.0, text format; GitLab, Metrics reports.
    """
    lines = _family("decision", "1 for what the gate decided.")
    lines += [_sample("decision", {"decision": one}, int(one == report.decision)) for one in Decision]
    counts = {
        "asked": ("Requests asked of the candidate.", report.asked),
        "planned": ("Requests planned.", report.planned),
    }
    for name, (about, count) in counts.items():
        lines += [*_family(name, about), _sample(name, {}, count)]
    labelled = [({"task": one.name, "figure": one.figure}, numbers(one)) for one in report.findings]
    for name, about in HELP.items():
        samples = [_sample(name, labels, values[name]) for labels, values in labelled if name in values]
        lines += [*_family(name, about), *samples] if samples else []
    return "\n".join([*lines, "# EOF"]) + "\n"


def _family(name: str, about: str) -> list[str]:
    return [f"# TYPE benchcore_gate_{name} gauge", f"# HELP benchcore_gate_{name} {about}"]


def _sample(name: str, labels: dict[str, str], value: float) -> str:
    pairs = ",".join(f'{label}="{_label(text)}"' for label, text in labels.items())
    return f"benchcore_gate_{name}{f'{{{pairs}}}' if pairs else ''} {value}"


def _label(text: str) -> str:
    return one_line(text).replace("\\", r"\\").replace('"', r"\"")
