"""`benchcore law`: the policy that learns fastest, found and judged, and how near to its law a training run is."""

import sys
from pathlib import Path
from typing import Literal

from cyclopts import App

from benchcore.cli.output import ProgressLine, only_results, print_json, show_table
from benchcore.errors import ConfigError

app = App(name="law", help="Find the policy that learns fastest on a small problem; see how near to its law a run is.")


@app.default
def law(
    recipe: Path,
    /,
    *,
    format: Literal["terminal", "markdown", "latex", "json"] = "terminal",  # noqa: A002  # the flag is called --format
    out: Path | None = None,
) -> int:
    """Search for the policy that learns fastest on a small problem, the oracle of the Learning Law; run to go on.

    Parameters
    ----------
    recipe
        A TOML file with a problem, searches and seeds, such as reports/recipes/learning_law_perceptron.toml.
    format
        How the table is written.
    out
        File for the table, instead of standard output.
    """
    from benchcore.api.law import law as run
    from benchcore.api.law import read_law_recipe
    from benchcore.report.law import law_table
    from benchcore.report.published import read_published, render_beside

    asked = read_law_recipe(recipe)
    published = [one for file in asked.published for one in read_published(Path(file))]
    line: ProgressLine[str] = ProgressLine(str, lambda doing: doing.partition(":")[0])
    with line as progress:
        found = run(asked, watch=progress)
    by_search = {name: [one for one in found if one.search == name] for name in asked.searches}
    table = law_table(asked.title, by_search)
    if out is not None:
        out.write_text(render_beside(table, published, format), encoding="utf-8")
    elif format == "terminal":
        for one in (table, *published):
            show_table(one)
    else:
        sys.stdout.write(render_beside(table, published, format))
    return 0


@app.command
def contributions(*runs: Path, heldout: str | None = None, rows: int = 256, json: bool = False) -> int:
    """Show what rows of its corpus contribute to a held-out loss along a training run, and how alike.

    Parameters
    ----------
    runs
        Training runs of benchcore; what is found stays in their folders, for compare --diagnostics and report.
    heldout
        The held-out set, where a run has several.
    rows
        Rows of the corpus, and of the held-out set, that are looked at.
    json
        Print one JSON document instead of tables.
    """
    from benchcore.api.contributions import contributions
    from benchcore.report.contributions import contributions_table

    if not runs:
        raise ConfigError("no training run is given", "benchcore law contributions runs/clm-seed0")
    line: ProgressLine[str] = ProgressLine(str, lambda doing: doing.partition(":")[0])
    with only_results() as results:
        with line as progress:
            found = [contributions(run, heldout, rows, watch=progress) for run in runs]
        if json:
            print_json(found, results)
        for one in found if not json else ():
            show_table(contributions_table(one), results)
    return 0
