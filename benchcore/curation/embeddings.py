"""Embeddings of texts: the mean and the largest value of each of a frozen model's last hidden states."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import transformers

from benchcore import checkpoint
from benchcore.errors import CheckpointError

Vectors = npt.NDArray[np.float32]

AT_ONCE = 1 << 14  # tokens of a batch with its padding


class Embedder:
    """Embeds texts by the model of a checkpoint: of each its first `tokens` tokens, texts of like length together.

    The weights are loaded for the first of them. Raises `CheckpointError` when the checkpoint does not load.
    """

    def __init__(self, folder: Path, *, tokens: int) -> None:
        checkpoint.check(folder)
        self._folder = folder
        self._tokens = min(tokens, checkpoint.context_length(folder) or tokens)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model: Any = None

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """A row for each text, in their order, twice as wide as the model: means, then largest values."""
        if self._model is None:
            self._load()
        rows = self._tokenizer(list(texts), truncation=True, max_length=self._tokens)["input_ids"]
        rows = [row or [self._tokenizer.eos_token_id or 0] for row in rows]
        found = np.zeros((len(rows), 2 * self._model.config.get_text_config().hidden_size), np.float32)
        for batch in _alike(rows):
            found[batch] = self._pooled([rows[at] for at in batch])
        return found

    def _load(self) -> None:
        try:
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(self._folder, local_files_only=True)
            model = transformers.AutoModel.from_pretrained(
                self._folder, dtype=torch.float32, local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError, RuntimeError) as error:
            why = str(error).strip().partition("\n")[0]
            raise CheckpointError(f"{self._folder} does not load: {why}") from error
        self._model = model.to(self._device).eval()

    def _pooled(self, rows: Sequence[Sequence[int]]) -> Vectors:
        longest = max(map(len, rows))
        ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows], device=self._device)
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows], device=self._device)
        with torch.inference_mode():
            states = self._model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state.float()
        own = mask[:, :, None].bool()
        means = (states * own).sum(1) / mask.sum(1, keepdim=True)
        largest = states.masked_fill(~own, -torch.inf).amax(1)
        pooled: Vectors = torch.cat((means, largest), 1).cpu().numpy()
        return pooled


def _alike(rows: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Places of rows in batches of like lengths, which with their padding have at most `AT_ONCE` tokens."""
    batch: list[int] = []
    for at in sorted(range(len(rows)), key=lambda at: len(rows[at])):
        if batch and (len(batch) + 1) * len(rows[at]) > AT_ONCE:
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch
