"""Held-out losses of a model that is being trained: run folders like any other, one for each look."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import torch

from benchcore import checkpoint
from benchcore.api.evaluation import all_at_once, evaluate_one
from benchcore.api.pool import GradingPool
from benchcore.api.work import prepare_all
from benchcore.checkpoint import Checkpoint
from benchcore.config import EvalConfig
from benchcore.data.documents import Document
from benchcore.data.source import numbered_rows
from benchcore.data.texts import LINES
from benchcore.engines.embedded.live import Live
from benchcore.errors import ConfigError
from benchcore.records import Request, RunRecord
from benchcore.store import replace_file
from benchcore.trainers.corpus import GENERATED, documents

FOLDER = "heldout"
TASK = '''"""Held-out loss of {name}."""

from benchcore import Task, {imported}, texts

TASK = Task(
    version=1,
    rows=texts({path!r}, {fields}),
    sample=document,
    grader=loss(),
    metrics=({metrics}),
)
'''
OF_TEXTS = ("bits_per_byte, document, loss, nats_per_token", "bits_per_byte(), nats_per_token()")
OF_ANSWERS = ("bits_per_byte, document, loss, nats_per_answer", "nats_per_answer(), bits_per_byte()")


def write_tasks(run: Path, sets: Mapping[str, str], text_field: str, group_field: str | None = None) -> tuple[str, ...]:
    """The files of tasks that measure the loss of each of `sets`, name -> file or folder, in the folder of `run`.

    A generated corpus is written out beside its task; where its documents have prompts, what is measured is the answer.
    Of a file with rows that have a `group_field` each group has figures of its own. Raises `ConfigError` for a source
    that does not exist.
    """
    folder = run / "tasks"
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, source in sets.items():
        path = Path(source).expanduser().absolute()
        fields = {"text_field": text_field}
        if source.startswith(GENERATED):
            path = (folder / f"{name}.jsonl").absolute()
            rows = [_row(one) for one in documents([source])]
            fields = {f"{key}_field": key for key in rows[0]}
            replace_file(path, "".join(json.dumps(row) + "\n" for row in rows).encode())
        elif not path.exists():
            raise ConfigError(f"the held-out set {name} is not there: {path}")
        elif group_field is not None and _has(path, group_field):
            fields["group_field"] = group_field
        imported, metrics = OF_ANSWERS if "prompt_field" in fields else OF_TEXTS
        said = ", ".join(f"{key}={value!r}" for key, value in fields.items())
        task = TASK.format(name=name, path=str(path), fields=said, imported=imported, metrics=metrics)
        file = folder / f"{name}.py"
        replace_file(file, task.encode())
        files.append(str(file))
    return tuple(files)


def _row(document: Document) -> dict[str, str]:
    """A document as a row of a held-out set; of one with a prompt the text is what its marks say is the answer."""
    row = {"text": document.text}
    if document.prompt:
        stop = document.marks.rfind("1") + 1 if document.marks else len(document.text)
        row = {"text": document.text[document.prompt : stop], "prompt": document.text[: document.prompt]}
    return row if document.group is None else {**row, "group": document.group}


def _has(path: Path, field: str) -> bool:
    """Whether the first row of a file of rows has a field."""
    if not path.is_file() or not path.name.endswith(LINES):
        return False
    _, row = next(iter(numbered_rows(path)), (0, {}))
    return field in row


@dataclass(slots=True)
class _LiveSeat:
    """The seat of an engine that is there already."""

    engine: Live
    family: str = Live.family

    def take(self, checkpoint: Checkpoint, requests: Sequence[Request]) -> Live:
        """The engine, after it has seen `requests`."""
        self.engine.check(requests)
        return self.engine


class HeldOut:
    """Looks at a model while it is trained; `home` has its config.json and tokenizer, `tasks` are task files.

    Raises `DataError` where there are no texts.
    """

    def __init__(self, run: Path, tasks: Sequence[str], model: Any, home: Path) -> None:
        self._run = run
        self._model = model
        self._home = home
        self._config = EvalConfig(tasks=tuple(tasks), out=run / FOLDER, dtype="float32", engine="embedded")
        self._work = prepare_all(self._config)
        self._seat = _LiveSeat(Live(model, Checkpoint(path=home, name=run.name, step=None)))
        self._pool = GradingPool()

    def __enter__(self) -> "HeldOut":
        self._pool.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.__exit__(kind, error, trace)

    def look(self, step: int, tokens: int, bill: Mapping[str, float]) -> RunRecord:
        """Measure every set and keep the run folder: after `step` steps, `tokens` tokens and what the bill says."""
        one = Checkpoint(
            path=self._home,
            name=f"step-{step:08d}",
            step=step,
            series=self._run.name,
            tokens=tokens,
            bill=bill,
            digest=self._digest(),
        )
        return evaluate_one(
            one, self._config, self._work, self._seat, self._pool, lambda progress: None, all_at_once, alone=True
        )

    def _digest(self) -> str:
        """SHA-256 of the weights in memory, and of what else decides what the model answers."""
        found = hashlib.sha256()
        for name, content in sorted(checkpoint.behaviour(self._home).items()):
            found.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
        for name, tensor in sorted(self._model.state_dict().items()):
            found.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
            found.update(tensor.contiguous().view(torch.uint8).cpu().numpy())
        return found.hexdigest()
