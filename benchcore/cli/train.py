"""`benchcore train`: a method or a recipe file -> checkpoints, and held-out losses on the way."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from benchcore.cli.output import ProgressLine, only_results, print_json, show_table, tell
from benchcore.config import CompareConfig, TrainConfig, in_words, split_names
from benchcore.errors import ConfigError

if TYPE_CHECKING:
    from benchcore.api.training import TrainProgress


def train(
    what: str,
    /,
    *,
    config: Annotated[TrainConfig | None, Parameter(name="*")] = None,
    arms: tuple[str, ...] = (),
    seeds: tuple[str, ...] = (),
    json: bool = False,
) -> int:
    """Train a model, or every arm of a recipe; running the same command again goes on where it stopped.

    Parameters
    ----------
    what
        A method (clm, slm, mixture, curriculum, skillit, pds, phi), or a recipe file whose name ends with .toml.
    arms
        Of a recipe only these arms, separated by commas, and those that they need.
    seeds
        Of a recipe only these seeds, separated by commas.
    json
        Print one JSON document instead of a table.
    """
    if what.endswith(".toml"):
        return _recipe(Path(what), config, split_names(arms), _numbers(seeds), json=json)
    if arms or seeds:
        raise ConfigError(f"{what} is no recipe file, which alone has arms and seeds", "use --seed N")
    from benchcore.api.training import train as train_one
    from benchcore.report.curves import trends

    with only_results() as results:
        with _progress() as progress:
            trained = train_one(what, config or TrainConfig(), watch=progress)
        if not _first():
            return 0
        if json:
            print_json(trained, results)
        else:
            if (table := trends(trained.records)) is not None:
                show_table(table, results)
    tell(f"benchcore: the last checkpoint is {trained.checkpoint}")
    return 0


def _recipe(file: Path, config: TrainConfig | None, arms: Sequence[str], seeds: Sequence[int], *, json: bool) -> int:
    from benchcore.api.comparing import compare
    from benchcore.api.recipes import read_recipe, run
    from benchcore.report.comparison import comparison_table

    if config is not None and config != TrainConfig(out=config.out):
        raise ConfigError("a recipe file has its settings in itself", "write them there; only --out goes with it")
    recipe = read_recipe(file, None if config is None else config.out)
    with only_results() as results:
        with _progress() as progress:
            made = run(recipe, arms, seeds, watch=progress)
        if not _first():
            return 0
        if json:
            print_json(made, results)
        elif compared := [str(one.run) for one in made if one.records]:
            trained = {job.arm for job in recipe.jobs(arms, seeds)}
            baseline = recipe.baseline if recipe.baseline in trained else None
            asked = CompareConfig(baseline=baseline, figures=recipe.figures)
            show_table(comparison_table(compare(compared, asked), "wide", recipe.title), results)
            for table in recipe.published:
                print(file=results)
                show_table(table, results)
    return 0


def _numbers(seeds: Sequence[str]) -> list[int]:
    names = split_names(seeds)
    if wrong := [name for name in names if not name.isdecimal()]:
        raise ConfigError(f"a seed is a whole number, unlike {wrong[0]!r}", "such as --seeds 0,1,2")
    return [int(name) for name in names]


def _first() -> bool:
    """Whether this process is the only one, or the first of those that train together."""
    return os.environ.get("RANK", "0") == "0"


def _progress() -> "ProgressLine[TrainProgress]":
    # a doing may end with how far it is
    return ProgressLine(describe, lambda progress: f"{progress.run} {progress.doing.partition(':')[0]}")


def describe(progress: "TrainProgress") -> str:
    """`clm-seed0: training 120/450 steps, loss 3.21, 8,400 tokens/s, 45 s left`."""
    if progress.loss is None:
        return f"{progress.run}: {progress.doing}"
    parts = [
        f"{progress.run}: {progress.doing} {progress.step:,}/{progress.steps:,} steps",
        f"loss {progress.loss:.3f}",
    ]
    if progress.tokens_per_second and progress.seconds_left is not None:
        parts += [f"{progress.tokens_per_second:,.0f} tokens/s", f"{in_words(progress.seconds_left)} left"]
    return ", ".join(parts)
