"""Probe runs: what they train, what they cost, and that they are made once."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import accelerate
import numpy as np
import pytest
import torch

from benchcore.data.composition import composition
from benchcore.errors import ConfigError, MachineError
from benchcore.trainers.ledger import Ledger
from benchcore.trainers.loop import Loop
from benchcore.trainers.mixture import Fixed
from benchcore.trainers.model import SHAPES, Prices, fresh
from benchcore.trainers.probes import Probe, Probes
from benchcore.trainers.rows import Rows, pack
from benchcore.trainers.tokenizer import characters
from benchcore.trainers.validation import group_losses
from tests.trainers.conftest import recipe, run

CONTEXT = 7
TOKENIZER = characters(one.text for one in composition(documents=4000))
STEPS = 5


def rows(folder: Path, name: str, **settings: int) -> Rows:
    return pack(composition(**settings), TOKENIZER, CONTEXT, folder / name, digest=name)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return rows(tmp_path_factory.mktemp("rows"), "corpus", documents=300)


@pytest.fixture(scope="module")
def validation(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return rows(tmp_path_factory.mktemp("rows"), "validation", documents=60, seed=1)


def start(seed: int = 0) -> Any:
    return fresh(SHAPES["0.1m-gpt2"], vocabulary=len(TOKENIZER), context=CONTEXT, end=TOKENIZER.eos_token_id, seed=seed)


def probes(corpus: Rows, cache: Path, **changes: Any) -> Probes:
    usual: dict[str, Any] = dict(
        start=start, model="0.1m-gpt2", rows=corpus, recipe=recipe(steps=100, warmup=10, marked_only=True), seed=3,
        accelerator=accelerate.Accelerator(cpu=True), cache=cache,
    )  # fmt: skip
    return Probes(**{**usual, **changes})


def probe(made: Probes, validation: Rows, shares: tuple[float, ...] = (0, 1, 1), steps: int = STEPS) -> Probe:
    return made.run(shares, steps, validation, lambda doing: None)


def unbilled(found: Probe) -> dict[str, Any]:
    """All but how long it took, and when."""
    return {**asdict(replace(found, fresh=True)), "spent": {**asdict(found.spent), "seconds": None}}


def test_a_probe_is_a_training_of_its_own_on_the_groups_named(corpus: Rows, validation: Rows, tmp_path: Path) -> None:
    found = probe(probes(corpus, tmp_path), validation)
    model = start()
    before, _ = group_losses(model, validation, torch.device("cpu"))
    alone = Loop(
        model, corpus, Fixed([0, 1, 1]), recipe(steps=STEPS, warmup=STEPS, marked_only=True), Ledger(), seed=3,
        accelerator=accelerate.Accelerator(cpu=True),
    )  # fmt: skip
    run(alone)
    after, _ = group_losses(alone.model, validation, torch.device("cpu"))
    assert found.before == pytest.approx(before.tolist(), rel=1e-6)
    assert found.after == pytest.approx(after.tolist(), rel=1e-6)
    assert found.after != found.before
    assert found.fresh


def test_its_bill_is_all_that_it_trained_and_measured(corpus: Rows, validation: Rows, tmp_path: Path) -> None:
    spent = probe(probes(corpus, tmp_path), validation).spent
    prices = Prices.of(start(), CONTEXT)
    tokens, answers = STEPS * 8 * CONTEXT, STEPS * 8  # rows are of one document and its end, with one answer
    measured = 60 * CONTEXT * prices.forward_body + 60 * prices.forward_head
    assert (spent.forwarded, spent.in_loss) == (tokens, answers)
    assert spent.flops == 3 * tokens * prices.forward_body + 3 * answers * prices.forward_head + 2 * measured
    assert spent.seconds > 0


def test_it_is_made_once_and_costs_the_same_again(corpus: Rows, validation: Rows, tmp_path: Path) -> None:
    first = probe(probes(corpus, tmp_path), validation)
    again = probe(probes(corpus, tmp_path, start=lambda: pytest.fail("trained again")), validation)
    assert (first.fresh, again.fresh) == (True, False)
    assert asdict(replace(again, fresh=True)) == asdict(first)
    assert unbilled(probe(probes(corpus, tmp_path / "other"), validation)) == unbilled(first)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "another"},
        {"seed": 4},
        {"recipe": recipe(steps=100, warmup=10, marked_only=False)},
        {"recipe": recipe(steps=100, warmup=10, marked_only=True, lr=1e-3)},
    ],
)
def test_another_start_seed_or_recipe_is_another_probe(
    corpus: Rows, validation: Rows, tmp_path: Path, changes: dict[str, Any]
) -> None:
    probe(probes(corpus, tmp_path), validation)
    assert probe(probes(corpus, tmp_path, **changes), validation).fresh


def test_other_shares_steps_or_texts_are_another_probe(
    corpus: Rows, validation: Rows, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = probes(corpus, tmp_path)
    other = rows(tmp_path_factory.mktemp("rows"), "other", documents=30, seed=2)
    assert all(
        [
            probe(made, validation).fresh,
            probe(made, validation, shares=(1, 0, 0)).fresh,
            probe(made, validation, steps=STEPS + 1).fresh,
            probe(made, other).fresh,
            probe(probes(other, tmp_path), validation).fresh,
        ]
    )


def test_looks_saves_and_length_of_the_run_itself_make_no_other_probe(
    corpus: Rows, validation: Rows, tmp_path: Path
) -> None:
    probe(probes(corpus, tmp_path), validation)
    longer = recipe(steps=900, warmup=90, marked_only=True, looks=frozenset({1}), saves=frozenset({2}))
    assert not probe(probes(corpus, tmp_path, recipe=longer), validation).fresh


def test_what_is_damaged_in_the_cache_is_made_again(corpus: Rows, validation: Rows, tmp_path: Path) -> None:
    first = probe(probes(corpus, tmp_path), validation)
    (file,) = (tmp_path / "probes").glob("*.json")
    file.write_text('{"before": [1.0]')
    again = probe(probes(corpus, tmp_path), validation)
    assert again.fresh
    assert unbilled(again) == unbilled(first)


def test_a_probe_that_diverges_is_refused_and_not_kept(corpus: Rows, validation: Rows, tmp_path: Path) -> None:
    wild = recipe(steps=100, warmup=0, lr=1e12, clip=1e30, marked_only=True)
    with pytest.raises(MachineError, match=r"the loss is (nan|inf) after 5 steps"):
        probe(probes(corpus, tmp_path, recipe=wild), validation)
    assert not list((tmp_path / "probes").glob("*.json"))


class Two:
    """An accelerator on two processes, of which nothing more is asked."""

    num_processes = 2
    device = torch.device("cpu")


def test_several_processes_read_probes_and_make_none(corpus: Rows, validation: Rows, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="probe runs are made by one process; start it on one"):
        probe(probes(corpus, tmp_path, accelerator=Two()), validation)
    made = probe(probes(corpus, tmp_path), validation)
    assert np.array_equal(probe(probes(corpus, tmp_path, accelerator=Two()), validation).after, made.after)
