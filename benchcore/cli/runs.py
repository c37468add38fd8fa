"""`benchcore runs`: the run folders below a folder, and baselines made of them."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from benchcore.cli.output import print_json, show_table, tell

app = App(name="runs", help="List the run folders below a folder, and accept one as a baseline.")


@app.default
def runs(out: Path = Path("runs"), *, json: bool = False) -> int:
    """List the run folders below a folder, with their tasks and headline figures, and how those of a series went.

    Parameters
    ----------
    out
        The --out folder of evaluations.
    json
        Print one JSON document instead of a table.
    """
    from benchcore import api
    from benchcore.records import is_rate
    from benchcore.report.curves import trends
    from benchcore.report.results import rule_set
    from benchcore.report.table import figure_text, text_table
    from benchcore.store import read_record

    found = api.runs(out)
    if json:
        print_json(found)
        return 0
    rows = []
    for one in found:
        for task in one.tasks:
            figure = one.figures.get(task)
            shown = "-" if figure is None else f"{figure.name} {figure_text(figure, percent=is_rate(figure.name))}"
            if figure and (rules := rule_set(one.graders[task])):
                shown += f" ({rules})"
            count = "-" if figure is None else str(figure.n)
            rows.append((one.run, one.engine, task, shown, count, "complete" if one.complete else "not complete"))
    show_table(text_table(f"Runs in {out}", ("run", "engine", "task", "figure", "n", "state"), rows))
    steps = [record for one in found if one.step is not None and (record := read_record(Path(one.run)))]
    if table := trends(steps):
        print()
        show_table(table)
    return 0


@app.command
def accept(
    *run: Path,
    name: Annotated[str, Parameter(name="--as")],
    folder: Path = Path("reports/baselines"),
    replace: bool = False,
) -> int:
    """Write a complete run as the baseline that gates defend; several runs of one checkpoint are repeats of it.

    Parameters
    ----------
    run
        Run folders.
    name
        The baseline's name, which benchcore gate --baseline takes.
    folder
        Where the baseline is written, to be kept in version control.
    replace
        Move a baseline that exists.
    """
    from benchcore import api

    tell(f"benchcore: wrote {api.accept(run, name, folder=folder, replace=replace)}")
    return 0
