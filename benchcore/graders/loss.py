"""Measures how unlikely a text is to the model: its loss in nats, with its length in tokens and bytes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchcore.errors import ConfigError
from benchcore.records import Answer, Grade, Sample, Score, Verdict

if TYPE_CHECKING:
    from benchcore.task import GradeFn


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """The grader that measures the loss of each sample's one continuation."""

    @property
    def name(self) -> str:
        """Name and version."""
        return "loss@1"

    @contextmanager
    def session(self, samples: Sequence[Sample]) -> Iterator["GradeFn"]:
        """Yield `grade(sample, scores)`. Raises `ConfigError` for a sample that has not exactly one continuation."""
        for sample in samples:
            if len(sample.continuations) != 1:
                raise ConfigError(
                    f"loss() measures one continuation a sample, but sample {sample.id!r} has"
                    f" {len(sample.continuations)}",
                    "give each sample one, and the task no decode",
                )
        yield self._grade

    def isolation(self) -> Mapping[str, str]:
        """Empty: nothing a model wrote is run."""
        return {}

    def reference(self, sample: Sample) -> Answer:
        """The score of a model that needs one bit a byte, a token each."""
        size = _scored_bytes(sample)
        return (Score(logprob=-size * math.log(2), tokens=size, greedy=False),)

    def _grade(self, sample: Sample, answer: Answer) -> Grade:
        (score,) = scores_of(answer)
        return Grade(
            request="",
            value=max(0.0, -score.logprob),  # rounding can leave a certain text just above 0
            verdict=Verdict.MEASURED,
            grader=self.name,
            tokens=score.tokens,
            bytes=_scored_bytes(sample),
        )


def loss() -> Loss:
    """The grader for tasks that measure a loss: the nats of a sample's one continuation, its tokens and its bytes."""
    return Loss()


def scores_of(answer: Answer) -> tuple[Score, ...]:
    """The scores in `answer`. Raises `ValueError` where one is not a log-likelihood, as of weights that diverged."""
    if isinstance(answer, str):
        raise ValueError("a text was generated where likelihoods were to be scored")
    for score in answer:
        if not math.isfinite(score.logprob):
            raise ValueError(f"the model gave the log-likelihood {score.logprob}")
    return answer


def _scored_bytes(sample: Sample) -> int:
    """The UTF-8 length of what is scored: white space that ends a prompt counts to its continuations."""
    moved = sample.prompt[len(sample.prompt.rstrip()) :] if isinstance(sample.prompt, str) else ""
    return len((moved + sample.continuations[0]).encode())
