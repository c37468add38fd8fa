"""Searches for the policy that learns fastest, on problems small enough for it: the oracle of the Learning Law."""

import inspect
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import torch

from benchcore.config import split_names
from benchcore.errors import ConfigError, nearest
from benchcore.journal import trouble
from benchcore.records import digest
from benchcore.report.law import Searched
from benchcore.store import replace_file
from benchcore.trainers.learning_law.measures import Measures, compare
from benchcore.trainers.learning_law.perceptron import teacher_and_student
from benchcore.trainers.learning_law.policy import Euclidean, Exponentiated, Update, search
from benchcore.trainers.learning_law.problem import Problem
from benchcore.trainers.learning_law.scaling import scaling_laws
from benchcore.trainers.learning_law.transformer import spoilt_stories
from benchcore.trainers.ledger import Spent

T = TypeVar("T")

VERSION = 1  # of results; they are made again where it has changed
PROBLEMS: Mapping[str, Callable[..., Problem]] = {"perceptron": teacher_and_student, "stories": spoilt_stories}
UPDATES: Mapping[str, Callable[..., Update]] = {"exponentiated": Exponentiated, "euclidean": Euclidean}
KEYS = ("title", "seeds", "out", "published", "problem", "searches")


@dataclass(frozen=True, slots=True, kw_only=True)
class LawRecipe:
    """What a recipe file says: a problem with its settings, and searches, name -> settings."""

    title: str
    seeds: tuple[int, ...]
    out: Path
    published: tuple[str, ...]
    kind: str
    settings: Mapping[str, Any]
    searches: Mapping[str, Mapping[str, Any]]

    def problem(self, seed: int) -> Problem:
        """The problem of a seed."""
        return PROBLEMS[self.kind](seed=seed, **self.settings)


def read_law_recipe(file: Path) -> LawRecipe:
    """The recipe in a TOML file. Raises `ConfigError` for what cannot be meant."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the recipe {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from error
    _check_keys(found, KEYS, str(file))
    asked, searches = dict(found.get("problem", {})), found.get("searches", {})
    kind = asked.pop("kind", None)
    if kind not in PROBLEMS:
        raise ConfigError(f"{file}: there is no problem of kind {kind!r}", nearest(str(kind), PROBLEMS))
    _check_keys(asked, _parameters(PROBLEMS[kind]) - {"seed"}, f"{file}, problem")
    if not searches:
        raise ConfigError(f"{file} has no searches", "write a table [searches.NAME] for each")
    for name, one in searches.items():
        update = one.get("update")
        if update not in UPDATES:
            raise ConfigError(f"{file}, {name}: there is no update {update!r}", nearest(str(update), UPDATES))
        _check_keys(one, {"update", "epochs", *_parameters(UPDATES[update])}, f"{file}, {name}")
        if type(one.get("epochs")) is not int or one["epochs"] < 1:
            raise ConfigError(f"{file}, {name}: epochs must be a whole number from 1 on")
    seeds = found.get("seeds", [0])
    if not isinstance(seeds, list) or not seeds or not all(type(seed) is int for seed in seeds):
        raise ConfigError(f"{file}: seeds must be a list of whole numbers, such as [0, 1, 2]")
    published = found.get("published", [])
    return LawRecipe(
        title=str(found.get("title", file.stem)),
        seeds=tuple(seeds),
        out=Path(found.get("out", f"runs/{file.stem}")),
        published=split_names([published] if isinstance(published, str) else published),
        kind=kind,
        settings=asked,
        searches=searches,
    )


def law(recipe: LawRecipe, *, watch: Callable[[str], None] = lambda doing: None) -> list[Searched]:
    """Every search with every seed; what its folder has already is only read.

    Raises `MachineError` when the disk refuses.
    """
    torch.set_num_threads(1)  # the products are small, and the same sums come in the same order
    found = []
    for name, asked in recipe.searches.items():
        for seed in recipe.seeds:
            file = recipe.out / f"{name}-seed{seed}.json"
            known = digest(VERSION, recipe.kind, dict(recipe.settings), dict(asked), seed)
            stored = _read(file, known)
            if stored is None:
                stored = _searched(recipe.problem(seed), name, asked, seed, watch)
                with trouble(recipe.out):
                    recipe.out.mkdir(parents=True, exist_ok=True)
                    replace_file(file, msgspec.json.encode({"of": known, **msgspec.structs.asdict(stored)}) + b"\n")
            found.append(stored)
    return found


def _searched(
    problem: Problem, name: str, asked: Mapping[str, Any], seed: int, watch: Callable[[str], None]
) -> Searched:
    settings = {key: value for key, value in asked.items() if key not in ("update", "epochs")}
    spent = Spent()
    found = search(
        problem,
        UPDATES[asked["update"]](**settings),
        epochs=asked["epochs"],
        spent=spent,
        watch=lambda epoch, objective: watch(f"{name}, seed {seed}: epoch {epoch}, objective {objective:.4g}"),
    )
    measured = compare(problem, found.policy)
    laws = _laws(measured)
    sides = (measured.uniform, measured.policy)
    return Searched(
        search=name,
        seed=seed,
        acceleration=measured.acceleration,
        area=measured.auc_ratio,
        losses=_both(side.losses[-1] for side in sides),
        compression=_both(side.compression for side in sides),
        similarity=_both(side.law.similarity for side in sides),
        idle_dropped=measured.policy.law.idle_dropped,
        useful_dropped=measured.policy.law.useful_dropped,
        scale=laws and laws[0],
        exponent=laws and laws[1],
        control_acceleration=measured.control_acceleration,
        control_area=measured.control_auc_ratio,
        objective=(found.objectives[0], found.objectives[-1]),
        training_flops=problem.steps * len(problem.train) * problem.learner.cost.gradient,
        search_flops=spent.flops,
        seconds=spent.seconds,
    )


def _laws(measured: Measures) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """B and beta of both curves, with one L0; None where they follow no law."""
    try:
        slow, fast = scaling_laws([measured.uniform.losses, measured.policy.losses]).laws
    except ValueError:
        return None
    return (slow.B, fast.B), (slow.beta, fast.beta)


def _both(values: Iterable[T]) -> tuple[T, T]:
    one, other = values
    return one, other


def _read(file: Path, known: str) -> Searched | None:
    try:
        found = msgspec.json.decode(file.read_bytes())
        if found.pop("of") != known:
            return None
        return msgspec.convert(found, Searched)
    except (OSError, KeyError, AttributeError, msgspec.MsgspecError):
        return None


def _parameters(made: Callable[..., Any]) -> set[str]:
    return set(inspect.signature(made).parameters)


def _check_keys(found: Mapping[str, Any], known: Sequence[str] | set[str], where: str) -> None:
    for key in found:
        if key not in known:
            raise ConfigError(f"{where} has the unknown key {key!r}", nearest(key, known))
