"""vLLM: every request at once, prefix caching on, completions as they finish.

The engine is stepped directly because `LLM.generate` returns only when the last request is done. Prompts
are tokenised here, exactly as for the embedded engine. Trials are requests of their own, not `SamplingParams.n`:
vLLM makes requests of them anyway, which share the prompt through the prefix cache, and seeds the i-th of them
with seed + i, so that a trial asked again after a crash would draw other numbers than in an uninterrupted run.

vLLM's CPU build (0.32) has two traps for requests with a seed of their own. It rewinds the generator of a
prompt that is prefilled in parts, which kills it ("CPU Generator does not use offset"): so prompts are
prefilled whole. And it ignores the seeds in a batch in which some request has none (vllm-project/vllm#51206):
so greedy and sampled requests take turns.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

from benchcore.checkpoint import Checkpoint
from benchcore.config import EvalConfig
from benchcore.engines import Pulse
from benchcore.engines.window import Window
from benchcore.errors import CheckpointError, MachineError, MissingExtra
from benchcore.records import Completion, Fault, Finish, Request, cut_at_stop

CPU_BATCH_TOKENS = 4096  # tokens that vLLM's CPU build takes in one pass


class VLLM:
    """Runs a checkpoint with vLLM, on CUDA or with vLLM's CPU build."""

    family = "vllm"

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
                disable_log_stats=True,
                seed=0,
                **(self._cpu_settings() if self._cpu else {}),
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

    def _cpu_settings(self) -> dict[str, Any]:
        return {
            "enable_chunked_prefill": False,
            "max_num_batched_tokens": max(self._longest or 0, CPU_BATCH_TOKENS),
            # vLLM would claim nearly all memory of the node for its cache, and fail where some is in use
            "kv_cache_memory_bytes": _cpu_cache_bytes(),
            # compiling takes a minute, and makes a small model on a CPU hardly faster
            "enforce_eager": True,
        }

    def describe(self) -> Mapping[str, Any]:
        """What runs the model, and what of it can be repeated."""
        import torch

        return {
            "family": self.family,
            "vllm": self._version,
            "torch": torch.__version__,
            "device": "cpu" if self._cpu else "cuda",
            "dtype": self._dtype,
            "reproducible": "greedy and sampled text follow from the request alone, but for near-ties that "
            "rounding decides differently in another batch",
        }

    def answer(self, requests: Sequence[Request], pulse: Pulse) -> Iterator[Completion]:
        """Submit everything, then yield each completion as vLLM finishes it."""
        greedy = [request for request in requests if request.decode.temperature == 0]
        sampled = [request for request in requests if request.decode.temperature > 0]
        for turn in (greedy, sampled) if self._cpu else (requests,):
            yield from self._answer(turn, pulse)

    def _answer(self, requests: Sequence[Request], pulse: Pulse) -> Iterator[Completion]:
        from vllm import TokensPrompt

        engine = self._llm.llm_engine
        started = time.perf_counter()
        waiting: dict[str, tuple[Request, int]] = {}
        for request in requests:
            ids = self._window.encode(request)
            waiting[request.key] = (request, len(ids))
            params = _sampling(request, self._window.room(request, len(ids)))
            engine.add_request(request.key, TokensPrompt(prompt_token_ids=ids), params)
        while engine.has_unfinished_requests():
            try:
                outputs = engine.step()
            except Exception as error:  # a boundary: the engine's own process died
                raise MachineError(f"vLLM stopped: {error}", "run the same command again to go on") from error
            for output in outputs:
                request, length = waiting.pop(output.request_id)
                [part] = output.outputs
                pulse(len(part.token_ids))
                yield _completion(request, part, length, time.perf_counter() - started)


def _sampling(request: Request, room: int) -> Any:
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    decode = request.decode
    return SamplingParams(
        temperature=decode.temperature,
        top_p=decode.top_p,
        max_tokens=room,
        stop=list(decode.stop),
        seed=None if decode.temperature == 0 else request.seed,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _cpu_cache_bytes() -> int:
    """A quarter of the memory that is free now, and at most 4 GiB, for vLLM's key-value cache on a CPU."""
    return int(min(4 * 2**30, os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4))


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
