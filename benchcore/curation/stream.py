"""A file of JSON Lines that grows by whole commits, and is cut back to the last one after a kill."""

import gzip
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any


class Stream:
    """Rows that are appended to the first `size` bytes of a file, which are those of the last commit.

    Where the rows are to be packed, each commit is a member of the gzip file.
    """

    def __init__(self, path: Path, size: int, *, packed: bool) -> None:
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(size)
        self._file.seek(size)
        self._packed = packed
        self._lines: list[bytes] = []

    def __enter__(self) -> "Stream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row, which is in the file after the next commit."""
        try:
            line = json.dumps(row, ensure_ascii=False).encode()
        except UnicodeEncodeError:  # half a surrogate pair in another field
            line = json.dumps(row).encode()
        self._lines.append(line + b"\n")

    def commit(self) -> int:
        """Write what was added, to the disk itself, and return the file's size."""
        if self._lines:
            content = b"".join(self._lines)
            self._file.write(gzip.compress(content, compresslevel=6, mtime=0) if self._packed else content)
            self._lines.clear()
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()
