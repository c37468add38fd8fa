"""The documents of a corpus that is to be cleaned, one at a time, each with the row that it came in."""

import gzip
import importlib.util
import io
import sysconfig
import tokenize
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchcore.data.source import numbered_rows
from benchcore.data.texts import LINES, PLAIN
from benchcore.errors import ConfigError, DataError, nearest
from benchcore.task import Row

PYTHON = (".py",)
INSTALLED = "python:"
LEFT_OUT = frozenset({"site-packages", "dist-packages", "test", "tests", "idle_test"})
KINDS = (*LINES, *PLAIN, *PYTHON)
MOST, LARGEST = 256, 1 << 20  # documents and characters that are decided on together


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A document: `where` it is, the `row` that is written where it is kept, its `text`, and why it has none.

    `where` is `FILE:LINE` of JSON Lines, else the file. The row of a file is its path and its text.
    """

    where: str
    row: Row
    text: str
    fault: str | None = None


def corpus_files(sources: Sequence[str]) -> list[Path]:
    """The files that `sources` name, in their order; those of a folder and below it by name, hidden ones left out.

    `python:stdlib` is the standard library of this interpreter, and `python:NAME` a package that is installed, both
    without their tests. Raises `ConfigError` where there is none, or one of them twice.
    """
    found: list[Path] = []
    for source in sources:
        if source.startswith(INSTALLED):
            found += _installed(source.removeprefix(INSTALLED))
            continue
        place = Path(source).expanduser()
        if not place.exists():
            raise ConfigError(f"there is no corpus {source!r}", f"give files ({', '.join(KINDS)}) or folders of them")
        files = [place] if not place.is_dir() else sorted(path for path in place.rglob("*") if _visible(path, place))
        files = [path for path in files if path.name.endswith(KINDS) and path.is_file()]
        if not files:
            raise ConfigError(f"no corpus in {source!r}: no name ends with {', '.join(KINDS)}")
        found += files
    if not found:
        raise ConfigError("no corpus is given", f"name files ({', '.join(KINDS)}) or folders of them")
    seen: set[Path] = set()
    for path in found:
        if (real := path.resolve()) in seen:
            raise ConfigError(f"{path} is named twice", "name it once, and not the folder that it is in as well")
        seen.add(real)
    return found


def entries(files: Sequence[Path], text_field: str) -> Iterator[Entry]:
    """The documents of `files`: one a row of JSON Lines, whose text is in `text_field`, else one a file.

    Raises `DataError` with the line for a row without text.
    """
    for file in files:
        if file.name.endswith(LINES):
            yield from (_of_row(f"{file}:{number}", row, text_field) for number, row in numbered_rows(file))
        else:
            yield _of_file(file, text_field)


def batches(documents: Iterator[Entry]) -> Iterator[list[Entry]]:
    """Documents by the batch, in their order; of long ones fewer."""
    batch: list[Entry] = []
    characters = 0
    for one in documents:
        batch.append(one)
        characters += len(one.text)
        if len(batch) == MOST or characters >= LARGEST:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _installed(name: str) -> list[Path]:
    """The Python files of the standard library, or of a package, but for tests."""
    if name == "stdlib":
        place = Path(sysconfig.get_path("stdlib"))
    else:
        spec = importlib.util.find_spec(name) if name.isidentifier() else None
        if spec is None or not spec.submodule_search_locations:
            raise ConfigError(f"no package {name!r} is installed", "python:stdlib, or python: and a package's name")
        place = Path(next(iter(spec.submodule_search_locations)))
    files = (path for path in place.rglob("*.py") if _visible(path, place))
    return sorted(path for path in files if not LEFT_OUT.intersection(path.relative_to(place).parts))


def _visible(path: Path, folder: Path) -> bool:
    return not any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(folder).parts)


def _of_row(where: str, row: Row, text_field: str) -> Entry:
    if text_field not in row:
        raise DataError(f"{where}: there is no field {text_field!r}", nearest(text_field, row) or "see --text-field")
    text = row[text_field]
    if not isinstance(text, str):
        raise DataError(f"{where}: the field {text_field!r} is not text but {type(text).__name__}")
    fault = None if text.strip() else "empty"
    try:
        text.encode()
    except UnicodeEncodeError:
        fault = "half a surrogate pair"
    return Entry(where=where, row=row, text=text, fault=fault)


def _of_file(file: Path, text_field: str) -> Entry:
    text, fault = "", None
    try:
        content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        encoding = tokenize.detect_encoding(io.BytesIO(content).readline)[0] if file.suffix == ".py" else "utf-8-sig"
        text = content.decode(encoding)
    except (UnicodeDecodeError, SyntaxError, LookupError):  # a source file may declare an encoding
        fault = "cannot be decoded"
    except (EOFError, zlib.error) as error:
        raise DataError(f"{file}: the gzip file is cut short or damaged ({error})") from error
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error})") from error
    if not fault and not text.strip():
        fault = "empty"
    return Entry(where=str(file), row={"path": str(file), text_field: text}, text=text, fault=fault)
