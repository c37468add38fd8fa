"""The one table model. What a table shows is decided where it is made; each format only writes it down.

Cells keep whole `Figure`s, and every row names all it belongs to, so that a format for machines
can write numbers and self-contained rows where one for readers writes text and leaves repeats out.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Literal

from benchcore.records import Figure

ABSENT = "-"
LARGE = 1e7  # from here on numbers have exponents
BEST = "significantly the best"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column; with `indents` its cells are indented by their row's level.

    With `merges` a format for readers leaves a cell blank where it repeats the row above, and so do all
    merging cells before it. With `spills` a format of limited width may write its cells below the table.
    """

    title: str
    align: Literal["left", "right"] = "left"
    indents: bool = False
    merges: bool = False
    spills: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A text, a figure, or None where there is nothing to say (shown as "-").

    `percent`: the figure is a rate in [0, 1] and is shown in percent. `difference`: it is a difference and is shown
    with its sign; one of rates in points. `loud`: look here; the text says so by itself. `bold`: the best, where it
    is significantly so; each format for readers has its own mark for it, and says below the table what that means.
    """

    content: str | Figure | None = None
    percent: bool = False
    difference: bool = False
    loud: bool = False
    bold: bool = False

    @property
    def text(self) -> str:
        """The cell as one line of printable text, such as "48.0 % [42.4, 53.7]"."""
        if self.content is None:
            return ABSENT
        if isinstance(self.content, str):
            return one_line(self.content)
        return figure_text(self.content, percent=self.percent, difference=self.difference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One cell a column; `level` 1 and more are parts of the row above; `notes` are sentences about this row."""

    cells: tuple[Cell, ...]
    level: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A title, columns, rows and `notes` about the whole. Raises `ValueError` when a row does not fit the columns."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows, start=1):
            if len(row.cells) != len(self.columns):
                raise ValueError(f"row {number} has {len(row.cells)} cells for {len(self.columns)} columns")
            if row.level < 0:
                raise ValueError(f"row {number} has the level {row.level}")

    @property
    def all_notes(self) -> tuple[str, ...]:
        """The rows' notes in order, then the table's, each once and on one line."""
        notes = [note for row in self.rows for note in row.notes]
        return tuple(dict.fromkeys(one_line(note) for note in (*notes, *self.notes)))

    def notes_with(self, mark: str) -> tuple[str, ...]:
        """All notes for a reader, after what `mark` means where a cell has it: "Bold: significantly the best."."""
        marked = any(cell.bold for row in self.rows for cell in row.cells)
        return (*([f"{mark}: {BEST}."] if marked else []), *self.all_notes)

    def shown(self) -> Iterator[tuple[Row, tuple[str, ...]]]:
        """Each row with its cells' texts for a reader: repeats of merging columns are left blank."""
        above: tuple[Cell, ...] = ()
        for row in self.rows:
            texts = []
            same = bool(above)
            for at, (column, cell) in enumerate(zip(self.columns, row.cells, strict=True)):
                if column.merges:
                    same = same and cell == above[at]
                texts.append("" if column.merges and same else cell.text)
            above = row.cells
            yield row, tuple(texts)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns' titles on one line, each different from those before it: "a", "a (2)"."""
        keys: list[str] = []
        for title in (one_line(column.title) for column in self.columns):
            same = (f"{title} ({number})" for number in count(2))
            keys.append(next(key for key in chain([title], same) if key not in keys))
        return tuple(keys)

    def whole(self) -> Iterator[tuple[str | Figure | None, ...]]:
        """What each row holds, for a machine: complete without the rows above it, its texts on one line.

        A text in a column that is indented follows those it is part of: "accuracy, algebra".
        """
        above: list[tuple[str, ...]] = [()] * len(self.columns)
        for row in self.rows:
            contents: list[str | Figure | None] = []
            for at, (column, cell) in enumerate(zip(self.columns, row.cells, strict=True)):
                content = _plain(cell.content)
                if column.indents and isinstance(content, str):
                    above[at] = (*above[at][: row.level], content)
                    content = ", ".join(above[at])
                contents.append(content)
            yield tuple(contents)


def figure_text(figure: Figure, *, percent: bool = False, difference: bool = False) -> str:
    """A figure's value with its interval, or why there is none.

    "48.0 % [42.4, 53.7]", as a difference "-1.0 pt [-2.4, +0.4]"; "2.345 [2.300, 2.390]"; "3.16e+08"; "n/a (why)".
    """
    if figure.value is None:
        return one_line(f"n/a ({figure.method})")
    numbers = [number for number in (figure.value, figure.low, figure.high) if number is not None]
    # Of a difference the interval's ends tell how precise it is: the value itself may be as good as 0.
    decimals = 1 if percent else _decimals(max(map(abs, numbers)), 3) if difference else _decimals(figure.value, 4)
    sign = "+z" if difference else ""
    unit = (" pt" if difference else " %") if percent else ""
    form = f"{sign}.{decimals}f" if abs(figure.value) < LARGE else f"{sign}.3g"
    value, *ends = (f"{100 * number if percent else number:{form}}" for number in numbers)
    return f"{value}{unit} [{', '.join(ends)}]" if len(ends) == 2 else f"{value}{unit}"


def one_line(text: str) -> str:
    """`text` with line ends, tabs and control characters as single spaces, so that no cell can break its table."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _plain(content: str | Figure | None) -> str | Figure | None:
    """`content` with its texts on one line."""
    if isinstance(content, Figure):
        group = None if content.group is None else one_line(content.group)
        return replace(content, name=one_line(content.name), method=one_line(content.method), group=group)
    return None if content is None else one_line(content)


def _decimals(value: float, digits: int) -> int:
    """As many as show so many `digits` of `value`, counted from its first that is not 0."""
    return max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else digits


def text_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table of plain texts; a column of whole numbers is aligned on the right."""
    texts = [tuple(row) for row in rows]
    whole = [bool(texts) and all(row[at].replace(",", "").isdigit() for row in texts) for at in range(len(headings))]
    return Table(
        title=title,
        columns=tuple(
            Column(title=heading, align="right" if numbers else "left")
            for heading, numbers in zip(headings, whole, strict=True)
        ),
        rows=tuple(Row(cells=tuple(Cell(content=text) for text in row)) for row in texts),
    )
