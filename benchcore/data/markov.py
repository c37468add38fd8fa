"""A generated corpus of text that can be predicted and noise that cannot, marked character by character.

Text follows an order-2 Markov process over 64 characters. The two characters before one name its context: the last
itself, and which of 8 classes the one before it is of; 512 in all. In each context four characters can follow, with
probabilities .70, .15, .10 and .05, which is 0.914 nats of entropy. Stretches that follow the process alternate with
stretches in which every character is as likely as any other.
"""

import random
import string
from bisect import bisect
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import accumulate

from benchcore.data.documents import Document
from benchcore.errors import ConfigError

SYMBOLS = string.ascii_letters + string.digits + "+/"
CLASSES = 8
ODDS = (0.70, 0.15, 0.10, 0.05)
ORDER = 2
FOLLOWED = 7.0  # mean length of what follows the process: a run less the two characters that begin it
LEAST = 0.3  # the noise of spans of one character


def noisy_markov(
    *, tokens: int, seed: int = 0, noise: float = 0.52, source: int = 0, length: int = 512, group: str = ""
) -> Iterator[Document]:
    """Documents of `length` characters, `tokens` characters in all, and their marks: "1" what follows the process.

    `source` makes the process and `seed` the draw, so that a corpus of another `seed` is of the same language.
    `noise` is the share of characters that do not follow it; runs, with the two characters that begin them, have a
    mean length of 9, and .52 makes the spans between them 6 long on average. With 0 there is one run a document. A
    `group` is that of all documents.
    Raises `ConfigError` for sizes below 1, and for a `noise` between 0 and .3 or from 1 on.
    """
    if tokens < 1 or length < 1:
        raise ConfigError(f"a generated corpus of {tokens} tokens in documents of {length}", "give at least 1 of each")
    if noise != 0 and not LEAST <= noise < 1:
        raise ConfigError(f"noise {noise} of a generated corpus", f"give 0, or from {LEAST} to below 1")
    followers = _process(source)
    draw = random.Random(f"{source} {seed} {float(noise)}")  # noqa: S311
    for start in range(0, tokens, length):
        found = _document(followers, draw.random, min(length, tokens - start), noise)
        yield replace(found, group=group) if group else found


def _process(source: int) -> list[list[int]]:
    """The four characters that can follow in each context, from the likeliest down."""
    # of `random` only the numbers in [0, 1) are the same in every version of Python
    draw = random.Random(f"process {source}").random  # noqa: S311
    return [sorted(range(len(SYMBOLS)), key=lambda _: draw())[: len(ODDS)] for _ in range(CLASSES * len(SYMBOLS))]


def _document(followers: list[list[int]], draw: Callable[[], float], length: int, noise: float) -> Document:
    until = tuple(accumulate(ODDS[:-1]))
    text: list[int] = []
    marks: list[str] = []
    free = ORDER  # how many characters are still to come that follow from nothing
    while len(text) < length:
        marks.append("0" if free else "1")
        if free:
            text.append(int(draw() * len(SYMBOLS)))
            free -= 1
            continue
        context = (text[-2] % CLASSES) * len(SYMBOLS) + text[-1]
        text.append(followers[context][bisect(until, draw())])
        if noise and draw() < 1 / FOLLOWED:
            free = _span(draw, FOLLOWED / (1 - noise) - FOLLOWED - ORDER) + ORDER
    return Document(text="".join(SYMBOLS[symbol] for symbol in text), marks="".join(marks))


def _span(draw: Callable[[], float], mean: float) -> int:
    """A length from 1 on, geometrically distributed."""
    length = 1
    while draw() >= 1 / mean:
        length += 1
    return length
