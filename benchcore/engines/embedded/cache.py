"""Keys and values of many rows: what rows share is held once, what is a row's own is written in place.

A row's text is a chain of shared stretches (few-shot examples, the prompt of many trials) and its own tokens.
Its attention is over all of them together: scores of every part, one softmax, one weighted sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

States = tuple[torch.Tensor, torch.Tensor]  # keys with their last two axes swapped, values
GROWTH = 1.5


@dataclass(frozen=True, slots=True)
class Shared:
    """A stretch of `length` tokens that several rows have read: layer -> keys (heads, size, tokens), values
    (heads, tokens, size)."""

    layers: dict[int, States]
    length: int


class Block:
    """The own tokens of `rows` rows, left-aligned, in buffers that grow seldom and are written in place.

    layer -> keys (rows, heads, size, width), values (rows, heads, width, size). Keys lie with the tokens last, as the
    product with a single query reads them.
    """

    def __init__(self, rows: int, width: int) -> None:
        self.rows = rows
        self.width = width
        self.layers: dict[int, States] = {}

    def write(self, layer: int, keys: torch.Tensor, values: torch.Tensor, at: torch.Tensor | int) -> None:
        """Write new states (rows, heads, tokens, size): one token a row at its own `at`, or all from column `at`."""
        held_keys, held_values = self._buffers(layer, keys.mT, values)
        if isinstance(at, int):
            held_keys[..., at : at + keys.shape[2]] = keys.mT
            held_values[:, :, at : at + keys.shape[2]] = values
        else:
            each = torch.arange(self.rows, device=keys.device)
            held_keys[each, :, :, at] = keys[:, :, 0]
            held_values[each, :, at] = values[:, :, 0]

    def reserve(self, width: int) -> None:
        """Make room for `width` tokens a row."""
        if width <= self.width:
            return
        more = max(width, int(GROWTH * self.width)) - self.width
        self.width += more
        pad = torch.nn.functional.pad
        for layer, (keys, values) in self.layers.items():
            self.layers[layer] = pad(keys, (0, more)), pad(values, (0, 0, 0, more))

    def copy(self, other: "Block", take: Sequence[int], put: Sequence[int], width: int) -> None:
        """Copy the first `width` tokens of the rows `take` of `other` into the rows `put`."""
        for layer, (keys, values) in other.layers.items():
            held_keys, held_values = self._buffers(layer, keys, values)
            source, target = torch.tensor(take, device=keys.device), torch.tensor(put, device=keys.device)
            held_keys[target, :, :, :width] = keys[..., :width][source]
            held_values[target, :, :width] = values[:, :, :width][source]

    def keep(self, rows: Sequence[int], width: int) -> "Block":
        """A smaller block of only these rows, with room for at most `width` tokens."""
        width = min(width, self.width)
        kept = Block(len(rows), width)
        kept.copy(self, rows, range(len(rows)), width)
        return kept

    def share(self, row: int, length: int) -> Shared:
        """The first `length` tokens of one row, as something to share."""
        layers = {
            layer: (keys[row, ..., :length].contiguous(), values[row, :, :length].contiguous())
            for layer, (keys, values) in self.layers.items()
        }
        return Shared(layers, length)

    def _buffers(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> States:
        """A layer's buffers, made when first wanted: of the heads, sizes and number format of `keys` and `values`."""
        if layer not in self.layers:
            heads, size = keys.shape[1:3]
            # zeros, as a weight of zero times an accidental infinity would not be zero
            self.layers[layer] = (
                keys.new_zeros(self.rows, heads, size, self.width),
                values.new_zeros(self.rows, heads, self.width, values.shape[-1]),
            )
        return self.layers[layer]
