"""Little stories of a few sentences, word by word, and what spoils them: the data of the transformer's experiment."""

import random
from collections.abc import Sequence
from typing import TypeVar

import torch

from benchcore.trainers.learning_law.learner import Examples

T = TypeVar("T")

PAD = "<pad>"
CHILDREN = {
    "Ada": "she",
    "Ben": "he",
    "Cleo": "she",
    "Dov": "he",
    "Eve": "she",
    "Finn": "he",
    "Gia": "she",
    "Hugo": "he",
}
ANIMALS = {"fox": "den", "bird": "nest", "dog": "basket", "fish": "pond", "bee": "hive", "rabbit": "burrow"}
PLACES = {"wood": "under a tree", "garden": "by the gate", "town": "on a wall", "meadow": "near a stream"}
THINGS = {"kite": "flew", "ball": "rolled", "boat": "floated", "lamp": "shone", "drum": "boomed", "bell": "rang"}
MOODS = {"sad": "cried", "glad": "laughed", "tired": "yawned", "angry": "shouted", "shy": "whispered"}
PATTERNS = (
    "one day {child} went to the {place} . {they} met a {animal} {spot} . the {animal} was {mood} and {did} . "
    "{child} took the {animal} back to its {home} .",
    "{child} had a new {thing} . the {thing} {went} all day . then {they} lost the {thing} {spot} . "
    "{child} was {mood} and {did} .",
    "there was a {mood} {animal} in the {place} . the {animal} {did} {spot} . {child} gave it a {thing} . "
    "the {thing} {went} and the {animal} kept it in its {home} .",
)


def story(draw: random.Random) -> list[str]:
    """The words of a story, in which what comes later follows from what came before."""
    child, animal, place, thing, mood = (_any(tuple(kind), draw) for kind in (CHILDREN, ANIMALS, PLACES, THINGS, MOODS))
    return (
        _any(PATTERNS, draw)
        .format(
            child=child,
            they=CHILDREN[child],
            animal=animal,
            home=ANIMALS[animal],
            place=place,
            spot=PLACES[place],
            thing=thing,
            went=THINGS[thing],
            mood=mood,
            did=MOODS[mood],
        )
        .split()
    )


def _any(choices: Sequence[T], draw: random.Random) -> T:
    # of `random` only the numbers in [0, 1) are the same in every version of Python
    return choices[int(draw.random() * len(choices))]


def vocabulary() -> tuple[str, ...]:
    """Every word of the stories, in order; the first pads."""
    parts = [*PATTERNS, *(" ".join((*kind, *kind.values())) for kind in (CHILDREN, ANIMALS, PLACES, THINGS, MOODS))]
    return (PAD, *sorted({word for part in parts for word in part.split() if not word.startswith("{")}))


def spoilt(words: list[str], edits: int, draw: random.Random) -> list[str]:
    """`words` after `edits` random ones: a word replaced by any, the last deleted, or one repeated."""
    known, words = vocabulary()[1:], list(words)
    for _ in range(edits):
        at = _any(range(len(words)), draw)
        match _any(("replace", "delete", "repeat"), draw):
            case "replace":
                words[at] = _any(known, draw)
            case "delete" if len(words) > 2:
                words.pop()
            case _:
                words.insert(at, words[at])
    return words


def stories(count: int, *, length: int, noisy: float, draw: random.Random) -> Examples:
    """`count` stories as ids in the `vocabulary`, inputs and targets (count, length); the share `noisy` is spoilt.

    Those get an edit to three words. What is longer is cut, and what is shorter padded with id 0, which is no target.
    """
    ids = {word: at for at, word in enumerate(vocabulary())}
    rows = torch.zeros(count, length + 1, dtype=torch.long)
    for at, row in enumerate(rows):
        words = story(draw)[: length + 1]
        if at < noisy * count:
            words = spoilt(words, len(words) // 3, draw)[: length + 1]
        row[: len(words)] = torch.tensor([ids[word] for word in words])
    return Examples(inputs=rows[:, :-1], targets=rows[:, 1:])
