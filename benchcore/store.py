"""The run folder: a journal that loses nothing, and the configuration it belongs to.

config.toml   the resolved configuration; what may not change while results are kept
run.db        the journal
run.json      the RunRecord, written when the run is complete
run.lock      held by the one process that writes
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import filelock
import msgspec
import tomli_w

from benchcore.errors import ConfigError, MachineError
from benchcore.journal import FILE, Journal, mismatch, trouble
from benchcore.records import RunRecord

SECTIONS = ("run", "checkpoint", "tasks")


class Store(Journal):
    """One run folder: its journal and its configuration, open for writing by this process alone.

    Raises `MachineError` when the folder cannot be written or another process holds it.
    """

    def __init__(self, folder: Path) -> None:
        with trouble(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = filelock.FileLock(folder / "run.lock")
            try:
                self._lock.acquire(blocking=False)
            except filelock.Timeout as error:
                raise MachineError(
                    f"another process is writing to the run folder {folder}", "wait for it, or use another --out"
                ) from error
        try:
            super().__init__(folder)
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._lock.release()

    def adopt(
        self,
        run: Mapping[str, Any],
        tasks: Mapping[str, Mapping[str, Any]],
        place: Mapping[str, Any] | None = None,
        files: Mapping[str, str] | None = None,
        rules: Mapping[str, str] | None = None,
    ) -> None:
        """Make this folder's configuration `run` plus `tasks`; new tasks are added to those already there.

        `place` says where the checkpoint lies and `files` where a task that the catalog does not know is
        defined; both may move: weights, version and data are what counts. `rules` are the rule sets asked for
        of tasks: another one means other grades, not other answers.
        Raises `RunMismatch` naming the first key in which the folder differs: nothing is written then.
        """
        path = self.folder / "config.toml"
        known = refuse_changes(self.folder, run, tasks)
        merged = {
            "run": dict(run),
            "checkpoint": dict(known["checkpoint"] if place is None else place),
            "tasks": {**known["tasks"], **tasks},
        }
        if task_files := {**known.get("task_files", {}), **(files or {})}:
            merged["task_files"] = task_files
        if task_rules := {**known.get("rules", {}), **(rules or {})}:
            merged["rules"] = task_rules
        if merged != known:
            with trouble(self.folder):
                replace_file(path, tomli_w.dumps(merged).encode())

    def rules(self) -> Mapping[str, str]:
        """Task -> the rule set that was asked for; empty in a folder that is new."""
        return read_config(self.folder).get("rules", {}) if (self.folder / "config.toml").is_file() else {}

    def config(self) -> dict[str, Any]:
        """The folder's configuration, as adopted."""
        return read_config(self.folder)

    def reopen(self, task: str) -> None:
        """Take back a task's record, and run.json with it, while results are being added."""
        with trouble(self.folder):
            (self.folder / "run.json").unlink(missing_ok=True)
        self.forget_figures(task)

    def write_record(self, record: RunRecord) -> None:
        """Write run.json; its presence says that the run is complete."""
        with trouble(self.folder):
            replace_file(self.folder / "run.json", msgspec.json.format(msgspec.json.encode(record), indent=2))


def refuse_changes(folder: Path, run: Mapping[str, Any], tasks: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The configuration of a run folder that may not exist yet; nothing is written.

    Raises `RunMismatch` naming the first key in which `run` or a task that is already there differs.
    """
    if not (folder / "config.toml").is_file():
        return {name: {} for name in SECTIONS}
    known = read_config(folder)
    pairs = [("", known["run"], run), *((f"{name} ", known["tasks"].get(name, {}), now) for name, now in tasks.items())]
    for where, there, now in pairs:
        for key in sorted(there.keys() | now.keys()) if there else ():
            if there.get(key) != now.get(key):
                raise mismatch(folder, f"{where}{key}", there.get(key), now.get(key))
    return known


def read_config(folder: Path) -> dict[str, Any]:
    """The configuration of a run folder. Raises `ConfigError` when the folder is not one."""
    path = folder / "config.toml"
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{folder} is not a run folder: it has no config.toml") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML ({error})") from error
    lacking = [name for name in SECTIONS if not isinstance(config.get(name), dict)]
    if lacking:
        raise ConfigError(f"{path} is not the configuration of a run: it has no [{lacking[0]}]")
    return config


def read_record(folder: Path) -> RunRecord | None:
    """The summary of a complete run, or None while it is not complete."""
    try:
        return msgspec.json.decode((folder / "run.json").read_bytes(), type=RunRecord)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{folder / 'run.json'} is not a run record ({error})") from error


def run_folders(out: Path) -> Iterable[Path]:
    """The run folders directly below `out`, sorted by name."""
    return sorted(path.parent for path in out.glob("*/config.toml") if path.with_name(FILE).is_file())


def replace_file(path: Path, content: bytes) -> None:
    """Write `content` so that whoever reads `path`, at any moment, finds all of it or what was there before."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with scratch.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        scratch.replace(path)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
