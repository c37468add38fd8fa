"""A table as GitHub-flavoured Markdown: for a pull request, a job's summary, a README."""

import re

from benchcore.records import Figure
from benchcore.report.table import Cell, Table, one_line

INDENT = "&nbsp;" * 2
BOLD = "Bold"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# An underscore after a letter or digit opens nothing, and names of tasks are full of them.
_MARKUP = re.compile(r"[\\`*\[|~$#]|(?<![^\W_])_")
_FIRST = re.compile(r"^(?:(?=[-+])|([0-9]+)(?=[.)]))")


def render(table: Table) -> str:
    """`table` in Markdown, its title a heading and its notes a list below; ends with a line end.

    Whatever a name holds is shown and never acts: markup, HTML, pipes and line ends are escaped. Repeats are left
    blank; a bold cell is `**bold**`.
    Source: GitHub Flavored Markdown Spec 0.29, tables; CommonMark 0.31, backslash escapes and entities.
    """
    lines = [_line([escaped(column.title) for column in table.columns])]
    lines.append(_line([":---" if column.align == "left" else "---:" for column in table.columns]))
    for row, texts in table.shown():
        cells = []
        for column, cell, text in zip(table.columns, row.cells, texts, strict=True):
            indent = INDENT * row.level if column.indents else ""
            cells.append(indent + _cell(cell, text))
        lines.append(_line(cells))
    title = [f"### {escaped(table.title)}", ""] if table.title else []
    notes = [f"- {item(note)}" for note in table.notes_with(BOLD)]
    return "\n".join([*title, *lines, *(["", *notes] if notes else [])]) + "\n"


def escaped(text: str) -> str:
    """`text` on one line, for a place in a line: it is shown as it is, whatever it holds."""
    text = "".join(_ENTITIES.get(char, char) for char in one_line(text))
    return _MARKUP.sub(lambda found: "\\" + found[0], text)


def item(text: str) -> str:
    """`text` on one line, for an item of a list: no list begins inside it either."""
    return _FIRST.sub(r"\1\\", escaped(text))


def _cell(cell: Cell, text: str) -> str:
    # A figure with a value has no character that acts, and "[42.4, 53.7]" reads better than "\[42.4, 53.7]".
    plain = isinstance(cell.content, Figure) and cell.content.value is not None
    text = text if plain else escaped(text)
    return f"**{text}**" if cell.bold and text else text


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
