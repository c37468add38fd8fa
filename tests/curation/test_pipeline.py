"""A recipe of stages from sources to a clean corpus, the commands on the command line, and a checkpoint as teacher."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchcore.api import curation
from benchcore.api.pipeline import read_pipeline, run
from benchcore.cli import main
from benchcore.config.curation import LabelConfig
from benchcore.errors import ConfigError, DataError
from benchcore.report.curation import pipeline_tables
from tests.curation.test_commands import GOOD, lines, words, write

RECIPE = """
title = "Small"
out = "made"

[stages.functions]
sources = "src"

[stages.raw]
command = "dedup"

[stages.model]
command = "train"
sources = "stages.raw"
model = "0.1m"
vocab_size = 300
context = 64
batch = 4
steps = 3
checkpoints = 1

[stages.labelled]
command = "label"
sources = "stages.raw"

[stages.filtered]
command = "filter"
sources = "stages.raw"
labels = "stages.labelled"
model = "stages.model"
threshold = 0.5
trees = 20

[stages.clean]
command = "decontaminate"
against = "{held}"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with source files, of whose functions half are good by the rules, and the recipe."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENCHCORE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "src").mkdir()
    for number in range(30):
        good = GOOD.replace("total", f"total{number}").replace("0", str(number + 2)).replace("values", f"v{number}")
        text = f"{good}\n\ndef other{number}(a):\n    return {words(number).split()!r}\n"
        (tmp_path / "src" / f"m{number}.py").write_text(
            text + ("\n\ndef same():\n    return 1\n" if number < 2 else "")
        )
    held = write(
        tmp_path / "held.jsonl", [{"text": GOOD.replace("total", "x").replace("0", "7").replace("values", "v")}]
    )
    (tmp_path / "recipe.toml").write_text(RECIPE.format(held=held))
    return tmp_path


def test_a_recipe_goes_through_all_stages_and_again_through_none(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    asked = read_pipeline(home / "recipe.toml")
    stages = {one.name: one for one in run(asked, lambda pace: None)}
    assert list(stages) == ["functions", "raw", "model", "labelled", "filtered", "clean"]
    assert stages["functions"].kept == {"function": 62}
    assert stages["raw"].dropped == {"the same text": 1}
    assert stages["model"].bill["forwarded"] == 3 * 4 * 64
    assert stages["labelled"].kept == {"good": 30, "not good": 31}
    assert stages["filtered"].documents == 61
    assert stages["clean"].documents == sum(stages["filtered"].kept.values()) > 0
    assert "a copy of code" in stages["clean"].dropped
    stamps = {path: path.stat().st_mtime_ns for path in (home / "made").glob("*.jsonl")}
    assert len(stamps) >= 6
    assert [one.kept for one in run(asked, lambda pace: None)] == [one.kept for one in stages.values()]
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    table, areas = pipeline_tables(asked.title, list(stages.values()))
    assert len(table.rows) == 6
    assert areas.rows[0].cells[0].content == "all"
    assert len(areas.rows) == 5
    assert main(["data", "run", "recipe.toml", "--format", "markdown", "--out", "table.md"]) == 0
    assert "Area under the ROC curve of filtered" in (home / "table.md").read_text()
    assert main(["data", "run", "recipe.toml"]) == 0
    assert "labelled" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('command = "dedup"', 'command = "dedupe"', "unknown command 'dedupe'"),
        ('model = "stages.model"', 'model = "stages.modell"', "no stage 'modell' before"),
        ("threshold = 0.5", "treshold = 0.5", "unknown key 'treshold'"),
        ("threshold = 0.5", "threshold = 1.5", "threshold must be above 0 and below 1"),
        ("threshold = 0.5", 'threshold = "x"', "the stage filtered: Expected `float"),
        ('title = "Small"', 'titel = "Small"', "unknown key 'titel'"),
        ("steps = 3", "steps = 3\nslm = { ratio = 1 }", "settings of a method"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_runs(home: Path, old: str, new: str, says: str) -> None:
    (home / "recipe.toml").write_text((home / "recipe.toml").read_text().replace(old, new))
    with pytest.raises(ConfigError, match=says):
        read_pipeline(home / "recipe.toml")
    assert not (home / "made").exists()


def test_commands_print_what_became_of_documents(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "functions", "src", "--out", "f.jsonl"]) == 0
    printed = capfd.readouterr()
    assert "62" in printed.out
    assert "its manifest is f.jsonl.manifest.json" in printed.err
    assert main(["data", "dedup", "f.jsonl", "--out", "d.jsonl", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["tally"]["documents"] == 62
    assert main(["data", "dedup", "f.jsonl", "--out", "d.jsonl", "--threshold", "2"]) == 2
    assert "threshold must be above 0" in capfd.readouterr().err
    assert main(["data"]) == 0
    printed = capfd.readouterr()
    for name in ("functions", "dedup", "label", "filter", "decontaminate", "similar", "write", "run"):
        assert name in printed.out + printed.err


def test_a_corpus_is_written_out(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl.gz"
    assert curation.write(["generated:composition?documents=6"], out) == 6
    rows = lines(out)
    assert {row["group"] for row in rows} == {"1", "2", "3"}
    assert all(set(row["marks"]) == {"0", "1"} for row in rows)
    source = write(tmp_path / "in.jsonl", [{"text": "a"}, {"text": "b"}])
    assert curation.write([str(source)], tmp_path / "g.jsonl", group="code") == 2
    assert lines(tmp_path / "g.jsonl") == [{"text": "a", "group": "code"}, {"text": "b", "group": "code"}]
    with pytest.raises(ConfigError, match="not a name for JSON Lines"):
        curation.write([str(source)], tmp_path / "g.txt")
    write(source, [{"text": 3}])
    with pytest.raises(DataError):
        curation.write([str(source)], tmp_path / "h.jsonl")
    assert {path.name for path in tmp_path.iterdir()} == {"out.jsonl.gz", "in.jsonl", "g.jsonl"}


def test_a_checkpoint_labels_by_yes_and_no(home: Path) -> None:
    from benchcore.api.teaching import PROMPT, YES
    from benchcore.trainers.model import SHAPES, fresh
    from benchcore.trainers.tokenizer import train_bpe

    folder = home / "teacher"
    tokenizer = train_bpe(iter([PROMPT, YES, " no", *map(words, range(20))]), 400)
    fresh(SHAPES["0.1m"], vocabulary=len(tokenizer), context=512, end=tokenizer.eos_token_id, seed=0).save_pretrained(
        folder
    )
    tokenizer.save_pretrained(folder)
    source = write(home / "in.jsonl", [{"text": words(number)} for number in range(12)])
    out = home / "out.jsonl"
    made = curation.label([str(source)], LabelConfig(out=out, teacher=f"checkpoint:{folder}", characters=80))
    rows: list[dict[str, Any]] = lines(out)
    assert len(rows) == 12
    for row in rows:
        assert row["label"] == (row["label_score"] > 0.5)
        assert row["labelled_by"] == "checkpoint teacher"
    assert made.figures["engine"] == "embedded"
    assert len({row["label_score"] for row in rows}) > 6, "the text is in the question"
