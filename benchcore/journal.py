"""The journal of a run: samples, requests, completions and grades in SQLite, each committed as it arrives.

In WAL mode a killed process loses only what was still being generated.
"""

import json
import sqlite3
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchcore.errors import ConfigError, MachineError, RunMismatch
from benchcore.plan import plain
from benchcore.records import (
    Completion,
    Fault,
    Finish,
    Grade,
    Outcomes,
    Request,
    Sample,
    Score,
    TaskRecord,
    Verdict,
)

FILE = "run.db"
SCHEMA = 3
TABLES = """
CREATE TABLE IF NOT EXISTS samples (
    task TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, prompt TEXT NOT NULL,
    target TEXT NOT NULL, "group" TEXT, continuations TEXT, PRIMARY KEY (task, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS requests (
    key TEXT PRIMARY KEY, task TEXT NOT NULL, sample TEXT NOT NULL, trial INTEGER NOT NULL,
    UNIQUE (task, sample, trial)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS completions (
    request TEXT PRIMARY KEY REFERENCES requests, text TEXT NOT NULL, finish TEXT NOT NULL,
    tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, seconds REAL NOT NULL, fault TEXT, scores TEXT,
    near_ties INTEGER);
CREATE TABLE IF NOT EXISTS grades (
    request TEXT PRIMARY KEY REFERENCES completions, value REAL, verdict TEXT NOT NULL, grader TEXT NOT NULL,
    extracted TEXT, rule TEXT, reason TEXT NOT NULL, seconds REAL NOT NULL, fault TEXT, tokens INTEGER,
    bytes INTEGER);
CREATE TABLE IF NOT EXISTS figures (
    task TEXT PRIMARY KEY, record TEXT NOT NULL, outcomes TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS isolation (task TEXT NOT NULL, layers TEXT NOT NULL, PRIMARY KEY (task, layers));
CREATE TABLE IF NOT EXISTS engines (position INTEGER PRIMARY KEY, description TEXT NOT NULL);
"""
ANSWERED = "SELECT request FROM completions JOIN requests ON key = request WHERE task = ? AND fault IS NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Counts over one task's requests. `faults` are completions that failed, `graded` excludes grader errors.

    What is not known of completions made elsewhere is None.
    """

    requests: int
    completions: int
    faults: int
    graded: int
    truncated: int | None
    empty: int
    near_ties: int | None
    tokens_in: int | None
    tokens_out: int | None
    verdicts: Mapping[str, int]


class Journal:
    """The journal of one run folder. Raises `MachineError` when it cannot be written or is damaged.

    The caller sees to it that one process at a time writes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with trouble(folder):
            self._db = sqlite3.connect(folder / FILE, isolation_level=None)
            try:
                # WAL with NORMAL survives any death of the process; only a power cut can lose the last commits
                self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;")
                self._check_schema()
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        """Close the file; everything committed is in it."""
        self._db.close()

    def register(self, samples: Sequence[Sample], requests: Sequence[Request]) -> None:
        """Write down what will be asked; asking for the same again changes nothing.

        Raises `RunMismatch` when a sample's prompt or target is another than the one stored.
        """
        task = requests[0].task
        with self._trouble(), self._transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO samples VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    (
                        task,
                        s.id,
                        position,
                        json.dumps(plain(s.prompt)),
                        _storable(s.target),
                        s.group,
                        json.dumps(s.continuations) if s.continuations else None,
                    )
                    for position, s in enumerate(samples)
                ),
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO requests VALUES (?, ?, ?, ?)",
                ((r.key, r.task, r.sample, r.trial) for r in requests),
            )
            keys = self._keys("SELECT key FROM requests WHERE task = ?", task)
            targets = dict(self._db.execute("SELECT id, target FROM samples WHERE task = ?", (task,)))
            changed = [("prompt", r.sample) for r in requests if r.key not in keys]
            changed += [("target", s.id) for s in samples if targets[s.id] != _storable(s.target)]
            if changed:
                what, sample = changed[0]
                raise RunMismatch(
                    f"the run folder {self.folder} holds results of another {task}:"
                    f" the {what} of sample {sample} was another there, under the same version",
                    "use another --out, and raise the task's version",
                )

    def answered(self, task: str) -> set[str]:
        """Keys of the task's requests that have a completion without fault."""
        return self._keys(ANSWERED, task)

    def ungraded(self, task: str, grader: str) -> set[str]:
        """Keys of the task's completions that this very grader has not graded, or only with an error."""
        return self._keys(
            "SELECT c.request FROM completions c JOIN requests r ON r.key = c.request"
            " LEFT JOIN grades g ON g.request = c.request WHERE r.task = ? AND c.fault IS NULL"
            " AND (g.request IS NULL OR g.grader != ? OR g.verdict = 'error')",
            task,
            grader,
        )

    def add_completion(self, completion: Completion) -> None:
        """Commit one completion. A fault may be replaced by a later answer, an answer by nothing.

        Raises `ValueError` when the request was answered before.
        """
        fault = _fault_text(completion.fault)
        with self._trouble():
            done = self._db.execute(
                "INSERT INTO completions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (request) DO UPDATE SET"
                " text = excluded.text, finish = excluded.finish, tokens_in = excluded.tokens_in,"
                " tokens_out = excluded.tokens_out, seconds = excluded.seconds, fault = excluded.fault,"
                " scores = excluded.scores, near_ties = excluded.near_ties"
                " WHERE completions.fault IS NOT NULL",
                (
                    completion.request,
                    _storable(completion.text),
                    completion.finish,
                    completion.tokens_in,
                    completion.tokens_out,
                    completion.seconds,
                    fault,
                    msgspec.json.encode(completion.scores).decode() if completion.scores else None,
                    completion.near_ties,
                ),
            )
        if done.rowcount != 1:
            raise ValueError(f"the request {completion.request} was answered twice")

    def add_grade(self, grade: Grade) -> None:
        """Commit one grade, in place of an earlier one of the same completion."""
        with self._trouble():
            self._db.execute(
                "INSERT OR REPLACE INTO grades VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    grade.request,
                    grade.value,
                    grade.verdict,
                    grade.grader,
                    None if grade.extracted is None else _storable(grade.extracted),
                    grade.rule,
                    _storable(grade.reason),
                    grade.seconds,
                    _fault_text(grade.fault),
                    grade.tokens,
                    grade.bytes,
                ),
            )

    def completions(self, task: str) -> Iterator[tuple[str, Completion]]:
        """(sample id, completion) of one task in the order of its samples and trials, one at a time."""
        rows = self._rows(
            "SELECT r.sample, c.* FROM completions c JOIN requests r ON r.key = c.request"
            " JOIN samples s ON s.task = r.task AND s.id = r.sample WHERE r.task = ? ORDER BY s.position, r.trial",
            task,
        )
        for sample, request, text, finish, tokens_in, tokens_out, seconds, fault, scores, near_ties in rows:
            yield (
                sample,
                Completion(
                    request=request,
                    text=text,
                    finish=Finish(finish),
                    tokens_in=tokens_in,
                    tokens_out=tokens_out,
                    seconds=seconds,
                    fault=_fault(fault),
                    scores=msgspec.json.decode(scores, type=tuple[Score, ...]) if scores else (),
                    near_ties=near_ties,
                ),
            )

    def grades(self, task: str) -> Iterator[tuple[str, Grade]]:
        """(sample id, grade) of one task in the order of its samples and trials, one at a time."""
        rows = self._rows(
            "SELECT r.sample, g.* FROM grades g JOIN requests r ON r.key = g.request"
            " JOIN samples s ON s.task = r.task AND s.id = r.sample WHERE r.task = ? ORDER BY s.position, r.trial",
            task,
        )
        for sample, request, value, verdict, grader, extracted, rule, reason, seconds, fault, tokens, size in rows:
            yield (
                sample,
                Grade(
                    request=request,
                    value=value,
                    verdict=Verdict(verdict),
                    grader=grader,
                    extracted=extracted,
                    rule=rule,
                    reason=reason,
                    seconds=seconds,
                    fault=_fault(fault),
                    tokens=tokens,
                    bytes=size,
                ),
            )

    def totals(self, task: str) -> Totals:
        """Counts over the task's requests, completions and grades."""
        with self._trouble():
            (requests,) = self._db.execute("SELECT count(*) FROM requests WHERE task = ?", (task,)).fetchone()
            counts = self._db.execute(
                "SELECT count(*), total(fault IS NOT NULL), total(finish = 'length'),"
                " total(fault IS NULL AND scores IS NULL AND trim(text, char(32, 9, 10, 11, 12, 13)) = ''),"
                " total(tokens_in), total(tokens_out), sum(near_ties > 0)"
                " FROM completions JOIN requests ON key = request WHERE task = ?",
                (task,),
            ).fetchone()
            verdicts = dict(
                self._db.execute(
                    "SELECT verdict, count(*) FROM grades JOIN requests ON key = request WHERE task = ?"
                    " GROUP BY verdict ORDER BY verdict",
                    (task,),
                )
            )
        *whole, near_ties = counts
        completions, faults, truncated, empty, tokens_in, tokens_out = map(int, whole)
        return Totals(
            requests=requests,
            completions=completions,
            faults=faults,
            graded=sum(verdicts.values()) - verdicts.get(Verdict.ERROR, 0),
            truncated=truncated,
            empty=empty,
            near_ties=near_ties,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            verdicts=verdicts,
        )

    def engine(self) -> dict[str, Any]:
        """The engine that answered last, as it described itself; empty before the first."""
        with self._trouble():
            row = self._db.execute("SELECT description FROM engines ORDER BY position DESC LIMIT 1").fetchone()
        return {} if row is None else json.loads(row[0])

    def use_engine(self, description: Mapping[str, Any]) -> None:
        """Note the engine that is about to answer.

        Raises `RunMismatch` when earlier answers came from another family or in another number format.
        """
        known = self.engine()
        for key in ("family", "dtype"):
            if known and known.get(key) != description[key]:
                raise mismatch(self.folder, f"engine {key}", known.get(key), description[key])
        if known != description:
            with self._trouble():
                self._db.execute("INSERT INTO engines (description) VALUES (?)", (json.dumps(dict(description)),))

    def forget_figures(self, task: str) -> None:
        """Take back a task's record while results are being added."""
        with self._trouble():
            self._db.execute("DELETE FROM figures WHERE task = ?", (task,))

    def use_isolation(self, task: str, layers: Mapping[str, str], *, anew: bool) -> None:
        """Note what confines the programs of `task` from now on; with `anew` no earlier grade stays."""
        with self._trouble():
            if anew:
                self._db.execute("DELETE FROM isolation WHERE task = ?", (task,))
            if layers:
                self._db.execute("INSERT OR IGNORE INTO isolation VALUES (?, ?)", (task, json.dumps(dict(layers))))

    def isolation(self, task: str) -> dict[str, str]:
        """What was in force when the grades of `task` were made; where that differed, each state once."""
        with self._trouble():
            rows = self._db.execute("SELECT layers FROM isolation WHERE task = ? ORDER BY rowid", (task,)).fetchall()
        states: dict[str, dict[str, None]] = {}
        for (text,) in rows:
            for layer, state in json.loads(text).items():
                states.setdefault(layer, {})[state] = None
        return {layer: " and ".join(found) for layer, found in states.items()}

    def close_task(self, record: TaskRecord, outcomes: Outcomes) -> None:
        """Keep the record of a task that is complete, and what each problem came to."""
        texts = (msgspec.json.encode(one).decode() for one in (record, outcomes))
        with self._trouble():
            self._db.execute("INSERT OR REPLACE INTO figures VALUES (?, ?, ?)", (record.task, *texts))

    def closed_tasks(self) -> list[TaskRecord]:
        """Records of the tasks that are complete, sorted by name."""
        with self._trouble():
            rows = self._db.execute("SELECT record FROM figures ORDER BY task").fetchall()
        return [msgspec.json.decode(text, type=TaskRecord) for (text,) in rows]

    def _rows(self, query: str, *values: str) -> Iterator[tuple[Any, ...]]:
        with self._trouble():
            yield from self._db.execute(query, values)

    def _keys(self, query: str, *values: str) -> set[str]:
        with self._trouble():
            return {key for (key,) in self._db.execute(query, values)}

    def _check_schema(self) -> None:
        check_version(self.folder, self._db)
        self._db.executescript(TABLES + f"PRAGMA user_version = {SCHEMA};")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._db.in_transaction:  # a full disk has rolled it back already
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _trouble(self) -> AbstractContextManager[None]:
        return trouble(self.folder)


@contextmanager
def trouble(folder: Path) -> Iterator[None]:
    """Tell what the file system or SQLite has against a run folder as a `MachineError`."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        raise MachineError(
            f"cannot write to the run folder {folder}: {error}", "everything stored before is kept"
        ) from error
    except sqlite3.IntegrityError:
        raise  # a defect of ours, not of the machine
    except sqlite3.DatabaseError as error:
        raise MachineError(f"the journal {folder / FILE} is damaged: {error}", "use another --out") from error


def stored_answers(folder: Path, task: str) -> set[str]:
    """Keys of the task's answered requests in a run folder that may not exist, read without writing to it."""
    return {key for (key,) in _stored(folder, ANSWERED, task)}


def stored_outcomes(folder: Path) -> dict[str, Outcomes]:
    """Task -> what each problem came to, of the tasks that are complete; the run folder is not written to."""
    rows = _stored(folder, "SELECT task, outcomes FROM figures ORDER BY task")
    return {task: msgspec.json.decode(text, type=Outcomes) for task, text in rows}


def _stored(folder: Path, query: str, *values: str) -> list[tuple[Any, ...]]:
    """The rows of `query` in a journal that is only read; none where there is no journal."""
    if not (folder / FILE).is_file():
        return []
    # quoted, for a folder may be called a?b
    address = f"file:{urllib.parse.quote(str(folder.absolute() / FILE))}?mode=ro"
    if not (folder / "run.db-wal").exists():
        address += "&immutable=1"  # nobody is writing; without it SQLite would leave two files behind
    try:
        with closing(sqlite3.connect(address, uri=True)) as db:
            check_version(folder, db)
            return db.execute(query, values).fetchall()
    except sqlite3.Error as error:
        raise MachineError(f"cannot read the journal {folder / FILE}: {error}", "use another --out") from error


def check_version(folder: Path, db: sqlite3.Connection) -> None:
    """Raise `ConfigError` for a journal whose tables are of another version; one without tables will do."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version not in (0, SCHEMA):
        raise ConfigError(
            f"{folder} was written by another version of benchcore (journal {version}, this one is {SCHEMA})",
            "use another --out",
        )


def mismatch(folder: Path, key: str, there: Any, now: Any) -> RunMismatch:
    """The refusal to mix results of two configurations, naming what differs."""
    return RunMismatch(
        f"the run folder {folder} holds results of another configuration:"
        f" {key} is {_show(there)} there and {_show(now)} now",
        "use another --out, or the old setting",
    )


def _show(value: Any) -> str:
    text = "not set" if value is None else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _storable(text: str) -> str:
    """`text` with each half of a surrogate pair as "?": SQLite keeps UTF-8, in which a half cannot be written."""
    return text.encode(errors="replace").decode()


def _fault_text(fault: Fault | None) -> str | None:
    return None if fault is None else json.dumps({"kind": fault.kind, "message": fault.message})


def _fault(text: str | None) -> Fault | None:
    return None if text is None else Fault(**json.loads(text))
