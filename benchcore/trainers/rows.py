"""Packed rows: a corpus as token ids of one length, each row with an id, in files that are mapped into memory.

Documents follow each other, each ended by the end-of-text token, in one stream a group that such a token begins. A row
is `context` + 1 tokens, the last of which is the first of the next row, so that each token is predicted once. The last
row of a group is filled with end-of-text tokens, which are not valid targets.

FOLDER/tokens.bin   the groups' streams, one after another
    marks.bin       a byte for each token: whether its document marks it; only where documents do
    rows.json       what they are; written last
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import numpy.typing as npt
import torch

from benchcore.data.documents import Document
from benchcore.errors import DataError, MachineError
from benchcore.records import digest as digest_of
from benchcore.trainers.corpus import documents, fingerprint
from benchcore.trainers.tokenizer import digest as tokenizer_digest

Ids = npt.NDArray[np.int64]

TOKENS, MARKS, TABLE = "tokens.bin", "marks.bin", "rows.json"
VERSION = 2  # of the packing and of generated corpora; what is packed already stays only where it is the same
BATCH = 1 << 20  # characters that are tokenized at once


class Rows:
    """The rows of a packed corpus, by their ids from 0 on; those of a group follow each other.

    `digest` is of everything that they are made of, `tokenizer` of the tokenizer alone.
    Raises `DataError` when the files are not what `pack` wrote.
    """

    def __init__(self, folder: Path) -> None:
        again = "remove it, and it is packed again"
        try:
            table = json.loads((folder / TABLE).read_bytes())
            self.context: int = table["context"]
            self.digest: str = table["digest"]
            self.tokenizer: str = table["tokenizer"]
            self.groups: tuple[str | None, ...] = tuple(group["name"] for group in table["groups"])
            self._targets = np.array([group["targets"] for group in table["groups"]], np.int64)
            self._tokens = np.asarray(np.memmap(folder / TOKENS, table["dtype"], "r"))
            self._marks = np.asarray(np.memmap(folder / MARKS, np.bool_, "r")) if table["marks"] else None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"the packed corpus {folder} cannot be read ({error})", again) from error
        counts = -(-self._targets // self.context)
        lengths = counts * self.context + 1
        self._ends = np.cumsum(counts)
        self._streams = np.cumsum(lengths) - lengths
        if any(found is not None and found.size != lengths.sum() for found in (self._tokens, self._marks)):
            raise DataError(f"the packed corpus {folder} is damaged: its files are too short or too long", again)

    def __len__(self) -> int:
        return int(self._ends[-1])

    @property
    def tokens_in_all(self) -> int:
        """The number of valid targets."""
        return int(self._targets.sum())

    def members(self, group: int) -> range:
        """The ids of the rows of a group, which is given by its place in `groups`."""
        return range(int(self._ends[group - 1]) if group else 0, int(self._ends[group]))

    def group_of(self, ids: Ids) -> Ids:
        """The groups of rows, as places in `groups`, (rows,)."""
        found: Ids = np.searchsorted(self._ends, ids, side="right")
        return found

    def tokens(self, ids: Ids) -> torch.Tensor:
        """The token ids of rows, (rows, context + 1) of int64."""
        return torch.from_numpy(self._tokens[self._places(ids)].astype(np.int64))

    def marks(self, ids: Ids) -> torch.Tensor | None:
        """Which targets of rows their documents mark, (rows, context) of bool; None where none marks any."""
        return None if self._marks is None else torch.from_numpy(self._marks[self._places(ids)[:, 1:]])

    def valid(self, ids: Ids) -> torch.Tensor:
        """Which targets of rows are of a document or its end, (rows, context) of bool; the others fill a row."""
        return torch.from_numpy(np.arange(self.context) < self.valid_counts(ids)[:, None])

    def valid_counts(self, ids: Ids) -> Ids:
        """How many targets of each row are valid, (rows,)."""
        groups = self.group_of(ids)
        left: Ids = self._targets[groups] - self._within(ids, groups) * self.context
        return np.minimum(self.context, left)

    def _within(self, ids: Ids, groups: Ids) -> Ids:
        """The number of each row in its group."""
        found: Ids = ids - np.concatenate(([0], self._ends))[groups]
        return found

    def _places(self, ids: Ids) -> Ids:
        """Where the tokens of rows are in the files, (rows, context + 1)."""
        groups = self.group_of(ids)
        starts: Ids = self._streams[groups] + self._within(ids, groups) * self.context
        return starts[:, None] + np.arange(self.context + 1)


def packed(
    sources: Sequence[str],
    tokenizer: Any,
    context: int,
    cache: Path,
    *,
    text_field: str = "text",
    group_field: str | None = None,
) -> Rows:
    """The packed rows of `sources` (see `corpus.documents`), packed at the first call and kept below `cache`.

    Raises as `corpus.documents` and `pack` do.
    """
    pin = fingerprint(sources, text_field=text_field, group_field=group_field)
    digest = digest_of(VERSION, pin, tokenizer_digest(tokenizer), context)
    folder = cache / "rows" / digest
    with _trouble(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder.with_suffix(".lock")):
            try:
                return open_rows(folder)
            except DataError:
                corpus = documents(sources, text_field=text_field, group_field=group_field)
                return pack(corpus, tokenizer, context, folder, digest=digest)


def open_rows(folder: Path) -> Rows:
    """The rows that `pack` left in `folder`. Raises `DataError` when there are none, or they are damaged."""
    return Rows(folder)


def pack(corpus: Iterable[Document], tokenizer: Any, context: int, folder: Path, *, digest: str) -> Rows:
    """Write the rows of `corpus` into `folder`, groups in the order of their first documents.

    A target is marked where all characters of its token are; the end of a text never is. Raises `DataError` where
    there is no text or where only some documents have marks, and `MachineError` when the disk refuses.
    """
    end = tokenizer.eos_token_id
    # not of the number of tokens, for ids can have gaps
    dtype = np.dtype(np.uint16 if max(tokenizer.get_vocab().values()) < 1 << 16 else np.uint32)
    tokens: dict[str | None, _Stream] = {}
    marks: dict[str | None, _Stream] = {}
    with _trouble(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / TABLE).unlink(missing_ok=True)
        for batch in _batches(corpus):
            for document, encoding in zip(batch, _encoded(batch, tokenizer), strict=True):
                group = document.group
                if group not in tokens:
                    tokens[group] = _Stream(folder / f"{len(tokens)}.{TOKENS}", np.array([end], dtype))
                tokens[group].put(np.array([*encoding.ids, end], dtype))
                if document.marks is not None:
                    if group not in marks:
                        marks[group] = _Stream(folder / f"{len(marks)}.{MARKS}", np.zeros(1, np.bool_))
                    marks[group].put(_of_tokens(document.marks, encoding.offsets))
            for stream in (*tokens.values(), *marks.values()):
                stream.flush()
        if not tokens:
            raise DataError("there is no text in the corpus")
        table = {
            "digest": digest,
            "tokenizer": tokenizer_digest(tokenizer),
            "context": context,
            "dtype": dtype.name,
            "marks": bool(marks),
            "groups": [{"name": name, "targets": stream.length - 1} for name, stream in tokens.items()],
        }
        for file, streams in ((TOKENS, tokens), (MARKS, marks)):
            _join(list(streams.values()), context, folder / file)
        written = folder / f"{TABLE}.tmp"
        written.write_text(json.dumps(table, indent=1), encoding="utf-8")
        written.replace(folder / TABLE)
    return open_rows(folder)


class _Stream:
    """What a file for one group holds: `first`, then what is put into it."""

    def __init__(self, path: Path, first: npt.NDArray[Any]) -> None:
        path.unlink(missing_ok=True)
        self.path = path
        self.length = first.size
        self._first = first
        self._held = [first]

    def put(self, values: npt.NDArray[Any]) -> None:
        """Append values at the next `flush`."""
        self._held.append(values)
        self.length += values.size

    def flush(self) -> None:
        """Write what was put."""
        if self._held:
            with self.path.open("ab") as file:
                file.write(np.concatenate(self._held).data)
            self._held = []

    def fill(self, context: int) -> None:
        """Repeat what is first up to whole rows."""
        self.put(np.repeat(self._first, -(self.length - 1) % context))
        self.flush()


def _join(streams: Sequence[_Stream], context: int, place: Path) -> None:
    """Make one file of those of all groups, each filled up to whole rows."""
    for stream in streams:
        stream.fill(context)
    for stream in streams[1:]:
        with streams[0].path.open("ab") as whole, stream.path.open("rb") as part:
            shutil.copyfileobj(part, whole)
        stream.path.unlink()
    for stream in streams[:1]:
        stream.path.replace(place)


def _batches(corpus: Iterable[Document]) -> Iterator[list[Document]]:
    """Documents with text, as many at a time as are tokenized at once."""
    batch: list[Document] = []
    size = 0
    marked: bool | None = None
    for document in corpus:
        if not document.text:
            continue
        if marked not in (None, document.marks is not None):
            raise DataError("some documents of the corpus have marks, and some have none")
        marked = document.marks is not None
        batch.append(document)
        size += len(document.text)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _encoded(documents: Sequence[Document], tokenizer: Any) -> Sequence[Any]:
    """The tokenizer's encodings of documents, with offsets where there are marks: without it is faster."""
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    encode = backend.encode_batch_fast if documents[0].marks is None else backend.encode_batch
    found: Sequence[Any] = encode([document.text for document in documents], add_special_tokens=False)
    return found


def _of_tokens(marks: str, offsets: Sequence[tuple[int, int]]) -> npt.NDArray[np.bool_]:
    """Which tokens of a document are marked, (tokens + 1,), by its characters' marks; the last, its end, is not."""
    until = np.concatenate(([0], np.cumsum(np.frombuffer(marks.encode(), np.uint8) == ord("1"))))
    start, stop = np.array([*offsets, (0, 0)], np.int64).T
    found: npt.NDArray[np.bool_] = (stop > start) & (until[stop] - until[start] == stop - start)
    return found


@contextmanager
def _trouble(folder: Path) -> Iterator[None]:
    """Turn what the file system says into a `MachineError`."""
    try:
        yield
    except OSError as error:
        raise MachineError(f"cannot write the packed corpus {folder}: {error.strerror or error}") from error
