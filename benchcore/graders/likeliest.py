"""Grades a choice by likelihood: right when the likeliest of a sample's continuations is the target."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchcore.errors import ConfigError
from benchcore.graders.loss import scores_of
from benchcore.records import Answer, Grade, Sample, Score, Verdict

if TYPE_CHECKING:
    from benchcore.task import GradeFn

Unit = Literal["byte", "token"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeliest:
    """The grader of choices by likelihood, in all or `per` unit of a continuation's length.

    Raises `ConfigError` for another unit than "byte" and "token".
    """

    per: Unit | None = None

    def __post_init__(self) -> None:
        if self.per not in (None, "byte", "token"):
            raise ConfigError(f"likelihoods are compared in all, per byte or per token, not per {self.per!r}")

    @property
    def name(self) -> str:
        """Name, unit and version."""
        return f"likeliest(per {self.per})@1" if self.per else "likeliest@1"

    @contextmanager
    def session(self, samples: Sequence[Sample]) -> Iterator["GradeFn"]:
        """Yield `grade(sample, scores)`.

        Raises `ConfigError` for a sample with fewer than two continuations, or whose target is none of them.
        """
        for sample in samples:
            if len(sample.continuations) < 2:
                raise ConfigError(
                    f"likeliest() chooses between continuations, but sample {sample.id!r} has"
                    f" {len(sample.continuations)}",
                    "give each sample two or more, and the task no decode",
                )
            if sample.target not in sample.continuations:
                raise ConfigError(
                    f"the target {sample.target!r} of sample {sample.id!r} is none of its continuations,"
                    f" {', '.join(map(repr, sample.continuations))}",
                    "they must be equal to the last space",
                )
        yield self._grade

    def isolation(self) -> Mapping[str, str]:
        """Empty: nothing a model wrote is run."""
        return {}

    def reference(self, sample: Sample) -> Answer:
        """Scores of which the target's is the best, whatever they are divided by."""
        sizes = [len(text.encode()) for text in sample.continuations]
        return tuple(
            Score(logprob=-size * (1.0 if text == sample.target else 2.0 + max(sizes)), tokens=size, greedy=False)
            for text, size in zip(sample.continuations, sizes, strict=True)
        )

    def _grade(self, sample: Sample, answer: Answer) -> Grade:
        scores = scores_of(answer)
        ranked = sorted(
            (
                (score.logprob / self._length(text, score), text)
                for text, score in zip(sample.continuations, scores, strict=True)
            ),
            key=lambda one: -one[0],
        )
        best, chosen = ranked[0]
        first = [text for worth, text in ranked if worth == best]
        unit = f"nats per {self.per}" if self.per else "nats"
        if len(first) > 1:
            tied = f"equally likely: {', '.join(map(repr, first))}"
            # a model that cannot tell the target from another has not chosen it; where it prefers others, it is wrong
            verdict = Verdict.UNDECIDED if sample.target in first else Verdict.WRONG
            return Grade(request="", value=0.0, verdict=verdict, grader=self.name, reason=tied)
        second, runner_up = ranked[1]
        right = chosen == sample.target
        return Grade(
            request="",
            value=float(right),
            verdict=Verdict.RIGHT if right else Verdict.WRONG,
            grader=self.name,
            extracted=chosen,
            reason=f"{best - second:.3g} {unit} likelier than {runner_up!r}",
        )

    def _length(self, text: str, score: Score) -> int:
        """What the log-likelihood of `text` is divided by. Raises `ValueError` where no token of it was scored."""
        if not score.tokens:  # its likelihood of 1 would always win
            raise ValueError(f"the tokenizer makes no token of its own of the continuation {text!r}")
        return {None: 1, "byte": len(text.encode()), "token": score.tokens}[self.per]


def likeliest(per: Unit | None = None) -> Likeliest:
    """The grader for choices by likelihood: the likeliest continuation must be the target.

    Log-likelihoods are compared as they are or, so that long options are not at a loss, divided by the
    continuation's length in UTF-8 bytes (`per="byte"`) or tokens (`per="token"`). Where the target and another
    are exactly as likely the verdict is `undecided`, which scores 0 and is counted.
    """
    return Likeliest(per=per)
