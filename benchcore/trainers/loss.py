"""Cross entropy behind a linear head, a few tokens at a time, so that the logits of all never are in memory."""

from collections.abc import Iterator
from typing import Any

import torch
from torch.autograd.function import once_differentiable

CHUNK = 16 << 20  # bytes of logits at once: about what a CPU's cache holds
CHUNK_ON_GPU = 64 << 20  # more, for products of few rows leave a GPU idle


def token_losses(
    hidden: torch.Tensor, head_weight: torch.Tensor, targets: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    """The cross entropy of each target in nats, (tokens,) in float32 and without gradient.

    `hidden` is (tokens, width), `head_weight` (vocabulary, width), `targets` (tokens,) and `bias` (vocabulary,).
    """
    found = torch.empty(targets.shape, dtype=torch.float32, device=hidden.device)
    with torch.no_grad():
        for part, log_probabilities in _parts(*_cast(hidden, head_weight, bias)):
            found[part] = -log_probabilities.gather(1, targets[part, None])[:, 0]
    return found


def token_entropies(hidden: torch.Tensor, head_weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """The entropy of each prediction in nats, (tokens,) in float32 and without gradient."""
    found = torch.empty(hidden.shape[0], dtype=torch.float32, device=hidden.device)
    with torch.no_grad():
        for part, log_probabilities in _parts(*_cast(hidden, head_weight, bias)):
            found[part] = torch.special.entr(log_probabilities.exp_()).sum(1)
    return found


def selected_loss(
    hidden: torch.Tensor,
    head_weight: torch.Tensor,
    targets: torch.Tensor,
    weights: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """The sum of weights times cross entropies, in float32, with gradients to `hidden`, head and bias.

    Shapes are those of `token_losses`; `weights` are (tokens,), each 1 where there are none, and have no gradient.
    """
    found: torch.Tensor = _Sum.apply(*_cast(hidden, head_weight, bias), targets, weights)
    return found


class _Sum(torch.autograd.Function):  # type: ignore[misc]
    """The weighted sum, whose gradients are made with it while the logits of a part are there.

    `torch.nn.functional.linear_cross_entropy` with its chunks takes 1.9, 1.2 and 1.5 times as long on a CPU, for the
    sizes of benchmarks/train_memory.py, and where tokens have weights it makes their logits twice.
    """

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        head_weight: torch.Tensor,
        bias: torch.Tensor | None,
        targets: torch.Tensor,
        weights: torch.Tensor | None,
    ) -> torch.Tensor:
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        to_hidden = torch.empty_like(hidden)
        to_weight = torch.zeros_like(head_weight, dtype=torch.float32)
        to_bias = None if bias is None else torch.zeros_like(bias, dtype=torch.float32)
        for part, log_probabilities in _parts(hidden, head_weight, bias):
            at = targets[part, None]
            losses = -log_probabilities.gather(1, at)
            to_logits = log_probabilities.exp_()
            to_logits.scatter_add_(1, at, torch.full_like(losses, -1))
            if weights is not None:
                losses *= weights[part, None]
                to_logits *= weights[part, None]
            total += losses.sum()
            if to_bias is not None:
                to_bias += to_logits.sum(0)
            to_logits = to_logits.to(hidden.dtype)
            torch.mm(to_logits, head_weight, out=to_hidden[part])
            if hidden.dtype == torch.float32:
                to_weight.addmm_(to_logits.T, hidden[part])
            else:  # sums over parts would lose digits
                to_weight += to_logits.T @ hidden[part]
        ctx.save_for_backward(to_hidden, to_weight.to(head_weight.dtype), to_bias)
        return total

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, scale: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        to_hidden, to_weight, to_bias = ctx.saved_tensors
        return to_hidden * scale, to_weight * scale, None if to_bias is None else to_bias * scale, None, None


def _parts(
    hidden: torch.Tensor, head_weight: torch.Tensor, bias: torch.Tensor | None
) -> Iterator[tuple[slice, torch.Tensor]]:
    """The log-probabilities of the vocabulary, (some tokens, vocabulary) in float32, and whose they are."""
    held = CHUNK if hidden.device.type == "cpu" else CHUNK_ON_GPU
    size = max(1, held // (head_weight.shape[0] * torch.float32.itemsize))
    for start in range(0, hidden.shape[0], size):
        part = slice(start, start + size)
        logits = torch.nn.functional.linear(hidden[part], head_weight, bias)
        yield part, logits.log_softmax(1, dtype=torch.float32)


def _cast(
    hidden: torch.Tensor, head_weight: torch.Tensor, bias: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """All in the number format of products: autocast's where it is on, else that of `hidden`."""
    device = hidden.device.type
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else hidden.dtype
    return hidden.to(dtype), head_weight.to(dtype), None if bias is None else bias.to(dtype)
