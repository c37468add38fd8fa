"""What a task is: rows, how a row becomes a sample, how to decode, how to grade, what to compute.

A task is a value. Nonsense is refused where it is defined, with the value seen; nothing is loaded until
`rows` is called. Graders and metrics are protocols: any object of the right shape will do.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from benchcore.errors import BenchcoreError, ConfigError, DataError
from benchcore.records import Answer, Decode, Figure, Grade, Part, Sample

Row = Mapping[str, Any]
GradeFn = Callable[[Sample, Any], Grade]


class Rows(Protocol):
    """Where a task's rows come from."""

    def load(self, data_dir: Path | None) -> tuple[Sequence[Row], str]:
        """The rows in the data set's own order, and the digest of their source.

        Raises `DataError` naming every place that was looked at when there are none.
        """
        ...

    def where(self, data_dir: Path | None) -> str:
        """One line saying where the rows would come from, loading nothing."""
        ...


class Grader(Protocol):
    """Decides what a completion is worth.

    Raise the version in its name whenever a verdict could change: grades of another version are made anew.
    """

    @property
    def name(self) -> str:
        """Name and version, such as ``numbers@1``; with every setting that can change a verdict."""
        ...

    def session(self, samples: Sequence[Sample]) -> AbstractContextManager[GradeFn]:
        """Hold whatever grading needs (worker processes) and yield `grade(sample, answer)`, thread-safe.

        The answer is the text that was generated or, in a task that is scored, the scores of the continuations.
        `samples` are those that will be graded, for a grader that proves itself on their references first.
        `Grade.request` is left empty: the caller knows which completion the text came from.
        """
        ...

    def isolation(self) -> Mapping[str, str]:
        """Which isolation is in force for untrusted code: layer -> state; empty where none is run."""
        ...

    def reference(self, sample: Sample) -> Answer:
        """An answer that must be graded right: the oracle check of `benchcore tasks check`."""
        ...


class Metric(Protocol):
    """Turns grades into figures. `trials` is the least number of trials it can be computed from."""

    @property
    def trials(self) -> int:
        """The least number of trials."""
        ...

    def figures(self, grades: Sequence[Sequence[Grade]], group: str | None) -> tuple[Figure, ...]:
        """Figures over problems; `grades[i]` holds the scored grades of problem i, one a trial."""
        ...

    def parts(self, grades: Sequence[Sequence[Grade]]) -> Mapping[str, Sequence[Part | None]]:
        """For each figure by its name what every problem adds to it, None where it adds nothing.

        By these two runs are compared problem by problem: a figure's value is the sum of amounts over that of sizes.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An evaluation task. `version` must rise whenever its prompts, decoding or grading change.

    With a `decode` texts are generated; without one each sample's continuations are scored. Another `seed` is
    another random draw of the same texts, for a temperature above 0.
    `name` is given by the catalog (the file's name, plus ``@variant``).
    Raises `ConfigError` when the parts do not fit together.
    """

    version: int
    rows: Rows
    sample: Callable[[Row], Sample]
    grader: Grader
    metrics: tuple[Metric, ...]
    decode: Decode | None = None
    trials: int = 1
    seed: int = 0
    name: str = ""
    about: str = ""

    def __post_init__(self) -> None:
        label = self.name or "task"
        if self.version < 1:
            raise ConfigError(f"{label}: version must be 1 or more, got {self.version}")
        if not self.metrics:
            raise ConfigError(f"{label}: at least one metric is needed")
        if self.trials < 1:
            raise ConfigError(f"{label}: trials must be 1 or more, got {self.trials}")
        if self.seed < 0:
            raise ConfigError(f"{label}: seed must be 0 or more, got {self.seed}")
        if self.trials > 1 and self.decode is None:
            raise ConfigError(f"{label}: {self.trials} trials of a likelihood are the same {self.trials} times")
        if self.trials > 1 and self.decode is not None and self.decode.temperature == 0:
            raise ConfigError(
                f"{label}: {self.trials} trials at temperature 0 are the same text {self.trials} times",
                "set a temperature above 0, or trials to 1",
            )
        for metric in self.metrics:
            if metric.trials > self.trials:
                raise ConfigError(
                    f"{label}: {metric} needs {metric.trials} trials but the task has {self.trials}",
                    f"use --trials {metric.trials} or more",
                )

    def override(
        self,
        *,
        trials: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        seed: int | None = None,
    ) -> "Task":
        """This task with some settings replaced; the result is checked like any definition."""
        changes = {"temperature": temperature, "top_p": top_p}
        given = {name: value for name, value in changes.items() if value is not None}
        if self.decode is None and given:
            raise ConfigError(f"{self.name}: {next(iter(given))} means nothing where likelihoods are asked for")
        try:
            decode = self.decode and replace(self.decode, **given)  # type: ignore[arg-type]  # names checked above
        except ValueError as error:
            raise ConfigError(f"{self.name}: {error}") from error
        return replace(
            self,
            decode=decode,
            trials=self.trials if trials is None else trials,
            seed=self.seed if seed is None else seed,
        )

    def samples(self, data_dir: Path | None, limit: int | None = None) -> tuple[list[Sample], str]:
        """The first `limit` samples and the digest of the data they came from.

        Raises `DataError` when rows or fields of them are missing and `ConfigError` when ids repeat or no row is left.
        """
        rows, source = self.rows.load(data_dir)
        samples = [self._sample(row, number) for number, row in enumerate(rows if limit is None else rows[:limit])]
        if not samples:
            raise ConfigError(f"{self.name}: there are no samples")
        if repeated := first_repeat(sample.id for sample in samples):
            raise ConfigError(f"{self.name}: the sample id {repeated!r} occurs twice")
        return samples, source

    def _sample(self, row: Row, number: int) -> Sample:
        try:
            sample = self.sample(row)
        except BenchcoreError:
            raise
        except KeyError as error:
            raise DataError(f"{self.name}: row {number} of its data has no field {error}") from error
        except Exception as error:  # the task's own function: anything may be raised in it
            raise ConfigError(
                f"{self.name}: sample() fails on row {number}: {type(error).__name__}: {error}"
            ) from error
        for field in ("id", "target"):
            if not isinstance(value := getattr(sample, field), str):
                raise ConfigError(f"{self.name}: the {field} of row {number} must be text, got {value!r}")
        scored = self.decode is None
        if not isinstance(sample.prompt, str | tuple) or not (sample.prompt or scored):
            raise ConfigError(f"{self.name}: the prompt of row {number} must be a text or a tuple of messages")
        if scored != bool(sample.continuations):
            lacks = (
                "has no decode, but row {0} has no continuations"
                if scored
                else "generates, but row {0} has continuations"
            )
            raise ConfigError(f"{self.name}: the task {lacks.format(number)}")
        if scored and not all(isinstance(text, str) and text for text in sample.continuations):
            raise ConfigError(f"{self.name}: the continuations of row {number} must be texts that are not empty")
        return sample


def first_repeat(names: Iterable[str]) -> str | None:
    """The first name that occurs a second time, if any."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
