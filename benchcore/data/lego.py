"""LEGO chains: bits of variables that are given by other variables, in clauses that come in any order.

As in Skill-It (arXiv 2307.14430), after Zhang et al. 2022 (arXiv 2206.04301); the texts are those of the code of
Skill-It's authors, double blanks included: `Input:  b = not a , a = val 1. Output: b = val 0, `.
"""

import random
import string
from collections.abc import Iterator

from benchcore.data.documents import Document, answered
from benchcore.errors import ConfigError

SHAPES = ("chain", "two-chains", "tree")
ATTEMPTS = 10_000  # to draw a document that is new


def lego(
    *, documents: int, seed: int = 0, variables: int = 5, shape: str = "chain", skill: int = 0
) -> Iterator[Document]:
    """Documents of skills "1" to str(`variables`), skill i being the bit of the i-th variable; each of a skill once.

    Skills take turns, or all documents are of the one `skill`. Of a chain each variable follows from the one before
    it, of two chains in each half, of a tree from the one that is at half its place. Raises `ConfigError` for
    parameters that cannot be meant, and where it finds no document that is new.
    """
    if documents < 1 or not 1 <= variables <= len(string.ascii_lowercase):
        raise ConfigError(f"{documents} LEGO documents of {variables} variables", "give 1 or more, and 1 to 26")
    if shape not in SHAPES:
        raise ConfigError(f"there is no LEGO of shape {shape!r}", f"take {', '.join(SHAPES)}")
    if not 0 <= skill <= variables:
        raise ConfigError(f"LEGO of {variables} variables has no skill {skill}", "give 1 or more, or 0 for all")
    draw = random.Random(f"lego {seed} {variables} {shape}")  # noqa: S311
    seen: set[Document] = set()  # not texts: two skills of a tree or of two chains can share one
    for number in range(documents):
        asked = skill - 1 if skill else number % variables
        drawn = (_document(draw, variables, shape, asked) for _ in range(ATTEMPTS))
        found = next((one for one in drawn if one not in seen), None)
        if found is None:
            raise ConfigError(
                f"after {number} LEGO documents of {variables} variables none was found that is new", "ask for fewer"
            )
        seen.add(found)
        yield found


def _document(draw: random.Random, variables: int, shape: str, asked: int) -> Document:
    bits = [int(draw.random() < 0.5) for _ in range(variables)]
    names = _shuffled(draw, list(string.ascii_lowercase))
    clauses = []
    for place in range(variables):
        parent = _parent(place, variables, shape)
        if parent is None:
            clauses.append(f"{names[place]} = val {bits[place]} , ")
        else:
            word = "val" if bits[place] == bits[parent] else "not"
            clauses.append(f" {names[place]} = {word} {names[parent]} , ")
    given = "".join(_shuffled(draw, clauses))[: -len(" , ")]
    return answered(f"Input: {given}. Output: {names[asked]} = val ", str(bits[asked]), ", ", group=str(asked + 1))


def _parent(place: int, variables: int, shape: str) -> int | None:
    """The variable that the one at `place` follows from; None where its bit is given."""
    if shape == "tree":
        return (place - 1) // 2 if place else None
    first = shape == "two-chains" and place == (variables + 1) // 2
    return place - 1 if place and not first else None


def _shuffled(draw: random.Random, values: list[str]) -> list[str]:
    # of `random` only the numbers in [0, 1) are the same in every version of Python
    return [value for _, value in sorted((draw.random(), value) for value in values)]
