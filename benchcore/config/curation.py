"""What the commands of benchcore data are told."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchcore.config.values import check_counts, split_names
from benchcore.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class CurationConfig:
    """Where a corpus is cleaned to."""

    out: Path
    """File for the rows that are kept, .jsonl or .jsonl.gz; beside it go its manifest and what was removed."""

    text_field: str = "text"
    """Field of a row that holds its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionsConfig(CurationConfig):
    """What `benchcore data functions` cuts, and where to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DedupConfig(CurationConfig):
    """What `benchcore data dedup` takes for the same."""

    threshold: float = 0.8
    """Estimated Jaccard index of n-grams from which on two texts are nearly the same, above 0 and at most 1."""

    ngram: int = 5
    """Words or characters in an n-gram."""

    unit: Literal["words", "characters"] = "words"
    """What n-grams are made of."""

    permutations: int = 128
    """Length of a MinHash; more estimate the index better and take longer."""

    def __post_init__(self) -> None:
        check_counts(self, "ngram")
        if not 0 < self.threshold <= 1:
            raise ConfigError(f"threshold must be above 0 and at most 1, got {self.threshold}")
        if self.permutations < 16:
            raise ConfigError(f"permutations must be 16 or more, got {self.permutations}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecontaminateConfig(CurationConfig):
    """What `benchcore data decontaminate` keeps out of a corpus."""

    against: tuple[str, ...] = ()
    """Tasks and suites, or files of JSON Lines, that the corpus must not contain, separated by commas."""

    ngram: int = 13
    """Words in a row that a document may not share with them."""

    tau: float = 0.85
    """Similarity of syntax from which on Python code counts as a copy, above 0 and at most 1."""

    model: str | None = None
    """Checkpoint by whose embeddings code must be near as well before it counts as a copy."""

    near: float = 0.01
    """Quantile of the distances of random pairs of documents that is the largest distance of near ones."""

    data: Path | None = None
    """Folder with the tasks' data sets; BENCHCORE_DATA when not given."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "against", split_names(self.against))
        check_counts(self, "ngram")
        if not self.against:
            raise ConfigError("nothing is named that the corpus must not contain", "such as --against humaneval,mbpp")
        if not 0 < self.tau <= 1:
            raise ConfigError(f"tau must be above 0 and at most 1, got {self.tau}")
        if not 0 < self.near < 1:
            raise ConfigError(f"near must be above 0 and below 1, got {self.near}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelConfig(CurationConfig):
    """What `benchcore data label` asks of which teacher."""

    teacher: str = "rules"
    """rules, file:LABELS.jsonl, or checkpoint:PATH, which is asked for yes or no."""

    share: float = 1.0
    """Share of the documents that are labelled, drawn by their texts; the others are dropped."""

    question: str = "Would a beginner learn good programming from this code?"
    """What a checkpoint is asked about each document."""

    characters: int = 2000
    """Characters of a document that a checkpoint is shown."""

    id_field: str | None = None
    """Field by which rows and those of a file of labels are matched; their texts when not given."""

    def __post_init__(self) -> None:
        check_counts(self, "characters")
        if not 0 < self.share <= 1:
            raise ConfigError(f"share must be above 0 and at most 1, got {self.share}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterConfig(CurationConfig):
    """What `benchcore data filter` keeps."""

    labels: Path
    """JSON Lines that benchcore data label wrote: texts with the field label."""

    model: str
    """Checkpoint that makes the embeddings; it stays as it is."""

    precision: float | None = None
    """Share of good documents that is wanted among those kept, which fixes the threshold on held-out labels."""

    threshold: float | None = None
    """Quality from which on a document is kept, instead of a precision."""

    scored: Path | None = None
    """File for all rows with their quality; OUT.scored.jsonl when not given."""

    trees: int = 300
    """Trees of the forest."""

    heldout: float = 0.25
    """Share of the labelled documents that the forest is judged on."""

    tokens: int = 512
    """Tokens of a document that are embedded, from its beginning."""

    seed: int = 0
    """Decides which documents are held out, and the forest."""

    def __post_init__(self) -> None:
        check_counts(self, "trees", "tokens")
        if (self.precision is None) == (self.threshold is None):
            raise ConfigError("a filter needs a precision or a threshold, one of the two", "such as --precision 0.9")
        for name in ("precision", "threshold"):
            value = getattr(self, name)
            if value is not None and not 0 < value < 1:
                raise ConfigError(f"{name} must be above 0 and below 1, got {value}")
        if not 0.05 <= self.heldout <= 0.9:
            raise ConfigError(f"heldout must be from 0.05 to 0.9, got {self.heldout}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarConfig:
    """What `benchcore data similar` looks for in a corpus, and where it says what it found."""

    out: Path
    """JSON file for the similarities, which benchcore compare --subsets takes."""

    against: tuple[str, ...] = ()
    """Tasks and suites whose problems are looked for, separated by commas."""

    tau: tuple[str, ...] = ("0.95", "0.9", "0.85", "0.8")
    """Similarities of syntax from which on a problem counts as similar to a document, separated by commas."""

    ngram: int | None = None
    """Words in a row that make a problem similar too, such as 13; syntax alone when not given."""

    text_field: str = "text"
    """Field of a row that holds its text."""

    data: Path | None = None
    """Folder with the tasks' data sets; BENCHCORE_DATA when not given."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "against", split_names(self.against))
        if not self.against:
            raise ConfigError("no task is named whose problems are looked for", "such as --against humaneval,mbpp")
        object.__setattr__(self, "tau", split_names(self.tau))
        check_counts(self, "ngram")
        _ = self.taus

    @property
    def taus(self) -> tuple[float, ...]:
        """`tau` as numbers, from the largest to the smallest. Raises `ConfigError` for what is none."""
        try:
            found = sorted(map(float, self.tau), reverse=True)
        except ValueError as error:
            raise ConfigError(f"tau must be numbers separated by commas, got {','.join(self.tau)}") from error
        if not found or not all(0 < one <= 1 for one in found):
            raise ConfigError(f"each tau must be above 0 and at most 1, got {','.join(self.tau)}")
        return tuple(found)
