"""What can go wrong, each with a sentence, a hint and an exit code.

Every error a user can cause or mend is a `BenchcoreError`; the command line prints it as one sentence
without a traceback and leaves with its `exit_code`. Anything else that escapes is a defect of benchcore.
"""

from collections.abc import Iterable

SHOWN = 20  # names listed when none is like the one given


class BenchcoreError(Exception):
    """An error the user can act on: `message` says what was found, `hint` what to type next."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class ConfigError(BenchcoreError):
    """A setting, name or file that the user gave is wrong (exit 2)."""


class CheckpointError(BenchcoreError):
    """A checkpoint cannot be evaluated (exit 2)."""


class DataError(BenchcoreError):
    """A data set is missing or malformed (exit 2)."""


class RunMismatch(BenchcoreError):
    """A run folder holds results of another configuration or of other weights (exit 2)."""


class RunIncomplete(BenchcoreError):
    """The run ended with requests unanswered or ungraded; what is there is kept (exit 3)."""

    exit_code = 3


class MachineError(BenchcoreError):
    """The machine refused: disk full, read-only folder, a lock held, an engine that died (exit 3)."""

    exit_code = 3


class MissingExtra(ConfigError):
    """An optional package is not installed."""

    def __init__(self, package: str, needed_for: str, install: str) -> None:
        super().__init__(f"{needed_for} needs the package {package}, which is not installed", f"run: {install}")


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint naming the known names most like `name`, or the first few of all when none is close."""
    import difflib  # only where something is wrong

    choices = sorted(known)
    close = difflib.get_close_matches(name, choices, n=3, cutoff=0.5)
    if close:
        best = difflib.SequenceMatcher(None, name, close[0]).ratio()
        close = difflib.get_close_matches(name, close, n=3, cutoff=0.75 * best)
        return "did you mean " + " or ".join(close) + "?"
    more = ", ..." if len(choices) > SHOWN else ""
    return "known: " + ", ".join(choices[:SHOWN]) + more if choices else ""
