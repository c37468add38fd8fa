"""Steps of the training loop against a bare torch loop, and of SLM against plain ones, interleaved in CPU time.

    python benchmarks/train_speed.py [--model 1m] [--rounds 15]

Prints medians of rounds and ratios of them; the data are generated, the models random. A bare loop has the same model,
batches, optimiser and clipping, and makes all logits at once.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import accelerate
import torch

from benchcore.data.documents import Document
from benchcore.data.markov import noisy_markov
from benchcore.trainers.clm import CLM
from benchcore.trainers.ledger import Ledger
from benchcore.trainers.loop import Loop, Recipe
from benchcore.trainers.method import Lab, Method
from benchcore.trainers.model import SHAPES, fresh
from benchcore.trainers.order import Order
from benchcore.trainers.rows import Rows, pack
from benchcore.trainers.slm import SLM
from benchcore.trainers.tokenizer import train_bpe

CONTEXT = 128
RECIPE = Recipe(
    steps=10**6, batch=16, micro_batch=16, lr=1e-3, warmup=10, decay="constant", floor=0.0, weight_decay=0.1,
    betas=(0.9, 0.95), clip=1.0, marked_only=False, looks=frozenset(), saves=frozenset(),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="1m", choices=list(SHAPES))
    parser.add_argument("--vocab-size", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=3, help="steps in a round")
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        texts = [one.text for one in noisy_markov(tokens=400_000)]
        tokenizer = train_bpe(iter(texts), given.vocab_size)
        rows = pack([Document(text=text) for text in texts], tokenizer, CONTEXT, folder / "rows", digest="speed")
        reference = folder / "reference"
        made(given.model, tokenizer).save_pretrained(reference)
        tokenizer.save_pretrained(reference)
        arms = {
            "bare torch loop": bare(made(given.model, tokenizer), rows),
            "clm": steps(CLM(), made(given.model, tokenizer), rows, folder),
            "slm 60 %, stored reference": steps(
                SLM(ratio=0.6, reference=reference), made(given.model, tokenizer), rows, folder
            ),
            "slm 60 %, online reference": steps(
                SLM(ratio=0.6, reference=reference, online=True), made(given.model, tokenizer), rows, folder
            ),
        }
        taken: dict[str, list[float]] = {name: [] for name in arms}
        for number in range(given.rounds + 1):
            for name, step in arms.items():
                started = time.process_time()
                for _ in range(given.steps):
                    step()
                if number:  # the first round warms up
                    taken[name].append((time.process_time() - started) / given.steps)
    print(f"{given.model}, vocabulary {len(tokenizer):,}, {RECIPE.batch} x {CONTEXT} tokens a step, one thread")
    plain = taken["clm"]
    for name, seconds in taken.items():
        ratios = sorted(one / other for one, other in zip(seconds, plain, strict=True))
        middle = statistics.median(ratios)
        print(f"{name:28} {1000 * statistics.median(seconds):8.1f} ms a step, {middle:.3f} x clm"
              f" ({ratios[len(ratios) // 4]:.3f} to {ratios[-1 - len(ratios) // 4]:.3f})")  # fmt: skip
    throughput = statistics.median(b / c for b, c in zip(taken["bare torch loop"], plain, strict=True))
    print(f"throughput of the loop: {throughput:.3f} x the bare loop's")


def made(name: str, tokenizer: Any) -> Any:
    return fresh(SHAPES[name], vocabulary=len(tokenizer), context=CONTEXT, end=tokenizer.eos_token_id, seed=0)


def steps(method: Method, model: Any, rows: Rows, folder: Path) -> Callable[[], None]:
    accelerator, ledger = accelerate.Accelerator(cpu=True), Ledger()
    method.prepare(
        Lab(
            rows=rows, steps=RECIPE.steps, seed=0, device=accelerator.device, run=folder, cache=folder / "cache",
            ledger=ledger, processes=1, parts=1, watch=lambda doing: None,
            # what these methods do not ask for
            pack=None, measure=None, probes=None,  # type: ignore[arg-type]
        )
    )  # fmt: skip
    return Loop(model, rows, method, RECIPE, ledger, seed=0, accelerator=accelerator).advance


def bare(model: Any, rows: Rows) -> Callable[[], None]:
    model.train()
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(
        [
            {"params": [one for one in parameters if one.ndim > 1], "weight_decay": RECIPE.weight_decay},
            {"params": [one for one in parameters if one.ndim == 1], "weight_decay": 0.0},
        ],
        lr=RECIPE.lr, betas=RECIPE.betas, fused=True,
    )  # fmt: skip
    order = Order(rows, 0)

    def step() -> None:
        ids = order.take(RECIPE.batch)
        tokens = rows.tokens(ids)
        labels = tokens[:, 1:].masked_fill(~rows.valid(ids), -100)
        logits = model(input_ids=tokens[:, :-1], use_cache=False).logits
        torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten()).backward()
        torch.nn.utils.clip_grad_norm_(parameters, RECIPE.clip)
        optimizer.step()
        optimizer.zero_grad()

    return step


if __name__ == "__main__":
    main()
