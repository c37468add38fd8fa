"""Stored values of a reference model: against the model itself, from the cache, after a kill, and mixed up."""

import itertools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from torch.nn.functional import cross_entropy

from benchcore.errors import ConfigError, DataError, MachineError
from benchcore.trainers import reference
from benchcore.trainers.model import SHAPES, Prices, fresh
from benchcore.trainers.reference import Reference, ReferenceLosses, What, identity, reference_losses
from benchcore.trainers.rows import Rows
from benchcore.trainers.tokenizer import characters
from tests.trainers.conftest import CONTEXT

CPU = torch.device("cpu")
BOTH: Sequence[What] = ("loss", "entropy")
Score = Callable[..., ReferenceLosses]


def make_reference(folder: Path, tokenizer: Any, *, seed: int = 9, context: int = CONTEXT) -> Path:
    """A checkpoint of random weights that are large enough for losses to differ."""
    model = fresh(SHAPES["0.1m"], vocabulary=len(tokenizer), context=context, end=tokenizer.eos_token_id, seed=seed)
    with torch.no_grad():
        model.get_input_embeddings().weight.mul_(8)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def checkpoint(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_reference(tmp_path_factory.mktemp("reference"), tokenizer)


@pytest.fixture
def score(checkpoint: Path, rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Score:
    """Store what the reference model makes of the rows, eight at a time."""
    monkeypatch.setattr(reference, "AT_ONCE", 8 * CONTEXT)

    def make(what: Sequence[What] = ("loss",), watch: Callable[[str], None] = lambda text: None) -> ReferenceLosses:
        return reference_losses(checkpoint, rows, what, cache=tmp_path, device=CPU, watch=watch)

    return make


@pytest.fixture(scope="module")
def expected(checkpoint: Path, rows: Rows) -> torch.Tensor:
    """Loss and entropy of all targets, from the model's own logits: (2, rows, context)."""
    model = transformers.AutoModelForCausalLM.from_pretrained(checkpoint)
    tokens = rows.tokens(np.arange(len(rows)))
    with torch.no_grad():
        logits = model(input_ids=tokens[:, :-1]).logits
    losses = cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none")
    entropies = torch.distributions.Categorical(logits=logits).entropy()
    return torch.stack([losses.view(entropies.shape), entropies])


def test_values_are_those_of_the_next_token_given_all_before(
    checkpoint: Path, rows: Rows, expected: torch.Tensor
) -> None:
    """Neither of unshifted logits, nor of the label's logit alone, nor of a row that is cut."""
    found = Reference(checkpoint, rows, CPU).values(rows.tokens(np.arange(len(rows))), BOTH)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert not found.requires_grad


def test_stored_values_are_found_by_the_ids_of_rows(score: Score, rows: Rows, expected: torch.Tensor) -> None:
    ids = torch.tensor([len(rows) - 1, 3, 17, 3])
    found = score(BOTH).of(ids)
    assert (found.dtype, found.shape) == (torch.float32, (2, 4, CONTEXT))
    torch.testing.assert_close(found, expected[:, ids], rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(score(("entropy",)).of(ids)[0], expected[1, ids], rtol=1e-3, atol=1e-3)


def test_they_are_computed_once_and_cost_the_same_from_the_cache(
    score: Score, checkpoint: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    first = score(watch=said.append)
    assert said[0].endswith(": 0%") and len(said) == -(-len(rows) // 8)
    monkeypatch.setattr(reference, "Reference", lambda *given: pytest.fail("it is computed again"))
    second = score()
    assert first.spent == second.spent
    prices = Prices.of(transformers.AutoModelForCausalLM.from_pretrained(checkpoint), CONTEXT)
    tokens = len(rows) * CONTEXT
    assert second.spent.forwarded == tokens
    assert second.spent.flops == tokens * (prices.forward_body + prices.forward_head)
    assert second.spent.seconds > 0


@pytest.mark.parametrize("half_a_batch", [False, True])
def test_a_killed_run_goes_on_where_it_was(
    score: Score,
    tmp_path: Path,
    rows: Rows,
    expected: torch.Tensor,
    monkeypatch: pytest.MonkeyPatch,
    half_a_batch: bool,
) -> None:
    said: list[str] = []
    clock = itertools.count(100)  # a batch takes a second
    monkeypatch.setattr(reference, "time", SimpleNamespace(perf_counter=clock.__next__))

    def killed(text: str) -> None:
        said.append(text)
        if len(said) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(watch=killed)
    if half_a_batch:
        (values,) = tmp_path.rglob(reference.VALUES)
        with values.open("ab") as file:
            file.write(b"\0" * 1001)
    rest: list[str] = []
    whole = score(watch=rest.append)
    assert len(said) - 1 + len(rest) == -(-len(rows) // 8)
    torch.testing.assert_close(whole.of(torch.arange(len(rows)))[0], expected[0], rtol=1e-3, atol=1e-3)
    assert whole.spent.forwarded == len(rows) * CONTEXT
    assert whole.spent.seconds == -(-len(rows) // 8)


def test_a_store_that_lost_its_end_is_computed_again(score: Score, tmp_path: Path, rows: Rows) -> None:
    right = score().of(torch.arange(len(rows)))
    (values,) = tmp_path.rglob(reference.VALUES)
    values.write_bytes(values.read_bytes()[:-2])
    assert torch.equal(score().of(torch.arange(len(rows))), right)


def test_no_store_of_another_corpus_or_model_is_opened(
    score: Score, checkpoint: Path, rows: Rows, tmp_path: Path
) -> None:
    score()
    (table,) = tmp_path.rglob(reference.TABLE)
    known = identity(checkpoint, rows, ("loss",), CPU)
    ReferenceLosses(table.parent, rows, known)
    with pytest.raises(ConfigError, match="of another corpus, tokenizer or context"):
        ReferenceLosses(table.parent, rows, {**known, "rows": "other"})
    with pytest.raises(ConfigError, match="of another reference model"):
        ReferenceLosses(table.parent, rows, {**known, "model": "other"})
    with pytest.raises(ConfigError, match="of another kind"):
        ReferenceLosses(table.parent, rows, {**known, "what": ["entropy"]})
    table.write_text(json.dumps({**known, "done": 5}))
    with pytest.raises(DataError, match="not complete"):
        ReferenceLosses(table.parent, rows, known)


def test_another_model_has_a_store_of_its_own(score: Score, tokenizer: Any, rows: Rows, tmp_path: Path) -> None:
    other = make_reference(tmp_path / "other", tokenizer, seed=10)
    found = reference_losses(other, rows, ("loss",), cache=tmp_path, device=CPU, watch=lambda text: None)
    assert not torch.equal(found.of(torch.arange(4)), score().of(torch.arange(4)))


def test_a_loss_too_large_for_the_store_stays_finite(score: Score, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reference, "values", lambda self, tokens, what: torch.full((1, len(tokens), CONTEXT), 1e9))
    assert score().of(torch.arange(1)).max() == torch.finfo(torch.float16).max


def test_a_reference_with_another_tokenizer_is_refused(rows: Rows, tokenizer: Any, tmp_path: Path) -> None:
    """Also one of as many tokens."""
    letters = sorted(token for token in tokenizer.get_vocab() if len(token) == 1)
    other = characters([*letters[1:], "é"])
    assert len(other) == len(tokenizer)
    with pytest.raises(ConfigError, match="another tokenizer"):
        Reference(make_reference(tmp_path / "other", other), rows, CPU)


def test_a_reference_with_too_short_a_context_is_refused(rows: Rows, tokenizer: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"context {CONTEXT} is longer"):
        Reference(make_reference(tmp_path / "short", tokenizer, context=CONTEXT // 2), rows, CPU)


def test_a_disk_that_refuses_is_a_fault_of_the_machine(score: Score, tmp_path: Path) -> None:
    (tmp_path / "reference").write_text("")
    with pytest.raises(MachineError, match="cannot write the reference losses"):
        score()
