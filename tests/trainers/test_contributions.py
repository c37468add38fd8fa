"""Contributions of rows to a held-out loss: against gradients of single rows, and what they come to."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchcore.data.documents import Document
from benchcore.data.markov import noisy_markov
from benchcore.trainers.contributions import contributions, summed_up
from benchcore.trainers.learning_law.causal import Causal
from benchcore.trainers.model import SHAPES, fresh
from benchcore.trainers.rows import pack

CONTEXT = 16


def mean_loss(model: Any, tokens: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """The mean loss of one row over what counts, by the model itself."""
    likely = model(input_ids=tokens[None, :-1]).logits[0].log_softmax(-1)
    each = -likely.gather(-1, tokens[1:, None])[:, 0]
    return each[counted].mean()


def gradient(model: Any, loss: torch.Tensor) -> torch.Tensor:
    return torch.cat([one.flatten() for one in torch.autograd.grad(loss, list(model.parameters()))])


@pytest.mark.parametrize(("shape", "marked_only"), [("0.1m-gpt2", False), ("0.1m-gpt2", True), ("0.1m", False)])
def test_contributions_are_dot_products_of_gradients(
    shape: str, tokenizer: Any, tmp_path: Path, *, marked_only: bool
) -> None:
    rows = pack(noisy_markov(tokens=100, seed=1, length=50), tokenizer, CONTEXT, tmp_path / "rows", digest="rows")
    heldout = pack(
        noisy_markov(tokens=60, seed=2, noise=0, length=30), tokenizer, CONTEXT, tmp_path / "heldout", digest="heldout"
    )
    model = fresh(SHAPES[shape], vocabulary=len(tokenizer), context=CONTEXT, end=0, seed=0, spread=0.1).double()
    # a Llama's end of text is padding, whose embedding is zero, and whose gradient would be left out
    embedding = model.get_input_embeddings()
    embedding.padding_idx = None
    torch.nn.init.normal_(embedding.weight, std=0.1, generator=torch.Generator().manual_seed(1))
    ids, wanted = np.arange(4), np.array([1, 3])
    pull = sum(
        gradient(model, mean_loss(model, heldout.tokens(wanted)[at], heldout.valid(wanted)[at])) / 2 for at in range(2)
    )
    valid, marks = rows.valid(ids), rows.marks(ids)
    assert marks is not None
    counted = valid & marks if marked_only else valid
    right = [float(gradient(model, mean_loss(model, rows.tokens(ids)[at], counted[at])) @ pull) for at in ids]
    found = contributions(model, rows, ids, heldout, wanted, marked_only=marked_only, heldout_marked=False)
    least = 1e-10 if shape == "0.1m-gpt2" else 1e-5  # a Llama's norms are in float32
    assert np.abs(found - right).max() <= least * np.abs(right).max()


def test_padding_is_a_token_like_others(tokenizer: Any) -> None:
    model = fresh(SHAPES["0.1m"], vocabulary=len(tokenizer), context=CONTEXT, end=0, seed=0)
    assert model.get_input_embeddings().padding_idx == 0
    assert Causal(model, CONTEXT)
    assert model.get_input_embeddings().padding_idx is None


def test_what_contributions_come_to(tokenizer: Any, tmp_path: Path) -> None:
    texts = [Document(text="a" * 40, group="one"), Document(text="b" * 40, group="two")]
    rows = pack(texts, tokenizer, CONTEXT, tmp_path, digest="groups")
    ids = np.array([0, 1, 3])
    found = summed_up(np.array([1.0, 3.0, -1.0]), rows, ids, step=5, tokens=50)
    assert (found.step, found.tokens) == (5, 50)
    assert found.mean == 1
    assert found.similarity == pytest.approx(1 / 2)
    assert found.harmful == pytest.approx(1 / 3)
    assert found.groups == {"one": 2, "two": -1}
    assert summed_up(np.ones(3), rows, ids, step=1, tokens=1).similarity is None
