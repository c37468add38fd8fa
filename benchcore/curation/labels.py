"""A teacher's word on documents: good or not, and by what that was decided."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benchcore.curation import rules
from benchcore.curation.manifest import Decision
from benchcore.curation.sources import Entry
from benchcore.data.source import numbered_rows
from benchcore.errors import ConfigError, DataError, nearest

LABEL, BY, SCORE = "label", "labelled_by", "label_score"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Whether a document is good, None where the teacher has no word on it; by what; and how likely, where it tells."""

    good: bool | None
    by: str
    score: float | None = None


class Teacher(Protocol):
    """Labels documents."""

    def begin(self) -> Mapping[str, Any]:
        """Make ready, and return figures."""
        ...

    def labels(self, batch: Sequence[Entry]) -> Sequence[Label]:
        """A label for each document."""
        ...


class Labels:
    """Writes a teacher's label into the rows of a `share` of the documents, drawn by a digest of their texts."""

    def __init__(self, teacher: Teacher, share: float) -> None:
        self._teacher, self._share = teacher, share

    def begin(self, kept: Iterator[Entry]) -> Mapping[str, Any]:
        """Make the teacher ready; what was kept changes nothing."""
        return self._teacher.begin()

    def decide(self, batch: Sequence[Entry]) -> Iterable[Decision]:
        """Keep each document that was drawn and labelled."""
        drawn = [one for one in batch if place(one.text) < self._share]
        labels = {one.where: label for one, label in zip(drawn, self._teacher.labels(drawn), strict=True)}
        return [_decision(one, labels.get(one.where)) for one in batch]


class Rules:
    """The teacher that goes by `rules.judge`."""

    def begin(self) -> Mapping[str, Any]:
        """Nothing is to be made ready."""
        return {}

    def labels(self, batch: Sequence[Entry]) -> Sequence[Label]:
        """Good is what follows all rules."""
        judged = [rules.judge(one.text) for one in batch]
        return [Label(good=good, by=f"rules: {why}") for good, why in judged]


class Stored:
    """The teacher that has labelled before: rows of JSON Lines, matched by `id_field`, else by their texts.

    Raises `DataError` with the line for a label that is neither true nor false, and where two rows disagree.
    """

    def __init__(self, file: Path, *, text_field: str, id_field: str | None) -> None:
        if not file.is_file():
            raise ConfigError(f"there is no file of labels {file}")
        self._file, self._text_field, self._id_field = file, text_field, id_field
        self._known: dict[str, bool] = {}

    def begin(self) -> Mapping[str, Any]:
        """Read the labels."""
        for number, row in numbered_rows(self._file):
            where = f"{self._file}, line {number}"
            key, good = self._key(where, row), label_of(where, row)
            if self._known.setdefault(key, good) != good:
                raise DataError(f"{where}: the same document has another label in an earlier line")
        return {"labels in the file": len(self._known)}

    def labels(self, batch: Sequence[Entry]) -> Sequence[Label]:
        """What the file says of each document."""
        return [Label(good=self._known.get(self._key(one.where, one.row)), by=self._file.name) for one in batch]

    def _key(self, where: str, row: Mapping[str, Any]) -> str:
        field = self._id_field or self._text_field
        if field not in row:
            raise DataError(f"{where}: there is no field {field!r}", nearest(field, row))
        value = str(row[field])
        return value if self._id_field else hashlib.sha256(value.encode(errors="replace")).hexdigest()[:32]


def label_of(where: str, row: Mapping[str, Any]) -> bool:
    """The label of a row: true or false, or 1 or 0. Raises `DataError` for any other."""
    if LABEL not in row:
        raise DataError(f"{where}: there is no field {LABEL!r}", nearest(LABEL, row))
    if row[LABEL] not in (True, False):
        raise DataError(f"{where}: the label is {row[LABEL]!r}", "write true or false")
    return bool(row[LABEL])


def place(text: str) -> float:
    """A number from 0 to 1 that follows from a text alone, and is spread evenly over texts."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64


def _decision(entry: Entry, label: Label | None) -> Decision:
    if label is None or label.good is None:
        reason = "not drawn" if label is None else "no label"
        return Decision(where=entry.where, row=entry.row, text=entry.text, keep=False, reason=reason)
    row = {**entry.row, LABEL: label.good, BY: label.by}
    if label.score is not None:
        row[SCORE] = round(label.score, 6)
    reason = "good" if label.good else "not good"
    return Decision(where=entry.where, row=row, text=entry.text, keep=True, reason=reason)
