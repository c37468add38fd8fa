"""Which run folders are meant by a name, a directory or a pattern, and which series they belong to."""

from collections import Counter
from collections.abc import Iterable
from glob import glob
from pathlib import Path

from benchcore.comparison.sides import BASELINES, named
from benchcore.errors import ConfigError, nearest
from benchcore.records import RunRecord
from benchcore.store import read_record, run_folders

Series = tuple[str, str]
"""A series by its name and the folder of its checkpoints: two trainings may have a folder of one name."""


def meant(run: str) -> list[Path]:
    """The run folders or the baseline file that `run` means. Raises `ConfigError` where it means none."""
    path = named(run)
    if path.is_dir() and not (path / "config.toml").is_file():
        if not (folders := list(run_folders(path))):
            raise ConfigError(f"{path} is no run folder and holds none", "give the --out of an evaluation")
        return folders
    if not path.exists():
        found = sorted(Path(one) for one in glob(str(path)))
        if folders := [one for one in found if (one / "config.toml").is_file()]:
            return folders
    return [existing(run)]


def existing(run: str) -> Path:
    """The path that `run` names. Raises `ConfigError` with the names nearest to it where there is nothing."""
    path = named(run)
    if not path.exists():
        near = [*path.parent.glob("*/config.toml"), *BASELINES.glob("*.json")]
        names = [str(one.parent) if one.name == "config.toml" else one.stem for one in near]
        raise ConfigError(f"there is no run folder or accepted baseline {run}", nearest(run, names))
    return path


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
    return all((other.step or 0) <= (record.step or 0) for other in records if series_of(other) == series)


def curve_names(records: Iterable[RunRecord]) -> dict[Series | None, str]:
    """What each series is called: its name, with its folder where two have the same."""
    every = {series for record in records if (series := series_of(record))}
    count = Counter(name for name, _ in every)
    return {(name, folder): name if count[name] == 1 else f"{name} ({folder})" for name, folder in every}
