"""Which run folders are meant by a name, a directory or a pattern, and which series they belong to."""

from collections import Counter
from collections.abc import Iterable
from glob import glob
from pathlib import Path

import msgspec

from benchcore.api.series import recipe_of
from benchcore.comparison.sides import BASELINES, named
from benchcore.errors import ConfigError, nearest
from benchcore.records import Contributions, RunRecord
from benchcore.store import read_record, run_folders

HELDOUT = "heldout"  # the folder of a training run that holds the run folders of its held-out losses
CONTRIBUTIONS = "contributions.json"  # what benchcore law contributions leaves in a training run

Series = tuple[str, str]
"""A series by its name and the folder of its checkpoints: two trainings may have a folder of one name."""


def meant(run: str) -> list[Path]:
    """The run folders or the baseline file that `run` means. Raises `ConfigError` where it means none.

    A training run means the run folders of its held-out losses, a directory those of the training runs in it too, and
    the name of a recipe, such as runs/slm beside runs/slm-seed0, those of all its seeds.
    """
    path = named(run)
    if path.is_dir() and not _is_run(path):
        if not (folders := [*run_folders(path), *_below(path)]):
            raise ConfigError(
                f"{path} is no run folder and holds none",
                "give the --out of an evaluation, or a training run with held-out texts",
            )
        return folders
    if not path.exists():
        found = sorted(Path(one) for one in glob(str(path)))
        found = found or sorted(one for one in path.parent.glob("*") if recipe_of(one.name) == path.name)
        if folders := [folder for one in found for folder in ([one] if _is_run(one) else run_folders(one / HELDOUT))]:
            return folders
    return [existing(run)]


def existing(run: str) -> Path:
    """The run folder or baseline file that `run` names; of a training run that of its last complete held-out losses.

    Raises `ConfigError` with the names nearest to it where there is nothing.
    """
    path = named(run)
    if not path.exists():
        near = [*path.parent.glob("*/config.toml"), *path.parent.glob(f"*/{HELDOUT}"), *BASELINES.glob("*.json")]
        names = [one.stem if one.suffix == ".json" else str(one.parent) for one in near]
        raise ConfigError(f"there is no run folder or accepted baseline {run}", nearest(run, names))
    points = list(run_folders(path / HELDOUT))
    return next((one for one in reversed(points) if read_record(one)), points[-1]) if points else path


def _is_run(path: Path) -> bool:
    return (path / "config.toml").is_file()


def _below(path: Path) -> Iterable[Path]:
    """The run folders of the training run that `path` is, or of those in it."""
    for place in sorted((path / HELDOUT, *path.glob(f"*/{HELDOUT}"))):
        yield from run_folders(place)


def training_of(folder: Path) -> Path | None:
    """The training run whose held-out losses are in the run folder `folder`, or None where it is of none."""
    return folder.parent.parent if folder.parent.name == HELDOUT else None


def read_contributions(run: Path) -> tuple[Contributions, ...]:
    """What was found of the contributions along a training run, for each held-out set that was asked about."""
    try:
        return msgspec.json.decode((run / CONTRIBUTIONS).read_bytes(), type=tuple[Contributions, ...])
    except FileNotFoundError:
        return ()
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{run / CONTRIBUTIONS} is damaged ({error})", "remove it") from error


def finished(paths: Iterable[Path]) -> tuple[list[Path], tuple[str, ...]]:
    """`paths`, each once, and those among them that are run folders and not complete."""
    once = {path.resolve(): path for path in paths}.values()
    lacking = [path for path in once if (path / "config.toml").is_file() and read_record(path) is None]
    return [path for path in once if path not in lacking], tuple(map(str, lacking))


def series_of(record: RunRecord) -> Series | None:
    """The series that a run is one step of, or None where it is of none."""
    if record.series is None or record.step is None:
        return None
    return record.series, str(Path(record.checkpoint).parent)


def is_last(record: RunRecord | None, records: Iterable[RunRecord]) -> bool:
    """Whether no run of the same series has more steps; of what is no run of a series, True."""
    if record is None or not (series := series_of(record)):
        return True
    same = (other for other in records if other.series == record.series and series_of(other) == series)
    return all((other.step or 0) <= (record.step or 0) for other in same)


def curve_names(records: Iterable[RunRecord]) -> dict[Series | None, str]:
    """What each series is called: its name; where two of a recipe's have the same, the folder of each of them."""
    every = {series for record in records if (series := series_of(record))}
    twice = {recipe_of(name) or name for name, count in Counter(name for name, _ in every).items() if count > 1}
    return {
        (name, folder): _whole(name, folder) if (recipe_of(name) or name) in twice else name for name, folder in every
    }


def _whole(name: str, folder: str) -> str:
    """A series' name with its folder, ending in its seed where it has one."""
    path = Path(folder)
    return folder if path.name == name else f"{path.name} of {path.parent}"
