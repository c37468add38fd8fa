"""`benchcore runs`: the run folders below a folder."""

from pathlib import Path

from benchcore.cli.output import print_json, show_table


def runs(out: Path = Path("runs"), *, json: bool = False) -> int:
    """List the run folders below a folder, with their tasks and headline figures.

    Parameters
    ----------
    out
        The --out folder of evaluations.
    json
        Print one JSON document instead of a table.
    """
    from benchcore import api
    from benchcore.report.table import text_table

    found = api.runs(out)
    if json:
        print_json(found)
        return 0
    rows = [
        (one.run, one.engine, ", ".join(one.figures or one.tasks), "complete" if one.complete else "not complete")
        for one in found
    ]
    show_table(text_table(f"Runs in {out}", ("run", "engine", "figures", "state"), rows))
    return 0
