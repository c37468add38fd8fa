"""For authors of tasks, graders and metrics: an engine that answers from a function."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

from benchcore.checkpoint import Checkpoint
from benchcore.config import EvalConfig
from benchcore.engines import Pulse
from benchcore.records import Completion, Fault, Finish, Request, Score


class CannedEngine:
    """An engine that answers from a function of the request and loads nothing.

    `reply` returns a text, the scores of a `Scoring`, or a `Fault` for a request that should fail. `entered`
    counts how often weights would have been loaded, `swapped` how often they would have been exchanged, and
    `asked` lists the keys of every request it was given. `checkpoint` is the one that it would be running.
    """

    family = "canned"

    def __init__(self, reply: Callable[[Request], str | tuple[Score, ...] | Fault], *, seconds: float = 0.0) -> None:
        self.reply = reply
        self.seconds = seconds
        self.entered = 0
        self.swapped = 0
        self.checkpoint: Checkpoint | None = None
        self.asked: list[str] = []

    def __call__(self, checkpoint: Checkpoint, config: EvalConfig) -> "CannedEngine":
        """Serve as the `engine` argument of `benchcore.evaluate`."""
        self.checkpoint = checkpoint
        return self

    def check(self, requests: Sequence[Request]) -> None:
        """Accept everything."""

    def __enter__(self) -> "CannedEngine":
        self.entered += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def describe(self) -> Mapping[str, Any]:
        """A family of its own, so that its answers never mix with a real engine's."""
        return {"family": self.family, "dtype": "none", "device": "none", "reproducible": "everything"}

    def swap(self, checkpoint: Checkpoint) -> bool:
        """Any checkpoint is as good as another."""
        self.swapped += 1
        self.checkpoint = checkpoint
        return True

    def answer(self, requests: Sequence[Request], pulse: Pulse) -> Iterator[Completion]:
        """One completion a request, in order."""
        for request in requests:
            self.asked.append(request.key)
            time.sleep(self.seconds)
            said = self.reply(request)
            text = said if isinstance(said, str) else ""
            pulse(len(text.split()))
            yield Completion(
                request=request.key,
                text=text,
                finish=Finish.FAULT if isinstance(said, Fault) else Finish.STOP,
                tokens_in=len(str(request.prompt).split()),
                tokens_out=len(text.split()),
                seconds=self.seconds,
                fault=said if isinstance(said, Fault) else None,
                scores=said if isinstance(said, tuple) else (),
            )
