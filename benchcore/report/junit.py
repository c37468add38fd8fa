"""A gate as a JUnit report: for the test views of GitLab, Jenkins and others."""

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from benchcore.comparison.report import Decision, Finding, GateReport
from benchcore.report.gate import NOT_COMPARED, numbers, role, sentence
from benchcore.report.table import one_line

SUITE = "benchcore gate"


def junit(report: GateReport, inconclusive_fails: bool = False) -> str:
    """`report` as XML: a test suite with a test case for the gate and one for each finding.

    | what | is |
    |---|---|
    | fail | `<failure>` |
    | inconclusive | `<skipped>`; with `inconclusive_fails` a `<failure>`, unless it is only watched |
    | nothing, or not everything declared, was compared | `<error>`; `<skipped>` where the gate goes on without it |

    Properties have the numbers as they are: a rate is in [0, 1]. Characters that XML cannot hold become spaces.
    Source: the schema of Jenkins' xUnit plug-in, junit-10.xsd, with properties in test cases as pytest writes them.
    """
    root = ET.Element("testsuites")
    suite = ET.SubElement(root, "testsuite", name=SUITE)
    names = ("candidate", "baseline", "alpha", "early_stop", "seed", "asked", "planned", "noise")
    _properties(suite, {name: getattr(report, name) for name in names if getattr(report, name) is not None})
    case = ET.SubElement(suite, "testcase", classname=SUITE, name="gate")
    if not report.comparable:
        _outcome(case, "error", NOT_COMPARED, report.reason)
    else:
        _decided(case, report.decision, report.reason, inconclusive_fails)
    for finding in report.findings:
        _case(suite, finding, report.comparable, inconclusive_fails)
    for attribute, outcome in {"failures": "failure", "errors": "error", "skipped": "skipped"}.items():
        suite.set(attribute, str(len(suite.findall(f"testcase/{outcome}"))))
    suite.set("tests", str(len(suite.findall("testcase"))))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(suite: ET.Element, finding: Finding, comparable: bool, inconclusive_fails: bool) -> None:
    name = one_line(f"{finding.name} {finding.figure}")
    case = ET.SubElement(suite, "testcase", classname=SUITE, name=name)
    method = {"method": finding.comparison.method} if finding.comparison else {}
    _properties(case, {"role": role(finding), **numbers(finding), **method})
    if finding.comparison is None:
        _outcome(case, "error" if finding.decides or not comparable else "skipped", NOT_COMPARED, sentence(finding))
    else:
        _decided(case, finding.decision, sentence(finding), inconclusive_fails and finding.decides)


def _decided(case: ET.Element, decision: Decision, message: str, inconclusive_fails: bool) -> None:
    if decision == Decision.FAIL or (decision == Decision.INCONCLUSIVE and inconclusive_fails):
        _outcome(case, "failure", decision.value, message)
    elif decision == Decision.INCONCLUSIVE:
        _outcome(case, "skipped", decision.value, message)


def _outcome(case: ET.Element, outcome: str, kind: str, message: str) -> None:
    """What is not a pass; the text says it again, for a view shows either the message or the text."""
    ET.SubElement(case, outcome, type=kind, message=one_line(message)).text = one_line(message)


def _properties(parent: ET.Element, values: Mapping[str, str | float]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=one_line(str(value)))
