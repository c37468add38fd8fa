"""Where a training run's progress is sent: always to log.jsonl, and to the loggers that were asked for.

A package adds one under the entry point group "benchcore.loggers": a function of the run's folder and settings that
returns a `Logger`.
"""

import importlib
import importlib.metadata
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from benchcore.config import TrainConfig
from benchcore.errors import ConfigError, MissingExtra, nearest
from benchcore.store import replace_file

FILE = "log.jsonl"
ENTRY_POINTS = "benchcore.loggers"


class Logger(AbstractContextManager["Logger"], Protocol):
    """Takes numbers by name, step after step, until it is left."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Note what `values` were after `step` steps."""
        ...


def open_loggers(run: Path, config: TrainConfig, step: int) -> Iterator[Logger]:
    """log.jsonl and those that `config` names, of a run that goes on after `step` steps; not yet entered.

    Raises `ConfigError` for a name that nothing has and `MissingExtra` where its package is not installed.
    """
    yield Lines(run / FILE, step)
    for name in config.loggers:
        yield _known()[name](run, config)


def check_loggers(names: tuple[str, ...]) -> None:
    """Raise `ConfigError` for names that nothing has."""
    known = _known()
    for name in names:
        if name not in known:
            raise ConfigError(f"there is no logger {name!r}", nearest(name, known))


class Lines:
    """A file with a JSON line a report; what stands there of later steps is from a run that was cut off."""

    def __init__(self, path: Path, step: int) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
        kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
        replace_file(path, "".join(kept).encode())

    def __enter__(self) -> "Lines":
        self._stream = self._path.open("a", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Add a line."""
        print(json.dumps({"step": step, **values}), file=self._stream, flush=True)


class TensorBoard:
    """Event files in the run's folder."""

    def __init__(self, run: Path, config: TrainConfig) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise MissingExtra("tensorboard", "the logger tensorboard", "pip install tensorboard") from error
        self._writer: Any = SummaryWriter(str(run / "tensorboard"))

    def __enter__(self) -> "TensorBoard":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each curve."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)


class Tracker:
    """A run of wandb, or of trackio, which has the same functions."""

    def __init__(self, package: str, run: Path, config: TrainConfig) -> None:
        try:
            self._package = importlib.import_module(package)
        except ImportError as error:
            raise MissingExtra(package, f"the logger {package}", f"pip install {package}") from error
        self._run = run
        self._settings = {name: str(value) for name, value in asdict(config).items()}

    def __enter__(self) -> "Tracker":
        self._package.init(project="benchcore", name=self._run.name, config=self._settings)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._package.finish()

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Send the values."""
        self._package.log(dict(values), step=step)


def _known() -> dict[str, Callable[[Path, TrainConfig], Logger]]:
    found: dict[str, Callable[[Path, TrainConfig], Logger]] = {
        "tensorboard": TensorBoard,
        "trackio": partial(Tracker, "trackio"),
        "wandb": partial(Tracker, "wandb"),
    }
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
        found.setdefault(entry.name, partial(_from_entry, entry))
    return found


def _from_entry(entry: importlib.metadata.EntryPoint, run: Path, config: TrainConfig) -> Logger:
    made: Logger = entry.load()(run, config)
    return made
