"""A forest that tells good documents by their embeddings, how well it does, and the threshold that follows."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from benchcore.curation.embeddings import Embedder, Vectors
from benchcore.curation.labels import label_of
from benchcore.curation.manifest import Decision
from benchcore.curation.sources import Entry, batches, entries
from benchcore.errors import ConfigError, DataError

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]

QUALITY = "quality"
AREAS, ALL = "area under the ROC curve", "all"  # among the figures of a manifest
FEWEST = 8  # documents of each label
BUCKETS = 4


class Quality:
    """Keeps documents whose quality, the share of trees that take them for good, is at least the threshold.

    The forest is that of "Textbooks Are All You Need", of `trees` trees over embeddings; beside it another one, which
    knows but the length, says what length alone tells. `threshold` is the one given, or the lowest at which a share
    `precision` of the held-out documents above it is good.
    """

    def __init__(
        self,
        labels: Path,
        embedder: Embedder,
        *,
        text_field: str,
        trees: int,
        heldout: float,
        seed: int,
        precision: float | None,
        threshold: float | None,
    ) -> None:
        self._labels, self._embed, self._text_field = labels, embedder, text_field
        self._heldout, self._seed, self._precision, self._threshold = heldout, seed, precision, threshold
        # not "balanced", by which newer versions of scikit-learn draw the bags: then hardly a good one is out of them
        self._forest, self._by_length = (
            RandomForestClassifier(
                n_estimators=trees, class_weight="balanced_subsample", oob_score=True, random_state=seed
            )
            for _ in range(2)
        )

    def begin(self, kept: Iterator[Entry]) -> Mapping[str, Any]:
        """Train the forest on the labelled documents but for those held out, and judge it; what was kept is not read.

        Raises `ConfigError` where the labels are too few, or no threshold has the precision.
        """
        vectors, good, lengths = self._labelled()
        seen, unseen = train_test_split(
            np.arange(len(good)), test_size=self._heldout, stratify=good, random_state=self._seed
        )
        self._forest.fit(vectors[seen], good[seen])
        self._by_length.fit(lengths[seen, None], good[seen])
        scores = self._scores(vectors[unseen])
        by_length: Floats = self._by_length.predict_proba(lengths[unseen, None])[:, 1]
        self._at = self._threshold if self._threshold is not None else self._for_precision(scores, good[unseen])
        out_of_bag = self._forest.oob_decision_function_[:, 1]
        counted = np.isfinite(out_of_bag)  # with few trees a document may be in every bag
        edges = np.quantile(lengths, np.linspace(0, 1, BUCKETS + 1)[1:-1])
        bags, held = seen[counted], unseen
        return {
            "labelled": len(good),
            "good": int(good.sum()),
            AREAS: {
                "out of bag": judged(out_of_bag[counted], good[bags], lengths[bags], edges),
                "held out": judged(scores, good[held], lengths[held], edges),
                "held out, by length alone": judged(by_length, good[held], lengths[held], edges),
            },
            "threshold": round(self._at, 6),
            "at the threshold, held out": at_threshold(scores, good[unseen], self._at),
        }

    def decide(self, batch: Sequence[Entry]) -> Iterable[Decision]:
        """Keep or drop each document, and write its quality into its row."""
        if not batch:
            return
        for one, score in zip(batch, self._scores(self._embed([one.text for one in batch])), strict=True):
            quality = round(float(score), 6)
            good = quality >= round(self._at, 6)
            yield Decision(
                where=one.where, row={**one.row, QUALITY: quality}, text=one.text, keep=good,
                reason="at the threshold or above" if good else "below the threshold", score=quality,
            )  # fmt: skip

    def _labelled(self) -> tuple[Vectors, Flags, Whole]:
        """Embeddings, labels and lengths in bytes of the labelled documents that have a text."""
        vectors, good, lengths = [], [], []
        for batch in batches(one for one in entries([self._labels], self._text_field) if one.fault is None):
            vectors.append(self._embed([one.text for one in batch]))
            good += [label_of(one.where, one.row) for one in batch]
            lengths += [len(one.text.encode()) for one in batch]
        for name, count in (("good", sum(good)), ("not good", len(good) - sum(good))):
            if count < FEWEST:
                raise DataError(f"{self._labels} has {count} documents that are {name}, and {FEWEST} are the fewest")
        return np.concatenate(vectors), np.array(good), np.array(lengths)

    def _scores(self, vectors: Vectors) -> Floats:
        scores: Floats = self._forest.predict_proba(vectors)[:, 1]
        return scores

    def _for_precision(self, scores: Floats, good: Flags) -> float:
        assert self._precision is not None
        for at in np.unique(scores):
            if good[scores >= at].mean() >= self._precision:
                return float(at)
        raise ConfigError(
            f"no threshold has a precision of {self._precision:g} on the {len(good)} held-out documents",
            "ask for less, or give a threshold",
        )


def judged(scores: Floats, good: Flags, lengths: Whole, edges: Floats) -> dict[str, Any]:
    """The area under the ROC curve of all, and of the documents whose lengths in bytes are between `edges`."""
    bucket = np.searchsorted(edges, lengths, side="right")
    whole = [int(edge) for edge in edges]
    names = [f"up to {whole[0]:,} bytes", *(f"{low:,} to {high:,}" for low, high in pairwise(whole)), "longer"]
    parts = {name: area(scores[bucket == at], good[bucket == at]) for at, name in enumerate(names)}
    return {ALL: area(scores, good), **parts}


def area(scores: Floats, good: Flags) -> dict[str, Any]:
    """The area under the ROC curve with its 95 % interval of Hanley and McNeil 1982; None where only one label is."""
    right, wrong = int(good.sum()), int((~good).sum())
    counts = {"n": right + wrong, "good": right}
    if not right or not wrong:
        return {"value": None, **counts}
    value = float(roc_auc_score(good, scores))
    # that a random good one ranks above two others, and two good ones above a random other
    above_two, both_above = value / (2 - value), 2 * value**2 / (1 + value)
    spread = value * (1 - value) + (right - 1) * (above_two - value**2) + (wrong - 1) * (both_above - value**2)
    half = 1.959964 * math.sqrt(spread / (right * wrong))
    return {"value": value, "low": max(0.0, value - half), "high": min(1.0, value + half), **counts}


def at_threshold(scores: Floats, good: Flags, threshold: float) -> dict[str, Any]:
    """Precision and recall of what is at `threshold` or above, with their counts."""
    kept = scores >= threshold
    return {
        "precision": float(good[kept].mean()) if kept.any() else None,
        "recall": float(good[kept].sum() / good.sum()),
        "n": len(good),
        "kept": int(kept.sum()),
    }
