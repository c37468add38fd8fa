"""A checkpoint as the teacher of a corpus: asked of each document for yes or no."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchcore import catalog, checkpoint
from benchcore.api.seat import alive
from benchcore.checkpoint import Checkpoint
from benchcore.config import EvalConfig
from benchcore.curation.labels import Label
from benchcore.curation.sources import Entry
from benchcore.engines import Engine
from benchcore.engines.choice import choose
from benchcore.errors import MachineError
from benchcore.records import Completion, Scoring

YES, NO = " yes", " no"
PROMPT = "Here is a document.\n\n{text}\n\nThat was the document. {question} Answer with yes or no.\nAnswer:"


class Asked:
    """Labels a document good where yes is likelier than no after `question`, of the two; the score is how likely.

    The weights are loaded when the first document comes. `digest` says what the checkpoint is.
    """

    def __init__(self, folder: Path, question: str, characters: int, stack: ExitStack) -> None:
        self.digest = checkpoint.model_digest(folder)
        self._folder, self._question, self._characters, self._stack = folder, question, characters, stack
        self._engine: Engine | None = None

    def begin(self) -> Mapping[str, Any]:
        """Choose the engine, and return what answers."""
        self._family = choose("auto", [self._folder])[0]
        return {"engine": self._family, "prompt": PROMPT}

    def labels(self, batch: Sequence[Entry]) -> Sequence[Label]:
        """Ask of each document. Raises `MachineError` where the engine has no answer."""
        requests = [self._request(number, one.text) for number, one in enumerate(batch)]
        if not requests:
            return []
        answers = {one.request: one for one in alive(self._ready(requests).answer(requests, lambda tokens: None))}
        return [self._label(answers[request.key]) for request in requests]

    def _ready(self, requests: Sequence[Scoring]) -> Engine:
        if self._engine is not None:
            self._engine.check(requests)
            return self._engine
        one = Checkpoint(path=self._folder, name=self._folder.name, step=None)
        engine: Engine = catalog.load_engine(self._family)(one, EvalConfig())
        engine.check(requests)
        self._engine = self._stack.enter_context(engine)
        return self._engine

    def _request(self, number: int, text: str) -> Scoring:
        prompt = PROMPT.format(text=text[: self._characters], question=self._question)
        return Scoring(key=str(number), task="label", sample=str(number), trial=0, prompt=prompt,
                       continuations=(YES, NO))  # fmt: skip

    def _label(self, answer: Completion) -> Label:
        if answer.fault is not None:
            raise MachineError(f"the engine could not answer: {answer.fault.message}", "run the same command again")
        yes, no = (score.logprob for score in answer.scores)
        likely = 1 / (1 + math.exp(min(700.0, no - yes)))
        return Label(good=yes > no, by=f"checkpoint {self._folder.name}", score=likely)


@contextmanager
def asking(folder: Path, question: str, characters: int) -> Iterator[Asked]:
    """The teacher that a checkpoint is, whose weights are let go at the end."""
    with ExitStack() as stack:
        yield Asked(folder, question, characters, stack)
