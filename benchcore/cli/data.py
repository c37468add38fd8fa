"""`benchcore data`: clean a corpus, file by file."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from benchcore.cli import app as program
from benchcore.cli.output import ProgressLine, only_results, print_json, show_table, tell
from benchcore.config.curation import (
    CurationConfig,
    DecontaminateConfig,
    DedupConfig,
    FilterConfig,
    FunctionsConfig,
    LabelConfig,
    SimilarConfig,
)

if TYPE_CHECKING:
    from benchcore.curation.manifest import Manifest
    from benchcore.curation.stage import Pace, Watch
    from benchcore.report.table import Table

app = App(name="data", help="Clean a corpus: cut, dedup, label, filter, decontaminate.")


@app.default
def data() -> int:
    """Show what there is to do with a corpus."""
    program.help_print(["data"])
    return 0


@app.command
def functions(*sources: str, config: Annotated[FunctionsConfig, Parameter(name="*")], json: bool = False) -> int:
    """Cut Python files into their functions and methods, one a row.

    Parameters
    ----------
    sources
        Python files, or folders of them.
    json
        Print one JSON document instead of a table.
    """
    from benchcore.api.curation import functions

    return _show(lambda watch: functions(sources, config, watch), config, json=json)


@app.command
def dedup(*sources: str, config: Annotated[DedupConfig, Parameter(name="*")], json: bool = False) -> int:
    """Keep the first of documents that are the same, or nearly.

    Parameters
    ----------
    sources
        JSON Lines, text or Python files, or folders of them.
    json
        Print one JSON document instead of a table.
    """
    from benchcore.api.curation import dedup

    return _show(lambda watch: dedup(sources, config, watch), config, json=json)


@app.command
def label(*sources: str, config: Annotated[LabelConfig, Parameter(name="*")], json: bool = False) -> int:
    """Have a teacher say of each document whether it is good.

    Parameters
    ----------
    sources
        JSON Lines, text or Python files, or folders of them.
    json
        Print one JSON document instead of a table.
    """
    from benchcore.api.curation import label

    return _show(lambda watch: label(sources, config, watch), config, json=json)


@app.command(name="filter")
def keep_good(*sources: str, config: Annotated[FilterConfig, Parameter(name="*")], json: bool = False) -> int:
    """Keep the documents that a forest, trained on labelled ones, takes for good.

    Parameters
    ----------
    sources
        JSON Lines, text or Python files, or folders of them.
    json
        Print one JSON document instead of a table.
    """
    from benchcore.api.curation import keep_good

    return _show(lambda watch: keep_good(sources, config, watch), config, json=json)


@app.command
def decontaminate(
    *sources: str, config: Annotated[DecontaminateConfig, Parameter(name="*")], json: bool = False
) -> int:
    """Drop documents that contain what a model will be evaluated on.

    Parameters
    ----------
    sources
        JSON Lines, text or Python files, or folders of them.
    json
        Print one JSON document instead of a table.
    """
    from benchcore.api.curation import decontaminate

    return _show(lambda watch: decontaminate(sources, config, watch), config, json=json)


@app.command
def similar(*sources: str, config: Annotated[SimilarConfig, Parameter(name="*")]) -> int:
    """Find the problems of tasks that a corpus has something like, for compare --subsets.

    Parameters
    ----------
    sources
        JSON Lines, text or Python files, or folders of them.
    """
    from benchcore.api.curation import similar
    from benchcore.report.table import text_table

    with only_results() as results:
        with _progress() as progress:
            made = similar(sources, config, progress)
        rows = [
            (task, f"{tau:g}", f"{sum(one >= tau for one in found.values()):,}", f"{len(found):,}")
            for task, found in made.tasks.items()
            for tau in made.taus
        ]
        show_table(text_table("Problems with something similar", ("task", "tau", "similar", "of"), rows), results)
    tell(f"benchcore: wrote {config.out}")
    return 0


@app.command
def write(
    *sources: str, out: Path, text_field: str = "text", group_field: str | None = None, group: str | None = None
) -> int:
    """Write a corpus as JSON Lines, generated ones and Arrow data sets too.

    Parameters
    ----------
    sources
        Text files, JSON Lines, Arrow data sets, folders of them, or generated corpora, as benchcore train takes them.
    out
        File for the rows, .jsonl.
    text_field
        Field of a row that holds its text.
    group_field
        Field of a row that names its group.
    group
        Group of all rows, instead.
    """
    from benchcore.api.curation import write

    count = write(sources, out, text_field=text_field, group_field=group_field, group=group)
    tell(f"benchcore: wrote {count:,} rows to {out}")
    return 0


@app.command
def run(
    recipe: Path,
    /,
    *,
    format: Literal["terminal", "markdown", "latex", "json"] = "terminal",  # noqa: A002  # the flag is called --format
    out: Path | None = None,
) -> int:
    """Run all stages of a recipe, from sources to a clean corpus; run to go on.

    Parameters
    ----------
    recipe
        A TOML file with stages, such as reports/recipes/data_interpreter.toml.
    format
        How the tables are written.
    out
        File for the tables, instead of standard output.
    """
    from benchcore.api.pipeline import read_pipeline
    from benchcore.api.pipeline import run as go
    from benchcore.report.curation import pipeline_tables
    from benchcore.report.published import render_beside

    asked = read_pipeline(recipe)
    with only_results() as results:
        with _progress() as progress:
            done = go(asked, progress)
        table, *more = pipeline_tables(asked.title, done)
        if out is not None:
            out.write_text(render_beside(table, more, format), encoding="utf-8")
        elif format == "terminal":
            for one in (table, *more):
                show_table(one, results)
        else:
            results.write(render_beside(table, more, format))
    return 0


def _show(do: "Callable[[Watch], Manifest]", config: CurationConfig, *, json: bool) -> int:
    with only_results() as results:
        with _progress() as progress:
            made = do(progress)
        if json:
            print_json(made, results)
        else:
            show_table(_table(made), results)
    tell(f"benchcore: wrote {config.out}; its manifest is {config.out}.manifest.json")
    return 0


def _table(made: "Manifest") -> "Table":
    """A row for each reason to keep or to drop a document, and what was measured below it."""
    from dataclasses import replace

    from benchcore.report.table import text_table

    tally = made.tally
    rows = [
        (kept, reason, f"{count:,}")
        for kept, counts in (("kept", tally.kept), ("dropped", tally.dropped))
        for reason, count in sorted(counts.items(), key=lambda one: -one[1])
    ]
    table = text_table(f"benchcore data {made.command}", ("", "why", "rows"), rows)
    speed = f", {tally.bytes / 1e6 / tally.seconds:.2f} MB/s" if tally.seconds else ""
    size = f"{tally.documents:,} documents of {tally.bytes / 1e6:,.2f} MB in {tally.seconds:,.1f} s{speed}."
    return replace(table, notes=(*table.notes, size, *_notes(made.figures)))


def _notes(figures: "object", before: Sequence[str] = ()) -> list[str]:
    """`area under the curve, held out: 0.93.`, a line for each figure."""
    if isinstance(figures, dict):
        return [note for name, value in figures.items() for note in _notes(value, (*before, name))]
    shown = f"{figures:.4g}" if isinstance(figures, float) else str(figures)
    return [f"{', '.join(before)}: {shown}."]


def _progress() -> "ProgressLine[Pace]":
    return ProgressLine(describe, lambda pace: pace.doing)


def describe(pace: "Pace") -> str:
    """`dedup: 12,000 documents, 45.2 MB, 11,000 rows kept, 8.1 MB/s`."""
    if not pace.documents:
        return pace.doing
    speed = f", {pace.bytes / 1e6 / pace.seconds:.2f} MB/s" if pace.seconds else ""
    return f"{pace.doing}: {pace.documents:,} documents, {pace.bytes / 1e6:,.1f} MB, {pace.kept:,} rows kept{speed}"
