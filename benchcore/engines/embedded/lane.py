"""The rows that are decoded at once: places that a finished row leaves to a waiting one."""

from collections.abc import Sequence
from typing import Any, Protocol

import torch

from benchcore.engines.embedded.attention import forward
from benchcore.engines.embedded.cache import Block, Shared
from benchcore.engines.embedded.rows import Row, Stem

AT_ONCE = 2048  # tokens of prompts read in one pass; more are hardly faster
SCORES = 2**28  # bytes of attention scores in one pass
START = 64  # columns that a block has room for beyond the prompts


class Lane(Protocol):
    """Decodes rows together, one token each a step. `capacity` is the most rows; it may only be changed when empty."""

    capacity: int

    @property
    def live(self) -> list[Row]:
        """The rows being decoded, in the order of `step`'s logits."""
        ...

    @property
    def free(self) -> int:
        """How many rows may be admitted now."""
        ...

    def admit(self, rows: Sequence[Row]) -> None:
        """Take rows in and read all of their tokens but the last."""
        ...

    def step(self) -> torch.Tensor:
        """Read the last token of each live row; logits of the next, (live rows, vocabulary)."""
        ...

    def drop(self, rows: Sequence[Row], waiting: bool) -> None:
        """Let finished rows go; when none are `waiting`, what is left may move together."""
        ...

    def clear(self) -> list[Row]:
        """Forget everything that is held in memory; the rows that were live, to be admitted again."""
        ...


class Cascade:
    """A lane whose rows share what they have in common and are replaced one by one."""

    def __init__(self, model: Any, device: torch.device, last: int, capacity: int) -> None:
        self.capacity = capacity
        self._model = model
        self._device = device
        self._last = last
        self._heads = int(getattr(model.config.get_text_config(), "num_attention_heads", 32))
        self._slots: list[Row | None] = []
        self._lengths: list[int] = []
        self._block: Block | None = None
        self._shared: list[tuple[Shared, torch.Tensor | None]] | None = None

    @property
    def live(self) -> list[Row]:
        """The rows being decoded, in the order of `step`'s logits."""
        return [row for row in self._slots if row is not None]

    @property
    def free(self) -> int:
        """How many rows may be admitted now."""
        return self.capacity - len(self.live)

    def admit(self, rows: Sequence[Row]) -> None:
        """Take rows in and read all of their tokens but the last; a text that several rows have is read once."""
        if not self._slots:
            self._slots, self._lengths = [None] * self.capacity, [0] * self.capacity
        empty = [slot for slot, row in enumerate(self._slots) if row is None]
        texts: dict[tuple[Stem | None, tuple[int, ...]], list[int]] = {}
        for slot, row in zip(empty, rows, strict=False):
            self._slots[slot] = row
            own = row.read()[_length(row.stem) : -1]
            self._lengths[slot] = len(own)
            texts.setdefault((row.stem, tuple(own)), []).append(slot)
        self._shared = None
        widest = max(len(own) for _, own in texts) + 1
        if self._block is None:
            self._block = Block(self.capacity, widest + START)
        self._block.reserve(widest)
        for stem, _ in texts:
            self._read_stems(stem)
        own_texts = sorted(((stem, own) for stem, own in texts if own), key=lambda text: -len(text[1]))
        while own_texts:
            fitting = max(1, self._at_once(*own_texts[0]) // len(own_texts[0][1]))
            batch, own_texts = own_texts[:fitting], own_texts[fitting:]
            width = len(batch[0][1])
            scratch = Block(len(batch), width)
            self._read(scratch, [own for _, own in batch], [stem for stem, _ in batch])
            pairs = [(at, slot) for at, text in enumerate(batch) for slot in texts[text]]
            self._block.copy(scratch, [at for at, _ in pairs], [slot for _, slot in pairs], width)

    def step(self) -> torch.Tensor:
        """Read the last token of each live row; logits of the next, (live rows, vocabulary)."""
        assert self._block is not None
        if self._shared is None:
            self._shared = _sharing({slot: row.stem for slot, row in enumerate(self._slots) if row}, self._device)
        newest, places = [], []
        for row, length in zip(self._slots, self._lengths, strict=True):
            newest.append([row.newest() if row else 0])
            places.append([min(length + (_length(row.stem) if row else 0), self._last)])
        self._block.reserve(max(self._lengths) + 1)
        tokens, positions = torch.tensor(newest, device=self._device), torch.tensor(places, device=self._device)
        logits = forward(self._model, tokens, positions, self._block, self._shared, self._lengths)
        kept = [slot for slot, row in enumerate(self._slots) if row]
        for slot in kept:
            self._lengths[slot] += 1
        return logits if len(kept) == len(logits) else logits[torch.tensor(kept, device=self._device)]

    def drop(self, rows: Sequence[Row], waiting: bool) -> None:
        """Let finished rows go; when none are `waiting` and half of the places are empty, the others move together."""
        if not rows:
            return
        gone = set(map(id, rows))
        for slot, row in enumerate(self._slots):
            if id(row) in gone:
                self._slots[slot], self._lengths[slot] = None, 0
        self._shared = None
        kept = [slot for slot, row in enumerate(self._slots) if row]
        if self._block is not None and not waiting and 0 < len(kept) <= len(self._slots) // 2:
            self._block = self._block.keep(kept, max(self._lengths) + START)
            self._slots = [self._slots[slot] for slot in kept]
            self._lengths = [self._lengths[slot] for slot in kept]

    def clear(self) -> list[Row]:
        """Forget everything that is held in memory; the rows that were live, to be admitted again."""
        rows = self.live
        self._slots, self._lengths, self._block, self._shared = [], [], None, None
        for row in rows:
            for stem in row.stem.chain() if row.stem else ():
                stem.states = None
        return rows

    def _read_stems(self, stem: Stem | None) -> None:
        for one in stem.chain() if stem else ():
            if one.states is None:
                own = one.tokens[_length(one.parent) :]
                scratch = Block(1, len(own))
                self._read(scratch, [own], [one.parent])
                one.states = scratch.share(0, len(own))

    def _read(self, block: Block, texts: Sequence[Sequence[int]], stems: Sequence[Stem | None]) -> None:
        """Read texts, padded on the right, each after its stem."""
        width = max(len(text) for text in texts)
        tokens = torch.tensor([[*text, *[0] * (width - len(text))] for text in texts], device=self._device)
        starts = torch.tensor([[_length(stem)] for stem in stems], device=self._device)
        positions = (starts + torch.arange(width, device=self._device)).clamp(max=self._last)
        shared = _sharing(dict(enumerate(stems)), self._device)
        # one text may be longer than what is read at once; several never are
        piece = self._at_once(stems[0], texts[0]) if len(texts) == 1 else width
        for at in range(0, width, piece):
            part = slice(at, at + piece)
            forward(self._model, tokens[:, part], positions[:, part], block, shared, at)

    def _at_once(self, stem: Stem | None, own: Sequence[int]) -> int:
        """How many tokens may be read in one pass when each sees so many others."""
        seen = _length(stem) + len(own)
        return max(1, min(AT_ONCE, SCORES // (4 * self._heads * seen)))


def _length(stem: Stem | None) -> int:
    return len(stem.tokens) if stem else 0


def _sharing(stems: dict[int, Stem | None], device: torch.device) -> list[tuple[Shared, torch.Tensor | None]]:
    """Each stretch that rows share, with the rows that share it; None where all do. `stems` is by row."""
    readers: dict[Stem, list[int]] = {}
    for row, stem in stems.items():
        for one in stem.chain() if stem else ():
            readers.setdefault(one, []).append(row)
    found = []
    for stem, rows in readers.items():
        assert stem.states is not None
        if stem.states.length:
            found.append((stem.states, None if len(rows) == len(stems) else torch.tensor(rows, device=device)))
    return found
