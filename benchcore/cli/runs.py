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
    from benchcore.report.results import is_rate, rule_set
    from benchcore.report.table import figure_text, text_table

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
    return 0
