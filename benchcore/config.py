"""The settings of each command, as dataclasses: their fields are its flags and its keys in TOML."""

import math
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

    batch_size: int = 32
    """Rows that the embedded engine decodes at once; vLLM schedules its own."""

    data: Path | None = None
    """Folder with data sets; the environment variable BENCHCORE_DATA when not given."""

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
        for name in ("limit", "trials", "batch_size"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"{name} must be 1 or more, got {value}")
        if self.temperature is not None and not math.isfinite(self.temperature):
            raise ConfigError(f"temperature must be a finite number, got {self.temperature}")
