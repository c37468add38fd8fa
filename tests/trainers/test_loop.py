"""The loop against a bare one in torch, its bill, its parts, and going on to the bit."""

import math
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import accelerate
import numpy as np
import pytest
import torch
import transformers

from benchcore.errors import ConfigError, MachineError
from benchcore.trainers import checkpoints
from benchcore.trainers.ledger import Ledger
from benchcore.trainers.loop import Loop
from benchcore.trainers.method import Batch, Losses, Method
from benchcore.trainers.model import SHAPES, Prices, fresh
from benchcore.trainers.order import Order
from benchcore.trainers.rows import Rows
from tests.trainers.conftest import CONTEXT, recipe, run, weights

MakeLoop = Callable[..., Loop]


class Half(Method):
    """Counts every second target, by halves or by whole ones."""

    def __init__(self, weight: float | bool) -> None:
        self.weight = weight

    def weigh(self, batch: Batch, losses: Losses) -> torch.Tensor:
        """A weight for every second target."""
        chosen = torch.zeros(batch.valid.shape, dtype=torch.bool)
        chosen[:, ::2] = True
        chosen &= batch.valid
        return chosen if self.weight is True else chosen * self.weight


def test_it_does_what_a_bare_loop_does(make_loop: MakeLoop, rows: Rows, tokenizer: Any) -> None:
    loop = make_loop()
    losses = [report.loss for report in run(loop)]
    model = fresh(SHAPES["0.1m"], vocabulary=len(tokenizer), context=CONTEXT, end=tokenizer.eos_token_id, seed=0)
    matrices = [one for one in model.parameters() if one.ndim > 1]
    gains = [one for one in model.parameters() if one.ndim == 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": gains, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95), fused=True)
    order, expected = Order(rows, 3), []
    for step in range(8):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1, (step + 1) / 2)
        ids = order.take(8)
        tokens = rows.tokens(ids)
        labels = tokens[:, 1:].masked_fill(~rows.valid(ids), -100)
        logits = model(input_ids=tokens[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        expected.append(float(loss.detach()))
    assert losses == pytest.approx(expected, rel=1e-5)
    assert torch.allclose(weights(loop), torch.cat([one.detach().flatten() for one in model.parameters()]), atol=1e-5)


@pytest.mark.parametrize("method", [Method(), Half(True), Half(0.5)], ids=["all", "half", "weighted"])
def test_parts_of_a_batch_add_up_to_it(make_loop: MakeLoop, method: Method) -> None:
    whole, parts = make_loop(method), make_loop(method, micro_batch=2)
    first, second = run(whole), run(parts)
    assert [one.loss for one in first] == pytest.approx([one.loss for one in second], rel=1e-4)
    assert torch.allclose(weights(whole), weights(parts), atol=1e-4)


def test_the_loss_is_the_mean_over_what_counts(make_loop: MakeLoop, rows: Rows) -> None:
    """Weights of a half on all that counts are the same as whole ones."""
    one, two = make_loop(Half(True)), make_loop(Half(0.5))
    assert [r.loss for r in run(one)] == pytest.approx([r.loss for r in run(two)], rel=1e-5)
    assert torch.allclose(weights(one), weights(two), atol=1e-5)


def test_a_mean_over_several_steps_is_over_their_targets(make_loop: MakeLoop) -> None:
    each = [report.loss for report in run(make_loop())]
    found: list[Any] = []
    make_loop(looks=frozenset({8})).run(report=found.append, look=lambda: None, save=lambda: None, every=math.inf)
    assert [report.step for report in found] == [8]
    assert found[0].loss == pytest.approx(sum(each) / 8, rel=1e-2)  # rows at a group's end have fewer targets


def test_the_bill_says_what_went_through_and_what_counted(make_loop: MakeLoop, rows: Rows) -> None:
    loop = make_loop(Half(True))
    run(loop)
    order = Order(rows, 3)
    counted = sum(int(rows.valid(order.take(8))[:, ::2].sum()) for _ in range(8))
    prices = Prices.of(loop.model, CONTEXT)
    spent = loop.ledger.train
    assert (spent.forwarded, spent.in_loss) == (8 * 8 * CONTEXT, counted)
    assert spent.flops == 3 * spent.forwarded * prices.forward_body + 3 * counted * prices.forward_head
    assert spent.seconds > 0
    assert loop.ledger.prepare.flops == 0


class Asking(Method):
    """Asks for the losses twice, and remembers them."""

    def weigh(self, batch: Batch, losses: Losses) -> None:
        """As usual."""
        self.found = losses()
        assert losses() is self.found
        self.valid = batch.valid


def test_losses_are_computed_once_for_a_method_that_asks_and_charged(make_loop: MakeLoop) -> None:
    method = Asking()
    asking, plain = make_loop(method, steps=1), make_loop(steps=1)
    reports = run(asking)
    run(plain)
    assert torch.equal(weights(asking), weights(plain))
    assert not method.found.requires_grad
    assert float(method.found.sum() / method.valid.sum()) == pytest.approx(reports[0].loss, rel=1e-5)
    assert (method.found[~method.valid] == 0).all()
    more = asking.ledger.train.flops - plain.ledger.train.flops
    assert more == 8 * CONTEXT * Prices.of(asking.model, CONTEXT).forward_head


def test_a_batch_that_does_not_come_apart_is_refused(make_loop: MakeLoop) -> None:
    with pytest.raises(ConfigError, match="8 rows does not come apart into parts of 3"):
        make_loop(micro_batch=3)


def test_of_marked_targets_alone_the_loss_is_their_cross_entropy(
    make_loop: MakeLoop, rows: Rows, tokenizer: Any
) -> None:
    loop = make_loop(marked_only=True, steps=3)
    losses = [report.loss for report in run(loop)]
    model = fresh(SHAPES["0.1m"], vocabulary=len(tokenizer), context=CONTEXT, end=tokenizer.eos_token_id, seed=0)
    optimizer = torch.optim.AdamW(
        [
            {"params": [one for one in model.parameters() if one.ndim > 1], "weight_decay": 0.1},
            {"params": [one for one in model.parameters() if one.ndim == 1], "weight_decay": 0.0},
        ],
        betas=(0.9, 0.95),
        fused=True,
    )
    order, expected, counted = Order(rows, 3), [], 0
    for step in range(3):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1, (step + 1) / 2)
        ids = order.take(8)
        tokens, marks = rows.tokens(ids), rows.marks(ids)
        assert marks is not None
        marked = marks & rows.valid(ids)
        counted += int(marked.sum())
        assert 0 < marked.sum() < marked.numel()
        logits = model(input_ids=tokens[:, :-1]).logits.log_softmax(-1)
        loss = -logits.gather(2, tokens[:, 1:, None])[:, :, 0][marked].mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        expected.append(float(loss.detach()))
    assert losses == pytest.approx(expected, rel=1e-5)
    bare = torch.cat([one.detach().flatten() for one in model.parameters()])
    assert torch.allclose(weights(loop), bare, atol=5e-5)
    assert loop.ledger.train.in_loss == counted


def test_marked_targets_in_parts_add_up_and_a_method_picks_among_them(make_loop: MakeLoop) -> None:
    for method in (Method(), Half(True), Half(0.5)):
        whole, cut = (make_loop(method, marked_only=True, micro_batch=size) for size in (8, 2))
        assert [one.loss for one in run(whole)] == pytest.approx([one.loss for one in run(cut)], rel=1e-4)
        assert torch.allclose(weights(whole), weights(cut), atol=1e-4)
        assert whole.ledger.train.in_loss == cut.ledger.train.in_loss


class Unmarked:
    """Rows of a corpus without marks."""

    def __init__(self, rows: Rows, marks: torch.Tensor | None) -> None:
        self._rows = rows
        self._marks = marks

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)

    def __len__(self) -> int:
        return len(self._rows)

    def marks(self, ids: Any) -> torch.Tensor | None:
        """No marks, or those of nothing."""
        return None if self._marks is None else self._marks.expand(len(ids), -1)


@pytest.fixture
def loop_on(tokenizer: Any) -> Callable[..., Loop]:
    """A loop on rows of one's own."""

    def make(rows: Any, method: Method | None = None, **changes: Any) -> Loop:
        model = fresh(SHAPES["0.1m"], vocabulary=len(tokenizer), context=CONTEXT, end=tokenizer.eos_token_id, seed=0)
        return Loop(
            model, rows, method or Method(), recipe(**changes), Ledger(), seed=3,
            accelerator=accelerate.Accelerator(cpu=True),
        )  # fmt: skip

    return make


def test_marked_targets_alone_are_refused_where_the_corpus_has_no_marks(loop_on: MakeLoop, rows: Rows) -> None:
    with pytest.raises(ConfigError, match="the corpus marks nothing to count; leave --marked-only away"):
        run(loop_on(Unmarked(rows, None), marked_only=True))


def test_of_a_step_in_which_nothing_is_marked_nothing_is_learnt(loop_on: MakeLoop, rows: Rows) -> None:
    nothing = Unmarked(rows, torch.zeros(CONTEXT, dtype=torch.bool))
    for method in (Method(), Half(True)):
        loop = loop_on(nothing, method, marked_only=True, weight_decay=0.0, steps=2)
        before = weights(loop)
        assert [report.loss for report in run(loop)] == [0.0, 0.0]
        assert torch.equal(weights(loop), before)
        assert loop.ledger.train.in_loss == 0


class Pool(Method):
    """Draws from the first of `size` rows, more of them from step 2 on."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.seen: list[list[int]] = []

    def pool(self, step: int) -> Any:
        """Four rows, then eight."""
        return np.arange(self.size) < (4 if step < 2 else 8)

    def observe(self, batch: Batch, losses: Losses) -> None:
        """See which rows came."""
        self.seen.append(batch.rows.tolist())


def test_rows_come_from_the_pool_of_each_step(make_loop: MakeLoop, rows: Rows) -> None:
    method = Pool(len(rows))
    run(make_loop(method, steps=4))
    # each row as often as any other
    assert sorted(chain(*method.seen[:2])) == sorted([0, 1, 2, 3] * 4)
    assert set(chain(*method.seen[2:])) == set(range(8))


def test_a_loss_that_is_no_number_ends_the_run_before_anything_is_kept(make_loop: MakeLoop) -> None:
    loop = make_loop(lr=1e12, clip=1e30, saves=frozenset({8}))
    with pytest.raises(MachineError, match=r"the loss is (nan|inf) after"):
        run(loop, save=lambda: pytest.fail("kept"))


def save(loop: Loop, folder: Path, tokenizer: Any) -> None:
    moment = loop.moment({"tokens": loop.ledger.train.forwarded, "bill": loop.ledger.bill()})
    folder.mkdir(exist_ok=True)
    checkpoints.save(folder, loop.model, loop.weights(), tokenizer, moment)


@pytest.mark.parametrize("at", [1, 3, 7])
def test_it_goes_on_to_the_bit(make_loop: MakeLoop, folder: Path, tokenizer: Any, at: int) -> None:
    whole = make_loop()
    run(whole)
    cut = make_loop(saves=frozenset({at}))
    run(cut, save=lambda: save(cut, folder, tokenizer))
    place = checkpoints.newest(folder)
    assert place is not None
    assert place.name == f"checkpoint-{at:08d}"
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(place)
    rest = make_loop(moment=checkpoints.read(place), model=model)
    assert rest.step == at
    run(rest)
    assert torch.equal(weights(rest), weights(whole))
    bills = [{k: v for k, v in loop.ledger.bill().items() if "seconds" not in k} for loop in (rest, whole)]
    assert bills[0] == bills[1]


def test_only_the_newest_checkpoint_has_what_it_takes_to_go_on(
    make_loop: MakeLoop, folder: Path, tokenizer: Any
) -> None:
    loop = make_loop(saves=frozenset({2, 5}))
    run(loop, save=lambda: save(loop, folder, tokenizer))
    assert [path.parent.name for path in folder.glob("*/trainer")] == ["checkpoint-00000005"]
    # what lies beside the weights is taken for weights by engines
    assert [path.name for path in folder.glob("*/*.safetensors")] == ["model.safetensors"] * 2
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoint-00000002", "checkpoint-00000005"]


def test_what_was_half_written_is_no_checkpoint_and_is_swept_away(
    make_loop: MakeLoop, folder: Path, tokenizer: Any
) -> None:
    (folder / "tmp-checkpoint-00000002-1").mkdir(parents=True)
    (folder / "checkpoint-00000009/trainer").mkdir(parents=True)
    (folder / "checkpoint-00000009" / checkpoints.OPTIMIZER).write_bytes(b"")
    assert checkpoints.newest(folder) is None
    loop = make_loop(saves=frozenset({3}))
    run(loop, save=lambda: save(loop, folder, tokenizer))
    assert not list(folder.glob("tmp-*"))


def test_the_same_seed_drops_the_same_out(make_loop: MakeLoop, tokenizer: Any) -> None:
    def trained(before: int) -> torch.Tensor:
        config = SHAPES["0.1m-gpt2"].config(len(tokenizer), CONTEXT, tokenizer.eos_token_id, 0.02)
        config.resid_pdrop = 0.1
        torch.manual_seed(7)
        model = transformers.AutoModelForCausalLM.from_config(config)
        torch.rand(before)
        loop = make_loop(model=model, steps=2)
        run(loop)
        return weights(loop)

    assert torch.equal(trained(1), trained(2))
