"""Losses over documents: bits per byte, nats per token, and nats per answer."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from benchcore.errors import ConfigError
from benchcore.records import Figure, Grade, Part
from benchcore.stats.jackknife import ratio_interval

JACKKNIFE = "jackknife 95 %"
ONE_DOCUMENT = "one document, no interval"
NONE_MEASURED = "no document measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class LossRate:
    """The nats of all documents over the sum of their lengths, in units of `unit` nats. Lower is better."""

    name: str
    length: Literal["bytes", "tokens", "documents"]
    unit: float

    @property
    def trials(self) -> int:
        """A likelihood has one trial."""
        return 1

    def __str__(self) -> str:
        return self.name

    def figures(self, grades: Sequence[Sequence[Grade]], group: str | None) -> tuple[Figure, ...]:
        """One figure over the documents `grades`, each a sequence of one grade.

        `n` counts the documents with a value and a length. Raises `ConfigError` for grades that are no quantities
        of a text.
        """
        parts = [part for part in self.parts(grades)[self.name] if part is not None]
        n = len(parts)
        if n == 0:
            return (Figure(name=self.name, value=None, n=0, low=None, high=None, method=NONE_MEASURED, group=group),)
        amounts, sizes = zip(*parts, strict=True)
        value, low, high = ratio_interval(amounts, sizes)
        method = ONE_DOCUMENT if low is None else JACKKNIFE
        return (Figure(name=self.name, value=value, n=n, low=low, high=high, method=method, group=group),)

    def parts(self, grades: Sequence[Sequence[Grade]]) -> Mapping[str, Sequence[Part | None]]:
        """The nats of each document, in units, and its length; None where it has no value or no length.

        Raises `ConfigError` as `figures` does.
        """
        return {self.name: [self._part(document) for document in grades]}

    def _part(self, document: Sequence[Grade]) -> Part | None:
        amount, total = 0.0, 0
        for grade in document:
            if grade.value is None:
                continue
            size: int | None = getattr(grade, "bytes" if self.length == "documents" else self.length)
            if size is None or not 0 <= grade.value < math.inf:  # False for NaN too
                raise ConfigError(
                    f"{self.name} is for losses of texts, which the grader {grade.grader} does not measure"
                )
            amount, total = amount + grade.value / self.unit, total + (1 if self.length == "documents" else size)
        return (amount, total) if total else None


def bits_per_byte() -> LossRate:
    """The metric "bits per byte" with its 95 % interval over documents; it compares models of any tokenizers.

    The bits that the model needs a UTF-8 byte of text: all nats over all bytes, over ln 2.
    """
    return LossRate(name="bits per byte", length="bytes", unit=math.log(2))


def nats_per_token() -> LossRate:
    """The metric "nats per token" with its 95 % interval over documents; exp of it is the perplexity.

    The mean loss of a token in nats, all tokens of all documents alike: it compares models of one tokenizer only.
    """
    return LossRate(name="nats per token", length="tokens", unit=1.0)


def nats_per_answer() -> LossRate:
    """The metric "nats per answer" with its 95 % interval over documents, where each is an answer after its prompt.

    The mean over answers of all nats of each. One of k answers that are equally likely to a model takes ln k.
    """
    return LossRate(name="nats per answer", length="documents", unit=1.0)
