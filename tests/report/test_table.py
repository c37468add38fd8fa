"""The table model and its terminal and Markdown forms, whatever the cells hold."""

import pytest

from benchcore.records import Figure
from benchcore.report import terminal
from benchcore.report.table import Cell, Column, Row, Table, figure_text


def figure(value=0.48, low=0.424, high=0.537, **changes):
    given = dict(name="accuracy", n=300, method="Wilson 95 %") | changes
    return Figure(value=value, low=low, high=high, **given)


def text_table(text):
    return Table(title="t", columns=(Column(title="c"), Column(title="d")), rows=(row(text, "end"),))


def row(*texts, **changes):
    return Row(cells=tuple(Cell(content=text) for text in texts), **changes)


# The model


def test_figures_as_text():
    assert figure_text(figure(), percent=True) == "48.0 % [42.4, 53.7]"
    assert figure_text(figure(2.3451, 2.3, 2.39)) == "2.345 [2.300, 2.390]"
    assert figure_text(figure(0.91234, 0.9, 1.0321)) == "0.9123 [0.9000, 1.0321]"
    assert figure_text(figure(0.0123456, None, None)) == "0.01235"
    assert figure_text(figure(12345.6, 12000.4, 13000)) == "12346 [12000, 13000]"
    assert figure_text(figure(0.0, 0.0, 0.0)) == "0.0000 [0.0000, 0.0000]"
    assert figure_text(figure(0.5, None, None), percent=True) == "50.0 %"
    assert figure_text(figure(None, None, None, method="no problem scored")) == "n/a (no problem scored)"


def test_absent_is_not_zero():
    assert Cell().text == "-"
    assert Cell(content=figure(0.0, 0.0, 0.02), percent=True).text == "0.0 % [0.0, 2.0]"


def test_rows_must_fit_the_columns():
    with pytest.raises(ValueError, match="row 1 has 1 cells for 2 columns"):
        Table(title="", columns=(Column(title="a"), Column(title="b")), rows=(row("x"),))


def test_repeats_are_blank_only_below_the_same_owner():
    columns = (Column(title="a", merges=True), Column(title="b"), Column(title="c", merges=True))
    table = Table(title="", columns=columns, rows=(row("x", "1", "n"), row("x", "1", "n"), row("y", "1", "n")))
    assert [texts for _, texts in table.shown()] == [("x", "1", "n"), ("", "1", ""), ("y", "1", "n")]


def test_notes_come_once_in_order():
    rows = (row("x", notes=("second thing", "a\nb")), row("y", notes=("a b",)))
    table = Table(title="", columns=(Column(title="c"),), rows=rows, notes=("whole",))
    assert table.all_notes == ("second thing", "a b", "whole")


# Terminal


def test_terminal_takes_nothing_for_markup():
    text = "[bold]x[/bold] :smile: [link=http://e.x]y"
    assert text in terminal.render(text_table(text))


def test_terminal_drops_control_characters():
    assert "\x1b" not in terminal.render(text_table("a\x1b[31mb\nc"))
