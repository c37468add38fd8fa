"""Losses over documents: bits per byte, and nats per token."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchcore.errors import ConfigError
from benchcore.records import Figure, Grade
from benchcore.stats.jackknife import ratio_interval

JACKKNIFE = "jackknife 95 %"
ONE_DOCUMENT = "one document, no interval"
NONE_MEASURED = "no document measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class BitsPerByte:
    """The bits that the model needs a UTF-8 byte of text: all nats over all bytes, over ln 2. Lower is better."""

    @property
    def trials(self) -> int:
        """A likelihood has one trial."""
        return 1

    def __str__(self) -> str:
        return "bits per byte"

    def figures(self, grades: Sequence[Sequence[Grade]], group: str | None) -> tuple[Figure, ...]:
        """One figure "bits per byte" over the documents `grades`, each a sequence of one grade.

        `n` counts the documents with a value. Raises `ConfigError` for grades that are no quantities of a text.
        """
        return (_ratio_figure(str(self), grades, "bytes", math.log(2), group),)


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsPerToken:
    """The mean loss of a token in nats, all tokens of all documents alike. Lower is better.

    It compares models of one tokenizer only; exp(nats per token) is the perplexity.
    """

    @property
    def trials(self) -> int:
        """A likelihood has one trial."""
        return 1

    def __str__(self) -> str:
        return "nats per token"

    def figures(self, grades: Sequence[Sequence[Grade]], group: str | None) -> tuple[Figure, ...]:
        """One figure "nats per token" over the documents `grades`, each a sequence of one grade.

        `n` counts the documents with a value and a token. Raises `ConfigError` for grades that are no quantities
        of a text.
        """
        return (_ratio_figure(str(self), grades, "tokens", 1.0, group),)


def bits_per_byte() -> BitsPerByte:
    """The metric "bits per byte" with its 95 % interval over documents; it compares models of any tokenizers."""
    return BitsPerByte()


def nats_per_token() -> NatsPerToken:
    """The metric "nats per token" with its 95 % interval over documents; it compares models of one tokenizer."""
    return NatsPerToken()


def _ratio_figure(name: str, grades: Sequence[Sequence[Grade]], length: str, unit: float, group: str | None) -> Figure:
    """The nats of all grades over the sum of their lengths in `length` ("bytes" or "tokens"), over `unit`."""
    amounts, sizes = [], []
    for grade in (grade for trials in grades for grade in trials):
        if grade.value is None:
            continue
        size: int | None = getattr(grade, length)
        if size is None or not 0 <= grade.value < math.inf:  # False for NaN too
            raise ConfigError(f"{name} is for losses of texts, which the grader {grade.grader} does not measure")
        if size:
            amounts.append(grade.value / unit)
            sizes.append(size)
    n = len(sizes)
    if n == 0:
        return Figure(name=name, value=None, n=0, low=None, high=None, method=NONE_MEASURED, group=group)
    value, low, high = ratio_interval(amounts, sizes)
    method = ONE_DOCUMENT if low is None else JACKKNIFE
    return Figure(name=name, value=value, n=n, low=low, high=high, method=method, group=group)
