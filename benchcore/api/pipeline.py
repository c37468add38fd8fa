"""A recipe of a clean corpus: the stages from sources to what is trained on, by one file."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchcore.api import curation
from benchcore.checkpoint import billed
from benchcore.config import TrainConfig
from benchcore.config.curation import (
    CurationConfig,
    DecontaminateConfig,
    DedupConfig,
    FilterConfig,
    FunctionsConfig,
    LabelConfig,
)
from benchcore.curation.manifest import Manifest
from benchcore.curation.stage import Pace, Watch
from benchcore.errors import ConfigError, nearest
from benchcore.report.curation import Passed

TRAIN = "train"
STAGE = "stages."  # before the name of a stage whose rows or checkpoint are meant
KEYS = ("title", "out", "stages")
Make = Callable[[Sequence[str], Any, Watch], Manifest]
COMMANDS: Mapping[str, tuple[Make, type[CurationConfig]]] = {
    "functions": (curation.functions, FunctionsConfig),
    "dedup": (curation.dedup, DedupConfig),
    "label": (curation.label, LabelConfig),
    "filter": (curation.keep_good, FilterConfig),
    "decontaminate": (curation.decontaminate, DecontaminateConfig),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One command with its settings; `sources` are what it reads, `place` where what it makes goes."""

    name: str
    command: str
    sources: tuple[str, ...]
    settings: Mapping[str, Any]
    place: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """What a recipe file says: stages in the order in which they run."""

    title: str
    stages: tuple[Stage, ...]


def read_pipeline(file: Path) -> Pipeline:
    """The recipe in a TOML file. Raises `ConfigError` for what cannot be meant.

    Each stage reads what the last one before it wrote, unless `sources` say otherwise. `stages.NAME` in a setting
    stands for the rows of a stage, or for the model that it trained.
    """
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the recipe {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from error
    _check_keys(found, KEYS, str(file))
    out, asked = Path(found.get("out", f"data/{file.stem}")), found.get("stages", {})
    if not asked or not all(isinstance(one, dict) for one in asked.values()):
        raise ConfigError(f"{file} has no stages", "write a table [stages.NAME] for each")
    places: dict[str, Path] = {}
    stages: list[Stage] = []
    for name, given in asked.items():
        stages.append(_stage(name, given, out, places, stages))
        places[name] = stages[-1].place
        _config(stages[-1])  # what cannot be meant is refused before anything runs
    return Pipeline(title=str(found.get("title", file.stem)), stages=tuple(stages))


def run(pipeline: Pipeline, watch: Watch) -> list[Passed]:
    """Run the stages that are not finished; the same call goes on where an earlier one stopped."""
    return [_passed(stage, watch) for stage in pipeline.stages]


def _passed(stage: Stage, watch: Watch) -> Passed:
    config = _config(stage)
    stage.place.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(config, TrainConfig):
        from benchcore.api.training import train

        made = train("clm", config, watch=lambda one: watch(Pace(doing=f"{one.doing}, step {one.step:,}")))
        return Passed(name=stage.name, command=stage.command, bill=billed(made.checkpoint))
    found = COMMANDS[stage.command][0](stage.sources, config, watch)
    tally = found.tally
    return Passed(
        name=stage.name, command=stage.command, kept=tally.kept, dropped=tally.dropped, documents=tally.documents,
        bytes=tally.bytes, seconds=tally.seconds, figures=found.figures,
    )  # fmt: skip


def _stage(name: str, given: Mapping[str, Any], out: Path, places: Mapping[str, Path], before: list[Stage]) -> Stage:
    settings = {key: _resolved(value, places) for key, value in given.items()}
    command = settings.pop("command", name)
    if command not in (*COMMANDS, TRAIN):
        raise ConfigError(f"the stage {name} has the unknown command {command!r}", nearest(command, (*COMMANDS, TRAIN)))
    rows = [one.place for one in before if one.command != TRAIN]
    sources = settings.pop("sources", [str(rows[-1])] if rows else [])
    sources = (sources,) if isinstance(sources, str) else tuple(sources)
    if not sources:
        raise ConfigError(f"the stage {name} has nothing to read", "give sources")
    place = out / (name if command == TRAIN else f"{name}.jsonl")
    return Stage(name=name, command=command, sources=sources, settings=settings, place=place)


def _config(stage: Stage) -> Any:
    """The settings of a stage as its command takes them."""
    kind = TrainConfig if stage.command == TRAIN else COMMANDS[stage.command][1]
    where = f"the stage {stage.name}"
    _check_keys(stage.settings, [one.name for one in fields(kind) if one.name != "out"], where)
    for one in fields(kind):
        if is_dataclass(one.default) and one.name in stage.settings:
            raise ConfigError(f"{where} has settings of a method", "its model is trained plainly")
    several = {one.name for one in fields(kind) if isinstance(one.default, tuple)}
    settings: dict[str, Any] = {"out": str(stage.place)}
    for name, value in stage.settings.items():
        settings[name] = [value] if name in several and isinstance(value, str) else value
    if stage.command == TRAIN:
        settings["data"] = list(stage.sources)
    try:
        return msgspec.convert(settings, kind, dec_hook=lambda wanted, value: wanted(value))  # a text is a path
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {error}") from error


def _resolved(value: Any, places: Mapping[str, Path]) -> Any:
    if isinstance(value, list):
        return [_resolved(one, places) for one in value]
    if not isinstance(value, str) or not value.startswith(STAGE):
        return value
    name = value.removeprefix(STAGE)
    if name not in places:
        raise ConfigError(f"there is no stage {name!r} before that", nearest(name, places))
    return str(places[name])


def _check_keys(found: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for key in found:
        if key not in known:
            raise ConfigError(f"{where} has the unknown key {key!r}", nearest(key, known))
