"""What a reference model makes of each target of a corpus: computed in a step, or stored by row once and for all.

FOLDER/values.bin   float16, (rows, as many as asked for, context)
    table.json      of what they are, how many rows are there, and what they took; a run that was killed goes on there
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import filelock
import numpy as np
import torch

from benchcore.checkpoint import model_digest
from benchcore.errors import ConfigError, DataError, MachineError
from benchcore.records import digest as digest_of
from benchcore.trainers.ledger import Spent
from benchcore.trainers.loss import token_entropies, token_losses
from benchcore.trainers.model import Prices, head_and_body, load
from benchcore.trainers.rows import Rows
from benchcore.trainers.tokenizer import digest as tokenizer_digest
from benchcore.trainers.tokenizer import load as load_tokenizer

What = Literal["loss", "entropy"]

VALUES, TABLE = "values.bin", "table.json"
VERSION = 1  # of the values; they are computed again where it has changed
AT_ONCE = 8192  # tokens that go through the model together
MEANING = {
    "rows": "corpus, tokenizer or context",
    "model": "reference model",
    "what": "kind",
    "format": "number format",
}


class Reference:
    """A model that is only read: in bfloat16 on a GPU and in float32 on a CPU.

    Raises `ConfigError` when its tokenizer is not that of `rows` or its context is too short for them, and
    `CheckpointError` when it does not load.
    """

    def __init__(self, checkpoint: Path, rows: Rows, device: torch.device) -> None:
        tokenizer = load_tokenizer(checkpoint)
        if rows.tokenizer != tokenizer_digest(tokenizer):
            raise ConfigError(
                f"the reference model {checkpoint} has another tokenizer than the corpus is packed with",
                f"pass --tokenizer {checkpoint}",
            )
        model = load(checkpoint, vocabulary=len(tokenizer), context=rows.context)
        self._halves = head_and_body(model.eval().requires_grad_(False).to(device))
        self._prices = Prices.of(model, rows.context)

    def flops(self, what: Sequence[What]) -> float:
        """What a token takes."""
        return self._prices.forward_body + len(what) * self._prices.forward_head

    def values(self, tokens: torch.Tensor, what: Sequence[What]) -> torch.Tensor:
        """Losses or entropies of the targets in rows of tokens, (rows, context + 1): (as `what`, rows, context)."""
        body, head = self._halves
        targets = tokens[:, 1:]
        device = tokens.device.type
        with torch.no_grad(), torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            hidden = body(input_ids=tokens[:, :-1], use_cache=False).last_hidden_state.flatten(0, 1)
            found = [
                token_losses(hidden, head.weight, targets.flatten(), head.bias)
                if one == "loss"
                else token_entropies(hidden, head.weight, head.bias)
                for one in what
            ]
        return torch.stack(found).view(len(what), *targets.shape)


class ReferenceLosses:
    """Values of a reference model that lie in a folder, with `spent`, what they took.

    `known` is what they have to be of, as `identity` tells. Raises `ConfigError` naming what they are of instead,
    and `DataError` when they are not complete.
    """

    def __init__(self, folder: Path, rows: Rows, known: Mapping[str, Any]) -> None:
        table = _read(folder)
        for name, value in known.items():
            if table.get(name, value) != value:
                raise ConfigError(
                    f"the reference losses {folder} are of another {MEANING[name]}", "remove them to compute them again"
                )
        shape = (len(rows), len(known["what"]), rows.context)
        if table.get("done") != len(rows) or _size(folder) != 2 * np.prod(shape):
            raise DataError(f"the reference losses {folder} are not complete", "remove them to compute them again")
        self._values = np.memmap(folder / VALUES, np.float16, "r", shape=shape)
        self.spent = Spent(forwarded=len(rows) * rows.context, flops=table["flops"], seconds=table["seconds"])

    def of(self, rows: torch.Tensor) -> torch.Tensor:
        """The values of rows, by their ids: (as asked for, rows, context) in float32."""
        return torch.from_numpy(self._values[rows.numpy()].astype(np.float32)).transpose(0, 1)


def identity(checkpoint: Path, rows: Rows, what: Sequence[What], device: torch.device) -> dict[str, Any]:
    """All that decides the values of a reference model."""
    precision = "bfloat16" if device.type == "cuda" else "float32"
    return {"rows": rows.digest, "model": model_digest(checkpoint), "what": list(what), "format": precision}


def reference_losses(
    checkpoint: Path,
    rows: Rows,
    what: Sequence[What],
    *,
    cache: Path,
    device: torch.device,
    watch: Callable[[str], None],
) -> ReferenceLosses:
    """The values of a reference model for all rows, computed at the first call and kept below `cache`.

    Raises as `Reference` does, and `MachineError` when the disk refuses.
    """
    known = identity(checkpoint, rows, what, device)
    folder = cache / "reference" / digest_of(VERSION, known)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder.with_suffix(".lock")):
            done = _read(folder)
            if _size(folder) < 2 * done.get("done", 0) * len(what) * rows.context:
                done = {}
            if done.get("done") != len(rows):
                _compute(Reference(checkpoint, rows, device), rows, known, folder, device, watch, done)
    except OSError as error:
        raise MachineError(f"cannot write the reference losses {folder}: {error.strerror or error}") from error
    return ReferenceLosses(folder, rows, known)


def _compute(
    reference: Reference,
    rows: Rows,
    known: Mapping[str, Any],
    folder: Path,
    device: torch.device,
    watch: Callable[[str], None],
    done: Mapping[str, Any],
) -> None:
    """Write the values that are not there yet."""
    what, start, seconds = known["what"], done.get("done", 0), done.get("seconds", 0.0)
    began = time.perf_counter() - seconds
    count = max(1, AT_ONCE // rows.context)
    with (folder / VALUES).open("ab") as file:
        file.truncate(2 * start * len(what) * rows.context)  # a batch may be half there
        for first in range(start, len(rows), count):
            watch(f"scoring the corpus with the reference model: {first / len(rows):.0%}")
            ids = np.arange(first, min(first + count, len(rows)))
            values = reference.values(rows.tokens(ids).to(device), what).transpose(0, 1)
            file.write(values.clamp(max=torch.finfo(torch.float16).max).half().contiguous().cpu().numpy().data)
            file.flush()
            last = first + len(ids)
            flops = last * rows.context * reference.flops(what)
            _write(folder, {**known, "done": last, "flops": flops, "seconds": time.perf_counter() - began})


def _read(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / TABLE).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(folder: Path, table: Mapping[str, Any]) -> None:
    written = folder / f"{TABLE}.tmp"
    written.write_text(json.dumps(table, indent=1), encoding="utf-8")
    written.replace(folder / TABLE)


def _size(folder: Path) -> int:
    path = folder / VALUES
    return path.stat().st_size if path.is_file() else 0
