"""Decoding with transformers' own cache and attention, for models that the cascade does not know."""

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from transformers.cache_utils import DynamicCache, DynamicLayer

from benchcore.engines.embedded.rows import Row

STRIDE = 128  # tokens of free room added when a layer's buffer is full
SHRINK = 0.75  # finished rows leave once fewer than this share of the rows is live


class RoomyLayer(DynamicLayer):  # type: ignore[misc]  # transformers is untyped
    """A cache layer with free room at the end of its buffer.

    `keys` and `values` are views, (rows, key-value heads, tokens, head size), of buffers that hold up to
    `STRIDE` tokens more; transformers' own layer concatenates, which copies the whole cache for each token.
    """

    keys: torch.Tensor
    values: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self._buffers: tuple[torch.Tensor, torch.Tensor] | None = None

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append the states of new tokens and return all keys and values as views."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        start = self.get_seq_length()
        end = start + key_states.shape[-2]
        if self._buffers is None or end > self._buffers[0].shape[-2]:
            self._buffers = (self._grown(self.keys, key_states, end), self._grown(self.values, value_states, end))
        keys, values = self._buffers
        keys[:, :, start:end] = key_states
        values[:, :, start:end] = value_states
        self.keys, self.values = keys[:, :, :end], values[:, :, :end]
        return self.keys, self.values

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Keep the rows `indices` (repeats allowed); the buffers are made anew at the next update."""
        super().batch_select_indices(indices)
        self._buffers = None

    @staticmethod
    def _grown(old: torch.Tensor, new: torch.Tensor, end: int) -> torch.Tensor:
        rows, heads, _, size = new.shape
        buffer = new.new_empty(rows, heads, end + STRIDE, size)
        if old.numel():
            buffer[:, :, : old.shape[-2]] = old
        return buffer


class Padded:
    """A lane of rows padded on the left, replaced when all of them are done."""

    def __init__(self, model: Any, device: torch.device, last: int, capacity: int) -> None:
        self.capacity = capacity
        self._model = model
        self._device = device
        self._last = last
        parameters = inspect.signature(model.forward).parameters
        open_ended = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
        self._takes = {name for name in ("position_ids", "logits_to_keep") if open_ended or name in parameters}
        self._rows: list[Row] = []
        self._gone: set[int] = set()
        self._cache: Any = None
        self._mask: torch.Tensor = torch.empty(0)

    @property
    def live(self) -> list[Row]:
        """The rows being decoded, in the order of `step`'s logits."""
        return [row for at, row in enumerate(self._rows) if at not in self._gone]

    @property
    def free(self) -> int:
        """How many rows may be admitted now: none before all are done."""
        return 0 if self.live else self.capacity

    def admit(self, rows: Sequence[Row]) -> None:
        """Take rows in and read all of their tokens but the last; a text that several rows have is read once."""
        self._rows, self._gone = list(rows), set()
        texts = [tuple(row.read()[:-1]) for row in rows]
        distinct = list(dict.fromkeys(texts))
        width = max(len(text) for text in distinct)
        mask = torch.tensor([[0] * (width - len(text)) + [1] * len(text) for text in distinct], dtype=torch.long)
        self._cache = DynamicCache(config=self._model.config)
        layers = self._cache.layers
        self._cache.layers = [RoomyLayer() if type(layer) is DynamicLayer else layer for layer in layers]
        if width:
            padded = [[0] * (width - len(text)) + list(text) for text in distinct]
            self._read(torch.tensor(padded, device=self._device), mask.to(self._device))
        spread = torch.tensor([distinct.index(text) for text in texts])
        self._mask = mask[spread].to(self._device)
        if width and len(spread) > len(distinct):
            self._cache.batch_select_indices(spread.to(self._device))

    def step(self) -> torch.Tensor:
        """Read the last token of each live row; logits of the next, (live rows, vocabulary)."""
        tokens = torch.tensor([[row.newest()] for row in self._rows], device=self._device)
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(tokens), 1)], dim=1)
        logits = self._read(tokens, self._mask)
        kept = [at for at in range(len(self._rows)) if at not in self._gone]
        return logits if len(kept) == len(logits) else logits[torch.tensor(kept, device=self._device)]

    def drop(self, rows: Sequence[Row], waiting: bool) -> None:
        """Let finished rows go; their places are closed in now and then, as that copies all others."""
        gone = set(map(id, rows))
        self._gone |= {at for at, row in enumerate(self._rows) if id(row) in gone}
        kept = [at for at in range(len(self._rows)) if at not in self._gone]
        if not kept:
            self.clear()
        elif len(kept) <= SHRINK * len(self._rows):
            index = torch.tensor(kept, device=self._device)
            self._cache.batch_select_indices(index)
            self._mask = self._mask[index]
            self._rows, self._gone = [self._rows[at] for at in kept], set()

    def clear(self) -> list[Row]:
        """Forget everything that is held in memory; the rows that were live, to be admitted again."""
        rows = self.live
        self._rows, self._gone, self._cache, self._mask = [], set(), None, torch.empty(0)
        return rows

    def _read(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        given = {
            # positions count real tokens only, and a row that is done must not ask for one that the model has not
            "position_ids": (mask.cumsum(dim=1) - 1).clamp(min=0, max=self._last)[:, -tokens.shape[1] :],
            "logits_to_keep": 1,
        }
        given = {name: value for name, value in given.items() if name in self._takes}
        output = self._model(
            input_ids=tokens, attention_mask=mask, past_key_values=self._cache, use_cache=True, **given
        )
        return output.logits[:, -1]
