"""A pytest fixture: the gate as a test. pytest finds it by itself where benchcore is installed."""

from collections.abc import Callable
from os import PathLike
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from benchcore.comparison.report import GateReport


@pytest.fixture
def assert_not_worse() -> "Callable[..., GateReport]":
    """`assert_not_worse(candidate, baseline, margin="2pt", **settings)`: fail unless the gate passes.

    `candidate` and `baseline` are what `benchcore gate` takes, and `settings` the fields of `GateConfig`; with
    `inconclusive_ok` the test is skipped, not failed, where the problems do not tell. Returns the report.
    """
    from benchcore.api import gate
    from benchcore.config import GateConfig
    from benchcore.report.formats import render
    from benchcore.report.gate import gate_table

    def check(candidate: str | PathLike[str], baseline: str | PathLike[str], **settings: Any) -> "GateReport":
        report = gate(str(candidate), GateConfig(baseline=(str(baseline),), **settings))
        if report.decision == "pass":
            return report
        told = render(gate_table(report), "terminal")
        if report.comparable and report.decision == "inconclusive" and settings.get("inconclusive_ok"):
            pytest.skip(report.reason)
        pytest.fail(told, pytrace=False)

    return check
