"""The settings of each command, as dataclasses: their fields are its flags and its keys in TOML."""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchcore.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalConfig:
    """What `benchcore eval` does with each checkpoint."""

    tasks: tuple[str, ...] = ()
    """Names of tasks and suites, separated by commas; `benchcore tasks` lists them. A path to a task file will do."""

    engine: Literal["auto", "embedded", "vllm"] = "auto"
    """What runs the model; auto takes vLLM where it is installed and fits, else the embedded engine."""

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Number format of the weights; auto is bfloat16 on a GPU and float32 on a CPU."""

    out: Path = Path("runs")
    """Folder for the run folders, one for each checkpoint."""

    limit: int | None = None
    """Evaluate only the first N samples of each task."""

    trials: int | None = None
    """Completions for each sample (pass@k needs at least k); above 1 a temperature is needed."""

    temperature: float | None = None
    """Sampling temperature; 0 is greedy. Each task has its own default."""

    top_p: float | None = None
    """Nucleus sampling: the share of probability that is kept."""

    rules: str | None = None
    """The rule set that answers are graded under, such as published:meh; else the suite's, the run's or `value`."""

    batch_size: int | None = None
    """Most rows that the embedded engine decodes at once; memory decides when not given. vLLM schedules its own."""

    memory_share: float | None = None
    """Share of the device's memory that an engine may fill with weights and cache, above 0 and at most 1."""

    tensor_parallel: int = 1
    """GPUs over which vLLM spreads each layer of the model."""

    data_parallel: int = 1
    """Copies of the model that vLLM runs side by side, each on GPUs of its own."""

    every: int | None = None
    """Of a directory of checkpoints take every N-th in step order, and always the last."""

    last: int | None = None
    """Of a directory of checkpoints take the last N in step order."""

    watch: bool = False
    """Go on looking for checkpoints that a training run still writes, until interrupted."""

    against: str | None = None
    """Series of checkpoints that speed-ups are measured against: its name in --out."""

    budget: str | None = None
    """Most time that the evaluation may take by its estimate, such as 90s, 30m or 2h; nothing is asked when over it."""

    data: Path | None = None
    """Folder with data sets, or a file of texts for the task loss; BENCHCORE_DATA when not given."""

    trust_remote_code: bool = False
    """Run the Python code that a checkpoint brings along."""

    unsafe_code: bool = False
    """Run code that a model wrote even where nothing can confine it; for a machine that you can lose."""

    dry_run: bool = False
    """Print what would be asked, and stop."""

    json: bool = False
    """Print one JSON document instead of a table."""

    def __post_init__(self) -> None:
        # one flag may hold several names: --tasks humaneval,gsm8k
        names = tuple(name.strip() for given in self.tasks for name in given.split(",") if name.strip())
        object.__setattr__(self, "tasks", tuple(dict.fromkeys(names)))
        for name in ("limit", "trials", "batch_size", "tensor_parallel", "data_parallel", "every", "last"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"{name} must be 1 or more, got {value}")
        if self.memory_share is not None and not 0 < self.memory_share <= 1:
            raise ConfigError(f"memory_share must be above 0 and at most 1, got {self.memory_share}")
        if self.budget is not None:
            duration(self.budget)
        if self.temperature is not None and not math.isfinite(self.temperature):
            raise ConfigError(f"temperature must be a finite number, got {self.temperature}")


def duration(text: str) -> float:
    """The seconds that a text such as 90s, 30m, 1.5h or 1h30m means. Raises `ConfigError` for any other."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ConfigError(f"budget must be a time such as 90s, 30m or 2h, got {text!r}")
    return sum(float(number) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit] for number, unit in parts)


def in_words(seconds: float) -> str:
    """A time in words: 45 s, 12 min, 2 h 5 min."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
