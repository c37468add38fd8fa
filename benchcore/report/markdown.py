"""A table as GitHub-flavoured Markdown."""

import re

from benchcore.report.table import Table, one_line

# An underscore inside a word marks nothing up, and task names are full of them. "[" alone makes no link, "](" does.
_MARKUP = re.compile(r"[\\|*`~$]|(?<![^\W_])_|_(?![^\W_])|(?<=])\(")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def render(table: Table) -> str:
    """`table` as Markdown: a heading, the table, then its notes as a list; ends with a line end."""
    lines = [f"### {escape(table.title)}", ""] if table.title else []
    lines.append(_line([escape(column.title) for column in table.columns]))
    lines.append(_line(["---:" if column.align == "right" else "---" for column in table.columns]))
    for row, texts in table.shown():
        cells = []
        for column, text in zip(table.columns, texts, strict=True):
            indent = "&emsp;" * row.level if column.indents and text else ""
            cells.append(indent + escape(text))
        lines.append(_line(cells))
    if notes := table.all_notes:
        lines += ["", *(f"- {escape(note)}" for note in notes)]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """`text` on one line, with everything that Markdown or HTML would read as markup escaped."""
    text = re.sub(r"[&<>]", lambda found: _ENTITIES[found[0]], one_line(text))
    return _MARKUP.sub(lambda found: "\\" + found[0], text)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
