"""Scorings as passes through an engine that tells the likelihoods of given next tokens and of its prompt's last ones.

Every pass but the first of a context finds that context in the engine's cache, and nothing is asked about tokens
that need no score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchcore.engines.packing import Job, tokens_read
from benchcore.engines.window import Stretch
from benchcore.records import Completion, Fault, Finish, Score, Scoring

PIECE = 512  # tokens scored in one pass: each takes a row of the vocabulary in memory
MOST_ENDS = 128  # next tokens that vLLM scores for one request


@dataclass(frozen=True, slots=True)
class Part:
    """One pass: the model reads `tokens`, and of what it predicts counts

    for each of `ends`, (continuation, token), how likely that token is next; and the last `rows` of `tokens`
    themselves, which belong to the continuation of the only end.
    """

    tokens: tuple[int, ...]
    ends: tuple[tuple[int, int], ...]
    rows: int

    @property
    def reusable(self) -> int:
        """How many of the first tokens may come from a cache: their own predictions are not needed."""
        return len(self.tokens) - self.rows - 1


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a part: (log-likelihood, whether none is likelier) of each end by token, and of each row."""

    ends: Mapping[int, tuple[float, bool]]
    rows: Sequence[tuple[float, bool]]


def parts(found: Sequence[Sequence[Stretch]], most: int) -> list[Part]:
    """The passes that score `found`, the stretches of each continuation; at most `most` tokens in each.

    A context comes first, once, and gives the first token of all its continuations.
    """
    contexts: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    tails = []
    for which, stretches in enumerate(found):
        for stretch in stretches:
            tokens, start = stretch.tokens, len(stretch.tokens) - stretch.scored
            if stretch.scored:
                contexts.setdefault(tokens[:start], []).append((which, tokens[start]))
            for at in range(start + 1, len(tokens), most):
                end = min(at + most, len(tokens))
                tails.append(Part(tokens[: end - 1], ((which, tokens[end - 1]),), end - at - 1))
    heads = [
        Part(context, tuple(ends[at : at + MOST_ENDS]), 0)
        for context, ends in contexts.items()
        for at in range(0, len(ends), MOST_ENDS)
    ]
    return heads + tails


class Tally:
    """A scoring with the sums of its parts so far; it is done when none is `left`."""

    def __init__(self, request: Scoring, found: Sequence[Sequence[Stretch]]) -> None:
        self.parts = parts(found, PIECE)
        self.left = len(self.parts)
        self._request = request
        self._found = found
        self._sums = [0.0] * len(found)
        self._greedy = [True] * len(found)
        self._fault: Fault | None = None

    def add(self, part: Part, reading: Reading | Fault) -> None:
        """Count what came of one of `parts`."""
        self.left -= 1
        if isinstance(reading, Fault):
            self._fault = reading
            return
        for which, token in part.ends:
            for logprob, greedy in (reading.ends[token], *reading.rows):
                self._sums[which] += logprob
                self._greedy[which] &= greedy

    def completion(self, seconds: float) -> Completion:
        """What the engine answers; tokens that several continuations share were read once."""
        scores = tuple(
            Score(logprob=total, tokens=sum(stretch.scored for stretch in stretches), greedy=greedy)
            for total, greedy, stretches in zip(self._sums, self._greedy, self._found, strict=True)
        )
        jobs = [Job(one.tokens, one.scored, None) for found in self._found for one in found if one.scored]
        return Completion(
            request=self._request.key,
            text="",
            finish=Finish.STOP if self._fault is None else Finish.FAULT,
            tokens_in=tokens_read(jobs),
            tokens_out=0,
            seconds=seconds,
            fault=self._fault,
            scores=() if self._fault else scores,
        )
