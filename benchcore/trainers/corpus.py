"""Documents to train on, one at a time: from text files, JSON Lines, Arrow data sets, or made by a function.

A source is named by a path, or as `generated:NAME?parameter=value&...`.
"""

import gzip
import importlib.util
import inspect
import json
import urllib.parse
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from benchcore.data.addition import addition
from benchcore.data.composition import composition
from benchcore.data.documents import Document
from benchcore.data.exercises import exercises, textbook
from benchcore.data.lego import lego
from benchcore.data.markov import noisy_markov
from benchcore.data.source import file_digest, numbered_rows
from benchcore.data.texts import LINES, PLAIN
from benchcore.errors import ConfigError, DataError, MissingExtra, nearest
from benchcore.records import digest

GENERATED = "generated:"
GENERATORS: Mapping[str, Callable[..., Iterator[Document]]] = {
    "noisy_markov": noisy_markov,
    "composition": composition,
    "lego": lego,
    "addition": addition,
    "textbook": textbook,
    "exercises": exercises,
}
STATE = "state.json"  # where datasets lists the files of a data set
ARROW = (".parquet", ".arrow")
RANDOM_ACCESS = b"ARROW1"  # how Arrow's file format begins, but not its stream format, which datasets writes
MARKS = "marks"
KINDS = (*PLAIN, *LINES, *ARROW)
PIECE = 1 << 20  # characters; a longer plain text comes in pieces
AT_ONCE = 256  # rows of Arrow that become Python's


def documents(
    sources: Sequence[str], *, text_field: str = "text", group_field: str | None = None
) -> Iterator[Document]:
    """The documents of `sources`, in their order, one at a time; empty ones are left out.

    - `.txt` and `.txt.gz`: one document a file, or pieces of about a million characters that end with a blank line
      where one is. Where a `group_field` is given, the file's name is the group.
    - `.jsonl` and `.jsonl.gz`, `.parquet`, `.arrow`: one document a row. Its text is in `text_field`, its group in
      `group_field` where one is given, its marks in "marks" where there are any.
    - a folder: what `datasets.Dataset.save_to_disk` wrote, or the files of the above that it holds, by name.
    - `generated:NAME?parameter=value&...`: what the function of that name in `benchcore.data` yields.

    Raises `ConfigError` for a source that does not exist, `DataError` for one that is malformed, and `MissingExtra`
    where Arrow's package is wanted.
    """
    for source in sources:
        if source.startswith(GENERATED):
            make, arguments = _generator(source)
            yield from make(**arguments)
            continue
        for file in _files(source):
            for document in _read(file, text_field, group_field):
                if document.text:
                    yield document


def fingerprint(sources: Sequence[str], *, text_field: str = "text", group_field: str | None = None) -> str:
    """A digest of what `documents` yields: of the files' bytes, and of what a generator is asked for."""
    found: list[Any] = [text_field, group_field]
    for source in sources:
        if source.startswith(GENERATED):
            make, arguments = _generator(source)
            found.append([make.__name__, arguments])
        else:
            found.append([[file.name, _digest_of(file)] for file in _files(source)])
    return digest(found)


def _digest_of(file: Path) -> str:
    try:
        return file_digest(file)
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error})") from error


def _generator(source: str) -> tuple[Callable[..., Iterator[Document]], dict[str, Any]]:
    """The function that a generated source names and all of its arguments."""
    name, _, query = source.removeprefix(GENERATED).partition("?")
    if name not in GENERATORS:
        raise ConfigError(f"there is no generated corpus {name!r}", nearest(name, GENERATORS))
    make = GENERATORS[name]
    known = inspect.signature(make).parameters
    arguments = {key: known_as.default for key, known_as in known.items()}
    for key, value in urllib.parse.parse_qsl(query, keep_blank_values=True):
        if key not in known:
            raise ConfigError(f"{name} has no parameter {key!r}", nearest(key, known))
        kind = known[key].annotation
        try:
            arguments[key] = kind(value)
        except ValueError as error:
            raise ConfigError(f"{key}={value} in {source!r}: not of type {kind.__name__}") from error
    missing = [key for key, value in arguments.items() if value is inspect.Parameter.empty]
    if missing:
        raise ConfigError(f"{source!r} does not say how many {missing[0]}", f"write {source}?{missing[0]}=...")
    return make, arguments


def _files(source: str) -> list[Path]:
    """The files of a source, in the order in which they are read."""
    place = Path(source).expanduser()
    if not place.exists():
        raise ConfigError(f"there is no corpus {source!r}", "give files, folders, or generated:NAME?parameter=value")
    found = [place]
    if place.is_dir():
        if (place / "dataset_dict.json").is_file():
            raise ConfigError(f"{source!r} holds several splits", "name the folder of one of them")
        if (place / STATE).is_file():
            return _saved(place)
        found = sorted(path for path in place.iterdir() if path.name[0] != ".")
    found = [path for path in found if path.name.endswith(KINDS) and path.is_file()]
    if not found:
        raise ConfigError(f"no corpus in {source!r}: no name ends with {', '.join(KINDS)}")
    return found


def _saved(folder: Path) -> list[Path]:
    """The files of a data set that was saved to disk, as its own table of contents has them."""
    try:
        files = json.loads((folder / STATE).read_bytes())["_data_files"]
        return [folder / file["filename"] for file in files]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder / STATE} is not what datasets writes ({error})") from error


def _read(file: Path, text_field: str, group_field: str | None) -> Iterator[Document]:
    if file.name.endswith(PLAIN):
        group = None if group_field is None else file.name.partition(".")[0]
        yield from (Document(text=piece, group=group) for piece in _pieces(file))
    else:
        for where, row in _rows(file, {text_field, group_field or text_field, MARKS}):
            yield _of_row(where, row, text_field, group_field)


def _rows(file: Path, fields: Set[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(where it is, row) of a file of rows; of Arrow only the columns among `fields` are read."""
    if file.name.endswith(LINES):
        yield from ((f"{file}, line {number}", row) for number, row in numbered_rows(file))
        return
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingExtra("pyarrow", f"reading {file.name}", 'python -m pip install "benchcore[train]"')
    import pyarrow as pa

    try:
        rows = (row for batch in _batches(file, fields) for row in batch.to_pylist())
        yield from ((f"{file}, row {number}", row) for number, row in enumerate(rows, start=1))
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{file}: cannot be read ({error})") from error


def _batches(file: Path, fields: Set[str]) -> Iterator[Any]:
    """Rows of a Parquet file, or of an Arrow file of either format, a few at a time."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    with pa.memory_map(str(file)) as stored:
        if file.suffix == ".parquet":
            table = parquet.ParquetFile(stored)
            columns = [name for name in table.schema_arrow.names if name in fields]
            yield from table.iter_batches(batch_size=AT_ONCE, columns=columns)
            return
        if stored.read(len(RANDOM_ACCESS)) == RANDOM_ACCESS:
            table = pa.ipc.open_file(stored)
            batches = (table.get_batch(number) for number in range(table.num_record_batches))
        else:
            stored.seek(0)
            batches = pa.ipc.open_stream(stored)
        for batch in batches:
            wanted = batch.select([name for name in batch.schema.names if name in fields])
            yield from (wanted.slice(start, AT_ONCE) for start in range(0, wanted.num_rows, AT_ONCE))


def _of_row(where: str, row: Mapping[str, Any], text_field: str, group_field: str | None) -> Document:
    for field in (text_field, group_field):
        if field is not None and row.get(field) is None:
            raise DataError(f"{where}: there is no field {field!r}", nearest(field, row))
    text, marks = row[text_field], row.get(MARKS)
    if not isinstance(text, str) or not isinstance(marks, str | None):
        wrong = text_field if not isinstance(text, str) else MARKS
        raise DataError(f"{where}: the field {wrong!r} is not text but {type(row[wrong]).__name__}")
    try:
        text.encode()
        return Document(text=text, group=None if group_field is None else str(row[group_field]), marks=marks)
    except UnicodeEncodeError as error:
        raise DataError(f"{where}: half a surrogate pair in the field {text_field!r}") from error
    except DataError as error:
        raise DataError(f"{where}: {error.message}") from error


def _pieces(file: Path) -> Iterator[str]:
    """The text of a file in pieces that memory holds, to the last byte."""
    opener = gzip.open if file.name.endswith(".gz") else open
    held = ""
    try:
        with opener(file, "rt", encoding="utf-8-sig", newline="") as stream:
            while read := stream.read(PIECE):
                held += read
                while len(held) > PIECE:
                    stop = _cut(held)
                    yield held[:stop]
                    held = held[stop:]
        yield held
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: not UTF-8 ({error.reason})") from error
    except (EOFError, zlib.error) as error:
        raise DataError(f"{file}: the gzip file is cut short or damaged ({error})") from error
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error})") from error


def _cut(text: str) -> int:
    """Where a piece of a long text ends: after its last blank line, else its last line, else a piece's length."""
    for end in ("\n\n", "\n\r\n", "\n"):
        if (found := text.rfind(end, 0, PIECE)) >= 0:
            return found + len(end)
    return PIECE
