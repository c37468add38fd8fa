"""`compare` on training runs of several seeds: recipes as rows, with speed-ups, bills and intervals worked by hand."""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchcore import EvalConfig, Figure, Request, Score, Scoring, evaluate
from benchcore.api.comparing import compare
from benchcore.api.reporting import page
from benchcore.api.run_folders import existing, meant
from benchcore.comparison.differences import Comparisons, Result
from benchcore.comparison.sides import BASELINES, baseline_text, read_side
from benchcore.config import CompareConfig, ReportConfig
from benchcore.errors import ConfigError, RunIncomplete
from benchcore.report.comparison import comparison_table
from benchcore.testing import CannedEngine

Train = Callable[..., None]

pytestmark = pytest.mark.usefixtures("at_home")

STEPS = (10, 20, 40, 80)
TOKENS = 1000  # a step
FLOPS = 6e9  # a token
PREPARED = 1.2e14
T = 4.302653  # Student's quantile for 95 % and two degrees of freedom
# Bits per byte fall by a tenth with each doubling, from a level that the seed decides.
LEVELS = (2.0, 2.03, 1.97)
AHEAD = (2, 4, 2)  # slm is as far as clm after so many times the tokens


@pytest.fixture
def train(at_home: Path, stub_checkpoint: Callable[..., Path]) -> Train:
    """Leave a training run in `out` with its held-out losses, on documents that are all alike."""

    def make(
        name: str,
        level: float = 2.0,
        ahead: float = 1.0,
        *,
        out: str = "demo",
        prepared: float | None = 0.0,
        steps: tuple[int, ...] = STEPS,
        documents: int = 5,
    ) -> None:
        data = Path("held-out.jsonl")
        data.write_text("".join(json.dumps({"text": f"{at:03}" * 4}) + "\n" for at in range(documents)))
        for step in steps:
            weights = f"{name[0]}{name[-1]}".encode() + step.to_bytes(2, "little")
            folder = stub_checkpoint(f"checkpoint-{step}", where=f"{out}/{name}", weights=weights)
            bill = {
                "flops": FLOPS * TOKENS * step, "prepare flops": prepared, "seconds": 2.0 * step,
                "prepare seconds": 30.0, "forwarded": TOKENS * step, "in loss": TOKENS * step / 2,
            }  # fmt: skip
            state = {"tokens": TOKENS * step, "bill": {} if prepared is None else bill}
            (folder / "benchcore.json").write_text(json.dumps(state))

        def reply(request: Request) -> tuple[Score, ...]:
            assert isinstance(request, Scoring) and engine.checkpoint is not None and engine.checkpoint.step
            bits = level - 0.1 * math.log2(engine.checkpoint.step * ahead / STEPS[0])
            [text] = request.continuations
            return (Score(logprob=-math.log(2) * len(text) * bits, tokens=len(text), greedy=False),)

        engine = CannedEngine(reply)
        settings = EvalConfig(tasks=("loss",), data=data.resolve(), out=Path(out) / name / "heldout")
        evaluate([str(folder.parent)], settings, engine=engine)

    return make


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the recipes lie once they are made, for they are read alone."""
    return tmp_path_factory.mktemp("recipes") / "demo"


@pytest.fixture
def recipes(train: Train, stored: Path) -> None:
    """clm and slm with three seeds each."""
    if stored.exists():
        shutil.copytree(stored, "demo")
        return
    for seed, (level, ahead) in enumerate(zip(LEVELS, AHEAD, strict=True)):
        train(f"clm-seed{seed}", level)
        train(f"slm-seed{seed}", level, ahead, prepared=PREPARED)
    shutil.copytree("demo", stored)


def rows(found: Comparisons) -> dict[str, Result]:
    [contest] = [one for one in found.over_seeds or found.contests if one.figure == "bits per byte"]
    return {result.run: result for result in contest.results}


def curve(found: Comparisons, label: str) -> dict[str, Figure]:
    return {figure.name: figure for figure in found.curves[label, "loss", "bits per byte"]}


def ends(figure: Figure) -> tuple[float | None, float | None]:
    return figure.low, figure.high


@pytest.mark.usefixtures("recipes")
def test_seeds_of_a_recipe_are_one_row_with_students_t() -> None:
    found = compare(["demo"])
    assert [(arm.label, [*arm.runs]) for arm in found.arms] == [
        ("clm (3 seeds)", [0, 1, 2]),
        ("slm (3 seeds)", [0, 1, 2]),
    ]
    assert len(found.runs) == 6 and found.baseline is None
    final = rows(found)["clm (3 seeds)"].figure
    assert final is not None and final.value == pytest.approx(1.7) and final.n == 3
    # the seeds' values are 1.7, 1.73 and 1.67: their error is 0.03 / sqrt 3
    assert ends(final) == pytest.approx((1.7 - T * 0.03 / math.sqrt(3), 1.7 + T * 0.03 / math.sqrt(3)))
    assert "t over seeds" in final.method
    # straight lines over log-tokens: their mean is the middle
    assert curve(found, "clm (3 seeds)")["AUC over log-tokens"].value == pytest.approx(1.85)
    slm = curve(found, "slm (3 seeds)")
    assert slm["AUC over log-tokens"].value == pytest.approx(1.85 - 0.4 / 3)
    assert not any("speed-up" in name for name in slm)


@pytest.mark.usefixtures("recipes")
@pytest.mark.parametrize("baseline", ["clm", "demo/clm", "demo/clm-seed*"])
def test_a_recipe_is_met_seed_by_seed(baseline: str) -> None:
    found = compare(["demo"], CompareConfig(baseline=baseline))
    assert found.baseline == "clm (3 seeds)" and found.defenders == ("clm-seed0", "clm-seed1", "clm-seed2")
    slm = rows(found)["slm (3 seeds)"]
    assert slm.difference is not None and slm.difference.method == "paired t over 3 seeds"
    # -0.1, -0.2 and -0.1: the mean's error is a thirtieth
    assert slm.difference.value == pytest.approx(-0.4 / 3)
    assert ends(slm.difference) == pytest.approx((-0.4 / 3 - T / 30, -0.4 / 3 + T / 30))
    # t = 4 with two degrees of freedom has p = 1 - 4 / sqrt 18; Holm doubles it, for nats per token are compared too
    assert slm.p == pytest.approx(2 * (1 - 4 / math.sqrt(18)))
    singles = {result.run: result for result in found.contests[0].results}
    gains = {run: one.difference.value for run, one in singles.items() if one.difference}
    assert gains == pytest.approx({"slm-seed0": -0.1, "slm-seed1": -0.2, "slm-seed2": -0.1})


@pytest.mark.usefixtures("recipes")
def test_speed_ups_are_those_of_each_seed_and_the_bill_counts_what_had_to_be_there_before() -> None:
    found = compare(["demo"], CompareConfig(baseline="clm"))
    speed = {seed: curve(found, f"slm-seed{seed}") for seed in range(3)}
    for seed, end in enumerate((1.7, 1.73, 1.67)):
        assert speed[seed][f"speed-up to {end}"].value == pytest.approx(AHEAD[seed])
        # clm: 80,000 tokens at 6e9 are 4.8e14; slm is there at a half or a quarter of them, after 1.2e14
        charged = 4.8 / (4.8 / AHEAD[seed] + 1.2)
        assert speed[seed][f"speed-up with the bill to {end}"].value == pytest.approx(charged)
    over = curve(found, "slm (3 seeds)")
    mean = over["speed-up to where clm ends"]
    # 2, 4 and 2: the mean's error is two thirds
    assert mean.value == pytest.approx(8 / 3) and mean.n == 3
    assert ends(mean) == pytest.approx((8 / 3 - T * 2 / 3, 8 / 3 + T * 2 / 3))
    assert over["speed-up with the bill to where clm ends"].value == pytest.approx((4 / 3 + 2 + 4 / 3) / 3)
    assert not any("speed-up" in name for name in curve(found, "clm (3 seeds)"))


def test_a_bill_makes_a_recipe_no_faster_and_what_is_not_counted_has_no_figure(train: Train) -> None:
    train("clm-seed0")
    train("free-seed0", ahead=2, prepared=0.0)
    train("dear-seed0", ahead=2, prepared=4.8e14)
    train("silent-seed0", ahead=2, prepared=None)
    found = compare(["demo"], CompareConfig(baseline="clm"))
    charged = {name: curve(found, f"{name}-seed0").get("speed-up with the bill to 1.7") for name in ("free", "dear")}
    assert {name: one and one.value for name, one in charged.items()} == pytest.approx({"free": 2.0, "dear": 4.8 / 7.2})
    assert curve(found, "silent-seed0")["speed-up to 1.7"].value == pytest.approx(2.0)
    assert "speed-up with the bill to 1.7" not in curve(found, "silent-seed0")


def test_what_is_not_reached_by_every_seed_has_no_number(train: Train) -> None:
    for seed, ahead in enumerate((2, 2, 0.5)):
        train(f"clm-seed{seed}")
        train(f"slm-seed{seed}", 2.0, ahead)
    found = compare(["demo"], CompareConfig(baseline="clm"))
    over = curve(found, "slm (3 seeds)")
    for name in ("speed-up to where clm ends", "speed-up with the bill to where clm ends"):
        assert over[name].value is None and over[name].method == "not reached in 1 of 3 seeds"
    assert "not reached" in curve(found, "slm-seed2")["speed-up to 1.7"].method


def test_what_is_passed_before_the_first_point_is_told_from_what_is_never_reached(train: Train) -> None:
    train("clm-seed0")
    train("started-seed0", 1.5)
    [speed] = [
        one
        for name, one in curve(compare(["demo"], CompareConfig(baseline="clm")), "started-seed0").items()
        if "up to" in name
    ]
    assert speed.value is None and speed.method.startswith("past it at its first point")


def test_two_seeds_are_compared_problem_by_problem_and_have_no_interval(train: Train) -> None:
    for seed, level in enumerate(LEVELS[:2]):
        train(f"clm-seed{seed}", level)
        train(f"slm-seed{seed}", level, 2)
    shown = rows(compare(["demo"], CompareConfig(baseline="clm")))
    slm = shown["slm (2 seeds)"]
    assert slm.figure is not None and (slm.figure.low, slm.figure.method) == (None, "mean of 2 seeds")
    assert slm.difference is not None and slm.difference.n == 5
    assert slm.difference.method == "jackknife over documents, of these training runs"


def test_other_seeds_are_compared_by_welchs_t_and_have_no_speed_up(train: Train) -> None:
    for seed, level in enumerate(LEVELS):
        train(f"clm-seed{seed}", level)
        train(f"slm-seed{seed + 5}", level, 2)
    found = compare(["demo"], CompareConfig(baseline="clm"))
    slm = rows(found)["slm (3 seeds)"]
    assert slm.difference is not None and slm.difference.method == "Welch t over 3 and 3 runs"
    assert not any("speed-up" in name for name in curve(found, "slm (3 seeds)"))
    [reason] = {one.reason for one in found.contests[0].results if one.run.startswith("slm")}
    assert reason == "the baseline has no run of its seed"


@pytest.mark.usefixtures("recipes")
def test_one_seed_is_the_baseline_alone_where_it_is_named(train: Train) -> None:
    train("lone", 1.9)
    found = compare(["demo"], CompareConfig(baseline="demo/clm-seed0"))
    assert [arm.label for arm in found.arms] == ["clm-seed0", "clm (2 seeds)", "lone", "slm (3 seeds)"]
    slm = rows(found)["slm (3 seeds)"]
    assert slm.difference is not None and slm.difference.value == pytest.approx(-0.4 / 3)
    assert slm.difference.method == "jackknife over documents, of these training runs"
    one = compare(["demo/slm-seed1"], CompareConfig(baseline="demo/clm-seed1"))
    assert one.arms == () and [side.label for side in one.runs] == ["clm-seed1", "slm-seed1"]
    [difference] = [result.difference for result in one.contests[0].results if result.difference]
    assert difference.value == pytest.approx(-0.2) and difference.method == "jackknife over documents"
    assert curve(one, "slm-seed1")["speed-up to 1.73"].value == pytest.approx(4.0), (
        "the baseline brings its curve along"
    )


@pytest.mark.usefixtures("recipes")
def test_a_training_run_a_directory_of_them_a_pattern_and_a_recipe_mean_held_out_losses() -> None:
    one = [f"demo/slm-seed0/heldout/slm-seed0-checkpoint-{step}" for step in STEPS]
    assert sorted(map(str, meant("demo/slm-seed0"))) == one
    assert len(meant("demo")) == 6 * len(STEPS) and len(meant("demo/slm-*")) == 3 * len(STEPS)
    assert meant("demo/slm") == meant("demo/slm-seed*")
    (Path(one[-1]) / "run.json").unlink()
    assert str(existing("demo/slm-seed0")) == sorted(one[:-1])[-1], "the last that is complete"
    with pytest.raises(ConfigError, match="there is no run folder or accepted baseline demo/slim; did you mean"):
        meant("demo/slim")


def test_one_seed_twice_the_same_weights_and_other_folders_are_no_seeds(train: Train) -> None:
    train("clm-seed0")
    train("clm-seed1")
    shutil.copytree("demo", "copy")
    found = compare(["demo", "copy/clm-seed0"])
    assert found.arms == () and len(found.runs) == 3
    for seed in range(2):
        train(f"clm-seed{seed}", out="other")
    labels = [arm.label for arm in compare(["demo", "other"]).arms]
    assert len(labels) == 2 and all(label.endswith("/clm (2 seeds)") for label in labels)
    train("slm-seed0")
    with pytest.raises(ConfigError, match="clm means 4 runs that are no seeds of one recipe"):
        compare(["demo", "other"], CompareConfig(baseline="clm"))


@pytest.mark.usefixtures("recipes")
def test_a_recipe_can_be_called_something_else_and_figures_chosen() -> None:
    found = compare(["demo"], CompareConfig(baseline="clm", figures=("bits per byte",)), {"slm": "Rho-1 SLM"})
    assert (
        [contest.figure for contest in found.over_seeds] == ["bits per byte"] == [one.figure for one in found.contests]
    )
    shown = rows(found)
    assert [*shown] == ["clm (3 seeds)", "Rho-1 SLM (3 seeds)"]
    assert shown["Rho-1 SLM (3 seeds)"].p == pytest.approx(1 - 4 / math.sqrt(18)), "one difference, so no correction"
    with pytest.raises(ConfigError, match="no run has the figure 'bits per bite'; did you mean bits per byte"):
        compare(["demo"], CompareConfig(figures=("bits per bite",)))
    with pytest.raises(ConfigError, match="label for 'slim', which is no run of this table; did you mean slm"):
        compare(["demo"], labels={"slim": "Rho-1"})


@pytest.mark.usefixtures("recipes")
def test_the_table_has_a_row_a_recipe_and_with_seeds_a_row_a_run() -> None:
    found = compare(["demo"], CompareConfig(baseline="clm", figures=("bits per byte",)))
    table = comparison_table(found, "wide")
    assert table.title == "Comparison of a recipe with clm (3 seeds)"
    titles = [column.title for column in table.columns]
    assert titles == [
        "run", "loss, bits per byte", "difference", "AUC over log-tokens", "speed-up",
        "speed-up with the bill", "k tokens forwarded", "k tokens in loss", "train TFLOP", "prepare TFLOP",
        "train s", "prepare s",
    ]  # fmt: skip
    texts = [[cell.text for cell in row.cells] for row in table.rows]
    assert [row[6:] for row in texts] == [
        ["80.00", "40.00", "480.0", "0", "160.0", "30.0"], ["80.00", "40.00", "480.0", "120.0", "160.0", "30.0"]
    ]  # fmt: skip
    assert texts[0][1:3] == ["1.700 [1.625, 1.775]", "baseline"]
    assert texts[1][4] == "2.667 [-0.202, 5.535]"
    for part in (
        "Rows of several seeds: means over seeds 0, 1, 2, of the bill too; n counts seeds.",
        "Values: n 3, t over seeds 95 %.",
        "Differences: paired t over 3 seeds.",
        "than clm (3 seeds) of the same seed it takes to come to where that ends (loss, bits per byte: 1.7, 1.73,",
    ):
        assert any(part in note for note in table.notes), part
    each = comparison_table(found, seeds=True)
    assert [row.cells[2].text for row in each.rows] == [
        "clm (3 seeds)", "clm-seed0", "clm-seed1", "clm-seed2", "slm (3 seeds)", "slm-seed0", "slm-seed1", "slm-seed2",
    ]  # fmt: skip
    assert [row.level for row in each.rows] == [0, 1, 1, 1] * 2
    assert [row.cells[5].text for row in each.rows[:4]] == ["baseline"] * 4
    assert any("less the baseline's of the same seed, problem by problem" in note for note in each.notes)


@pytest.mark.usefixtures("recipes")
def test_a_report_of_training_runs_has_the_curve_over_their_seeds() -> None:
    made = page(["demo"], ReportConfig(baseline="demo/clm-seed0"))
    over = [one for one in made.curves if one.series == "slm (3 seeds)" and one.figure == "bits per byte"]
    assert len(over) == 1 and not over[0].points
    assert len(made.labels) == 6 and made.found.baseline == made.labels[0] == "clm-seed0"


@pytest.mark.usefixtures("recipes")
def test_an_accepted_baseline_stands_beside_recipes() -> None:
    BASELINES.mkdir(parents=True)
    text = baseline_text("release", [read_side(existing("demo/clm-seed0"))])
    (BASELINES / "release.json").write_text(text)
    found = compare(["demo", "release"], CompareConfig(baseline="clm"))
    assert [arm.label for arm in found.arms] == ["clm (3 seeds)", "slm (3 seeds)", "release"]
    against = rows(compare(["demo/slm"], CompareConfig(baseline="release")))["slm (3 seeds)"]
    assert against.difference is not None and against.difference.value == pytest.approx(-0.4 / 3)


@pytest.mark.usefixtures("recipes")
def test_a_baseline_that_lacks_answers_is_refused() -> None:
    for file in Path("demo").glob("clm-seed*/heldout/*/run.json"):
        file.unlink()
    with pytest.raises(RunIncomplete):
        compare(["demo"], CompareConfig(baseline="demo/clm"))
