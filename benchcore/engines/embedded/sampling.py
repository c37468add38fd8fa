"""The next token of each row: the likeliest, or one drawn by the row's own random number."""

from collections.abc import Sequence

import torch

from benchcore.engines.embedded.rows import Row

NUCLEUS = 512  # tokens looked at before a full sort of the vocabulary
# logits; how far two logits move against each other from batch to batch, by the precision they are computed in
TIE = {"float32": 1e-3, "float16": 0.06, "bfloat16": 0.5}


def choose(logits: torch.Tensor, rows: Sequence[Row], tie: float) -> tuple[list[int], list[bool]]:
    """The next token of each row by `logits` (rows, vocabulary), and whether it won by less than `tie`."""
    settings = [(row.request.decode.temperature, row.request.decode.top_p) for row in rows]
    tokens, near = [0] * len(rows), [False] * len(rows)
    for temperature, top_p in dict.fromkeys(settings):
        which = [at for at, setting in enumerate(settings) if setting == (temperature, top_p)]
        theirs = logits if len(which) == len(rows) else logits[torch.tensor(which, device=logits.device)]
        if temperature:
            chosen, close = _draw(theirs, [rows[at] for at in which], temperature, top_p), [False] * len(which)
        else:
            chosen, close = _likeliest(theirs, tie)
        for at, token, is_close in zip(which, chosen, close, strict=True):
            tokens[at], near[at] = token, is_close
    return tokens, near


def _likeliest(logits: torch.Tensor, tie: float) -> tuple[list[int], list[bool]]:
    best, at = logits.max(dim=-1, keepdim=True)
    # the best of all but the best: a second look is cheaper than sorting two out of all
    second = logits.scatter(1, at, float("-inf")).amax(dim=-1, keepdim=True)
    return at.flatten().tolist(), (best - second < tie).flatten().tolist()


def _draw(logits: torch.Tensor, rows: Sequence[Row], temperature: float, top_p: float) -> list[int]:
    chances = torch.softmax(logits.float() / temperature, dim=-1)
    order = None
    if top_p < 1:
        chances, order = _nucleus(chances, top_p)
    # double precision: the running sum of 50,000 small chances loses the tail in single
    reached = chances.double().cumsum(dim=-1)
    drawn = torch.tensor([[row.drawn()] for row in rows], dtype=torch.float64, device=logits.device) * reached[:, -1:]
    at = torch.searchsorted(reached, drawn, right=True).clamp(max=reached.shape[-1] - 1)
    return [int(token) for token in (at if order is None else order.gather(1, at)).flatten().tolist()]


def _nucleus(chances: torch.Tensor, top_p: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The smallest set of tokens that holds `top_p` (Holtzman et al. 2020): chances and tokens, largest first."""
    largest, order = chances.topk(min(NUCLEUS, chances.shape[-1]), dim=-1)
    if bool((largest.sum(dim=-1) < top_p).any()):
        largest, order = chances.sort(dim=-1, descending=True)
    before = largest.cumsum(dim=-1) - largest
    return largest.masked_fill(before >= top_p, 0.0), order
