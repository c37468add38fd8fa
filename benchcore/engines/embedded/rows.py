"""Rows to be decoded, in an order that keeps together what shares a beginning."""

import random
from array import array
from collections.abc import Callable, Iterable, Sequence

from benchcore.engines.embedded.cache import Shared
from benchcore.engines.packing import common
from benchcore.records import Generation, Prompt

# Attending to one more part at every step of an answer costs about as much as reading so many tokens.
WORTH_SHARING = 256
LIKE = 0.5  # of a family's common beginning that the next text must share to belong to it
LEAST = 32  # characters that a family has in common
EXAMPLES = 8  # texts of a family looked at to tell what all have in common

Encode = Callable[[Prompt], list[int]]


class Stem:
    """The first tokens of several rows' texts, from the very beginning; computed when first wanted, then kept.

    `wanted` counts the rows that have still to be answered; with the last of them its states are dropped.
    """

    __slots__ = ("parent", "states", "tokens", "wanted")

    def __init__(self, parent: "Stem | None", tokens: Sequence[int], wanted: int) -> None:
        self.parent = parent
        self.tokens = array("I", tokens)
        self.wanted = wanted
        self.states: Shared | None = None

    def chain(self) -> "list[Stem]":
        """This stem's parents, the first of the text first, and itself."""
        return [*(self.parent.chain() if self.parent else []), self]

    def starts(self, tokens: Sequence[int]) -> bool:
        """Whether `tokens` goes on from this stem with at least one token."""
        return len(self.tokens) < len(tokens) and array("I", tokens[: len(self.tokens)]) == self.tokens

    def leave(self, rows: int = 1) -> None:
        """So many rows want it no more."""
        self.wanted -= rows
        if self.wanted == 0:
            self.states = None


class Row:
    """One request: its prompt's tokens while it is decoded, what was generated, and its own random numbers."""

    __slots__ = ("_drawn", "_random", "generated", "near_ties", "prompt", "request", "room", "seconds", "stem")

    def __init__(self, request: Generation, stem: Stem | None) -> None:
        self.request = request
        self.stem = stem
        self.prompt: list[int] = []
        self.generated: list[int] = []
        self.room = 0
        self.near_ties = 0
        self.seconds = 0.0
        self._random: random.Random | None = None
        self._drawn: float | None = None

    def drawn(self) -> float:
        """The random number that decides the next token; the same one until a token is added."""
        if self._random is None:
            # Python's generator, not torch's: the same numbers on every device and in every batch
            self._random = random.Random(self.request.seed)  # noqa: S311
        if self._drawn is None:
            self._drawn = self._random.random()
        return self._drawn

    def add(self, token: int, close: bool) -> None:
        """Take over the next token, which won by little when `close`."""
        self.generated.append(token)
        self.near_ties += close
        self._drawn = None

    def begin(self, prompt: list[int], room: int) -> None:
        """Take its prompt's tokens, and leave the stems that these do not begin with."""
        self.prompt, self.room = prompt, room
        while self.stem and not self.stem.starts(prompt):
            self.stem.leave()
            self.stem = self.stem.parent

    def newest(self) -> int:
        """The last token, which the model is to be given next; any will do once the row is done."""
        return (self.generated or self.prompt or [0])[-1]

    def read(self) -> list[int]:
        """All tokens so far."""
        return [*self.prompt, *self.generated]

    def done(self) -> None:
        """Let go of everything that is held for this row alone, and of stems that no other row wants."""
        self.prompt, self.generated = [], []
        for stem in self.stem.chain() if self.stem else ():
            stem.leave()


def arrange(requests: Iterable[Generation], encode: Encode) -> list[Row]:
    """A row a request: families of prompts with one beginning together, trials side by side, the longest first."""
    asked: dict[Prompt, list[Generation]] = {}
    for request in requests:
        asked.setdefault(request.prompt, []).append(request)
    found = families({_text(prompt): prompt for prompt in asked})
    rows = []
    for family in sorted(found, key=lambda prompts: -max(len(_text(prompt)) for prompt in prompts)):
        stem = _family_stem(family, sum(len(asked[prompt]) for prompt in family), encode)
        for prompt in sorted(family, key=lambda prompt: (-len(_text(prompt)), _text(prompt))):
            trials = asked[prompt]
            own = stem
            if len(trials) > 1 and _saved(len(trials), len(tokens := encode(prompt)) - 1) >= WORTH_SHARING:
                # the last token is left to each row: reading it gives the logits of the first new one
                parent = stem if stem and stem.starts(tokens[:-1]) else None
                if stem and not parent:
                    stem.leave(len(trials))
                own = Stem(parent, tokens[:-1], len(trials))
            rows += [Row(request, own) for request in trials]
    return rows


def families(prompts: dict[str, Prompt]) -> list[list[Prompt]]:
    """Text -> prompt: the prompts in groups that have a beginning in common."""
    texts = sorted(prompts)
    groups: list[list[Prompt]] = []
    level = 0.0
    for at, text in enumerate(texts):
        alike = common(texts[at - 1], text) if at else 0
        if groups and alike >= max(LEAST, LIKE * level):
            groups[-1].append(prompts[text])
            level = max(level, alike)
        else:
            groups.append([prompts[text]])
            level = 0.0
    return groups


def _family_stem(family: Sequence[Prompt], wanted: int, encode: Encode) -> Stem | None:
    if len(family) < 2:
        return None
    looked_at = {family[len(family) * at // EXAMPLES] for at in range(EXAMPLES)} | {family[-1]}
    encoded = [encode(prompt) for prompt in looked_at]
    length = common(min(encoded), max(encoded))
    length = min(length, *(len(tokens) - 1 for tokens in encoded))
    return Stem(None, encoded[0][:length], wanted) if _saved(wanted, length) >= WORTH_SHARING else None


def _saved(rows: int, length: int) -> int:
    """The tokens that need not be read where `rows` share the first `length`."""
    return (rows - 1) * length


def _text(prompt: Prompt) -> str:
    if isinstance(prompt, str):
        return prompt
    return "\0".join(f"{message.role}\0{message.content}" for message in prompt)


def longest_own(rows: Iterable[Row], encode: Encode, room: Callable[[Generation, int], int]) -> int:
    """About the most tokens that any of `rows` may come to hold for itself alone; by the longest texts."""
    longest: dict[int, Row] = {}
    for row in rows:
        key = len(row.stem.tokens) if row.stem else 0
        held = longest.get(key)
        if held is None or _weight(row) > _weight(held):
            longest[key] = row
    most = 0
    for shared, row in longest.items():
        length = len(encode(row.request.prompt))
        most = max(most, length - shared + room(row.request, length))
    return most


def _weight(row: Row) -> tuple[int, int]:
    return len(_text(row.request.prompt)), row.request.decode.max_tokens
