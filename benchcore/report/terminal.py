"""A table for the terminal: plain ASCII lines in any case, with emphasis where the terminal has it."""

from collections.abc import Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from benchcore.records import Figure
from benchcore.report.table import Table, one_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

INDENT = "  "
LOUD = "bold red"
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
    whole = list(range(len(table.columns)))
    spilling = [at for at in whole if table.columns[at].spills]
    rest = [at for at in whole if at not in spilling]
    # What fits stays as it is; else the spilling columns go below, and only then are cells wrapped.
    for columns, wrap in ((whole, False), (rest, False), (rest, True)):
        grid = _grid(table, columns, wrap)
        if wrap or Measurement.get(console, boundless, grid).maximum <= console.width:
            break
    console.print(grid)
    for at in spilling if columns is rest else ():
        lines = list(_spill(table, at))
        if lines:
            console.print(Text(f"{one_line(table.columns[at].title)}:", style="bold"))
        for text, loud in lines:
            console.print(Padding(Text(text, style=LOUD if loud else ""), (0, 0, 0, len(INDENT))))
    for note in table.all_notes:
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
            shown = Text(texts[at], style=LOUD if row.cells[at].loud else "")
            indent = len(INDENT) * row.level if table.columns[at].indents else 0
            cells.append(Padding(shown, (0, 0, 0, indent)) if indent else shown)
        grid.add_row(*cells)
    return grid


def _spill(table: Table, at: int) -> Iterator[tuple[str, bool]]:
    """What column `at` says, a line for each thing said, headed by the merging cells before it; and if it is loud."""
    said: tuple[str, ...] = ()
    for row in table.rows:
        about = [cell.text for column, cell in zip(table.columns[:at], row.cells, strict=False) if column.merges]
        cell = row.cells[at]
        line = (*about, cell.text)
        if cell.content is not None and line != said:
            yield f"{', '.join(about)}: {cell.text}", cell.loud
        said = line


def _figure_width(table: Table, at: int) -> int | None:
    """The width that keeps every figure of column `at` on one line, None where it has none.

    Longer texts in the same column wrap.
    """
    cells = [row.cells[at] for row in table.rows]
    widths = [len(cell.text) for cell in cells if isinstance(cell.content, Figure) and cell.content.value is not None]
    return max([*widths, len(table.columns[at].title)]) if widths else None
