"""Grades an answer that is one short line, character by character: right when it is the target."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchcore.errors import ConfigError
from benchcore.records import Answer, Grade, Sample, Verdict

if TYPE_CHECKING:
    from benchcore.task import GradeFn


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """The grader of answers whose first line must be the target; white space and a full stop around it do not count."""

    @property
    def name(self) -> str:
        """Name and version."""
        return "exact@1"

    @contextmanager
    def session(self, samples: Sequence[Sample]) -> Iterator["GradeFn"]:
        """Yield `grade(sample, text)`. Raises `ConfigError` for a target that no first line can be."""
        for sample in samples:
            if not sample.target or _first_line(sample.target) != sample.target:
                raise ConfigError(
                    f"the target {sample.target!r} of sample {sample.id!r} is not a line without white space around it",
                    "exact() compares it with the first line of an answer",
                )
        yield self._grade

    def isolation(self) -> Mapping[str, str]:
        """Empty: nothing a model wrote is run."""
        return {}

    def reference(self, sample: Sample) -> Answer:
        """The target."""
        return sample.target

    def _grade(self, sample: Sample, answer: Answer) -> Grade:
        if not isinstance(answer, str):
            raise ValueError("likelihoods were scored where a text was to be generated")
        line = _first_line(answer)
        if not line:
            return Grade(
                request="", value=0.0, verdict=Verdict.UNPARSED, grader=self.name, reason="the completion is empty"
            )
        if line != sample.target:  # a target may end with a full stop itself
            line = line.removesuffix(".").rstrip() or line
        right = line == sample.target
        return Grade(
            request="",
            value=float(right),
            verdict=Verdict.RIGHT if right else Verdict.WRONG,
            grader=self.name,
            extracted=line,
            rule="first line",
        )


def exact() -> Exact:
    """The grader for answers that are one short line: right when the first line of the text is the target.

    White space around it and a full stop at its end do not count; upper and lower case do. A text that is empty or
    white space is `unparsed`.
    """
    return Exact()


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].rstrip()
