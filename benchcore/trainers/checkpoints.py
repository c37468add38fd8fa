"""Checkpoints of a training run: what engines load, and in the newest of them what it takes to go on to the bit.

checkpoint-00000450/   model.safetensors, config.json, tokenizer files
    benchcore.json          step, tokens, bill, and the state of order and method
    trainer/                the optimiser's state and torch's random numbers; only in the newest
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from benchcore.errors import CheckpointError, MachineError

MARKER = "benchcore.json"
OPTIMIZER = "trainer/optimizer.safetensors"  # in a folder of its own, for vLLM takes all such files for weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A run after `step` steps: what its marker says, and the state of optimiser and chance by the names of tensors."""

    step: int
    marker: Mapping[str, Any]
    optimizer: Mapping[str, torch.Tensor]


def folder_of(run: Path, step: int) -> Path:
    """The folder of the checkpoint after `step` steps."""
    return run / f"checkpoint-{step:08d}"


def save(run: Path, model: Any, weights: Mapping[str, torch.Tensor], tokenizer: Any, moment: Moment) -> Path:
    """Write a checkpoint so that it is there whole or not at all, and take the optimiser's state out of older ones.

    `weights` are those of `model`, gathered from wherever they were. Raises `MachineError` where that fails.
    """
    place = folder_of(run, moment.step)
    scratch = run / f"tmp-{place.name}-{os.getpid()}"
    try:
        for left in run.glob("tmp-*"):
            shutil.rmtree(left)
        model.save_pretrained(scratch, state_dict=dict(weights), safe_serialization=True)
        tokenizer.save_pretrained(scratch)
        (scratch / OPTIMIZER).parent.mkdir()
        save_file(dict(moment.optimizer), scratch / OPTIMIZER)
        (scratch / MARKER).write_text(json.dumps(moment.marker, indent=1), encoding="utf-8")
        for path in scratch.rglob("*"):
            _sync(path)
        scratch.rename(place)
        _sync(run)
        for older in run.glob("checkpoint-*/trainer"):
            if older.parent != place:
                shutil.rmtree(older)
    except OSError as error:
        raise MachineError(f"cannot write the checkpoint {place}: {error.strerror or error}") from error
    return place


def is_written(run: Path, step: int) -> bool:
    """Whether the checkpoint after `step` steps is there."""
    return (folder_of(run, step) / MARKER).is_file()


def newest(run: Path) -> Path | None:
    """The checkpoint from which `run` can go on, or None where it has none.

    Raises `CheckpointError` where it has some, and none with the optimiser's state.
    """
    written = [path.parent for path in run.glob(f"checkpoint-*/{MARKER}")]
    found = [path for path in written if (path / OPTIMIZER).is_file()]
    if written and not found:
        raise CheckpointError(
            f"the training run {run} cannot go on: no checkpoint has the optimiser's state", "begin it in another --out"
        )
    return max(found, default=None)


def read(folder: Path) -> Moment:
    """What `save` wrote beside the weights. Raises `CheckpointError` when it is damaged."""
    try:
        marker = json.loads((folder / MARKER).read_bytes())
        return Moment(step=marker["step"], marker=marker, optimizer=load_file(folder / OPTIMIZER))
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"the training run cannot go on from {folder}: {error}", "remove its folder to begin again"
        ) from error


def _sync(path: Path) -> None:
    """Have the disk hold it before anything says that it does."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
