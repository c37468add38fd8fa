"""Composition of hidden classes: three skills, each of which needs the one before it, small enough to learn in seconds.

Each of 96 symbols x is of a hidden class c(x) of 8, and G and H are random tables. Asked for are c(x1),
G[c(x1), c(x2)], and H[G[c(x1), c(x2)], c(x3)], as skills "1", "2" and "3", in texts such as `2` + x1 + x2 + x3 + `=d`.
"""

import random
from collections.abc import Iterator

from benchcore.data.documents import Document, answered
from benchcore.errors import ConfigError

SYMBOLS = [chr(0x400 + number) for number in range(96)]  # of Cyrillic
CLASSES = 8
ANSWERS = "abcdefgh"
SKILLS = 3


def composition(*, documents: int, seed: int = 0, source: int = 0, skill: int = 0) -> Iterator[Document]:
    """Documents of six characters; skills take turns, or all are of the one `skill`.

    `source` makes classes and tables and `seed` the draw, so that documents of another `seed` ask for the same.
    Raises `ConfigError` for parameters that cannot be meant.
    """
    if documents < 1 or not 0 <= skill <= SKILLS:
        raise ConfigError(
            f"{documents} documents of skill {skill} of composition", "give 1 or more, and 1 to 3, or 0 for all"
        )
    # of `random` only the numbers in [0, 1) are the same in every version of Python
    chance = random.Random(f"classes {source}").random  # noqa: S311
    classes = [number % CLASSES for _, number in sorted((chance(), number) for number in range(len(SYMBOLS)))]
    first, second = ([[int(chance() * CLASSES) for _ in range(CLASSES)] for _ in range(CLASSES)] for _ in range(2))
    draw = random.Random(f"composition {source} {seed}").random  # noqa: S311
    for number in range(documents):
        asked = skill or number % SKILLS + 1
        drawn = [int(draw() * len(SYMBOLS)) for _ in range(SKILLS)]
        one, two, three = (classes[at] for at in drawn)
        found = one if asked == 1 else first[one][two]
        if asked == SKILLS:
            found = second[found][three]
        question = f"{asked}{''.join(SYMBOLS[at] for at in drawn)}="
        yield answered(question, ANSWERS[found], group=str(asked))
