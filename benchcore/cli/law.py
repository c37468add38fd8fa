"""`benchcore law`: the policy that learns fastest, found and judged."""

import sys
from pathlib import Path
from typing import Literal

from benchcore.cli.output import ProgressLine, show_table


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
