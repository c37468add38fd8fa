"""Documents of text files, for tasks that measure a loss: plain text, JSON Lines, or a folder of both."""

import gzip
import hashlib
import json
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchcore.data.source import numbered_rows
from benchcore.errors import ConfigError, DataError, nearest
from benchcore.records import Sample
from benchcore.task import Row

PLAIN = (".txt", ".txt.gz")
LINES = (".jsonl", ".jsonl.gz")
KINDS = ", ".join((*PLAIN, *LINES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Rows with `id`, `text`, `group` and, where there are any, `prompt`, one a document. Built by `texts`.

    Raises `ConfigError` for a separator that is empty or a pattern with groups.
    """

    path: Path | None
    text_field: str
    id_field: str | None
    group_field: str | None
    prompt_field: str | None
    separator: str | re.Pattern[str] | None

    def __post_init__(self) -> None:
        if self.separator == "":
            raise ConfigError("the separator of texts is empty")
        if isinstance(self.separator, re.Pattern) and self.separator.groups:
            raise ConfigError(f"the separator {self.separator.pattern!r} has groups", "write (?:...) for (...)")

    def load(self, data_dir: Path | None) -> tuple[list[Row], str]:
        """The documents in the files' order (files by name) and the SHA-256 of their ids, groups and texts.

        Raises `DataError` when there is no file or no text, and with the line number for a malformed row.
        """
        place = self._place(data_dir)
        if place is None:
            raise DataError(*self._missing(data_dir))
        files = _files(place)
        if not files:
            raise DataError(f"no texts in {place}: no name ends with {KINDS}", "name a file or a folder of them")
        rows = [row for file in files for row in self._documents(file, in_folder=place.is_dir())]
        if not rows:
            raise DataError(f"{place}: every document is empty")
        pin = hashlib.sha256()
        for row in rows:
            parts = [row["id"], row["group"], row["text"], *([row["prompt"]] if "prompt" in row else [])]
            pin.update(json.dumps(parts).encode())
        return rows, pin.hexdigest()

    def where(self, data_dir: Path | None) -> str:
        """One line: the file or folder that would be read."""
        place = self._place(data_dir)
        if place is not None and _files(place):
            return str(place)
        return f"missing: {self.path or 'a file or folder of texts named by --data'}"

    def _place(self, data_dir: Path | None) -> Path | None:
        return next((place for place in self._places(data_dir) if place.exists()), None)

    def _places(self, data_dir: Path | None) -> list[Path]:
        if self.path is None:
            return [data_dir] if data_dir else []
        path = self.path.expanduser()
        return [data_dir / path, path] if data_dir and data_dir.is_dir() and not path.is_absolute() else [path]

    def _missing(self, data_dir: Path | None) -> tuple[str, str]:
        hint = f"pass --data FILE ({KINDS}), or a folder of such files"
        if self.path is None:
            return "this task measures texts of your own, and no data is named", hint
        looked = ", ".join(f"{place.absolute()} (not there)" for place in self._places(data_dir))
        return f"no texts: looked for {looked}", f"pass --data DIR with {self.path} in it"

    def _documents(self, file: Path, *, in_folder: bool) -> list[Row]:
        if file.name.endswith(PLAIN):
            rows = self._pieces(file)
        else:
            rows = self._lines(file, prefix=f"{file.name}/" if in_folder else "")
        group = _stem(file) if in_folder and self.group_field is None else None
        # an empty text has no loss and adds nothing to any sum
        return [{**row, "group": row["group"] or group} for row in rows if row["text"]]

    def _pieces(self, file: Path) -> list[Row]:
        text = _read(file)
        if self.separator is None:
            return [{"id": file.name, "text": text, "group": None}]
        cut = text.split(self.separator) if isinstance(self.separator, str) else self.separator.split(text)
        pieces = [piece for piece in cut if piece.strip()]
        return [{"id": f"{file.name}:{number}", "text": piece, "group": None} for number, piece in enumerate(pieces, 1)]

    def _lines(self, file: Path, prefix: str) -> list[Row]:
        numbered = list(numbered_rows(file))
        ids = [row.get("id") for _, row in numbered]
        own = all(isinstance(name, str | int) for name in ids) and len(set(map(str, ids))) == len(ids)
        rows: list[Row] = []
        for number, row in numbered:
            where = f"{file}, line {number}"
            if self.id_field is not None:
                name = f"{prefix}{_value(where, row, self.id_field, 'id_field')}"
            else:
                name = f"{prefix}{row['id']}" if own else f"{file.name}:{number}"
            group = None if self.group_field is None else str(_value(where, row, self.group_field, "group_field"))
            prompt = {}
            if self.prompt_field is not None:
                prompt["prompt"] = _text(where, row, self.prompt_field, "prompt_field")
            rows.append(
                {"id": name, "text": _text(where, row, self.text_field, "text_field"), "group": group, **prompt}
            )
        return rows


def texts(
    path: str | Path | None = None,
    *,
    text_field: str = "text",
    id_field: str | None = None,
    group_field: str | None = None,
    prompt_field: str | None = None,
    separator: str | re.Pattern[str] | None = None,
) -> Texts:
    r"""Documents of a file, or of the files of a folder, whose names end with .txt, .jsonl, .txt.gz or .jsonl.gz.

    `path` is looked for in the data folder and then in the current one; without it the texts are what --data names.
    A row of a JSON Lines file is a document: its text is in `text_field`, its group in `group_field` where one is
    named, a prompt that is read and not scored in `prompt_field`, its id in `id_field`. Without that it is the field
    "id" where each row of the file has another, else the file's name and the line number. A plain text is one document,
    or the pieces between `separator`s, a text such as "\n\n\n" or a compiled pattern. In a folder, which is not
    searched below, a file's name is the group of its documents unless `group_field` is given. Texts are kept to the
    last byte; empty rows, and pieces of white space alone, are left out.
    """
    return Texts(
        path=None if path is None else Path(path),
        text_field=text_field,
        id_field=id_field,
        group_field=group_field,
        prompt_field=prompt_field,
        separator=separator,
    )


def document(row: Row) -> Sample:
    """The sample of a document from `texts`: all of its text is scored, after its prompt or from the beginning."""
    return Sample(
        id=row["id"], prompt=row.get("prompt", ""), target="", group=row["group"], continuations=(row["text"],)
    )


def _files(place: Path) -> list[Path]:
    """The files to read: `place` itself, or what is in it and not hidden, by name; whose names end as they should."""
    found = sorted(place.iterdir()) if place.is_dir() else [place]
    return [
        path
        for path in found
        if path.name.endswith((*PLAIN, *LINES)) and path.is_file() and (path == place or path.name[0] != ".")
    ]


def _stem(file: Path) -> str:
    return file.name.removesuffix(".gz").rpartition(".")[0]


def _value(where: str, row: Row, field: str, argument: str) -> Any:
    if row.get(field) is None:
        hint = f"{nearest(field, row)} (in a task file, texts({argument}=...) names another)"
        raise DataError(f"{where}: there is no field {field!r}", hint)
    return row[field]


def _text(where: str, row: Row, field: str, argument: str) -> str:
    text = _value(where, row, field, argument)
    if not isinstance(text, str):
        raise DataError(f"{where}: the field {field!r} is not text but {type(text).__name__}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{where}: half a surrogate pair in the field {field!r}") from error
    return text


def _read(file: Path) -> str:
    opener = gzip.open if file.name.endswith(".gz") else open
    try:
        with opener(file, "rb") as stream:
            raw: bytes = stream.read()
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(f"{file}, line {line}: not UTF-8 ({error.reason})") from error
    except (EOFError, zlib.error) as error:
        raise DataError(f"{file}: the gzip file is cut short or damaged ({error})") from error
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error})") from error
