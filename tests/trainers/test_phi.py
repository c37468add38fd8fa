"""phi: exercises last, with a schedule of their own, to the bit also where a run goes on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from benchcore.api.training import train
from benchcore.config import PhiConfig, TrainConfig
from benchcore.data.documents import Document
from benchcore.errors import ConfigError
from benchcore.trainers.loop import Loop
from benchcore.trainers.order import Order
from benchcore.trainers.phi import Phi
from benchcore.trainers.rows import Rows, pack
from tests.trainers.conftest import CONTEXT, lab, run

GROUPS = ("textbook", "exercises")


@pytest.fixture(scope="module")
def corpus(documents: list[Document], tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    texts = [Document(text=one.text, group=GROUPS[number % 2]) for number, one in enumerate(documents)]
    return pack(texts, tokenizer, CONTEXT, tmp_path_factory.mktemp("rows"), digest="phi")


def prepared(rows: Rows, steps: int = 10, **options: Any) -> Phi:
    found = Phi(**options)
    found.prepare(lab(rows=rows, steps=steps))
    return found


def test_exercises_come_last_and_nothing_else_does(corpus: Rows) -> None:
    method = prepared(corpus, steps=10, share=0.3)
    groups = np.array(GROUPS)[corpus.group_of(np.arange(len(corpus)))]
    for step in range(10):
        wanted = "exercises" if step >= 7 else "textbook"
        assert set(groups[method.pool(step)]) == {wanted}
        assert method.pool(step).sum() == (groups == wanted).sum()


def test_each_part_has_its_own_schedule(make_loop: Any, corpus: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    method = prepared(corpus, steps=8, share=0.5, lr=1e-4, warmup=2, weight_decay=0.01)
    loop = made(make_loop, method, corpus, decay="linear", warmup=2)
    seen = []
    follow = Loop._follow

    def spied(self: Loop, phase: Any) -> None:
        follow(self, phase)
        groups = self._optimizer.param_groups
        seen.append((groups[0]["lr"], groups[0]["weight_decay"], groups[1]["weight_decay"], len(self._optimizer.state)))

    monkeypatch.setattr(Loop, "_follow", spied)
    run(loop)
    rates = [rate for rate, *_ in seen]
    assert rates == pytest.approx([1e-3, 2e-3, 2e-3, 1e-3, 0.5e-4, 1e-4, 1e-4, 0.5e-4])
    assert [decay for _, decay, *_ in seen] == [0.1] * 4 + [0.01] * 4
    assert {others for _, _, others, _ in seen} == {0.0}
    assert [bool(held) for *_, held in seen] == [False, True, True, True, False, True, True, True]


def made(make_loop: Any, method: Phi, corpus: Rows, **changes: Any) -> Loop:
    """A loop as the fixture makes it, on the corpus of two groups."""
    loop: Loop = make_loop(method, **changes)
    loop._rows, loop._order = corpus, Order(corpus, 3)
    return loop


def config(out: Path, **changes: Any) -> TrainConfig:
    usual: dict[str, Any] = dict(
        data=("generated:textbook?documents=60", "generated:exercises?documents=60"), tokenizer="bpe", vocab_size=300,
        model="0.1m", context=32, batch=4, steps=12, checkpoints=6, out=out, phi=PhiConfig(share=0.5, lr=5e-4),
    )  # fmt: skip
    return TrainConfig(**{**usual, **changes})


@pytest.mark.parametrize("stop", [4, 6, 8])
def test_a_run_that_was_stopped_in_either_part_goes_on_to_the_same_weights(
    stop: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCHCORE_CACHE", str(tmp_path / "cache"))
    whole = train("phi", config(tmp_path / "whole"))
    out = tmp_path / "stopped"
    advance = Loop.advance

    def stopping(self: Loop) -> None:
        if self.step == stop:
            raise KeyboardInterrupt
        advance(self)

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "advance", stopping)
        with pytest.raises(KeyboardInterrupt):
            train("phi", config(out))
    again = train("phi", config(out))
    ours, theirs = (load_file(one.checkpoint / "model.safetensors") for one in (again, whole))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (dict(exercises=()), "needs groups of exercises"),
        (dict(share=0.0), "share must be above 0"),
        (dict(share=1.0), "share must be above 0"),
        (dict(lr=0.0), "lr must be above 0"),
        (dict(weight_decay=2.0), "weight_decay must be from 0 to 1"),
    ],
)
def test_what_cannot_be_meant_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Phi(**options)


def test_a_corpus_without_two_parts_is_refused(corpus: Rows, rows: Rows) -> None:
    with pytest.raises(ConfigError, match="no group 'exercise'"):
        prepared(corpus, exercises=("exercise",))
    with pytest.raises(ConfigError, match="no group 'exercises'"):
        prepared(rows)
    with pytest.raises(ConfigError, match="nothing but exercises"):
        prepared(corpus, exercises=GROUPS)
    with pytest.raises(ConfigError, match="do not come apart"):
        prepared(corpus, steps=1)
    with pytest.raises(ConfigError, match="warmup must be from 0 to the 5 steps"):
        prepared(corpus, share=0.5, warmup=6)
