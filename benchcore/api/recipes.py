"""A recipe file: several ways to train, each with several seeds, trained in the order in which they need each other."""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import msgspec

from benchcore.api.training import Trained, Watch, train
from benchcore.config import TrainConfig
from benchcore.errors import ConfigError, nearest
from benchcore.report.published import read_published
from benchcore.report.table import Table

KEYS = ("title", "baseline", "figures", "published", "seeds", "out", "all", "arms")
ARM = "arms."  # before the name of an arm whose last checkpoint is meant


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One training run of a recipe: `arm` with `seed`, and what makes it; `needs` are the runs that come before it."""

    arm: str
    seed: int
    method: str
    config: TrainConfig
    needs: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeFile:
    """What a recipe file says: `arms` are name -> settings, each with those of `all` beneath them.

    `published` are tables of papers that are shown after the recipe's own.
    """

    title: str
    baseline: str | None
    figures: tuple[str, ...]
    published: tuple[Table, ...]
    seeds: tuple[int, ...]
    out: Path
    arms: Mapping[str, Mapping[str, Any]]

    def folder(self, arm: str, seed: int) -> Path:
        """Where an arm is trained."""
        return self.out / f"{arm}-seed{seed}"

    def jobs(self, arms: Sequence[str] = (), seeds: Sequence[int] = ()) -> list[Job]:
        """The runs of `arms` with `seeds`, all where none are named, and before each those that it needs.

        Raises `ConfigError` for unknown arms, for settings that cannot be meant, and for arms that need each other.
        """
        for name in arms:
            self._check(name)
        wanted = [(arm, seed) for seed in seeds or self.seeds for arm in arms or self.arms]
        made: dict[Path, Job] = {}
        for arm, seed in wanted:
            self._add(arm, seed, made, ())
        return list(made.values())

    def _add(self, arm: str, seed: int, made: dict[Path, Job], above: tuple[str, ...]) -> None:
        folder = self.folder(arm, seed)
        if folder in made:
            return
        if arm in above:
            raise ConfigError(f"the arms {', '.join((*above, arm))} need each other")
        settings = _resolved(self.arms[arm], seed, lambda name: str(self.folder(self._check(name), seed)))
        method = settings.pop("method", "clm")
        needed = list(_named(self.arms[arm]))
        for name in needed:
            self._add(name, seed, made, (*above, arm))
        config = replace(_config(settings, f"the arm {arm}"), seed=seed, out=folder)
        needs = tuple(self.folder(name, seed) for name in needed)
        made[folder] = Job(arm=arm, seed=seed, method=method, config=config, needs=needs)

    def _check(self, name: str) -> str:
        if name not in self.arms:
            raise ConfigError(f"the recipe has no arm {name!r}", nearest(name, self.arms))
        return name


def read_recipe(path: Path, out: Path | None = None) -> RecipeFile:
    """The recipe in a TOML file, trained in `out` where that is given. Raises `ConfigError` for what cannot be meant.

    Corpora, checkpoints and files of published figures in it are looked for from the current folder.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"there is no recipe file {path}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    for key in found:
        if key not in KEYS:
            raise ConfigError(f"{path} has the unknown key {key!r}", nearest(key, KEYS))
    shared, arms = found.get("all", {}), found.get("arms", {})
    if not isinstance(shared, dict) or not arms or not all(isinstance(arm, dict) for arm in arms.values()):
        raise ConfigError(f"{path} has no arms", "write a table [arms.NAME] for each way to train")
    for arm in arms:
        if not arm.replace("-", "").replace("_", "").isalnum():
            raise ConfigError(f"{path}: the arm {arm!r} cannot be the name of a folder", "take letters and digits")
    seeds = found.get("seeds", [0])
    if not isinstance(seeds, list) or not seeds or not all(type(seed) is int for seed in seeds):
        raise ConfigError(f"{path}: seeds must be a list of whole numbers, such as [0, 1, 2]")
    # bits per byte compare whatever the tokenizers are
    listed = {key: found.get(key, usual) for key, usual in (("figures", ["bits per byte"]), ("published", []))}
    for key, value in listed.items():
        listed[key] = [value] if isinstance(value, str) else value
        if not isinstance(listed[key], list) or not all(isinstance(one, str) for one in listed[key]):
            raise ConfigError(f"{path}: {key} must be a text or a list of texts")
    recipe = RecipeFile(
        title=str(found.get("title", path.stem)),
        baseline=found.get("baseline"),
        figures=tuple(listed["figures"]),
        published=tuple(table for file in listed["published"] for table in read_published(Path(file))),
        seeds=tuple(seeds),
        out=out or Path(found.get("out", f"runs/{path.stem}")),
        arms={name: _merged(shared, arm) for name, arm in arms.items()},
    )
    if recipe.baseline is not None and recipe.baseline not in recipe.arms:
        raise ConfigError(f"{path}: the baseline {recipe.baseline!r} is no arm", nearest(recipe.baseline, recipe.arms))
    recipe.jobs()
    return recipe


def run(
    recipe: RecipeFile, arms: Sequence[str] = (), seeds: Sequence[int] = (), *, watch: Watch = lambda progress: None
) -> list[Trained]:
    """Train `arms` with `seeds`, all where none are named, and what they need; what is finished is only read."""
    return [train(job.method, job.config, watch=watch) for job in recipe.jobs(arms, seeds)]


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = {**under, **over}
    for name, value in both.items():
        if isinstance(value, dict) and isinstance(under.get(name), dict):
            both[name] = {**under[name], **value}
    return both


def _named(settings: Mapping[str, Any]) -> Iterator[str]:
    """The arms whose checkpoints `settings` name."""
    for value in settings.values():
        if isinstance(value, dict):
            yield from _named(value)
        elif isinstance(value, str) and value.startswith(ARM):
            yield value.removeprefix(ARM)


def _resolved(settings: Mapping[str, Any], seed: int, place: Callable[[str], str]) -> dict[str, Any]:
    """`settings` with folders where arms are named, and the seed in place of {seed}."""
    return {name: _value(value, seed, place) for name, value in settings.items()}


def _value(value: Any, seed: int, place: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return _resolved(value, seed, place)
    if isinstance(value, list):
        return [_value(one, seed, place) for one in value]
    if not isinstance(value, str):
        return value
    return place(value.removeprefix(ARM)) if value.startswith(ARM) else value.replace("{seed}", str(seed))


def _config(settings: Mapping[str, Any], where: str) -> TrainConfig:
    _check_keys(settings, TrainConfig, where)
    listed = {
        name: [value] if name in ("data", "tokenizer_data", "loggers") and isinstance(value, str) else value
        for name, value in settings.items()
    }
    try:
        return msgspec.convert(listed, TrainConfig)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {error}") from error


def _check_keys(settings: Mapping[str, Any], kind: Any, where: str) -> None:
    known = {one.name: one for one in fields(kind)}
    for name, value in settings.items():
        if name in ("out", "seed"):
            raise ConfigError(f"{where} has the setting {name!r}", "a recipe has `out` and `seeds` at its top")
        if name not in known:
            raise ConfigError(f"{where} has the unknown setting {name!r}", nearest(name, known))
        inner = type(known[name].default)
        if isinstance(value, dict) and hasattr(inner, "__dataclass_fields__"):
            _check_keys(value, inner, f"{where}, {name}")
