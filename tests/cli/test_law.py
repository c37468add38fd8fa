"""`benchcore law`: from a recipe to the table, and on again; what cannot be meant is refused."""

import json
from pathlib import Path

import pytest

from benchcore.api.law import law, read_law_recipe
from benchcore.cli import main
from benchcore.errors import ConfigError
from benchcore.report.law import law_table

RECIPE = """
title = "Small"
seeds = [0, 1, 2]
out = "{out}"

[problem]
kind = "perceptron"
train = 256
desired = 1024
test = 1024
width = 16
steps = 60

[searches.exponentiated]
update = "exponentiated"
epochs = 12

[searches.euclidean]
update = "euclidean"
rate = 5e-6
epochs = 3
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    file = tmp_path / "law.toml"
    file.write_text(RECIPE.format(out=tmp_path / "out"))
    return file


def test_a_search_is_judged_on_what_it_has_not_seen_and_pays_its_bill(recipe: Path) -> None:
    found = law(read_law_recipe(recipe))
    assert [(one.search, one.seed) for one in found] == [
        (name, seed) for name in ("exponentiated", "euclidean") for seed in (0, 1, 2)
    ]
    for one in found[:3]:
        assert one.area < 1, "the policy learns sooner"
        assert one.objective[1] < one.objective[0]
        # a forward run and one back, twelve times and more, cost more than ten plain trainings
        assert one.search_flops > 10 * one.training_flops
        assert one.charged is not None
        assert one.acceleration is not None
        assert one.charged < 0.1 < 1 < one.acceleration


def test_what_is_there_is_read_and_what_has_changed_is_made_again(recipe: Path, tmp_path: Path) -> None:
    first = law(read_law_recipe(recipe))
    said: list[str] = []
    assert law(read_law_recipe(recipe), watch=said.append) == first
    assert not said, "nothing is searched for"
    stored = tmp_path / "out" / "euclidean-seed1.json"
    stored.write_text(stored.read_text()[:-20])
    assert [(one.search, one.area) for one in law(read_law_recipe(recipe), watch=said.append)] == [
        (one.search, one.area) for one in first
    ]
    assert {one.partition(":")[0] for one in said} == {"euclidean, seed 1"}
    recipe.write_text(recipe.read_text().replace("epochs = 3", "epochs = 2"))
    said.clear()
    law(read_law_recipe(recipe), watch=said.append)
    assert {one.partition(":")[0] for one in said} == {f"euclidean, seed {seed}" for seed in range(3)}


def test_the_table_has_conventional_training_and_the_control_beside_each_search(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "paper.toml").write_text(
        '[[tables]]\ntitle = "A"\nsource = "B"\nsetting = "C."\ncolumns = ["x"]\nrows = [[5.5]]\n'
    )
    recipe.write_text(f'published = "{tmp_path / "paper.toml"}"\n{recipe.read_text()}')
    assert main(["law", str(recipe), "--format", "json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert [row["training"] for row in table["rows"]] == [
        "conventional", "exponentiated", "euclidean", "on the desired examples",
    ]  # fmt: skip
    assert table["rows"][0]["search GFLOP"] is None
    assert table["rows"][1]["AUC ratio"]["n"] == 3
    assert table["published"][0]["title"] == "Published: A"
    assert main(["law", str(recipe), "--out", str(tmp_path / "law.md"), "--format", "markdown"]) == 0
    assert (tmp_path / "law.md").read_text().startswith("### Small\n")


def test_what_is_never_reached_has_words_for_a_number(recipe: Path) -> None:
    import msgspec

    found = law(read_law_recipe(recipe))[:3]
    never = [msgspec.structs.replace(found[0], acceleration=None), *found[1:]]
    table = law_table("", {"exponentiated": never})
    texts = dict(zip(table.keys, (cell.text for cell in table.rows[1].cells), strict=True))
    assert texts["acceleration"] == texts["with the bill"] == "n/a (none in 1 of 3 seeds)"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "perceptron"', 'kind = "perceptrons"', "no problem of kind 'perceptrons'"),
        ("width = 16", "with = 16", "unknown key 'with'"),
        ("width = 16", "seed = 16", "unknown key 'seed'"),
        ('update = "euclidean"', 'update = "euclid"', "no update 'euclid'"),
        ("epochs = 3", "epochs = 0", "epochs must be"),
        ("epochs = 3", "epoch = 3", "unknown key 'epoch'"),
        ("seeds = [0, 1, 2]", "seeds = 3", "seeds must be"),
        ("title", "titel", "unknown key 'titel'"),
        ("seeds = [0, 1, 2]", "seeds = [0", "not valid TOML"),
    ],
)
def test_what_cannot_be_meant_is_refused(recipe: Path, old: str, new: str, message: str) -> None:
    recipe.write_text(recipe.read_text().replace(old, new))
    with pytest.raises(ConfigError, match=message):
        read_law_recipe(recipe)


def test_a_recipe_that_is_not_there_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["law", str(tmp_path / "none.toml")]) == 2
    assert capsys.readouterr().err.startswith("benchcore: cannot read the recipe")
