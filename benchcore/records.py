"""The records that flow one way through an evaluation, frozen; their field names are the contract.

    Sample -> Request -> Completion -> Grade -> Figure -> RunRecord

Absent is None, never 0. A failure is a `Fault` inside the record, so it is stored, counted and shown.
Only these records and plain strings cross a process or machine boundary.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Finish(StrEnum):
    """Why a completion ended: a stop string, end-of-sequence token or all of it scored; the token limit; a fault."""

    STOP = "stop"
    LENGTH = "length"
    FAULT = "fault"


class Verdict(StrEnum):
    """What a grader found.

    `undecided`, `timeout` and `crashed` are told apart from `wrong`; `error` is trouble of the grader
    itself and never scored. `measured` is a quantity, such as a loss, and no judgement.
    """

    RIGHT = "right"
    WRONG = "wrong"
    UNPARSED = "unparsed"
    UNDECIDED = "undecided"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    CHEATED = "cheated"
    ERROR = "error"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A failure as data: `kind` is one short word, `message` one sentence."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a chat; a final `assistant` turn is the opening that the model continues."""

    role: str
    content: str


Prompt = str | tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decode:
    """How a completion is decoded. `temperature` 0 is greedy; `stop` cuts at its first occurrence.

    Raises `ValueError` for settings that cannot be meant.
    """

    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if type(self.max_tokens) is not int or self.max_tokens < 1:
            raise ValueError(f"max_tokens must be a whole number of at least 1, got {self.max_tokens}")
        if not 0 <= self.temperature < math.inf:
            raise ValueError(f"temperature must be 0 (greedy) or more, got {self.temperature}")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p must be in (0, 1], got {self.top_p}")
        if type(self.stop) is not tuple or not all(isinstance(text, str) and text for text in self.stop):
            raise ValueError(f"stop must be a tuple of non-empty strings, got {self.stop!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One item of a task.

    `id` is the data set's own name of the item. `group` is its subject, skill or cluster. `facts` is what
    the grader needs beside `target` (plain JSON values). `continuations` are the texts whose likelihood after
    `prompt` is asked for; with them nothing is generated.
    """

    id: str
    prompt: Prompt
    target: str
    group: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    continuations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing asked of an engine: a `Generation` or a `Scoring`.

    `key` follows from task, sample, prompt, trial and what is asked, and from nothing else.
    """

    key: str
    task: str
    sample: str
    trial: int
    prompt: Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation(Request):
    """A text to be generated after the prompt, as `decode` says; `seed` follows from `key`."""

    decode: Decode
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring(Request):
    """The log-likelihood of each of `continuations` after the prompt.

    White space at the end of a prompt counts to the continuations, as tokenizers join it to the word that
    follows. An empty prompt asks for whole texts of any length: the first token is predicted from the beginning
    of a text, and texts longer than the context go through it in windows that share one token.
    """

    continuations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One continuation's log-likelihood in nats, the number of its tokens, and whether each was the likeliest."""

    logprob: float
    tokens: int
    greedy: bool


Answer = str | tuple[Score, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """An engine's answer to the request whose key is `request`; `seconds` is its time in the engine.

    `scores` has one entry a continuation of a `Scoring`, whose `text` is empty. `near_ties` counts the tokens of
    a greedy text at which the second best was so close that rounding may decide otherwise in another batch; None
    where the engine does not tell.
    """

    request: str
    text: str
    finish: Finish
    tokens_in: int
    tokens_out: int
    seconds: float
    fault: Fault | None = None
    scores: tuple[Score, ...] = ()
    near_ties: int | None = None

    @property
    def answer(self) -> Answer:
        """What a grader is given: the scores where there are any, else the text."""
        return self.scores or self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """A grader's finding on one completion. `value` is None where nothing may be scored.

    `rule` names the extraction rule that fired, `reason` says why the verdict is what it is, and `grader`
    is name@version. A quantity over a text has its length in `tokens` and UTF-8 `bytes` beside `value`.
    """

    request: str
    value: float | None
    verdict: Verdict
    grader: str
    extracted: str | None = None
    rule: str | None = None
    reason: str = ""
    seconds: float = 0.0
    fault: Fault | None = None
    tokens: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number with its sample size `n` (problems), 95 % interval [`low`, `high`] and `method`."""

    name: str
    value: float | None
    n: int
    low: float | None
    high: float | None
    method: str
    group: str | None = None


def is_rate(name: str) -> bool:
    """Whether a figure of this name is a share of problems, shown in percent."""
    return name.startswith(("accuracy", "pass@"))


def is_loss(name: str) -> bool:
    """Whether a figure of this name is a loss, of which less is better."""
    return name in ("bits per byte", "nats per token", "nats per answer")


Part = tuple[float, float]
"""What one problem adds to a figure: an amount and a size. The figure is the sum of amounts over that of sizes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What each problem of a task added to the task's figures: enough to compare two runs pair by pair.

    `items` identify the problems by their content (id, prompt, continuations and target), in the order of the data.
    `figures` have one `Part` an item, or None where nothing of it could be scored.
    """

    items: tuple[str, ...]
    figures: Mapping[str, tuple[Part | None, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecord:
    """What one task came to in a run: its settings, counts, diagnostics and figures.

    `isolation` is what was in force for code that the model wrote: layer -> state, empty where none was run.
    """

    task: str
    version: int
    data: str
    grader: str
    settings: Mapping[str, Any]
    isolation: Mapping[str, str]
    requests: int
    completions: int
    faults: int
    graded: int
    verdicts: Mapping[str, int]
    truncated: int | None
    empty: int
    near_ties: int | None
    tokens_in: int | None
    tokens_out: int | None
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """The summary of a finished run (`run.json`): enough to name exactly what was measured, and with what.

    `series` is the training run of which the checkpoint is one point, after `step` steps and `tokens` tokens.
    `bill` is what the recipe had cost by then, as its trainer noted it: name, such as flops -> amount. `vocabulary` is
    how many tokens the model chooses among, where its config says.
    """

    run: str
    checkpoint: str
    series: str | None
    step: int | None
    tokens: int | None
    model_digest: str
    engine: Mapping[str, Any]
    versions: Mapping[str, str]
    tasks: tuple[TaskRecord, ...]
    complete: bool
    bill: Mapping[str, float] = field(default_factory=dict)
    vocabulary: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One figure of one task along a series of checkpoints: `points` are (tokens or steps, figure) in order.

    `group` is the group of problems that it is of, None where it is of all. `unit` says which of the two the points
    are at. `figures` is what the curve comes to: its mean over the axis, its speed-up, its power law. `excluded` are
    runs of the series that are no point of it.
    """

    series: str
    task: str
    figure: str
    unit: str
    points: tuple[tuple[int, Figure], ...]
    figures: tuple[Figure, ...]
    excluded: tuple[str, ...] = ()
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributed:
    """What rows of a corpus contribute to a held-out loss at the checkpoint after `step` steps and `tokens` tokens.

    The contribution of row n is CT_n = grad L_heldout . grad l(x_n), by how much the held-out loss falls with a small
    step on that row. `similarity` is its mean by its standard deviation over rows, the SIM of the Learning Law where
    all have one weight (arXiv 2402.17759); None where all contribute the same. `harmful` is the share of rows whose
    contribution is not above 0; `mean` and `groups`, by the group's name, are mean contributions in nats per unit of
    learning rate.
    """

    step: int
    tokens: int
    similarity: float | None
    harmful: float
    mean: float
    groups: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributions:
    """What rows of a training run's corpus contribute to its held-out set `heldout`, along its checkpoints.

    `asked` rows were asked for, of those that the run trains on, and `rows` of them had anything that counts.
    `weights` are the digests of the checkpoints.
    """

    series: str
    heldout: str
    asked: int
    rows: int
    weights: tuple[str, ...]
    points: tuple[Contributed, ...]


def digest(*parts: Any) -> str:
    """The first 128 bits of the SHA-256 of `parts` as canonical JSON, in hex."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def cut_at_stop(text: str, stop: tuple[str, ...]) -> tuple[str, bool]:
    """`text` up to the earliest occurrence of any stop string, and whether one occurred."""
    ends = [at for s in stop if (at := text.find(s)) >= 0]
    return (text[: min(ends)], True) if ends else (text, False)
