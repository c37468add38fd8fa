"""A gate as OpenMetrics text: every sample is read back, and nothing in a name breaks a line."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from benchcore.comparison.report import Decision
from benchcore.report.gitlab import metrics
from benchcore.report.table import one_line

SAMPLE = re.compile(r'([a-z_][a-z0-9_]*)(?:\{((?:[a-z]+="(?:[^"\\]|\\["\\n])*",?)+)\})? (\S+)')
LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\["\\n])*)"')
ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}
texts = st.text(alphabet=st.one_of(st.sampled_from('"\\{}=,n\n\r\x00\u2028\ud800 #'), st.characters()), max_size=20)


def read(text):
    """Name and labels -> number; fails on a sample outside its family, a repeated one, or no end."""
    lines = text.split("\n")
    assert lines[-2:] == ["# EOF", ""]
    family, found = None, {}
    for line in lines[:-2]:
        if line.startswith("#"):
            kind, name, about = re.fullmatch(r"# (TYPE|HELP) ([a-z_]+) (.+)", line).groups()
            assert (kind, about) == ("TYPE", "gauge") if name != family else kind == "HELP"
            family = name
            continue
        name, labels, number = SAMPLE.fullmatch(line).groups()
        assert name == family
        pairs = LABEL.findall(labels or "")
        key = (name, *((label, re.sub(r"\\.", lambda escape: ESCAPES[escape[0]], value)) for label, value in pairs))
        assert key not in found
        found[key] = float(number)
    return found


def test_a_worked_example(report):
    found = read(metrics(report))
    gsm8k, mbpp = [(("task", name), ("figure", "accuracy")) for name in ("gsm8k", "mbpp")]
    assert {name.removeprefix("benchcore_gate_"): value for (name, *labels), value in found.items()
            if tuple(labels) == gsm8k} == {
        "candidate": 0.44, "baseline": 0.49, "margin": 0.02, "gain": -0.05, "gain_low": -0.071, "gain_high": -0.029,
        "p_pass": 0.99, "p_fail": 2e-5, "n": 1319,
    }  # fmt: skip
    assert {name for name, *labels in found if tuple(labels) == mbpp} == {
        "benchcore_gate_baseline", "benchcore_gate_margin"
    }  # fmt: skip
    assert found["benchcore_gate_asked",] == 600 and found["benchcore_gate_planned",] == 1500


def test_the_decision_is_one_of_three(report):
    for decision in Decision:
        found = read(metrics(replace(report, decision=decision)))
        assert {one: found["benchcore_gate_decision", ("decision", one.value)] for one in Decision} == {
            one: float(one == decision) for one in Decision
        }


def test_names_and_labels_are_those_of_any_other_candidate(report):
    other = replace(report, candidate="runs/step-2000", asked=10, reason="other")
    assert read(metrics(other)).keys() == read(metrics(report)).keys()


def test_a_number_that_no_finding_has_has_no_family(report):
    assert "benchcore_gate_gain" not in metrics(replace(report, findings=report.findings[3:]))


@given(name=texts, figure=texts)
def test_whatever_a_name_holds_it_is_read_back(report, name, figure):
    found = read(metrics(replace(report, findings=(replace(report.findings[0], name=name, figure=figure),))))
    assert found["benchcore_gate_gain", ("task", one_line(name)), ("figure", one_line(figure))] == -0.01
