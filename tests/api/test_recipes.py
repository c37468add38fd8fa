"""Recipe files: what they mean, in which order arms are trained, and what is refused."""

from pathlib import Path

import pytest

from benchcore.api.recipes import read_recipe, run
from benchcore.checkpoint import billed
from benchcore.errors import ConfigError

RECIPE = """
title = "A comparison"
seeds = [0, 1]
baseline = "clm"
out = "runs/here"

[all]
data = "generated:noisy_markov?tokens=6000&seed={seed}"
tokenizer = "characters"
tokenizer_data = "generated:noisy_markov?tokens=6000"
model = "0.1m"
context = 32
batch = 8
steps = 4
looks = 3
checkpoints = 1
heldout = { clean = "generated:noisy_markov?tokens=1000&noise=0&seed=9" }

[arms.slm]
method = "slm"
slm = { ratio = 0.5, reference = "arms.reference" }

[arms.clm]
lr = 5e-4

[arms.reference]
data = ["generated:noisy_markov?tokens=2000&noise=0&seed=1{seed}"]
steps = 2
"""


def recipe_file(folder: Path, text: str = RECIPE) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text)
    return path


def test_arms_come_after_those_that_they_need_and_each_once(tmp_path: Path) -> None:
    recipe = read_recipe(recipe_file(tmp_path))
    names = [(job.arm, job.seed) for job in recipe.jobs()]
    assert names == [("reference", 0), ("slm", 0), ("clm", 0), ("reference", 1), ("slm", 1), ("clm", 1)]
    assert [(job.arm, job.seed) for job in recipe.jobs(["slm"], [1])] == [("reference", 1), ("slm", 1)]


def test_an_arm_has_the_settings_of_all_and_its_own(tmp_path: Path) -> None:
    recipe = read_recipe(recipe_file(tmp_path))
    jobs = {(job.arm, job.seed): job for job in recipe.jobs()}
    slm, clm = jobs["slm", 1], jobs["clm", 0]
    assert (slm.method, clm.method) == ("slm", "clm")
    assert (slm.config.lr, clm.config.lr) == (1e-3, 5e-4)
    assert slm.config.data == ("generated:noisy_markov?tokens=6000&seed=1",)
    assert slm.config.slm.ratio == 0.5
    assert slm.config.slm.reference == "runs/here/reference-seed1"
    assert slm.config.out == Path("runs/here/slm-seed1")
    assert jobs["reference", 1].config.data == ("generated:noisy_markov?tokens=2000&noise=0&seed=11",)
    assert read_recipe(recipe_file(tmp_path), Path("elsewhere")).jobs()[0].config.out == Path(
        "elsewhere/reference-seed0"
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("steps = 2", "step = 2", "the arm reference has the unknown setting 'step'; did you mean steps"),
        ("ratio = 0.5", "ratoi = 0.5", "the arm slm, slm has the unknown setting 'ratoi'; did you mean ratio"),
        ("steps = 4", 'steps = "four"', r"the arm slm: Expected `int`, got `str` - at `\$.steps`"),
        ("steps = 4", "steps = 0", "steps must be 1 or more"),
        ("steps = 4", "steps = 4\nseed = 3", "has the setting 'seed'; a recipe has"),
        ('"arms.reference"', '"arms.refrence"', "the recipe has no arm 'refrence'; did you mean reference"),
        ('baseline = "clm"', 'baseline = "cml"', "the baseline 'cml' is no arm; did you mean clm"),
        ("seeds = [0, 1]", "seeds = [0.5]", "seeds must be a list of whole numbers"),
        ("seeds", "seed", "unknown key 'seed'; did you mean seeds"),
        ("[arms.clm]", '[arms."../clm"]', "cannot be the name of a folder"),
        ('title = "A comparison"', "title = [", "is not valid TOML"),
    ],
)
def test_nonsense_is_refused_by_name_before_anything_is_trained(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_recipe(recipe_file(tmp_path, RECIPE.replace(old, new, 1)))


def test_arms_that_need_each_other_are_refused(tmp_path: Path) -> None:
    text = RECIPE + 'model = "arms.slm"\n'
    with pytest.raises(ConfigError, match="slm, reference, slm need each other"):
        read_recipe(recipe_file(tmp_path, text))


def test_a_recipe_that_is_not_there_and_one_without_arms(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no recipe file"):
        read_recipe(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="has no arms"):
        read_recipe(recipe_file(tmp_path, "seeds = [0]"))
    with pytest.raises(ConfigError, match="has no arm 'sml'; did you mean slm"):
        read_recipe(recipe_file(tmp_path)).jobs(["sml"])


def test_a_recipe_is_trained_and_each_arm_carries_its_whole_bill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCHCORE_CACHE", str(tmp_path / "cache"))
    made = run(read_recipe(recipe_file(tmp_path), tmp_path / "out"), ["slm", "clm"], [0])
    assert [one.run.name for one in made] == ["reference-seed0", "slm-seed0", "clm-seed0"]
    reference, slm, clm = (billed(one.checkpoint) for one in made)
    scored = 188 * 32  # each row of the corpus, by the reference model
    assert slm["prepare forwarded"] == reference["forwarded"] + scored
    assert slm["prepare flops"] > reference["flops"] > 0
    assert (clm["prepare flops"], reference["prepare flops"]) == (0, 0)
    assert slm["forwarded"] == clm["forwarded"] == 4 * 8 * 32
    assert slm["in loss"] == clm["in loss"] // 2
    assert [record.step for record in made[1].records] == [1, 2, 4]
