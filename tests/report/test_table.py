"""The table model and its terminal form, whatever the cells hold."""

from io import StringIO

import pytest
from rich.console import Console

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


def test_differences_have_a_sign_and_those_of_rates_are_in_points():
    assert figure_text(figure(-0.01, -0.024, 0.004), percent=True, difference=True) == "-1.0 pt [-2.4, +0.4]"
    assert figure_text(figure(-0.0001, -0.0, 0.0), percent=True, difference=True) == "+0.0 pt [+0.0, +0.0]"
    assert figure_text(figure(0.0101, 0.002, 0.018), difference=True) == "+0.0101 [+0.0020, +0.0180]"
    assert figure_text(figure(1e-17, -0.05, 0.07), difference=True) == "+0.0000 [-0.0500, +0.0700]"
    assert figure_text(figure(0.0, None, None), difference=True) == "+0.000"
    assert figure_text(figure(None, None, None, method="other data"), difference=True) == "n/a (other data)"


def test_a_part_is_named_after_what_it_is_part_of():
    rows = (row("acc", "x"), row("algebra", "y", level=1), row("easy", None, level=2), row("loss", figure()))
    table = Table(title="", columns=(Column(title="a", indents=True), Column(title="b")), rows=rows)
    assert list(table.whole()) == [
        ("acc", "x"), ("acc, algebra", "y"), ("acc, algebra, easy", None), ("loss", figure())
    ]  # fmt: skip


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


def test_terminal_marks_what_is_bold_and_says_why():
    cells = (Cell(content="a"), Cell(content=figure(), percent=True, bold=True))
    table = Table(title="", columns=(Column(title="x"), Column(title="value")), rows=(Row(cells=cells), row("b", "1")))
    assert terminal.render(table).splitlines()[2:] == [
        "a  48.0 % [42.4, 53.7] *",
        "b  1",
        "*: significantly the best.",
    ]


def test_terminal_shows_bold_where_it_has_it():
    out = StringIO()
    table = Table(title="", columns=(Column(title="x"),), rows=(Row(cells=(Cell(content="a", bold=True),)), row("b")))
    terminal.print_table(table, Console(file=out, force_terminal=True, color_system="standard", width=40, _environ={}))
    lines = out.getvalue().splitlines()
    assert "\x1b[1ma *\x1b[0m" in lines[2] and "\x1b" not in lines[3]


def test_a_blank_repeat_is_not_marked():
    again = Row(cells=(Cell(content="a", bold=True), Cell(content="1")))
    table = Table(title="", columns=(Column(title="x", merges=True), Column(title="y")), rows=(again, again))
    assert terminal.render(table).splitlines()[2:4] == ["a *  1", "     1"]


SPILLING = Table(
    title="",
    columns=(
        Column(title="name", merges=True),
        Column(title="value"),
        Column(title="first", spills=True),
        Column(title="second", spills=True),
    ),
    rows=(row("a", "1" * 20, "f" * 20, "s" * 20), row("a", "2", "f" * 20, "s" * 20), row("b", "3", None, None)),
)


def test_the_last_columns_that_may_go_below_go_first():
    assert "second:" not in terminal.render(SPILLING, 80)
    at_60 = terminal.render(SPILLING, 60).splitlines()
    assert at_60[0].split() == ["name", "value", "first"]
    assert at_60[-2:] == ["second:", f"  a: {'s' * 20}"]


def test_what_goes_below_is_one_line_a_row_without_repeats():
    at_40 = terminal.render(SPILLING, 50 - 10).splitlines()
    assert at_40[0].split() == ["name", "value"]
    assert at_40[5] == "first, second:"
    assert "".join(at_40[6:]).replace(" ", "") == f"a:{'f' * 20},{'s' * 20}"
