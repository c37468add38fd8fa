"""Which targets selective language modelling picks, and what a model then learns from."""

import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from benchcore.errors import ConfigError
from benchcore.trainers.loop import Loop
from benchcore.trainers.method import Batch, Lab
from benchcore.trainers.model import SHAPES, Prices, fresh
from benchcore.trainers.order import Order
from benchcore.trainers.reference import reference_losses
from benchcore.trainers.rows import Rows, pack
from benchcore.trainers.slm import SCORES, SLM
from tests.trainers.conftest import CONTEXT, lab, run, weights
from tests.trainers.test_reference import make_reference

MakeLoop = Callable[..., Loop]
MakeLab = Callable[..., Lab]
SHAPE = (3, 8)  # rows and context of batches that are made up
NEVER = lambda: pytest.fail("the losses are asked for")  # noqa: E731


def batch(valid: torch.Tensor | None = None, **changes: Any) -> Batch:
    """A batch of made-up tokens."""
    valid = torch.ones(SHAPE, dtype=torch.bool) if valid is None else valid
    usual: dict[str, Any] = dict(rows=torch.arange(len(valid)), marks=None, step=0, part=0)
    tokens = torch.zeros(len(valid), valid.shape[1] + 1, dtype=torch.long)
    return Batch(tokens=tokens, valid=valid, **{**usual, **changes})


def picked(losses: torch.Tensor, valid: torch.Tensor | None = None, **options: Any) -> torch.Tensor:
    """What SLM picks by own loss."""
    return SLM(score="loss", **options).weigh(batch(valid), lambda: losses)


class Stored:
    """Stands for a reference model in the step."""

    def __init__(self, *values: torch.Tensor) -> None:
        self.found = torch.stack(values)

    def values(self, tokens: torch.Tensor, what: object) -> torch.Tensor:
        """What was given."""
        return self.found

    def flops(self, what: object) -> float:
        """Nothing."""
        return 0.0


def against(score: str, *values: torch.Tensor, **options: Any) -> Callable[..., torch.Tensor]:
    """What SLM picks with `values` of a reference model."""
    method = SLM(score=score, reference=Path("reference"), online=True, **options)
    method._reference = Stored(*values)  # type: ignore[assignment]
    method._lab = lab(seed=0)
    return lambda losses, valid=None: method.weigh(batch(valid), lambda: losses)


@pytest.fixture(scope="module")
def checkpoint(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_reference(tmp_path_factory.mktemp("reference"), tokenizer)


@pytest.fixture
def make_lab(rows: Rows, tmp_path: Path) -> MakeLab:
    def make(**changes: Any) -> Lab:
        return lab(**{"rows": rows, "cache": tmp_path, **changes})

    return make


# which


quarters = st.integers(-20, 20).map(lambda number: number / 4)  # many ties, and exact in every format


@given(
    losses=st.lists(quarters, min_size=24, max_size=24),
    valid=st.lists(st.booleans(), min_size=24, max_size=24),
    percent=st.integers(1, 100),
    scope=st.sampled_from(["sequence", "microbatch", "global"]),
)
@settings(deadline=None)
def test_exactly_the_share_is_picked_the_highest_first_and_of_equals_the_first(
    losses: list[float], valid: list[bool], percent: int, scope: str
) -> None:
    found = picked(torch.tensor(losses).view(SHAPE), torch.tensor(valid).view(SHAPE), ratio=percent / 100, scope=scope)
    groups = [range(8 * row, 8 * row + 8) for row in range(3)] if scope == "sequence" else [range(24)]
    expected = set[int]()
    for group in groups:
        ranked = sorted((at for at in group if valid[at]), key=lambda at: (-losses[at], at))
        expected |= set(ranked[: len(ranked) * percent // 100])
    assert set(found.flatten().nonzero()[:, 0].tolist()) == expected


def test_the_share_is_counted_in_decimals() -> None:
    """In binary .29 of 100 is below 29."""
    valid = torch.ones(1, 100, dtype=torch.bool)
    assert picked(torch.rand(1, 100), valid, ratio=0.29).sum() == 29


def test_padding_with_the_highest_loss_is_never_picked() -> None:
    losses = torch.rand(SHAPE)
    valid = torch.ones(SHAPE, dtype=torch.bool)
    valid[:, 5:] = False
    losses[~valid] = 1e30
    found = picked(losses, valid, ratio=1)
    assert torch.equal(found, valid)
    losses[valid] = -torch.inf
    assert torch.equal(picked(losses, valid, ratio=1), valid)


def test_the_ranking_is_over_the_batch_unless_it_is_over_each_row() -> None:
    losses = torch.arange(24.0).view(SHAPE)
    assert picked(losses, ratio=0.5).sum(1).tolist() == [0, 4, 8]
    assert picked(losses, ratio=0.5, scope="sequence").sum(1).tolist() == [4, 4, 4]


@given(
    own=st.lists(quarters, min_size=24, max_size=24),
    other=st.lists(quarters, min_size=24, max_size=24),
    constant=st.integers(-1000, 1000),
)
@settings(deadline=None)
def test_a_constant_on_the_reference_changes_nothing(own: list[float], other: list[float], constant: int) -> None:
    losses, reference = (torch.tensor(values).view(SHAPE) for values in (own, other))
    expected = picked(losses - reference)
    assert torch.equal(against("excess", reference)(losses), expected)
    assert torch.equal(against("excess", reference + constant)(losses), expected)


def test_low_loss_low_entropy_either_and_both() -> None:
    loss, entropy = torch.arange(24.0).view(SHAPE), torch.arange(24.0).roll(6).view(SHAPE)

    def places(score: str, *values: torch.Tensor) -> list[int]:
        found: list[int] = against(score, *values, ratio=0.5)(torch.zeros(SHAPE)).flatten().nonzero()[:, 0].tolist()
        return found

    assert places("reference", loss) == [*range(12)]
    assert places("entropy", entropy) == [*range(6, 18)]
    assert places("union", loss, entropy) == [*range(18)]
    assert places("intersection", loss, entropy) == [*range(6, 12)]


def test_the_oracle_takes_all_that_is_marked_and_valid_whatever_the_ratio(make_lab: MakeLab) -> None:
    method = SLM(score="oracle", ratio=0.01)
    method.prepare(make_lab())
    marks, valid = (torch.rand(SHAPE) < 0.5 for _ in range(2))
    assert torch.equal(method.weigh(batch(valid, marks=marks), NEVER), marks & valid)


def test_chance_is_of_the_seed_the_step_and_the_part_alone(make_lab: MakeLab) -> None:
    def draw(seed: int = 3, **where: int) -> list[bool]:
        method = SLM(score="random", ratio=0.5)
        method.prepare(make_lab(seed=seed))
        method.weigh(batch(step=7, part=7), NEVER)  # what was drawn before does not matter
        found: list[bool] = method.weigh(batch(**where), NEVER).flatten().tolist()
        return found

    one = draw(step=1, part=2)
    assert one == draw(step=1, part=2)
    assert sum(one) == 12
    assert (
        len({tuple(each) for each in (one, draw(step=2, part=2), draw(step=1, part=1), draw(4, step=1, part=2))}) == 4
    )


def test_notes_tell_the_share_and_both_means_since_the_last_call() -> None:
    method = SLM(score="loss", ratio=0.5)
    assert method.notes() == {}
    valid = torch.ones(SHAPE, dtype=torch.bool)
    valid[2] = False
    for losses in (torch.arange(24.0), torch.arange(24.0) + 1):
        method.weigh(batch(valid), lambda losses=losses: losses.view(SHAPE))  # type: ignore[misc]
    assert method.notes() == {"selected share": 0.5, "selected loss": 12.0, "unselected loss": 4.0}
    assert method.notes() == {}


def test_notes_leave_out_what_is_not_known(make_lab: MakeLab) -> None:
    method = SLM(score="random", ratio=0.5)
    method.prepare(make_lab())
    method.weigh(batch(), NEVER)
    assert method.notes() == {"selected share": 0.5}
    whole = SLM(score="loss", ratio=1)
    whole.weigh(batch(), lambda: torch.ones(SHAPE))
    assert whole.notes() == {"selected share": 1.0, "selected loss": 1.0}


# what is refused


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ratio": 0.0}, "ratio must be above 0 and at most 1, got 0.0"),
        ({"ratio": 1.01}, "ratio must be"),
        ({"ratio": math.nan}, "ratio must be"),
        ({"score": "exces"}, "no score 'exces'; did you mean excess"),
        ({"score": "loss", "scope": "row"}, "no scope 'row'; known: global, microbatch, sequence"),
        *(({"score": score}, f"score {score} needs a reference") for score, what in SCORES.items() if what),
        *(
            ({"score": score, "reference": Path("m")}, f"score {score} takes no reference")
            for score, what in SCORES.items()
            if not what
        ),
        ({"score": "loss", "online": True}, "score loss takes no reference"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SLM(**options)


def test_an_oracle_without_marks_is_refused(make_lab: MakeLab, documents: Any, tokenizer: Any, tmp_path: Path) -> None:
    bare = pack([replace(one, marks=None) for one in documents], tokenizer, CONTEXT, tmp_path / "bare", digest="bare")
    with pytest.raises(ConfigError, match="needs a corpus with marks"):
        SLM(score="oracle").prepare(make_lab(rows=bare))


def test_a_global_scope_is_refused_where_a_process_has_several_batches(make_lab: MakeLab) -> None:
    SLM(score="loss", scope="global").prepare(make_lab(processes=2, parts=2))
    with pytest.raises(ConfigError, match="one batch on each process"):
        SLM(score="loss", scope="global").prepare(make_lab(processes=2, parts=4))


# training


def test_a_ratio_of_one_is_plain_training_to_the_bit(make_loop: MakeLoop) -> None:
    plain, all_of_them, some = make_loop(), make_loop(SLM(score="loss", ratio=1)), make_loop(SLM(score="loss"))
    expected = [report.loss for report in run(plain)]
    assert [report.loss for report in run(all_of_them)] == expected
    assert [report.loss for report in run(some)] != expected
    assert torch.equal(weights(all_of_them), weights(plain))
    assert all_of_them.ledger.train.in_loss == plain.ledger.train.in_loss


def test_the_gradient_is_that_of_labels_cut_to_what_is_picked_in_full_context(
    make_loop: MakeLoop, make_lab: MakeLab, rows: Rows, tokenizer: Any, checkpoint: Path
) -> None:
    """The mean over what is picked; the reference is the one given, and not the model that is trained."""
    method = SLM(ratio=0.3, reference=checkpoint)
    method.prepare(make_lab())
    loop = make_loop(method, steps=1, clip=1e30)
    before = weights(loop)
    norm = run(loop)[0].gradient_norm
    model = fresh(SHAPES["0.1m"], vocabulary=len(tokenizer), context=CONTEXT, end=tokenizer.eos_token_id, seed=0)
    other = transformers.AutoModelForCausalLM.from_pretrained(checkpoint)
    ids = Order(rows, 3).take(8)
    tokens, valid = rows.tokens(ids), rows.valid(ids)

    def losses(of: Any) -> torch.Tensor:
        logits = of(input_ids=tokens[:, :-1]).logits
        return cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none").view(valid.shape)

    own = losses(model)
    with torch.no_grad():
        excess = (own - losses(other).half())[valid]
    least = excess.sort(descending=True).values[int(0.3 * valid.sum()) - 1]
    own[valid][excess >= least].mean().backward()
    right = torch.nn.utils.get_total_norm([one.grad for one in model.parameters()])
    assert norm == pytest.approx(float(right), rel=1e-4)
    assert not torch.equal(weights(loop), before)


def test_nothing_picked_is_a_step_that_learns_nothing(make_loop: MakeLoop) -> None:
    loop = make_loop(SLM(score="loss", ratio=1e-6), steps=2)
    assert [report.gradient_norm for report in run(loop)] == [0.0, 0.0]
    assert loop.ledger.train.in_loss == 0


@pytest.mark.parametrize("score", ["excess", "entropy", "union"])
def test_a_reference_in_the_step_picks_as_stored_values_do_and_is_on_the_bill_of_training(
    make_loop: MakeLoop, make_lab: MakeLab, rows: Rows, checkpoint: Path, score: str
) -> None:
    spent, norms = [], []
    for online in (False, True):
        method = SLM(score=score, reference=checkpoint, online=online)
        loop = make_loop(method)
        method.prepare(make_lab(ledger=loop.ledger))
        norms.append([report.gradient_norm for report in run(loop)])
        spent.append(loop.ledger)
    stored, step = spent
    assert norms[0] == pytest.approx(norms[1], rel=0.05)  # the store rounds, and near ties fall otherwise
    prices = Prices.of(transformers.AutoModelForCausalLM.from_pretrained(checkpoint), CONTEXT)
    a_token = prices.forward_body + len(SCORES[score]) * prices.forward_head
    tokens = len(rows) * CONTEXT
    assert (stored.prepare.forwarded, stored.prepare.flops) == (tokens, tokens * a_token)
    assert (step.prepare.forwarded, step.prepare.flops) == (0, 0)
    assert step.train.forwarded == stored.train.forwarded == 8 * 8 * CONTEXT
    picks = (step.train.in_loss - stored.train.in_loss) * 3 * prices.forward_head
    assert step.train.flops - stored.train.flops == pytest.approx(8 * 8 * CONTEXT * a_token + picks)


def test_the_bill_is_the_same_when_another_run_has_stored_the_values(make_lab: MakeLab, checkpoint: Path) -> None:
    bills = []
    for _ in range(2):
        lab = make_lab()
        with lab.ledger.prepare.timed():
            SLM(reference=checkpoint).prepare(lab)
        bills.append(lab.ledger.prepare)
    assert (bills[0].forwarded, bills[0].flops) == (bills[1].forwarded, bills[1].flops)
    assert bills[0].forwarded > 0
    stored = reference_losses(
        checkpoint, lab.rows, ("loss",), cache=lab.cache, device=lab.device, watch=lambda doing: None
    )
    assert stored.spent.seconds > 0
    assert min(bill.seconds for bill in bills) >= stored.spent.seconds  # loading the model is not on the second


# processes


def test_over_all_processes_the_ranking_is_that_of_one_with_all_rows(tmp_path: Path) -> None:
    draw = torch.Generator().manual_seed(0)
    losses = torch.randint(5, (4, 8), generator=draw).float()
    losses[2:] += 2  # so that the second has more to pick
    valid = torch.rand(4, 8, generator=draw) < 0.8
    torch.save((losses, valid), tmp_path / "step")
    script = Path(__file__).with_name("ranks.py")
    ranks = [subprocess.Popen([sys.executable, script, str(rank), tmp_path]) for rank in range(2)]
    assert [rank.wait(60) for rank in ranks] == [0, 0]
    together, apart = (
        torch.cat([torch.load(tmp_path / f"{scope}{rank}") for rank in range(2)]) for scope in ("global", "microbatch")
    )
    assert torch.equal(together, picked(losses, valid, ratio=0.55))
    assert not torch.equal(together, apart)
    halves = [picked(losses[half], valid[half], ratio=0.55) for half in (slice(0, 2), slice(2, 4))]
    assert torch.equal(apart, torch.cat(halves))


# learning


def test_picking_what_can_be_learnt_beats_picking_what_is_hardest(make_loop: MakeLoop, make_lab: MakeLab) -> None:
    """On a corpus of which half is noise, by the loss on the other half."""

    def marked_loss(score: str) -> float:
        method = SLM(score=score)
        lab = make_lab()
        method.prepare(lab)
        loop = make_loop(method, steps=60)
        run(loop)
        ids = np.arange(len(lab.rows))
        tokens, marks = lab.rows.tokens(ids), lab.rows.marks(ids)
        assert marks is not None
        with torch.no_grad():
            logits = loop.model(input_ids=tokens[:, :-1]).logits
        return float(cross_entropy(logits[marks], tokens[:, 1:][marks]))

    assert marked_loss("oracle") < marked_loss("random") < marked_loss("loss")
