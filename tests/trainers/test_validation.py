"""The loss of each group: against torch's cross entropy, with marks and without."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchcore.data.documents import Document
from benchcore.trainers import validation
from benchcore.trainers.model import SHAPES, Prices, fresh
from benchcore.trainers.rows import Rows, pack
from benchcore.trainers.tokenizer import characters
from benchcore.trainers.validation import group_losses

CONTEXT = 16
TEXTS = [("easy", "aaaa bb"), ("hard", "abc cab bca, all at once and longer than a row"), ("easy", "a"), ("none", "b")]
TOKENIZER = characters(text for _, text in TEXTS)


def packed(folder: Path, *, marks: bool) -> Rows:
    documents = [
        # of the group "none" nothing is marked
        Document(text=text, group=group, marks=("0" if group == "none" else "1") * len(text) if marks else None)
        for group, text in TEXTS
    ]
    documents[0] = Document(text="aaaa bb", group="easy", marks="0000011" if marks else None)
    return pack(documents, TOKENIZER, CONTEXT, folder, digest=f"{marks}")


def model() -> Any:
    return fresh(SHAPES["0.1m"], vocabulary=len(TOKENIZER), context=CONTEXT, end=0, seed=1, spread=0.2)


@pytest.mark.parametrize("marks", [False, True])
@pytest.mark.parametrize("at_once", [1, CONTEXT * 2, 8192])
def test_it_is_the_mean_over_targets_of_a_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, marks: bool, at_once: int
) -> None:
    monkeypatch.setattr(validation, "AT_ONCE", at_once)
    rows, trained = packed(tmp_path, marks=marks), model()
    found, flops = group_losses(trained, rows, torch.device("cpu"))
    sums, counts = dict.fromkeys(rows.groups, 0.0), dict.fromkeys(rows.groups, 0)
    for row in range(len(rows)):
        ids = np.array([row])
        tokens, counted = rows.tokens(ids), rows.valid(ids)
        if marks:
            marked = rows.marks(ids)
            assert marked is not None
            counted &= marked
        with torch.no_grad():
            logits = trained(input_ids=tokens[:, :-1]).logits
        each = torch.nn.functional.cross_entropy(logits[0], tokens[0, 1:], reduction="none")
        group = rows.groups[int(rows.group_of(ids)[0])]
        sums[group] += float(each[counted[0]].sum())
        counts[group] += int(counted.sum())
    assert rows.groups == ("easy", "hard", "none")
    assert found == pytest.approx([sums[name] / max(counts[name], 1) for name in rows.groups], rel=1e-5)
    assert (counts["none"] == 0, found[2] == 0) == (marks, marks)
    prices = Prices.of(trained, CONTEXT)
    assert flops == len(rows) * CONTEXT * prices.forward_body + sum(counts.values()) * prices.forward_head


@pytest.mark.parametrize("training", [False, True])
def test_the_model_goes_on_as_it_was(tmp_path: Path, *, training: bool) -> None:
    trained = model().train(training)
    seen = []
    trained.register_forward_hook(lambda *_: seen.append(trained.training))
    trained.get_decoder().register_forward_hook(lambda body, *_: seen.append(body.training))
    group_losses(trained, packed(tmp_path, marks=False), torch.device("cpu"))
    assert trained.training is training
    assert seen and not seen[-1]
    assert all(one.grad is None for one in trained.parameters())
