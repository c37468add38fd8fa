"""Figures that papers printed, from files such as reports/published/rho1.toml, as tables to stand beside ours."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import msgspec

from benchcore.errors import ConfigError, nearest
from benchcore.report.formats import render
from benchcore.report.table import Cell, Column, Row, Table

TABLES = "tables"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Printed:
    """A table of the file: `source` is the paper and where in it, `setting` one sentence: model, data, size."""

    title: str
    source: str
    setting: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]
    notes: tuple[str, ...] = ()


def read_published(file: Path) -> tuple[Table, ...]:
    """The tables in a TOML file of published figures, in its order; source and setting come first in their notes.

    Cells are texts with the digits that the file has: 67.0 stays "67.0". An empty text is no figure.
    Raises `ConfigError` for a file that cannot be read, for unknown and missing keys, and for rows that do not fit.
    """
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"), parse_float=str)
    except OSError as error:
        raise ConfigError(f"cannot read the published figures in {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from error
    _check_keys(found, [TABLES], str(file))
    tables = found.get(TABLES)
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{file} has no tables", f"write [[{TABLES}]] before the keys of each")
    return tuple(_table(table, f"{file}, table {number}") for number, table in enumerate(tables, start=1))


def render_beside(table: Table, published: Sequence[Table], name: str) -> str:
    """`table` in the format called `name` with those that are `published` after it; in JSON they are its "published".

    Raises `ConfigError` for csv, which holds one table, and for a name that is no format.
    """
    if not published:
        return render(table, name)
    if name == "csv":
        raise ConfigError("csv has no place for published tables", "take json or markdown, or leave published away")
    if name == "json":
        ours, *theirs = (msgspec.json.decode(render(one, name)) for one in (table, *published))
        return msgspec.json.format(msgspec.json.encode({**ours, "published": theirs}), indent=2).decode() + "\n"
    return "\n".join(render(one, name) for one in (table, *published))


def _table(found: Mapping[str, Any], where: str) -> Table:
    _check_keys(found, [one.name for one in fields(_Printed)], where)
    try:
        printed = msgspec.convert(found, _Printed)
        return Table(
            title=f"Published: {printed.title}",
            columns=tuple(_column(printed, at) for at in range(len(printed.columns))),
            rows=tuple(Row(cells=tuple(Cell(content=str(one) or None) for one in row)) for row in printed.rows),
            notes=(f"Source: {printed.source}.", f"Setting: {printed.setting}", *printed.notes),
        )
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigError(f"{where}: {error}") from error


def _column(printed: _Printed, at: int) -> Column:
    """The first column is what rows are about; of the others those that hold numbers alone are aligned on the right."""
    numbers = all(re.match(r"[-+]?\d|$", str(row[at])) for row in printed.rows if at < len(row))
    return Column(title=printed.columns[at], align="right" if at and numbers else "left", merges=at == 0)


def _check_keys(found: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for key in found:
        if key not in known:
            raise ConfigError(f"{where} has the unknown key {key!r}", nearest(key, known))
