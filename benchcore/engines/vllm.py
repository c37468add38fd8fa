"""vLLM: every request at once, prefix caching on, completions as they finish.

The engine is stepped directly because `LLM.generate` returns only when the last request is done. Prompts
are tokenised here, exactly as for the embedded engine.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from types import TracebackType
from typing import Any

from benchcore.checkpoint import Checkpoint
from benchcore.config import EvalConfig
from benchcore.engines import Pulse
from benchcore.engines.window import Window
from benchcore.errors import CheckpointError, MachineError, MissingExtra
from benchcore.records import Completion, Fault, Finish, Request, cut_at_stop


class VLLM:
    """Runs a checkpoint with vLLM, on CUDA or with vLLM's CPU build."""

    def __init__(self, checkpoint: Checkpoint, config: EvalConfig) -> None:
        # vLLM's log belongs to whoever asks for it; results are what goes to the terminal
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
        try:
            import vllm
            from vllm.platforms import current_platform
        except ImportError as error:
            raise MissingExtra("vllm", "the engine vllm", 'python -m pip install "benchcore[vllm]"') from error
        self._version = vllm.__version__
        self._cpu = bool(current_platform.is_cpu())
        self._checkpoint = checkpoint
        self._config = config
        self._window = Window(checkpoint, trust_remote_code=config.trust_remote_code)
        self._dtype = config.dtype if config.dtype != "auto" else ("float32" if self._cpu else "bfloat16")
        self._longest: int | None = None
        self._llm: Any = None

    def check(self, requests: Sequence[Request]) -> None:
        """Raises `ConfigError` for a prompt longer than the context."""
        self._longest = self._window.check(requests)

    def __enter__(self) -> "VLLM":
        import vllm

        try:
            self._llm = vllm.LLM(
                model=str(self._checkpoint.path),
                dtype=self._dtype,
                trust_remote_code=self._config.trust_remote_code,
                max_model_len=self._longest,
                enable_prefix_caching=True,
                load_format="safetensors",
                seed=0,
            )
        except (ValueError, RuntimeError, OSError, NotImplementedError) as error:
            raise CheckpointError(
                f"vLLM does not load {self._checkpoint.path}: {str(error).strip().splitlines()[-1]}",
                "try --engine embedded",
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._llm.llm_engine.engine_core.shutdown()
        self._llm = None

    def describe(self) -> Mapping[str, Any]:
        """What runs the model, and what of it can be repeated."""
        import torch

        seeded = (
            "sampled text is not: vLLM's CPU build fails on requests with a seed of their own,"
            " so they share the engine's one stream of random numbers"
            if self._cpu
            else "sampled text follows from the request's own seed up to the same near-ties"
        )
        return {
            "family": "vllm",
            "vllm": self._version,
            "torch": torch.__version__,
            "device": "cpu" if self._cpu else "cuda",
            "dtype": self._dtype,
            "reproducible": f"greedy text is, but for near-ties that rounding decides differently; {seeded}",
        }

    def answer(self, requests: Sequence[Request], pulse: Pulse) -> Iterator[Completion]:
        """Submit everything, then yield each completion as vLLM finishes it."""
        from vllm import TokensPrompt

        engine = self._llm.llm_engine
        started = time.perf_counter()
        waiting: dict[str, tuple[list[Request], int]] = {}
        for number, group in enumerate(self._groups(requests)):
            ids = self._window.encode(group[0])
            waiting[str(number)] = (group, len(ids))
            params = self._sampling(group, self._window.room(group[0], len(ids)))
            engine.add_request(str(number), TokensPrompt(prompt_token_ids=ids), params)
        seen: dict[str, int] = {}
        while engine.has_unfinished_requests():
            try:
                outputs = engine.step()
            except Exception as error:  # a boundary: the engine's own process died
                raise MachineError(f"vLLM stopped: {error}", "run the same command again to go on") from error
            for output in outputs:
                tokens = sum(len(part.token_ids) for part in output.outputs)
                pulse(tokens - seen.get(output.request_id, 0))
                seen[output.request_id] = tokens
                if output.finished:
                    group, length = waiting.pop(output.request_id)
                    for request, part in zip(group, output.outputs, strict=True):
                        yield _completion(request, part, length, time.perf_counter() - started)

    def _groups(self, requests: Sequence[Request]) -> Iterator[list[Request]]:
        """Requests that vLLM takes as one: trials of a prompt share it by `n` where they need no seed of their own."""
        if not self._cpu:
            yield from ([request] for request in requests)
            return
        ordered = sorted(requests, key=lambda request: (request.task, request.sample, request.trial))
        for _, same in groupby(ordered, key=lambda request: (request.task, request.sample)):
            yield list(same)

    def _sampling(self, group: list[Request], room: int) -> Any:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        decode = group[0].decode
        return SamplingParams(
            n=len(group),
            temperature=decode.temperature,
            top_p=decode.top_p,
            max_tokens=room,
            stop=list(decode.stop),
            seed=None if self._cpu or decode.temperature == 0 else group[0].seed,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )


def _completion(request: Request, part: Any, length: int, seconds: float) -> Completion:
    text, _ = cut_at_stop(part.text, request.decode.stop)
    finish = {"stop": Finish.STOP, "length": Finish.LENGTH}.get(part.finish_reason, Finish.FAULT)
    fault = Fault(kind="engine", message=f"vLLM ended with {part.finish_reason}") if finish is Finish.FAULT else None
    return Completion(
        request=request.key,
        text=text,
        finish=finish,
        tokens_in=length,
        tokens_out=len(part.token_ids),
        seconds=seconds,
        fault=fault,
    )
