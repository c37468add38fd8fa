"""A model that is being trained, as an engine for likelihoods: what it scores is what it would as a checkpoint."""

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

import torch
import transformers

from benchcore.checkpoint import Checkpoint
from benchcore.engines import Pulse
from benchcore.engines.embedded.reader import Reader
from benchcore.engines.embedded.scoring import Scorer
from benchcore.engines.memory import budget
from benchcore.engines.window import Window
from benchcore.records import Completion, Request, Scoring


class Live:
    """Scores with the model of a training loop, whose weights may change between two calls.

    `home` has the model's config.json and tokenizer.
    """

    family = "embedded"

    def __init__(self, model: Any, home: Checkpoint) -> None:
        self._model = model
        self._window = Window(home, trust_remote_code=False)
        self._device = next(model.parameters()).device
        model.eval()
        self._reader = Reader(model, self._device, self._window.last + 1)
        model.train()

    def check(self, requests: Sequence[Request]) -> None:
        """Raises `ConfigError` for a prompt longer than the context."""
        self._window.check(requests)

    def __enter__(self) -> "Live":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing was loaded."""

    def describe(self) -> Mapping[str, Any]:
        """What runs the model."""
        return {
            "family": self.family,
            "transformers": transformers.__version__,
            "torch": torch.__version__,
            "device": self._device.type,
            "dtype": str(next(self._model.parameters()).dtype).removeprefix("torch."),
        }

    def swap(self, checkpoint: Checkpoint) -> bool:
        """Always the model as it is now."""
        return True

    def answer(self, requests: Sequence[Request], pulse: Pulse) -> Iterator[Completion]:
        """Yield the scores of each request."""
        scorings = [one for one in requests if isinstance(one, Scoring)]
        self._model.eval()
        try:
            yield from Scorer(self._reader, self._window, self._device, budget=budget(self._device, None)).answer(
                scorings, pulse
            )
        finally:
            self._model.train()
