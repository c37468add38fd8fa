"""What benchcore train is told, with the settings of each method."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from benchcore.config.values import check_counts, split_names
from benchcore.errors import ConfigError


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
class PDSConfig:
    """PDS: training on rows that a proxy model finds best for a desired text."""

    desired: str | None = None
    """Texts whose loss is to fall; not the held-out ones."""

    proxy: str | None = None
    """Checkpoint of the proxy model, or training run of benchcore, whose bill is then charged too."""

    ratio: float = 0.4
    """Share of rows that is drawn, above 0 and at most 1."""

    temperature: float = 0.1
    """How far scores decide, in standard deviations of what the proxy finds; the higher, the more is left to chance."""

    proxy_rows: int = 2048
    """Rows that the proxy values; a scorer learns from them what the others are worth."""

    inner_steps: int = 1
    """Steps of the proxy along which rows are valued."""

    inner_batch: int = 64
    """Rows of each of these steps."""

    inner_lr: float = 0.008
    """Learning rate of these steps, which are plain gradient descent."""

    every: int = 10
    """Rows are valued at every so many of them."""

    scorer_epochs: int = 5
    """Passes over the valued rows in which the scorer learns."""

    scorer_lr: float = 1e-4
    """Learning rate of the scorer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhiConfig:
    """phi-1's order: everything else first, exercises last, each with a schedule of its own."""

    exercises: tuple[str, ...] = ("exercises",)
    """Groups of the corpus that come last, separated by commas."""

    share: float = 0.2
    """Share of the steps that they have, above 0 and below 1."""

    lr: float = 1e-4
    """Highest learning rate in these steps."""

    warmup: int | None = None
    """Steps over which it rises there; a fiftieth of these when not given."""

    weight_decay: float = 0.01
    """AdamW's weight decay in these steps."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "exercises", split_names(self.exercises))


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
    pds: PDSConfig = PDSConfig()
    phi: PhiConfig = PhiConfig()

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", split_names(self.data))
        object.__setattr__(self, "tokenizer_data", split_names(self.tokenizer_data))
        object.__setattr__(self, "loggers", split_names(self.loggers))
        check_counts(self, "looks", "checkpoints", "vocab_size", "context", "steps", "batch", "micro_batch")
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
