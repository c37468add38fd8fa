"""A gate's report, as the formats of gates are handed one."""

from dataclasses import replace

import pytest

from benchcore.comparison.report import Decision, Finding, GateReport
from benchcore.stats.paired import Comparison


@pytest.fixture(scope="session")
def report() -> GateReport:
    """A report with one finding of each kind: inconclusive and deciding, failed, passed (a loss), not compared."""
    overall = Finding(
        name="all tasks",
        figure="accuracy",
        decides=True,
        decision=Decision.INCONCLUSIVE,
        margin=0.02,
        candidate=0.48,
        baseline=0.49,
        comparison=Comparison(
            value=-0.01, low=-0.024, high=0.004, p=0.24, p_pass=0.12, p_fail=0.88, n=1483, method="paired t"
        ),
        p_fail=0.9,
        certifiable=0.0234,
    )
    failed = replace(
        overall,
        name="gsm8k",
        decides=False,
        decision=Decision.FAIL,
        candidate=0.44,
        comparison=Comparison(
            value=-0.05, low=-0.071, high=-0.029, p=1e-6, p_pass=0.99, p_fail=1e-5, n=1319, method="Tango"
        ),
        p_fail=2e-5,
        certifiable=None,
    )
    loss = replace(
        overall,
        name="held_out",
        figure="bits per byte",
        decides=False,
        decision=Decision.PASS,
        margin=0.01,
        candidate=0.91,
        baseline=0.9201,
        comparison=Comparison(
            value=0.0101, low=0.002, high=0.018, p=0.01, p_pass=0.001, p_fail=0.99, n=4000, method="jackknife"
        ),
        p_fail=1.0,
        certifiable=0.004,
    )
    missing = replace(
        overall,
        name="mbpp",
        decides=False,
        candidate=None,
        baseline=0.3,
        comparison=None,
        p_fail=None,
        certifiable=None,
        reason="its prompts differ",
    )
    return GateReport(
        decision=Decision.FAIL,
        comparable=True,
        reason="a drop of more than 2 points is shown on gsm8k",
        candidate="runs/step-1000",
        baseline="release",
        alpha=0.05,
        findings=(overall, failed, loss, missing),
        notes=("3 problems were left out.",),
        early_stop="group",
        seed=7,
        asked=600,
        planned=1500,
        noise=0.008,
    )
