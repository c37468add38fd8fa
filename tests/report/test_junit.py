"""A gate as JUnit: any reader of XML gets the findings back, each with the outcome that a CI acts on."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchcore.comparison.report import Decision
from benchcore.report.junit import junit
from benchcore.report.table import one_line

texts = st.text(
    alphabet=st.one_of(st.sampled_from("<>&\"'\n\t\r\x00\x1b\x7f\ufffe\ud800]"), st.characters()), max_size=20
)


def suite_of(text):
    root = ET.fromstring(text.encode())
    assert root.tag == "testsuites" and [child.tag for child in root] == ["testsuite"]
    return root[0]


def outcome(case):
    """What became of a test case: the one child that is not its properties."""
    found = [child for child in case if child.tag != "properties"]
    assert len(found) <= 1
    return found[0].tag if found else "passed"


def properties(element):
    return {one.get("name"): one.get("value") for one in element.iterfind("properties/property")}


def test_a_worked_example(report):
    suite = suite_of(junit(report))
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases] == [
        "gate", "all tasks accuracy", "gsm8k accuracy", "held_out bits per byte", "mbpp accuracy"
    ]  # fmt: skip
    assert [outcome(case) for case in cases] == ["failure", "skipped", "failure", "passed", "skipped"]
    assert {key: suite.get(key) for key in ("name", "tests", "failures", "errors", "skipped")} == {
        "name": "benchcore gate", "tests": "5", "failures": "2", "errors": "0", "skipped": "2"
    }  # fmt: skip
    assert properties(suite) == {
        "candidate": "runs/step-1000", "baseline": "release", "alpha": "0.05", "early_stop": "group", "seed": "7",
        "asked": "600", "planned": "1500", "noise": "0.008",
    }  # fmt: skip
    assert properties(cases[1]) == {
        "role": "decides", "candidate": "0.48", "baseline": "0.49", "margin": "0.02", "certifiable": "0.0234",
        "p_fail": "0.9", "gain": "-0.01", "gain_low": "-0.024", "gain_high": "0.004", "p_pass": "0.12", "n": "1483",
        "method": "paired t",
    }  # fmt: skip
    assert properties(cases[4]) == {"role": "watched", "baseline": "0.3", "margin": "0.02"}
    failure = cases[2].find("failure")
    assert failure.get("type") == "fail" and failure.text == failure.get("message")
    assert failure.text.startswith("gsm8k, accuracy: fail, gain -5.0 pt [-7.1, -2.9]")


@pytest.mark.parametrize(
    ("decision", "inconclusive_fails", "expected"),
    [
        (Decision.PASS, False, "passed"),
        (Decision.PASS, True, "passed"),
        (Decision.FAIL, False, "failure"),
        (Decision.FAIL, True, "failure"),
        (Decision.INCONCLUSIVE, False, "skipped"),
        (Decision.INCONCLUSIVE, True, "failure"),
    ],
)
def test_the_gate_and_what_decides_have_the_outcome_of_their_decision(report, decision, inconclusive_fails, expected):
    deciding = replace(report.findings[0], decision=decision)
    text = junit(replace(report, decision=decision, findings=(deciding,)), inconclusive_fails)
    assert [outcome(case) for case in suite_of(text).iter("testcase")] == [expected, expected]


def test_what_is_only_watched_fails_no_build_by_being_inconclusive(report):
    watched = replace(report.findings[1], decision=Decision.INCONCLUSIVE)
    text = junit(replace(report, decision=Decision.PASS, findings=(watched,)), inconclusive_fails=True)
    assert [outcome(case) for case in suite_of(text).iter("testcase")] == ["passed", "skipped"]


@pytest.mark.parametrize(("decides", "comparable", "expected"), [
    (True, True, "error"), (True, False, "error"), (False, False, "error"), (False, True, "skipped")
])  # fmt: skip
def test_what_could_not_be_compared_is_an_error_unless_the_gate_goes_on_without_it(
    report, decides, comparable, expected
):
    missing = replace(report.findings[3], decides=decides)
    suite = suite_of(junit(replace(report, findings=(missing,), comparable=comparable)))
    gate, case = suite.findall("testcase")
    assert outcome(case) == expected and outcome(gate) == ("failure" if comparable else "error")
    assert "its prompts differ" in case.find(expected).text


@given(name=texts, figure=texts, reason=texts, method=texts, candidate=texts)
def test_whatever_a_name_holds_it_is_read_back(report, name, figure, reason, method, candidate):
    first, *_, last = report.findings
    first = replace(first, name=name, figure=figure, comparison=replace(first.comparison, method=method))
    suite = suite_of(junit(replace(report, candidate=candidate, reason=reason, findings=(first, last))))
    gate, case, _ = suite.findall("testcase")
    assert properties(suite)["candidate"] == one_line(candidate)
    assert gate.find("failure").get("message") == one_line(reason) == (gate.find("failure").text or "")
    assert case.get("name") == one_line(f"{name} {figure}") and properties(case)["method"] == one_line(method)
