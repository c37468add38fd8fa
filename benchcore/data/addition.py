"""Addition digit by digit: one digit of a sum is asked for.

The texts are those of the code of Skill-It's authors (arXiv 2307.14430), whose operands never are all nines:
`Input: A = 1 0 6 + 0 7 1 , A 0 = ? Output: 7`.
"""

import random
from collections.abc import Iterator

from benchcore.data.documents import Document, answered
from benchcore.errors import ConfigError


def addition(*, documents: int, seed: int = 0, digits: int = 3, skill: int = -1) -> Iterator[Document]:
    """Documents of skills "0" (the ones) to str(`digits` - 1): that digit of the sum of two numbers of `digits` digits.

    Skills take turns, or all documents are of the one `skill`. A carry out of the highest digit is not asked for.
    Raises `ConfigError` for parameters that cannot be meant.
    """
    if documents < 1 or not 1 <= digits <= 15:
        raise ConfigError(f"{documents} sums of {digits} digits", "give 1 or more, and 1 to 15 digits")
    if not -1 <= skill < digits:
        raise ConfigError(f"sums of {digits} digits have no digit {skill}", "count from 0, or give -1 for all")
    draw = random.Random(f"addition {seed} {digits}")  # noqa: S311
    for number in range(documents):
        asked = number % digits if skill < 0 else skill
        one, two = (int(draw.random() * (10**digits - 1)) for _ in range(2))
        result = (one + two) // 10**asked % 10
        written = " + ".join(" ".join(f"{value:0{digits}d}") for value in (one, two))
        yield answered(f"Input: A = {written} , A {asked} = ? Output: ", str(result), group=str(asked))
