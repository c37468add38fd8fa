"""A table as HTML: what stands where, the scope of headings, and names that hold markup."""

from collections.abc import Mapping
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from benchcore.records import Figure
from benchcore.report.html_table import render
from benchcore.report.table import Cell, Column, Row, Table, one_line

HOSTILE = "<script>alert(1)</script>\"'&<!-- \x1b[31m \u202e"


class Parsed(HTMLParser):
    """The elements of a text with their attributes, and all of its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.cells: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)
        if tag in ("td", "th", "caption", "li"):
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th", "caption", "li"} & set(self.open):
            self.cells[-1] += data


def figure(value: float | None) -> Figure:
    return Figure(name="accuracy", value=value, n=9, low=value, high=value, method="Wilson")


def table(*rows: tuple[str, str, str]) -> Table:
    columns = (Column(title="task", merges=True), Column(title="run", merges=True), Column(title="n", align="right"))
    return Table(
        title="A title",
        columns=columns,
        rows=tuple(Row(cells=tuple(Cell(content=text) for text in row)) for row in rows),
    )


def test_repeats_are_one_heading_of_several_rows() -> None:
    found = Parsed(render(table(("sums", "a", "1"), ("sums", "b", "2"), ("texts", "b", "3"))))
    assert found.cells == ["A title", "task", "run", "n", "sums", "a", "1", "b", "2", "texts", "b", "3"]
    heads = [about for tag, about in found.elements if tag == "th"]
    assert [one["scope"] for one in heads] == ["col"] * 3 + ["row"] * 5
    assert [one.get("rowspan") for one in heads[3:]] == ["2", None, None, None, None]


def test_a_figure_has_its_interval_apart_and_the_best_is_bold() -> None:
    cells = (
        Cell(content="x", loud=True),
        Cell(content=figure(0.5), percent=True, bold=True),
        Cell(content=figure(None)),
        Cell(),
    )
    columns = tuple(Column(title=str(at)) for at in range(4))
    text = render(Table(title="", columns=columns, rows=(Row(cells=cells, notes=("look & see",)),)))
    assert '<span class="value">50.0 %</span> <span class="interval">[50.0, 50.0]</span></strong>' in text
    assert '<th scope="row" class="short loud">x</th>' in text
    found = Parsed(text)
    assert found.cells[-5:] == [
        "50.0 % [50.0, 50.0]",
        "n/a (Wilson)",
        "-",
        "Bold: significantly the best.",
        "look & see",
    ]


def test_a_cell_links_to_where_its_row_and_column_say() -> None:
    def link(row: Mapping[str, Cell], title: str) -> str | None:
        return f'#{row["task"].content}?"&{title}' if title == "n" else None

    found = Parsed(render(table(("sums", "a", "1"), ("<b>", "a", "2")), link))
    assert [about for tag, about in found.elements if tag == "a"] == [{"href": '#sums?"&n'}, {"href": '#<b>?"&n'}]
    assert found.cells[-1] == "2"


def test_a_table_can_be_reached_by_keyboard_and_has_a_name() -> None:
    [about] = [about for tag, about in Parsed(render(table())).elements if tag == "div"]
    assert about == {"class": "table", "role": "region", "aria-label": "A title", "tabindex": "0"}


def test_names_that_hold_markup_are_shown_as_they_are() -> None:
    one = Table(
        title=HOSTILE,
        columns=(Column(title=HOSTILE),),
        rows=(Row(cells=(Cell(content=HOSTILE),), notes=(HOSTILE + "!",)),),
        notes=(HOSTILE,),
    )
    found = Parsed(render(one))
    assert "script" not in {tag for tag, _ in found.elements}
    assert set(found.cells) == {one_line(HOSTILE), one_line(HOSTILE + "!")}
    assert not {"\x1b", "\u202e"} & set(render(one))


@given(st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6), st.text(max_size=6)), min_size=1, max_size=6))
def test_whatever_the_cells_hold_the_table_is_whole(rows: list[tuple[str, str, str]]) -> None:
    """Each row has, with what spans into it from above, as many cells as there are columns."""
    found = Parsed(render(table(*rows)))
    spans = [int(about.get("rowspan") or 1) for tag, about in found.elements if tag in ("td", "th")][3:]
    assert sum(spans) == 3 * len(rows)
    assert {tag for tag, _ in found.elements} <= {"div", "table", "caption", "thead", "tbody", "tr", "th", "td"}
