"""What a process does that a test starts: in a module that imports little, for each process imports it anew."""

from pathlib import Path

import torch

from benchcore.trainers.method import Batch
from benchcore.trainers.slm import SLM


def pick(rank: int, folder: Path, losses: torch.Tensor, valid: torch.Tensor) -> None:
    """Pick among one of two halves of the rows of a step, and leave what was picked in `folder`."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    losses, valid = losses.chunk(2)[rank], valid.chunk(2)[rank]
    tokens = torch.zeros(len(valid), valid.shape[1] + 1, dtype=torch.long)
    batch = Batch(rows=torch.arange(len(valid)), tokens=tokens, valid=valid, marks=None, step=0, part=rank)
    for scope in ("global", "microbatch"):
        found = SLM(score="loss", ratio=0.55, scope=scope).weigh(batch, lambda: losses)
        torch.save(found, folder / f"{scope}{rank}")
    torch.distributed.destroy_process_group()
