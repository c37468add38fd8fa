"""Published figures on the command line: after the table of a comparison, and after that of a recipe."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchcore import EvalConfig, evaluate
from benchcore.api.recipes import read_recipe
from benchcore.cli import main
from benchcore.errors import ConfigError
from benchcore.testing import CannedEngine

Stub = Callable[..., Path]
Write = Callable[..., str]
Said = tuple[int, str, str]

PRINTED = """
[[tables]]
title = "Loss"
source = "Someone 2024"
setting = "A model of 1M."
columns = ["method", "loss"]
rows = [["theirs", 0.10]]
"""
RECIPE = """
title = "A comparison"
published = "printed.toml"

[all]
data = "generated:noisy_markov?tokens=2000"
tokenizer = "characters"
model = "0.1m"
context = 32
batch = 8
steps = 2
looks = 2
checkpoints = 1
heldout = { clean = "generated:noisy_markov?tokens=500&noise=0&seed=9" }

[arms.clm]
"""

pytestmark = pytest.mark.usefixtures("at_home")


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run a command in this process, with printed.toml and again.toml: exit code, standard output, standard error."""
    Path("printed.toml").write_text(PRINTED)
    Path("again.toml").write_text(PRINTED.replace("Loss", "Speed"))

    def run(*arguments: str) -> Said:
        code = main(list(arguments))
        out, err = capfd.readouterr()
        return code, out, err

    return run


@pytest.fixture
def base(at_home: Path, stub_checkpoint: Stub, write_task: Write) -> None:
    """The run runs/base."""
    config = EvalConfig(tasks=(write_task(samples=20),))
    evaluate([str(stub_checkpoint("base"))], config, engine=CannedEngine(lambda request: "1"))


@pytest.mark.usefixtures("base")
def test_they_follow_a_comparison_in_the_order_given(say: Callable[..., Said]) -> None:
    alone = say("compare", "runs/base")[1]
    code, out, err = say("compare", "runs/base", "--published", "printed.toml,again.toml")
    assert (code, err) == (0, "")
    ours, loss, speed = out.split("\n\n")
    assert ours + "\n" == alone
    assert loss.startswith("Published: Loss\nmethod") and "Source: Someone 2024.\nSetting: A model of 1M." in loss
    assert speed.startswith("Published: Speed\n") and "theirs  0.10\n" in speed
    document = json.loads(say("compare", "runs/base", "--published", "printed.toml", "--json")[1])
    assert [table["title"] for table in document["published"]] == ["Published: Loss"]


@pytest.mark.usefixtures("base")
def test_a_file_that_declares_a_table_may_name_them(say: Callable[..., Said]) -> None:
    table = 'runs = "runs/base"\npublished = ["printed.toml", "again.toml"]\nformat = "markdown"\nout = "found.md"\n'
    Path("table.toml").write_text(table)
    assert say("compare", "--table", "table.toml") == (0, "", "")
    headings = [line for line in Path("found.md").read_text().splitlines() if line.startswith("### ")]
    assert headings == ["### Comparison of a run", "### Published: Loss", "### Published: Speed"]


@pytest.mark.usefixtures("base")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--published", "printed.toml", "--format", "csv", "--out", "x.csv"], "csv has no place for published tables"),
        (["--published", "none.toml"], "cannot read the published figures in none.toml: No such file"),
        (["--published", "wrong.toml"], "wrong.toml, table 1 has the unknown key 'rowes'; did you mean rows"),
    ],
)
def test_a_mistake_is_one_sentence_and_nothing_is_written(
    say: Callable[..., Said], arguments: list[str], sentence: str
) -> None:
    Path("wrong.toml").write_text(PRINTED.replace("rows", "rowes"))
    code, out, err = say("compare", "runs/base", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1) and sentence in err
    assert not Path("x.csv").exists()


def test_they_follow_the_table_of_a_recipe(say: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHCORE_CACHE", "cache")
    Path("recipe.toml").write_text(RECIPE)
    code, out, err = say("train", "recipe.toml")
    assert code == 0, err
    assert out.startswith("A comparison\n")
    assert "\n\nPublished: Loss\n" in out and "theirs  0.10\n" in out


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ('"none.toml"', "cannot read the published figures in none.toml"),
        ("3", "published must be a text or a list of texts"),
        ("[3]", "published must be a text"),
    ],
)
def test_a_recipe_that_names_none_is_refused_before_anything_is_trained(value: str, words: str) -> None:
    Path("recipe.toml").write_text(RECIPE.replace('"printed.toml"', value))
    with pytest.raises(ConfigError, match=words):
        read_recipe(Path("recipe.toml"))
