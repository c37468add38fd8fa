"""What a command prints: results on standard output, everything else on standard error."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TextIO, TypeVar

from benchcore.config import in_words

if TYPE_CHECKING:
    from benchcore.api.evaluation import Progress
    from benchcore.report.table import Table

T = TypeVar("T")

PLAIN_WIDTH = 100  # columns of a table that goes to a file or a pipe
SETTLED = 3.0  # seconds after which the speed says something
PLAIN_EVERY = 10.0  # seconds between progress lines where there is no terminal


def print_json(document: Any, stream: TextIO | None = None) -> None:
    """Print one JSON document."""
    import msgspec

    print(
        msgspec.json.format(msgspec.json.encode(document, enc_hook=_plain), indent=2).decode(),
        file=stream or sys.stdout,
    )


def show_table(table: "Table", stream: TextIO | None = None) -> None:
    """Print a table, as wide as the terminal, or `PLAIN_WIDTH` where there is none."""
    from rich.console import Console

    from benchcore.report.terminal import print_table

    out = stream or sys.stdout
    print_table(table, Console(file=out, width=None if out.isatty() else PLAIN_WIDTH))


def tell(text: str, end: str = "\n") -> None:
    """Print to standard error; that nobody reads it any more is no reason to stop working."""
    try:
        print(text, end=end, file=sys.stderr, flush=True)
    except BrokenPipeError:
        give_up(sys.stderr)


def give_up(stream: TextIO) -> None:
    """Let what nobody reads vanish, or the interpreter complains at its exit of what it could not print."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _plain(value: object) -> str:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(f"no JSON for {type(value).__name__}")


@contextmanager
def only_results() -> Iterator[TextIO]:
    """Yield the real standard output, and send whatever else is written to it to standard error.

    Engines print from C and from processes of their own, so the descriptor is exchanged beside `sys.stdout`.
    """
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr), os.fdopen(os.dup(kept), "w", encoding="utf-8") as results:
            yield results
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


class ProgressLine(Generic[T]):
    """Shows progress on standard error: one line rewritten on a terminal, now and then a line elsewhere.

    `words` puts what is called with into a line; a change of `phase` is shown at once. Leaving it shows the end.
    """

    def __init__(self, words: Callable[[T], str], phase: Callable[[T], str] = lambda progress: "") -> None:
        self._words = words
        self._phase = phase
        self._live = sys.stderr.isatty()
        self._last = 0.0 if self._live else time.monotonic()
        self._doing = ""
        self._shown = ""
        self._latest: T | None = None

    def __enter__(self) -> "ProgressLine[T]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # in a file, a mistake that comes before any progress is to stay one sentence
        if self._latest is not None and (kind is None or self._live or self._shown):
            self._show(self._words(self._latest))
        if self._live and self._shown:
            tell("")

    def __call__(self, progress: T) -> None:
        """Show the progress, at most a few times a second."""
        self._latest = progress
        now = time.monotonic()
        doing = self._phase(progress)
        if doing == self._doing and now - self._last < (0.2 if self._live else PLAIN_EVERY):
            return
        self._last, self._doing = now, doing
        self._show(self._words(progress))

    def _show(self, text: str) -> None:
        if text == self._shown:
            return
        self._shown = text
        if self._live:
            tell(f"\r\x1b[2K{text[: os.get_terminal_size(2).columns - 1]}", end="")
        else:
            tell(text)


def run_progress() -> "ProgressLine[Progress]":
    """The progress line of an evaluation."""
    return ProgressLine(describe, lambda progress: f"{progress.run} {progress.doing}")


def grade_progress() -> ProgressLine[int]:
    """The progress line of grading alone."""
    return ProgressLine(lambda count: f"{count} graded" if count else "checking references")


def describe(progress: "Progress") -> str:
    """`name: generating 12/32 answered, 10 graded, 143 tokens/s, 45 s left`."""
    if not progress.total:
        return f"{progress.run}: {progress.doing}"
    parts = [
        f"{progress.run}: {progress.doing} {progress.answered}/{progress.total} answered, {progress.graded} graded"
    ]
    elapsed = time.monotonic() - progress.started
    if progress.tokens and progress.doing == "generating":
        parts.append(f"{progress.tokens / elapsed:.0f} tokens/s")
        left = progress.seconds_left()
        if left is not None and elapsed > SETTLED:
            bound = "" if progress.asked else "at most "
            parts.append(f"{bound}{in_words(left)} left")
    return ", ".join(parts)
