"""Engines answer requests: one completion each, in any order, as they finish."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol

from benchcore.checkpoint import Checkpoint
from benchcore.records import Completion, Request

Pulse = Callable[[int], None]


class Engine(Protocol):
    """Runs one checkpoint. Making it reads the tokenizer; entering it loads the weights.

    `family` is part of a completion's identity: answers of two families are never mixed in one run folder.
    """

    family: str

    def check(self, requests: Sequence[Request]) -> None:
        """Refuse requests that cannot be answered. Raises `ConfigError` before any weights are loaded."""
        ...

    def __enter__(self) -> "Engine": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def describe(self) -> Mapping[str, Any]:
        """Family, versions, device, dtype, and what of its answers is reproducible."""
        ...

    def swap(self, checkpoint: Checkpoint) -> bool:
        """Go on with the weights of another checkpoint; False where that takes an engine of its own.

        Called between two rounds of `answer`. Raises `CheckpointError` when the weights do not load; the engine
        is of no use then.
        """
        ...

    def answer(self, requests: Sequence[Request], pulse: Pulse) -> Iterator[Completion]:
        """Yield one completion a request as it finishes; `pulse(n)` reports n freshly generated tokens."""
        ...
