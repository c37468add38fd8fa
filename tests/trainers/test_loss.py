"""The chunked loss against the plain one: values, gradients, chunks, number formats, memory."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy, linear

from benchcore.trainers import loss
from benchcore.trainers.loss import selected_loss, token_entropies, token_losses

Tensors = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def problem(tokens: int, width: int, vocabulary: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensors:
    """Hidden states, head, bias, targets and weights."""
    draw = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=draw, dtype=torch.float64).to(dtype).requires_grad_()

    targets = torch.randint(vocabulary, (tokens,), generator=draw)
    weights = torch.rand(tokens, generator=draw)
    return normal(tokens, width), normal(vocabulary, width), normal(vocabulary), targets, weights


@pytest.fixture(params=[1, 300, loss.CHUNK], ids=["token by token", "some at once", "all at once"])
def chunk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(loss, "CHUNK", request.param)
    return int(request.param)


@given(
    sizes=st.tuples(st.integers(0, 9), st.integers(1, 5), st.integers(2, 11)),
    seed=st.integers(0, 99),
    weighted=st.booleans(),
    biased=st.booleans(),
    chunk=st.sampled_from([1, 100, 1 << 20]),
)
@settings(deadline=None, max_examples=60)
def test_the_sum_and_its_gradients_are_those_of_the_plain_loss(
    sizes: tuple[int, int, int], seed: int, weighted: bool, biased: bool, chunk: int
) -> None:
    hidden, head, bias, targets, weights = problem(*sizes, seed=seed, dtype=torch.float32)
    inputs = [hidden, head, *([bias] if biased else [])]
    plain = cross_entropy(
        linear(hidden.double(), head.double(), bias.double() if biased else None), targets, reduction="none"
    )
    expected = (plain * weights.double()).sum() if weighted else plain.sum()
    wanted = torch.autograd.grad(expected * 0.7, inputs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loss, "CHUNK", chunk)
        found = selected_loss(hidden, head, targets, weights if weighted else None, bias if biased else None)
        gradients = torch.autograd.grad(found * 0.7, inputs)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-5)
    for gradient, right in zip(gradients, wanted, strict=True):
        torch.testing.assert_close(gradient, right, rtol=1e-5, atol=1e-5)


def test_losses_of_tokens_are_cross_entropies_and_not_negated_logits(chunk: int) -> None:
    """A score of the labels' logits alone would rank them otherwise."""
    hidden, head, bias, targets, _ = problem(40, 4, 23, dtype=torch.float32)
    logits = linear(hidden, head, bias)
    found = token_losses(hidden, head, targets, bias)
    torch.testing.assert_close(found, cross_entropy(logits, targets, reduction="none").detach())
    assert not found.requires_grad
    labels = logits.gather(1, targets[:, None])[:, 0]
    assert not torch.equal(found.argsort(), (-labels).argsort())


def test_entropies_are_those_of_the_predictions(chunk: int) -> None:
    hidden, head, bias, _, _ = problem(40, 4, 23, dtype=torch.float32)
    expected = torch.distributions.Categorical(logits=linear(hidden, head, bias)).entropy()
    torch.testing.assert_close(token_entropies(hidden, head, bias), expected.detach())


def test_what_cannot_follow_adds_nothing_to_an_entropy() -> None:
    logits = torch.tensor([0.0, 0.0, -torch.inf])
    assert token_entropies(torch.zeros(1, 2), torch.zeros(3, 2), logits).item() == pytest.approx(0.693147, abs=1e-6)


def test_weights_of_one_change_nothing() -> None:
    hidden, head, _, targets, _ = problem(30, 8, 50, dtype=torch.float32)
    assert torch.equal(selected_loss(hidden, head, targets), selected_loss(hidden, head, targets, torch.ones(30)))


def test_no_token_at_all_is_a_loss_of_zero_with_gradients_of_zero() -> None:
    hidden, head, _, targets, _ = problem(6, 3, 5, dtype=torch.float32)
    none = torch.zeros(6, dtype=torch.bool)
    selected_loss(hidden[none], head, targets[none]).backward()
    assert hidden.grad is not None and head.grad is not None
    assert not hidden.grad.any() and not head.grad.any()


def test_under_autocast_products_are_in_its_format_and_sums_in_float32() -> None:
    hidden, head, bias, targets, weights = problem(64, 16, 200, dtype=torch.float32)
    exact = selected_loss(hidden, head, targets, weights, bias)
    wanted = torch.autograd.grad(exact, [hidden, head, bias])
    with torch.autocast("cpu", torch.bfloat16):
        coarse = selected_loss(hidden, head, targets, weights, bias)
        losses = token_losses(hidden, head, targets, bias)
    gradients = torch.autograd.grad(coarse, [hidden, head, bias])
    assert coarse.dtype == losses.dtype == torch.float32
    assert coarse != exact
    torch.testing.assert_close(coarse, exact, rtol=1e-2, atol=0.0)
    torch.testing.assert_close(coarse, (losses * weights).sum(), rtol=1e-6, atol=0.0)
    for gradient, right in zip(gradients, wanted, strict=True):
        assert gradient.dtype == torch.float32
        assert (gradient - right).norm() < 0.02 * right.norm()


def test_a_sum_of_many_chunks_in_bfloat16_keeps_the_gradient_of_the_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """Added up in bfloat16, 4096 parts would be off by several per cent."""
    monkeypatch.setattr(loss, "CHUNK", 1)
    hidden, head, _, targets, _ = problem(4096, 4, 5, dtype=torch.bfloat16)
    (found,) = torch.autograd.grad(selected_loss(hidden, head, targets), [head])
    exact = head.detach().float().requires_grad_()
    (right,) = torch.autograd.grad(cross_entropy(hidden.detach().float() @ exact.T, targets, reduction="sum"), [exact])
    assert (found.float() - right).norm() < 0.01 * right.norm()


def test_second_derivatives_are_refused_and_not_wrong() -> None:
    hidden, head, _, targets, _ = problem(6, 3, 5, dtype=torch.float32)
    (first,) = torch.autograd.grad(selected_loss(hidden, head, targets) ** 2, [hidden], create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


def test_all_logits_are_never_there_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden, head, _, targets, weights = problem(512, 4, 64, dtype=torch.float32)
    monkeypatch.setattr(loss, "CHUNK", 64 * 4 * 32)
    with torch.profiler.profile(profile_memory=True) as profile:
        selected_loss(hidden, head, targets, weights).backward()
        token_losses(hidden, head, targets)
    largest = max(event.self_device_memory_usage or event.self_cpu_memory_usage for event in profile.events())
    assert 0 < largest < 512 * 64 * 4 / 4
