"""The settings of each command, as dataclasses: their fields are its flags and its keys in TOML."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from benchcore.errors import ConfigError


def split_names(given: Iterable[str]) -> tuple[str, ...]:
    """Names in the order given, each once; one text may hold several, separated by commas."""
    names = (name.strip() for text in given for name in text.split(",") if name.strip())
    return tuple(dict.fromkeys(names))


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
        _check_counts(self, "limit", "trials", "batch_size", "tensor_parallel", "data_parallel")
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
        _check_counts(self, "every", "last")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareConfig:
    """What `benchcore compare` shows of runs."""

    baseline: str | None = None
    """The run or recipe that the others are compared with: its folder or name, or a name that runs accept gave."""

    tasks: tuple[str, ...] = ()
    """Tasks and suites to show, separated by commas; all that any run has when not given."""

    figures: tuple[str, ...] = ()
    """Figures to show, separated by commas, such as bits per byte; all of the tasks' when not given."""

    across: tuple[str, ...] = ()
    """Settings that may differ because they are what is compared, such as temperature."""

    seeds: bool = False
    """Show each run of a recipe below the mean over its seeds."""

    layout: Literal["long", "wide"] = "long"
    """A row for each run of each task, or a row for each run with a column for each task."""

    title: str | None = None
    """The table's title."""

    published: tuple[str, ...] = ()
    """Files of figures that papers printed, separated by commas, whose tables follow ours."""

    format: Literal["terminal", "markdown", "latex", "csv", "json"] = "terminal"
    """How the table is written."""

    out: Path | None = None
    """File for the table, instead of standard output."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "tasks", split_names(self.tasks))
        object.__setattr__(self, "figures", split_names(self.figures))
        object.__setattr__(self, "across", split_names(self.across))
        object.__setattr__(self, "published", split_names(self.published))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportConfig:
    """What `benchcore report` shows of runs, and where."""

    baseline: str | None = None
    """The run that the others are compared with: its folder, or a name that runs accept gave."""

    tasks: tuple[str, ...] = ()
    """Tasks and suites to show, separated by commas; all that any run has when not given."""

    across: tuple[str, ...] = ()
    """Settings that may differ because they are what is compared, such as temperature."""

    margin: str | None = None
    """The drop from the baseline that a run is judged by, as for benchcore gate: 2pt is two points of a rate."""

    margins: dict[str, str] = field(default_factory=dict)
    """Margins of single tasks, such as --margins.wikitext2 0.01; a figure that is no rate needs its own."""

    graph: Path | None = None
    """JSON file with a graph of skills, {"skills": [...], "weights": [[...]]}, that is drawn beside the groups."""

    title: str | None = None
    """The page's title."""

    out: Path | None = None
    """File for the page; report.html when neither --plots nor --serve asks for something else."""

    plots: Path | None = None
    """Folder for the figures as files of their own, for a paper."""

    format: Literal["svg", "pdf", "png"] = "svg"
    """How the figures in --plots are written."""

    watch: bool = False
    """Write again whenever a run has gone on, until all are complete or it is interrupted."""

    serve: bool = False
    """Serve the page on this machine alone, with the runs' journals behind it, until interrupted."""

    port: int = 8377
    """Port that --serve takes; 0 is any that is free."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "tasks", split_names(self.tasks))
        object.__setattr__(self, "across", split_names(self.across))
        if self.serve and self.watch:
            raise ConfigError("a page that is served is always up to date", "leave --watch or --serve away")
        if not 0 <= self.port < 1 << 16:
            raise ConfigError(f"port must be from 0 to 65535, got {self.port}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SLMConfig:
    """Selective language modelling: which tokens count."""

    ratio: float = 0.6
    """Share of tokens that are selected, above 0 and at most 1."""

    score: Literal["excess", "loss", "random", "oracle", "reference", "entropy", "union", "intersection"] = "excess"
    """What tokens are ranked by; excess is loss above the reference model's, oracle the marks of a generated one."""

    scope: Literal["sequence", "microbatch", "global"] = "microbatch"
    """Among which tokens the ranking is: those of a row, of a micro-batch, or of a step over all processes."""

    online: bool = False
    """Run the reference model in every step instead of storing its losses before the first."""

    reference: str | None = None
    """Checkpoint of the reference model, or training run of benchcore, whose bill is then charged too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MixtureConfig:
    """Training on the groups of a corpus in fixed shares."""

    shares: dict[str, float] = field(default_factory=dict)
    """Share of each group by its name, such as --mixture.shares.easy 3, in any unit; equal ones when not given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurriculumConfig:
    """Training on rows, or on groups of them, in the order of their loss under a reference model."""

    by: Literal["row", "group"] = "row"
    """What is ranked."""

    reverse: bool = False
    """Begin with the hardest."""

    epochs: int = 5
    """Parts of a run by row; in the i-th rows come from the first i of so many parts of the ranking."""

    mixing: float = 0.4
    """Share of the rows of each earlier group that come again while a group is taken up."""

    reference: str | None = None
    """Checkpoint of the reference model, or training run of benchcore, whose bill is then charged too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillItConfig:
    """Skill-It: shares of skills, the groups of a corpus, that follow their losses along a graph."""

    validation: str | None = None
    """Texts by whose losses shares are chosen, with groups as the corpus has them; not the held-out ones."""

    targets: tuple[str, ...] = ()
    """Skills whose losses count, separated by commas; all that the validation texts have when not given."""

    graph: str = "approximate"
    """approximate or brute-force, which learn it by probe runs; identity; or a graph's file, or a run that has one."""

    probe_steps: int | None = None
    """Steps of each probe run; as many as the run itself has when not given."""

    eta: float = 0.5
    """How strongly shares follow losses."""

    rounds: int = 6
    """Parts of the run with shares of their own."""

    window: int = 3
    """Rounds whose losses are added up."""

    lag: int = 0
    """1 leaves out the losses that are measured where a round begins, as the paper's algorithm does; its code has 0."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "targets", split_names(self.targets))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """What `benchcore train` trains, on what, and how."""

    data: tuple[str, ...] = ()
    """Corpus, separated by commas: text files, JSON Lines, Arrow data sets, folders of them, or a generated corpus."""

    text_field: str = "text"
    """Field of a row that holds its text."""

    group_field: str | None = None
    """Field of a row that names its group, such as a skill."""

    heldout: dict[str, str] = field(default_factory=dict)
    """Texts whose loss is measured during training, by name, such as --heldout.wiki wiki.txt."""

    looks: int = 20
    """How often held-out losses are measured, at numbers of steps that are evenly spaced in their logarithm."""

    checkpoints: int = 10
    """How many checkpoints are kept, evenly spaced; a run goes on from the newest."""

    model: str = "10m"
    """A shape to train from scratch (0.1m to 125m, 0.1m-gpt2, phi-small, phi-1), a checkpoint, or a training run."""

    tokenizer: str | None = None
    """A folder, a hub id, bpe or characters, which are trained on the corpus; else the checkpoint's, or bpe."""

    tokenizer_data: tuple[str, ...] = ()
    """What bpe or characters are trained on; the corpus when not given. Models that are compared share a tokenizer."""

    vocab_size: int = 8192
    """Tokens of bpe."""

    context: int = 512
    """Tokens that the model sees at once."""

    steps: int = 1000
    """Steps of the optimiser."""

    batch: int = 32
    """Rows of context tokens in a step, over all processes."""

    micro_batch: int | None = None
    """Rows that go through the model at once on each process; all of them where not given."""

    init_std: float = 0.02
    """Standard deviation of the first weights of a model from scratch; narrow models learn sooner with 0.1."""

    lr: float = 1e-3
    """Highest learning rate."""

    decay: Literal["cosine", "linear", "constant"] = "cosine"
    """How the learning rate falls after the warm-up."""

    warmup: int | None = None
    """Steps over which the learning rate rises; a fiftieth of all when not given."""

    floor: float = 0.1
    """Share of the highest learning rate that is left at the end."""

    weight_decay: float = 0.1
    """AdamW's weight decay, of matrices alone."""

    beta1: float = 0.9
    """AdamW's decay of the mean of gradients."""

    beta2: float = 0.95
    """AdamW's decay of the mean of squared gradients."""

    clip: float = 1.0
    """Largest norm of the gradient."""

    seed: int = 0
    """Decides the first weights of a model from scratch, the order of rows and all chance of a method."""

    marked_only: bool = False
    """Count in the loss only what the corpus marks, such as the answers to questions."""

    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format of products, the weights staying in float32; auto is bfloat16 on a GPU and float32 on a CPU."""

    out: Path | None = None
    """Folder of the training run; runs/METHOD-seedN when not given."""

    loggers: tuple[str, ...] = ()
    """Where progress is sent beside log.jsonl, separated by commas: tensorboard, trackio, wandb."""

    slm: SLMConfig = SLMConfig()
    mixture: MixtureConfig = MixtureConfig()
    curriculum: CurriculumConfig = CurriculumConfig()
    skillit: SkillItConfig = SkillItConfig()

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", split_names(self.data))
        object.__setattr__(self, "tokenizer_data", split_names(self.tokenizer_data))
        object.__setattr__(self, "loggers", split_names(self.loggers))
        _check_counts(self, "looks", "checkpoints", "vocab_size", "context", "steps", "batch", "micro_batch")
        for name in ("init_std", "lr", "clip"):
            if not 0 < getattr(self, name) < math.inf:
                raise ConfigError(f"{name} must be above 0 and finite, got {getattr(self, name)}")
        for name in ("beta1", "beta2", "floor", "weight_decay"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} must be from 0 to 1, got {getattr(self, name)}")
        if self.warmup is not None and not 0 <= self.warmup <= self.steps:
            raise ConfigError(f"warmup must be from 0 to the {self.steps} steps, got {self.warmup}")
        if self.micro_batch is not None and self.batch % self.micro_batch:
            raise ConfigError(f"batch {self.batch} is no multiple of micro_batch {self.micro_batch}")


def _check_counts(config: AskConfig | TrainConfig, *names: str) -> None:
    for name in names:
        value = getattr(config, name)
        if value is not None and value < 1:
            raise ConfigError(f"{name} must be 1 or more, got {value}")


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
