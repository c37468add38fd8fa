"""Published figures: files that read, the tables they make in every format, and mistakes in them."""

import json
import re
from pathlib import Path

import pytest

from benchcore.errors import ConfigError
from benchcore.report.formats import FORMATS, render
from benchcore.report.published import read_published, render_beside
from benchcore.report.table import Table, text_table

PUBLISHED = Path(__file__).parents[2] / "reports" / "published"
FILES = sorted(PUBLISHED.glob("*.toml"))
PRINTED = """
[[tables]]
title = "Loss_1"
source = "Someone 2024, arXiv 1, table 2"
setting = "A model of 1M."
columns = ["method", "data", "loss", "loss +-"]
rows = [["plain", "all", 0.10, ""], ["plain", "half", 1.99e7, 12], ["ours", "half", -3, 0.022]]
notes = ["They do not separate."]

[[tables]]
title = "Speed"
source = "Someone 2024, arXiv 1"
setting = "The same."
columns = ["times"]
rows = []
"""
OURS = text_table("Ours", ["run", "steps"], [["clm", "450"]])


def written(folder: Path, text: str = PRINTED) -> Path:
    path = folder / "printed.toml"
    path.write_text(text)
    return path


def found(stem: str, title: str) -> dict[str, dict[str, str]]:
    """The rows of the one table of reports/published/STEM.toml whose title holds `title`, by their first cell."""
    (table,) = (one for one in read_published(PUBLISHED / f"{stem}.toml") if title in one.title)
    rows = json.loads(render(table, "json"))["rows"]
    return {next(iter(row.values())): row for row in rows}


def test_there_is_a_file_for_each_paper() -> None:
    assert {"rho1", "skillit", "learning_law", "phi1"} <= {path.stem for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_reads_and_every_table_says_where_it_is_from(path: Path) -> None:
    tables = read_published(path)
    assert len({table.title for table in tables}) == len(tables)
    for table in tables:
        assert re.fullmatch(r"Source: .+ et al\. 20\d\d, arXiv \d{4}\.\d{5}(, .+)?\.", table.notes[0])
        assert re.fullmatch(r"Setting: .+\.", table.notes[1])
        assert all(note.endswith(".") for note in table.notes)
        assert table.rows and all(render(table, name) for name in FORMATS)


def test_means_of_rows_agree_with_the_means_that_are_printed() -> None:
    for title in ("few-shot accuracy", "accuracy with tools"):
        (table,) = (one for one in read_published(PUBLISHED / "rho1.toml") if title in one.title)
        first = table.keys.index("GSM8K")
        for row in table.rows:
            *tasks, mean = (float(cell.text) for cell in row.cells[first:])
            assert sum(tasks) / len(tasks) == pytest.approx(mean, abs=0.06)
    gains = found("rho1", "general text")
    tasks = [float(row["gain"]) for task, row in gains.items() if "pass@10" not in task and "mean" not in task]
    assert len(tasks) == 15 and sum(tasks) / 15 == pytest.approx(6.84, abs=0.005)
    assert sum(float(row["share"]) for row in found("skillit", "shares of the sources").values()) == pytest.approx(1)


def test_the_parts_of_the_decontaminated_scores_make_up_the_whole() -> None:
    (table,) = (one for one in read_published(PUBLISHED / "phi1.toml") if "trained again" in one.title)
    rows = [[float(cell.text) for cell in row.cells[2:]] for row in table.rows]
    assert len(rows) == 12
    for (n, *similar), (m, *other), (total, *together) in zip(rows[::3], rows[1::3], rows[2::3], strict=True):
        assert n + m == total == 164
        for one, two, whole in zip(similar, other, together, strict=True):
            assert (n * one + m * two) / total == pytest.approx(whole, abs=0.11)


def test_some_figures_as_the_papers_have_them() -> None:
    lego = found("skillit", "LEGO, mean")
    assert [lego["skill-stratified"][key] for key in ("loss", "loss +-", "accuracy, %")] == ["0.046", "0.022", "98.5"]
    assert float(lego["Skill-It"]["accuracy, %"]) - float(lego["random"]["accuracy, %"]) == pytest.approx(36.5)
    law = found("learning_law", "steps and examples")
    assert (law["4K"]["B lower by, %"], law["4K"]["acceleration"]) == ("93.7", "2.41")
    scaling = found("learning_law", "L = L0")
    assert 1 - float(scaling["learned"]["B"]) / float(scaling["constant"]["B"]) == pytest.approx(0.937, abs=5e-4)
    assert found("phi1", "phi-1, pass@1")["phi-1"]["MBPP"] == "55.5"
    assert found("rho1", "larger model")["SLM"]["mean"] == "44.4"


def test_digits_stay_and_an_empty_text_is_no_figure(tmp_path: Path) -> None:
    table, empty = read_published(written(tmp_path))
    assert table.title == "Published: Loss_1"
    assert [[cell.text for cell in row.cells[2:]] for row in table.rows] == [
        ["0.10", "-"],
        ["1.99e7", "12"],
        ["-3", "0.022"],
    ]
    assert [column.align for column in table.columns] == ["left", "left", "right", "right"]
    assert table.notes == (
        "Source: Someone 2024, arXiv 1, table 2.",
        "Setting: A model of 1M.",
        "They do not separate.",
    )
    assert empty.rows == ()


@pytest.fixture
def printed(tmp_path: Path) -> tuple[Table, ...]:
    return read_published(written(tmp_path))


def test_they_follow_ours_in_formats_for_readers(printed: tuple[Table, ...]) -> None:
    markdown = render_beside(OURS, printed, "markdown")
    assert markdown.startswith("### Ours\n") and "| clm | 450 |\n\n### Published: Loss_1\n" in markdown
    assert "| plain | all | 0.10 | - |\n|  | half | 1.99e7 | 12 |\n" in markdown
    assert "- Source: Someone 2024, arXiv 1, table 2.\n- Setting: A model of 1M.\n" in markdown
    latex = render_beside(OURS, printed, "latex")
    assert latex.count(r"\begin{tabular}") == 3 and r"plain & all & 0.10 & - \\" in latex
    terminal = render_beside(OURS, printed, "terminal")
    assert (
        terminal.startswith("Ours\n") and "\n\nPublished: Loss_1\n" in terminal and "\n\nPublished: Speed\n" in terminal
    )


def test_json_has_them_as_a_list_beside_our_rows(printed: tuple[Table, ...]) -> None:
    document = json.loads(render_beside(OURS, printed, "json"))
    ours = {key: value for key, value in document.items() if key != "published"}
    assert ours == json.loads(render(OURS, "json"))
    assert document["published"] == [json.loads(render(table, "json")) for table in printed]
    assert document["published"][0]["rows"][0] == {"method": "plain", "data": "all", "loss": "0.10", "loss +-": None}


def test_csv_has_no_place_for_them(printed: tuple[Table, ...]) -> None:
    with pytest.raises(ConfigError, match="csv has no place for published tables; take json or markdown"):
        render_beside(OURS, printed, "csv")


@pytest.mark.parametrize("name", FORMATS)
def test_without_any_a_table_is_as_it_was(name: str) -> None:
    assert render_beside(OURS, (), name) == render(OURS, name)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[[tables]]", "[[table]]", "has the unknown key 'table'; did you mean tables?"),
        (PRINTED, "tables = 3", "has no tables; write [[tables]] before the keys of each"),
        (PRINTED, "", "has no tables"),
        ("setting", "seting", ", table 1 has the unknown key 'seting'; did you mean setting?"),
        ('title = "Speed"', "", ", table 2: Object missing required field `title`"),
        ('["plain", "all", 0.10, ""]', '["plain", "all", 0.10]', ", table 1: row 1 has 3 cells for 4 columns"),
        ('["plain", "all", 0.10, ""]', '["plain", "all", 0.10, true]', ", table 1: Expected `int | str`, got `bool`"),
        ('columns = ["times"]', "columns = 3", ", table 2: Expected `array`, got `int`"),
        (PRINTED, "[[tables]", "is not valid TOML"),
    ],
)
def test_a_mistake_is_named_with_the_table_it_is_in(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in PRINTED
    path = written(tmp_path, PRINTED.replace(old, new))
    with pytest.raises(ConfigError, match=re.escape(words)) as caught:
        read_published(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the published figures in .*none\.toml: No such file"):
        read_published(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match=r"cannot read the published figures in .*: Is a directory"):
        read_published(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"[[tables]]\ntitle = '\xe9'")
    with pytest.raises(ConfigError, match=r"latin\.toml is not valid TOML"):
        read_published(tmp_path / "latin.toml")
