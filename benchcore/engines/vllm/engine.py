"""vLLM: every request at once, prefix caching on, completions as they finish.

The engine is stepped directly because `LLM.generate` returns only when the last request is done. Prompts
are tokenised here, exactly as for the embedded engine. Trials are requests of their own, not `SamplingParams.n`:
vLLM makes requests of them anyway, which share the prompt through the prefix cache, and seeds the i-th of them
with seed + i, so that a trial asked again after a crash would draw other numbers than in an uninterrupted run.

Likelihoods. vLLM computes a row of the vocabulary for every prompt token that it reads of a request with
`prompt_logprobs`, and lets such a request read nothing from the prefix cache, as it could not tell the
likelihoods of what lies there. Both are avoided. A context is a request for the likelihoods of the given
first tokens after it (`logprob_token_ids`), which answers multiple choice by letters without more; the rest of a
longer continuation is a request that may read from the cache (`skip_reading_prefix_cache=False`), as only
its last tokens count; and a whole text is asked in pieces of 512 tokens, each of which finds the one before in
the cache. Should the cache hold even tokens that count, which is so for a text that was scored before,
the request is made once more without it. Four continuations of 20 tokens after the same 300 take about a quarter
of the time that they take with `prompt_logprobs` as it comes, which is lm-eval's way (benchmarks/vllm_cost.py).

vLLM's offline interface runs one copy of a model (`LLM(data_parallel_size=2)` refuses). Copies here are
independent engines, whose processes are each shown GPUs of their own.

vLLM's CPU build (0.32) has two traps for requests with a seed of their own. It rewinds the generator of a
prompt that is prefilled in parts, which kills it ("CPU Generator does not use offset"): so prompts are
prefilled whole. And it ignores the seeds in a batch in which some request has none (vllm-project/vllm#51206):
so greedy and sampled requests take turns.
"""

import contextlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import torch

from benchcore.checkpoint import Checkpoint, behaviour, read_config, tensors, weight_files
from benchcore.config import EvalConfig
from benchcore.engines import Pulse
from benchcore.engines.memory import budget
from benchcore.engines.vllm.asked import Asked
from benchcore.engines.vllm.parts import Tally
from benchcore.engines.window import Window
from benchcore.errors import CheckpointError, ConfigError, MachineError, MissingExtra
from benchcore.records import Completion, Generation, Request, Scoring

CPU_BATCH_TOKENS = 4096  # tokens that vLLM's CPU build takes in one pass
CPU_CACHE = 4 * 2**30  # bytes of key-value cache on a CPU beyond which no task gets faster
CPU_BLOCK = 32  # tokens; only whole blocks are shared, and the CPU build would take 128
SAID = 300  # characters of vLLM's own words in an error


class VLLM:
    """Runs a checkpoint with vLLM, on CUDA or with vLLM's CPU build."""

    family = "vllm"

    def __init__(self, checkpoint: Checkpoint, config: EvalConfig) -> None:
        # vLLM's log belongs to whoever asks for it; results are what goes to the terminal
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
        # vLLM wants room for one token more than it is given, also where the context is full and it is never read
        os.environ["VLLM_ALLOW_LONG_MAX_MODEL_LEN"] = "1"
        try:
            import vllm
            from vllm.platforms import current_platform
        except ImportError as error:
            raise MissingExtra("vllm", "the engine vllm", 'python -m pip install "benchcore[vllm]"') from error
        self._version = vllm.__version__
        self._platform = current_platform
        self._cpu = bool(current_platform.is_cpu())
        self._checkpoint = checkpoint
        self._config = config
        self._window = Window(checkpoint, trust_remote_code=config.trust_remote_code)
        self._dtype = config.dtype if config.dtype != "auto" else ("float32" if self._cpu else "bfloat16")
        self._longest: int | None = None
        self._copies: list[Any] = []

    def check(self, requests: Sequence[Request]) -> None:
        """Raises `ConfigError` for a prompt longer than the context or for more GPUs than there are.

        Raises `CheckpointError` where vLLM has no way to run the model.
        """
        self._longest = self._window.check(requests)
        self._check_devices()
        from vllm.engine.arg_utils import EngineArgs

        try:
            EngineArgs(**self._settings()).create_model_config()
        except Exception as error:  # a boundary: configs of any origin raise nearly anything
            raise self._refusal(error) from error

    def _check_devices(self) -> None:
        wanted = self._config.tensor_parallel * self._config.data_parallel
        if wanted == 1:
            return
        asked = f"tensor_parallel {self._config.tensor_parallel} x data_parallel {self._config.data_parallel}"
        if self._cpu:
            raise ConfigError(f"{asked} needs GPUs, and this is vLLM's CPU build", "leave both at 1")
        if wanted > (here := self._platform.device_count()):
            raise ConfigError(f"{asked} needs {wanted} GPUs, and here are {here}", "lower one of them")
        heads = read_config(self._checkpoint.path).get("num_attention_heads")
        if isinstance(heads, int) and heads % self._config.tensor_parallel:
            raise ConfigError(f"the model's {heads} attention heads do not divide by {self._config.tensor_parallel}")

    def __enter__(self) -> "VLLM":
        import vllm

        try:
            for copy in range(self._config.data_parallel):
                with self._devices(copy):
                    self._copies.append(vllm.LLM(**self._settings(), **self._room()))
        except Exception as error:  # a boundary: weights of any origin raise nearly anything
            self._shut()
            raise self._refusal(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shut()

    def _shut(self) -> None:
        for copy in self._copies:
            copy.llm_engine.engine_core.shutdown()
        self._copies = []

    def _refusal(self, error: Exception) -> Exception:
        if isinstance(error, torch.OutOfMemoryError):
            return MachineError(f"{self._checkpoint.path} does not fit into the device's memory")
        said = str(error).strip()
        # pydantic puts the sentence between its own lines
        said = said.partition("Value error, ")[2].partition(" [type=")[0] or said
        return CheckpointError(
            f"vLLM does not run {self._checkpoint.path}: {(said or type(error).__name__).splitlines()[0][:SAID]}",
            "try --engine embedded",
        )

    def _settings(self) -> dict[str, Any]:
        """What vLLM has to know about the model."""
        return {
            "model": str(self._checkpoint.path),
            "dtype": self._dtype,
            "trust_remote_code": self._config.trust_remote_code,
            "max_model_len": self._longest,
            "load_format": "safetensors",
            "seed": 0,
        }

    def _room(self) -> dict[str, Any]:
        """What vLLM has to know about the machine."""
        room: dict[str, Any] = {
            "enable_prefix_caching": True,
            "disable_log_stats": True,
            "tensor_parallel_size": self._config.tensor_parallel,
        }
        if self._cpu:
            room |= {
                "enable_chunked_prefill": False,
                "max_num_batched_tokens": max(self._longest or 0, CPU_BATCH_TOKENS),
                # vLLM would claim nearly all memory of the node for its cache, and fail where some is in use
                "kv_cache_memory_bytes": self._cpu_cache_bytes(),
                "block_size": CPU_BLOCK,
                # compiling takes a minute, and makes a small model on a CPU hardly faster
                "enforce_eager": True,
            }
        elif self._config.memory_share is not None:
            room["gpu_memory_utilization"] = self._config.memory_share
        return room

    def _cpu_cache_bytes(self) -> int:
        """Bytes for the key-value cache on a CPU: a quarter of what is free unless a share of all is given."""
        share = self._config.memory_share
        if share is None:
            return min(CPU_CACHE, budget(torch.device("cpu"), None) // 2)
        weights = sum(path.stat().st_size for path in weight_files(self._checkpoint.path))
        left = budget(torch.device("cpu"), share) - weights
        if left <= 0:
            raise ConfigError(f"memory_share {share} leaves no memory beside {weights / 2**30:.1f} GiB of weights")
        return min(CPU_CACHE, left)

    @contextlib.contextmanager
    def _devices(self, copy: int) -> Iterator[None]:
        """Show only the GPUs of one copy to the processes that are started meanwhile."""
        if self._config.data_parallel == 1 or self._cpu:
            yield
            return
        name, each = self._platform.device_control_env_var, self._config.tensor_parallel
        before = os.environ.get(name)
        visible = before.split(",") if before else [str(at) for at in range(self._platform.device_count())]
        os.environ[name] = ",".join(visible[copy * each : (copy + 1) * each])
        try:
            yield
        finally:
            if before is None:
                del os.environ[name]
            else:
                os.environ[name] = before

    def describe(self) -> Mapping[str, Any]:
        """What runs the model, and what of it can be repeated."""
        return {
            "family": self.family,
            "vllm": self._version,
            "torch": torch.__version__,
            "device": "cpu" if self._cpu else "cuda",
            "dtype": self._dtype,
            "tensor_parallel": self._config.tensor_parallel,
            "data_parallel": self._config.data_parallel,
            "reproducible": "greedy and sampled text follow from the request alone, but for near-ties that "
            "rounding decides differently in another batch; likelihoods to rounding",
        }

    def swap(self, checkpoint: Checkpoint) -> bool:
        """Read other weights into the running engine, where all else of the checkpoint is the same.

        False also for checkpoints with different tensors: vLLM keeps an old one for which there is no new one.
        Raises `CheckpointError` when vLLM cannot read them.
        """
        old, new = self._checkpoint.path, checkpoint.path
        if not _reloadable(new, cpu=self._cpu) or behaviour(old) != behaviour(new) or tensors(old) != tensors(new):
            return False
        self._checkpoint = checkpoint
        try:
            for copy in self._copies:
                copy.collective_rpc("reload_weights", kwargs={"weights_path": str(new)})
            forgotten = all(copy.reset_prefix_cache() for copy in self._copies)
        except Exception as error:  # a boundary: weights of any origin raise nearly anything
            raise self._refusal(error) from error
        if not forgotten:
            raise MachineError("vLLM keeps what the last checkpoint computed", "run the same command again")
        return True

    def answer(self, requests: Sequence[Request], pulse: Pulse) -> Iterator[Completion]:
        """Submit everything, then yield each completion as vLLM finishes it."""
        turns: tuple[Sequence[Request], ...] = (requests,)
        if self._cpu:
            turns = ([one for one in requests if not _drawn(one)], [one for one in requests if _drawn(one)])
        for turn in turns:
            yield from self._answer(turn, pulse)

    def _answer(self, requests: Sequence[Request], pulse: Pulse) -> Iterator[Completion]:
        started = time.perf_counter()
        waiting: dict[str, Asked] = {}
        dealt: dict[tuple[str, str], int] = {}
        for request in requests:
            # what shares a prompt goes to the same copy
            copy = dealt.setdefault((request.task, request.sample), len(dealt)) % len(self._copies)
            engine = self._copies[copy].llm_engine
            if isinstance(request, Scoring):
                tally = Tally(request, self._window.stretches(request))
                if not tally.left:
                    yield tally.completion(time.perf_counter() - started)
                found = [Asked(engine, request, part.tokens, part, tally) for part in tally.parts]
            else:
                found = [Asked(engine, request, self._window.encode(request.prompt))]
            for number, asked in enumerate(found):
                waiting[f"{request.key}/{number}"] = asked
                self._submit(f"{request.key}/{number}", asked)
        while waiting:
            for key, output in self._finished():
                asked = waiting.pop(key)
                if asked.cached and asked.lacks_rows(output):
                    waiting[f"{key}/again"] = replace(asked, cached=False)
                    self._submit(f"{key}/again", waiting[f"{key}/again"])
                    continue
                [part] = output.outputs
                pulse(len(asked.tokens) if asked.part else len(part.token_ids))
                if (completion := asked.completion(output, time.perf_counter() - started)) is not None:
                    yield completion

    def _submit(self, key: str, asked: Asked) -> None:
        from vllm import TokensPrompt

        prompt = TokensPrompt(prompt_token_ids=list(asked.tokens))
        asked.engine.add_request(key, prompt, asked.params(self._window))

    def _finished(self) -> Iterator[tuple[str, Any]]:
        """What each copy has finished since it was last asked, by the key it was submitted under."""
        for copy in self._copies:
            # waiting for one copy holds up no other: each works in a process of its own
            if copy.llm_engine.has_unfinished_requests():
                yield from ((output.request_id, output) for output in copy.llm_engine.step())


def _drawn(request: Request) -> bool:
    return isinstance(request, Generation) and request.decode.temperature > 0


def _reloadable(folder: Path, *, cpu: bool) -> bool:
    """Whether vLLM can read these weights over others of their kind.

    Its CPU build (0.32) packs the output layer anew only where the checkpoint has one of its own: a tied one would
    go on with the old weights. Quantized layers were not tried.
    """
    config = read_config(folder)
    if "quantization_config" in config:
        return False
    return not cpu or ("lm_head.weight" in tensors(folder) and not config.get("tie_word_embeddings", True))
