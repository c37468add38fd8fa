"""What the commands that ask checkpoints are told: eval and gate."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from benchcore.config.values import check_counts, duration, split_names
from benchcore.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class AskConfig:
    """What is asked of a checkpoint, and of which engine."""

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

    seed: int | None = None
    """Another random draw of the same texts, where the temperature is above 0; 0 is the usual one."""

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

    data: Path | None = None
    """Folder with data sets, or a file of texts for the task loss; BENCHCORE_DATA when not given."""

    trust_remote_code: bool = False
    """Run the Python code that a checkpoint brings along."""

    unsafe_code: bool = False
    """Run code that a model wrote even where nothing can confine it; for a machine that you can lose."""

    json: bool = False
    """Print one JSON document instead of a table."""

    def __post_init__(self) -> None:
        # one flag may hold several names: --tasks humaneval,gsm8k
        object.__setattr__(self, "tasks", split_names(self.tasks))
        check_counts(self, "limit", "trials", "batch_size", "tensor_parallel", "data_parallel")
        if self.memory_share is not None and not 0 < self.memory_share <= 1:
            raise ConfigError(f"memory_share must be above 0 and at most 1, got {self.memory_share}")
        if self.temperature is not None and not math.isfinite(self.temperature):
            raise ConfigError(f"temperature must be a finite number, got {self.temperature}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalConfig(AskConfig):
    """What `benchcore eval` does with each checkpoint."""

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

    dry_run: bool = False
    """Print what would be asked, and stop."""

    def __post_init__(self) -> None:
        AskConfig.__post_init__(self)  # with slots, super() is of the class before it got them
        check_counts(self, "every", "last")
        if self.budget is not None:
            duration(self.budget)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateConfig(AskConfig):
    """What `benchcore gate` asks of the candidate, and what it takes to pass."""

    baseline: tuple[str, ...] = ()
    """What the candidate must not fall behind: a run folder, a name that runs accept gave, a checkpoint, or the name of
    a series of runs; several are repeats of one."""

    margin: str | None = None
    """The drop that is ruled out by a pass: 2pt is two points of a rate, 0.02 in the figure's own unit."""

    margins: dict[str, str] = field(default_factory=dict)
    """Margins of single tasks, such as --margins.wikitext2 0.01; a figure that is no rate needs its own."""

    speed_up: float | None = None
    """Least speed-up of a training series over the baseline's: 0.95 is hardly slower, 1.2 a fifth faster."""

    alpha: float = 0.05
    """The share of wrong verdicts that is allowed on either side."""

    early_stop: Literal["group", "anytime", "none"] = "group"
    """Stop asking as soon as the answer is certain: group looks up to five times, anytime up to twenty."""

    order_seed: int = 0
    """Decides the random order in which problems are asked with --early-stop."""

    max_error_rate: float = 0.0
    """Share of problems that may lack an answer or a grade; they count as wrong."""

    inconclusive_ok: bool = False
    """Exit with 0 where the verdict is inconclusive, instead of 4."""

    junitxml: Path | None = None
    """File for the verdicts as JUnit XML."""

    markdown: Path | None = None
    """File for the verdicts as Markdown; $GITHUB_STEP_SUMMARY gets them as well where it is set."""

    gitlab: Path | None = None
    """File for the figures as GitLab metrics."""

    def __post_init__(self) -> None:
        AskConfig.__post_init__(self)
        object.__setattr__(self, "baseline", split_names(self.baseline))
        if not 0 < self.alpha < 0.5:
            raise ConfigError(f"alpha must be above 0 and below 0.5, got {self.alpha}")
        if self.speed_up is not None and not 0 < self.speed_up < math.inf:
            raise ConfigError(f"speed_up must be above 0 and finite, got {self.speed_up}")
        if not 0 <= self.max_error_rate < 1:
            raise ConfigError(f"max_error_rate must be at least 0 and below 1, got {self.max_error_rate}")
