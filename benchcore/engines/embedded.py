"""The embedded engine: transformers and torch in this process, on a CPU or one GPU.

Rows are decoded in batches of prompts of like length, padded on the left. What the prompts of a batch have
in common is computed once, one prefill serves all trials of a prompt, and rows that are done leave the batch,
so it never waits for its slowest with full width.
"""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from types import TracebackType
from typing import Any

import torch
import transformers

from benchcore.checkpoint import Checkpoint
from benchcore.config import EvalConfig
from benchcore.engines import Pulse
from benchcore.engines.cache import roomy_cache
from benchcore.engines.window import Window
from benchcore.errors import CheckpointError, MachineError
from benchcore.records import Completion, Decode, Finish, Request, cut_at_stop

FAMILY = 48  # prompts that begin with the same so many tokens are decoded together
WORTH_SHARING = 16  # tokens; a shorter common beginning is not worth a pass of its own
SHRINK = 0.75  # drop finished rows from the batch once fewer than this share is left
NUCLEUS = 512  # tokens looked at before a full sort of the vocabulary


class Row:
    """One request being decoded: its prompt, what was generated, and its own random numbers."""

    __slots__ = ("done", "generated", "prompt", "random", "request", "room")

    def __init__(self, request: Request, prompt: list[int], room: int) -> None:
        self.request = request
        self.prompt = prompt
        self.room = room
        self.generated: list[int] = []
        self.done = False
        # Python's generator, not torch's: the same numbers on every device and in every batch
        self.random = random.Random(request.seed).random  # noqa: S311


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

    def check(self, requests: Sequence[Request]) -> None:
        """Raises `ConfigError` for a prompt longer than the context."""
        self._window.check(requests)

    def __enter__(self) -> "Embedded":
        try:
            model, loaded = transformers.AutoModelForCausalLM.from_pretrained(
                self._checkpoint.path,
                dtype=getattr(torch, self._dtype),
                trust_remote_code=self._config.trust_remote_code,
                local_files_only=True,
                use_safetensors=True,
                output_loading_info=True,
            )
            self._model = model.to(self._device)
        except torch.OutOfMemoryError as error:
            raise MachineError(f"{self._checkpoint.path} does not fit into the device's memory") from error
        except Exception as error:  # a boundary: configs and weights of any origin raise nearly anything
            why = str(error).strip().partition("\n")[0] or type(error).__name__
            raise CheckpointError(f"{self._checkpoint.path} does not load: {why}") from error
        if lost := sorted([*loaded["missing_keys"], *(str(key) for key in loaded["mismatched_keys"])]):
            raise CheckpointError(
                f"{self._checkpoint.path} lacks {len(lost)} of its model's weights ({lost[0]}), which would be random",
                "save it again with model.save_pretrained(folder)",
            )
        self._model.eval()
        self._ends = _end_tokens(self._window.tokenizer, self._model.generation_config)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._model = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

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
        """Yield completions batch by batch, the longest prompts first."""
        rows = []
        for request in requests:
            prompt = self._window.encode(request)
            rows.append(Row(request=request, prompt=prompt, room=self._window.room(request, len(prompt))))
        for batch in batches(rows, self._config.batch_size):
            yield from self._decode(batch, pulse)

    @torch.inference_mode()  # type: ignore[untyped-decorator]  # torch's decorators are untyped
    def _decode(self, rows: list[Row], pulse: Pulse) -> Iterator[Completion]:
        started = time.perf_counter()
        decode = rows[0].request.decode
        cache = roomy_cache(self._model.config)
        logits, mask = self._prefill(rows, cache)
        while True:
            for row, token in zip(rows, _choose(logits, rows, decode), strict=True):
                row.generated.append(token)
            live = [row for row in rows if not row.done]
            pulse(len(live))
            for row in live:
                if (finish := self._finish(row)) is not None:
                    row.done = True
                    yield self._completion(row, finish, time.perf_counter() - started)
            keep = [at for at, row in enumerate(rows) if not row.done]
            if not keep:
                return
            if len(keep) <= SHRINK * len(rows):
                index = torch.tensor(keep, device=self._device)
                rows, mask = [rows[at] for at in keep], mask[index]
                cache.batch_select_indices(index)
            tokens = torch.tensor([[row.generated[-1]] for row in rows], device=self._device)
            mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
            logits = self._model(
                input_ids=tokens,
                attention_mask=mask,
                # a row that is done but still in the batch must not ask for a position that the model has not
                position_ids=(mask.sum(dim=1, keepdim=True) - 1).clamp(max=self._window.last),
                past_key_values=cache,
                use_cache=True,
            ).logits[:, -1]

    def _prefill(self, rows: list[Row], cache: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Run each distinct prompt once and spread it over its rows: logits (rows, vocabulary), mask (rows, tokens)."""
        counts = [(prompt, len(list(same))) for prompt, same in groupby(row.prompt for row in rows)]
        shared = _shared([prompt for prompt, _ in counts])
        if shared < WORTH_SHARING:
            shared = 0
        else:
            prefix = torch.tensor([counts[0][0][:shared]], device=self._device)
            self._model(input_ids=prefix, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache.batch_repeat_interleave(len(counts))
        width = max(len(prompt) for prompt, _ in counts) - shared
        tokens = torch.zeros(len(counts), width, dtype=torch.long)
        mask = torch.zeros(len(counts), shared + width, dtype=torch.long)
        mask[:, :shared] = 1
        for at, (prompt, _) in enumerate(counts):
            own = len(prompt) - shared
            tokens[at, width - own :] = torch.tensor(prompt[shared:])
            mask[at, shared + width - own :] = 1
        tokens, mask = tokens.to(self._device), mask.to(self._device)
        logits = self._model(
            input_ids=tokens,
            attention_mask=mask,
            # padding stands left of what is not shared, and positions count real tokens only
            position_ids=(mask.cumsum(dim=1) - 1).clamp(min=0)[:, shared:],
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        spread = torch.repeat_interleave(torch.tensor([count for _, count in counts])).to(self._device)
        if len(spread) > len(counts):
            cache.batch_select_indices(spread)
        return logits[spread], mask[spread]

    def _finish(self, row: Row) -> Finish | None:
        """Why the row is done, if it is: only the few newest tokens are decoded to look for a stop string."""
        if row.generated[-1] in self._ends:
            return Finish.STOP
        stop = row.request.decode.stop
        if stop:
            # a token is at least one byte, so no stop string that ends now reaches further back
            reach = max(len(text.encode()) for text in stop) + 2
            if (
                cut_at_stop(self._text(row.generated[-reach:]), stop)[1]
                and cut_at_stop(self._text(row.generated), stop)[1]
            ):
                return Finish.STOP
        return Finish.LENGTH if len(row.generated) >= row.room else None

    def _completion(self, row: Row, finish: Finish, seconds: float) -> Completion:
        tokens = row.generated
        text, _ = cut_at_stop(self._text(tokens), row.request.decode.stop)
        return Completion(
            request=row.request.key,
            text=text,
            finish=finish,
            tokens_in=len(row.prompt),
            tokens_out=len(tokens),
            seconds=seconds,
        )

    def _text(self, tokens: list[int]) -> str:
        return str(self._window.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False))


def batches(rows: Sequence[Row], size: int) -> Iterator[list[Row]]:
    """Rows in batches of at most `size`: equal decode settings, one beginning where many share it, like length."""
    ordered = sorted(rows, key=lambda row: (_settings(row.request.decode), -len(row.prompt), row.prompt))
    for _, same in groupby(ordered, key=lambda row: _settings(row.request.decode)):
        families: dict[tuple[int, ...], list[Row]] = {}
        for row in same:
            families.setdefault(tuple(row.prompt[:FAMILY]), []).append(row)
        large = [family for family in families.values() if len(family) >= size // 4]
        mixed = [row for family in families.values() if len(family) < size // 4 for row in family]
        mixed.sort(key=lambda row: (-len(row.prompt), row.prompt))
        for group in (*large, mixed):
            for start in range(0, len(group), size):
                yield group[start : start + size]


def resolve_dtype(wanted: str, device: str) -> str:
    """`wanted`, or for auto what the device does fast without changing greedy answers more than it must."""
    if wanted != "auto":
        return wanted
    return "float32" if device in ("cpu", "mps") else "bfloat16"


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _shared(prompts: list[list[int]]) -> int:
    """How many tokens all prompts begin with; at least one token is left to each."""
    first, last = min(prompts), max(prompts)  # in lexical order, whatever these two share all others do too
    least = min(len(prompt) for prompt in prompts) - 1
    return next((at for at in range(least) if first[at] != last[at]), least)


def _settings(decode: Decode) -> tuple[Any, ...]:
    return (decode.temperature, decode.top_p, decode.max_tokens, decode.stop)


def _end_tokens(tokenizer: Any, generation: Any) -> frozenset[int]:
    """Every token that ends a text, by the tokenizer and by the checkpoint's generation config."""
    ends = generation.eos_token_id if generation is not None else None
    listed = ends if isinstance(ends, list) else [ends]
    return frozenset(int(end) for end in [*listed, tokenizer.eos_token_id] if end is not None)


def _choose(logits: torch.Tensor, rows: list[Row], decode: Decode) -> list[int]:
    """The next token of each row: the largest of `logits` (rows, vocabulary), or one drawn by the row's own number."""
    if decode.temperature == 0:
        return [int(token) for token in logits.argmax(dim=-1).tolist()]
    chances = torch.softmax(logits.float() / decode.temperature, dim=-1)
    order = None
    if decode.top_p < 1:
        chances, order = _nucleus(chances, decode.top_p)
    # double precision: the running sum of 50,000 small chances loses the tail in single
    reached = chances.double().cumsum(dim=-1)
    drawn = torch.tensor([[row.random()] for row in rows], dtype=torch.float64, device=logits.device) * reached[:, -1:]
    at = torch.searchsorted(reached, drawn, right=True).clamp(max=reached.shape[-1] - 1)
    return [int(token) for token in (at if order is None else order.gather(1, at)).flatten().tolist()]


def _nucleus(chances: torch.Tensor, top_p: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The smallest set of tokens that holds `top_p` (Holtzman et al. 2020): chances and tokens, largest first."""
    largest, order = chances.topk(min(NUCLEUS, chances.shape[-1]), dim=-1)
    if bool((largest.sum(dim=-1) < top_p).any()):
        largest, order = chances.sort(dim=-1, descending=True)
    before = largest.cumsum(dim=-1) - largest
    return largest.masked_fill(before >= top_p, 0.0), order
