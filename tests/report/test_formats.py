"""Every format writes down what the table holds, whatever that is: worked examples, and readers that get it back."""

import csv
import json
import re
from dataclasses import asdict, replace
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from benchcore.errors import ConfigError
from benchcore.records import Figure
from benchcore.report import delimited, latex, markdown
from benchcore.report.formats import FORMATS, render
from benchcore.report.table import BEST, Cell, Column, Row, Table, one_line


def figure(value=0.48, low=0.424, high=0.537, **changes):
    given = dict(name="accuracy", n=300, method="Wilson 95 %") | changes
    return Figure(value=value, low=low, high=high, **given)


EXAMPLE = Table(
    title="SLM & CLM",
    columns=(
        Column(title="task", merges=True),
        Column(title="figure", indents=True),
        Column(title="SLM"),
        Column(title="n", align="right"),
    ),
    rows=(
        Row(
            cells=(
                Cell(content="skill_sums"),
                Cell(content="accuracy"),
                Cell(content=figure(), percent=True, bold=True),
                Cell(content="300"),
            )
        ),
        Row(
            cells=(
                Cell(content="skill_sums"),
                Cell(content="<b>|hard|"),
                Cell(content=figure(-0.01, -0.024, 0.004, n=60), percent=True, difference=True),
                Cell(content="60"),
            ),
            level=1,
        ),
        Row(cells=(Cell(content="mbpp"), Cell(content="pass@1"), Cell(content="=not run"), Cell())),
    ),
    notes=("1. a note on 5 %",),
)

MARKDOWN = r"""### SLM &amp; CLM

| task | figure | SLM | n |
| :--- | :--- | :--- | ---: |
| skill_sums | accuracy | **48.0 % [42.4, 53.7]** | 300 |
|  | &nbsp;&nbsp;&lt;b&gt;\|hard\| | -1.0 pt [-2.4, +0.4] | 60 |
| mbpp | pass@1 | =not run | - |

- Bold: significantly the best.
- 1\. a note on 5 %
"""

LATEX = r"""% SLM & CLM
\begin{tabular}{lllr}
\toprule
task & figure & SLM & n \\
\midrule
skill\_sums & accuracy & \textbf{48.0 \% [42.4, 53.7]} & 300 \\
 & \quad \textless{}b\textgreater{}\textbar{}hard\textbar{} & $-$1.0 pt [$-$2.4, +0.4] & 60 \\
mbpp & pass@1 & =not run & - \\
\bottomrule
\end{tabular}

{\footnotesize\parindent=0pt
Bold: significantly the best.\par
1. a note on 5 \%\par
}
"""

CSV = """task,figure,SLM,SLM low,SLM high,SLM n,SLM method,n
skill_sums,accuracy,0.48,0.424,0.537,300,Wilson 95 %,300
skill_sums,"accuracy, <b>|hard|",-0.01,-0.024,0.004,60,Wilson 95 %,60
mbpp,pass@1,,,,,'=not run,
"""


@pytest.mark.parametrize(("name", "expected"), [("markdown", MARKDOWN), ("latex", LATEX), ("csv", CSV)])
def test_a_worked_example(name, expected):
    assert render(EXAMPLE, name) == expected


def test_the_example_as_json():
    document = json.loads(render(EXAMPLE, "json"))
    assert document["title"] == "SLM & CLM" and document["notes"] == ["1. a note on 5 %"]
    assert document["columns"] == ["task", "figure", "SLM", "n"]
    assert document["rows"][0] == {
        "task": "skill_sums", "figure": "accuracy", "SLM": asdict(figure()), "n": "300"
    }  # fmt: skip
    assert document["rows"][1]["task"] == "skill_sums" and document["rows"][1]["figure"] == "accuracy, <b>|hard|"
    assert document["rows"][2]["SLM"] == "=not run" and document["rows"][2]["n"] is None


def test_an_unknown_format_names_the_nearest():
    with pytest.raises(ConfigError, match=r"there is no format markdwon; did you mean markdown\?"):
        render(EXAMPLE, "markdwon")


def test_columns_with_one_title_lose_nothing():
    columns = (Column(title="a"), Column(title="a"), Column(title="a (2)"))
    table = Table(title="", columns=columns, rows=(Row(cells=tuple(Cell(content=text) for text in "xyz")),))
    assert json.loads(render(table, "json"))["rows"] == [{"a": "x", "a (2)": "y", "a (2) (2)": "z"}]


def test_numbers_are_written_in_full():
    third = Table(title="", columns=(Column(title="v"),), rows=(Row(cells=(Cell(content=figure(1 / 3)),)),))
    assert list(csv.reader(StringIO(render(third, "csv"))))[1][0] == "0.3333333333333333"
    assert json.loads(render(third, "json"))["rows"][0]["v"]["value"] == 1 / 3


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("=1+1", "'=1+1"),
        ("@sum", "'@sum"),
        ("+x", "'+x"),
        ("-x", "'-x"),
        ("-1.5", "-1.5"),
        ("+2e3", "+2e3"),
        ("a=", "a="),
    ],
)
def test_no_text_is_a_formula_and_numbers_stay_numbers(text, field):
    table = Table(title="", columns=(Column(title=text),), rows=(Row(cells=(Cell(content=text),)),))
    assert list(csv.reader(StringIO(delimited.render(table)))) == [[field], [field]]


@pytest.mark.parametrize("start", ["[", "*"])
def test_no_latex_row_begins_with_an_argument_of_the_line_before(start):
    table = Table(title="", columns=(Column(title=start),), rows=(Row(cells=(Cell(content=start),)),))
    assert latex.render(table).splitlines()[2:5] == [f"{{}}{start} \\\\", r"\midrule", f"{{}}{start} \\\\"]


def test_markdown_keeps_what_only_github_would_take_for_mathematics():
    assert markdown.escaped("$5 or $6") == r"\$5 or \$6"


def test_markdown_escapes_no_more_than_it_must():
    assert markdown.item("skill_sums of v1.5: 48.0 % - 3.") == "skill_sums of v1.5: 48.0 % - 3."


# Tables of anything

ACTING = "|\\*_`[]()<>&~$#!{}%^\"'-+=@,;:/.0123456789aB \n\r\t\u2028\x00\x1b\ud800"
RISKY = [
    "<script>alert(1)</script>", "</td>", "&lt;", "a|b\\|c\\", "**x**", "[a](b)", "![a](b)", "<http://e.x>", "`x`",
    "```", "~~x~~", "_x_", "a_b", "a__b__", "- x", "+ x", "* x", "1. x", "12) x", "# x", "x #", "> x", "[a]: b",
    "\\_x_", "---", "''", "?`", "\\textbf{x}", "a & b", "50 %", "$x$", "=cmd()", "@x",
]  # fmt: skip
texts = st.one_of(
    st.text(alphabet=st.one_of(st.sampled_from(ACTING), st.characters()), max_size=20), st.sampled_from(RISKY)
)
numbers = st.floats(min_value=-1e6, max_value=1e6)


@st.composite
def figures(draw):
    value = draw(st.none() | numbers)
    low, high = (draw(numbers), draw(numbers)) if value is not None and draw(st.booleans()) else (None, None)
    return Figure(name=draw(texts), value=value, n=draw(st.integers(0, 9999)), low=low, high=high, method=draw(texts))


cells = st.builds(
    Cell,
    content=st.none() | texts | figures(),
    percent=st.booleans(),
    difference=st.booleans(),
    bold=st.booleans(),
    loud=st.booleans(),
)
columns = st.builds(
    Column, title=texts, align=st.sampled_from(["left", "right"]), indents=st.booleans(), merges=st.booleans()
)


@st.composite
def tables(draw):
    heads = draw(st.lists(columns, min_size=1, max_size=4))
    some = st.lists(texts, max_size=1).map(tuple)
    row = st.builds(Row, cells=st.tuples(*[cells] * len(heads)), level=st.integers(0, 2), notes=some)
    rows = draw(st.lists(row, max_size=4))
    rows += rows[:1] * draw(st.integers(0, 1))
    return Table(
        title=draw(texts), columns=tuple(heads), rows=tuple(rows), notes=tuple(draw(st.lists(texts, max_size=2)))
    )


@given(tables(), st.sampled_from(sorted(FORMATS)))
def test_every_format_writes_any_table_as_utf_8_that_ends_its_line(table, name):
    text = render(table, name)
    assert text.endswith("\n") and text.encode().decode() == text


def words(token):
    """What an inline token shows, and which markup it has."""
    shown = "".join(child.content for child in token.children if child.type == "text")
    return shown, {child.type for child in token.children} - {"text"}


@given(tables())
def test_markdown_shows_what_the_table_holds_and_nothing_acts(table):
    check_markdown(table)


@pytest.mark.parametrize("text", RISKY)
def test_markdown_shows_what_acts_elsewhere(text):
    row = Row(cells=(Cell(content=text), Cell(content=text, bold=True)))
    check_markdown(Table(title=text, columns=(Column(title=text),) * 2, rows=(row,), notes=(text,)))


def check_markdown(table):
    text = markdown.render(table)
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    owners = [tokens[at - 1].type for at, token in enumerate(tokens) if token.type == "inline"]
    inline = [words(token) for token in tokens if token.type == "inline"]

    expected = [(one_line(table.title), set())] if table.title else []
    expected += [(one_line(column.title), set()) for column in table.columns]
    for row, shown in table.shown():
        for column, cell, said in zip(table.columns, row.cells, shown, strict=True):
            indent = "\xa0\xa0" * row.level if column.indents else ""
            expected.append((indent + said, {"strong_open", "strong_close"} if cell.bold and said else set()))
    notes = table.notes_with("Bold")
    expected += [(note, set()) for note in notes if note]
    assert inline == expected
    assert owners.count("th_open") == len(table.columns) and owners.count("paragraph_open") == len(
        [*filter(None, notes)]
    )
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h3"] * bool(table.title)
    assert {token.type for token in tokens} & {"html_block", "fence", "code_block", "hr", "blockquote_open"} == set()


@given(tables())
def test_markdown_rows_have_one_pipe_more_than_columns(table):
    lines = [line for line in markdown.render(table).split("\n") if line.startswith("|")]
    assert len(lines) == len(table.rows) + 2
    for line in lines:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == len(table.columns) + 1


SHOWN = {
    r"\textbackslash{}": "\\", r"\textasciitilde{}": "~", r"\textasciicircum{}": "^", r"\textless{}": "<",
    r"\textgreater{}": ">", r"\textbar{}": "|", r"\textasciigrave{}": "`", "{}": "", "$-$": "-",
    r"\{": "{", r"\}": "}", r"\$": "$", r"\&": "&", r"\#": "#", r"\_": "_", r"\%": "%",
}  # fmt: skip
LATEX_TOKEN = re.compile("|".join([*map(re.escape, SHOWN), r"[^\\{}$&#_%~^]"]))


def typeset(source):
    """What LaTeX shows for `source`; fails on anything that is not a character or one of our escapes."""
    tokens = LATEX_TOKEN.findall(source)
    assert "".join(tokens) == source, f"an unescaped special in {source!r}"
    assert not re.search(r"--|''|,,|\?`|!`", source), f"a ligature in {source!r}"
    return "".join(SHOWN.get(token, token) for token in tokens)


def unwrapped(source):
    """The cell without its indent and weight, and whether it is bold."""
    inner = source.removeprefix("{}").removeprefix(latex.INDENT).removeprefix(latex.INDENT)
    bold = inner.startswith(r"\textbf{")
    return (inner[len(r"\textbf{") : -1], True) if bold else (inner, False)


@given(tables())
def test_latex_shows_what_the_table_holds_and_nothing_acts(table):
    text = latex.render(table)
    lines = text.split("\n")[bool(table.title) :]
    assert lines[:2] == [f"\\begin{{tabular}}{{{''.join(one.align[0] for one in table.columns)}}}", r"\toprule"]
    assert lines[3] == r"\midrule"
    head, body, below = lines[2], lines[4 : 4 + len(table.rows)], lines[4 + len(table.rows) :]
    assert below[:2] == [r"\bottomrule", r"\end{tabular}"]

    def split(line):
        assert line.endswith(r" \\")
        return re.split(r"(?<!\\) ?& ?", line[: -len(r" \\")]) if len(table.columns) > 1 else [line[: -len(r" \\")]]

    assert [typeset(cell) for cell in split(head)] == [one_line(column.title) for column in table.columns]
    for line, (row, shown) in zip(body, table.shown(), strict=True):
        found = [unwrapped(cell) for cell in split(line)]
        assert [typeset(source).strip() for source, _ in found] == list(shown)
        assert [bold for _, bold in found] == [
            cell.bold and said != "" for cell, said in zip(row.cells, shown, strict=True)
        ]
    notes = table.notes_with("Bold")
    if not notes:
        assert below[2:] == [""]
        return
    assert [*below[2:4], *below[-2:]] == ["", r"{\footnotesize\parindent=0pt", "}", ""]
    assert [typeset(line.removesuffix(r"\par")) for line in below[4:-2]] == list(notes)


@given(tables())
def test_latex_braces_are_balanced(table):
    depth = 0
    source = "".join(line for line in latex.render(table).split("\n") if not line.startswith("%"))
    for brace in re.findall(r"(?<!\\)(?:\\\\)*([{}])", source):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0


@given(tables())
def test_csv_is_read_back_in_full(table):
    read = list(csv.reader(StringIO(delimited.render(table), newline="")))
    assert {len(row) for row in read} == {len(read[0])} and len(read) == len(table.rows) + 1
    holds = [any(isinstance(row.cells[at].content, Figure) for row in table.rows) for at in range(len(table.columns))]
    assert len(read[0]) == sum(5 if figures else 1 for figures in holds)
    for fields, contents in zip(read[1:], table.whole(), strict=True):
        rest = iter(fields)
        for content, figures in zip(contents, holds, strict=True):
            if not figures:
                assert unguarded(next(rest)) == (content or "")
                continue
            *numbers, method = (next(rest) for _ in range(5))
            if isinstance(content, Figure):
                given = [content.value, content.low, content.high, content.n]
                assert [float(number) if number else None for number in numbers] == given
                assert unguarded(method) == one_line(content.method)
            else:
                assert numbers == [""] * 4 and unguarded(method) == (content or "")


def unguarded(field):
    """A text as it was before its guard; fails on a formula."""
    if field.startswith(("=", "+", "-", "@")):
        float(field)
    return field[1:] if field[:2] in ("'=", "'+", "'-", "'@") else field


@given(tables())
def test_json_is_read_back_in_full(table):
    document = json.loads(render(table, "json"))
    assert document["columns"] == list(table.keys) and len(set(table.keys)) == len(table.columns)
    for row, contents in zip(document["rows"], table.whole(), strict=True):
        expected = [asdict(one) if isinstance(one, Figure) else one for one in contents]
        assert [row[key] for key in table.keys] == expected
    assert document["title"] == one_line(table.title) and document["notes"] == list(table.all_notes)


@given(tables())
def test_what_is_bold_is_explained_and_only_then(table):
    rows = [replace(row, cells=tuple(replace(cell, bold=False) for cell in row.cells)) for row in table.rows]
    plain = replace(table, rows=tuple(rows))
    bold = any(cell.bold for row in table.rows for cell in row.cells)
    assert table.notes_with("Bold") == ((f"Bold: {BEST}.",) if bold else ()) + plain.notes_with("Bold")
