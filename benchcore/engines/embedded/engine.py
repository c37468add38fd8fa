"""The embedded engine: transformers and torch in this process, on a CPU or one GPU.

What many requests have in common is computed and held once, rows that finish make room for waiting ones at once,
and memory decides how many are decoded together.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

import torch
import transformers

from benchcore.checkpoint import Checkpoint
from benchcore.config import EvalConfig
from benchcore.engines import Pulse
from benchcore.engines.embedded.attention import measure
from benchcore.engines.embedded.decoding import decode
from benchcore.engines.embedded.lane import Cascade, Lane
from benchcore.engines.embedded.padded import Padded
from benchcore.engines.embedded.products import hasten
from benchcore.engines.embedded.reader import Reader
from benchcore.engines.embedded.rows import Row, arrange, longest_own
from benchcore.engines.embedded.sampling import TIE
from benchcore.engines.embedded.scoring import Scorer
from benchcore.engines.embedded.stops import Stops, end_tokens
from benchcore.engines.embedded.weights import load, swap
from benchcore.engines.memory import budget
from benchcore.engines.window import Window
from benchcore.records import Completion, Generation, Request, Scoring

MOST_ROWS = {"cpu": 64, "mps": 64, "cuda": 256}  # decoded at once; more are hardly faster
PADDED_ROWS = 32  # of a model whose needs are not known


class Embedded:
    """Runs a checkpoint with transformers in this process."""

    family = "embedded"

    def __init__(self, checkpoint: Checkpoint, config: EvalConfig) -> None:
        transformers.logging.set_verbosity_error()
        transformers.utils.logging.disable_progress_bar()
        self._checkpoint = checkpoint
        self._config = config
        self._window = Window(checkpoint, trust_remote_code=config.trust_remote_code)
        self._device = torch.device(_best_device())
        self._dtype = resolve_dtype(config.dtype, self._device.type)
        self._model: Any = None
        self._reader: Reader | None = None

    def check(self, requests: Sequence[Request]) -> None:
        """Raises `ConfigError` for a prompt longer than the context."""
        self._window.check(requests)

    def __enter__(self) -> "Embedded":
        trust = self._config.trust_remote_code
        self._model = load(self._checkpoint.path, self._dtype, self._device, trust_remote_code=trust)
        hasten(self._model)
        self._token_bytes = measure(self._model)
        self._stops = Stops(self._window.tokenizer, end_tokens(self._window.tokenizer, self._model.generation_config))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._model = self._reader = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def swap(self, checkpoint: Checkpoint) -> bool:
        """Go on with the weights of another checkpoint of the same kind; False where that takes a new engine."""
        if not swap(self._model, self._checkpoint.path, checkpoint.path):
            return False
        self._checkpoint = checkpoint
        return True

    def describe(self) -> Mapping[str, Any]:
        """What runs the model, and what of it can be repeated."""
        return {
            "family": self.family,
            "transformers": transformers.__version__,
            "torch": torch.__version__,
            "device": self._device.type,
            "dtype": self._dtype,
            "batch_size": self._config.batch_size,
            "reproducible": "greedy and sampled text follow from the request alone, but for near-ties that "
            "rounding decides differently in another batch",
        }

    def answer(self, requests: Sequence[Request], pulse: Pulse) -> Iterator[Completion]:
        """Yield a completion a request as it finishes: first the texts, the longest prompts first, then the scores."""
        rows = deque(arrange((one for one in requests if isinstance(one, Generation)), self._window.encode))
        if rows:
            lane = self._lane(rows)
            yield from decode(lane, rows, self._begin, self._stops, TIE[self._dtype], pulse)
            del lane
        if scorings := [one for one in requests if isinstance(one, Scoring)]:
            if self._reader is None:
                self._reader = Reader(self._model, self._device, self._window.last + 1)
            free = budget(self._device, self._config.memory_share)
            scorer = Scorer(self._reader, self._window, self._device, budget=free, rows=self._config.batch_size)
            yield from scorer.answer(scorings, pulse)

    def _lane(self, rows: Sequence[Row]) -> Lane:
        most = min(len(rows), self._config.batch_size or MOST_ROWS[self._device.type])
        if self._token_bytes is None:
            return Padded(self._model, self._device, self._window.last, min(most, PADDED_ROWS))
        need = self._token_bytes * longest_own(rows, self._window.encode, self._window.room) + self._work_bytes()
        fitting = max(1, min(most, budget(self._device, self._config.memory_share) // need))
        return Cascade(self._model, self._device, self._window.last, fitting)

    def _work_bytes(self) -> int:
        """What a row takes while a token is computed: its logits in three copies, and hidden states."""
        config = self._model.config.get_text_config()
        return 4 * (3 * int(config.vocab_size) + 16 * int(config.hidden_size))

    def _begin(self, row: Row) -> None:
        prompt = self._window.encode(row.request.prompt)
        row.begin(prompt, self._window.room(row.request, len(prompt)))


def resolve_dtype(wanted: str, device: str) -> str:
    """`wanted`, or for auto what the device does fast without changing greedy answers more than it must.

    A CPU with AVX512-BF16 decodes 64 rows of a small model only 1.2 times as fast in bfloat16, and logits then move a
    thousand times as far from batch to batch: float32 there.
    """
    if wanted != "auto":
        return wanted
    return "float32" if device in ("cpu", "mps") else "bfloat16"


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
