"""Baselines that live in version control: what a gate defends, moved by hand only."""

import re
from collections.abc import Sequence
from pathlib import Path

from benchcore.comparison.sides import BASELINES, baseline_text, read_side
from benchcore.errors import ConfigError
from benchcore.journal import trouble
from benchcore.store import replace_file

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def accept(runs: Sequence[Path], name: str, *, folder: Path = BASELINES, replace: bool = False) -> Path:
    """Write the results of a complete run, or of repeats of one, as the baseline `name` into `folder`.

    The file holds settings, figures and what each problem came to, but no text. Raises `ConfigError` for a name that
    is no file's, for runs of different checkpoints, and where the baseline exists and `replace` does not say so;
    `RunIncomplete` for a run that is not complete.
    """
    if not runs:
        raise ConfigError("no run is given", "benchcore runs accept RUN --as NAME")
    if not NAME.fullmatch(name):
        raise ConfigError(f"{name!r} cannot be the name of a file", "take letters, digits, '.', '_' and '-'")
    file = folder / f"{name}.json"
    text = baseline_text(name, [read_side(run) for run in runs])
    if file.exists() and not replace:
        raise ConfigError(f"there is a baseline {file} already", "add --replace to move it")
    with trouble(folder):
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(file, text.encode())
    return file
