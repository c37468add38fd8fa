"""`benchcore skills`: which skills help which."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App

from benchcore.cli import app as program
from benchcore.cli.output import print_json, show_table, tell
from benchcore.config import in_words
from benchcore.errors import ConfigError, MachineError

if TYPE_CHECKING:
    from benchcore.api.skills import FoundGraph
    from benchcore.report.table import Table
    from benchcore.skill_graph import SkillGraph

app = App(name="skills", help="Show which skills help which.")

DRAWN = ("svg", "pdf", "png")
NAMED = 4  # skills that one helps, in words
WEIGHT = {
    "brute force": "how much more the loss of a skill fell on an equal mix with another one than on itself alone, as a"
    " share of the latter",
    "approximate": "how much the loss of a skill fell when another one alone was trained on",
}


@app.default
def skills() -> int:
    """Show what there is to ask about skills."""
    program.help_print(["skills"])
    return 0


@app.command
def graph(
    *run: Path, task: str | None = None, out: Path | None = None, plot: Path | None = None, json: bool = False
) -> int:
    """Show the skill graph of a training run, or learn one from runs on one skill or two each.

    Parameters
    ----------
    run
        A training run that has a graph, or runs of benchcore train mixture that differ in their shares alone.
    task
        The held-out set whose losses count, where several have groups.
    out
        Write the graph to this file, as skillit and benchcore report take it.
    plot
        Draw it to this file: svg, pdf or png.
    json
        Print one JSON document instead of a table.
    """
    from benchcore.api.skills import skill_graph
    from benchcore.skill_graph import write_graph

    if plot is not None and plot.suffix[1:] not in DRAWN:
        raise ConfigError(f"{plot} is no file of a kind that is drawn", f"its name ends in one of {', '.join(DRAWN)}")
    found = skill_graph(run, task)
    if json:
        print_json(found)
    else:
        show_table(_table(found))
    if out is not None:
        write_graph(out, found.graph)
        tell(f"benchcore: wrote {out}")
    if plot is not None:
        _draw(found.graph, plot)
        tell(f"benchcore: wrote {plot}")
    return 0


def _table(found: "FoundGraph") -> "Table":
    """A row for each skill that is trained on, a column for each that is helped."""
    from benchcore.report.table import Cell, Column, Row, Table

    graph = found.graph
    rows = [
        Row(cells=(Cell(content=skill), *(Cell(content=f"{weight:.3g}" if weight else None) for weight in weights)))
        for skill, weights in zip(graph.skills, graph.weights, strict=True)
    ]
    columns = (Column(title="trained on"), *(Column(title=f"helps {name}", align="right") for name in graph.columns))
    return Table(title="Skill graph", columns=columns, rows=tuple(rows), notes=(*_helps(found.graph), *_made(found)))


def _helps(graph: "SkillGraph") -> Iterator[str]:
    """A sentence for each skill that helps others, the most helped first."""
    nobody = True
    for skill, weights in zip(graph.skills, graph.weights, strict=True):
        helped = {name: weight for name, weight in zip(graph.columns, weights, strict=True) if weight and name != skill}
        if helped:
            nobody = False
            most = sorted(helped, key=lambda name: -helped[name])
            more = f", and {len(most) - NAMED} more" if len(most) > NAMED else ""
            yield f"{skill} helps {', '.join(f'{name} ({helped[name]:.3g})' for name in most[:NAMED])}{more}."
    if nobody:
        yield "No skill helps another one."


def _made(found: "FoundGraph") -> Iterator[str]:
    """How the graph was learnt, what its weights are, and what it cost."""
    if found.how == "read":
        return
    yield f"Learnt from {found.runs} runs of {found.steps:,} steps each ({found.how}): a weight is {WEIGHT[found.how]}."
    yield f"The loss is {found.figure} of {found.task}, at its first measurement less its last, of one run each."
    if found.untried:
        yield f"No run is on {', or on '.join(' and '.join(pair) for pair in found.untried)}."
    tokens, flops, seconds = (
        found.bill.get(kind, 0) + found.bill.get(f"prepare {kind}", 0) for kind in ("forwarded", "flops", "seconds")
    )
    yield f"The runs cost {tokens:,.0f} tokens, {flops / 1e9:,.4g} GFLOP and {in_words(seconds)} together."


def _draw(graph: "SkillGraph", file: Path) -> None:
    from benchcore.comparison.differences import Comparisons
    from benchcore.report.model import Page
    from benchcore.report.plots import figures, save

    nothing = Comparisons(runs=(), baseline=None, contests=())
    page = Page(
        title="", records=(), labels=(), found=nothing, gate=None, curves=(), samples={}, complete=True, graph=graph
    )
    [drawing] = figures(page).values()
    try:
        save({file.stem: drawing}, file.parent, file.suffix[1:])
    except OSError as error:
        raise MachineError(f"cannot write {file}: {error.strerror}") from error
