"""Attention over shared stretches and a row's own tokens at once, put into models through transformers' interface.

The queries of all rows that have read a shared stretch meet it in one product, so its keys and values are read once a
step however many rows there are (cascade attention: Ye et al. 2024, Juravsky et al. 2024); several query heads
of one key-value head are rows of one product too, so nothing is repeated. One softmax over all parts makes it exact.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from transformers import AttentionInterface, DynamicCache
from transformers.cache_utils import Cache, DynamicLayer

from benchcore.engines.embedded.cache import Block, Shared
from benchcore.engines.embedded.products import product
from benchcore.engines.embedded.reader import REFUSALS

NAME = "benchcore_cascade"
# what a model may hand to its attention that changes the result in a way that `_attend` does not know
UNKNOWN = ("softcap", "s_aux", "position_bias", "sliding_window", "indices", "cache")
CACHED = 2**20  # bytes of scores that a CPU's cache holds beside keys and values
ALIKE = {torch.float32: 1e-3, torch.bfloat16: 5e-2, torch.float16: 1e-2}  # relative distance of two ways to compute

Times = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

_running: ContextVar["Pass"] = ContextVar("running")


class Pass(Cache):  # type: ignore[misc]  # transformers is untyped
    """One pass over new tokens of all rows of `block`: what transformers is given as the cache.

    `shared` pairs each shared stretch with the rows, (n,), that have read it; None for all of them. `at` is the
    column of each row's one new token, or the common first column of several new `tokens`.
    """

    def __init__(
        self,
        block: Block,
        shared: Sequence[tuple[Shared, torch.Tensor | None]],
        at: list[int] | int,
        tokens: int,
        device: torch.device,
    ) -> None:
        super().__init__(layers=[])
        self._block, self._shared = block, shared
        self._layer = 0
        columns = range(at, at + tokens) if isinstance(at, int) else at
        last = torch.tensor(columns, device=device)
        self._at = at if isinstance(at, int) else last
        self._width = max(columns) + 1
        self._ahead: torch.Tensor | None = None
        # told from the numbers here: to ask a GPU would be to wait for it at every step
        if min(columns) < max(columns):
            ahead = torch.arange(self._width, device=device) > last[:, None]
            # broadcast over (rows, heads, group, tokens, width)
            self._ahead = ahead[None, None, None] if isinstance(at, int) else ahead[:, None, None, None]

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the new states into the block; `attend` reads them there."""
        self._layer = layer_idx
        self._block.write(layer_idx, key_states, value_states, self._at)
        return key_states, value_states

    def attend(self, query: torch.Tensor, tokens: int) -> torch.Tensor:
        """What each query sees: (rows, heads, group * tokens, size), scaled, to the same with the values' size."""
        rows, heads, queries, _ = query.shape
        keys, values = self._block.layers[self._layer]
        scores = torch.bmm(query.flatten(0, 1), keys[..., : self._width].flatten(0, 1)).float()
        scores = scores.view(rows, heads, queries, self._width)
        if self._ahead is not None:
            scores.view(rows, heads, -1, tokens, self._width).masked_fill_(self._ahead, float("-inf"))
        largest = scores.amax(dim=-1, keepdim=True)
        weights = scores.sub_(largest).exp_()
        total = weights.sum(dim=-1, keepdim=True)
        own_values = values[:, :, : self._width].flatten(0, 1)
        seen = torch.bmm(weights.to(values.dtype).flatten(0, 1), own_values).float().view(rows, heads, queries, -1)
        for stretch, which in self._shared:
            asking = query if which is None else query[which]
            part = look(asking.transpose(0, 1).flatten(1, 2), *stretch.layers[self._layer])
            part = part.view(heads, -1, queries, part.shape[-1]).transpose(0, 1)
            mine = torch.cat([seen, total, largest], dim=-1)
            if which is None:
                mine = _merged(mine, part)
            else:
                mine[which] = _merged(mine[which], part)
            seen, total, largest = mine.split([mine.shape[-1] - 2, 1, 1], dim=-1)
        return seen / total


def look(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """What (heads, queries, size) see of one stretch, keys (heads, size, tokens) and values (heads, tokens, size).

    (heads, queries, size + 2) in float32: the sum of values weighted by exp(score - largest score), the sum of the
    weights, and the largest score. On a CPU in pieces whose scores stay in its cache.
    """
    if query.device.type != "cpu":
        return _look(query, keys, values, torch.bmm)
    piece = max(1, CACHED // (4 * keys.shape[-1]))
    pieces = [
        [_look(part, keys[head], values[head], product) for part in query[head].split(piece)]
        for head in range(len(query))
    ]
    return torch.stack([torch.cat(parts) for parts in pieces])


def _look(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, times: Times) -> torch.Tensor:
    scores = times(query, keys).float()
    largest = scores.amax(dim=-1, keepdim=True)
    weights = scores.sub_(largest).exp_()
    total = weights.sum(dim=-1, keepdim=True)
    return torch.cat([times(weights.to(values.dtype), values).float(), total, largest], dim=-1)


def _merged(one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
    """Two looks, (..., size + 2), at different tokens as one look at all of them."""
    largest = torch.maximum(one[..., -1:], two[..., -1:])
    rest = one[..., :-1] * (one[..., -1:] - largest).exp() + two[..., :-1] * (two[..., -1:] - largest).exp()
    return torch.cat([rest, largest], dim=-1)


def _attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """transformers' attention function: query (rows, heads, tokens, size) to (rows, tokens, heads, size)."""
    if given := [name for name in UNKNOWN if kwargs.get(name) is not None]:
        raise NotImplementedError(f"attention with {given[0]}")
    rows, heads, tokens, size = query.shape
    scaled = query * (size**-0.5 if scaling is None else scaling)
    grouped = scaled.reshape(rows, key.shape[1], -1, size)
    seen = _running.get().attend(grouped, tokens)
    return seen.to(query.dtype).reshape(rows, heads, tokens, -1).transpose(1, 2), None


AttentionInterface.register(NAME, _attend)


@contextmanager
def _in_place_of_its_own(model: Any, one: Pass) -> Iterator[None]:
    usual = model.config._attn_implementation
    token = _running.set(one)
    model.config._attn_implementation = NAME
    try:
        yield
    finally:
        model.config._attn_implementation = usual
        _running.reset(token)


def forward(
    model: Any,
    tokens: torch.Tensor,
    positions: torch.Tensor,
    block: Block,
    shared: Sequence[tuple[Shared, torch.Tensor | None]],
    at: list[int] | int,
) -> torch.Tensor:
    """Read `tokens` (rows, tokens) at `positions`; the logits after each row's last, (rows, vocabulary)."""
    one = Pass(block, shared, at, tokens.shape[1], tokens.device)
    with _in_place_of_its_own(model, one):
        output = model(input_ids=tokens, position_ids=positions, past_key_values=one, use_cache=True, logits_to_keep=1)
    return output.logits[:, -1]


READ = 12  # tokens that are read both ways


@torch.inference_mode()  # type: ignore[untyped-decorator]  # torch's decorators are untyped
def measure(model: Any) -> int | None:
    """Bytes that a token's keys and values take, or None where the model does not go with this attention.

    A few tokens are read both ways: whatever a model does about positions, masks or scores, it shows.
    """
    if any(type(layer) is not DynamicLayer for layer in DynamicCache(config=model.config).layers):
        return None
    if getattr(model.config.get_text_config(), "max_position_embeddings", READ) < READ:
        return None
    device = model.device
    text = torch.arange(2, 2 + READ, device=device)[None] % model.get_input_embeddings().num_embeddings
    places = torch.arange(READ, device=device)[None]
    usual = model(input_ids=text, use_cache=False).logits[:, -1].float()
    try:
        start = Block(1, 4)
        forward(model, text[:, :4], places[:, :4], start, (), 0)
        shared = [(start.share(0, 4), None)]
        block = Block(2, 7)
        forward(model, text[:, 4:10].repeat(2, 1), places[:, 4:10].repeat(2, 1), block, shared, 0)
        block.reserve(8)
        forward(model, text[:, 10:11].repeat(2, 1), places[:, 10:11].repeat(2, 1), block, shared, [6, 6])
        ours = forward(model, text[:, 11:].repeat(2, 1), places[:, 11:].repeat(2, 1), block, shared, [7, 7])
    except REFUSALS:
        return None  # it calls its attention or its cache in a way of its own
    apart = (ours.float() - usual).norm(dim=-1).max() / usual.norm()
    if not start.layers or not apart < ALIKE[model.dtype]:
        return None
    return int(sum(states[0, ..., :1].numel() * states.element_size() for states in _one_token(start)))


def _one_token(block: Block) -> Iterator[torch.Tensor]:
    for keys, values in block.layers.values():
        yield keys
        yield values.transpose(2, 3)
