"""A small corpus, its tokenizer and rows; a model and a loop for them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import accelerate
import pytest
import torch

from benchcore.data.documents import Document
from benchcore.data.markov import noisy_markov
from benchcore.trainers.clm import CLM
from benchcore.trainers.ledger import Ledger
from benchcore.trainers.loop import Loop, Recipe
from benchcore.trainers.method import Lab, Method
from benchcore.trainers.model import SHAPES, fresh
from benchcore.trainers.rows import Rows, pack
from benchcore.trainers.tokenizer import characters

torch.set_num_threads(1)
CONTEXT = 32


@pytest.fixture(scope="session")
def documents() -> list[Document]:
    return list(noisy_markov(tokens=6000, seed=1))


@pytest.fixture(scope="session")
def tokenizer(documents: list[Document]) -> Any:
    return characters(one.text for one in documents)


@pytest.fixture(scope="session")
def rows(documents: list[Document], tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return pack(documents, tokenizer, CONTEXT, tmp_path_factory.mktemp("rows"), digest="small")


def recipe(**changes: Any) -> Recipe:
    usual: dict[str, Any] = dict(
        steps=8, batch=8, micro_batch=8, lr=2e-3, warmup=2, decay="constant", floor=0.0, weight_decay=0.1,
        betas=(0.9, 0.95), clip=1.0, marked_only=False, looks=frozenset(), saves=frozenset(),
    )  # fmt: skip
    return Recipe(**{**usual, **changes})


def lab(**changes: Any) -> Lab:
    """A lab that has nothing but a bill, and what is given."""
    usual: dict[str, Any] = dict(
        rows=None, steps=8, seed=3, marked_only=False, device=torch.device("cpu"), run=Path(), cache=Path(),
        ledger=Ledger(), processes=1, parts=1, pack=None, measure=None, probes=None, watch=lambda doing: None,
    )  # fmt: skip
    return Lab(**{**usual, **changes})


@pytest.fixture
def make_loop(rows: Rows, tokenizer: Any) -> Callable[..., Loop]:
    """A loop with the method given, from the same weights each time."""

    def make(method: Method | None = None, moment: Any = None, model: Any = None, **changes: Any) -> Loop:
        model = model or fresh(
            SHAPES["0.1m"], vocabulary=len(tokenizer), context=CONTEXT, end=tokenizer.eos_token_id, seed=0
        )
        return Loop(
            model, rows, method or CLM(), recipe(**changes), Ledger(), seed=3,
            accelerator=accelerate.Accelerator(cpu=True), moment=moment,
        )  # fmt: skip

    return make


def weights(loop: Loop) -> torch.Tensor:
    """All weights in one row."""
    return torch.cat([one.detach().flatten() for one in loop.model.parameters()])


def run(loop: Loop, **calls: Any) -> list[Any]:
    """Take all steps, and what was reported at each."""
    reports: list[Any] = []
    usual = {"look": lambda: None, "save": lambda: None}
    loop.run(report=reports.append, every=0.0, **{**usual, **calls})
    return reports


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"
