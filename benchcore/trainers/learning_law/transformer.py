"""The paper's second experiment, made small: a transformer that learns stories, half of which are spoilt."""

import random

import torch
from torch.func import functional_call
from torch.nn import functional

from benchcore.trainers.learning_law.learner import Cost, Examples, Learner
from benchcore.trainers.learning_law.problem import Problem
from benchcore.trainers.learning_law.stories import stories, vocabulary

SPREAD = 0.1  # of what matrices and embeddings start from


class Block(torch.nn.Module):  # type: ignore[misc]  # torch is untyped
    """Attention to what came before, then a layer of ReLUs, each after an RMS norm with a bias and added on."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = torch.nn.ModuleList(Norm(width) for _ in range(2))
        self.mixed = torch.nn.Linear(width, 3 * width)
        self.joined = torch.nn.Linear(width, width)
        self.up = torch.nn.Linear(width, inner)
        self.down = torch.nn.Linear(inner, width)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """(n, length, width) to the same."""
        n, length, width = hidden.shape
        parts = self.mixed(self.norms[0](hidden)).view(n, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        # written out, for fused attention has no derivative in forward mode
        scores = query @ key.transpose(-1, -2) / (width // self.heads) ** 0.5
        later = torch.ones(length, length, dtype=torch.bool, device=hidden.device).triu(1)
        seen = scores.masked_fill(later, -torch.inf).softmax(-1) @ value
        hidden = hidden + self.joined(seen.transpose(1, 2).reshape(n, length, width))
        return hidden + self.down(functional.relu(self.up(self.norms[1](hidden))))


class Norm(torch.nn.Module):  # type: ignore[misc]
    """x / rms(x), with a gain and a bias."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(width))
        self.bias = torch.nn.Parameter(torch.zeros(width))

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """(..., width) to the same."""
        return hidden * (hidden.square().mean(-1, keepdim=True) + 1e-6).rsqrt() * self.weight + self.bias


class Decoder(torch.nn.Module):  # type: ignore[misc]
    """Learnt positions, blocks, and a head that is the embedding."""

    def __init__(self, *, words: int, length: int, width: int, layers: int, heads: int, inner: int) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(words, width)
        self.positions = torch.nn.Parameter(torch.zeros(length, width))
        self.blocks = torch.nn.Sequential(*(Block(width, heads, inner) for _ in range(layers)))
        self.norm = Norm(width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Ids, (n, length), to logits, (n, length, words)."""
        hidden = self.embedding(tokens) + self.positions[: tokens.shape[1]]
        return self.norm(self.blocks(hidden)) @ self.embedding.weight.T


class Transformer(Learner):
    """A `Decoder` whose loss of an example is the mean over its tokens; inputs and targets are ids, (n, length)."""

    def __init__(self, decoder: Decoder, length: int) -> None:
        self._decoder = decoder.requires_grad_(False)
        self._shapes = [(name, one.shape) for name, one in decoder.named_parameters()]
        self.outcomes, width = decoder.embedding.weight.shape
        met = sum(one.numel() for one in decoder.parameters()) - decoder.positions.numel()
        forward = length * (2 * met + 4 * len(decoder.blocks) * length * width)
        self.cost = Cost(tokens=length, forward=forward, gradient=3 * forward, curvature=6 * forward)

    def logits(self, theta: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """What the decoder with the parameters `theta` makes of ids, (n, length); (n, length, words)."""
        parts = theta.split([shape.numel() for _, shape in self._shapes])
        named = {name: part.view(shape) for (name, shape), part in zip(self._shapes, parts, strict=True)}
        return functional_call(self._decoder, named, (tokens,))

    def losses(self, theta: torch.Tensor, examples: Examples) -> torch.Tensor:
        """-log P(word | words before), its mean over the words of each example; padding is none."""
        likely = self.logits(theta, examples.inputs).log_softmax(-1)
        each = -likely.gather(-1, examples.targets[..., None])[..., 0]
        valid = (examples.targets != 0).to(each.dtype)
        return (each * valid).sum(1) / valid.sum(1)


def spoilt_stories(
    *,
    seed: int,
    train: int = 64,
    desired: int = 128,
    test: int = 256,
    length: int = 16,
    width: int = 32,
    layers: int = 2,
    heads: int = 4,
    steps: int = 250,
    rate: float = 0.1,
    noisy: float = 0.5,
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
) -> Problem:
    """A transformer that starts at random; of what it learns from `noisy` is spoilt, of what is desired nothing.

    The paper's has width 128, 8 heads, 16,384 and 512 examples of 64 tokens of TinyStories, and 4000 steps at .1.
    """
    draw = random.Random(seed)  # noqa: S311
    words = len(vocabulary())
    decoder = Decoder(words=words, length=length, width=width, layers=layers, heads=heads, inner=4 * width)
    random_numbers = torch.Generator().manual_seed(seed)
    for parameter in decoder.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=SPREAD, generator=random_numbers)
    for name, parameter in decoder.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.zeros_(parameter)

    def examples(count: int, share: float) -> Examples:
        made = stories(count, length=length, noisy=share, draw=draw)
        return Examples(inputs=made.inputs.to(device), targets=made.targets.to(device))

    start = torch.cat([one.detach().flatten() for one in decoder.parameters()])
    return Problem(
        learner=Transformer(decoder.to(device), length),
        start=start.to(device=device, dtype=dtype),
        train=examples(train, noisy),
        desired=examples(desired, 0.0),
        test=examples(test, 0.0),
        rate=rate,
        steps=steps,
    )
