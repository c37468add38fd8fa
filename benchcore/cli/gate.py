"""`benchcore gate`: is a candidate not worse than a baseline by more than a margin?"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from benchcore.cli.output import only_results, print_json, run_progress, show_table, tell
from benchcore.config import GateConfig
from benchcore.errors import MachineError

if TYPE_CHECKING:
    from benchcore.comparison.report import GateReport

DEFAULT = GateConfig()
REGRESSION, INCONCLUSIVE, NOTHING_COMPARABLE = 1, 4, 5


def gate(candidate: str, /, *, config: Annotated[GateConfig, Parameter(name="*")] = DEFAULT) -> int:
    """Exit with 0 where a drop of the margin or more is ruled out, 1 where a larger one is shown, 4 where neither is.

    Parameters
    ----------
    candidate
        A run folder, a checkpoint, a directory of checkpoints, of which the last is taken, or the name of a series of
        runs.
    """
    from benchcore import api
    from benchcore.report.gate import gate_table
    from benchcore.report.github import annotations, summary
    from benchcore.report.gitlab import metrics
    from benchcore.report.junit import junit

    with only_results() as results:
        with run_progress() as progress:
            report = api.gate(candidate, config, watch=progress, announce=lambda sentences: tell("\n".join(sentences)))
        if config.json:
            print_json(report, results)
        else:
            show_table(gate_table(report), results)
            if os.environ.get("GITHUB_ACTIONS") == "true":
                print(annotations(report), end="", file=results)
    _write(config.junitxml, junit(report, inconclusive_fails=not config.inconclusive_ok))
    _write(config.markdown, summary(report))
    _write(config.gitlab, metrics(report))
    if step := os.environ.get("GITHUB_STEP_SUMMARY"):
        _write(Path(step), summary(report), mode="a")
    return exit_code(report, config)


def exit_code(report: "GateReport", config: GateConfig) -> int:
    """0 for a pass, 1 for a fail, 5 where not everything declared was compared, and 4, or 0, for what is open."""
    if not report.comparable:
        return NOTHING_COMPARABLE
    return {"pass": 0, "fail": REGRESSION}.get(report.decision.value, 0 if config.inconclusive_ok else INCONCLUSIVE)


def _write(file: Path | None, text: str, mode: Literal["a", "w"] = "w") -> None:
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open(mode, encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise MachineError(f"cannot write {file}: {error.strerror}", "the verdict stands above") from error
