"""A key-value cache that writes in place instead of copying all of itself at every token."""

from typing import Any

import torch
from transformers.cache_utils import DynamicCache, DynamicLayer

STRIDE = 128  # tokens of free room added when a layer's buffer is full


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

    def batch_repeat_interleave(self, repeats: int) -> None:
        """Repeat each row; the buffers are made anew at the next update."""
        super().batch_repeat_interleave(repeats)
        self._buffers = None

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


def roomy_cache(config: Any) -> DynamicCache:
    """The cache that `config` asks for, its plain layers replaced by `RoomyLayer`."""
    cache = DynamicCache(config=config)
    cache.layers = [RoomyLayer() if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache
