r"""A table as a LaTeX `tabular` in the style of the package booktabs: for a paper, whose author writes the caption."""

import re

from benchcore.records import Figure
from benchcore.report.table import Cell, Table, one_line

INDENT = r"\quad "
BOLD = "Bold"
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    # These come out as other characters in LaTeX's default font encoding.
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    **{char: f"\\{char}" for char in "{}$&#_%"},
}
_LIGATURES = re.compile(r"(?<=-)(?=-)|(?<=')(?=')|(?<=,)(?=,)")


def render(table: Table) -> str:
    r"""`table` as a tabular, the title a comment above it and the notes a paragraph below; ends with a line end.

    It needs `\usepackage{booktabs}`, and XeLaTeX or LuaLaTeX where a name has letters beyond Latin. Every special
    character is escaped. Repeats are left blank; a bold cell is `\textbf`.
    Source: Fear, Publication quality tables in LaTeX (booktabs 1.6).
    """
    spec = "".join(column.align[0] for column in table.columns)
    lines = [f"\\begin{{tabular}}{{{spec}}}", r"\toprule", _line([escaped(column.title) for column in table.columns])]
    lines.append(r"\midrule")
    for row, texts in table.shown():
        cells = []
        for column, cell, text in zip(table.columns, row.cells, texts, strict=True):
            indent = INDENT * row.level if column.indents else ""
            cells.append(indent + _cell(cell, text))
        lines.append(_line(cells))
    lines += [r"\bottomrule", r"\end{tabular}"]
    title = [f"% {one_line(table.title)}"] if table.title else []
    notes = [f"{escaped(note)}\\par" for note in table.notes_with(BOLD)]
    if notes:
        lines += ["", r"{\footnotesize\parindent=0pt", *notes, "}"]
    return "\n".join([*title, *lines]) + "\n"


def escaped(text: str) -> str:
    """`text` on one line, shown as it is by LaTeX, whatever it holds."""
    return "".join(_SPECIAL.get(char, char) for char in _LIGATURES.sub("\0", one_line(text))).replace("\0", "{}")


def _cell(cell: Cell, text: str) -> str:
    figure = isinstance(cell.content, Figure) and cell.content.value is not None
    text = escaped(text).replace("-", "$-$") if figure else escaped(text)
    return f"\\textbf{{{text}}}" if cell.bold and text else text


def _line(cells: list[str]) -> str:
    r"""A row; what begins with "[" or "*" would be taken for an argument of the `\\` or the rule before it."""
    line = " & ".join(cells)
    return f"{'{}' if line.startswith(('[', '*')) else ''}{line} \\\\"
