"""One command over a corpus: documents go through a step to a file, with a journal and, at the end, a manifest.

While it runs, all it writes lies in the folder `OUT.partial`. The journal there says how many documents are dealt with
and how long the files were by then; after a kill the same command cuts them back to that and goes on.
"""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import filelock
import msgspec

from benchcore.curation.manifest import Decision, Input, Manifest, Tally
from benchcore.curation.sources import Entry, batches, corpus_files, entries
from benchcore.curation.stream import Stream
from benchcore.data.source import file_digest
from benchcore.data.texts import LINES
from benchcore.errors import ConfigError, DataError, MachineError, RunMismatch
from benchcore.store import replace_file

COMMIT = 2.0  # seconds between two commits
KEPT, REMOVED, EVERY = "kept", "removed", "every"
JOURNAL, MANIFEST = "journal.json", "manifest.json"


class Step(Protocol):
    """What a command does with documents."""

    def begin(self, kept: Iterator[Entry]) -> Mapping[str, Any]:
        """Make ready, knowing what an earlier start has `kept`, and return the figures of the manifest."""
        ...

    def decide(self, batch: Sequence[Entry]) -> Iterable[Decision]:
        """What becomes of documents, which all have a text; any number of decisions, of which one is a row."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is asked for: `options` are all that decides the result, but for the corpus.

    Kept rows go to `out` and, where `every` is given, all that have a text go there. `version` is benchcore's.
    """

    command: str
    version: str
    sources: tuple[str, ...]
    text_field: str
    out: Path
    options: Mapping[str, Any]
    every: Path | None = None

    def __post_init__(self) -> None:
        for path in self._written():
            if not path.name.endswith(LINES):
                raise ConfigError(f"{path} is not a name for JSON Lines", f"end it with {' or '.join(LINES)}")

    def places(self) -> dict[str, Path]:
        """Where each file that is written ends up."""
        removed = self.out.with_name(f"{stem(self.out)}.removed.jsonl")
        return {KEPT: self.out, REMOVED: removed} | ({EVERY: self.every} if self.every else {})

    def check(self, files: Sequence[Path]) -> None:
        """Refuse to write over what is read."""
        read = {file.resolve() for file in files}
        places = [*self.places().values(), manifest_file(self.out)]
        if len(set(places)) < len(places):
            raise ConfigError(f"two of the files that go beside {self.out} have one name", "give another --out")
        for path in places:
            if path.resolve() in read:
                raise ConfigError(f"{path} is read and would be written", "give --out another name")

    def _written(self) -> list[Path]:
        return [self.out, *([self.every] if self.every else [])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How far a command is."""

    doing: str
    documents: int = 0
    kept: int = 0
    bytes: int = 0
    seconds: float = 0.0


Watch = Callable[[Pace], None]


@dataclass(slots=True, kw_only=True)
class Journal:
    """What is dealt with: of which job, what came of it, and the sizes of the files by then."""

    identity: dict[str, Any]
    tally: Tally = field(default_factory=Tally)
    sizes: dict[str, int] = field(default_factory=dict)


def stem(path: Path) -> str:
    """The name of a file of JSON Lines without its ending."""
    return next(path.name.removesuffix(ending) for ending in LINES if path.name.endswith(ending))


def manifest_file(out: Path) -> Path:
    """Where the manifest of `out` is."""
    return out.with_name(f"{out.name}.manifest.json")


def run(job: Job, step: Step, watch: Watch = lambda pace: None) -> Manifest:
    """Do `job`, or go on with it; what is finished is not made again.

    Raises `RunMismatch` where its files belong to another job, and `MachineError` where another process is at it.
    """
    files = corpus_files(job.sources)
    job.check(files)
    watch(Pace(doing="reading digests"))
    inputs = tuple(_input(file) for file in files)
    identity = _plain({"command": job.command, "options": job.options, "inputs": inputs})
    if (done := _finished(job, identity)) is not None:
        return done
    folder = job.out.with_name(f"{job.out.name}.partial")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(folder / "lock", blocking=False):
            if not (folder / MANIFEST).is_file():
                manifest = _go_on(job, step, files, inputs, _journal(folder, identity), folder, watch)
                replace_file(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
            made = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
            _check_same(job.out, _identity(made), identity)
            _hand_over(job, folder)
    except filelock.Timeout as error:
        raise MachineError(f"another process is writing {job.out}", "wait for it, or give another --out") from error
    shutil.rmtree(folder)
    return made


def _go_on(
    job: Job, step: Step, files: Sequence[Path], inputs: tuple[Input, ...], journal: Journal, folder: Path, watch: Watch
) -> Manifest:
    tally, before, started = journal.tally, journal.tally.seconds, time.monotonic()
    with ExitStack() as stack:
        streams = {
            name: stack.enter_context(
                Stream(folder / _scratch(name, place), journal.sizes.get(name, 0), packed=place.suffix == ".gz")
            )
            for name, place in job.places().items()
        }
        watch(Pace(doing="making ready"))
        # cut back by now to the last commit, so what is in there is what was kept by then
        figures = step.begin(entries([folder / _scratch(KEPT, job.out)], job.text_field))
        committed = time.monotonic()
        for batch in batches(islice(entries(files, job.text_field), tally.documents, None)):
            for decision in _unsound(batch):
                tally.add(decision)
                streams[REMOVED].add(_told(decision))
            for decision in step.decide([one for one in batch if one.fault is None]):
                tally.add(decision)
                _write(streams, decision)
            tally.documents += len(batch)
            tally.bytes += sum(len(one.text.encode(errors="replace")) for one in batch)
            tally.seconds = before + time.monotonic() - started
            if time.monotonic() - committed > COMMIT:
                _commit(streams, journal, folder)
                committed = time.monotonic()
            watch(_pace(job.command, tally))
        _commit(streams, journal, folder)
    if not tally.documents:
        raise DataError(f"there is no document in {', '.join(job.sources)}")
    return Manifest(
        command=job.command, version=job.version, options=_plain(job.options), inputs=inputs, figures=_plain(figures),
        tally=tally, out=str(job.out),
    )  # fmt: skip


def _pace(doing: str, tally: Tally) -> Pace:
    kept = sum(tally.kept.values())
    return Pace(doing=doing, documents=tally.documents, kept=kept, bytes=tally.bytes, seconds=tally.seconds)


def _unsound(batch: Sequence[Entry]) -> Iterator[Decision]:
    for one in batch:
        if one.fault is not None:
            yield Decision(where=one.where, row=one.row, text=one.text, keep=False, reason=one.fault)


def _write(streams: Mapping[str, Stream], decision: Decision) -> None:
    if EVERY in streams:
        streams[EVERY].add(decision.row)
    if decision.keep:
        streams[KEPT].add(decision.row)
    else:
        streams[REMOVED].add(_told(decision))


def _told(decision: Decision) -> dict[str, Any]:
    """What the file of removed documents says of one."""
    told = {"where": decision.where, "reason": decision.reason, "like": decision.like, "score": decision.score}
    return {name: value for name, value in told.items() if value is not None}


def _commit(streams: Mapping[str, Stream], journal: Journal, folder: Path) -> None:
    journal.sizes = {name: stream.commit() for name, stream in streams.items()}
    replace_file(folder / JOURNAL, msgspec.json.encode(journal))


def _scratch(name: str, place: Path) -> str:
    return f"{name}.jsonl.gz" if place.suffix == ".gz" else f"{name}.jsonl"


def _hand_over(job: Job, folder: Path) -> None:
    """Put each file where it belongs, the manifest last: with it the job is finished."""
    for name, place in job.places().items():
        made = folder / _scratch(name, place)
        if made.exists():  # a kill may have come between two of them
            place.parent.mkdir(parents=True, exist_ok=True)
            made.replace(place)
    (folder / MANIFEST).replace(manifest_file(job.out))


def _input(file: Path) -> Input:
    try:
        return Input(path=str(file), bytes=file.stat().st_size, sha256=file_digest(file))
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error})") from error


def _finished(job: Job, identity: Mapping[str, Any]) -> Manifest | None:
    file = manifest_file(job.out)
    if not file.is_file():
        if job.out.exists() and not job.out.with_name(f"{job.out.name}.partial").exists():
            raise ConfigError(f"{job.out} exists, and no manifest says what it is", "give another --out")
        return None
    try:
        made = msgspec.json.decode(file.read_bytes(), type=Manifest)
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{file} is no manifest of benchcore ({error})", "give another --out") from error
    _check_same(job.out, _identity(made), identity)
    missing = [place for place in job.places().values() if not place.exists()]
    if missing:
        raise ConfigError(f"{file} is there, but {missing[0]} is not", "remove the manifest to make both again")
    return made


def _identity(made: Manifest) -> dict[str, Any]:
    found: dict[str, Any] = _plain({"command": made.command, "options": made.options, "inputs": made.inputs})
    return found


def _journal(folder: Path, identity: dict[str, Any]) -> Journal:
    try:
        found = msgspec.json.decode((folder / JOURNAL).read_bytes(), type=Journal)
    except FileNotFoundError:
        return Journal(identity=identity)
    _check_same(folder, found.identity, identity)
    return found


def _check_same(place: Path, there: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise `RunMismatch`, naming what differs."""
    for key, value in ({**now["options"], "command": now["command"]}).items():
        other = {**there["options"], "command": there["command"]}.get(key)
        if other != value:
            raise RunMismatch(
                f"{place} was made with another {key}: {other!r} there and {value!r} now",
                "give another --out, or remove it",
            )
    if there["inputs"] != now["inputs"]:
        changed = {one["path"] for one in there["inputs"]} ^ {one["path"] for one in now["inputs"]}
        same = [one["path"] for one in now["inputs"] if one not in there["inputs"]]
        what = sorted(changed)[0] if changed else same[0] if same else "the order of files"
        raise RunMismatch(f"{place} was made of another corpus: {what} differs", "give another --out, or remove it")


def _plain(value: Any) -> Any:
    """`value` as it reads from JSON, so that it can be compared with what was written."""
    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=str))
