"""The samples of a task side by side: what was asked, and what each run made of it, read from the runs' journals.

Nothing is written, so a run that still goes on may be looked at. Samples are matched by their content, as problems are
where runs are compared.
"""

import json
import sqlite3
import urllib.parse
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import msgspec

from benchcore.errors import MachineError
from benchcore.journal import FILE, Journal, check_version
from benchcore.records import Score

AT_ONCE = 64  # samples that one query reads
ANSWERS = """
SELECT r.sample, c.text, c.finish, c.tokens_out, c.fault, c.scores,
       g.extracted, g.verdict, g.value, g.rule, g.reason, g.fault
FROM requests r JOIN completions c ON c.request = r.key LEFT JOIN grades g ON g.request = r.key
WHERE r.task = ? AND r.sample IN ({}) ORDER BY r.trial"""
FOUND = """
SELECT id FROM samples
WHERE task = :task AND (id LIKE :text ESCAPE '\\' OR target LIKE :text ESCAPE '\\' OR prompt LIKE :json ESCAPE '\\'
                        OR "group" LIKE :text ESCAPE '\\')
UNION
SELECT r.sample FROM requests r JOIN completions c ON c.request = r.key LEFT JOIN grades g ON g.request = r.key
WHERE r.task = :task AND (c.text LIKE :text ESCAPE '\\' OR g.extracted LIKE :text ESCAPE '\\'
                          OR g.reason LIKE :text ESCAPE '\\')"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One trial of one run on one sample: the completion and what the grader found.

    `text` is, of a scored sample, its continuations with their log-likelihoods in nats, a line each. `verdict` is ""
    where there is none yet. `fault` is what went wrong in the engine or in the grader.
    """

    text: str
    extracted: str | None
    verdict: str
    value: float | None
    rule: str | None
    reason: str
    finish: str
    fault: str | None
    tokens_out: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSample:
    """A sample and what each run made of it: `attempts[run][trial]`, so far as there are answers.

    () where a run lacks the sample; one of the same id with another prompt or target is another sample. `prompt` is
    what the model was given; of a chat each turn is a paragraph "role: text".
    """

    task: str
    id: str
    group: str | None
    prompt: str
    target: str
    attempts: tuple[tuple[Attempt, ...], ...]


Samples = Callable[[], Iterator[SharedSample]]
"""The samples of one task in the order of the data, one at a time, read anew by each call."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sample is to be found: its `id`, and which runs have it."""

    id: str
    runs: tuple[bool, ...]


class StoredJournal(Journal):
    """The journal of a run folder that is only read, also while another process writes to it.

    Raises `MachineError` when it cannot be read and `ConfigError` when it is of another version.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # quoted, for a folder may be called a?b
        address = f"file:{urllib.parse.quote(str(folder.absolute() / FILE))}?mode=ro"
        if not (folder / "run.db-wal").exists():
            address += "&immutable=1"  # nobody is writing; without it SQLite would leave two files behind
        with self._trouble():
            self._db = sqlite3.connect(address, uri=True)
            try:
                check_version(folder, self._db)
            except BaseException:
                self._db.close()
                raise

    def __enter__(self) -> "StoredJournal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def grader(self, task: str) -> str:
        """The name of the grader of `task`; "" while nothing of it is graded."""
        query = "SELECT grader FROM grades JOIN requests ON key = request WHERE task = ? LIMIT 1"
        return next((name for (name,) in self._rows(query, task)), "")

    def contents(self, task: str) -> Iterator[tuple[str, int]]:
        """(id, hash of all that is asked and expected) of each sample of `task`, in the order of the data."""
        query = "SELECT id, prompt, target, continuations FROM samples WHERE task = ? ORDER BY position"
        for name, *content in self._rows(query, task):
            yield name, hash(tuple(content))

    def right(self, task: str) -> dict[str, bool]:
        """Sample id -> whether the mean value of its graded trials is at least one half; what is measured has none."""
        query = (
            "SELECT sample, avg(value) >= 0.5 FROM requests JOIN grades ON request = key"
            " WHERE task = ? AND value IS NOT NULL AND verdict != 'measured' GROUP BY sample"
        )
        return {name: bool(right) for name, right in self._rows(query, task)}

    def found(self, task: str, text: str) -> set[str]:
        """Ids of the samples of `task` that have `text`, in any case of its ASCII letters, in what is shown of them."""
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        quoted = json.dumps(text)[1:-1].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        with self._trouble():
            rows = self._db.execute(FOUND, {"task": task, "text": f"%{escaped}%", "json": f"%{quoted}%"})
            return {name for (name,) in rows}

    def grouped(self, task: str, group: str) -> set[str]:
        """Ids of the samples of `task` that are of `group`."""
        return {name for (name,) in self._rows('SELECT id FROM samples WHERE task = ? AND "group" = ?', task, group)}

    def group(self, task: str, name: str) -> str | None:
        """The group of the sample `name`."""
        [(group,)] = self._rows('SELECT "group" FROM samples WHERE task = ? AND id = ?', task, name)
        return None if group is None else str(group)

    def asked(self, task: str, names: Sequence[str]) -> dict[str, tuple[str, str, str | None]]:
        """Prompt, target and group of each of the samples `names`."""
        query = f'SELECT id, prompt, target, "group" FROM samples WHERE task = ? AND id IN ({_marks(names)})'  # noqa: S608
        return {
            name: (_prompt(prompt), target, group) for name, prompt, target, group in self._rows(query, task, *names)
        }

    def attempts(self, task: str, names: Sequence[str]) -> dict[str, tuple[Attempt, ...]]:
        """The answered trials of those of the samples `names` that have any."""
        found: dict[str, list[Attempt]] = {}
        for name, *row in self._rows(ANSWERS.format(_marks(names)), task, *names):
            found.setdefault(name, []).append(self._attempt(task, name, *row))
        return {name: tuple(trials) for name, trials in found.items()}

    def _attempt(
        self, task: str, name: str, text: str, finish: str, tokens_out: int, fault: str | None, scores: str | None,
        extracted: str | None, verdict: str | None, value: float | None, rule: str | None, reason: str | None,
        trouble: str | None,
    ) -> Attempt:  # fmt: skip
        return Attempt(
            text=self._scored(task, name, scores) if scores else text,
            extracted=extracted,
            verdict=verdict or "",
            value=value,
            rule=rule,
            reason=reason or "",
            finish=finish,
            fault=_fault(fault or trouble),
            tokens_out=tokens_out,
        )

    def _scored(self, task: str, name: str, scores: str) -> str:
        """The continuations of a sample with what a model gave them, a line each."""
        [(stored,)] = self._rows("SELECT continuations FROM samples WHERE task = ? AND id = ?", task, name)
        found = msgspec.json.decode(scores, type=tuple[Score, ...])
        pairs = zip(json.loads(stored), found, strict=True)
        return "\n".join(f"{score.logprob:.3f} nats over {_tokens(score.tokens)}: {text}" for text, score in pairs)

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise MachineError(f"cannot read the journal {self.folder / FILE}: {error}", "use another --out") from error


Journals = Sequence[StoredJournal | None]
"""The journals of the runs that are shown, in order; None where only a baseline was kept, which has no texts."""


@contextmanager
def journals(folders: Sequence[Path]) -> Iterator[Journals]:
    """The journals of `folders`, open for reading; of what is a file, None."""
    with ExitStack() as stack:
        yield [stack.enter_context(StoredJournal(one)) if one.is_dir() else None for one in folders]


def places(opened: Journals, task: str) -> list[Place]:
    """Where every sample of `task` is, in the order of the data: what the first run has, then what others add."""
    known = [{} if journal is None else dict(journal.contents(task)) for journal in opened]
    return [
        Place(name, tuple(run.get(name) == content for run in known))
        for at, own in enumerate(known)
        for name, content in own.items()
        if all(run.get(name) != content for run in known[:at])
    ]


def read_group(opened: Journals, task: str, place: Place) -> str | None:
    """The group of the sample that is to be found at `place`."""
    return _having(opened, place)[0].group(task, place.id)


def read_samples(opened: Journals, task: str, found: Sequence[Place]) -> list[SharedSample]:
    """The samples that are to be found at the places `found`."""
    asked, attempts = [], []
    for at, journal in enumerate(opened):
        # prompts are long, and those of the first run that has a sample are enough
        first = [place.id for place in found if place.runs.index(True) == at]
        here = [place.id for place in found if place.runs[at]]
        asked.append(journal.asked(task, first) if journal is not None and first else {})
        attempts.append(journal.attempts(task, here) if journal is not None and here else {})
    shared = []
    for place in found:
        prompt, target, group = asked[place.runs.index(True)][place.id]
        shared.append(
            SharedSample(
                task=task,
                id=place.id,
                group=group,
                prompt=prompt,
                target=target,
                attempts=tuple(
                    run.get(place.id, ()) if has else () for run, has in zip(attempts, place.runs, strict=True)
                ),
            )
        )
    return shared


def _having(opened: Journals, place: Place) -> list[StoredJournal]:
    return [journal for journal, has in zip(opened, place.runs, strict=True) if journal is not None and has]


def shared_samples(folders: Sequence[Path], task: str) -> Generator[SharedSample, None, None]:
    """The samples of `task` in the order of the data, one at a time, with what the runs in `folders` made of them."""
    with journals(folders) as opened:
        found = places(opened, task)
        for start in range(0, len(found), AT_ONCE):
            yield from read_samples(opened, task, found[start : start + AT_ONCE])


def _marks(names: Sequence[str]) -> str:
    """A place for each of `names` in a query."""
    return ",".join("?" * len(names))


def _prompt(stored: str) -> str:
    prompt = json.loads(stored)
    if isinstance(prompt, str):
        return prompt
    return "\n\n".join(f"{turn['role']}: {turn['content']}" for turn in prompt)


def _tokens(count: int) -> str:
    return f"{count:,} token" if count == 1 else f"{count:,} tokens"


def _fault(stored: str | None) -> str | None:
    if stored is None:
        return None
    found = json.loads(stored)
    return f"{found['kind']}: {found['message']}"
