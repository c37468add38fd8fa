"""A table for the terminal: plain ASCII lines in any case, with emphasis where the terminal has it.

A bold cell is marked " *" as well, so that it says the same in a file; a line below the table explains the mark.
"""

from collections.abc import Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from benchcore.records import Figure
from benchcore.report.table import Cell, Table, one_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

INDENT = "  "
LOUD = "bold red"
MARK = "*"
# Only a rule under the head: borders between columns would cost a quarter of 80 columns.
_BOX = "    \n    \n -- \n    \n    \n    \n    \n    \n"


def render(table: Table, width: int = 80) -> str:
    """`table` as plain text without colour, wrapped to `width` columns; ends with a line end."""
    from rich.console import Console

    out = StringIO()
    console = Console(file=out, width=width, color_system=None, force_terminal=False, legacy_windows=False, _environ={})
    _print(table, console)
    return "".join(line.rstrip() + "\n" for line in out.getvalue().splitlines())


def print_table(table: Table, console: "Console") -> None:
    """Print `table` on `console`: plain where that is no terminal, the same text with emphasis where it is."""
    if console.is_terminal:
        _print(table, console)
    else:
        console.out(render(table, console.width), end="", highlight=False)


def _print(table: Table, console: "Console") -> None:
    # Always `Text`, never `str`: rich would take "[42.4, 53.7]" or a task's name for its own markup.
    from rich.measure import Measurement
    from rich.padding import Padding
    from rich.text import Text

    if table.title:
        console.print(Text(one_line(table.title), style="bold"), soft_wrap=True)
    boundless = console.options.update(max_width=10_000)
    columns = list(range(len(table.columns)))
    spilling = [at for at in columns if table.columns[at].spills]
    spilled: list[int] = []
    # What fits stays as it is; else spilling columns go below, the last first, and only then are cells wrapped.
    while Measurement.get(console, boundless, grid := _grid(table, columns, wrap=False)).maximum > console.width:
        if not spilling:
            grid = _grid(table, columns, wrap=True)
            break
        spilled.insert(0, spilling.pop())
        columns.remove(spilled[0])
    console.print(grid)
    if lines := list(_spill(table, spilled)):
        console.print(Text(f"{', '.join(one_line(table.columns[at].title) for at in spilled)}:", style="bold"))
    for about, cells in lines:
        said = Text(", ").join(Text(_marked(cell, cell.text), style=_style(cell)) for cell in cells)
        console.print(Padding(Text(f"{', '.join(about)}: ").append_text(said), (0, 0, 0, len(INDENT))))
    for note in table.notes_with(MARK):
        console.print(Text(note))


def _grid(table: Table, columns: Sequence[int], wrap: bool) -> "RichTable":
    """The columns of `table` whose indices are `columns`; if they have to `wrap`, figures do not."""
    from rich.box import Box
    from rich.padding import Padding
    from rich.table import Table as RichTable
    from rich.text import Text

    grid = RichTable(
        box=Box(_BOX, ascii=True), show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold"
    )
    for at in columns:
        column = table.columns[at]
        grid.add_column(
            Text(one_line(column.title)),
            justify=column.align,
            width=_figure_width(table, at) if wrap else None,
            min_width=len(column.title),
            no_wrap=column.align == "right",
            overflow="fold",
        )
    for row, texts in table.shown():
        cells: list[Text | Padding] = []
        for at in columns:
            shown = Text(_marked(row.cells[at], texts[at]), style=_style(row.cells[at]))
            indent = len(INDENT) * row.level if table.columns[at].indents else 0
            cells.append(Padding(shown, (0, 0, 0, indent)) if indent else shown)
        grid.add_row(*cells)
    return grid


def _style(cell: Cell) -> str:
    return LOUD if cell.loud else "bold" if cell.bold else ""


def _marked(cell: Cell, text: str) -> str:
    """`text`, which is empty where it is not repeated, with the mark of a bold cell."""
    return f"{text} {MARK}" if cell.bold and text else text


def _spill(table: Table, columns: Sequence[int]) -> Iterator[tuple[tuple[str, ...], tuple[Cell, ...]]]:
    """What each row says in `columns`, once where rows repeat it, after the merging cells before that it is about."""
    said: tuple[str, ...] = ()
    for row in table.rows if columns else ():
        before = zip(table.columns[: columns[0]], row.cells, strict=False)
        about = tuple(cell.text for column, cell in before if column.merges)
        cells = tuple(row.cells[at] for at in columns)
        line = (*about, *(cell.text for cell in cells))
        if any(cell.content is not None for cell in cells) and line != said:
            yield about, cells
        said = line


def _figure_width(table: Table, at: int) -> int | None:
    """The width that keeps every figure of column `at` on one line, None where it has none.

    Longer texts in the same column wrap.
    """
    cells = [row.cells[at] for row in table.rows]
    figures = [cell for cell in cells if isinstance(cell.content, Figure) and cell.content.value is not None]
    widths = [len(_marked(cell, cell.text)) for cell in figures]
    return max([*widths, len(table.columns[at].title)]) if widths else None
