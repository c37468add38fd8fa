"""PDS: qualities against autograd through the whole run, the scorer, the draw, and a run from start to end."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchcore.api.contributions import contributions
from benchcore.api.training import train
from benchcore.checkpoint import billed
from benchcore.config import PDSConfig, TrainConfig
from benchcore.data.documents import Document
from benchcore.data.markov import noisy_markov
from benchcore.errors import BenchcoreError, ConfigError, RunMismatch
from benchcore.trainers.learning_law.causal import Causal, OnRows, everything
from benchcore.trainers.learning_law.learner import Examples
from benchcore.trainers.ledger import Spent
from benchcore.trainers.model import SHAPES, fresh
from benchcore.trainers.pds import PDS, drawn, standardised
from benchcore.trainers.proxy import Inner, Proxy
from benchcore.trainers.rows import Rows, pack
from benchcore.trainers.scorer import score_all

CONTEXT = 16


@pytest.fixture(scope="module")
def corpus(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    texts = list(noisy_markov(tokens=160, seed=1, length=40))
    return pack(texts, tokenizer, CONTEXT, tmp_path_factory.mktemp("rows"), digest="corpus")


@pytest.fixture(scope="module")
def desired(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    texts = list(noisy_markov(tokens=60, seed=2, noise=0, length=30))
    return pack(texts, tokenizer, CONTEXT, tmp_path_factory.mktemp("rows"), digest="desired")


def learner(tokenizer: Any) -> Causal:
    """A model in float64, whose layers all are: in a Llama some are not."""
    shape = SHAPES["0.1m-gpt2"]
    model = fresh(shape, vocabulary=len(tokenizer), context=CONTEXT, end=tokenizer.eos_token_id, seed=0)
    return Causal(model.double(), CONTEXT)


def whole_of(one: Causal, rows: Rows, ids: Any, *, marked_only: bool = False) -> Examples:
    """Rows as examples, all at once."""
    [found] = OnRows(learner=one, marked_only=marked_only).pieces(one.start(), rows, ids)
    return found


def inner(**changes: Any) -> Inner:
    return Inner(**{**dict(steps=5, batch=3, rate=0.05, every=1), **changes})


def qualities(one: Causal, corpus: Rows, desired: Rows, spent: Spent | None = None, **changes: Any) -> Any:
    proxy = Proxy(
        OnRows(learner=one, marked_only=False), one.start(), corpus, everything(corpus), desired,
        inner=inner(**changes), spent=spent or Spent(),
    )  # fmt: skip
    return proxy.qualities()


def unrolled(one: Causal, corpus: Rows, desired: Rows, steps: int, every: int) -> Any:
    """- dJ / d weight of each row, where each `every`-th step also descends on the weighted losses of all rows."""
    ids = everything(corpus)
    whole = whole_of(one, corpus, ids)
    wanted = whole_of(one, desired, everything(desired))
    weights = torch.zeros(len(ids), dtype=torch.float64, requires_grad=True)
    theta, area = one.start().requires_grad_(), torch.zeros((), dtype=torch.float64)
    for t in range(steps):
        batch = whole_of(one, corpus, np.arange(3 * t, 3 * t + 3) % len(ids))
        loss = one.losses(theta, batch).mean()
        if t % every == 0:
            loss = loss + weights @ one.losses(theta, whole)
        (slope,) = torch.autograd.grad(loss, theta, create_graph=True)
        theta = theta - 0.05 * slope
        area = area + one.losses(theta, wanted).mean()
    return -torch.autograd.grad(area, weights)[0].numpy()


@pytest.mark.parametrize(("steps", "every"), [(1, 1), (5, 1), (6, 2)])
def test_qualities_are_what_the_area_loses_with_the_weight_of_a_row(
    steps: int, every: int, corpus: Rows, desired: Rows, tokenizer: Any
) -> None:
    one = learner(tokenizer)
    found = qualities(one, corpus, desired, steps=steps, every=every)
    right = unrolled(one, corpus, desired, steps, every)
    assert np.abs(found - right).max() <= 1e-10 * np.abs(right).max()


def test_derivatives_of_a_causal_model_are_those_of_finite_differences(corpus: Rows, tokenizer: Any) -> None:
    one = learner(tokenizer)
    some = whole_of(one, corpus, np.arange(4))
    theta, weights = one.start(), torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    direction = torch.randn(len(theta), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    slopes, bend = one.curvature(theta, some, weights, direction)
    step = 1e-5 * direction
    there, back = theta + step, theta - step
    torch.testing.assert_close(slopes, (one.losses(there, some) - one.losses(back, some)) / 2e-5, rtol=1e-5, atol=1e-6)
    right = (one.gradient(there, some, weights) - one.gradient(back, some, weights)) / 2e-5
    assert float((bend - right).norm() / right.norm()) <= 1e-5
    torch.testing.assert_close(one.slopes(theta, some, direction), slopes)


def test_only_what_is_marked_counts_where_it_is_asked_for(tokenizer: Any, tmp_path: Path) -> None:
    texts = [Document(text="abcdefgh", marks="00001111")]
    rows = pack(texts, tokenizer, CONTEXT, tmp_path, digest="marked")
    one = learner(tokenizer)
    all_of_it, marked = (whole_of(one, rows, everything(rows), marked_only=only) for only in (False, True))
    assert int((all_of_it.targets >= 0).sum()) == 9
    assert int((marked.targets >= 0).sum()) == 4


def test_more_parts_are_the_same_and_the_bill_is_that_of_the_passes(
    corpus: Rows, desired: Rows, tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, spent = learner(tokenizer), Spent()
    found = qualities(one, corpus, desired, spent, steps=4, every=2)
    # forward: 4 steps, and one of each block of two again; desired at 1 to 4; two times all rows; H at 1 to 3
    gradients, slopes, bends = (4 + 2) * 3 + 4 * len(desired), 2 * len(corpus), 3 * 3
    assert spent.forwarded == CONTEXT * (gradients + slopes + bends)
    assert spent.flops == pytest.approx(one.cost.forward * (3 * gradients + 2 * slopes + 6 * bends))
    monkeypatch.setattr("benchcore.trainers.learning_law.causal.LOGITS", 1)
    np.testing.assert_allclose(qualities(one, corpus, desired, steps=4, every=2), found, rtol=1e-9)


# the scorer and the draw


def test_the_scorer_learns_what_can_be_seen_in_a_row(tokenizer: Any, tmp_path: Path) -> None:
    texts = [Document(text=("ab" if number % 2 else "xyz") * 12) for number in range(120)]
    rows = pack(texts, tokenizer, CONTEXT, tmp_path, digest="two")
    share = (rows.tokens(everything(rows)) == tokenizer.convert_tokens_to_ids("a")).double().mean(1).numpy()
    ids = np.arange(0, len(rows), 2)
    model = fresh(SHAPES["0.1m"], vocabulary=len(tokenizer), context=CONTEXT, end=tokenizer.eos_token_id, seed=0)
    spent = Spent()
    found = score_all(
        model, rows, ids, standardised(share[ids]), epochs=12, rate=2e-3, seed=0, device=torch.device("cpu"),
        spent=spent,
    )  # fmt: skip
    assert found.agreement is not None
    assert found.agreement > 0.6
    others = np.arange(1, len(rows), 2)
    assert np.corrcoef(found.scores[others], share[others])[0, 1] > 0.8
    assert spent.forwarded == CONTEXT * (12 * (len(ids) - round(0.1 * len(ids))) + len(rows))


@given(st.integers(0, 9), st.integers(20, 200), st.floats(0.05, 1))
def test_as_many_rows_are_drawn_as_asked_for(seed: int, count: int, ratio: float) -> None:
    scores = np.linspace(-3, 3, count).astype(np.float32)
    found = drawn(scores, ratio=ratio, temperature=1e-6, seed=seed)
    assert found.sum() == max(1, round(ratio * count))
    assert found[count - int(found.sum()) :].all(), "with next to no chance the highest are drawn"
    assert (
        drawn(scores, ratio=ratio, temperature=1.0, seed=seed) == drawn(scores, ratio=ratio, temperature=1.0, seed=seed)
    ).all()


def test_draws_are_in_proportion_to_exp_of_scores() -> None:
    scores = np.log(np.array([1, 2, 7], np.float32))
    firsts = [int(np.flatnonzero(drawn(scores, ratio=1 / 3, temperature=1.0, seed=seed))[0]) for seed in range(2000)]
    shares = np.bincount(firsts, minlength=3) / 2000
    np.testing.assert_allclose(shares, [0.1, 0.2, 0.7], atol=0.035)


def test_values_are_standardised_and_clipped() -> None:
    found = standardised(np.array([0.0] * 99 + [100.0]))
    assert found.max() == 3
    assert found.min() == pytest.approx(-(99**-0.5))
    assert standardised(np.ones(4)).tolist() == [0, 0, 0, 0]


# a run

CLEAN, NOISY = (f"generated:noisy_markov?tokens=4000&seed=1&noise={noise}&group={name}" for name, noise in
                (("clean", 0), ("noisy", 0.95)))  # fmt: skip


def config(out: Path, **changes: Any) -> TrainConfig:
    usual: dict[str, Any] = dict(
        data=(CLEAN, NOISY), tokenizer="characters", tokenizer_data=("generated:noisy_markov?tokens=6000",),
        model="0.1m-gpt2", context=32, batch=8, steps=6, checkpoints=2, out=out,
    )  # fmt: skip
    return TrainConfig(**{**usual, **changes})


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCHCORE_CACHE", str(tmp_path_factory.mktemp("cache")))
        out = tmp_path_factory.mktemp("runs") / "proxy"
        train("clm", config(out, steps=60, lr=5e-3))
        yield out


def pds(proxy: Path, **changes: Any) -> PDSConfig:
    usual: dict[str, Any] = dict(
        desired="generated:noisy_markov?tokens=2000&noise=0&seed=7", proxy=str(proxy), inner_steps=3, inner_batch=8,
        inner_lr=0.05, every=1, proxy_rows=120, scorer_lr=1e-3,
    )  # fmt: skip
    return PDSConfig(**{**usual, **changes})


def test_a_run_draws_what_is_clean_and_pays_for_it(proxy: Path, tmp_path: Path) -> None:
    out = tmp_path / "pds"
    train("pds", config(out, pds=pds(proxy)))
    log = json.loads((out / "log.jsonl").read_text().splitlines()[-1])
    assert log["drawn of clean"] > 2 * log["drawn of noisy"]
    assert log["agreement of the scorer"] > 0.3
    scores = np.load(out / "scores.npy")
    assert scores.shape == (2 * 126,)
    before, bill = billed(proxy / "checkpoint-00000060"), billed(out / "checkpoint-00000006")
    assert bill["prepare flops"] > before["flops"]
    assert bill["prepare in loss"] == before["in loss"]
    assert bill["prepare seconds"] > before["seconds"]
    again = tmp_path / "again"
    train("pds", config(again, pds=pds(proxy)))
    after = billed(again / "checkpoint-00000006")
    assert {name: after[name] for name in ("prepare flops", "prepare forwarded")} == {
        name: bill[name] for name in ("prepare flops", "prepare forwarded")
    }, "what lay in the cache is charged too"
    assert after["prepare seconds"] == pytest.approx(bill["prepare seconds"], rel=0.5)


def test_contributions_are_of_the_rows_that_were_drawn(proxy: Path, tmp_path: Path) -> None:
    out = tmp_path / "pds"
    heldout = {"clean": "generated:noisy_markov?tokens=500&noise=0&seed=8"}
    train("pds", config(out, pds=pds(proxy, ratio=0.25), heldout=heldout, looks=2))
    found = contributions(out, rows=10_000)
    assert found.rows == round(0.25 * len(np.load(out / "scores.npy")))


def test_where_all_rows_are_valued_there_is_no_scorer(proxy: Path, tmp_path: Path) -> None:
    out = tmp_path / "exact"
    train("pds", config(out, pds=pds(proxy, proxy_rows=10_000)))
    log = json.loads((out / "log.jsonl").read_text().splitlines()[-1])
    assert "agreement of the scorer" not in log
    scores = np.load(out / "scores.npy")
    assert abs(float(scores.mean())) < 0.2
    assert np.abs(scores).max() <= 3
    assert log["drawn of clean"] > log["drawn of noisy"]


def test_another_option_is_another_run(proxy: Path, tmp_path: Path) -> None:
    train("pds", config(tmp_path / "run", pds=pds(proxy)))
    with pytest.raises(RunMismatch, match=r"pds\.ratio"):
        train("pds", config(tmp_path / "run", pds=pds(proxy, ratio=0.5)))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (dict(desired=None), "texts whose loss is to fall"),
        (dict(proxy=None), "needs a proxy model"),
        (dict(ratio=0.0), "ratio must be above 0"),
        (dict(ratio=1.1), "ratio must be above 0"),
        (dict(temperature=0.0), "temperature must be above 0"),
        (dict(inner_steps=0), "inner_steps must be 1 or more"),
        (dict(every=0), "every must be 1 or more"),
        (dict(inner_lr=float("inf")), "inner_lr must be above 0 and finite"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        PDS(**{**dict(desired="a.txt", proxy=Path("proxy")), **changes})


def test_a_proxy_with_another_tokenizer_is_refused(proxy: Path, tmp_path: Path) -> None:
    wanted = config(tmp_path / "other", pds=pds(proxy), tokenizer_data=("generated:composition?documents=900",))
    with pytest.raises(BenchcoreError, match="another tokenizer"):
        train("pds", wanted)
    assert not (tmp_path / "other" / "train.toml").exists()
