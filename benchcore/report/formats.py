"""The formats that a table is written in, by name."""

from collections.abc import Callable, Mapping

from benchcore.errors import ConfigError, nearest
from benchcore.report import delimited, latex, markdown, terminal
from benchcore.report.table import Table, one_line


def _json(table: Table) -> str:
    """An object of title, columns, rows and notes; a row is an object of its columns' texts, figures and nulls.

    Every row is complete, and figures keep their numbers as they are: a rate is in [0, 1]. Of columns with one title
    the second is called "title (2)".
    """
    import msgspec

    document = {
        "title": one_line(table.title),
        "columns": table.keys,
        "rows": [dict(zip(table.keys, contents, strict=True)) for contents in table.whole()],
        "notes": table.all_notes,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


FORMATS: Mapping[str, Callable[[Table], str]] = {
    "terminal": terminal.render,
    "markdown": markdown.render,
    "latex": latex.render,
    "csv": delimited.render,
    "json": _json,
}


def render(table: Table, name: str) -> str:
    """`table` in the format called `name`; ends with a line end. Raises `ConfigError` on a name not in `FORMATS`."""
    if name not in FORMATS:
        raise ConfigError(f"there is no format {name}", nearest(name, FORMATS))
    return FORMATS[name](table)
