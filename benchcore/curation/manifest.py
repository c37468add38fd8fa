"""What is told of a cleaned corpus beside it: from what, how, how much came in and went out, and examples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

EXAMPLES, OF_A_REASON = 20, 5
SHOWN = 200  # characters of an example's text


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of a document, or of a part of it.

    `row` is written where it is kept, and in any case to the file of all rows where one is asked for. `reason` is
    why, in few words that are counted. `like` names what it is too like; `score` is
    its likeness to that, or its quality.
    """

    where: str
    row: Mapping[str, Any]
    text: str
    keep: bool
    reason: str
    like: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A file of the corpus, and the SHA-256 of its bytes."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Something that was dropped; `text` is how it begins."""

    where: str
    reason: str
    like: str | None
    score: float | None
    text: str


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of what was read, kept and dropped, by reason; `bytes` are of texts in UTF-8."""

    documents: int = 0
    bytes: int = 0
    kept_bytes: int = 0
    kept: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, decision: Decision) -> None:
        """Count a decision, and keep it as an example where there is room for another one of its reason."""
        counts = self.kept if decision.keep else self.dropped
        counts[decision.reason] = counts.get(decision.reason, 0) + 1
        if decision.keep:
            self.kept_bytes += len(decision.text.encode(errors="replace"))
        elif counts[decision.reason] <= OF_A_REASON and len(self.examples) < EXAMPLES:
            self.examples.append(
                Example(
                    where=decision.where,
                    reason=decision.reason,
                    like=decision.like,
                    score=decision.score,
                    text=decision.text[:SHOWN].encode(errors="replace").decode(),
                )
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a command made of a corpus. `figures` are what the command measured, such as areas under curves."""

    command: str
    version: str
    options: Mapping[str, Any]
    inputs: tuple[Input, ...]
    figures: Mapping[str, Any]
    tally: Tally
    out: str
