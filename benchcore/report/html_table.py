"""A table as HTML that a screen reader can read out: a caption, headings with their scope, notes below.

What repeats the row above is one heading that spans both rows.
"""

from collections.abc import Callable, Iterator, Mapping
from html import escape

from benchcore.records import Figure
from benchcore.report.table import Cell, Table, one_line

BOLD = "Bold"
SHORT = 20  # characters that stand on one line, however narrow the screen


Link = Callable[[Mapping[str, Cell], str], str | None]
"""(the cells of a row by the titles of their columns, one of those titles) -> the address that the cell links to."""


def no_link(row: Mapping[str, Cell], title: str) -> None:
    """Links nothing."""


def render(table: Table, link: Link = no_link) -> str:
    """`table` in HTML, its title the caption and its notes a list below; ends with a line end.

    The leading columns that merge, at least the first, are the headings of their rows. Whatever a name holds is shown
    and never acts. The element around the table scrolls on a narrow screen and can be reached by keyboard.
    """
    title = _text(table.title)
    titles = [(column.align, Cell(content=column.title)) for column in table.columns]
    heads = "".join(f'<th scope="col"{_class(align, cell)}>{_text(cell.text)}</th>' for align, cell in titles)
    rows = "".join(f"<tr>{''.join(cells)}</tr>\n" for cells in _rows(table, link))
    label = f' role="region" aria-label="{title}" tabindex="0"'
    notes = "".join(f"<li>{_text(note)}</li>\n" for note in table.notes_with(BOLD))
    return (
        f'<div class="table"{label}>\n<table>\n<caption>{title}</caption>\n<thead><tr>{heads}</tr></thead>\n'
        f"<tbody>\n{rows}</tbody>\n</table>\n</div>\n" + (f'<ul class="notes">\n{notes}</ul>\n' if notes else "")
    )


def _rows(table: Table, link: Link) -> Iterator[list[str]]:
    spans = list(_spans(table))
    headings = 1
    while headings < len(table.columns) and all(column.merges for column in table.columns[: headings + 1]):
        headings += 1
    for row, down in zip(table.rows, spans, strict=True):
        cells = []
        named = dict(zip((column.title for column in table.columns), row.cells, strict=True))
        for at, (column, cell) in enumerate(zip(table.columns, row.cells, strict=True)):
            if not down[at]:
                continue
            tag, scope = ("th", ' scope="row"') if at < headings else ("td", "")
            span = f' rowspan="{down[at]}"' if down[at] > 1 else ""
            level = f" level-{min(row.level, 3)}" if column.indents and row.level else ""
            text = _cell(cell, link(named, column.title))
            cells.append(f"<{tag}{scope}{span}{_class(column.align, cell, level)}>{text}</{tag}>")
        yield cells


def _spans(table: Table) -> list[list[int]]:
    """How many rows each cell spans; 0 where the one above spans it too."""
    spans: list[list[int]] = []
    origin = [0] * len(table.columns)
    for number, row in enumerate(table.rows):
        spans.append([1] * len(table.columns))
        same = number > 0
        for at, column in enumerate(table.columns):
            if column.merges:
                same = same and row.cells[at] == table.rows[number - 1].cells[at]
            if column.merges and same:
                spans[origin[at]][at] += 1
                spans[number][at] = 0
            else:
                origin[at] = number
    return spans


def _cell(cell: Cell, address: str | None) -> str:
    text = _text(cell.text)
    if isinstance(cell.content, Figure) and cell.content.value is not None:
        value, bracket, interval = text.partition(" [")
        text = f'<span class="value">{value}</span>'
        text += f' <span class="interval">[{interval}</span>' if bracket else ""
    text = f'<a href="{escape(address)}">{text}</a>' if address else text
    return f"<strong>{text}</strong>" if cell.bold else text


def _class(align: str, cell: Cell, more: str = "") -> str:
    names = ["right"] if align == "right" else []
    names += ["figure"] if isinstance(cell.content, Figure) and cell.content.value is not None else []
    names += ["short"] if len(cell.text) <= SHORT else []
    names += ["loud"] if cell.loud else []
    names += more.split()
    return f' class="{" ".join(names)}"' if names else ""


def _text(text: str) -> str:
    return escape(one_line(text))
