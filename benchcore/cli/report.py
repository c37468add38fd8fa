"""`benchcore report`: a page to look at runs, and their figures as files."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from benchcore.cli.compare import NothingComparable
from benchcore.cli.output import tell
from benchcore.config import ReportConfig
from benchcore.errors import RunIncomplete

if TYPE_CHECKING:
    from benchcore.report.model import Page

DEFAULT = ReportConfig()


def report(*runs: str, config: Annotated[ReportConfig, Parameter(name="*")] = DEFAULT) -> int:
    """Write one page that shows runs: differences, curves, and side by side the samples on which they disagree.

    Parameters
    ----------
    runs
        Run folders, directories of them, patterns such as 'runs/slm-*', or names that runs accept gave.
    """
    from benchcore.api import reporting

    if not config.serve or config.out or config.plots:
        for made, files in reporting.watch(runs, config) if config.watch else [reporting.report(runs, config)]:
            _tell(made, files)
        if not config.serve:
            _check(made)
    if config.serve:
        with reporting.serve(runs, config) as server:
            server.shown(anew=True)  # what is wrong with the runs is to be said here and not in the browser
            with suppress(KeyboardInterrupt):
                tell(f"benchcore: the page is at {server.address} until Ctrl-C")
                server.serve_forever()
    return 0


def _tell(made: "Page", files: Sequence[Path]) -> None:
    """Say what was written and, of runs that go on, how far they are."""
    wrote = f"benchcore: wrote {', '.join(map(str, files))}"
    if made.complete:
        tell(wrote)
        return
    tasks = [task for record in made.records for task in record.tasks]
    asked, graded = sum(task.requests for task in tasks), sum(task.graded for task in tasks)
    tell(f"{wrote} ({graded:,} of {asked:,} requests are answered and graded)")


def _check(made: "Page") -> None:
    """Raise where something that was given is not compared, as `benchcore compare` does."""
    found = made.found
    if found.baseline is not None and not found.comparable:
        raise NothingComparable(f"nothing can be compared with {found.baseline}", "the page says why")
    if found.unfinished:
        raise RunIncomplete(f"not complete: {', '.join(found.unfinished)}", "run benchcore eval on them again")
