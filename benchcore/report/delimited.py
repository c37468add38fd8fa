"""A table as comma-separated values (CSV): for a spreadsheet or a data frame."""

import csv
from collections.abc import Iterator
from io import StringIO

from benchcore.records import Figure
from benchcore.report.table import Table

PARTS = ("low", "high", "n", "method")
FORMULA = ("=", "+", "-", "@")


def render(table: Table) -> str:
    """`table` as CSV in UTF-8 text: a line of headings, then every row complete; title and notes are not in it.

    A column that holds figures becomes five: "value" becomes "value", "value low", "value high", "value n" and
    "value method", with numbers as they are: a rate is in [0, 1]. Where such a column has a text, it is in "value
    method", so that the others are numbers or empty. What is absent is empty.
    A spreadsheet would run a text that begins with = + - or @ as a formula, so such a text gets an apostrophe before
    it, unless it is a number.
    Source: RFC 4180, with line ends of one character; OWASP, CSV Injection.
    """
    rows = list(table.whole())
    holds_figures = [any(isinstance(row[at], Figure) for row in rows) for at in range(len(table.columns))]
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    headings: list[str] = []
    for key, figures in zip(table.keys, holds_figures, strict=True):
        headings += [_text(name) for name in ([key, *(f"{key} {part}" for part in PARTS)] if figures else [key])]
    writer.writerow(headings)
    for row in rows:
        fields: list[str | float | None] = []
        for content, figures in zip(row, holds_figures, strict=True):
            fields += _figure(content) if figures else [_text(content if isinstance(content, str) else "")]
        writer.writerow(fields)
    return out.getvalue()


def _figure(content: str | Figure | None) -> Iterator[str | float | None]:
    """The five fields of a figure, or of what is in its place."""
    if isinstance(content, Figure):
        yield from (content.value, content.low, content.high, content.n, _text(content.method))
    else:
        yield from (None, None, None, None, _text(content or ""))


def _text(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
