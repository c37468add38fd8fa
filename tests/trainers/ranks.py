"""A process of two that a test starts: `ranks.py RANK FOLDER` picks among its half of the rows of a step.

FOLDER/step has the losses and which are valid; what was picked is left beside it.
"""

import sys
from pathlib import Path

import torch

from benchcore.trainers.method import Batch
from benchcore.trainers.slm import SLM


def main(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    losses, valid = (whole.chunk(2)[rank] for whole in torch.load(folder / "step"))
    tokens = torch.zeros(len(valid), valid.shape[1] + 1, dtype=torch.long)
    batch = Batch(rows=torch.arange(len(valid)), tokens=tokens, valid=valid, marks=None, step=0, part=rank)
    for scope in ("global", "microbatch"):
        found = SLM(score="loss", ratio=0.55, scope=scope).weigh(batch, lambda: losses)
        torch.save(found, folder / f"{scope}{rank}")
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
